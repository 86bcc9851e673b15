"""Carries out the slash commands that keep order in a room: /kick, /ban, /mute, /slow, /key, /mode and the like.

Each is done by what the server has: chatroom's own commands with a time and a reason, or a mode.
"""

from collections.abc import Callable

from chatroom.client.misuse import Misuse
from chatroom.client.room import Room
from chatroom.client.state import SessionState
from chatroom.common.durations import seconds
from chatroom.common.irc_message import Message
from chatroom.common.language import tr

Act = Callable[[SessionState, Room, str], None]


def _timed(state: SessionState, command: str, rest: str) -> tuple[str, str, str]:
    """A name, a time ("" for good) and a reason; raises `Misuse` if there is a time that the server can't keep."""
    nick, _, rest = rest.partition(" ")
    first, _, more = rest.strip().partition(" ")
    if not seconds(first):
        if first[:1].isdigit() and state.knows_times(command):
            raise Misuse(tr("{word} is no time; 30s, 10m, 2h, 1d and 1w are. A reason has a letter first.", word=first))
        return nick, "", rest.strip()
    if not state.knows_times(command):
        raise Misuse(tr("This server keeps no times; leave it out."))
    return nick, first, more.strip()


def _demand_member(state: SessionState, room: Room, nick: str) -> None:
    """Raises `Misuse` about somebody who is not in the room, as far as we can know: some servers say nothing then."""
    if room.is_here and room.is_listed and not room.member(nick):
        raise Misuse(tr("{nick} is not in {room}.", nick=nick, room=room.name))


def _send(state: SessionState, verb: str, *words: str) -> None:
    """Sends a command of the server's with the words that are given, in their order."""
    state.send(Message(verb, tuple(word for word in words if word)))


def kick(state: SessionState, room: Room, rest: str) -> None:
    nick, length, reason = _timed(state, "KICK", rest)
    _demand_member(state, room, nick)
    _send(state, "KICK", room.name, nick, length, reason or (nick if length else ""))


def ban(state: SessionState, room: Room, rest: str) -> None:
    """Bans by the server's own command where it has one, which takes a name and a reason; else by a mask (+b)."""
    nick, length, reason = _timed(state, "BAN", rest)
    if state.knows_times("BAN"):
        _send(state, "BAN", room.name, nick, length, reason)
    else:
        mode("+b", True)(state, room, rest)


def unban(state: SessionState, room: Room, rest: str) -> None:
    if state.knows_times("BAN"):
        state.send(Message("UNBAN", (room.name, rest.split()[0])))
    else:
        mode("-b", True)(state, room, rest)


def bans(state: SessionState, room: Room, rest: str) -> None:
    state.send(Message("MODE", (room.name, "b")))


def mute(sign: str) -> Act:
    """Mutes by what the server has: its own command, a list (+q), or a ban of the kind "mute" (EXTBAN m)."""

    def act(state: SessionState, room: Room, rest: str) -> None:
        nick, length, reason = _timed(state, "MUTE", rest)
        mark, comma, kinds = state.isupport.get("EXTBAN", "").partition(",")
        if state.knows_times("MUTE"):
            _send(state, "MUTE" if sign == "+" else "UNMUTE", room.name, nick, length, reason)
        elif "q" in state.mode_kinds()[0]:
            mode(f"{sign}q", True)(state, room, rest)
        elif not (comma and "m" in kinds):
            raise Misuse(tr("Nobody can be muted on this server. /quiet lets only operators write."))
        else:
            state.send(Message("MODE", (room.name, f"{sign}b", f"{mark}m:{nick}!*@*")))

    return act


def slow(state: SessionState, room: Room, rest: str) -> None:
    """Sets slow mode, which is +W on servers where that mode takes a number."""
    if "W" not in state.mode_kinds()[2]:
        raise Misuse(tr("This server has no slow mode."))
    pause = rest.split()[0]
    off = pause.lower() in ("off", "0")
    length = str(seconds(pause) or pause)
    state.send(Message("MODE", (room.name, "-W") if off else (room.name, "+W", length)))


def key(state: SessionState, room: Room, rest: str) -> None:
    key = rest.split()[0]
    off = key.lower() == "off"
    if off:
        state.send(Message("MODE", (room.name, "-k", room.key or "*")))
    elif room.key and not state.knows_times("BAN"):  # elsewhere, a key has to go before another one comes
        state.send(Message("MODE", (room.name, "-k+k", room.key, key)))
    else:
        state.send(Message("MODE", (room.name, "+k", key)))


def modes(state: SessionState, room: Room, rest: str) -> None:
    state.send(Message("MODE", (room.name, *rest.split())))


def mode(change: str, masks: bool) -> Act:
    """Sets a mode about somebody: by a mask where the mode is a list of them (+b, +q), else by the name (+o)."""

    def act(state: SessionState, room: Room, rest: str) -> None:
        nick = rest.split()[0]
        if change[1] not in (state.mode_kinds()[0] if masks else state.prefixes()):
            raise Misuse(tr("This server has no mode {change}.", change=change))
        if not masks:
            _demand_member(state, room, nick)
        target = f"{nick}!*@*" if masks and "!" not in nick else nick
        state.send(Message("MODE", (room.name, change, target)))

    return act


def quiet(state: SessionState, room: Room, rest: str) -> None:
    """Lets only operators and those with a voice write, or everybody again."""
    if rest.lower() not in ("", "on", "off"):
        raise Misuse(tr("/quiet takes nothing, or off."))
    state.send(Message("MODE", (room.name, "-m" if rest.lower() == "off" else "+m")))


def invite(state: SessionState, room: Room, rest: str) -> None:
    state.send(Message("INVITE", (rest, room.name)))
