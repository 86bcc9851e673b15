"""Handles what a server says of a room's modes, and of who is banned or muted there."""

from collections.abc import Iterator

from chatroom.client import mode_sentences, strings
from chatroom.client.parameters import param
from chatroom.client.room import BANS_MAX, Room
from chatroom.client.state import SessionState
from chatroom.client.transcript_entry import Kind
from chatroom.common.irc_message import Message
from chatroom.common.language import mark, tr
from chatroom.common.names import fold
from chatroom.common.text import clean

_LETTERS_MAX = 100  # of the changes of a line, with their signs; servers send some 20
_BAN = "b"
_MUTE = "q"  # a list of its own on some servers; others have bans of the kind "mute"


def ask(state: SessionState, room: Room) -> None:
    """Asks for the modes, bans and mutes of a room that somebody looks at, so that menus offer what can be done."""
    if room.is_direct or not room.is_listed or room.has_asked_modes or not state.is_registered:
        return
    room.has_asked_modes = True
    ask_modes(state, room)
    state.asked_bans.add(fold(room.name))
    state.send(Message("MODE", (room.name, _BAN)))


def ask_modes(state: SessionState, room: Room) -> None:
    """Asks for the modes of a room; the answer is not shown. A second question would have one that is."""
    if fold(room.name) not in state.asked_modes:
        state.asked_modes.add(fold(room.name))
        state.send(Message("MODE", (room.name,)))


_NO_STRANGERS = {  # whether the mode is set
    True: mark("Only people who are logged in may write to you alone."),
    False: mark("Everybody may write to you alone."),
}


def on_mode(state: SessionState, message: Message) -> None:
    room = state.find(param(message, 0))
    if room is None:
        if state.is_me(param(message, 0)):
            _on_own_mode(state, message.params[1:])
        return
    nick = clean(message.nick)
    for change, whom in _changes(state, message.params[1:]):
        _apply(state, room, change, whom)
        room.add(state.entry(message, Kind.INFO, mode_sentences.told(nick, change, whom)))


def _on_own_mode(state: SessionState, params: tuple[str, ...]) -> None:
    for change, _ in _changes(state, params):
        adding, letter = change[0] == "+", change[1]
        if letter == "o":
            state.note_operator(adding)
        elif letter == "R":
            state.inform(tr(_NO_STRANGERS[adding]))


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
    elif letter in (_BAN, _MUTE) and letter in state.mode_kinds()[0]:
        _keep_ban(room, whom, adding, letter == _MUTE)
    elif room.modes is not None and letter not in state.mode_kinds()[0]:
        (room.modes.add if adding else room.modes.discard)(letter)
    if letter == "k":  # for the next connection; "*" hides it
        room.key = whom if adding and whom != "*" else room.key if adding else ""


def _keep_ban(room: Room, mask: str, adding: bool, is_mute: bool = False) -> None:
    """Remembers who is banned and who is muted, or that they are no more."""
    muted, who = mode_sentences.ban_of(mask)
    kept = room.muted if muted or is_mute else room.banned
    if not adding:
        kept.pop(fold(who), None)
    elif len(kept) < BANS_MAX or fold(who) in kept:
        kept[fold(who)] = who
    room.members_version += 1


def on_modes(state: SessionState, message: Message) -> None:
    """324: a room's modes."""
    room = state.find(param(message, 1))
    changes = list(_changes(state, message.params[2:]))
    name = room.name if room else param(message, 1)
    if room:
        room.modes = {change[1] for change, _ in changes}
        if room.wants_key and "k" not in room.modes:
            room.key = ""
            state.inform(strings.key_not_used(room.name), room=room)
        room.wants_key = False
    if fold(name) in state.asked_modes:
        state.asked_modes.discard(fold(name))
    else:
        state.inform(mode_sentences.listed(param(message, 1), changes))


def on_ban_listed(state: SessionState, message: Message) -> None:
    """367: a mask, and whose it is, where the server tells."""
    name, mask, by = (param(message, index) for index in (1, 2, 3))
    room = state.find(name)
    if room:
        _keep_ban(room, mask, True)
    if fold(name) not in state.asked_bans:
        state.inform(mode_sentences.ban_listed(name, mask, by.partition("!")[0]))


def on_bans_end(state: SessionState, message: Message) -> None:
    if fold(param(message, 1)) in state.asked_bans:
        state.asked_bans.discard(fold(param(message, 1)))
    else:
        room = state.find(param(message, 1))
        is_none = room is not None and not (room.banned or room.muted)
        state.inform((strings.no_bans if is_none else strings.bans_end)(param(message, 1)))
