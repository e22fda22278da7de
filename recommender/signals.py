"""What speaks for each candidate, read from the database: a handful of statements, however many candidates."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Float,
    FromClause,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from api import access, models
from api.db import AnySelect
from api.models import FacetKind, Person
from recommender.asking import Asking, ask
from recommender.candidates import (
    COMMON,
    LIKENESS,
    SHARED,
    adamic_adar,
    may_count,
    own_values,
    paths,
)
from recommender.evidence_kinds import EvidenceKind
from recommender.features import BEST_PAIRS, Candidate, Signal
from recommender.nearest import active_model, is_one_of, vector_table
from recommender.vectors import fact_texts
from recommender.weights.people import Feature

RARE_SHARE = 0.2
NOISE, RANGE = 0.2, 0.6
"""Cosines of unrelated texts stay below about .2, of texts on one thing above .6: likeness runs from 0 to 1 between."""
OWN_FACTS = 12
"""Of a person's own facts, the latest so many are compared."""
QUOTED = 120
IDS = "ids"
"""The bind parameter for whom or what is asked about."""
COHORT_YEARS = 3.0
"""A class year so far away tells a third as much as the same one."""

KINDS: Mapping[str, tuple[Feature, EvidenceKind, str]] = {
    "employer": (Feature.EMPLOYER, EvidenceKind.SHARED_EMPLOYER, "You both worked at {}"),
    "programme": (Feature.PROGRAMME, EvidenceKind.SHARED_PROGRAMME, "You both studied {}"),
    "city": (Feature.PLACE, EvidenceKind.SHARED_PLACE, "You both know {}"),
    "skill": (Feature.SKILL, EvidenceKind.SHARED_SKILL, "You share the skill {}"),
    "interest": (Feature.INTEREST, EvidenceKind.SHARED_INTEREST, "You share an interest in {}"),
}
LIKE: Mapping[FacetKind, EvidenceKind] = {
    FacetKind.EXPERIENCE: EvidenceKind.SIMILAR_EXPERIENCE,
    FacetKind.EDUCATION: EvidenceKind.SIMILAR_STUDIES,
    FacetKind.BIO: EvidenceKind.SIMILAR_TEXT,
}


async def read_signals(session: AsyncSession, asking: Asking, people: Sequence[UUID]) -> list[Candidate]:
    """The candidates `people`, in this order, each with its signals; texts still to be quoted: see `quote`."""
    found: dict[UUID, list[Signal]] = {person_id: [] for person_id in people}
    if not people:
        return []
    total = await _number_of_people(session, asking)
    for read in (_shared_facts, _class_years, _mutual_contacts, _like_texts):
        for person_id, signal in await read(session, asking, people, total):
            found[person_id].append(signal)
    return [Candidate(person_id, tuple(_ordered(signals))) for person_id, signals in found.items()]


async def _number_of_people(session: AsyncSession, asking: Asking) -> int:
    """How many people the viewer sees, counted as far as it matters to what is rare."""
    (row,) = await ask(session, asking, _some_people)
    return row.total


def _some_people(asking: Asking) -> AnySelect:
    some = access.visible_people(asking.viewer).limit(literal_column(str(int(COMMON / RARE_SHARE))))
    return select(func.count().label("total")).select_from(some.subquery())


def _ordered(signals: Sequence[Signal]) -> list[Signal]:
    return sorted(signals, key=lambda signal: (signal.feature, signal.key, -signal.value, signal.text))


def _among(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether it is one of the ids that are asked about."""
    return column == any_(bindparam(IDS, type_=ARRAY(Uuid())))


# ---------------------------------------------------------------- shared facts


async def _shared_facts(
    session: AsyncSession, asking: Asking, people: Sequence[UUID], total: int
) -> list[tuple[UUID, Signal]]:
    rows = await ask(session, asking, _all_shared, ids=list(people))
    holders = await _holders(session, asking, {row.name for row in rows})
    return [(row.person_id, _shared_signal(row, holders.get((row.name, row.key), 1), total)) for row in rows]


def _all_shared(asking: Asking) -> CompoundSelect[Any]:
    return union_all(*(_shared(asking, name) for name in SHARED))


def _shared_signal(row: Any, holders: int, total: int) -> Signal:
    feature, kind, words = KINDS[row.name]
    value = 1.0 if feature is Feature.PROGRAMME else 2.0 / (1.0 + _log2(holders))
    return Signal(
        feature, kind, value, f"{row.name}:{row.key}", words.format(row.label), rare=holders < RARE_SHARE * total
    )


def _log2(number: int) -> float:
    return float(max(number, 1).bit_length() - 1)


def _key(name: str, fact: FromClause) -> ColumnElement[str]:
    parts = [fact.c[column].cast(Text) for column in SHARED[name].equal]
    return func.concat_ws("|", *parts)


def _label(name: str, fact: FromClause) -> ColumnElement[Any]:
    if name == "employer":
        organization = models.Organization.__table__.alias()
        return (
            select(organization.c.name)
            .where(organization.c.id == fact.c.organization_id)
            .correlate_except(organization)
            .scalar_subquery()
        )
    return fact.c["name" if name in {"skill", "interest"} else name]


def _shared(asking: Asking, name: str) -> AnySelect:
    shared = SHARED[name]
    mine, theirs = own_values(asking, shared.table, *shared.equal), shared.table.__table__.alias()
    same = [mine.c[column] == theirs.c[column] for column in shared.equal]
    key = _key(name, theirs)
    return (
        select(
            theirs.c.person_id,
            literal_column(f"'{name}'", Text()).label("name"),
            key.label("key"),
            func.min(_label(name, theirs)).label("label"),
        )
        .join_from(theirs, mine, and_(*same))
        .where(*may_count(asking, theirs), _among(theirs.c.person_id))
        .group_by(theirs.c.person_id, key)
    )


async def _holders(session: AsyncSession, asking: Asking, names: set[str]) -> Mapping[tuple[str, str], int]:
    """How many visible people hold each of the viewer's values, the viewer among them; of others up to COMMON facts."""
    if not names:
        return {}
    rows = await ask(session, asking, _counted, tuple(sorted(names)))
    return {(row.name, row.key): row.holders for row in rows}


def _counted(asking: Asking, names: Sequence[str]) -> CompoundSelect[Any]:
    parts: list[AnySelect] = []
    for name in names:
        shared = SHARED[name]
        mine, theirs = own_values(asking, shared.table, *shared.equal), shared.table.__table__.alias()
        same = [mine.c[column] == theirs.c[column] for column in shared.equal]
        visible = is_one_of(access.visible_people(asking.viewer), theirs)
        some = (
            select(theirs.c.person_id)
            .where(*may_count(asking, theirs), *same, visible)
            .limit(literal_column(str(COMMON)))
            .correlate(mine)
            .lateral()
        )
        key = _key(name, mine)
        parts.append(
            select(
                literal_column(f"'{name}'", Text()).label("name"),
                key.label("key"),
                (func.count(some.c.person_id.distinct()) + 1).label("holders"),
            )
            .select_from(mine.join(some, true()))
            .group_by(key)
        )
    return union_all(*parts)


async def _class_years(
    session: AsyncSession, asking: Asking, people: Sequence[UUID], _total: int
) -> list[tuple[UUID, Signal]]:
    rows = await ask(session, asking, _years_apart, ids=list(people))
    found: list[tuple[UUID, Signal]] = []
    for row in rows:
        value = 1.0 / (1.0 + 2.0 * row.years / COHORT_YEARS)
        text = f"You both finished in {row.year}" if row.years == 0 else f"Finished here in {row.year}, near your year"
        kind = EvidenceKind.SHARED_COHORT if row.years == 0 else EvidenceKind.COHORT
        signal = Signal(Feature.COHORT, kind, value, f"cohort:{row.year}", text, rare=False)
        found.append((row.person_id, signal))
    return found


def _years_apart(asking: Asking) -> AnySelect:
    mine, theirs = own_values(asking, models.Education, "end_year", "home"), models.Education.__table__.alias()
    years = func.min(func.abs(mine.c.end_year - theirs.c.end_year))
    return (
        select(theirs.c.person_id, years.label("years"), func.max(theirs.c.end_year).label("year"))
        .join_from(mine, theirs, true())
        .where(*may_count(asking, theirs), mine.c.home, theirs.c.home, _among(theirs.c.person_id))
        .where(mine.c.end_year.is_not(None), theirs.c.end_year.is_not(None))
        .group_by(theirs.c.person_id)
    )


# ---------------------------------------------------------------- contacts


async def _mutual_contacts(
    session: AsyncSession, asking: Asking, people: Sequence[UUID], _total: int
) -> list[tuple[UUID, Signal]]:
    rows = await ask(session, asking, _knowing_both, ids=list(people))
    return [
        (
            row.other,
            Signal(
                Feature.CONTACTS,
                EvidenceKind.MUTUAL_CONNECTION,
                float(row.value),
                f"contact:{row.contact}",
                f"{row.display_name} knows you both",
            ),
        )
        for row in rows
    ]


def _knowing_both(asking: Asking) -> AnySelect:
    steps, degrees = paths(asking)
    contact = Person.__table__.alias()
    return (
        select(steps.c.other, steps.c.contact, contact.c.display_name, adamic_adar(steps, degrees).label("value"))
        .join_from(steps, degrees, degrees.c.contact == steps.c.contact)
        .join(contact, contact.c.id == steps.c.contact)
        .where(_among(steps.c.other), access.sees_person(asking.viewer, contact))
    )


# ---------------------------------------------------------------- texts


async def _like_texts(
    session: AsyncSession, asking: Asking, people: Sequence[UUID], _total: int
) -> list[tuple[UUID, Signal]]:
    rows = await ask(session, asking, _best_pairs, ids=list(people))
    found: list[tuple[UUID, Signal]] = []
    for row in rows:
        likeness = (1.0 - float(row.distance) - NOISE) / RANGE
        if likeness > 0:
            found.append((row.person_id, _text_signal(row, likeness)))
    return found


def _text_signal(row: Any, likeness: float) -> Signal:
    feature = Feature(row.feature)
    if feature is Feature.RECEIVES:
        kind = EvidenceKind.THEY_OFFER_WHAT_YOU_SEEK
    elif feature is Feature.GIVES:
        kind = EvidenceKind.YOU_OFFER_WHAT_THEY_SEEK
    else:
        kind = LIKE[FacetKind(row.facet)]
    return Signal(feature, kind, likeness, f"fact:{row.fact_id}", "", fact_id=row.fact_id)


def _best_pairs(asking: Asking) -> AnySelect:
    """For each person and feature the facts most like one of the viewer's: each of theirs with its best match."""
    own = vector_table()
    mine = (
        select(own.c.facet, own.c.embedding)
        .where(
            own.c.person_id == access.me(asking.viewer),
            access.any_member_sees(own),
            own.c.model_id == active_model(),
            own.c.created_at <= asking.moment,
        )
        .order_by(own.c.fact_id.desc())
        .limit(OWN_FACTS)
        .cte("mine")
    )
    theirs = vector_table()
    feature = case(
        (_both(mine, theirs, LIKENESS), _named(Feature.TEXT)),
        (_facets(mine, {FacetKind.SEEKS}) & _facets(theirs, {FacetKind.OFFERS}), _named(Feature.RECEIVES)),
        (_facets(mine, {FacetKind.OFFERS}) & _facets(theirs, {FacetKind.SEEKS}), _named(Feature.GIVES)),
        else_=null(),
    )
    distance = func.min(theirs.c.embedding.op("<=>", return_type=Float())(mine.c.embedding))
    pairs = (
        select(
            theirs.c.person_id, theirs.c.fact_id, theirs.c.facet, feature.label("feature"), distance.label("distance")
        )
        .join_from(theirs, mine, true())
        .where(
            _among(theirs.c.person_id),
            access.any_member_sees(theirs),
            theirs.c.model_id == active_model(),
            theirs.c.created_at <= asking.moment,
        )
        .group_by(theirs.c.person_id, theirs.c.fact_id, theirs.c.facet, feature)
        .subquery("pairs")
    )
    order = func.row_number().over(
        partition_by=[pairs.c.person_id, pairs.c.feature], order_by=[pairs.c.distance, pairs.c.fact_id]
    )
    numbered = select(pairs, order.label("number")).where(pairs.c.feature.is_not(None)).subquery("numbered")
    return select(numbered).where(numbered.c.number <= BEST_PAIRS)


def _named(feature: Feature) -> ColumnElement[str]:
    return literal_column(f"'{feature.value}'", Text())


def _facets(table: FromClause, facets: set[FacetKind] | frozenset[FacetKind]) -> ColumnElement[bool]:
    return table.c.facet.in_([literal_column(f"'{facet.value}'") for facet in sorted(facets)])


def _both(one: FromClause, other: FromClause, facets: frozenset[FacetKind]) -> ColumnElement[bool]:
    """Both are of one kind: an experience is like an experience, not like a degree."""
    return or_(*(_facets(one, {facet}) & _facets(other, {facet}) for facet in sorted(facets)))


WORDS: Mapping[EvidenceKind, str] = {
    EvidenceKind.THEY_OFFER_WHAT_YOU_SEEK: "Offers what you seek: “{}”",
    EvidenceKind.YOU_OFFER_WHAT_THEY_SEEK: "Seeks what you offer: “{}”",
    EvidenceKind.SIMILAR_EXPERIENCE: "Did work like yours: {}",
    EvidenceKind.SIMILAR_STUDIES: "Studied what is near to yours: {}",
    EvidenceKind.SIMILAR_TEXT: "Says of themselves, much as you do: “{}”",
}


async def quote(session: AsyncSession, asking: Asking, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates of a page with the words of the facts that their signals quote: one statement for all."""
    wanted = sorted({signal.fact_id for one in candidates for signal in one.signals if signal.fact_id is not None})
    if not wanted:
        return list(candidates)
    rows = await ask(session, asking, _words_of_facts, ids=wanted)
    words: dict[UUID, str] = {row.fact_id: row.words for row in rows}
    return [
        replace(one, signals=tuple(_quoted(signal, words) for signal in one.signals if _told(signal, words)))
        for one in candidates
    ]


def _words_of_facts(_asking: Asking) -> AnySelect:
    facts = fact_texts()
    return select(facts.c.fact_id, facts.c.words).where(_among(facts.c.fact_id))


def _told(signal: Signal, words: Mapping[UUID, str]) -> bool:
    """A fact that went away between the statements is not quoted."""
    return signal.fact_id is None or signal.fact_id in words


def _quoted(signal: Signal, words: Mapping[UUID, str]) -> Signal:
    if signal.fact_id is None:
        return signal
    said = " ".join(words[signal.fact_id].split())
    short = said if len(said) <= QUOTED else said[: QUOTED - 1].rstrip() + "…"
    return replace(signal, text=WORDS[signal.kind].format(short))
