"""The housework of the store, in a thread of its own, in small steps, when nothing else is to be done.

It empties the database's log into the file (which syncs to disk), keeps the full-text index up, prunes what is too old,
tries to save again what couldn't be, and says so when saving has come to an end or goes on.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable

from chatroom.storage.schema import connect
from chatroom.storage.search_index import Index
from chatroom.storage.store import Store

ROUND_SECONDS = 1.0  # seconds between the keeper's rounds; twice as long each time while nothing is said,
ROUND_MAX_SECONDS = 4.0  # up to this; what is said then ends the rest
PRUNE_CHECK_SECONDS = 60.0  # seconds between two looks for what is too old, where nothing is said
# bytes of the database's log that are moved into the file; at 16 times that, at once
CHECKPOINT_BYTES = 4 * 1024 * 1024
QUIET_EVENTS_PER_SECOND = 2000  # events a second up to which there is time for housework

log = logging.getLogger(__name__)


class Maintenance(threading.Thread):
    """Works from `start` to `stop`.

    `announce` tells everybody whether saving works, and how many messages were lost while it didn't. What is older than
    `keep` days is pruned, nothing if that is 0.
    """

    def __init__(self, store: Store, announce: Callable[[bool, int], None], keep: int = 0) -> None:
        super().__init__(name="keeper", daemon=True)
        self._store = store
        self._announce = announce
        self._keep = keep
        self._index = Index(store)
        self._seen = 0  # events saved up to the last round
        self._kept_up = (0, 0, 0)  # `_state` when there was nothing left to index and to prune
        self._emptied = 0  # when the log that was emptied last had been written to; it keeps its size
        self._stopped = False
        self._told = False  # that nothing is being saved

    def run(self) -> None:
        pause = ROUND_SECONDS
        while not self._stopped:
            self._store.changed.wait(pause)
            self._store.changed.clear()
            if self._stopped:
                return
            quiet = self._seen == self._store.saved and not self._store.trouble
            pause = min(2 * pause, ROUND_MAX_SECONDS) if quiet else ROUND_SECONDS
            self._store.resting = quiet
            try:
                self._round()
            except Exception:  # a mistake in the program must not end the housework, but must be heard of
                log.exception("a round of housework on %s could not be finished", self._store.path)

    def stop(self) -> None:
        self._stopped = True
        self._store.changed.set()
        self.join()

    def _round(self) -> None:
        saved, self._seen = self._store.saved - self._seen, self._store.saved
        self._store.check()
        self._store.retry()
        self._tell()
        if self._store.trouble:
            return
        try:
            busy = saved > QUIET_EVENTS_PER_SECOND * ROUND_SECONDS
            self._checkpoint(busy)
            state = self._state()
            if not busy and state != self._kept_up and self._keep_up():
                self._kept_up = state
        except (sqlite3.Error, OSError) as error:  # there may be no descriptors left, say
            log.warning("housework on %s failed: %s", self._store.path, error)

    def _state(self) -> tuple[int, int, int]:
        """Until it changes, if only by a minute, nothing new is to be indexed or pruned: each look is a transaction."""
        return self._store.saved, self._store.file, int(time.monotonic() / PRUNE_CHECK_SECONDS)

    def _keep_up(self) -> bool:
        """Indexes and prunes; whether it came to an end with both."""
        return self._steps(self._index.step) and (not self._keep or self._steps(self._prune))

    def _steps(self, step: Callable[[], bool]) -> bool:
        """Takes steps, with longer breaks, until something else is to be done; whether there are none left."""
        while not self._stopped:
            start = time.monotonic()
            if not step():
                return True
            if self._store.changed.wait(2 * (time.monotonic() - start)):
                return False
        return False

    def _prune(self) -> bool:
        return self._index.prune(int(time.time() * 1000) - self._keep * 86_400_000) >= 0

    def _tell(self) -> None:
        troubled = bool(self._store.trouble)
        if troubled != self._told:
            lost = 0 if troubled else self._store.lost
            self._announce(not troubled, lost)
            self._told = troubled  # only now: what could not be told is told in the next round
            with self._store.lock:
                self._store.lost -= lost

    def _checkpoint(self, busy: bool) -> None:
        """Empties the log when it has grown, without a lock; if it has grown much, holds saving back for the rest."""
        try:
            found = self._store.path.with_name(f"{self._store.path.name}-wal").stat()
        except OSError:
            return
        size = found.st_size
        if size < CHECKPOINT_BYTES * (16 if busy else 1) or found.st_mtime_ns == self._emptied:
            return
        db = connect(self._store.path, write=True, busy=0.05)
        try:
            blocked, pages, moved = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if moved < pages and size > 16 * CHECKPOINT_BYTES:
                with self._store.lock:
                    db.execute("PRAGMA wal_checkpoint(RESTART)")
            self._emptied = found.st_mtime_ns if moved == pages and not blocked else 0
        finally:
            db.close()
