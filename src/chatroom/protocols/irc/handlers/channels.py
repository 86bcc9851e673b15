"""Reads what concerns rooms, which IRC calls channels: JOIN, PART, TOPIC, NAMES, LIST, INVITE, KICK, BAN, MODE."""

import re
from collections.abc import Iterator

from chatroom.common.durations import ban_time, split_time
from chatroom.common.errors import ChatError, Code
from chatroom.common.names import is_room
from chatroom.common.text import number
from chatroom.model.commands import (
    AskAllNames,
    AskInvitations,
    AskModes,
    AskNames,
    AskRooms,
    AskTopic,
    Ban,
    Invite,
    Join,
    Kick,
    Leave,
    LeaveAll,
    RenameRoom,
    SetTopic,
    SetUserModes,
    Unban,
)
from chatroom.model.outcomes import Command
from chatroom.model.values import ModeChange
from chatroom.protocols.irc.client_state import ClientState
from chatroom.protocols.irc.params import pairs, split, targets
from chatroom.protocols.mode_syntax import room_modes, signed_letters


def join(client: ClientState, params: list[str]) -> Iterator[Command]:
    if params[0] == "0":  # out of all rooms: RFC 2812 §3.2.1
        yield LeaveAll()
        return
    for room, key in pairs(params[0], params[1] if len(params) > 1 else ""):
        yield Join(room, key=key)


def part(client: ClientState, params: list[str]) -> Iterator[Command]:
    reason = params[1] if len(params) > 1 else ""
    for room in targets(params[0]):
        yield Leave(room, reason)


def topic(client: ClientState, params: list[str]) -> Iterator[Command]:
    yield SetTopic(params[0], params[1]) if len(params) > 1 else AskTopic(params[0])


def rename(client: ClientState, params: list[str]) -> Iterator[Command]:
    """IRCv3 draft/channel-rename."""
    yield RenameRoom(params[0], params[1], params[2] if len(params) > 2 else "")


def names(client: ClientState, params: list[str]) -> Iterator[Command]:
    for room in targets(params[0]) if params else ():
        yield AskNames(room)
    if not params:
        yield AskAllNames()


def invite(client: ClientState, params: list[str]) -> Iterator[Command]:
    if not params:
        yield AskInvitations()
    elif len(params) < 2:
        raise ChatError(Code.TOO_FEW_PARAMETERS, "INVITE")
    else:
        yield Invite(params[0], params[1])


def kick(client: ClientState, params: list[str]) -> Iterator[Command]:
    """One room and many nicknames, or as many of both: RFC 2812 §3.2.8. A time may stand before the reason."""
    length = ban_time(params[2]) if len(params) > 3 else 0
    reason = params[3 if length else 2] if len(params) > 2 else ""
    if "," in params[0]:
        each = ((room, nick) for nick, room in pairs(params[1], params[0]))
    else:
        each = ((params[0], nick) for nick in targets(params[1]))
    for room, nick in each:
        yield Kick(room, nick, reason, length)


# ---- bans with a time and a reason, which MODE can't give ------------------------------------------------------------


def ban(client: ClientState, params: list[str]) -> Iterator[Command]:
    room, who, length, reason = _room_whom_time_reason(params)
    yield Ban(room, who, length, reason)


def mute(client: ClientState, params: list[str]) -> Iterator[Command]:
    room, who, length, reason = _room_whom_time_reason(params)
    yield Ban(room, who, length, reason, mute=True)


def unban(client: ClientState, params: list[str]) -> Iterator[Command]:
    yield Unban(params[0], params[1])


def unmute(client: ClientState, params: list[str]) -> Iterator[Command]:
    yield Unban(params[0], params[1], mute=True)


def _room_whom_time_reason(params: list[str]) -> tuple[str, str, int, str]:
    """A room, a name or mask, for how many seconds (0: without an end), and the reason; the last two may be missing.

    They may also be one parameter, as clients send what a person has typed behind the name.
    """
    room, who, *rest = params
    return room, who, *split_time(" ".join(rest))


# ---- LIST -----------------------------------------------------------------------------------------------------------


_BOUND = re.compile(r"([CT]?)([<>])([0-9]+)")
_MINUTE_MILLISECONDS = 60_000
_FILTER_MAX = 999_999_999  # people or minutes: more than any room has of either


def list_(client: ClientState, params: list[str]) -> Iterator[Command]:
    """Rooms by name, and filters: modern.ircdocs.horse/#elist-parameter."""
    rooms, masks, not_masks = [], [], []
    bounds = {"": (-1, 1 << 62), "C": (-1, 1 << 62), "T": (-1, 1 << 62)}  # of people, and of ages
    words, others = split(params[0]) if params else ([], [])
    for word in words:
        bound = _BOUND.fullmatch(word)
        if bound:
            letter, sign, count = bound.groups()
            low, high = bounds[letter]
            value = (number(count, _FILTER_MAX) or 0) * (_MINUTE_MILLISECONDS if letter else 1)
            bounds[letter] = (low, value) if sign == "<" else (value, high)
        elif word.startswith("!"):
            not_masks.append(word[1:])
        elif "*" in word or "?" in word:
            masks.append(word)
        else:
            rooms.append(word)
    yield AskRooms(tuple(rooms), tuple(masks), tuple(not_masks), bounds[""], bounds["C"], bounds["T"])
    if others:
        raise ChatError(Code.TOO_MANY_TARGETS, *others)


# ---- MODE -----------------------------------------------------------------------------------------------------------


def mode(client: ClientState, params: list[str]) -> Iterator[Command]:
    target, *rest = params
    if not rest:
        yield AskModes(target)
    elif is_room(target):
        yield from room_modes(target, rest)
    else:
        letters = signed_letters(rest[0])
        yield SetUserModes(target, tuple(ModeChange(on, letter) for on, letter in letters))
