"""What all servers have in common, as JSON and back."""

import pytest

from chatroom.cluster import snapshots
from chatroom.cluster.object_graph import Graph, attributes
from chatroom.core.hub import Hub
from chatroom.model.entities import Room, Server, User
from chatroom.model.state import ChatState
from tests.chat import NOON, Chat, RecordingPost

# What is each server's own: its clients, who of them wants to know what, its passwords and tables.
OWN = {
    *("post", "sessions", "watchers", "here", "password", "operator_password", "reload"),
    *("registrar", "_clock", "_steady", "_started", "_not_saving", "_wrong", "_wrong_operators", "_deciders"),
    *("markers", "marking", "keep", "server_session", "audit_log", "replay", "service", "_appliers"),
}
# What is made of the shared, by `House.reindex`.
DERIVED = {"by_looks", "claimed", "networks", "ends", "_ends_most"}


def test_all_that_a_hub_has_is_either_shared_or_each_servers_own() -> None:
    """Or made of the shared. Whoever gives it something new must say which it is: here, or in `House.SHARED`."""
    hub = Hub(RecordingPost(), lambda: NOON, lasting=True)
    assert set(vars(hub)) - DERIVED == OWN | set(ChatState.SHARED)


def test_a_hub_that_loads_a_snapshot_holds_what_was_in_it() -> None:
    """People, rooms with their modes and ranks, what was said last, who has gone; and knows them as one."""
    chat = Chat()
    alice, bob, carol = chat.irc("alice", room="#tea"), chat.irc("bob", room="#tea"), chat.plain("carol")
    alice.send("TOPIC #tea :green", "MODE #tea +vbk bob *!*@192.0.2.1 key", "PRIVMSG #tea :hi", "AWAY :out")
    alice.send("INVITE carol #tea", "MODE alice +i", "PRIVMSG bob :psst")
    bob.send("JOIN #milk", "NICK robert")
    carol.send("/quit")
    behind = snapshots.Mark(1, 2, 3)
    text = snapshots.snapshot(chat.hub, behind)
    other = Hub(RecordingPost(), lambda: NOON)
    assert snapshots.load(other, text) == behind
    assert snapshots.snapshot(other, behind) == text
    assert other.by_nick["alice"] is other.users[alice.uid]
    assert other.rooms["#tea"].members[alice.uid] is other.users[alice.uid]
    assert other.users[alice.uid].session is None
    assert other.users[alice.uid].member_info().person.nick == "alice"
    assert not list(other.rooms["#tea"].audience)
    assert other.rooms["#tea"].has_speech_restrictions


def test_every_slot_of_users_and_rooms_is_written() -> None:
    """So that a new one needs no line in here."""
    for kind in (User, Room, Server):
        assert set(attributes(kind)) == {slot for slot in kind.__slots__ if not slot.startswith("_")}


def test_no_other_class_is_made_than_those_it_was_told_of() -> None:
    """Whatever stands in a snapshot."""
    text = Graph({"User": User}).write({"user": object.__new__(User)})
    with pytest.raises(KeyError):
        Graph({"Room": Room}).read(text)
