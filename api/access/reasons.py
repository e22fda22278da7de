"""Whether a reason that a suggestion once gave may be told again: what it names may have been hidden since.

A reason says by its key what it is about: `fact:<id>`, `contact:<id>`, what both people share, `skill:<name>`, or
what the other offers or seeks, `offered-skill:<name>`. Of a key that is not known here nothing is told.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Text, Uuid, and_, case, func, literal_column, or_, select

from api.access.events import sees_event
from api.access.jobs import sees_job
from api.access.people import sees_fact, sees_fact_alone, some_row
from api.access.ties import sees_tie
from api.access.viewers import Viewer
from api.models import (
    Connection,
    Education,
    Event,
    Experience,
    Fact,
    Interest,
    Job,
    MentorProfile,
    PersonText,
    Place,
    Skill,
    TagKind,
)

_HAS, _OFFERS, _SEEKS = (TagKind.HAVE, TagKind.OFFER), (TagKind.OFFER,), (TagKind.WANT,)
_SHARED: Mapping[str, tuple[type[Fact], tuple[str, ...], tuple[TagKind, ...]]] = {
    "employer": (Experience, ("organization_id",), ()),
    "programme": (Education, ("programme", "school"), ()),
    "city": (Place, ("city_folded", "country"), ()),
    "cohort": (Education, ("end_year",), ()),
    "skill": (Skill, ("name_folded",), _HAS),
    "offered-skill": (Skill, ("name_folded",), _OFFERS),
    "sought-skill": (Skill, ("name_folded",), _SEEKS),
    "interest": (Interest, ("name_folded",), _HAS),
    "offered-interest": (Interest, ("name_folded",), _OFFERS),
    "sought-interest": (Interest, ("name_folded",), _SEEKS),
}
"""What a reason may say of the other, the columns that its key has after the colon, and which kinds of tag it is of."""
NAMING = frozenset({"contact", "companion"})
"""What the keys of reasons begin with that name a third person, by id after the colon."""
_COMPARED = ("fact", "like", "liked")
"""What they begin with that compare an event or an opening with a fact, an event or an opening, by id likewise."""


def told_again(viewer: Viewer, suggestion: FromClause, key: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the viewer sees all that the reason with this key names, as things are now."""
    profile = MentorProfile.__table__.alias()
    mentor = (
        select(profile.c.person_id)
        .where(profile.c.id == suggestion.c.mentor_id)
        .correlate_except(profile)
        .scalar_subquery()
    )
    person_id = func.coalesce(suggestion.c.person_id, mentor)
    kind = func.split_part(key, ":", 1)
    value = func.substr(key, func.length(kind) + 2)
    named = case((kind.in_([literal_column("'fact'"), literal_column("'contact'")]), value.cast(Uuid)))
    told = [("contact", _knows(viewer, person_id, named)), ("fact", _fact_with_id(viewer, named))]
    told += [(name, _still_has(viewer, person_id, value, *of)) for name, of in _SHARED.items()]
    return or_(*(and_(kind == literal_column(f"'{name}'"), holds) for name, holds in told))


def told_of_item(viewer: Viewer, key: ColumnElement[str]) -> ColumnElement[bool]:
    """The same for an event or an opening: reasons are about it and about the viewer, but for those that name somebody
    else, quote a fact, or compare with an event or an opening that the viewer may not see any more."""
    kind = func.split_part(key, literal_column("':'"), literal_column("1"))
    named = case(
        (kind.in_(_literals(_COMPARED)), func.split_part(key, literal_column("':'"), literal_column("2")).cast(Uuid))
    )
    event, job = Event.__table__.alias(), Job.__table__.alias()
    seen = {
        "fact": _fact_with_id(viewer, named),
        "like": some_row(event, event.c.id == named, sees_event(viewer, event)),
        "liked": some_row(job, job.c.id == named, sees_job(viewer, job)),
    }
    of_the_viewer = kind.not_in(_literals({*NAMING, *_COMPARED}))
    return or_(of_the_viewer, *(and_(kind == literal_column(f"'{name}'"), holds) for name, holds in seen.items()))


def _literals(names: Iterable[str]) -> list[ColumnElement[str]]:
    return [literal_column(f"'{name}'") for name in sorted(names)]


def _knows(viewer: Viewer, person_id: ColumnElement[Any], contact: ColumnElement[Any]) -> ColumnElement[bool]:
    tie = Connection.__table__.alias()
    pair = tie.c.low_id == func.least(person_id, contact), tie.c.high_id == func.greatest(person_id, contact)
    return some_row(tie, *pair, sees_tie(viewer, tie))


def _fact_with_id(viewer: Viewer, fact_id: ColumnElement[Any]) -> ColumnElement[bool]:
    facts = [kind.__table__.alias() for kind in (Education, Experience, PersonText)]
    return or_(*(some_row(fact, fact.c.id == fact_id, sees_fact_alone(viewer, fact)) for fact in facts))


def _still_has(
    viewer: Viewer,
    person_id: ColumnElement[Any],
    value: ColumnElement[str],
    table: type[Fact],
    columns: tuple[str, ...],
    kinds: tuple[TagKind, ...],
) -> ColumnElement[bool]:
    fact = table.__table__.alias()
    spelled = func.concat_ws(literal_column("'|'"), *(fact.c[name].cast(Text) for name in columns))
    held = [fact.c.kind.in_(_literals(kinds))] if kinds else []
    return some_row(fact, fact.c.person_id == person_id, spelled == value, *held, sees_fact(viewer, fact))
