"""What the viewer is, can, did and wants, as far as it matters to openings.

All of it counts, whoever may see it: a suggestion of an opening is shown to the viewer alone and moves nobody else's
list, so a wish that only its owner sees is of use too. Vectors are made of what the office or all members see, no more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Text,
    case,
    cast,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from api import access, models
from api.db import AnySelect
from api.folding import fold, words
from api.models import Job
from recommender.asking import Asking, ask

LATEST = 50
"""So many of the openings that the viewer showed interest in last count."""


class Kind(StrEnum):
    """What a trait is."""

    PLACE = "PLACE"
    CAN = "CAN"
    WANTS = "WANTS"
    WORK = "WORK"
    SEEKS = "SEEKS"
    LIKED = "LIKED"


@dataclass(frozen=True)
class Place:
    """Where the viewer lives or works; all but the name as it is compared."""

    city: str | None
    region: str | None
    country: str
    name: str
    """As the viewer wrote it."""
    lives: bool


@dataclass(frozen=True)
class Past:
    """A position that the viewer had, or an opening that the viewer showed interest in."""

    id: UUID
    title: str
    organization_id: UUID
    organization: str


@dataclass(frozen=True)
class Traits:
    """Everything of the viewer that speaks for openings."""

    places: tuple[Place, ...]
    can: Mapping[str, str]
    """Skills by their folded names."""
    wants: Mapping[str, str]
    """Skills and interests that the viewer wants, by their folded names."""
    works: tuple[Past, ...]
    seeks: Mapping[UUID, str]
    liked: tuple[Past, ...]

    def given(self) -> dict[str, list[Any]]:
        """The values by which openings are compared in SQL, by the names of their bind parameters."""
        wished = set(self.wants)  # who wants to be in a city says so in its name
        return {
            "cities": sorted({place.city for place in self.places if place.city} | wished),
            "regions": sorted({place.region for place in self.places if place.region}),
            "countries": sorted({place.country for place in self.places}),
            "names": sorted({*self.can, *self.wants}),
            "organizations": sorted({past.organization_id for past in (*self.works, *self.liked)}),
        }

    def words(self) -> str:
        """The words of titles and wishes, any of which may occur, in PostgreSQL's spelling."""
        texts = [*(past.title for past in (*self.works, *self.liked)), *self.wants]
        found = dict.fromkeys(word for text in texts for word in words(text))
        return " | ".join(f"'{word}'" for word in found)


async def read_traits(session: AsyncSession, asking: Asking) -> Traits:
    """The viewer's traits as of the moment asked about."""
    found: dict[Kind, list[Any]] = {kind: [] for kind in Kind}
    for row in await ask(session, asking, _own_traits):
        found[Kind(row.kind)].append(row)
    return Traits(
        places=tuple(_place(row) for row in found[Kind.PLACE]),
        can={row.key: row.label for row in found[Kind.CAN]},
        wants={row.key: row.label for row in found[Kind.WANTS]},
        works=tuple(_past(row) for row in found[Kind.WORK]),
        seeks={row.id: row.label for row in found[Kind.SEEKS]},
        liked=tuple(_past(row) for row in found[Kind.LIKED]),
    )


def _place(row: Any) -> Place:
    region = fold(row.more) if row.more else None
    name = row.label or row.more or row.country
    return Place(row.key, region, row.country, name, lives=row.role == models.PlaceKind.HOME)


def _past(row: Any) -> Past:
    return Past(row.id, row.label, UUID(row.key), row.more)


# ---------------------------------------------------------------- the statement


def _own_traits(asking: Asking) -> CompoundSelect[Any]:
    return union_all(
        _places(asking),
        *(_tags(asking, model) for model in (models.Skill, models.Interest)),
        _works(asking),
        _texts(asking),
        select(_liked(asking).subquery("liked")),
    )


def of_the_viewer(asking: Asking, fact: FromClause) -> list[ColumnElement[bool]]:
    """The conditions under which a row is the viewer's own and known at the moment asked about; a fact also one that
    may be told, as it is not to an administrator who looks through the viewer's eyes."""
    told = [access.sees_fact(asking.viewer, fact)] if "visibility" in fact.c else []
    return [access.owns(asking.viewer, fact), fact.c.created_at <= asking.moment, *told]


def _row(kind: Any, row: FromClause, **more: Any) -> AnySelect:
    empty = null().cast(Text)
    names = ("key", "label", "more", "country", "role")
    columns = [cast(more.get(name, empty), Text).label(name) for name in names]
    return select(cast(kind, Text).label("kind"), row.c.id, *columns)


def _literal(kind: Kind) -> ColumnElement[str]:
    return literal_column(f"'{kind}'", Text())


def _places(asking: Asking) -> AnySelect:
    place = models.Place.__table__.alias()
    given = {"key": place.c.city_folded, "label": place.c.city, "more": place.c.region}
    here = place.c.kind.in_([literal_column("'HOME'"), literal_column("'WORK'")])
    rows = _row(_literal(Kind.PLACE), place, **given, country=place.c.country, role=place.c.kind)
    return rows.where(*of_the_viewer(asking, place), here)


def _tags(asking: Asking, model: type[models.Skill] | type[models.Interest]) -> AnySelect:
    """Wanted skills and interests, and skills that the viewer has or offers."""
    tag = model.__table__.alias()
    wanted = tag.c.kind == literal_column("'WANT'")
    kind = case((wanted, _literal(Kind.WANTS)), else_=_literal(Kind.CAN))
    rows = _row(kind, tag, key=tag.c.name_folded, label=tag.c.name).where(*of_the_viewer(asking, tag))
    return rows.where(wanted) if model is models.Interest else rows


def _works(asking: Asking) -> AnySelect:
    work, employer = models.Experience.__table__.alias(), models.Organization.__table__.alias()
    rows = _row(_literal(Kind.WORK), work, key=work.c.organization_id, label=work.c.title, more=employer.c.name)
    return rows.join_from(work, employer, employer.c.id == work.c.organization_id).where(*of_the_viewer(asking, work))


def _texts(asking: Asking) -> AnySelect:
    text = models.PersonText.__table__.alias()
    about = text.c.kind == literal_column("'SEEKS'")
    return _row(_literal(Kind.SEEKS), text, label=text.c.text).where(*of_the_viewer(asking, text), about)


def _liked(asking: Asking) -> AnySelect:
    """Openings that the viewer showed interest in and still sees."""
    job, interest = Job.__table__.alias(), models.JobInterest.__table__.alias()
    employer = models.Organization.__table__.alias()
    rows = _row(_literal(Kind.LIKED), job, key=job.c.organization_id, label=job.c.title, more=employer.c.name)
    return (
        rows.join_from(job, interest, interest.c.job_id == job.c.id)
        .join(employer, employer.c.id == job.c.organization_id)
        .where(*of_the_viewer(asking, interest), access.sees_job(asking.viewer, job))
        .order_by(interest.c.created_at.desc(), interest.c.id)
        .limit(literal_column(str(LATEST)))
    )
