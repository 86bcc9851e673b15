"""The clock of the chat: the times of events, and a steady clock for limits; and how a time is written.

The time of events never goes back, so that a history in the order of ids is in the order of times. It never stands
still, so that bans and slow mode come to an end. When the system's clock is set back, this one goes on at half speed
until the other has caught up. Limits count how often something happened by `steady`.
"""

import threading
import time
from collections.abc import Callable
from functools import lru_cache


def steady() -> int:
    """Milliseconds since some moment in the past. This clock is never set."""
    return time.monotonic_ns() // 1_000_000


def timestamp(milliseconds: int) -> str:
    """A time since the epoch as ISO 8601 has it, in UTC: 2023-11-14T22:00:03.000Z."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{_second(seconds)}.{rest:03d}Z"


def stamp(seconds: float) -> str:
    """Likewise of a time in seconds, to the millisecond."""
    return timestamp(round(seconds * 1_000_000) // 1000)


@lru_cache(maxsize=16)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


class Clock:
    """A call returns the time in Unix milliseconds. For any thread.

    `wall` returns the system's time, which may be set back; `steady` a time that never is. Both are in milliseconds.
    """

    __slots__ = ("_behind", "_lock", "_steady", "_time", "_wall")

    def __init__(self, wall: Callable[[], int], steady: Callable[[], int] = steady) -> None:
        self._wall = wall
        self._steady = steady
        self._lock = threading.Lock()  # guards `_behind`, and `_time` while there is that
        self._time = 0  # what was returned last
        self._behind: tuple[int, int] | None = None  # this clock and the steady one, when half speed began

    def start_from(self, time: int) -> None:
        """Returns no time before this one, which was returned before this program started."""
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
