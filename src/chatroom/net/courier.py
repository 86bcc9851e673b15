"""The courier carries what happens to those who are to be told of it.

One thread takes everything that waits as a *batch*, and makes parcels of it (`parcels`): bytes that many members are to
get. Each member is sent its parcel in one `send`. So a message's cost does not grow with its readers: only a batch's
does, and the busier the room, the more messages share a batch.

    deliver, tell ──► _waiting ──► _take ──► save ──► parcels ──► _send ──► (what is not taken) ──► outbox

The laws:
- What a member has seen is saved: a batch is handed to `save` before anybody is sent any of it.
- Only this thread writes to a socket, and only this thread closes one, when its reader is done with it. A descriptor
  can't be closed, and its number given to another client, while bytes are on their way to it.
- Nobody waits for a slow reader. A send never blocks; what a socket does not take waits in its connection's outbox,
  and over `OUTBOX_BYTES` bytes the connection is cut. A flood that outruns those who do read is held back, within the
  bounds of `EASE_BYTES_PER_SECOND`.
- Every member gets its bytes in the order in which they were handed over.
"""

import logging
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from itertools import islice
from operator import attrgetter
from typing import Any

from chatroom.model.audience import Audience
from chatroom.model.departure_reasons import SLOWEST, TOO_SLOW
from chatroom.model.entities import Session
from chatroom.model.events import Event
from chatroom.model.limits import BACKLOG_EVENTS
from chatroom.model.replies import Goodbye, Reply
from chatroom.model.state import ServerSession
from chatroom.net.batches import Item, Run, in_runs, joined, parcels_of
from chatroom.net.connection import DONT_WAIT, Connection, lost
from chatroom.net.slow_readers import OutboxMemory

OUTBOX_BYTES = 1024 * 1024  # bytes a client may be behind: a slow phone survives a burst
BATCH_EVENTS = 1024  # events in a batch: a send costs as much as 4 KiB in it, so it should be many times that
# bytes sent to one member after another; of more, all get a part before anybody gets the next
PARCEL_BYTES = OUTBOX_BYTES // 4
PRESSED_BYTES = OUTBOX_BYTES // 4  # bytes behind, from which on a client that keeps reading is waited for
READING_SECONDS = 0.2  # seconds since a client last took bytes, within which it counts as reading
# bytes a second: a flood slows down to what pressed readers can read, but never to less than this, so that nobody
# can hold up a room by reading slowly
EASE_BYTES_PER_SECOND = 1024 * 1024
ERROR_PAUSE_SECONDS = 0.1  # seconds that the courier waits after a mistake that may come again at once
OUTBOX_UNREGISTERED_BYTES = 4 * 1024  # before registration; unread replies to nobody exhausted Redis (CVE-2025-21605)
# bytes in all outboxes together: 10,000 stuck clients must not eat the machine
OUTBOXES_TOTAL_BYTES = 512 * 1024 * 1024

_BUFFERS = 64  # chunks of an outbox written in one call; far below IOV_MAX

log = logging.getLogger(__name__)


class _Order(Enum):
    """What is asked of the courier about a connection, in its place among what is to be written to it."""

    HANG_UP = "hang up"  # write what is left, then end the conversation; the reader sees the end of the stream
    RELEASE = "release"  # the reader is done: write what is left, then close the socket
    CUT = "cut"  # end it now, without what is left
    FLUSH = "flush"  # encryption has something to send of its own


class _Nobody(Audience):
    """Its type tells what is for it from events."""


_FENCES = _Nobody({})


class Courier(threading.Thread):
    """The one writing thread, and the `rooms.Post` that the hub hands everything to.

    `deliver` and `tell` are called under the log's lock, which keeps their order. `_waiting` is a deque because two
    threads can use its two ends without a lock. `_bell` guards `_crowd`, and `_asleep` where a bell is rung.
    """

    def __init__(self, save: Callable[[list[Event]], None] | None = None) -> None:
        super().__init__(name="courier", daemon=True)
        self._save = save  # may take its time; should it fail, nobody sees that batch
        self.closed: Callable[[Connection], None] | None = None  # is told of each socket that is closed; never fails
        self.meter: Callable[[list[Item]], None] | None = None  # is shown each batch once it is sent
        self.slow: set[Connection] = set()  # whose outbox holds something; for others to copy, in one call
        self._waiting: deque[Item] = deque()
        self._pressed: set[Connection] = set()  # who was far behind when last looked at
        self._bell = threading.Condition()
        self._behind = 0  # bytes that clients are to be sent from their outboxes, all together
        self._held = OutboxMemory()  # what these hold
        self._asleep = False
        self._stopped = False
        self._is_done = False  # carrying
        self._give_up = 0.0  # when to, in monotonic seconds, once stopped
        self._crowd = 0  # threads that wait for the backlog to shrink
        self._selector = selectors.DefaultSelector()
        self._alarm, self._snooze = socket.socketpair()
        self._snooze.setblocking(False)
        self._selector.register(self._snooze, selectors.EVENT_READ, None)

    # ---- handing over: any thread -----------------------------------------------------------------------------------

    def broadcast(self, event: Event, audience: Audience, skip: Session | None = None) -> None:
        self._waiting.append((event, audience, skip))

    def reply(self, session: Session, reply: Reply) -> None:
        if not isinstance(session, Connection):
            assert isinstance(session, ServerSession)
            session.replies.append(reply)
            return
        data = session.dialect.answer(reply)
        if data:
            self._waiting.append((data, session, None))
        if isinstance(reply, Goodbye):
            if reply.refusal:
                session.cut = session.cut or reply.reason
            self._waiting.append((_Order.HANG_UP, session, None))

    def release(self, connection: Connection) -> None:
        """The connection's reader is done with the socket; it is closed once what is left to write is written."""
        self._waiting.append((_Order.RELEASE, connection, None))
        self.flush()

    def cut(self, connection: Connection, reason: str) -> None:
        """Ends a connection that takes nothing any more, with what is dispatched next."""
        connection.cut = connection.cut or reason
        self._waiting.append((_Order.CUT, connection, None))

    def flush_tls(self, connection: Connection) -> None:
        """Encryption has made something to be sent by itself."""
        self._waiting.append((_Order.FLUSH, connection, None))
        self.flush()

    def flush(self) -> None:
        """Wakes the courier if it sleeps."""
        if self._asleep:  # a look without the lock: most of the time nobody sleeps
            with self._bell:
                if self._asleep:
                    self._asleep = False
                    self._alarm.send(b"!")

    def barrier(self) -> threading.Event:
        """Is set once all that was handed over so far is saved, and sent as far as sockets take it."""
        passed = threading.Event()
        self._waiting.append((passed, _FENCES, None))
        return passed

    def queue(self) -> tuple[int, int]:
        """How many items wait to be carried, and how many bytes for clients to read them; for any thread."""
        return len(self._waiting), self._behind

    def admit(self) -> None:
        """Waits while the backlog is too long; for the threads of those who cause more of it. Holds no lock."""
        if len(self._waiting) > BACKLOG_EVENTS:
            with self._bell:
                self._crowd += 1
                self._bell.wait_for(lambda: len(self._waiting) <= BACKLOG_EVENTS // 2 or self._stopped)
                self._crowd -= 1

    def stop(self, patience: float) -> None:
        """Ends the thread once everything is written, or after `patience` seconds without what is left."""
        with self._bell:
            self._give_up = time.monotonic() + patience
            self._stopped = True
            self._bell.notify_all()
            self._asleep = False
            self._alarm.send(b"!")

    # ---- carrying: the courier's thread -----------------------------------------------------------------------------

    def run(self) -> None:
        while not self._is_done:
            try:
                self._work()
            except Exception:  # a mistake in the program must not end the chat for everybody, but must be heard of
                log.exception("what waits could not be looked through")
                time.sleep(ERROR_PAUSE_SECONDS)
                self._is_done = self._stopped and time.monotonic() >= self._give_up
        with self._bell:  # `stop` may be about to ring
            self._selector.close()
            self._alarm.close()
            self._snooze.close()

    def _work(self) -> None:
        """Saves and carries batch by batch, until the courier is to stop."""
        save, meter = self._save, self.meter
        while batch := self._take():
            if save:
                try:
                    save([what for what, to, _ in batch if type(to) is Audience])
                except Exception:
                    log.exception("a batch of %d could not be saved, so nobody is told of it", len(batch))
                    self._obey(in_runs(batch))
                    continue
            try:
                self._carry(batch)
            except Exception:
                log.exception("a batch of %d could not be delivered", len(batch))
            if meter:
                try:
                    meter(batch)
                except Exception:
                    log.exception("a batch of %d could not be counted", len(batch))
        self._is_done = True

    def _take(self) -> list[Item]:
        """The next batch; sleeps until there is one. Empty when the courier is to stop."""
        waiting = self._waiting
        while not waiting:
            if self._held.litter:
                self._held.tidy()
                continue
            timeout = max(0.0, self._give_up - time.monotonic()) if self._stopped else None
            if self._stopped and not (timeout and self.slow):
                return []
            with self._bell:
                self._asleep = True
            # What was appended before `_asleep` was set rang no bell, so look once more.
            self._serve_the_slow(0 if waiting else timeout)
            self._asleep = False
        if self.slow:
            self._serve_the_slow(0)
        if self._held.litter:
            self._held.tidy()
        batch = [waiting.popleft() for _ in range(min(len(waiting), BATCH_EVENTS))]
        if self._crowd and len(waiting) <= BACKLOG_EVENTS // 2:
            with self._bell:
                self._bell.notify_all()
        return batch

    def _carry(self, batch: list[Item]) -> None:
        """Sends each who is concerned what a batch holds for them."""
        runs = in_runs(batch)
        parcels = (parcel for to, run in runs for parcel in parcels_of(to, run))
        try:
            largest = 0
            for data, members in joined(parcels) if len(runs) > 1 else parcels:
                size = len(data)
                if size > largest:
                    largest = size
                if size > PARCEL_BYTES:
                    self._send_in_parts(data, list(members))
                elif data:
                    self._send(data, members)
            if self._pressed:
                self._ease(largest)
        finally:  # whoever waits for an ending or a fence gets it, even if a message could not be rendered
            self._obey(runs)

    def _obey(self, runs: list[Run]) -> None:
        """Does what a batch holds besides things to be sent: orders and fences."""
        for to, run in runs:
            if type(to) is Audience:
                continue
            for what, _, _ in run:
                if isinstance(what, threading.Event):
                    what.set()
                elif isinstance(what, _Order):
                    try:
                        self._end(to, what)
                    except Exception:  # nobody else's order must be lost by it
                        log.exception("a connection could not be ended: %s", what.value)

    def _send_in_parts(self, data: bytes, members: list[Any]) -> None:
        """What is more than an outbox holds must not come faster than somebody reads."""
        for start in range(0, len(data), PARCEL_BYTES):
            self._send(data[start : start + PARCEL_BYTES], members)
            if self._pressed:
                self._ease(PARCEL_BYTES)

    def _send(self, data: bytes, members: Iterable[Any]) -> None:
        size = len(data)
        late = []  # of which nothing was taken; for them it stays the one object that all share
        for connection in members:
            send = connection.send  # in two steps: as a method call the attribute would be looked up anew each time
            try:
                sent = send(data, DONT_WAIT)
            except BlockingIOError:
                sent = 0
            except OSError as error:
                self._cut(connection, lost(error))
                continue
            if sent == size:
                continue
            if connection.tls:
                self._seal(connection, data)
            elif sent:
                self._put_by((connection,), memoryview(data)[sent:])
            else:
                late.append(connection)
        if late:
            self._put_by(late, data)

    def _seal(self, connection: Connection, data: bytes | memoryview) -> None:
        """Encrypts and sends; what the socket does not take is kept as it is, encrypted."""
        assert connection.tls
        self._send_sealed(connection, connection.tls.seal(data))

    def _send_sealed(self, connection: Connection, sealed: bytes | memoryview) -> None:
        if sealed and not connection.outbox:
            try:
                sent = connection.sock.send(sealed, DONT_WAIT)
            except BlockingIOError:
                sent = 0
            except OSError as error:
                self._cut(connection, lost(error))
                return
            if sent:
                sealed = memoryview(sealed)[sent:]
        if sealed:
            self._put_by((connection,), sealed)

    def _put_by(self, late: Sequence[Connection], data: bytes | memoryview) -> None:
        """Keeps for these what their sockets did not take. Where many are stuck, that's most of what there is to do."""
        size = len(data)
        self._held.add(data, len(late))
        self._behind += size * len(late)
        for connection in late:
            outbox = connection.outbox
            if not outbox:
                if connection.is_over:  # cut since it took nothing, to relieve the others
                    self._held.drop((data,))
                    self._behind -= size
                    continue
                try:
                    self._selector.register(connection.sock, selectors.EVENT_WRITE, connection)
                except OSError as error:  # the kernel has no memory for it, or watches as much as it may: epoll_ctl(2)
                    log.warning("a slow reader could not be waited for: %s", error)
                    self._held.drop((data,))
                    self._behind -= size
                    self._cut(connection, "no room to keep what was sent to it")
                    continue
                self.slow.add(connection)
                connection.hold()
                connection.moved = time.monotonic()
            outbox.append(data)
            connection.behind = behind = connection.behind + size
            if behind > OUTBOX_BYTES or (
                behind > OUTBOX_UNREGISTERED_BYTES and not (connection.user or connection.closing)
            ):
                self._cut(connection, TOO_SLOW)
            elif behind > PRESSED_BYTES:
                self._pressed.add(connection)
        if self._held.bytes > OUTBOXES_TOTAL_BYTES:
            self._relieve()

    def _relieve(self) -> None:
        """Closes who is furthest behind, if it isn't enough to count off what nobody is to get any more."""
        while self._held.litter and self._held.bytes > OUTBOXES_TOTAL_BYTES:
            self._held.tidy()
        if self._held.bytes > OUTBOXES_TOTAL_BYTES:
            self._cut(max(self.slow, key=_behind), SLOWEST)

    def _serve_the_slow(self, timeout: float | None) -> None:
        for key, _ in self._selector.select(timeout):
            if key.data is None:
                self._snooze.recv(64)
            else:
                try:
                    self._drain(key.data)
                except Exception:  # it would fail again and again, and all others would wait
                    log.exception("an outbox could not be written")
                    self._cut(key.data, "its outbox could not be written")

    def _ease(self, sent: int) -> None:
        """Gives those who are far behind, but reading, time to catch up with `sent` bytes before more is sent."""
        end = time.monotonic() + sent / EASE_BYTES_PER_SECOND
        while True:
            now = time.monotonic()
            self._pressed = {c for c in self._pressed if c.behind > PRESSED_BYTES and c.moved > now - READING_SECONDS}
            if not self._pressed or now >= end:
                return
            self._serve_the_slow(end - now)

    def _drain(self, connection: Connection) -> None:
        """Writes from an outbox as much as its socket takes."""
        outbox = connection.outbox
        try:
            sent = connection.sock.sendmsg(list(islice(outbox, _BUFFERS)), [], DONT_WAIT)
        except BlockingIOError:
            return
        except OSError as error:
            self._cut(connection, lost(error))
            return
        connection.behind -= sent
        self._behind -= sent
        connection.moved = time.monotonic()
        while outbox and sent >= len(outbox[0]):
            sent -= len(outbox[0])
            self._held.drop((outbox.popleft(),))
        if sent:
            outbox[0] = memoryview(outbox[0])[sent:]
        if not outbox:
            self._selector.unregister(connection.sock)
            self.slow.discard(connection)
            connection.resume()
            self._finish(connection)

    # ---- endings ----------------------------------------------------------------------------------------------------

    def _end(self, connection: Connection, order: _Order) -> None:
        if order is _Order.CUT:
            self._cut(connection, connection.cut)
        elif order is _Order.FLUSH:
            self._seal(connection, b"")
        else:
            if connection.tls and not connection.is_over:
                self._send_sealed(connection, connection.tls.farewell())  # behind what is left, and like it
            if order is _Order.HANG_UP:
                connection.hung_up = True
            else:
                connection.released = True
        if not connection.outbox:
            self._finish(connection)

    def _finish(self, connection: Connection) -> None:
        """The outbox is empty: does what was put off until then."""
        if connection.hung_up:
            connection.shut_down()
        if connection.released:
            connection.close()
            if self.closed:
                self.closed(connection)

    def _cut(self, connection: Connection, reason: str) -> None:
        """Ends a connection without ado; its reader wakes up and tells the log. No reason: its client has left."""
        if connection.outbox:
            self._selector.unregister(connection.sock)
            self.slow.discard(connection)
            self._held.abandon(connection.outbox)
            connection.outbox = deque()
            self._behind -= connection.behind
            connection.behind = 0
        if not connection.released:
            connection.cut = connection.cut or reason
            connection.shut_down()
        self._finish(connection)


_behind = attrgetter("behind")
