"""What people do about one another: connect, answer, withdraw, end, block."""

from typing import Annotated, TypeAlias

import strawberry

from api.services import blocks, connections
from schema.context import Info
from schema.engine.resolving import read_ahead, ref
from schema.errors import Conflict, Invalid, NotAllowed, NotFound
from schema.ids import decode_id, decode_person
from schema.people.inputs import optional
from schema.people.types import Person, Tie
from schema.permissions import MEMBER, PERSON, mutation
from schema.viewer import Block, ConnectionRequest, Viewer


@strawberry.input(description="Whom to ask.")
class RequestConnectionInput:
    """See `connections.request_connection`."""

    person_id: strawberry.ID = strawberry.field(description="The person.")
    message: str | None = optional("A few words with the request.")


@strawberry.input(description="Which request.")
class WithdrawRequestInput:
    """See `connections.withdraw_request`."""

    request_id: strawberry.ID = strawberry.field(description="Your request.")


@strawberry.input(description="Which request, and the answer.")
class AnswerRequestInput:
    """See `connections.answer_request`."""

    request_id: strawberry.ID = strawberry.field(description="The request to you.")
    accept: bool = strawberry.field(description="Yes or no. A no stays between you and this API.")


@strawberry.input(description="Which connection.")
class EndConnectionInput:
    """See `connections.end_connection`."""

    tie_id: strawberry.ID = strawberry.field(description="Your end of the connection.")


@strawberry.input(description="Whom to block.")
class BlockPersonInput:
    """See `blocks.block_person`."""

    person_id: strawberry.ID = strawberry.field(description="The person.")


@strawberry.input(description="Whose block to lift.")
class UnblockPersonInput:
    """See `blocks.unblock_person`."""

    person_id: strawberry.ID = strawberry.field(description="The person, as your block names them.")


@strawberry.type(description="Where you stand with the person you asked.")
class RequestConnectionPayload:
    """The request, or the connection when both have asked."""

    request: ConnectionRequest | None = strawberry.field(description="The request; null if you are connected at once.")
    tie: Tie | None = strawberry.field(description="The connection, if the other had asked you.")
    person: Person | None = strawberry.field(description="The person.")


@strawberry.type(description="The request as it was answered.")
class AnswerRequestPayload:
    """The connection, when the answer was yes."""

    tie: Tie | None = strawberry.field(description="The connection; null after a no.")


@strawberry.type(description="You, after the change.")
class TiesPayload:
    """The viewer."""

    viewer: Viewer | None = strawberry.field(description="You.")


@strawberry.type(description="The block.")
class BlockPersonPayload:
    """The block."""

    block: Block | None = strawberry.field(description="The block.")


RequestConnectionResult: TypeAlias = Annotated[
    RequestConnectionPayload | NotFound | NotAllowed | Conflict | Invalid,
    strawberry.union("RequestConnectionResult", description="The payload, or what stood against it."),
]
AnswerRequestResult: TypeAlias = Annotated[
    AnswerRequestPayload | NotFound | Conflict | Invalid,
    strawberry.union("AnswerRequestResult", description="The payload, or what stood against it."),
]
TiesResult: TypeAlias = Annotated[
    TiesPayload | NotFound | Conflict | Invalid,
    strawberry.union("TiesResult", description="The payload, or what stood against it."),
]
BlockPersonResult: TypeAlias = Annotated[
    BlockPersonPayload | NotFound | Conflict | Invalid,
    strawberry.union("BlockPersonResult", description="The payload, or what stood against it."),
]


@strawberry.type
class TiesMutation:
    """Mutations between two people."""

    @mutation(MEMBER, "Ask somebody to connect. If they have asked you, you are connected at once.")
    async def request_connection(self, info: Info, input: RequestConnectionInput) -> RequestConnectionResult:
        async with info.context.db.write() as session, session.begin():
            person_id = await decode_person(session, input.person_id, ("input", "personId"))
            viewer, message = info.context.viewer, input.message or None
            tie_id = await connections.request_connection(session, viewer, person_id, message)
            payload = RequestConnectionPayload(
                request=ref(ConnectionRequest, tie_id), tie=ref(Tie, tie_id), person=ref(Person, person_id)
            )
            return await read_ahead(info, session, payload)

    @mutation(MEMBER, "Answer a request to you.")
    async def answer_request(self, info: Info, input: AnswerRequestInput) -> AnswerRequestResult:
        request_id = decode_id(input.request_id, "ConnectionRequest", ("input", "requestId"))
        async with info.context.db.write() as session, session.begin():
            await connections.answer_request(session, info.context.viewer, request_id, accept=input.accept)
            return await read_ahead(info, session, AnswerRequestPayload(tie=ref(Tie, request_id)))

    @mutation(PERSON, "Take back a request of yours.")
    async def withdraw_request(self, info: Info, input: WithdrawRequestInput) -> TiesResult:
        request_id = decode_id(input.request_id, "ConnectionRequest", ("input", "requestId"))
        async with info.context.db.write() as session, session.begin():
            await connections.withdraw_request(session, info.context.viewer, request_id)
            return await read_ahead(info, session, _you(info))

    @mutation(PERSON, "End a connection of yours.")
    async def end_connection(self, info: Info, input: EndConnectionInput) -> TiesResult:
        tie_id = decode_id(input.tie_id, "Tie", ("input", "tieId"))
        async with info.context.db.write() as session, session.begin():
            await connections.end_connection(session, info.context.viewer, tie_id)
            return await read_ahead(info, session, _you(info))

    @mutation(PERSON, "Block somebody: neither of you sees the other any more, anywhere.")
    async def block_person(self, info: Info, input: BlockPersonInput) -> BlockPersonResult:
        async with info.context.db.write() as session, session.begin():
            person_id = await decode_person(session, input.person_id, ("input", "personId"))
            block_id = await blocks.block_person(session, info.context.viewer, person_id)
            return await read_ahead(info, session, BlockPersonPayload(block=ref(Block, block_id)))

    @mutation(PERSON, "Lift a block of yours. What it ended stays ended.")
    async def unblock_person(self, info: Info, input: UnblockPersonInput) -> TiesResult:
        async with info.context.db.write() as session, session.begin():
            person_id = await decode_person(session, input.person_id, ("input", "personId"))
            await blocks.unblock_person(session, info.context.viewer, person_id)
            return await read_ahead(info, session, _you(info))


def _you(info: Info) -> TiesPayload:
    account_id = info.context.viewer.account_id
    return TiesPayload(viewer=ref(Viewer, account_id) if account_id else None)
