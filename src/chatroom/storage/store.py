"""Saves what happens before anybody is told of it.

- A batch is one transaction. With `sync` "normal" it survives the end of the process at any moment; with "full" it is
  on the disk before it is told, and survives a power cut.
- `save` never fails. While the file can't be written (the disk is full, or the file is gone), what happens is held in
  memory, up to `UNSAVED_BYTES` bytes; a fresh connection is tried again and again, and then all of it is saved.
- If the file is gone (deleted, moved away), a new one is begun, with what is kept beside the history: whose names and
  rooms are whose, and who is banned. The server still knows these, and so they stay so over its next start.
- Ids are reserved by `IDS_RESERVED`, in the file, before they are used up: so they rise over restarts even if the
  clock has gone back, and for events that nobody keeps.
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

from chatroom.common.logs import alike
from chatroom.common.names import LOBBY, fold
from chatroom.model.entities import Account
from chatroom.model.events import (
    AccountDropped,
    AccountMade,
    Event,
    Founded,
    ModesSet,
    Opened,
    PasswordSet,
    Redacted,
    ReplaySet,
    ServerBanned,
    ServerUnbanned,
    TopicSet,
)
from chatroom.model.lasting import Lasting
from chatroom.model.limits import DORMANT_ROOMS_MAX
from chatroom.model.modes import CLOSING, NEW_ROOM, ROOM_MODES, ModeKind
from chatroom.storage.lockfile import LockedError, LockFile, NoLocksError
from chatroom.storage.reader import Reader
from chatroom.storage.salvage import Salvaged
from chatroom.storage.schema import (
    BUSY_TIMEOUT_SECONDS,
    FILE,
    StoreError,
    beside,
    create,
    not_local,
    prepare,
    transaction,
    unusable,
)
from chatroom.storage.search_index import forget
from chatroom.storage.segments import Segment, pack, without

# places whose number in the file is remembered: whoever makes up rooms must not fill the memory
PLACES_REMEMBERED = 10_000
IDS_RESERVED = 1_000_000  # ids reserved at a time: a second's worth of the clock that they follow
UNSAVED_BYTES = 16 * 1024 * 1024  # bytes held in memory while they can't be saved: some 100,000 messages
UNSAVED_SETTINGS = 4 * 1024 * 1024  # bytes more for what rooms, accounts and bans have become meanwhile: some 8,000
SETTING_BYTES = 500  # bytes that one of these takes at most, about: a mask, a reason, who did it
RETRY_FIRST_SECONDS = 1.0  # seconds until saving is tried again after a failure; then twice as long each time,
RETRY_MAX_SECONDS = 30.0  # up to this

log = logging.getLogger(__name__)

LOCK = "chatroom.lock"  # a file beside the data; whoever has it locked is its one server
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
_NOBODYS = f"room NOT IN ('', '{LOBBY}') AND room NOT IN (SELECT key FROM places WHERE owner != '')"
_FORGET = f"""DELETE FROM lists WHERE {_NOBODYS} AND room NOT IN
    (SELECT room FROM lists WHERE {_NOBODYS} GROUP BY room ORDER BY max(since) DESC LIMIT {DORMANT_ROOMS_MAX})"""
# When something last happened in a place: of all its runs the last, which is found by its index.
_LATEST = "(SELECT until FROM runs WHERE place = places.id ORDER BY last DESC LIMIT 1)"
_MISTAKES = (sqlite3.DataError, sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError)
_CHANGES = "changes of topics, modes, accounts, owners and bans"
_MARK = "INSERT INTO marks VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"


class Store:
    """The write side of the file in `directory`, which is made if there is none; raises `StoreError`, a sentence."""

    def __init__(self, directory: Path, sync: str = "normal") -> None:
        self.path = directory / FILE
        self.lock = threading.Lock()
        self.trouble = ""  # why nothing is being saved; "" if all is well
        self.lost = 0  # messages given up since the trouble began
        self.unset = 0  # likewise, changes of topics, modes, accounts, owners and bans
        self.changed = threading.Event()  # set when `trouble` has come or gone, or a rest is over
        self.resting = False  # whether somebody is to be told, by `changed`, when something is saved again
        self.file = 0  # goes up when a file is opened
        self.saved = 0  # events so far
        self._sync = sync
        self._places: dict[str, int] = {}  # their numbers, by key
        self._waiting: list[tuple[list[Segment], list[Event]]] = []
        self._held = 0  # bytes of what waits
        self._retry_at = 0.0
        self._pause = RETRY_FIRST_SECONDS
        self._identity = (0, 0)  # of the file that is open: device and inode
        self._logs: list[tuple[int, int]] = []  # of SQLite's own files beside it
        self._known: Salvaged | None = None  # what is to be written to a new file, because the old one is gone
        self._guard = lock(directory)
        try:
            self.db = self._open()
            self.db.execute(_HIDE)
            self.db.execute(_FORGET)
            self.db.execute(f"{_DROP} {_UNUSED}")
            self.reserved = self._mark("reserved")
            self.began = self._mark("began")  # all ids that were given between the last start and this one are higher
            self.db.execute(_MARK, ("began", self.reserved))
        except (sqlite3.Error, OSError) as error:
            self._guard.release()
            raise unusable(self.path, error) from None
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
    def settled(self) -> int:
        """The id of the last event that changed what lasts."""
        return self._mark("settled")

    @property
    def chat(self) -> int:
        """The number of the chat of several servers that this is the history of; 0 if there is none."""
        return self._mark("chat")

    @property
    def last_time(self) -> int:
        """The time of the last event that was saved, in milliseconds; 0 if there is none."""
        return int(self.db.execute(f"SELECT coalesce(max({_LATEST}), 0) FROM places").fetchone()[0])

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
            if self.trouble:
                self._hold(runs, settings)
            else:
                self._waiting.append((runs, settings))
                self._write(events[-1].id)

    def retry(self) -> None:
        """While nothing is being saved, tries again, if it is time to."""
        with self.lock:
            if self.trouble and time.monotonic() >= self._retry_at:
                self._write(self.reserved)

    def check(self) -> None:
        """Notices that a file is gone: writing alone wouldn't, for an open file lives on without a name."""
        with self.lock:
            if self.trouble:
                return
            if self._identity != _identity(self.path):
                self._fail(f"{self.path} is gone")
            elif not self._guard.is_in_place():
                self._fail(f"{self.path.with_name(LOCK)} is gone, which keeps other servers out")
            elif self._log_is_gone():
                self._fail(f"{beside(self.path)[0]} is gone")

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
                said = self.lost + _said(self._waiting)
                changes = self.unset + sum([len(settings) for _, settings in self._waiting])
                log.error("%d messages and %d %s could not be saved: %s", said, changes, _CHANGES, self.trouble)
            with contextlib.suppress(sqlite3.Error):
                self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self.db.close()
            self._guard.release()

    # ---- under the lock ---------------------------------------------------------------------------------------------

    def _write(self, last: int) -> None:
        """Saves all that waits, and reserves ids if `last` has used them up."""
        try:
            if self.trouble:
                self._reopen()
            if not self._write_at_once(last):
                with transaction(self.db):
                    if self._known:
                        self._known.write(self.db)
                    self._insert_all()
                    if last > self.reserved or self.trouble:
                        self.db.execute(_MARK, ("reserved", max(last + IDS_RESERVED, self.reserved)))
        except Exception as error:
            if _may_pass(error):
                self._fail(str(error))
                return
            self._places.clear()
            if not self.trouble:  # or else some of it has been seen
                self._waiting.clear()
            raise
        if last > self.reserved:
            self.reserved = last + IDS_RESERVED
        self._waiting.clear()
        if self.trouble:
            self._recover()

    def _insert_all(self) -> None:
        """Inserts what waits. What can never be saved must not keep back what was held with it."""
        parts = [part for runs, settings in self._waiting for part in ((runs, []), *[([], [e]) for e in settings])]
        for runs, settings in parts:
            try:
                self._insert(runs, settings)
            except Exception as error:
                if not self.trouble or _may_pass(error):
                    raise
                self.lost += (given_up := _said([(runs, settings)]))
                self.unset += len(settings)
                what = (given_up, len(settings), _CHANGES)
                log.exception("%d messages and %d %s can never be saved", *what, extra=alike(""))

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

    def _insert(self, runs: list[Segment], settings: list[Event]) -> None:
        self.db.executemany(_INSERTS[1], [(self._place(run), *run[2:]) for run in runs])
        for event in settings:
            _SETTINGS[type(event)](self.db, event)
        if settings:
            self.db.execute(_MARK, ("settled", settings[-1].id))

    def _place(self, run: Segment) -> int:
        """The number of a run's place, which is written down if it is new."""
        number = self._places.get(run.key)
        if number is None:
            self.db.execute(
                "INSERT INTO places (key, name, created) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (run.key, run.name, run.since),
            )
            (number,) = self.db.execute("SELECT id FROM places WHERE key = ?", (run.key,)).fetchone()
            if len(self._places) >= PLACES_REMEMBERED:
                self._places.clear()
            self._places[run.key] = number
        return number

    def _mark(self, name: str) -> int:
        row = self.db.execute("SELECT value FROM marks WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def _open(self) -> sqlite3.Connection:
        self._places.clear()
        db = create(self.path, BUSY_TIMEOUT_SECONDS)
        try:
            prepare(db, self._sync)
        except BaseException:
            db.close()
            raise
        self._identity = _identity(self.path)
        self._logs = [_identity(path) for path in beside(self.path)]
        self.file += 1
        return db

    def _reopen(self) -> None:
        """Opens the file afresh. If it is gone, what it holds beside the history is kept for the one in its place."""
        gone = self._identity not in ((0, 0), _identity(self.path))
        if gone:
            self._known = self._known or Salvaged.of(self.db)
            self._identity = (0, 0)
        elif self._log_is_gone():
            self._save_log()
        logs, self._logs = self._logs, [(0, 0)] * len(self._logs)
        self.db.close()
        if not self._guard.is_in_place():
            guard = lock(self.path.parent)  # makes the directory, too, if that is gone
            self._guard.release()
            self._guard = guard
        if gone:  # with the logs that are left of it, a new one would not be read rightly
            for path, identity in zip(beside(self.path), logs, strict=True):
                if identity == _identity(path) != (0, 0):
                    path.unlink(missing_ok=True)
        self.db = self._open()

    def _log_is_gone(self) -> bool:
        """Whether somebody has deleted the log that is open: what is written to it is lost with the process."""
        return self._logs[0] not in ((0, 0), _identity(beside(self.path)[0]))

    def _save_log(self) -> None:
        """Empties a log that has no name any more into the file; raises `sqlite3.Error` as long as that can't be."""
        (blocked, _, _) = self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if blocked:
            raise sqlite3.OperationalError("somebody reads what is to be moved")

    # ---- when it can't be written -----------------------------------------------------------------------------------

    def _fail(self, why: str) -> None:
        now = time.monotonic()
        self._places.clear()  # some may have been written down in what was rolled back
        self._pause = min(self._pause * 2, RETRY_MAX_SECONDS) if self.trouble else RETRY_FIRST_SECONDS
        self._retry_at = now + self._pause
        log.error("messages are not being saved: %s", why)  # at each trial: as long as it lasts, the log says so
        if not self.trouble:
            self._held = 0
            waiting, self._waiting = self._waiting, []
            for runs, settings in waiting:
                self._hold(runs, settings)
            self.changed.set()
        self.trouble = why

    def _hold(self, runs: list[Segment], settings: list[Event]) -> None:
        """Keeps a batch until it can be saved, as far as there is room.

        What people say is given up first: accounts, owners and bans are small, and others rely on them.
        """
        size = sum([len(run.events) + len(run.people) + 200 for run in runs])
        if self._held + size > UNSAVED_BYTES:
            self.lost += sum([run.said for run in runs])
            runs, size = [], 0
        size += SETTING_BYTES * len(settings)
        if self._held + size > UNSAVED_BYTES + UNSAVED_SETTINGS:
            self.unset += len(settings)
            return
        if runs or settings:
            self._waiting.append((runs, settings))
            self._held += size

    def _recover(self) -> None:
        # Never left out of the log, or a second trouble within a minute would seem to last.
        if self._known:
            log.error("%s", self._known.report(self.path), extra=alike(""))
            self._known = None
        log.warning("messages are being saved again; %d were not", self.lost, extra=alike(""))
        if self.unset:
            log.error("%d %s were not saved; they last until the server ends", self.unset, _CHANGES)
            self.unset = 0
        self.trouble = ""
        self.changed.set()


def _may_pass(error: Exception) -> bool:
    """Whether it is the world that is in the way, and not a mistake in the program, which comes again each time."""
    return isinstance(error, sqlite3.Error | OSError | StoreError) and not isinstance(error, _MISTAKES)


def _keep_place(db: sqlite3.Connection, event: TopicSet | ModesSet) -> None:
    """The room may not be there: what was said in it could not be held."""
    row = (fold(event.room), event.room, event.time)
    db.execute("INSERT INTO places (key, name, created) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", row)


def _topic_set(db: sqlite3.Connection, event: TopicSet) -> None:
    _keep_place(db, event)
    db.execute(
        "UPDATE places SET topic = ?, topic_by = ?, topic_time = ? WHERE key = ?",
        (event.topic, event.by.mask, event.time, fold(event.room)),
    )


def _modes_set(db: sqlite3.Connection, event: ModesSet) -> None:
    _keep_place(db, event)
    _keep_modes(db, event)
    for change in event.changes:
        if ROOM_MODES[change.letter] is ModeKind.LIST:
            at = (fold(event.room), change.letter, fold(change.param))
            if change.on:
                entry = (change.param, event.by.mask, event.time, change.until, change.reason, change.whom)
                db.execute(_LISTED, (*at, *entry))
            else:
                db.execute(_UNLISTED, at)
        if change.letter in CLOSING:
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


def _opened(db: sqlite3.Connection, event: Opened) -> None:
    """The room may be new to this file, although others have long been in it."""
    db.execute(_OPENED, (fold(event.room), event.room, event.time, event.closed, event.owner, event.id - 1))


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


def _lasting(db: sqlite3.Connection, event: Lasting) -> None:
    """Puts all that lasts in the place of what there was."""
    accounts = [(fold(account.name), *account) for account in event.accounts]
    fields = ("key", *Account._fields)
    db.execute("DELETE FROM accounts")
    db.executemany(f"INSERT INTO accounts ({', '.join(fields)}) VALUES ({', '.join('?' * len(fields))})", accounts)
    db.execute("UPDATE places SET owner = '', modes = '' WHERE owner != ''")
    db.executemany(
        """INSERT INTO places (key, name, created, owner, modes) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, modes = excluded.modes""",
        [(*room[:4], "" if room.modes is None else json.dumps(room.modes)) for room in event.rooms],
    )
    db.execute("DELETE FROM lists")
    db.executemany(_LISTED, [(room, letter, fold(entry.mask), *entry) for room, letter, entry in event.lists])
    db.execute(_MARK, ("chat", event.chat))


_LISTED = "INSERT OR REPLACE INTO lists VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_UNLISTED = "DELETE FROM lists WHERE room = ? AND letter = ? AND key = ?"
_SHUT = "closed != '' AND (owner = '' OR owner != ?5)"  # it was, and is not its owner's still
_OPENED = f"""INSERT INTO places (key, name, created, closed) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (key) DO UPDATE SET
    hidden = CASE WHEN {_SHUT} THEN max(hidden, ?6) ELSE hidden END,
    topic = CASE WHEN {_SHUT} THEN '' ELSE topic END,
    closed = excluded.closed"""
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
    Opened: _opened,
    Lasting: _lasting,
}


def lock(directory: Path) -> LockFile:
    """The lock of the data in a directory, which is made if there is none; raises `StoreError`, a sentence."""
    path = directory / LOCK
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return LockFile(path)
    except NoLocksError as error:
        raise not_local(path, str(error)) from None
    except LockedError as other:
        who = f"Another chatroom, process {other.pid}," if other.pid else "Another chatroom"
        raise StoreError(
            f"{who} uses the data in {directory}; end it first, or choose another directory with --data."
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


def _said(waiting: list[tuple[list[Segment], list[Event]]]) -> int:
    return sum([run.said for runs, _ in waiting for run in runs])
