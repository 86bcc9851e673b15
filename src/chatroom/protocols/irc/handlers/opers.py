"""Reads the commands of the server's operators: OPER, KILL, WALLOPS, KLINE, DLINE, REHASH."""

from collections.abc import Iterator

from chatroom.common.addresses import network_of
from chatroom.common.durations import ban_time, seconds
from chatroom.common.errors import ChatError, Code
from chatroom.model.commands import Alert, BanFromServer, BecomeOperator, Kill, Reload, UnbanFromServer
from chatroom.model.outcomes import Command
from chatroom.protocols.irc.client_state import ClientState


def oper(client: ClientState, params: list[str]) -> Iterator[Command]:
    yield BecomeOperator(params[0], params[1])


def kill(client: ClientState, params: list[str]) -> Iterator[Command]:
    yield Kill(params[0], params[1] if len(params) > 1 else "")


def wallops(client: ClientState, params: list[str]) -> Iterator[Command]:
    yield Alert(params[0])


def kline(client: ClientState, params: list[str]) -> Iterator[Command]:
    """``KLINE [time] mask :reason``; a time without a unit is in minutes, as operators know it."""
    length = _minutes(params[0]) if len(params) > 1 else 0
    if not length and len(params) > 2 and not _is_mask(params[0]):
        ban_time(params[0])  # raises if it was meant as one
    who, *reason = params[1:] if length else params
    yield BanFromServer(who, length, " ".join(reason))


def unkline(client: ClientState, params: list[str]) -> Iterator[Command]:
    yield UnbanFromServer(params[0])


def dline(client: ClientState, params: list[str]) -> Iterator[Command]:
    """Like KLINE, for addresses and networks alone."""
    for command in kline(client, params):
        assert isinstance(command, BanFromServer)
        if network_of(command.who) is None:
            raise ChatError(Code.MODE_PARAMETER, "*", "D", command.who)
        yield command


def _is_mask(text: str) -> bool:
    """Whether a text that may begin with a digit is no time: an address, or a mask of one."""
    return network_of(text) is not None or not set("!@*?").isdisjoint(text)


def _minutes(text: str) -> int:
    """A time in seconds, a number alone being minutes; 0 if it is no time."""
    return seconds(f"{text}m" if text.isdecimal() else text)


def rehash(client: ClientState, params: list[str]) -> Iterator[Command]:
    yield Reload()
