"""What is embedded and what becomes of it: one vector per fact that staff or members may see, kept true to its fact."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    ColumnElement,
    FromClause,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    any_,
    bindparam,
    delete,
    func,
    literal_column,
    null,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession

from api.db import AnySelect, Database
from api.models import (
    DIMENSION,
    Education,
    EmbeddingModel,
    Experience,
    FacetKind,
    FactVector,
    Organization,
    PersonText,
)
from recommender.embeddings import Embedder, input_hash

BATCH = 256
ONE: ColumnElement[int] = literal_column("1")
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Missing:
    """A fact without a vector of the model."""

    fact_id: UUID
    text: str


def _columns(fact: FromClause, facet: ColumnElement[Any], column: str, words: ColumnElement[Any]) -> list[Any]:
    keys = {
        name: (fact.c.id if name == column else null().cast(Uuid)).label(name)
        for name in ("education_id", "experience_id", "text_id")
    }
    return [
        fact.c.id.label("fact_id"),
        fact.c.person_id,
        fact.c.visibility.cast(Text).label("visibility"),
        facet.label("facet"),
        *keys.values(),
        words.label("words"),
    ]


def _facet(kind: FacetKind) -> ColumnElement[str]:
    return literal_column(f"'{kind.value}'", Text())


def fact_texts() -> Any:
    """All embeddable facts with the text that stands for them, as a subselect."""
    education, experience = Education.__table__.alias(), Experience.__table__.alias()
    organization, said = Organization.__table__.alias(), PersonText.__table__.alias()
    studied = func.concat_ws(
        ", ", func.concat_ws(" in ", education.c.degree, education.c.programme), education.c.school
    )
    worked = func.concat_ws(
        ". ", func.concat_ws(" at ", experience.c.title, organization.c.name), experience.c.description
    )
    selects: list[AnySelect] = [
        select(*_columns(education, _facet(FacetKind.EDUCATION), "education_id", studied)),
        select(*_columns(experience, _facet(FacetKind.EXPERIENCE), "experience_id", worked)).join_from(
            experience, organization, organization.c.id == experience.c.organization_id
        ),
        select(*_columns(said, said.c.kind.cast(Text), "text_id", said.c.text)).where(
            said.c.kind != literal_column("'PHOTO'")
        ),
    ]
    facts = (education, experience, said)
    return union_all(*(one.where(_embeddable(fact)) for one, fact in zip(selects, facts, strict=True))).subquery(
        "facts"
    )


def _embeddable(fact: FromClause) -> ColumnElement[bool]:
    return fact.c.visibility.in_([literal_column("'STAFF'"), literal_column("'MEMBERS'"), literal_column("'PUBLIC'")])


def _without_vector(facts: Any, model_id: int | ColumnElement[Any]) -> ColumnElement[bool]:
    vector = FactVector.__table__.alias()
    return (
        ~select(ONE)
        .select_from(vector)
        .where(vector.c.fact_id == facts.c.fact_id, vector.c.model_id == model_id)
        .correlate_except(vector)
        .exists()
    )


def count_missing() -> AnySelect:
    """How many facts lack a vector of the active model; all of them while there is no model yet."""
    facts = fact_texts()
    active = select(EmbeddingModel.id).where(EmbeddingModel.active).scalar_subquery()
    return select(func.count()).select_from(facts).where(_without_vector(facts, active))


async def missing_count(session: AsyncSession) -> int:
    """The number that `count_missing` counts."""
    return await session.scalar(count_missing()) or 0


async def embed_missing(
    db: Database,
    embedder: Embedder,
    *,
    person_ids: Sequence[UUID] | None = None,
    batch: int = BATCH,
    progress: Progress | None = None,
) -> int:
    """Embed the facts that lack a vector of this model, all or those of some people; how many got one.

    The work is done between transactions: a fact that is edited, hidden or deleted meanwhile is left for its next job.
    Any number of workers may do this at once, and any of them may be killed: what is written is complete.
    """
    model_id = await _register(db, embedder)
    done, seen = 0, set[UUID]()
    while True:
        async with db.write() as session, session.begin():
            missing = await _missing(session, model_id, person_ids, batch)
            missing = [one for one in missing if one.fact_id not in seen]
            hashes = [input_hash(one.text) for one in missing]
            known = await _known(session, model_id, hashes)
        if not missing:
            break
        seen.update(one.fact_id for one in missing)
        new = {key: one.text for key, one in zip(hashes, missing, strict=True) if key not in known}
        vectors = await asyncio.to_thread(embedder.embed, list(new.values()))
        known |= {key: _spelled(vector) for key, vector in zip(new, vectors, strict=True)}
        async with db.write() as session, session.begin():
            await _store(session, model_id, [(one, key, known[key]) for one, key in zip(missing, hashes, strict=True)])
        done += len(missing)
        if progress is not None:
            progress(len(missing))
    if person_ids is None:
        await _activate(db, model_id)
    return done


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


async def _missing(
    session: AsyncSession, model_id: int, person_ids: Sequence[UUID] | None, batch: int
) -> list[Missing]:
    facts = fact_texts()
    statement = select(facts.c.fact_id, facts.c.words).where(_without_vector(facts, model_id)).limit(batch)
    if person_ids is not None:
        statement = statement.where(facts.c.person_id == any_(bindparam(None, list(person_ids), ARRAY(Uuid()))))
    return [Missing(row.fact_id, row.words) for row in await session.execute(statement)]


async def _known(session: AsyncSession, model_id: int, hashes: Sequence[bytes]) -> dict[bytes, str]:
    """Vectors of texts that were embedded before, for whomever."""
    vector = FactVector.__table__.alias()
    rows = await session.execute(
        select(vector.c.input_hash, vector.c.embedding.cast(Text).label("spelled"))
        .ext(distinct_on(vector.c.input_hash))
        .where(
            vector.c.model_id == model_id,
            vector.c.input_hash == any_(bindparam(None, list(hashes), ARRAY(LargeBinary()))),
        )
    )
    return {bytes(row.input_hash): row.spelled for row in rows}


def _spelled(vector: NDArray[np.float32]) -> str:
    return "[" + ",".join(f"{value:.6g}" for value in vector) + "]"


async def _store(session: AsyncSession, model_id: int, made: Sequence[tuple[Missing, bytes, str]]) -> None:
    """Write the vectors of those facts that are still there, still embeddable, and still say the same."""
    facts = fact_texts()
    source = select(
        facts.c.person_id,
        facts.c.visibility,
        facts.c.facet,
        facts.c.education_id,
        facts.c.experience_id,
        facts.c.text_id,
        bindparam("model_id", model_id, SmallInteger()),
        bindparam("input_hash", type_=LargeBinary()),
        bindparam("spelled", type_=Text()).cast(HALFVEC(DIMENSION)),
    ).where(facts.c.fact_id == bindparam("fact_id", type_=Uuid()), facts.c.words == bindparam("words", type_=Text()))
    names = ["person_id", "visibility", "facet", "education_id", "experience_id", "text_id", "model_id", "input_hash"]
    statement = (
        insert(cast(Table, FactVector.__table__))
        .from_select([*names, "embedding"], source, include_defaults=False)
        .on_conflict_do_nothing()
    )
    await session.execute(
        statement,
        [
            {"fact_id": one.fact_id, "words": one.text, "input_hash": key, "spelled": spelled, "model_id": model_id}
            for one, key, spelled in made
        ],
    )


async def _activate(db: Database, model_id: int) -> None:
    """Let the model serve once all facts have its vectors, and forget the vectors of the one before."""
    facts = fact_texts()
    async with db.write() as session, session.begin():
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('embedding_models'))"))
        active = await session.scalar(select(EmbeddingModel.id).where(EmbeddingModel.active))
        if active == model_id:
            return
        left = await session.scalar(select(func.count()).select_from(facts).where(_without_vector(facts, model_id)))
        if left:
            return
        await session.execute(update(EmbeddingModel).where(EmbeddingModel.active).values(active=False))
        await session.execute(update(EmbeddingModel).where(EmbeddingModel.id == model_id).values(active=True))
        await session.execute(delete(FactVector).where(FactVector.model_id != model_id))
