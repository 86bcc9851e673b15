"""Refuses messages that look like a mistyped command with a password, before a room reads them.

Something before its slash makes a message of a command: a blank, or what an arrow key leaves with netcat ("[D").
"""

import re

from chatroom.common.errors import ChatError, Code
from chatroom.common.text import FEED

# Blanks, invisible characters (a byte order mark, a joiner), and what arrow keys leave in a terminal without editing.
_BEFORE = r"(?:[\s\u00ad\u200b-\u200f\u2060-\u2064\ufeff]|\[[0-9;]*[A-Za-z~]|O[A-DFH](?=/))*"
_TO_PROGRAMS = r"(?:(?:msg|query|quote|raw)\s+)?(?:(?:nickserv|ns)\s+:?)?"
_SLIP = re.compile(
    rf"""{_BEFORE}(?:
    /\s*{_TO_PROGRAMS}(?:register|login|password|set\s+password|oper|pass|identify|authenticate|ghost|drop)\s+\S
    )""",
    re.VERBOSE | re.IGNORECASE,
)
# A login of an IRC program that was taken for netcat, because something came before its first line: a proxy's header.
_BY_PROGRAMS = re.compile(r"(?:PASS|AUTHENTICATE|(?:(?:NICKSERV|NS)\s+)?IDENTIFY)\s+\S+(?:\s+\S+)?\s*\Z")


def refuse_slips(text: str) -> None:
    """Raises `ChatError` if a line of a message looks like a command with a password."""
    if any(map(_SLIP.match, text.split(FEED) if FEED in text else (text,))):
        raise ChatError(Code.PASSWORD_ALOUD)


def refuse_programs(line: str) -> None:
    """Raises `ChatError` if a line from netcat is an IRC command with a password."""
    if _BY_PROGRAMS.match(line):
        raise ChatError(Code.PASSWORD_ALOUD)
