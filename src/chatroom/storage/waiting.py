"""The tables of messages that wait for people, and of whom people ignore.

Of a message that waits only its place in the history is noted: one that is deleted or taken back waits no more.
"""

import sqlite3

from chatroom.common.names import fold
from chatroom.model.events import IgnoreSet, Kept, Received

ADD_WAITING = "INSERT OR IGNORE INTO waiting VALUES (?, ?, ?)"
ADD_IGNORED = "INSERT OR REPLACE INTO ignored VALUES (?, ?, ?, ?, ?)"


def save_kept(db: sqlite3.Connection, event: Kept) -> None:
    db.execute(ADD_WAITING, (fold(event.account), event.said, event.conversation))


def save_received(db: sqlite3.Connection, event: Received) -> None:
    db.execute("DELETE FROM waiting WHERE account = ? AND said <= ?", (fold(event.account), event.last))


def save_ignored(db: sqlite3.Connection, event: IgnoreSet) -> None:
    """Of guests nothing is kept."""
    account, key = fold(event.by.account), fold(event.mask)
    if account and event.on:
        db.execute(ADD_IGNORED, (account, key, event.mask, event.whom, event.time))
    elif account:
        db.execute("DELETE FROM ignored WHERE account = ? AND key = ?", (account, key))


def forget(db: sqlite3.Connection, account: str) -> None:
    """The account with this key is nobody's any more."""
    db.execute("DELETE FROM waiting WHERE account = ?", (account,))
    db.execute("DELETE FROM ignored WHERE account = ?", (account,))
