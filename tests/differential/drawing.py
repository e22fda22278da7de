"""Operations drawn from the schema, and their values from the database: ids, cursors, page sizes, filters, orders."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, cast

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)

from api.access import Viewer
from schema.engine.selections import named_type
from schema.engine.sources import Page, source_of
from schema.ids import encode_id, split_id
from tests.differential.plain import Plain, write_cursor
from tests.differential.selecting import Field, Fragment, Given, Operation, Selection
from tests.differential.tables import Row

MAX_DEPTH = 3
MAX_JOINED = 2
ROOTS: Mapping[str, int] = {
    "viewer": 12, "node": 18, "nodes": 3, "person": 24, "people": 30, "event": 10, "events": 14, "job": 10, "jobs": 14,
    "mentors": 6, "mentorships": 6, "updateProposals": 3, "lostPeople": 3, "personMerges": 3, "webhooks": 2,
    "searchPeople": 3, "searchEvents": 1, "searchJobs": 1, "searchMentors": 1, "recommenders": 1,
}  # fmt: skip
"""How often each root field is drawn. Those of suggestions look at the clock, and at what was shown before."""
FOR_STAFF = frozenset({"updateProposals", "lostPeople", "personMerges", "webhooks"})
TEXTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "name": (("Person", "display_name"),),
    "programme": (("Education", "programme"),),
    "cipCode": (("Education", "cip_code"),),
    "employer": (("Organization", "name"),),
    "title": (("Experience", "title"),),
    "occupationCode": (("Experience", "occupation_code"),),
    "skill": (("Skill", "name"),),
    "interest": (("Interest", "name"),),
    "city": (("Place", "city"), ("Event", "city"), ("Job", "city")),
    "country": (("Place", "country"), ("Event", "country"), ("Job", "country")),
    "contact": (("ContactPoint", "value"),),
    "organizer": (("Event", "organizer"),),
    "topic": (("MentorProfile", "topics"),),
    "words": (("Event", "name"), ("Job", "title")),
    "text": (("Person", "display_name"), ("Skill", "name"), ("Event", "name"), ("Job", "title")),
}
"""Where the texts of filters and searches come from."""
INSTANTS = (("Event", "starts_at"), ("Event", "ends_at"), ("Job", "created_at"))


class Drawer:
    """Draws operations for one viewer."""

    def __init__(self, random: Random, plain: Plain, viewer: Viewer, wanted: set[tuple[str, str]]) -> None:
        self.random = random
        self.plain = plain
        self.viewer = viewer
        self.schema: GraphQLSchema = plain.schema
        self.wanted = wanted
        """Fields that nothing has been seen of yet: they are drawn first."""

    async def operation(self) -> Operation:
        """A query of one or two root fields."""
        roots = [name for name in ROOTS if self.viewer.is_staff or name not in FOR_STAFF or self._seldom(0.05)]
        selections: list[Selection] = []
        for _ in range(1 if self.random.random() < 0.85 else 2):
            (name,) = self.random.choices(roots, [ROOTS[root] for root in roots])
            if not any(one.name == name for one in selections if isinstance(one, Field)):
                selections.append(await self.field(self.schema.query_type, name, 0))
        return Operation(selections)

    async def filtered(self, argument: Any) -> Given:
        """A filter that is nothing but conditions joined, and sometimes turned round: some of them find somebody."""
        kind = named_type(argument)
        join = self.random.choice(["and", "or", "or"])
        each = [await self.filter(kind, MAX_JOINED) for _ in range(self.random.randint(1, 3))]
        declared = kind.fields[join].type
        joined = {join: Given(declared, [Given(declared.of_type, one) for one in each])}
        return Given(argument.type, {"not": Given(argument.type, joined)} if self._seldom(0.25) else joined)

    def _seldom(self, share: float) -> bool:
        return self.random.random() < share

    # ------------------------------------------------------------ selections

    async def field(self, parent: Any, name: str, depth: int) -> Field:
        """A field with what it needs."""
        definition: Any = parent.fields[name]
        field = Field(name, await self.arguments(name, definition))
        named = named_type(definition)
        if is_leaf_type(named):
            return field
        field.type_name = named.name
        if named.name == "Node":
            field.selections = await self.of_node(field, depth)
        else:
            field.selections = await self.selections(named, depth + 1)
        return field

    async def selections(self, kind: Any, depth: int) -> list[Selection]:
        """Some fields of a type; deep down only leaves. An impersonator's own reading is in the log that is read."""
        shown = [name for name in kind.fields if name != "accessLog" or not self.viewer.impersonated]
        leaves = [name for name in shown if is_leaf_type(named_type(kind.fields[name]))]
        objects = [name for name in shown if name not in leaves]
        if kind.name.endswith(("Connection", "Edge")):
            rows = [name for name in ("edges", "nodes", "node") if name in objects and self._seldom(0.75)]
            chosen = list({*rows, *self.some(kind, objects, 2), *self.some(kind, leaves, 1)})
            chosen.sort()
        else:
            chosen = self.some(kind, leaves, 4)
            if depth < MAX_DEPTH:
                chosen += self.some(kind, objects, 1 if self.random.random() < 0.7 else 2)
        chosen = chosen or leaves[:1] or objects[:1]
        self.random.shuffle(chosen)
        return [await self.field(kind, name, depth) for name in chosen]

    def some(self, kind: Any, names: list[str], most: int) -> list[str]:
        """Up to so many of the names, first those of which nothing was seen yet."""
        mixed = self.random.sample(names, len(names))
        mixed.sort(key=lambda name: (kind.name, name) not in self.wanted)
        return mixed[: self.random.randint(0, most)]

    async def of_node(self, field: Field, depth: int) -> list[Selection]:
        """Of an interface: its own field, and what the type has that the id is of, and another."""
        given = field.arguments.get("id") or field.arguments["ids"].value[0]
        kinds = [kind_of(given.value), self.random.choice(self.plain.nodes)]
        found: list[Selection] = [Field("id"), Field("__typename")]
        for place, name in enumerate(dict.fromkeys(kinds)):
            within = await self.selections(self.plain.tables.kind(name), depth + 1)
            for one in within if place else ():
                if isinstance(one, Field):
                    one.alias = f"other{one.name}"
            found.append(Fragment(name, within))
        return found

    # ------------------------------------------------------------ arguments

    async def arguments(self, name: str, definition: Any) -> dict[str, Given]:
        """Values for a field's arguments."""
        source = source_of(definition)
        if "after" in definition.args:
            page = source if isinstance(source, Page) else None
            return await self.page(name, definition, page)
        found: dict[str, Given] = {}
        for argument, declared in definition.args.items():
            if argument == "id":
                found["id"] = Given(declared.type, await self.id_of(definition))
            elif argument == "ids":
                each = [Given(declared.type.of_type.of_type, await self.id_of(definition)) for _ in range(3)]
                found["ids"] = Given(declared.type, each)
            elif argument == "first" and self.random.random() < 0.5:
                found["first"] = Given(declared.type, self.random.randint(1, 5))
        return found

    async def page(self, name: str, definition: Any, source: Page | None) -> dict[str, Given]:
        """A page's arguments, in few cases bad ones."""
        kinds = {argument: declared.type for argument, declared in definition.args.items()}
        backward = source is not None and self._seldom(0.25)
        size = self.random.choice([1, 2, 3, 3, 5, 8, 100])
        found = {"last" if backward else "first": Given(kinds["first"], size)}
        if "text" in kinds:
            found["text"] = Given(kinds["text"], await self.text("text"))
        if source is None:
            return found
        terms: list[tuple[str, str]] = []
        if "orderBy" in kinds and self._seldom(0.5):
            terms = self.order(source)
            found["orderBy"] = order_given(kinds["orderBy"], terms)
        if "filter" in kinds and self._seldom(0.28):
            found["filter"] = Given(kinds["filter"], await self.filter(named_type(definition.args["filter"]), 0))
        if self._seldom(0.2):
            cursor = await self.cursor(source, terms)
            if cursor is not None:
                found["before" if backward else "after"] = Given(kinds["after"], cursor)
        return found

    def order(self, source: Page) -> list[tuple[str, str]]:
        """One or two terms."""
        names = self.random.sample(list(source.orders), min(len(source.orders), self.random.randint(1, 2)))
        return [(name, self.random.choice(["ASC", "DESC"])) for name in names]

    async def cursor(self, source: Page, terms: list[tuple[str, str]]) -> str | None:
        """The cursor of some row of the whole table in this order."""
        ids = await self.plain.tables.ids(source.target)
        if not ids:
            return None
        key, chosen = self.random.choice(ids), terms or [source.default_order]
        order = ",".join(("-" if direction == "DESC" else "+") + name for name, direction in chosen)
        values = [
            str(key) if name == "id" else (await self.plain.tables.keys(self.viewer, source, name))[key][1]
            for name, _ in chosen
        ]
        return write_cursor(f"{source.target}:{order}", *values, str(key))

    async def id_of(self, definition: Any) -> str:
        """The id of some row: mostly of one that the viewer sees, and of any type where any will do."""
        kind = named_type(definition).name
        kinds = self.random.sample(self.plain.nodes, len(self.plain.nodes)) if kind == "Node" else [kind]
        for kind in kinds if self._seldom(0.95) else ():
            visible = await self.plain.tables.visible(self.viewer, kind, alone=True)
            if visible:
                return encode_id(kind, self.random.choice(sorted(visible)))
        return encode_id(kinds[0], self.random.choice(await self.plain.tables.ids(kinds[0])))

    # ------------------------------------------------------------ filters

    async def filter(self, kind: Any, depth: int) -> dict[str, Given]:
        """One or two conditions; sometimes joined or turned round."""
        found: dict[str, Given] = {}
        joins = [name for name in ("and", "or", "not") if name in kind.fields and depth < MAX_JOINED]
        fields = [name for name in kind.fields if name not in {"and", "or", "not"}]
        for name in self.random.sample(fields, min(len(fields), self.random.randint(1, 2))):
            found[name] = await self.comparator(name, kind.fields[name].type)
        if joins and self._seldom(0.4):
            join = self.random.choice(joins)
            declared = kind.fields[join].type
            if join == "not":
                found[join] = Given(declared, await self.filter(kind, depth + 1))
            else:
                each = [await self.filter(kind, depth + 1) for _ in range(self.random.randint(0, 3))]
                found[join] = Given(declared, [Given(declared.of_type, one) for one in each])
        return found

    async def comparator(self, name: str, kind: Any) -> Given:
        """A condition on one field."""
        named = named_in(kind)
        if not isinstance(named, GraphQLInputObjectType):
            return Given(kind, self.random.random() < 0.5)
        chosen = self.random.choice(list(named.fields))
        declared = named.fields[chosen].type
        if chosen == "in":
            element = declared.of_type
            each = [Given(element, await self.compared(name, element)) for _ in range(self.random.randint(0, 3))]
            return Given(kind, {chosen: Given(declared, each)})
        return Given(kind, {chosen: Given(declared, await self.compared(name, declared))})

    async def compared(self, name: str, kind: Any) -> Any:
        """A value to compare with, such as there are in the database."""
        named = named_in(kind)
        if isinstance(named, GraphQLEnumType):
            return self.random.choice(list(named.values))
        drawn: Mapping[str, Callable[[], Any]] = {
            "Int": lambda: self.random.randint(1, 7) if name == "weekday" else self.random.randint(1990, 2002),
            "Boolean": lambda: self._seldom(0.5),
        }
        if named.name in drawn:
            return drawn[named.name]()
        if named.name == "DateTime":
            return await self.stored(INSTANTS)
        if named.name == "ID":
            return encode_id("Organization", self.random.choice(await self.plain.tables.ids("Organization")))
        return await self.text(name)

    async def text(self, name: str) -> str:
        """A text that stands in the database, or a beginning of one, or one that does not."""
        if self._seldom(0.05):
            return self.random.choice(["nobody", "é%_\\'\"", ""])
        found = str(await self.stored(TEXTS.get(name, TEXTS["name"])))
        return found[: self.random.randint(1, len(found))] if name in {"name", "words", "text"} else found

    async def stored(self, places: tuple[tuple[str, str], ...]) -> Any:
        """A value of one of these columns."""
        kind, column = self.random.choice(places)
        if column == "topics":
            topics = source_of(self.plain.tables.kind(kind).fields[column])
            rows = [Row(kind, key) for key in await self.plain.tables.ids(kind)]
            lists = [await self.plain.tables.value(self.viewer, row, column, cast(Any, topics)) for row in rows]
            return self.random.choice([topic for topics in lists for topic in topics])
        values = sorted({one for one in (await self.plain.tables.column(kind, column)).values() if one is not None})
        return self.random.choice(values) if values else "nothing"


def order_given(kind: Any, terms: list[tuple[str, str]]) -> Given:
    """An `orderBy` of these terms."""
    declared = named_in(kind)
    element = kind.of_type
    each = [Given(element, {name: Given(declared.fields[name].type, direction)}) for name, direction in terms]
    return Given(kind, each)


def named_in(kind: Any) -> Any:
    """The type without lists and non-null."""
    return cast(Any, get_named_type)(kind)


def kind_of(text: str) -> str:
    """The type in a global id."""
    return split_id(text)[0]
