"""What all servers have in common, as JSON and back."""

import pytest

from chatroom.cluster import snapshots
from chatroom.cluster.object_graph import Graph, attributes
from chatroom.model.absences import Absences
from chatroom.model.entities import Room, Server, User
from chatroom.model.markers import Marked, Markers
from chatroom.model.state import ChatState
from chatroom.model.values import Device, Person
from tests.chat import Chat

# What is each server's own: its clients, and who of them wants to know what.
OWN = {
    "received",
    "following",
    "sessions",
    "watchers",
    "here",
    "guest_markers",
    "marking",
    "server_session",
    "audit_log",
    "forgotten",
    "service",
}
# What is made of the shared, by `ChatState.reindex`.
DERIVED = {
    *("nicks", "claimed", "networks", "expiries", "mask_counts", "room_looks", "owned", "left_lists", "presences"),
    "waiting_senders",
}


def test_all_of_the_state_is_either_shared_or_each_servers_own() -> None:
    """Or made of the shared. Whoever gives it something new must say which it is: here, or in `ChatState.SHARED`."""
    assert set(vars(ChatState("here", lasting=True))) - DERIVED == OWN | set(ChatState.SHARED)


def test_a_hub_that_loads_a_snapshot_holds_what_was_in_it() -> None:
    """People, rooms with their modes and ranks, what was said last, who has gone; and knows them as one."""
    chat = Chat()
    alice, bob = chat.irc("alice", "draft/read-marker", room="#tea"), chat.irc("bob", room="#tea")
    carol = chat.plain("carol")
    alice.send("TOPIC #tea :green", "MODE #tea +vbk bob *!*@192.0.2.1 key", "PRIVMSG #tea :hi", "AWAY :out")
    alice.send("INVITE carol #tea", "MODE alice +i", "PRIVMSG bob :psst")
    bob.send("JOIN #milk", "NICK robert")
    carol.send("/register correct-horse", "/quit")
    bob.send("PRIVMSG carol :this waits")
    alice.send("NICKSERV REGISTER open-sesame", "MARKREAD #tea timestamp=2020-01-01T00:00:00.000Z")
    behind = snapshots.Mark(1, 2, 3)
    text = snapshots.snapshot(chat.hub.state, behind)
    other = ChatState("other", lasting=False)
    assert snapshots.load(other, text) == behind
    assert snapshots.snapshot(other, behind) == text
    assert other.markers.names("alice") == chat.hub.state.markers.names("alice") != {}
    assert other.markers.read("alice", "#Tea") > 0
    assert other.waiting_senders == chat.hub.state.waiting_senders and other.waiting_senders.total() == 1
    assert other.nicks.get("alice") is other.users[alice.uid]
    assert other.rooms["#tea"].members[alice.uid] is other.users[alice.uid]
    assert other.users[alice.uid].sessions == ()
    assert other.users[alice.uid].member_info().person.nick == "alice"
    assert not list(other.rooms["#tea"].audience)
    assert other.rooms["#tea"].has_speech_restrictions


def test_every_slot_of_users_and_rooms_is_written() -> None:
    """So that a new one needs no line in here."""
    for kind in (User, Room, Server, Absences, Marked, Markers):
        assert set(attributes(kind)) == {slot for slot in kind.__slots__ if not slot.startswith("_")}


def test_no_other_class_is_made_than_those_it_was_told_of() -> None:
    """Whatever stands in a snapshot."""
    alice = User(Person("1", "alice", "u", "127.0.0.1"), None, 0)
    text = Graph({"User": User, "Person": Person, "Device": Device}).write({"user": alice})
    with pytest.raises(KeyError):
        Graph({"Room": Room}).read(text)
