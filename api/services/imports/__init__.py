"""Importing people, events and openings from another system: idempotent by (source, external id), and never over what a
member edited."""

from api.services.imports.events import import_events
from api.services.imports.files import read_events_file, read_file, read_jobs_file
from api.services.imports.jobs import import_jobs
from api.services.imports.people import import_people
from api.services.imports.reports import ImportReport, ImportStatus, RowReport

__all__ = [
    "ImportReport",
    "ImportStatus",
    "RowReport",
    "import_events",
    "import_jobs",
    "import_people",
    "read_events_file",
    "read_file",
    "read_jobs_file",
]
