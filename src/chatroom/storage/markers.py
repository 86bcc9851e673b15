"""How far people have read, in the file: a row for each room or talk of an account, which is known by its id.

So whoever claims a name that was given up does not find what its first owner has read.
"""

import sqlite3
from collections.abc import Iterable, Iterator

from chatroom.common.names import fold
from chatroom.model.events import MarkerSet
from chatroom.model.limits import READ_MARKERS_PER_USER


def save(db: sqlite3.Connection, event: MarkerSet) -> None:
    """Of too many, those that were read longest ago go. Only a new one can be one too many."""
    account = db.execute("SELECT id FROM accounts WHERE key = ?", (fold(event.account),)).fetchone()
    if account is None:
        return
    target = fold(event.target)
    moved = db.execute(
        "UPDATE markers SET read = max(read, ?) WHERE account = ? AND target = ?", (event.read, *account, target)
    )
    if moved.rowcount:
        return
    db.execute("INSERT INTO markers VALUES (?, ?, ?)", (*account, target, event.read))
    db.execute(
        """DELETE FROM markers WHERE account = ?1 AND target IN
           (SELECT target FROM markers WHERE account = ?1 ORDER BY read DESC LIMIT -1 OFFSET ?2)""",
        (*account, READ_MARKERS_PER_USER),
    )


def add(db: sqlite3.Connection, read: Iterable[tuple[str, str, int]]) -> None:
    """Markers of accounts that are new to this file, as `read` gives them."""
    db.executemany(
        "INSERT OR REPLACE INTO markers SELECT id, ?, ? FROM accounts WHERE key = ?",
        [(target, time, account) for account, target, time in read],
    )


def forget(db: sqlite3.Connection, account: str) -> None:
    """Those of an account, by its key, that is about to go."""
    db.execute("DELETE FROM markers WHERE account = (SELECT id FROM accounts WHERE key = ?)", (account,))


def read(db: sqlite3.Connection) -> Iterator[tuple[str, str, int]]:
    """The account's key, the folded name of the room or the person, and the time; those read longest ago first."""
    yield from db.execute("SELECT key, target, read FROM markers JOIN accounts ON id = account ORDER BY read")
