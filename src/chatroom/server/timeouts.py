"""One thread that looks after all deadlines: a timeout on a socket would spoil its buffered reader for good.

Once a second it looks at those of whom something may be due by now: each has its turn, the second of its next deadline
as things stood when it was last looked at. Most deadlines only move away; for one that comes nearer, a connection is
`add`ed again, and who falls behind is told by `Courier.slow_readers`. So ten thousand who are silent cost next to
nothing. The times that it looks at are written by others, each by one thread; a time that is a moment old does no harm.

Deadlines come in crowds: who came at the same moment is late at the same moment. So they are ended a few at a time:
each that ends takes its turn with those that serve, and a batch full of departures makes everybody wait for its end.
A batch of departures alone costs as much as one of messages, so members who read nothing leave along with what is said.
"""

import logging
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from chatroom.core.event_log import EventLog
from chatroom.model.commands import Quit
from chatroom.model.departure_reasons import SILENT, STALLED
from chatroom.model.limits import DROP_AFTER_SECONDS, WRITE_STALL_SECONDS
from chatroom.model.replies import Ping
from chatroom.net.connection import Connection
from chatroom.net.courier import Courier
from chatroom.server.process_tuning import SWITCH_INTERVAL_SECONDS

REGISTRATION_SECONDS = 30  # seconds in all to choose a name, however the bytes drip in (slowloris)
TLS_HANDSHAKE_SECONDS = 10  # seconds in all for a TLS handshake: a few round trips and a signature
PING_AFTER_SECONDS = 90  # seconds of silence, after which an IRC client is asked for a sign of life
TIMEOUT_CHECK_SECONDS = 1.0  # seconds between two looks at the deadlines
# seconds that such a look is late, from which on it is the server that was away, not its clients
CLOCK_STALL_SECONDS = 5.0
ENDINGS_PER_STEP = 10  # connections whose time has run out that are ended at once; each takes its thread some 0.3 ms
ENDINGS_PAUSE_SECONDS = 0.01  # seconds in between, for the others
ENDINGS_RIDE_SECONDS = 0.02  # seconds for which those who read nothing wait for a message to leave along with
ENDINGS_STEPS = 50  # a crowd is ended in so many groups: it takes its time, but does not stay much longer than it may
# seconds for each thread that reads: all that wait wake up once in that time, at 0.6 µs each,
SWITCH_SECONDS_PER_THREAD = 0.000_005
SWITCH_MAX_SECONDS = 0.02  # and thousands would do nothing else. No turn is longer than this

log = logging.getLogger(__name__)


UNREAD = "left without reading"


class Late(NamedTuple):
    """A connection that is to end. Who does not read never sees its goodbye; it is cut."""

    connection: Connection
    reason: str
    reads: bool


class TimeoutMonitor(threading.Thread):
    """Ends connections whose time has run out. `connections` gives all there are; they are `add`ed and `remove`d.

    `besides` is called at each look: what else there is to do once a second. `_lock` guards `_turns` and each `turn`.
    """

    def __init__(
        self,
        connections: Callable[[], list[Connection]],
        log: EventLog,
        courier: Courier,
        besides: Callable[[], None],
    ) -> None:
        super().__init__(name="watch", daemon=True)
        self.busy: set[Connection] = set()  # who was read from since the last look; readers put themselves in
        self._connections = connections
        self._log = log
        self._courier = courier
        self._besides = besides
        self._ended = threading.Event()
        self._looked = time.monotonic()
        self._lock = threading.Lock()
        self._turns: defaultdict[int, set[Connection]] = defaultdict(set)  # by the second in which it is their turn

    def add(self, connection: Connection) -> None:
        """It is looked at next time, and from then on when something may be due. For any thread, more than once too."""
        with self._lock:
            self._give_turn(connection, self._looked)

    def remove(self, connection: Connection) -> None:
        """Its socket is closed. For any thread."""
        with self._lock:
            self._turns[connection.check_second].discard(connection)

    def run(self) -> None:
        while not self._ended.wait(TIMEOUT_CHECK_SECONDS):
            try:
                self.look(time.monotonic())
                self._besides()
            except Exception:  # a mistake in the program must not end all deadlines, but must be heard of
                log.exception("a look at the deadlines failed")

    def look(self, now: float) -> None:
        """Does what is due at this moment, in monotonic seconds."""
        stood_still, self._looked = now - self._looked - TIMEOUT_CHECK_SECONDS, now
        if stood_still > CLOCK_STALL_SECONDS:
            log.warning("the server stood still for %.0f s: nobody is held to have been silent then", stood_still)
            for connection in self._connections():
                connection.postpone_deadlines(now, stood_still)
        self._share_the_interpreter()
        now += TIMEOUT_CHECK_SECONDS / 2  # a deadline is met half a tick early or late, not up to a whole one late
        due = self._whose_turn_it_is(now)
        late = [each for connection in self._slow_readers(now) - due for each in self._look(connection, now)]
        for connection in due:
            late += self._look(connection, now)
            with self._lock:  # what brings a deadline nearer is seen by `_due`, or its `add` comes after this
                self._give_turn(connection, _due(connection, now))
        if late:
            self._end(late)

    def end(self) -> None:
        self._ended.set()

    def _share_the_interpreter(self) -> None:
        """The threads that have read something lately may want the interpreter all at once."""
        busy = len(self.busy)
        self.busy.clear()
        sys.setswitchinterval(min(max(SWITCH_INTERVAL_SECONDS, busy * SWITCH_SECONDS_PER_THREAD), SWITCH_MAX_SECONDS))

    def _slow_readers(self, now: float) -> set[Connection]:
        """Those who may have read too little; all others who are behind cost next to nothing, however many they are."""
        return {
            each
            for each in self._courier.slow_readers()
            if each.drained_at < now - WRITE_STALL_SECONDS or each.reader_done_at
        }

    def _whose_turn_it_is(self, now: float) -> set[Connection]:
        """Those of whom something may be due. They keep their turn until they are given another."""
        with self._lock:
            past = [turn for turn in self._turns if turn <= now / TIMEOUT_CHECK_SECONDS]
            found = set[Connection]().union(*[self._turns[turn] for turn in past])
            for turn in past:
                if not self._turns[turn]:
                    del self._turns[turn]
        return found

    def _give_turn(self, connection: Connection, due: float) -> None:
        """It is looked at from `due` on, in monotonic seconds; never, if its socket is closed. Under the lock."""
        self._turns[connection.check_second].discard(connection)
        if not connection.is_closed:
            connection.check_second = int(due / TIMEOUT_CHECK_SECONDS)
            self._turns[connection.check_second].add(connection)

    def _look(self, connection: Connection, now: float) -> Sequence[Late]:
        silent = now - connection.last_received
        if connection.reader_done_at:
            return (Late(connection, UNREAD, False),) if now - connection.reader_done_at > WRITE_STALL_SECONDS else ()
        if connection.outbox_bytes and now - connection.drained_at > WRITE_STALL_SECONDS:
            return (Late(connection, STALLED, False),)
        if connection.handshake_at and now - connection.handshake_at > TLS_HANDSHAKE_SECONDS:
            return (Late(connection, f"no TLS within {TLS_HANDSHAKE_SECONDS} seconds", False),)
        if connection.closing:
            return ()
        if connection.refusal and now - connection.connected_at > TLS_HANDSHAKE_SECONDS:
            return (Late(connection, connection.refusal, True),)
        if connection.user is None:
            if now - connection.connected_at > REGISTRATION_SECONDS:
                return (Late(connection, f"no name within {REGISTRATION_SECONDS} seconds", True),)
        elif not _is_asked(connection):
            if min(silent, now - connection.last_acked) > DROP_AFTER_SECONDS:
                connection.last_acked = now - connection.unacknowledged_seconds()
                if now - connection.last_acked > DROP_AFTER_SECONDS:
                    return (Late(connection, SILENT, True),)
        elif silent > PING_AFTER_SECONDS:
            if silent > DROP_AFTER_SECONDS:
                return (Late(connection, SILENT, True),)
            if not connection.ping_sent:
                connection.ping_sent = True
                self._log.submit(connection, [Ping()])
        else:
            connection.ping_sent = False
        return ()

    def _end(self, late: Sequence[Late]) -> None:
        deaf = [each.connection for each in late if not each.reads and each.connection.user]
        at_once = max(ENDINGS_PER_STEP, len(late) // ENDINGS_STEPS)
        for start in range(0, len(late), at_once):
            if start and self._ended.wait(ENDINGS_PAUSE_SECONDS):
                return
            group = late[start : start + at_once]
            in_no_hurry = all(c.user and not reads for c, _, reads in group)
            for connection, reason, _ in group:
                connection.close_reason = connection.close_reason or reason  # which the log tells
            self._log.submit_all([(c, Quit(reason, ask=reads)) for c, reason, reads in group if reads or c.user], deaf)
            deaf = []
            for connection, reason, reads in group:
                if not reads:
                    self._courier.abort(connection, reason)
            if not (in_no_hurry and self._courier.barrier().wait(ENDINGS_RIDE_SECONDS)):
                self._courier.flush()


def _is_asked(connection: Connection) -> bool:
    """Whether it is asked for signs of life, as a client that can answer and is listened to."""
    dialect = getattr(connection, "dialect", None)  # none if its reader is done
    return dialect is not None and dialect.pings and not connection.paced


def _due(connection: Connection, now: float) -> float:
    """From when on something may be due, in monotonic seconds; who falls behind is in `Courier.slow_readers`."""
    if connection.closing:
        return now + TIMEOUT_CHECK_SECONDS
    if connection.user is None:
        due = [connection.connected_at + (TLS_HANDSHAKE_SECONDS if connection.refusal else REGISTRATION_SECONDS)]
        if connection.handshake_at:
            due.append(connection.handshake_at + TLS_HANDSHAKE_SECONDS)
        due.append(
            now + max(TIMEOUT_CHECK_SECONDS, now - connection.connected_at)
        )  # most have a name soon, and need no look for want of one
        return min(due)
    if not _is_asked(connection):
        return max(connection.last_received, connection.last_acked) + DROP_AFTER_SECONDS
    return connection.last_received + (DROP_AFTER_SECONDS if connection.ping_sent else PING_AFTER_SECONDS)
