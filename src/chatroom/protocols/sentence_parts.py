"""Parts of sentences that several protocols share: how long something lasts, why, and who may lift it."""

from collections.abc import Iterable
from time import time

from chatroom.common.durations import span
from chatroom.common.errors import Code
from chatroom.common.names import LOBBY, fold
from chatroom.common.text import plain
from chatroom.model.values import ListEntry

_NAMING_OPERATORS = frozenset(
    {
        *(Code.NOT_OPERATOR, Code.MODERATED, Code.INVITED_ONLY, Code.KEY_WRONG, Code.ROOM_FULL, Code.CANNOT_SEND),
        *(Code.SLOW, Code.SILENT, Code.BANNED, Code.BANNED_THERE, Code.MUTED),
    }
)
_OF_ROOM_BANS = frozenset({Code.BANNED, Code.BANNED_THERE, Code.MUTED})
# Refusals whose `about` holds names and numbers that `spell_out` makes phrases of.
SPELLED_OUT = _NAMING_OPERATORS | {Code.BANNED_HERE, Code.NICK_BANNED}


def spell_out(code: Code, about: list[str]) -> list[str]:
    """`ChatError.about` as a sentence needs it: who the operators are, how long it lasts, and why."""
    if code in _NAMING_OPERATORS:
        here = about[1].replace(",", ", ") or "none of them is here now"
        about[1] = f"the server's operators, whose room it is ({here})" if fold(about[0]) == LOBBY else here
    if code is Code.SLOW:
        about[2:] = [span(int(about[2])), span(int(about[3]))]
    elif code in _OF_ROOM_BANS:
        about[3:] = time_left_and_reason(int(about[3]), about[4])
    elif code is Code.BANNED_HERE:
        about = [*time_left_and_reason(int(about[0]), about[1])]
    elif code is Code.NICK_BANNED:
        about[1:] = time_left_and_reason(int(about[1]), about[2])
    return about


def time_left_and_reason(until: int, reason: str) -> tuple[str, str]:
    """How long a ban or a mute still lasts, and why: " for 2h more", " (flooding)"; "" where there is no end or reason.

    `until` is in milliseconds, 0 without an end. One second is left at least.
    """
    left = max(1, round(until / 1000 - time()))
    return f" for {span(left)} more" if until else "", because(reason)


def lasting(until: int, since: int) -> str:
    """How long something lasts that began at `since`: " for 2h"; "" without an end. Both are in milliseconds."""
    return f" for {span(round((until - since) / 1000))}" if until else ""


def because(reason: str) -> str:
    """A reason at the end of a sentence: " (flooding)"; "" for none."""
    return f" ({plain(reason)})" if reason else ""


def list_bans(entries: Iterable[ListEntry]) -> list[str]:
    """Bans or mutes, one a line: on whom, with all masks that were set for one name, by whom, how long and why."""
    rows: dict[tuple[str, str, int, str], list[str]] = {}
    for entry in entries:
        rows.setdefault((entry.whom or entry.mask, entry.by, entry.until, entry.reason), []).append(entry.mask)
    lines = []
    for (whom, by, until, reason), masks in rows.items():
        meant = f" ({', '.join(masks)})" if masks != [whom] else ""
        left, why = time_left_and_reason(until, reason)
        lines.append(plain(f"{whom}{meant} by {by.partition('!')[0]}{left}{why}"))
    return lines
