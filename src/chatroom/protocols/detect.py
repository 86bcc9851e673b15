"""Recognises the protocol of a new connection by its first bytes."""

from enum import Enum

from chatroom.protocols.proxy_header import PROXY_2, WEBIRC

_IRC = (b"CAP ", b"PASS ", b"NICK ", b"USER ")
_HTTP = (b"GET ", b"POST ", b"HEAD ", b"PUT ", b"DELETE ", b"OPTIONS ", b"CONNECT ", b"PATCH ", b"TRACE ", b"PRI ")
# The header in which a proxy tells whose connection it passes on: HAProxy's PROXY protocol, versions 1 and 2.
_PROXY_1 = (b"PROXY TCP4", b"PROXY TCP6", b"PROXY UNKNOWN")
_DETECTED_BYTES = 16  # who has sent as many line ends, and nothing else, is taken for a person with netcat
_TLS = b"\x16"  # a handshake record: RFC 8446 §5.1


class Spoken(Enum):
    IRC = "irc"
    PLAIN = "plain"
    HTTP = "http"  # a browser; no web page may make it chat (cross-protocol attacks)
    TLS = "tls"
    PROXY = "proxy"  # the client's own lines come behind it: read as a name, they would be said in a room
    WEBIRC = "webirc"  # likewise of a gateway, as a line of IRC
    UNKNOWN = "unknown"  # until more has come


def detect(first: bytes) -> Spoken:
    """The protocol that begins with `first`, which is all that has come so far."""
    if first.startswith(_TLS):
        return Spoken.TLS
    first = first[:_DETECTED_BYTES]
    if first.startswith((*_PROXY_1, PROXY_2)):
        return Spoken.PROXY
    if first.startswith(PROXY_2[:5]) and PROXY_2.startswith(first):
        return Spoken.UNKNOWN
    start = first.lstrip(b"\r\n")[:8].upper()
    if start.startswith(WEBIRC):
        return Spoken.WEBIRC
    if start.startswith(_IRC):
        return Spoken.IRC
    if start.startswith(_HTTP):
        return Spoken.HTTP
    if (
        b"\n" in first
        or len(first) == _DETECTED_BYTES
        or not any(opening.startswith(start) for opening in (*_IRC, WEBIRC, *_HTTP, *_PROXY_1))
    ):
        return Spoken.PLAIN
    return Spoken.UNKNOWN
