"""What lists of mentors are filtered and sorted by, and what is counted over them."""

from collections.abc import Callable, Mapping
from typing import Any

import strawberry
from sqlalchemy import ColumnElement, FromClause, literal_column, select

from api import access, models
from schema.comparators import TextFilter
from schema.engine.filters import compare_folded, condition
from schema.engine.parameters import Arguments, Scope
from schema.engine.sources import Facet, Page, from_clause, planned
from schema.facets import FacetCount, facet_field
from schema.pagination import Direction


def _topic(_scope: Scope, given: Arguments, profile: FromClause) -> ColumnElement[bool]:
    topic = from_clause(models.MentorTopic).alias()
    on_it = select(1).where(topic.c.profile_id == profile.c.id, compare_folded(given, topic.c.name_folded))
    return on_it.correlate(profile).exists()


def _available(_scope: Scope, given: Arguments, profile: FromClause) -> ColumnElement[bool]:
    free = access.takes_mentees(profile)
    return free if given.value else ~free


@strawberry.input(description="Which mentors. All that is given must hold.")
class MentorFilter:
    """Conditions on a mentor."""

    topic: TextFilter | None = condition(_topic, "What they can be asked about. Case and accents do not matter.")
    available: bool | None = condition(_available, "Whether they take somebody new now.")
    and_: list["MentorFilter"] | None = strawberry.field(
        default=strawberry.UNSET, name="and", description="All of these hold."
    )
    or_: list["MentorFilter"] | None = strawberry.field(
        default=strawberry.UNSET, name="or", description="One of these holds."
    )
    not_: "MentorFilter | None" = strawberry.field(
        default=strawberry.UNSET, name="not", description="This does not hold."
    )


@strawberry.input(one_of=True, description="What mentors are sorted by: one field of it, several terms in a list.")
class MentorOrder:
    """One term of an order."""

    joined_at: Direction | None = strawberry.field(default=strawberry.UNSET, description="When they became mentors.")


ORDERS: Mapping[str, Callable[[Scope, FromClause], ColumnElement[Any]]] = {
    "joinedAt": lambda _scope, profile: profile.c.created_at
}


def _topic_visible(_viewer: Any, _topic: FromClause) -> ColumnElement[bool]:
    """A topic is seen with its mentor, and facets count those of mentors that are seen."""
    return literal_column("true")


FACETS: Mapping[str, Facet] = {
    "topics": Facet(
        from_clause(models.MentorTopic), lambda topic: topic.c.name_folded, _topic_visible, person_id="profile_id"
    )
}


@strawberry.type(description="Counts over a whole filtered list of mentors. Most frequent values first.")
class MentorFacets:
    """The facets of mentors."""

    topics: list[FacetCount] = facet_field("By topic, folded.")


def page_of_mentors(
    first: int | None = strawberry.UNSET,
    after: str | None = strawberry.UNSET,
    last: int | None = strawberry.UNSET,
    before: str | None = strawberry.UNSET,
    filter: MentorFilter | None = strawberry.UNSET,
    order_by: list[MentorOrder] | None = strawberry.UNSET,
):
    """The arguments of a connection of mentors."""


def mentors_page(joins: Any, description: str, **options: Any) -> Any:
    """A connection field of mentors."""
    source = Page("MentorProfile", joins, orders=ORDERS, default_order=("joinedAt", "ASC"), facets=FACETS)
    return planned(source, description, arguments=page_of_mentors, **options)
