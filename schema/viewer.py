"""Who is asking: the account, its person, the four choices, open requests, blocks, and who read what of them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import strawberry
from sqlalchemy import ColumnElement, FromClause, Text, func, literal_column, select, union_all

from api import access, models
from schema.context import Info
from schema.engine.parameters import Arguments, Scope
from schema.engine.shapes import global_id as encoded_id
from schema.engine.sources import Page, Root, column, expression, from_clause, many, one, planned, table
from schema.node import Node
from schema.pagination import PageInfo, total_count
from schema.people.types import Person, Tie, other_end
from schema.permissions import PUBLIC, query, requires

if TYPE_CHECKING:
    from schema.notifications import NotificationConnection
    from schema.office.proposals import UpdateProposalConnection


def page_arguments(
    first: int | None = strawberry.UNSET,
    after: str | None = strawberry.UNSET,
    last: int | None = strawberry.UNSET,
    before: str | None = strawberry.UNSET,
):
    """The arguments of a connection without filter and order."""


@strawberry.type(
    description="The four separate choices of a person about being seen. Front ends show them at first sign-in."
)
@table(models.Person, access.is_viewer)
class Choices:
    """Rule P18."""

    listed: bool = column(models.Person.listed, "In the directory, in search and in lists of others.")
    suggestable: bool = column(models.Person.suggestable, "May be suggested to others, while listed.")
    show_attendance: bool = column(models.Person.show_attendance, "Named on lists of attendees.")
    mentor_open: bool = column(models.Person.mentor_open, "In the pool of mentors.")
    profiled: bool = column(
        models.Person.profiled, "Whether suggestions may be computed from what is known of the person."
    )
    ferpa_hold: bool = column(
        models.Person.ferpa_hold, "Whether what they studied here is kept to the office, whatever else they chose."
    )
    made_at: datetime | None = column(
        models.Person.choices_made_at,
        "When the person made these choices; null while they are the institution's defaults.",
    )


@strawberry.type(description="An open request to connect, yours or to you.")
@table(models.Connection, access.sees_request)
class ConnectionRequest(Node):
    """The asker sees it as open until it is answered with yes: a decline is silent."""

    person: Person | None = one("Person", other_end, "The other one.")
    incoming: bool = expression(
        lambda scope, tie: tie.c.requester_id != access.me(scope.viewer), "Whether it is to you, and yours to answer."
    )
    message: str | None = column(models.Connection.message, "What was written with it.")
    requested_at: datetime = column(models.Connection.requested_at, "When it was made.")


@strawberry.type(description="One request of a page.")
class ConnectionRequestEdge:
    """As Relay defines it."""

    cursor: str = strawberry.field(description="Where the request stands in the list.")
    node: ConnectionRequest = strawberry.field(description="The request.")


@strawberry.type(description="A page of requests.")
class ConnectionRequestConnection:
    """As Relay defines it."""

    edges: list[ConnectionRequestEdge] = strawberry.field(description="The requests with their cursors.")
    nodes: list[ConnectionRequest] = strawberry.field(description="The requests.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = total_count("How many there are in all.")


@strawberry.type(description="One connection of a page.")
class TieEdge:
    """As Relay defines it."""

    cursor: str = strawberry.field(description="Where the connection stands in the list.")
    node: Tie = strawberry.field(description="The connection.")


@strawberry.type(description="A page of your connections.")
class TieConnection:
    """As Relay defines it."""

    edges: list[TieEdge] = strawberry.field(description="The connections with their cursors.")
    nodes: list[Tie] = strawberry.field(description="The connections.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = total_count("How many there are in all.")


@strawberry.type(description="Somebody whom you blocked. Nobody else learns of it.")
@table(models.Block, access.owns_block)
class Block(Node):
    """See `models.Block`."""

    person_id: strawberry.ID = expression(
        lambda _scope, block: encoded_id("Person", block.c.blocked_id), "The person's id, to lift the block with."
    )
    display_name: str = expression(lambda _scope, block: access.blocked_name(block), "The name of the blocked person.")
    blocked_at: datetime = column(models.Block.created_at, "Since when.")


@strawberry.type(description="What an officer read or did concerning a person.")
@table(models.AuditEvent, access.sees_audit)
class AuditEvent(Node):
    """See `models.AuditEvent`."""

    action: models.AuditAction = column(models.AuditEvent.action, "What was done.")
    facts: list[str] = column(models.AuditEvent.facts, "The kinds of restricted fact concerned, never their content.")
    reason: str | None = column(models.AuditEvent.reason, "Why, where a reason is asked for: to read as the person.")
    at: datetime = column(models.AuditEvent.created_at, "When.")
    actor: str | None = expression(
        lambda _scope, event: access.actor_name(event), "Who did it; null for the system or a deleted account."
    )


@strawberry.type(description="One event of a page.")
class AuditEventEdge:
    """As Relay defines it."""

    cursor: str = strawberry.field(description="Where the event stands in the list.")
    node: AuditEvent = strawberry.field(description="The event.")


@strawberry.type(description="A page of events.")
class AuditEventConnection:
    """As Relay defines it."""

    edges: list[AuditEventEdge] = strawberry.field(description="The events with their cursors.")
    nodes: list[AuditEvent] = strawberry.field(description="The events.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = total_count("How many there are in all.")


def _is_me(scope: Scope, account: FromClause, person: FromClause) -> ColumnElement[bool]:
    return (person.c.id == account.c.person_id) & (person.c.id == access.me(scope.viewer))


def _roles(_scope: Scope, account: FromClause) -> ColumnElement[Any]:
    role = from_clause(models.PersonRole).alias()
    dated = select(role.c.kind.cast(Text)).where(role.c.person_id == account.c.person_id, access.holds_now(role))
    held = select(account.c.role.cast(Text)).where(account.c.role != literal_column("'MEMBER'"))
    return func.array_to_json(
        func.array(union_all(dated.correlate(account), held.correlate(account)).scalar_subquery())
    )


def _unread(scope: Scope, _account: FromClause) -> ColumnElement[int]:
    told = from_clause(models.Notification).alias()
    unread = select(func.count()).where(access.sees_notification(scope.viewer, told), told.c.read_at.is_(None))
    return unread.correlate_except(told).scalar_subquery()


def _mine(scope: Scope, _account: FromClause, event: FromClause) -> ColumnElement[bool]:
    return event.c.person_id == access.me(scope.viewer)


_Proposals: TypeAlias = Annotated["UpdateProposalConnection", strawberry.lazy("schema.office.proposals")]


def _proposed(scope: Scope, _account: FromClause, proposal: FromClause) -> ColumnElement[bool]:
    return proposal.c.proposer_id == access.me(scope.viewer)


@strawberry.type(description="You, as this API knows you.")
@table(models.Account, access.owns_account)
class Viewer(Node):
    """The account behind the token."""

    email: str = column(models.Account.email, "The address that you sign in with.")
    roles: list[str] = expression(
        _roles, "ALUMNUS, STUDENT and other roles you hold now; STAFF or ADMIN of the office."
    )
    person: Person | None = one(
        "Person", _is_me, "Your own person, with all of your facts; null for an officer without."
    )
    choices: Choices | None = one("Choices", _is_me, "Your four choices about being seen.")
    connection_requests: ConnectionRequestConnection | None = planned(
        Page("ConnectionRequest", lambda _scope, _account, tie: tie.c.id.is_not(None), default_order=("id", "DESC")),
        "Open requests to connect, yours and to you, newest first.",
        arguments=page_arguments,
    )
    ties: TieConnection | None = planned(
        Page("Tie", lambda _scope, _account, tie: tie.c.id.is_not(None), default_order=("id", "DESC")),
        "Your connections, newest first, also with those who have left the directory: you may end these as well.",
        arguments=page_arguments,
    )
    blocks: list[Block] = many(
        "Block",
        lambda _scope, _account, block: block.c.id.is_not(None),
        lambda block: [block.c.id],
        "Whom you blocked.",
        about=20,
    )
    access_log: AuditEventConnection | None = planned(
        Page("AuditEvent", _mine, default_order=("id", "DESC")),
        "What officers read of your restricted facts and did concerning you, newest first.",
        arguments=page_arguments,
    )
    notifications: Annotated["NotificationConnection", strawberry.lazy("schema.notifications")] | None = planned(
        Page("Notification", lambda _scope, _account, told: told.c.id.is_not(None), default_order=("id", "DESC")),
        "What you were told, newest first.",
        arguments=page_arguments,
    )
    unread_notifications: int = expression(_unread, "How many of these you have not marked as read.")
    update_proposals: Annotated["UpdateProposalConnection", strawberry.lazy("schema.office.proposals")] | None = (
        planned(
            Page("UpdateProposal", _proposed, default_order=("id", "DESC")),
            "What you proposed to correct of others' records, newest first.",
            arguments=page_arguments,
        )
    )


@strawberry.type(description="A signed-in identity that is linked to no account here yet.")
class IdentityClaim:
    """See `access.Claim`."""

    issuer: str = strawberry.field(description="The issuer that vouches for you.")
    email: str | None = strawberry.field(description="Your address, if the issuer says that it is verified.")


def _account(scope: Scope, _given: Arguments, account: FromClause) -> ColumnElement[bool]:
    return access.owns_account(scope.viewer, account)


def read_claim(info: Info) -> IdentityClaim | None:
    """The claim of the token, if it is linked to nothing yet."""
    claim = info.context.viewer.claim
    return IdentityClaim(issuer=claim.issuer, email=claim.email) if claim else None


@strawberry.type
class ViewerQuery:
    """Queries about the caller."""

    viewer: Viewer | None = planned(
        Root("Viewer", _account),
        f"You; null when not signed in or not linked. {PUBLIC.sentence}",
        metadata=requires(PUBLIC),
    )
    identity_claim: IdentityClaim | None = query(
        PUBLIC,
        "Your identity while it is linked to no account: confirm it with confirmIdentity.",
        resolver=read_claim,
    )
