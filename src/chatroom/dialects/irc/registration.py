"""Coming in and going: PASS, NICK, USER, QUIT, and what keeps a connection alive."""

import re
from collections.abc import Iterator

from chatroom import events as ev
from chatroom.dialects.irc.client import Client
from chatroom.errors import ChatError, Code
from chatroom.events import Command
from chatroom.ircwire import LINE_BYTES
from chatroom.limits import REALNAME_BYTES, USERNAME_LENGTH
from chatroom.text import shortened

_NOT_IN_USERNAME = re.compile(r"[^A-Za-z0-9._-]")


def registration(client: Client) -> Iterator[Command]:
    """Lets the client in once NICK and USER have come and capabilities are settled."""
    if client.nick and client.username and not client.negotiating and not client.viewer.nick:
        if client.password and not client.viewer.admitted:
            yield ev.Enter(client.password)
        if client.viewer.admitted or not client.password:
            yield ev.Register(client.nick, client.username, client.realname)
        if not client.viewer.admitted:  # modern.ircdocs.horse/#pass-message
            yield ev.Quit("this server has a password")


def pass_(client: Client, params: list[str]) -> Iterator[Command]:
    """Looked at when NICK and USER are there: who is closed sooner may never read why, if more was on its way."""
    _not_twice(client)
    client.password = params[0]
    return iter(())


def nick(client: Client, params: list[str]) -> Iterator[Command]:
    if not params[0]:
        raise ChatError(Code.NICK_MISSING)
    if client.viewer.nick:
        yield ev.Rename(params[0])
    else:
        client.nick = params[0]
        yield from registration(client)


def user(client: Client, params: list[str]) -> Iterator[Command]:
    _not_twice(client)
    if not params[3]:
        raise ChatError(Code.TOO_FEW_PARAMETERS, "USER")
    client.username = _NOT_IN_USERNAME.sub("", params[0])[:USERNAME_LENGTH] or "user"
    client.realname = shortened(params[3], REALNAME_BYTES)
    yield from registration(client)


def _not_twice(client: Client) -> None:
    if client.viewer.nick:
        raise ChatError(Code.ALREADY_REGISTERED)


def authenticate(client: Client, params: list[str]) -> Iterator[Command]:
    """There are no accounts yet; the capability `sasl` is not offered."""
    raise ChatError(Code.LOGIN_UNAVAILABLE)


def register(client: Client, params: list[str]) -> Iterator[Command]:
    yield client.fail("REGISTER", "TEMPORARILY_UNAVAILABLE", "*", text="This server keeps no accounts")


def setname(client: Client, params: list[str]) -> Iterator[Command]:
    yield ev.SetRealname(params[0])


def ping(client: Client, params: list[str]) -> Iterator[Command]:
    if not params[0]:
        raise ChatError(Code.NO_ORIGIN)
    pong = client.send(f"PONG {client.speaker.server.name} :{params[0]}")
    if len(pong.data) > LINE_BYTES:
        raise ChatError(Code.LINE_TOO_LONG)
    yield pong


def pong(client: Client, params: list[str]) -> Iterator[Command]:
    return iter(())


def quit_(client: Client, params: list[str]) -> Iterator[Command]:
    yield ev.Quit(f"Quit: {params[0]}" if params and params[0] else "Quit")
