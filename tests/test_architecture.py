"""What the folders promise, checked on the code: where people are read, who may call what, what is documented."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    is_introspection_type,
    is_specified_scalar_type,
)

from api import access
from schema.permissions import ADMIN, PUBLIC, STAFF, required_of
from schema.root import build_engine

pytestmark = pytest.mark.timeout(60)
"""They read all code, or start a command: longer than a request takes, on a busy machine."""

PROJECT = Path(__file__).parent.parent
CODE = ("api", "bench", "recommender", "schema", "migrations", "tests")
GUARDED = {"Person", *(model.__name__ for model in access.FACTS)}
"""The models whose rows somebody may not see."""
FOR_STAFF = {
    "importEvents", "importJobs", "importPeople",
    "updateProfile", "placeFerpaHold", "createEvent", "updateEvent", "cancelEvent",
    "graduateCohort", "answerProposal", "updateProposals", "setLost", "lostPeople",
    "mergePersons", "undoMerge", "personMerges",
}  # fmt: skip
"""Root fields of the office."""
READING = {"select", "exists", "get", "get_one", "select_from", "join_from", "join", "outerjoin"}
NOT_A_RULE = {
    "me",
    "languages",
    "level",
    "holds_now",
    "local_today",
    "Viewer",
    "ViewerKind",
    "Claim",
    "FACTS",
    "ANONYMOUS",
}
"""Names of `api.access` that restrict nothing."""
READS_WITHOUT_A_RULE = {
    ("api/auth/viewers.py", "_plan"): "who is asking: before this there is no viewer",
    (
        "recommender/vectors/facts.py",
        "fact_texts",
    ): "the worker embeds for nobody; each vector keeps its level",
    ("recommender/vectors/items.py", "item_texts"): "the same for mentors: who reads vectors joins the rule",
    ("api/services/pairs.py", "lock_pair"): "it holds two rows, whoever may see them, and tells nothing of them",
}
GROWN = {"people", "may_count", "of_the_viewer"}
"""Names of the recommender that carry a rule of `api.access` to those who use them."""
TABLES = "people|educations|experiences|skills|interests|places|contact_points|links|person_texts"
RAW = re.compile(rf"select .*\b(from|join)\s+({TABLES})\b", re.DOTALL | re.IGNORECASE)
MOST_LINES = 400
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "base", "core", "shared"}


def python_files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(path for path in (PROJECT / folder).rglob("*.py") if "node_modules" not in path.parts)


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    return [PROJECT / name for name in listed.splitlines()]


# ---------------------------------------------------------------- every read of people starts at api.access


@dataclass(frozen=True)
class Function:
    """One function of the code, and what it names."""

    place: tuple[str, str]
    body: ast.AST
    rules: frozenset[str]
    """Names that its module imports from `api.access`."""
    tables: frozenset[str]
    """Names that its module binds to guarded tables."""

    def names(self) -> set[str]:
        return _names(self.body)

    def uses_a_rule(self) -> bool:
        """Whether it calls on `api.access`, or on a name that does."""
        return bool(_of_access(self.body) or (self.names() & (self.rules | GROWN)))

    def reads(self) -> bool:
        """Whether it selects from a guarded table."""
        bound = GUARDED | self.tables
        for node in ast.walk(self.body):
            for target, value in _assigned(node):
                if _names(value) & bound and _names(value) & {"__table__", "from_clause", "alias"}:
                    bound.add(target)
        calls = [node for node in ast.walk(self.body) if isinstance(node, ast.Call) and _called(node) in READING]
        return any(_names(argument) & bound for call in calls for argument in call.args)


def _of_access(body: ast.AST) -> set[str]:
    """The rules that are named as `access.rule`."""
    found = {
        node.attr
        for node in ast.walk(body)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "access"
    }
    return found - NOT_A_RULE


def _names(node: ast.AST) -> set[str]:
    found = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    return found | {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        yield node.target.id, node.value
    if not isinstance(node, ast.Assign):
        return
    for target in node.targets:
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = zip(target.elts, node.value.elts, strict=True)
        else:
            pairs = [(target, node.value)]
        yield from ((one.id, value) for one, value in pairs if isinstance(one, ast.Name))


def functions(path: Path) -> Iterator[Function]:
    tree = ast.parse(path.read_text())
    rules = {
        name.asname or name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("api.access")
        for name in node.names
    }
    tables = {target for node in tree.body for target, value in _assigned(node) if _names(value) & GUARDED}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            place = (path.relative_to(PROJECT).as_posix(), node.name)
            yield Function(place, node, frozenset(rules - NOT_A_RULE), frozenset(tables))


def test_every_read_of_people_grows_from_the_access_rules():
    files = [path for path in python_files("api", "recommender", "schema") if "access" not in path.parts]
    found = [function for path in files if "models" not in path.parts for function in functions(path)]
    unruled = {one.place for one in found if one.reads() and not one.uses_a_rule()}
    assert unruled == set(READS_WITHOUT_A_RULE)
    assert {one.place[1] for one in found if one.place[1] in GROWN and _of_access(one.body)} == GROWN


@pytest.mark.parametrize(
    "body",
    [
        "return select(Person.id)",
        "return select(models.Skill).where(models.Skill.id == key)",
        "return session.get(Person, key)",
        "person = models.Person.__table__.alias()\n    return select(person.c.id)",
        "one, two = Skill.__table__.alias(), Account.__table__\n    return select(two.c.id).join(one, true())",
    ],
)
def test_a_read_without_a_rule_would_be_noticed(body: str, tmp_path: Path):
    found = Function(("new.py", "read"), ast.parse(f"def read(session, key):\n    {body}"), frozenset(), frozenset())
    assert found.reads()
    assert not found.uses_a_rule()


def test_no_statement_is_written_as_text_over_people():
    written = {
        (path.relative_to(PROJECT).as_posix(), node.value)
        for path in python_files("api", "recommender", "schema")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and RAW.search(node.value)
    }
    assert written == {  # whether there is anybody at all
        ("api/seed/loading.py", "select exists (select from people)"),
        ("api/serving/databases.py", "select from people limit 1"),
    }


def test_what_is_compiled_once_has_the_viewers_whole_shape_in_its_key():
    """The kind alone is not enough: through somebody's eyes an administrator sees less than that person."""
    halves = [
        (path.relative_to(PROJECT).as_posix(), node.lineno)
        for path in python_files("api", "recommender", "schema")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Tuple)
        if any(isinstance(one, ast.Attribute) and ast.unparse(one).endswith("viewer.kind") for one in node.elts)
    ]
    assert halves == []


# ---------------------------------------------------------------- the schema


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_engine().schema


def test_every_root_field_says_who_may_call_it(schema: GraphQLSchema):
    callable_by: dict[str, set[str]] = {}
    for kind in (schema.query_type, schema.mutation_type):
        assert kind is not None
        for name, definition in cast(dict[str, Any], kind.fields).items():
            required = required_of(definition)
            callable_by.setdefault(required.name, set()).add(name)
            assert required.sentence in (definition.description or ""), name
    assert callable_by[PUBLIC.name] == {"viewer", "identityClaim"}
    assert callable_by[ADMIN.name] == {
        "erasePerson", "startImpersonation", "endImpersonation",
        "webhooks", "createWebhook", "updateWebhook", "rotateWebhookSecret", "deleteWebhook", "redeliver",
    }  # fmt: skip
    assert callable_by[STAFF.name] == FOR_STAFF


def test_everything_in_the_schema_is_described(schema: GraphQLSchema):
    assert [place for place, said in described(schema) if not said] == []


def described(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    """Every type, field, argument, input field and value with its description."""
    for name, kind in schema.type_map.items():
        if is_introspection_type(kind) or is_specified_scalar_type(kind):
            continue
        yield name, kind.description
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field_name, definition in kind.fields.items():
                yield f"{name}.{field_name}", definition.description
                for argument, given in cast(dict[str, Any], getattr(definition, "args", {})).items():
                    yield f"{name}.{field_name}({argument})", given.description
        if isinstance(kind, GraphQLEnumType):
            for value, member in kind.values.items():
                yield f"{name}.{value}", member.description


# ---------------------------------------------------------------- files and names


def test_no_file_is_longer_than_a_reader_can_hold():
    long = [
        (path.relative_to(PROJECT).as_posix(), lines)
        for path in python_files(*CODE)
        if "versions" not in path.parts and (lines := len(path.read_text().splitlines())) > MOST_LINES
    ]
    assert long == []


def test_names_of_modules_say_what_belongs_there():
    vague = [
        path
        for path in python_files(*CODE)
        if VAGUE & {path.stem, *(part for part in path.relative_to(PROJECT).parts[:-1])}
    ]
    assert vague == []


def test_the_top_level_holds_what_the_readme_names():
    top = {path.relative_to(PROJECT).parts[0] for path in tracked_files()}
    assert top <= {
        ".ci", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "SECURITY.md",
        "api", "bench", "docs", "migrations", "pyproject.toml", "recommender", "schema", "schema.graphql", "tests",
    }  # fmt: skip


def test_every_dependency_has_its_line_in_the_readme():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    declared = [*project["dependencies"], *(one for extra in extras for one in extra)]
    names = {re.split(r"[\[=<>~! ]", one, maxsplit=1)[0] for one in declared}
    readme = (PROJECT / "README.md").read_text()
    rows = {name.strip() for row in re.findall(r"^\| ([^|]+) \|", readme, re.MULTILINE) for name in row.split(",")}
    assert names - rows == set()


def test_no_text_names_a_machine_or_a_registry():
    forbidden = re.compile(
        "|".join(["/" + "root/", "/" + "work/", "registry" + r"\.npm", "python" + "hosted", r"pypi\." + "org"])
    )
    named = [
        path.relative_to(PROJECT).as_posix()
        for path in tracked_files()
        if path.suffix not in {".ttf", ".png", ".woff2"} and path.exists() and forbidden.search(path.read_text())
    ]
    assert named == []


def test_the_installed_command_loads_our_schema_from_anywhere(tmp_path: Path):
    """A well-known distribution is named `schema` too."""
    alumni = Path(sys.executable).with_name("alumni")
    done = subprocess.run([alumni, "schema", "--check"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
