"""Which openings might interest the viewer: named orders over those that may be suggested, each with a quota.

All openings are looked at in one statement: there are thousands of them at most, and six orders want the same numbers.
Nothing later than `as_of` is read.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Float,
    FromClause,
    Integer,
    Text,
    Uuid,
    any_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY
from sqlalchemy.ext.asyncio import AsyncSession

from api import access
from api.db import AnySelect
from api.models import FacetKind, ItemVector, Job, JobSkill
from recommender.asking import AHEAD, Asking, ask
from recommender.jobs.contacts import contacts_at_work
from recommender.jobs.traits import read_traits
from recommender.nearest import active_model, vector_table

OWN_VECTORS = 12
"""Of what the viewer did and seeks, the latest so many are compared."""
FACETS = (FacetKind.EXPERIENCE, FacetKind.SEEKS)


async def find_jobs(session: AsyncSession, asking: Asking, beyond: int = 0) -> list[UUID]:
    """The union of all orders, in the order of first mention; at most the quotas' sum, and `beyond` more of the new.

    When the other orders run dry, as for whoever has said nothing, more of the new follow.
    """
    traits = await read_traits(session, asking)
    rows = await ask(session, asking, _first_of_each, most=beyond + AHEAD, words=traits.words(), **traits.given())
    new = [row.id for row in rows if row.new]
    found = dict.fromkeys([row.id for row in rows if not row.new] + new[: beyond + asking.config.quotas["new"]])
    rest = [one for one in new if one not in found]
    return [*found, *rest[: max(0, beyond + AHEAD - len(found))]]


def suggestable(asking: Asking) -> AnySelect:
    """What the viewer may be pointed to, as known at the moment asked about: SELECT jobs.id."""
    return access.suggestable_jobs(asking.viewer).where(Job.created_at <= asking.moment)


def newest_first(asking: Asking) -> AnySelect:
    """The order for whoever is not profiled."""
    return suggestable(asking).order_by(Job.created_at.desc(), Job.id.desc())


def is_one_of(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether it is among the texts or ids of a bind parameter."""
    kind = Uuid() if name == "organizations" else Text()
    return column == any_(bindparam(name, type_=ARRAY(kind)))


def region(job: FromClause) -> ColumnElement[str]:
    """The region as it is compared."""
    return func.alumni_fold(job.c.region)


def own_vectors(asking: Asking) -> FromClause:
    """What the viewer did and seeks, as (fact_id, facet, embedding)."""
    own = vector_table()
    return (
        select(own.c.fact_id, own.c.facet, own.c.embedding)
        .where(
            access.owns(asking.viewer, own),
            own.c.facet.in_([literal_column(f"'{facet}'") for facet in FACETS]),
            own.c.model_id == active_model(),
            own.c.created_at <= asking.moment,
        )
        .order_by(own.c.fact_id.desc())
        .limit(literal_column(str(OWN_VECTORS)))
        .cte("mine")
        .prefix_with("MATERIALIZED")
    )


def likeness(asking: Asking) -> tuple[FromClause, FromClause, ColumnElement[float]]:
    """Own vectors, the openings' vectors as of the moment, and the distance of a pair."""
    mine, item = own_vectors(asking), ItemVector.__table__.alias()
    return mine, item, item.c.embedding.op("<=>", return_type=Float())(mine.c.embedding)


# ---------------------------------------------------------------- the statement


def _first_of_each(asking: Asking) -> CompoundSelect[Any]:
    every = _measured(asking)
    distance, newest = every.c.distance.asc().nulls_last(), every.c.created_at.desc()
    wording = every.c.named.desc(), every.c.worded.desc()
    orders: Mapping[str, tuple[ColumnElement[bool], tuple[Any, ...]]] = {
        "near": (every.c.place > literal_column("0"), (every.c.place.desc(), *wording, distance, newest)),
        "alike": (every.c.distance.is_not(None), (distance,)),
        "worded": (every.c.named + every.c.worded > literal_column("0"), wording),
        "known": (every.c.known, (newest,)),
        "wanted": (every.c.wanted > literal_column("0"), (every.c.wanted.desc(), newest)),
    }
    parts = [
        select(every.c.id, false().label("new"))
        .where(condition)
        .order_by(*order, every.c.id)
        .limit(asking.config.quotas[name])
        for name, (condition, order) in orders.items()
    ]
    rest = (
        select(every.c.id, true().label("new")).order_by(newest, every.c.id).limit(bindparam("most", type_=Integer()))
    )
    return union_all(*(select(part.subquery()) for part in (*parts, rest)))


def _measured(asking: Asking) -> FromClause:
    """Every opening that may be suggested, with what the orders go by."""
    job, wanted = Job.__table__, access.demand(asking.moment).subquery("demanded")
    nearest, work = _nearest(asking), contacts_at_work(asking)
    here, around, anywhere, elsewhere = (literal_column(str(value), Integer()) for value in (3, 2, 1, 0))
    place = case(
        (is_one_of(job.c.city_folded, "cities"), here),
        (is_one_of(region(job), "regions"), around),
        (job.c.remote, anywhere),
        else_=elsewhere,
    )
    query = cast(bindparam("words", type_=Text()), TSQUERY)
    through = job.c.organization_id.in_(select(work.c.organization_id))
    return (
        suggestable(asking)
        .add_columns(
            job.c.created_at,
            place.label("place"),
            nearest.c.distance,
            _named(asking, job).label("named"),
            func.ts_rank(job.c.search, query, literal_column("1"), type_=Float()).label("worded"),
            (is_one_of(job.c.organization_id, "organizations") | through).label("known"),
            func.coalesce(wanted.c.wanted, literal_column("0")).label("wanted"),
        )
        .outerjoin(nearest, nearest.c.job_id == job.c.id)
        .outerjoin(wanted, wanted.c.job_id == job.c.id)
        .cte("every")
        .prefix_with("MATERIALIZED")
    )


def _nearest(asking: Asking) -> FromClause:
    mine, item, distance = likeness(asking)
    return (
        select(item.c.job_id, func.min(distance).label("distance"))
        .join_from(item, mine, true())
        .where(item.c.job_id.is_not(None), item.c.model_id == active_model(), item.c.created_at <= asking.moment)
        .group_by(item.c.job_id)
        .subquery("nearest")
    )


def _named(asking: Asking, job: FromClause) -> ColumnElement[int]:
    """How many of the skills asked for the viewer has or wants."""
    skill = JobSkill.__table__.alias()
    return (
        select(func.count())
        .select_from(skill)
        .where(skill.c.job_id == job.c.id, is_one_of(skill.c.name_folded, "names"), skill.c.created_at <= asking.moment)
        .correlate_except(skill)
        .scalar_subquery()
    )
