"""Messages of many lines, as a batch on the wire: `ircv3.net/specs/extensions/multiline`.

A server that has them says how long one may be. Elsewhere each line is a message.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from chatroom.client import splitting
from chatroom.common.irc_message import Message
from chatroom.common.text import number

MULTILINE = "draft/multiline"
LINES_UNASKED = 20  # sent at once without a question: more is mostly pasted by mistake
_CONCAT = "draft/multiline-concat"  # the tag of a line that goes on where the one before was cut
_BYTES_MAX = 40_000  # of one message, whatever a server allows: no reader likes more
_LINES_MAX = 200
_LINES = 20  # where a server names no number


class Limits(NamedTuple):
    """How long one message may be."""

    size: int  # bytes
    lines: int


def limits(value: str) -> Limits:
    """The limits in the capability's value: max-bytes=4096,max-lines=32."""
    named = dict(word.partition("=")[::2] for word in value.split(","))
    size = number(named.get("max-bytes", ""), _BYTES_MAX) or _BYTES_MAX
    return Limits(size, number(named.get("max-lines", ""), _LINES_MAX) or _LINES)


def messages(text: str, most: Limits, line_bytes: int) -> list[str]:
    """A text as few messages, each within the limits; mostly one."""
    found: list[str] = []
    kept: list[str] = []
    lines = size = 0
    for line in splitting.whole(text).split("\n"):
        for piece in splitting.cut(line, min(most.size, line_bytes * most.lines // 2)):
            needed, more = len(splitting.cut(piece, line_bytes)), len(piece.encode()) + 1
            if kept and (lines + needed > most.lines or size + more > most.size):
                found.append("\n".join(kept))
                kept, lines, size = [], 0, 0
            kept.append(piece)
            lines, size = lines + needed, size + more
    found.append("\n".join(kept))
    return [message for message in (each.strip("\n") for each in found) if message.strip()]


def lines(target: str, text: str, token: str, line_bytes: int, tags: dict[str, str]) -> Iterator[Message]:
    """What says a text of many lines, or of one that is too long for a line."""
    yield Message("BATCH", (f"+{token}", MULTILINE, target), tags=tags)
    for line in text.split("\n"):
        for place, piece in enumerate(splitting.cut(line, line_bytes)):
            within = {"batch": token, **({_CONCAT: ""} if place else {})}
            yield Message("PRIVMSG", (target, piece), tags=within)
    yield Message("BATCH", (f"-{token}",))


def joined(first: Message, target: str, said: Iterable[Message]) -> Message:
    """The message that a batch is; `first` opened it."""
    text, command = "", first.command
    for place, line in enumerate(said):
        end = "\n" if place and _CONCAT not in line.tags else ""
        text += end + (line.params[1] if len(line.params) > 1 else "")
        command = line.command
    return Message(command, (target, text), first.source, first.tags)
