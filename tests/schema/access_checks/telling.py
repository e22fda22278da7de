"""What the asker was told, and what webhooks are told, and what the model says of it."""

from schema.ids import encode_id
from tests.schema.access_checks.cases import Case, ids, person_id
from tests.schema.access_checks.people import NODES
from tests.schema.worlds import Asker
from tests.schema.worlds.telling import administers, sees_sent, sees_told

TOLD = """{ viewer { unreadNotifications notifications(first: 100) { totalCount nodes { id
    request { id person { id } } tie { id person { id } } event { id } } } } }"""
WEBHOOKS = "{ webhooks(first: 9) { totalCount nodes { id deliveries(first: 100) { totalCount nodes { id } } } } }"


async def check_told(case: Case, asker: Asker) -> None:
    """Everybody is told what is theirs and about what they know of, administrators what happens to whom they see."""
    world = case.world
    mine = (await case.ask(TOLD, asker))["viewer"]
    told = {encode_id("Notification", one.id): one for one in world.told if sees_told(world, asker, one)}
    assert ids(mine["notifications"]) == set(told)
    assert mine["notifications"]["totalCount"] == mine["unreadNotifications"] == len(told)
    for node in mine["notifications"]["nodes"]:
        about = told[node["id"]]
        event = about.event and {"id": encode_id("Event", about.event.id)}
        request = tie = None
        if about.pair is not None:
            (other,) = [world.person(end) for end in about.pair if not asker.owns(end)]
            key, seen = world.ties[about.pair].id, world.sees_person(asker, other)
            person = {"id": person_id(other)} if seen else None
            connected = world.has_tie(asker, about.pair)
            request = None if connected else {"id": encode_id("ConnectionRequest", key), "person": person}
            tie = {"id": encode_id("Tie", key), "person": person} if connected else None
        assert (node["request"], node["tie"], node["event"]) == (request, tie, event)
    named = [
        *(("Notification", one.id, sees_told(world, asker, one)) for one in world.told),
        ("Webhook", world.webhook, administers(asker)),
        *(("WebhookDelivery", one.id, sees_sent(world, asker, one)) for one in world.sent),
        *(("WebhookAttempt", one.attempt_id, sees_sent(world, asker, one)) for one in world.sent),
    ]
    for start in range(0, len(named), 100):
        some = named[start : start + 100]
        nodes = (await case.ask(NODES, asker, ids=[encode_id(kind, key) for kind, key, _ in some]))["nodes"]
        assert [node is not None for node in nodes] == [seen for *_, seen in some]
    if not administers(asker):
        assert (await case.answer(WEBHOOKS, asker)).codes == ["FORBIDDEN"]
        return
    (webhook,) = (await case.ask(WEBHOOKS, asker))["webhooks"]["nodes"]
    sent = {encode_id("WebhookDelivery", one.id) for one in world.sent if sees_sent(world, asker, one)}
    assert ids(webhook["deliveries"]) == sent
    assert webhook["deliveries"]["totalCount"] == len(sent)
