"""The one place where facts are written: what stays, what changes, what goes, and which vectors go with it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Enum,
    String,
    Table,
    TableValuedAlias,
    Text,
    Uuid,
    any_,
    bindparam,
    column,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine
from uuid_utils.compat import uuid7

from api.access import Viewer, owns_tie, recorded, sees_fact, sees_tie, visible_people
from api.errors import Conflict, NotAllowed, NotFound
from api.folding import fold
from api.models import (
    DIRECTORY_COLUMNS,
    Connection,
    Education,
    Fact,
    FactVector,
    Organization,
    Person,
    Visibility,
    WebhookTopic,
)
from api.queue import EMBED_PERSON, enqueue
from api.services.disclosures import OPEN, keep_back, must_stay_closed
from api.services.fact_plans import CLOSED, KINDS, Kind, Plan, Row
from api.services.webhooks import announce

_CHUNK = 1000

# ---------------------------------------------------------------- people


async def lock_people(session: AsyncSession, viewer: Viewer, people: Collection[UUID]) -> set[UUID]:
    """Hold the rows of those of these people whom the viewer sees, until the transaction ends; gives their ids.

    Whoever writes somebody's facts does this first. Rows are taken in one order, so that nobody waits in a circle.
    """
    found = await session.scalars(
        visible_people(viewer)
        .where(Person.id == any_(bindparam("people", list(people), type_=ARRAY(Uuid()))))
        .order_by(Person.id)
        .with_for_update(of=Person, key_share=True)
    )
    return set(found)


# ---------------------------------------------------------------- replacing


@dataclass(frozen=True)
class Terms:
    """What a replacement of facts leaves alone, and how open new facts are."""

    fresh: Visibility | None = None
    """The level of new facts whose row gives none; None stands for the kind's own."""
    keep: frozenset[Visibility] = frozenset()
    """Facts at these levels are left alone: an officer must not touch what only its owner sees."""
    kinds: frozenset[StrEnum] | None = None
    """If given, only facts of these `kind`s are compared and replaced."""
    own: bool = False
    """Whether the people write about themselves: what they change is their word from then on, not the registrar's."""


async def replace_facts(
    session: AsyncSession,
    person_id: UUID,
    table: type[Fact],
    rows: Sequence[Row],
    *,
    source: str | None,
    terms: Terms = Terms(),
) -> bool:
    """Make one person's facts of a table equal to `rows`; whether that changed anything. See `replace_facts_many`."""
    return bool(await replace_facts_many(session, table, {person_id: rows}, source=source, terms=terms))


async def replace_facts_many(
    session: AsyncSession,
    table: type[Fact],
    wanted: Mapping[UUID, Sequence[Row]],
    *,
    source: str | None,
    terms: Terms = Terms(),
) -> set[UUID]:
    """Make the facts of a table of each of these people equal to their rows; gives the people who changed.

    The caller holds the people's rows (`lock_people`). A row continues the stored fact that its `id` names, or else the
    one most like it; a row equal to its fact touches nothing. `visibility` in a row counts for new and stored facts;
    without it, stored facts keep theirs and new ones are as open as the terms say. Of rows with one natural key, the
    first counts. At most five statements per thousand people, and four more to keep back what must not be shown.
    """
    changed: set[UUID] = set()
    for people in _chunks(list(wanted)):
        plan = Plan(KINDS[table], terms.fresh, terms.own)
        stored = await _stored_facts(session, table, people, terms.kinds)
        for person_id in people:
            plan.person(person_id, stored.get(person_id, []), wanted[person_id], terms.keep)
        await _carry_out(session, table, plan, source)
        if table is Education and (plan.added or plan.changed):
            await keep_back(session, plan.people)
        await announce(session, WebhookTopic.PERSON_UPDATED, plan.noticed)
        changed |= plan.people
    return changed


def _chunks(people: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(people), _CHUNK):
        yield people[start : start + _CHUNK]


async def _stored_facts(
    session: AsyncSession, table: type[Fact], people: Sequence[UUID], kinds: frozenset[StrEnum] | None
) -> Mapping[UUID, list[Row]]:
    """All facts of these people, by person: what is written is compared with everything, whoever may see it."""
    fact = _table(table)
    names = ("id", "person_id", "visibility", "created_at", *KINDS[table].columns, *KINDS[table].marks)
    statement = (
        select(*(_recorded(fact, name) for name in names))
        .where(fact.c.person_id == any_(bindparam("people", list(people), type_=ARRAY(Uuid()))))
        .order_by(fact.c.id)
    )
    if kinds is not None:
        statement = statement.where(fact.c.kind.in_(kinds))
    found: dict[UUID, list[Row]] = defaultdict(list)
    for row in (await session.execute(statement)).mappings():
        found[cast(UUID, row["person_id"])].append(dict(row))
    return found


def _recorded(fact: Table, name: str) -> ColumnElement[Any]:
    kept_back = fact is Education.__table__ and name in DIRECTORY_COLUMNS
    return recorded(fact, name).label(name) if kept_back else fact.c[name]


async def _carry_out(session: AsyncSession, table: type[Fact], plan: Plan, source: str | None) -> None:
    fact, kind = _table(table), plan.kind
    if plan.removed:
        await session.execute(delete(fact).where(fact.c.id == any_(_ids(plan.removed))))
    await _delete_vectors(session, kind, plan.unembedded)
    if plan.changed:
        names = ("visibility", *kind.columns, *kind.marks)
        given = _given(fact, ("id", *names), plan.changed)
        await session.execute(
            update(fact)
            .where(fact.c.id == given.c.id)
            .values({name: given.c[name] for name in names} | {"source": source})
        )
    if plan.added:
        names = ("id", "person_id", "visibility", *kind.columns)
        given = _given(fact, (*names, "created_at"), plan.added)
        await session.execute(
            insert(fact).from_select(
                [*names, "created_at", "source"],
                select(
                    *(given.c[name] for name in names),
                    func.coalesce(given.c.created_at, func.now()),
                    bindparam("source", source, type_=Text()),
                ),
            )
        )


async def _delete_vectors(session: AsyncSession, kind: Kind, facts: Sequence[UUID]) -> None:
    if facts and kind.vectors is not None:
        vectors = _table(FactVector)
        await session.execute(delete(vectors).where(vectors.c[kind.vectors] == any_(_ids(facts))))


def _table(model: type[Any]) -> Table:
    return cast(Table, model.__table__)


def _ids(values: Sequence[UUID]) -> Any:
    return bindparam("ids", list(values), type_=ARRAY(Uuid()))


def _given(fact: Table, names: Sequence[str], rows: Sequence[Row]) -> TableValuedAlias:
    """The rows as a table: one array per column, so that one statement text serves any number of rows."""
    columns = {name: _sent_as(fact.c[name].type) for name in names}
    arrays = (
        bindparam(f"given_{name}", [row[name] for row in rows], type_=ARRAY(kind)) for name, kind in columns.items()
    )
    return (
        func.unnest(*arrays)
        .table_valued(*(column(name, kind) for name, kind in columns.items()), name="given")
        .render_derived()
    )


def _sent_as(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """Enumerations and short strings travel as text: the table's own constraints check them."""
    if isinstance(kind, Enum | String):
        return Text()
    return DateTime(timezone=True) if isinstance(kind, DateTime) else kind


# ---------------------------------------------------------------- organisations


async def organization_named(
    session: AsyncSession,
    name: str,
    *,
    source: str | None = None,
    industry: str | None = None,
    country: str | None = None,
) -> UUID:
    """The organisation of this name, made if there is none; see `organizations_named`."""
    found = await organizations_named(session, {name: {"industry": industry, "country": country}}, source=source)
    return found[name]


async def organizations_named(
    session: AsyncSession, details: Mapping[str, Row], *, source: str | None = None
) -> dict[str, UUID]:
    """The organisations of these names, by name as given; those that do not exist are made.

    Names that fold alike are one organisation. Each name comes with its details, which may be empty: `industry` and
    `country` are used for those that are made; stored organisations stay as they are. Two transactions may make the
    same ones at once: the second waits for the first, and both insert in one order.
    """
    if not details:
        return {}
    found = await _organizations(session, list(details))
    missing = sorted((name for name in details if name not in found), key=fold)
    if missing:
        rows = [
            {"id": uuid7(), "name": name, **{key: details[name].get(key) for key in ("industry", "country")}}
            for name in missing
        ]
        organization, columns = _table(Organization), ("id", "name", "industry", "country")
        given = _given(organization, columns, rows)
        await session.execute(
            upsert(organization)
            .from_select(
                [*columns, "source"],
                select(*(given.c[name] for name in columns), bindparam("source", source, type_=Text())),
            )
            .on_conflict_do_nothing(index_elements=["name_folded"])
        )
        found |= await _organizations(session, missing)
    return found


async def _organizations(session: AsyncSession, names: Sequence[str]) -> dict[str, UUID]:
    """Those that exist, held until the transaction ends: an erasure takes away what nothing names."""
    organization = _table(Organization)
    given = (
        func.unnest(bindparam("names", list(names), type_=ARRAY(Text())))
        .table_valued(column("name", Text()), name="given")
        .render_derived()
    )
    named = organization.c.name_folded == func.alumni_fold(given.c.name)
    held = select(given.c.name, organization.c.id).join_from(given, organization, named).order_by(organization.c.id)
    statement = held.with_for_update(of=organization, read=True, key_share=True)
    rows = await session.execute(statement)
    return {row.name: row.id for row in rows}


# ---------------------------------------------------------------- visibility


async def set_visibility(
    session: AsyncSession, viewer: Viewer, fact_type: type[Fact] | type[Connection], fact_id: UUID, level: Visibility
) -> None:
    """Let the owner of a fact, or of one end of a connection, say who sees it.

    Raises NotAllowed to an officer who sees somebody else's fact, and NotFound to everybody else, with one message;
    Conflict for an education that a hold, or the list of directory information, keeps to the office.
    """
    # As every writer of facts does: two of them would else take a fact and its vectors in opposite orders.
    await lock_people(session, viewer, [viewer.key])
    if issubclass(fact_type, Connection):
        await _set_tie_visibility(session, viewer, fact_id, level)
        return
    fact, kind = _table(fact_type), KINDS[fact_type]
    statement = (
        visible_people(viewer)
        .add_columns(fact.c.visibility)
        .join(fact, fact.c.person_id == Person.id)
        .where(fact.c.id == fact_id, sees_fact(viewer, fact))
        .with_for_update(of=fact)
    )
    if kind.marks:
        closed = must_stay_closed(fact, Person.__table__)
        statement = statement.add_columns(fact.c.chosen_visibility, Person.ferpa_hold, closed.label("closed"))
    found = (await session.execute(statement)).one_or_none()
    _refuse_unless_owner(viewer, found is not None, {found.id} if found else set())
    if found is None:
        return
    if kind.marks and level in OPEN and found.closed:
        _refuse_to_open(held=found.ferpa_hold)
    if found.visibility == level and not (kind.marks and found.chosen_visibility):
        return
    if level in CLOSED:
        await _delete_vectors(session, kind, [fact_id])
    await session.execute(
        update(fact)
        .where(fact.c.id == fact_id)
        .values({"visibility": level, **({"chosen_visibility": None} if kind.marks else {})})
    )
    await announce(session, WebhookTopic.PERSON_UPDATED, [found.id])  # to or from a level that the office sees
    if kind.vectors is not None and level not in CLOSED:
        await enqueue_embedding(session, found.id)


def _refuse_unless_owner(viewer: Viewer, seen: bool, owners: set[UUID]) -> None:
    if viewer.person_id in owners:
        return
    if seen and viewer.is_staff:
        raise NotAllowed("Only the owner of a fact decides who sees it.", ("input", "factId"))
    raise NotFound("There is no such fact of yours.", ("input", "factId"))


def _refuse_to_open(*, held: bool) -> None:
    if held:
        message = "Your FERPA hold keeps what you studied here to the office. Lift the hold first: setFerpaHold."
    else:
        message = "That you studied here is no directory information. Release the record first: releaseEducation."
    raise Conflict(message, ("input", "level"))


async def _set_tie_visibility(session: AsyncSession, viewer: Viewer, tie_id: UUID, level: Visibility) -> None:
    tie = _table(Connection)
    seen = or_(owns_tie(viewer, tie), sees_tie(viewer, tie))
    statement = select(tie.c.low_id, tie.c.high_id).where(tie.c.id == tie_id, seen).with_for_update(of=tie)
    found = (await session.execute(statement)).one_or_none()
    _refuse_unless_owner(viewer, found is not None, {found.low_id, found.high_id} if found else set())
    if found is not None:
        end = tie.c.low_visibility if found.low_id == viewer.person_id else tie.c.high_visibility
        await session.execute(update(tie).where(tie.c.id == tie_id).values({end: level}))


async def enqueue_embedding(session: AsyncSession, person_id: UUID) -> None:
    """Have the person's facts embedded once this transaction is committed; jobs of one person run one by one."""
    await enqueue(session, EMBED_PERSON, lock=f"embed:{person_id}", person_id=str(person_id))
