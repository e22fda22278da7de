"""What speaks for each opening: its rows are read in a handful of statements, and compared with the viewer's traits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CompoundSelect,
    Float,
    Text,
    func,
    literal_column,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from api import access
from api.db import AnySelect
from api.folding import fold
from api.models import FacetKind, Job, JobSkill, Organization
from recommender.asking import Asking, among, ask
from recommender.evidence_kinds import EvidenceKind
from recommender.features import Candidate, Signal
from recommender.jobs.contacts import contacts_at_work
from recommender.jobs.sources import is_one_of, likeness, region, suggestable
from recommender.jobs.titles import Titles, alike, covers
from recommender.jobs.traits import Place, Traits, read_traits
from recommender.nearest import active_model
from recommender.signals.facts import RARE_SHARE
from recommender.signals.texts import NOISE, QUOTED, RANGE
from recommender.weights.jobs import Feature

CITY, REGION, REMOTE, COUNTRY = 1.0, 0.5, 0.5, 0.1
"""How near work is, from 0 to 1."""
FRESH_DAYS = 14.0
"""After so many days half of what is new about an opening is gone."""
LIKE = {
    FacetKind.EXPERIENCE: (Feature.WORK, EvidenceKind.LIKE_WHAT_YOU_DID),
    FacetKind.SEEKS: (Feature.SEEKS, EvidenceKind.FITS_WHAT_YOU_SEEK),
}


@dataclass(frozen=True)
class Facts:
    """What openings are compared with, and how common what they have is."""

    traits: Traits
    titles: Titles
    holders: Mapping[tuple[str, str | None], int]
    total: int
    as_of: datetime

    def rare(self, name: str, key: str | None) -> bool:
        """Whether fewer than a fifth of the openings that the viewer may be pointed to have it."""
        return self.holders.get((name, key), 0) < RARE_SHARE * self.total


@dataclass
class Opening:
    """An opening as it was read, with the signals found so far."""

    row: Any
    signals: list[Signal] = field(default_factory=list[Signal])

    def add(self, feature: Feature, kind: EvidenceKind, value: float, key: str, text: str, *, rare: bool) -> None:
        """One more that speaks for it."""
        self.signals.append(Signal(feature, kind, value, key, text, rare))


async def read_signals(session: AsyncSession, asking: Asking, jobs: Sequence[UUID]) -> list[Candidate]:
    """The candidates `jobs`, in this order, each with its signals."""
    if not jobs:
        return []
    traits = await read_traits(session, asking)
    rows = {row.id: row for row in await ask(session, asking, _openings, ids=list(jobs))}
    found = {job_id: Opening(rows[job_id]) for job_id in jobs if job_id in rows}
    common = await ask(session, asking, _common, **traits.given())
    facts = Facts(
        traits,
        Titles([row.title for row in rows.values()]),
        {(row.name, row.key): row.holders for row in common},
        next((row.holders for row in common if row.name == "all"), 0),
        asking.as_of,
    )
    for opening in found.values():
        for compare in (_place, _skills, _titles, _history, _demand):
            compare(opening, facts)
    employers = sorted({row.organization_id for row in rows.values()})
    for row in await ask(session, asking, _contacts, organizations=employers):
        _contact(row, [one for one in found.values() if one.row.organization_id == row.organization_id])
    said = {past.id: f"Like what you did: {past.title} at {past.organization}" for past in traits.works}
    said |= {key: f"Fits what you seek: {_shortened(text)}" for key, text in traits.seeks.items()}
    for row in await ask(session, asking, _alike, ids=list(jobs)):
        _text(row, found[row.job_id], said)
    return [Candidate(job_id, tuple(_ordered(opening.signals))) for job_id, opening in found.items()]


def _ordered(signals: Sequence[Signal]) -> list[Signal]:
    return sorted(signals, key=lambda signal: (signal.feature, signal.key, -signal.value, signal.text))


# ---------------------------------------------------------------- comparisons


def _place(opening: Opening, facts: Facts) -> None:
    job, kind = opening.row, EvidenceKind.NEAR_YOU
    if job.remote:
        opening.add(Feature.PLACE, kind, REMOTE, "remote", "Can be done from anywhere", rare=facts.rare("remote", None))
    for place in facts.traits.places:
        value, name, key, where = _nearness(job, place)
        if value:
            text = f"In {where}, where you {'live' if place.lives else 'work'}"
            opening.add(Feature.PLACE, kind, value, f"{name}:{key}", text, rare=facts.rare(name, key))
    if job.city_folded in facts.traits.wants:
        rare = facts.rare("city", job.city_folded)
        text = f"In {job.city}, where you want to be"
        opening.add(Feature.PLACE, kind, CITY, f"city:{job.city_folded}", text, rare=rare)


def _nearness(job: Any, place: Place) -> tuple[float, str, str | None, str]:
    """How near an opening is to one of the viewer's places: the value, what they share, and its name."""
    if job.country != place.country:
        return 0.0, "", None, ""
    folded = fold(job.region) if job.region else None
    same_region = folded is not None and folded == place.region
    apart = folded is not None and place.region is not None and not same_region
    if place.city and job.city_folded == place.city and not apart:
        return CITY, "city", place.city, job.city
    if same_region:
        return REGION, "region", folded, job.region
    return COUNTRY, "country", job.country, job.country


def _skills(opening: Opening, facts: Facts) -> None:
    traits = facts.traits
    asked: list[str] = opening.row.skills or []
    for name in asked:
        if name in traits.can:
            text = f"Asks for {traits.can[name]}, which you can"
            kind, rare = EvidenceKind.ASKS_FOR_YOUR_SKILL, facts.rare("skill", name)
            opening.add(Feature.SKILL, kind, 1.0, f"skill:{name}", text, rare=rare)
        if name in traits.wants:
            _wish(opening, name, traits.wants[name], 1.0, rare=facts.rare("skill", name))


def _wish(opening: Opening, name: str, label: str, value: float, *, rare: bool) -> None:
    opening.add(
        Feature.WISH, EvidenceKind.FITS_WHAT_YOU_SEEK, value, f"wish:{name}", f"You look for: {label}", rare=rare
    )


def _titles(opening: Opening, facts: Facts) -> None:
    title, titles = opening.row.title, facts.titles
    asked: list[str] = opening.row.skills or []
    for name, label in facts.traits.wants.items():
        if name not in asked and covers(label, title):
            share, rare = titles.covered(label, title), titles.rare(label, title, RARE_SHARE)
            _wish(opening, name, label, share, rare=rare)
    for past in facts.traits.works:
        if alike(past.title, title):
            like = titles.likeness(past.title, title)
            text, rare = f"The title is like yours: {past.title}", titles.rare(past.title, title, RARE_SHARE)
            opening.add(Feature.TITLE, EvidenceKind.LIKE_WHAT_YOU_DID, like, f"work:{past.id}", text, rare=rare)


def _history(opening: Opening, facts: Facts) -> None:
    """What the viewer did before: worked there, or showed interest in the like."""
    job, traits = opening.row, facts.traits
    rare = facts.rare("organization", str(job.organization_id))
    if any(past.organization_id == job.organization_id for past in traits.works):
        text = f"At {job.organization}, which you know from within"
        kind, key = EvidenceKind.YOUR_EMPLOYER, f"employer:{job.organization_id}"
        opening.add(Feature.EMPLOYER, kind, 1.0, key, text, rare=rare)
    for past in traits.liked:
        like = facts.titles.likeness(past.title, job.title)
        same = past.organization_id == job.organization_id
        if same or alike(past.title, job.title):
            text = f"Like {past.title} at {past.organization}, in which you showed interest"
            few = (same and rare) or facts.titles.rare(past.title, job.title, RARE_SHARE)
            value, kind = (like + same) / 2, EvidenceKind.LIKE_WHAT_INTERESTED_YOU
            opening.add(Feature.HABIT, kind, value, f"liked:{past.id}", text, rare=few)


def _demand(opening: Opening, facts: Facts) -> None:
    job = opening.row
    days = (facts.as_of - job.created_at).days
    posted = {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")
    value = 0.5 ** (days / FRESH_DAYS)
    opening.add(Feature.NEW, EvidenceKind.NEW, value, f"new:{job.id}", f"Posted {posted}", rare=False)
    if job.wanted:
        kind = EvidenceKind.IN_DEMAND
        opening.add(Feature.DEMAND, kind, float(job.wanted), f"demand:{job.id}", "Many are interested", rare=False)


def _contact(row: Any, openings: Sequence[Opening]) -> None:
    verb, value = ("works", 1.0) if row.current else ("worked", 0.5)
    text = f"{row.display_name}, whom you know, {verb} there"
    for opening in openings:
        kind, key = EvidenceKind.CONTACT_WORKS_THERE, f"contact:{row.person_id}"
        opening.add(Feature.CONTACT, kind, value, key, text, rare=True)


def _text(row: Any, opening: Opening, said: Mapping[UUID, str]) -> None:
    like = (1.0 - float(row.distance) - NOISE) / RANGE
    feature, kind = LIKE[FacetKind(row.facet)]
    if like > 0 and row.fact_id in said:
        opening.add(feature, kind, like, f"fact:{row.fact_id}", said[row.fact_id], rare=True)


def _shortened(text: str) -> str:
    return text if len(text) <= QUOTED else text[: QUOTED - 1].rstrip() + "…"


# ---------------------------------------------------------------- statements


def _openings(asking: Asking) -> AnySelect:
    job, employer, skill = Job.__table__, Organization.__table__.alias(), JobSkill.__table__.alias()
    wanted = access.demand(asking.moment).subquery("demanded")
    names = (
        select(func.array_agg(skill.c.name_folded, type_=ARRAY(Text())))
        .where(skill.c.job_id == job.c.id, skill.c.created_at <= asking.moment)
        .correlate_except(skill)
        .scalar_subquery()
    )
    columns = ("title", "city", "city_folded", "region", "country", "remote", "organization_id", "created_at")
    return (
        suggestable(asking)
        .add_columns(
            *(job.c[name] for name in columns),
            employer.c.name.label("organization"),
            names.label("skills"),
            func.coalesce(wanted.c.wanted, literal_column("0")).label("wanted"),
        )
        .join(employer, employer.c.id == job.c.organization_id)
        .outerjoin(wanted, wanted.c.job_id == job.c.id)
        .where(among(job.c.id))
    )


def _common(asking: Asking) -> CompoundSelect[Any]:
    """How many of the openings that the viewer may be pointed to have something in common with the viewer."""
    job, skill = Job.__table__, JobSkill.__table__.alias()
    every = (
        suggestable(asking)
        .add_columns(job.c.city_folded, region(job).label("region"), job.c.country, job.c.remote, job.c.organization_id)
        .cte("every")
        .prefix_with("MATERIALIZED")
    )
    asked = select(skill.c.name_folded).join_from(every, skill, skill.c.job_id == every.c.id).subquery()

    nothing = null().cast(Text)
    parts: list[AnySelect] = [
        _counted("all", nothing).select_from(every),
        _counted("remote", nothing).select_from(every).where(every.c.remote),
        _counted("city", every.c.city_folded).where(is_one_of(every.c.city_folded, "cities")),
        _counted("region", every.c.region).where(is_one_of(every.c.region, "regions")),
        _counted("country", every.c.country).where(is_one_of(every.c.country, "countries")),
        _counted("organization", every.c.organization_id).where(is_one_of(every.c.organization_id, "organizations")),
        _counted("skill", asked.c.name_folded).where(is_one_of(asked.c.name_folded, "names")),
    ]
    return union_all(*parts)


def _counted(name: str, key: ColumnElement[Any]) -> AnySelect:
    named: ColumnElement[str] = literal_column(f"'{name}'", Text())
    return select(named.label("name"), key.cast(Text).label("key"), func.count().label("holders")).group_by(key)


def _contacts(asking: Asking) -> AnySelect:
    work = contacts_at_work(asking)
    return select(work).where(is_one_of(work.c.organization_id, "organizations"))


def _alike(asking: Asking) -> AnySelect:
    mine, item, distance = likeness(asking)
    return (
        select(item.c.job_id, mine.c.fact_id, mine.c.facet, distance.label("distance"))
        .join_from(item, mine, true())
        .where(
            among(item.c.job_id),
            item.c.model_id == active_model(),
            item.c.created_at <= asking.moment,
            distance < literal_column(str(1.0 - NOISE), Float()),
        )
    )
