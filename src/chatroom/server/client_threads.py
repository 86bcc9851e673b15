"""The threads of clients: each accepts a client, serves it until it leaves, and accepts the next one.

To start a thread, or to hand a client over to one that waits, takes longer than all that a client does when it comes
in. So the threads that have nothing to do wait for a client in `accept` itself. The laws:
- While the server runs, a thread accepts. Who is the last one to do so starts another before it serves a client.
- At most `THREADS_KEPT` threads accept. Who is done with a client and finds as many ends.

They are threads of the system without a `threading.Thread`, which takes 2.5 KB: nobody waits for one, or asks its name.
"""

import threading
from _thread import start_new_thread
from collections.abc import Callable

# Threads that wait for clients: as many clients that come at once need no new thread. In Linux each holds a descriptor
# ready for its client.
THREADS_KEPT = 16


class ClientThreads:
    """Starts threads, each of which runs `work`, and counts those that accept.

    `idents` are those of all of them, by which `Courier.client_threads` knows them.
    """

    def __init__(self, work: Callable[[], None], idents: set[int]) -> None:
        self._work = work
        self._idents = idents
        self._lock = threading.Lock()  # guards `_accepting`
        self._accepting = 0  # threads that accept, or soon will
        self.have_begun = False

    def start_one(self) -> None:
        """Starts one more thread; raises `RuntimeError` if there can't be more."""
        self.have_begun = True
        self._count(1)
        try:
            start_new_thread(self._run, ())
        except RuntimeError:
            self._count(-1)
            raise

    def _run(self) -> None:
        ident = threading.get_ident()
        self._idents.add(ident)
        try:
            self._work()
        finally:
            self._idents.discard(ident)

    def begin(self) -> None:
        """Called by a thread that is about to serve a client. Raises `RuntimeError` if it must accept others instead.

        That is so if no other accepts, and none can be started.
        """
        if self._count(-1) < 1:
            try:
                self.start_one()
            except RuntimeError:
                self._count(1)
                raise

    def done(self) -> None:
        """Called by a thread that has served a client, and goes on."""
        self._count(1)

    def may_end(self) -> bool:
        """Whether this thread is not needed to accept clients; then it ends."""
        with self._lock:
            is_needed = self._accepting <= THREADS_KEPT
            if not is_needed:
                self._accepting -= 1
            return not is_needed

    def _count(self, change: int) -> int:
        with self._lock:
            self._accepting += change
            return self._accepting
