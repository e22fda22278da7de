"""The public set of researchers as rows of an import, for development and evaluation."""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SOURCE = "researchers"
HOME = "ACL Anthology"
DOMAIN = "researchers.example"
"""Where nobody can have an address: `alumni token --as member --email 17@researchers.example` is one of them."""
MOST_FACTS = 4
LONGEST = 3_900


def researcher_rows(folder: Path) -> Iterator[dict[str, Any]]:
    """A row for each person: up to four works with the titles of their papers, and whom they wrote with."""
    ties: dict[str, list[dict[str, str]]] = defaultdict(list)
    for edge in _lines(folder / "edges.jsonl.gz"):
        ties[str(edge["a"])].append({"externalId": str(edge["b"]), "since": str(edge["last"])})
    for person in _lines(folder / "people.jsonl.gz"):
        key = str(person["id"])
        yield {
            "externalId": key,
            "displayName": f"Researcher {key}",
            "email": f"{key}@{DOMAIN}",
            "listed": True,
            "suggestable": True,
            "roles": [{"kind": "ALUMNUS"}],
            "experiences": list(_works(person)),
            "connections": ties[key],
        }


def _works(person: dict[str, Any]) -> Iterator[dict[str, Any]]:
    titles = [part.strip() for part in str(person["text"]).split(". ") if part.strip()]
    size = max(1, -(-len(titles) // MOST_FACTS))
    for start in range(0, len(titles), size):
        yield {
            "organization": HOME,
            "title": "Author" if start == 0 else f"Author ({start // size + 1})",
            "description": ". ".join(titles[start : start + size])[:LONGEST],
            "startDate": str(person["first"]),
            "endDate": str(person["last"]),
        }


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
