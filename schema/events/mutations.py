"""What can be done about events: publish, change, call off; take a seat and give it back."""

from datetime import datetime
from typing import Annotated, Any, TypeAlias

import strawberry

from api import models
from api.services import events
from api.services.events import EventChanges
from api.services.retries import once
from schema.context import Info
from schema.engine.resolving import read_ahead, ref
from schema.errors import Conflict, Invalid, NotAllowed, NotFound
from schema.events.types import Event
from schema.ids import decode_id
from schema.people.inputs import needed, optional
from schema.permissions import PERSON, STAFF, mutation
from schema.translations import OTHERS, changed

EVENT = ("input", "eventId")


@strawberry.input(description="The texts in one language.")
class EventTranslationInput:
    """See `translations.Translation`."""

    language: str = needed("The language: BCP 47.")
    name: str = needed("What it is called.")
    description: str | None = optional("What it is about; left out, the original's is shown.")


@strawberry.input(description="An event. Drafts have the audience STAFF.")
class CreateEventInput:
    """See `events.EventChanges`."""

    name: str = needed("What it is called.")
    starts_at: datetime = needed("When it begins.")
    ends_at: datetime = needed("When it ends.")
    time_zone: str = needed("The zone of the place: an IANA name.")
    description: str | None = optional("What it is about.")
    language: str | None = optional("Which language name and description are in: BCP 47.")
    translations: list[EventTranslationInput] | None = optional(OTHERS)
    organizer: str | None = optional("The chapter, club or office that holds it.")
    attendance_mode: models.AttendanceMode | None = optional("OFFLINE unless said otherwise.")
    audience: models.Visibility | None = optional("STAFF, MEMBERS or PUBLIC; MEMBERS unless said otherwise.")
    venue: str | None = optional("The house or hall.")
    city: str | None = optional("The city.")
    region: str | None = optional("The region or state.")
    country: str | None = optional("ISO 3166-1 alpha-2.")
    join_url: str | None = optional("The link to take part by: only those who are registered see it.")
    capacity: int | None = optional("How many seats there are; left out, there is no limit.")
    attendees_shown: bool | None = optional("Whether all who see the event see who comes; true unless said otherwise.")
    idempotency_key: str | None = optional("Your key for this request: a retry with it makes no second event.")


@strawberry.input(description="What of an event to change. What is left out stays as it is.")
class UpdateEventInput:
    """See `events.EventChanges`."""

    event_id: strawberry.ID = needed("The event.")
    name: str | None = optional("What it is called.")
    starts_at: datetime | None = optional("When it begins.")
    ends_at: datetime | None = optional("When it ends.")
    time_zone: str | None = optional("The zone of the place: an IANA name.")
    description: str | None = optional("What it is about.")
    language: str | None = optional("Which language name and description are in: BCP 47.")
    translations: list[EventTranslationInput] | None = optional(OTHERS)
    organizer: str | None = optional("The chapter, club or office that holds it.")
    attendance_mode: models.AttendanceMode | None = optional("How one takes part.")
    audience: models.Visibility | None = optional("STAFF, MEMBERS or PUBLIC.")
    venue: str | None = optional("The house or hall.")
    city: str | None = optional("The city.")
    region: str | None = optional("The region or state.")
    country: str | None = optional("ISO 3166-1 alpha-2.")
    join_url: str | None = optional("The link to take part by.")
    capacity: int | None = optional("How many seats there are; null for no limit.")
    attendees_shown: bool | None = optional("Whether those who see the event see who comes.")


@strawberry.input(description="Which event.")
class EventInput:
    """One event by its id."""

    event_id: strawberry.ID = needed("The event.")


@strawberry.type(description="The event as it is now.")
class EventPayload:
    """The event."""

    event: Event | None = strawberry.field(description="The event.")


EventResult: TypeAlias = Annotated[
    EventPayload | NotFound | NotAllowed | Conflict | Invalid,
    strawberry.union("EventResult", description="The payload, or what stood against it."),
]


def _changes(given: CreateEventInput | UpdateEventInput) -> EventChanges:
    values: dict[str, Any] = vars(given)
    chosen = {name: values[name] for name in events.EVENT_FIELDS if values[name] is not strawberry.UNSET}
    return EventChanges(**chosen, translations=changed(given.translations, "name"))


@strawberry.type
class EventsMutation:
    """Mutations of events."""

    @mutation(STAFF, "Publish an event, or draft one.")
    async def create_event(self, info: Info, input: CreateEventInput) -> EventResult:
        viewer, changes, key = info.context.viewer, _changes(input), input.idempotency_key or None
        async with info.context.db.write() as session, session.begin():
            asked = ("createEvent", changes)
            event_id = await once(session, viewer, key, asked, lambda: events.create_event(session, viewer, changes))
            return await read_ahead(info, session, EventPayload(event=ref(Event, event_id)))

    @mutation(STAFF, "Change an event.")
    async def update_event(self, info: Info, input: UpdateEventInput) -> EventResult:
        event_id = decode_id(input.event_id, "Event", EVENT)
        async with info.context.db.write() as session, session.begin():
            await events.update_event(session, info.context.viewer, event_id, _changes(input))
            return await read_ahead(info, session, EventPayload(event=ref(Event, event_id)))

    @mutation(STAFF, "Call an event off. It stays to be seen, as cancelled.")
    async def cancel_event(self, info: Info, input: EventInput) -> EventResult:
        event_id = decode_id(input.event_id, "Event", EVENT)
        async with info.context.db.write() as session, session.begin():
            await events.cancel_event(session, info.context.viewer, event_id)
            return await read_ahead(info, session, EventPayload(event=ref(Event, event_id)))

    @mutation(PERSON, "Take a seat at an event. Who has one keeps it.")
    async def register_for_event(self, info: Info, input: EventInput) -> EventResult:
        event_id = decode_id(input.event_id, "Event", EVENT)
        async with info.context.db.write() as session, session.begin():
            await events.register(session, info.context.viewer, event_id)
            return await read_ahead(info, session, EventPayload(event=ref(Event, event_id)))

    @mutation(PERSON, "Give your seat at an event back.")
    async def cancel_registration(self, info: Info, input: EventInput) -> EventResult:
        event_id = decode_id(input.event_id, "Event", EVENT)
        async with info.context.db.write() as session, session.begin():
            await events.cancel_registration(session, info.context.viewer, event_id)
            return await read_ahead(info, session, EventPayload(event=ref(Event, event_id)))
