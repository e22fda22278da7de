"""How people are filtered and ordered. A condition on facts means: some fact that the viewer may read meets it."""

from collections.abc import Callable

import strawberry
from sqlalchemy import ColumnElement, FromClause, select

from api import access, models
from schema.comparators import IdFilter, IntFilter, TextFilter, WordsFilter
from schema.engine.filters import (
    OfFact,
    compare,
    compare_folded,
    compare_id,
    compare_member,
    condition,
    contains_words,
)
from schema.engine.parameters import Arguments, Scope
from schema.engine.sources import from_clause
from schema.pagination import Direction


@strawberry.input(description="Compares a role.")
class RoleFilter:
    """Comparators of roles."""

    eq: models.PersonRoleKind | None = strawberry.field(default=strawberry.UNSET, description="This one.")
    in_: list[models.PersonRoleKind] | None = strawberry.field(
        default=strawberry.UNSET, name="in", description="One of these."
    )


def _fact(model: type[models.Fact], meets: Callable[[Arguments, FromClause], ColumnElement[bool]]) -> OfFact:
    return OfFact(from_clause(model), access.sees_fact, meets)


def _name(_scope: Scope, given: Arguments, row: FromClause) -> ColumnElement[bool]:
    return contains_words(given, row.c.search)


def _organization_name(given: Arguments, fact: FromClause) -> ColumnElement[bool]:
    organization = from_clause(models.Organization).alias()
    return (
        select(1)
        .where(organization.c.id == fact.c.organization_id, contains_words(given, organization.c.search))
        .correlate(fact)
        .exists()
    )


def _connected(scope: Scope, given: Arguments, row: FromClause) -> ColumnElement[bool]:
    is_connected = access.connected_to(scope.viewer, row.c.id)
    return is_connected if given.value else ~is_connected


def _role(scope: Scope, given: Arguments, row: FromClause) -> ColumnElement[bool]:
    role = from_clause(models.PersonRole).alias()
    known = role.c.person_id == row.c.id, access.sees_role(scope.viewer, role)
    return access.some_row(role, *known, compare_member(given, role.c.kind))


@strawberry.input(description="Which people. All that is given must hold.")
class PersonFilter:
    """Conditions on a person."""

    name: WordsFilter | None = condition(_name, "The name, also the one at graduation.")
    class_year: IntFilter | None = condition(
        _fact(models.Education, lambda given, fact: fact.c.home & compare(given, fact.c.end_year)),
        "The year of a degree taken here.",
    )
    programme: TextFilter | None = condition(
        _fact(models.Education, lambda given, fact: compare(given, fact.c.programme)), "A field of study, in words."
    )
    cip_code: TextFilter | None = condition(
        _fact(models.Education, lambda given, fact: compare(given, fact.c.cip_code)), "A field of study: CIP 2020."
    )
    organization: IdFilter | None = condition(
        _fact(models.Experience, lambda given, fact: compare_id(given, fact.c.organization_id, "Organization")),
        "An organisation they work or worked at.",
    )
    employer: WordsFilter | None = condition(
        _fact(models.Experience, _organization_name), "The name of an organisation they work or worked at."
    )
    title: WordsFilter | None = condition(
        _fact(models.Experience, lambda given, fact: contains_words(given, fact.c.search)),
        "A title, or what the work was about.",
    )
    occupation_code: TextFilter | None = condition(
        _fact(models.Experience, lambda given, fact: compare(given, fact.c.occupation_code)), "An occupation's code."
    )
    skill: TextFilter | None = condition(
        _fact(models.Skill, lambda given, fact: compare_folded(given, fact.c.name_folded)),
        "A skill they have, want or offer. Case and accents do not matter.",
    )
    interest: TextFilter | None = condition(
        _fact(models.Interest, lambda given, fact: compare_folded(given, fact.c.name_folded)),
        "An interest. Case and accents do not matter.",
    )
    city: TextFilter | None = condition(
        _fact(models.Place, lambda given, fact: compare_folded(given, fact.c.city_folded)),
        "A city of theirs. Case and accents do not matter.",
    )
    country: TextFilter | None = condition(
        _fact(models.Place, lambda given, fact: compare(given, fact.c.country)),
        "A country of theirs: ISO 3166-1 alpha-2.",
    )
    contact: TextFilter | None = condition(
        _fact(models.ContactPoint, lambda given, fact: compare(given, fact.c.value)),
        "An e-mail address or phone number of theirs that you may see.",
    )
    role: RoleFilter | None = condition(_role, "A role they hold or held.")
    connected_to_me: bool | None = condition(_connected, "Whether you two are connected.")
    and_: list["PersonFilter"] | None = strawberry.field(
        default=strawberry.UNSET, name="and", description="All of these hold."
    )
    or_: list["PersonFilter"] | None = strawberry.field(
        default=strawberry.UNSET, name="or", description="One of these holds."
    )
    not_: "PersonFilter | None" = strawberry.field(
        default=strawberry.UNSET, name="not", description="This does not hold."
    )


@strawberry.input(one_of=True, description="What people are sorted by: one field of it, several terms in a list.")
class PersonOrder:
    """One term of an order."""

    name: Direction | None = strawberry.field(default=strawberry.UNSET, description="Family name, then given name.")
    class_year: Direction | None = strawberry.field(
        default=strawberry.UNSET, description="Class year as far as you may see it; those without come lowest."
    )
    joined_at: Direction | None = strawberry.field(
        default=strawberry.UNSET, description="When the record came into the network."
    )
