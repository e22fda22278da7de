"""The enumerations of layers below in the API, each value described. Imported before any type that uses them."""

from enum import Enum
from typing import Any, cast

import strawberry

from api import models
from api.services.erasures import ErasureReason
from api.services.graduations import GraduationStatus
from api.services.imports import ImportStatus
from api.services.merges import MergeFate
from api.services.outcomes import OutcomeKind
from recommender.evidence_kinds import EvidenceKind


def describe(kind: type[Enum], description: str, **values: str) -> None:
    """Make an enumeration part of the API. Raises ValueError unless all of its values are described."""
    if set(values) != set(kind.__members__):
        raise ValueError(f"{kind.__name__}: {set(values) ^ set(kind.__members__)}")
    strawberry.enum(kind, description=description)
    for value in cast(Any, kind).__strawberry_definition__.values:
        value.description = values[value.name]


describe(
    models.AttemptOutcome,
    "What came of an attempt to deliver a message.",
    ACCEPTED="The receiver answered 2xx.",
    REFUSED="It answered something else.",
    UNREACHED="Nothing was sent: no connection could be made to a public address.",
    UNCERTAIN="It was sent, perhaps, and no answer came; or the worker was stopped meanwhile.",
)
describe(
    models.AuditAction,
    "What an officer did.",
    READ_RESTRICTED="Read facts that members at large may not see.",
    IMPORTED="Changed the record by an import.",
    EDITED="Changed the record by hand.",
    MERGED="Made another record of the same person part of this one.",
    UNMERGED="Took that back.",
    IMPERSONATION_STARTED="Got leave to read as the person for a while.",
    IMPERSONATED="Read something as the person: one entry a request.",
    IMPERSONATION_ENDED="Gave that leave back.",
)
describe(
    models.AttendanceMode,
    "How one takes part in an event.",
    OFFLINE="At a place.",
    ONLINE="By a link.",
    MIXED="Either way.",
)
describe(
    models.NotificationKind,
    "What you are told.",
    CONNECTION_REQUESTED="Somebody asks to connect.",
    CONNECTION_ACCEPTED="Somebody whom you asked said yes.",
    REGISTRATION_CONFIRMED="A seat at an event is yours.",
    NEW_SUGGESTIONS="Whom you should meet was worked out anew, after a change of your profile.",
)
describe(models.ContactKind, "How somebody is reached.", EMAIL="An e-mail address.", PHONE="A phone number.")
describe(
    models.ContactStatus,
    "Whether a contact point may be used.",
    ACTIVE="It may.",
    HELD="Not for now.",
    SUPPRESSED="Never again.",
)
describe(
    models.DeliveryState,
    "Where a delivery stands.",
    WAITING="It is to be sent, or sent again.",
    DELIVERED="The receiver accepted it.",
    FAILED="It was given up.",
)
describe(
    models.DirectoryField,
    "What of the registrar's record an institution may name as directory information: shown unless its person objects.",
    SCHOOL="That the person studied here at all.",
    DEGREE="The degree, and whether it was taken.",
    PROGRAMME="The field of study.",
    DATES="When it began and ended.",
    HONOURS="Honours.",
)
describe(
    models.EmploymentType,
    "What kind of work an opening is for.",
    FULL_TIME="Full time.",
    PART_TIME="Part time.",
    CONTRACTOR="As a contractor.",
    TEMPORARY="For a limited time.",
    INTERN="As an intern.",
    VOLUNTEER="Without pay.",
    PER_DIEM="By the day.",
    OTHER="Something else.",
)
describe(
    ErasureReason,
    "Why the office erases somebody.",
    REQUESTED="The person asked for it, or a representative.",
    NO_LONGER_NEEDED="The purpose that the data was held for is over.",
    UNLAWFUL="It should never have been held.",
    LEGAL_OBLIGATION="A law or a court demands it.",
)
describe(
    models.EventStatus,
    "Where an event stands.",
    SCHEDULED="It takes place as said.",
    POSTPONED="It takes place later; when is not known yet.",
    CANCELLED="It is called off.",
)
describe(
    EvidenceKind,
    "What speaks for a suggestion.",
    MUTUAL_CONNECTION="Somebody knows you both.",
    SHARED_EMPLOYER="You worked at the same organisation, perhaps at the same time.",
    SHARED_PROGRAMME="You studied the same at the same school.",
    SHARED_COHORT="You finished here in the same year.",
    SHARED_PLACE="You have a city in common.",
    SHARED_SKILL="You name the same skill: you both have it, or one or both of you look for it.",
    SHARED_INTEREST="You name the same interest: you both have it, or one or both of you look for it.",
    SHARED_EVENT="You were at the same event, or both go to it.",
    THEY_OFFER_WHAT_YOU_SEEK="What they offer is like what you seek.",
    YOU_OFFER_WHAT_THEY_SEEK="What they seek is like what you offer.",
    SIMILAR_EXPERIENCE="They did work like yours.",
    SIMILAR_STUDIES="They studied what is near to your field.",
    SIMILAR_TEXT="They write about themselves much as you do.",
    MENTORS_WHAT_YOU_SEEK="They can be asked about what you seek.",
    MENTORS_YOUR_FIELD="They can be asked about what you do or like.",
    DID_WHAT_YOU_SEEK="They did the work that you seek.",
    AHEAD_OF_YOU="They finished here some years before you.",
    TAKES_MENTEES="They have places free.",
    NEAR_YOU="It is where you live or work, or can be done from there.",
    OFTEN_ATTENDED="You come to those who hold it.",
    USUAL_TIME="It is when you come to events.",
    USUAL_VENUE="It is in a house where you have been to events.",
    COMPANION_COMES="Somebody comes whom you know, or met at events.",
    LIKE_WHAT_YOU_ATTENDED="It is like what you came to.",
    LIKE_WHAT_YOU_SAY="It is like what you say, seek or did.",
    NAMES_YOUR_INTEREST="It names an interest or a skill of yours.",
    POPULAR="Many come.",
    ASKS_FOR_YOUR_SKILL="It asks for what you can.",
    FITS_WHAT_YOU_SEEK="It is like what you seek or want.",
    LIKE_WHAT_YOU_DID="It is like what you did.",
    LIKE_WHAT_INTERESTED_YOU="It is like what you showed interest in.",
    YOUR_EMPLOYER="It is where you work or worked.",
    CONTACT_WORKS_THERE="Somebody whom you know works or worked there.",
    IN_DEMAND="Many are interested.",
    NEW="It is new here.",
    COHORT="Nothing more particular: of your time and place here, as others are.",
)
describe(
    GraduationStatus,
    "What graduation did for somebody.",
    GRADUATED="A student until then, an alumnus from then on.",
    UNCHANGED="An alumnus already.",
    NOT_A_STUDENT="No student the day before: nothing was done.",
    DECEASED="Has died: nothing was done.",
)
describe(
    ImportStatus,
    "What became of a row of an import.",
    CREATED="Somebody or something new.",
    UPDATED="Known, with something new.",
    SKIPPED="It says what is known already.",
    CONFLICT="It would have changed what the member edited; everything else of it was written.",
    SUPPRESSED="Somebody who was erased: nothing of it was written.",
)
describe(
    models.LinkKind,
    "What a link leads to.",
    WEBSITE="A page of their own.",
    LINKEDIN="A profile on LinkedIn.",
    GITHUB="A profile on GitHub.",
    ORCID="A researcher's identifier.",
    OTHER="Something else.",
)
describe(
    MergeFate,
    "What becomes of a row in a merge.",
    MOVED="It is the kept person's from now on.",
    CHANGED="It stays, with something of it changed.",
    REMOVED="It goes: it says what another says, or has no meaning any more.",
)
describe(
    models.MentorshipState,
    "Where a mentorship stands.",
    PENDING="Asked for, and not answered yet.",
    ACCEPTED="Going on.",
    DECLINED="The mentor said no.",
    WITHDRAWN="Taken back before it was answered.",
    COMPLETED="Ended by one of the two.",
)
describe(
    OutcomeKind,
    "What the people of a class are counted by.",
    EMPLOYER="Where they work now.",
    OCCUPATION="What they do now: a code and its system.",
    COUNTRY="Where they live: ISO 3166-1 alpha-2.",
)
describe(
    models.PersonRoleKind,
    "What somebody is or was to the institution.",
    STUDENT="Studies here.",
    ALUMNUS="Studied here.",
    FACULTY="Teaches or does research here.",
    STAFF="Works here.",
    PARENT="Has a child who studies or studied here.",
    FRIEND="Is close to the institution without having studied here.",
    DONOR="Gives or gave.",
    APPLICANT="Wants to study here.",
)
describe(
    models.PlaceKind,
    "What a place is to the person.",
    HOME="They live there.",
    WORK="They work there.",
    ORIGIN="They come from there.",
)
describe(
    models.ProposalState,
    "Where a proposed correction stands.",
    OPEN="It waits for the office.",
    ACCEPTED="It was applied to the record.",
    DECLINED="It was not applied.",
)
describe(
    models.TagKind,
    "Whether somebody has it, wants it, or offers it to others.",
    HAVE="Has it.",
    WANT="Wants it.",
    OFFER="Offers it to others.",
)
describe(
    models.TextKind,
    "What a text is about.",
    BIO="Who they are.",
    SEEKS="What they look for.",
    OFFERS="What they offer to others.",
    PHOTO="The address of their photo.",
)
describe(
    models.Visibility,
    "Who sees a fact. Its owner always does.",
    ME="Nobody else.",
    STAFF="The office too.",
    CONNECTIONS="The office and the person's connections.",
    MEMBERS="Every member of the network.",
    PUBLIC="Everybody.",
)
describe(
    models.SwitchedOff,
    "Why a webhook is told nothing.",
    BY_HAND="An administrator switched it off.",
    FAILING="A message was given up after a day of attempts, in which the receiver accepted nothing.",
    GONE="The receiver answered 410: it wants to hear nothing any more.",
    RIGHTS_ENDED="Whoever set it up last is no administrator any more.",
)
describe(
    models.WebhookTopic,
    "What a webhook can be told of. A message names the object and says nothing of what is in it.",
    PERSON_CREATED="Somebody is new here.",
    PERSON_UPDATED="Something about a person changed that others than themselves may see.",
    PERSON_DELETED="A person was erased, or merged into another: their id names them no more.",
    EVENT_CREATED="An event is new, perhaps a draft.",
    EVENT_UPDATED="An event was changed.",
    EVENT_CANCELLED="An event is called off.",
    EVENT_ATTENDANCE_CHANGED="Somebody took a seat at an event, or gave one back.",
    JOB_POSTED="An opening is new.",
    JOB_UPDATED="An opening was changed.",
    JOB_WITHDRAWN="An opening was taken back.",
)
