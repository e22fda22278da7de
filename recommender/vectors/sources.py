"""The two sources of texts, and how many of their texts lack a vector."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from api.db import AnySelect
from api.models import EmbeddingModel
from recommender.vectors.facts import FACTS
from recommender.vectors.items import ITEMS

SOURCES = (FACTS, ITEMS)


def count_missing() -> AnySelect:
    """How many texts lack a vector of the active model; all of them while there is no model yet."""
    active = select(EmbeddingModel.id).where(EmbeddingModel.active).scalar_subquery()
    counts = [
        select(func.count()).select_from(source.missing(active).subquery()).scalar_subquery() for source in SOURCES
    ]
    total = counts[0] + counts[1]
    return select(total.label("missing"))


async def missing_count(session: AsyncSession) -> int:
    """The number that `count_missing` counts."""
    return await session.scalar(count_missing()) or 0
