"""Who comes back is told where they were named meanwhile: a real server with a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatroom.common.names import names
from tests.hosting import running
from tests.peers import Guests, Irc, Peer

CAPS = ("batch", "server-time", "message-tags")


@pytest.fixture
def guests(data: Path) -> Iterator[Guests]:
    with running(data) as guests:
        yield guests


def claim(guests: Guests, name: str, room: str = "#lobby") -> Irc:
    client = guests.irc(name, *CAPS, room=room)
    client.send(f"PRIVMSG NickServ :REGISTER horse-{name}")
    client.wait("NOTICE .*yours")
    return client


def leave(client: Peer) -> None:
    client.send("QUIT")
    client.rest()


def come(guests: Guests, name: str) -> list[str]:
    """Logs in with netcat; what came up to the answer to a question."""
    peer = guests.stranger()
    peer.send(name, f"horse-{name}", "/sync")
    return peer.until("unknown command /sync")


def mentioned(lines: list[str]) -> list[str]:
    return [line for line in lines if "While you were away" in line]


def test_who_logs_in_is_told_in_which_rooms_they_were_named(guests: Guests) -> None:
    alice = claim(guests, "alice", room="#class-3b,#lobby")
    bob = guests.irc("bob", *CAPS, room="#class-3b,#lobby")
    bob.send("PRIVMSG #class-3b :alice, before")
    bob.sync()
    leave(alice)
    bob.send(
        "PRIVMSG #class-3b :alice?",
        "PRIVMSG #class-3b :hello ALICE",
        "PRIVMSG #class-3b :malice",
        "PRIVMSG #lobby :@alice",
    )
    bob.sync()
    (told,) = mentioned(come(guests, "alice"))
    assert told == "* While you were away: 2 mentions in #class-3b, 1 mention in #lobby. /mentions shows them."


def test_who_claims_a_name_anew_is_not_told_of_what_its_last_owner_missed(guests: Guests) -> None:
    """That named somebody else."""
    alice, bob = claim(guests, "alice", room="#class"), guests.irc("bob", *CAPS, room="#class")
    leave(alice)
    bob.send("PRIVMSG #class :alice?")
    bob.sync()
    again = guests.irc("alice", *CAPS, password="alice:horse-alice")
    again.send("PRIVMSG NickServ :DROP alice horse-alice")
    again.wait("NOTICE .*nobody's any more")
    leave(again)
    leave(claim(guests, "alice", room=""))
    assert mentioned(come(guests, "alice")) == []


def test_it_is_told_once(guests: Guests) -> None:
    alice, bob = claim(guests, "alice"), guests.irc("bob", *CAPS)
    leave(alice)
    bob.send("PRIVMSG #lobby :alice?")
    bob.sync()
    first = guests.irc("alice", *CAPS, password="alice:horse-alice")
    assert [line.partition(" NOTICE ")[2] for line in mentioned(first.heard)] == [
        "alice :While you were away: 1 mention in #lobby. /mentions shows them."
    ]
    leave(first)
    assert mentioned(come(guests, "alice")) == []


def test_who_is_back_is_told_of_what_was_said_while_they_were_away(guests: Guests) -> None:
    alice, bob = claim(guests, "alice"), guests.irc("bob", *CAPS)
    bob.send("PRIVMSG #lobby :alice, before")
    bob.sync()
    alice.send("AWAY :tea")
    alice.sync()
    bob.send("PRIVMSG #lobby :alice?")
    bob.sync()
    alice.send("AWAY")
    assert " 1 mention in #lobby." in alice.until("While you were away")[-1]


def test_rooms_that_one_may_not_enter_any_more_are_not_told_of(guests: Guests) -> None:
    alice, bob = claim(guests, "alice", room=""), guests.irc("bob", *CAPS, room="#closed")
    alice.send("JOIN #closed")
    alice.sync()
    leave(alice)
    bob.send("MODE #closed +i", "PRIVMSG #closed :alice?")
    bob.sync()
    assert mentioned(come(guests, "alice")) == []


def test_an_empty_room_that_has_an_owner_is_told_of_unless_it_is_closed(guests: Guests) -> None:
    alice, bob = claim(guests, "alice", room=""), claim(guests, "bob", room="")
    for owner, room, other in ((alice, "#hers", bob), (bob, "#his", alice), (bob, "#closed", alice)):
        owner.send(f"JOIN {room}")
        owner.sync()
        other.send(f"JOIN {room}")
        other.sync()
    leave(alice)
    bob.send("MODE #closed +i", *(f"PRIVMSG {room} :alice?" for room in ("#hers", "#his", "#closed")))
    bob.sync()
    leave(bob)
    (told,) = mentioned(come(guests, "alice"))
    assert "1 mention in #hers, 1 mention in #his." in told


def test_one_who_is_ignored_mentions_nobody(guests: Guests) -> None:
    alice, bob = claim(guests, "alice"), claim(guests, "bob")
    alice.send("SILENCE bob")
    alice.sync()
    leave(alice)
    bob.send("PRIVMSG #lobby :alice?")
    bob.sync()
    assert mentioned(come(guests, "alice")) == []


def test_mentions_are_listed(guests: Guests) -> None:
    alice, bob = claim(guests, "alice"), guests.irc("bob", *CAPS)
    bob.send("PRIVMSG #lobby :alice, look", "PRIVMSG #lobby :malice")
    bob.sync()
    leave(alice)
    peer = guests.stranger()
    peer.send("alice", "horse-alice", "/mentions", "/sync")
    lines = peer.until("unknown command /sync")
    assert [line.partition("] ")[2] for line in lines if "#lobby bob" in line] == ["#lobby bob: alice, look"]
    carol = guests.plain("carol")
    carol.send("/mentions")
    carol.wait("you are not logged in")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alice", True),
        ("Alice: look", True),
        ("@alice!", True),
        ("malice alice", True),
        ("malice", False),
        ("alices", False),
        ("", False),
    ],
)
def test_a_name_is_a_word(text: str, expected: bool) -> None:
    assert names(text, "alice") is expected
