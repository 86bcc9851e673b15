"""Parses /kick, /ban, /mute, /mode and the like, for netcat and for the server's console.

Each parser gets the room that the client is in, and what follows the command's name. If that begins with a room, it is
the room that is meant.
"""

from collections.abc import Callable, Iterator

from chatroom.common.durations import seconds, split_time
from chatroom.common.errors import ChatError, Code
from chatroom.common.names import is_room
from chatroom.model.commands import AskList, AskModes, Ban, Invite, Kick, RenameRoom, SetModes, Unban
from chatroom.model.modes import BAN, KEY, SLOW
from chatroom.model.outcomes import Command
from chatroom.model.values import ModeChange
from chatroom.protocols.mode_syntax import room_modes

TIME_EXAMPLES = "30s, 10m, 2h, 1d, 1w"
Parse = Callable[[str, str], Iterator[Command]]


def split_room(here: str, rest: str, words: int = 1) -> tuple[str, str]:
    """The room that is meant, and the rest; raises `ChatError` if that has fewer words than `words`."""
    first, _, more = rest.partition(" ")
    room, rest = (first, more.strip()) if first.startswith("#") else (here, rest)
    if len(rest.split(maxsplit=words)) < words:
        raise ChatError(Code.TOO_FEW_PARAMETERS, "", "")
    return room, rest


def whom_time_reason(rest: str) -> tuple[str, int, str]:
    """A name, for how many seconds (0: without an end), and the reason."""
    who, _, rest = rest.partition(" ")
    return who, *split_time(rest)


def kick(here: str, rest: str) -> Iterator[Command]:
    room, rest = split_room(here, rest)
    who, length, reason = whom_time_reason(rest)
    yield Kick(room, who, reason, length)


def ban(here: str, rest: str) -> Iterator[Command]:
    room, rest = split_room(here, rest)
    yield Ban(room, *whom_time_reason(rest))


def mute(here: str, rest: str) -> Iterator[Command]:
    room, rest = split_room(here, rest)
    yield Ban(room, *whom_time_reason(rest), mute=True)


def unban(here: str, rest: str) -> Iterator[Command]:
    yield Unban(*split_room(here, rest))


def unmute(here: str, rest: str) -> Iterator[Command]:
    yield Unban(*split_room(here, rest), mute=True)


def bans(here: str, rest: str) -> Iterator[Command]:
    yield AskList(rest or here, BAN)


def set_rank(letter: str, on: bool) -> Parse:
    """A parser of commands that give somebody a rank, or take it."""

    def parse(here: str, rest: str) -> Iterator[Command]:
        room, nick = split_room(here, rest)
        yield SetModes(room, (ModeChange(on, letter, nick),))

    return parse


def mode(here: str, rest: str) -> Iterator[Command]:
    room, words = split_room(here, rest, 0)
    if words:
        yield from room_modes(room, words.split())
    else:
        yield AskModes(room)


def slow(here: str, rest: str) -> Iterator[Command]:
    room, pause = split_room(here, rest)
    off = pause.lower() in ("off", "0")
    yield SetModes(room, (ModeChange(not off, SLOW, "" if off else str(seconds(pause) or pause)),))


def key(here: str, rest: str) -> Iterator[Command]:
    room, key = split_room(here, rest)
    off = key.lower() == "off"
    yield SetModes(room, (ModeChange(not off, KEY, "*" if off else key),))


def rename(here: str, rest: str) -> Iterator[Command]:
    """``[#ROOM] NEW [WHY]``: of two names of rooms, the first is that of the room."""
    first, _, more = rest.partition(" ")
    room, rest = (first, more.strip()) if first.startswith("#") and more.startswith("#") else (here, rest)
    name, _, reason = rest.partition(" ")
    if not is_room(room) or not name:
        raise ChatError(Code.TOO_FEW_PARAMETERS, "", "")
    yield RenameRoom(room, name if name.startswith("#") else f"#{name}", reason.strip())


def invite(here: str, rest: str) -> Iterator[Command]:
    room, nick = split_room(here, rest)
    yield Invite(nick, room)
