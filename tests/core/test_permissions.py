"""Who may do what: every cell of the table in `rights`, over real connections, in both dialects.

The tests are made from the table: each deed, barred by each mode and by none, tried by each role. What must come of it
is what the table says, and nothing else is written down here but how a deed is done and what a mode is set by.
"""

import re
from collections.abc import Iterator
from itertools import count

import pytest

from chatroom.core.permissions import LEAST_ROLE, RESTRICTIONS, Action, Role
from chatroom.model.masks import MUTE
from chatroom.model.modes import BAN, CLOSED, INVITED_ONLY, KEY, LIMIT, MODERATED, SLOW, TOPIC_LOCKED
from chatroom.server.chat_server import ChatServer
from tests.chat import INFO, Chat
from tests.peers import Guests, Irc, Peer, Plain

# How the room's operator sets each mode, {who} being the one whose rights are tried.
SET: dict[str, str] = {
    "": "MODE {room} -nt",
    CLOSED: "MODE {room} +n-t",
    TOPIC_LOCKED: "MODE {room} +t-n",
    MODERATED: "MODE {room} +m-nt",
    INVITED_ONLY: "MODE {room} +i-nt",
    KEY: "MODE {room} +k-nt sesame",
    LIMIT: "MODE {room} +l-nt 1",
    BAN: "MODE {room} +b-nt {who}",
    MUTE: "MODE {room} +b-nt m:{who}",
    SLOW: "MODE {room} +W-nt 3600",
}
# How each deed is done: by an IRC client, and by a plain one. {other} is a member, {guest} is not.
IRC: dict[Action, str] = {
    Action.JOIN: "JOIN {room}",
    Action.SAY: "PRIVMSG {room} :hello",
    Action.TOPIC: "TOPIC {room} :tea {n}",
    Action.INVITE: "INVITE {guest} {room}",
    Action.KICK: "KICK {room} {other}",
    Action.BAN: "BAN {room} somebody{n}",
    Action.MUTE: "MUTE {room} somebody{n}",
    Action.RANK: "MODE {room} +v {other}",
    Action.MODE: "MODE {room} +C",
    Action.RENAME: "RENAME {room} #new{n}",
    Action.LISTS: "MODE {room} +e",
}
PLAIN: dict[Action, str] = {
    Action.JOIN: "/join {room}",
    Action.SAY: "/msg {room} hello",
    Action.TOPIC: "/topic tea {n}",
    Action.INVITE: "/invite {room} {guest}",
    Action.KICK: "/kick {room} {other}",
    Action.BAN: "/ban {room} somebody{n}",
    Action.MUTE: "/mute {room} somebody{n}",
    Action.RANK: "/voice {room} {other}",
    Action.MODE: "/mode {room} +C",
    Action.RENAME: "/rename {room} #new{n}",
    Action.LISTS: "/mode {room} +e",
}
INSIDE = (Role.MEMBER, Role.VOICED, Role.OPERATOR, Role.OWNER)  # where they try; an owner also comes in from outside
RANKS = {Role.VOICED: "+v", Role.OPERATOR: "+o"}
REFUSED = {
    Irc: r"^\S+ (4\d\d) ",
    Plain: r"^\* (only operators|only those with a voice|you are not in|you can't write|you may not speak|"
    r"\S+ has (banned|muted) you|\S+ is (by invitation|full|in slow mode)|\S+ needs a key)",
}
# What names who may, in every refusal but those that send one into the room first.
NAMED = "op"


def needed(deed: Action, mode: str) -> Role:
    """The least role that the table asks for."""
    bar = RESTRICTIONS.get(deed, {}).get(mode)
    return max(LEAST_ROLE[deed], bar.least) if bar else LEAST_ROLE[deed]


@pytest.fixture(scope="module")
def stage() -> Iterator["Stage"]:
    stage = Stage()
    yield stage
    stage.close()


class Stage:
    """A server; in a room of its own for each scene: its operator, another member, and who tries; outside, a guest."""

    def __init__(self) -> None:
        self.server = ChatServer("127.0.0.1", 0, INFO, unlimited=True)
        self.server.hub.context.operator_password = "sesame"
        self.server.start()
        self.numbers = count()
        self.guests = Guests(self.server.port)
        self.op = self.guests.irc("op", room="")
        self.other = self.guests.irc("other", room="")
        self.guest = self.guests.irc("guest", room="")
        self.who: dict[tuple[type, Role], Peer] = {}
        for role in Role:
            name = role.name.lower()
            self.who[Irc, role] = self.guests.irc(f"irc_{name}", room="")
            self.who[Plain, role] = self.guests.plain(f"nc_{name}")
        self.do(self.who[Irc, Role.SERVER_OPERATOR], "OPER root sesame")
        self.do(self.who[Plain, Role.SERVER_OPERATOR], "/oper sesame")
        self.do(self.who[Irc, Role.OWNER], "PRIVMSG NickServ :REGISTER open-sesame")
        self.do(self.who[Plain, Role.OWNER], "/register open-sesame")

    def nick(self, dialect: type, role: Role) -> str:
        return f"{'irc' if dialect is Irc else 'nc'}_{role.name.lower()}"

    def close(self) -> None:
        self.guests.close()
        self.server.stop()

    def attempt(self, dialect: type, deed: Action, mode: str, role: Role) -> list[str]:
        """What the one who tries is told; all are out of the room again afterwards."""
        n = next(self.numbers)
        nick, actor = self.nick(dialect, role), self.who[dialect, role]
        room = f"#of_{nick}" if role is Role.OWNER else f"#r{n}"
        names = {"room": room, "who": nick, "n": str(n), "other": "other", "guest": "guest"}
        line = (IRC if dialect is Irc else PLAIN)[deed].format(**names)
        enter = f"JOIN {room}" if dialect is Irc else f"/join {room}"
        leave = f"PART {room}" if dialect is Irc else "/join #lobby"
        if role is Role.OWNER:  # who has opened the room, which keeps its modes, and gives a share of it
            self.do(actor, enter, f"{'' if dialect is Irc else '/'}MODE {room} -ilmWCk x")
        self.do(self.op, f"JOIN {room}")
        if role is Role.OWNER:
            self.do(actor, f"MODE {room} +o op" if dialect is Irc else f"/op {room} op")
            if deed is Action.JOIN:
                self.do(actor, leave)
        self.other.send(f"JOIN {room}")
        if role in INSIDE and role is not Role.OWNER:
            self.do(actor, enter)
        self.other.sync()
        rank = [f"MODE {room} {RANKS[role]} {nick}"] if role in RANKS else []
        self.do(self.op, *rank, SET[mode].format(**names))
        first = f"PRIVMSG {room} :first" if dialect is Irc else f"/msg {room} first"
        self.do(actor, *([first] if mode == SLOW else []))
        told = self.do(actor, line)
        actor.send(leave)
        self.other.send(f"PART {room}")
        self.op.send(f"PART {room}")
        return told

    def do(self, peer: Peer, *lines: str) -> list[str]:
        """Sends lines; returns what came up to the last of their answers."""
        peer.send(*lines)
        return peer.sync()  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("mode", SET, ids=lambda mode: mode or "no_mode")
@pytest.mark.parametrize("deed", Action, ids=lambda deed: deed.name.lower())
@pytest.mark.parametrize("dialect", [Irc, Plain], ids=["irc", "plain"])
def test_a_deed_is_done_by_the_roles_that_the_table_names(stage: Stage, dialect: type, deed: Action, mode: str) -> None:
    """From the one it asks for up; who is below is refused, and told who may."""
    for role in Role:
        if deed is Action.JOIN and role in (Role.MEMBER, Role.VOICED, Role.OPERATOR):
            continue  # who is in is in
        if deed is Action.TOPIC and dialect is Plain and role not in INSIDE:
            continue  # a plain client sets the topic of the room that it is in
        told = stage.attempt(dialect, deed, mode, role)
        refusals = [line for line in told if re.match(REFUSED[dialect], line)]
        cell = f"{deed.name} {mode} by {role.name}: {told}"
        if role >= needed(deed, mode):
            assert not refusals, cell
        else:
            assert len(refusals) == 1, cell
            assert NAMED in re.split(r"[ :,;]+", refusals[0]) or role is Role.OUTSIDER, cell


def test_every_deed_and_every_bar_is_tried() -> None:
    """A row that is added to the table is tried, or this fails."""
    assert set(IRC) == set(PLAIN) == set(Action) == set(LEAST_ROLE)
    assert {mode for bars in RESTRICTIONS.values() for mode in bars} <= set(SET)


def test_who_may_in_the_lobby_is_the_servers_operators() -> None:
    """A refusal there says that it is theirs, and names those who are here."""
    chat = Chat()
    chat.hub.context.operator_password = "sesame"
    al, bob = chat.plain("al"), chat.irc("bob", room="#lobby")
    refused = "* only operators of #lobby may do that; they are: the server's operators, whose room it is"
    assert al.send("/op al").heard()[-1] == f"{refused} – none of them is here now"
    [line] = bob.send("MODE #lobby +i").heard()
    assert line.endswith("operators are: the server's operators, whose room it is – none of them is here now")
    bob.send("OPER bob sesame")
    al.heard()
    assert al.send("/op al").heard()[-1] == f"{refused} – bob"
