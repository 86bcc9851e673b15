"""Moves the data from the directory in which older versions kept them.

The laws:
- The database is in one of the two directories at any time, whole: SQLite first takes its write-ahead log into it, and
  then one rename moves it. A crash in between leaves it where it was, and the next start moves it.
- Nobody else uses it meanwhile: not a server, whose lock is taken, nor a command, as SQLite's own is.
- If the old directory has it and the new one has not, the old one is in use (`directory_of`).
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from chatroom.common.language import tr
from chatroom.storage.schema import FILE, connect
from chatroom.storage.store import lock_directory

_BUSY_SECONDS = 5.0  # that a command which reads the history may keep it


def directory_of(new: Path, old: Path) -> Path:
    """Where the data are, of the two."""
    return old if _is_there(old / FILE) and not _is_there(new / FILE) else new


def move(old: Path, new: Path, beside: tuple[str, ...]) -> str:
    """Moves the data, and the files `beside` them, if the new directory has none.

    Returns a sentence about what was done, or why it was not; "" if nothing is there to be moved. Raises `StoreError`
    if a server uses the old directory.
    """
    names = [*beside, FILE]  # the data last: as long as they are not moved, the next start tries it again
    if _is_same(old, new) or not any(_is_there(old / name) for name in names):
        return ""
    if _is_there(old / FILE) and _is_there(new / FILE):
        return tr("The data in {new} are used; those in {old} are not.", new=new, old=old)
    lock = lock_directory(old)
    try:
        moved = [name for name in names if _is_there(old / name) and not _is_there(new / name)]
        if not moved:  # another server has done it meanwhile
            return ""
        new.mkdir(mode=0o700, parents=True, exist_ok=True)
        _move(old, new, moved)
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return tr("The data stay in {old}, as they can't be moved to {new}: {reason}.", old=old, new=new, reason=reason)
    finally:
        lock.release()
    return tr("The data were moved from {old} to {new}.", old=old, new=new)


def _move(old: Path, new: Path, names: list[str]) -> None:
    """Renames the files; what was renamed is put back if one of them can't be."""
    done: list[str] = []
    try:
        for name in names:
            if name == FILE:
                _move_database(old / name, new / name)
            else:
                (old / name).rename(new / name)
            done.append(name)
    except (OSError, sqlite3.Error):
        for name in reversed(done):
            (new / name).rename(old / name)
        raise


def _move_database(old: Path, new: Path) -> None:
    """Renames it while nobody has it open; raises `sqlite3.Error` if somebody has, or it is damaged."""
    with closing(connect(old, write=True, busy=_BUSY_SECONDS)) as db:
        db.execute("PRAGMA journal_mode = DELETE").fetchone()  # takes the log into the database, and deletes it
        db.execute("BEGIN EXCLUSIVE")
        old.rename(new)
        db.execute("ROLLBACK")


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one == other or one.samefile(other)
    except OSError:
        return False


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except OSError:
        return False
    return True
