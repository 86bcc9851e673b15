"""Handles what a server says of a room's modes, and of who is banned or muted there."""

from collections.abc import Iterator

from chatroom.client import ban_sentences, bans, mode_sentences, strings
from chatroom.client.parameters import param
from chatroom.client.room import BANS_MAX, Room
from chatroom.client.state import SessionState
from chatroom.client.transcript_entry import Kind
from chatroom.common.irc_message import Message
from chatroom.common.language import mark, tr
from chatroom.common.names import fold
from chatroom.common.text import clean, number

_LETTERS_MAX = 100  # of the changes of a line, with their signs; servers send some 20
_CLOCK_SECONDS = 1.0  # that two times of one server may be off
_SLOW_SECONDS_MAX = 86_400  # between two messages; more is shown as a day
_BAN = "b"
_OWNER = "O"  # asks whose room it is (RFC 2811 §4.1.1); other servers know no such mode
_MUTE = "q"  # a list of its own on some servers; others have bans of the kind "mute"


def ask(state: SessionState, room: Room) -> None:
    """Asks for the modes, bans and mutes of a room that somebody looks at, so that menus offer what can be done."""
    if room.is_direct or not room.is_listed or room.has_asked_modes or not state.is_registered:
        return
    room.has_asked_modes = True
    ask_modes(state, room)
    state.awaited.asked_bans.add(fold(room.name))
    is_ours = state.knows_times("BAN")
    state.send(Message("MODE", (room.name, _BAN + _OWNER if is_ours else _BAN)))


def knows_bans(state: SessionState, room: Room) -> bool:
    """Whether all bans and mutes of a room are known."""
    return room.has_asked_modes and fold(room.name) not in state.awaited.asked_bans


def ask_modes(state: SessionState, room: Room) -> None:
    """Asks for the modes of a room; the answer is not shown. A second question would have one that is."""
    if fold(room.name) not in state.awaited.asked_modes:
        state.awaited.asked_modes.add(fold(room.name))
        state.send(Message("MODE", (room.name,)))


_NO_STRANGERS = {  # whether the mode is set
    True: mark("Only people who are logged in may write to you alone."),
    False: mark("Everybody may write to you alone."),
}
_STAYS = {
    True: mark("You stay in your rooms, away, when your last device has gone."),
    False: mark("You leave your rooms when your last device has gone."),
}


def on_persistence(state: SessionState, message: Message) -> None:
    """PERSISTENCE STATUS: whether we stay without a device (draft/persistence). It is told as that of strangers is."""
    if param(message, 0) != "STATUS":
        return
    known, state.stays = state.stays, param(message, 2) == "ON"
    if "stay" in state.awaited.settings or known not in (None, state.stays):
        state.awaited.settings.discard("stay")
        state.inform(tr(_STAYS[state.stays]))


def on_mode(state: SessionState, message: Message) -> None:
    room = state.find(param(message, 0))
    if state.is_me(param(message, 0)):
        _on_own_mode(state, message.params[1:])
    if room is None or room.is_direct:
        return
    nick = clean(message.nick)
    by = tr("The server") if "." in nick else nick  # no name of a person has a dot
    told = []
    for change, whom in _changes(state, message.params[1:]):
        entry = state.entry(message, Kind.INFO)
        adding = change[0] == "+"
        if ban := _ban_in(state, message, change, whom):
            if not adding and _is_early(room.bans.get(whom), entry.time):
                ban = ban._replace(by=nick)
            _keep_ban(room, whom, ban, adding)
            entry.text = ban_sentences.told(ban, adding, by, entry.time)
        else:
            _apply(state, room, change, whom)
            entry.text = mode_sentences.told(by, change, whom)
        if entry.text not in told:  # somebody may be banned by several masks
            told.append(entry.text)
            room.add(entry)


def _ban_in(state: SessionState, message: Message, change: str, mask: str) -> bans.Ban | None:
    """The ban or the mute that is set or lifted by a change of a mode; None if it is about something else."""
    letter = change[1]
    if letter not in (_BAN, _MUTE) or letter not in state.mode_kinds()[0]:
        return None
    by = clean(message.nick) if "!" in message.source else ""  # else the server, which ends what has lasted its time
    return bans.read(mask, by, message.tags, letter == _MUTE)


def _is_early(ban: bans.Ban | None, time: float) -> bool:
    """Whether a ban or a mute has not lasted its time: then somebody lifts it, and if it is the server's console."""
    return ban is not None and (not ban.until or ban.until > time + _CLOCK_SECONDS)


def _on_own_mode(state: SessionState, params: tuple[str, ...]) -> None:
    for change, _ in _changes(state, params):
        adding, letter = change[0] == "+", change[1]
        if letter == "o":
            state.note_operator(adding)
        elif letter == "R":
            _on_strangers_set(state, adding)


def _on_strangers_set(state: SessionState, refuses: bool) -> None:
    """Tells what the user has just set, here or with another device. At a login it is as it was before."""
    known, state.refuses_strangers = state.refuses_strangers, refuses
    if "strangers" in state.awaited.settings or known not in (None, refuses):
        state.awaited.settings.discard("strangers")
        state.inform(tr(_NO_STRANGERS[refuses]))


def _changes(state: SessionState, params: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Each change of a MODE with its parameter: ("+o", "bob"), ("-m", "")."""
    signs = state.prefixes()
    lists, always, when_set = state.mode_kinds()
    arguments = iter(params[1:])
    sign = "+"
    for letter in clean(params[0])[:_LETTERS_MAX] if params else "":
        if letter in "+-":
            sign = letter
            continue
        has_parameter = letter in signs or letter in lists + always or (letter in when_set and sign == "+")
        yield sign + letter, clean(next(arguments, "")) if has_parameter else ""


def _apply(state: SessionState, room: Room, change: str, whom: str) -> None:
    adding, letter = change[0] == "+", change[1]
    signs = state.prefixes()
    if letter in signs:
        if member := room.member(whom):
            member.prefix = signs[letter] if adding else ""
            room.members_version += 1
    elif room.modes is not None and letter not in state.mode_kinds()[0]:
        (room.modes.add if adding else room.modes.discard)(letter)
    if letter == "W":
        room.slow_seconds = number(whom, _SLOW_SECONDS_MAX) or 0
    if letter == "k":  # for the next connection; "*" hides it
        room.key = whom if adding and whom != "*" else room.key if adding else ""


def _keep_ban(room: Room, mask: str, ban: bans.Ban, adding: bool) -> None:
    """Remembers who is banned and who is muted, or that they are no more."""
    if not adding:
        room.bans.pop(mask, None)
    elif len(room.bans) < BANS_MAX or mask in room.bans:
        room.bans[mask] = ban
    room.members_version += 1


def _on_key_missing(state: SessionState, room: Room) -> None:
    """The room that we came to with a key has none. If it is ours alone after a break in the connection, it gets it."""
    if not room.misses_key:
        room.key, told = "", strings.key_not_used(room.name)
    elif room.is_kept_by_alone(state.nick):
        state.send(Message("MODE", (room.name, "+k", room.key)))
        told = tr("{room} had lost its key; it is set again.", room=room.name)
    else:
        room.key, told = "", tr("{room} has no key any more.", room=room.name)
    state.inform(told, room=room)


def on_modes(state: SessionState, message: Message) -> None:
    """324: a room's modes."""
    room = state.find(param(message, 1))
    changes = list(_changes(state, message.params[2:]))
    name = room.name if room else param(message, 1)
    if room:
        room.modes = {change[1] for change, _ in changes}
        room.slow_seconds = number(dict(changes).get("+W", ""), _SLOW_SECONDS_MAX) or 0
        if (room.wants_key or room.misses_key) and "k" not in room.modes:
            _on_key_missing(state, room)
        room.wants_key = room.misses_key = False
    if fold(name) in state.awaited.asked_modes:
        state.awaited.asked_modes.discard(fold(name))
    else:
        state.inform(mode_sentences.listed(param(message, 1), changes))


def on_ban_listed(state: SessionState, message: Message) -> None:
    """367: a mask, and whose it is, where the server tells."""
    name, mask, by = (param(message, index) for index in (1, 2, 3))
    room = state.find(name)
    ban = bans.read(mask, by.partition("!")[0], message.tags)
    if room:
        _keep_ban(room, mask, ban, True)
    if fold(name) in state.awaited.asked_bans or (room and ban in room.listed_bans):
        return
    if room and len(room.listed_bans) < BANS_MAX:
        room.listed_bans.add(ban)
    state.inform(" · ".join([ban_sentences.listed(name, ban), *ban_sentences.more(ban, state.now())]))


def on_bans_end(state: SessionState, message: Message) -> None:
    room = state.find(param(message, 1))
    if fold(param(message, 1)) in state.awaited.asked_bans:
        state.awaited.asked_bans.discard(fold(param(message, 1)))
    else:
        is_none = room is not None and not room.bans
        state.inform((strings.no_bans if is_none else strings.bans_end)(param(message, 1)))
    if room:
        room.listed_bans.clear()


def on_owner(state: SessionState, message: Message) -> None:
    """325: whose room it is."""
    if room := state.find(param(message, 1)):
        owner = param(message, 2)
        room.owner = "" if owner == "*" else owner
        room.members_version += 1
