"""GraphQL over HTTP by the audits of graphql-http: whatever a server MUST or SHOULD do."""

import pytest

from tests.conformance.conftest import Node, Served

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


def test_all_audits_pass(served: Served, node: Node):
    found = node("audit.mjs", served.url)
    assert len(found) > 50
    assert [one for one in found if one["status"] not in {"ok", "notice"}] == []
