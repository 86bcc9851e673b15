"""A room's new name, in the file: its place and all that is kept by its key."""

import sqlite3
from collections.abc import Iterator

from chatroom.common.names import fold
from chatroom.model.events import RoomRenamed
from chatroom.model.redirects import Redirects, redirect
from chatroom.storage import standings


def save(db: sqlite3.Connection, event: RoomRenamed) -> None:
    rename(db, event.room, event.name, event.time, event.id)


def rename(db: sqlite3.Connection, was: str, name: str, time: int, number: int) -> None:
    """Gives a room a new name; `number` is the id of the event.

    A room of long ago that has left a history under the new name changes places with it. Nobody is shown that.
    """
    old, new = fold(was), fold(name)
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
        db.execute("DELETE FROM markers WHERE target = ?", (new,))
        db.execute("UPDATE markers SET target = ? WHERE target = ?", (new, old))
        _redirect(db, old, name, time)
    db.execute("UPDATE places SET name = ? WHERE key = ?", (name, new))
    standings.rename(db, was, name)
    targets = "UPDATE reactions SET target = ? WHERE place = (SELECT id FROM places WHERE key = ?)"
    db.execute(targets, (name, new))


def _redirect(db: sqlite3.Connection, old: str, name: str, time: int) -> None:
    before = list(read(db))
    renamed = {key: (to, since) for key, to, since in before}
    redirect(renamed, old, name, time, lambda key: _is_owned(db, key))
    _keep(db, before, renamed)


def _is_owned(db: sqlite3.Connection, key: str) -> bool:
    return db.execute("SELECT 1 FROM places WHERE key = ? AND owner != ''", (key,)).fetchone() is not None


def _keep(db: sqlite3.Connection, before: list[tuple[str, str, int]], renamed: Redirects) -> None:
    """Has the file hold these old names and no others."""
    after = [(key, name, since) for key, (name, since) in renamed.items()]
    db.executemany("DELETE FROM renamed WHERE key = ?", [(key,) for key, _, _ in before if key not in renamed])
    known = set(before)
    db.executemany("INSERT OR REPLACE INTO renamed VALUES (?, ?, ?)", [row for row in after if row not in known])


def follow(db: sqlite3.Connection, names: tuple[tuple[str, str, int], ...], number: int) -> None:
    """Gives rooms the names that they got while this file was not told; `number` is the id of the event that tells.

    A room that has got several names is in the file under the last of them that the file was told; or, if it was told
    of none, where something was said last, which may be under the new name: a room can get its first name again.
    """
    before = set(read(db))
    told = {fold(name) for _, name, _ in before}
    keys: dict[str, list[str]] = {}
    for key, name, time in names:
        if (key, name, time) not in before:
            keys.setdefault(name, []).append(key)
    renamed = {key: (name, time) for key, name, time in names}
    for name, olds in keys.items():
        was = next((key for key in reversed(olds) if key in told), "") or _used_last(db, [*olds, fold(name)])
        if was != fold(name):
            rename(db, was, name, renamed[was][1], number)
    _keep(db, list(read(db)), renamed)


def _used_last(db: sqlite3.Connection, keys: list[str]) -> str:
    """The key of the place where something was said last; of none, the first."""
    last = "SELECT max(last) FROM runs WHERE place = (SELECT id FROM places WHERE key = ?)"
    return max(keys, key=lambda key: db.execute(last, (key,)).fetchone()[0] or 0)


def read(db: sqlite3.Connection) -> Iterator[tuple[str, str, int]]:
    """The fold of an old name, the new name, and the time; the oldest first."""
    yield from db.execute("SELECT key, name, time FROM renamed ORDER BY time")
