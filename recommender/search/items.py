"""Free-text search of events, openings and mentors: full text and vectors over what the viewer sees, fused by rank."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, FromClause, Text, bindparam, func, literal_column, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from api import access
from api.access import Viewer
from api.db import AnySelect
from api.models import Event, ItemVector, Job, JobSkill, MentorProfile, MentorTopic, Organization, Person
from api.statements import Statements
from recommender.nearest import active_model, as_vector, distance_to
from recommender.search.embedding import TextEmbedder
from recommender.search.words import (
    LEAST_SIMILARITY,
    POOL,
    Hit,
    SearchResult,
    best_covered,
    check_text,
    constant,
    found_by,
    fuse,
    given_terms,
    read_hits,
    tsquery,
)
from recommender.vectors.texts import spell

MEANING = "meaning"
"""What a hit is told by that has none of the words."""
_STATEMENTS = Statements(most=50)


@dataclass(frozen=True)
class Searched:
    """One kind of item: which of them there are for a viewer, and the rows in which its words stand."""

    allowed: Callable[[Viewer], AnySelect]
    """SELECT of the ids."""
    rows: Callable[[Viewer, int], Sequence[AnySelect]]
    """(viewer, number of terms) -> SELECTs of `words.found_by`."""
    vector: str
    """The column of `item_vectors` that names the item."""


async def search_items(
    session: AsyncSession, viewer: Viewer, searched: Searched, text: str, embedder: TextEmbedder
) -> SearchResult:
    """Find items by their words and by what they are about. Raises Invalid for no words."""
    terms = check_text(text)
    vector = await embedder.embed(text)
    key = (searched.vector, viewer.shape, len(terms))
    given = {"viewer": viewer.key, **given_terms(terms)}
    rows = await _STATEMENTS.rows(
        session,
        key,
        lambda: best_covered(searched.allowed(viewer), union_all(*searched.rows(viewer, len(terms)))),
        given,
    )
    by_meaning = [] if vector is None else await _by_meaning(session, viewer, searched, vector)
    return SearchResult(tuple(fuse(read_hits(rows), by_meaning)), degraded=vector is None)


async def _by_meaning(
    session: AsyncSession, viewer: Viewer, searched: Searched, vector: NDArray[np.float32]
) -> list[Hit]:
    """Exactly: there are thousands of items to come, not millions, and the rule is checked on each."""
    rows = await _STATEMENTS.rows(
        session,
        (searched.vector, viewer.shape),
        lambda: _nearest(viewer, searched),
        {"viewer": viewer.key, "vector": spell(vector)},
    )
    similar = [(row.id, 1.0 - float(row.distance)) for row in rows]
    return [Hit(key, likeness, (MEANING,)) for key, likeness in similar if likeness >= LEAST_SIMILARITY]


def _nearest(viewer: Viewer, searched: Searched) -> AnySelect:
    allowed, vector = searched.allowed(viewer), ItemVector.__table__.alias()
    (key,) = allowed.selected_columns
    distance = distance_to(vector, as_vector(bindparam("vector", type_=Text()))).label("distance")
    return (
        allowed.join(vector, vector.c[searched.vector] == key)
        .where(vector.c.model_id == active_model())
        .add_columns(distance)
        .order_by(distance, key)
        .limit(POOL)
    )


# ---------------------------------------------------------------- the kinds


def _words_of(*columns: ColumnElement[Any]) -> ColumnElement[Any]:
    """The words of some columns, as PostgreSQL matches them."""
    simple: ColumnElement[Any] = literal_column("'simple'::regconfig")
    return func.to_tsvector(simple, func.alumni_fold(func.concat_ws(" ", *columns)))


def _by_field(table: FromClause, terms: int, fields: Mapping[str, tuple[float, Sequence[str]]]) -> list[AnySelect]:
    """One SELECT a field of a table that has a full-text column over them all: that one finds, the field is told."""
    return [
        found_by(table.c.id, constant(name), weight, _words_of(*(table.c[column] for column in columns)), terms).where(
            table.c.search.op("@@")(tsquery("any"))
        )
        for name, (weight, columns) in fields.items()
    ]


def _event_rows(_viewer: Viewer, terms: int) -> Sequence[AnySelect]:
    fields = {
        "name": (3.0, ["name"]),
        "organizer": (2.0, ["organizer"]),
        "place": (1.5, ["venue", "city"]),
        "description": (1.0, ["description"]),
    }
    return _by_field(Event.__table__.alias(), terms, fields)


def _job_rows(_viewer: Viewer, terms: int) -> Sequence[AnySelect]:
    job, organization, skill = Job.__table__.alias(), Organization.__table__.alias(), JobSkill.__table__.alias()
    employer = found_by(job.c.id, constant("organization"), 2.0, organization.c.search, terms).join_from(
        job, organization, organization.c.id == job.c.organization_id
    )
    fields = {"title": (3.0, ["title"]), "place": (1.5, ["city", "region"]), "description": (1.0, ["description"])}
    skills = found_by(skill.c.job_id, constant("skills"), 2.0, _words_of(skill.c.name_folded), terms)
    return [*_by_field(Job.__table__.alias(), terms, fields), employer, skills]


def _mentor_rows(viewer: Viewer, terms: int) -> Sequence[AnySelect]:
    profile, topic = MentorProfile.__table__.alias(), MentorTopic.__table__.alias()
    person = Person.__table__.alias()
    about = found_by(profile.c.id, constant("about"), 1.0, _words_of(profile.c.about), terms)
    topics = found_by(topic.c.profile_id, constant("topics"), 3.0, _words_of(topic.c.name_folded), terms)
    names = found_by(profile.c.id, constant("displayName"), 2.0, person.c.search, terms).join_from(
        profile, person, (person.c.id == profile.c.person_id) & access.sees_person(viewer, person)
    )
    return [about, topics, names]


EVENTS = Searched(
    lambda viewer: select(Event.id).where(access.sees_event(viewer, Event.__table__)), _event_rows, "event_id"
)
JOBS = Searched(lambda viewer: select(Job.id).where(access.sees_job(viewer, Job.__table__)), _job_rows, "job_id")
MENTORS = Searched(
    lambda viewer: select(MentorProfile.id).where(access.sees_mentor(viewer, MentorProfile.__table__)),
    _mentor_rows,
    "mentor_id",
)
