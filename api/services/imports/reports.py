"""What an import tells of each of its rows, whether they are people or openings."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class ImportStatus(StrEnum):
    """What became of a row."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    SKIPPED = "SKIPPED"
    """It says what is known already."""
    CONFLICT = "CONFLICT"
    """It would have changed what the member edited; everything else of it was written."""
    SUPPRESSED = "SUPPRESSED"
    """Somebody who was erased: nothing of it was written."""


@dataclass
class RowReport:
    """One row's outcome."""

    external_id: str
    status: ImportStatus = ImportStatus.SKIPPED
    item_id: UUID | None = None
    """Who or what the row is here; None where a dry run would make it."""
    messages: list[str] = field(default_factory=list[str])
    written: list[str] = field(default_factory=list[str])
    """Names of the fields that were written."""


@dataclass(frozen=True)
class ImportReport:
    """All rows in the order given."""

    rows: list[RowReport]
    dry_run: bool

    def count(self, status: ImportStatus) -> int:
        """How many rows ended so."""
        return sum(row.status is status for row in self.rows)
