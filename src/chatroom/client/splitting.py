"""Splits what somebody wrote into lines that fit into an IRC message."""

from chatroom.common.graphemes import between_clusters
from chatroom.common.irc_message import LINE_BYTES
from chatroom.common.text import CTCP, clean

# What a server puts before a message it passes on, next to our name: ":" "!user@host " (RFC 2812 §2.3.1: host of 63).
_LEAST_BYTES = 64  # of text, whatever long names a server gives us and the room
_SOURCE_BYTES = 1 + 1 + 10 + 1 + 63 + 1


def lines(text: str) -> list[str]:
    """The lines of a message, cleaned, without the empty ones."""
    cleaned = (clean(line.expandtabs(4)).rstrip() for line in text.splitlines())
    return [line for line in cleaned if line]


def room_for_text(nick: str, target: str, line_bytes: int = LINE_BYTES) -> int:
    """How many bytes of text fit in a PRIVMSG to `target` once the server has put our name before it."""
    frame = _SOURCE_BYTES + len(nick.encode()) + len(f" PRIVMSG {target} :\r\n".encode())
    return max(line_bytes - frame - len(f"{CTCP}ACTION {CTCP}"), _LEAST_BYTES)


def split(text: str, size: int) -> list[str]:
    """`text` in pieces of at most `size` bytes of UTF-8, at spaces where there are some."""
    pieces = []
    while len(encoded := text.encode()) > size:
        cut = between_clusters(text, len(encoded[:size].decode(errors="ignore")))
        space = text.rfind(" ", cut // 2, cut + 1)
        head, text = (text[:space], text[space + 1 :]) if space > 0 else (text[:cut], text[cut:])
        pieces.append(head)
    return [*pieces, text] if text else pieces
