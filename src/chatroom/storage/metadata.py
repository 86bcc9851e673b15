"""What the owners of accounts have set about themselves, in the file: a row for each key."""

import sqlite3
from collections.abc import Iterable, Iterator

from chatroom.common.names import fold
from chatroom.model.events import MetadataSet

_ADD = "INSERT OR REPLACE INTO metadata VALUES (?, ?, ?)"


def save(db: sqlite3.Connection, event: MetadataSet) -> None:
    """Of guests and of rooms nothing is kept."""
    account = fold(event.by.account)
    if not account or event.room:
        return
    if event.value is None:
        db.execute("DELETE FROM metadata WHERE account = ? AND key = ?", (account, event.key))
    else:
        db.execute(_ADD, (account, event.key, event.value))


def replace_all(db: sqlite3.Connection, every: Iterable[tuple[str, str, str]]) -> None:
    db.execute("DELETE FROM metadata")
    db.executemany(_ADD, every)


def forget(db: sqlite3.Connection, account: str) -> None:
    """The account with this key is nobody's any more."""
    db.execute("DELETE FROM metadata WHERE account = ?", (account,))


def read(db: sqlite3.Connection) -> Iterator[tuple[str, str, str]]:
    """The account's key, what is set, and to what."""
    yield from db.execute("SELECT account, key, value FROM metadata")
