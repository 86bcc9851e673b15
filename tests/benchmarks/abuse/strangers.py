"""Clients that never become anybody: too slow to choose a name, or not interested in one."""

import select
import shutil
import socket
import time
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

from chatroom.server.timeouts import REGISTRATION_SECONDS, TLS_HANDSHAKE_SECONDS
from tests.benchmarks.abuse.attack import Check, at_most, exactly, not_here, start
from tests.benchmarks.abuse.encrypted import certificate
from tests.benchmarks.load import RoundError, Swarm
from tests.benchmarks.servers import Server
from tests.web.browsers import CONT, KEY, PING, TEXT, frame

_MEGABYTES = 5
_OPENING = (
    "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
).encode()
_HALF_A_HELLO = b"\x16\x03\x01\x02\x00"  # a record of 512 bytes, none of which ever comes


def slowloris(short: bool) -> list[Check]:
    counts = [10] if short else [500, 5000]
    return [check for in_step in (False, True) for count in counts for check in _slowloris(count, in_step)]


def _slowloris(count: int, in_step: bool) -> list[Check]:
    """A third of them begin like IRC clients, a third like browsers; none ever ends what it says."""
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 200
    with start("--unlimited") as server, Swarm(server.port) as swarm:
        slow = _Slow(server.port, count, b"NICK " + b"x" * 200, b"x" * 200, request, in_step=in_step)
        try:
            first, *joins = _joins(swarm, slow)
        finally:
            slow.close()
    what = f"{count} in step" if in_step else f"{count}"
    return [*_endings(f"{what}: ", slow, count, REGISTRATION_SECONDS, 2), *_fares(f"{what}: ", first, joins, in_step)]


def slowloris_by_web(short: bool) -> list[Check]:
    """Opened WebSockets: a frame that comes a byte at a time, a message that never ends in parts, and pings."""
    count = 10 if short else 500
    frames = (
        frame(TEXT, "NICK " + "x" * 200),
        frame(TEXT, "NICK ", final=False) + frame(CONT, "x", final=False) * 20 + frame(CONT, final=False) * 20,
        frame(PING, "x") * 40,
    )
    with start("--unlimited") as server, Swarm(server.port) as swarm:
        slow = _Slow(server.port, count, *frames, first=_OPENING)
        try:
            first, *joins = _joins(swarm, slow)
        finally:
            slow.close()
    return [*_endings("", slow, count, REGISTRATION_SECONDS, 2), *_fares("", first, joins)]


def _endings(what: str, slow: "_Slow", count: int, deadline: float, margin: float) -> list[Check]:
    early, late = min(slow.ages, default=0), max(slow.ages, default=0)
    goal = f"{deadline:g} ± {margin:g}"
    return [
        exactly(f"{what}closed", len(slow.ages), count),
        Check(f"{what}first closed after, s", early, goal, abs(early - deadline) <= margin, True),
        Check(f"{what}last closed after, s", late, goal, abs(late - deadline) <= margin, True),
    ]


def _fares(what: str, first: float, joins: list[float], told_only: bool = False) -> list[Check]:
    """How those who join fare; the first waits behind all the others, who have just connected."""
    p99 = quantiles(joins, n=100)[98]
    return [
        Check(f"{what}a join at once behind them, ms", first, "told only", True),
        Check(f"{what}a join meanwhile, p50, ms", quantiles(joins, n=100)[49], "told only", True),
        Check(f"{what}a join meanwhile, p99, ms", p99, "told only", True, True)
        if told_only
        else at_most(f"{what}a join meanwhile, p99", p99, 50, "ms", timed=True),
    ]


def _joins(swarm: Swarm, slow: "_Slow") -> Iterator[float]:
    """Milliseconds from connecting to being in a room, again and again until all the slow ones are closed."""
    deadline = time.monotonic() + 2 * REGISTRATION_SECONDS
    while slow.socks and time.monotonic() < deadline:
        began = time.monotonic()
        swarm.enter(["r0"])
        yield (time.monotonic() - began) * 1000
        swarm.forget(swarm.clients[-1])
        slow.drip()


class _Slow:
    """Connections that send a byte a second, in turns or, `in_step`, all in the same moment.

    `ages` is how old they were when they were closed, in seconds.
    """

    def __init__(self, port: int, count: int, *texts: bytes, in_step: bool = False, first: bytes = b"") -> None:
        """`texts` are what they would like to say, in turns; `first` is what they say at once."""
        self.ages: list[float] = []
        self.socks: dict[int, tuple[socket.socket, float, Iterator[int]]] = {}
        self._poll = select.poll()
        self._in_step = in_step
        for number in range(count):
            sock = socket.create_connection(("127.0.0.1", port), source_address=(f"127.0.1.{number % 50 + 1}", 0))
            sock.sendall(first)
            self.socks[sock.fileno()] = (
                sock,
                time.monotonic(),
                iter(texts[number % len(texts)]),
            )
            self._poll.register(sock, select.POLLIN | select.POLLHUP)
        self._began = time.monotonic()
        self._sent = 0
        self._turns = deque(self.socks)
        self._count = count

    def drip(self, pause: float = 0.05) -> None:
        """Looks who was closed for up to `pause` seconds; then whoever is due sends a byte."""
        for fd, _ in self._poll.poll(pause * 1000):
            sock, born, _ = self.socks[fd]
            try:
                told = sock.recv(4096)
            except ConnectionError:
                told = b""
            if not told:
                self.ages.append(time.monotonic() - born)
                self._poll.unregister(fd)
                del self.socks[fd]
                sock.close()
        passed = time.monotonic() - self._began
        due = (int(passed) + 1) * self._count if self._in_step else int(passed * self._count)
        for _ in range(due - self._sent):
            self._say(self._turns[0])
            self._turns.rotate(-1)
        self._sent = due

    def _say(self, fd: int) -> None:
        """Who was closed says nothing."""
        if fd in self.socks:
            sock, _, text = self.socks[fd]
            try:
                sock.send(bytes(islice(text, 1)))
            except OSError:
                pass  # the next look tells

    def close(self) -> None:
        for sock, _, _ in self.socks.values():
            sock.close()


def stalled(short: bool) -> list[Check]:
    """Half of a TLS handshake's first message, and then nothing; others join meanwhile, without TLS."""
    count = 10 if short else 500
    if not shutil.which("openssl"):
        return not_here("openssl")
    with TemporaryDirectory() as directory:
        options = certificate(Path(directory))
        with start("--unlimited", *options) as server, Swarm(server.port) as swarm:
            slow = _Slow(server.port, count, _HALF_A_HELLO, in_step=True)
            try:
                first, *joins = _joins(swarm, slow)
            finally:
                slow.close()
    return [*_endings("", slow, count, TLS_HANDSHAKE_SECONDS, 1), *_fares("", first, joins)]


def babbler(short: bool) -> list[Check]:
    """Without limits on floods it is what waits for it that ends it; with them, the deadline for a name is near."""
    checks = _babbler("no flood limit", "--unlimited")
    return checks if short else [*checks, *_babbler("with all limits")]


def _babbler(what: str, *options: str) -> list[Check]:
    with start(*options) as server:
        socket.create_connection(("127.0.0.1", server.port)).close()  # what the first client costs is no client's
        before = server.memory()
        sent, closed = _babble(server)
        more = server.peak() - before
    return [
        Check(f"{what}: sent before it was closed, KB", sent / 1024, "told only", True),
        Check(f"{what}: closed", closed, "yes", closed == "yes"),
        Check(f"{what}: memory more, KB", more, "below 1024", more < 1024),
    ]


def _babble(server: Server) -> tuple[int, str]:
    """Sends commands and reads nothing, until it is closed; returns bytes sent, and whether it was."""
    left = memoryview(b"CAP LS 302\r\nNICK a b c\r\n" * (_MEGABYTES * 1024 * 1024 // 24))
    deadline = time.monotonic() + REGISTRATION_SECONDS + 10
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        sock.connect(("127.0.0.1", server.port))
        sock.setblocking(False)
        size = len(left)
        poll = select.poll()
        while time.monotonic() < deadline:
            poll.register(sock, select.POLLOUT if left else 0)
            found = poll.poll(500)
            if any(event & (select.POLLHUP | select.POLLERR) for _, event in found):
                return size - len(left), "yes"
            try:
                left = left[sock.send(left) :] if left else left
            except BlockingIOError:
                pass
            except ConnectionError:
                return size - len(left), "yes"
    if not left:
        raise RoundError("the client was never closed, and all was read")
    return size - len(left), "no"
