"""How texts get their vectors: in batches, by any number of workers, any of which may be killed."""

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.db import Database
from api.models import EmbeddingModel
from recommender.embeddings import Embedder, input_hash
from recommender.vectors.sources import SOURCES
from recommender.vectors.texts import Missing, TextSource, spell

BATCH = 256
Progress = Callable[[int], None]


async def embed_missing(
    db: Database,
    embedder: Embedder,
    *,
    person_ids: Sequence[UUID] | None = None,
    batch: int = BATCH,
    progress: Progress | None = None,
) -> int:
    """Embed the texts that lack a vector of this model, all or those of some people; how many got one.

    The work is done between transactions: a text that is edited, hidden or deleted meanwhile is left for its next job.
    Any number of workers may do this at once, and any of them may be killed: what is written is complete.
    """
    model_id = await _register(db, embedder)
    done = 0
    for source in SOURCES:
        seen = set[UUID]()
        while missing := await _embed_some(db, embedder, source, model_id, person_ids, batch, seen):
            done += missing
            if progress is not None:
                progress(missing)
    if person_ids is None:
        await _activate(db, model_id)
    return done


async def _embed_some(
    db: Database,
    embedder: Embedder,
    source: TextSource,
    model_id: int,
    person_ids: Sequence[UUID] | None,
    batch: int,
    seen: set[UUID],
) -> int:
    """Embed up to a batch of what is missing and was not `seen` in this run; how many."""
    async with db.write() as session, session.begin():
        rows = await session.execute(source.missing(model_id, person_ids).limit(batch))
        missing = [Missing(row.id, row.words) for row in rows if row.id not in seen]
        hashes = [input_hash(one.text) for one in missing]
        known = dict(await source.known(session, model_id, hashes)) if missing else {}
    if not missing:
        return 0
    seen.update(one.id for one in missing)
    new = {key: one.text for key, one in zip(hashes, missing, strict=True) if key not in known}
    vectors = await asyncio.to_thread(embedder.embed, list(new.values()))
    known |= {key: spell(vector) for key, vector in zip(new, vectors, strict=True)}
    async with db.write() as session, session.begin():
        made = [(one, key, known[key]) for one, key in zip(missing, hashes, strict=True)]
        await source.store(session, model_id, made)
    return len(missing)


async def _register(db: Database, embedder: Embedder) -> int:
    """The model's row. The first model is active at once; another one when all facts have its vectors."""
    async with db.write() as session, session.begin():
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('embedding_models'))"))
        named = EmbeddingModel.name == embedder.name, EmbeddingModel.version == embedder.version
        found = await session.scalar(select(EmbeddingModel.id).where(*named))
        if found is not None:
            return found
        first = await session.scalar(select(func.count()).select_from(EmbeddingModel).where(EmbeddingModel.active)) == 0
        model = EmbeddingModel(name=embedder.name, version=embedder.version, active=first)
        session.add(model)
        await session.flush()
        return model.id


async def _activate(db: Database, model_id: int) -> None:
    """Let the model serve once all texts have its vectors, and forget the vectors of the one before."""
    async with db.write() as session, session.begin():
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('embedding_models'))"))
        active = await session.scalar(select(EmbeddingModel.id).where(EmbeddingModel.active))
        if active == model_id or await _left(session, model_id):
            return
        await session.execute(update(EmbeddingModel).where(EmbeddingModel.active).values(active=False))
        await session.execute(update(EmbeddingModel).where(EmbeddingModel.id == model_id).values(active=True))
        for source in SOURCES:
            await source.forget(session, but=model_id)


async def _left(session: AsyncSession, model_id: int) -> bool:
    """Whether any text lacks a vector of the model."""
    for source in SOURCES:
        if await session.scalar(select(source.missing(model_id).exists())):
            return True
    return False
