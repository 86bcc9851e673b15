"""The full-text index: which words stand in which message. It is kept up off the delivery path, in steps.

`words` is an FTS5 table without contents: its row numbers say where a message is (`address`), its columns are the words
of the message, who said it, and the place, so that a search in a room doesn't look at others. They are words already,
as a query has them (`query.words`): SQLite has nothing to take apart and nothing to fold. The mark `_MARK` is the row
of `runs` up to which it goes. An index that was made otherwise has another mark: it is dropped, and made anew in the
same steps; meanwhile a search looks at what isn't in it. Where SQLite has no FTS5, there is no index, and a search
looks at all that was said.
"""

import sqlite3
from contextlib import AbstractContextManager
from typing import Protocol

from chatroom.common.names import UNICODE
from chatroom.model.events import Said
from chatroom.storage.search_query import address, compared, nick_word, place_word, words
from chatroom.storage.segments import unpack

STEP_MESSAGES = 256  # messages indexed or pruned in one transaction: a few milliseconds for which saving waits
STEP_CHARACTERS = 32 * 1024  # characters of them, likewise: long ones take longer to take apart

_CREATE = """CREATE VIRTUAL TABLE IF NOT EXISTS words USING
    fts5(text, nick, place, content = '', detail = column, tokenize = 'ascii')"""
# Another version of Unicode may take the same text for other words, and what was put in must be taken out alike. When
# `query.words` or `compared` change, this must change, too.
_MARK = f"indexed by Unicode {UNICODE}"
_MARKS = "name LIKE 'indexed%'"  # "indexed" alone was that of texts as they were said
_NO_MODULE, _NO_TABLE = "no such module", "no such table"  # as SQLite says it; it has no code of its own for them
_ASK = "SELECT rowid FROM words LIMIT 0"
_DELETE = "INSERT INTO words (words, rowid, text, nick, place) VALUES ('delete', ?, ?, ?, ?)"
_ROWS = """SELECT row, place, name, first, since, people, events FROM runs JOIN places ON places.id = place
    WHERE row > ? ORDER BY row LIMIT ?"""


class Writable(Protocol):
    """A store, or a guest."""

    def writing(self) -> AbstractContextManager[sqlite3.Connection]:
        """A short transaction."""

    def drop_places(self, db: sqlite3.Connection, places: set[int]) -> None:
        """Part of one: what is to be done when runs of these places were deleted."""


class Index:
    """Keeps the index of a store; `exists` is False where it can't."""

    def __init__(self, store: Writable) -> None:
        self._store = store
        self.exists = True

    def step(self) -> bool:
        """Indexes some messages more, in one short transaction; False when all are. May raise `sqlite3.Error`."""
        with self._store.writing() as db:
            if not self._ready(db):
                return False
            start = indexed(db)
            last, letters = start, 0
            entries: list[tuple[int, str, str, str]] = []
            for row, place, *run in db.execute(_ROWS, (start, STEP_MESSAGES)):
                entries += _entries(row, place, run)
                last, letters = row, letters + len(run[-1])
                if len(entries) >= STEP_MESSAGES or letters >= STEP_CHARACTERS:
                    break
            if last == start:
                return False
            db.executemany("INSERT INTO words (rowid, text, nick, place) VALUES (?, ?, ?, ?)", entries)
            db.execute("UPDATE marks SET value = ? WHERE name = ?", (last, _MARK))
        return True

    def prune(self, before: int) -> int:
        """Deletes some of the runs that ended before a time (milliseconds); returns how many messages that were.

        -1 when there are none left. One short transaction. May raise `sqlite3.Error`.
        """
        with self._store.writing() as db:
            in_index = indexed(db) if self._ready(db) else 0
            rows: list[tuple[int]] = []
            places: set[int] = set()
            entries: list[tuple[int, str, str, str]] = []
            said = letters = 0
            for row, until, count, place, *run in db.execute(
                """SELECT row, until, said, place, name, first, since, people, events
                   FROM runs JOIN places ON places.id = place ORDER BY row LIMIT ?""",
                (STEP_MESSAGES,),
            ):
                if until >= before or said >= STEP_MESSAGES or letters >= STEP_CHARACTERS:
                    break
                letters += len(run[-1])
                if row <= in_index:
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
                "UPDATE marks SET value = min(value, (SELECT coalesce(max(row), 0) FROM runs)) WHERE name = ?", (_MARK,)
            )
        return said

    def _ready(self, db: sqlite3.Connection) -> bool:
        """Whether there is an index, one that was made as this one is; makes it, empty, if it can."""
        marks = [name for (name,) in db.execute(f"SELECT name FROM marks WHERE {_MARKS}")]
        try:
            if marks != [_MARK]:
                db.execute(f"DELETE FROM marks WHERE {_MARKS}")
                db.execute("DROP TABLE IF EXISTS words")
                db.execute(_CREATE)
                db.execute("INSERT INTO marks VALUES (?, 0)", (_MARK,))
            self.exists = _can_be_asked(db)
        except sqlite3.OperationalError as error:
            if _NO_MODULE not in str(error):
                raise
            self.exists = False
        if not self.exists:
            db.execute("DELETE FROM marks WHERE name = ?", (_MARK,))  # from now on it isn't kept up
        return self.exists


def indexed(db: sqlite3.Connection) -> int:
    """The row of `runs` up to which there is an index that can be asked; 0 if there is none."""
    row = db.execute("SELECT value FROM marks WHERE name = ?", (_MARK,)).fetchone()
    return int(row[0]) if row and _can_be_asked(db) else 0


def forget(db: sqlite3.Connection, row: int, place: int, run: list[object], position: int) -> None:
    """Takes one message of a run out of the index, if it is there. Part of a transaction."""
    if not _can_be_asked(db):
        db.execute("DELETE FROM marks WHERE name = ?", (_MARK,))
    elif row <= indexed(db):
        entries = [entry for entry in _entries(row, place, run) if entry[0] == address(row, position)]
        db.executemany(_DELETE, entries)


def _can_be_asked(db: sqlite3.Connection) -> bool:
    """Whether the table is there, and this SQLite has FTS5."""
    try:
        db.execute(_ASK)
    except sqlite3.OperationalError as error:
        if _NO_MODULE in str(error) or _NO_TABLE in str(error):
            return False
        raise
    return True


def _entries(row: int, place: int, run: list[object]) -> list[tuple[int, str, str, str]]:
    """What the index holds of a run."""
    events = unpack(*run)  # type: ignore[arg-type]  # columns in the order of its parameters
    word = place_word(place)
    return [
        (address(row, position), " ".join(words(compared(event.text))), nick_word(event.by.nick), word)
        for position, event in enumerate(events)
        if type(event) is Said
    ]
