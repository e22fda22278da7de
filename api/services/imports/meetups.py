"""The public set of meetups as rows of imports, for development and evaluation."""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

SOURCE = "meetups"
ZONE = "America/Denver"
LASTS = timedelta(hours=2)
"""The set does not say how long they last."""
LONGEST_NAME, LONGEST = 200, 9_000


def moment(days: float) -> datetime:
    """A time of the set, which counts days since 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=days)


def group_names(folder: Path) -> Mapping[str, str]:
    """The groups by id, each with the name that its text begins with."""
    return {str(one["id"]): _parted(one["text"])[0] for one in read(folder, "groups")}


def member_rows(folder: Path) -> Iterator[dict[str, Any]]:
    """Everybody with what they follow: their topics, and the groups that they joined. Their coming is public there."""
    groups = group_names(folder)
    for one in read(folder, "members"):
        joined = [groups[str(group)] for group, _ in one["joined"]]
        yield {
            "externalId": str(one["id"]),
            "displayName": f"Member {one['id']}",
            "listed": True,
            "suggestable": True,
            "showAttendance": True,
            "roles": [{"kind": "ALUMNUS"}],
            "interests": list(dict.fromkeys([*joined, *one["topics"]])),
        }


def event_rows(folder: Path) -> Iterator[dict[str, Any]]:
    """Every event with who said that they come, and when they said so."""
    groups = group_names(folder)
    coming: dict[str, list[dict[str, str]]] = defaultdict(list)
    for one in read(folder, "rsvps"):
        if one["yes"]:
            coming[str(one["d"])].append({"externalId": str(one["u"]), "at": moment(one["t"]).isoformat()})
    for one in read(folder, "events"):
        key, starts_at = str(one["id"]), moment(one["t"])
        name, description = _parted(one["text"])
        organizer = groups[str(one["group"])]
        yield {
            "externalId": key,
            "name": name,
            "description": description.removeprefix(f"{organizer}. ")[:LONGEST],
            "organizer": organizer,
            "startsAt": starts_at.isoformat(),
            "endsAt": (starts_at + LASTS).isoformat(),
            "timeZone": ZONE,
            "venue": f"House {one['venue']}",
            "registrations": coming[key],
        }


def read(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    """The lines of one of the set's files."""
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _parted(text: str) -> tuple[str, str]:
    """The name that a text begins with, and the rest."""
    name, _, rest = text.partition(". ")
    return name.strip()[:LONGEST_NAME], rest.strip()
