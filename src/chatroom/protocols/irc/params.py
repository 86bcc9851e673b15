"""Reads parameters of IRC commands: lists with commas, and words to be repeated in an answer."""

from collections.abc import Iterator
from itertools import chain, repeat

from chatroom.common.errors import ChatError, Code
from chatroom.common.text import clean, shortened
from chatroom.protocols.irc.limits import TARGETS_PER_COMMAND

_ECHO_BYTES = 128  # twice as long as any name


def targets(param: str) -> Iterator[str]:
    """The names in a list with commas, each once; raises `ChatError` after TARGMAX of them, which names the others."""
    names, others = split(param)
    yield from names
    if others:
        raise ChatError(Code.TOO_MANY_TARGETS, *others)


def pairs(param: str, others: str) -> Iterator[tuple[str, str]]:
    """The names in a list with commas, each with its counterpart in another list, "" where there is none.

    Each pair comes once, and no more than TARGMAX: see `targets`.
    """
    zipped = zip(param.split(","), chain(others.split(","), repeat("")), strict=False)
    found = list(dict.fromkeys(pair for pair in zipped if pair[0]))
    yield from found[:TARGETS_PER_COMMAND]
    if len(found) > TARGETS_PER_COMMAND:
        raise ChatError(Code.TOO_MANY_TARGETS, *dict.fromkeys(name for name, _ in found[TARGETS_PER_COMMAND:]))


def split(param: str) -> tuple[list[str], list[str]]:
    """The names in a list with commas, each once: TARGMAX of them at most, and the others."""
    names = list(dict.fromkeys(name for name in param.split(",") if name))
    return names[:TARGETS_PER_COMMAND], names[TARGETS_PER_COMMAND:]


def echo(word: str) -> str:
    """A client's own word made safe as a parameter of an answer: RFC 2812 §2.3.1 middle."""
    return shortened(clean(word).replace(" ", "_").lstrip(":"), _ECHO_BYTES) or "*"
