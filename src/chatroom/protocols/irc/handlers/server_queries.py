"""The server itself: what it is, how it is doing, and what its operators do."""

from collections.abc import Iterator
from time import time

from chatroom.common.addresses import network_of
from chatroom.common.durations import ban_time, seconds
from chatroom.common.errors import ChatError, Code
from chatroom.model.commands import (
    Alert,
    AskCounts,
    AskServerBans,
    AskServers,
    AskUptime,
    BanFromServer,
    BecomeOperator,
    Kill,
    Reload,
    UnbanFromServer,
)
from chatroom.model.outcomes import Command
from chatroom.protocols.irc import numerics as n
from chatroom.protocols.irc.client_state import Client
from chatroom.protocols.irc.format import timestamp


def motd(client: Client, params: list[str]) -> Iterator[Command]:
    _this_server(client, params)
    yield client.lines(client.speaker.motd())


def lusers(client: Client, params: list[str]) -> Iterator[Command]:
    yield AskCounts()


def version(client: Client, params: list[str]) -> Iterator[Command]:
    _this_server(client, params)
    server = client.speaker.server
    yield client.say(n.RPL_VERSION, server.version, server.name)
    yield client.lines(client.speaker.isupport())


def time_(client: Client, params: list[str]) -> Iterator[Command]:
    _this_server(client, params)
    now = int(time() * 1000)
    yield client.say(n.RPL_TIME, client.speaker.server.name, now // 1000, timestamp(now))


def info(client: Client, params: list[str]) -> Iterator[Command]:
    _this_server(client, params)
    server = client.speaker.server
    yield client.say(n.RPL_INFO, f"chatroom {server.version}: netcat, IRC and a window of its own in the same rooms")
    yield client.say(n.RPL_INFO, f"Started {server.created}")
    yield client.say(n.RPL_ENDOFINFO)


def admin(client: Client, params: list[str]) -> Iterator[Command]:
    _this_server(client, params)
    yield client.say(n.RPL_ADMINME, client.speaker.server.name)
    yield client.say(n.RPL_ADMINLOC1, client.speaker.server.network)
    yield client.say(n.RPL_ADMINEMAIL, "whoever started this server")


def links(client: Client, params: list[str]) -> Iterator[Command]:
    yield AskServers()


def stats(client: Client, params: list[str]) -> Iterator[Command]:
    letter = params[0][:1] or "*"
    if letter == "u":
        yield AskUptime()
    elif letter in "kKdD":
        yield AskServerBans(addresses=letter in "dD")
    yield client.say(n.RPL_ENDOFSTATS, letter)


def _this_server(client: Client, params: list[str]) -> None:
    if params:
        client.its_me(params[0])


# ---- operators ------------------------------------------------------------------------------------------------------


def oper(client: Client, params: list[str]) -> Iterator[Command]:
    yield BecomeOperator(params[0], params[1])


def kill(client: Client, params: list[str]) -> Iterator[Command]:
    yield Kill(params[0], params[1] if len(params) > 1 else "")


def wallops(client: Client, params: list[str]) -> Iterator[Command]:
    yield Alert(params[0])


def kline(client: Client, params: list[str]) -> Iterator[Command]:
    """``KLINE [time] mask :reason``; a time without a unit is in minutes, as operators know it."""
    length = _minutes(params[0]) if len(params) > 1 else 0
    if not length and len(params) > 2:
        ban_time(params[0])  # raises if it was meant as one
    who, *reason = params[1:] if length else params
    yield BanFromServer(who, length, " ".join(reason))


def unkline(client: Client, params: list[str]) -> Iterator[Command]:
    yield UnbanFromServer(params[0])


def dline(client: Client, params: list[str]) -> Iterator[Command]:
    """The same for addresses and networks alone."""
    for command in kline(client, params):
        assert isinstance(command, BanFromServer)
        if network_of(command.who) is None:
            raise ChatError(Code.MODE_PARAMETER, "*", "D", command.who)
        yield command


def _minutes(text: str) -> int:
    """Seconds; 0 if it is no time."""
    return seconds(f"{text}m" if text.isdecimal() else text)


def rehash(client: Client, params: list[str]) -> Iterator[Command]:
    yield Reload()
