"""What an import does with checked rows: whom it makes, what it changes, and what it leaves to the member."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ARRAY, Table, Text, Uuid, any_, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import Viewer, visible_people
from api.errors import NotAllowed
from api.folding import fold
from api.models import (
    Account,
    Connection,
    ConnectionState,
    Experience,
    Institution,
    Person,
    PersonRole,
    PersonText,
    Visibility,
    WebhookTopic,
)
from api.queue import EMBED_MISSING, enqueue
from api.services.audit import log_imports
from api.services.disclosures import keep_back
from api.services.facts import Terms, lock_people, organizations_named, replace_facts_many
from api.services.holds import FERPA_HOLD
from api.services.imports.reports import ImportReport, ImportStatus, RowReport
from api.services.imports.rows import ImportRow, check_row, check_rows
from api.services.merges.aliases import merged_records
from api.services.pairs import pair_of
from api.services.profile_changes import NAMES, PARTS, TEXTS
from api.services.suppressions import Mark, mark_of_address, mark_of_record, suppressed
from api.services.webhooks import announce

CHUNK = 1_000
KEEP = frozenset({Visibility.ME})
_PEOPLE = cast(Table, Person.__table__)


@dataclass(frozen=True)
class Known:
    """A person of this source before the import."""

    id: UUID
    member_edited: frozenset[str]
    values: Mapping[Any, Any]
    settled: bool
    """Signed in or made the choices: these are the person's own from then on."""


async def import_people(
    session: AsyncSession,
    viewer: Viewer,
    rows: Sequence[object],
    *,
    source: str,
    dry_run: bool = False,
    force: bool = False,
) -> ImportReport:
    """Import rows of a source; see docs/importing.md for what a row may say.

    All rows are valid, or nothing is written: Invalid names the first hundred problems, with their rows. `dry_run`
    tells what would happen and changes nothing. `force` also overwrites what members edited. Staff only (NotAllowed).
    """
    if not viewer.is_staff:
        raise NotAllowed("Only staff import people.")
    checked = check_rows(rows, source, check_row)
    nested = await session.begin_nested()
    run = _Run(session, viewer, source, force)
    written: list[ImportRow] = []
    for start in range(0, len(checked), CHUNK):
        written += await run.people(checked[start : start + CHUNK])
    await run.ties(written)
    await run.finish(embed=not dry_run)
    if dry_run:
        await nested.rollback()
    else:
        await nested.commit()
    return ImportReport([run.reports[row.external_id] for row in checked], dry_run)


class _Run:
    """One import on its way."""

    def __init__(self, session: AsyncSession, viewer: Viewer, source: str, force: bool) -> None:
        self.session = session
        self.viewer = viewer
        self.source = source
        self.force = force
        self.reports: dict[str, RowReport] = {}
        self.embeddable = False
        self.changed: dict[UUID, list[str]] = {}

    async def people(self, rows: Sequence[ImportRow]) -> list[ImportRow]:
        """Everything about these people but their ties; the rows of those who are here now."""
        known = await self._known([row.external_id for row in rows])
        for row in rows:
            person = known.get(row.external_id)
            self.reports[row.external_id] = RowReport(row.external_id, item_id=person.id if person else None)
        merged = await merged_records(self.session, self.source, [key for key in self.reports if key not in known])
        for key, person_id in merged.items():
            self.reports[key].item_id = person_id
            self.reports[key].messages.append("this record was merged into another here; nothing was imported")
        rows = [row for row in rows if row.external_id not in merged]
        erased = await suppressed(self.session, [mark for row in rows for mark in row.marks(self.source)])
        rows = [row for row in rows if not self._suppressed(row, erased, known)]
        shut = await self._create([row for row in rows if row.external_id not in known])
        rows = [row for row in rows if row.external_id not in shut]
        await self._rewrite([(row, known[row.external_id]) for row in rows if row.external_id in known])
        await self._facts(rows, known)
        await self._roles(rows)
        await self._accounts([row for row in rows if row.email and mark_of_address(row.email) not in erased])
        return rows

    def _suppressed(self, row: ImportRow, erased: Collection[Mark], known: Mapping[str, Known]) -> bool:
        """Whether the row would bring somebody back. Who shares an address with them, and is here, stays."""
        found = [mark for mark in row.marks(self.source) if mark in erased]
        if not found or row.external_id in known:
            return False
        report = self.reports[row.external_id]
        report.status = ImportStatus.SUPPRESSED
        by = "this id" if found[0] == mark_of_record(self.source, row.external_id) else "an e-mail address of this row"
        report.messages.append(f"{by} is that of somebody who was erased; nothing was imported")
        return True

    def _note(self, row: ImportRow, name: str) -> None:
        report = self.reports[row.external_id]
        report.written.append(name)
        if report.status is ImportStatus.SKIPPED:
            report.status = ImportStatus.UPDATED
        if report.item_id is not None and report.status is not ImportStatus.CREATED:
            self.changed.setdefault(report.item_id, []).append(name)

    def _keep(self, row: ImportRow, name: str) -> None:
        report = self.reports[row.external_id]
        report.status = ImportStatus.CONFLICT
        report.messages.append(f"{name}: kept, since the member edited it (use force to overwrite)")

    def _id(self, row: ImportRow) -> UUID:
        return cast(UUID, self.reports[row.external_id].item_id)

    async def _known(self, external_ids: Sequence[str]) -> dict[str, Known]:
        account = cast(Table, Account.__table__)
        columns = [_PEOPLE.c[name] for name in (*NAMES, *_FLAGS, *_CHOICES, "member_edited", "choices_made_at")]
        rows = await self.session.execute(
            visible_people(self.viewer)
            .add_columns(_PEOPLE.c.external_id, *columns, account.c.first_signed_in_at)
            .outerjoin(account, account.c.person_id == Person.id)
            .where(Person.source == self.source, Person.external_id == any_(_texts(external_ids)))
        )
        known = {
            row["external_id"]: Known(
                row["id"],
                frozenset(row["member_edited"]),
                row,
                settled=row["choices_made_at"] is not None or row["first_signed_in_at"] is not None,
            )
            for row in rows.mappings()
        }
        held = await lock_people(self.session, self.viewer, [person.id for person in known.values()])
        return {key: person for key, person in known.items() if person.id in held}  # the others went meanwhile

    # -------------------------------------------------- the person's own row

    async def _create(self, rows: Sequence[ImportRow]) -> set[str]:
        """Make these people. Gives the ids of the rows whose record is here, and is not for this officer to see, or was
        made by another import at this moment: nothing tells which."""
        values: list[dict[str, Any]] = []
        empty = dict.fromkeys(NAMES) | dict.fromkeys((*_FLAGS, *_CHOICES), False)
        for row in rows:
            report = self.reports[row.external_id]
            report.item_id, report.status = uuid7(), ImportStatus.CREATED
            given = {**row.wanted.names, **row.flags, **self._choices(row)}
            keys = {"id": report.item_id, "source": self.source, "external_id": row.external_id}
            values.append({**empty, **given, **keys})
        if not values:
            return set()
        adding = insert(_PEOPLE).on_conflict_do_nothing(index_elements=["source", "external_id"])
        made = set(await self.session.scalars(adding.returning(_PEOPLE.c.external_id), values))
        shut = {row.external_id for row in rows} - made
        created = [self._id(row) for row in rows if row.external_id in made]
        await announce(self.session, WebhookTopic.PERSON_CREATED, created)
        for key in shut:
            self.reports[key] = RowReport(key, messages=[_SHUT])
        return shut

    async def _rewrite(self, pairs: Sequence[tuple[ImportRow, Known]]) -> None:
        held: list[UUID] = []
        for row, person in pairs:
            changes = {name: value for name, value in self._own_values(row, person) if person.values[name] != value}
            kept = [name for name in changes if name in _EDITABLE and self._protected(_EDITABLE[name], person)]
            for name in kept:
                del changes[name]
                self._keep(row, _EDITABLE[name])
            if row.flags.get("ferpa_hold") is False and person.values["ferpa_hold"]:
                self.reports[row.external_id].messages.append(f"{FERPA_HOLD}: stays, only the person lifts it")
            if changes:
                await self.session.execute(update(_PEOPLE).where(_PEOPLE.c.id == person.id).values(changes))
                for name in changes:
                    self._note(row, name)
            if "ferpa_hold" in changes:
                held.append(person.id)
        if held and await keep_back(self.session, held):
            self.embeddable = True

    def _choices(self, row: ImportRow) -> Mapping[str, bool]:
        """The choices that a row makes for its person: none for somebody who holds back even the studies."""
        return {} if row.flags.get("ferpa_hold") else row.choices

    def _own_values(self, row: ImportRow, person: Known) -> Iterator[tuple[str, Any]]:
        yield from row.wanted.names.items()
        yield from ((name, value or person.values[name]) for name, value in row.flags.items())  # the stricter wins
        if not person.settled and not person.values["ferpa_hold"]:
            yield from self._choices(row).items()

    def _protected(self, name: str, person: Known | None) -> bool:
        return person is not None and name in person.member_edited and not self.force

    # -------------------------------------------------- facts

    async def _facts(self, rows: Sequence[ImportRow], known: Mapping[str, Known]) -> None:
        for attribute, part in PARTS.items():
            given = [row for row in rows if attribute in row.wanted.lists]
            facts = {self._id(row): list(row.wanted.lists[attribute]) for row in given}
            whole = await self._completed(attribute, facts)
            await self._replace(given, known, part.name, part.table, whole, Terms(keep=KEEP))
        for attribute, (kind, _most) in TEXTS.items():
            given = [row for row in rows if attribute in row.wanted.texts]
            facts = {self._id(row): row.wanted.texts[attribute] for row in given}
            await self._replace(given, known, attribute, PersonText, facts, Terms(keep=KEEP, kinds=frozenset({kind})))

    async def _replace(
        self,
        rows: Sequence[ImportRow],
        known: Mapping[str, Known],
        name: str,
        table: Any,
        facts: Mapping[UUID, Sequence[Mapping[str, object]]],
        terms: Terms,
    ) -> None:
        by_id = {self._id(row): row for row in rows}
        kept = {self._id(row) for row in rows if self._protected(name, known.get(row.external_id))}
        free = {person_id: some for person_id, some in facts.items() if person_id not in kept}
        for person_id in await replace_facts_many(self.session, table, free, source=self.source, terms=terms):
            self._note(by_id[person_id], name)
            self.embeddable = True
        if kept:
            trial = await self.session.begin_nested()  # what would change is found by changing it, and taking it back
            held = {person_id: facts[person_id] for person_id in kept}
            for person_id in await replace_facts_many(self.session, table, held, source=self.source, terms=terms):
                self._keep(by_id[person_id], name)
            await trial.rollback()

    async def _completed(
        self, attribute: str, facts: Mapping[UUID, list[Mapping[str, object]]]
    ) -> Mapping[UUID, Sequence[Mapping[str, object]]]:
        """The facts with what follows from other tables."""
        if PARTS[attribute].table is Experience:
            names = {str(one["organization"]) for some in facts.values() for one in some}
            found = await organizations_named(self.session, {name: {} for name in sorted(names)}, source=self.source)
            return {
                person_id: [
                    {key: value for key, value in one.items() if key != "organization"}
                    | {"organization_id": found[str(one["organization"])]}
                    for one in some
                ]
                for person_id, some in facts.items()
            }
        if attribute == "educations" and facts:
            home = fold(await self.session.scalar(select(Institution.name)) or "")
            return {
                person_id: [{**one, "home": bool(home) and fold(str(one["school"])) == home} for one in some]
                for person_id, some in facts.items()
            }
        return facts

    # -------------------------------------------------- roles, accounts, ties

    async def _roles(self, rows: Sequence[ImportRow]) -> None:
        role = cast(Table, PersonRole.__table__)
        wanted = {(self._id(row), one.kind, one.starts_on): (row, one.ends_on) for row in rows for one in row.roles}
        if not wanted:
            return
        values = [
            {"id": uuid7(), "person_id": person_id, "kind": kind, "starts_on": starts, "ends_on": ends}
            for (person_id, kind, starts), (_, ends) in wanted.items()
        ]
        adding = insert(role)
        written = await self.session.execute(
            adding.values(values)
            .on_conflict_do_update(
                index_elements=["person_id", "kind", "starts_on"],
                set_={"ends_on": adding.excluded.ends_on},
                where=role.c.ends_on.is_distinct_from(adding.excluded.ends_on),
            )
            .returning(role.c.person_id)
        )
        by_id = {self._id(row): row for row, _ in wanted.values()}
        for person_id in set(written.scalars()):
            self._note(by_id[person_id], "roles")

    async def _accounts(self, rows: Sequence[ImportRow]) -> None:
        account = cast(Table, Account.__table__)
        emails = [cast(str, row.email) for row in rows]
        people = bindparam("people", [self._id(row) for row in rows], ARRAY(Uuid()))
        taken = {
            row.email: row.person_id
            for row in await self.session.execute(
                select(account.c.email, account.c.person_id).where(
                    or_(account.c.email == any_(_texts(emails)), account.c.person_id == any_(people))
                )
            )
        }
        owners, values = set(taken.values()), list[dict[str, Any]]()
        for row in rows:
            email, person_id = cast(str, row.email), self._id(row)
            if email in taken and taken[email] != person_id:
                self.reports[row.external_id].messages.append(
                    "email: another account has this address; imported without sign-in"
                )
            elif person_id not in owners:
                taken[email] = person_id
                owners.add(person_id)
                values.append({"id": uuid7(), "email": email, "person_id": person_id})
                self._note(row, "email")
        if values:
            await self.session.execute(insert(account).on_conflict_do_nothing(), values)

    async def ties(self, rows: Sequence[ImportRow]) -> None:
        """Known ties, once both people are there. A pair that has a row already keeps it, whatever it says."""
        others = {other for row in rows for other, _ in row.ties} - set(self.reports)
        known = await self._known(sorted(others)) if others else {}
        people = {key: person.id for key, person in known.items()}
        people |= {row.external_id: self._id(row) for row in rows}
        values: dict[tuple[UUID, UUID], dict[str, Any]] = {}
        for row in rows:
            for other, since in row.ties:
                if other not in people:
                    self.reports[row.external_id].messages.append(f"connections: nobody here has the id {other[:40]}")
                elif other != row.external_id:
                    low, high = pair_of(self._id(row), people[other])
                    values.setdefault((low, high), _tie(low, high, self._id(row), since))
        rows_of = {self._id(row): row for row in rows}
        made = list(values.values())
        for start in range(0, len(made), CHUNK):
            tie = cast(Table, Connection.__table__)
            written = await self.session.execute(
                insert(tie).values(made[start : start + CHUNK]).on_conflict_do_nothing().returning(tie.c.requester_id)
            )
            for person_id in set(written.scalars()):
                self._note(rows_of[person_id], "connections")

    async def finish(self, *, embed: bool) -> None:
        """Tell the people concerned, and have what is new embedded."""
        await log_imports(self.session, self.viewer, self.changed)
        noticed = [key for key, names in self.changed.items() if set(names) & _NOTICED]
        await announce(self.session, WebhookTopic.PERSON_UPDATED, noticed)
        if embed and self.embeddable:
            await enqueue(self.session, EMBED_MISSING, lock=EMBED_MISSING)


_FLAGS = ("deceased", "ferpa_hold")
_SHUT = "this record cannot be written now; nothing was imported: try again, or ask a colleague to import it"
_EDITABLE = {name: shown for name, (shown, _) in NAMES.items()} | {"ferpa_hold": FERPA_HOLD}
"""Columns of a person that are kept when the member edited them, and what clients call them."""
_NOTICED = {*NAMES, "deceased", "roles"}
"""What an import writes of a person that the office is told of; where facts are written they are told of too."""
_CHOICES = ("listed", "suggestable", "show_attendance", "mentor_open")


def _texts(values: Sequence[str]) -> Any:
    return bindparam(None, list(values), ARRAY(Text()))


def _tie(low: UUID, high: UUID, requester: UUID, since: str | None) -> dict[str, Any]:
    year, _, month = (since or "").partition("-")
    at = datetime(int(year), int(month or 1), 1, tzinfo=UTC) if since else func.now()
    return {
        "id": uuid7(),
        "low_id": low,
        "high_id": high,
        "requester_id": requester,
        "state": ConnectionState.ACCEPTED,
        "requested_at": at,
        "answered_at": at,
        "connected_at": at,
    }
