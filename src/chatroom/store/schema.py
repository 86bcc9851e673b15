"""Opens the file and brings it up to date.

A migration has a name, is run once, and in a transaction of its own: a file is never half migrated. A file that knows
a migration that this program doesn't was written by a newer chatroom, and is left alone.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

Failure = sqlite3.Error  # what may be raised, for those outside of this package
FILE = "chatroom.db"

# `places` has a row for every room and conversation of which anything is kept. No number is ever given to another, so
# that one that was looked up is never wrong.
# `closed` holds the letters of the modes that keep people out of a room. Nobody is in it after a restart, so what was
# said until then is hidden from whoever opens it anew: `hidden` is the id of the last such event.
# `lists` has a row for every mask in a room's lists (bans above all), and, where `room` is "", for every ban from the
# server; room and `key`, the mask, are folded. `until` is when it ends (0: not by itself).
# `owner` is the key of the account whose room it is for good. `modes` are a room's modes as a JSON object, letters with
# their parameters; "" for those of a new room. They count where there is an owner.
# `accounts` has claimed names, by their folds; `id` and `time` are those of the event by which an account was made;
# `replay` is 0 where its clients are not told what was said before they join.
# `marks` holds single numbers: "reserved" and "began" (see writer), "indexed" (see index).
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


_TOO_NEW = "This data was written by a newer chatroom; install that version, or choose other data."


class StoreError(Exception):
    """The data can't be used: a sentence for whoever started the program."""


def connect(path: Path, *, write: bool, busy: float) -> sqlite3.Connection:
    """A connection that waits at most `busy` seconds for another's write. Raises `sqlite3.Error`, `OSError`."""
    if write:
        # What people say to each other is for nobody else on this machine.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, check_same_thread=False, timeout=busy
    )
    if not write:
        db.execute("PRAGMA query_only = 1")
    return db


def check(db: sqlite3.Connection) -> None:
    """Raises `StoreError` if the file isn't of this program's version."""
    done = {name for (name,) in db.execute("SELECT name FROM migrations")}
    if done - {name for name, _ in MIGRATIONS}:
        raise StoreError(_TOO_NEW)
    if len(done) < len(MIGRATIONS):
        raise StoreError(
            "This data was written by an older chatroom; start the server once, which brings it up to date."
        )


def prepare(db: sqlite3.Connection, sync: str) -> None:
    """Sets up a connection for writing, and brings the file up to date; raises `StoreError` if it is too new."""
    db.execute("PRAGMA journal_mode = WAL")
    db.execute(f"PRAGMA synchronous = {sync}")
    db.execute("PRAGMA wal_autocheckpoint = 0")  # the keeper's work: it syncs to disk, for which nobody should wait
    db.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, time INTEGER NOT NULL)")
    done = {name for (name,) in db.execute("SELECT name FROM migrations")}
    if done - {name for name, _ in MIGRATIONS}:
        raise StoreError(_TOO_NEW)
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
