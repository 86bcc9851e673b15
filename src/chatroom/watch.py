"""One thread that looks after all deadlines: a timeout on a socket would spoil its buffered reader for good.

Once a second it looks at every connection: who takes too long to encrypt or to choose a name, who reads nothing of
what is waiting for it, who has been silent for too long. The times that it looks at are written by others, each by one
thread; a time that is a moment old does no harm.

Deadlines come in crowds: who came at the same moment is late at the same moment. So they are ended a few at a time:
each that ends takes its turn with those that serve, and a batch full of departures makes everybody wait for its end.
"""

import logging
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from chatroom.connection import Connection
from chatroom.courier import Courier
from chatroom.events import Ping, Quit
from chatroom.limits import (
    DROP_AFTER,
    ENDINGS,
    ENDINGS_PAUSE,
    ENDINGS_STEPS,
    HANDSHAKE,
    PING_AFTER,
    REGISTRATION,
    STOPPED,
    STUCK,
    SWITCH,
    SWITCH_EACH,
    SWITCH_MOST,
    TICK,
)
from chatroom.log import Log

log = logging.getLogger(__name__)


class Late(NamedTuple):
    """A connection that is to end. Who does not read never sees its goodbye; it is cut."""

    connection: Connection
    reason: str
    reads: bool


class Watch(threading.Thread):
    """Ends connections whose time has run out; `connections` gives all there are.

    `besides` is called at each look: what else there is to do once a second.
    """

    def __init__(
        self,
        connections: Callable[[], list[Connection]],
        log: Log,
        courier: Courier,
        besides: Callable[[], None],
    ) -> None:
        super().__init__(name="watch", daemon=True)
        self._connections = connections
        self._log = log
        self._courier = courier
        self._besides = besides
        self._ended = threading.Event()
        self._looked = time.monotonic()

    def run(self) -> None:
        while not self._ended.wait(TICK):
            try:
                self.look(time.monotonic())
                self._besides()
            except Exception:  # a mistake in the program must not end all deadlines, but must be heard of
                log.exception("a look at the deadlines failed")

    def look(self, now: float) -> None:
        """Does what is due at this moment, in monotonic seconds."""
        connections = self._connections()
        stood_still, self._looked = now - self._looked - TICK, now
        if stood_still > STOPPED:
            log.warning("the server stood still for %.0f s: nobody is held to have been silent then", stood_still)
            for connection in connections:
                connection.put_off(now, stood_still)
        self._give_turns(sum([connection.heard > now - TICK for connection in connections]))
        now += TICK / 2  # a deadline is met half a tick early or late, not up to a whole one late
        lately = now - PING_AFTER
        late: list[Late] = []
        for connection in connections:
            # Most have a name, are not behind and said something lately: with 10,000 clients a call each adds up.
            if connection.heard < lately or connection.behind or connection.pinged or connection.user is None:
                late += self._look(connection, now)
        if late:
            self._end(late)

    def end(self) -> None:
        self._ended.set()

    def _give_turns(self, busy: int) -> None:
        """`busy` threads have read something lately, and may want the interpreter all at once."""
        sys.setswitchinterval(min(max(SWITCH, busy * SWITCH_EACH), SWITCH_MOST))

    def _look(self, connection: Connection, now: float) -> Sequence[Late]:
        silent = now - connection.heard
        if connection.left:
            return (Late(connection, "left without reading", False),) if now - connection.left > STUCK else ()
        if connection.behind and now - connection.moved > STUCK:
            return (Late(connection, f"read nothing for {STUCK} seconds", False),)
        if connection.agreeing and now - connection.agreeing > HANDSHAKE:
            return (Late(connection, f"no TLS within {HANDSHAKE} seconds", False),)
        if connection.closing:
            return ()
        if connection.refusal and now - connection.born > HANDSHAKE:
            return (Late(connection, connection.refusal, True),)
        if connection.user is None:
            if now - connection.born > REGISTRATION:
                return (Late(connection, f"no name within {REGISTRATION} seconds", True),)
        elif not connection.dialect.pings:
            if min(silent, now - connection.alive) > DROP_AFTER:
                connection.alive = now - connection.unacknowledged()
                if now - connection.alive > DROP_AFTER:
                    return (Late(connection, f"no sign of life for {DROP_AFTER} seconds", True),)
        elif silent > PING_AFTER:
            if silent > DROP_AFTER:
                return (Late(connection, f"no sign of life for {DROP_AFTER} seconds", True),)
            if not connection.pinged:
                connection.pinged = True
                self._log.submit(connection, [Ping()])
        else:
            connection.pinged = False
        return ()

    def _end(self, late: Sequence[Late]) -> None:
        deaf = [each.connection for each in late if not each.reads and each.connection.user]
        at_once = max(ENDINGS, len(late) // ENDINGS_STEPS)
        for start in range(0, len(late), at_once):
            if start and self._ended.wait(ENDINGS_PAUSE):
                return
            group = late[start : start + at_once]
            for connection, reason, _ in group:
                connection.cut = connection.cut or reason  # which the log tells
            self._log.submit_all([(c, Quit(reason, ask=reads)) for c, reason, reads in group if reads or c.user], deaf)
            deaf = []
            for connection, reason, reads in group:
                if not reads:
                    self._courier.cut(connection, reason)
