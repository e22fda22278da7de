"""An API process killed while clients write to it, and started again; and one stopped while clients listen."""

import signal

import httpx
import pytest

from tests.api.servers import headers_of, log_of
from tests.faults.scenes import Load, Scene, created
from tests.faults.sockets import LISTEN, closed, hear, socket_of, subscribing

pytestmark = [pytest.mark.slow, pytest.mark.timeout(480)]


def test_every_write_that_a_killed_server_has_acknowledged_is_there(scene: Scene):
    """Clients see their connections end without an answer. What was acknowledged is there after the next start; what
    was not may be there or not, and once more with the same idempotency key makes it be there once."""
    with scene.serving() as server, Load([scene.asker(server, "officer") for _ in range(8)]) as load:
        load.until_acknowledged(60)
        server.process.kill()
        server.process.wait()
        load.until_refused()
    assert {said.status for said in load.writes} == {200, 0}
    assert load.acknowledged <= set(scene.events())

    with scene.serving() as server:
        officer = scene.asker(server, "officer")
        assert all(created(officer.create(name)) for name in sorted(load.unsure | load.acknowledged))
        assert server.signal(signal.SIGTERM) == 0
    assert scene.events() == sorted(load.unsure | load.acknowledged)


def test_a_server_that_is_stopped_does_not_wait_for_those_who_listen(scene: Scene):
    """Event streams and sockets end in a way that makes clients listen anew; no request has to be broken off."""
    token = scene.token("Ana")
    headers = {**headers_of(token), "accept": "text/event-stream"}
    with scene.serving() as server, socket_of(server, token) as socket:
        hear(socket)
        socket.send(subscribing())
        with httpx.stream("POST", f"{server.address}/graphql", json={"query": LISTEN}, headers=headers) as stream:
            assert stream.status_code == 200
            assert server.signal(signal.SIGTERM) == 0
            assert "complete" not in "".join(stream.iter_text())
        assert closed(socket) == 1012
        assert "shutdown exceeded" not in log_of(server)
