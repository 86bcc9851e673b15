"""Several servers are one chat."""

from collections.abc import Callable

import pytest

from tests.cluster.conftest import Node, agree

pytestmark = pytest.mark.needs("redis-server")
Start = Callable[..., Node]


def test_people_on_two_servers_talk(node: Start) -> None:
    """They see each other come, speak, act, and go."""
    one, two = node("one"), node("two")
    alice = one.guests.plain("alice")
    bob = two.guests.plain("bob")
    assert "With you in #lobby: alice" in bob.heard[-1]
    alice.wait(r"^\* bob joined$")
    bob.send("hello", "/me waves")
    assert alice.until("waves") == ["bob: hello", "** bob waves"]
    alice.send("/msg bob psst", "/nick alicia", "/topic tea")
    assert bob.until("tea") == [
        "[private] alice: psst",
        "* alice is now known as alicia",
        "* alicia set the topic: tea",
    ]
    agree(one, two)
    bob.send("/quit bye")
    alice.wait(r"^\* bob left \(bye\)$")
    agree(one, two)
