"""Why a connection ended, or somebody is away, in the reader's language.

A reason is a text of the chat, in English, whoever gave it: it is kept, logged and sent to other servers as it is. What
the program itself gives is known here, and said in the language of each reader; what people wrote is told as they
wrote it.
"""

import re
from functools import lru_cache

from chatroom.common.language import ENGLISH, Language, mark
from chatroom.common.text import GHOST
from chatroom.model.departure_reasons import (
    NAME_GIVEN_UP,
    OVERTAKEN,
    PASSWORD_CHANGED,
    SAME_PERSON,
    SLOWEST,
    TIMED_OUT,
    TOO_SLOW,
)

# All that the program gives as a reason, with places for names and numbers.
SENTENCES = (
    mark("Quit"),
    mark("away"),
    mark("not at any device"),
    mark("said goodbye"),
    mark("connection closed"),
    mark("connection timed out"),
    mark("no sign of life for {seconds} seconds"),
    mark("read nothing for {seconds} seconds"),
    mark("too slow to read what was sent to it"),
    mark("the slowest of too many slow readers"),
    mark("came in again from elsewhere"),
    mark("you have come in again from elsewhere"),
    mark("the password of the account was changed"),
    mark("the name is nobody's any more"),
    mark("too many stay without a device"),
    mark("you have ended this connection from another device"),
    mark("you have logged out"),
    mark("is {nick} now"),
    mark("the server is shutting down"),
    mark("the server was shut down"),
    mark("the link was lost"),
    mark("the link to {server} was lost"),
    mark("banned"),
    mark("banned from this server"),
    mark("you are banned from this server"),
    mark("you are banned from this server ({reason})"),
    mark("you are banned from this server for {left} more"),
    mark("you are banned from this server for {left} more ({reason})"),
    mark("Killed ({nick}: {reason})"),
    mark("Killed ({nick})"),
    mark("this server has a password"),
    mark("too many wrong passwords"),
    mark("no name within {seconds} seconds"),
    mark("no TLS within {seconds} seconds"),
    mark("the server is full; try again later"),
    mark("too many connections from your address within a minute; wait a little"),
    mark("your address has {most} connection already; close one first"),
    mark("your address has {most} connections already; close one first"),
)
assert set(SENTENCES) >= {GHOST, NAME_GIVEN_UP, OVERTAKEN, PASSWORD_CHANGED, SAME_PERSON, SLOWEST, TIMED_OUT, TOO_SLOW}

KILLED = re.compile(r"Killed \((?P<nick>[^\s:)]+)(?:: (?P<reason>.*))?\)")  # by an operator of the server
_PLACE = re.compile(r"\\\{(\w+)\\\}")  # as `re.escape` writes it
_PATTERNS = [(sentence, re.compile(_PLACE.sub(r"(?P<\1>.+)", re.escape(sentence)))) for sentence in SENTENCES]


def told(reason: str, language: Language) -> str:
    """A reason as this reader is told it."""
    return reason if language is ENGLISH or not reason else _translated(reason, language)


@lru_cache(maxsize=1024)  # when a server is lost, thousands leave for one reason
def _translated(reason: str, language: Language) -> str:
    for sentence, pattern in _PATTERNS:
        found = pattern.fullmatch(reason)
        if found:
            return language.tr(sentence, **found.groupdict())
    return reason
