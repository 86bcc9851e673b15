"""Reads questions about the server: MOTD, LUSERS, VERSION, TIME, INFO, ADMIN, LINKS, STATS."""

from collections.abc import Iterator
from time import time

from chatroom.common.clock import timestamp
from chatroom.common.errors import ChatError, Code
from chatroom.model.commands import AskCounts, AskServerBans, AskServers, AskUptime
from chatroom.model.outcomes import Command
from chatroom.protocols.irc import numerics
from chatroom.protocols.irc.client_state import ClientState


def motd(client: ClientState, params: list[str]) -> Iterator[Command]:
    _this_server(client, params)
    yield client.lines([client.writer.motd()])


def lusers(client: ClientState, params: list[str]) -> Iterator[Command]:
    yield AskCounts()


def version(client: ClientState, params: list[str]) -> Iterator[Command]:
    _this_server(client, params)
    server = client.writer.server
    yield client.say(numerics.RPL_VERSION, server.version, server.name)
    yield client.lines([client.writer.isupport()])


def time_(client: ClientState, params: list[str]) -> Iterator[Command]:
    _this_server(client, params)
    now = int(time() * 1000)
    yield client.say(numerics.RPL_TIME, client.writer.server.name, now // 1000, timestamp(now))


def info(client: ClientState, params: list[str]) -> Iterator[Command]:
    _this_server(client, params)
    server = client.writer.server
    tr = client.writer.tr
    about = tr(
        "chatroom {version}: browsers, netcat, IRC and a window of its own in the same rooms", version=server.version
    )
    yield client.say(numerics.RPL_INFO, about)
    yield client.say(numerics.RPL_INFO, tr("Started {time}", time=server.created))
    yield client.say(numerics.RPL_ENDOFINFO)


def admin(client: ClientState, params: list[str]) -> Iterator[Command]:
    _this_server(client, params)
    yield client.say(numerics.RPL_ADMINME, client.writer.server.name)
    yield client.say(numerics.RPL_ADMINLOC1, client.writer.server.network)
    yield client.say(numerics.RPL_ADMINEMAIL, client.writer.tr("whoever started this server"))


def links(client: ClientState, params: list[str]) -> Iterator[Command]:
    yield AskServers()


def stats(client: ClientState, params: list[str]) -> Iterator[Command]:
    letter = params[0][:1] or "*"
    if letter == "u":
        yield AskUptime()
    elif letter in "kKdD":
        yield AskServerBans(addresses=letter in "dD")
    yield client.say(numerics.RPL_ENDOFSTATS, letter)


def _this_server(client: ClientState, params: list[str]) -> None:
    if params:
        client.require_this_server(params[0])


def isupport(client: ClientState, params: list[str]) -> Iterator[Command]:
    """IRCv3 draft/extended-isupport, with which it may be asked before one has a name."""
    if not client.viewer.nick and "draft/extended-isupport" not in client.capabilities:
        raise ChatError(Code.NOT_REGISTERED)
    yield client.lines([client.writer.isupport()])
