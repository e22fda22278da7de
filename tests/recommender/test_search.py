"""Free-text search: what is found, by which fields, in which order, and what hostile text does."""

from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.access import Viewer
from api.errors import Invalid
from recommender.embeddings import HashEmbedder
from recommender.search import MAX_TEXT, Hit, SearchResult, check_text, fuse, search_people
from recommender.vectors import embed_missing
from tests.databases import LockedDatabase
from tests.factories import make_fact, make_member, make_organization, make_person, viewer_of


class Hashed:
    """Searches with the hashing embedder."""

    async def embed(self, text: str) -> NDArray[np.float32] | None:
        return HashEmbedder().embed([text])[0]


class Away:
    """A language model that cannot be used."""

    async def embed(self, text: str) -> NDArray[np.float32] | None:
        return None


async def names(session: AsyncSession, viewer: Viewer, result: SearchResult) -> list[tuple[str, tuple[str, ...]]]:
    people = {hit.id: await session.get_one(models.Person, hit.id) for hit in result.hits}
    return [(people[hit.id].display_name, hit.matched_fields) for hit in result.hits]


async def find(session: AsyncSession, viewer: Viewer, text: str) -> list[tuple[str, tuple[str, ...]]]:
    await session.flush()
    return await names(session, viewer, await search_people(session, viewer, text, Away()))


async def test_who_has_more_of_the_words_comes_first_and_the_fields_are_told(session: AsyncSession):
    viewer = viewer_of(await make_member(session))
    acme = await make_organization(session, "Acme Bridges")
    one, both = await make_person(session, "One"), await make_person(session, "Both")
    await make_fact(session, models.Skill, one, name="Welding")
    await make_fact(session, models.Skill, both, name="welding")
    await make_fact(session, models.Experience, both, title="Engineer", organization_id=acme.id)
    assert await find(session, viewer, "welding bridges") == [("Both", ("experiences", "skills")), ("One", ("skills",))]


@pytest.mark.parametrize("text", ["jose nunez", "José Núñez", "JOSE NUÑ", "josé   núñez!"])
async def test_case_accents_and_beginnings_do_not_matter(session: AsyncSession, text: str):
    viewer = viewer_of(await make_member(session, "Somebody"))
    await make_person(session, "José Núñez")
    assert await find(session, viewer, text) == [("José Núñez", ("displayName",))]


async def test_meaning_finds_what_words_do_not_and_both_agree_first(session: AsyncSession, db: LockedDatabase):
    viewer = viewer_of(await make_member(session, "Somebody"))
    for name, text in (("Near", "sailing boats across the north sea"), ("Far", "tax law and accounting")):
        person = await make_person(session, name)
        await make_fact(session, models.PersonText, person, kind=models.TextKind.OFFERS, text=text)
    await embed_missing(db, HashEmbedder())
    found = await search_people(session, viewer, "sailing boats across an unknown sea", Hashed())
    assert not found.degraded
    assert (await names(session, viewer, found))[0] == ("Near", ("offers",))
    without = await search_people(session, viewer, "sailing boats", Away())
    assert without.degraded
    assert await names(session, viewer, without) == [("Near", ("offers",))]


REFUSED = ["", "   ", "!!! ...", "<->", "\x00", "a\x00b", "\ud800", "x" * (MAX_TEXT + 1), "x" * 1_000_000]
HOSTILE = [
    "' or 1=1 --",
    "'; drop table people; --",
    "a & | ! ( ) <-> b:* :* ''",
    "\\ \\' %s {0} $1 :viewer %(x)s",
    "(((((a",
    "a:ABCD*",
    "\u202e\u200b\ufeffzero width",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 ﬁne",
    "日本語 中文 한국어 العربية",
    "👩‍🎓🏳️‍🌈 a",
    "a\tb\r\nc\x01\x7f",
    "x" * MAX_TEXT,
    "word " * (MAX_TEXT // 5),
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_is_words_and_nothing_else(session: AsyncSession, text: str):
    viewer = viewer_of(await make_member(session, "Somebody"))
    found = await search_people(session, viewer, text, Hashed())
    assert found.hits == ()


@pytest.mark.parametrize("text", REFUSED)
async def test_what_cannot_be_searched_is_refused_by_name(session: AsyncSession, text: str):
    viewer = viewer_of(await make_member(session))
    with pytest.raises(Invalid) as refused:
        await search_people(session, viewer, text, Away())
    assert [problem.path for problem in refused.value.problems] == [("text",)]


@given(st.text(max_size=60))
def test_terms_have_nothing_that_a_query_would_read(text: str):
    try:
        terms = check_text(text)
    except Invalid:
        return
    assert terms
    assert all(term.isalnum() for term in terms)


IDS = [UUID(int=number) for number in (1, 2, 3)]


def test_fusion_prefers_who_is_found_in_several_ways():
    hits = [Hit(person_id, 1.0, (field,)) for person_id, field in zip(IDS, "abc", strict=True)]
    fused = fuse(hits, [Hit(IDS[2], 0.9, ("z",))])
    assert [hit.id for hit in fused] == [IDS[2], IDS[0], IDS[1]]
    assert fused[0].matched_fields == ("c", "z")
