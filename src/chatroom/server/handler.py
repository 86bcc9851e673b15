"""A client's thread: reads what the client sends until it leaves, and hands it to the log as commands.

It finds out what the client speaks, agrees on encryption with it, and holds it to the pace of
`FLOOD_LINES_PER_SECOND`. It writes nothing: what the client is told comes from the courier.
"""

import errno
import logging
import re
import select
import socket
import ssl
import time
from collections.abc import Iterable
from functools import partial
from socketserver import StreamRequestHandler
from typing import Any, Protocol

from chatroom.common import logs
from chatroom.common.addresses import counted
from chatroom.core.event_log import BARRIER_WAIT_SECONDS, EventLog
from chatroom.model.commands import Quit, SetFormat
from chatroom.model.outcomes import Command
from chatroom.model.replies import Raw
from chatroom.model.server_info import ServerInfo
from chatroom.net.connection import Connection, loss_reason
from chatroom.net.courier import Courier
from chatroom.net.sockets import READ_BYTES
from chatroom.net.tls import Tls
from chatroom.protocols.detect import Spoken, detect
from chatroom.protocols.irc.dialect import IrcDialect
from chatroom.protocols.plain import PlainDialect
from chatroom.protocols.telnet import IAC, Telnet
from chatroom.server.connection_limits import is_loopback
from chatroom.server.timeouts import TimeoutMonitor

FLOOD_BURST_LINES = 10  # lines at once; a client that comes in sends about that many
FLOOD_LINES_PER_SECOND = 4.0  # lines a second after that: nobody types faster, and nobody reads faster
FREE_LINES = 64  # CAP and AUTHENTICATE before registration that cost nothing of that: all capabilities, one by one
FREE_LINE_BYTES = 512  # in one of them; a longer one is as costly as any other
# bytes asked for where little comes: a client that only listens waits with that much allocated
READ_FIRST_BYTES = 2048
SILENCE_SECONDS = 0.3  # seconds of it, after which a newcomer is taken for a person with netcat

log = logging.getLogger(__name__)

_WANTS_TLS = b"ERROR :This server wants TLS\r\n"
_NOT_HTTP = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\nThis is a chat server.\n"
_SETTLING = re.compile(rb"(?:CAP|AUTHENTICATE) ", re.IGNORECASE)  # what IRC clients say before they come in
_GONE = {  # the client, or the way to it, without a goodbye
    *(errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE, errno.ETIMEDOUT, errno.ENOTCONN, errno.EBADF),
    *(errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETUNREACH, errno.ENETDOWN, errno.ENETRESET),
}


class Host(Protocol):
    """What a client's thread needs of the server: `server.ChatServer`."""

    connections: dict[Any, Connection]  # by socket; each is there before its thread is
    log: EventLog
    courier: Courier
    watch: TimeoutMonitor
    info: ServerInfo
    unlimited: bool
    tls: ssl.SSLContext | None
    tls_only: bool

    def count_refusal(self, reason: str) -> None: ...


class ChatHandler(StreamRequestHandler):
    """Reads one client until it leaves."""

    disable_nagle_algorithm = True
    rbufsize = 0  # `receive` keeps what is not a line yet; a second buffer would cost each idle client 8 KiB

    def setup(self) -> None:
        super().setup()
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)  # telnet sends some of its commands so
        self.host: Host = self.server  # type: ignore[assignment]  # socketserver knows it as any server
        self.client = self.host.connections[self.request]
        self.who = f"{self.client_address[0]} port {self.client_address[1]}"
        self.tls: Tls | None = None
        self.size = READ_FIRST_BYTES  # bytes to ask for; more where there was more
        self.telnet = Telnet()
        self.free = FREE_LINES  # that still cost nothing
        self.ready = 0.0  # when the flood bucket is full again, in monotonic seconds
        self.name = ""  # the client's last one: who has quit has none any more
        self.tries = 0  # wrong passwords of which the log was told
        self.operator = False  # as it was told

    def handle(self) -> None:
        if self.client.refusal:
            self._turn_away()
        else:
            self._serve()

    def _turn_away(self) -> None:
        """Tells who may not stay why; the log knows of it already."""
        try:
            self._meet()
        except OSError:  # those of TLS included
            return  # there is nobody to be told
        if not self.client.close_reason:
            self._submit([Quit(self.client.refusal)])

    def _serve(self) -> None:
        log.info("%s connected", self.who)
        try:
            first = self._meet()
            if first:
                self._converse(first)
        except ssl.SSLError as error:
            log.info("%s: no TLS (%s)", self.who, error.reason)
            self.client.close_reason = self.client.close_reason or "no TLS"
        except OSError as error:
            if error.errno not in _GONE:
                raise
            self.client.close_reason = self.client.close_reason or loss_reason(error)
        finally:
            said = self.client.goodbye or "said goodbye"
            reason = self.client.close_reason or (said if self.client.closing else "connection closed")
            if self.client.close_reason:
                self.host.count_refusal(self.client.close_reason)
            self._submit([Quit(reason, ask=False)])
            log.info("%s%s disconnected (%s)", self.who, f" {self.name}" if self.name else "", reason)

    def _meet(self) -> bytes:
        """Finds out what the client speaks; returns what was read so far, b"" if there is nothing more to do."""
        first = b""
        prompted = False
        if not self._may_be_plain():
            self._begin_to_agree()  # on TLS: there is nothing else to begin with
        while True:
            if not prompted and self._may_be_plain() and not self._readable(SILENCE_SECONDS):
                if self.client.refusal:
                    return b""
                self._prompt()
                prompted = True
            data = self._read()
            first += data
            spoken = detect(first) if data else Spoken.PLAIN
            if spoken is Spoken.TLS and self.host.tls and not self.tls:
                self._encrypt(self.host.tls, first)
                first = b""
                continue
            if spoken is not Spoken.UNKNOWN:
                break
        if first and spoken is not Spoken.TLS and not self._may_be_plain():
            self._submit([Raw(_WANTS_TLS)])
            self.client.close_reason = "no TLS"
            return b""
        if spoken is Spoken.PLAIN and first:
            if not (prompted or self.client.refusal):
                self._prompt()
        elif spoken is Spoken.IRC:
            self.client.dialect = IrcDialect(self.client, self.host.info)
            self._submit([SetFormat(self.client.dialect.format, echo=False)])
        elif spoken is Spoken.TLS and not self.tls:
            self.client.close_reason = "TLS, which is off here"
        elif spoken is Spoken.HTTP:
            self._submit([Raw(_NOT_HTTP)])
            self.client.close_reason = "HTTP"
        return first if spoken in (Spoken.PLAIN, Spoken.IRC) else b""

    def _encrypt(self, context: ssl.SSLContext, first: bytes) -> None:
        """Raises `ssl.SSLError` if the client and the server can't agree."""
        tls = Tls(self.request, context, partial(self.host.courier.flush_tls, self.client))
        self.client.start_tls(tls)
        self._begin_to_agree()
        tls.handshake(first)
        self.client.handshake_at = 0.0
        self.tls = tls

    def _begin_to_agree(self) -> None:
        self.client.handshake_at = time.monotonic()
        self.host.watch.add(self.client)  # it has a new deadline

    def _may_be_plain(self) -> bool:
        """Whether the client may talk as it does: encrypted, or from this machine, or where nobody minds."""
        return bool(self.tls) or not self.host.tls_only or is_loopback(self.client.address)

    def _prompt(self) -> None:
        dialect = self.client.dialect
        assert isinstance(dialect, PlainDialect)  # as every connection begins
        self._submit([Raw(dialect.prompt())])

    def _converse(self, data: bytes) -> None:
        while data and not self.client.close_reason:
            self._receive(data)
            self._note()
            if self.client.closing:
                return
            self.host.courier.wait_for_backlog()
            if not self.name and len(data) >= READ_FIRST_BYTES:
                self._let_go_out()
            data = self._read()
        if not self.client.close_reason:  # or half a line would become a whole one
            self._submit(self.client.dialect.end())

    def _note(self) -> None:
        """Tells the log what has become of the client."""
        client, user = self.client, self.client.user
        if client.nick not in ("", self.name):
            self.name = client.nick
            log.info("%s is %s", self.who, self.name)
        if client.tries > self.tries:
            self.tries = client.tries
            alike = logs.alike(f"wrong password from {counted(self.client.address)}")
            log.warning("%s%s gave a wrong password", self.who, f" {self.name}" if self.name else "", extra=alike)
        if user and user.is_operator > self.operator:
            log.info("%s %s is an operator of the server", self.who, self.name)
        self.operator = bool(user and user.is_operator)

    def _let_go_out(self) -> None:
        """Who says much without a name is answered before it is listened to again: answers cost more than questions."""
        fence = self.host.courier.barrier()
        self.host.courier.flush()
        fence.wait(BARRIER_WAIT_SECONDS)

    def _receive(self, data: bytes) -> None:
        """Hands bytes to the log, line by line no faster than a client may talk."""
        if IAC in data or self.telnet.is_open:
            data = self._without_options(data)
        if b"\n" not in data:
            self._keep(data)
            return
        if self.host.unlimited:
            self._submit(self.client.dialect.receive(data))
            return
        *lines, rest = data.split(b"\n")
        for line in lines:
            if not (self._is_free(line) or self._wait_for_turn()):
                return
            self._submit(self.client.dialect.receive(line + b"\n"))
            if self.client.closing:
                return
        self._keep(rest)

    def _keep(self, data: bytes) -> None:
        """Part of a line is the dialect's alone: thousands that drip bytes must not queue for the log's lock."""
        commands = list(self.client.dialect.receive(data))
        if commands:
            self._submit(commands)

    def _without_options(self, data: bytes) -> bytes:
        """What a telnet client sends beside text is taken out and answered, at the pace of lines."""
        text, answer = self.telnet.receive(data)
        may_go_on = self.host.unlimited or len(text) == len(data) or self._wait_for_turn()
        if answer and may_go_on:
            self._submit([Raw(answer)])
        return text

    def _is_free(self, line: bytes) -> bool:
        """Whether a line costs nothing: who asks for one capability after the other must not wait for each."""
        if self.name or not self.free or len(line) > FREE_LINE_BYTES or not _SETTLING.match(line):
            return False
        self.free -= 1
        return True

    def _wait_for_turn(self) -> bool:
        """A bucket of `FLOOD_BURST_LINES` lines that fills by `FLOOD_LINES_PER_SECOND` a second; the client's own
        thread waits for it.

        False if the connection was cut or reset meanwhile: nobody stays for the sake of lines that wait.
        """
        now = time.monotonic()
        self.ready = max(self.ready, now - FLOOD_BURST_LINES / FLOOD_LINES_PER_SECOND) + 1 / FLOOD_LINES_PER_SECOND
        if self.ready > now:
            poll = select.poll()
            poll.register(self.request, 0)  # which still reports POLLHUP and POLLERR: both directions are closed
            if poll.poll((self.ready - now) * 1000):
                return False
            self.client.paced = True  # that nobody listens is not its silence
        return True

    def _submit(self, commands: Iterable[Command]) -> None:
        self.host.log.submit(self.client, commands)

    def _read(self) -> bytes:
        """What one `recv` brings, b"" at the end."""
        if self.client.paced:
            self._catch_up()
        data = self.tls.read() if self.tls else self.request.recv(self.size)
        self.size = READ_BYTES if self.name and len(data) >= READ_FIRST_BYTES else READ_FIRST_BYTES
        self._hear()
        return data

    def _catch_up(self) -> None:
        """Nothing waits for its turn any more, so it can be asked for signs of life; its machine gave the last one."""
        client = self.client
        client.last_received = max(client.last_received, time.monotonic() - client.unacknowledged_seconds())
        client.paced = False
        self.host.watch.add(client)

    def _hear(self) -> None:
        """It has given a sign of life."""
        self.client.last_received = time.monotonic()
        self.host.watch.busy.add(self.client)

    def _readable(self, timeout: float) -> bool:
        """Whether something comes within `timeout` seconds. `poll`: a timeout on the socket would be one for all."""
        if self.tls and self.tls.has_unread():
            return True
        poll = select.poll()
        poll.register(self.request, select.POLLIN)
        return bool(poll.poll(timeout * 1000))
