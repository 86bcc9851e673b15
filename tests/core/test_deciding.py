"""Deciding changes nothing: neither the state nor what the server keeps besides."""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chatroom.common.errors import ChatError
from chatroom.model.commands import (
    Alert,
    AskAccount,
    AskAllNames,
    AskCounts,
    AskDevices,
    AskHistory,
    AskInvitations,
    AskList,
    AskMarker,
    AskModes,
    AskNames,
    AskOwner,
    AskRooms,
    AskSearch,
    AskServerBans,
    AskServers,
    AskTargets,
    AskTopic,
    AskUptime,
    AskUsers,
    AskWatched,
    AskWho,
    AskWhois,
    AskWhowas,
    Ban,
    BanFromServer,
    Burst,
    ChatCommand,
    Expire,
    FreeAccounts,
    Hashed,
    Invite,
    Join,
    Kick,
    Kill,
    Leave,
    LeaveAll,
    LogOut,
    MakeAccount,
    NoteUse,
    Redact,
    Register,
    Reload,
    Rename,
    RenameRoom,
    Say,
    SetAway,
    SetModes,
    SetOperator,
    SetPassword,
    SetRealname,
    SetTopic,
    SetUserModes,
    ThrowOut,
    Unban,
    UnbanFromServer,
)
from chatroom.model.preferences import AskSettings, AskStay, SetStay, SetStrangers
from chatroom.model.social_commands import (
    AskIgnored,
    AskMentions,
    AskMetadata,
    ClearMetadata,
    Ignore,
    React,
    SetMetadata,
)
from chatroom.model.values import HistoryPoint, ModeChange, Person
from tests.chat import Chat, Client, kinds

SECRET = "scrypt$1$1$1$$"
ALWAYS = HistoryPoint(time=0)
EVE = Person("99", "eve", "u", "192.0.2.1")
COMMANDS: list[ChatCommand] = [
    Alert("fire"),
    AskAccount("op"),
    AskDevices(),
    LogOut("1"),
    AskAllNames(),
    AskCounts(),
    AskHistory("#a", 5),
    AskIgnored(),
    AskInvitations(),
    AskList("#a", "be"),
    AskMarker("#a"),
    AskMentions(9),
    AskMetadata("bob"),
    AskModes("#a"),
    AskOwner("#a"),
    AskNames("#a"),
    AskRooms(),
    AskSearch("hi", 5),
    AskServerBans(),
    AskServers(),
    AskTargets(ALWAYS, ALWAYS, 5, True),
    AskTopic("#a"),
    AskUptime(),
    AskUsers(("bob",), "ISON"),
    AskWatched(True),
    AskWho("#a"),
    AskWhois("bob"),
    AskWhowas("bob"),
    Ban("#a", "bob", 60),
    ClearMetadata("#a"),
    SetMetadata("*", "status", "busy"),
    BanFromServer("bob", 60),
    Burst("#a", ["one", "two"]),
    Expire(),
    FreeAccounts(("op", "nobody")),
    Hashed(MakeAccount("secret word"), SECRET),
    Hashed(SetPassword("secret word", "old"), SECRET),
    Ignore("bob"),
    Invite("carol", "#a"),
    Join("#b"),
    Join("#closed"),
    Kick("#a", "bob", "out", 60),
    Kill("bob"),
    Leave("#a", "bye"),
    LeaveAll(),
    LogOut(),
    NoteUse(("op", "nobody")),
    React("#a", "op", "👍"),
    Redact("#a", 1, "", "1"),
    Register("dora", "u", "Dora", "#a"),
    Register("eve", "u", "Eve", "#a"),
    Reload(),
    Rename("alicja"),
    Say("#a", "hi"),
    Say("@#a", "hi"),
    Say("bob", "hi"),
    SetAway("tea"),
    SetStay(True),
    AskStay(),
    AskSettings(),
    SetStrangers(False),
    SetOperator("op", True),
    SetModes("#a", (ModeChange(True, "v", "bob"), ModeChange(True, "b", "x"), ModeChange(True, "k", "key"))),
    SetRealname("Other"),
    SetTopic("#a", "news"),
    RenameRoom("#a", "#b", "too short"),
    SetUserModes("op", (ModeChange(True, "i"),)),
    ThrowOut("#a", (EVE,), "spam"),
    Unban("#a", "mallory"),
    UnbanFromServer("eve"),
]


def contents(root: object) -> list[object]:
    """All that can be reached from an object, but what is only kept so that it need not be looked up again."""
    return list(_contents(root, {}))


def _contents(it: Any, seen: dict[int, Any]) -> Iterator[object]:
    if isinstance(it, str | int | float | bytes | None):
        yield it
        return
    yield type(it)
    if callable(it) or id(it) in seen:
        return
    seen[id(it)] = it
    if isinstance(it, dict):
        for key, value in it.items():
            yield from _contents(key, seen)
            yield from _contents(value, seen)
    elif isinstance(it, tuple | list | deque):
        for each in it:
            yield from _contents(each, seen)
    elif isinstance(it, set | frozenset):
        yield sorted(map(str, it))
    elif type(it).__module__.startswith(("chatroom", "tests")):
        slots = [name for base in type(it).__mro__ for name in getattr(base, "__slots__", ())]
        for name in [*slots, *getattr(it, "__dict__", ())]:
            if name not in ("_verdicts", "chat", "log", "post", "dialect"):
                yield name
                yield from _contents(getattr(it, name, None), seen)


@pytest.fixture
def scene() -> tuple[Chat, list[Client]]:
    """An operator of the server who is logged in, somebody else, and a client without a name; bans, a closed room."""
    chat = Chat()
    chat.hub.context.operator_password = "sesame"
    op, bob = chat.irc("op", room="#a"), chat.irc("bob", room="#a")
    op.send("OPER op sesame", "PRIVMSG NickServ :REGISTER longsecret", "MODE #a +b mallory", "TOPIC #a :tea")
    op.send("KLINE eve!*@*", "BAN #a zoe 1", "MONITOR + bob,carol", "PRIVMSG #a :hello", "PRIVMSG bob :psst")
    chat.irc("owner", room="#closed").send("MODE #closed +i")
    chat.irc("carol")
    chat.time += 10_000
    return chat, [op, bob, chat.irc()]


def test_there_is_an_example_of_every_command() -> None:
    """So that none is forgotten."""
    assert {type(command) for command in COMMANDS} == kinds(ChatCommand)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_deciding_changes_nothing(scene: tuple[Chat, list[Client]], command: ChatCommand) -> None:
    """Whoever asks."""
    chat, clients = scene
    last = chat.hub.state.rooms["#a"].recent[-1].id
    if isinstance(command, Redact):
        command = replace(command, said=last)
    elif isinstance(command, React):
        command = replace(command, to=last)
    decided = 0
    for session in [*clients, chat.hub.state.server_session]:
        before = contents(chat.hub.context)
        told = len(chat.post.events), len(chat.post.replies)
        try:
            if isinstance(command, Burst):
                chat.hub.burst(session, command)
            else:
                chat.hub.decide(session, command)
            decided += 1
        except ChatError:
            pass
        assert contents(chat.hub.context) == before
        assert told == (len(chat.post.events), len(chat.post.replies))
    assert decided
