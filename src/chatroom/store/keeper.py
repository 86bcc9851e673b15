"""The housework of the store, in a thread of its own, in small steps, when nothing else is to be done.

It empties the database's log into the file (which syncs to disk), keeps the full-text index up, prunes what is too old,
tries to save again what couldn't be, and says so when saving has come to an end or goes on.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable

from chatroom.limits import CHECKPOINT, QUIET, ROUND
from chatroom.store.index import Index
from chatroom.store.schema import connect
from chatroom.store.writer import Store

log = logging.getLogger(__name__)


class Keeper(threading.Thread):
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
        self._stopped = False
        self._told = False  # that nothing is being saved

    def run(self) -> None:
        while not self._stopped:
            self._store.changed.wait(ROUND)
            self._store.changed.clear()
            if self._stopped:
                return
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
            busy = saved > QUIET * ROUND
            self._checkpoint(busy)
            if not busy:
                self._steps(self._index.step)
                if self._keep:
                    self._steps(self._prune)
        except (sqlite3.Error, OSError) as error:  # there may be no descriptors left, say
            log.warning("housework on %s failed: %s", self._store.path, error)

    def _steps(self, step: Callable[[], bool]) -> None:
        """Takes steps until there are none left or something else is to be done, with longer breaks than steps."""
        while not self._stopped:
            start = time.monotonic()
            if not step() or self._store.changed.wait(2 * (time.monotonic() - start)):
                return

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
            size = self._store.path.with_name(f"{self._store.path.name}-wal").stat().st_size
        except OSError:
            return
        if size < CHECKPOINT * (16 if busy else 1):
            return
        db = connect(self._store.path, write=True, busy=0.05)
        try:
            _, pages, moved = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if moved < pages and size > 16 * CHECKPOINT:
                with self._store.lock:
                    db.execute("PRAGMA wal_checkpoint(RESTART)")
        finally:
            db.close()
