"""The page's files, and what else is asked for over HTTP."""

import gzip
import json
import logging
import ssl
import time
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner

from chatroom import __version__
from chatroom.cli.main import main
from chatroom.server.browser import KEEP_ALIVE_SECONDS
from chatroom.server.chat_server import ChatServer
from chatroom.server.flood_limit import FLOOD_BURST_LINES
from chatroom.server.timeouts import REGISTRATION_SECONDS
from chatroom.storage.store import Store
from chatroom.web import site
from chatroom.web.files import File, pages
from chatroom.web.languages import table
from chatroom.web.requests import FIELDS_MAX, HEAD_BYTES
from tests.chat import INFO
from tests.peers import DEADLINE, Guests, Irc, Peer, Served, eventually
from tests.server.test_timeouts import make_older
from tests.web.browsers import Browser, Frames

STATIC = files("chatroom.web") / "static"


def test_every_file_is_served_as_it_is(server: ChatServer) -> None:
    """On one connection, small if the browser can unpack it, and with a type that no browser guesses anew."""
    assert "/robots.txt" in pages()
    with Browser(server.port) as browser:
        for path in pages():
            plain = browser.get(path)
            small = browser.get(path, Accept_Encoding="br;q=1, gzip;q=0.8")
            assert plain.status == small.status == 200
            assert plain.headers["x-content-type-options"] == "nosniff"
            assert plain.headers["content-type"] == small.headers["content-type"]
            assert "content-encoding" not in plain.headers
            if "content-encoding" in small.headers:
                assert len(small.body) < len(plain.body)
                assert gzip.decompress(small.body) == plain.body
                assert small.headers["etag"] != plain.headers["etag"]
        assert browser.get("/robots.txt").body == (STATIC / "robots.txt").read_bytes()


@pytest.mark.parametrize("accepted", ["gzip;q=0", "br", "identity", "gzip; q=0.000", "*;q=0"])
def test_who_takes_no_gzip_gets_none(server: ChatServer, monkeypatch: pytest.MonkeyPatch, accepted: str) -> None:
    """Nor does anybody else get it by a shared cache, which is told."""
    text = b"words " * 100
    monkeypatch.setitem(pages(), "/long.txt", File("text/plain", text, gzip.compress(text), "e"))
    with Browser(server.port) as browser:
        assert browser.get("/long.txt", Accept_Encoding="gzip").headers["content-encoding"] == "gzip"
        told = browser.get("/long.txt", Accept_Encoding=accepted)
        assert told.body == text
        assert told.headers["vary"] == "Accept-Encoding"


def test_a_file_that_the_browser_has_is_not_sent_again(server: ChatServer) -> None:
    """It asks each time, so that it never keeps the page of an older server."""
    with Browser(server.port) as browser:
        etag = browser.get("/robots.txt").headers["etag"]
        for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
            again = browser.get("/robots.txt", If_None_Match=known)
            assert (again.status, again.body, again.headers["etag"]) == (304, b"", etag)
        assert browser.get("/robots.txt", If_None_Match='"other"').status == 200
        assert browser.get("/robots.txt").headers["cache-control"] == "no-cache"


def test_the_sentences_of_a_language_are_served_with_their_plural_rule(server: ChatServer) -> None:
    """For the page, by its own names; the rule is a digit for each number, and the numbers behind them repeat."""
    with Browser(server.port) as browser:
        told = browser.get("/strings/pl.json")
        assert told.headers["content-type"] == "application/json"
        assert told.headers["etag"] and told.headers["cache-control"] == "no-cache"
        polish = json.loads(told.body)
        assert polish["strings"]["send"] == "Wyślij"
        assert polish["strings"].keys() == table().keys()
        people = [polish["strings"]["peopleCount"][int(polish["forms"][count])] for count in (0, 1, 2, 5, 12, 22, 101)]
        assert people == [f"{{count}} {word}" for word in ("osób", "osoba", "osoby", "osób", "osób", "osoby", "osób")]
        for unknown in ("/strings/xx.json", "/app.xx.js", "/strings/pl", "/strings/../pl.json"):
            assert browser.get(unknown).status == 404


@pytest.mark.parametrize(
    ("accepted", "tag"),
    [
        ("", "en"),
        ("pl", "pl"),
        ("pl-PL,pl;q=0.9,en;q=0.8", "pl"),
        ("en;q=0.5, pl", "pl"),
        ("de, en;q=0.7, pl;q=0.1", "en"),
    ]
    + [(wrong, "en") for wrong in ("*", "pl;q=x", ",;,", "../pl", "x" * 3000, "pl" * 300)],
)
def test_the_page_loads_its_script_in_the_language_of_the_browser(server: ChatServer, accepted: str, tag: str) -> None:
    """So nobody asks for sentences but who chooses another language. Shared caches are told that the page varies."""
    with Browser(server.port) as browser:
        told = browser.get("/", Accept_Language=accepted)
        assert told.headers["vary"] == "Accept-Encoding, Accept-Language"
        assert f'<html lang="{tag}">' in told.text and '<meta name="languages" content="en pl">' in told.text
        name = {"en": "app.js", "pl": "app.pl.js"}[tag]
        assert f'src="{name}"' in told.text
        assert ("This page needs JavaScript." in told.text) is (tag == "en")
        assert ('"Talk with everybody on this server."' in told.text) is (tag == "en")
        assert ("JavaScriptu" in told.text) is (tag == "pl")
        script = browser.get(f"/{name}")
        assert ("Wyślij" in script.text) is (tag == "pl")
        assert ("Come in" in script.text) is (tag == "en")


def test_head_is_get_without_the_body(server: ChatServer) -> None:
    """Its headers are the same, also those of an error."""
    with Browser(server.port) as browser:
        for path in ("/robots.txt", "/nothing", "/healthz"):
            whole, head = browser.get(path), browser.get(path, "HEAD")
            assert head.body == b""
            assert {**head.headers, "date": ""} == {**whole.headers, "date": ""}
    with Browser(server.port) as browser:
        assert browser.get("/", "HEAD", Host="evil.example").status == 421
        assert browser.rest() == b""


def test_a_browser_may_do_nothing_but_what_the_page_needs(server: ChatServer) -> None:
    """No script, style, frame or connection of others, nothing inline, no word to other sites, no cookies."""
    with Browser(server.port) as browser:
        for path in (*pages(), "/nothing", "/healthz"):
            headers = browser.get(path).headers
            policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
            assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == "'none'"
            assert policy["frame-ancestors"] == "'none'"
            assert {value for kind, value in policy.items() if kind not in _NONE} == {"'self'"}
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cross-origin-resource-policy"] == "same-origin"
            assert not {"set-cookie", "access-control-allow-origin", "server"} & headers.keys()


_NONE = {"default-src", "base-uri", "form-action", "frame-ancestors"}


def test_anything_else_is_not_there(server: ChatServer) -> None:
    """In a sentence; paths lead nowhere else."""
    with Browser(server.port) as browser:
        for path in (
            "/nothing",
            "/../pyproject.toml",
            "/%2e%2e/x",
            "//etc/passwd",
            "/static/robots.txt",
            "/robots.txt/",
        ):
            told = browser.get(path)
            assert (told.status, told.text) == (404, "There is nothing of that name here. The page is at /.\n")
        assert browser.get("/robots.txt?x=/nothing").status == 200
        assert browser.get(f"http://{browser.here}/robots.txt").status == 200
        assert browser.get("/irc").status == 426


def test_healthz_tells_who_watches_over_it(tmp_path: Path) -> None:
    """Version, clients, and whether the history is being saved."""
    store = Store(tmp_path)
    server = ChatServer("127.0.0.1", 0, INFO, store=store)
    server.start()
    try:
        with Browser(server.port) as browser:
            told = browser.get("/healthz")
            assert told.headers["content-type"] == "application/json"
            assert json.loads(told.body) == {"version": INFO.version, "clients": 0, "saving": True}
            with closing(Peer(server.port)) as somebody:
                somebody.wait("^Username$")
                assert json.loads(browser.get("/healthz").body)["clients"] == 1
            store.failure = "no space left"
            assert json.loads(browser.get("/healthz").body)["saving"] is False
            store.failure = ""
    finally:
        server.stop()


def test_requests_do_not_fill_the_log(server: ChatServer, caplog: pytest.LogCaptureFixture) -> None:
    """They are at debug; a WebSocket is somebody who comes, and its lines are as those of any client."""
    caplog.set_level(logging.DEBUG, "chatroom.server.handler")
    with Browser(server.port) as browser:
        browser.get("/")
    with closing(Peer(server.port)) as opened:
        opened.send_bytes(
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        opened.wait("101 ")

    def levels() -> list[tuple[str, int]]:
        lines = [(r.getMessage(), r.levelno) for r in caplog.records]
        return [(text.split(" ", 3)[3].split(" ")[0], level) for text, level in lines if "connected" in text]

    eventually(lambda: len(levels()) == 4, "both have come and gone")
    assert sorted(levels()) == sorted(
        (what, level) for what in ("connected", "disconnected") for level in (logging.DEBUG, logging.INFO)
    )


def test_a_server_that_keeps_nothing_saves_nothing(server: ChatServer) -> None:
    with Browser(server.port) as browser:
        assert json.loads(browser.get("/healthz").body)["saving"] is False


HOST = b"Host: localhost\r\n"
WRONG = [
    (b"GET /\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    (b"GET / HTTP/1.1 \r\n" + HOST + b"\r\n", 400),
    (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", 505),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    (b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
    (b"GET / HTTP/1.1\r\n" + HOST + b" folded\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\n" + HOST + b"no colon\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\n" + HOST + b"Space : x\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\n" + HOST + b"X: \x00\r\n\r\n", 400),
    (b"GET /\xff HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    (b"GET /\x1b[31m HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    (b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: 0x10\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello", 400),
    (b"GET / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (b"CONNECT localhost:80 HTTP/1.1\r\n" + HOST + b"\r\n", 405),
    (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 405),
    (b"GET / HTTP/1.1\r\n" + HOST + b"X: y\r\n" * FIELDS_MAX + b"\r\n", 431),
    (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"y" * HEAD_BYTES + b"\r\n\r\n", 431),
    (b"GET /" + b"x" * HEAD_BYTES, 431),
    (b"get / http/1.1\r\n" + HOST + b"\r\n", 400),
]


@pytest.mark.parametrize(("data", "status"), WRONG, ids=[repr(data[:60]) for data, _ in WRONG])
def test_a_wrong_request_is_refused_and_is_the_last_one(server: ChatServer, data: bytes, status: int) -> None:
    """With a sentence; also if it comes byte by byte. The fixture fails if the server logs an error."""
    with Browser(server.port) as browser:
        browser.send(data)
        told = browser.answer()
        assert told.status == status
        assert told.text.endswith(".\n")
        assert told.headers["connection"] == "close"
        assert browser.rest() == b""
    if len(data) < 100:
        with Browser(server.port) as browser:
            for byte in data:
                try:
                    browser.send(bytes([byte]))
                except ConnectionError:
                    break  # it is refused as soon as it is known to be wrong
            assert browser.answer().status == status


def test_old_programs_and_line_ends_are_understood(server: ChatServer) -> None:
    """HTTP/1.0 without a Host, and lines that end in LF alone."""
    for request in (
        b"GET /robots.txt HTTP/1.0\r\n\r\n",
        b"GET /robots.txt HTTP/1.1\nHost: localhost\nConnection: close\n\n",
    ):
        with Browser(server.port) as browser:
            browser.send(request)
            told = browser.answer()
            assert (told.status, told.headers["connection"]) == (200, "close")
            assert browser.rest() == b""


def test_requests_may_come_in_one_piece(server: ChatServer) -> None:
    """Each has its answer, in their order."""
    with Browser(server.port) as browser:
        for path in ("/robots.txt", "/nothing", "/healthz"):
            browser.ask("GET", path)
        assert [browser.answer().status for _ in range(3)] == [200, 404, 200]


def test_a_file_is_more_than_strangers_are_usually_sent(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser on a slow line gets all of it, though it has no name; one that never reads holds up nobody."""
    large = bytes(range(256)) * 800
    monkeypatch.setitem(pages(), "/large", File("text/plain", large, b"", "e"))
    with Browser(server.port, receive_buffer=4096) as slow, Browser(server.port) as browser:
        slow.ask("GET", "/large")
        assert browser.get("/robots.txt").status == 200
        eventually(lambda: server.courier.queue()[1] > 0, "it reads more slowly than the server sends")
        assert slow.answer().body == large


def test_a_browser_that_asks_and_never_reads_is_closed(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for it is bounded: it can't have the server hold a file for each of its requests."""
    monkeypatch.setitem(pages(), "/large", File("text/plain", bytes(200_000), b"", "e"))
    with Browser(server.port, receive_buffer=4096) as greedy:
        for _ in range(20):
            try:
                greedy.ask("GET", "/large")
            except ConnectionError:
                break
        eventually(lambda: server.refusals["too slow to read what was sent to it"] == 1, "it is closed and counted")


def test_a_connection_without_requests_ends_soon(server: ChatServer) -> None:
    """Without a word, which would be taken for the answer to a request that is on its way."""
    with Browser(server.port) as browser:
        assert browser.get("/robots.txt").status == 200
        [connection] = server.everybody()
        make_older(server, connection, REGISTRATION_SECONDS + 1, "connected_at")
        assert browser.rest() == b""
    with Browser(server.port) as browser:
        assert browser.get("/robots.txt").status == 200
        assert browser.rest() == b""  # within `DEADLINE`
    assert KEEP_ALIVE_SECONDS < DEADLINE / 2


def test_a_request_that_never_ends_ends_with_the_time_for_names(server: ChatServer) -> None:
    """Slowloris: a total deadline, not one per read."""
    with Browser(server.port) as browser:
        browser.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
        eventually(lambda: server.connections, "it is there")
        [connection] = server.everybody()
        eventually(lambda: connection.outbox.downloads, "it is known to be a browser")
        make_older(server, connection, REGISTRATION_SECONDS + 1, "connected_at")
        assert browser.answer().status == 503
        assert browser.rest() == b""


def test_a_full_server_tells_browsers_in_http(guests: Guests) -> None:
    """A page that is asked for, in a sentence; a WebSocket, as any IRC client."""
    server = ChatServer("127.0.0.1", 0, INFO, max_clients=1)
    server.start()
    first = Irc(server.port, "first")
    with Browser(server.port) as browser:
        told = browser.get("/")
        assert (told.status, told.text) == (503, "The server is full; try again later.\n")
    with Frames(server.port) as browser:
        assert browser.open().status == 101
        assert browser.wait("ERROR") == "ERROR :Closing link: the server is full; try again later"
        assert browser.closed() == 1000
    first.close()
    server.stop()


def test_requests_cost_what_lines_cost() -> None:
    """Beyond a burst they wait for their turn."""
    server = ChatServer("127.0.0.1", 0, INFO)
    server.start()
    try:
        with Browser(server.port) as browser:
            start = time.monotonic()
            for _ in range(FLOOD_BURST_LINES + 2):
                browser.ask("GET", "/robots.txt")
            assert [browser.answer().status for _ in range(FLOOD_BURST_LINES + 2)] == [200] * (FLOOD_BURST_LINES + 2)
            assert time.monotonic() - start > 0.25
    finally:
        server.stop()


@pytest.mark.needs("openssl")
def test_tls_gives_https(encrypted: ChatServer, trust: ssl.SSLContext) -> None:
    with Browser(encrypted.port, trust) as browser:
        assert browser.get("/robots.txt").status == 200
        assert browser.get("/robots.txt", Connection="close").status == 200
        assert browser.rest() == b""


@pytest.mark.needs("openssl")
def test_a_server_that_wants_tls_sends_browsers_there(encrypted: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the same place on the same host, and to no other."""
    encrypted.tls_only = True
    monkeypatch.setattr("chatroom.server.chat_server.is_loopback", lambda address: False)
    with Browser(encrypted.port) as browser:
        told = browser.get("/robots.txt?x")
        assert (told.status, told.headers["location"]) == (307, f"https://{browser.here}/robots.txt?x")
        assert browser.get("/", Host="evil.example").status == 421
    with Frames(encrypted.port) as browser:
        assert browser.open().status == 307


def test_without_web_there_is_nothing(server: ChatServer, guests: Guests, monkeypatch: pytest.MonkeyPatch) -> None:
    """Browsers are told off, as by any other server."""
    monkeypatch.setattr(server, "site", None)
    with Frames(server.port) as browser:
        assert browser.open().status == 400
        assert browser.rest() == b"This is a chat server.\n"
    eventually(lambda: server.refusals["HTTP"] == 1, "the operator can count them")


def test_the_first_browser_brings_its_library(serve: object) -> None:
    """Who has no browsers never loads it."""
    server = Served("-p", "0")
    try:
        maps = Path(f"/proc/{server.process.pid}/maps")
        Irc(server.port, "al").close()
        before = maps.read_text() if maps.exists() else ""
        assert "websockets" not in before
        with Frames(server.port) as browser:
            assert browser.open().status == 101
        if "websockets" not in maps.read_text():
            pytest.skip("the library has no compiled part here, by which it could be seen")
    finally:
        server.close()


def test_serve_prints_the_address_for_browsers_first(serve: object) -> None:
    """Ready to copy; it is true; and `--no-web` takes it away."""
    server = Served("-p", "0", "--web-host", "chat.example.org")
    try:
        joining = server.out.until("ends the server")
        assert joining[0] == f"  a browser   http://127.0.0.1:{server.port}"
        with Browser(server.port) as browser:
            assert json.loads(browser.get("/healthz").body)["version"] == __version__
            assert browser.get("/robots.txt", Host="chat.example.org").status == 200
    finally:
        server.close()
    server = Served("-p", "0", env={"CHATROOM_SERVE_NO_WEB": "1"})
    try:
        assert not [line for line in server.out.until("ends the server") if "http" in line]
        with Browser(server.port) as browser:
            assert browser.get("/").status == 400
    finally:
        server.close()


def test_the_paths_of_the_socket_are_two() -> None:
    """What other programs try without being told."""
    assert site.SOCKET_PATHS == ("/", "/irc")


@pytest.mark.parametrize("name", ["http://chat.example.org", "chat.example.org:9090", "a b", "chät"])
def test_a_web_host_is_a_name_alone(name: str) -> None:
    """What is not is refused with an example."""
    done = CliRunner().invoke(main, ["serve", "--check-config", f"--web-host={name}"])
    assert done.exit_code == 2
    assert "chat.example.org, without http:// and without a port" in done.output
