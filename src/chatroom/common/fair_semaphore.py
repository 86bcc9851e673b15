"""A semaphore that is fair between owners."""

from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from threading import Event, Lock

OWNERS_REMEMBERED = 10_000  # owners of whom is known when they had a slot; those not known count as newcomers


class FairSemaphore:
    """Lets `slots` threads in at a time; the others wait.

    A slot that becomes free goes to the owner who waits and has had none for the longest time. So many threads of one
    owner hold up nobody else, and many owners who ask without end don't hold up who seldom asks. `_lock` guards all.
    """

    def __init__(self, slots: int) -> None:
        self._lock = Lock()
        self._free = slots  # 0 while anybody waits
        self._waiting: dict[str, deque[Event]] = {}  # by owner, in the order in which they began to wait
        self._served: OrderedDict[str, int] = OrderedDict()  # by owner, the number of the last slot; the last one last
        self._numbers = count(1)

    @contextmanager
    def slot(self, owner: str, timeout: float | None = None) -> Iterator[bool]:
        """Waits for a slot, `timeout` seconds at most, and has it within the block; False if none came in time."""
        with self._lock:
            admitted = Event()
            if self._free:
                self._free -= 1
                self._admit(owner, admitted)
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
        owner = min(self._waiting, key=lambda each: self._served.get(each, 0))
        threads = self._waiting[owner]
        self._admit(owner, threads.popleft())
        if not threads:
            del self._waiting[owner]

    def _admit(self, owner: str, admitted: Event) -> None:
        assert self._lock.locked()
        self._served.pop(owner, None)
        self._served[owner] = next(self._numbers)
        if len(self._served) > OWNERS_REMEMBERED:
            self._served.popitem(last=False)
        admitted.set()
