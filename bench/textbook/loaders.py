"""One DataLoader per relation, each one SELECT of entities with the same access predicates as our own server's."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import func, nulls_last, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from strawberry.dataloader import DataLoader

from api import access
from api.access import Viewer
from api.models import Education, Experience, Fact, Organization, PersonText, TextKind

FactT = TypeVar("FactT", bound=Fact)
Sessions = async_sessionmaker[AsyncSession]


class Loaders:
    """The loaders of one request."""

    def __init__(self, sessions: Sessions, viewer: Viewer) -> None:
        self._sessions = sessions
        self._viewer = viewer
        self.educations = DataLoader(load_fn=self._facts(Education, lambda one: one.person_id))
        self.experiences = DataLoader(load_fn=self._facts(Experience, lambda one: one.person_id))
        self.bios = DataLoader(load_fn=self._bios)
        self.organizations = DataLoader(load_fn=self._organizations)

    def _facts(self, model: type[FactT], owner: Callable[[FactT], UUID]) -> Callable[[list[UUID]], Any]:
        async def load(people: list[UUID]) -> Sequence[list[FactT]]:
            fact: Any = model
            rows = (
                select(model)
                .where(model.person_id.in_(people), access.sees_fact(self._viewer, model.__table__))
                .order_by(func.coalesce(fact.end_date, "9999").desc(), nulls_last(fact.start_date.desc()), model.id)
            )
            found: dict[UUID, list[FactT]] = defaultdict(list)
            async with self._sessions() as session:
                for one in await session.scalars(rows):
                    found[owner(one)].append(one)
            return [found[person] for person in people]

        return load

    async def _bios(self, people: list[UUID]) -> Sequence[str | None]:
        rows = select(PersonText).where(
            PersonText.person_id.in_(people),
            PersonText.kind == TextKind.BIO,
            access.sees_fact(self._viewer, PersonText.__table__),
        )
        async with self._sessions() as session:
            found = {one.person_id: one.text for one in await session.scalars(rows)}
        return [found.get(person) for person in people]

    async def _organizations(self, keys: list[UUID]) -> Sequence[Organization | None]:
        async with self._sessions() as session:
            rows = await session.scalars(select(Organization).where(Organization.id.in_(keys)))
            found = {one.id: one for one in rows}
        return [found.get(key) for key in keys]
