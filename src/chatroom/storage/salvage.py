"""Copies accounts, rooms and bans from a deleted file to the new one.

A file that is open can still be read after it was deleted. So accounts, owners, modes, topics and bans are exactly
those that were saved last. The history is not copied, and so neither is what belongs to it: what waits for people, and
reactions.
"""

import sqlite3
from pathlib import Path
from typing import NamedTuple

# The tables that are copied, with their keys. The row numbers of `places` belong to the one file, and are not copied.
_TABLES = {
    "accounts": "key",
    "lists": "room, letter, key",
    "places": "key",
    "ignored": "account, key",
    "markers": "account, target",
    "metadata": "account, key",
    "renamed": "key",
    "standings": "account",
}
_ROOMS = "WHERE owner != '' OR topic != '' OR closed != '' OR modes != ''"


class _Rows(NamedTuple):
    columns: list[str]
    rows: list[tuple[object, ...]]


class Salvaged(NamedTuple):
    """The rows by table. If the deleted file could not be read, there are none, and `failure` says why."""

    tables: dict[str, _Rows]
    failure: str = ""

    @classmethod
    def of(cls, db: sqlite3.Connection) -> "Salvaged":
        """Reads the file that this connection has open. Its log is emptied into it, as it may only have been moved."""
        try:
            tables = {table: _read(db, table) for table in _TABLES}
        except sqlite3.Error as error:
            return cls({}, str(error))
        try:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error:
            pass  # the disk is full, say: then it stays as it is
        return cls(tables)

    def write(self, db: sqlite3.Connection) -> None:
        """Writes the rows to the new file; called within a transaction."""
        for table, (columns, rows) in self.tables.items():
            changes = ", ".join([f"{column} = excluded.{column}" for column in columns])
            db.executemany(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
                f" ON CONFLICT ({_TABLES[table]}) DO UPDATE SET {changes}",
                rows,
            )

    def report(self, gone: Path) -> str:
        """A sentence for the log: what is lost, and what was copied."""
        lost = f"{gone} was gone: what had been said until then is lost, unless it was moved, and a new file was begun"
        if self.failure:
            return f"{lost}; accounts, owners and bans are lost when the server ends ({self.failure})"
        accounts, lists, rooms = [len(self.tables[table].rows) for table in ("accounts", "lists", "places")]
        return (
            f"{lost}. What is still known was written to it: accounts {accounts}, rooms {rooms}, masks (bans) {lists}"
        )


def _read(db: sqlite3.Connection, table: str) -> _Rows:
    cursor = db.execute(f"SELECT * FROM {table} {_ROOMS if table == 'places' else ''}")
    columns = [name for name, *_ in cursor.description]
    chosen = [n for n, name in enumerate(columns) if (table, name) != ("places", "id")]
    return _Rows([columns[n] for n in chosen], [tuple([row[n] for n in chosen]) for row in cursor.fetchall()])
