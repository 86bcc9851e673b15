"""A semaphore that is fair between owners."""

import sys
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock


class FairSemaphore:
    """Lets `slots` threads in at a time, and `each` of one owner at most; the others wait.

    Slots that become free go round-robin to the owners who wait, so many threads of one owner hold up nobody else.
    `_lock` guards all of it.
    """

    def __init__(self, slots: int, each: int = sys.maxsize) -> None:
        self._lock = Lock()
        self._free = slots
        self._each = each
        self._held: Counter[str] = Counter()  # slots, by owner
        self._waiting: dict[str, deque[Event]] = {}  # by owner, in the order in which they get the next slots

    @contextmanager
    def slot(self, owner: str, timeout: float | None = None) -> Iterator[bool]:
        """Waits for a slot, `timeout` seconds at most, and has it within the block; False if none came in time."""
        with self._lock:
            admitted = Event()
            if self._free and self._held[owner] < self._each:
                self._take(owner, admitted)
            else:
                self._waiting.setdefault(owner, deque()).append(admitted)
        if not admitted.wait(timeout) and self._gave_up(owner, admitted):
            yield False
            return
        try:
            yield True
        finally:
            with self._lock:
                self._hand_on(owner)

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

    def _take(self, owner: str, admitted: Event) -> None:
        assert self._lock.locked()
        self._free -= 1
        self._held[owner] += 1
        admitted.set()

    def _hand_on(self, owner: str) -> None:
        """Gives a slot of this owner to the next one who may have it."""
        assert self._lock.locked()
        self._free += 1
        self._held[owner] -= 1
        if not self._held[owner]:
            del self._held[owner]
        following = next((each for each in self._waiting if self._held[each] < self._each), None)
        if following is not None:
            threads = self._waiting.pop(following)
            self._take(following, threads.popleft())
            if threads:
                self._waiting[following] = threads  # behind all others
