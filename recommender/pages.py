"""One page of suggestions, in the same steps for every kind: candidates, signals, ranking, evidence, log."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import NAMING, Viewer, profiles, visible_people
from api.db import AnySelect
from api.errors import Conflict, Invalid, NotFound, Problem
from api.measuring.figures import SHORT_PAGES
from api.models import Person
from api.models import Suggestion as Impression
from recommender.asking import Asking, among, ask
from recommender.evidence import COHORT, Evidence, EvidenceKind, explain
from recommender.features import Candidate, Signal, features_of
from recommender.feedback import dismissed_keys
from recommender.ranking import RankingConfig, rank


@dataclass(frozen=True)
class Pipeline:
    """What differs between the kinds of suggestion. Each module of a noun has one."""

    item: str
    """The column of the log that names what was suggested."""
    config: RankingConfig
    allowed: Callable[[Asking], AnySelect]
    """What the viewer may be pointed to at all: SELECT of its id, grown from `api.access`."""
    find: Callable[[AsyncSession, Asking, int], Awaitable[list[UUID]]]
    """Candidates; the number says how many have been shown already: AHEAD more than these are found, if there are."""
    read: Callable[[AsyncSession, Asking, Sequence[UUID]], Awaitable[list[Candidate]]]
    """The candidates with all that speaks for each."""
    plain: Callable[[Asking], AnySelect]
    """`allowed` in the order that is offered to whoever is not profiled: it looks at nothing about the viewer."""
    quote: Callable[[AsyncSession, Asking, Sequence[Candidate]], Awaitable[list[Candidate]]] | None = None
    """Puts words into signals that are costly to word: for the page only."""
    otherwise: Evidence = COHORT
    """The reason of a suggestion for which nothing speaks."""


@dataclass(frozen=True)
class ListCursor:
    """Where a page ends in a list: later pages rank as of the same moment, without what the list has shown."""

    list_id: UUID
    as_of: datetime
    position: int
    """The position of the last suggestion shown, from 0."""


@dataclass(frozen=True)
class Suggestion:
    """One thing or person, and why. `id` is what feedback refers to."""

    id: UUID
    item_id: UUID
    score: float | None
    """From 0 to 1; None in a list that is not profiled."""
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


async def suggest(
    session: AsyncSession,
    viewer: Viewer,
    pipeline: Pipeline,
    *,
    first: int,
    after: ListCursor | None = None,
    profiled: bool = True,
    exact: bool = False,
) -> SuggestionPage:
    """A page of suggestions, logged in the session's transaction.

    Without `after` a new list begins. Asking again for a page gives the same suggestions under the same ids, without
    those that may not be shown any more: later ones take their places. Unless `profiled`, and for whoever has objected
    to it, the order looks at nothing about the viewer. Raises NotFound without a profile, and Invalid for the cursor of
    another's list.
    """
    if viewer.person_id is None:
        raise NotFound("You have no profile here yet.")
    after = after or ListCursor(uuid7(), datetime.now(UTC), -1)
    asking = Asking(viewer, after.as_of, pipeline.config, exact)
    shown: Sequence[Impression] = () if after.position < 0 else await _shown(session, viewer, after)
    again = await _allowed_again(session, asking, pipeline, [row for row in shown if row.position > after.position])
    ranked = await _ranked(session, asking, pipeline, profiled, first + 1, {row.item_id for row in shown})
    if again:
        return await _repeat(session, asking, pipeline, after, again[:first], more=len(again) > first or bool(ranked))
    begin = shown[-1].position + 1 if shown else 0

    page = [candidate for candidate, _ in ranked[:first]]
    if len(page) < first:
        await _count_if_short(session, asking, pipeline, [row.item_id for row in shown] + [one.id for one in page])
    if pipeline.quote is not None:
        page = await pipeline.quote(session, asking, page)
    scores = [score for _, score in ranked[:first]]
    suggestions = tuple(
        Suggestion(uuid7(), candidate.id, score, begin + place, () if score is None else evidence)
        for place, (candidate, score, evidence) in enumerate(
            zip(page, scores, explain(page, pipeline.config, pipeline.otherwise), strict=True)
        )
    )
    await _hold_named(session, asking, pipeline, suggestions)
    await _log(session, asking, pipeline, after.list_id, page, suggestions)
    return SuggestionPage(suggestions, after.list_id, after.as_of, has_next=len(ranked) > first)


async def _ranked(
    session: AsyncSession, asking: Asking, pipeline: Pipeline, profiled: bool, most: int, without: Collection[UUID]
) -> Sequence[tuple[Candidate, float | None]]:
    (willing,) = await ask(session, asking, _willing)
    if profiled and willing.profiled:
        return await rank_candidates(session, asking, pipeline, most=most, without=without)
    (item_id,) = pipeline.plain(asking).selected_columns
    rows = await session.scalars(pipeline.plain(asking).where(item_id.not_in(list(without))).limit(most))
    return [(Candidate(one, ()), None) for one in rows]


def _willing(asking: Asking) -> AnySelect:
    return select(profiles(asking.viewer).label("profiled"))


async def rank_candidates(
    session: AsyncSession, asking: Asking, pipeline: Pipeline, *, most: int, without: Collection[UUID] = ()
) -> list[tuple[Candidate, float]]:
    """The best `most` candidates with their scores: what serving and evaluation share."""
    found = await pipeline.find(session, asking, len(without))
    candidates = await pipeline.read(session, asking, [one for one in found if one not in without])
    dismissed = await dismissed_keys(session, asking, pipeline.item)
    return rank(candidates, asking.config, most=most, dismissed=dismissed)


async def _count_if_short(session: AsyncSession, asking: Asking, pipeline: Pipeline, seen: Sequence[UUID]) -> None:
    """Count a page that is shorter than asked, if that is not all: the sources promise to go on to the last."""
    (left,) = await ask(session, asking, _left, pipeline.allowed, ids=list(seen))
    if left.more:
        SHORT_PAGES.add(pipeline.item.removesuffix("_id"))


def _left(asking: Asking, allowed: Callable[[Asking], AnySelect]) -> AnySelect:
    statement = allowed(asking)
    (item_id,) = statement.selected_columns
    return select(statement.where(~among(item_id)).exists().label("more"))


# ---------------------------------------------------------------- the log


async def _shown(session: AsyncSession, viewer: Viewer, after: ListCursor) -> Sequence[Impression]:
    """What the list has shown so far, its next page waiting until this one is logged: a page asked for twice at once is
    one. Raises Invalid unless the list is the viewer's own and has come so far."""
    key = func.hashtextextended(f"list {viewer.key} {after.list_id}", 0, type_=BigInteger())
    await session.execute(select(func.pg_advisory_xact_lock(key)))
    rows = await session.scalars(
        select(Impression)
        .where(Impression.list_id == after.list_id, Impression.viewer_id == viewer.person_id)
        .order_by(Impression.position)
    )
    found = rows.all()
    if not any(row.position == after.position for row in found):
        raise Invalid([Problem(("after",), "This cursor is of no list of yours: begin anew without it.")])
    return found


async def _allowed_again(
    session: AsyncSession, asking: Asking, pipeline: Pipeline, rows: Sequence[Impression]
) -> list[Impression]:
    """Those that may still be shown."""
    if not rows:
        return []
    statement = pipeline.allowed(asking)
    (item_id,) = statement.selected_columns
    allowed = set(await session.scalars(statement.where(item_id.in_([row.item_id for row in rows]))))
    return [row for row in rows if row.item_id in allowed]


async def _repeat(
    session: AsyncSession,
    asking: Asking,
    pipeline: Pipeline,
    after: ListCursor,
    rows: Sequence[Impression],
    *,
    more: bool,
) -> SuggestionPage:
    """What was shown before, with its reasons as far as they may still be told."""
    now = await pipeline.read(session, asking, [row.item_id for row in rows if row.evidence])
    if pipeline.quote is not None:
        now = await pipeline.quote(session, asking, now)
    known = {candidate.id: candidate.signals for candidate in now}
    suggestions = tuple(
        Suggestion(row.id, row.item_id, row.score, row.position, _still_so(row.evidence, known.get(row.item_id, ())))
        for row in rows
    )
    return SuggestionPage(suggestions, after.list_id, after.as_of, has_next=more)


def _still_so(stored: Sequence[dict[str, Any]], signals: Sequence[Signal]) -> tuple[Evidence, ...]:
    """The logged reasons that the viewer may still be told, in the words of now: a fact may have been hidden since."""
    words = {signal.key: signal.text for signal in signals}
    return tuple(
        Evidence(EvidenceKind(one["kind"]), words[one["key"]] if one["key"] else one["text"], one["weight"], one["key"])
        for one in stored
        if not one["key"] or one["key"] in words
    )


async def _hold_named(
    session: AsyncSession, asking: Asking, pipeline: Pipeline, suggestions: Sequence[Suggestion]
) -> None:
    """Hold whom the page names until its log is committed: an erasure waits then, and finds each mention in the log.

    Raises Conflict if one of them went, or went out of sight, since the page was made.
    """
    reasons = (reason.key.partition(":") for one in suggestions for reason in one.evidence)
    named = {UUID(key) for prefix, _, key in reasons if prefix in NAMING}
    if pipeline.item == "person_id":
        named |= {one.item_id for one in suggestions}
    if not named:
        return
    if len(await ask(session, asking, _held, ids=sorted(named))) < len(named):
        raise Conflict("Somebody in this list left a moment ago: ask again.")


def _held(asking: Asking) -> AnySelect:
    these = visible_people(asking.viewer).where(among(Person.__table__.c.id)).order_by(Person.id)
    return these.with_for_update(of=Person, read=True, key_share=True)


async def _log(
    session: AsyncSession,
    asking: Asking,
    pipeline: Pipeline,
    list_id: UUID,
    page: Sequence[Candidate],
    suggestions: Sequence[Suggestion],
) -> None:
    rows: list[dict[str, Any]] = [
        {
            "id": suggestion.id,
            "viewer_id": asking.viewer.person_id,
            pipeline.item: suggestion.item_id,
            "list_id": list_id,
            "position": suggestion.position,
            "score": suggestion.score,
            "features": {} if suggestion.score is None else _features(candidate, asking.config),
            "evidence": [asdict(one) for one in suggestion.evidence],
            "ranking_digest": None if suggestion.score is None else asking.config.digest,
        }
        for candidate, suggestion in zip(page, suggestions, strict=True)
    ]
    if rows:
        await session.execute(insert(Impression), rows)


def _features(candidate: Candidate, config: RankingConfig) -> dict[str, float]:
    values = features_of(candidate.signals, config.space).tolist()
    return {str(feature): value for feature, value in zip(config.space.features, values, strict=True)}
