"""The gaps of a history: when this server was away for longer than the other servers of its chat remember."""

import sqlite3
from collections.abc import Iterator

GAPS_KEPT = 100  # the newest: a server has one only after days without the others


def add(db: sqlite3.Connection, since: int, until: int) -> None:
    """Both are times in milliseconds."""
    db.execute("INSERT INTO gaps VALUES (?, ?)", (since, until))
    db.execute("DELETE FROM gaps WHERE rowid NOT IN (SELECT rowid FROM gaps ORDER BY rowid DESC LIMIT ?)", (GAPS_KEPT,))


def read(db: sqlite3.Connection) -> Iterator[tuple[int, int]]:
    """From when to when nothing is known; the oldest first."""
    yield from db.execute("SELECT since, until FROM gaps ORDER BY since")
