"""What may be changed in a profile, and what each part of it must look like."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from api.models import (
    ContactKind,
    ContactPoint,
    Education,
    Experience,
    Fact,
    Interest,
    Link,
    LinkKind,
    Place,
    PlaceKind,
    Skill,
    TagKind,
    TextKind,
    Visibility,
)
from api.services.fact_plans import KINDS, Row
from api.services.inputs import UNSET, Checker, Path, Unset


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One fact of a list. With `id` it continues that fact; without `visibility` a stored fact keeps its own."""

    id: UUID | None = None
    visibility: Visibility | None = None


@dataclass(frozen=True, kw_only=True)
class EducationEntry(Entry):
    """A course of study. Whether it was at this institution follows from the school's name."""

    school: str
    degree: str | None = None
    programme: str | None = None
    cip_code: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    completed: bool = True
    honours: str | None = None
    registrar_sourced: bool | None = None
    """Only an import says this (rule P4)."""


@dataclass(frozen=True, kw_only=True)
class ExperienceEntry(Entry):
    """A job or duty at the organisation of that name, which is made if nobody named it before."""

    organization: str
    title: str
    occupation_system: str | None = None
    occupation_code: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    description: str | None = None


@dataclass(frozen=True, kw_only=True)
class SkillEntry(Entry):
    """A skill that somebody has, wants or offers."""

    name: str
    kind: TagKind = TagKind.HAVE
    esco_uri: str | None = None


@dataclass(frozen=True, kw_only=True)
class InterestEntry(Entry):
    """An interest that somebody has, wants or offers."""

    name: str
    kind: TagKind = TagKind.HAVE


@dataclass(frozen=True, kw_only=True)
class PlaceEntry(Entry):
    """Where somebody lives, works or comes from: at most one place of a kind."""

    kind: PlaceKind
    country: str
    city: str | None = None
    region: str | None = None
    time_zone: str | None = None


@dataclass(frozen=True, kw_only=True)
class ContactPointEntry(Entry):
    """An e-mail address or a phone number."""

    kind: ContactKind
    value: str


@dataclass(frozen=True, kw_only=True)
class LinkEntry(Entry):
    """A page on the web."""

    url: str
    kind: LinkKind = LinkKind.OTHER


@dataclass(frozen=True, kw_only=True)
class TextEntry:
    """A text in the person's own words, or for a photo its URL. Without `visibility` a stored text keeps its own."""

    text: str
    language: str | None = None
    visibility: Visibility | None = None


Given: TypeAlias = Unset | None
"""What stands for "left out" and for null."""


@dataclass(frozen=True, kw_only=True)
class ProfileChanges:
    """The parts of a profile to change. What is left out stays; a list replaces the former list, and must not be null;
    a text or a name given as null is removed, except `display_name`, which everybody has."""

    display_name: str | Given = UNSET
    given_name: str | Given = UNSET
    family_name: str | Given = UNSET
    name_at_graduation: str | Given = UNSET
    pronouns: str | Given = UNSET
    educations: Sequence[EducationEntry] | Given = UNSET
    experiences: Sequence[ExperienceEntry] | Given = UNSET
    skills: Sequence[SkillEntry] | Given = UNSET
    interests: Sequence[InterestEntry] | Given = UNSET
    places: Sequence[PlaceEntry] | Given = UNSET
    contact_points: Sequence[ContactPointEntry] | Given = UNSET
    links: Sequence[LinkEntry] | Given = UNSET
    bio: TextEntry | Given = UNSET
    seeks: TextEntry | Given = UNSET
    offers: TextEntry | Given = UNSET
    photo: TextEntry | Given = UNSET


# ---------------------------------------------------------------- checks


def _education(check: Checker, path: Path, entry: EducationEntry) -> Row:
    row = {
        "school": check.text((*path, "school"), entry.school, required=True),
        "degree": check.text((*path, "degree"), entry.degree),
        "programme": check.text((*path, "programme"), entry.programme),
        "cip_code": check.cip((*path, "cipCode"), entry.cip_code),
        "completed": entry.completed,
        "honours": check.text((*path, "honours"), entry.honours),
    }
    recorded = {} if entry.registrar_sourced is None else {"registrar_sourced": entry.registrar_sourced}
    return row | recorded | _dates(check, path, entry)


def _experience(check: Checker, path: Path, entry: ExperienceEntry) -> Row:
    occupation = check.occupation(path, entry.occupation_system, entry.occupation_code)
    row = {
        "organization": check.text((*path, "organization"), entry.organization, required=True),
        "title": check.text((*path, "title"), entry.title, required=True),
        "occupation_system": occupation and occupation[0],
        "occupation_code": occupation and occupation[1],
        "description": check.text((*path, "description"), entry.description, most=4000, multiline=True),
    }
    return row | _dates(check, path, entry)


def _dates(check: Checker, path: Path, entry: EducationEntry | ExperienceEntry) -> dict[str, str | None]:
    start = check.partial_date((*path, "startDate"), entry.start_date)
    end = check.partial_date((*path, "endDate"), entry.end_date)
    check.date_order((*path, "endDate"), start, end)
    return {"start_date": start, "end_date": end}


def _skill(check: Checker, path: Path, entry: SkillEntry) -> Row:
    return {
        "name": check.text((*path, "name"), entry.name, most=100, required=True),
        "kind": entry.kind,
        "esco_uri": check.esco_uri((*path, "escoUri"), entry.esco_uri),
    }


def _interest(check: Checker, path: Path, entry: InterestEntry) -> Row:
    return {"name": check.text((*path, "name"), entry.name, most=100, required=True), "kind": entry.kind}


def _place(check: Checker, path: Path, entry: PlaceEntry) -> Row:
    return {
        "kind": entry.kind,
        "city": check.text((*path, "city"), entry.city, most=100),
        "region": check.text((*path, "region"), entry.region, most=100),
        "country": check.country((*path, "country"), entry.country, required=True),
        "time_zone": check.time_zone((*path, "timeZone"), entry.time_zone),
    }


def _contact_point(check: Checker, path: Path, entry: ContactPointEntry) -> Row:
    form = check.email if entry.kind is ContactKind.EMAIL else check.phone
    return {"kind": entry.kind, "value": form((*path, "value"), entry.value, required=True)}


def _link(check: Checker, path: Path, entry: LinkEntry) -> Row:
    return {"kind": entry.kind, "url": check.url((*path, "url"), entry.url, required=True)}


@dataclass(frozen=True)
class Part:
    """A list of a profile: its name for clients, its table, and what an entry must look like."""

    name: str
    table: type[Fact]
    most: int
    row: Callable[[Checker, Path, Any], Row]


NAMES: Mapping[str, tuple[str, int]] = {
    "display_name": ("displayName", 200),
    "given_name": ("givenName", 100),
    "family_name": ("familyName", 100),
    "name_at_graduation": ("nameAtGraduation", 200),
    "pronouns": ("pronouns", 40),
}
"""Columns of a person that its owner may change: the name for clients and the most characters."""

PARTS: Mapping[str, Part] = {
    "educations": Part("educations", Education, 30, _education),
    "experiences": Part("experiences", Experience, 60, _experience),
    "skills": Part("skills", Skill, 100, _skill),
    "interests": Part("interests", Interest, 100, _interest),
    "places": Part("places", Place, len(PlaceKind), _place),
    "contact_points": Part("contactPoints", ContactPoint, 20, _contact_point),
    "links": Part("links", Link, 20, _link),
}

TEXTS: Mapping[str, tuple[TextKind, int]] = {
    "bio": (TextKind.BIO, 4000),
    "seeks": (TextKind.SEEKS, 2000),
    "offers": (TextKind.OFFERS, 2000),
    "photo": (TextKind.PHOTO, 2000),
}


@dataclass
class Wanted:
    """Checked changes, by the attribute names of `ProfileChanges`."""

    names: dict[str, str | None]
    lists: dict[str, list[Row]]
    texts: dict[str, list[Row]]


def check_changes(check: Checker, changes: ProfileChanges, *, may_set_visibility: bool) -> Wanted:
    """Check everything that is given; what is wrong is noted in `check`, and then the result is of no use."""
    names = {
        field: check.text(("input", name), given, most=most, required=field == "display_name")
        for field, (name, most) in NAMES.items()
        if (given := getattr(changes, field)) is not UNSET
    }
    lists = {
        field: _list(check, part, given, may_set_visibility)
        for field, part in PARTS.items()
        if (given := getattr(changes, field)) is not UNSET
    }
    texts = {
        field: _text(check, field, given, may_set_visibility)
        for field in TEXTS
        if (given := getattr(changes, field)) is not UNSET
    }
    return Wanted(names, lists, texts)


def _list(check: Checker, part: Part, entries: Sequence[Entry] | None, may_set_visibility: bool) -> list[Row]:
    if entries is None:
        check.note(("input", part.name), "must be a list: leave it out to keep it, or give [] to empty it")
        return []
    if not check.count(("input", part.name), entries, most=part.most):
        return []
    rows: list[Row] = []
    for place, entry in enumerate(entries):
        path = ("input", part.name, str(place))
        identity = {} if entry.id is None else {"id": entry.id}
        rows.append({**part.row(check, path, entry), **identity, **_visibility(check, path, entry, may_set_visibility)})
    _refuse_repeats(check, part, rows)
    return rows


def _refuse_repeats(check: Checker, part: Part, rows: Sequence[Row]) -> None:
    kind = KINDS[part.table]
    seen: dict[object, int] = {}
    for place, row in enumerate(rows):
        keys = [("id", row.get("id"))] if "id" in row else []
        keys += [("key", kind.keys[0](row))] if kind.unique else []
        for key in keys:
            if seen.setdefault(key, place) != place:
                check.note(("input", part.name, str(place)), f"repeats entry {seen[key]}: give each once")
                break


def _text(check: Checker, field: str, entry: TextEntry | None, may_set_visibility: bool) -> list[Row]:
    if entry is None:
        return []
    kind, most = TEXTS[field]
    path = ("input", field)
    text_path = (*path, "text")
    if kind is TextKind.PHOTO:
        text = check.url(text_path, entry.text, required=True)
    else:
        text = check.text(text_path, entry.text, most=most, required=True, multiline=True)
    language = check.language((*path, "language"), entry.language)
    visibility = _visibility(check, path, entry, may_set_visibility)
    return [{"kind": kind, "text": text, "language": language, **visibility}]


def _visibility(check: Checker, path: Path, entry: Entry | TextEntry, may_set_visibility: bool) -> Row:
    if entry.visibility is None:
        return {}
    if not may_set_visibility:
        check.note((*path, "visibility"), "only the owner of a fact decides who sees it: leave this out")
    return {"visibility": entry.visibility}
