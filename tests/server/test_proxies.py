"""Clients that a trusted proxy passes on, against a real server over real sockets."""

import logging
import re
import ssl
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from chatroom.net import tls
from chatroom.net.certificates import self_signed
from chatroom.server.chat_server import ChatServer
from chatroom.server.reloadable_settings import Settings
from tests.chat import INFO
from tests.peers import Irc, Peer, Served, asked, eventually

PROXY = "127.0.0.9"  # where the trusted proxy comes from
HEADER = "PROXY TCP4 {} 192.0.2.1 5000 9090"
REGISTRATION = ("NICK bob", "USER bob 0 * :Bob")
OVER_TWO = b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x07\xc0\x00\x02\x01\x13\x88\x23\x82"


@pytest.fixture
def server(caplog: pytest.LogCaptureFixture) -> Iterator[ChatServer]:
    """A server with all limits, behind a proxy at `PROXY`."""
    caplog.set_level(logging.INFO)
    server = ChatServer("127.0.0.1", 0, INFO, per_address=2, trusted_proxies=(ip_network(PROXY),))
    server.configure(Settings(operator_password="key", webirc_password="gate"))
    server.start()
    yield server
    server.stop()
    errors = [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert not errors


class Proxied(Peer):
    """A client behind the proxy."""

    end_of_line = "\r\n"

    def __init__(self, server: ChatServer, *lines: str, source: str = PROXY) -> None:
        super().__init__(server.port, source=source)
        self.send(*lines)


Come = Callable[..., Peer]


@pytest.fixture
def proxied(server: ChatServer) -> Iterator[Come]:
    """Connects clients behind the proxy, who say these lines: `proxied("NICK bob", source="127.0.0.8")`."""
    peers: list[Peer] = []

    def come(*lines: str, source: str = PROXY) -> Peer:
        peers.append(Proxied(server, *lines, source=source))
        return peers[-1]

    yield come
    for peer in peers:
        peer.close()


@pytest.fixture
def admin(server: ChatServer) -> Iterator[Irc]:
    """An operator of the server."""
    oper = Irc(server.port, "olga")
    oper.send("OPER admin key")
    oper.wait(" 381 ")
    oper.sync()
    yield oper
    oper.close()


def test_a_client_counts_under_its_own_address(server: ChatServer, proxied: Come) -> None:
    """For limits, which let more than two connections of the proxy in, but not of one client."""
    hosts = [f"192.0.2.{n}" for n in (1, 1, 2, 2, 3)]
    clients = [proxied(HEADER.format(h), f"NICK n{i}", "USER u 0 * :U") for i, h in enumerate(hosts)]
    for client in clients:
        client.wait(" 001 ")
    third = proxied(HEADER.format("192.0.2.1"), *REGISTRATION)
    assert "your address has 2 connections already" in third.rest()[-1]
    clients[0].send("QUIT")
    clients[0].rest()
    eventually(lambda: len(server.connections) == 4, "its place is free")
    proxied(HEADER.format("192.0.2.1"), *REGISTRATION).wait(" 001 bob ")


def test_a_banned_address_stays_out_behind_the_proxy(
    caplog: pytest.LogCaptureFixture, proxied: Come, admin: Irc
) -> None:
    """And nobody else who comes through it; the log names the address."""
    admin.send("DLINE 192.0.2.7 :spam")
    admin.sync()
    refused = proxied(HEADER.format("192.0.2.7"), *REGISTRATION)
    assert "you are banned from this server" in refused.rest()[-1]
    proxied(HEADER.format("192.0.2.8"), *REGISTRATION).wait(" 001 bob ")
    assert "192.0.2.7 refused (you are banned from this server" in caplog.text
    assert "192.0.2.8 by way of 127.0.0.9 port" in caplog.text


def test_an_operator_sees_the_clients_address(proxied: Come, admin: Irc) -> None:
    proxied(HEADER.format("192.0.2.7"), *REGISTRATION).wait(" 001 ")
    assert " 192.0.2.7 :is actually there" in "".join(asked(admin, "WHOIS bob"))


@pytest.mark.parametrize(
    "header", [b"PROXY TCP6 ::ffff:192.0.2.7 ::ffff:192.0.2.1 5000 9090\r\n", OVER_TWO], ids=["mapped", "version 2"]
)
def test_a_header_may_come_byte_by_byte_and_with_the_first_lines(header: bytes, proxied: Come, admin: Irc) -> None:
    client = proxied()
    data = header + b"NICK bob\r\nUSER bob 0 * :Bob\r\n"
    for i in range(len(header) + 3):
        client.send_bytes(data[i : i + 1])
    client.send_bytes(data[len(header) + 3 :])
    client.wait(" 001 bob ")
    assert " 192.0.2.7 :is actually there" in "".join(asked(admin, "WHOIS bob"))


def test_netcat_behind_a_proxy_is_asked_for_its_name(proxied: Come) -> None:
    """Only once it is known who asks."""
    client = proxied(HEADER.format("192.0.2.7"))
    client.wait("^Username$")
    client.send("carol")
    client.wait("Welcome, carol")


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"NICK bob\r\nUSER bob 0 * :Bob\r\n", "it began without a PROXY header"),
        (b"bob\nhello\n", "it began without a PROXY header"),
        (b"PROXY UNKNOWN\r\nNICK bob\r\n", "its PROXY header names no client"),
        (OVER_TWO.replace(b"\x21\x11", b"\x20\x11") + b"bob\n", "it is a check by the proxy itself"),
        (OVER_TWO.replace(b"\x21\x11", b"\x21\x31") + b"bob\n", "is about no TCP connection over IP"),
        (b"PROXY TCP4 \x00\xff 1 2 3\r\nbob\n", "its PROXY header can't be read"),
        (b"WEBIRC wrong gw h 192.0.2.7\r\nNICK bob\r\n", "its WEBIRC has a wrong password"),
    ],
)
def test_a_proxy_that_names_no_client_is_closed(
    server: ChatServer, caplog: pytest.LogCaptureFixture, sent: bytes, why: str, proxied: Come, admin: Irc
) -> None:
    """What came is nobody's name and nobody's line. The sentence is told, and logged."""
    proxy = proxied()
    proxy.send_bytes(sent)
    assert why in proxy.rest()[-1]
    assert why in caplog.text
    assert admin.sync() == []


def test_half_a_header_is_nothing(caplog: pytest.LogCaptureFixture, proxied: Come) -> None:
    proxy = proxied()
    proxy.send_bytes(OVER_TWO[:20])
    proxy.end_input()
    proxy.rest()
    assert "its PROXY header ends too early" in caplog.text


def test_a_proxy_must_say_it_in_time(server: ChatServer, monkeypatch: pytest.MonkeyPatch, proxied: Come) -> None:
    monkeypatch.setattr("chatroom.server.handler.PROXY_HEADER_SECONDS", 0.2)
    assert "no PROXY header came within" in proxied().rest()[-1]


def test_others_are_not_believed(proxied: Come) -> None:
    """Neither a header, nor a WEBIRC with the right password; nor a second header behind that of the proxy."""
    for lines in ([HEADER.format("192.0.2.7")], ["WEBIRC gate gw h 192.0.2.7"]):
        assert "takes no" in proxied(*lines, *REGISTRATION, source="127.0.0.8").rest()[-1]
        assert "takes no" in proxied(HEADER.format("192.0.2.6"), *lines, *REGISTRATION).rest()[-1]


def test_a_gateway_names_its_client_with_webirc(proxied: Come, admin: Irc) -> None:
    """It counts as that client, too; with a line of IRC behind it, or a person who types."""
    for n in (1, 2, 3):
        proxied(f"WEBIRC gate gw h 192.0.2.{n}", f"NICK bob{n}", "USER u 0 * :Bob").wait(" 001 ")
    assert " 192.0.2.3 :is actually there" in "".join(asked(admin, "WHOIS bob3"))
    client = proxied("WEBIRC gate gw h 192.0.2.7")
    client.wait("^Username$")


def test_a_gateways_words_on_tls_hold_on_this_machine(proxied: Come) -> None:
    """Its client may then give a password by SASL, which is offered where nobody can read along."""
    for options, offered in ((" :secure", True), ("", False)):
        client = proxied(f"WEBIRC gate gw h 192.0.2.7{options}", "CAP LS 302")
        assert ("sasl=" in " ".join(client.until(" LS :"))) is offered


def test_the_header_comes_before_tls(tmp_path: Path) -> None:
    """With --tls-only, too; a client on this machine that comes through a proxy is none on this machine."""
    pytest.importorskip("cryptography")
    certificate = self_signed(tmp_path, "chat.test")
    server = ChatServer("127.0.0.1", 0, INFO, trusted_proxies=(ip_network(PROXY),), tls_only=True)
    server.configure(Settings(tls=tls.context(*certificate), operator_password="key", webirc_password="gate"))
    server.start()
    try:
        plain = Proxied(server, HEADER.format("192.0.2.7"), *REGISTRATION)
        assert re.search(r"wants TLS: .*add --tls\r$", plain.rest()[-1])
        plain.close()
        trusting = ssl.create_default_context(cafile=str(certificate[0]))
        trusting.check_hostname = False
        for before, inside in (
            (OVER_TWO, b""),
            (b"", b"WEBIRC gate gw h 192.0.2.7 :secure\r\n"),
        ):
            peer = Proxied(server)
            peer.send_bytes(before)
            with trusting.wrap_socket(peer.sock) as sock, sock.makefile("rb") as file:
                sock.sendall(inside + b"NICK bob\r\nUSER bob 0 * :Bob\r\n")
                assert any(b" 001 bob " in line for line in file)
                assert {each.person.address for each in server.hub.state.users.values()} == {"192.0.2.7"}
            eventually(lambda: not server.hub.state.users, "bob is gone")
    finally:
        server.stop()


def test_serve_takes_its_proxies_from_the_file(serve: Callable[..., Served], tmp_path: Path) -> None:
    """As a list, with the gateways' password in a file beside it."""
    (tmp_path / "gate").write_text("gate\n")
    config = tmp_path / "chat.toml"
    config.write_text('trusted-proxy = ["192.0.2.0/24", "127.0.0.9"]\nwebirc-password-file = "gate"\n')
    served = serve("--config", str(config))
    for first in (HEADER.format("192.0.2.7"), "WEBIRC gate gw h 192.0.2.8"):
        client = Peer(served.port, source=PROXY)
        client.send_bytes("\r\n".join([first, *REGISTRATION, "QUIT", ""]).encode())
        client.wait(" 001 bob ")
        client.rest()
        client.close()
