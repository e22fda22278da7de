"""Who sees the webhooks of the office and what goes through them, and which objects may be named to whom."""

from collections.abc import Callable, Mapping

from sqlalchemy import ColumnElement, FromClause, Uuid, and_, bindparam, false, literal_column, not_, or_, select

from api.access.events import sees_event
from api.access.jobs import sees_job
from api.access.people import sees_person, some_row, visible_people
from api.access.viewers import Viewer
from api.db import AnySelect, Base
from api.models import FAREWELLS, NOUN_OF, Account, Event, Job, Noun, Person, Webhook, WebhookDelivery, WebhookTopic

_RULES: Mapping[Noun, tuple[type[Base], Callable[[Viewer, FromClause], ColumnElement[bool]]]] = {
    Noun.PERSON: (Person, sees_person),
    Noun.EVENT: (Event, sees_event),
    Noun.JOB: (Job, sees_job),
}


def visible_objects(viewer: Viewer, noun: Noun) -> AnySelect:
    """The objects that may be named to the viewer, as `SELECT id`."""
    table, sees = _RULES[noun]
    if table is Person:
        return visible_people(viewer)
    return select(table.__table__.c.id).where(sees(viewer, table.__table__))


def sees_webhook(viewer: Viewer, webhook: FromClause) -> ColumnElement[bool]:
    """Webhooks are for administrators. The statement asks for the account's role: it is no part of a viewer's shape."""
    if not viewer.is_staff:
        return false()
    account = Account.__table__.alias()
    own = account.c.id == bindparam("account", viewer.account_id, type_=Uuid())
    return and_(webhook.c.id.is_not(None), some_row(account, own, administers(account)))


def administers(account: FromClause) -> ColumnElement[bool]:
    """Whether it is an administrator's account now, and of nobody who has died."""
    person = Person.__table__.alias()
    dead = some_row(person, person.c.id == account.c.person_id, person.c.deceased)
    return and_(account.c.role == literal_column("'ADMIN'"), not_(dead))


def sets_up(viewer: Viewer, webhook: FromClause) -> ColumnElement[bool]:
    """Whether it is through the viewer's eyes that the webhook is told."""
    return webhook.c.account_id == bindparam("account", viewer.account_id, type_=Uuid())


def sees_delivery(viewer: Viewer, delivery: FromClause) -> ColumnElement[bool]:
    """A delivery is for administrators who see what it is about: others could count what happens to whom they must not
    see. A farewell names nobody any more."""
    webhook = Webhook.__table__.alias()
    of_webhook = some_row(webhook, webhook.c.id == delivery.c.webhook_id, sees_webhook(viewer, webhook))
    about = [_about(viewer, delivery, noun) for noun in Noun]
    return and_(of_webhook, or_(delivery.c.topic.in_(_literals(FAREWELLS)), *about))


def _about(viewer: Viewer, delivery: FromClause, noun: Noun) -> ColumnElement[bool]:
    table, sees = _RULES[noun]
    row = table.__table__.alias()
    of_noun = delivery.c.topic.in_(_literals({topic for topic in WebhookTopic if NOUN_OF[topic] is noun} - FAREWELLS))
    return and_(of_noun, some_row(row, row.c.id == delivery.c.object_id, sees(viewer, row)))


def sees_attempt(viewer: Viewer, attempt: FromClause) -> ColumnElement[bool]:
    """An attempt is seen with its delivery."""
    delivery = WebhookDelivery.__table__.alias()
    return some_row(delivery, delivery.c.id == attempt.c.delivery_id, sees_delivery(viewer, delivery))


def _literals(topics: set[WebhookTopic] | frozenset[WebhookTopic]) -> list[ColumnElement[str]]:
    return [literal_column(f"'{topic.value}'") for topic in sorted(topics)]
