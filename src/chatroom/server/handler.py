"""A client's thread: reads what the client sends until it leaves, and submits it to the event log as commands.

It detects the protocol, runs the TLS handshake, and has the client pay for its lines (`payments.Payments`). It writes
nothing but that handshake: all that the client is told is sent by the courier.
"""

import errno
import logging
import ssl
import time
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from socketserver import StreamRequestHandler
from typing import TYPE_CHECKING, Any, Protocol

from chatroom.common import logs
from chatroom.common.addresses import limit_key
from chatroom.common.irc_message import LINE_BYTES
from chatroom.common.language import mark
from chatroom.core import connections
from chatroom.core.event_log import BARRIER_WAIT_SECONDS, EventLog
from chatroom.model.commands import Quit
from chatroom.model.outcomes import Command, Labelled
from chatroom.model.replies import Raw, Reply
from chatroom.model.server_info import ServerInfo
from chatroom.net.connection import Connection
from chatroom.net.courier import Courier
from chatroom.net.outbox import loss_reason
from chatroom.net.sockets import READ_BYTES, error_line, is_readable
from chatroom.net.tls import Tls
from chatroom.protocols.base import Dialect
from chatroom.protocols.detect import Spoken, detect
from chatroom.protocols.irc.dialect import IrcDialect
from chatroom.protocols.plain import PlainDialect
from chatroom.protocols.proxy_header import HeaderError, Origin, header_bytes, origin, webirc_origin
from chatroom.protocols.reasons import told
from chatroom.protocols.telnet import IAC, Telnet
from chatroom.server.connection_limits import ConnectionLimiter
from chatroom.server.payments import Payments
from chatroom.server.timeouts import TimeoutMonitor
from chatroom.web.site import Site

if TYPE_CHECKING:
    from chatroom.web.websocket import WebSocket

READ_FIRST_BYTES = 2048  # bytes asked of a newcomer: what is unread when it is refused would take the answer from it
READ_IDLE_BYTES = 448  # bytes asked for later, where little comes: each idle client waits with a buffer of that size
LINGER_SECONDS = 1.0  # seconds for a client to read why it is closed; unread bytes of its own would take that from it
SILENCE_SECONDS = 0.3  # seconds of silence, after which a newcomer is taken for a person with netcat
PROXY_HEADER_SECONDS = 10  # seconds in all for a PROXY header, which a proxy sends at once

log = logging.getLogger(__name__)

_WANTS_TLS = mark("This server wants TLS: in place of nc, use openssl s_client -quiet -connect; with others, add --tls")
_NOT_TRUSTED = {  # what is told, and logged, of a proxy or a gateway that isn't trusted, or a client that plays one
    Spoken.PROXY: (
        error_line("This server takes no PROXY header from your address: turn it off in the proxy, or trust it here"),
        "a PROXY header",
    ),
    Spoken.WEBIRC: (error_line("This server takes no WEBIRC from your address"), "a WEBIRC"),
}
_NOT_HTTP = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\nThis is a chat server.\n"
_DISCONNECTED = {  # errors of a client that is gone, or out of reach
    *(errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE, errno.ETIMEDOUT, errno.ENOTCONN, errno.EBADF),
    *(errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETUNREACH, errno.ENETDOWN, errno.ENETRESET),
}


class Server(Protocol):
    """What a client's thread needs of the `ChatServer`."""

    connections: dict[Any, Connection]  # by socket; each is there before its thread starts
    event_log: EventLog
    limiter: ConnectionLimiter
    courier: Courier
    timeouts: TimeoutMonitor
    info: ServerInfo
    unlimited: bool
    tls: ssl.SSLContext | None
    tls_only: bool
    webirc_password: str
    site: Site | None  # None if browsers get no page

    def admit_from_proxy(self, connection: Connection, client: Origin) -> None: ...

    def count_refusal(self, reason: str) -> None: ...


class ChatHandler(StreamRequestHandler):
    """Reads one client until it leaves."""

    rbufsize = 0  # the dialect keeps what is not a line yet; a second buffer would cost each idle client 8 KiB

    def setup(self) -> None:
        super().setup()
        self.chat_server: Server = self.server  # type: ignore[assignment]  # socketserver knows it as any server
        self.client = self.chat_server.connections[self.request]
        self.session, self.outbox = self.client.session, self.client.outbox
        self.who = f"{self.client_address[0]} port {self.client_address[1]}"
        self.arrived = False  # whether the log has it that somebody is here
        self.log_level = logging.INFO  # of the lines that say that somebody comes and goes
        self.tls: Tls | None = None
        self.unread = b""  # what came along with a proxy's header
        self.read_size = READ_FIRST_BYTES
        self.telnet = Telnet()
        self.websocket: WebSocket | None = None
        self.payments = Payments(self.client, self.chat_server.limiter)
        # What was logged last of the client:
        self.name = ""  # its nickname, also after it has quit
        self.tries = 0  # its wrong passwords
        self.is_operator = False

    def handle(self) -> None:
        if self.client.refusal:
            self._explain_refusal()
        else:
            self._serve()

    # ---- clients that a proxy passes on -----------------------------------------------------------------------------

    def _read_proxy_header(self) -> None:
        """Reads what a trusted proxy must begin with; what comes behind it is read next. Raises `HeaderError`.

        A request of HTTP, which names its client itself, may come instead. Where gateways have a password, so may TLS
        or a WEBIRC.
        """
        others = {Spoken.HTTP} if self.chat_server.site else set()
        if self.chat_server.webirc_password:
            others |= {Spoken.TLS, Spoken.WEBIRC}
        deadline = time.monotonic() + PROXY_HEADER_SECONDS
        data, size = b"", 0
        while not size:
            if not self._is_readable(max(0.0, deadline - time.monotonic())):
                raise HeaderError(f"no PROXY header came within {PROXY_HEADER_SECONDS} seconds")
            part = self._read()
            if not part:
                raise HeaderError("it left without a PROXY header" if not data else "its PROXY header ends too early")
            data += part
            spoken = detect(data)
            if spoken in others:
                self.unread = data
                return
            if spoken is not Spoken.UNKNOWN:
                size = header_bytes(data)
        self.unread = data[size:]
        self._introduce(origin(data[:size]))

    def _read_webirc(self, data: bytes) -> bytes:
        """Reads a gateway's WEBIRC, which `data` must begin with; returns what came behind it. Raises `HeaderError`."""
        if detect(data) is not Spoken.WEBIRC:
            raise HeaderError("it began without a PROXY header and without a WEBIRC")
        while b"\n" not in data and len(data) <= LINE_BYTES:
            part = self._read()
            if not part:
                raise HeaderError("it left without a WEBIRC")
            data += part
        line, _, rest = data.partition(b"\n")
        self._introduce(webirc_origin(line, self.chat_server.webirc_password))
        return rest

    def _introduce(self, client: Origin) -> None:
        """From now on the connection counts as the client's. If it may not come in, `refusal` says why."""
        self.chat_server.admit_from_proxy(self.client, client)
        self.who = f"{client.address} by way of {self.client_address[0]} port {self.client_address[1]}"

    def _log_arrival(self) -> None:
        """Logs that somebody is here, once it is known whether a browser only asks for files."""
        if not (self.arrived or self.client.refusal) and self.client.is_introduced:
            self.arrived = True
            logs.brief(log, f"{self.who} connected", self.log_level)

    def _refuse_proxy(self, why: HeaderError) -> None:
        """Closes a proxy's connection of which nothing is known. Nothing that came through it is taken for a name."""
        log.info("%s refused: %s", self.who, why, extra=logs.alike(f"proxy refused: {why}"))
        self._submit([Raw(error_line(f"You are a trusted proxy, and {why}"))])
        self.outbox.give_reason("a trusted proxy that names no client")

    def _explain_refusal(self) -> None:
        """Tells a client that may not stay why, in its protocol. The refusal is in the log already."""
        try:
            self._detect()
        except (OSError, HeaderError):  # `ssl.SSLError` included
            return  # there is nobody to be told
        self._say_refusal()

    def _say_refusal(self) -> None:
        if self.client.give_up_place is None and isinstance(self.session.dialect, PlainDialect):
            # The client was refused before its protocol was found out.
            self._submit([Raw(error_line(told(self.client.refusal, self.session.language)))])
        elif not self.outbox.close_reason:
            self._submit([Quit(self.client.refusal)])

    def _serve(self) -> None:
        try:
            if not self.client.is_introduced:
                self._read_proxy_header()
            first = self._detect()
            self._log_arrival()
            if self.client.refusal:
                self._say_refusal()
            elif first:
                self._read_until_end(first)
        except HeaderError as error:
            self._refuse_proxy(error)
        except ssl.SSLError as error:
            log.info("%s: no TLS (%s)", self.who, error.reason)
            self.outbox.give_reason("no TLS")
        except OSError as error:
            if error.errno not in _DISCONNECTED:
                raise
            self.outbox.give_reason(loss_reason(error))
        finally:
            said = self.session.goodbye or "said goodbye"
            closed = self.outbox.close_reason
            reason = closed or (said if self.session.closing else "connection closed")
            if closed:
                self.chat_server.count_refusal(closed)
            self._submit([Quit(reason, ask=False)])
            self._log_arrival()
            name = f" {self.name}" if self.name else ""
            logs.brief(log, f"{self.who}{name} disconnected ({reason})", self.log_level)

    # ---- the first bytes --------------------------------------------------------------------------------------------

    def _detect(self) -> bytes:
        """Detects the client's protocol; returns what was read so far, or b"" if there is nothing more to do."""
        client = self.client
        first = b""
        prompted = False
        if client.is_introduced and not self._may_be_plain():
            self._start_handshake_deadline()
        while True:
            if client.refusal and client.give_up_place is None:
                return b""
            may_prompt = client.is_introduced and self._may_be_plain() and not prompted
            if may_prompt and not self._is_readable(SILENCE_SECONDS):
                if client.refusal:
                    return b""
                self._log_arrival()
                self._prompt()
                prompted = True
            data = self._read()
            first += data
            spoken = detect(first) if data else Spoken.PLAIN
            if spoken is Spoken.HTTP and self.chat_server.site:
                return self._meet_browser(first, self.chat_server.site)
            if not client.is_introduced and spoken not in (Spoken.TLS, Spoken.UNKNOWN):
                first = self._read_webirc(first)
                spoken = detect(first)
            if spoken is Spoken.TLS and self.chat_server.tls and not self.tls:
                self._start_tls(self.chat_server.tls, first)
                first = b""
                continue
            if spoken is not Spoken.UNKNOWN:
                break
        if first and spoken is not Spoken.TLS and not self._may_be_plain():
            self._submit([Raw(error_line(self.session.language.tr(_WANTS_TLS)))])
            self.outbox.give_reason("no TLS")
            return b""
        if spoken is Spoken.PLAIN and first:
            if not (prompted or self.client.refusal):
                self._prompt()
        elif spoken is Spoken.IRC:
            self._speak(IrcDialect(self.session, self.chat_server.info))
        elif spoken is Spoken.TLS and not self.tls:
            self.outbox.give_reason("TLS, which is off here")
        elif spoken is Spoken.HTTP:
            self._submit([Raw(_NOT_HTTP)])
            self.outbox.give_reason("HTTP")
        elif spoken in _NOT_TRUSTED:
            line, reason = _NOT_TRUSTED[spoken]
            self._submit([Raw(line)])
            self.outbox.give_reason(reason)
        return first if spoken in (Spoken.PLAIN, Spoken.IRC) else b""

    def _speak(self, dialect: Dialect) -> None:
        """Speaks this dialect with the client from now on."""
        with self.chat_server.event_log.lock:
            self.session.dialect = dialect
            connections.read_as(self.session, dialect.format)

    def _meet_browser(self, first: bytes, site: Site) -> bytes:
        """Answers a browser's requests; returns what it sent after opening a WebSocket, b"" if there is nothing."""
        from chatroom.server.browser import Browser, Means

        means = Means(
            self._read,
            self._is_readable,
            self._may_go_on,
            self._submit,
            self._speak,
            self._introduce,
            self._may_be_plain,
        )
        browser = Browser(self.client, self.chat_server.info, means, site)
        self.log_level = logging.DEBUG  # a page is several requests, and a monitor asks for /healthz all day
        rest = browser.converse(first)
        self.websocket = browser.websocket
        if not self.websocket:
            if browser.is_unread:
                self._linger()
            return b""
        self.log_level = logging.INFO
        self._log_arrival()
        return rest or (b"" if self.client.refusal else self._read())

    def _start_tls(self, context: ssl.SSLContext, first: bytes) -> None:
        """Runs the handshake; raises `ssl.SSLError` if it fails."""
        tls = Tls(self.request, context, partial(self.chat_server.courier.flush_tls, self.session))
        self.outbox.start_tls(tls)
        with self.chat_server.event_log.lock:
            self.session.secure = True
        self._start_handshake_deadline()
        tls.handshake(first)
        self.client.handshake_at = 0.0
        self.tls = tls

    def _start_handshake_deadline(self) -> None:
        self.client.handshake_at = time.monotonic()
        self.chat_server.timeouts.add(self.client)

    def _may_be_plain(self) -> bool:
        """Whether the client may talk as it does now: encrypted, or from this machine, or without TLS."""
        return not self.chat_server.tls_only or self.session.confidential

    def _prompt(self) -> None:
        dialect = self.session.dialect
        assert isinstance(dialect, PlainDialect)  # every connection begins with it
        self._submit([Raw(dialect.prompt())])

    # ---- lines ------------------------------------------------------------------------------------------------------

    def _read_until_end(self, data: bytes) -> None:
        while data and not self.outbox.close_reason:
            if self.websocket:
                self._receive_frames(data, self.websocket)
            else:
                self._receive(data)
            self._log_changes()
            if self.session.closing:
                return
            if self.websocket and self.websocket.is_over:
                break
            self.chat_server.courier.wait_for_backlog()
            if not self.name and len(data) >= READ_FIRST_BYTES:
                self._wait_for_answers()
            data = self._read()
        if not self.outbox.close_reason:  # or half a line would become a whole one
            self._submit(self.session.dialect.end())

    def _log_changes(self) -> None:
        """Logs a new nickname, wrong passwords, and that the client has become an operator."""
        session, user = self.session, self.session.user
        if session.nick not in ("", self.name):
            self.name = session.nick
            logs.brief(log, f"{self.who} is {self.name}")
        if session.tries > self.tries:
            self.tries = session.tries
            alike = logs.alike(f"wrong password from {limit_key(self.client.address)}")
            log.warning("%s%s gave a wrong password", self.who, f" {self.name}" if self.name else "", extra=alike)
        if user and user.is_operator > self.is_operator:
            log.info("%s %s is an operator of the server", self.who, self.name)
        self.is_operator = bool(user and user.is_operator)

    def _wait_for_answers(self) -> None:
        """Waits until the answers are sent. Without a name, answers cost the server more than the client's lines."""
        barrier = self.chat_server.courier.barrier()
        self.chat_server.courier.flush()
        barrier.wait(BARRIER_WAIT_SECONDS)

    def _receive(self, data: bytes) -> None:
        """Submits the commands in these bytes."""
        if IAC in data or self.telnet.is_open:
            data = self._strip_telnet(data)
        self._receive_lines(data)

    def _receive_frames(self, data: bytes, websocket: "WebSocket") -> None:
        """Submits the commands in these frames. A frame without a line costs as much as a line."""
        from chatroom.web.websocket import Framed

        received = websocket.receive(data)
        for _ in range(received.other_frames):
            if not self._may_go_on():
                return
        if received.answer and not websocket.is_over:
            self._submit([Framed(received.answer)])
        if received.lines:
            self._receive_lines(received.lines)
        if websocket.is_over and not self.session.closing:
            self._submit([Framed(received.answer)])  # a close, behind which nothing may be sent
            if websocket.is_broken:
                self._linger()
                self.outbox.give_reason("not WebSocket")

    def _receive_lines(self, data: bytes) -> None:
        """Submits the commands in these lines, one by one no faster than the flood limit allows."""
        if self.chat_server.unlimited and b"\n" in data:
            self._submit(self.session.dialect.receive(data))
            return
        *lines, rest = data.split(b"\n")
        for line in lines:
            if not (self.payments.pay_for(line, is_newcomer=not self.name) and self._obey(line)):
                return
        # A part of a line makes no command, and needs no lock: thousands may send byte by byte.
        commands = list(self.session.dialect.receive(rest))
        assert not commands

    def _obey(self, line: bytes) -> bool:
        """Submits the commands of a line, for the first of which is paid; False if the client ends meanwhile."""
        is_paid = True
        for command in self.session.dialect.receive(line + b"\n"):
            if isinstance(command, Labelled):
                self._submit([replace(command, commands=self.payments.charged(line, command.commands))])
            elif isinstance(command, Reply) or is_paid or self.payments.pay_for_another(line, command):
                is_paid = is_paid and isinstance(command, Reply)
                if not self.payments.pay_for_more(command):
                    return False
                self._submit([command])
            else:
                return False
            if self.session.closing:
                return False
        self.payments.charge_lookups()
        return True

    def _strip_telnet(self, data: bytes) -> bytes:
        """Takes out telnet commands, and answers them; they cost as much as a line."""
        text, answer = self.telnet.receive(data)
        may_go_on = len(text) == len(data) or self._may_go_on()
        if answer and may_go_on:
            self._submit([Raw(answer)])
        return text

    def _may_go_on(self) -> bool:
        """Waits for a turn, where there is a flood limit; False if the connection has ended meanwhile."""
        return self.chat_server.unlimited or self.payments.wait_for_turn()

    def _submit(self, commands: Iterable[Command]) -> None:
        self.chat_server.event_log.submit(self.session, commands)

    # ---- reading ----------------------------------------------------------------------------------------------------

    def _read(self) -> bytes:
        """What one `recv` brings, b"" at the end of the stream."""
        if self.unread:
            data, self.unread = self.unread, b""
            return data
        if self.session.paced:
            self._end_pacing()
        data = self.tls.read() if self.tls else self.request.recv(self.read_size)
        if self.name:
            self.read_size = READ_BYTES if len(data) >= READ_IDLE_BYTES else READ_IDLE_BYTES
        self.client.last_received = time.monotonic()
        self.chat_server.timeouts.busy.add(self.client)
        return data

    def _end_pacing(self) -> None:
        """Makes the client subject to PING again. Its machine's last acknowledgement counts as its last bytes."""
        client = self.client
        client.last_received = max(client.last_received, time.monotonic() - client.unacknowledged_seconds())
        self.session.paced = False
        self.chat_server.timeouts.add(client)

    def _linger(self) -> None:
        """Reads and drops what the client sends until it has left, for `LINGER_SECONDS` at most."""
        end = time.monotonic() + LINGER_SECONDS
        while (left := end - time.monotonic()) > 0 and self._is_readable(left) and self._read():
            pass

    def _is_readable(self, timeout: float) -> bool:
        """Whether bytes come within `timeout` seconds. By `poll`: a timeout of the socket would be one for all."""
        if self.unread or (self.tls and self.tls.has_unread()):
            return True
        return is_readable(self.request, timeout)
