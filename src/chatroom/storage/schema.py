"""Opens the file and brings it up to date.

A migration has a name, is run once, and in a transaction of its own: a file is never half migrated. A file that knows
a migration that this program doesn't was written by a newer chatroom, and is left alone.

Nothing but SQLite opens the file in a process that uses it. Closing any descriptor of a file drops all locks that the
process has on it (POSIX), SQLite's too: then another process takes itself for the last one, and deletes the log in
which most of what was said may stand (https://sqlite.org/howtocorrupt.html, 2.2).
"""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# seconds that saving waits for another process, whose transactions are a few milliseconds long
BUSY_TIMEOUT_SECONDS = 1.0

Failure = sqlite3.Error  # what may be raised, for those outside of this package
FILE = "chatroom.db"

# `places` has a row for every room and conversation of which anything is kept. No number is ever given to another, so
# that one that was looked up is never wrong.
# `closed` holds the letters of the modes that keep people out of a room. When it is opened anew and is nobody's, what
# was said until then is hidden: `hidden` is the id of the last such event. So it is at a start: nobody is in it then.
# `lists` has a row for every mask in a room's lists (bans above all), and, where `room` is "", for every ban from the
# server; room and `key`, the mask, are folded. `until` is when it ends (0: not by itself).
# `owner` is the key of the account whose room it is for good. `modes` are a room's modes as a JSON object, letters with
# their parameters; "" for those of a new room. They count where there is an owner.
# `accounts` has claimed names, by their folds; `id` and `time` are those of the event by which an account was made;
# `replay` is 0 where its clients are not told what was said before they join.
# `marks` holds single numbers: "reserved", "began", "settled" and "chat" (see writer), "indexed …" (see index).
MIGRATIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "history",
        (
            """CREATE TABLE places (
                id INTEGER PRIMARY KEY,
                key TEXT NOT NULL UNIQUE,
                name TEXT NOT NULL,
                created INTEGER NOT NULL,
                topic TEXT NOT NULL DEFAULT '',
                topic_by TEXT NOT NULL DEFAULT '',
                topic_time INTEGER NOT NULL DEFAULT 0,
                closed TEXT NOT NULL DEFAULT '',
                hidden INTEGER NOT NULL DEFAULT 0
            )""",
            """CREATE TABLE runs (
                row INTEGER PRIMARY KEY,
                place INTEGER NOT NULL REFERENCES places(id),
                first INTEGER NOT NULL,
                last INTEGER NOT NULL,
                since INTEGER NOT NULL,
                until INTEGER NOT NULL,
                said INTEGER NOT NULL,
                people TEXT NOT NULL,
                events TEXT NOT NULL
            )""",
            "CREATE UNIQUE INDEX runs_by_place ON runs (place, last, until)",
            "CREATE TABLE marks (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
        ),
    ),
    (
        "accounts",
        (
            """CREATE TABLE accounts (
                key TEXT PRIMARY KEY,
                name TEXT NOT NULL,
                secret TEXT NOT NULL,
                id INTEGER NOT NULL,
                time INTEGER NOT NULL
            ) WITHOUT ROWID""",
            "ALTER TABLE places ADD COLUMN owner TEXT NOT NULL DEFAULT ''",
            "CREATE INDEX places_by_owner ON places (owner) WHERE owner != ''",
        ),
    ),
    (
        "lists",
        (
            """CREATE TABLE lists (
                room TEXT NOT NULL,
                letter TEXT NOT NULL,
                key TEXT NOT NULL,
                mask TEXT NOT NULL,
                by TEXT NOT NULL,
                since INTEGER NOT NULL,
                until INTEGER NOT NULL,
                reason TEXT NOT NULL,
                whom TEXT NOT NULL,
                PRIMARY KEY (room, letter, key)
            ) WITHOUT ROWID""",
        ),
    ),
    ("modes", ("ALTER TABLE places ADD COLUMN modes TEXT NOT NULL DEFAULT ''",)),
    ("replay", ("ALTER TABLE accounts ADD COLUMN replay INTEGER NOT NULL DEFAULT 1",)),
)


TOO_NEW = "This data was written by a newer chatroom; install that version, or choose other data."
# What SQLite calls it when a file can't be locked, or can't be shared as memory is. A full disk is none of these.
_NOT_LOCAL = {
    *("SQLITE_IOERR_LOCK", "SQLITE_IOERR_UNLOCK", "SQLITE_IOERR_RDLOCK", "SQLITE_IOERR_CHECKRESERVEDLOCK"),
    *("SQLITE_IOERR_SHMMAP", "SQLITE_IOERR_SHMLOCK", "SQLITE_NOLFS"),
}
_masked = threading.Lock()  # held while the process's mask for new files is another


class StoreError(Exception):
    """The data can't be used: a sentence for whoever started the program."""


def connect(path: Path, *, write: bool, busy: float) -> sqlite3.Connection:
    """A connection that waits at most `busy` seconds for another's write. Raises `sqlite3.Error`."""
    return _connect(path, "mode=rw", busy, write)


def create(path: Path, busy: float) -> sqlite3.Connection:
    """A connection for writing to a file that is made if there is none. Raises `sqlite3.Error`."""
    with _masked:
        before = os.umask(0o077)  # what people say to each other is for nobody else on this machine
        try:
            return _connect(path, "mode=rwc", busy, write=True)
        finally:
            os.umask(before)


def may_write(path: Path) -> bool:
    """Whether this process may write to the file and beside it, as SQLite does."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def visit(path: Path, *, write: bool, busy: float) -> sqlite3.Connection:
    """A connection for whoever comes from outside. Raises `sqlite3.Error`.

    Where nothing can be written, nothing is: a file without a log is taken for one that doesn't change, and a log
    without its index (`-shm`), which a copy of the files may lack, is read without asking who else has it open. That
    leaves no locks, so it is not for the server's process.
    """
    log, shared = beside(path)
    if may_write(path):
        return _connect(path, "mode=rw", busy, write)
    if not log.exists():
        return at_rest(path)
    if shared.exists():
        return _connect(path, "mode=ro", busy, write=False)
    db = _connect(path, "mode=ro&vfs=unix-none", busy, write=False)
    db.execute("PRAGMA locking_mode = EXCLUSIVE")  # so that the log's index is kept in memory
    return db


def at_rest(path: Path) -> sqlite3.Connection:
    """A connection to read what nobody writes to. It asks for no lock: not every disk for backups has these."""
    return _connect(path, "mode=ro&immutable=1", 0, write=False)


def alone(path: Path) -> sqlite3.Connection:
    """A connection to write to a file that nobody else knows of; likewise without a lock. Raises `sqlite3.Error`."""
    db = _connect(path, "mode=rw&vfs=unix-none", 0, write=True)
    db.execute("PRAGMA locking_mode = EXCLUSIVE")
    return db


def _connect(path: Path, how: str, busy: float, write: bool) -> sqlite3.Connection:
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None, check_same_thread=False, timeout=busy
    )
    if not write:
        db.execute("PRAGMA query_only = 1")
    return db


def beside(path: Path) -> tuple[Path, Path]:
    """SQLite's own files, which stand beside the database: its log, and the index of that."""
    return path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")


def unusable(path: Path, error: Exception) -> StoreError:
    """Why a file can't be used, as a sentence."""
    name = getattr(error, "sqlite_errorname", "")
    if name in _NOT_LOCAL:
        return not_local(path, str(error))
    if name == "SQLITE_BUSY":  # some file systems without locks say the same
        return StoreError(
            f"{path} is locked by another program; end that. Should there be none, its file system has no locks:"
            " then the data must be on a local disk; --data says where."
        )
    return StoreError(f"{path} can't be used: {error}.")


def not_local(path: Path, why: str) -> StoreError:
    """The file's file system has no locks, or no memory that programs share."""
    return StoreError(
        f"{path} can't be locked or shared ({why}): its file system can't do that."
        " The data must be on a local disk; --data says where."
    )


def check(db: sqlite3.Connection) -> None:
    """Raises `StoreError` if the file isn't of this program's version."""
    done = {name for (name,) in db.execute("SELECT name FROM migrations")}
    if done - {name for name, _ in MIGRATIONS}:
        raise StoreError(TOO_NEW)
    if len(done) < len(MIGRATIONS):
        raise StoreError(
            "This data was written by an older chatroom; start the server once, which brings it up to date."
        )


def prepare(db: sqlite3.Connection, sync: str) -> None:
    """Sets up a connection for writing, and brings the file up to date; raises `StoreError` if it can't be."""
    (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        path = db.execute("PRAGMA database_list").fetchone()[2]
        raise not_local(Path(path), f"SQLite's journal mode stays {mode}")
    db.execute(f"PRAGMA synchronous = {sync}")
    db.execute("PRAGMA wal_autocheckpoint = 0")  # the keeper's work: it syncs to disk, for which nobody should wait
    db.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, time INTEGER NOT NULL)")
    done = {name for (name,) in db.execute("SELECT name FROM migrations")}
    if done - {name for name, _ in MIGRATIONS}:
        raise StoreError(TOO_NEW)
    for name, statements in MIGRATIONS:
        if name not in done:
            _migrate(db, name, statements)


def _migrate(db: sqlite3.Connection, name: str, statements: tuple[str, ...]) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        for statement in statements:
            db.execute(statement)
        db.execute("INSERT INTO migrations VALUES (?, ?)", (name, int(time.time() * 1000)))
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """A transaction of its own, undone if what is done in it fails."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
