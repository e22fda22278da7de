"""The inputs of a profile's edit. Fields are named as in the service's entries, so one conversion serves all."""

from dataclasses import fields
from typing import Any, TypeVar

import strawberry

from api import models
from api.services import profile_changes as changes
from schema.ids import decode_id
from schema.scalars import PartialDate

E = TypeVar("E")
ENTRIES: dict[type[Any], tuple[type[Any], str]] = {}
"""Input type -> the service's entry, and the type of the facts whose ids it may name."""

VISIBILITY = "Who sees it. Left out, a stored fact keeps its level and a new one gets its kind's."
FACT_ID = "The fact that this continues; left out, it is matched by its content."


def entry(of: type[Any], type_name: str, description: str) -> Any:
    """Declare an input type as the form of one of the service's entries."""

    def declare(kind: type[E]) -> type[E]:
        made = strawberry.input(kind, description=description)
        ENTRIES[made] = (of, type_name)
        return made

    return declare


def optional(description: str, **options: Any) -> Any:
    """An input field that may be left out."""
    return strawberry.field(default=strawberry.UNSET, description=description, **options)


def needed(description: str) -> Any:
    """An input field that must be given."""
    return strawberry.field(description=description)


@entry(changes.EducationEntry, "Education", "A course of study.")
class EducationInput:
    """See `EducationEntry`."""

    id: strawberry.ID | None = optional(FACT_ID)
    school: str = needed("Where it was. The institution of this network is recognised by its name.")
    degree: str | None = optional("The degree: BSc, MA, PhD.")
    programme: str | None = optional("The field of study, in words.")
    cip_code: str | None = optional("The field of study: CIP 2020, NN.NNNN.")
    start_date: PartialDate | None = optional("When it began.")
    end_date: PartialDate | None = optional("When it ended or will end.")
    completed: bool | None = optional("Whether the degree was taken; true unless said otherwise.")
    honours: str | None = optional("Honours, as they are written.")
    visibility: models.Visibility | None = optional(VISIBILITY)


@entry(changes.ExperienceEntry, "Experience", "A job or duty at an organisation.")
class ExperienceInput:
    """See `ExperienceEntry`."""

    id: strawberry.ID | None = optional(FACT_ID)
    organization: str = needed("The organisation's name.")
    title: str = needed("The title.")
    occupation_system: str | None = optional("ISCO-08, SOC-2018 or ESCO-1.2; goes with occupationCode.")
    occupation_code: str | None = optional("The occupation's code in that system.")
    start_date: PartialDate | None = optional("When it began.")
    end_date: PartialDate | None = optional("When it ended; left out while it lasts.")
    description: str | None = optional("What it is about.")
    visibility: models.Visibility | None = optional(VISIBILITY)


@entry(changes.SkillEntry, "Skill", "A skill.")
class SkillInput:
    """See `SkillEntry`."""

    id: strawberry.ID | None = optional(FACT_ID)
    name: str = needed("The skill.")
    kind: models.TagKind | None = optional("HAVE unless said otherwise.")
    esco_uri: str | None = optional("Its ESCO concept.")
    visibility: models.Visibility | None = optional(VISIBILITY)


@entry(changes.InterestEntry, "Interest", "An interest.")
class InterestInput:
    """See `InterestEntry`."""

    id: strawberry.ID | None = optional(FACT_ID)
    name: str = needed("The interest.")
    kind: models.TagKind | None = optional("HAVE unless said otherwise.")
    visibility: models.Visibility | None = optional(VISIBILITY)


@entry(changes.PlaceEntry, "Place", "Where somebody lives, works or comes from: at most one place of a kind.")
class PlaceInput:
    """See `PlaceEntry`."""

    id: strawberry.ID | None = optional(FACT_ID)
    kind: models.PlaceKind = needed("What the place is to the person.")
    country: str = needed("ISO 3166-1 alpha-2.")
    city: str | None = optional("The city.")
    region: str | None = optional("The region or state.")
    time_zone: str | None = optional("An IANA name.")
    visibility: models.Visibility | None = optional(VISIBILITY)


@entry(changes.ContactPointEntry, "ContactPoint", "An e-mail address or a phone number.")
class ContactPointInput:
    """See `ContactPointEntry`."""

    id: strawberry.ID | None = optional(FACT_ID)
    kind: models.ContactKind = needed("What it is.")
    value: str = needed("The address, or the number in E.164: +12025550123.")
    visibility: models.Visibility | None = optional(VISIBILITY)


@entry(changes.LinkEntry, "Link", "A page on the web.")
class LinkInput:
    """See `LinkEntry`."""

    id: strawberry.ID | None = optional(FACT_ID)
    url: str = needed("The address, with http or https.")
    kind: models.LinkKind | None = optional("OTHER unless said otherwise.")
    visibility: models.Visibility | None = optional(VISIBILITY)


@entry(changes.TextEntry, "PersonText", "A text in the person's own words; for a photo, its URL.")
class TextInput:
    """See `TextEntry`."""

    text: str = needed("The words.")
    language: str | None = optional("Their language: BCP 47.")
    visibility: models.Visibility | None = optional(VISIBILITY)


def read_changes(given: Any) -> changes.ProfileChanges:
    """The service's form of a profile input. Raises Refused for ids of another kind."""
    names = {one.name for one in fields(changes.ProfileChanges)}
    values: dict[str, Any] = {}
    for name in names:
        value = getattr(given, name, strawberry.UNSET)
        if value is not strawberry.UNSET:
            values[name] = _converted(value, ("input", name))
    return changes.ProfileChanges(**values)


def _converted(value: Any, path: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        parts: list[Any] = list(value)  # pyright: ignore[reportUnknownArgumentType]
        return [_converted(part, (*path, str(place))) for place, part in enumerate(parts)]
    if type(value) in ENTRIES:
        return _entry(value, path)
    return value


def _entry(value: Any, path: tuple[str, ...]) -> Any:
    kind, type_name = ENTRIES[type(value)]
    given: dict[str, Any] = {}
    for one in fields(kind):
        part = getattr(value, one.name, strawberry.UNSET)
        if part is not strawberry.UNSET and not (part is None and one.name in {"kind", "completed"}):
            given[one.name] = (
                decode_id(part, type_name, (*path, "id")) if one.name == "id" and part is not None else part
            )
    return kind(**given)
