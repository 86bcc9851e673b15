"""Deleted words leave the files, too: the pages of the search index and the write-ahead log.

SQLite overwrites what is deleted from a table (`schema`). Two places are left: a deletion only adds a note to the
index, and the log holds pages as they were. So each deletion counts itself in a mark, in its own transaction. Whoever
sees the mark merges the index, empties the log, and sets the mark to 0 unless something was deleted meanwhile. That is
the server while it runs, also for what was deleted before it was killed; and `chatroom history prune`.
"""

import sqlite3

NOTE = "INSERT INTO marks VALUES ('deleted', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1"


def pending(db: sqlite3.Connection) -> int:
    """The deletions of which words may be left; 0 if there are none."""
    row = db.execute("SELECT value FROM marks WHERE name = 'deleted'").fetchone()
    return int(row[0]) if row else 0


def finish(db: sqlite3.Connection, count: int) -> None:
    """To be called when the index is merged: empties the log, and notes that `count` deletions are done.

    If somebody reads, the log can't be emptied; then the mark stays.
    """
    (blocked, _, _) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if not blocked:
        db.execute("UPDATE marks SET value = 0 WHERE name = 'deleted' AND value = ?", (count,))
