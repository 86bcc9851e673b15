"""What a server does when it can't accept a client: it waits, and refuses clients where it has no descriptors left.

In Linux a thread takes a descriptor before it waits for a client. So without descriptors accepting fails at once, also
while other threads, which have one ready, go on accepting.
"""

import errno
import logging
import os
import socket
import threading
from collections.abc import Callable

from chatroom.common.language import own
from chatroom.net.sockets import is_readable, refuse
from chatroom.protocols.reasons import told
from chatroom.server.connection_limits import ACCEPT_PAUSE_SECONDS, FULL

log = logging.getLogger(__name__)


class AcceptFailures:
    """Waits after clients could not be accepted from `listener`, longer each time, until `stopping` is set.

    `count_refusal` is called with the reason of each refusal.
    """

    def __init__(
        self, listener: socket.socket, stopping: threading.Event, count_refusal: Callable[[str], None]
    ) -> None:
        self.pause = ACCEPT_PAUSE_SECONDS[0]
        self.spare = SpareDescriptor()
        self._listener = listener
        self._stopping = stopping
        self._count_refusal = count_refusal
        self._lock = threading.Lock()  # held while a thread waits: all others wait for that, too

    def are_over(self) -> None:
        """Called when a client was accepted."""
        self.pause = ACCEPT_PAUSE_SECONDS[0]

    def wait_after(self, error: OSError) -> None:
        """Waits after a failure, as otherwise accepting would fail again at once.

        Not after ECONNABORTED, a client that has left before it was accepted: there can be many.
        """
        if error.errno == errno.ECONNABORTED or self._stopping.is_set():
            return
        with self._lock:
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                # Formatted here, so that `Calm` takes each reason for another warning.
                log.warning(f"a client could not be accepted: {error.strerror}")
            elif self.pause > ACCEPT_PAUSE_SECONDS[0] and is_readable(self._listener, 0):
                self._refuse()  # nor was it accepted since the last failure: no other thread has a descriptor ready
            self._stopping.wait(self.pause)
            self.pause = min(2 * self.pause, ACCEPT_PAUSE_SECONDS[1])

    def _refuse(self) -> None:
        """Refuses a client by means of the spare descriptor."""
        log.warning("no descriptors left for new clients; raise the limit on open files (ulimit -n)")
        self.spare.release()
        try:
            newcomer, _ = self._listener.accept()
            refuse(newcomer, told(FULL, own()))
            newcomer.close()
            self._count_refusal("no descriptors left")
        except OSError:
            pass  # another thread took the descriptor
        self.spare.take()


class SpareDescriptor:
    """A descriptor that is held so that it can be given up when there are none left, to refuse a client by it."""

    def __init__(self) -> None:
        self.number = -1  # -1 while there is none
        self.take()

    def take(self) -> None:
        try:
            self.number = os.open(os.devnull, os.O_RDONLY)
        except OSError:
            pass  # another thread was faster; it is tried again the next time that none are left

    def release(self) -> None:
        """Closes it, at most once: a second time its number may be another file's."""
        number, self.number = self.number, -1
        if number != -1:
            os.close(number)
