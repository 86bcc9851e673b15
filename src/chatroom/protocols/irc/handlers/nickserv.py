"""Reads messages to NickServ, which exists only as this table: what is said to it is not said to anybody."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from chatroom.common.language import mark
from chatroom.model.commands import (
    AskAccount,
    AskDevices,
    CloseGhost,
    DropAccount,
    LogIn,
    LogOut,
    MakeAccount,
    SetPassword,
)
from chatroom.model.outcomes import Command
from chatroom.model.preferences import AskSettings, SetReplay, SetStay
from chatroom.model.values import Via
from chatroom.protocols.irc.account_replies import notice
from chatroom.protocols.irc.client_state import ClientState


class Request(NamedTuple):
    """`words` is how many may follow: at least, and at most."""

    usage: str
    does: str
    words: tuple[int, int]
    parse: Callable[[ClientState, list[str]], Command]


def nickserv(client: ClientState, params: list[str]) -> Iterator[Command]:
    words = " ".join(params).split()
    name = words.pop(0).upper() if words else "HELP"
    if name == "SET" and words:
        name = f"SET {words.pop(0).upper()}"
    request = _REQUESTS.get(name)
    if request is None or not request.words[0] <= len(words) <= request.words[1]:
        yield from _usage(client, request)
    else:
        yield request.parse(client, words)


def _usage(client: ClientState, request: Request | None) -> Iterator[Command]:
    for each in [request] if request else _REQUESTS.values():
        yield client.lines([notice(client.writer, f"{client.writer.tr(each.usage)} – {client.writer.tr(each.does)}")])


def _identify(client: ClientState, words: list[str]) -> Command:
    return LogIn(words[0] if len(words) == 2 else client.viewer.nick, words[-1], via=Via.SERVICE)


def _switch(name: str, make: Callable[[bool, Via], Command]) -> Callable[[ClientState, list[str]], Command]:
    """Reads the on or off of the request with this name."""

    def parse(client: ClientState, words: list[str]) -> Command:
        on = {"on": True, "off": False}.get(words[0].lower())
        return next(_usage(client, _REQUESTS[name])) if on is None else make(on, Via.SERVICE)

    return parse


def _drop(client: ClientState, words: list[str]) -> Command:
    """With one word, an operator of the server means a name, anybody else their password."""
    password = words[1] if len(words) == 2 else ""
    return DropAccount(words[0], password, via=Via.SERVICE)


_REQUESTS: dict[str, Request] = {
    "REGISTER": Request(
        mark("REGISTER password"),
        mark("claims the name that you have"),
        (1, 2),
        lambda c, w: MakeAccount(w[0], via=Via.SERVICE),
    ),
    "IDENTIFY": Request(mark("IDENTIFY [name] password"), mark("proves that a name is yours"), (1, 2), _identify),
    "LOGOUT": Request(
        mark("LOGOUT [number]"),
        mark("ends that, or the connection of one of your devices"),
        (0, 1),
        lambda c, w: LogOut("".join(w), via=Via.SERVICE),
    ),
    "DEVICES": Request("DEVICES", mark("lists the devices by which you are here"), (0, 0), lambda c, w: AskDevices()),
    "GHOST": Request(
        mark("GHOST name [password]"),
        mark("closes an old connection that holds your name and is not logged in"),
        (1, 2),
        lambda c, w: CloseGhost(w[0], w[1] if len(w) == 2 else "", via=Via.SERVICE),
    ),
    "SET": Request("SET", mark("tells what you have set"), (0, 0), lambda c, w: AskSettings()),
    "SET PASSWORD": Request(
        mark("SET PASSWORD old new"),
        mark("changes your password"),
        (2, 2),
        lambda c, w: SetPassword(w[1], w[0], via=Via.SERVICE),
    ),
    "SET REPLAY": Request(
        mark("SET REPLAY on|off"),
        mark("says whether you are shown what you missed when you join a room"),
        (1, 1),
        _switch("SET REPLAY", SetReplay),
    ),
    "SET STAY": Request(
        mark("SET STAY on|off"),
        mark("says whether you stay in your rooms, away, when your last device has gone"),
        (1, 1),
        _switch("SET STAY", SetStay),
    ),
    "DROP": Request(mark("DROP name password"), mark("gives a name up"), (1, 2), _drop),
    "INFO": Request(
        mark("INFO name"),
        mark("tells whether a name is claimed"),
        (1, 1),
        lambda c, w: AskAccount(w[0], via=Via.SERVICE),
    ),
}
