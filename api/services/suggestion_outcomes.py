"""What came of a suggestion is noted with it: the same way for people, events, openings and mentors."""

from typing import cast
from uuid import UUID

from sqlalchemy import Table, Uuid, bindparam, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.models import OutcomeKind, Suggestion, SuggestionOutcome

_SHOWN, _OUTCOMES = cast(Table, Suggestion.__table__), cast(Table, SuggestionOutcome.__table__)


async def note_outcome(session: AsyncSession, viewer_id: UUID, item: str, item_id: UUID, outcome: OutcomeKind) -> None:
    """If the viewer had been pointed to the item, note what came of the latest suggestion; what is noted once stays.

    `item` says of which kind it is: one of `models.ITEMS`.
    """
    latest = (
        select(
            bindparam("id", uuid7(), type_=Uuid()),
            _SHOWN.c.id,
            _SHOWN.c.viewer_id,
            _SHOWN.c[item],
            literal(outcome.value),
        )
        .where(_SHOWN.c.viewer_id == viewer_id, _SHOWN.c[item] == item_id)
        .order_by(_SHOWN.c.id.desc())
        .limit(1)
    )
    await session.execute(
        insert(_OUTCOMES)
        .from_select(["id", "suggestion_id", "viewer_id", item, "outcome"], latest)
        .on_conflict_do_nothing(index_elements=["viewer_id", "item_id", "outcome"])
    )
