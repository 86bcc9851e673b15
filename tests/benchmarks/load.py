"""The load generator: many clients in one thread, on one epoll.

It has to be cheaper than the servers it measures, so it parses nothing. A message carries one byte that nothing else on
the wire has, `MARK`, and a delivery is one more of these: a single byte is never torn between two reads. Behind it
stands when the message was sent; every 16th client reads these stamps, for the latency.

A `Swarm` does one thing at a time: it lets its clients in, waits, or counts. What it does with bytes that come is its
`reader`. Nothing here waits without a bound, and nothing spins: with nothing to read and no room to write it sleeps, so
that its own use of the processor tells whether it was the bottleneck.
"""

import os
import re
import resource
import select
import socket
import ssl
import struct
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from errno import EINPROGRESS
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

MARK = ord("|")  # in no nickname, user name, address or command that is used here
_STAMP = re.compile(rb"\|(\d{10}) ")  # microseconds since the swarm began
_SAMPLED = 16  # of so many clients one reads the stamps:
_SAMPLE = 3  # the fourth; the first ones send
_STEP_TAIL = 5  # bytes kept of a read, so that the next may complete a word of at most one byte more
_ADDRESS_CLIENTS = 5000  # from one source address: there are 28,000 ports, and closed ones rest for a minute
_BIND_ADDRESS_NO_PORT = 24  # IP_BIND_ADDRESS_NO_PORT, linux/in.h: the port is chosen when it connects
_FLOOD_BATCH = 32  # messages handed to the kernel at once by one flooding sender
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s
_READ = select.EPOLLIN
_BOTH = select.EPOLLIN | select.EPOLLOUT


class RoundError(Exception):
    """A round could not be carried out, or not in its time."""


class Step(NamedTuple):
    """What a client does when it sees `word` in what it is sent; `word` has six bytes at most."""

    word: bytes
    say: bytes


class Wire(NamedTuple):
    """A protocol, as far as a load needs it."""

    hello: Callable[[int, str], tuple[bytes, list[Step]]]  # a client's number and room: its first bytes, and its steps
    say: Callable[[str, bytes], bytes]  # a message to a room
    line: Callable[[bytes], bytes] = lambda line: line + b"\r\n"  # any other line


def _irc_hello(number: int, room: str) -> tuple[bytes, list[Step]]:
    hello = b"NICK u%d\r\nUSER u%d 0 * :load\r\n" % (number, number)
    return hello, [Step(b" 001 ", b"JOIN #%s\r\n" % room.encode()), Step(b" 366 ", b"")]


def _nats_hello(number: int, room: str) -> tuple[bytes, list[Step]]:
    hello = b'CONNECT {"verbose":false,"pedantic":false,"echo":false}\r\nSUB %s 1\r\nPING\r\n' % room.encode()
    return hello, [Step(b"PONG\r\n", b"")]


def _frame(line: bytes) -> bytes:
    """A line as a browser sends it. It has to be masked; a mask of zeros costs the load generator nothing."""
    size = len(line)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + line


def _web_hello(number: int, room: str) -> tuple[bytes, list[Step]]:
    opening = (
        b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    names = _frame(b"NICK u%d" % number) + _frame(b"USER u%d 0 * :load" % number)
    return opening + names, [Step(b" 001 ", _frame(b"JOIN #%s" % room.encode())), Step(b" 366 ", b"")]


IRC = Wire(_irc_hello, lambda room, text: b"PRIVMSG #%s :%s\r\n" % (room.encode(), text))
WEB = Wire(_web_hello, lambda room, text: _frame(b"PRIVMSG #%s :%s" % (room.encode(), text)), _frame)
NATS = Wire(_nats_hello, lambda room, text: b"PUB %s %d\r\n%s\r\n" % (room.encode(), len(text), text))


class Client:
    """One connection. It is in once all its `steps` are done."""

    __slots__ = (
        *("kept", "open", "out", "room", "sampled", "seen", "shakes_hands", "sock", "source", "steps", "tail", "wire"),
    )

    def __init__(self, sock: socket.socket, wire: Wire, room: str, sampled: bool, steps: list[Step]) -> None:
        self.sock = sock
        self.wire = wire
        self.room = room
        self.sampled = sampled
        self.steps = deque(steps)
        self.open = True
        self.shakes_hands = isinstance(sock, ssl.SSLSocket)  # whether its TLS handshake is not done yet
        self.out = b""  # what the kernel did not take yet
        self.source: Iterator[bytes] = iter(())  # what to send after that
        self.tail = b""
        self.seen = 0  # what a reader counts for this client alone
        self.kept: bytearray | None = None  # all that it was sent, if that is asked for


class Swarm:
    """Clients of one server. A context manager; closes them all at the end."""

    def __init__(
        self, port: int, wire: Wire = IRC, names: int = 1_000_000, browsers: float = 0, tls: bool = False
    ) -> None:
        """`names`: after so many clients the first one's nickname is used again. `browsers`: their share."""
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if tls else None
        if self._tls:
            self._tls.check_hostname = False
            self._tls.verify_mode = ssl.CERT_NONE
        self._wire = wire
        self._browsers = browsers
        self.clients: list[Client] = []  # in the order in which they came
        self.got = 0  # deliveries counted
        self.latencies: list[int] = []  # microseconds
        self.entered = 0
        self.closed = 0  # by the server
        self.reader: Callable[[Client, int], None] = self.step
        self.buffer = bytearray(256 * 1024)
        self._port = port
        self._epoll = select.epoll()
        self._by_fd: dict[int, Client] = {}
        self._start = time.monotonic()
        self._names = names
        self._made = 0

    def __enter__(self) -> "Swarm":
        return self

    def __exit__(self, *exc: object) -> None:
        for client in self.clients:
            client.sock.close()
        self._epoll.close()

    # ---- coming and going -------------------------------------------------------------------------------------------

    def connect(self, room: str, receive_buffer: int = 0) -> Client:
        """One more client on its way into `room`; `receive_buffer` is in bytes, 0 for what the system gives."""
        number = self._made
        self._made += 1
        sock = socket.socket()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.bind((f"127.0.0.{1 + number // _ADDRESS_CLIENTS}", 0))
        sock.setblocking(self._tls is not None)  # TLS can only be put on a connection that is there
        error = sock.connect_ex(("127.0.0.1", self._port))
        if error not in (0, EINPROGRESS):
            sock.close()
            raise RoundError(f"client {number} could not connect: error {error}")
        if self._tls:
            sock.setblocking(False)
            sock = self._tls.wrap_socket(sock, do_handshake_on_connect=False)
        wire = WEB if int((number + 1) * self._browsers) > int(number * self._browsers) else self._wire
        hello, steps = wire.hello(number % self._names, room)
        client = Client(sock, wire, room, number % _SAMPLED == _SAMPLE, steps)
        client.out = hello
        self.clients.append(client)
        self._by_fd[sock.fileno()] = client
        self._epoll.register(sock, _BOTH)
        return client

    def enter(self, rooms: Iterable[str], at_once: int = 64, within: float = 120.0, receive_buffer: int = 0) -> None:
        """Lets a client into each of these rooms, at most `at_once` on their way; `within` is in seconds."""
        start = self.entered
        wanted = 0
        deadline = time.monotonic() + within
        for room in rooms:
            while wanted - (self.entered - start) >= at_once:
                self._pump_until(deadline)
            self.connect(room, receive_buffer)
            wanted += 1
        while self.entered - start < wanted:
            self._pump_until(deadline)

    def visit(self, rooms: Iterable[str], at_once: int, within: float = 120.0) -> None:
        """Lets a client into each of these rooms, at most `at_once` at a time; each leaves as soon as it is in.

        They leave by QUIT, FIN and RST in turn.
        """
        deadline = time.monotonic() + within
        left = iter(rooms)
        there: list[Client] = []
        turns = cycle(range(3))
        while True:
            there += [self.connect(room) for room in islice(left, at_once - len(there))]
            if not there:
                return
            self._pump_until(deadline)
            for client in [client for client in there if not client.steps]:
                there.remove(client)
                turn = next(turns)
                if turn == 0:
                    self.say(client, client.wire.line(b"QUIT :see you"))
                self.forget(client, reset=turn == 2)

    def forget(self, client: Client, reset: bool = False) -> None:
        """Closes a client from this side, with a FIN or, as a crash does, with a RST."""
        if client.open:
            client.open = False
            if reset:
                client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._drop(client)
        self.clients.remove(client)

    def ignore(self, clients: Iterable[Client]) -> None:
        """These don't read from now on; they stay connected."""
        for client in clients:
            self._epoll.unregister(client.sock)

    # ---- the loop ---------------------------------------------------------------------------------------------------

    def pump(self, timeout: float) -> int:
        """Does what can be done within `timeout` seconds or at once; returns how many clients had something."""
        events = self._epoll.poll(timeout, 512)
        for fd, event in events:
            client = self._by_fd.get(fd)
            if client is None or (client.shakes_hands and not self._shake_hands(client)):
                continue
            if event & ~select.EPOLLOUT:
                self._read(client)
            if event & select.EPOLLOUT and client.open:
                self._write(client)
        return len(events)

    def settle(self, quiet: float = 0.2, within: float = 30.0) -> None:
        """Waits until nothing has come for `quiet` seconds."""
        deadline = time.monotonic() + within
        while self.pump(quiet):
            if time.monotonic() > deadline:
                raise RoundError("the server did not fall silent")

    def _pump_until(self, deadline: float) -> None:
        self.pump(0.1)
        if self.closed or time.monotonic() > deadline:
            last = next((c.tail for c in self.clients if c.steps), b"")
            raise RoundError(
                f"{self.entered} of {self._made} clients came in, {self.closed} were closed; heard: {last!r}"
            )

    def _shake_hands(self, client: Client) -> bool:
        """Goes on with a TLS handshake; whether it is done."""
        assert isinstance(client.sock, ssl.SSLSocket)
        try:
            client.sock.do_handshake()
        except ssl.SSLWantReadError:
            self._epoll.modify(client.sock, _READ)
            return False
        except OSError:
            self._lose(client)
            return False
        client.shakes_hands = False
        self._epoll.modify(client.sock, _BOTH)
        return True

    def _read(self, client: Client) -> None:
        try:
            size = client.sock.recv_into(self.buffer)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except OSError:
            size = 0
        if size:
            self.reader(client, size)
            if isinstance(client.sock, ssl.SSLSocket) and client.open and client.sock.pending():
                self._read(client)
        else:
            self._lose(client)

    def _lose(self, client: Client) -> None:
        client.open = False
        self.closed += 1
        self._drop(client)

    def _drop(self, client: Client) -> None:
        del self._by_fd[client.sock.fileno()]
        client.sock.close()  # which takes it off the epoll, too

    def _write(self, client: Client) -> None:
        if not client.out:
            client.out = next(client.source, b"")
        if client.out:
            self._send(client)
        if not client.out:
            client.out = next(client.source, b"")
        if not client.out:
            self._epoll.modify(client.sock, _READ)

    def _send(self, client: Client) -> None:
        try:
            sent = client.sock.send(client.out)
        except BlockingIOError:
            return
        except OSError:
            return  # the next read tells
        client.out = client.out[sent:]

    def say(self, client: Client, data: bytes) -> None:
        """Sends now, or when there is room."""
        waiting = bool(client.out)
        client.out += data
        if not waiting and client.open:
            self._send(client)
            if client.out:
                self._epoll.modify(client.sock, _BOTH)

    # ---- readers ----------------------------------------------------------------------------------------------------

    def step(self, client: Client, size: int) -> None:
        """Takes a client's steps, and answers pings."""
        data = client.tail + self.buffer[:size]
        while client.steps and client.steps[0].word in data:
            _, _, data = data.partition(client.steps[0].word)
            say = client.steps.popleft().say
            if say:
                self.say(client, say)
            if not client.steps:
                self.entered += 1
        client.tail = bytes(data[-_STEP_TAIL:])
        self._answer_ping(client, size)

    def count(self, client: Client, size: int) -> None:
        """Counts deliveries, and reads the stamps for one client in 16."""
        buffer = self.buffer
        self.got += buffer.count(MARK, 0, size)
        if client.sampled:
            now = self.now()
            self.latencies += [now - int(stamp) for stamp in _STAMP.findall(buffer, 0, size)]
        if client.kept is not None:
            client.kept += buffer[:size]
        self._answer_ping(client, size)

    def count_word(self, word: bytes) -> Callable[[Client, int], None]:
        """A reader that counts a word of six bytes in what each client is sent, while they take their steps."""
        assert len(word) == _STEP_TAIL + 1

        def reader(client: Client, size: int) -> None:
            data = client.tail + self.buffer[:size]
            seen = data.count(word)
            client.seen += seen
            self.got += seen
            if client.steps:
                self.step(client, size)
            client.tail = bytes(data[-_STEP_TAIL:])

        return reader

    def _answer_ping(self, client: Client, size: int) -> None:
        """A server pings those from whom it hears nothing: a short line that comes alone."""
        if size < 64 and self.buffer.startswith(b"PING"):
            self.say(client, b"PONG" + self.buffer[4:size])

    # ---- messages ---------------------------------------------------------------------------------------------------

    def now(self) -> int:
        """Microseconds since the swarm began."""
        return int((time.monotonic() - self._start) * 1e6)

    def message(self, sender: Client, size: int) -> bytes:
        """A message whose text has `size` bytes, stamped with this moment."""
        return sender.wire.say(sender.room, (b"|%010d " % self.now()).ljust(size, b"x"))

    def flood(self, sender: Client, messages: int, size: int) -> None:
        """From now on, this client sends so many messages as fast as the server takes them."""
        sender.source = self._batches(sender, messages, size)
        self._epoll.modify(sender.sock, _BOTH)

    def _batches(self, sender: Client, messages: int, size: int) -> Iterator[bytes]:
        for left in range(messages, 0, -_FLOOD_BATCH):
            yield self.message(sender, size) * min(left, _FLOOD_BATCH)


class Stopwatch:
    """What a span of time cost this process: is it the bottleneck, or kept from its work by others?"""

    def __init__(self) -> None:
        self._begin = self._look()
        self._end = self._begin

    def stop(self) -> None:
        """May be called again, to make the span longer."""
        self._end = self._look()

    @staticmethod
    def _look() -> tuple[float, float, float]:
        """Wall clock, processor time, and time spent waiting for a processor, in seconds."""
        waited = int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9
        return time.monotonic(), time.process_time(), waited

    @property
    def begun(self) -> float:
        """In monotonic seconds."""
        return self._begin[0]

    @property
    def seconds(self) -> float:
        return self._end[0] - self._begin[0]

    @property
    def busy(self) -> float:
        """The share of the time in which the load generator had a processor."""
        return (self._end[1] - self._begin[1]) / self.seconds

    @property
    def starved(self) -> float:
        """The share of the time in which it would have liked one, and did not get it."""
        return (self._end[2] - self._begin[2]) / self.seconds


def stolen() -> float:
    """Seconds for which the machine below this one gave its processors to others, all of them together: proc(5)."""
    return int(Path("/proc/stat").read_text().split(maxsplit=9)[8]) / os.sysconf("SC_CLK_TCK")


def raise_limits() -> int:
    """Allows this process, and those it starts, as many descriptors as the system lets it; returns how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
