"""Small tools for the words in a command."""

from collections.abc import Iterator

from chatroom.errors import ChatError, Code
from chatroom.limits import TARGETS
from chatroom.text import clean, shortened

_ECHO = 128  # bytes; twice as long as any name


def targets(param: str) -> Iterator[str]:
    """The names in a list with commas, each once; raises `ChatError` after TARGMAX of them, which names the others."""
    names, others = split(param)
    yield from names
    if others:
        raise ChatError(Code.TOO_MANY_TARGETS, *others)


def split(param: str) -> tuple[list[str], list[str]]:
    """The names in a list with commas, each once: TARGMAX of them at most, and the others."""
    names = list(dict.fromkeys(name for name in param.split(",") if name))
    return names[:TARGETS], names[TARGETS:]


def echo(word: str) -> str:
    """A client's own word in an answer, so that it can't break it: RFC 2812 §2.3.1 middle."""
    return shortened(clean(word).replace(" ", "_").lstrip(":"), _ECHO) or "*"
