"""An API process killed while clients write to it, and started again."""

import signal

import pytest

from tests.faults.scenes import Load, Scene, created

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
