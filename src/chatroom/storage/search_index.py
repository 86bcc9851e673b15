"""The full-text index: which words are in which message. It is brought up to date in steps, beside the delivery.

`words` is an FTS5 table without contents. Its row numbers say where a message is (`rowid_of`). Its columns are the
words of the message, its sender, and the place, so that a search in a room doesn't look at other rooms. The text is
split into words and folded here, as in a query (`search_words.words`), so SQLite has neither to do.

The mark `_MARK` is the row of `runs` up to which the index goes. An index that was made with another version of Unicode
has another mark: it is dropped and made anew, in the same steps. A search scans the messages that are not in the index.
Where SQLite has no FTS5, there is no index, and a search scans all messages.
"""

import sqlite3
from contextlib import AbstractContextManager
from typing import Protocol

from chatroom.common.names import UNICODE
from chatroom.model.events import Said
from chatroom.storage import reactions, waiting
from chatroom.storage.deletions import NOTE
from chatroom.storage.search_query import nick_word, place_word, rowid_of
from chatroom.storage.search_words import search_form, words
from chatroom.storage.segments import unpack

STEP_MESSAGES = 256  # messages indexed or pruned in one transaction: saving waits for it, some milliseconds
STEP_CHARACTERS = 32 * 1024  # characters of these messages, likewise: long ones take longer to split into words

_CREATE = """CREATE VIRTUAL TABLE IF NOT EXISTS words USING
    fts5(text, nick, place, content = '', detail = column, tokenize = 'ascii')"""
# Another version of Unicode may split the same text into other words, and a message must be deleted with the words with
# which it was inserted. When `search_words.words` or `search_form` change, this must change, too.
_MARK = f"indexed by Unicode {UNICODE}"
_MARKS = "name LIKE 'indexed%'"  # "indexed" alone was the mark of an older kind of index
_NO_MODULE, _NO_TABLE = "no such module", "no such table"  # parts of SQLite's messages; it has no error codes for these
_PROBE = "SELECT rowid FROM words LIMIT 0"
_DELETE = "INSERT INTO words (words, rowid, text, nick, place) VALUES ('delete', ?, ?, ?, ?)"
_MERGE = "INSERT INTO words (words, rank) VALUES ('merge', ?)"
_MERGE_PAGES = 16  # pages of the index that are merged in one transaction: saving waits for it, some milliseconds
_ROWS = """SELECT row, said, place, name, first, since, people, events FROM runs JOIN places ON places.id = place
    WHERE row > ? ORDER BY row LIMIT ?"""


class Writable(Protocol):
    """What the index needs of a `Store` or an `OfflineStore`."""

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """A short transaction."""

    def delete_empty_places(self, db: sqlite3.Connection, places: set[int]) -> None:
        """Is called within a transaction that has deleted rows of these places."""


class SearchIndex:
    """Brings the index of a store up to date; `exists` is False where SQLite has no FTS5."""

    def __init__(self, store: Writable) -> None:
        self._store = store
        self.exists = True
        self.bytes_pruned = 0  # bytes of the rows that `prune` has deleted so far; the index has half as many besides

    def step(self) -> bool:
        """Indexes some messages in one short transaction; False when all are indexed. May raise `sqlite3.Error`."""
        with self._store.transaction() as db:
            if not self._prepare(db):
                return False
            start = indexed(db)
            last, characters = start, 0
            entries: list[tuple[int, str, str, str]] = []
            for row, said, place, *segment in db.execute(_ROWS, (start, STEP_MESSAGES)):
                if said:  # most rows of those who only come and go have nothing to be found
                    entries += _entries(row, place, segment)
                last, characters = row, characters + len(segment[-1])
                if len(entries) >= STEP_MESSAGES or characters >= STEP_CHARACTERS:
                    break
            if last == start:
                return False
            db.executemany("INSERT INTO words (rowid, text, nick, place) VALUES (?, ?, ?, ?)", entries)
            db.execute("UPDATE marks SET value = ? WHERE name = ?", (last, _MARK))
        return True

    def forget(self, *, first: bool) -> bool:
        """Takes some deleted words out of the index's pages in one short transaction; False when none are left.

        A deletion only adds a note to the index. Words and notes are gone when all of its parts have been merged,
        which the `first` of these steps begins.
        """
        with self._store.transaction() as db:
            if not self._prepare(db):
                return False
            before = db.total_changes
            db.execute(_MERGE, (-_MERGE_PAGES if first else _MERGE_PAGES,))
            return db.total_changes - before >= 2  # SQLite's documented sign that something was merged

    def prune(self, before: int) -> int:
        """Deletes some rows that ended before a time (milliseconds), in one short transaction.

        Returns how many messages these had; -1 when there are no such rows. May raise `sqlite3.Error`.
        """
        with self._store.transaction() as db:
            in_index = indexed(db) if self._prepare(db) else 0
            rows: list[tuple[int]] = []
            places: dict[int, int] = {}  # with the last event of each that is deleted
            entries: list[tuple[int, str, str, str]] = []
            said = characters = 0
            size = 0
            for row, until, count, place, last, *segment in db.execute(
                """SELECT row, until, said, place, last, name, first, since, people, events
                   FROM runs JOIN places ON places.id = place ORDER BY row LIMIT ?""",
                (STEP_MESSAGES,),
            ):
                if until >= before or said >= STEP_MESSAGES or characters >= STEP_CHARACTERS:
                    break
                characters += len(segment[-1])
                size += sum([len(str(column)) for column in segment])
                if row <= in_index:
                    entries += _entries(row, place, segment)
                rows.append((row,))
                places[place] = max(last, places.get(place, 0))
                said += count
            if not rows:
                return -1
            db.executemany(_DELETE, entries) if entries else None
            db.executemany("DELETE FROM runs WHERE row = ?", rows)
            reactions.remove_until(db, places.items())
            waiting.remove_until(db, places.items())
            self._store.delete_empty_places(db, set(places))
            db.execute(NOTE)
            # SQLite gives a row number anew when there is no higher one.
            db.execute(
                "UPDATE marks SET value = min(value, (SELECT coalesce(max(row), 0) FROM runs)) WHERE name = ?", (_MARK,)
            )
        self.bytes_pruned += size
        return said

    def _prepare(self, db: sqlite3.Connection) -> bool:
        """Creates the index, or makes it anew if it is of another kind; False if there can be none."""
        marks = [name for (name,) in db.execute(f"SELECT name FROM marks WHERE {_MARKS}")]
        try:
            if marks != [_MARK]:
                db.execute(f"DELETE FROM marks WHERE {_MARKS}")
                db.execute("DROP TABLE IF EXISTS words")
                db.execute(_CREATE)
                db.execute("INSERT INTO marks VALUES (?, 0)", (_MARK,))
            self.exists = _is_usable(db)
        except sqlite3.OperationalError as error:
            if _NO_MODULE not in str(error):
                raise
            self.exists = False
        if not self.exists:
            db.execute("DELETE FROM marks WHERE name = ?", (_MARK,))  # what is there will miss messages from now on
        return self.exists


def indexed(db: sqlite3.Connection) -> int:
    """The row of `runs` up to which messages are in an index that can be used; 0 if there is none."""
    row = db.execute("SELECT value FROM marks WHERE name = ?", (_MARK,)).fetchone()
    return int(row[0]) if row and _is_usable(db) else 0


def remove_message(db: sqlite3.Connection, row: int, place: int, segment: list[object], position: int) -> None:
    """Takes one message of a segment out of the index, if it is in it; called within a transaction."""
    if not _is_usable(db):
        db.execute("DELETE FROM marks WHERE name = ?", (_MARK,))
    elif row <= indexed(db):
        entries = [entry for entry in _entries(row, place, segment) if entry[0] == rowid_of(row, position)]
        db.executemany(_DELETE, entries)


def _is_usable(db: sqlite3.Connection) -> bool:
    """Whether the table exists, and this SQLite has FTS5."""
    try:
        db.execute(_PROBE)
    except sqlite3.OperationalError as error:
        if _NO_MODULE in str(error) or _NO_TABLE in str(error):
            return False
        raise
    return True


def _entries(row: int, place: int, segment: list[object]) -> list[tuple[int, str, str, str]]:
    """The rows of the index for the messages of a segment."""
    events = unpack(*segment)  # type: ignore[arg-type]  # columns in the order of its parameters
    word = place_word(place)
    return [
        (rowid_of(row, position), " ".join(words(search_form(event.text))), nick_word(event.by.nick), word)
        for position, event in enumerate(events)
        if type(event) is Said
    ]
