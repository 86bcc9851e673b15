"""A semaphore that is fair between owners."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock


class FairSemaphore:
    """Lets `slots` threads in at a time; the others wait.

    Slots that become free go round-robin to the owners who wait, so many threads of one owner hold up nobody else.
    `_lock` guards all of it.
    """

    def __init__(self, slots: int) -> None:
        self._lock = Lock()
        self._free = slots  # 0 while anybody waits
        self._waiting: dict[str, deque[Event]] = {}  # by owner, in the order in which they get the next slots

    @contextmanager
    def slot(self, owner: str, timeout: float | None = None) -> Iterator[bool]:
        """Waits for a slot, `timeout` seconds at most, and has it within the block; False if none came in time."""
        with self._lock:
            admitted = Event()
            if self._free:
                self._free -= 1
                admitted.set()
            else:
                self._waiting.setdefault(owner, deque()).append(admitted)
        if not admitted.wait(timeout) and self._gave_up(owner, admitted):
            yield False
            return
        try:
            yield True
        finally:
            with self._lock:
                self._hand_on()

    def waiting(self) -> int:
        """How many threads wait at this moment."""
        with self._lock:
            return sum(map(len, self._waiting.values()))

    def _gave_up(self, owner: str, admitted: Event) -> bool:
        """Stops waiting; False if a slot came at the last moment."""
        with self._lock:
            if admitted.is_set():
                return False
            threads = self._waiting[owner]
            threads.remove(admitted)
            if not threads:
                del self._waiting[owner]
            return True

    def _hand_on(self) -> None:
        """Gives a slot to the next owner."""
        assert self._lock.locked()
        if not self._waiting:
            self._free += 1
            return
        owner = next(iter(self._waiting))
        threads = self._waiting.pop(owner)
        threads.popleft().set()
        if threads:
            self._waiting[owner] = threads  # behind all others
