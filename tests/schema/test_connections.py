"""Who is told of a connection, as clients see it."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from schema.ids import encode_id
from tests.conftest import Api
from tests.factories import connect, make_member, make_person

REQUESTS = "{ viewer { connectionRequests(first: 5) { nodes { incoming } } } }"
CONTACTS = "query($id: ID!) { person(id: $id) { connections(first: 5) { totalCount nodes { displayName } } } }"


@pytest.mark.parametrize("hiding", ["nobody", "low_visibility", "high_visibility"])
async def test_a_connection_is_told_as_far_as_both_ends_let_it_be(session: AsyncSession, api: Api, hiding: str):
    reader = await make_member(session)
    ana, ben = await make_person(session, "Ana"), await make_person(session, "Ben")
    ends: dict[str, Any] = {} if hiding == "nobody" else {hiding: models.Visibility.CONNECTIONS}
    await connect(session, ana, ben, **ends)
    for one, other in ((ana, "Ben"), (ben, "Ana")):
        found = (await api(CONTACTS, as_=reader, id=encode_id("Person", one.id))).data["person"]["connections"]
        assert [node["displayName"] for node in found["nodes"]] == ([other] if hiding == "nobody" else [])
        assert found["totalCount"] == len(found["nodes"])


async def test_a_declined_request_is_over_for_who_declined_and_waits_for_who_asked(session: AsyncSession, api: Api):
    asker, asked = await make_member(session), await make_member(session)
    assert asker.person_id is not None
    assert asked.person_id is not None
    await connect(session, asker.person_id, asked.person_id, models.ConnectionState.DECLINED)
    told = [(await api(REQUESTS, as_=one)).data["viewer"]["connectionRequests"]["nodes"] for one in (asker, asked)]
    assert told == [[{"incoming": False}], []]
