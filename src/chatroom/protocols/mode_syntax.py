"""Modes as they are written: `+o-b alice *!*@192.0.2.1`."""

from collections.abc import Iterator

from chatroom.common.errors import ChatError, Code
from chatroom.model.commands import AskList, SetModes
from chatroom.model.modes import KEY, ROOM_MODES, ModeKind
from chatroom.model.outcomes import Command
from chatroom.model.replies import Refused
from chatroom.model.values import ModeChange


def room_modes(room: str, words: list[str]) -> Iterator[Command]:
    """Changes, and lists that are asked for by their letter without a parameter."""
    changes: list[ModeChange] = []
    asked: list[Command] = []
    listed = ""
    params = iter(words[1:])
    for on, letter in _signed(words[0]):
        kind = ROOM_MODES.get(letter, ModeKind.FLAG)
        takes = kind in (ModeKind.LIST, ModeKind.RANK, ModeKind.KEY) or (kind is ModeKind.SETTING and on)
        param = next(params, None) if takes else ""
        if param is not None:
            changes.append(ModeChange(on, letter, param))
        elif kind is ModeKind.LIST:
            listed += letter if letter not in listed else ""
        elif letter == KEY and not on:
            changes.append(ModeChange(False, letter, "*"))
        else:
            asked.append(Refused(ChatError(Code.TOO_FEW_PARAMETERS, "MODE", f"whom, or what, after {letter}")))
    if changes:
        yield SetModes(room, tuple(changes))
    if listed:
        yield AskList(room, listed)
    yield from asked


def _signed(letters: str) -> Iterator[tuple[bool, str]]:
    """``+a-b`` as (True, a), (False, b); each change once."""
    on = True
    for letter in letters:
        if letter in "+-":
            on = letter == "+"
        else:
            yield on, letter
