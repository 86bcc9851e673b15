"""The header that a proxy sends before the client's own bytes: it says whose connection the proxy passes on.

Two ways are known: the PROXY protocol of HAProxy, versions 1 and 2
(https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt), and WEBIRC of gateways from the web
(https://ircv3.net/specs/extensions/webirc). Here bytes become an `Origin`; whom to believe is not decided here.
"""

import re
from hmac import compare_digest

from chatroom.common.addresses import address_of
from chatroom.common.irc_message import LINE_BYTES, parse
from chatroom.model.values import value

PROXY_1 = b"PROXY "
PROXY_2 = b"\r\n\r\n\x00\r\nQUIT\n"
WEBIRC = b"WEBIRC "
_LINE_1_BYTES = 107  # the longest line of version 1, with its CR LF
_FIXED_2_BYTES = 16  # what each header of version 2 begins with
_MORE_2_BYTES = 4096  # of version 2 behind that: addresses, and what a proxy adds, which is some hundreds

_LINE_1 = re.compile(rb"PROXY (TCP4|TCP6) ([0-9A-Fa-f.:]+) ([0-9A-Fa-f.:]+) (\d{1,5}) (\d{1,5})\r\n")
_ADDRESS_BYTES = {0x11: 4, 0x21: 16}  # TCP over IPv4 and over IPv6: the only ones that have an address for us
_LOCAL, _PROXIED = 0x20, 0x21  # version and command
_PORTS_BYTES = 4
_TLV_HEAD_BYTES = 3
_TLV_SSL = 0x20  # how the client talks to the proxy; its first byte is a set of flags
_SSL_USED = 0x01


class HeaderError(Exception):
    """A proxy has said nothing that can be used; the text says what was wrong, for the log and for the proxy."""


@value
class Origin:
    """Where a client that a proxy passes on comes from."""

    address: str
    secure: bool = False  # whether it talks to the proxy by TLS, as far as the proxy says


def header_bytes(data: bytes) -> int:
    """How many of these first bytes are a PROXY header; 0 if more must come. Raises `HeaderError` if it is none."""
    if data.startswith(PROXY_2):
        if len(data) < _FIXED_2_BYTES:
            return 0
        more = int.from_bytes(data[14:16], "big")
        if more > _MORE_2_BYTES:
            raise HeaderError(f"its PROXY header is longer than {_FIXED_2_BYTES + _MORE_2_BYTES} bytes")
        return _FIXED_2_BYTES + more if len(data) >= _FIXED_2_BYTES + more else 0
    if data.startswith(PROXY_1):
        end = data.find(b"\n", 0, _LINE_1_BYTES)
        if end < 0 and len(data) >= _LINE_1_BYTES:
            raise HeaderError(f"its PROXY header has no end within {_LINE_1_BYTES} bytes")
        return end + 1
    if PROXY_2.startswith(data) or PROXY_1.startswith(data):
        return 0
    raise HeaderError("it began without a PROXY header")


def origin(header: bytes) -> Origin:
    """Whom a whole PROXY header is about; raises `HeaderError` if that is nobody with an address."""
    return _origin_2(header) if header.startswith(PROXY_2) else _origin_1(header)


def _origin_1(header: bytes) -> Origin:
    match = _LINE_1.fullmatch(header)
    if not match:
        unknown = header.startswith(b"PROXY UNKNOWN")
        raise HeaderError("its PROXY header names no client" if unknown else "its PROXY header can't be read")
    family, source, target, *ports = [part.decode() for part in match.groups()]
    dotted = {"." in source and ":" not in source, "." in target and ":" not in target}
    addresses = address_of(source), address_of(target)
    if dotted != {family == "TCP4"} or None in addresses or any(int(port) > 65535 for port in ports):
        raise HeaderError("its PROXY header can't be read")
    return Origin(str(addresses[0]))


def _origin_2(header: bytes) -> Origin:
    command, family = header[12], header[13]
    if command == _LOCAL:
        raise HeaderError("it is a check by the proxy itself")
    size = _ADDRESS_BYTES.get(family)
    if command != _PROXIED or size is None:
        raise HeaderError("its PROXY header is about no TCP connection over IP")
    rest = header[_FIXED_2_BYTES:]
    start = 2 * size + _PORTS_BYTES
    if len(rest) < start:
        raise HeaderError("its PROXY header ends too early")
    # In words first: `address_of` knows which IPv6 addresses are IPv4 ones.
    groups = [rest[i : i + 2].hex() for i in range(0, size, 2)]
    address = address_of(".".join(map(str, rest[:size])) if size == 4 else ":".join(groups))
    return Origin(str(address), _says_tls(rest[start:]))


def _says_tls(extras: bytes) -> bool:
    """Whether what a proxy added says that its client uses TLS; raises `HeaderError` if it can't be read."""
    secure = False
    while extras:
        end = _TLV_HEAD_BYTES + int.from_bytes(extras[1:_TLV_HEAD_BYTES], "big")
        if len(extras) < max(end, _TLV_HEAD_BYTES):
            raise HeaderError("its PROXY header ends too early")
        secure = secure or (extras[0] == _TLV_SSL and end > _TLV_HEAD_BYTES and bool(extras[3] & _SSL_USED))
        extras = extras[end:]
    return secure


def webirc_origin(line: bytes, password: str) -> Origin:
    """Whom a WEBIRC line is about: ``WEBIRC password gateway hostname address [:options]``. Raises `HeaderError`."""
    try:
        params = parse(line.rstrip(b"\r\n").decode()).params
    except ValueError:
        params = ()
    if len(params) < 4 or len(line) > LINE_BYTES:
        raise HeaderError("its WEBIRC can't be read")
    if not compare_digest(params[0].encode(), password.encode()):
        raise HeaderError("its WEBIRC has a wrong password")
    address = address_of(params[3])
    if address is None:
        raise HeaderError("its WEBIRC has no address in it")
    options = params[4].split() if len(params) > 4 else []
    return Origin(str(address), "secure" in options)
