"""Parses modes as they are written after MODE: `+o-b alice *!*@192.0.2.1`."""

from collections.abc import Iterator

from chatroom.common.errors import ChatError, Code
from chatroom.common.language import mark
from chatroom.model.commands import AskList, AskOwner, SetModes
from chatroom.model.modes import KEY, OWNER, ROOM_MODES, ModeKind
from chatroom.model.outcomes import Command
from chatroom.model.replies import Refused
from chatroom.model.values import ModeChange

_AFTER_LETTER = mark("whom, or what, after {letter}")


def room_modes(room: str, words: list[str]) -> Iterator[Command]:
    """The changes that the words ask for; a list's letter without a mask asks to see the list."""
    changes: list[ModeChange] = []
    refusals: list[Command] = []
    lists = owner = ""
    params = iter(words[1:])
    for on, letter in signed_letters(words[0]):
        if letter == OWNER:
            owner = letter
            continue
        kind = ROOM_MODES.get(letter, ModeKind.FLAG)
        takes = kind in (ModeKind.LIST, ModeKind.RANK, ModeKind.KEY) or (kind is ModeKind.SETTING and on)
        param = next(params, None) if takes else ""
        if param is not None:
            changes.append(ModeChange(on, letter, param))
        elif kind is ModeKind.LIST:
            lists += letter if letter not in lists else ""
        elif letter == KEY and not on:
            changes.append(ModeChange(False, letter, "*"))
        else:
            refusals.append(Refused(ChatError(Code.TOO_FEW_PARAMETERS, "MODE", _AFTER_LETTER, letter)))
    if changes:
        yield SetModes(room, tuple(changes))
    if lists:
        yield AskList(room, lists)
    if owner:
        yield AskOwner(room)
    yield from refusals


def signed_letters(letters: str) -> Iterator[tuple[bool, str]]:
    """``+a-b`` as (True, a), (False, b)."""
    on = True
    for letter in letters:
        if letter in "+-":
            on = letter == "+"
        else:
            yield on, letter
