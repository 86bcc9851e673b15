"""What asks for many people or rooms is done bit by bit: others get the event log's lock in between."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from chatroom.core import event_log
from chatroom.core.bans import THROWN_OUT_AT_ONCE
from chatroom.core.permissions import ROOMS_LOOKED_AT_ONCE
from chatroom.model.commands import BanFromServer, ThrowOut
from chatroom.model.events import DeviceEnded, Event, Kicked, Killed
from chatroom.model.outcomes import Deferred
from chatroom.model.values import ListEntry
from tests.chat import Chat, Client

PEOPLE = 4 * THROWN_OUT_AT_ONCE
ROOMS = 4 * ROOMS_LOOKED_AT_ONCE


class CountingLock:
    """Counts how often it is taken. It is for one thread."""

    def __init__(self) -> None:
        self.taken = 0
        self._is_held = False

    def acquire(self) -> None:
        assert not self._is_held
        self._is_held = True
        self.taken += 1

    def release(self) -> None:
        self._is_held = False

    def locked(self) -> bool:
        return self._is_held

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *exc: object) -> None:
        self.release()


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Chat:
    """A chat in which each step is a slice of its own."""
    monkeypatch.setattr(event_log, "SLICE_SECONDS", 0.0)
    return Chat()


@contextmanager
def counted(chat: Chat) -> Iterator[CountingLock]:
    lock = CountingLock()
    before, chat.log.lock = chat.log.lock, lock  # type: ignore[assignment]  # as far as the log uses it, it is one
    yield lock
    chat.log.lock = before


def masked(chat: Chat, mask: str) -> Client:
    """Somebody in many rooms with a ban that is a pattern."""
    client = chat.irc("wanderer")
    for number in range(ROOMS):
        client.send(f"JOIN #{number}")
        room = chat.hub.state.rooms[f"#{number}"]
        room.ranks.clear()
        room.lists["b"][mask] = ListEntry(mask, "x!y@z", 1)
        room.refresh_speech_checks()
    client.heard()
    return client


@pytest.mark.parametrize("line", ["NICK other", "SETNAME :another", "AWAY :tea", "QUIT :bye"])
def test_a_new_name_is_held_against_the_masks_of_a_few_rooms_at_a_time(chat: Chat, line: str) -> None:
    """Then it is as it always was: who is banned nowhere may have it."""
    client = masked(chat, "*x?x*!*@*")
    with counted(chat) as lock:
        client.send(line)
    assert lock.taken > ROOMS
    assert not [each for each in client.heard() if " 435 " in each or "FAIL" in each]
    assert not client.user or client.nick in ("other", "wanderer")


@pytest.mark.parametrize("line", ["NICK other", "SETNAME :another"])
def test_who_is_banned_somewhere_gets_no_other_name(chat: Chat, line: str) -> None:
    """In whichever of the rooms that is."""
    client = masked(chat, "*x?x*!*@*")
    room = chat.hub.state.rooms[f"#{ROOMS - 1}"]
    room.lists["b"]["*?anderer!*@*"] = ListEntry("*?anderer!*@*", "x!y@z", 1)
    room.refresh_speech_checks()
    client.send(line)
    assert client.nick == "wanderer"
    assert client.user and client.user.person.realname == "Real Name"
    assert client.heard()


def crowd(chat: Chat) -> tuple[Client, list[Client]]:
    """An operator of a room and of the server, and many others in the room."""
    op = chat.irc("op", room="#a")
    assert op.user
    op.user.modes.add("o")
    return op, [chat.irc(f"guest{number}", room="#a") for number in range(PEOPLE)]


def thrown_out(chat: Chat, kind: type[Kicked] | type[Killed]) -> list[str]:
    events: list[Event] = [event for event, _ in chat.post.events]
    return [event.who.nick for event in events if isinstance(event, kind)]


BANS: list[tuple[Callable[[Chat, Client], object], type[Kicked] | type[Killed]]] = [
    (lambda chat, op: op.send("BAN #a guest*!*@* :spam"), Kicked),
    (lambda chat, op: chat.submit(chat.hub.state.server_session, BanFromServer("guest*!*@*", reason="spam")), Killed),
]


@pytest.mark.parametrize(("ban", "kind"), BANS, ids=["room", "server"])
def test_a_ban_throws_out_a_few_people_at_a_time(
    chat: Chat, ban: Callable[[Chat, Client], object], kind: type[Kicked] | type[Killed]
) -> None:
    """It holds from the start, so nobody comes in behind it; all whom it matches are gone in the end."""
    op, _ = crowd(chat)
    with counted(chat) as lock:
        ban(chat, op)
    assert lock.taken > PEOPLE / THROWN_OUT_AT_ONCE
    assert len(chat.hub.state.rooms["#a"].members) == 1
    assert op.nick == "op"


def test_a_ban_ends_a_few_devices_at_a_time(chat: Chat) -> None:
    """All of them are ended in the end."""
    op, guests = crowd(chat)
    devices = tuple([(guest.user.person, guest.uid) for guest in guests if guest.user])
    command = ThrowOut("", devices[0][:1], "spam", devices[1:])
    parts = [each.do() for each in chat.hub.decide(op, command) if isinstance(each, Deferred)]
    ended = [chat.hub.decide(op, each) for each in parts if isinstance(each, ThrowOut)]
    assert max(map(len, ended)) == THROWN_OUT_AT_ONCE
    assert [event.device for part in ended for event in part if isinstance(event, DeviceEnded)] == [
        uid for _, uid in devices[1:]
    ]
    assert isinstance(ended[0][0], Killed)


def test_who_has_left_meanwhile_is_not_thrown_out(chat: Chat) -> None:
    """All the others are."""
    op, guests = crowd(chat)

    def meanwhile(seconds: float) -> None:
        if guests[-1].room:
            guests[-1].send("PART #a")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chatroom.core.bans.sleep", meanwhile)
        op.send("BAN #a guest*!*@* :spam")
    assert thrown_out(chat, Kicked) == [f"guest{number}" for number in range(PEOPLE - 1)]


def test_what_was_found_out_about_somebody_holds_for_nobody_else(chat: Chat) -> None:
    """Nor for them when they are logged in, or when the masks have changed."""
    client = masked(chat, "*x?x*!*@*")
    assert client.user
    room = chat.hub.state.rooms["#0"]
    room.ban_on(client.user.person)
    assert room.has_verdict(client.user.person)
    assert not room.has_verdict(replace(client.user.person, account="bob"))
    room.refresh_speech_checks()
    assert not room.has_verdict(client.user.person)
