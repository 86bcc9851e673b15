"""A client's connection: its session, its socket, and its outbox."""

import errno
import socket
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from chatroom.model.audience import Format
from chatroom.model.departure_reasons import TIMED_OUT
from chatroom.model.entities import Session
from chatroom.protocols.base import Dialect

DONT_WAIT = int(socket.MSG_DONTWAIT)

_LAST_ACK = 56  # offset of tcpi_last_ack_recv, in milliseconds, in a struct tcp_info: linux/tcp.h
_OUT_OF_REACH = {errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETUNREACH, errno.ENETDOWN}

Chunk = bytes | memoryview


def loss_reason(error: OSError) -> str:
    """Why a connection ends by this error: its client is out of reach. "" if the client has closed it."""
    return TIMED_OUT if error.errno in _OUT_OF_REACH else ""


class Encryption(Protocol):
    """What a connection needs of its encryption: `tls.Tls`."""

    def encrypt(self, data: Chunk) -> bytes:
        """The encrypted bytes for these plain ones, and for what waits before them."""

    def close_notify(self) -> bytes:
        """The bytes that end an encrypted conversation."""


class Connection(Session):
    """A session with a socket. `send`, `socket_send`, the outbox and what tells of it belong to the courier's thread.

    `dialect` and `tls` are set by the connection's own thread, before anything is sent to it. Times are in monotonic
    seconds.
    """

    __slots__ = (
        *("address", "dialect", "give_up_place", "is_introduced", "refusal", "sock", "tls"),
        *("check_second", "connected_at", "handshake_at", "last_acked", "last_received", "ping_sent", "reader_done_at"),
        *("drained_at", "outbox", "outbox_bytes", "send", "socket_send"),
        *("close_reason", "close_requested", "shutdown_requested"),
    )

    def __init__(self, uid: str, host: str, format: Format, sock: socket.socket) -> None:  # noqa: A002
        super().__init__(uid, host, format)
        self.sock = sock
        self.address = host  # as `ConnectionLimiter` counts it
        self.is_introduced = True  # whether `address` is the client's, not that of a proxy that has yet to name it
        self.refusal = ""  # why it may not stay; "" if it may. Set before its thread starts, or by that
        self.give_up_place: Callable[[], None] | None = None  # what lets the limiter no longer count it, if it does
        self.dialect: Dialect
        self.connected_at = time.monotonic()
        self.handshake_at = 0.0  # when its TLS handshake began; 0 when that is over, or there is none
        self.last_received = self.connected_at  # when bytes last came; written by its own thread
        self.last_acked = self.connected_at  # when bytes were last acknowledged, as far as `TimeoutMonitor` has asked
        self.reader_done_at = 0.0  # when its thread was done with it; 0 before
        self.check_second = 0  # when `TimeoutMonitor` looks at it next; under its lock
        self.ping_sent = False  # whether `TimeoutMonitor` has sent a PING that is not answered yet
        self.tls: Encryption | None = None
        self.socket_send: Callable[[Chunk, int], int] = sock.send  # what `send` is while the outbox is empty
        self.send: Callable[[Chunk, int], int] = sock.send
        self.outbox: deque[Chunk] = deque()
        self.outbox_bytes = 0
        self.drained_at = 0.0  # when bytes were last taken from the outbox
        self.close_reason = ""  # why the server ended the connection by itself; "" if it did not
        self.shutdown_requested = False
        self.close_requested = False

    def start_tls(self, tls: Encryption) -> None:
        """From now on all is encrypted: `send` takes nothing, so the courier passes what is sent through `tls`.

        Called by the connection's own thread before anything is sent to it.
        """
        self.tls = tls
        self.secure = True
        self.socket_send = self.send = _take_nothing

    def postpone_deadlines(self, now: float, seconds: float) -> None:
        """Makes all its deadlines come so much later."""
        self.last_received = min(now, self.last_received + seconds)
        self.connected_at = min(now, self.connected_at + seconds)
        self.drained_at = min(now, self.drained_at + seconds)
        if self.handshake_at:
            self.handshake_at = min(now, self.handshake_at + seconds)
        if self.reader_done_at:
            self.reader_done_at = min(now, self.reader_done_at + seconds)

    def unacknowledged_seconds(self) -> float:
        """Seconds since the other side's TCP last acknowledged something; 0 where the platform doesn't tell.

        For any thread. It is asked because the kernel's own deadlines add up: a connection that keepalive has probed in
        vain, and that then is sent something, gets the whole time once more.
        """
        if sys.platform != "linux":
            return 0.0
        try:
            info = self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_ACK + 4)
        except OSError:
            return 0.0  # it has been closed meanwhile
        return int.from_bytes(info[_LAST_ACK:], sys.byteorder) / 1000

    @property
    def is_closed(self) -> bool:
        """Whether its socket is closed; for any thread."""
        return self.sock.fileno() == -1

    # ---- the courier's ----------------------------------------------------------------------------------------------

    def use_outbox(self) -> None:
        """The outbox holds something: what is sent now must wait behind that."""
        self.send = _take_nothing

    def use_socket(self) -> None:
        """The outbox is empty: what is sent now goes to the socket."""
        self.send = self.socket_send

    @property
    def is_shut_down(self) -> bool:
        """Whether it has ended: what is still sent to it is dropped."""
        return self.send is _drop_all

    def close(self) -> None:
        """Closes the socket."""
        self.send = _drop_all
        self.sock.close()

    def shut_down(self) -> None:
        """Ends the conversation; the reader sees the end of the stream. The socket stays open."""
        if self.tls and not self.is_shut_down:
            try:
                self.sock.send(self.tls.close_notify(), DONT_WAIT)
            except OSError:
                pass  # it takes nothing any more
        self.send = _drop_all
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the other side was faster


def _take_nothing(data: Chunk, flags: int) -> int:
    """The `send` of a connection whose bytes go through its outbox or its encryption."""
    return 0


def _drop_all(data: Chunk, flags: int) -> int:
    """The `send` of a connection that has ended."""
    return len(data)
