"""Notices leaps of the system's clock: nobody must lose anything because a clock was set wrong.

A clock may be set ahead by a year, and be right again the next day. What is deleted for its age would be deleted all at
once. A server that was off for so long can't tell that from a leap, and nobody could use it meanwhile. So after either,
`since_leap` begins anew, and whoever deletes things for their age waits until it is long enough.

When the clock was looked at last, and when it has leapt, stands in the file's `marks`. Without a file it is forgotten.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from chatroom.storage.schema import SET_MARK
from chatroom.storage.store import Store

LEAP_MS = 7 * 86_400_000  # milliseconds between two looks, from which on it is a leap: a school is closed for some days
NOTE_MS = 3_600_000  # milliseconds after which it is noted again when the clock was looked at

_SEEN, _LEAPT = "clock seen", "clock leapt"

log = logging.getLogger(__name__)


def _now() -> int:
    return time.time_ns() // 1_000_000


class ClockLeaps:
    """What is known of the clock's leaps; for any thread. `wall` returns the system's time in Unix milliseconds."""

    def __init__(self, store: Store | None, wall: Callable[[], int] = _now) -> None:
        self._store = store
        self.wall = wall
        self._lock = threading.Lock()  # guards the following
        self._noted = False
        self._seen = self._noted_at = wall()
        self._leapt = 0  # the time right after the last leap; 0 if none is known
        if store:
            with store.transaction() as db:
                marks = dict(db.execute("SELECT name, value FROM marks WHERE name IN (?, ?)", (_SEEN, _LEAPT)))
            self._seen = marks.get(_SEEN, self._seen)
            self._leapt = marks.get(_LEAPT, 0)

    def since_leap(self) -> int:
        """Milliseconds since the last leap; very many if there was none. To be called more often than every week."""
        with self._lock:
            now = self.wall()
            leap = now - self._seen
            self._seen = now
            if abs(leap) > LEAP_MS:
                self._leapt = now
                log.warning(
                    "the clock has leapt by %+d days, or the server was off: nothing is deleted for its age yet",
                    leap // 86_400_000,
                )
            if not self._noted or abs(leap) > LEAP_MS or abs(now - self._noted_at) > NOTE_MS:
                self._note(now)
            return now - self._leapt

    def _note(self, now: int) -> None:
        """Notes it in the file. While nothing can be saved, it is known here."""
        self._noted, self._noted_at = True, now
        if self._store:
            with suppress(sqlite3.Error), self._store.transaction() as db:
                db.executemany(SET_MARK, [(_SEEN, now), (_LEAPT, self._leapt)])
