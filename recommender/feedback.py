"""What the viewer makes of suggestions: dismissals keep a pair apart for good and teach the next ranking."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from api.access import Viewer, me
from api.errors import Invalid, NotFound, Problem
from api.models import OutcomeKind, Suggestion, SuggestionOutcome
from recommender.candidates import Asking

MAX_REASON = 500
REMEMBERED = 50
"""So many of the latest dismissals count."""


async def dismiss_suggestion(session: AsyncSession, viewer: Viewer, suggestion_id: UUID, reason: str | None) -> UUID:
    """Never suggest this person to the viewer again; the person's id. Doing it twice changes nothing.

    Raises NotFound unless it is the viewer's own suggestion, and Invalid for a bad reason.
    """
    if reason is not None and (len(reason) > MAX_REASON or "\x00" in reason):
        raise Invalid([Problem(("input", "reason"), f"At most {MAX_REASON} characters, without NUL.")])
    own = select(Suggestion.suggested_id).where(Suggestion.id == suggestion_id, Suggestion.viewer_id == me(viewer))
    person_id = await session.scalar(own)
    if person_id is None:
        raise NotFound("There is no such suggestion of yours.", ("input", "suggestionId"))
    await session.execute(
        insert(SuggestionOutcome)
        .values(
            suggestion_id=suggestion_id,
            viewer_id=viewer.key,
            suggested_id=person_id,
            outcome=OutcomeKind.DISMISSED,
            reason=reason,
        )
        .on_conflict_do_nothing()
    )
    return person_id


async def dismissed_keys(session: AsyncSession, asking: Asking) -> frozenset[str]:
    """What the suggestions that the viewer dismissed lately were about: others of the kind lose a little."""
    rows = await session.scalars(
        select(Suggestion.evidence)
        .join(SuggestionOutcome, SuggestionOutcome.suggestion_id == Suggestion.id)
        .where(
            SuggestionOutcome.viewer_id == me(asking.viewer),
            SuggestionOutcome.outcome == OutcomeKind.DISMISSED,
            SuggestionOutcome.created_at <= asking.as_of,
        )
        .order_by(SuggestionOutcome.id.desc())
        .limit(REMEMBERED)
    )
    return frozenset(one["key"] for evidence in rows for one in evidence if one["key"])
