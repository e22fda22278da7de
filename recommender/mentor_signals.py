"""What speaks for each mentor: what they can be asked about, what they did, and how near they are to whoever seeks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Float,
    FromClause,
    Text,
    and_,
    case,
    false,
    func,
    literal_column,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from api import access, models
from api.db import AnySelect
from api.models import FacetKind
from recommender.asking import Asking, among, ask
from recommender.candidates.cohorts import last_year, own_year
from recommender.candidates.facts import may_count, own_values
from recommender.candidates.texts import LIKENESS
from recommender.evidence_kinds import EvidenceKind
from recommender.features import Candidate, Signal
from recommender.nearest import active_model, is_one_of
from recommender.signals import Reader, read_signals
from recommender.signals.facts import RARE_SHARE, shared_facts
from recommender.signals.tags import OFFERED
from recommender.signals.texts import LIKE, best_pairs, both, likeness, named, of_facets, own_texts
from recommender.signals.ties import mutual_contacts
from recommender.weights import people
from recommender.weights.mentors import Feature

TAGS = (models.Skill, models.Interest)
AHEAD_ENOUGH, AHEAD_LONG = 6, 20
"""From so many years before on a mentor has seen what comes; after so many it was another time."""
SAID = 100
AS: Mapping[StrEnum, Feature] = {
    people.Feature.EMPLOYER: Feature.EMPLOYER,
    people.Feature.PROGRAMME: Feature.PROGRAMME,
    people.Feature.PLACE: Feature.PLACE,
    people.Feature.SKILL: Feature.FITTING,
    people.Feature.INTEREST: Feature.FITTING,
    people.Feature.CONTACTS: Feature.CONTACTS,
}
"""What two people have in common, as it counts between a mentor and who asks."""


async def read_mentors(session: AsyncSession, asking: Asking, profiles: Sequence[UUID]) -> list[Candidate]:
    """The mentors of these profiles, in this order, each with its signals; texts still to be quoted.

    `asking.people` are those whom the viewer may ask: others are left out.
    """
    rows = await ask(session, asking, _profiles, ids=list(profiles))
    known = {row.id: row.person_id for row in rows}
    order = [known[one] for one in profiles if one in known]
    found = {one.id: one.signals for one in await read_signals(session, asking, order, _READERS)}
    return [Candidate(one, found[known[one]]) for one in profiles if one in known]


def _profiles(asking: Asking) -> AnySelect:
    profile = models.MentorProfile.__table__.alias()
    return select(profile.c.id, profile.c.person_id).where(among(profile.c.id), is_one_of(asking.people, profile))


# ---------------------------------------------------------------- what they can be asked about


def offered(asking: Asking) -> FromClause:
    """What mentors can be asked about, and what people offer: (person_id, name_folded, name, topic)."""
    topic, profile = models.MentorTopic.__table__.alias(), models.MentorProfile.__table__.alias()
    parts: list[AnySelect] = [
        select(profile.c.person_id, topic.c.name_folded, topic.c.name, true().label("topic"))
        .join_from(topic, profile, topic.c.profile_id == profile.c.id)
        .where(topic.c.created_at <= asking.moment, access.sees_mentor(asking.viewer, profile))
    ]
    for kind in TAGS:
        tag = kind.__table__.alias()
        parts.append(
            select(tag.c.person_id, tag.c.name_folded, tag.c.name, false().label("topic")).where(
                *may_count(asking, tag), tag.c.kind == literal_column("'OFFER'")
            )
        )
    return union_all(*parts).subquery("offered")


def own_tags(asking: Asking) -> FromClause:
    """The viewer's skills and interests, by folded name, and whether they are sought."""
    parts = [own_values(asking, kind, "name_folded", "kind") for kind in TAGS]
    tags = union_all(*(select(part) for part in parts)).subquery("tags")
    wanted = func.bool_or(tags.c.kind == literal_column("'WANT'"))
    return select(tags.c.name_folded, wanted.label("wanted")).group_by(tags.c.name_folded).subquery("own")


async def _topics(
    session: AsyncSession, asking: Asking, people: Sequence[UUID], total: int
) -> list[tuple[UUID, Signal]]:
    rows = await ask(session, asking, _common_topics, ids=list(people))
    counted = await ask(session, asking, _holders) if rows else ()
    holders: dict[str, int] = {row.name_folded: row.holders for row in counted}
    return [(row.person_id, _topic_signal(row, holders.get(row.name_folded, 1), total)) for row in rows]


def _common_topics(asking: Asking) -> AnySelect:
    own, theirs = own_tags(asking), offered(asking)
    return (
        select(
            theirs.c.person_id,
            theirs.c.name_folded,
            func.min(theirs.c.name).label("name"),
            func.bool_or(theirs.c.topic).label("topic"),
            func.bool_or(own.c.wanted).label("wanted"),
        )
        .join_from(own, theirs, own.c.name_folded == theirs.c.name_folded)
        .where(among(theirs.c.person_id))
        .group_by(theirs.c.person_id, theirs.c.name_folded)
    )


def _holders(asking: Asking) -> AnySelect:
    """How many visible people can be asked about each of the viewer's tags."""
    own, theirs = own_tags(asking), offered(asking)
    return (
        select(theirs.c.name_folded, func.count(theirs.c.person_id.distinct()).label("holders"))
        .join_from(own, theirs, own.c.name_folded == theirs.c.name_folded)
        .where(is_one_of(access.visible_people(asking.viewer), theirs))
        .group_by(theirs.c.name_folded)
    )


def _topic_signal(row: Any, holders: int, total: int) -> Signal:
    what = f"Can be asked about {row.name}" if row.topic else f"Offers {row.name}"
    value, key, rare = 1.0 if row.topic else 0.7, f"topic:{row.name_folded}", holders < RARE_SHARE * total
    if row.wanted:
        text = f"{what}, which you seek"
        return Signal(Feature.SOUGHT, EvidenceKind.MENTORS_WHAT_YOU_SEEK, value, key, text, rare)
    return Signal(Feature.FITTING, EvidenceKind.MENTORS_YOUR_FIELD, value, key, f"{what}, a field of yours too", rare)


# ---------------------------------------------------------------- texts


async def _advice(
    session: AsyncSession, asking: Asking, people: Sequence[UUID], _total: int
) -> list[tuple[UUID, Signal]]:
    """How near what a mentor says is to what the viewer seeks, and to what the viewer does."""
    rows = await ask(session, asking, _nearest_advice, ids=list(people))
    return [(row.person_id, _advice_signal(row, like)) for row in rows if (like := likeness(row.distance)) > 0]


def _nearest_advice(asking: Asking) -> AnySelect:
    mine, vector = own_texts(asking), models.ItemVector.__table__.alias()
    profile, said = models.MentorProfile.__table__.alias(), models.MentorProfile.__table__.alias()
    feature = case(
        (of_facets(mine, FacetKind.SEEKS), named(Feature.SOUGHT)),
        (of_facets(mine, *LIKENESS), named(Feature.FITTING)),
        else_=null(),
    )
    distance = func.min(vector.c.embedding.op("<=>", return_type=Float())(mine.c.embedding))
    near = (
        select(profile.c.id, profile.c.person_id, feature.label("feature"), distance.label("distance"))
        .join_from(profile, vector, vector.c.mentor_id == profile.c.id)
        .join(mine, true())
        .where(
            among(profile.c.person_id),
            access.sees_mentor(asking.viewer, profile),
            vector.c.model_id == active_model(),
            vector.c.created_at <= asking.moment,
        )
        .group_by(profile.c.id, profile.c.person_id, feature)
        .subquery("near")
    )
    words = func.left(func.coalesce(_topics_of(asking, said), said.c.about), SAID)
    return (
        select(near.c.id, near.c.person_id, near.c.feature, near.c.distance, words.label("words"))
        .join_from(near, said, said.c.id == near.c.id)
        .where(near.c.feature.is_not(None))
    )


def _topics_of(asking: Asking, profile: FromClause) -> ColumnElement[Any]:
    topic = models.MentorTopic.__table__.alias()
    names = func.string_agg(topic.c.name, aggregate_order_by(literal_column("', '", Text()), topic.c.name_folded))
    own = topic.c.profile_id == profile.c.id, topic.c.created_at <= asking.moment
    return select(names).where(*own).correlate_except(topic).scalar_subquery()


def _advice_signal(row: Any, likeness: float) -> Signal:
    key, words = f"advice:{row.id}:{row.feature}", " ".join((row.words or "").split())
    if row.feature == Feature.SOUGHT:
        text = f"Advises on what is near to what you seek: “{words}”"
        return Signal(Feature.SOUGHT, EvidenceKind.MENTORS_WHAT_YOU_SEEK, likeness, key, text)
    text = f"Advises on what is near to what you do: “{words}”"
    return Signal(Feature.FITTING, EvidenceKind.MENTORS_YOUR_FIELD, likeness, key, text)


KINDS: Mapping[Feature, EvidenceKind] = {
    Feature.SOUGHT: EvidenceKind.THEY_OFFER_WHAT_YOU_SEEK,
    Feature.FITTING: EvidenceKind.YOU_OFFER_WHAT_THEY_SEEK,
    Feature.PATH: EvidenceKind.DID_WHAT_YOU_SEEK,
}


async def _texts(
    session: AsyncSession, asking: Asking, people: Sequence[UUID], _total: int
) -> list[tuple[UUID, Signal]]:
    """Whose offers, work and wishes are near to what the viewer seeks, did and offers."""
    rows = await ask(session, asking, _text_pairs, ids=list(people))
    return [(row.person_id, _text_signal(row, like)) for row in rows if (like := likeness(row.distance)) > 0]


def _text_pairs(asking: Asking) -> AnySelect:
    return best_pairs(asking, _feature)


def _feature(mine: FromClause, theirs: FromClause) -> ColumnElement[Any]:
    sought = of_facets(mine, FacetKind.SEEKS)
    return case(
        (both(mine, theirs, LIKENESS), named(Feature.WORK)),
        (and_(sought, of_facets(theirs, FacetKind.OFFERS)), named(Feature.SOUGHT)),
        (and_(sought, of_facets(theirs, FacetKind.EXPERIENCE)), named(Feature.PATH)),
        (and_(of_facets(mine, FacetKind.OFFERS), of_facets(theirs, FacetKind.SEEKS)), named(Feature.FITTING)),
        else_=null(),
    )


def _text_signal(row: Any, likeness: float) -> Signal:
    feature = Feature(row.feature)
    kind = KINDS.get(feature) or LIKE[FacetKind(row.facet)]
    return Signal(feature, kind, likeness, f"fact:{row.fact_id}", "", fact_id=row.fact_id)


# ---------------------------------------------------------------- what two people have in common, and where each stands


async def _in_common(
    session: AsyncSession, asking: Asking, people: Sequence[UUID], total: int
) -> list[tuple[UUID, Signal]]:
    """Employers, programmes, cities, skills and contacts, as between any two people; of offers `_topics` tells."""
    found = [
        *await shared_facts(session, asking, people, total),
        *await mutual_contacts(session, asking, people, total),
    ]
    return [
        (person_id, replace(signal, feature=AS[signal.feature]))
        for person_id, signal in found
        if not signal.key.startswith(OFFERED)
    ]


async def _standing(
    session: AsyncSession, asking: Asking, people: Sequence[UUID], _total: int
) -> list[tuple[UUID, Signal]]:
    """How many years ahead a mentor is, and how many places are free."""
    found: list[tuple[UUID, Signal]] = []
    for row in await ask(session, asking, _years_and_places, ids=list(people)):
        years = row.own_year - row.year if row.own_year and row.year else 0
        if years > 0:
            found.append((row.person_id, _ahead(row.year, years)))
        if row.places > 0:
            found.append((row.person_id, _places(row.places)))
    return found


def _years_and_places(asking: Asking) -> AnySelect:
    profile, fact = models.MentorProfile.__table__.alias(), models.Education.__table__.alias()
    year = last_year(asking, fact, fact.c.person_id == profile.c.person_id)
    places = profile.c.max_mentees - profile.c.active_mentees + _taken_since(asking, profile)
    return select(
        profile.c.person_id, year.label("year"), own_year(asking).label("own_year"), places.label("places")
    ).where(among(profile.c.person_id), access.sees_mentor(asking.viewer, profile))


def _taken_since(asking: Asking, profile: FromClause) -> ColumnElement[Any]:
    """How many more places are taken now than at the moment in question."""
    ship = models.Mentorship.__table__.alias()
    goes_on = ship.c.state == literal_column("'ACCEPTED'")
    began, ended = ship.c.answered_at > asking.moment, ship.c.ended_at > asking.moment
    change = case((and_(goes_on, began), 1), (and_(ship.c.answered_at <= asking.moment, ended), -1), else_=0)
    return (
        select(func.coalesce(func.sum(change), 0))
        .where(ship.c.mentor_id == profile.c.person_id)
        .correlate_except(ship)
        .scalar_subquery()
    )


def _ahead(year: int, years: int) -> Signal:
    value = min(years / AHEAD_ENOUGH, 1.0, AHEAD_LONG / years)
    before = "a year before you" if years == 1 else f"{years} years before you"
    text = f"Finished here in {year}, {before}"
    return Signal(Feature.AHEAD, EvidenceKind.AHEAD_OF_YOU, value, f"ahead:{year}", text, rare=False)


def _places(places: int) -> Signal:
    text = "Takes one more person" if places == 1 else f"Takes {places} more people"
    return Signal(Feature.PLACES, EvidenceKind.TAKES_MENTEES, float(places), "places", text, rare=False)


_READERS: tuple[Reader, ...] = (_topics, _advice, _texts, _in_common, _standing)
