"""One connection to a server, kept alive in a thread of its own.

Laws:

- The thread only puts events on a `SimpleQueue`; whoever drains it runs the session. Nothing here knows what a line
  means, except PING, which is answered at once so that a busy screen never costs the connection.
- It tries again for ever, 1, 2, 4 … 30 s after each failure, until `close` or `halt`. Only `settled` (the server let us
  in) sets the wait back.
- Each connection has a number, and what is sent carries it: a line meant for a dead connection never reaches the next.
- A certificate that no authority vouches for is never used without a fingerprint that the user trusted before. Nothing
  is sent to such a server: the thread reports `Untrusted` and ends.
"""

import hashlib
import selectors
import socket
import ssl
import threading
import time
from collections import deque
from dataclasses import dataclass
from enum import Enum
from queue import SimpleQueue

from chatroom.client.address_race import race
from chatroom.client.backoff import Backoff
from chatroom.common.irc_message import Message, parse, render
from chatroom.common.language import mark, tr

CONNECT_SECONDS = 10.0  # for the name, the connection and the handshake together
QUIET_SECONDS = 60.0  # without a line from the server: we send a PING
UNANSWERED_SECONDS = 10.0  # likewise, after we sent something: the server answers nearly all that a client sends
ANSWER_SECONDS = 30.0  # without an answer to it: the connection is lost
LINE_LIMIT_BYTES = 65_536  # a server that sends a longer line is not one for us
_READ_BYTES = 65_536
_PONGS_MAX = 100  # answers to PINGs that wait to be sent; the oldest are dropped, a server that reads none needs none
_PONGS_BEHIND_BYTES = 65_536  # unsent; while there is more, answers to PINGs wait
_UNSENT_BYTES_MAX = 16 << 20  # more than anybody writes; a server that takes none of it has us asking it for ever
_OTHER_NAME = (62, 64)  # OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH
_READS_AT_ONCE = 16  # then it is the turn of what has to be sent
_LINES_AT_ONCE = 100  # lines an event, so that a screen can stop between two
_EVENTS_AHEAD = 1_000  # not handled yet: reading waits while there are more, so that memory is bounded


class Security(Enum):
    NONE = mark("Not encrypted")
    UNVERIFIED = mark("Encrypted, NOT verified")
    VERIFIED = mark("Encrypted, verified")


@dataclass(frozen=True, slots=True)
class Target:
    """`fingerprint` (SHA-256, hex) is what was trusted for this server before; `once` trusts it without remembering."""

    host: str
    port: int
    tls: bool = False
    fingerprint: str = ""
    once: bool = False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Connecting:
    pass


@dataclass(frozen=True, slots=True)
class Connected:
    number: int
    security: Security


@dataclass(frozen=True, slots=True)
class Received:
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection ended, or none came about; the next try is in `delay` seconds. `error` is for people."""

    error: str
    delay: float
    was_connected: bool


@dataclass(frozen=True, slots=True)
class Untrusted:
    """No authority vouches for the certificate with this fingerprint, or only for another name (`other_name`).

    `trusted` is the one trusted before, or "".
    """

    fingerprint: str
    trusted: str
    other_name: bool = False


ConnectionEvent = Connecting | Connected | Received | Lost | Untrusted


class _OverError(Exception):
    """The connection is over; the text says why."""


class _UntrustedError(Exception):
    def __init__(self, fingerprint: str, other_name: bool) -> None:
        super().__init__(fingerprint)
        self.other_name = other_name


class ServerConnection(threading.Thread):
    """Start it, drain `events`, `send` lines; `close` says goodbye and ends it."""

    def __init__(self, target: Target, events: "SimpleQueue[ConnectionEvent]", backoff: Backoff | None = None) -> None:
        super().__init__(name=f"connection to {target}", daemon=True)
        self.target = target
        self.events = events
        self._backoff = backoff or Backoff()
        self._outbox: deque[tuple[int, bytes]] = deque()
        self._pongs: deque[bytes] = deque(maxlen=_PONGS_MAX)
        self._number = 0
        self._dropped = (0, "")  # a connection that is to end, and why
        self._closing = threading.Event()
        self._nudge = threading.Event()  # ends a wait between two tries
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)

    # --- for the thread that owns the connection ----------------------------------------------------------------------

    def send(self, number: int, line: str) -> None:
        """Sends a line over the connection with that number, if it is still the one."""
        self._outbox.append((number, line.encode("utf-8", "replace") + b"\r\n"))
        self._wake()

    def drop(self, number: int, reason: str) -> None:
        """Ends the connection with that number, and tries again later; `reason` is told as the error."""
        self._dropped = (number, reason)
        self._wake()

    def settled(self) -> None:
        """The server let us in: the wait after the next failure is short again."""
        self._backoff.reset()

    def retry_now(self) -> None:
        """Ends the wait for the next try; if that fails, the wait after it is short again."""
        self._backoff.reset()
        self._nudge.set()

    def close(self) -> None:
        """Sends what is left, for a second at most, and ends."""
        self._closing.set()
        self._nudge.set()
        self._wake()

    # --- the thread ---------------------------------------------------------------------------------------------------

    def run(self) -> None:
        with self._wake_in, self._wake_out:
            self._keep_connected()

    def _keep_connected(self) -> None:
        while not self._closing.is_set():
            self.events.put(Connecting())
            connected = False
            try:
                sock, security = self._connect()
                connected = True
                self._number += 1
                self.events.put(Connected(self._number, security))
                with sock:
                    self._talk(sock)
                return  # closed by us
            except _UntrustedError as error:
                self.events.put(Untrusted(str(error), self.target.fingerprint, error.other_name))
                return
            except (_OverError, OSError, UnicodeError) as error:
                text = explain(error, self.target)
            if self._closing.is_set():
                return
            delay = self._backoff.delay()
            self._nudge.clear()
            self.events.put(Lost(text, delay, connected))
            self._nudge.wait(delay)

    def _connect(self) -> tuple[socket.socket, Security]:
        deadline = time.monotonic() + CONNECT_SECONDS
        if not self.target.tls:
            sock = self._dial(deadline)
            sock.setblocking(False)
            return sock, Security.NONE
        try:
            encrypted = self._encrypted(ssl.create_default_context(), deadline)
            security = Security.VERIFIED
        except ssl.SSLCertVerificationError as error:
            encrypted = self._pinned(deadline, error.verify_code in _OTHER_NAME)
            security = Security.UNVERIFIED if self.target.once else Security.VERIFIED
        encrypted.setblocking(False)
        return encrypted, security

    def _dial(self, deadline: float) -> socket.socket:
        """Connects, and gives the socket what is left until `deadline` as its timeout."""
        host, port = self.target.host, self.target.port
        sock = race(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM), deadline, self._closing)
        sock.settimeout(max(deadline - time.monotonic(), 0.1))
        return sock

    def _encrypted(self, context: ssl.SSLContext, deadline: float) -> ssl.SSLSocket:
        """Connects with TLS. The context takes a while to make, and a server takes silence for a person without TLS."""
        return context.wrap_socket(self._dial(deadline), server_hostname=self.target.host)

    def _pinned(self, deadline: float, other_name: bool) -> ssl.SSLSocket:
        """Connects with TLS to a server whose certificate the user trusted before."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        encrypted = self._encrypted(context, deadline)
        certificate = encrypted.getpeercert(binary_form=True) or b""
        fingerprint = hashlib.sha256(certificate).hexdigest()
        if fingerprint != self.target.fingerprint:
            encrypted.close()
            raise _UntrustedError(fingerprint, other_name)
        return encrypted

    def _talk(self, sock: socket.socket) -> None:
        """Moves bytes both ways until we close the connection; raises when the other side ends it."""
        reader, unsent = _Lines(), bytearray()
        self._pongs.clear()
        heard = time.monotonic()
        sent = asked = 0.0  # when we sent something that may have an answer, and when a PING; 0.0 if not since `heard`
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_READ)
            selector.register(self._wake_out, selectors.EVENT_READ)
            while True:
                if self._closing.is_set():
                    self._last_words(sock, unsent)
                    return
                if self._dropped[0] == self._number:
                    raise _OverError(self._dropped[1])
                ask_at = min(heard + QUIET_SECONDS, sent + UNANSWERED_SECONDS if sent else heard + QUIET_SECONDS)
                until = asked + ANSWER_SECONDS if asked else ask_at
                selector.select(max(until - time.monotonic(), 0.0))
                self._drain_wake()
                now = time.monotonic()
                if self._read(sock, reader):
                    heard, sent, asked = now, 0.0, 0.0
                elif asked and now - asked >= ANSWER_SECONDS:
                    raise _OverError(tr("the server doesn't answer"))
                elif not asked and now >= ask_at:
                    asked = now
                    unsent += b"PING :are you there\r\n"
                if self._collect(unsent) and not sent:
                    sent = now
                self._write(sock, unsent)
                wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if unsent else 0)
                selector.modify(sock, wanted)

    def _read(self, sock: socket.socket, reader: "_Lines") -> bool:
        """Reads what came; false if nothing did. Reads more than once: TLS may hold more than the selector sees."""
        came = False
        for _ in range(_READS_AT_ONCE):
            try:
                data = sock.recv(_READ_BYTES)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return came
            if not data:
                self._pass_on(reader.rest())
                raise _OverError(tr("the server closed the connection"))
            came = True
            self._pass_on(reader.feed(data))
        return came

    def _pass_on(self, lines: list[str]) -> None:
        others = []
        for line in lines:
            if "PING" in line[:200] and (answer := _pong(line)):
                self._pongs.append(answer)
            else:
                others.append(line)
        while self.events.qsize() > _EVENTS_AHEAD and not self._closing.wait(0.02):
            pass
        for start in range(0, len(others), _LINES_AT_ONCE):
            self.events.put(Received(tuple(others[start : start + _LINES_AT_ONCE])))

    def _collect(self, unsent: bytearray) -> bool:
        """Takes what is to be sent; true if the user's side sends something."""
        while self._pongs and len(unsent) < _PONGS_BEHIND_BYTES:
            unsent += self._pongs.popleft()
        is_ours = False
        while self._outbox:
            number, data = self._outbox.popleft()
            if number == self._number:
                unsent += data
                is_ours = True
        if len(unsent) > _UNSENT_BYTES_MAX:
            raise _OverError(tr("the server doesn't read what it is sent"))
        return is_ours

    def _write(self, sock: socket.socket, unsent: bytearray) -> None:
        while unsent:
            try:
                sent = sock.send(unsent[:_READ_BYTES])
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            del unsent[:sent]

    def _last_words(self, sock: socket.socket, unsent: bytearray) -> None:
        self._collect(unsent)
        try:
            sock.settimeout(1)
            sock.sendall(unsent)
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def _wake(self) -> None:
        try:
            self._wake_in.send(b"x")
        except OSError:
            pass  # enough wakes are on their way, or the connection has ended

    def _drain_wake(self) -> None:
        try:
            self._wake_out.recv(4096)
        except BlockingIOError:
            pass


class _Lines:
    """Makes lines of bytes. A line that is not UTF-8 is read as Latin-1, as other IRC clients do."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LINE_LIMIT_BYTES:
            raise _OverError(tr("the server sent a line without an end; this is no chat server"))
        return [_decode(line) for line in lines if line.strip()]

    def rest(self) -> list[str]:
        return [_decode(self._rest)] if self._rest.strip() else []


def _decode(line: bytes) -> str:
    line = line.rstrip(b"\r")
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _pong(line: str) -> bytes:
    """The answer to a PING, or nothing."""
    try:
        message = parse(line)
    except ValueError:
        return b""
    if message.command != "PING":
        return b""
    return render(Message("PONG", message.params[-1:])).encode() + b"\r\n"


def explain(error: Exception, target: Target) -> str:
    """Says in a sentence what failed and what to do about it."""
    match error:
        case _OverError():
            text = str(error)
            return text[0].upper() + text[1:] + ("" if text.endswith("?") else ".")
        case socket.gaierror() | UnicodeError():
            return tr("There is no host called {server}. Check the spelling, or your network.", server=target.host)
        case ConnectionRefusedError():
            return tr(
                "Nobody is listening on {server}. Check the port, or ask whether the server is running.", server=target
            )
        case TimeoutError():
            return tr("{server} doesn't answer. Check the address, or whether a firewall is in the way.", server=target)
        case ssl.SSLError():
            return tr("{server} doesn't speak TLS. Connect without it, or check the port.", server=target)
        case ConnectionResetError() | BrokenPipeError():
            return tr("The server closed the connection.")
        case OSError():
            return tr("{server} can't be reached: {reason}.", server=target, reason=error.strerror or error)
        case _:
            return tr("The connection failed: {reason}.", reason=error)
