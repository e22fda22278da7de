"""The public set of views of openings as rows of imports, for development and evaluation."""

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

SOURCE = "job-views"
START = datetime(2025, 1, 1, tzinfo=UTC)
"""Day 0 of the set, whose times are in days."""
LATE = timedelta(days=300)
"""The set does not say how long openings stay open: long enough for all of its queries."""
UNTOLD = "Not told"
FORMER = "A former employer"
"""The set names none. Not the same as an opening whose employer is not told."""
LONGEST, LONGEST_NAME = 3_900, 200
MOST_ENTRIES = 20
CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u2028\u2029]|\\\\u00[0189][0-9a-fA-F]")
"""The set has them in names, where an import takes none."""


def moment(days: float) -> datetime:
    """A time of the set."""
    return START + timedelta(days=days)


def visitor(key: object) -> str:
    """The id of whoever looked at openings. Apart from the applicant of the same number, so that what an applicant
    looked at after being asked about keeps no opening away from the list that is to be found."""
    return f"visitor-{key}"


def people_rows(folder: Path) -> Iterator[dict[str, Any]]:
    """Applicants with what they did and want, and everybody who looked at an opening."""
    for one in read(folder, "applicants"):
        yield from _applicant(one)
    for key in sorted({view["u"] for view in read(folder, "views")}):
        yield {"externalId": visitor(key), "displayName": f"Visitor {key}", "roles": [{"kind": "ALUMNUS"}]}


def job_rows(folder: Path) -> Iterator[dict[str, Any]]:
    """Openings, with the first view of each visitor as an interest."""
    first: dict[int, dict[int, float]] = defaultdict(dict)
    for view in read(folder, "views"):
        first[view["d"]].setdefault(view["u"], view["t"])
    until = (datetime.now(UTC) + LATE).isoformat()
    for one in read(folder, "postings"):
        views = sorted(first[one["id"]].items())
        yield {
            "externalId": str(one["id"]),
            "title": one["title"][:LONGEST_NAME] or UNTOLD,
            "organization": one["company"][:LONGEST_NAME] or UNTOLD,
            "description": one["industry"] or None,
            "city": one["city"] or None,
            "region": one["state"] or None,
            "country": "US",
            "postedAt": START.isoformat(),
            "validThrough": until,
            "interests": [{"externalId": visitor(key), "at": moment(days).isoformat()} for key, days in views],
        }


def read(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    """The lines of one file of the set."""
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(CONTROLS.sub(" ", line))


def _applicant(one: dict[str, Any]) -> Iterator[dict[str, Any]]:
    city, state, wants = one["city"], one["state"], one["wants"][:MOST_ENTRIES]
    _, _, rest = one["text"].partition(f"{city} {state}. ")
    works = [{"organization": FORMER, "title": role[:LONGEST_NAME]} for role in one["roles"][:MOST_ENTRIES]]
    if works and rest:
        works[0]["description"] = rest[:LONGEST]
    place = {"kind": "HOME", "city": city or None, "region": state or None, "country": "US"}
    names = {want.strip().lower(): want[:100] for want in wants if want.strip()}
    yield {
        "externalId": str(one["id"]),
        "displayName": f"Applicant {one['id']}",
        "roles": [{"kind": "ALUMNUS"}],
        "experiences": works,
        "places": [place] if city or state else [],
        "interests": [{"name": name, "kind": "WANT"} for name in names.values()],
        **({"seeks": ", ".join(wants)} if wants else {}),
    }
