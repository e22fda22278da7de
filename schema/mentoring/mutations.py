"""What can be done in mentoring: offer oneself, ask, answer, take back, end."""

from datetime import datetime
from typing import Annotated, Any, TypeAlias

import strawberry

from api.services import mentoring
from api.services.mentoring import MentorChanges
from schema.context import Info
from schema.engine.resolving import read_ahead, ref
from schema.errors import Conflict, Invalid, NotAllowed, NotFound
from schema.ids import decode_id
from schema.mentoring.types import MentorProfile, Mentorship
from schema.people.inputs import needed, optional
from schema.permissions import MEMBER, PERSON, mutation

MENTORSHIP = ("input", "mentorshipId")


@strawberry.input(description="What you say as a mentor. What is left out stays as it is.")
class SetMentorProfileInput:
    """See `mentoring.MentorChanges`."""

    about: str | None = optional("What you say to those who look for a mentor.")
    topics: list[str] | None = optional("What you can be asked about: replaces the whole list.")
    max_mentees: int | None = optional("How many you take at a time, 1 to 50; 1 unless said otherwise.")
    paused_until: datetime | None = optional("Take nobody new until then; null ends a pause.")


@strawberry.input(description="Whom to ask.")
class RequestMentorshipInput:
    """See `mentoring.request_mentorship`."""

    mentor_id: strawberry.ID = needed("The mentor: the id of a MentorProfile.")
    message: str | None = optional("What you would like advice on.")


@strawberry.input(description="Which request, and the answer.")
class AnswerMentorshipInput:
    """See `mentoring.answer_mentorship`."""

    mentorship_id: strawberry.ID = needed("The request to you.")
    accept: bool = needed("Yes or no.")


@strawberry.input(description="Which mentorship.")
class MentorshipInput:
    """One mentorship by its id."""

    mentorship_id: strawberry.ID = needed("The mentorship.")


@strawberry.type(description="Your profile as a mentor, as it is now.")
class MentorProfilePayload:
    """The profile."""

    profile: MentorProfile | None = strawberry.field(description="The profile.")


@strawberry.type(description="The mentorship as it is now.")
class MentorshipPayload:
    """The mentorship."""

    mentorship: Mentorship | None = strawberry.field(description="The mentorship.")


MentorProfileResult: TypeAlias = Annotated[
    MentorProfilePayload | NotFound | Conflict | Invalid,
    strawberry.union("MentorProfileResult", description="The payload, or what stood against it."),
]
MentorshipResult: TypeAlias = Annotated[
    MentorshipPayload | NotFound | NotAllowed | Conflict | Invalid,
    strawberry.union("MentorshipResult", description="The payload, or what stood against it."),
]


@strawberry.type
class MentoringMutation:
    """Mutations of mentoring."""

    @mutation(PERSON, "Say what you can be asked about. Others see it while you are in the mentor pool (setChoices).")
    async def set_mentor_profile(self, info: Info, input: SetMentorProfileInput) -> MentorProfileResult:
        values: dict[str, Any] = vars(input)
        given = {name: values[name] for name in mentoring.MENTOR_FIELDS if values[name] is not strawberry.UNSET}
        async with info.context.db.write() as session, session.begin():
            key = await mentoring.set_mentor_profile(session, info.context.viewer, MentorChanges(**given))
            return await read_ahead(info, session, MentorProfilePayload(profile=ref(MentorProfile, key)))

    @mutation(MEMBER, "Ask somebody to be your mentor.")
    async def request_mentorship(self, info: Info, input: RequestMentorshipInput) -> MentorshipResult:
        mentor_id = decode_id(input.mentor_id, "MentorProfile", ("input", "mentorId"))
        async with info.context.db.write() as session, session.begin():
            viewer, message = info.context.viewer, input.message or None
            key = await mentoring.request_mentorship(session, viewer, mentor_id, message)
            return await read_ahead(info, session, MentorshipPayload(mentorship=ref(Mentorship, key)))

    @mutation(PERSON, "Answer somebody who asked you to be their mentor.")
    async def answer_mentorship(self, info: Info, input: AnswerMentorshipInput) -> MentorshipResult:
        key = decode_id(input.mentorship_id, "Mentorship", MENTORSHIP)
        async with info.context.db.write() as session, session.begin():
            await mentoring.answer_mentorship(session, info.context.viewer, key, accept=input.accept)
            return await read_ahead(info, session, MentorshipPayload(mentorship=ref(Mentorship, key)))

    @mutation(PERSON, "Take back a request of yours for mentorship.")
    async def withdraw_mentorship(self, info: Info, input: MentorshipInput) -> MentorshipResult:
        key = decode_id(input.mentorship_id, "Mentorship", MENTORSHIP)
        async with info.context.db.write() as session, session.begin():
            await mentoring.withdraw_mentorship(session, info.context.viewer, key)
            return await read_ahead(info, session, MentorshipPayload(mentorship=ref(Mentorship, key)))

    @mutation(PERSON, "End a mentorship of yours, from either side and without a reason.")
    async def end_mentorship(self, info: Info, input: MentorshipInput) -> MentorshipResult:
        key = decode_id(input.mentorship_id, "Mentorship", MENTORSHIP)
        async with info.context.db.write() as session, session.begin():
            await mentoring.end_mentorship(session, info.context.viewer, key)
            return await read_ahead(info, session, MentorshipPayload(mentorship=ref(Mentorship, key)))
