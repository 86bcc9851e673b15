"""The background work on the store, in a thread of its own, in small steps, while little is saved.

It copies the write-ahead log into the file (a checkpoint, which syncs to disk), brings the full-text index up to date,
deletes history that is too old or too large, takes the words of what was deleted out of the files, retries after a
failure to save, and announces when saving fails and works again.
"""

import itertools
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial

from chatroom.storage.clock_leaps import ClockLeaps
from chatroom.storage.deletions import finish
from chatroom.storage.schema import connect, wal_files
from chatroom.storage.search_index import SearchIndex
from chatroom.storage.store import Store

ROUND_SECONDS = 1.0  # seconds between two rounds; doubled after each round in which nothing was saved
ROUND_MAX_SECONDS = 4.0  # seconds between two rounds at most; the next save ends such a pause
PRUNE_CHECK_SECONDS = 60.0  # seconds between two searches for history that is too old, while nothing is saved
CHECKPOINT_BYTES = 4 * 1024 * 1024  # bytes of the write-ahead log, from which on it is copied into the file
CHECKPOINT_FORCED_TIMES = 16  # times as many bytes, from which on saving waits for the copy; fewer in a small file
REST_TIMES = 2.0  # times as long as a step took, until the next: saving has most of the time
SHRINK_REST_TIMES = 0.1  # likewise, while the file is far too large: then it must lose more than is saved
FORGET_REST_TIMES = 20  # times as long as a merge of the index took until the next: redacting without end costs little
SHRINK_PART = 200  # of a file that is too large at least this part of its size goes at once, as each merge costs
PRUNE_AFTER_LEAP_MS = 86_400_000  # milliseconds after a leap of the clock, until history may be called too old
QUIET_EVENTS_PER_SECOND = 2000  # events saved in a second, up to which there is time for indexing and pruning

log = logging.getLogger(__name__)

_EVER = 1 << 62  # later than any time in milliseconds


class Maintenance(threading.Thread):
    """The thread that does this, from `start` to `stop`.

    `announce` is called with whether saving works now, and how many messages were lost while it didn't. History older
    than `keep` days is deleted, but not soon after one of the clock's `leaps`; none if that is 0. The oldest is
    deleted, too, where the files have more than `size` bytes, unless that is 0.
    """

    def __init__(
        self,
        store: Store,
        announce: Callable[[bool, int], None],
        keep: int = 0,
        size: int = 0,
        leaps: ClockLeaps | None = None,
    ) -> None:
        super().__init__(name="maintenance", daemon=True)
        self._store = store
        self._announce = announce
        self._keep = keep
        self._size = size
        self._leaps = leaps or ClockLeaps(store)
        forced = CHECKPOINT_BYTES * CHECKPOINT_FORCED_TIMES
        self._log_bytes = min(forced, size // 10) if size else forced  # of the write-ahead log, at most
        self._is_full = False  # whether the history has once been too large
        self._forgetting = 0  # the deletions for which a merge of the index has begun and not ended; 0: none
        self._forget_at = 0.0  # when the next merge may begin, in monotonic seconds
        self._index = SearchIndex(store)
        self._events_before = 0  # events saved up to the last round
        self._done_at = (0, 0, 0)  # `_state` when there was nothing left to index and to prune
        self._checkpoint_mtime = 0  # of the log that was copied last, in nanoseconds: a copied log keeps its size
        self._stopped = False
        self._announced_failure = False

    def run(self) -> None:
        pause = ROUND_SECONDS
        while not self._stopped:
            self._store.wakeup.wait(pause)
            self._store.wakeup.clear()
            if self._stopped:
                return
            quiet = self._events_before == self._store.events_saved and not self._store.failure
            pause = min(2 * pause, ROUND_MAX_SECONDS) if quiet else ROUND_SECONDS
            self._store.wake_on_save = quiet
            try:
                self._round()
            except Exception:  # a bug must not end the thread, but must be logged
                log.exception("a round of housework on %s could not be finished", self._store.path)

    def stop(self) -> None:
        """Ends the thread, and waits for its end."""
        self._stopped = True
        self._store.wakeup.set()
        self.join()

    def _round(self) -> None:
        saved, self._events_before = self._store.events_saved - self._events_before, self._store.events_saved
        self._store.check_file()
        self._store.retry_if_due()
        self._announce_changes()
        if self._store.failure:
            return
        try:
            busy = saved > QUIET_EVENTS_PER_SECOND * ROUND_SECONDS
            self._checkpoint(busy)
            state = self._state()
            if state != self._done_at:
                self._store.look_for_deletions()  # `chatroom history prune` leaves some
                fits = self._shrink()
                if not busy and self._index_and_prune() and fits:
                    self._done_at = state
            if self._store.has_deleted and not busy and time.monotonic() >= self._forget_at:
                self._forget()
        except (sqlite3.Error, OSError) as error:  # there may be no descriptors left, for example
            log.warning("housework on %s failed: %s", self._store.path, error)

    def _state(self) -> tuple[int, int, int]:
        """A value that stays equal while there can be nothing new to index or prune: looking costs a transaction."""
        return self._store.events_saved, self._store.generation, int(time.monotonic() / PRUNE_CHECK_SECONDS)

    def _index_and_prune(self) -> bool:
        """Indexes and prunes; whether nothing is left to do."""
        return self._steps(self._index.step) and (not self._keep or self._steps(self._prune))

    def _steps(self, step: Callable[[], bool], rest: float = REST_TIMES) -> bool:
        """Takes steps, with a break `rest` times as long after each, until `wakeup` is set; whether none are left."""
        while not self._stopped:
            start = time.monotonic()
            if not step():
                return True
            self._checkpoint(busy=False)
            if self._store.wakeup.wait(rest * (time.monotonic() - start)):
                return False
        return False

    def _prune(self) -> bool:
        if self._leaps.since_leap() < PRUNE_AFTER_LEAP_MS:
            return False
        return self._index.prune(int(time.time() * 1000) - self._keep * 86_400_000) >= 0

    def _announce_changes(self) -> None:
        failed = bool(self._store.failure)
        if failed != self._announced_failure:
            lost = 0 if failed else self._store.messages_lost
            self._announce(not failed, lost)
            self._announced_failure = failed  # only now: if `announce` fails it is called again in the next round
            with self._store.lock:
                self._store.messages_lost -= lost

    def _shrink(self) -> bool:
        """Deletes the oldest history while the files are too large; False if that was interrupted.

        What it saves shows only when the index is merged, and may be several times what was deleted. So a part of what
        is too much is deleted, then the index is merged, and again.
        """
        while self._size and (self._forgetting or (excess := self._excess()) > 0):
            if not self._forgetting:
                if not self._is_full:
                    self._is_full = True
                    log.warning("the history has reached its size (--history-size); from now on the oldest is deleted")
                before = self._index.bytes_pruned
                end = before + max(excess // 4, self._size // SHRINK_PART)
                rest = SHRINK_REST_TIMES if excess > self._size // 10 else REST_TIMES
                if not self._steps(partial(self._prune_oldest, end), rest):
                    return False
                if self._index.bytes_pruned == before:
                    return True  # there is no history left: something else is that large
            if not self._forget():
                return False
        return True

    def _prune_oldest(self, end: int) -> bool:
        """Deletes some of the oldest history; whether there may be more to delete until so many bytes are gone."""
        return self._index.prune(_EVER) >= 0 and self._index.bytes_pruned < end

    def _excess(self) -> int:
        """How many bytes the files have too much, if the log is as large as it may be."""
        return self._store.used_bytes() + self._log_bytes - self._size

    def _forget(self) -> bool:
        """Takes what was deleted out of the index's pages and the log; False if interrupted: the next round goes on."""
        start = time.monotonic()
        count = self._store.look_for_deletions()
        begun = itertools.chain([count == self._forgetting], itertools.repeat(True))
        self._forgetting = count
        if not self._steps(lambda: self._index.forget(first=not next(begun))):
            return False
        self._forgetting = 0
        with closing(connect(self._store.path, write=True, busy=0.05)) as db:
            db.execute("PRAGMA wal_checkpoint(PASSIVE)")  # most of the work, without the lock
            with self._store.lock:
                finish(db, count)
        self._store.look_for_deletions()
        now = time.monotonic()
        self._forget_at = now + FORGET_REST_TIMES * (now - start)
        return True

    def _checkpoint(self, busy: bool) -> None:
        """Copies the log into the file if it has grown: without the lock, and what is left, if it is much, with it."""
        try:
            found = wal_files(self._store.path)[0].stat()
        except OSError:
            return
        size = found.st_size
        least = self._log_bytes if busy else min(CHECKPOINT_BYTES, self._log_bytes)
        if size < least or found.st_mtime_ns == self._checkpoint_mtime:
            return
        db = connect(self._store.path, write=True, busy=0.05)
        try:
            blocked, pages, moved = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if size > self._log_bytes:  # else it would go on growing as long as something is always being saved
                with self._store.lock:
                    db.execute("PRAGMA wal_checkpoint(RESTART)")
            self._checkpoint_mtime = found.st_mtime_ns if moved == pages and not blocked else 0
        finally:
            db.close()
