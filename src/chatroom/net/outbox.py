"""An outbox: the writing side of one client's socket."""

import errno
import socket
import threading
from collections import deque
from collections.abc import Callable

from chatroom.model.departure_reasons import TIMED_OUT
from chatroom.net.tls import Tls

DONT_WAIT = int(socket.MSG_DONTWAIT)

_OUT_OF_REACH = {errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETUNREACH, errno.ENETDOWN}

Chunk = bytes | memoryview
NO_CHUNKS: deque[Chunk] = deque()  # of all outboxes in which nothing waits: an empty deque has 700 bytes

_closing = threading.Lock()  # guards every `close_reason`; one for all, as it is taken once a connection and not held


def loss_reason(error: OSError) -> str:
    """Why a connection ends by this error: its client is out of reach. "" if the client has closed it."""
    return TIMED_OUT if error.errno in _OUT_OF_REACH else ""


class Outbox:
    """What writes to one socket, and the chunks that wait until the socket takes more.

    It belongs to the thread that has the courier's turn, with these exceptions:
    - `close_reason` is set by any thread, by `give_reason`.
    - `downloads` is set by the client's own thread, before it sends a file, and when there are no more.
    - `start_tls` is called by the client's own thread before anything is sent.
    - `behind_bytes` and `drained_at` are read by the timeouts' thread; a value that is a moment old does no harm.
    """

    __slots__ = (
        *("behind_bytes", "chunks", "downloads", "drained_at", "send", "sock", "socket_send", "tls"),
        *("close_reason", "close_requested", "shutdown_requested"),
    )

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.tls: Tls | None = None
        self.socket_send: Callable[[Chunk, int], int] = sock.send  # what `send` is while no chunk waits
        self.send: Callable[[Chunk, int], int] = sock.send
        self.chunks = NO_CHUNKS
        self.behind_bytes = 0  # bytes of the chunks that are still to be sent
        self.downloads = False  # whether it is sent files of the page, with which one may be behind by more
        self.drained_at = 0.0  # when the socket last took some of them, in monotonic seconds
        self.close_reason = ""  # why the server ended the connection by itself; "" if it did not
        self.shutdown_requested = False
        self.close_requested = False

    def give_reason(self, reason: str) -> None:
        """Notes why the server ends the connection. The first reason counts; "" is none: the client has left."""
        with _closing:
            self.close_reason = self.close_reason or reason

    def start_tls(self, tls: Tls) -> None:
        """Encrypts from now on: `send` takes nothing, so the courier passes what is sent through `tls`."""
        self.tls = tls
        self.socket_send = self.send = _take_nothing

    def use_chunks(self) -> None:
        """Has `send` take nothing while chunks wait, so that what is sent now waits behind them."""
        self.send = _take_nothing

    def use_socket(self) -> None:
        """Has `send` write to the socket, as no chunk waits."""
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
    """The `send` of a connection with chunks that wait, or with encryption."""
    return 0


def _drop_all(data: Chunk, flags: int) -> int:
    """The `send` of a connection that has ended."""
    return len(data)
