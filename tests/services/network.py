"""A few people, and what happens to them, for the tests of the rules."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, event, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import Viewer, ViewerKind
from api.models import Account, AccountRole, EmbeddingModel, FacetKind, Fact, FactVector, Person, Visibility

Record = Mapping[str, Any]


async def add_member(
    session: AsyncSession, name: str = "Ada Byron", *, listed: bool = True, **columns: object
) -> Viewer:
    """A person of the network, as the viewer that they are."""
    person_id = uuid7()
    values = {"id": person_id, "display_name": name, "listed": listed, **columns}
    await session.execute(insert(cast(Table, Person.__table__)).values(**values))
    return Viewer(ViewerKind.MEMBER, person_id)


async def add_officer(session: AsyncSession) -> Viewer:
    """An officer with an account and a profile of their own."""
    member = await add_member(session, "Olga Officer")
    account = Account(
        id=uuid7(), person_id=member.person_id, email=f"{member.person_id}@example.edu", role=AccountRole.STAFF
    )
    session.add(account)
    await session.flush()
    return Viewer(ViewerKind.STAFF, member.person_id, account.id)


async def stored(session: AsyncSession, model: type[Any], **where: object) -> Sequence[Record]:
    """The rows of a table, oldest first, as they are in the database."""
    table = cast(Table, model.__table__)
    statement = select(table).order_by(table.c.id)
    for name, value in where.items():
        statement = statement.where(table.c[name] == value)
    return [dict(row) for row in (await session.execute(statement)).mappings()]


async def embed(session: AsyncSession, table: type[Fact], column: str, facet: FacetKind) -> None:
    """Give every fact of a table that may have one a vector."""
    model = EmbeddingModel(name=f"toy-{uuid7()}", version="1")
    session.add(model)
    await session.flush()
    fact = cast(Table, table.__table__)
    for row in (await session.execute(select(fact.c.id, fact.c.person_id, fact.c.visibility))).all():
        if row.visibility not in {Visibility.ME, Visibility.CONNECTIONS}:
            session.add(
                FactVector(
                    **{column: row.id},
                    person_id=row.person_id,
                    visibility=row.visibility,
                    facet=facet,
                    model_id=model.id,
                    input_hash=b"text",
                    embedding=[0.5] * 384,
                )
            )
    await session.flush()


async def vectors(session: AsyncSession) -> set[UUID]:
    """The facts that have a vector."""
    return set(await session.scalars(select(FactVector.fact_id)))


async def jobs(session: AsyncSession) -> list[tuple[str, str | None, dict[str, Any]]]:
    """What waits in the queue: task, lock, arguments."""
    rows = await session.execute(text("select task_name, lock, args from procrastinate_jobs order by id"))
    return [(row.task_name, row.lock, row.args) for row in rows]


async def database_now(session: AsyncSession) -> Any:
    """The time of the transaction."""
    return await session.scalar(select(func.now()))


@asynccontextmanager
async def counted(session: AsyncSession) -> AsyncGenerator[list[str]]:
    """The texts of the statements that are sent meanwhile."""
    connection = (await session.connection()).sync_connection
    sent: list[str] = []

    def note(*details: Any) -> None:
        sent.append(details[2])

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(connection, "before_cursor_execute", note)
