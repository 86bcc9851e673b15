"""Pages of strangers stay out: Origin × Host × TLS, and what such a page can make a browser send without either."""

import socket
import ssl
from itertools import product

import pytest

from chatroom.server.chat_server import ChatServer
from tests.peers import Guests, eventually
from tests.web.browsers import Browser, Frames

pytestmark = pytest.mark.needs("openssl")

# What the Host field says: where the browser was sent. PORT is the server's.
OWN_HOSTS = ["127.0.0.1:PORT", "localhost:PORT", "LOCALHOST:PORT", "localhost.:PORT", "[::1]:PORT", "192.0.2.7", "NAME"]
GIVEN_HOSTS = ["chat.example.org:PORT", "chat.example.org"]
STRANGE_HOSTS = [
    "evil.example:PORT",
    "evil.example",
    "localhost.evil.example",
    "chat.example.org.evil.example",
    "1.2.3",
]
UNREADABLE_HOSTS = ["a b", "a/b", "user@127.0.0.1", "[::1", "a,b", "http://127.0.0.1"]


def opened(server: ChatServer, trust: ssl.SSLContext | None, host: str, origin: str) -> int:
    """The status with which a WebSocket is answered."""
    with Frames(server.port, trust) as browser:
        here = host.replace("PORT", str(server.port)).replace("NAME", socket.gethostname())
        origin = origin.replace("HOST", here).replace("PORT", str(server.port))
        return browser.open("/", Host=here, Origin=origin).status


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("host", [*OWN_HOSTS, *GIVEN_HOSTS])
def test_only_the_servers_own_page_comes_in(
    encrypted: ChatServer, trust: ssl.SSLContext, host: str, secure: bool
) -> None:
    """And programs that are no browsers, which send no Origin."""
    scheme, other = ("https", "http") if secure else ("http", "https")
    context = trust if secure else None
    assert opened(encrypted, context, host, "") == 101
    assert opened(encrypted, context, host, f"{scheme}://HOST") == 101
    assert opened(encrypted, context, host, f"{scheme.upper()}://HOST") == 101
    behind_proxy = host in GIVEN_HOSTS and not secure  # TLS may have ended before the server
    assert opened(encrypted, context, host, f"{other}://HOST") == (101 if behind_proxy else 403)
    for origin in (
        *("null", "http://evil.example", "https://evil.example:PORT", f"{scheme}://HOST.evil.example"),
        *(f"{scheme}://HOST:1", f"{scheme}://HOST/", f"{scheme}://evil.example@HOST", "HOST", "file://", " "),
        *(f"{scheme}://HOST {scheme}://evil.example", f"{scheme}://127.0.0.2:PORT", "moz-extension://HOST"),
    ):
        assert opened(encrypted, context, host, origin) == 403, origin


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_a_strangers_name_that_leads_here_is_refused(
    encrypted: ChatServer, trust: ssl.SSLContext, secure: bool
) -> None:
    """DNS rebinding: for the browser, such a page is the server's own."""
    scheme = "https" if secure else "http"
    for host, origin in product(STRANGE_HOSTS, ("", f"{scheme}://HOST", "null")):
        assert opened(encrypted, trust if secure else None, host, origin) == 421, (host, origin)
    for host in UNREADABLE_HOSTS:
        assert opened(encrypted, trust if secure else None, host, f"{scheme}://HOST") == 400, host


@pytest.mark.parametrize("path", ["/", "/robots.txt", "/healthz", "/nothing"])
def test_files_are_kept_from_strangers_names_too(server: ChatServer, path: str) -> None:
    """With a sentence for those who have given the server a name and not told it."""
    with Frames(server.port) as browser:
        told = browser.get(path, Host="chat.example.net:80")
        assert told.status == 421
        assert "adds --web-host chat.example.net to the options" in told.text


def test_the_same_port_elsewhere_is_another_origin(server: ChatServer) -> None:
    """Ports that a scheme has by default count, written or not."""
    for origin, host, status in (
        ("http://192.0.2.7", "192.0.2.7:80", 101),
        ("http://192.0.2.7:80", "192.0.2.7", 101),
        ("http://192.0.2.7:443", "192.0.2.7", 403),
        ("http://[::1]", "[::1]:80", 101),
        ("http://192.0.2.7:99999999", "192.0.2.7", 403),
    ):
        assert opened(server, None, host, origin) == status


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS", "DELETE", "PATCH", "TRACE", "post"])
def test_a_page_that_posts_lines_says_nothing(server: ChatServer, guests: Guests, method: str) -> None:
    """Whatever follows a request that is refused is no line of the chat."""
    alice = guests.plain("alice")
    lines = b"NICK evil\r\nUSER evil 0 * :x\r\nJOIN #lobby\r\nPRIVMSG #lobby :spam\r\n"
    for fields in ({"Content_Length": str(len(lines))}, {"Transfer_Encoding": "chunked"}, {}):
        with Frames(server.port) as browser:
            browser.ask(method, "/", lines, Content_Type="text/plain", Origin="http://evil.example", **fields)
            assert browser.answer().status == 403
            assert browser.rest() == b""
        with Frames(server.port) as browser:
            browser.ask(method, "/", lines, **fields)
            told = browser.answer()
            assert (told.status, told.headers["allow"]) == (405, "GET, HEAD")
            assert browser.rest() == b""
    assert alice.sync() == []


def test_a_get_with_lines_behind_it_says_nothing(server: ChatServer, guests: Guests) -> None:
    """Nor in its fields, where a page may put some."""
    alice = guests.plain("alice")
    lines = b"NICK evil\r\nUSER evil 0 * :x\r\nPRIVMSG #lobby :spam\r\n\r\n"
    with Frames(server.port) as browser:
        browser.ask("GET", "/robots.txt", lines)
        assert [browser.answer().status, browser.answer().status] == [200, 400]
        assert browser.rest() == b""
    with Frames(server.port) as browser:
        browser.ask("GET", "/robots.txt", lines, Content_Length=str(len(lines)))
        assert browser.answer().status == 400
        assert browser.rest() == b""
    with Frames(server.port) as browser:
        browser.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nNICK evil\r\nUSER evil 0 * :x\r\n\r\n")
        assert browser.answer().status == 400
    assert alice.sync() == []


@pytest.mark.parametrize("verb", ["NICK", "USER", "PASS", "CAP", "HELLO", "QUERY"])
@pytest.mark.parametrize("path_bytes", [1, 2030, 5000])
def test_no_verb_lets_a_page_speak(server: ChatServer, guests: Guests, verb: str, path_bytes: int) -> None:
    """Also one that begins like IRC or like a name, and however long the first line is."""
    alice = guests.plain("alice")
    lines = b"evil\r\nhello\r\nNICK evil\r\nUSER evil 0 * :x\r\nJOIN #lobby\r\nPRIVMSG #lobby :spam\r\n"
    for cut in (0, 3):
        with Browser(server.port) as browser:
            head = f"{verb} /{'x' * path_bytes} HTTP/1.1\r\nHost: evil.example\r\nContent-Length: {len(lines)}\r\n\r\n"
            data = head.encode() + lines
            end = data.index(b"ost:") + cut
            browser.send(data[:end])
            eventually(lambda: server.connections and not server.everybody()[-1].session.user, "it is read")
            browser.send(data[end:])
            assert b"Welcome" not in browser.rest()
    assert alice.sync() == []
    eventually(lambda: server.refusals["HTTP"] == 2, "the operator can count them")
