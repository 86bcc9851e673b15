"""Reads how a connection begins, lives and ends: PASS, NICK, USER, SETNAME, PING, PONG, QUIT."""

import re
from collections.abc import Iterator

from chatroom.common.errors import ChatError, Code
from chatroom.common.irc_message import LINE_BYTES
from chatroom.common.language import mark
from chatroom.common.names import is_nickname
from chatroom.common.text import shortened
from chatroom.model.commands import Enter, LogIn, Quit, Register, Rename, SetAway, SetRealname
from chatroom.model.limits import REALNAME_BYTES
from chatroom.model.outcomes import Command
from chatroom.model.values import Via
from chatroom.protocols.irc import numerics
from chatroom.protocols.irc.client_state import ABSENT, ClientState
from chatroom.protocols.irc.handlers.metadata import set_before
from chatroom.protocols.irc.limits import USERNAME_CHARACTERS

# What the window and --text say of themselves, where other clients give what no server reads (RFC 2812 §3.1.3).
_PROGRAMS = {("chatroom", "window"): mark("window"), ("chatroom", "text"): "--text"}
_NOT_IN_USERNAME = re.compile(r"[^A-Za-z0-9._-]")


def registration(client: ClientState) -> Iterator[Command]:
    """Registers the client once NICK and USER have come and capabilities are negotiated."""
    if client.nick and client.username and not client.negotiating and not client.viewer.nick:
        if client.sasl is not None:  # ircv3.net/specs/extensions/sasl-3.1
            client.sasl = None
            yield client.say(numerics.ERR_SASLABORTED)
        passwords, client.passwords = client.passwords, []
        commands = [command for password in passwords if (command := _password(client, password))]
        yield from commands
        if client.viewer.admitted or not any(isinstance(command, Enter) for command in commands):
            yield Register(
                client.nick, client.username, client.realname, kind=client.kind, absent=client.away == ABSENT
            )
            if client.viewer.nick and client.away not in ("", ABSENT):
                yield SetAway(client.away)
            if client.viewer.nick:
                yield from set_before(client)
        if not client.viewer.admitted:  # modern.ircdocs.horse/#pass-message
            yield Quit("this server has a password", refused=True)


def _password(client: ClientState, password: str) -> Command | None:
    """The server's password, or `name:password` for an account. Many clients send one that is neither, or needless."""
    name, colon, rest = password.partition(":")
    if colon and rest and is_nickname(name):
        needless = client.viewer.admitted and client.viewer.account
        return None if needless else LogIn(name, rest, via=Via.PASS)
    return None if client.viewer.admitted else Enter(password)


def pass_(client: ClientState, params: list[str]) -> Iterator[Command]:
    """Kept until NICK and USER have come: a client that is closed while it still sends may never read why.

    One PASS may have the server's password and another the account's; of more, the last two count.
    """
    _not_twice(client)
    client.passwords = [*client.passwords[-1:], params[0]]
    return iter(())


def nick(client: ClientState, params: list[str]) -> Iterator[Command]:
    if not params[0]:
        raise ChatError(Code.NICK_MISSING)
    if client.viewer.nick:
        yield Rename(params[0])
    else:
        client.nick = params[0]
        yield from registration(client)


def user(client: ClientState, params: list[str]) -> Iterator[Command]:
    _not_twice(client)
    if not params[3]:
        raise ChatError(Code.TOO_FEW_PARAMETERS, "USER")
    client.username = _NOT_IN_USERNAME.sub("", params[0])[:USERNAME_CHARACTERS] or "user"
    client.kind = _PROGRAMS.get((params[0], params[2]), client.kind)
    client.realname = shortened(params[3], REALNAME_BYTES)
    yield from registration(client)


def _not_twice(client: ClientState) -> None:
    if client.viewer.nick:
        raise ChatError(Code.ALREADY_REGISTERED)


def setname(client: ClientState, params: list[str]) -> Iterator[Command]:
    yield SetRealname(params[0])


def ping(client: ClientState, params: list[str]) -> Iterator[Command]:
    """A token that is too long for a line with the server's name comes back shortened."""
    if not params[0]:
        raise ChatError(Code.NO_ORIGIN)
    head = f"PONG {client.writer.server.name} :"
    yield client.send(head + shortened(params[0], LINE_BYTES - len(client.send(head).data)))


def pong(client: ClientState, params: list[str]) -> Iterator[Command]:
    return iter(())


def quit_(client: ClientState, params: list[str]) -> Iterator[Command]:
    yield Quit(f"Quit: {params[0]}", own=True) if params and params[0] else Quit("Quit")
