"""Slow readers: clients whose sockets don't take all that they are sent, and the memory of their outboxes.

What a socket does not take waits in the client's outbox and is written once the socket takes more. A connection is
aborted when its outbox grows too large, and the slowest ones when all outboxes together do. `server.timeouts` closes
those that read nothing for a while. The reasons are in `model.departure_reasons`.

All of it is used by the thread that has the courier's turn alone, but for `SlowReaders.wake`, `SlowReaders.wait`, which
is for the courier's own thread, and what its attributes' comments name.
"""

import logging
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from operator import attrgetter

from chatroom.model.departure_reasons import SLOWEST, TOO_SLOW
from chatroom.net.connection import ClientSession
from chatroom.net.outbox import DONT_WAIT, NO_CHUNKS, Chunk, Outbox, loss_reason

OUTBOX_BYTES = 1024 * 1024  # bytes a client may be behind: a slow phone survives a burst
OUTBOX_UNREGISTERED_BYTES = 4 * 1024  # before registration; unread replies to nobody exhausted Redis (CVE-2025-21605)
OUTBOX_DOWNLOAD_BYTES = 256 * 1024  # of a browser that asks for files: several of the largest
OUTBOXES_TOTAL_BYTES = 512 * 1024 * 1024  # of all outboxes: 10,000 stuck clients must not eat the machine
THROTTLING_OUTBOX_BYTES = OUTBOX_BYTES // 4  # bytes behind, from which on a client that keeps reading is waited for
READING_SECONDS = 0.2  # seconds since a client last took bytes, within which it counts as reading
# Bytes a second: a flood slows down to what such clients read, but never to less than this, so that nobody can hold up
# a room by reading slowly.
THROTTLED_BYTES_PER_SECOND = 1024 * 1024
TIDY_CHUNKS = 2000  # chunks of discarded outboxes that are subtracted in one step: a third of a millisecond
POINTER_BYTES = 8  # bytes of a chunk's place in an outbox, a deque
# Bytes that a `bytes` object takes besides its contents: its header (33, and up to 15 by which the allocator rounds
# up), its id as a number (32) and its entry in `_holders` (37 to 66, as a dict grows). Lines of chat are not much
# longer. A view takes some 320 more, but an outbox has one at most: its first chunk, of which a part was sent.
OBJECT_BYTES = 128

_CHUNKS_PER_WRITE = 64  # chunks of an outbox written in one call; far below IOV_MAX
_behind = attrgetter("behind_bytes")

log = logging.getLogger(__name__)


class OutboxMemory:
    """Counts the memory of all outboxes in `bytes`. A chunk that is in many outboxes is there, and counts, once."""

    def __init__(self) -> None:
        self.bytes = 0
        self.discarded: deque[deque[Chunk]] = deque()  # outboxes that are still to be subtracted
        # How many outboxes hold an object, by its id. They keep it alive, so the id is not another object's.
        self._holders: dict[int, int] = {}

    def add(self, chunk: Chunk, count: int = 1) -> None:
        """Adds a chunk that `count` outboxes hold from now on."""
        whole = _whole(chunk)
        key = id(whole)
        holders = self._holders.get(key, 0)
        self._holders[key] = holders + count
        self.bytes += count * POINTER_BYTES + (0 if holders else OBJECT_BYTES + len(whole))

    def discard(self, outbox: deque[Chunk]) -> None:
        """Discards an outbox; its memory is subtracted in steps by `tidy`."""
        self.discarded.append(outbox)

    def tidy(self) -> None:
        """Subtracts one step of what was discarded."""
        outbox = self.discarded[0]
        self.remove([outbox.popleft() for _ in range(min(TIDY_CHUNKS, len(outbox)))])
        if not outbox:
            self.discarded.popleft()

    def remove(self, chunks: Iterable[Chunk]) -> None:
        """Subtracts chunks that an outbox holds no more. They may be other parts of the objects that were added."""
        holders = self._holders
        for chunk in chunks:
            whole = _whole(chunk)
            key = id(whole)
            left = holders[key] - 1
            if left:
                holders[key] = left
                self.bytes -= POINTER_BYTES
            else:
                del holders[key]
                self.bytes -= POINTER_BYTES + OBJECT_BYTES + len(whole)


def _whole(chunk: Chunk) -> bytes:
    """The object that a chunk keeps alive: a view keeps all that it is a part of."""
    return chunk if isinstance(chunk, bytes) else chunk.obj  # type: ignore[return-value]  # views are of bytes here


class SlowReaders:
    """The outboxes that hold something, and a selector that waits until their sockets take more.

    `abort` is called with an outbox and a reason to end its connection at once, `finish` when an outbox has become
    empty.
    """

    def __init__(self, abort: Callable[[Outbox, str], None], finish: Callable[[Outbox], None]) -> None:
        self.outboxes: set[Outbox] = set()  # other threads may copy it, in one call
        self.bytes = 0  # that are in them, still to be sent; other threads may read it
        self.memory = OutboxMemory()
        self.throttling: set[Outbox] = set()  # who was far behind when last looked at
        self._abort = abort
        self._finish = finish
        self._selector = selectors.DefaultSelector()
        self._waker, self._woken = socket.socketpair()
        self._woken.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ, None)

    def wake(self) -> None:
        """Ends a `wait` or a `serve` that waits; for any thread, but never after `close`."""
        self._waker.send(b"!")

    def close(self) -> None:
        self._selector.close()
        self._waker.close()
        self._woken.close()

    def wait(self, timeout: float | None) -> None:
        """Waits at most `timeout` seconds (None: for ever) for something to `serve`."""
        self._selector.select(timeout)

    def serve(self, timeout: float | None) -> None:
        """Waits at most `timeout` seconds (None: for ever) for sockets that take more, and writes their outboxes."""
        for key, _ in self._selector.select(timeout):
            if key.data is None:
                self._woken.recv(64)
            else:
                try:
                    self._drain(key.data)
                except Exception:  # it would fail again and again, and all others would wait
                    log.exception("an outbox could not be written")
                    self._abort(key.data, "its outbox could not be written")

    def add(self, late: Sequence[ClientSession], data: Chunk) -> None:
        """Puts into outboxes what the sockets of these clients did not take.

        If many are stuck, most of the work is here.
        """
        size = len(data)
        self.memory.add(data, len(late))
        self.bytes += size * len(late)
        for client in late:
            outbox = client.outbox
            if not outbox.chunks and not self._begin(outbox):
                self.memory.remove((data,))
                self.bytes -= size
                continue
            outbox.chunks.append(data)
            outbox.behind_bytes = behind = outbox.behind_bytes + size
            # Without the event log's lock: a user who leaves is `closing` before the session is without one.
            unregistered = OUTBOX_DOWNLOAD_BYTES if outbox.downloads else OUTBOX_UNREGISTERED_BYTES
            if behind > OUTBOX_BYTES or (behind > unregistered and not (client.user or client.closing)):
                self._abort(outbox, TOO_SLOW)
            elif behind > THROTTLING_OUTBOX_BYTES:
                self.throttling.add(outbox)
        if self.memory.bytes > OUTBOXES_TOTAL_BYTES:
            self._free_memory()

    def _begin(self, outbox: Outbox) -> bool:
        """Waits for the socket of an empty outbox from now on; False if that can't be, and the connection has ended."""
        if outbox.is_shut_down:  # aborted since its socket took nothing, to free memory for the others
            return False
        try:
            self._selector.register(outbox.sock, selectors.EVENT_WRITE, outbox)
        except OSError as error:  # the kernel has no memory for it, or watches as many as it may: epoll_ctl(2)
            log.warning("a slow reader could not be waited for: %s", error)
            self._abort(outbox, "no room to keep what was sent to it")
            return False
        self.outboxes.add(outbox)
        outbox.chunks = deque()
        outbox.use_chunks()
        outbox.drained_at = time.monotonic()
        return True

    def discard(self, outbox: Outbox) -> None:
        """Discards what is in an outbox."""
        if outbox.chunks:
            self._selector.unregister(outbox.sock)
            self.outboxes.discard(outbox)
            self.memory.discard(outbox.chunks)
            outbox.chunks = NO_CHUNKS
            self.bytes -= outbox.behind_bytes
            outbox.behind_bytes = 0

    def throttle(self, sent: int) -> None:
        """Gives those who are far behind, but reading, time to catch up with `sent` bytes before more is sent."""
        end = time.monotonic() + sent / THROTTLED_BYTES_PER_SECOND
        while True:
            now = time.monotonic()
            self.throttling = {
                each
                for each in self.throttling
                if each.behind_bytes > THROTTLING_OUTBOX_BYTES and each.drained_at > now - READING_SECONDS
            }
            if not self.throttling or now >= end:
                return
            self.serve(end - now)

    def _free_memory(self) -> None:
        """Subtracts what was discarded; if that is not enough, aborts who is furthest behind."""
        while self.memory.discarded and self.memory.bytes > OUTBOXES_TOTAL_BYTES:
            self.memory.tidy()
        if self.memory.bytes > OUTBOXES_TOTAL_BYTES:
            self._abort(max(self.outboxes, key=_behind), SLOWEST)

    def _drain(self, outbox: Outbox) -> None:
        """Writes from an outbox as much as its socket takes."""
        chunks = outbox.chunks
        try:
            sent = outbox.sock.sendmsg(list(islice(chunks, _CHUNKS_PER_WRITE)), [], DONT_WAIT)
        except BlockingIOError:
            return
        except OSError as error:
            self._abort(outbox, loss_reason(error))
            return
        outbox.behind_bytes -= sent
        self.bytes -= sent
        outbox.drained_at = time.monotonic()
        while chunks and sent >= len(chunks[0]):
            sent -= len(chunks[0])
            self.memory.remove((chunks.popleft(),))
        if sent:
            chunks[0] = memoryview(chunks[0])[sent:]
        if not chunks:
            self._selector.unregister(outbox.sock)
            self.outboxes.discard(outbox)
            outbox.chunks = NO_CHUNKS
            outbox.use_socket()
            self._finish(outbox)
