"""A room's new name, in the file: its place and all that is kept by its key."""

import sqlite3
from collections.abc import Iterable, Iterator

from chatroom.common.names import fold
from chatroom.model.events import RoomRenamed
from chatroom.model.state import REDIRECT_MS
from chatroom.storage import standings


def save(db: sqlite3.Connection, event: RoomRenamed) -> None:
    rename(db, fold(event.room), event.room, event.name, event.time, event.id)


def rename(db: sqlite3.Connection, old: str, was: str, name: str, time: int, number: int) -> None:
    """`old` is the fold of `was`, and `number` the id of the event.

    A room of long ago that has left a history under the new name changes places with it. Nobody is shown that.
    """
    new = fold(name)
    if new != old:
        found = db.execute("SELECT id FROM places WHERE key = ?", (old,)).fetchone()
        db.execute("UPDATE places SET key = ' ' WHERE key = ?", (new,))
        if found:
            db.execute("UPDATE places SET key = ? WHERE id = ?", (new, *found))
        else:
            db.execute("INSERT INTO places (key, name, created) VALUES (?, ?, ?)", (new, name, time))
        gone = "UPDATE places SET key = ?, name = ?, topic = '', hidden = max(hidden, ?) WHERE key = ' '"
        db.execute(gone, (old, was, number - 1))
        db.execute("DELETE FROM lists WHERE room = ?", (new,))
        db.execute("UPDATE lists SET room = ? WHERE room = ?", (new, old))
        db.execute("UPDATE OR REPLACE markers SET target = ? WHERE target = ?", (new, old))
        _redirect(db, old, name, time)
    db.execute("UPDATE places SET name = ? WHERE key = ?", (name, new))
    standings.rename(db, was, name)
    targets = "UPDATE reactions SET target = ? WHERE place = (SELECT id FROM places WHERE key = ?)"
    db.execute(targets, (name, new))


def catch_up(db: sqlite3.Connection, names: Iterable[tuple[str, str, int]], number: int) -> None:
    """Gives rooms the names that another server tells of; these are as `read` yields them.

    Of a name in between, or one that a room has again, the room's history is under the new name already. So a history
    moves only if something was said in it after all that is under the new name.
    """
    known = set(read(db))
    for old, name, time in names:
        if (old, name, time) in known:
            continue
        if _last(db, old) > _last(db, fold(name)):
            rename(db, old, old, name, time, number)
        else:
            _redirect(db, old, name, time)


def _last(db: sqlite3.Connection, key: str) -> int:
    """The id of the last event of a place; 0 if there is none, -1 if there is no such place."""
    row = db.execute("SELECT (SELECT max(last) FROM runs WHERE place = places.id) FROM places WHERE key = ?", (key,))
    found = row.fetchone()
    return (found[0] or 0) if found else -1


def _redirect(db: sqlite3.Connection, old: str, name: str, time: int) -> None:
    rows = db.execute("SELECT key, name FROM renamed").fetchall()
    db.executemany("UPDATE renamed SET name = ? WHERE key = ?", [(name, key) for key, to in rows if fold(to) == old])
    db.execute("DELETE FROM renamed WHERE key = ? OR time <= ?", (fold(name), time - REDIRECT_MS))
    db.execute("INSERT OR REPLACE INTO renamed VALUES (?, ?, ?)", (old, name, time))


def read(db: sqlite3.Connection) -> Iterator[tuple[str, str, int]]:
    """The fold of an old name, the new name, and the time; the oldest first."""
    yield from db.execute("SELECT key, name, time FROM renamed ORDER BY time")
