"""What can be done to a profile: edit it, set who sees a fact, choose to be listed, confirm one's identity."""

from typing import Annotated, TypeAlias

import strawberry

from api import models
from api.access import FACTS
from api.services import accounts, choices, facts, profiles
from schema.context import Info
from schema.engine.refusals import Refused
from schema.engine.resolving import read_ahead, ref, ref_named
from schema.errors import Conflict, Invalid, NotAllowed, NotFound
from schema.ids import decode_person, split_id
from schema.node import Node
from schema.people.inputs import (
    ContactPointInput,
    EducationInput,
    ExperienceInput,
    InterestInput,
    LinkInput,
    PlaceInput,
    SkillInput,
    TextInput,
    optional,
    read_changes,
)
from schema.people.types import Person
from schema.permissions import PERSON, SIGNED_IN, STAFF, mutation
from schema.viewer import Viewer

SETTABLE: dict[str, type[models.Fact] | type[models.Connection]] = {
    **{model.__name__: model for model in FACTS},
    "Tie": models.Connection,
}
"""What can be hidden, by the type name in its id."""
LIST = "Replaces the whole list; left out, it stays as it is."
TEXT = "Left out, it stays; null removes it."


@strawberry.input(description="The parts of your profile to change. What is left out stays as it is.")
class UpdateMyProfileInput:
    """See `ProfileChanges`."""

    display_name: str | None = optional("The name as you want it written.")
    given_name: str | None = optional("Your given name.")
    family_name: str | None = optional("Your family name.")
    name_at_graduation: str | None = optional("The name on your diploma.")
    pronouns: str | None = optional("How to speak of you.")
    educations: list[EducationInput] | None = optional(LIST)
    experiences: list[ExperienceInput] | None = optional(LIST)
    skills: list[SkillInput] | None = optional(LIST)
    interests: list[InterestInput] | None = optional(LIST)
    places: list[PlaceInput] | None = optional(LIST)
    contact_points: list[ContactPointInput] | None = optional(LIST)
    links: list[LinkInput] | None = optional(LIST)
    bio: TextInput | None = optional(f"About you. {TEXT}")
    seeks: TextInput | None = optional(f"What you seek. {TEXT}")
    offers: TextInput | None = optional(f"What you offer. {TEXT}")
    photo: TextInput | None = optional(f"Your photo's URL. {TEXT}")


@strawberry.input(description="The parts of somebody's profile to change. What is left out stays as it is.")
class UpdateProfileInput(UpdateMyProfileInput):
    """As `UpdateMyProfileInput`, for staff."""

    person_id: strawberry.ID = strawberry.field(description="Whose profile.")


@strawberry.type(description="The profile as it is now.")
class UpdateProfilePayload:
    """The changed person."""

    person: Person | None = strawberry.field(description="The person.")


@strawberry.input(description="Who is to see a fact of yours, or that you are connected with somebody.")
class SetVisibilityInput:
    """See `facts.set_visibility`."""

    fact_id: strawberry.ID = strawberry.field(
        description="The fact: an Education, ContactPoint, PersonText, ...; or a Tie: your end of it."
    )
    level: models.Visibility = strawberry.field(description="Who is to see it.")


@strawberry.type(description="The fact as it is now.")
class SetVisibilityPayload:
    """The changed fact."""

    fact: Node | None = strawberry.field(description="The fact.")


@strawberry.input(description="Whether to be in the directory.")
class SetListedInput:
    """See `choices.set_listed`."""

    listed: bool = strawberry.field(description="In the directory, in search and in lists of others, or not.")


@strawberry.input(description="Your four separate choices about being seen. What is left out stays as it is.")
class SetChoicesInput:
    """See `choices.set_choices`."""

    listed: bool | None = optional("In the directory, in search and in lists of others.")
    suggestable: bool | None = optional("May be suggested to others, while listed.")
    show_attendance: bool | None = optional("Named on lists of attendees.")
    mentor_open: bool | None = optional("In the pool of mentors.")


@strawberry.input(description="Whether suggestions may be computed from what is known of you.")
class SetProfilingInput:
    """See `choices.set_profiling`."""

    profiled: bool = strawberry.field(description="False is an objection: it takes effect at once.")


@strawberry.type(description="You, with your choices as they are now.")
class SetChoicesPayload:
    """The viewer."""

    viewer: Viewer | None = strawberry.field(description="You.")


@strawberry.input(description="Nothing needs saying: the token says it.")
class ConfirmIdentityInput:
    """GraphQL wants at least one field."""

    confirm: bool = strawberry.field(description="That the account with your verified address is yours.")


@strawberry.type(description="The account that your identity is linked with from now on.")
class ConfirmIdentityPayload:
    """The linked account."""

    email: str = strawberry.field(description="The account's address. The next request sees the account itself.")


UpdateProfileResult: TypeAlias = Annotated[
    UpdateProfilePayload | NotFound | NotAllowed | Conflict | Invalid,
    strawberry.union("UpdateProfileResult", description="The payload, or what stood against it."),
]
SetVisibilityResult: TypeAlias = Annotated[
    SetVisibilityPayload | NotFound | NotAllowed | Conflict | Invalid,
    strawberry.union("SetVisibilityResult", description="The payload, or what stood against it."),
]
SetChoicesResult: TypeAlias = Annotated[
    SetChoicesPayload | NotFound | Invalid,
    strawberry.union("SetChoicesResult", description="The payload, or what stood against it."),
]
ConfirmIdentityResult: TypeAlias = Annotated[
    ConfirmIdentityPayload | NotFound | Conflict | Invalid,
    strawberry.union("ConfirmIdentityResult", description="The payload, or what stood against it."),
]


@strawberry.type
class ProfileMutation:
    """Mutations of profiles."""

    @mutation(PERSON, "Change your own profile.")
    async def update_my_profile(self, info: Info, input: UpdateMyProfileInput) -> UpdateProfileResult:
        changes = read_changes(input)
        viewer = info.context.viewer
        async with info.context.db.write() as session, session.begin():
            await profiles.update_my_profile(session, viewer, changes)
            return await read_ahead(info, session, UpdateProfilePayload(person=ref(Person, viewer.key)))

    @mutation(STAFF, "Change somebody's profile, as the office. The person sees that it was done.")
    async def update_profile(self, info: Info, input: UpdateProfileInput) -> UpdateProfileResult:
        changes = read_changes(input)
        async with info.context.db.write() as session, session.begin():
            person_id = await decode_person(session, input.person_id, ("input", "personId"))
            await profiles.update_profile(session, info.context.viewer, person_id, changes)
            return await read_ahead(info, session, UpdateProfilePayload(person=ref(Person, person_id)))

    @mutation(PERSON, "Set who sees a fact of yours.")
    async def set_visibility(self, info: Info, input: SetVisibilityInput) -> SetVisibilityResult:
        type_name, fact_id = split_id(input.fact_id, ("input", "factId"))
        if type_name not in SETTABLE:
            raise Refused("This is not the id of a fact.", ("input", "factId"))
        async with info.context.db.write() as session, session.begin():
            await facts.set_visibility(session, info.context.viewer, SETTABLE[type_name], fact_id, input.level)
            return await read_ahead(info, session, SetVisibilityPayload(fact=ref_named(type_name, fact_id)))

    @mutation(PERSON, "Be in the directory, or not.")
    async def set_listed(self, info: Info, input: SetListedInput) -> SetChoicesResult:
        async with info.context.db.write() as session, session.begin():
            await choices.set_listed(session, info.context.viewer, input.listed)
            return await read_ahead(info, session, _you(info))

    @mutation(PERSON, "Set your four choices about being seen, or confirm them as they are.")
    async def set_choices(self, info: Info, input: SetChoicesInput) -> SetChoicesResult:
        given = {name: value for name, value in vars(input).items() if value is not strawberry.UNSET}
        async with info.context.db.write() as session, session.begin():
            await choices.set_choices(session, info.context.viewer, **given)
            return await read_ahead(info, session, _you(info))

    @mutation(PERSON, "Let suggestions be computed from what is known of you, or object: then lists come unprofiled.")
    async def set_profiling(self, info: Info, input: SetProfilingInput) -> SetChoicesResult:
        async with info.context.db.write() as session, session.begin():
            await choices.set_profiling(session, info.context.viewer, input.profiled)
            return await read_ahead(info, session, _you(info))

    @mutation(SIGNED_IN, "Link your signed-in identity with the account that has your verified address.")
    async def confirm_identity(self, info: Info, input: ConfirmIdentityInput) -> ConfirmIdentityResult:
        if not input.confirm:
            raise Refused("Nothing was confirmed.", ("input", "confirm"))
        async with info.context.db.write() as session, session.begin():
            account = await accounts.confirm_identity(session, info.context.viewer)
            return ConfirmIdentityPayload(email=account.email)


def _you(info: Info) -> SetChoicesPayload:
    account_id = info.context.viewer.account_id
    return SetChoicesPayload(viewer=ref(Viewer, account_id) if account_id else None)
