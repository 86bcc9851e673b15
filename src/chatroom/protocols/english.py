"""Parts of sentences about order in a room that all dialects say alike."""

from collections.abc import Iterable
from time import time

from chatroom.common.durations import span
from chatroom.common.errors import Code
from chatroom.common.names import LOBBY, fold
from chatroom.common.text import plain
from chatroom.model.replies import ReplayIs
from chatroom.model.values import ListEntry

# Refusals that name a room and its operators; and those that tell of a ban or a mute besides.
OF_OPERATORS = frozenset(
    {
        *(Code.NOT_OPERATOR, Code.MODERATED, Code.INVITED_ONLY, Code.KEY_WRONG, Code.ROOM_FULL, Code.CANNOT_SEND),
        *(Code.SLOW, Code.SILENT),
    }
)
OF_ENTRIES = frozenset({Code.BANNED, Code.BANNED_THERE, Code.MUTED})
WORDED = OF_OPERATORS | OF_ENTRIES | {Code.BANNED_HERE, Code.NICK_BANNED}


def worded(code: Code, about: list[str]) -> list[str]:
    """What a refusal is about, as it is said: who the operators are, how long it lasts, why."""
    if code in OF_OPERATORS or code in OF_ENTRIES:
        here = about[1].replace(",", ", ") or "none is here"
        about[1] = f"the server's operators, whose room it is ({here})" if fold(about[0]) == LOBBY else here
    if code is Code.SLOW:
        about[2:] = [span(int(about[2])), span(int(about[3]))]
    elif code in OF_ENTRIES:
        about[3:] = of_entry(int(about[3]), about[4])
    elif code is Code.BANNED_HERE:
        about = [*of_entry(int(about[0]), about[1])]
    elif code is Code.NICK_BANNED:
        about[1:] = of_entry(int(about[1]), about[2])
    return about


def _left(until: int) -> int:
    """The seconds until then (milliseconds), one at least."""
    return max(1, round(until / 1000 - time()))


def of_entry(until: int, reason: str) -> tuple[str, str]:
    """How long a ban or a mute still lasts, and why there is one: " for 2h more", " (flooding)"; "" for none."""
    return f" for {span(_left(until))} more" if until else "", f" ({plain(reason)})" if reason else ""


def entries(listed: Iterable[ListEntry]) -> list[tuple[str, str]]:
    """Bans or mutes as whom they meet, each name once with all its masks, and whose they are, how long and why."""
    rows: dict[tuple[str, str, int, str], list[str]] = {}
    for entry in listed:
        rows.setdefault((entry.whom or entry.mask, entry.by, entry.until, entry.reason), []).append(entry.mask)
    told = []
    for (who, by, until, reason), masks in rows.items():
        left, why = of_entry(until, reason)
        meant = f" ({', '.join(masks)})" if masks != [who] else ""
        told.append((f"{who}{meant}", f"by {by.partition('!')[0]}{left}{why}"))
    return told


def replaying(reply: ReplayIs) -> str:
    """What is shown to who joins a room from now on."""
    what = "what was said since you left it" if reply.on else "nothing from before"
    kept = f"kept for {reply.account}" if reply.account else "until you leave; log in to have it kept"
    return f"When you join a room you are shown {what} ({kept})."


def lasting(until: int, since: int) -> str:
    """How long something lasts that began at `since` (both in milliseconds): " for 2h"; "" without an end."""
    return f" for {span(round((until - since) / 1000))}" if until else ""
