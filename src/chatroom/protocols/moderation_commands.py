"""Keeping order in the plain dialect, and at the console: what follows the name of a command, as commands.

Each gets the room that one is in and the rest of the line. Where that begins with a room, it is the one that is meant.
"""

from collections.abc import Callable, Iterator

from chatroom.common.durations import ban_time, seconds
from chatroom.common.errors import ChatError, Code
from chatroom.model.commands import AskList, AskModes, Ban, Invite, Kick, SetModes, Unban
from chatroom.model.modes import BAN, KEY, SLOW
from chatroom.model.outcomes import Command
from chatroom.model.values import ModeChange
from chatroom.protocols.mode_syntax import room_modes

TIMES = "30s, 10m, 2h, 1d, 1w"
Parse = Callable[[str, str], Iterator[Command]]


def placed(here: str, rest: str, words: int = 1) -> tuple[str, str]:
    """The room that is meant, and the rest, which has so many words at least."""
    first, _, more = rest.partition(" ")
    room, rest = (first, more.strip()) if first.startswith("#") else (here, rest)
    if len(rest.split(maxsplit=words)) < words:
        raise ChatError(Code.TOO_FEW_PARAMETERS, "that", "say whom or what, after the room")
    return room, rest


def timed(rest: str) -> tuple[str, int, str]:
    """A name, how long (seconds, 0 for good), and why."""
    who, _, rest = rest.partition(" ")
    first, _, more = rest.strip().partition(" ")
    length = ban_time(first)
    return who, length, more.strip() if length else rest.strip()


def kick(here: str, rest: str) -> Iterator[Command]:
    room, rest = placed(here, rest)
    who, length, reason = timed(rest)
    yield Kick(room, who, reason, length)


def ban(here: str, rest: str) -> Iterator[Command]:
    room, rest = placed(here, rest)
    yield Ban(room, *timed(rest))


def mute(here: str, rest: str) -> Iterator[Command]:
    room, rest = placed(here, rest)
    yield Ban(room, *timed(rest), mute=True)


def unban(here: str, rest: str) -> Iterator[Command]:
    yield Unban(*placed(here, rest))


def unmute(here: str, rest: str) -> Iterator[Command]:
    yield Unban(*placed(here, rest), mute=True)


def bans(here: str, rest: str) -> Iterator[Command]:
    yield AskList(rest or here, BAN)


def ranking(letter: str, on: bool) -> Parse:
    """Gives somebody a rank, or takes it."""

    def parse(here: str, rest: str) -> Iterator[Command]:
        room, nick = placed(here, rest)
        yield SetModes(room, (ModeChange(on, letter, nick),))

    return parse


def mode(here: str, rest: str) -> Iterator[Command]:
    room, words = placed(here, rest, 0)
    if words:
        yield from room_modes(room, words.split())
    else:
        yield AskModes(room)


def slow(here: str, rest: str) -> Iterator[Command]:
    room, pause = placed(here, rest)
    off = pause.lower() in ("off", "0")
    yield SetModes(room, (ModeChange(not off, SLOW, "" if off else str(seconds(pause) or pause)),))


def key(here: str, rest: str) -> Iterator[Command]:
    room, key = placed(here, rest)
    off = key.lower() == "off"
    yield SetModes(room, (ModeChange(not off, KEY, "*" if off else key),))


def invite(here: str, rest: str) -> Iterator[Command]:
    room, nick = placed(here, rest)
    yield Invite(nick, room)
