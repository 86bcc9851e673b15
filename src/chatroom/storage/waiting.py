"""The tables of messages that wait for people, and of whom people ignore.

Of a message that waits only its place in the history is noted: one that is deleted or taken back waits no more.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator

from chatroom.common.names import fold
from chatroom.model.events import IgnoreSet, Kept, Received, Said
from chatroom.model.values import ListEntry

ADD_WAITING = "INSERT OR IGNORE INTO waiting VALUES (?, ?, ?)"
ADD_IGNORED = "INSERT OR REPLACE INTO ignored VALUES (?, ?, ?, ?, ?)"


def save_kept(db: sqlite3.Connection, event: Kept) -> None:
    db.execute(ADD_WAITING, (fold(event.account), event.id, event.conversation))
    if event.dropped:
        db.execute("DELETE FROM waiting WHERE account = ? AND said = ?", (fold(event.account), event.dropped))


def save_received(db: sqlite3.Connection, event: Received) -> None:
    db.execute("DELETE FROM waiting WHERE account = ? AND said <= ?", (fold(event.account), event.last))


def forget_message(db: sqlite3.Connection, place: str, number: int) -> None:
    """A message is taken back; it waits for one of those whose accounts are in the key of its place, or for nobody."""
    for account in place.split(" ")[1:]:
        db.execute("DELETE FROM waiting WHERE account = ? AND said = ?", (account, number))


def remove_until(db: sqlite3.Connection, last: Iterable[tuple[int, int]]) -> None:
    """All messages of these places are deleted, up to an id in each."""
    for place, until in last:
        (key,) = db.execute("SELECT key FROM places WHERE id = ?", (place,)).fetchone()
        for account in key.split(" ")[1:]:  # those who talk there; a room has none
            db.execute("DELETE FROM waiting WHERE account = ? AND said <= ? AND place = ?", (account, until, key))


def save_ignored(db: sqlite3.Connection, event: IgnoreSet) -> None:
    """Of guests nothing is kept."""
    account, key = fold(event.by.account), fold(event.mask)
    if account and event.on:
        db.execute(ADD_IGNORED, (account, key, event.mask, event.whom, event.time))
    elif account:
        db.execute("DELETE FROM ignored WHERE account = ? AND key = ?", (account, key))


def read_waiting(db: sqlite3.Connection, find: Callable[[str, int], Said | None]) -> Iterator[tuple[str, Said]]:
    """The messages that wait, by folded account, oldest first; `find` gets one by the key of its place and its id."""
    for account, number, key in db.execute("SELECT account, said, place FROM waiting ORDER BY said").fetchall():
        said = find(key, number)
        if said:
            yield account, said


def read_ignored(db: sqlite3.Connection) -> Iterator[tuple[str, ListEntry]]:
    """Whom people ignore, by folded account."""
    for account, mask, whom, since in db.execute("SELECT account, mask, whom, since FROM ignored ORDER BY since"):
        yield account, ListEntry(mask, account, since, whom=whom)


def forget(db: sqlite3.Connection, account: str) -> None:
    """The account with this key is nobody's any more."""
    db.execute("DELETE FROM waiting WHERE account = ?", (account,))
    db.execute("DELETE FROM ignored WHERE account = ?", (account,))
