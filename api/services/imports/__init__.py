"""Importing people from another system: idempotent by (source, external id), and never over what a member edited."""

from api.services.imports.files import read_file
from api.services.imports.people import import_people
from api.services.imports.reports import ImportReport, ImportStatus, RowReport

__all__ = ["ImportReport", "ImportStatus", "RowReport", "import_people", "read_file"]
