"""What is told of a skill or an interest that two people name: who has it, who offers it and who looks for it."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from recommender.evidence_kinds import EvidenceKind
from recommender.mentors import PIPELINE as MENTORS
from recommender.pages import Pipeline, suggest
from recommender.people import PIPELINE as PEOPLE
from tests.factories import make_fact, make_member, make_mentor, make_person, viewer_of

Kind, V = EvidenceKind, models.Visibility
WANT, HAVE, OFFER = models.TagKind.WANT, models.TagKind.HAVE, models.TagKind.OFFER
TOLD = {
    (WANT, OFFER): (Kind.THEY_OFFER_WHAT_YOU_SEEK, "Offers weaving, which you seek", "offered-"),
    (OFFER, WANT): (Kind.YOU_OFFER_WHAT_THEY_SEEK, "Seeks weaving, which you offer", "sought-"),
    (HAVE, HAVE): (Kind.SHARED_SKILL, "You share the skill weaving", ""),
    (HAVE, OFFER): (Kind.SHARED_SKILL, "You share the skill weaving", ""),
    (OFFER, HAVE): (Kind.SHARED_SKILL, "You share the skill weaving", ""),
    (OFFER, OFFER): (Kind.SHARED_SKILL, "You share the skill weaving", ""),
    (WANT, HAVE): (Kind.SHARED_SKILL, "Has the skill weaving, which you seek", ""),
    (HAVE, WANT): (Kind.SHARED_SKILL, "Seeks weaving, a skill of yours", "sought-"),
    (WANT, WANT): (Kind.SHARED_SKILL, "You both seek weaving", "sought-"),
}


async def told(
    session: AsyncSession,
    mine: list[models.TagKind],
    theirs: list[tuple[models.TagKind, models.Visibility]],
    model: type[models.Skill] | type[models.Interest] = models.Skill,
    pipeline: Pipeline = PEOPLE,
) -> list[tuple[EvidenceKind, str, str]]:
    """The reasons for somebody who names weaving, as is said of both, among twenty others."""
    viewer = viewer_of(await make_member(session))
    other, *_ = [await make_person(session) for _ in range(20)]
    if pipeline is MENTORS:
        await make_mentor(session, other)
    for kind in mine:
        await make_fact(session, model, viewer.key, name="weaving", kind=kind)
    for kind, level in theirs:
        await make_fact(session, model, other, level, name="weaving", kind=kind)
    page = await suggest(session, viewer, pipeline, first=1, exact=True)
    return [(why.kind, why.text, why.key) for why in page.suggestions[0].evidence if "weaving" in why.text]


def test_every_two_kinds_are_told():
    assert set(TOLD) == {(mine, theirs) for mine in models.TagKind for theirs in models.TagKind}


@pytest.mark.parametrize(("mine", "theirs"), TOLD)
async def test_the_words_say_who_has_offers_and_seeks(
    session: AsyncSession, mine: models.TagKind, theirs: models.TagKind
):
    kind, text, prefix = TOLD[mine, theirs]
    assert await told(session, [mine], [(theirs, V.MEMBERS)]) == [(kind, text, f"{prefix}skill:weaving")]


@pytest.mark.parametrize(
    ("mine", "theirs", "text"),
    [
        (HAVE, OFFER, "You share an interest in weaving"),
        (WANT, HAVE, "Has an interest in weaving, which you seek"),
        (HAVE, WANT, "Seeks weaving, an interest of yours"),
    ],
)
async def test_of_interests_likewise(session: AsyncSession, mine: models.TagKind, theirs: models.TagKind, text: str):
    (reason,) = await told(session, [mine], [(theirs, V.MEMBERS)], models.Interest)
    assert reason[:2] == (Kind.SHARED_INTEREST, text)


@pytest.mark.parametrize(
    ("mine", "theirs", "text"),
    [
        ([HAVE, WANT], [(HAVE, V.MEMBERS), (OFFER, V.MEMBERS)], "Offers weaving, which you seek"),
        ([HAVE, WANT], [(HAVE, V.MEMBERS), (OFFER, V.STAFF)], "You share the skill weaving"),
        ([WANT], [(WANT, V.MEMBERS), (OFFER, V.CONNECTIONS)], "You both seek weaving"),
    ],
)
async def test_of_several_the_one_that_helps_most_is_told_and_none_that_is_hidden(
    session: AsyncSession,
    mine: list[models.TagKind],
    theirs: list[tuple[models.TagKind, models.Visibility]],
    text: str,
):
    (reason,) = await told(session, mine, theirs)
    assert reason[1] == text


@pytest.mark.parametrize(
    ("mine", "theirs", "reason"),
    [
        (WANT, OFFER, (Kind.MENTORS_WHAT_YOU_SEEK, "Offers weaving, which you seek", "topic:weaving")),
        (HAVE, WANT, (Kind.SHARED_SKILL, "Seeks weaving, a skill of yours", "sought-skill:weaving")),
    ],
)
async def test_what_a_mentor_offers_or_seeks_is_told_once(
    session: AsyncSession, mine: models.TagKind, theirs: models.TagKind, reason: tuple[EvidenceKind, str, str]
):
    assert await told(session, [mine], [(theirs, V.MEMBERS)], pipeline=MENTORS) == [reason]
