"""What a file holds beside the history, carried over to another when the file is gone from its place.

An open file can be read though it has no name any more. So accounts, owners, modes, topics and bans are the last ones
that were saved, exactly; what was said stays behind.
"""

import sqlite3
from pathlib import Path
from typing import NamedTuple

# Rows and their key, by table. Rooms are known again by their names: their numbers are those of one file.
_TABLES = {"accounts": "key", "lists": "room, letter, key", "places": "key"}
_ROOMS = "WHERE owner != '' OR topic != '' OR closed != ''"


class _Rows(NamedTuple):
    columns: list[str]
    rows: list[tuple[object, ...]]


class Salvaged(NamedTuple):
    """Rows by table; none where the file that is gone couldn't be read any more, for a reason."""

    tables: dict[str, _Rows]
    trouble: str = ""

    @classmethod
    def of(cls, db: sqlite3.Connection) -> "Salvaged":
        """What the file that this connection has open knows. Its log is emptied into it: it may have been moved."""
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
        """Part of a transaction."""
        for table, (columns, rows) in self.tables.items():
            changes = ", ".join([f"{column} = excluded.{column}" for column in columns])
            db.executemany(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
                f" ON CONFLICT ({_TABLES[table]}) DO UPDATE SET {changes}",
                rows,
            )

    def report(self, gone: Path) -> str:
        """A sentence for the log: what is lost, and what isn't."""
        lost = f"{gone} was gone: what had been said until then is lost, unless it was moved, and a new file was begun"
        if self.trouble:
            return f"{lost}; accounts, owners and bans are lost when the server ends ({self.trouble})"
        accounts, lists, rooms = [len(self.tables[table].rows) for table in _TABLES]
        return (
            f"{lost}. What is still known was written to it: accounts {accounts}, rooms {rooms}, masks (bans) {lists}"
        )


def _read(db: sqlite3.Connection, table: str) -> _Rows:
    cursor = db.execute(f"SELECT * FROM {table} {_ROOMS if table == 'places' else ''}")
    columns = [name for name, *_ in cursor.description]
    chosen = [n for n, name in enumerate(columns) if (table, name) != ("places", "id")]
    return _Rows([columns[n] for n in chosen], [tuple([row[n] for n in chosen]) for row in cursor.fetchall()])
