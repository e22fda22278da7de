"""People you should meet: candidates, signals, ranking, evidence, log; in this order, for one page."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api import models
from api.access import Viewer
from api.errors import Invalid, NotFound, Problem
from api.models import Suggestion as Impression
from recommender.candidates import Asking, find_candidates
from recommender.evidence import Evidence, EvidenceKind, explain
from recommender.features import FEATURES, Candidate, features_of
from recommender.feedback import dismissed_keys
from recommender.ranking import DEFAULT, RankingConfig, rank
from recommender.signals import quote, read_signals


@dataclass(frozen=True)
class ListCursor:
    """Where a page ends in a list: later pages rank as of the same moment, without what the list has shown."""

    list_id: UUID
    as_of: datetime
    position: int
    """The position of the last suggestion shown, from 0."""


@dataclass(frozen=True)
class Suggestion:
    """One person to meet, and why. `id` is what feedback refers to."""

    id: UUID
    person_id: UUID
    score: float
    """From 0 to 1; the same for the other in the list of this one."""
    position: int
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class SuggestionPage:
    """Suggestions, best first."""

    suggestions: tuple[Suggestion, ...]
    list_id: UUID
    as_of: datetime
    has_next: bool

    def cursor(self, suggestion: Suggestion) -> ListCursor:
        """Where the page after this suggestion begins."""
        return ListCursor(self.list_id, self.as_of, suggestion.position)


async def people_to_meet(
    session: AsyncSession,
    viewer: Viewer,
    *,
    first: int,
    after: ListCursor | None = None,
    config: RankingConfig = DEFAULT,
    exact: bool = False,
) -> SuggestionPage:
    """A page of suggestions, logged in the session's transaction.

    Without `after` a new list begins. Asking again for a page gives the same suggestions under the same ids, less those
    that may not be shown any more. Raises NotFound without a profile, and Invalid for the cursor of another's list.
    """
    if viewer.person_id is None:
        raise NotFound("You have no profile here yet.")
    after = after or ListCursor(uuid7(), datetime.now(UTC), -1)
    asking = Asking(viewer, after.as_of, config, exact)
    shown: Sequence[Impression] = () if after.position < 0 else await _shown(session, viewer, after)
    again = [row for row in shown if row.position > after.position]
    ranked = await rank_people(session, asking, most=first + 1, without={row.suggested_id for row in shown})
    if again:
        return await _repeat(session, asking, after, again[:first], more=len(again) > first or bool(ranked))

    page = await quote(session, asking, [candidate for candidate, _ in ranked[:first]])
    reasons = explain(page, config)
    suggestions = tuple(
        Suggestion(uuid7(), candidate.person_id, score, after.position + 1 + place, evidence)
        for place, (candidate, (_, score), evidence) in enumerate(zip(page, ranked, reasons, strict=False))
    )
    await _log(session, asking, after.list_id, page, suggestions)
    return SuggestionPage(suggestions, after.list_id, after.as_of, has_next=len(ranked) > first)


async def rank_people(
    session: AsyncSession, asking: Asking, *, most: int, without: Collection[UUID] = ()
) -> list[tuple[Candidate, float]]:
    """The best `most` candidates with their scores: what serving and evaluation share."""
    found = await find_candidates(session, asking, beyond=len(without))
    candidates = await read_signals(session, asking, [one for one in found if one not in without])
    dismissed = await dismissed_keys(session, asking)
    return rank(candidates, asking.config, most=most, dismissed=dismissed)


# ---------------------------------------------------------------- the log


async def _shown(session: AsyncSession, viewer: Viewer, after: ListCursor) -> Sequence[Impression]:
    """What the list has shown so far. Raises Invalid unless it is the viewer's own and has come so far."""
    rows = await session.scalars(
        select(Impression)
        .where(Impression.list_id == after.list_id, Impression.viewer_id == viewer.person_id)
        .order_by(Impression.position)
    )
    found = rows.all()
    if not any(row.position == after.position for row in found):
        raise Invalid([Problem(("after",), "This cursor is of no list of yours: begin anew without it.")])
    return found


async def _repeat(
    session: AsyncSession, asking: Asking, after: ListCursor, rows: Sequence[Impression], *, more: bool
) -> SuggestionPage:
    """A page that was shown before, as far as it may still be shown."""
    wanted = [row.suggested_id for row in rows]
    allowed = set(await session.scalars(asking.people.where(models.Person.id.in_(wanted))))
    suggestions = tuple(
        Suggestion(row.id, row.suggested_id, row.score, row.position, _read_evidence(row.evidence))
        for row in rows
        if row.suggested_id in allowed
    )
    return SuggestionPage(suggestions, after.list_id, after.as_of, has_next=more)


def _read_evidence(stored: list[dict[str, Any]]) -> tuple[Evidence, ...]:
    return tuple(Evidence(EvidenceKind(one["kind"]), one["text"], one["weight"], one["key"]) for one in stored)


async def _log(
    session: AsyncSession,
    asking: Asking,
    list_id: UUID,
    page: Sequence[Candidate],
    suggestions: Sequence[Suggestion],
) -> None:
    digest = asking.config.digest
    rows = [
        {
            "id": suggestion.id,
            "viewer_id": asking.viewer.person_id,
            "suggested_id": suggestion.person_id,
            "list_id": list_id,
            "position": suggestion.position,
            "score": suggestion.score,
            "features": dict(zip(FEATURES, features_of(candidate.signals).tolist(), strict=True)),
            "evidence": [asdict(one) for one in suggestion.evidence],
            "ranking_digest": digest,
        }
        for candidate, suggestion in zip(page, suggestions, strict=True)
    ]
    if rows:
        await session.execute(insert(Impression), rows)
