"""The whole schema: queries and mutations merged from the nouns, with the engine installed."""

from functools import cache
from typing import Any, cast

import graphql
import strawberry
from graphql import GraphQLNamedType, GraphQLObjectType, GraphQLSchema
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from schema.arguments import describe_arguments
from schema.engine.execution import Engine
from schema.engine.resolving import install
from schema.errors import HANDLERS
from schema.events.mutations import EventsMutation
from schema.events.search import SearchEventsQuery
from schema.events.suggestions import RecommendedEventsQuery
from schema.events.types import Event, EventsQuery
from schema.imports import ImportsMutation
from schema.jobs.mutations import JobsMutation
from schema.jobs.search import SearchJobsQuery
from schema.jobs.suggestions import RecommendedJobsQuery
from schema.jobs.types import Job, JobsQuery
from schema.mentoring.mutations import MentoringMutation
from schema.mentoring.search import SearchMentorsQuery
from schema.mentoring.suggestions import SuggestedMentorsQuery
from schema.mentoring.types import MentoringQuery, MentorProfile, Mentorship
from schema.nodes import NodeQuery
from schema.notifications import Notification, NotificationsMutation, NotificationsSubscription
from schema.office.graduations import GraduationsMutation
from schema.office.impersonations import Impersonation, ImpersonationsMutation
from schema.office.lost_people import LostPeopleMutation, LostPeopleQuery, LostPerson
from schema.office.merges import MergesMutation, MergesQuery, PersonMerge
from schema.office.outcomes import OutcomesQuery
from schema.office.proposals import ProposalsMutation, ProposalsQuery, UpdateProposal
from schema.office.webhooks.mutations import WebhooksMutation
from schema.office.webhooks.types import Webhook, WebhookAttempt, WebhookDelivery, WebhooksQuery
from schema.people.facts import ContactPoint, Education, Experience, Interest, Link, PersonText, Place, Skill
from schema.people.profile import ProfileMutation
from schema.people.queries import PeopleQuery
from schema.people.records import RecordsMutation
from schema.people.rights import RightsMutation
from schema.people.search import SearchQuery
from schema.people.suggestions import PeopleToMeetQuery
from schema.recommendations import RecommendationsMutation, RecommendationsQuery
from schema.scalars import SCALARS
from schema.ties import TiesMutation
from schema.viewer import AuditEvent, Block, ConnectionRequest, ViewerQuery

QUERIES = (
    ViewerQuery,
    NodeQuery,
    PeopleQuery,
    SearchQuery,
    SearchEventsQuery,
    SearchJobsQuery,
    SearchMentorsQuery,
    RecommendationsQuery,
    PeopleToMeetQuery,
    EventsQuery,
    RecommendedEventsQuery,
    JobsQuery,
    RecommendedJobsQuery,
    MentoringQuery,
    SuggestedMentorsQuery,
    OutcomesQuery,
    ProposalsQuery,
    LostPeopleQuery,
    MergesQuery,
    WebhooksQuery,
)
MUTATIONS = (
    ProfileMutation,
    RecordsMutation,
    RightsMutation,
    TiesMutation,
    RecommendationsMutation,
    ImportsMutation,
    EventsMutation,
    JobsMutation,
    MentoringMutation,
    GraduationsMutation,
    ProposalsMutation,
    LostPeopleMutation,
    MergesMutation,
    ImpersonationsMutation,
    NotificationsMutation,
    WebhooksMutation,
)
SUBSCRIPTIONS = (NotificationsSubscription,)


def build_schema() -> strawberry.Schema:
    """The Strawberry schema as declared. Each call gives a new one."""
    schema = strawberry.Schema(
        query=merge_types("Query", QUERIES),
        mutation=merge_types("Mutation", MUTATIONS),
        subscription=merge_types("Subscription", SUBSCRIPTIONS),
        types=[
            Education,
            Event,
            Job,
            MentorProfile,
            Mentorship,
            Experience,
            Skill,
            Interest,
            Place,
            ContactPoint,
            Link,
            PersonText,
            AuditEvent,
            Block,
            ConnectionRequest,
            LostPerson,
            PersonMerge,
            UpdateProposal,
            Impersonation,
            Notification,
            Webhook,
            WebhookDelivery,
            WebhookAttempt,
        ],
        config=StrawberryConfig(scalar_map=SCALARS),
        exception_handlers=HANDLERS,
    )
    core = core_schema(schema)
    core.type_map["Query"].description = "What can be read."
    core.type_map["Mutation"].description = "What can be changed. Expected failures are members of each field's union."
    core.type_map["Subscription"].description = "What is told as it happens."
    describe_arguments(core)
    _let_mutations_fail_alone(core.type_map["Mutation"])
    return schema


def _let_mutations_fail_alone(mutation: GraphQLNamedType) -> None:
    """A field that may be null keeps its fault to itself: what the mutations beside it did is still told."""
    for definition in cast(GraphQLObjectType, mutation).fields.values():
        definition.type = cast(Any, graphql).get_nullable_type(definition.type)


def core_schema(schema: strawberry.Schema) -> GraphQLSchema:
    """The graphql-core schema behind Strawberry's."""
    return cast(GraphQLSchema, vars(schema)["_schema"])


@cache
def build_engine() -> Engine:
    """The schema, ready to run: the read engine answers what is planned, and the resolvers know of it.

    One for the process: it remembers documents and plans, and nothing of any database.
    """
    schema = core_schema(build_schema())
    engine = Engine(schema)
    install(schema, engine)
    return engine
