"""The timeouts of all connections, checked by one thread.

(A timeout set on a socket would be one for its buffered reader for good.) How long a client may be silent, or may read
nothing, is in `model.deadlines`, as other packages need to know it, too; the other times are below.

Once a second the thread looks at the connections for which a deadline may have passed. Each is scheduled for the second
of its next deadline, as that was when it was last looked at. Most deadlines only move away. When one comes nearer, the
connection is `add`ed again; slow readers are asked of the courier. So ten thousand silent clients cost next to nothing.
The times of a connection are written by other threads, each by one; a value that is a moment old does no harm.

Deadlines come in crowds: clients that came at the same moment are late at the same moment. They are ended a few at a
time, as each thread that ends competes with those that serve, and a batch full of departures makes everybody wait. A
batch of departures alone costs as much as one of messages, so clients that read nothing leave along with a message.
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
from chatroom.model.deadlines import DROP_AFTER_SECONDS, WRITE_STALL_SECONDS
from chatroom.model.departure_reasons import SILENT, STALLED
from chatroom.model.replies import Ping
from chatroom.net.connection import ClientSession, Connection
from chatroom.net.courier import Courier
from chatroom.server.process_tuning import SWITCH_INTERVAL_SECONDS

REGISTRATION_SECONDS = 30  # seconds in all to choose a name, however slowly the bytes come (slowloris)
TLS_HANDSHAKE_SECONDS = 10  # seconds in all for a TLS handshake: a few round trips and a signature
PING_AFTER_SECONDS = 90  # seconds of silence, after which an IRC client is sent a PING
TIMEOUT_CHECK_SECONDS = 1.0  # seconds between two checks
CLOCK_STALL_SECONDS = 5.0  # seconds that a check is late, from which on it was the server that stood still
ENDINGS_PER_STEP = 10  # late connections that are ended at once; each takes its thread some 0.3 ms
ENDINGS_PAUSE_SECONDS = 0.01  # seconds between two steps, for the others
ENDINGS_RIDE_SECONDS = 0.02  # seconds for which clients that read nothing wait for a message to leave along with
ENDINGS_STEPS = 50  # steps for a large crowd, at most: it must not stay much longer than it may
# The switch interval for each thread that reads: all that wait for the interpreter wake up once in it, and thousands
# would do nothing else.
SWITCH_SECONDS_PER_THREAD = 0.000_01
SWITCH_MAX_SECONDS = 0.02  # seconds of the switch interval at most

UNREAD = "left without reading"

log = logging.getLogger(__name__)


class Late(NamedTuple):
    """A connection whose time has run out. One that doesn't read is aborted, as it would not see a goodbye."""

    connection: Connection
    reason: str
    reads: bool


class TimeoutMonitor(threading.Thread):
    """Ends connections whose time has run out; they are `add`ed and `remove`d. `connections` returns all there are.

    `every_second` is called at each check. `_lock` guards `_scheduled` and each connection's `check_second`.
    """

    def __init__(
        self,
        connections: Callable[[], list[Connection]],
        event_log: EventLog,
        courier: Courier,
        every_second: Callable[[], None],
    ) -> None:
        super().__init__(name="timeouts", daemon=True)
        self.busy: set[Connection] = set()  # connections read from since the last check; their threads add them
        self._connections = connections
        self._event_log = event_log
        self._courier = courier
        self._every_second = every_second
        self._ended = threading.Event()
        self._checked_at = time.monotonic()
        self._awake_since = 0.0  # when the server last stood still: all deadlines count from then at the earliest
        self._lock = threading.Lock()
        self._scheduled: defaultdict[int, set[Connection]] = defaultdict(set)  # by the second in which to look at them

    def add(self, connection: Connection) -> None:
        """Schedules a connection for the next check; may be called again. For any thread."""
        with self._lock:
            self._schedule(connection, self._checked_at)
        self.busy.add(connection)
        self._set_switch_interval()  # at once: thousands may come before the next check

    def remove(self, connection: Connection) -> None:
        """Forgets a connection whose socket is closed. For any thread."""
        with self._lock:
            self._scheduled[connection.check_second].discard(connection)

    def run(self) -> None:
        while not self._ended.wait(TIMEOUT_CHECK_SECONDS):
            try:
                self.check(time.monotonic())
                self._every_second()
            except Exception:  # a bug must not end all timeouts, but must be logged
                log.exception("a look at the deadlines failed")

    def check(self, now: float) -> None:
        """Does what is due at this moment, in monotonic seconds."""
        stood_still, self._checked_at = now - self._checked_at - TIMEOUT_CHECK_SECONDS, now
        if stood_still > CLOCK_STALL_SECONDS:
            log.warning("the server stood still for %.0f s: nobody is held to have been silent then", stood_still)
            self._awake_since = now
        self._set_switch_interval()
        self.busy.clear()
        now += TIMEOUT_CHECK_SECONDS / 2  # so that a deadline is met half a second early or late, never a whole one
        due = self._due_connections(now)
        late = [each for connection in self._stalled(now) - due for each in self._check_one(connection, now)]
        for connection in due:
            late += self._check_one(connection, now)
            with self._lock:  # what brings a deadline nearer is seen by `_next_check`, or its `add` comes after this
                self._schedule(connection, self._next_check(connection, now))
        if late:
            self._end(late)

    def stop(self) -> None:
        """Ends the thread soon; doesn't wait for it."""
        self._ended.set()

    def _set_switch_interval(self) -> None:
        """Adapts the interpreter's switch interval to the number of threads that may want to run."""
        busy = len(self.busy)
        sys.setswitchinterval(min(max(SWITCH_INTERVAL_SECONDS, busy * SWITCH_SECONDS_PER_THREAD), SWITCH_MAX_SECONDS))

    def _stalled(self, now: float) -> set[Connection]:
        """The slow readers that have taken nothing for too long, and those whose reader is done."""
        slow = self._courier.slow_readers()
        stalled = now - WRITE_STALL_SECONDS
        connections = [each for each in self._connections() if each.outbox in slow] if slow else ()
        return {c for c in connections if self._counted(c.outbox.drained_at) < stalled or c.reader_done_at}

    def _counted(self, moment: float) -> float:
        """The moment from which a deadline counts that was set at `moment`: it may be when the server stood still."""
        return max(moment, self._awake_since)

    def _due_connections(self, now: float) -> set[Connection]:
        """The connections to look at now. They stay scheduled until they are scheduled anew."""
        with self._lock:
            past = [second for second in self._scheduled if second <= now / TIMEOUT_CHECK_SECONDS]
            found = set[Connection]().union(*[self._scheduled[second] for second in past])
            for second in past:
                if not self._scheduled[second]:
                    del self._scheduled[second]
        return found

    def _schedule(self, connection: Connection, due: float) -> None:
        """Schedules a connection for `due`, in monotonic seconds; not if its socket is closed."""
        assert self._lock.locked()
        self._scheduled[connection.check_second].discard(connection)
        if not connection.is_closed:
            connection.check_second = int(due / TIMEOUT_CHECK_SECONDS)
            self._scheduled[connection.check_second].add(connection)

    def _check_one(self, connection: Connection, now: float) -> Sequence[Late]:
        """The connection, if its time has run out. Sends a PING if it is time for that."""
        session, outbox = connection.session, connection.outbox
        connected = now - self._counted(connection.connected_at)
        silent = now - self._counted(connection.last_received)
        if connection.reader_done_at:
            unread = now - self._counted(connection.reader_done_at)
            return (Late(connection, UNREAD, False),) if unread > WRITE_STALL_SECONDS else ()
        if outbox.behind_bytes and now - self._counted(outbox.drained_at) > WRITE_STALL_SECONDS:
            return (Late(connection, STALLED, False),)
        if connection.handshake_at and now - self._counted(connection.handshake_at) > TLS_HANDSHAKE_SECONDS:
            return (Late(connection, f"no TLS within {TLS_HANDSHAKE_SECONDS} seconds", False),)
        if session.closing:
            return ()
        if connection.refusal and connected > TLS_HANDSHAKE_SECONDS:
            return (Late(connection, connection.refusal, True),)
        if session.user is None:
            if connected > REGISTRATION_SECONDS:
                return (Late(connection, f"no name within {REGISTRATION_SECONDS} seconds", True),)
        elif not _answers_pings(session):
            if min(silent, now - connection.last_acked) > DROP_AFTER_SECONDS:
                connection.last_acked = now - connection.unacknowledged_seconds()
                if now - connection.last_acked > DROP_AFTER_SECONDS:
                    return (Late(connection, SILENT, True),)
        elif silent > PING_AFTER_SECONDS:
            if silent > DROP_AFTER_SECONDS:
                return (Late(connection, SILENT, True),)
            if not connection.ping_sent:
                connection.ping_sent = True
                self._event_log.submit(session, [Ping()])
        else:
            connection.ping_sent = False
        return ()

    def _next_check(self, connection: Connection, now: float) -> float:
        """When a deadline of this connection may have passed, in monotonic seconds. Slow readers' don't count."""
        session = connection.session
        if session.closing:
            return now + TIMEOUT_CHECK_SECONDS
        if session.user is None:
            may_take = TLS_HANDSHAKE_SECONDS if connection.refusal else REGISTRATION_SECONDS
            due = [self._counted(connection.connected_at) + may_take]
            if connection.handshake_at:
                due.append(self._counted(connection.handshake_at) + TLS_HANDSHAKE_SECONDS)
            # Later and later: most have a name soon, and then another deadline.
            due.append(now + max(TIMEOUT_CHECK_SECONDS, now - connection.connected_at))
            return min(due)
        heard = self._counted(connection.last_received)
        if not _answers_pings(session):
            return max(heard, connection.last_acked) + DROP_AFTER_SECONDS
        return heard + (DROP_AFTER_SECONDS if connection.ping_sent else PING_AFTER_SECONDS)

    def _end(self, late: Sequence[Late]) -> None:
        """Ends these connections, step by step."""
        deaf = [each.connection.session for each in late if not each.reads and each.connection.session.user]
        at_once = max(ENDINGS_PER_STEP, len(late) // ENDINGS_STEPS)
        for start in range(0, len(late), at_once):
            if start and self._ended.wait(ENDINGS_PAUSE_SECONDS):
                return
            group = [(each.connection.session, each.reason, each.reads) for each in late[start : start + at_once]]
            may_wait = all(session.user and not reads for session, _, reads in group)
            for session, reason, _ in group:
                session.outbox.give_reason(reason)  # which the handler logs
            self._event_log.submit_all(
                [(s, Quit(reason, ask=reads)) for s, reason, reads in group if reads or s.user], deaf
            )
            deaf = []
            for session, reason, reads in group:
                if not reads:
                    self._courier.abort(session, reason)
            if not (may_wait and self._courier.barrier().wait(ENDINGS_RIDE_SECONDS)):
                self._courier.flush()


def _answers_pings(session: ClientSession) -> bool:
    """Whether the client would answer a PING, and be heard: lines of a client that is `paced` wait."""
    dialect = getattr(session, "dialect", None)  # none if its reader is done
    return dialect is not None and dialect.pings and not session.paced
