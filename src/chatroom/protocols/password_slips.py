"""Passwords that would be said aloud by a slip: a command that is none, because something stands before its slash.

A blank is all it takes, or what an arrow key leaves with netcat ("[D").
"""

import re

from chatroom.common.errors import ChatError, Code
from chatroom.common.text import FEED

# Blanks, what is not seen (a byte order mark, a joiner), and what keys leave of which the terminal knows nothing.
_BEFORE = r"(?:[\s\u00ad\u200b-\u200f\u2060-\u2064\ufeff]|\[[0-9;]*[A-Za-z~]|O[A-DFH](?=/))*"
_TO_PROGRAMS = r"(?:(?:msg|query|quote|raw)\s+)?(?:(?:nickserv|ns)\s+:?)?"
_SLIP = re.compile(
    rf"""{_BEFORE}(?:
    /\s*{_TO_PROGRAMS}(?:register|login|password|set\s+password|oper|pass|identify|authenticate|ghost|drop)\s+\S
    )""",
    re.VERBOSE | re.IGNORECASE,
)
# What an IRC program sends, which the server takes for a person if something hides its first line: a proxy's header.
_BY_PROGRAMS = re.compile(r"(?:PASS|AUTHENTICATE|(?:(?:NICKSERV|NS)\s+)?IDENTIFY)\s+\S+(?:\s+\S+)?\s*\Z")


def refuse_slips(text: str) -> None:
    """Raises `ChatError` if a line of what is to be said is a command with a password."""
    if any(map(_SLIP.match, text.split(FEED) if FEED in text else (text,))):
        raise ChatError(Code.PASSWORD_ALOUD)


def refuse_programs(line: str) -> None:
    """Raises `ChatError` if what seems to be a person's line is a command of IRC with a password."""
    if _BY_PROGRAMS.match(line):
        raise ChatError(Code.PASSWORD_ALOUD)
