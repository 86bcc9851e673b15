"""The courier: saves, renders and writes what clients are told.

It takes all that waits as a *batch* (`batches`), and makes payloads of it: bytes for many clients. Each client is
sent its payload in one `send`. So the cost of a message does not grow with its readers, only that of a batch does;
and the busier a room is, the more messages share a batch.

    broadcast, reply ──► _waiting ──► _next_batch ──► save ──► payloads ──► _send ──► (what is not taken) ──► outbox

The laws:
- What a member has seen is saved: a batch is passed to `save` before any of it is sent.
- One thread at a time does this: the courier's own, or while that one sleeps a client's. To wake a thread takes longer
  than to send a few lines, so a client's thread that hands over little sends it at once. The courier's own thread sends
  the rest, and all that is late.
- Only who has this turn writes to a socket, or closes one, once its reader is done with it. So no socket is closed, and
  its number given to another client, while bytes are on their way to it.
- Nobody waits for a slow reader. A send never blocks; what a socket does not take waits in an outbox (`slow_readers`).
  A flood that outruns clients who do read is slowed down, within the bounds of `THROTTLED_BYTES_PER_SECOND`.
- Every client gets its bytes in the order in which they were handed over.
- Nobody waits to be told that somebody has left. So a departure is saved and sent together with what comes next, or
  after `DEPARTURE_SECONDS`. Only who leaves is answered, and disconnected, at once.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable

from chatroom.model.audience import Audience
from chatroom.model.entities import Session
from chatroom.model.events import Event
from chatroom.model.limits import BACKLOG_EVENTS
from chatroom.model.replies import Goodbye, Reply
from chatroom.model.state import ServerSession
from chatroom.net.batches import (
    Control,
    Group,
    Item,
    count_recipients,
    group_by_recipient,
    merged,
    payloads_of,
    set_departures_apart,
)
from chatroom.net.connection import ClientSession
from chatroom.net.outbox import DONT_WAIT, Chunk, Outbox, loss_reason
from chatroom.net.slow_readers import OUTBOX_BYTES, SlowReaders

# What a client's thread sends itself, without reading meanwhile: so many items at most, if the first is for so many
# clients at most. To wake the courier takes as long as some ten sends, and what comes meanwhile shares a batch.
ITEMS_SENT_AT_ONCE = 16
CLIENTS_SENT_AT_ONCE = 100
BATCHES_SENT_AT_ONCE = 4  # at most, of which the later ones are what other clients' threads have handed over meanwhile
DEPARTURE_SECONDS = 0.03  # seconds that a departure waits at most: nobody notices that, and many clients come meanwhile
BATCH_EVENTS = 1024  # events in a batch: a send costs as much as 4 KiB in it, so it should be many times that
# Bytes sent to one client after another. Of a longer payload all get a part before anybody gets the next one.
PAYLOAD_BYTES = OUTBOX_BYTES // 4
ERROR_PAUSE_SECONDS = 0.1  # seconds that the courier waits after a bug that may show itself again at once

log = logging.getLogger(__name__)


class Courier(threading.Thread):
    """The `Delivery` that the hub hands everything to, and the thread that writes.

    `broadcast` and `reply` are called under the event log's lock, which keeps their order. `_waiting` is a deque
    because two threads can use its two ends without a lock. `_turn` is held by the thread that saves and sends; it
    guards all outboxes and `_departures`. `_lock` guards `_blocked`, and `_asleep` where the courier is woken.
    """

    def __init__(self, save: Callable[[list[Event]], None] | None = None) -> None:
        super().__init__(name="courier", daemon=True)
        self._save = save  # may take its time; if it raises, nobody is told of that batch
        self.on_closed: Callable[[Outbox], None] | None = None  # called for each whose socket is closed; never fails
        # Idents of threads that may send themselves what they hand over: they may have to wait for a disk that hangs.
        self.client_threads: set[int] = set()
        self.on_sent: Callable[[list[Item]], None] | None = None  # called for each batch once it is sent
        self._waiting: deque[Item] = deque()
        self._slow = SlowReaders(self._abort, self._finish)
        self._turn = threading.Lock()
        self._lock = threading.Condition()
        self._departures: list[Item] = []  # which were taken out of `_waiting`, and wait for the next batch
        self._asleep = False
        self._naps = False  # whether the courier, if it sleeps, wakes up by itself to send departures
        self._stopped = False
        self._is_done = False  # whether the thread ends
        self._stop_deadline = 0.0  # when it ends in any case once stopped, in monotonic seconds
        self._blocked = 0  # threads that wait for the backlog to shrink

    # ---- handing over: any thread -----------------------------------------------------------------------------------

    def broadcast(self, event: Event, audience: Audience, skip: Session | None = None) -> None:
        self._waiting.append((event, audience, skip))

    def reply(self, session: Session, reply: Reply) -> None:
        if not isinstance(session, ClientSession):
            assert isinstance(session, ServerSession)
            session.replies.append(reply)
            return
        data = session.dialect.answer(reply)
        if data:
            self._waiting.append((data, session, None))
        if isinstance(reply, Goodbye):
            if reply.refusal:
                session.outbox.give_reason(reply.reason)
            self._waiting.append((Control.SHUT_DOWN, session, None))

    def prepared(self, session: Session, reply: Reply) -> Reply:
        """The reply, with what takes long to render done."""
        return session.dialect.prepared(reply) if isinstance(session, ClientSession) else reply

    def close(self, session: ClientSession) -> None:
        """Closes the socket once what is left is written; called when the client's reader is done with it."""
        self._waiting.append((Control.CLOSE, session, None))
        self.flush()

    def abort(self, session: ClientSession, reason: str) -> None:
        """Ends the connection of a client that takes nothing any more, at the next `flush`."""
        session.outbox.give_reason(reason)
        self._waiting.append((Control.ABORT, session, None))

    def flush_tls(self, session: ClientSession) -> None:
        """Sends the records that the encryption has made by itself."""
        self._waiting.append((Control.FLUSH_TLS, session, None))
        self.flush()

    def flush(self) -> None:
        """Sees to it that what waits is sent: wakes the courier if it sleeps, or does its work if that is little."""
        if not self._asleep:  # looked at without the lock first: most of the time it doesn't sleep
            return
        if threading.get_ident() in self.client_threads and self._send_at_once():
            return
        with self._lock:
            if self._asleep:
                self._asleep = False
                self._slow.wake()

    def _send_at_once(self) -> bool:
        """Saves and sends what waits in this thread, if it is little; returns whether the courier may go on sleeping.

        If another thread has the turn, that one looks once more whether anything waits when it has given the turn back.
        """
        waiting, slow = self._waiting, self._slow
        for _ in range(BATCHES_SENT_AT_ONCE):
            if len(waiting) > ITEMS_SENT_AT_ONCE or slow.outboxes or slow.memory.discarded:
                return False
            if not self._turn.acquire(blocking=False):
                return True
            try:
                if waiting and self._asleep:
                    batch = self._take_urgent()
                    if batch and count_recipients(batch[0]) > CLIENTS_SENT_AT_ONCE:
                        waiting.extendleft(reversed(batch))
                        return False
                    self._carry(batch)
            finally:
                self._turn.release()
            if not waiting:
                return not (slow.outboxes or slow.memory.discarded)
        return False

    def _take_urgent(self) -> list[Item]:
        """A batch of what waits, without departures if these can wait longer."""
        batch = self._take_batch()
        if len(batch) <= ITEMS_SENT_AT_ONCE:
            self._departures, batch = set_departures_apart(batch, CLIENTS_SENT_AT_ONCE)
            if self._departures and not self._naps:
                self._naps = True
                self._slow.wake()  # it sleeps, so it can't have ended before this thread gives back the turn
        return batch

    def barrier(self) -> threading.Event:
        """An event that is set once all that was handed over so far is saved, and sent as far as sockets take it."""
        passed = threading.Event()
        self._waiting.append((passed, None, None))
        return passed

    def queue(self) -> tuple[int, int]:
        """How many items wait for the courier, and how many bytes in outboxes for clients to read them."""
        return len(self._waiting) + len(self._departures), self._slow.bytes

    def slow_readers(self) -> set[Outbox]:
        """The outboxes that hold something."""
        return self._slow.outboxes.copy()

    def wait_for_backlog(self) -> None:
        """Waits while too much waits to be sent; for the threads of those who cause more of it. Takes no lock else."""
        if len(self._waiting) > BACKLOG_EVENTS:
            with self._lock:
                self._blocked += 1
                self._lock.wait_for(lambda: len(self._waiting) <= BACKLOG_EVENTS // 2 or self._stopped)
                self._blocked -= 1

    def stop(self, patience: float) -> None:
        """Ends the thread once everything is written, or after `patience` seconds without what is left."""
        with self._lock:
            self._stop_deadline = time.monotonic() + patience
            self._stopped = True
            self._lock.notify_all()
            self._asleep = False
            self._slow.wake()

    # ---- delivering: who has the turn -------------------------------------------------------------------------------

    def run(self) -> None:
        while not self._is_done:
            try:
                self._work()
            except Exception:  # a bug must not end the chat for everybody, but must be logged
                log.exception("what waits could not be looked through")
                time.sleep(ERROR_PAUSE_SECONDS)
                self._is_done = self._stopped and time.monotonic() >= self._stop_deadline
        with self._lock:  # `stop` may be about to wake it
            self._slow.close()

    def _work(self) -> None:
        """Saves and sends batch by batch, until the courier is to stop."""
        with self._turn:
            while batch := self._next_batch():
                self._carry(batch)
        self._is_done = True

    def _carry(self, batch: list[Item]) -> None:
        """Saves and sends a batch."""
        assert self._turn.locked()
        if self._save:
            try:
                self._save([what for what, _, _ in batch if isinstance(what, Event)])
            except Exception:
                log.exception("a batch of %d could not be saved, so nobody is told of it", len(batch))
                self._control(group_by_recipient(batch))
                return
        try:
            self._deliver(batch)
        except Exception:
            log.exception("a batch of %d could not be delivered", len(batch))
        if self.on_sent:
            try:
                self.on_sent(batch)
            except Exception:
                log.exception("a batch of %d could not be counted", len(batch))

    def _next_batch(self) -> list[Item]:
        """Waits for a batch, without the turn, and writes outboxes meanwhile. Empty when the courier is to stop."""
        assert self._turn.locked()
        waiting, slow = self._waiting, self._slow
        while not waiting:
            if slow.memory.discarded:
                slow.memory.tidy()
                continue
            timeout = DEPARTURE_SECONDS if self._departures else None
            if self._stopped:
                timeout = max(0.0, self._stop_deadline - time.monotonic())
                if not (timeout and slow.outboxes):
                    break
            self._naps = timeout is not None
            with self._lock:
                self._asleep = True
            self._turn.release()
            try:
                # What was appended before the turn was free has woken nobody, so look once more.
                if not waiting:
                    slow.wait(timeout)
            finally:
                self._turn.acquire()
            self._asleep = False
            slow.serve(0)
            if timeout and self._departures:
                break
        if slow.outboxes:
            slow.serve(0)
        if slow.memory.discarded:
            slow.memory.tidy()
        return self._take_batch()

    def _take_batch(self) -> list[Item]:
        """A batch of what waits, the departures first."""
        waiting = self._waiting
        batch, self._departures = self._departures, []
        batch += [waiting.popleft() for _ in range(min(len(waiting), BATCH_EVENTS))]
        if self._blocked and len(waiting) <= BACKLOG_EVENTS // 2:
            with self._lock:
                self._lock.notify_all()
        return batch

    def _deliver(self, batch: list[Item]) -> None:
        """Sends each client what a batch holds for it."""
        groups = group_by_recipient(batch)
        payloads = (payload for to, items in groups for payload in payloads_of(to, items))
        try:
            largest = 0
            for data, clients in merged(payloads) if len(groups) > 1 else payloads:
                size = len(data)
                if size > largest:
                    largest = size
                if size > PAYLOAD_BYTES:
                    self._send_in_parts(data, list(clients))
                elif data:
                    self._send(data, clients)
            self._throttle(largest)
        finally:  # endings and barriers must come, even if a message could not be rendered
            self._control(groups)

    def _control(self, groups: list[Group]) -> None:
        """Does what a batch holds besides bytes to be sent: controls and barriers."""
        for to, items in groups:
            if type(to) is Audience:
                continue
            for what, _, _ in items:
                if isinstance(what, threading.Event):
                    what.set()
                elif isinstance(what, Control) and isinstance(to, ClientSession):
                    if what is Control.SHUT_DOWN and items[-1][0] is Control.CLOSE:
                        continue  # to close it shuts it down, too
                    try:
                        self._control_one(to, what)
                    except Exception:  # nobody else's control must be lost by it
                        log.exception("a connection could not be ended: %s", what.value)

    def _send_in_parts(self, data: bytes, clients: list[ClientSession]) -> None:
        """Sends what is more than an outbox may hold, no faster than clients read it."""
        for start in range(0, len(data), PAYLOAD_BYTES):
            self._send(data[start : start + PAYLOAD_BYTES], clients)
            self._throttle(PAYLOAD_BYTES)

    def _throttle(self, sent: int) -> None:
        """Waits for slow readers that are far behind. Only the courier's own thread does so."""
        if self._slow.throttling and threading.get_ident() == self.ident:
            self._slow.throttle(sent)

    def _send(self, data: bytes, clients: Iterable[ClientSession]) -> None:
        size = len(data)
        late = []  # of which nothing was taken: their outboxes share the one object
        for client in clients:
            send = client.outbox.send  # in two steps: as a method call the attribute would be looked up anew each time
            try:
                sent = send(data, DONT_WAIT)
            except BlockingIOError:
                sent = 0
            except OSError as error:
                self._abort(client.outbox, loss_reason(error))
                continue
            if sent == size:
                continue
            outbox = client.outbox
            if outbox.tls:
                self._send_encrypted(client, outbox.tls.encrypt(data))
            elif sent:
                self._slow.add((client,), memoryview(data)[sent:])
            else:
                late.append(client)
        if late:
            self._slow.add(late, data)

    def _send_encrypted(self, client: ClientSession, records: Chunk) -> None:
        """Sends TLS records, behind the chunks that wait; what the socket does not take is kept encrypted."""
        outbox = client.outbox
        if records and not outbox.chunks:
            try:
                sent = outbox.sock.send(records, DONT_WAIT)
            except BlockingIOError:
                sent = 0
            except OSError as error:
                self._abort(outbox, loss_reason(error))
                return
            if sent:
                records = memoryview(records)[sent:]
        if records:
            self._slow.add((client,), records)

    # ---- endings ----------------------------------------------------------------------------------------------------

    def _control_one(self, client: ClientSession, control: Control) -> None:
        outbox = client.outbox
        if control is Control.ABORT:
            self._abort(outbox, outbox.close_reason)
        elif control is Control.FLUSH_TLS:
            assert outbox.tls
            self._send_encrypted(client, outbox.tls.encrypt(b""))
        else:
            if outbox.tls and not outbox.is_shut_down:
                self._send_encrypted(client, outbox.tls.close_notify())
            if control is Control.SHUT_DOWN:
                outbox.shutdown_requested = True
            else:
                outbox.close_requested = True
        if not outbox.chunks:
            self._finish(outbox)

    def _finish(self, outbox: Outbox) -> None:
        """Shuts down or closes a socket, if that was put off until no chunk waits."""
        if outbox.close_requested:
            outbox.close()
            if self.on_closed:
                self.on_closed(outbox)
        elif outbox.shutdown_requested:
            outbox.shut_down()

    def _abort(self, outbox: Outbox, reason: str) -> None:
        """Ends a connection without the chunks that wait; its reader wakes up and logs it. "": the client has left."""
        self._slow.discard(outbox)
        if not outbox.close_requested:
            outbox.give_reason(reason)
            outbox.shut_down()
        self._finish(outbox)
