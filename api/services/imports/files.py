"""Reading an office's own file: CSV with a header, or JSON lines. What is wrong is told with its line."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from api.errors import Invalid, Problem

Raw = dict[str, Any]
MAX_FIELD = 100_000


def _same(name: str) -> Callable[[Raw, str], None]:
    def put(row: Raw, value: str) -> None:
        row[name] = value

    return put


def _flag(name: str) -> Callable[[Raw, str], None]:
    def put(row: Raw, value: str) -> None:
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        row[name] = words.get(value.lower(), value)

    return put


def _first(part: str, name: str) -> Callable[[Raw, str], None]:
    def put(row: Raw, value: str) -> None:
        row.setdefault(part, [{}])[0][name] = value

    return put


def _recorded(row: Raw, value: str) -> None:
    flag: Raw = {}
    _flag("registrarSourced")(flag, value)
    row.setdefault("educations", [{}])[0] |= flag


def _many(name: str) -> Callable[[Raw, str], None]:
    def put(row: Raw, value: str) -> None:
        row[name] = [one.strip() for one in value.split(";") if one.strip()]

    return put


def _contact(kind: str) -> Callable[[Raw, str], None]:
    def put(row: Raw, value: str) -> None:
        row.setdefault("contactPoints", []).append({"kind": kind, "value": value})

    return put


def _email(row: Raw, value: str) -> None:
    row["email"] = value
    _contact("EMAIL")(row, value)


def _place(name: str) -> Callable[[Raw, str], None]:
    def put(row: Raw, value: str) -> None:
        row.setdefault("places", [{"kind": "HOME"}])[0][name] = value

    return put


COLUMNS: Mapping[str, Callable[[Raw, str], None]] = {
    **{name: _same(name) for name in ("externalId", "displayName", "givenName", "familyName", "nameAtGraduation")},
    **{name: _same(name) for name in ("pronouns", "bio", "seeks", "offers")},
    **{
        name: _flag(name) for name in ("deceased", "ferpaHold", "listed", "suggestable", "showAttendance", "mentorOpen")
    },
    "email": _email,
    "phone": _contact("PHONE"),
    "role": lambda row, value: row.update(roles=[{"kind": value}]),
    "school": _first("educations", "school"),
    "degree": _first("educations", "degree"),
    "programme": _first("educations", "programme"),
    "cipCode": _first("educations", "cipCode"),
    "classYear": _first("educations", "endDate"),
    "registrarSourced": _recorded,
    "employer": _first("experiences", "organization"),
    "title": _first("experiences", "title"),
    "city": _place("city"),
    "region": _place("region"),
    "country": _place("country"),
    "skills": _many("skills"),
    "interests": _many("interests"),
}
"""The columns of a CSV file of people, and where their values go in a row."""
JOB_COLUMNS: Mapping[str, Callable[[Raw, str], None]] = {
    **{name: _same(name) for name in ("externalId", "title", "organization", "validThrough", "postedAt")},
    **{name: _same(name) for name in ("description", "employmentType", "city", "region", "country", "applyUrl")},
    "audience": _same("audience"),
    "remote": _flag("remote"),
    "skills": _many("skills"),
}
"""The same for openings."""
EVENT_COLUMNS: Mapping[str, Callable[[Raw, str], None]] = {
    **{name: _same(name) for name in ("externalId", "name", "startsAt", "endsAt", "timeZone", "description")},
    **{name: _same(name) for name in ("organizer", "venue", "city", "region", "country", "joinUrl")},
    **{name: _same(name) for name in ("attendanceMode", "audience", "capacity")},
    "attendeesShown": _flag("attendeesShown"),
}
"""The same for events."""
EXTERNAL_ID = (("externalId",), "each row needs the id it has in your system")
NEEDED = (EXTERNAL_ID, (("displayName", "givenName", "familyName"), "give it, or givenName and familyName"))
JOBS_NEEDED = (EXTERNAL_ID, *(((name,), "each opening needs it") for name in ("title", "organization", "validThrough")))
EVENTS_NEEDED = (
    EXTERNAL_ID,
    *(((name,), "each event needs it") for name in ("name", "startsAt", "endsAt", "timeZone")),
)
"""Columns of which one at least must be there, and what to do about it."""


@dataclass(frozen=True)
class Sheet:
    """What a CSV file of a kind has."""

    columns: Mapping[str, Callable[[Raw, str], None]]
    needed: Sequence[tuple[Sequence[str], str]]


PEOPLE, JOBS = Sheet(COLUMNS, NEEDED), Sheet(JOB_COLUMNS, JOBS_NEEDED)
EVENTS = Sheet(EVENT_COLUMNS, EVENTS_NEEDED)


def read_file(path: Path, institution: str | None = None) -> list[object]:
    """The rows of a .csv or .jsonl file of people (also .gz), still to be checked. Raises Invalid, naming lines.

    `institution` is the school of educations that name none.
    """
    rows = _read(path, PEOPLE)
    if institution is not None and path.name.removesuffix(".gz").endswith(".csv"):
        for row in cast(list[Raw], rows):
            for education in row.get("educations", []):
                education.setdefault("school", institution)
    return rows


def read_jobs_file(path: Path) -> list[object]:
    """The rows of such a file of openings."""
    return _read(path, JOBS)


def read_events_file(path: Path) -> list[object]:
    """The rows of such a file of events."""
    return _read(path, EVENTS)


def _read(path: Path, sheet: Sheet) -> list[object]:
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except OSError as error:
        raise _invalid("file", f"{path.name} cannot be read: {error.strerror or error}") from None
    text = _decoded(content)
    kind = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    if kind == ".csv":
        return list(_csv_rows(text, sheet))
    if kind in {".jsonl", ".ndjson"}:
        return _json_rows(text)
    raise _invalid("file", f"{path.name} is neither .csv nor .jsonl")


def _invalid(where: str, message: str) -> Invalid:
    return Invalid([Problem((where,), message)])


def _decoded(content: bytes) -> str:
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise _invalid("file", "is in UTF-16: save it as UTF-8, or convert it: iconv -f UTF-16 -t UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _invalid(
            f"line {line}",
            f"has a byte (number {error.start}) that is not UTF-8: save the file as UTF-8, or convert it, for example "
            "iconv -f WINDOWS-1252 -t UTF-8",
        ) from None
    if "\x00" in text:
        raise _invalid(f"line {text[: text.index(chr(0))].count(chr(10)) + 1}", "has a NUL byte: this is no text file")
    if not text.strip():
        raise _invalid("file", "is empty")
    return text


def _json_rows(text: str) -> list[object]:
    rows: list[object] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            rows.append(json.loads(line))
        except (ValueError, RecursionError) as error:
            problems.append(Problem((f"line {number}",), f"is no JSON: {error}"))
    if problems:
        raise Invalid(problems)
    return rows


def _csv_rows(text: str, sheet: Sheet) -> list[Raw]:
    csv.field_size_limit(MAX_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Raw] = []
    problems: list[Problem] = []
    try:
        header = [name.strip() for name in next(reader)]
        _check_header(header, sheet)
        for values in reader:
            if not any(value.strip() for value in values):
                continue
            if len(values) != len(header):
                message = f"has {len(values)} fields, the header has {len(header)}: look for a missing or extra comma"
                problems.append(Problem((f"line {reader.line_num}",), message))
                continue
            rows.append(_csv_row(header, values, sheet))
    except csv.Error as error:
        raise _invalid(f"line {reader.line_num}", f"is no CSV: {error}; look for a quote that never closes") from None
    if problems:
        raise Invalid(problems)
    return rows


def _csv_row(header: Sequence[str], values: Sequence[str], sheet: Sheet) -> Raw:
    row: Raw = {}
    for name, value in zip(header, values, strict=True):
        if value.strip():
            sheet.columns[name](row, value.strip())
    return row


def _check_header(header: Sequence[str], sheet: Sheet) -> None:
    problems: list[Problem] = []
    for name in dict.fromkeys(header):
        if name not in sheet.columns:
            near = get_close_matches(name, sheet.columns, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            message = f"is no known column.{hint} Known: {', '.join(sheet.columns)}"
            problems.append(Problem(("header", name[:40] or "(empty)"), message))
        if header.count(name) > 1:
            problems.append(Problem(("header", name[:40]), "stands there more than once"))
    problems += [
        Problem(("header", some[0]), f"is missing: {remedy}")
        for some, remedy in sheet.needed
        if not set(some) & set(header)
    ]
    if problems:
        raise Invalid(problems)
