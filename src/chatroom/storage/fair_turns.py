"""Fair turns at what only few can do at a time."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock


class FairTurns:
    """Lets `places` threads in at a time; the others wait.

    Who waits is let in one for each owner, and then the next one for each: many of one owner hold up nobody else.
    `_lock` guards all of it.
    """

    def __init__(self, places: int) -> None:
        self._lock = Lock()
        self._free = places  # 0 while anybody waits
        self._waiting: dict[str, deque[Event]] = {}  # by owner; whose turn is next comes first

    @contextmanager
    def turn(self, owner: str) -> Iterator[None]:
        """Waits for a place, and has it inside."""
        with self._lock:
            let_in = Event()
            if self._free:
                self._free -= 1
                let_in.set()
            else:
                self._waiting.setdefault(owner, deque()).append(let_in)
        let_in.wait()
        try:
            yield
        finally:
            with self._lock:
                self._pass_on()

    def waiting(self) -> int:
        """How many wait at this moment."""
        with self._lock:
            return sum(map(len, self._waiting.values()))

    def _pass_on(self) -> None:
        """Gives a place to who is next."""
        if not self._waiting:
            self._free += 1
            return
        owner = next(iter(self._waiting))
        crowd = self._waiting.pop(owner)
        crowd.popleft().set()
        if crowd:
            self._waiting[owner] = crowd  # behind all others
