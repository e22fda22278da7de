"""What the viewer makes of suggestions: dismissals keep a pair apart for good and teach the next ranking."""

from typing import cast
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from api.access import Viewer, me
from api.errors import Invalid, NotFound, Problem
from api.models import OutcomeKind, Suggestion, SuggestionOutcome
from recommender.asking import Asking

MAX_REASON = 500
REMEMBERED = 50
"""So many of the latest dismissals count."""


async def dismiss_suggestion(
    session: AsyncSession, viewer: Viewer, suggestion_id: UUID, reason: str | None, item: str = "person_id"
) -> UUID:
    """Never suggest this person or thing to the viewer again; its id. `item` says of which kind it is: one of
    `models.ITEMS`. Doing it twice changes nothing.

    Raises NotFound unless it is the viewer's own suggestion, and Invalid for a bad reason.
    """
    if reason is not None and (len(reason) > MAX_REASON or "\x00" in reason):
        raise Invalid([Problem(("input", "reason"), f"At most {MAX_REASON} characters, without NUL.")])
    about = cast(Table, Suggestion.__table__).c[item]
    own = select(about).where(Suggestion.id == suggestion_id, Suggestion.viewer_id == me(viewer))
    item_id = await session.scalar(own)
    if item_id is None:
        raise NotFound("There is no such suggestion of yours.", ("input", "suggestionId"))
    await session.execute(
        insert(SuggestionOutcome)
        .values(
            suggestion_id=suggestion_id,
            viewer_id=viewer.key,
            outcome=OutcomeKind.DISMISSED,
            reason=reason,
            **{item: item_id},
        )
        .on_conflict_do_nothing()
    )
    return item_id


async def dismissed_keys(session: AsyncSession, asking: Asking, item: str) -> frozenset[str]:
    """What the suggestions that the viewer dismissed lately were about: others of the kind lose a little."""
    rows = await session.scalars(
        select(Suggestion.evidence)
        .join(SuggestionOutcome, SuggestionOutcome.suggestion_id == Suggestion.id)
        .where(
            SuggestionOutcome.viewer_id == me(asking.viewer),
            SuggestionOutcome.outcome == OutcomeKind.DISMISSED,
            cast(Table, SuggestionOutcome.__table__).c[item].is_not(None),
            SuggestionOutcome.created_at <= asking.as_of,
        )
        .order_by(SuggestionOutcome.id.desc())
        .limit(REMEMBERED)
    )
    return frozenset(one["key"] for evidence in rows for one in evidence if one["key"])
