"""What proxies say before their clients' bytes, from bytes to an address."""

import pytest

from chatroom.protocols.proxy_header import PROXY_2, HeaderError, Origin, header_bytes, origin, webirc_origin

IPV4 = bytes([192, 0, 2, 7, 192, 0, 2, 1, 0x13, 0x88, 0x23, 0x82])
SOURCE_6 = bytes.fromhex("20010db8000000000000000000000007")


def version_2(command: int, family: int, rest: bytes) -> bytes:
    return PROXY_2 + bytes([command, family]) + len(rest).to_bytes(2, "big") + rest


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"PROXY TCP4 192.0.2.7 192.0.2.1 5000 9090\r\n", Origin("192.0.2.7")),
        (b"PROXY TCP6 2001:db8::7 2001:db8::1 5000 9090\r\n", Origin("2001:db8::7")),
        (b"PROXY TCP6 ::ffff:192.0.2.7 ::ffff:192.0.2.1 5000 9090\r\n", Origin("192.0.2.7")),
        (version_2(0x21, 0x11, IPV4), Origin("192.0.2.7")),
        (version_2(0x21, 0x21, SOURCE_6 + SOURCE_6 + IPV4[-4:]), Origin("2001:db8::7")),
        (
            version_2(0x21, 0x21, bytes.fromhex("00000000000000000000ffffc0000207") + SOURCE_6 + IPV4[-4:]),
            Origin("192.0.2.7"),
        ),
        (version_2(0x21, 0x11, IPV4 + b"\x04\x00\x03abc"), Origin("192.0.2.7")),
        (
            version_2(0x21, 0x11, IPV4 + b"\x04\x00\x00\x20\x00\x05\x01\x00\x00\x00\x00"),
            Origin("192.0.2.7", secure=True),
        ),
        (version_2(0x21, 0x11, IPV4 + b"\x20\x00\x05\x00\x00\x00\x00\x00"), Origin("192.0.2.7")),
    ],
)
def test_a_header_says_where_the_client_comes_from(header: bytes, expected: Origin) -> None:
    """However it comes in pieces, and whatever comes behind it."""
    assert [header_bytes(header[:size]) for size in range(len(header))] == [0] * len(header)
    assert header_bytes(header + b"NICK alice\r\n") == len(header)
    assert origin(header) == expected


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (b"PROXY UNKNOWN\r\n", "names no client"),
        (b"PROXY UNKNOWN ffff:f...f:ffff 192.0.2.1 1 2\r\n", "names no client"),
        (b"PROXY TCP4 192.0.2.7 192.0.2.1 5000\r\n", "can't be read"),
        (b"PROXY TCP4 192.0.2.7 192.0.2.1 5000 9090\n", "can't be read"),
        (b"PROXY TCP4 192.0.2.7 192.0.2.1 5000 99999\r\n", "can't be read"),
        (b"PROXY TCP4 2001:db8::7 2001:db8::1 5000 9090\r\n", "can't be read"),
        (b"PROXY TCP6 192.0.2.7 192.0.2.1 5000 9090\r\n", "can't be read"),
        (b"PROXY TCP4 192.0.2.777 192.0.2.1 5000 9090\r\n", "can't be read"),
        (b"PROXY TCP4  192.0.2.7 192.0.2.1 5000 9090\r\n", "can't be read"),
        (b"PROXY UDP4 192.0.2.7 192.0.2.1 5000 9090\r\n", "can't be read"),
        (version_2(0x20, 0x00, b""), "a check by the proxy itself"),
        (version_2(0x20, 0x11, IPV4), "a check by the proxy itself"),
        (version_2(0x21, 0x31, bytes(216)), "no TCP connection over IP"),
        (version_2(0x21, 0x12, IPV4), "no TCP connection over IP"),
        (version_2(0x21, 0x00, b""), "no TCP connection over IP"),
        (version_2(0x31, 0x11, IPV4), "no TCP connection over IP"),
        (version_2(0x21, 0x11, IPV4[:-1]), "ends too early"),
        (version_2(0x21, 0x21, IPV4), "ends too early"),
        (version_2(0x21, 0x11, IPV4 + b"\x04\x00"), "ends too early"),
        (version_2(0x21, 0x11, IPV4 + b"\x04\x00\x09abc"), "ends too early"),
    ],
)
def test_a_header_without_a_client_is_refused(header: bytes, why: str) -> None:
    """Never is somebody else's address made of it."""
    assert header_bytes(header) == len(header)
    with pytest.raises(HeaderError, match=why):
        origin(header)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"NICK alice\r\n", "without a PROXY header"),
        (b"\r\n\r\nalice", "without a PROXY header"),
        (b"PROXY TCP4 " + b"1" * 100, "no end within 107 bytes"),
        (version_2(0x21, 0x11, bytes(4097)), "longer than 4112 bytes"),
    ],
)
def test_what_is_no_header_is_known_without_waiting_for_more(data: bytes, why: str) -> None:
    """Nobody can make the server read without end."""
    with pytest.raises(HeaderError, match=why):
        header_bytes(data)


def test_webirc_says_where_the_client_comes_from() -> None:
    """An address may have a 0 before its first colon, as IRC needs it."""
    assert webirc_origin(b"WEBIRC pw gate host.example 192.0.2.7\r", "pw") == Origin("192.0.2.7")
    assert webirc_origin(b"webirc pw gate h 0::7 :secure remote-port=1", "pw") == Origin("::7", secure=True)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"WEBIRC pw gate host", "can't be read"),
        (b"WEBIRC p\xff gate host 192.0.2.7", "can't be read"),
        (b"WEBIRC pw gate host 192.0.2.7 :" + b"x" * 500, "can't be read"),
        (b"WEBIRC wrong gate host 192.0.2.7", "wrong password"),
        (b"WEBIRC pw gate 192.0.2.7 host.example", "no address"),
    ],
)
def test_webirc_that_is_wrong_is_refused(line: bytes, why: str) -> None:
    with pytest.raises(HeaderError, match=why):
        webirc_origin(line, "pw")
