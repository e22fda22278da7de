"""Mentors for somebody: what the pipeline of `recommender.pages` is made of for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Float, Integer, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from api import access
from api.db import AnySelect
from api.models import FacetKind, ItemVector, MentorProfile, Person
from recommender.asking import AHEAD, Asking, among, ask, best_of
from recommender.candidates.cohorts import of_the_time
from recommender.candidates.facts import sharing_something
from recommender.candidates.texts import LIKENESS, near, own_vectors
from recommender.candidates.ties import contacts_of_contacts
from recommender.features import Candidate
from recommender.mentor_signals import offered, own_tags, read_mentors
from recommender.nearest import active_model
from recommender.pages import Pipeline
from recommender.signals import quote
from recommender.signals.texts import of_facets, own_texts
from recommender.weights.mentors import MENTORS


@dataclass(frozen=True)
class AskingForMentors(Asking):
    """The sources of people, which find those whom the viewer may ask to be a mentor."""

    @property
    def people(self) -> AnySelect:
        """Whom the viewer may ask."""
        mentors = _allowed(self).with_only_columns(MentorProfile.person_id)
        return access.visible_people(self.viewer).where(Person.id.in_(mentors))


def _allowed(asking: Asking) -> AnySelect:
    return access.suggestable_mentors(asking.viewer).where(MentorProfile.created_at <= asking.moment)


def _longest_first(asking: Asking) -> AnySelect:
    return _allowed(asking).order_by(MentorProfile.created_at, MentorProfile.id)


def _among_mentors(asking: Asking) -> AskingForMentors:
    return AskingForMentors(asking.viewer, asking.as_of, asking.config, asking.exact)


async def _read(session: AsyncSession, asking: Asking, profiles: Sequence[UUID]) -> list[Candidate]:
    return await read_mentors(session, _among_mentors(asking), profiles)


async def find_mentors(session: AsyncSession, asking: Asking, beyond: int = 0) -> list[UUID]:
    """The profiles that the sources find, in the order of their first mention; at most the quotas' sum.

    `beyond` is how many have been shown already: when the sources run dry, others of the time follow.
    """
    asking, quotas = _among_mentors(asking), asking.config.quotas
    own = await own_vectors(session, asking)
    sought, facets = own.of({FacetKind.SEEKS}), {FacetKind.OFFERS, FacetKind.EXPERIENCE}
    found: dict[UUID, None] = {}
    for source in (
        [row.id for row in await ask(session, asking, _on_topic, quotas["topics"])],
        [row.id for row in await ask(session, asking, _saying_what_is_near, quotas["advice"])],
        await near(session, asking, sought, facets, quotas["texts"]),
        await contacts_of_contacts(session, asking, quotas["contacts"]),
        await sharing_something(session, asking, quotas["shared"]),
    ):
        found.update(dict.fromkeys(source))
    if len(found) < beyond + AHEAD:
        found.update(dict.fromkeys(await of_the_time(session, asking, beyond + AHEAD)))
    rows = await ask(session, asking, _profiles_of, ids=list(found))
    profiles = {row.person_id: row.id for row in rows}
    return [profiles[one] for one in found if one in profiles]


def _profiles_of(asking: Asking) -> AnySelect:
    person_id = MentorProfile.__table__.c.person_id
    return _allowed(asking).add_columns(person_id).where(among(person_id))


def _on_topic(asking: Asking, quota: int) -> AnySelect:
    """Who can be asked about, or offers, most of what the viewer seeks, and then of what the viewer has."""
    own, theirs = own_tags(asking), offered(asking)
    hits = (
        select(theirs.c.person_id, func.sum(own.c.wanted.cast(Integer) * 3 + 1).label("score"))
        .join_from(own, theirs, own.c.name_folded == theirs.c.name_folded)
        .group_by(theirs.c.person_id)
        .subquery("hits")
    )
    return best_of(asking, hits, quota)


def _saying_what_is_near(asking: Asking, quota: int) -> AnySelect:
    """Whose advice is nearest to anything that the viewer seeks, did or studies: all mentors are compared, as each
    has one vector."""
    mine, vector, profile = own_texts(asking), ItemVector.__table__.alias(), MentorProfile.__table__.alias()
    distance = func.min(vector.c.embedding.op("<=>", return_type=Float())(mine.c.embedding))
    nearest = (
        select(profile.c.person_id, (-distance).label("score"))
        .join_from(profile, vector, vector.c.mentor_id == profile.c.id)
        .join(mine, true())
        .where(
            of_facets(mine, FacetKind.SEEKS, *LIKENESS),
            access.sees_mentor(asking.viewer, profile),
            vector.c.model_id == active_model(),
            vector.c.created_at <= asking.moment,
        )
        .group_by(profile.c.person_id)
        .subquery("nearest")
    )
    return best_of(asking, nearest, quota)


PIPELINE = Pipeline(
    item="mentor_id",
    config=MENTORS,
    allowed=_allowed,
    find=find_mentors,
    read=_read,
    plain=_longest_first,
    quote=quote,
)
