"""Recognises the protocol of a new connection by its first bytes."""

from enum import Enum

_IRC = (b"CAP ", b"PASS ", b"NICK ", b"USER ")
_HTTP = (b"GET ", b"POST ", b"HEAD ", b"PUT ", b"DELETE ", b"OPTIONS ", b"CONNECT ", b"PATCH ", b"TRACE ", b"PRI ")
_DETECTED_BYTES = 16  # who has sent as many line ends, and nothing else, is taken for a person with netcat
_TLS = b"\x16"  # a handshake record: RFC 8446 §5.1


class Spoken(Enum):
    IRC = "irc"
    PLAIN = "plain"
    HTTP = "http"  # a browser; no web page may make it chat (cross-protocol attacks)
    TLS = "tls"
    UNKNOWN = "unknown"  # until more has come


def detect(first: bytes) -> Spoken:
    """The protocol that begins with `first`, which is all that has come so far."""
    if first.startswith(_TLS):
        return Spoken.TLS
    first = first[:_DETECTED_BYTES]
    start = first.lstrip(b"\r\n")[:8].upper()
    if start.startswith(_IRC):
        return Spoken.IRC
    if start.startswith(_HTTP):
        return Spoken.HTTP
    if (
        b"\n" in first
        or len(first) == _DETECTED_BYTES
        or not any(opening.startswith(start) for opening in (*_IRC, *_HTTP))
    ):
        return Spoken.PLAIN
    return Spoken.UNKNOWN
