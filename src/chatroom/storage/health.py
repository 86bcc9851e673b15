"""Looks at the file of the history for `chatroom doctor`, beside a server that may be running."""

import sqlite3
from contextlib import closing
from pathlib import Path

from chatroom.storage.schema import FILE, connect_offline, wal_files

_BUSY_SECONDS = 5.0


def damage(directory: Path) -> str:
    """What SQLite finds wrong with the data, its first complaint; "" if it finds nothing, or if there are no data."""
    path = directory / FILE
    if not path.exists():
        return ""
    try:
        with closing(connect_offline(path, write=False, busy=_BUSY_SECONDS)) as db:
            (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        return str(error)
    return "" if found == "ok" else str(found)


def log_bytes(directory: Path) -> int:
    """How large the write-ahead log is."""
    try:
        return wal_files(directory / FILE)[0].stat().st_size
    except OSError:
        return 0
