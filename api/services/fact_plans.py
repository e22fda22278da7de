"""How facts of each kind are told apart, and what has to be done to make the stored ones equal to the wanted ones."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

from uuid_utils.compat import uuid7

from api.folding import fold
from api.models import (
    ContactPoint,
    ContactStatus,
    Education,
    Experience,
    Fact,
    Interest,
    Link,
    PersonText,
    Place,
    Skill,
    Visibility,
)

Row = Mapping[str, object]
"""A fact by column names. Columns left out keep what is stored, or get the table's default in a new row."""

CLOSED = frozenset({Visibility.ME, Visibility.CONNECTIONS})
"""Levels whose facts are never embedded."""

_GIVEN = {"home": False, "completed": True, "registrar_sourced": False, "status": ContactStatus.ACTIVE}
"""What a new row has where it says nothing; all other columns are empty then."""
_VOUCHED = {
    "home": ("school",),
    "registrar_sourced": (
        "school",
        "degree",
        "programme",
        "cip_code",
        "start_date",
        "end_date",
        "completed",
        "honours",
    ),
    "status": ("value",),
}
"""Columns that vouch for others: when one of those changes, they fall back to what a new row has. The registrar's mark
falls only by the person's own hand: whoever else changes the record changes what the registrar recorded."""


@dataclass(frozen=True)
class Kind:
    """How facts of one table are told apart, shown and embedded."""

    columns: tuple[str, ...]
    keys: tuple[Callable[[Row], Hashable], ...]
    """What makes a row the successor of a stored one, from the strictest to the loosest: so that an edited fact keeps
    its id and, above all, the visibility that its owner chose."""
    unique: bool = True
    """Whether the first key occurs once per person (a constraint of the table)."""
    visibility: Visibility = Visibility.MEMBERS
    """The level of a new fact that is given none."""
    embedded: tuple[str, ...] = ()
    """The columns that the embedded text is made of."""
    vectors: str | None = None
    """The column of `fact_vectors` that refers to this table."""
    marks: tuple[str, ...] = ()
    """Columns that say what is kept back of a fact: see `api.services.disclosures`."""


def _folded(row: Row, name: str) -> str:
    return fold(str(row.get(name) or ""))


def _by(*names: str) -> Callable[[Row], Hashable]:
    return lambda row: tuple(row.get(name) for name in names)


def _by_folded(*names: str) -> Callable[[Row], Hashable]:
    return lambda row: tuple(_folded(row, name) for name in names)


KINDS: Mapping[type[Fact], Kind] = {
    Education: Kind(
        columns=(
            *("school", "home", "degree", "programme", "cip_code"),
            *("start_date", "end_date", "completed", "honours", "registrar_sourced"),
        ),
        keys=(
            _by("school", "degree", "programme", "start_date", "end_date"),
            _by_folded("school", "degree", "programme"),
            _by_folded("school"),
        ),
        unique=False,
        embedded=("school", "degree", "programme"),
        vectors="education_id",
        marks=("chosen_visibility", "released_at", "withheld"),
    ),
    Experience: Kind(
        columns=(
            *("organization_id", "title", "occupation_system", "occupation_code"),
            *("start_date", "end_date", "description"),
        ),
        keys=(
            _by("organization_id", "title", "start_date", "end_date"),
            lambda row: (row.get("organization_id"), _folded(row, "title")),
            _by("organization_id"),
        ),
        unique=False,
        embedded=("organization_id", "title", "description"),
        vectors="experience_id",
    ),
    Skill: Kind(
        columns=("name", "kind", "esco_uri"),
        keys=(lambda row: (_folded(row, "name"), row.get("kind")), _by_folded("name")),
    ),
    Interest: Kind(
        columns=("name", "kind"),
        keys=(lambda row: (_folded(row, "name"), row.get("kind")), _by_folded("name")),
    ),
    Place: Kind(columns=("kind", "city", "region", "country", "time_zone"), keys=(_by("kind"),)),
    ContactPoint: Kind(
        columns=("kind", "value", "status"),
        keys=(_by("kind", "value"), _by("kind")),
        visibility=Visibility.CONNECTIONS,
    ),
    Link: Kind(columns=("kind", "url"), keys=(_by("url"), _by("kind"))),
    PersonText: Kind(columns=("kind", "text", "language"), keys=(_by("kind"),), embedded=("text",), vectors="text_id"),
}


@dataclass
class Plan:
    """What has to be done to the facts of one kind, for many people."""

    kind: Kind
    fresh: Visibility | None
    own: bool = False
    """Whether the people write about themselves."""
    people: set[UUID] = field(default_factory=set[UUID])
    noticed: set[UUID] = field(default_factory=set[UUID])
    """Those of the people of whom something changes that others than themselves may see."""
    removed: list[UUID] = field(default_factory=list[UUID])
    unembedded: list[UUID] = field(default_factory=list[UUID])
    """Facts that stay, but whose vectors no longer tell the truth or may no longer exist."""
    changed: list[dict[str, object]] = field(default_factory=list[dict[str, object]])
    added: list[dict[str, object]] = field(default_factory=list[dict[str, object]])
    _levels: set[object] = field(default_factory=set[object])
    """Who sees what changes of one person, before or after."""

    def person(
        self, person_id: UUID, stored: Sequence[Row], wanted: Sequence[Row], keep: frozenset[Visibility]
    ) -> None:
        """Plan one person's facts."""
        touched = len(self.removed) + len(self.changed) + len(self.added)
        self._levels = set[object]()
        left = {cast(UUID, row["id"]): row for row in stored if row["visibility"] not in keep}
        out_of_reach = [row for row in stored if row["visibility"] in keep]
        wanted = self._distinct(wanted, out_of_reach) if self.kind.unique else wanted
        pairs = _pair(self.kind, left, wanted)
        self.removed.extend(left)
        self._levels |= {row["visibility"] for row in left.values()}
        for row, former in pairs:
            if former is None:
                self._add(person_id, row)
            else:
                self._change(person_id, row, former)
        if touched != len(self.removed) + len(self.changed) + len(self.added):
            self.people.add(person_id)
        if self._levels - {Visibility.ME}:
            self.noticed.add(person_id)

    def _distinct(self, wanted: Sequence[Row], taken: Sequence[Row]) -> list[Row]:
        key = self.kind.keys[0]
        seen = {key(row) for row in taken}
        distinct: list[Row] = []
        for row in wanted:
            if key(row) not in seen:
                seen.add(key(row))
                distinct.append(row)
        return distinct

    def _add(self, person_id: UUID, row: Row) -> None:
        content = {name: row.get(name, _GIVEN.get(name)) for name in self.kind.columns}
        visibility = row.get("visibility") or self.fresh or self.kind.visibility
        self._levels.add(visibility)
        self.added.append(
            {"id": uuid7(), "person_id": person_id, "visibility": visibility, "created_at": None, **content}
        )

    def _change(self, person_id: UUID, row: Row, former: Row) -> None:
        content = self._content(row, former)
        asked = row.get("visibility")
        same_level = asked is None or asked in {former["visibility"], former.get("chosen_visibility")}
        same_content = all(content[name] == former[name] for name in content)
        if same_level and same_content:
            return
        visibility = former["visibility"] if same_level else asked
        self._levels |= {former["visibility"], visibility}
        marks = dict.fromkeys(self.kind.marks)
        if marks:
            marks["chosen_visibility"] = former["chosen_visibility"] if same_level else None
            marks["released_at"] = former["released_at"] if same_content else None
        whole = {"id": former["id"], "person_id": person_id, "visibility": visibility, **content, **marks}
        if self.kind.unique and self.kind.keys[0](whole) != self.kind.keys[0](former):
            # Two facts may trade keys, which UPDATE cannot do under a constraint checked row by row.
            self.removed.append(cast(UUID, former["id"]))
            self.added.append({**whole, "created_at": former["created_at"]})
            return
        self.changed.append(whole)
        if self.kind.vectors is not None and (
            visibility in CLOSED
            or former.get("withheld")
            or any(content[name] != former[name] for name in self.kind.embedded)
        ):
            self.unembedded.append(cast(UUID, former["id"]))

    def _content(self, row: Row, former: Row) -> dict[str, object]:
        content = {name: row.get(name, former[name]) for name in self.kind.columns}
        for name, basis in _VOUCHED.items():
            falls = name in content and name not in row and (self.own or name != "registrar_sourced")
            if falls and any(content[other] != former[other] for other in basis):
                content[name] = _GIVEN[name]
        return content


def _pair(kind: Kind, left: dict[UUID, Row], wanted: Sequence[Row]) -> list[tuple[Row, Row | None]]:
    """Each wanted row with the stored one that it continues; what is left in `left` is continued by none."""
    former: dict[int, Row] = {}
    for key in (_by("id"), *kind.keys):
        if not left:
            break
        by_key: dict[Hashable, list[Row]] = defaultdict(list)
        for row in left.values():
            by_key[key(row)].append(row)
        for place, row in enumerate(wanted):
            if place not in former and (alike := by_key.get(key(row))):
                former[place] = alike.pop(0)
                del left[cast(UUID, former[place]["id"])]
    return [(row, former.get(place)) for place, row in enumerate(wanted)]
