"""A world at work: how it is asked, and how answers are read."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from recommender.embeddings import HashEmbedder
from schema.ids import encode_id
from tests.conftest import Answer, Api
from tests.schema.worlds import Asker, Someone, World

COUNTS = "(first: 100) { value count }"


class HashedSearches:
    """Search texts become vectors by the same hashing as the facts."""

    async def embed(self, text: str) -> NDArray[np.float32]:
        return HashEmbedder().embed([text])[0]


@dataclass
class Case:
    """A world, and the means to ask about it and to change it."""

    world: World
    api: Api
    session: AsyncSession

    async def ask(self, query: str, asker: Asker, **variables: Any) -> Any:
        answer = await self.answer(query, asker, **variables)
        assert answer.errors == []
        return answer.data

    async def answer(self, query: str, asker: Asker, **variables: Any) -> Answer:
        return await self.api(query, as_=asker.account, through=asker.through, **variables)


def person_id(person: Someone) -> str:
    return encode_id("Person", person.id)


def ids(page: Any) -> set[str]:
    return {node["id"] for node in page["nodes"]}
