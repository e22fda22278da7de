"""Vectors for a seeded network without a model: clustered as real ones are, and their indexes built and timed."""

import time
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any, cast
from uuid import UUID

import numpy as np
import psycopg
from numpy.typing import NDArray
from pgvector.psycopg import register_vector
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex

from api.models import DIMENSION, FactVector
from recommender.embeddings import Vectors
from recommender.embeddings.protocol import unit

CLUSTERS, DIRECTIONS = 4_000, 14
"""Words have a cluster each of so many, in a space of so few directions as the model's vectors spread in locally."""
WIDE, SPREAD = 0.33, 0.15
"""How far the clusters lie apart, and the vectors of one."""
BATCH = 5_000
BUILD_MEMORY = "8GB"

OF_FACTS = """
select person_id, visibility, facet, education_id, experience_id, text_id, words from (
    select *, row_number() over (partition by person_id order by fact_id) as place from (
        select e.id as fact_id, e.person_id, e.visibility, 'EDUCATION' as facet, e.id as education_id,
            null::uuid as experience_id, null::uuid as text_id, concat_ws(' ', e.degree, e.programme) as words
        from educations e
        union all
        select e.id, e.person_id, e.visibility, 'EXPERIENCE', null, e.id, null, e.title from experiences e
        union all
        select t.id, t.person_id, t.visibility, t.kind, null, null, t.id, left(t.text, 40) from person_texts t
        where t.kind <> 'PHOTO'
    ) facts where visibility in ('STAFF', 'MEMBERS', 'PUBLIC')
) numbered where place <= %s
"""
INTO = """
copy fact_vectors (person_id, visibility, facet, education_id, experience_id, text_id, model_id, input_hash, embedding)
from stdin (format binary)
"""
HEADER, TRAILER = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
"""Around the rows of a binary COPY."""
NULL = (-1).to_bytes(4, "big", signed=True)
INDEXES = "select indexname from pg_indexes where tablename = 'fact_vectors'"


class Clusters:
    """Where texts lie: the same words lie near each other, as by a real model. It is an embedder of searches too.

    Points of few dimensions, whose random Fourier features (Rahimi and Recht, 2007) are the vectors: a cosine is a
    Gaussian of the points' distance. Noise in all 384 dimensions would be harder than any text: within a cluster all
    would be equally far apart.
    """

    def __init__(self) -> None:
        chance = np.random.default_rng(1)
        self._centres = WIDE * chance.standard_normal((CLUSTERS, DIRECTIONS))
        self._waves = chance.standard_normal((DIRECTIONS, DIMENSION // 2))

    def vectors(self, words: Sequence[str], chance: np.random.Generator) -> Vectors:
        """A vector near its words' centre for each, of unit length."""
        digests = (blake2b(one.encode(), digest_size=4).digest() for one in words)
        places = [int.from_bytes(digest, "big") % CLUSTERS for digest in digests]
        phases = (self._centres[places] + SPREAD * chance.standard_normal((len(words), DIRECTIONS))) @ self._waves
        return unit(np.concatenate([np.cos(phases), np.sin(phases)], axis=1).astype(np.float32))

    async def embed(self, text: str) -> NDArray[np.float32]:
        """The vector of a search."""
        return self.vectors([text], np.random.default_rng(2))[0]


def ensure_vectors(url: str, each: int, progress: Callable[[int], None]) -> dict[str, float]:
    """Give each person up to `each` vectors, and build their indexes: seconds by name of the index. What an earlier run
    has done, or broken off, is not done again."""
    with psycopg.connect(url) as connection:
        if connection.execute("select exists (select from fact_vectors)").fetchone() == (False,):
            _write(url, connection, each, progress)
        found = {name for (name,) in connection.execute(INDEXES)}
        taken = {name: _build(connection, text) for name, text in _definitions().items() if name not in found}
    if taken:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("vacuum analyze")
    return taken


def _definitions() -> dict[str, str]:
    """The text that makes each index of vectors, by its name."""
    indexes = (one for one in cast(Table, FactVector.__table__).indexes if "embedding" in one.columns)
    return {str(one.name): str(CreateIndex(one).compile(dialect=postgresql.dialect())) for one in indexes}


def _write(url: str, writing: psycopg.Connection, each: int, progress: Callable[[int], None]) -> None:
    """All vectors, without their indexes: those are built faster when all is there."""
    writing.execute("set session_replication_role = replica")  # what is copied from facts needs no check that it is
    for name in _definitions():
        writing.execute(f"drop index if exists {name}".encode())
    model = writing.execute(
        "insert into embedding_models (name, version, active) values ('clusters', '1', true) returning id"
    ).fetchone() or (0,)
    clusters, chance, number = Clusters(), np.random.default_rng(3), 0
    with (
        psycopg.connect(url) as reading,
        reading.cursor("facts") as facts,
        writing.cursor().copy(INTO.encode()) as copy,
    ):
        facts.itersize = BATCH
        facts.execute(OF_FACTS.encode(), [each])
        copy.write(HEADER)
        while rows := facts.fetchmany(BATCH):
            halves = clusters.vectors([row[-1] for row in rows], chance).astype(">f2")
            for row, half in zip(rows, halves, strict=True):
                number += 1
                copy.write(_record(*row[:-1], model[0], number.to_bytes(16, "big"), half.tobytes()))
            progress(len(rows))
        copy.write(TRAILER)
    writing.commit()


def _record(*values: UUID | str | int | bytes | None) -> bytes:
    """One row of a binary COPY: ids, texts, a small number, a digest, and last the numbers of a vector."""
    fields = [value.bytes if isinstance(value, UUID) else value for value in values[:-1]]
    plain = [
        value.encode() if isinstance(value, str) else value.to_bytes(2, "big") if isinstance(value, int) else value
        for value in fields
    ]
    vector = DIMENSION.to_bytes(2, "big") + bytes(2) + cast(bytes, values[-1])
    told = (NULL if one is None else len(one).to_bytes(4, "big") + one for one in (*plain, vector))
    return len(values).to_bytes(2, "big") + b"".join(told)


def _build(connection: psycopg.Connection, definition: str) -> float:
    began = time.perf_counter()
    connection.execute(f"set maintenance_work_mem = '{BUILD_MEMORY}'".encode())
    connection.execute("set max_parallel_maintenance_workers = 2")
    connection.execute(definition.encode())
    connection.commit()
    return time.perf_counter() - began


def sizes(url: str) -> dict[str, Any]:
    """How many vectors there are, and the MiB that the index of what members see takes."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "select (select count(*) from fact_vectors), pg_relation_size('ix_fact_vectors_members') / 1048576.0"
        ).fetchone()
    return {"vectors": row[0], "index": float(row[1])} if row else {}


def some_vectors(url: str, most: int) -> tuple[list[UUID], Vectors]:
    """Facts of some people as queries."""
    with psycopg.connect(url) as connection:
        register_vector(connection)
        rows = connection.execute(
            "select person_id, embedding from fact_vectors where visibility = 'MEMBERS' order by input_hash limit %s",
            [most],
        ).fetchall()
    return [row[0] for row in rows], np.array([row[1].to_numpy() for row in rows], dtype=np.float32)
