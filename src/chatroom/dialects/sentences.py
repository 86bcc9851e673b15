"""Parts of sentences about order in a room that all dialects say alike."""

from time import time

from chatroom.errors import Code
from chatroom.text import plain, span

# Refusals that name a room and its operators; and those that tell of a ban or a mute besides.
OF_OPERATORS = frozenset(
    {Code.NOT_OPERATOR, Code.MODERATED, Code.INVITED_ONLY, Code.KEY_WRONG, Code.ROOM_FULL, Code.CANNOT_SEND}
)
OF_ENTRIES = frozenset({Code.BANNED, Code.BANNED_THERE, Code.MUTED})


def of_entry(until: int, reason: str) -> tuple[str, str]:
    """How long a ban or a mute still lasts, and why there is one: " for 2h more", " (flooding)"; "" for none."""
    left = max(1, until // 1000 - int(time()))
    return f" for {span(left)} more" if until else "", f" ({plain(reason)})" if reason else ""


def lasting(until: int, since: int) -> str:
    """How long something lasts that began at `since` (both in milliseconds): " for 2h"; "" without an end."""
    return f" for {span(round((until - since) / 1000))}" if until else ""
