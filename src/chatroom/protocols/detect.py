"""Which dialect a newcomer speaks, told from the first bytes."""

from enum import Enum

_IRC = (b"CAP ", b"PASS ", b"NICK ", b"USER ")
_HTTP = (b"GET ", b"POST ", b"HEAD ", b"PUT ", b"DELETE ", b"OPTIONS ", b"CONNECT ", b"PATCH ", b"TRACE ", b"PRI ")
_LONGEST = 16  # bytes that tell: whoever has sent so many ends of lines, and nothing else, speaks nothing known here
_TLS = b"\x16"  # a handshake record: RFC 8446 §5.1


class Spoken(Enum):
    IRC = "irc"
    PLAIN = "plain"
    HTTP = "http"  # a browser that strayed here, or was made to; it must not get a word in (cross-protocol attacks)
    TLS = "tls"
    UNKNOWN = "unknown"  # more must come first


def detect(first: bytes) -> Spoken:
    """What `first`, all that has come so far, is the beginning of."""
    if first.startswith(_TLS):
        return Spoken.TLS
    first = first[:_LONGEST]
    start = first.lstrip(b"\r\n")[:8].upper()
    if start.startswith(_IRC):
        return Spoken.IRC
    if start.startswith(_HTTP):
        return Spoken.HTTP
    if b"\n" in first or len(first) == _LONGEST or not any(opening.startswith(start) for opening in (*_IRC, *_HTTP)):
        return Spoken.PLAIN
    return Spoken.UNKNOWN
