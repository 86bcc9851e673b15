"""A client's connection: what it is in the chat, what is written to it, and what the server knows of its socket.

Three objects, each with one owner:
- `ClientSession`, what the chat knows of the client. The event log's lock guards it.
- `Outbox`, the writing side of the socket. It belongs to the thread that has the courier's turn.
- `Connection`, which has both, and the times by which deadlines go. One thread writes each time.
"""

import socket
import sys
import time
from collections.abc import Callable

from chatroom.model.audience import Format
from chatroom.model.entities import Session
from chatroom.net.outbox import Outbox
from chatroom.protocols.base import Dialect

_LAST_ACK = 56  # offset of tcpi_last_ack_recv, in milliseconds, in a struct tcp_info: linux/tcp.h


class ClientSession(Session):
    """The session of a client with a socket: it knows by what dialect and in which outbox the client is told things.

    The client's own thread also reads by `dialect`, alone and without the lock.
    """

    __slots__ = ("dialect", "outbox")

    def __init__(self, uid: str, host: str, format: Format, outbox: Outbox) -> None:  # noqa: A002
        super().__init__(uid, host, format)
        self.outbox = outbox
        self.dialect: Dialect  # refers to the session, so it is deleted when the client's thread is done


class Connection:
    """A client's socket, with its session, its outbox, and its times in monotonic seconds.

    Any thread may read the times: a value that is a moment old does no harm.
    """

    __slots__ = (
        *("address", "give_up_place", "is_introduced", "outbox", "refusal", "session", "sock"),
        *("check_second", "connected_at", "handshake_at", "last_acked", "last_received", "ping_sent", "reader_done_at"),
    )

    def __init__(self, session: ClientSession, address: str, refusal: str) -> None:
        """`address` is the one that `ConnectionLimiter` counts; `refusal` why the client may not stay, "" if it may."""
        self.session = session
        self.outbox = session.outbox
        self.sock = session.outbox.sock
        self.address = address
        self.refusal = refusal
        self.give_up_place: Callable[[], None] | None = None  # what lets the limiter no longer count it, if it does
        # Written by the client's own thread, as are `address` and `refusal` of one whom a proxy passes on:
        self.is_introduced = True  # whether `address` is the client's, not that of a proxy that has yet to name it
        self.connected_at = time.monotonic()
        self.handshake_at = 0.0  # when its TLS handshake began; 0 when that is over, or there is none
        self.last_received = self.connected_at  # when bytes last came
        self.reader_done_at = 0.0  # when that thread was done with it; 0 before
        # Written by the timeouts' thread:
        self.last_acked = self.connected_at  # when bytes were last acknowledged, as far as it has asked
        self.ping_sent = False  # whether it has sent a PING that is not answered yet
        self.check_second = 0  # when it looks at the connection next; by any thread, under the lock of `TimeoutMonitor`

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
