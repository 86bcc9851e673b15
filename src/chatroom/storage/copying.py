"""Copies a database that may be in use.

SQLite makes the copy (https://sqlite.org/backup.html): a copy of the file alone would lack the write-ahead log beside
it. A copy is written under another name, checked, synced to the disk, and only then renamed.
"""

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from chatroom.common.language import tr
from chatroom.storage.schema import StoreError, connect_exclusive, wal_files

_STEP_PAGES = 256  # pages copied between two reports of the progress: 1 MiB, some milliseconds

Progress = Callable[[int, int], None]  # called with the pages copied so far, and all pages


@contextmanager
def copied(db: sqlite3.Connection, target: Path, progress: Progress, of: str) -> Iterator[Path]:
    """A checked copy beside `target`, which the caller renames to it. Otherwise it is deleted afterwards."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        os.close(handle)
    except OSError as error:
        raise StoreError(
            tr("Nothing can be written to {directory}: {reason}.", directory=target.parent, reason=error.strerror)
        ) from None
    copy = Path(name)
    try:
        _copy(db, copy, progress, of)
        _fsync(copy)
        yield copy
        _fsync(target.parent)
    except OSError as error:
        raise StoreError(tr("{path} can't be written: {reason}.", path=target, reason=error.strerror)) from None
    finally:
        for path in (copy, *wal_files(copy), journal(copy)):
            path.unlink(missing_ok=True)


def _copy(source: sqlite3.Connection, path: Path, progress: Progress, of: str) -> None:
    try:
        with closing(connect_exclusive(path)) as copy:
            # Within a transaction: else each message that is saved meanwhile would make the copy begin anew.
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            copy.execute("PRAGMA synchronous = OFF")  # it is synced at the end
            source.backup(copy, pages=_STEP_PAGES, progress=lambda status, left, pages: progress(pages - left, pages))
            source.execute("ROLLBACK")
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a write-ahead log beside it
            copy.set_progress_handler(lambda: 0, 1_000_000)  # so that Ctrl+C interrupts the check of a large file
            (found,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        raise damaged(of, error) or StoreError(
            tr("{of} could not be copied to {directory}: {reason}.", of=of, directory=path.parent, reason=error)
        ) from None
    if found != "ok":
        raise _is_damaged(of, found)


def _fsync(path: Path) -> None:
    """Syncs a file, or the names in a directory, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def damaged(of: str, error: sqlite3.Error) -> StoreError | None:
    """What to say if the error means that the file is damaged; None if it doesn't."""
    damage = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
    return _is_damaged(of, str(error)) if getattr(error, "sqlite_errorname", "").startswith(damage) else None


def _is_damaged(of: str, how: str) -> StoreError:
    return StoreError(tr("{of} is damaged ({how}); nothing was changed.", of=of, how=how))


def journal(path: Path) -> Path:
    """What SQLite writes beside a database that has no log; what it finds there it takes for its own, and deletes."""
    return path.with_name(f"{path.name}-journal")
