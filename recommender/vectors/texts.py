"""What a source of texts is: something that is embedded, text by text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from api.db import AnySelect

ModelId = int | ColumnElement[Any]


@dataclass(frozen=True)
class Missing:
    """A text without a vector of the model, and what it is the text of."""

    id: UUID
    text: str


class TextSource(Protocol):
    """What is embedded. Its writes take only what is still there and still says the same."""

    def missing(self, model_id: ModelId, person_ids: Sequence[UUID] | None = None) -> AnySelect:
        """SELECT of (id, words) that lack a vector of the model; those of some people, or all."""
        ...

    async def known(self, session: AsyncSession, model_id: int, hashes: Sequence[bytes]) -> Mapping[bytes, str]:
        """Vectors of texts that were embedded before, for whomever, by the texts' digests."""
        ...

    async def store(self, session: AsyncSession, model_id: int, made: Sequence[tuple[Missing, bytes, str]]) -> None:
        """Write vectors: (what, the text's digest, the vector as `spell` spells it)."""
        ...

    async def forget(self, session: AsyncSession, but: int) -> None:
        """Delete the vectors of all models but one."""
        ...


def spell(vector: NDArray[np.float32]) -> str:
    """A vector as PostgreSQL reads it."""
    return "[" + ",".join(f"{value:.6g}" for value in vector) + "]"
