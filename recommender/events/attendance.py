"""What the viewer came to, and who else did: the past that speaks for events to come.

The viewer's own seats are the viewer's to use. Another's seat counts only if the viewer may know of it: the one at the
event to come, and the one at each event where both were.
"""

from sqlalchemy import ColumnElement, FromClause, and_, func, literal_column, not_, select, union_all

from api import access
from api.models import Event, Person, Registration
from recommender.asking import Asking
from recommender.candidates.ties import YEAR, tie_ends

REMEMBERED = 200
"""Of the events that the viewer came to, the latest so many count."""
CROWD = 200
"""Where more came than that, having been there too tells nothing of two people."""
COLUMNS = (
    "id", "name", "organizer", "organizer_folded", "starts_at", "weekday", "hour", "venue", "city", "city_folded",
    "country", "attendance_mode", "seats_taken",
)  # fmt: skip
"""What of an event is looked at."""
CONFIRMED: ColumnElement[str] = literal_column("'CONFIRMED'")
_SCHEDULED: ColumnElement[str] = literal_column("'SCHEDULED'")


def attended(asking: Asking) -> FromClause:
    """The events that the viewer came to, nothing that was called or put off: COLUMNS of them, and a `weight` that
    fades with time from 1 to 0."""
    seat, event = Registration.__table__.alias(), Event.__table__.alias()
    years = func.extract("epoch", asking.moment - event.c.starts_at) / YEAR
    return (
        select(
            *(event.c[name] for name in COLUMNS),
            func.power(0.5, years / asking.config.half_life_years).label("weight"),
        )
        .join_from(seat, event, event.c.id == seat.c.event_id)
        .where(
            seat.c.person_id == access.me(asking.viewer),
            seat.c.state == CONFIRMED,
            seat.c.registered_at <= asking.moment,
            event.c.starts_at <= asking.moment,
            event.c.status == _SCHEDULED,
            access.sees_event(asking.viewer, event),
        )
        .order_by(event.c.starts_at.desc(), event.c.id)
        .limit(literal_column(str(REMEMBERED)))
        .cte("attended")
    )


def coming(asking: Asking) -> FromClause:
    """Who comes to which event of those whom the viewer knows or met at events: (event_id, person_id, display_name,
    strength), with a strength from 0 to 1. Whoever objected to profiling or has died is left out."""
    who, seat, person = _companions(asking), Registration.__table__.alias(), Person.__table__.alias()
    return (
        select(
            seat.c.event_id,
            seat.c.person_id,
            person.c.display_name,
            (who.c.weight / (1.0 + who.c.weight)).label("strength"),
        )
        .join_from(who, seat, seat.c.person_id == who.c.person_id)
        .join(person, person.c.id == seat.c.person_id)
        .where(
            access.sees_registration(asking.viewer, seat),
            _of_another(asking, seat),
            person.c.profiled,
            not_(person.c.deceased),
        )
        .subquery("coming")
    )


def _companions(asking: Asking) -> FromClause:
    past, seat = attended(asking), Registration.__table__.alias()
    met = (
        select(seat.c.person_id, past.c.weight)
        .join_from(past, seat, seat.c.event_id == past.c.id)
        .where(
            past.c.seats_taken <= literal_column(str(CROWD)),
            access.sees_registration(asking.viewer, seat),
            _of_another(asking, seat),
        )
    )
    ties = tie_ends(asking, access.me(asking.viewer)).subquery("ties")
    each = union_all(met, select(ties.c.other, ties.c.weight)).subquery("each")
    return (
        select(each.c.person_id, func.sum(each.c.weight).label("weight")).group_by(each.c.person_id).cte("companions")
    )


def _of_another(asking: Asking, seat: FromClause) -> ColumnElement[bool]:
    """Whether it is another's seat, taken by then."""
    return and_(
        seat.c.state == CONFIRMED,
        seat.c.person_id != access.me(asking.viewer),
        seat.c.registered_at <= asking.moment,
    )
