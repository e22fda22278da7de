"""What the access property asks on every path, and what the model says of each answer."""

from tests.schema.access_checks.cases import Case, HashedSearches
from tests.schema.access_checks.exports import check_export, read_export
from tests.schema.access_checks.nouns import (
    ADVISERS,
    EVENTS,
    JOBS,
    MENTORS,
    RECOMMENDED_EVENTS,
    RECOMMENDED_JOBS,
    check_advisers,
    check_events,
    check_jobs,
    check_mentoring,
    check_recommended_events,
    check_recommended_jobs,
)
from tests.schema.access_checks.office import OUTCOMES, PROPOSED, check_office, check_outcomes
from tests.schema.access_checks.people import (
    ABOUT,
    CHOSEN,
    FIND,
    LIST,
    MEET,
    NODES,
    PERSON,
    check_list,
    check_names,
    check_own,
    check_reading_only,
    check_searches_and_filters,
)
from tests.schema.access_checks.records import ALUMNI, check_holds
from tests.schema.access_checks.sources import sources_of
from tests.schema.access_checks.telling import check_told

__all__ = [
    "ABOUT",
    "ADVISERS",
    "ALUMNI",
    "CHOSEN",
    "EVENTS",
    "FIND",
    "JOBS",
    "LIST",
    "MEET",
    "MENTORS",
    "NODES",
    "OUTCOMES",
    "PERSON",
    "PROPOSED",
    "RECOMMENDED_EVENTS",
    "RECOMMENDED_JOBS",
    "Case",
    "HashedSearches",
    "check_advisers",
    "check_events",
    "check_export",
    "check_holds",
    "check_jobs",
    "check_list",
    "check_mentoring",
    "check_names",
    "check_office",
    "check_outcomes",
    "check_own",
    "check_reading_only",
    "check_recommended_events",
    "check_recommended_jobs",
    "check_searches_and_filters",
    "check_told",
    "read_export",
    "sources_of",
]
