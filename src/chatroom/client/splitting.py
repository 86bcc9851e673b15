"""Splits what somebody wrote into lines that fit into an IRC message."""

from chatroom.common.graphemes import between_clusters
from chatroom.common.irc_message import LINE_BYTES
from chatroom.common.text import CTCP, clean

# What a server puts before a message it passes on, next to our name: ":" "!user@host " (RFC 2812 §2.3.1: host of 63).
_LEAST_BYTES = 64  # of text, whatever long names a server gives us and the room
_SOURCE_BYTES = 1 + 1 + 10 + 1 + 63 + 1


def lines(text: str) -> list[str]:
    """The lines of a message, cleaned, without the empty ones."""
    return [line.expandtabs(4) for line in whole(text).split("\n") if line]


def whole(text: str) -> str:
    """A message of several lines, cleaned, without empty lines around it and blanks at the ends of lines."""
    return "\n".join(clean(line).rstrip() for line in text.splitlines()).strip("\n")


def room_for_text(nick: str, target: str, line_bytes: int = LINE_BYTES) -> int:
    """How many bytes of text fit in a PRIVMSG to `target` once the server has put our name before it."""
    frame = _SOURCE_BYTES + len(nick.encode()) + len(f" PRIVMSG {target} :\r\n".encode())
    return max(line_bytes - frame - len(f"{CTCP}ACTION {CTCP}"), _LEAST_BYTES)


def split(text: str, size: int) -> list[str]:
    """`text` in pieces of at most `size` bytes of UTF-8, without the spaces that it is cut at."""
    *parts, last = cut(text, size)
    return [part.removesuffix(" ") for part in parts] + ([last] if last else [])


def pieces(text: str, size: int) -> list[str]:
    """A message as lines of at most `size` bytes each: its own lines, and long ones in parts."""
    return [piece for line in lines(text) for piece in split(line, size)]


def cut(text: str, size: int) -> list[str]:
    """`text` in pieces of at most `size` bytes, behind spaces where there are some. Joined they are the text."""
    parts = []
    while len(encoded := text.encode()) > size:
        end = between_clusters(text, len(encoded[:size].decode(errors="ignore")))
        end = text.rfind(" ", end // 2, end) + 1 or end
        parts.append(text[:end])
        text = text[end:]
    return [*parts, text]
