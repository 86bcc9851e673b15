"""The tables of the file, their migrations, and the ways to open it.

A migration has a name, and is run once, in a transaction of its own: a file is never half migrated. A file that knows
a migration that this program doesn't was written by a newer chatroom, and is not touched.

Nothing but SQLite may open the file in a process that uses it. Closing any descriptor of a file drops all locks that
the process has on it (POSIX), SQLite's too. Another process then takes itself for the last one and deletes the
write-ahead log, which may hold most of the history (https://sqlite.org/howtocorrupt.html, 2.2).
"""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chatroom.common.language import mark, tr

LOG_KEPT_BYTES = 4 * 1024 * 1024  # bytes of a write-ahead log that stay on the disk when it is begun anew
BUSY_TIMEOUT_SECONDS = 1.0  # seconds that saving waits for another process's transaction, which takes milliseconds

DatabaseError = sqlite3.Error  # for callers, who may not import `sqlite3`
SQLITE_VERSION = sqlite3.sqlite_version
FILE = "chatroom.db"
SET_CLOAK_KEY = "INSERT INTO secrets VALUES ('cloaks', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
UNSWEPT = "unswept"  # the mark that is set when places of which nothing is kept may be anywhere in the file
SET_MARK = "INSERT INTO marks VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"

# `places` has a row for each room and conversation of which anything is kept. A row number is never used for another
# place, so a number that was looked up stays right.
# - `closed` has the letters of the modes that keep people out of a room. When a room without an owner is opened anew,
#   what was said while it was closed is hidden: `hidden` is the id of the last such event.
# - `owner` is the key of the account that owns the room. `modes` are the room's modes as a JSON object of letters and
#   parameters, or "" for those of a new room. They count only where there is an owner, or somebody who stays.
# Clients can make up millions of places, so nothing that a start does goes through all of them.
# `runs` has the segments of the history (see `segments`).
# `lists` has a row for each mask in a room's lists (bans above all), and for each ban from the server, where `room` is
# "". `room` and `key`, the mask, are folded. `until` is when the entry ends (0: not by itself).
# `accounts` has the claimed names by their folds. `id` and `time` are those of the event that made the account.
# `replay` is 0 where its clients are not shown what was said before they join. `home` has the addresses where it is at
# home, `used` is when it was used last. `warned` is 1 if its owner was told that unused names are freed.
# `operator` is 1 if it was made an operator of the server. `language` is the tag of the one that was chosen, or "". See
# `Account`.
# `accounts.strangers` is 0 where nobody may write to the owner who isn't logged in.
# `waiting` has the messages that wait for people to come: by folded account, the id, and the key of the place it is in.
# `ignored` has the masks that people ignore, by folded account and folded mask, with the name each was made for.
# `markers` says up to which time somebody has read a room or a talk, by the account's id and the folded name.
# `gaps` has the times of which this server was told nothing, as it was away for longer than the others remember.
# `metadata` has what the owners of accounts have set about themselves, by folded account.
# `renamed` has what rooms are called that were called otherwise before: by the folded old name, with when that was.
# `accounts.stays` is 1 where the owner stays in their rooms when their last device goes. `standings` says where they
# are, by the account's id: as JSON all of a `Standing` but for `seen`.
# `reactions` has a row for each reaction that somebody has put to a message, and not taken back. `said` is the
# message's id, `who` the account or the guest, as in `model.reactions`, and `by` is a line of `people` of a segment.
# `secrets` has the key of the cloaks ("cloaks"): random bytes, made with the file.
# `marks` has single numbers: "reserved", "began", "settled", "chat" and "unswept" (see `store`), "indexed …" (see
# `search_index`), "deleted" (see `deletions`).
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
    (
        "use",
        (
            "ALTER TABLE accounts ADD COLUMN home TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE accounts ADD COLUMN used INTEGER NOT NULL DEFAULT 0",
            "ALTER TABLE accounts ADD COLUMN warned INTEGER NOT NULL DEFAULT 0",
            "ALTER TABLE accounts ADD COLUMN operator INTEGER NOT NULL DEFAULT 0",
            "UPDATE accounts SET used = CAST(strftime('%s', 'now') AS INTEGER) * 1000",  # nobody knows when they were
        ),
    ),
    (
        "few places at a start",
        (
            "CREATE INDEX places_by_closed ON places (id) WHERE closed != ''",
            "CREATE INDEX places_by_topic ON places (id) WHERE topic != ''",
            "INSERT INTO marks VALUES ('unswept', 1)",
        ),
    ),
    ("secrets", ("CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",)),
    (
        "reactions",
        (
            """CREATE TABLE reactions (
                place INTEGER NOT NULL REFERENCES places(id),
                said INTEGER NOT NULL,
                reaction TEXT NOT NULL,
                who TEXT NOT NULL,
                id INTEGER NOT NULL,
                time INTEGER NOT NULL,
                target TEXT NOT NULL,
                by TEXT NOT NULL,
                PRIMARY KEY (place, said, reaction, who)
            ) WITHOUT ROWID""",
        ),
    ),
    (
        "waiting and ignored",
        (
            "ALTER TABLE accounts ADD COLUMN strangers INTEGER NOT NULL DEFAULT 1",
            """CREATE TABLE waiting (
                account TEXT NOT NULL,
                said INTEGER NOT NULL,
                place TEXT NOT NULL,
                PRIMARY KEY (account, said)
            ) WITHOUT ROWID""",
            """CREATE TABLE ignored (
                account TEXT NOT NULL,
                key TEXT NOT NULL,
                mask TEXT NOT NULL,
                whom TEXT NOT NULL,
                since INTEGER NOT NULL,
                PRIMARY KEY (account, key)
            ) WITHOUT ROWID""",
        ),
    ),
    ("language", ("ALTER TABLE accounts ADD COLUMN language TEXT NOT NULL DEFAULT ''",)),
    (
        "metadata",
        (
            """CREATE TABLE metadata (
                account TEXT NOT NULL,
                key TEXT NOT NULL,
                value TEXT NOT NULL,
                PRIMARY KEY (account, key)
            ) WITHOUT ROWID""",
        ),
    ),
    (
        "renamed rooms",
        ("CREATE TABLE renamed (key TEXT PRIMARY KEY, name TEXT NOT NULL, time INTEGER NOT NULL) WITHOUT ROWID",),
    ),
    (
        "markers",
        (
            """CREATE TABLE markers (
                account INTEGER NOT NULL,
                target TEXT NOT NULL,
                read INTEGER NOT NULL,
                PRIMARY KEY (account, target)
            ) WITHOUT ROWID""",
        ),
    ),
    (
        "standings",
        (
            "ALTER TABLE accounts ADD COLUMN stays INTEGER NOT NULL DEFAULT 0",
            """CREATE TABLE standings (
                account INTEGER PRIMARY KEY,
                standing TEXT NOT NULL,
                seen INTEGER NOT NULL
            )""",
        ),
    ),
    ("gaps", ("CREATE TABLE gaps (since INTEGER NOT NULL, until INTEGER NOT NULL)",)),
)


TOO_NEW = mark("This data was written by a newer chatroom; install that version, or choose other data.")
# SQLite's errors where a file can't be locked, or not be mapped into shared memory. A full disk is none of these.
_NOT_LOCAL = {
    *("SQLITE_IOERR_LOCK", "SQLITE_IOERR_UNLOCK", "SQLITE_IOERR_RDLOCK", "SQLITE_IOERR_CHECKRESERVEDLOCK"),
    *("SQLITE_IOERR_SHMMAP", "SQLITE_IOERR_SHMLOCK", "SQLITE_NOLFS"),
}
_umask_lock = threading.Lock()  # held while the process has another umask


class StoreError(Exception):
    """The data can't be used; the text is a sentence for whoever started the program."""


def connect(path: Path, *, write: bool, busy: float) -> sqlite3.Connection:
    """A connection that waits at most `busy` seconds for another's write. Raises `sqlite3.Error`."""
    return _connect(path, "mode=rw", busy, write)


def create(path: Path, busy: float) -> sqlite3.Connection:
    """A connection for writing to a file, which is created if there is none. Raises `sqlite3.Error`."""
    with _umask_lock:
        before = os.umask(0o077)  # other users of this machine must not read the file
        try:
            return _connect(path, "mode=rwc", busy, write=True)
        finally:
            os.umask(before)


def may_write(path: Path) -> bool:
    """Whether this process may write to the file and beside it, as SQLite does."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def connect_offline(path: Path, *, write: bool, busy: float) -> sqlite3.Connection:
    """A connection for a command beside the server. Raises `sqlite3.Error`.

    In a directory that can't be written to, nothing is written: a file without a write-ahead log (`-wal`) is taken for
    one that doesn't change, and a log without its index (`-shm`), which a copy of the files may lack, is read without
    locks. So this is not for the server's process.
    """
    log, shared = wal_files(path)
    if may_write(path):
        return _connect(path, "mode=rw", busy, write)
    if not log.exists():
        return connect_immutable(path)
    if shared.exists():
        return _connect(path, "mode=ro", busy, write=False)
    db = _connect(path, "mode=ro&vfs=unix-none", busy, write=False)
    db.execute("PRAGMA locking_mode = EXCLUSIVE")  # keeps the log's index in memory
    return db


def connect_immutable(path: Path) -> sqlite3.Connection:
    """A connection to read a file that nobody writes to. It takes no lock: not every disk for backups has locks."""
    return _connect(path, "mode=ro&immutable=1", 0, write=False)


def connect_exclusive(path: Path) -> sqlite3.Connection:
    """A connection to write to a file that no other process opens, without locks. Raises `sqlite3.Error`."""
    db = _connect(path, "mode=rw&vfs=unix-none", 0, write=True)
    db.execute("PRAGMA locking_mode = EXCLUSIVE")
    return db


def _connect(path: Path, how: str, busy: float, write: bool) -> sqlite3.Connection:
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None, check_same_thread=False, timeout=busy
    )
    if write:
        db.execute("PRAGMA secure_delete = 1")  # what was taken back must not stay in pages that are free
    else:
        db.execute("PRAGMA query_only = 1")
    return db


def wal_files(path: Path) -> tuple[Path, Path]:
    """SQLite's own files beside the database: the write-ahead log, and its index."""
    return path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")


def explained(path: Path, error: Exception) -> StoreError:
    """The error as a sentence that says why the file can't be used, and what to do."""
    name = getattr(error, "sqlite_errorname", "")
    if name in _NOT_LOCAL:
        return no_locks(path, str(error))
    if name == "SQLITE_BUSY":  # some file systems without locks say the same
        return StoreError(
            tr(
                "{path} is locked by another program; end that. Should there be none, its file system"
                " has no locks: then the data must be on a local disk; --data says where.",
                path=path,
            )
        )
    return StoreError(tr("{path} can't be used: {reason}.", path=path, reason=error))


def no_locks(path: Path, why: str) -> StoreError:
    """Says that the file system has no locks, or no shared memory."""
    return StoreError(
        tr(
            "{path} can't be locked or shared ({why}): its file system can't do that. The data must be"
            " on a local disk; --data says where.",
            path=path,
            why=why,
        )
    )


def migrations_of(db: sqlite3.Connection) -> set[str]:
    """The names of the migrations that a file has."""
    return {name for (name,) in db.execute("SELECT name FROM migrations")}


def check_version(db: sqlite3.Connection) -> None:
    """Raises `StoreError` unless the file has exactly this program's migrations."""
    done = migrations_of(db)
    if done - {name for name, _ in MIGRATIONS}:
        raise StoreError(tr(TOO_NEW))
    if len(done) < len(MIGRATIONS):
        raise StoreError(
            tr("This data was written by an older chatroom; start the server once, which brings it up to date.")
        )


def migrate(db: sqlite3.Connection, sync: str) -> None:
    """Sets up a connection for writing, and runs the migrations that the file lacks; may raise `StoreError`."""
    (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        path = db.execute("PRAGMA database_list").fetchone()[2]
        raise no_locks(Path(path), f"SQLite's journal mode stays {mode}")
    db.execute(f"PRAGMA synchronous = {sync}")
    db.execute(f"PRAGMA journal_size_limit = {LOG_KEPT_BYTES}")
    db.execute("PRAGMA wal_autocheckpoint = 0")  # `maintenance` does it: no save should wait for the disk
    db.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, time INTEGER NOT NULL)")
    done = migrations_of(db)
    if done - {name for name, _ in MIGRATIONS}:
        raise StoreError(tr(TOO_NEW))
    for name, statements in MIGRATIONS:
        if name not in done:
            _run_migration(db, name, statements)


def _run_migration(db: sqlite3.Connection, name: str, statements: tuple[str, ...]) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        for statement in statements:
            db.execute(statement)
        db.execute("INSERT INTO migrations VALUES (?, ?)", (name, int(time.time() * 1000)))
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def cloak_key(db: sqlite3.Connection) -> bytes:
    """The key by which addresses are cloaked; b"" if the file has none yet."""
    row = db.execute("SELECT value FROM secrets WHERE name = 'cloaks'").fetchone()
    return bytes(row[0]) if row else b""


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """A transaction, rolled back if the block raises."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
