"""Masks in the lists of rooms have a budget: from one address, and in all."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatroom.core import restore
from chatroom.model.state import ChatState
from chatroom.server.chat_server import ChatServer
from chatroom.storage.store import Store
from tests.chat import INFO, Chat
from tests.core.test_accounts import PASSWORD, proven
from tests.core.test_bans import from_elsewhere, numerics
from tests.peers import Guests, eventually


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatroom.core.bans.MASKS_PER_ADDRESS", 6)
    monkeypatch.setattr("chatroom.core.bans.MASKS_MAX", 10)


def entries(chat: Chat) -> int:
    return sum([len(entries) for lists in chat.hub.state.lists.values() for entries in lists.values()])


def test_an_address_has_a_budget_of_masks_in_all_rooms_together() -> None:
    """However they are set. What is removed, or set again, doesn't count."""
    chat = Chat()
    op = from_elsewhere(chat.irc("op"), "192.0.2.1")
    op.send("JOIN #a,#b")
    op.heard()
    assert numerics(op, "MODE #a +bbe a b c") == ["MODE"]
    assert numerics(op, "MODE #b +bbbb d e f g") == ["478", "MODE"]
    assert entries(chat) == 6
    assert numerics(op, "BAN #b somebody") == ["478"]
    assert numerics(op, "MUTE #b somebody") == ["478"]
    assert numerics(op, "MODE #b +b d!*@*", "MODE #b -b d", "BAN #b somebody") == ["MODE", "MODE"]
    assert entries(chat) == 6 == chat.hub.state.mask_counts.total


def test_others_have_a_budget_of_their_own_and_all_have_one_together() -> None:
    """Operators of the server are bound by the latter alone."""
    chat = Chat()
    chat.hub.context.operator_password = "open-sesame"
    people = [from_elsewhere(chat.irc(nick), f"192.0.2.{n}") for n, nick in enumerate(["al", "bo", "boss"])]
    for n, each in enumerate(people):
        each.send(f"JOIN #r{n}")
        each.heard()
    al, bo, boss = people
    assert numerics(al, "MODE #r0 +bbbbbb 1 2 3 4 5 6") == ["MODE"]
    assert numerics(bo, "MODE #r1 +bb 1 2") == ["MODE"]
    boss.send("OPER boss open-sesame")
    boss.heard()
    assert numerics(boss, "MODE #r2 +bbb 1 2 3") == ["478", "MODE"]
    assert entries(chat) == 10
    assert numerics(al, "MODE #r0 -bbbbb 1 2 3 4 5") == ["MODE"]
    assert numerics(boss, "MODE #r2 +bbbb 3 4 5 6") == ["MODE"]
    assert numerics(boss, "MODE #r2 +b 7") == ["MODE"]
    assert entries(chat) == 10 == chat.hub.state.mask_counts.total


def test_who_has_several_accounts_has_one_budget() -> None:
    """What others see of them is the account; masks are counted by where they come from."""
    chat = Chat()
    chat.hub.context.cloaks.is_shown = False
    for account in ("al", "bo"):
        chat.irc(account).send(f"NS REGISTER {PASSWORD}", "QUIT")
    al, bo = proven(chat, "al"), proven(chat, "bo")
    al.send("JOIN #al").heard()
    bo.send("JOIN #bo").heard()
    assert numerics(al, "MODE #al +bbbb 1 2 3 4") == ["MODE"]
    assert numerics(bo, "MODE #bo +bbb 1 2 3") == ["478", "MODE"]
    assert entries(chat) == 6
    assert "al.users" in al.send("USERHOST al").heard()[0]


def test_what_is_counted_is_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of rooms that are forgotten, after a restart, and once all was taken over from another server."""
    monkeypatch.setattr("chatroom.model.state.DORMANT_ROOMS_MAX", 1)
    chat = Chat()
    state = chat.hub.state
    op = chat.irc("op")
    for room in ("#a", "#b", "#c"):
        op.send(f"JOIN {room}", f"MODE {room} +b x", f"PART {room}")
    assert list(state.lists) == ["#c"]
    assert [room for room, _ in state.forgotten] == ["#a", "#b"]
    assert state.mask_counts.total == 1
    state.reindex()
    assert state.mask_counts.total == 1
    again = ChatState("s", lasting=True)
    for key, lists in state.lists.items():
        for letter, masks in lists.items():
            for entry in masks.values():
                restore.entry(again, key, letter, entry)
    assert again.mask_counts.total == 1
    assert again.mask_counts.of("anybody!u@127.0.0.1") == 1


def test_the_watched_have_a_bound_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is watched already can still be watched by others."""
    monkeypatch.setattr("chatroom.core.monitor.WATCHED_MAX", 2)
    chat = Chat()
    al, bo = chat.irc("al"), chat.irc("bo")
    assert numerics(al, "MONITOR + x,y") == ["731"]
    assert numerics(bo, "MONITOR + y,z") == ["731", "734"]
    assert numerics(al, "MONITOR - x") == []
    assert numerics(bo, "MONITOR + z") == ["731"]


# ---- on disk --------------------------------------------------------------------------------------------------------


@pytest.fixture
def forgetful(data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    monkeypatch.setattr("chatroom.model.state.DORMANT_ROOMS_MAX", 1)
    server = ChatServer("127.0.0.1", 0, INFO, store=Store(data), unlimited=True)
    server.start()
    yield server
    server.stop()


def test_lists_that_are_forgotten_leave_the_file(forgetful: ChatServer) -> None:
    """Without a restart: whoever makes up rooms with bans must not fill the disk."""
    assert forgetful.store
    with closing(Guests(forgetful.port)) as guests, closing(forgetful.store.reader()) as reader:
        op = guests.irc("op")
        for room in ("#a", "#b", "#c"):
            op.send(f"JOIN {room}", f"MODE {room} +b x", f"PART {room}")
        op.sync()
        eventually(lambda: [room for room, *_ in reader.lists()] == ["#c"], "#a and #b are forgotten there, too")
