"""Saves what happens before anybody is told of it.

- A batch is one transaction. With `sync` "normal" it survives the end of the process at any moment; with "full" it is
  on the disk before it is told, and survives a power cut.
- `save` never fails. While the file can't be written (the disk is full, or the file is gone), what happens is held in
  memory, up to `UNSAVED` bytes; a fresh connection is tried again and again, and then all of it is saved.
- Ids are reserved by `RESERVE`, in the file, before they are used up: so they rise over restarts even if the clock has
  gone back, and for events that nobody keeps.
- A file may only be written by whoever holds the data's lock, or in short transactions (`chatroom history prune`).

`Store.lock` guards the write connection `db`, all that is remembered of the file, and what waits to be saved.
"""

import contextlib
import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from chatroom.events import (
    AccountDropped,
    AccountMade,
    Event,
    Founded,
    Hidden,
    ModesSet,
    PasswordSet,
    Redacted,
    ReplaySet,
    ServerBanned,
    ServerUnbanned,
    TopicSet,
)
from chatroom.limits import BUSY, EMPTY_ROOMS, PLACES, RESERVE, RETRY_FIRST, RETRY_MOST, UNSAVED
from chatroom.lockfile import LockedError, LockFile
from chatroom.logs import alike
from chatroom.modes import BAN, INVITED_ONLY, KEY, MUTE, NEW_ROOM, ROOM_MODES, ModeKind
from chatroom.names import LOBBY, fold
from chatroom.store.index import forget
from chatroom.store.reader import Reader
from chatroom.store.runs import Run, pack, without
from chatroom.store.schema import FILE, StoreError, connect, prepare, transaction

log = logging.getLogger(__name__)

_AT_ONCE = 32  # runs saved by one statement
_ROW = "(?, ?, ?, ?, ?, ?, ?, ?)"
_INTO = "INSERT INTO runs (place, first, last, since, until, said, people, events) VALUES"
_INSERTS = [f"{_INTO} {', '.join([_ROW] * count)}" for count in range(_AT_ONCE + 1)]
_HIDE = """UPDATE places SET closed = '', topic = '', hidden = (SELECT max(last) FROM runs WHERE place = places.id)
    WHERE closed != '' AND owner = '' AND EXISTS (SELECT * FROM runs WHERE place = places.id)"""
# A place that is nobody's goes with the last of its history. A room's topic and what closes it count while somebody is
# in it, which nobody is at the start.
_UNUSED = "owner = '' AND NOT EXISTS (SELECT * FROM runs WHERE place = places.id)"
_QUITE_UNUSED = f"{_UNUSED} AND topic = '' AND closed = ''"
# The newest stays, so that no number is given twice: somebody may just have looked it up.
_DROP = "DELETE FROM places WHERE id < (SELECT max(id) FROM places) AND"
# Of rooms that are nobody's no more is kept than is held in memory.
_FORGOTTEN = f"""FROM lists WHERE room NOT IN ('', '{LOBBY}')
    AND room NOT IN (SELECT key FROM places WHERE owner != '')
    AND room NOT IN (SELECT room FROM lists GROUP BY room ORDER BY max(since) DESC LIMIT {EMPTY_ROOMS})"""
_FORGET = f"DELETE {_FORGOTTEN}"
# What was said while somebody was banned stays hidden: from all, when it isn't known any more from whom.
_VEIL = f"""UPDATE places SET hidden = (SELECT max(last) FROM runs WHERE place = places.id)
    WHERE EXISTS (SELECT * FROM runs WHERE place = places.id)
    AND key IN (SELECT room {_FORGOTTEN} AND letter = '{BAN}' AND lists.key NOT LIKE '{MUTE}%')"""
_MISTAKES = (sqlite3.DataError, sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError)
_MARK = "INSERT INTO marks VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"


class Store:
    """The write side of the file in `directory`, which is made if there is none; raises `StoreError`, a sentence."""

    def __init__(self, directory: Path, sync: str = "normal") -> None:
        self.path = directory / FILE
        self.lock = threading.Lock()
        self.trouble = ""  # why nothing is being saved; "" if all is well
        self.lost = 0  # events given up since the trouble began
        self.changed = threading.Event()  # set when `trouble` has come or gone, or a rest is over
        self.resting = False  # whether somebody is to be told, by `changed`, when something is saved again
        self.file = 0  # goes up when a file is opened
        self.saved = 0  # events so far
        self._sync = sync
        self._places: dict[str, int] = {}  # their numbers, by key
        self._waiting: list[tuple[list[Run], list[Event]]] = []
        self._held = 0  # bytes of what waits
        self._retry_at = 0.0
        self._pause = RETRY_FIRST
        self._identity = (0, 0)  # of the file that is open: device and inode
        self._guard = _lock(directory)
        try:
            self.db = self._open()
            self.db.execute(_HIDE)
            self.db.execute(_VEIL)
            self.db.execute(_FORGET)
            self.db.execute(f"{_DROP} {_UNUSED}")
            self.reserved = self._mark("reserved")
            self.began = self._mark("began")  # all ids that were given between the last start and this one are higher
            self.db.execute(_MARK, ("began", self.reserved))
        except (sqlite3.Error, OSError) as error:
            self._guard.release()
            raise StoreError(f"{self.path} can't be used: {error}.") from None
        except StoreError:
            self._guard.release()
            raise

    @property
    def last_id(self) -> int:
        """An id that no event before this start has reached."""
        return self.reserved

    @property
    def last_saved(self) -> int:
        """The id of the last event that was saved; 0 if there is none."""
        return int(self.db.execute("SELECT coalesce(max(last), 0) FROM runs").fetchone()[0])

    @property
    def last_time(self) -> int:
        """The time of the last event that was saved, in milliseconds; 0 if there is none."""
        row = self.db.execute("SELECT until FROM runs ORDER BY row DESC LIMIT 1").fetchone()
        return int(row[0]) if row else 0

    def reader(self) -> Reader:
        """A new connection to look things up with."""
        return Reader(self.path)

    def save(self, events: list[Event]) -> None:
        """Saves a batch, whose ids rise; returns when it is as safe as `sync` says."""
        if not events:
            return
        runs = pack(events)
        rare = not _SETTINGS.keys().isdisjoint(set(map(type, events)))
        settings = [e for e in events if type(e) in _SETTINGS] if rare else []
        if not runs and not settings and events[-1].id <= self.reserved:
            return
        with self.lock:
            self.saved += len(events)
            if self.resting:
                self.resting = False
                self.changed.set()
            self._waiting.append((runs, settings))
            if self.trouble:
                self._hold(runs)
            else:
                self._write(events[-1].id)

    def retry(self) -> None:
        """While nothing is being saved, tries again, if it is time to."""
        with self.lock:
            if self.trouble and time.monotonic() >= self._retry_at:
                self._write(self.reserved)

    def check(self) -> None:
        """Notices that the file is gone: writing alone wouldn't, for an open file lives on without a name."""
        with self.lock:
            if not self.trouble and self._identity != _identity(self.path):
                self._fail(f"{self.path} is gone")

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction on the write connection, for short work beside saving. May raise `sqlite3.Error`."""
        with self.lock, transaction(self.db):
            yield self.db

    def drop_places(self, db: sqlite3.Connection, places: set[int]) -> None:
        """Part of a transaction (`writing`): deletes those of these places of which nothing is kept any more."""
        db.executemany(f"{_DROP} {_QUITE_UNUSED} AND id = ?", [(place,) for place in places])
        self._places.clear()

    def close(self) -> None:
        """Saves what waits, if it can, and lets go of the file."""
        with self.lock:
            if self._waiting:
                self._write(self.reserved)
            if self._waiting:
                log.error("%d events could not be saved: %s", self.lost + _events(self._waiting), self.trouble)
            with contextlib.suppress(sqlite3.Error):
                self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self.db.close()
            self._guard.release()

    # ---- under the lock ---------------------------------------------------------------------------------------------

    def _write(self, last: int) -> None:
        """Saves all that waits, and reserves ids if `last` has used them up."""
        try:
            if self.trouble:
                self.db.close()
                self.db = self._open()
            if not self._write_at_once(last):
                with transaction(self.db):
                    self._insert_all()
                    if last > self.reserved or self.trouble:
                        self.db.execute(_MARK, ("reserved", max(last + RESERVE, self.reserved)))
        except Exception as error:
            if _may_pass(error):
                self._fail(str(error))
                return
            self._places.clear()
            if not self.trouble:  # or else some of it has been seen
                self._waiting.clear()
            raise
        if last > self.reserved:
            self.reserved = last + RESERVE
        self._waiting.clear()
        if self.trouble:
            self._recover()

    def _insert_all(self) -> None:
        """Inserts what waits. What can never be saved must not keep back what was held with it."""
        for runs, settings in self._waiting:
            try:
                self._insert(runs, settings)
            except Exception as error:
                if not self.trouble or _may_pass(error):
                    raise
                given_up = _events([(runs, settings)])
                log.exception("%d events can never be saved", given_up, extra=alike(""))
                self.lost += given_up

    def _write_at_once(self, last: int) -> bool:
        """Saves what waits by one statement, if it can: a transaction of its own.

        This is how most batches are saved. Every statement lets go of the interpreter and has to wait for it again.
        """
        if self.trouble or last > self.reserved or len(self._waiting) > 1:
            return False
        ((runs, settings),) = self._waiting
        if not runs or settings or len(runs) > _AT_ONCE or not all(run.key in self._places for run in runs):
            return False
        values = [value for run in runs for value in (self._places[run.key], *run[2:])]
        self.db.execute(_INSERTS[len(runs)], values)
        return True

    def _insert(self, runs: list[Run], settings: list[Event]) -> None:
        self.db.executemany(_INSERTS[1], [(self._place(run), *run[2:]) for run in runs])
        for event in settings:
            _SETTINGS[type(event)](self.db, event)

    def _place(self, run: Run) -> int:
        """The number of a run's place, which is written down if it is new."""
        number = self._places.get(run.key)
        if number is None:
            self.db.execute(
                "INSERT INTO places (key, name, created) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (run.key, run.name, run.since),
            )
            (number,) = self.db.execute("SELECT id FROM places WHERE key = ?", (run.key,)).fetchone()
            if len(self._places) >= PLACES:
                self._places.clear()
            self._places[run.key] = number
        return number

    def _mark(self, name: str) -> int:
        row = self.db.execute("SELECT value FROM marks WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def _open(self) -> sqlite3.Connection:
        self._places.clear()
        db = connect(self.path, write=True, busy=BUSY)
        try:
            prepare(db, self._sync)
        except BaseException:
            db.close()
            raise
        self._identity = _identity(self.path)
        self.file += 1
        return db

    # ---- when it can't be written -----------------------------------------------------------------------------------

    def _fail(self, why: str) -> None:
        now = time.monotonic()
        self._places.clear()  # some may have been written down in what was rolled back
        self._pause = min(self._pause * 2, RETRY_MOST) if self.trouble else RETRY_FIRST
        self._retry_at = now + self._pause
        log.error("messages are not being saved: %s", why)  # at each trial: as long as it lasts, the log says so
        if not self.trouble:
            self._held = 0
            waiting, self._waiting = self._waiting, []
            for runs, settings in waiting:
                self._waiting.append((runs, settings))
                self._hold(runs)
            self.changed.set()
        self.trouble = why

    def _hold(self, runs: list[Run]) -> None:
        """Counts what came last among the waiting, or gives it up if it is too much to hold."""
        size = sum([len(run.events) + len(run.people) + 200 for run in runs])
        if self._held + size > UNSAVED:
            given_up, _ = self._waiting.pop()
            self.lost += sum([run.said for run in given_up])
        else:
            self._held += size

    def _recover(self) -> None:
        # Never left out of the log, or a second trouble within a minute would seem to last.
        log.warning("messages are being saved again; %d were not", self.lost, extra=alike(""))
        self.trouble = ""
        self.changed.set()


def _may_pass(error: Exception) -> bool:
    """Whether it is the world that is in the way, and not a mistake in the program, which comes again each time."""
    return isinstance(error, sqlite3.Error | OSError | StoreError) and not isinstance(error, _MISTAKES)


def _topic_set(db: sqlite3.Connection, event: TopicSet) -> None:
    db.execute(
        "UPDATE places SET topic = ?, topic_by = ?, topic_time = ? WHERE key = ?",
        (event.topic, event.by.mask, event.time, fold(event.room)),
    )


def _modes_set(db: sqlite3.Connection, event: ModesSet) -> None:
    _keep_modes(db, event)
    for change in event.changes:
        if ROOM_MODES[change.letter] is ModeKind.LIST:
            at = (fold(event.room), change.letter, fold(change.param))
            if change.on:
                entry = (change.param, event.by.mask, event.time, change.until, change.reason, change.whom)
                db.execute(_LISTED, (*at, *entry))
            else:
                db.execute(_UNLISTED, at)
        if change.letter in _CLOSING:
            closed = "replace(closed, ?, '') || ?" if change.on else "replace(replace(closed, ?, ''), ?, '')"
            db.execute(f"UPDATE places SET closed = {closed} WHERE key = ?", (*[change.letter] * 2, fold(event.room)))


def _keep_modes(db: sqlite3.Connection, event: ModesSet) -> None:
    changes = [c for c in event.changes if ROOM_MODES[c.letter] in (ModeKind.KEY, ModeKind.SETTING, ModeKind.FLAG)]
    row = db.execute("SELECT modes FROM places WHERE key = ?", (fold(event.room),)).fetchone()
    if not changes or row is None:
        return
    modes = json.loads(row[0]) if row[0] else dict.fromkeys(NEW_ROOM, "")
    for change in changes:
        if change.on:
            modes[change.letter] = change.param
        else:
            modes.pop(change.letter, None)
    db.execute("UPDATE places SET modes = ? WHERE key = ?", (json.dumps(modes), fold(event.room)))


def _server_banned(db: sqlite3.Connection, event: ServerBanned) -> None:
    entry = (event.mask, event.by.mask, event.time, event.until, event.reason, event.whom)
    db.execute(_LISTED, ("", "", fold(event.mask), *entry))


def _server_unbanned(db: sqlite3.Connection, event: ServerUnbanned) -> None:
    db.execute(_UNLISTED, ("", "", fold(event.mask)))


def _account_made(db: sqlite3.Connection, event: AccountMade) -> None:
    row = (fold(event.account), event.account, event.secret, event.id, event.time)
    db.execute("INSERT OR REPLACE INTO accounts (key, name, secret, id, time) VALUES (?, ?, ?, ?, ?)", row)


def _password_set(db: sqlite3.Connection, event: PasswordSet) -> None:
    db.execute("UPDATE accounts SET secret = ? WHERE key = ?", (event.secret, fold(event.account)))


def _replay_set(db: sqlite3.Connection, event: ReplaySet) -> None:
    db.execute("UPDATE accounts SET replay = ? WHERE key = ?", (event.on, fold(event.account)))


def _account_dropped(db: sqlite3.Connection, event: AccountDropped) -> None:
    db.execute("DELETE FROM accounts WHERE key = ?", (fold(event.account),))
    db.execute("UPDATE places SET owner = '', modes = '' WHERE owner = ?", (fold(event.account),))


def _founded(db: sqlite3.Connection, event: Founded) -> None:
    """Nothing else may be known of the room yet."""
    db.execute(
        """INSERT INTO places (key, name, created, owner) VALUES (?, ?, ?, ?)
           ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, modes = ''""",
        (fold(event.room), event.room, event.time, fold(event.account)),
    )


def _hidden(db: sqlite3.Connection, event: Hidden) -> None:
    db.execute("UPDATE places SET closed = '', topic = '', hidden = ? WHERE key = ?", (event.id, fold(event.room)))


def _redacted(db: sqlite3.Connection, event: Redacted) -> None:
    row = db.execute(
        """SELECT row, places.id, name, first, since, people, events FROM runs JOIN places ON places.id = place
           WHERE key = ? AND last >= ? ORDER BY last LIMIT 1""",
        (event.conversation or fold(event.target), event.said),
    ).fetchone()
    if row is None:
        return
    number, place, *run = row
    events, position = without(run[-1], event.said - run[1])
    if position >= 0:
        forget(db, number, place, run, position)
        db.execute("UPDATE runs SET events = ?, said = said - 1 WHERE row = ?", (events, number))


_LISTED = "INSERT OR REPLACE INTO lists VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_UNLISTED = "DELETE FROM lists WHERE room = ? AND letter = ? AND key = ?"
_CLOSING = (INVITED_ONLY, KEY)  # the modes that keep people out
# What changes what is written already, or is written beside the history.
_SETTINGS: dict[type, Callable[[sqlite3.Connection, Any], None]] = {
    TopicSet: _topic_set,
    ModesSet: _modes_set,
    Redacted: _redacted,
    ServerBanned: _server_banned,
    ServerUnbanned: _server_unbanned,
    AccountMade: _account_made,
    PasswordSet: _password_set,
    ReplaySet: _replay_set,
    AccountDropped: _account_dropped,
    Founded: _founded,
    Hidden: _hidden,
}


def _lock(directory: Path) -> LockFile:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return LockFile(directory / "chatroom.lock")
    except LockedError as other:
        who = f"Another chatroom, process {other.pid}," if other.pid else "Another chatroom"
        raise StoreError(
            f"{who} keeps its data in {directory}; end it, or choose another place for this one."
        ) from None
    except OSError as error:
        raise StoreError(f"Data can't be kept in {directory}: {error.strerror}.") from None


def _identity(path: Path) -> tuple[int, int]:
    """Which file it is; (0, 0) if there is none."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_dev, status.st_ino


def _events(waiting: list[tuple[list[Run], list[Event]]]) -> int:
    return sum([run.said for runs, _ in waiting for run in runs])
