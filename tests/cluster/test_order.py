"""Order is kept over all servers of a chat, wherever its operators are."""

import re
from collections.abc import Callable

import pytest

from chatroom.model.commands import BanFromServer
from tests.cluster.conftest import Node, agree

pytestmark = pytest.mark.needs("redis-server")
Start = Callable[..., Node]


def test_what_an_operator_does_on_one_server_holds_on_all(node: Start) -> None:
    """Kicks, bans, mutes, slow mode; a server that comes later knows of them, too."""
    one, two = node("one"), node("two")
    op, bob = one.guests.irc("op", room="#tea"), two.guests.plain("bob")
    bob.send("/join #tea")
    op.wait("^:bob!")
    op.send("MUTE #tea bob 1h :noise")
    bob.wait(r"^\* op muted bob for 1h \(noise\)$")
    bob.send("hey")
    bob.wait(r"^\* op has muted you in #tea for .* \(noise\)")
    op.send("BAN #tea bob 1h :enough", "MODE #tea +W 30")
    bob.wait(r"^\* op threw bob out \(enough\)$")
    three = node("three")
    eve = three.guests.irc("eve", room="")
    bob.send("/quit")
    bob.rest()
    agree(one, two, three)
    back = three.guests.irc("bob", room="")
    back.send("JOIN #tea")
    assert re.search(r" 474 bob #tea :.* op has banned you for .* more \(enough\)", back.sync()[-1])
    eve.send("JOIN #tea", "PRIVMSG #tea :one", "PRIVMSG #tea :two")
    eve.wait(r" 404 eve #tea :.*\(\+W\)")
    agree(one, two, three)


def test_what_ends_by_itself_ends_once(node: Start) -> None:
    """Though each server has a clock."""
    one, two = node("one"), node("two")
    op, bob = one.guests.irc("op", room="#tea"), two.guests.plain("bob")
    bob.send("/join #tea")
    op.wait("^:bob!")
    op.send("MUTE #tea bob 1s", "MUTE #tea eve 2s")
    assert bob.until("The mute on eve has ended")[-2:] == ["* The mute on bob has ended", "* The mute on eve has ended"]
    agree(one, two)
    assert bob.sync() == []


def test_a_ban_from_one_server_is_one_from_all(node: Start) -> None:
    """By the console: who is connected to another server is thrown off, and does not come in at a third."""
    one, two = node("one"), node("two")
    one.guests.plain("al")  # who shares the address, so that it is not banned with the name
    bob = two.guests.plain("bob")
    agree(one, two)
    one.server.event_log.submit(one.server.hub.state.server_session, [BanFromServer("bob", 3600, "spam")])
    assert bob.rest()[-1] == "* Goodbye: one threw you off the server (spam)."
    three = node("three")
    back = three.guests.stranger()
    back.send("bob")
    back.wait(r"^\* you are banned from this server for .* more \(spam\)$")
    agree(one, two, three)


def test_names_that_look_alike_are_not_had_on_two_servers(node: Start) -> None:
    """The second is refused, wherever it comes."""
    one, two = node("one"), node("two")
    one.guests.plain("alice")
    stranger = two.guests.stranger()
    stranger.wait("^Username$")
    stranger.send("a1ice")
    stranger.wait("^\\* a1ice looks like alice")
    agree(one, two)
