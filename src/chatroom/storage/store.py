"""The write side of the history: saves each batch of events before any client is told of it.

- A batch is one transaction. With `sync` "normal" it survives the end of the process at any moment; with "full" it is
  on the disk when `save` returns, and survives a power cut.
- `save` never fails. While the file can't be written (the disk is full, or the file is gone), events are kept in
  memory, up to `UNSAVED_BYTES` bytes. A fresh connection is tried again and again, and then all of them are saved.
- If the file is gone (deleted, moved away), a new one is created. It gets the accounts, rooms and bans of the old one
  (`salvage`): the running server still knows these, and so they survive its next start.
- Ids are reserved in the file, `IDS_RESERVED` at a time, before they are used. So they rise over restarts, even if the
  clock was set back, and also for events that are not saved.
- Only the process that has locked the directory writes to the file. Others (`chatroom history prune`) do so in short
  transactions.

`Store.lock` guards the write connection `db`, all that is remembered of the file, and what waits to be saved.
"""

import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from chatroom.common.cloaks import KEY_BYTES, Cloaks
from chatroom.common.language import tr
from chatroom.common.logs import alike
from chatroom.common.names import LOBBY, fold
from chatroom.common.trusted_files import UntrustedFileError, check_own_file, check_way, may_be_changed_by_others
from chatroom.model.durable_state import Lasting
from chatroom.model.events import Event, ModesSet, Opened, Redacted, RoomRenamed
from chatroom.model.limits import DORMANT_ROOMS_MAX
from chatroom.storage import empty_places, standings
from chatroom.storage.before_upgrade import keep_copy
from chatroom.storage.deletions import pending
from chatroom.storage.lockfile import LockedError, LockFile, NoLocksError
from chatroom.storage.projections import PROJECTIONS
from chatroom.storage.reader import Reader
from chatroom.storage.salvage import Salvaged
from chatroom.storage.schema import (
    BUSY_TIMEOUT_SECONDS,
    FILE,
    SET_CLOAK_KEY,
    SET_MARK,
    StoreError,
    cloak_key,
    create,
    explained,
    migrate,
    no_locks,
    transaction,
    wal_files,
)
from chatroom.storage.segments import Segment, pack

LOCK = "chatroom.lock"  # a file beside the data; the one server that uses the data has it locked
PLACES_REMEMBERED = 10_000  # places whose row numbers are cached: clients that make up rooms must not fill the memory
ROWS_OF_BATCH = 10_000  # rows of the history, the last of which are surely those of the last batch
IDS_RESERVED = 1_000_000  # ids reserved at a time: a second's worth of the microsecond clock that they follow
UNSAVED_BYTES = 16 * 1024 * 1024  # bytes kept in memory while they can't be saved: some 100,000 messages
UNSAVED_CHANGES_BYTES = 4 * 1024 * 1024  # bytes besides for changes of rooms, accounts and bans: some 8,000
CHANGE_BYTES = 500  # bytes that one such change takes at most, about: a mask, a reason, who did it
RETRY_FIRST_SECONDS = 1.0  # seconds until saving is tried again after a failure; doubled after each further failure
RETRY_MAX_SECONDS = 30.0  # seconds between two such trials, at most

log = logging.getLogger(__name__)

_SEGMENTS_PER_STATEMENT = 32
_ROW = "(?, ?, ?, ?, ?, ?, ?, ?)"
_INTO = "INSERT INTO runs (place, first, last, since, until, said, people, events) VALUES"
_INSERTS = [f"{_INTO} {', '.join([_ROW] * count)}" for count in range(_SEGMENTS_PER_STATEMENT + 1)]
# The lists of as many rooms without an owner are kept as the server remembers rooms that nobody is in.
_WITHOUT_OWNER = f"room NOT IN ('', '{LOBBY}') AND room NOT IN (SELECT key FROM places WHERE owner != '')"
_DELETE_OLD_LISTS = f"""DELETE FROM lists WHERE {_WITHOUT_OWNER} AND room NOT IN
    (SELECT room FROM lists WHERE {_WITHOUT_OWNER} GROUP BY room ORDER BY max(since) DESC LIMIT {DORMANT_ROOMS_MAX})"""
# What was saved last. Ids and times never go back, but the rows of one batch are in another order.
_LAST = "SELECT coalesce(max({0}), 0) FROM (SELECT {0} FROM runs ORDER BY row DESC LIMIT ?)"
_BUGS = (sqlite3.DataError, sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError)
_REPLACE_MASK = "UPDATE OR REPLACE lists SET key = ?, mask = ?, by = ? WHERE room = ? AND letter = ? AND key = ?"
_CHANGES = "changes of topics, modes, accounts, owners and bans"
_RENAMING = frozenset({RoomRenamed, Lasting})  # events that give places other keys

Batch = tuple[list[Segment], list[Event]]  # rows of the history, and events that have a projection


class Store:
    """The write side of the file in `directory`, which is created if there is none; raises `StoreError`, a sentence."""

    def __init__(self, directory: Path, sync: str = "normal") -> None:
        self.path = directory / FILE
        self.lock = threading.Lock()
        self.failure = ""  # why nothing is being saved; "" if all is well
        self.messages_lost = 0  # messages given up since saving began to fail
        self.changes_lost = 0  # changes of topics, modes, accounts, owners and bans, likewise
        self.wakeup = threading.Event()  # set when `failure` has come or gone, and for `wake_on_save`
        self.wake_on_save = False  # whether the next save is to set `wakeup`
        self.generation = 0  # how often a file has been opened; a reader of an older one must be closed
        self.events_saved = 0
        self.has_deleted = False  # whether deleted words may still be in the files: see `deletions`
        self._sync = sync
        self._places: dict[str, int] = {}  # row numbers of places, by key
        self._open_rooms: set[str] = set()  # keys of rooms that nothing closes in the file, as far as is remembered
        self._waiting: list[Batch] = []
        self._waiting_bytes = 0
        self._retry_at = 0.0
        self._retry_pause = RETRY_FIRST_SECONDS
        self._inode = (0, 0)  # device and inode of the file that is open; (0, 0) once it is gone
        self._wal_inodes: list[tuple[int, int]] = []  # the same of SQLite's own files beside it
        self._salvaged: Salvaged | None = None  # what is to be written to the new file, because the old one is gone
        self._lock_file = lock_directory(directory)
        if may_be_changed_by_others(directory):
            log.warning("other users can change what is in %s, the data too: chmod 700 keeps them out", directory)
        try:
            self.db = self._open()
            self.db.execute(_DELETE_OLD_LISTS)
            empty_places.sweep(self.db)
            self.reserved_id = self._mark("reserved")  # no event has a higher id yet
            self.previous_start_id = self._mark("began")  # all events since the start before this one have higher ids
            self.db.execute(SET_MARK, ("began", self.reserved_id))
            standings.leave_all(self.db, self.reserved_id)
            self.db.execute(f"INSERT INTO secrets VALUES ('cloaks', randomblob({KEY_BYTES})) ON CONFLICT DO NOTHING")
            self.cloaks = Cloaks(cloak_key(self.db), is_shown=True)
        except (sqlite3.Error, OSError) as error:
            self._lock_file.release()
            raise explained(self.path, error) from None
        except StoreError:
            self._lock_file.release()
            raise

    @property
    def last_saved_id(self) -> int:
        """The id of the last event that was saved; 0 if there is none."""
        return int(self.db.execute(_LAST.format("last"), (ROWS_OF_BATCH,)).fetchone()[0])

    @property
    def last_saved_time(self) -> int:
        """The time of the last event that was saved, in milliseconds; 0 if there is none."""
        return int(self.db.execute(_LAST.format("until"), (ROWS_OF_BATCH,)).fetchone()[0])

    @property
    def last_change_id(self) -> int:
        """The id of the last event that was projected (`projections`); 0 if there is none."""
        return self._mark("settled")

    @property
    def chat(self) -> int:
        """The number of the chat of several servers that this is the history of; 0 if there is none."""
        return self._mark("chat")

    def reader(self) -> Reader:
        """A new connection to look things up with."""
        return Reader(self.path, cloaks=self.cloaks)

    def keep_cloak_key(self) -> None:
        """Keeps the key of the cloaks, which may be that of other servers now. May raise `sqlite3.Error`."""
        with self.transaction() as db:
            db.execute(SET_CLOAK_KEY, (self.cloaks.key,))

    def hide_addresses(self) -> None:
        """Replaces addresses in lists of rooms, beside topics and of who stays by cloaks. May raise `sqlite3.Error`."""
        self.cloaks.is_shown = False
        with self.transaction() as db:
            for place, by in db.execute("SELECT id, topic_by FROM places WHERE topic_by LIKE '%@%'").fetchall():
                if (shown := self.cloaks.mask(by)) != by:
                    db.execute("UPDATE places SET topic_by = ? WHERE id = ?", (shown, place))
            standings.hide_addresses(db, self.cloaks)
            for room, letter, key, mask, by in db.execute("SELECT room, letter, key, mask, by FROM lists").fetchall():
                kept = self.cloaks.mask(mask) if room else mask  # operators alone see those of the server
                if (kept, shown := self.cloaks.mask(by)) != (mask, by):
                    db.execute(_REPLACE_MASK, (fold(kept), kept, shown, room, letter, key))

    def save(self, events: list[Event]) -> None:
        """Saves a batch, whose ids rise; returns when it is as safe as `sync` says."""
        if not events:
            return
        kinds = set(map(type, events))
        if not _RENAMING.isdisjoint(kinds) and (parts := _cut_at_renames(events))[1:]:
            for part in parts:
                self.save(part)
            return
        segments = pack(events)
        has_changes = not PROJECTIONS.keys().isdisjoint(kinds)
        changes = [e for e in events if type(e) in PROJECTIONS] if has_changes else []
        if not segments and not changes and events[-1].id <= self.reserved_id:
            return
        with self.lock:
            self.events_saved += len(events)
            if self.wake_on_save:
                self.wake_on_save = False
                self.wakeup.set()
            if self.failure:
                self._keep(segments, changes)
            else:
                self._waiting.append((segments, changes))
                self._write(events[-1].id)
            if has_changes and any(type(e) is Redacted for e in changes):
                self.has_deleted = True

    def retry_if_due(self) -> None:
        """Tries again to save what waits, if nothing is being saved and the pause is over."""
        with self.lock:
            if self.failure and time.monotonic() >= self._retry_at:
                self._write(self.reserved_id)

    def check_file(self) -> None:
        """Notices that the file is gone. Writing would not: an open file can be written to without having a name."""
        with self.lock:
            if self.failure:
                return
            if self._inode != _inode(self.path):
                self._fail(f"{self.path} is gone")
            elif not self._lock_file.is_in_place():
                self._fail(f"{self.path.with_name(LOCK)} is gone, which keeps other servers out")
            elif self._wal_is_gone():
                self._fail(f"{wal_files(self.path)[0]} is gone")

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction on the write connection, for short work beside saving. May raise `sqlite3.Error`."""
        with self.lock, transaction(self.db):
            yield self.db

    def forget_lists(self, rooms: list[tuple[str, int]]) -> None:
        """Deletes what was in the lists of these rooms, by key, until a time in milliseconds.

        If that fails the next start does it.
        """
        with contextlib.suppress(sqlite3.Error), self.transaction() as db:
            db.executemany("DELETE FROM lists WHERE room = ? AND since <= ?", rooms)

    def look_for_deletions(self) -> int:
        """The deletions, also those of other processes, of which words may be left in the files."""
        with self.lock:
            count = pending(self.db)
            self.has_deleted = count > 0
        return count

    def used_bytes(self) -> int:
        """The size of the file, without the part of it that is free. The write-ahead log is not counted."""
        with self.lock:
            names = ("page_count", "freelist_count", "page_size")
            pages, free, size = [self.db.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
        return int((pages - free) * size)

    def delete_empty_places(self, db: sqlite3.Connection, places: set[int]) -> None:
        """Deletes those of these places of which nothing is kept any more; called within a `transaction`."""
        assert self.lock.locked()
        self.has_deleted = True  # this follows a deletion of history
        empty_places.delete(db, places)
        self._forget_places()

    def close(self) -> None:
        """Saves what waits, if it can, closes the file and unlocks the directory."""
        with self.lock:
            if self._waiting:
                self._write(self.reserved_id)
            if self._waiting:
                said = self.messages_lost + _messages(self._waiting)
                changes = self.changes_lost + sum([len(changes) for _, changes in self._waiting])
                log.error("%d messages and %d %s could not be saved: %s", said, changes, _CHANGES, self.failure)
            with contextlib.suppress(sqlite3.Error):
                self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self.db.close()
            self._lock_file.release()

    # ---- under the lock ---------------------------------------------------------------------------------------------

    def _write(self, last: int) -> None:
        """Saves all that waits, and reserves ids if `last` is above those that are."""
        assert self.lock.locked()
        try:
            if self.failure:
                self._reopen()
            if not self._write_in_one_statement(last):
                with transaction(self.db):
                    if self.failure:
                        self.db.execute(SET_CLOAK_KEY, (self.cloaks.key,))  # the file may be a new one
                    if self._salvaged:
                        self._salvaged.write(self.db)
                    self._insert_all()
                    if last > self.reserved_id or self.failure:
                        self.db.execute(SET_MARK, ("reserved", max(last + IDS_RESERVED, self.reserved_id)))
        except Exception as error:
            if _is_worth_a_retry(error):
                self._fail(str(error))
                return
            self._forget_places()
            if not self.failure:  # what was kept during a failure has been delivered already, and is tried again
                self._waiting.clear()
            raise
        if last > self.reserved_id:
            self.reserved_id = last + IDS_RESERVED
        self._waiting.clear()
        if self.failure:
            self._recover()

    def _write_in_one_statement(self, last: int) -> bool:
        """Saves what waits by one statement, which is a transaction of its own; returns False where it can't.

        This is how most batches are saved: each statement releases the interpreter and has to wait for it again.
        """
        if self.failure or last > self.reserved_id or len(self._waiting) > 1:
            return False
        ((segments, changes),) = self._waiting
        if not segments or len(segments) > _SEGMENTS_PER_STATEMENT or not all(map(self._is_saved, changes)):
            return False
        if not all(segment.key in self._places for segment in segments):
            return False
        values = [value for segment in segments for value in (self._places[segment.key], *segment[2:])]
        self.db.execute(_INSERTS[len(segments)], values)
        return True

    def _insert_all(self) -> None:
        """Inserts what waits. After a failure, what can never be saved is given up, so that the rest is saved."""
        parts = [
            part for segments, changes in self._waiting for part in ((segments, []), *[([], [e]) for e in changes])
        ]
        for segments, changes in parts:
            try:
                self._insert(segments, changes)
            except Exception as error:
                if not self.failure or _is_worth_a_retry(error):
                    raise
                self.messages_lost += (given_up := _messages([(segments, changes)]))
                self.changes_lost += len(changes)
                what = (given_up, len(changes), _CHANGES)
                log.exception("%d messages and %d %s can never be saved", *what, extra=alike(""))

    def _insert(self, segments: list[Segment], changes: list[Event]) -> None:
        self.db.executemany(_INSERTS[1], [(self._place_number(segment), *segment[2:]) for segment in segments])
        for event in changes:
            PROJECTIONS[type(event)](self.db, event)
            self._note_closed(event)
        if changes:
            self.db.execute(SET_MARK, ("settled", changes[-1].id))
        if not _RENAMING.isdisjoint(map(type, changes)):
            self._forget_places()

    def _is_saved(self, change: Event) -> bool:
        """Whether a change is one that the file shows already: that a room is opened which was open before."""
        return type(change) is Opened and not change.closed and fold(change.room) in self._open_rooms

    def _note_closed(self, change: Event) -> None:
        """Notes whether anything closes a room from now on."""
        if type(change) is Opened and not change.closed:
            if len(self._open_rooms) >= PLACES_REMEMBERED:
                self._open_rooms.clear()
            self._open_rooms.add(fold(change.room))
        elif isinstance(change, Opened | ModesSet):
            self._open_rooms.discard(fold(change.room))

    def _forget_places(self) -> None:
        self._places.clear()
        self._open_rooms.clear()

    def _place_number(self, segment: Segment) -> int:
        """The row number of a segment's place, which is inserted if it is new."""
        number = self._places.get(segment.key)
        if number is None:
            self.db.execute(
                "INSERT INTO places (key, name, created) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (segment.key, segment.name, segment.since),
            )
            (number,) = self.db.execute("SELECT id FROM places WHERE key = ?", (segment.key,)).fetchone()
            if len(self._places) >= PLACES_REMEMBERED:
                self._forget_places()
            self._places[segment.key] = number
        return number

    def _mark(self, name: str) -> int:
        """A number of the table `marks`; 0 if it is not set."""
        row = self.db.execute("SELECT value FROM marks WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def _open(self) -> sqlite3.Connection:
        """Opens the file for writing, creates it if there is none, and notes which file it is."""
        self._forget_places()
        try:
            _check_files(self.path.parent)
        except UntrustedFileError as error:
            raise StoreError(str(error)) from None
        db = create(self.path, BUSY_TIMEOUT_SECONDS)
        try:
            keep_copy(db, self.path)
            migrate(db, self._sync)
        except BaseException:
            db.close()
            raise
        self.has_deleted = pending(db) > 0
        self._inode = _inode(self.path)
        self._wal_inodes = [_inode(path) for path in wal_files(self.path)]
        self.generation += 1
        return db

    def _reopen(self) -> None:
        """Opens the file afresh. If it is gone, its accounts, rooms and bans are kept for the new one."""
        gone = self._inode not in ((0, 0), _inode(self.path))
        if gone:
            self._salvaged = self._salvaged or Salvaged.of(self.db)
            self._inode = (0, 0)
        elif self._wal_is_gone():
            self._save_wal()
        inodes, self._wal_inodes = self._wal_inodes, [(0, 0)] * len(self._wal_inodes)
        self.db.close()
        if not self._lock_file.is_in_place():
            lock_file = lock_directory(self.path.parent)  # which creates the directory, too, if that is gone
            self._lock_file.release()
            self._lock_file = lock_file
        if gone:  # a write-ahead log that is left of the old file would damage the new one
            for path, inode in zip(wal_files(self.path), inodes, strict=True):
                if inode == _inode(path) != (0, 0):
                    path.unlink(missing_ok=True)
        self.db = self._open()

    def _wal_is_gone(self) -> bool:
        """Whether the open write-ahead log was deleted: what is written to it is lost with the process."""
        return self._wal_inodes[0] not in ((0, 0), _inode(wal_files(self.path)[0]))

    def _save_wal(self) -> None:
        """Empties a deleted write-ahead log into the file; raises `sqlite3.Error` as long as that can't be."""
        (blocked, _, _) = self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if blocked:
            raise sqlite3.OperationalError("another connection reads what is to be moved")

    # ---- under the lock, when the file can't be written -------------------------------------------------------------

    def _fail(self, why: str) -> None:
        """Notes that nothing can be saved; what waits is kept, and tried again after a pause."""
        assert self.lock.locked()
        now = time.monotonic()
        self._forget_places()  # some may have been inserted by what was rolled back
        self._retry_pause = min(self._retry_pause * 2, RETRY_MAX_SECONDS) if self.failure else RETRY_FIRST_SECONDS
        self._retry_at = now + self._retry_pause
        log.error("messages are not being saved: %s", why)  # at each trial, so that the log shows how long it lasts
        if not self.failure:
            self._waiting_bytes = 0
            waiting, self._waiting = self._waiting, []
            for segments, changes in waiting:
                self._keep(segments, changes)
            self.wakeup.set()
        self.failure = why

    def _keep(self, segments: list[Segment], changes: list[Event]) -> None:
        """Keeps a batch in memory until it can be saved, as far as there is room.

        Messages are given up first: accounts, owners and bans are small, and people rely on them.
        """
        assert self.lock.locked()
        size = sum([len(segment.events) + len(segment.people) + 200 for segment in segments])
        if self._waiting_bytes + size > UNSAVED_BYTES:
            self.messages_lost += sum([segment.said for segment in segments])
            segments, size = [], 0
        size += CHANGE_BYTES * len(changes)
        if self._waiting_bytes + size > UNSAVED_BYTES + UNSAVED_CHANGES_BYTES:
            self.changes_lost += len(changes)
            return
        if segments or changes:
            self._waiting.append((segments, changes))
            self._waiting_bytes += size

    def _recover(self) -> None:
        """Notes that all that waited is saved."""
        assert self.lock.locked()
        # Never left out of the log as a repetition: a second failure within a minute would seem to last.
        if self._salvaged:
            log.error("%s", self._salvaged.report(self.path), extra=alike(""))
            self._salvaged = None
        log.warning("messages are being saved again; %d were not", self.messages_lost, extra=alike(""))
        if self.changes_lost:
            log.error("%d %s were not saved; they last until the server ends", self.changes_lost, _CHANGES)
            self.changes_lost = 0
        self.failure = ""
        self.wakeup.set()


def _cut_at_renames(events: list[Event]) -> list[list[Event]]:
    """The parts of a batch that end with new names of rooms: what comes later is said under these."""
    ends = [n for n, event in enumerate(events, 1) if type(event) in _RENAMING]
    return [part for start, end in pairwise((0, *ends, len(events))) if (part := events[start:end])]


def lock_directory(directory: Path) -> LockFile:
    """Locks the data in a directory, which is created if there is none; raises `StoreError`, a sentence."""
    path = directory / LOCK
    try:
        check_way(directory)
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_files(directory)
        return LockFile(path)
    except UntrustedFileError as error:
        raise StoreError(str(error)) from None
    except ModuleNotFoundError:  # of the library for locks
        raise StoreError(
            tr(
                "This system has no locks that chatroom knows, so no data can be kept; on Windows, run"
                " chatroom in WSL, or let the server keep nothing with --ephemeral."
            )
        ) from None
    except NoLocksError as error:
        raise no_locks(path, str(error)) from None
    except LockedError as other:
        used = tr(
            "Another chatroom uses the data in {directory}; end it first, or choose another directory with --data.",
            directory=directory,
        )
        if other.pid:
            used = tr(
                "Another chatroom, process {pid}, uses the data in {directory}; end it first, or choose another"
                " directory with --data.",
                pid=other.pid,
                directory=directory,
            )
        raise StoreError(used) from None
    except OSError as error:
        raise StoreError(
            tr("Data can't be kept in {directory}: {reason}.", directory=directory, reason=error.strerror)
        ) from None


def _check_files(directory: Path) -> None:
    """Raises `UntrustedFileError` if the data in a directory may be somebody else's."""
    path = directory / FILE
    for file in (directory / LOCK, path, *wal_files(path)):
        check_own_file(file)


def _is_worth_a_retry(error: Exception) -> bool:
    """Whether something outside of the program is the cause. A bug of the program would fail in the same way again."""
    return isinstance(error, sqlite3.Error | OSError | StoreError) and not isinstance(error, _BUGS)


def _inode(path: Path) -> tuple[int, int]:
    """Device and inode of a file; (0, 0) if there is none."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_dev, status.st_ino


def _messages(waiting: list[Batch]) -> int:
    return sum([segment.said for segments, _ in waiting for segment in segments])
