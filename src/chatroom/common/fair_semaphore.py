"""A semaphore that is fair between owners."""

import sys
from collections import Counter, OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from threading import Event, Lock

OWNERS_REMEMBERED = 10_000  # owners of whom is known when they had a slot; those not known count as newcomers


class FairSemaphore:
    """Lets `slots` threads in at a time, and `each` of one owner at most; the others wait.

    Of one owner's threads the one that came first is next. With `last_first` it is the one that came last: who sends a
    crowd ahead then holds up nobody who comes after it.
    A slot that becomes free goes to the owner who waits and has had none for the longest time. So many threads of one
    owner hold up nobody else, and many owners who ask without end don't hold up who seldom asks. `_lock` guards all.
    """

    def __init__(self, slots: int, each: int = sys.maxsize, last_first: bool = False) -> None:
        self._lock = Lock()
        self._last_first = last_first
        self._free = slots
        self._each = each
        self._held: Counter[str] = Counter()  # slots, by owner
        self._waiting: dict[str, deque[Event]] = {}  # by owner, in the order in which they began to wait
        self._served: OrderedDict[str, int] = OrderedDict()  # by owner, the number of the last slot; the last one last
        self._numbers = count(1)

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
        self._served.pop(owner, None)
        self._served[owner] = next(self._numbers)
        if len(self._served) > OWNERS_REMEMBERED:
            self._served.popitem(last=False)
        admitted.set()

    def _hand_on(self, owner: str) -> None:
        """Gives a slot of this owner to the next one who may have it."""
        assert self._lock.locked()
        self._free += 1
        self._held[owner] -= 1
        if not self._held[owner]:
            del self._held[owner]
        able = [each for each in self._waiting if self._held[each] < self._each]
        if able:
            following = min(able, key=lambda each: self._served.get(each, 0))
            threads = self._waiting[following]
            self._take(following, threads.pop() if self._last_first else threads.popleft())
            if not threads:
                del self._waiting[following]
