"""The schema by the tools of other makers: its style, and that what is served is what is committed."""

import pytest

from tests.conformance.conftest import PROJECT, Node, Served

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
SDL = str(PROJECT / "schema.graphql")


def test_the_sdl_has_no_fault_of_style(node: Node):
    assert node("lint.mjs", SDL) == []


def test_what_is_served_is_the_committed_sdl(served: Served, node: Node):
    assert node("differences.mjs", SDL, served.url, served.tokens["member"]) == []
