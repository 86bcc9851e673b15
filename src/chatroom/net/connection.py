"""A client's connection: its session, its socket, and what still waits to be written to it."""

import errno
import socket
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from chatroom.model.audience import Format
from chatroom.model.departure_reasons import TIMED_OUT
from chatroom.model.entities import Session
from chatroom.protocols.base import Dialect

DONT_WAIT = int(socket.MSG_DONTWAIT)
_LAST_ACK = 56  # where tcpi_last_ack_recv stands in a struct tcp_info, in milliseconds: linux/tcp.h


_LOST = {errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETUNREACH, errno.ENETDOWN}


def lost(error: OSError) -> str:
    """Why a connection ends by this error: its client is out of reach; "" if it has closed it."""
    return TIMED_OUT if error.errno in _LOST else ""


class Seal(Protocol):
    """A connection's encryption: `tls.Tls`."""

    def seal(self, data: bytes | memoryview) -> bytes:
        """The encrypted bytes for these plain ones, and for what waits before them."""

    def farewell(self) -> bytes:
        """The bytes that end an encrypted conversation."""


class Connection(Session):
    """A session with a socket. `send`, `open_send`, the outbox and how far it is belong to the courier's thread alone.

    `dialect` and `tls` are set by the connection's own thread, before anything is told to it.
    """

    __slots__ = (
        *("address", "agreeing", "alive", "born", "heard", "left", "pinged", "dialect", "sock"),
        *("behind", "cut", "hung_up", "moved", "open_send", "outbox", "refusal", "released"),
        *("send", "tls", "turn"),
    )

    def __init__(self, uid: str, host: str, format: Format, sock: socket.socket) -> None:  # noqa: A002
        super().__init__(uid, host, format)
        self.sock = sock
        self.address = host  # as the door counts it
        self.refusal = ""  # why it may not stay; "" if it may. Set before its thread is
        self.dialect: Dialect
        self.born = time.monotonic()
        self.agreeing = 0.0  # when its TLS handshake began, in monotonic seconds; 0 when it is over, or there is none
        self.heard = self.born  # when bytes last came; its own thread writes it
        self.alive = self.born  # when bytes were last acknowledged, as far as anybody asked; the watch's
        self.left = 0.0  # when its reader was done with it, in monotonic seconds; 0 before
        self.turn = 0  # in which second the watch looks at it next; under the watch's lock
        self.pinged = False  # whether it was asked for a sign of life; the watch's
        self.tls: Seal | None = None
        self.open_send: Callable[[Any, int], int] = sock.send  # what `send` is while the outbox is empty
        self.send: Callable[[Any, int], int] = sock.send
        self.outbox: deque[bytes | memoryview] = deque()
        self.behind = 0  # bytes in the outbox
        self.moved = 0.0  # when bytes were last taken from the outbox, in monotonic seconds
        self.cut = ""  # why the server ended the connection by itself; "" if it did not
        self.hung_up = False
        self.released = False

    def encrypt(self, tls: Seal) -> None:
        """From now on all that is sent goes through `tls`: nothing is taken as it is, and what is kept is sealed.

        Called by the connection's own thread before anything was sent to it.
        """
        self.tls = tls
        self.secure = True
        self.open_send = self.send = _take_none

    def put_off(self, now: float, seconds: float) -> None:
        """Its deadlines come so much later; all times are monotonic seconds. For the watch."""
        self.heard = min(now, self.heard + seconds)
        self.born = min(now, self.born + seconds)
        self.moved = min(now, self.moved + seconds)
        if self.agreeing:
            self.agreeing = min(now, self.agreeing + seconds)
        if self.left:
            self.left = min(now, self.left + seconds)

    def unacknowledged(self) -> float:
        """Seconds since the other side's TCP last gave a sign of life; 0 where the platform doesn't tell.

        For any thread. The kernel's own deadlines come one after the other: a connection that keepalive has asked in
        vain, and that then is sent something, gets the whole time once more.
        """
        if sys.platform != "linux":
            return 0.0
        try:
            info = self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_ACK + 4)
        except OSError:
            return 0.0  # it has been closed meanwhile
        return int.from_bytes(info[_LAST_ACK:], sys.byteorder) / 1000

    # ---- the courier's ----------------------------------------------------------------------------------------------

    def hold(self) -> None:
        """Its outbox holds something: what comes now must wait behind that."""
        self.send = _take_none

    def resume(self) -> None:
        """Its outbox is empty."""
        self.send = self.open_send

    @property
    def is_over(self) -> bool:
        """Whether it has ended: whatever still comes for it is gone."""
        return self.send is _take_all

    @property
    def is_closed(self) -> bool:
        """Whether its socket is; for any thread."""
        return self.sock.fileno() == -1

    def close(self) -> None:
        self.send = _take_all
        self.sock.close()

    def shut_down(self) -> None:
        """Ends the conversation; the reader sees the end of the stream. The socket stays open."""
        if self.tls and not self.is_over:
            try:
                self.sock.send(self.tls.farewell(), DONT_WAIT)
            except OSError:
                pass  # it takes nothing any more
        self.send = _take_all
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the other side was faster


def _take_none(data: Any, flags: int) -> int:
    """The `send` of a connection that is held."""
    return 0


def _take_all(data: Any, flags: int) -> int:
    """The `send` of a connection that is over."""
    return len(data)
