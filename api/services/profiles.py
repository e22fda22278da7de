"""Who may change a profile, what a change leaves alone, and what follows from it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ARRAY, Table, Uuid, any_, bindparam, select, update
from sqlalchemy import Row as Record
from sqlalchemy.ext.asyncio import AsyncSession

from api.access import Viewer, sees_fact, visible_people
from api.db import AnySelect
from api.errors import NotAllowed, NotFound
from api.folding import fold
from api.models import Experience, Fact, Institution, Person, PersonText, Visibility, WebhookTopic
from api.services.audit import log_edit
from api.services.callers import own_person_id
from api.services.fact_plans import KINDS, Row
from api.services.facts import Terms, enqueue_embedding, organizations_named, replace_facts
from api.services.inputs import Checker
from api.services.lost_people import forget_lost
from api.services.profile_changes import NAMES, PARTS, TEXTS, ProfileChanges, Wanted, check_changes
from api.services.webhooks import announce
from api.statements import Statements

_STATEMENTS = Statements(most=10)
OWN = frozenset({Visibility.ME})
"""What only its owner sees: an officer's edit neither reads nor touches it."""


async def update_my_profile(session: AsyncSession, viewer: Viewer, changes: ProfileChanges) -> None:
    """Change the viewer's own profile. What really changes counts as edited by the member: imports leave it alone then.

    Raises NotFound if the viewer has no profile, and Invalid with every problem of the input.
    """
    await _update(session, viewer, own_person_id(viewer), changes)


async def update_profile(session: AsyncSession, viewer: Viewer, person_id: UUID, changes: ProfileChanges) -> None:
    """Change somebody's profile, as an officer: noted for the person to see, and never as edited by the member.

    What only the owner sees stays as it is. Raises NotFound for people whom the viewer does not see, NotAllowed to all
    but officers and the owner, and Invalid with every problem of the input.
    """
    await _update(session, viewer, person_id, changes)


async def amend_profile(session: AsyncSession, viewer: Viewer, person_id: UUID, changes: ProfileChanges) -> None:
    """As `update_profile`, but a list adds to the former list or continues facts of it, and removes nothing."""
    await _update(session, viewer, person_id, changes, amend=True)


async def _update(
    session: AsyncSession, viewer: Viewer, person_id: UUID, changes: ProfileChanges, *, amend: bool = False
) -> None:
    person = await _locked_person(session, viewer, person_id)
    own = viewer.person_id == person_id
    if not own and not viewer.is_staff:
        raise NotAllowed("Only the owner or staff may change a profile.", ("input", "personId"))
    check = Checker()
    wanted = check_changes(check, changes, may_set_visibility=own)
    await refuse_foreign_facts(session, viewer, person_id, check, wanted)
    check.raise_problems()

    edited = await _write_names(session, person, wanted)
    if edited:
        await announce(session, WebhookTopic.PERSON_UPDATED, [person_id])
    rest = partial(_with_the_rest, session, viewer, person_id) if amend else None
    terms = Terms(own=True) if own else Terms(keep=OWN)
    written = await _write_facts(session, person_id, wanted, terms, rest)
    edited += [name for name, _ in written]
    if own:
        await _remember_edits(session, person, edited)
        await forget_lost(session, person_id)
    else:
        await log_edit(session, viewer, person_id, edited)
    if any(KINDS[table].vectors for _, table in written):
        await enqueue_embedding(session, person_id)


async def _locked_person(session: AsyncSession, viewer: Viewer, person_id: UUID) -> Record[Any]:
    """The person, held until the transaction ends: two edits at once come one after the other."""
    given = {"viewer": viewer.key, "person": person_id}
    found = await _STATEMENTS.rows(session, ("locked", viewer.shape), lambda: _locking(viewer), given)
    if not found:
        raise NotFound("There is no such person.", ("input", "personId"))
    return found[0]


def _locking(viewer: Viewer) -> AnySelect:
    columns = cast(Table, Person.__table__).c
    return (
        visible_people(viewer)
        .add_columns(columns.member_edited, *(columns[name] for name in NAMES))
        .where(Person.id == bindparam("person", type_=Uuid()))
        .with_for_update(of=Person, key_share=True)
    )


async def refuse_foreign_facts(
    session: AsyncSession, viewer: Viewer, person_id: UUID, check: Checker, wanted: Wanted
) -> None:
    """Every id in a list must be that of a fact of this kind and person that the viewer sees."""
    for field, rows in wanted.lists.items():
        ids = [cast(UUID, row["id"]) for row in rows if "id" in row]
        known = await _visible_facts(session, viewer, person_id, PARTS[field].table, ids) if ids else set[UUID]()
        for place, row in enumerate(rows):
            if "id" in row and row["id"] not in known:
                check.note(
                    ("input", PARTS[field].name, str(place), "id"),
                    "is not the id of such a fact of this person: leave it out to add a new one",
                )


async def _with_the_rest(
    session: AsyncSession, viewer: Viewer, person_id: UUID, field: str, rows: Sequence[Row]
) -> Sequence[Row]:
    """The rows, and before them all facts that none of them continues, so that nothing goes."""
    kind = KINDS[PARTS[field].table]
    fact = cast(Table, PARTS[field].table.__table__)
    of_person = (
        visible_people(viewer)
        .add_columns(fact.c.id.label("fact_id"), *(fact.c[name] for name in kind.columns))
        .join(fact, fact.c.person_id == Person.id)
        .where(Person.id == person_id, sees_fact(viewer, fact))
        .order_by(fact.c.id)
    )
    found = (await session.execute(of_person)).mappings()
    stored = [{"id": row["fact_id"], **{name: row[name] for name in kind.columns}} for row in found]
    ids = {row["id"] for row in rows if "id" in row}
    keys = {kind.keys[0](row) for row in rows}
    whole = [*(row for row in stored if row["id"] not in ids and kind.keys[0](row) not in keys), *rows]
    check = Checker()
    check.count(("input", PARTS[field].name), whole, most=PARTS[field].most)
    check.raise_problems()
    return whole


async def _visible_facts(
    session: AsyncSession, viewer: Viewer, person_id: UUID, table: type[Fact], ids: Sequence[UUID]
) -> set[UUID]:
    fact = cast(Table, table.__table__)
    statement = (
        visible_people(viewer)
        .add_columns(fact.c.id.label("fact_id"))
        .join(fact, fact.c.person_id == Person.id)
        .where(
            Person.id == person_id,
            fact.c.id == any_(bindparam("ids", list(ids), type_=ARRAY(Uuid()))),
            sees_fact(viewer, fact),
        )
    )
    return {row.fact_id for row in await session.execute(statement)}


async def _write_names(session: AsyncSession, person: Record[Any], wanted: Wanted) -> list[str]:
    """Write the names that differ; what clients call them."""
    changed = {field: value for field, value in wanted.names.items() if getattr(person, field) != value}
    if changed:
        people = cast(Table, Person.__table__)
        await session.execute(update(people).where(people.c.id == person.id).values(changed))
    return [NAMES[field][0] for field in changed]


async def _write_facts(
    session: AsyncSession,
    person_id: UUID,
    wanted: Wanted,
    terms: Terms,
    rest: Callable[[str, Sequence[Row]], Awaitable[Sequence[Row]]] | None,
) -> list[tuple[str, type[Fact]]]:
    """Write the lists and texts that differ; what clients call them, and their tables."""
    written: list[tuple[str, type[Fact]]] = []
    for field, rows in wanted.lists.items():
        part = PARTS[field]
        whole = await _completed(session, field, rows)
        whole = whole if rest is None else await rest(field, whole)
        if await replace_facts(session, person_id, part.table, whole, source=None, terms=terms):
            written.append((part.name, part.table))
    for field, rows in wanted.texts.items():
        of_kind = replace(terms, kinds=frozenset({TEXTS[field][0]}))
        if await replace_facts(session, person_id, PersonText, rows, source=None, terms=of_kind):
            written.append((field, PersonText))
    return written


async def _completed(session: AsyncSession, field: str, rows: Sequence[Row]) -> Sequence[Row]:
    """The rows with what follows from other tables: an experience's organisation, and whether a school is our own."""
    if PARTS[field].table is Experience:
        found = await organizations_named(session, {str(row["organization"]): {} for row in rows})
        return [
            {key: value for key, value in row.items() if key != "organization"}
            | {"organization_id": found[str(row["organization"])]}
            for row in rows
        ]
    if field == "educations" and rows:
        institution = await session.scalar(select(Institution.name))
        home = {"home": True} if institution else {}
        return [{**row, **home} if fold(str(row["school"])) == fold(institution or "") else row for row in rows]
    return rows


async def _remember_edits(session: AsyncSession, person: Record[Any], edited: Sequence[str]) -> None:
    remembered = sorted({*person.member_edited, *edited})
    if remembered != sorted(person.member_edited):
        people = cast(Table, Person.__table__)
        await session.execute(update(people).where(people.c.id == person.id).values(member_edited=remembered))
