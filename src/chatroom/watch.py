"""One thread that looks after all deadlines: a timeout on a socket would spoil its buffered reader for good.

Once a second it looks at every connection: who takes too long to encrypt or to choose a name, who reads nothing of
what is waiting for it, who has been silent for too long. The times that it looks at are written by others, each by one
thread; a time that is a moment old does no harm.
"""

import threading
import time
from collections.abc import Callable

from chatroom.courier import Connection, Courier
from chatroom.events import Ping, Quit
from chatroom.limits import DROP_AFTER, HANDSHAKE, PING_AFTER, REGISTRATION, STUCK, TICK
from chatroom.log import Log


class Watch(threading.Thread):
    """Ends connections whose time has run out; `connections` gives all there are."""

    def __init__(self, connections: Callable[[], list[Connection]], log: Log, courier: Courier) -> None:
        super().__init__(name="watch", daemon=True)
        self._connections = connections
        self._log = log
        self._courier = courier
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(TICK):
            now = time.monotonic() + TICK / 2  # a deadline is met half a tick early or late, not up to a whole one late
            lately = now - PING_AFTER
            for connection in self._connections():
                # Most have a name, are not behind and said something lately: with 10,000 clients a call each adds up.
                if connection.heard < lately or connection.behind or connection.pinged or connection.user is None:
                    self._look(connection, now)

    def end(self) -> None:
        self._ended.set()

    def _look(self, connection: Connection, now: float) -> None:
        silent = now - connection.heard
        if connection.behind and now - connection.moved > STUCK:
            self._courier.cut(connection, f"read nothing for {STUCK} seconds")
        elif connection.agreeing and now - connection.agreeing > HANDSHAKE:
            self._courier.cut(connection, f"no TLS within {HANDSHAKE} seconds")
        elif connection.closing:
            return
        elif connection.user is None:
            if now - connection.born > REGISTRATION:
                self._end(connection, f"no name within {REGISTRATION} seconds")
        elif silent > PING_AFTER and connection.dialect.pings:
            if silent > DROP_AFTER:
                self._end(connection, f"no sign of life for {DROP_AFTER} seconds")
            elif not connection.pinged:
                connection.pinged = True
                self._log.submit(connection, [Ping()])
        else:
            connection.pinged = False

    def _end(self, connection: Connection, reason: str) -> None:
        connection.cut = reason  # which the log tells
        self._log.submit(connection, [Quit(reason)])
