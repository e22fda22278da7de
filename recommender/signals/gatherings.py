"""Where both of two people were, or will be."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Integer, cast, func, literal_column, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from api.db import AnySelect
from recommender.asking import Asking, among, ask
from recommender.candidates.gatherings import attendees, own_gatherings
from recommender.candidates.ties import recency
from recommender.evidence_kinds import EvidenceKind
from recommender.features import Signal
from recommender.signals.facts import COUNTED, RARE_SHARE
from recommender.weights.people import Feature


async def same_events(
    session: AsyncSession, asking: Asking, people: Sequence[UUID], total: int
) -> list[tuple[UUID, Signal]]:
    """The events that each of the people comes to as the viewer does: a smaller and a later one tells more."""
    rows = await ask(session, asking, _same_events, ids=list(people))
    return [
        (
            row.person_id,
            Signal(
                Feature.EVENTS,
                EvidenceKind.SHARED_EVENT,
                float(row.value),
                f"event:{row.id}",
                f"You were both at {row.name} in {row.year}" if row.over else f"You both go to {row.name}",
                rare=row.number < RARE_SHARE * total,
            ),
        )
        for row in rows
    ]


def _same_events(asking: Asking) -> AnySelect:
    own = own_gatherings(asking).cte("own")
    others = attendees(asking, own).limit(literal_column(str(COUNTED))).subquery("others")
    counted = select(own, select(1 + func.count()).select_from(others).scalar_subquery().label("number")).cte("counted")
    theirs = attendees(asking, counted)
    some = theirs.where(among(theirs.selected_columns.person_id)).lateral("some")
    local = func.alumni_local(counted.c.starts_at, counted.c.time_zone)
    return select(
        some.c.person_id,
        counted.c.id,
        counted.c.name,
        counted.c.number,
        cast(func.extract("year", local), Integer()).label("year"),
        (counted.c.starts_at <= asking.moment).label("over"),
        (recency(asking, counted.c.starts_at) / func.ln(1.0 + counted.c.number)).label("value"),
    ).select_from(counted.join(some, true()))
