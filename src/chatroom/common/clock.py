"""The time by which the chat goes.

It never goes back, so that a history in the order of ids is in the order of times, and it never stands still, so that
what lasts a time comes to an end: slow mode, bans. Where the system's clock is set back, this one goes on at half its
speed until the other has caught up. How often something happened of late is counted by `steady`.
"""

import threading
import time
from collections.abc import Callable


def steady() -> int:
    """Milliseconds since some moment; nobody sets this clock."""
    return time.monotonic_ns() // 1_000_000


class Clock:
    """Called, it gives the time: Unix milliseconds. For any thread.

    `wall` gives the system's time, which may be set back, `steady` one that never is; both in milliseconds.
    """

    __slots__ = ("_behind", "_lock", "_steady", "_time", "_wall")

    def __init__(self, wall: Callable[[], int], steady: Callable[[], int] = steady) -> None:
        self._wall = wall
        self._steady = steady
        self._lock = threading.Lock()  # guards what is changed where the system's clock is behind
        self._time = 0  # what was told last
        self._behind: tuple[int, int] | None = None  # the time, here and steady, from which it goes at half speed

    def start_from(self, time: int) -> None:
        """A time that was told before this program started: none before it will be told."""
        self._time = max(self._time, time)

    def __call__(self) -> int:
        wall = self._wall()
        if wall >= self._time and not self._behind:  # nearly always: two threads here can be off by a moment only
            self._time = wall
            return wall
        with self._lock:
            now = self._steady()
            begin, since = self._behind = self._behind or (self._time, now)
            here = max(self._time, begin + (now - since) // 2)
            if wall >= here:
                here, self._behind = wall, None
            self._time = here
            return here
