"""The link against real sockets: lines, PING, loss and return, certificates."""

import contextlib
import hashlib
import select
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeVar

import pytest

from chatroom.client import server_connection as wire
from chatroom.client.address_race import in_turns, race
from chatroom.client.backoff import Backoff
from chatroom.client.server_connection import (
    CONNECT_SECONDS,
    Connected,
    Connecting,
    ConnectionEvent,
    Lost,
    Received,
    Security,
    ServerConnection,
    Target,
    Untrusted,
)

E = TypeVar("E", bound=ConnectionEvent)
SECONDS = 10.0


class Quick(Backoff):
    """No test waits for a second try."""

    def delay(self) -> float:
        return 0.01


class Line:
    """A link with its queue."""

    def __init__(self, target: Target) -> None:
        self.queue: SimpleQueue[ConnectionEvent] = SimpleQueue()
        self.link = ServerConnection(target, self.queue, Quick())
        self.link.start()

    def next(self, kind: type[E]) -> E:
        """The next event of a kind; others in between are skipped."""
        while True:
            try:
                event = self.queue.get(timeout=SECONDS)
            except Empty:
                raise AssertionError(f"no {kind.__name__} came") from None
            if isinstance(event, kind):
                return event


@pytest.fixture
def connect() -> Iterator[Callable[[Target], Line]]:
    lines: list[Line] = []

    def start(target: Target) -> Line:
        lines.append(Line(target))
        return lines[-1]

    yield start
    for line in lines:
        line.link.close()
        line.link.join(CONNECT_SECONDS + SECONDS)  # it may have begun to connect anew
        assert not line.link.is_alive()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        sock.settimeout(SECONDS)
        yield sock


def here(listener: socket.socket) -> Target:
    return Target("127.0.0.1", listener.getsockname()[1])


def test_lines_come_whole_and_go_out(listener: socket.socket, connect: Callable[[Target], Line]) -> None:
    """However the bytes are cut; Latin-1 where a line isn't UTF-8; the end of the connection is told."""
    line = connect(here(listener))
    server, _ = listener.accept()
    with server:
        number = line.next(Connected).number
        server.sendall(b"one\r\ntw")
        assert line.next(Received).lines == ("one",)
        server.sendall("o ł\r\n".encode() + b"\xe9\n\r\n")
        assert line.next(Received).lines == ("two ł", "é")
        line.link.send(number, "hello ł")
        assert server.makefile("rb").readline() == "hello ł\r\n".encode()
    assert line.next(Lost).was_connected


def test_a_ping_is_answered_without_anybody_looking(listener: socket.socket, connect: Callable[[Target], Line]) -> None:
    """Only PING; a message that contains the word is a message."""
    line = connect(here(listener))
    server, _ = listener.accept()
    with server:
        server.sendall(b"PING :are you there\r\n:bob!u@h PRIVMSG #a :PING me\r\n")
        assert server.makefile("rb").readline() == b"PONG :are you there\r\n"
        assert line.next(Received).lines == (":bob!u@h PRIVMSG #a :PING me",)


def test_answers_to_pings_that_nobody_reads_are_dropped(
    listener: socket.socket, connect: Callable[[Target], Line]
) -> None:
    """A server that asks without end and reads nothing fills no memory; it gets fewer answers than it asked for."""
    line = connect(here(listener))
    server, _ = listener.accept()
    with server:
        line.next(Connected)
        asked = 20_000
        for _ in range(asked // 100):
            server.sendall((b"PING :" + b"x" * 2000 + b"\r\n") * 100)
        server.sendall(b"hello\r\n")
        assert line.next(Received).lines == ("hello",)
        server.settimeout(1)
        got = 0
        try:
            while data := server.recv(1 << 16):
                got += data.count(b"PONG")
        except TimeoutError:
            pass
        assert 0 < got < asked / 2


def test_a_server_that_takes_nothing_of_what_is_sent_is_left(
    listener: socket.socket, connect: Callable[[Target], Line], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could have us ask for something without end."""
    monkeypatch.setattr(wire, "_UNSENT_BYTES_MAX", 10_000_000)
    line = connect(here(listener))
    server, _ = listener.accept()
    with server:
        number = line.next(Connected).number
        for _ in range(30):
            line.link.send(number, "x" * 1_000_000)
        assert "doesn't read" in line.next(Lost).error


def test_it_comes_back_and_old_lines_do_not(listener: socket.socket, connect: Callable[[Target], Line]) -> None:
    """What was meant for a connection that is gone is not sent over the next."""
    line = connect(here(listener))
    listener.accept()[0].close()
    first = line.next(Connected).number
    line.next(Lost)
    server, _ = listener.accept()
    with server:
        second = line.next(Connected).number
        line.link.send(first, "old")
        line.link.send(second, "new")
        assert server.makefile("rb").readline() == b"new\r\n"


def test_a_silent_server_is_asked_and_then_given_up(
    listener: socket.socket, connect: Callable[[Target], Line], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The heartbeat: half-open connections are found out."""
    monkeypatch.setattr(wire, "QUIET_SECONDS", 0.05)
    monkeypatch.setattr(wire, "ANSWER_SECONDS", 0.1)
    line = connect(here(listener))
    server, _ = listener.accept()
    with server:
        assert server.makefile("rb").readline().startswith(b"PING")
        assert "answer" in line.next(Lost).error


def test_a_connection_is_dropped_when_asked(listener: socket.socket, connect: Callable[[Target], Line]) -> None:
    """And another one is made."""
    line = connect(here(listener))
    first, _ = listener.accept()
    with first:
        line.link.drop(line.next(Connected).number, "nobody wants us")
        assert line.next(Lost).error == "Nobody wants us."
    second, _ = listener.accept()
    second.close()


def test_a_line_without_end_is_not_kept(listener: socket.socket, connect: Callable[[Target], Line]) -> None:
    """Memory is bounded whatever is at the other end."""
    line = connect(here(listener))
    server, _ = listener.accept()
    with server:
        try:
            server.sendall(b"x" * (wire.LINE_LIMIT_BYTES * 4))
        except OSError:
            pass  # it has hung up already
        assert "no chat server" in line.next(Lost).error


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (Target("127.0.0.1", 1), "Nobody is listening on 127.0.0.1:1"),
        (Target("nosuch.invalid", 9090), "no host called nosuch.invalid"),
        (Target("a" * 70 + ".example", 9090), "no host called"),
    ],
)
def test_why_there_is_no_connection_is_one_sentence(
    target: Target, words: str, connect: Callable[[Target], Line]
) -> None:
    """Naming the thing, and what to do."""
    lost = connect(target).next(Lost)
    assert words in lost.error and not lost.was_connected


# --- TLS --------------------------------------------------------------------------------------------------------------


class TlsServer:
    """Shakes hands with everybody, says a line, and waits until they leave. Its certificate is its own."""

    def __init__(self, directory: Path) -> None:
        key, self._certificate = directory / "key.pem", directory / "cert.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", "/CN=chat.test", "-keyout", str(key), "-out", str(self._certificate)],
            check=True, capture_output=True, timeout=30,
        )  # fmt: skip
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self._certificate, key)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(self._certificate.read_text())).hexdigest()

    @property
    def certificate_file(self) -> str:
        return str(self._certificate)

    def close(self) -> None:
        """Wakes the thread first: left in `accept`, it might go on with whatever gets the listener's descriptor."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                raw, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._greet, args=(raw,), daemon=True).start()

    def _greet(self, raw: socket.socket) -> None:
        try:
            with self._context.wrap_socket(raw, server_side=True) as sock:
                sock.sendall(b"hello\r\n")
                while sock.recv(100):
                    pass
        except OSError:
            raw.close()


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[TlsServer]:
    server = TlsServer(tmp_path)
    yield server
    server.close()


@pytest.mark.needs("openssl")
def test_a_certificate_of_its_own_is_asked_about_and_then_pinned(
    tls: TlsServer, connect: Callable[[Target], Line]
) -> None:
    """Trust on first use: not used unasked, verified by its fingerprint afterwards, refused when it is another."""
    stranger = connect(Target("127.0.0.1", tls.port, tls=True))
    assert stranger.next(Untrusted) == Untrusted(tls.fingerprint, "")
    known = connect(Target("127.0.0.1", tls.port, True, tls.fingerprint))
    assert known.next(Connected).security is Security.VERIFIED
    assert known.next(Received).lines == ("hello",)
    once = connect(Target("127.0.0.1", tls.port, True, tls.fingerprint, once=True))
    assert once.next(Connected).security is Security.UNVERIFIED
    changed = connect(Target("127.0.0.1", tls.port, True, "00" * 32))
    assert changed.next(Untrusted) == Untrusted(tls.fingerprint, "00" * 32)


@pytest.mark.needs("openssl")
def test_a_certificate_for_another_name_is_called_that(
    tls: TlsServer, connect: Callable[[Target], Line], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where an authority vouches for it: here it is its own, and trusted by the system."""
    monkeypatch.setenv("SSL_CERT_FILE", tls.certificate_file)
    line = connect(Target("127.0.0.1", tls.port, tls=True))
    assert line.next(Untrusted) == Untrusted(tls.fingerprint, "", other_name=True)


def test_a_server_without_tls_is_said_to_be_one(listener: socket.socket, connect: Callable[[Target], Line]) -> None:
    """Rather than an error of OpenSSL's."""
    line = connect(Target("127.0.0.1", listener.getsockname()[1], tls=True))
    line.next(Connecting)
    server, _ = listener.accept()
    with server:
        server.sendall(b"* hello\r\n* this is plain text\r\n")
        assert "doesn't speak TLS" in line.next(Lost).error


def test_all_is_prepared_before_the_server_waits_to_hear(
    listener: socket.socket, connect: Callable[[Target], Line], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours takes a moment's silence for a person without TLS."""
    make, waited, prepared = ssl.create_default_context, [], threading.Event()

    def prepare() -> ssl.SSLContext:
        waited.extend(select.select([listener], [], [], 0)[0])
        prepared.set()
        return make()

    monkeypatch.setattr(ssl, "create_default_context", prepare)
    connect(Target("127.0.0.1", listener.getsockname()[1], tls=True))
    assert prepared.wait(SECONDS)
    server, _ = listener.accept()
    with server:
        assert server.recv(1) == b"\x16"
    assert not waited


def test_a_dead_server_is_noticed_while_one_types(
    connect: Callable[[Target], Line], listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What we send is no sign of life of the server."""
    monkeypatch.setattr(wire, "UNANSWERED_SECONDS", 0.3)
    monkeypatch.setattr(wire, "ANSWER_SECONDS", 0.3)
    line = connect(Target("127.0.0.1", listener.getsockname()[1]))
    connected = line.next(Connected)
    stop = time.monotonic() + SECONDS
    while line.queue.empty() and time.monotonic() < stop:
        line.link.send(connected.number, "PRIVMSG #lobby :are you there?")
        time.sleep(0.05)
    assert "doesn't answer" in line.next(Lost).error


def test_the_address_that_answers_first_is_taken(listener: socket.socket) -> None:
    """One of a host's addresses neither answers nor refuses; the next one is tried after a moment."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as hole, contextlib.ExitStack() as full:
        for _ in range(4):  # a queue that is full drops what comes
            sock = full.enter_context(socket.socket())
            sock.setblocking(False)
            sock.connect_ex(hole.getsockname())
        addresses = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", end.getsockname()) for end in (hole, listener)]
        began = time.monotonic()
        with race(addresses, began + SECONDS, threading.Event()) as sock:
            assert sock.getpeername() == listener.getsockname()
        assert time.monotonic() - began < SECONDS / 2
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            race(addresses[:1], began + 0.5, threading.Event())


def test_the_families_of_addresses_take_turns() -> None:
    """Ten IPv6 addresses that lead nowhere don't keep us from the IPv4 one."""
    six = [(socket.AF_INET6, socket.SOCK_STREAM, 0, "", (f"::{n}", 1, 0, 0)) for n in range(3)]
    four = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 1))]
    assert in_turns([*six, *four]) == [six[0], four[0], *six[1:]]


def test_retry_now_starts_with_the_shortest_wait_again() -> None:
    """Who asks for another try is not made to wait half a minute for the one after it."""
    backoff = Backoff(lambda: 0.5)
    link = ServerConnection(Target("127.0.0.1", 1), SimpleQueue(), backoff)
    for _ in range(6):
        backoff.delay()
    link.retry_now()
    assert backoff.delay() == 1.0
    link.close()
    link.start()
    link.join(SECONDS)
