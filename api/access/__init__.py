"""Who sees which rows. Every SELECT of people or their facts grows from a predicate of this package.

A predicate takes the viewer and the row source (a table or an alias of it) and gives a SQL condition. Its shape depends
only on `viewer.kind`; the viewer's id is the bind parameter `viewer`, so that a statement compiled once serves all
viewers of a kind. Enumeration members stand in the text as literals: a partial index is of no use to a parameter.

`viewers` knows who is asking, `people` whom and what of them they see; the other modules have one noun each.
"""

from api.access.educations import held_back, needs_release, recorded, recorded_for, sees_role, withheld_fields
from api.access.events import (
    any_member_sees_registration,
    comes,
    holds_seat,
    open_link,
    sees_event,
    sees_event_translation,
    sees_registration,
    takes_registrations,
)
from api.access.impersonations import goes_on, owns_impersonation, people_to_be
from api.access.jobs import (
    demand,
    interested,
    interested_oneself,
    job_is_open,
    posted,
    sees_interest,
    sees_job,
    sees_job_translation,
)
from api.access.mentoring import in_pool, sees_mentor, sees_mentorship, takes_mentees
from api.access.merges import current_person_id, sees_merge
from api.access.notifications import sees_notification
from api.access.organizations import sees_organization
from api.access.people import (
    FACTS,
    any_member_sees,
    connected,
    for_its_person,
    is_viewer,
    not_blocked,
    owns,
    person_visible,
    profiles,
    restricted,
    sees_fact,
    sees_fact_alone,
    sees_person,
    sees_vector,
    some_row,
    staff_only,
    visible_people,
)
from api.access.proposals import sees_lost, sees_proposal, sees_proposed_change
from api.access.reasons import NAMING, told_again, told_of_item
from api.access.records import actor_name, blocked_name, owns_account, owns_block, sees_all, sees_audit
from api.access.roles import holds_now, local_today, local_tomorrow
from api.access.suggestions import (
    presentable_people,
    suggestable_events,
    suggestable_jobs,
    suggestable_mentors,
    suggestable_people,
)
from api.access.ties import (
    concerns_oneself,
    connected_to,
    contacts_of,
    owns_tie,
    sees_request,
    sees_tie,
    told_answer,
    told_state,
)
from api.access.viewers import ANONYMOUS, NOBODY, Claim, Viewer, ViewerKind, languages, level, me
from api.access.webhooks import administers, sees_attempt, sees_delivery, sees_webhook, sets_up, visible_objects

__all__ = [
    "ANONYMOUS",
    "FACTS",
    "NAMING",
    "NOBODY",
    "Claim",
    "Viewer",
    "ViewerKind",
    "actor_name",
    "administers",
    "any_member_sees",
    "any_member_sees_registration",
    "blocked_name",
    "comes",
    "concerns_oneself",
    "connected",
    "connected_to",
    "contacts_of",
    "current_person_id",
    "demand",
    "for_its_person",
    "goes_on",
    "held_back",
    "holds_now",
    "holds_seat",
    "in_pool",
    "interested",
    "interested_oneself",
    "is_viewer",
    "job_is_open",
    "languages",
    "level",
    "local_today",
    "local_tomorrow",
    "me",
    "needs_release",
    "not_blocked",
    "open_link",
    "owns",
    "owns_account",
    "owns_block",
    "owns_impersonation",
    "owns_tie",
    "people_to_be",
    "person_visible",
    "posted",
    "presentable_people",
    "profiles",
    "recorded",
    "recorded_for",
    "restricted",
    "sees_all",
    "sees_attempt",
    "sees_audit",
    "sees_delivery",
    "sees_event",
    "sees_event_translation",
    "sees_fact",
    "sees_fact_alone",
    "sees_interest",
    "sees_job",
    "sees_job_translation",
    "sees_lost",
    "sees_mentor",
    "sees_mentorship",
    "sees_merge",
    "sees_notification",
    "sees_organization",
    "sees_person",
    "sees_proposal",
    "sees_proposed_change",
    "sees_registration",
    "sees_request",
    "sees_role",
    "sees_tie",
    "sees_vector",
    "sees_webhook",
    "sets_up",
    "some_row",
    "staff_only",
    "suggestable_events",
    "suggestable_jobs",
    "suggestable_mentors",
    "suggestable_people",
    "takes_mentees",
    "takes_registrations",
    "told_again",
    "told_answer",
    "told_of_item",
    "told_state",
    "visible_objects",
    "visible_people",
    "withheld_fields",
]
