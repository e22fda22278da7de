"""The tables, one file per noun. Importing this package registers all of them."""

from api.models.accounts import Account, AccountRole, Identity, Institution
from api.models.audits import AuditAction, AuditEvent
from api.models.careers import DIRECTORY_COLUMNS, DirectoryField, Education, Experience, Organization
from api.models.columns import Fact, Row, Visibility
from api.models.events import AttendanceMode, Event, EventStatus, EventTranslation, Registration, RegistrationState
from api.models.facts import (
    ContactKind,
    ContactPoint,
    ContactStatus,
    Interest,
    Link,
    LinkKind,
    PersonText,
    Place,
    PlaceKind,
    Skill,
    TagKind,
    TextKind,
)
from api.models.impersonations import Impersonation
from api.models.jobs import EmploymentType, Job, JobInterest, JobSkill, JobTranslation
from api.models.mentoring import MentorProfile, Mentorship, MentorshipState, MentorTopic
from api.models.merges import PersonAlias, PersonMerge
from api.models.notifications import Notification, NotificationKind
from api.models.people import Person, PersonRole, PersonRoleKind
from api.models.profile_views import ProfileView
from api.models.proposals import LostPerson, ProposalState, ProposedChange, UpdateProposal
from api.models.rates import RateBucket
from api.models.retries import IdempotencyKey
from api.models.suggestions import ITEMS, OutcomeKind, Suggestion, SuggestionOutcome
from api.models.suppressions import Suppression, SuppressionSalt
from api.models.ties import Block, Connection, ConnectionState
from api.models.trusted_documents import TrustedDocument
from api.models.vectors import DIMENSION, EmbeddingModel, FacetKind, FactVector, ItemVector
from api.models.webhooks import (
    FAREWELLS,
    NOUN_OF,
    AttemptOutcome,
    DeliveryState,
    Noun,
    SwitchedOff,
    Webhook,
    WebhookAttempt,
    WebhookDelivery,
    WebhookTopic,
)

__all__ = [
    "DIMENSION",
    "DIRECTORY_COLUMNS",
    "FAREWELLS",
    "ITEMS",
    "NOUN_OF",
    "Account",
    "AccountRole",
    "AttemptOutcome",
    "AttendanceMode",
    "AuditAction",
    "AuditEvent",
    "Block",
    "Connection",
    "ConnectionState",
    "ContactKind",
    "ContactPoint",
    "ContactStatus",
    "DeliveryState",
    "DirectoryField",
    "Education",
    "EmbeddingModel",
    "EmploymentType",
    "Event",
    "EventStatus",
    "EventTranslation",
    "Experience",
    "FacetKind",
    "Fact",
    "FactVector",
    "IdempotencyKey",
    "Identity",
    "Impersonation",
    "Institution",
    "Interest",
    "ItemVector",
    "Job",
    "JobInterest",
    "JobSkill",
    "JobTranslation",
    "Link",
    "LinkKind",
    "LostPerson",
    "MentorProfile",
    "MentorTopic",
    "Mentorship",
    "MentorshipState",
    "Notification",
    "NotificationKind",
    "Noun",
    "Organization",
    "OutcomeKind",
    "Person",
    "PersonAlias",
    "PersonMerge",
    "PersonRole",
    "PersonRoleKind",
    "PersonText",
    "Place",
    "PlaceKind",
    "ProfileView",
    "ProposalState",
    "ProposedChange",
    "RateBucket",
    "Registration",
    "RegistrationState",
    "Row",
    "Skill",
    "Suggestion",
    "SuggestionOutcome",
    "Suppression",
    "SuppressionSalt",
    "SwitchedOff",
    "TagKind",
    "TextKind",
    "TrustedDocument",
    "UpdateProposal",
    "Visibility",
    "Webhook",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookTopic",
]
