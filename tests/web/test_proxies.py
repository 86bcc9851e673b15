"""Browsers behind a trusted proxy, which says whose request it passes on."""

import logging
from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from chatroom.server.chat_server import ChatServer
from tests.chat import INFO
from tests.peers import Irc, asked
from tests.web.browsers import Browser, Frames

PROXY = "127.0.0.9"


@pytest.fixture
def server(caplog: pytest.LogCaptureFixture) -> Iterator[ChatServer]:
    """A server with all limits, behind a proxy at `PROXY` that ends TLS for chat.example.org."""
    server = ChatServer(
        "127.0.0.1",
        0,
        INFO,
        per_address=2,
        trusted_proxies=(ip_network(PROXY), ip_network("10.1.0.0/24")),
        web_hosts=("chat.example.org",),
    )
    server.hub.context.operator_password = "key"
    server.start()
    yield server
    server.stop()
    errors = [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert not errors


def test_a_browser_counts_under_its_own_address(server: ChatServer) -> None:
    """For limits, and for operators; what it wrote into the field itself is not believed."""
    admin = Irc(server.port, "olga")
    admin.send("OPER admin key")
    admin.wait(" 381 ")
    with Frames(server.port, source=PROXY) as one, Frames(server.port, source=PROXY) as two:
        for browser, nick in ((one, "one"), (two, "two")):
            assert browser.open(X_Forwarded_For="198.51.100.1, 192.0.2.7").status == 101
            browser.say(f"NICK {nick}", "USER u 0 * :r")
            browser.wait(" 001 ")
        assert [line for line in asked(admin, "WHOIS one") if "192.0.2.7" in line]
        with Frames(server.port, source=PROXY) as three:
            assert three.open(X_Forwarded_For="192.0.2.7").status == 101
            assert "your address has 2 connections" in three.wait("ERROR")
            assert three.closed() == 1000
        with Browser(server.port, source=PROXY) as page:
            told = page.get("/robots.txt", X_Forwarded_For="192.0.2.7")
            assert told.status == 503
            assert told.text.startswith("Your address has 2 connections")
        with Browser(server.port, source=PROXY) as page:
            assert page.get("/robots.txt", X_Forwarded_For="192.0.2.8").status == 200
            assert page.rest() == b""
    admin.close()


@pytest.mark.parametrize(
    ("field", "client"),
    [
        ("203.0.113.5, 192.0.2.7, 10.1.0.3", "192.0.2.7"),
        ("192.0.2.7,10.1.0.3 , 10.1.0.4", "192.0.2.7"),
        ("10.1.0.3, 192.0.2.7", "192.0.2.7"),
        ("nobody, 192.0.2.7, 10.1.0.3", "192.0.2.7"),
        ("10.1.0.3, 10.1.0.4", "10.1.0.3"),
    ],
)
def test_behind_several_proxies_the_last_stranger_is_the_client(server: ChatServer, field: str, client: str) -> None:
    """Each proxy has added whom it was asked by; what stands before the client is the client's own word."""
    admin = Irc(server.port, "olga")
    admin.send("OPER admin key")
    admin.wait(" 381 ")
    with Frames(server.port, source=PROXY) as browser:
        assert browser.open(X_Forwarded_For=field).status == 101
        browser.say("NICK one", "USER u 0 * :r")
        browser.wait(" 001 ")
        assert any(client in line for line in asked(admin, "WHOIS one"))
    admin.close()


@pytest.mark.parametrize(
    "field", ["192.0.2.7, x, 10.1.0.3", "", "unknown", "192.0.2.7, _hidden", "192.0.2.7:80", ",", "\xff"]
)
def test_a_proxy_that_names_no_client_is_told(server: ChatServer, field: str) -> None:
    """Otherwise all its browsers would share its limits, or have none."""
    with Frames(server.port, source=PROXY) as browser:
        told = browser.open(X_Forwarded_For=field)
        assert told.status == 400
        assert "trusted proxy" in told.text
        assert browser.rest() == b""


def test_others_are_not_believed(server: ChatServer) -> None:
    """Anybody can write such a field."""
    admin = Irc(server.port, "olga")
    admin.send("OPER admin key")
    admin.wait(" 381 ")
    with Frames(server.port, source="127.0.0.8") as browser:
        assert browser.open(X_Forwarded_For="192.0.2.7", X_Forwarded_Proto="https").status == 101
        browser.say("NICK al", "USER u 0 * :r")
        browser.wait(" 001 ")
        assert not [line for line in asked(admin, "WHOIS al") if "192.0.2.7" in line or " 671 " in line]
    with Frames(server.port, source="127.0.0.8") as browser:
        assert browser.open(Origin=f"https://{browser.here}", X_Forwarded_Proto="https").status == 403
    admin.close()


def test_a_page_by_https_is_the_servers_own_behind_a_proxy(server: ChatServer) -> None:
    """The proxy says what the browser speaks; a page of others stays out there, too."""
    fields = {"X_Forwarded_For": "192.0.2.7", "X_Forwarded_Proto": "https"}
    for origin, status in (("https://{}", 101), ("http://{}", 403), ("https://evil.example", 403)):
        with Frames(server.port, source=PROXY) as browser:
            assert browser.open(Origin=origin.format(browser.here), **fields).status == status
    with Frames(server.port, source=PROXY) as browser:
        assert browser.open(Host="evil.example", **fields).status == 421


def test_a_proxy_header_comes_before_http_too(server: ChatServer) -> None:
    """A proxy that passes on bytes says it once a connection."""
    with Frames(server.port, source=PROXY) as browser:
        browser.send(b"PROXY TCP4 192.0.2.7 192.0.2.1 5000 9090\r\n")
        assert browser.get("/robots.txt").status == 200
        browser.register("al")


def test_a_request_of_a_proxy_may_come_byte_by_byte(server: ChatServer) -> None:
    """It is no broken header."""
    with Browser(server.port, source=PROXY) as browser:
        for byte in b"GET /robots.txt HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 2001:db8::7\r\n\r\n":
            browser.send(bytes([byte]))
        assert browser.answer().status == 200
