"""Rows about one person in every table that refers to people, found from the metadata: what is added later is covered.

Every value is a token of its own, as far as the column's type and checks allow. For each reference that goes with the
person there is a row in which that reference leads to them, beside rows that concern others only.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    Date,
    DateTime,
    Enum,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Uuid,
    insert,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.db import Base
from api.models import DIMENSION, ITEMS, Person
from tests.factories import make_event, make_organization

Values = dict[str, Any]
TABLES: Mapping[str, Table] = Base.metadata.tables
PEOPLE = TABLES["people"]
NOW = datetime.now(UTC)
FIXED: Mapping[str, Values] = {
    "accounts": {"role": "MEMBER"},
    "contact_points": {"kind": "EMAIL", "visibility": "ME"},
    "connections": {"state": "ACCEPTED"},
    "educations": {"visibility": "MEMBERS"},
    "experiences": {"visibility": "MEMBERS", "end_date": None},
    "impersonations": {"expires_at": NOW + timedelta(days=9)},
    "jobs": {"audience": "MEMBERS", "valid_through": NOW + timedelta(days=9), "withdrawn_at": None},
    "mentor_profiles": {"max_mentees": 9, "active_mentees": 0, "paused_until": None},
    "mentorships": {"state": "ACCEPTED"},
    "notifications": {"kind": "CONNECTION_ACCEPTED", "event_id": None},
    "people": {"ferpa_hold": False, "deceased": False, "listed": True},
    "person_roles": {"kind": "ALUMNUS", "ends_on": None},
    "person_texts": {"visibility": "MEMBERS"},
    "places": {"country": "PT"},
    "profile_views": {"visitor": None},
    "registrations": {"state": "CONFIRMED"},
    "webhooks": {"topics": ["PERSON_UPDATED"], "switched_off": None},
}
"""What checks and rules leave no choice in."""
ALTERNATIVES: Mapping[str, tuple[str, ...]] = {
    "item_vectors": ("job_id", "mentor_id", "event_id"),
    "suggestions": ITEMS,
    "suggestion_outcomes": ITEMS,
}
"""Columns of which a row has one."""
ADDRESSES = {("accounts", "email"), ("contact_points", "value")}
PLAIN: list[tuple[type[Any], Any]] = [
    (DateTime, NOW), (Date, date(2001, 2, 3)), (Boolean, False), (Float, 0.5), (Integer, 1),
]  # fmt: skip
PARTIAL = 7
"""The length of a partial date."""
EMBEDDED = {"education_id": "educations", "experience_id": "experiences", "text_id": "person_texts"}


def concerning_people() -> list[Table]:
    """The tables that refer to people, directly or through others, so that what they refer to comes first."""
    found = {PEOPLE}
    while True:
        more = {one for one in TABLES.values() if any(key.column.table in found for key in one.foreign_keys)}
        if more <= found:
            return [table for table in Base.metadata.sorted_tables if table in found]
        found |= more


def single_keys(table: Table) -> dict[str, ForeignKey]:
    """The references of one column each, to tables that concern people, by column, in the order of columns."""
    within = set(concerning_people())
    return {
        column.name: key
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table in within and key.constraint is not None and len(key.constraint.elements) == 1
    }


def _spelled(table: Table, column: Column[Any], token: str) -> Any:
    """The token as a value of the column's type."""
    match column.type:
        case JSONB() if column.name == "evidence":
            return [{"kind": "COHORT", "text": token, "weight": 0.5, "key": token}]
        case JSONB():
            return {token: 1.0}
        case LargeBinary():
            return token.encode()
        case ARRAY():
            return [token]
        case _:
            return f"{token}@example.org" if (table.name, column.name) in ADDRESSES else token


@dataclass
class Holdings:
    """What is held about one person, and beside it about others."""

    session: AsyncSession
    person_id: UUID = field(default_factory=lambda: UUID(int=0))
    tokens: dict[str, str] = field(default_factory=dict[str, str])
    """Each token with the place where it stands, of the person."""
    others: dict[str, str] = field(default_factory=dict[str, str])
    """The same of others."""
    ids: set[str] = field(default_factory=set[str])
    words: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Ids of the person's rows and their tokens, by table."""
    own: dict[str, UUID] = field(default_factory=dict[str, UUID])
    """A row about the person, by table: the one whose first reference leads to them."""
    theirs: dict[str, UUID] = field(default_factory=dict[str, UUID])
    """A row that does not concern the person, by table."""
    people: list[UUID] = field(default_factory=list[UUID])
    """Somebody before the person, and somebody after: pairs are stored in the order of ids."""
    event_id: UUID = field(default_factory=lambda: UUID(int=0))
    model_id: int = 0

    async def row(self, table: Table, *, own: bool, **given: Any) -> UUID:
        """A new row, whose tokens are the person's or those of others."""
        values: Values = {}
        for column in table.columns:
            if column.name in given:
                values[column.name] = given[column.name]
            elif column.computed is None and column.identity is None:
                values[column.name] = await self._value(table, column, own)
        await self.session.execute(insert(table).values(values))
        key = values.get("id")
        if own and key is not None:
            self.ids.add(str(key))
            self.words[table.name].append(str(key))
        return key or uuid7()

    async def _value(self, table: Table, column: Column[Any], own: bool) -> Any:
        fixed = FIXED.get(table.name, {})
        if column.name in fixed:
            return fixed[column.name]
        for key in column.foreign_keys:
            return await self._outside(key.column.table.name, own)
        return self._filled(table, column, own)

    async def _outside(self, table: str, own: bool) -> Any:
        """Something that does not concern people by itself."""
        if table == "organizations":
            made = await make_organization(self.session, self._token("organizations.name", own))
            if own:
                self.ids.add(str(made.id))
            return made.id
        return {"events": self.event_id, "embedding_models": self.model_id}[table]

    def _token(self, place: str, own: bool) -> str:
        kept = self.tokens if own else self.others
        token = f"zq{'own' if own else 'oth'}{len(kept):05}x"
        kept[token] = place
        if own:
            self.words[place.partition(".")[0]].append(token)
        return token

    def _filled(self, table: Table, column: Column[Any], own: bool) -> Any:
        kind = column.type
        for of, value in PLAIN:
            if isinstance(kind, of):
                return value
        if isinstance(kind, Enum):
            return next(name for name in kind.enums if name not in {"CANCELLED", "ME"})
        if isinstance(kind, HALFVEC):
            return [0.25 if own else 0.75] * DIMENSION
        if isinstance(kind, Uuid):
            key = uuid7()
            if own:
                self.ids.add(str(key))
            return key
        if isinstance(kind, String) and kind.length == PARTIAL:
            return "2001-02"
        return _spelled(table, column, self._token(f"{table.name}.{column.name}", own))

    # ------------------------------------------------------------ all tables

    async def fill(self) -> None:
        """Rows in every table."""
        self.event_id = (await make_event(self.session, capacity=100)).id
        before, self.person_id, after = (uuid7() for _ in range(3))
        self.people = [before, after]
        for key in self.people:
            await self.row(PEOPLE, own=False, id=key)
        await self.row(PEOPLE, own=True, id=self.person_id)
        self.ids.add(str(self.person_id))
        model = TABLES["embedding_models"]
        named = insert(model).values(name="m", version="1").returning(model.c.id)
        self.model_id = await self.session.scalar(named) or 0
        for table in concerning_people():
            if table is not PEOPLE:
                await self._fill(table)

    async def _fill(self, table: Table) -> None:
        if table.name == "fact_vectors":
            await self._fill_vectors(table)
            return
        keys = single_keys(table)
        leading = [name for name, key in keys.items() if key.ondelete == "CASCADE"]
        assert leading, f"{table.name} concerns people, and nothing of it goes with them"
        theirs = self._references(keys, None)
        self.theirs[table.name] = await self.row(table, own=False, **theirs | self._more(table, theirs, None))
        for name in leading:
            given = self._references(keys, name)
            made = await self.row(table, own=True, **given | self._more(table, given, name))
            self.own.setdefault(table.name, made)

    def _references(self, keys: Mapping[str, ForeignKey], leading: str | None) -> Values:
        """Where the references of a row lead: `leading` to what is the person's, the others to what is of others."""
        before, after = self.people
        found: Values = {}
        spare = [before, after] if leading is None else [after]
        past = leading is None
        for name, key in keys.items():
            target = key.column.table.name
            if name == leading:
                past = True
                found[name] = self.person_id if target == "people" else self.own[target]
            elif key.ondelete == "SET NULL":  # their rows may refer to the person, and stay without
                found[name] = (self.theirs if leading else self.own).get(target)
            elif target == "people":
                found[name] = spare.pop(0) if past else before
            else:
                found[name] = self.theirs[target]
        return found

    def _more(self, table: Table, given: Values, leading: str | None) -> Values:
        """What the references leave no choice in."""
        if table.name == "connections":
            return {"requester_id": given["low_id"]}
        alternatives = ALTERNATIVES.get(table.name, ())
        chosen = leading if leading in alternatives else next(iter(alternatives), None)
        return {name: None for name in alternatives if name != chosen}

    async def _fill_vectors(self, table: Table) -> None:
        for own, facts, person_id in ((True, self.own, self.person_id), (False, self.theirs, self.people[0])):
            for column, of in EMBEDDED.items():
                refers = {**dict.fromkeys(EMBEDDED), column: facts[of], "person_id": person_id}
                await self.row(table, own=own, visibility="MEMBERS", **refers)


async def fill(session: AsyncSession) -> Holdings:
    """Everything that can be held about a person."""
    found = Holdings(session)
    await found.fill()
    await session.flush()
    assert await session.get(Person, found.person_id) is not None
    return found
