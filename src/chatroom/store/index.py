"""The full-text index: which words stand in which message. It is kept up off the delivery path, in steps.

`words` is an FTS5 table without contents: its row numbers say where a message is (`address`), its columns are what the
message says, who said it, and the place, as a word, so that a search in a room doesn't look at others. The mark
"indexed" is the row of `runs` up to which it goes. Where SQLite has no FTS5, there is none, and a search looks at all
that was said.
"""

import sqlite3
from contextlib import AbstractContextManager
from typing import Protocol

from chatroom.events import Said
from chatroom.limits import STEP
from chatroom.store.query import address, place_word
from chatroom.store.runs import unpack

_CREATE = """CREATE VIRTUAL TABLE IF NOT EXISTS words USING
    fts5(text, nick, place, content = '', detail = column, tokenize = 'unicode61 remove_diacritics 2')"""
_DELETE = "INSERT INTO words (words, rowid, text, nick, place) VALUES ('delete', ?, ?, ?, ?)"
_ROWS = """SELECT row, place, name, first, since, people, events FROM runs JOIN places ON places.id = place
    WHERE row > ? ORDER BY row LIMIT ?"""


class Writable(Protocol):
    """A store, or a guest."""

    @property
    def file(self) -> int:
        """Changes when another file is opened."""

    def writing(self) -> AbstractContextManager[sqlite3.Connection]:
        """A short transaction."""

    def drop_places(self, db: sqlite3.Connection, places: set[int]) -> None:
        """Part of one: what is to be done when runs of these places were deleted."""


class Index:
    """Keeps the index of a store; `exists` is False where it can't."""

    def __init__(self, store: Writable) -> None:
        self._store = store
        self._file = 0  # the store's number of the file that was last looked at
        self.exists = True

    def step(self) -> bool:
        """Indexes some messages more, in one short transaction; False when all are. May raise `sqlite3.Error`."""
        if not self._ready():
            return False
        with self._store.writing() as db:
            indexed = _indexed(db)
            last, count = indexed, 0
            entries: list[tuple[int, str, str, str]] = []
            for row, place, *run in db.execute(_ROWS, (indexed, STEP)):
                entries += _entries(row, place, run)
                last, count = row, count + 1
                if len(entries) >= STEP:
                    break
            if last == indexed:
                return False
            db.executemany("INSERT INTO words (rowid, text, nick, place) VALUES (?, ?, ?, ?)", entries)
            db.execute("INSERT OR REPLACE INTO marks VALUES ('indexed', ?)", (last,))
        return True

    def prune(self, before: int) -> int:
        """Deletes some of the runs that ended before a time (milliseconds); returns how many messages that were.

        -1 when there are none left. One short transaction. May raise `sqlite3.Error`.
        """
        has_words = self._ready()
        with self._store.writing() as db:
            indexed = _indexed(db) if has_words else 0
            rows: list[tuple[int]] = []
            places: set[int] = set()
            entries: list[tuple[int, str, str, str]] = []
            said = 0
            for row, until, count, place, *run in db.execute(
                """SELECT row, until, said, place, name, first, since, people, events
                   FROM runs JOIN places ON places.id = place ORDER BY row LIMIT ?""",
                (STEP,),
            ):
                if until >= before or said >= STEP:
                    break
                if row <= indexed:
                    entries += _entries(row, place, run)
                rows.append((row,))
                places.add(place)
                said += count
            if not rows:
                return -1
            db.executemany(_DELETE, entries) if entries else None
            db.executemany("DELETE FROM runs WHERE row = ?", rows)
            self._store.drop_places(db, places)
            # A row's number may be used again when none above it is left.
            db.execute(
                "UPDATE marks SET value = min(value, (SELECT coalesce(max(row), 0) FROM runs)) WHERE name = 'indexed'"
            )
        return said

    def _ready(self) -> bool:
        """Whether there is an index; makes one if it can."""
        file = self._store.file
        if self._file != file:
            try:
                with self._store.writing() as db:
                    db.execute(_CREATE)
                self.exists = True
            except sqlite3.OperationalError as error:
                if "no such module" not in str(error):
                    raise
                self.exists = False
            self._file = file
        return self.exists


def forget(db: sqlite3.Connection, row: int, place: int, run: list[object], position: int) -> None:
    """Takes one message of a run out of the index, if it is there. Part of a transaction."""
    exists = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'words'").fetchone()
    if exists and row <= _indexed(db):
        entries = [entry for entry in _entries(row, place, run) if entry[0] == address(row, position)]
        db.executemany(_DELETE, entries)


def _indexed(db: sqlite3.Connection) -> int:
    row = db.execute("SELECT value FROM marks WHERE name = 'indexed'").fetchone()
    return int(row[0]) if row else 0


def _entries(row: int, place: int, run: list[object]) -> list[tuple[int, str, str, str]]:
    """What the index holds of a run."""
    events = unpack(*run)  # type: ignore[arg-type]  # columns in the order of its parameters
    word = place_word(place)
    return [
        (address(row, position), event.text, event.by.nick, word)
        for position, event in enumerate(events)
        if type(event) is Said
    ]
