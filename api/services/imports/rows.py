"""What one row of an import may say, and what is wrong with it. docs/importing.md has the format for people."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from datetime import date
from enum import StrEnum
from typing import Any, Protocol, TypeVar, cast

from api.errors import Invalid, Problem
from api.models import ContactKind, LinkKind, PersonRoleKind, PlaceKind, TagKind, Visibility
from api.services import profile_changes as changes
from api.services.inputs import Checker
from api.services.profile_changes import ProfileChanges, Wanted, check_changes
from api.services.suppressions import Mark, mark_of_address, mark_of_record

NAMES = {"displayName": "display_name", "givenName": "given_name", "familyName": "family_name",
         "nameAtGraduation": "name_at_graduation", "pronouns": "pronouns"}  # fmt: skip
LISTS: Mapping[str, tuple[str, type[Any]]] = {
    "educations": ("educations", changes.EducationEntry),
    "experiences": ("experiences", changes.ExperienceEntry),
    "skills": ("skills", changes.SkillEntry),
    "interests": ("interests", changes.InterestEntry),
    "places": ("places", changes.PlaceEntry),
    "contactPoints": ("contact_points", changes.ContactPointEntry),
    "links": ("links", changes.LinkEntry),
}
TEXTS = ("bio", "seeks", "offers", "photo")
CHOICES = {"listed": "listed", "suggestable": "suggestable", "showAttendance": "show_attendance",
           "mentorOpen": "mentor_open"}  # fmt: skip
FLAGS = {"deceased": "deceased", "ferpaHold": "ferpa_hold"}
OTHERS = ("externalId", "email", "roles", "connections")
KNOWN = (*OTHERS, *NAMES, *LISTS, *TEXTS, *CHOICES, *FLAGS)
ENUMS: Mapping[str, type[StrEnum]] = {"visibility": Visibility}
KINDS: Mapping[str, type[StrEnum]] = {
    "skills": TagKind,
    "interests": TagKind,
    "places": PlaceKind,
    "contactPoints": ContactKind,
    "links": LinkKind,
}
MOST_TIES = 5_000
MOST_PROBLEMS = 100


@dataclass(frozen=True)
class Role:
    """A dated role as a row gives it."""

    kind: PersonRoleKind
    starts_on: date | None
    ends_on: date | None


@dataclass(frozen=True)
class ImportRow:
    """One person, checked."""

    external_id: str
    wanted: Wanted
    email: str | None = None
    flags: Mapping[str, bool] = field(default_factory=dict[str, bool])
    choices: Mapping[str, bool] = field(default_factory=dict[str, bool])
    roles: tuple[Role, ...] = ()
    ties: tuple[tuple[str, str | None], ...] = ()
    """External ids of people with a known tie, and since when (a partial date)."""

    def marks(self, source: str) -> list[Mark]:
        """What the person is known by, and may have been erased under: the id in the source, and e-mail addresses."""
        points = self.wanted.lists.get("contact_points", ())
        emails = [str(one["value"]) for one in points if one["kind"] == ContactKind.EMAIL]
        emails += [self.email] if self.email else []
        return [mark_of_record(source, self.external_id), *(mark_of_address(email) for email in emails)]


class Named(Protocol):
    """What every row has: its id in the system that it comes from."""

    @property
    def external_id(self) -> str:
        """See `ImportRow`."""
        ...


N = TypeVar("N", bound=Named)
Reading = Callable[[object, int], tuple[N | None, list[Problem]]]
"""Makes a row of what was given at a place, or says what is wrong with it."""


def check_rows(rows: Sequence[object], source: str, read: Reading[N], *, people_source: str | None = None) -> list[N]:
    """The rows, checked one by one and against each other. Raises Invalid."""
    problems = _wrong_source("source", source)
    problems += _wrong_source("peopleSource", people_source) if people_source else []
    checked: list[N] = []
    places: dict[str, int] = {}
    for place, raw in enumerate(rows):
        row, wrong = read(raw, place)
        problems += wrong
        if row is None:
            continue
        if (first := places.setdefault(row.external_id, place)) != place:
            path = ("rows", str(place), "externalId")
            problems.append(Problem(path, f"repeats {row.external_id[:40]} of row {first}: each has one row"))
        checked.append(row)
    refuse(problems)
    return checked


def _wrong_source(name: str, source: str) -> list[Problem]:
    check = Checker()
    check.text((name,), source, most=100, required=True)
    message = "must name the system that the rows come from, in at most 100 characters"
    return [Problem(one.path, message) for one in check.problems]


def refuse(problems: Sequence[Problem]) -> None:
    """Raise Invalid with the first of the problems, if there are any."""
    if problems:
        more = len(problems) - MOST_PROBLEMS
        rest = [Problem(("rows",), f"and {more} more problems")] if more > 0 else []
        raise Invalid([*problems[:MOST_PROBLEMS], *rest])


def check_row(raw: object, place: int) -> tuple[ImportRow | None, list[Problem]]:
    """The person of a row, or what is wrong with it."""
    return read_row(raw, place, _read)


def read_row(
    raw: object, place: int, read: Callable[[Checker, Mapping[str, Any]], N | None]
) -> tuple[N | None, list[Problem]]:
    """The row as `read` makes it, or what is wrong with it; paths begin with ("rows", "17")."""
    check = Checker()
    row = read(check, cast(Mapping[str, Any], raw)) if isinstance(raw, dict) else None
    if not isinstance(raw, dict):
        check.note((), "must be an object with the keys that docs/importing.md lists")
    problems = [in_row(place, problem) for problem in check.problems]
    return (None if problems else row), problems


def in_row(place: int, problem: Problem) -> Problem:
    """The problem of an input as one of the row that it stands in."""
    path = problem.path[1:] if problem.path[:1] == ("input",) else problem.path
    return Problem(("rows", str(place), *path), problem.message)


def _read(check: Checker, raw: Mapping[str, Any]) -> ImportRow | None:
    refuse_unknown(check, (), raw, KNOWN)
    external_id = check.text(("externalId",), raw.get("externalId"), most=200, required=True)
    wanted = check_changes(check, _changes(check, raw), may_set_visibility=True)
    row = ImportRow(
        external_id=external_id or "",
        wanted=wanted,
        email=check.email(("email",), raw.get("email")),
        flags=_flags(check, raw, FLAGS),
        choices=_flags(check, raw, CHOICES),
        roles=_roles(check, raw.get("roles")),
        ties=_ties(check, raw.get("connections")),
    )
    return None if check.problems else row


def refuse_unknown(check: Checker, path: tuple[str, ...], given: Mapping[str, Any], known: Sequence[str]) -> None:
    """Nothing is passed over in silence; above all no grades, for which there is no place here (rule P4)."""
    for name in given:
        if name not in known:
            check.note((*path, str(name)[:40]), f"is not known: use {', '.join(known)}")


def _flags(check: Checker, raw: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, bool]:
    given = {column: check.flag((name,), raw[name]) for name, column in names.items() if raw.get(name) is not None}
    return {column: value for column, value in given.items() if value is not None}


def _changes(check: Checker, raw: Mapping[str, Any]) -> ProfileChanges:
    given: dict[str, Any] = {column: raw[name] for name, column in NAMES.items() if raw.get(name) is not None}
    if "display_name" not in given:
        parts = [str(given[name]) for name in ("given_name", "family_name") if given.get(name)]
        given["display_name"] = " ".join(parts) or None
    for name, (attribute, kind) in LISTS.items():
        if raw.get(name) is not None:
            given[attribute] = _entries(check, name, raw[name], kind)
    for name in TEXTS:
        if raw.get(name) is not None:
            given[name] = _text(check, name, raw[name])
    return ProfileChanges(**given)


def _entries(check: Checker, name: str, given: object, kind: type[Any]) -> list[Any]:
    if not isinstance(given, list):
        check.note((name,), "must be a list")
        return []
    entries: list[Any] = []
    for place, one in enumerate(cast(list[Any], given)):
        path = (name, str(place))
        whole: object = {"name": one} if isinstance(one, str) and name in {"skills", "interests"} else one
        if isinstance(whole, dict):
            entries.append(_entry(check, path, cast(dict[str, Any], whole), kind))
        else:
            check.note(path, "must be an object")
    return entries


def _entry(check: Checker, path: tuple[str, ...], given: Mapping[str, Any], kind: type[Any]) -> Any:
    attributes = {_camel(one.name): one for one in fields(kind) if one.name != "id"}
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in attributes:
            check.note((*path, str(name)[:40]), f"is not known: use {', '.join(attributes)}")
        elif value is not None:
            values[attributes[name].name] = _value(check, (*path, name), name, value)
    for one in attributes.values():
        if one.default is MISSING and one.name not in values:
            values[one.name] = _missing(check, (*path, _camel(one.name)))
    return kind(**{name: value for name, value in values.items() if value is not None or name != "kind"})


def _missing(check: Checker, path: tuple[str, ...]) -> Any:
    if path[-1] == "kind":
        check.note(path, f"must be one of {', '.join(KINDS[path[0]])}")
        return next(iter(KINDS[path[0]]))
    return None


def _value(check: Checker, path: tuple[str, ...], name: str, value: object) -> Any:
    if name == "visibility":
        return check.choice(path, value, Visibility)
    if name == "kind":
        kind = KINDS[path[0]]
        return check.choice(path, value, kind) or next(iter(kind))
    if name == "completed":
        return check.flag(path, value) is not False
    if name == "registrarSourced":
        return check.flag(path, value)
    return value


def _text(check: Checker, name: str, given: object) -> Any:
    if isinstance(given, dict):
        return _entry(check, (name,), cast(dict[str, Any], given), changes.TextEntry)
    return changes.TextEntry(text=cast(str, given))


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def _roles(check: Checker, given: object) -> tuple[Role, ...]:
    found: list[Role] = []
    for path, one in objects(check, "roles", given, ("kind", "startsOn", "endsOn")):
        kind = check.choice((*path, "kind"), one.get("kind"), PersonRoleKind, required=True)
        starts, ends = (_day(check, (*path, name), one.get(name)) for name in ("startsOn", "endsOn"))
        if starts and ends and ends < starts:
            check.note((*path, "endsOn"), "is before startsOn")
        if kind is not None:
            found.append(Role(kind, starts, ends))
    return tuple(found)


def _day(check: Checker, path: tuple[str, ...], given: object) -> date | None:
    if given is None:
        return None
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        check.note(path, "must be a day like 2005-09-30")
        return None


def _ties(check: Checker, given: object) -> tuple[tuple[str, str | None], ...]:
    found: list[tuple[str, str | None]] = []
    for path, one in objects(check, "connections", given, ("externalId", "since")):
        other = check.text((*path, "externalId"), one.get("externalId"), most=200, required=True)
        since = check.partial_date((*path, "since"), one.get("since"))
        if other is not None:
            found.append((other, since))
    return tuple(found)


def objects(
    check: Checker, name: str, given: object, known: tuple[str, ...]
) -> list[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """The objects of a list, each with its path; keys that are not known are refused."""
    if given is None:
        return []
    if not isinstance(given, list) or len(cast(list[Any], given)) > MOST_TIES:
        check.note((name,), f"must be a list of at most {MOST_TIES} objects")
        return []
    found: list[tuple[tuple[str, ...], Mapping[str, Any]]] = []
    for place, one in enumerate(cast(list[Any], given)):
        if isinstance(one, dict):
            found.append(((name, str(place)), cast(Mapping[str, Any], one)))
            refuse_unknown(check, (name, str(place)), cast(Mapping[str, Any], one), known)
        else:
            check.note((name, str(place)), "must be an object")
    return found
