"""What a member sees of each table, as SQL text: the one source of the floor's and the peers' access predicates."""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Label, Text, func, literal_column, nulls_last, select, true

from api import access, models
from api.access import Viewer, ViewerKind
from api.db import AnySelect
from api.statements import prepare
from recommender.likeness import most_alike

MEMBER = Viewer(ViewerKind.MEMBER)
"""All that is measured is asked by members: the rules depend on nothing else of them."""
VIEWER = "$1::UUID"
"""How the texts spell the viewer's person id: each has that parameter and no other."""
SIMILAR = 10
"""How many people who are like somebody are asked for: a ranking has its length in its text."""
LAST: ColumnElement[str] = literal_column("'9999'", Text())


def _person_rows() -> AnySelect:
    """People with what the API computes for them: what nobody selects, PostgreSQL leaves out."""
    person = models.Person.__table__.alias("p")
    columns = (
        "id", "display_name", "given_name", "family_name", "name_at_graduation", "pronouns", "deceased", "name_sort",
    )  # fmt: skip
    return select(
        *(person.c[name] for name in columns),
        _global_id("Person", person).label("global_id"),
        _class_year(person),
        _headline(person),
        _bio(person),
    ).where(access.sees_person(MEMBER, person))


def _class_year(person: FromClause) -> Label[Any]:
    fact = models.Education.__table__.alias()
    years = select(func.max(fact.c.end_year)).where(fact.c.person_id == person.c.id, fact.c.home)
    return years.where(access.sees_fact(MEMBER, fact)).correlate(person).scalar_subquery().label("class_year")


def _headline(person: FromClause) -> Label[Any]:
    fact, organization = models.Experience.__table__.alias(), models.Organization.__table__.alias()
    line = (
        select(fact.c.title.concat(literal_column("', '")).concat(organization.c.name))
        .join_from(fact, organization, organization.c.id == fact.c.organization_id)
        .where(fact.c.person_id == person.c.id, fact.c.current, access.sees_fact(MEMBER, fact))
        .order_by(func.coalesce(fact.c.end_date, LAST).desc(), nulls_last(fact.c.start_date.desc()), fact.c.id)
        .limit(literal_column("1"))
    )
    return line.correlate(person).scalar_subquery().label("headline")


def _bio(person: FromClause) -> Label[Any]:
    fact = models.PersonText.__table__.alias()
    text = select(fact.c.text).where(
        fact.c.person_id == person.c.id, fact.c.kind == literal_column("'BIO'"), access.sees_fact(MEMBER, fact)
    )
    return text.correlate(person).scalar_subquery().label("bio")


def _experience_rows() -> AnySelect:
    fact = models.Experience.__table__.alias("x")
    columns = ("id", "person_id", "organization_id", "title", "start_date", "end_date", "current")
    last = func.coalesce(fact.c.end_date, LAST).label("last_date")
    return select(*(fact.c[name] for name in columns), last).where(access.sees_fact(MEMBER, fact))


def _education_rows() -> AnySelect:
    fact = models.Education.__table__.alias("e")
    columns = ("id", "person_id", "school", "home", "end_year")
    recorded = ("degree", "programme", "start_date", "end_date")
    return select(
        *(fact.c[name] for name in columns),
        *(access.recorded_for(MEMBER, fact, name).label(name) for name in recorded),
        func.coalesce(fact.c.end_date, LAST).label("last_date"),
        fact.c.start_date.label("first_date"),
    ).where(access.sees_fact(MEMBER, fact))


def _organization_rows() -> AnySelect:
    organization = models.Organization.__table__.alias("o")
    return select(organization.c.id, organization.c.name, organization.c.country).where(
        access.sees_all(MEMBER, organization)
    )


def _place_rows() -> AnySelect:
    fact = models.Place.__table__.alias("l")
    return select(fact.c.id, fact.c.person_id, fact.c.city_folded).where(access.sees_fact(MEMBER, fact))


def _similar_rows() -> AnySelect:
    """For each person those whose facts are nearest to theirs: asked for one, only that one's are sought."""
    person = models.Person.__table__.alias("p")
    ranking = most_alike(MEMBER, person, SIMILAR).lateral("ranking")
    columns = (person.c.id.label("person_id"), ranking.c.id, ranking.c.distance)
    return select(*columns).select_from(person.join(ranking, true()))


def _global_id(type_name: str, row: FromClause) -> ColumnElement[str]:
    head: ColumnElement[str] = literal_column(f"'{type_name}:'")
    encoded = func.encode(func.convert_to(head.concat(row.c.id), literal_column("'UTF8'")), literal_column("'base64'"))
    return func.translate(encoded, literal_column(r"E'\n'"), literal_column("''"))


def texts() -> Mapping[str, str]:
    """Each relation by name, as a SELECT of the rows that the member `$1` sees."""
    return {
        name: _text(rows)
        for name, rows in {
            "people": _person_rows(),
            "experiences": _experience_rows(),
            "educations": _education_rows(),
            "organizations": _organization_rows(),
            "places": _place_rows(),
            "similar": _similar_rows(),
        }.items()
    }


def _text(rows: AnySelect) -> str:
    """The text with the viewer as `$1`, and all that belongs to the text written into it."""
    prepared = prepare(rows)

    def place(found: re.Match[str]) -> str:
        name = prepared.names[int(found[1]) - 1]
        return "$1" if name == "viewer" else f"'{prepared.constants[name]}'"

    return re.sub(r"\$(\d+)", place, prepared.text)
