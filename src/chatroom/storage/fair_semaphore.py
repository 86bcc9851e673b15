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
    def slot(self, owner: str) -> Iterator[None]:
        """Waits for a slot, and has it within the block."""
        with self._lock:
            admitted = Event()
            if self._free:
                self._free -= 1
                admitted.set()
            else:
                self._waiting.setdefault(owner, deque()).append(admitted)
        admitted.wait()
        try:
            yield
        finally:
            with self._lock:
                self._hand_on()

    def waiting(self) -> int:
        """How many threads wait at this moment."""
        with self._lock:
            return sum(map(len, self._waiting.values()))

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
