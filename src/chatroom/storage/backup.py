"""Copies of the data, made while it is used, and put back.

SQLite copies (https://sqlite.org/backup.html): a copy of the file alone would lack what stands in the log beside it. A
copy is written beside the place where it belongs, checked, brought to the disk, and only then given its name: whatever
happens, there is a whole file of that name, the new one or the one before.
"""

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

from chatroom.storage.lockfile import LockFile
from chatroom.storage.offline import find
from chatroom.storage.schema import FILE, MIGRATIONS, TOO_NEW, StoreError, alone, at_rest, beside, unusable, visit
from chatroom.storage.store import LOCK, lock

_PATIENCE = 10.0  # seconds to wait for somebody else's write
_STEP = 256  # pages copied between two looks at the progress: 1 MiB, some milliseconds

Progress = Callable[[int, int], None]  # how many pages of how many are copied


def back_up(directory: Path, file: Path, progress: Progress) -> None:
    """Copies the data in a directory to a file; raises `StoreError`. A server may be using it."""
    source = find(directory)
    with _looked_at():
        target = _place(file, source)
    of = f"The data in {directory}"
    connect = partial(visit, source, write=False, busy=_PATIENCE)  # with locks: a server may start at any moment
    with _opened(connect, source, of, "data") as db, _copied(db, target, progress, of) as copy:
        copy.replace(target)


def restore(file: Path, directory: Path, progress: Progress) -> Path | None:
    """Puts a copy in the place of the data in a directory; raises `StoreError`, above all while a server uses that.

    Returns where the data that was there is now; None if there was none.
    """
    target = directory / FILE
    with _looked_at():
        if not file.is_file():
            raise StoreError(f"There is no file {file}.")
        if target.exists() and target.samefile(file):
            raise StoreError(f"{file} is the data itself; name a backup of it.")
        copied_while_used = beside(file)[0].exists()
    connect = partial(visit, file, write=False, busy=_PATIENCE) if copied_while_used else partial(at_rest, file)
    with (
        _opened(connect, file, str(file), "backup") as db,
        _locked(directory),
        _copied(db, target, progress, str(file)) as copy,
    ):
        _fit_in(copy, target)
        former = _set_aside(target)
        copy.replace(target)
        return former


def belongs_to(file: Path, data: Path) -> bool:
    """Whether a file is the data at that path, or is named as one that SQLite or the server puts beside it."""
    try:
        if file.exists() and file.samefile(data):
            return True
        file, data = file.resolve(), data.resolve()
    except (OSError, RuntimeError):  # nobody can say what is there (a long name, a circle of links), nor write to it
        return False
    names = [path.name for path in (data, *beside(data), _journal(data))]
    return file.parent == data.parent and file.name in (*names, LOCK)


def _journal(path: Path) -> Path:
    """What SQLite writes beside a database that has no log; what it finds there it takes for its own, and deletes."""
    return path.with_name(f"{path.name}-journal")


def _place(file: Path, source: Path) -> Path:
    """Where a copy is to be written; raises `StoreError` if something is there that must not be lost."""
    target = file.resolve()
    if target.is_dir():
        raise StoreError(f"{file} is a directory; name a file in it, {file / 'chatroom-backup.db'} for example.")
    if belongs_to(target, source):
        raise StoreError(f"{file} is the data itself; choose another name for its backup.")
    if not target.exists():
        return target
    if any(path.exists() for path in beside(target)):
        raise StoreError(f"{file} seems to be in use, as {beside(target)[0].name} is beside it; choose another name.")
    if not target.is_file() or not _is_ours(target):
        raise StoreError(f"{file} is there, and no backup of chatroom's; choose another name.")
    return target


@contextmanager
def _looked_at() -> Iterator[None]:
    """Says which file can't be looked at: it is in a directory of somebody else's, or its name is too long."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"{error.filename} can't be used: {error.strerror}.") from None
    except RuntimeError as error:  # `Path.resolve` of Python before 3.13: links that lead to each other
        raise StoreError(f"{error}.") from None


def _is_ours(path: Path) -> bool:
    with suppress(sqlite3.Error), closing(at_rest(path)) as db:
        return bool(_migrations(db))
    return False


def _migrations(db: sqlite3.Connection) -> set[str]:
    return {name for (name,) in db.execute("SELECT name FROM migrations")}


@contextmanager
def _opened(connect: Callable[[], sqlite3.Connection], path: Path, of: str, what: str) -> Iterator[sqlite3.Connection]:
    """A connection to read what this program, or an older one, has written; raises `StoreError` for anything else."""
    try:
        with closing(connect()) as db:
            try:
                done = _migrations(db)
            except sqlite3.DatabaseError as error:
                if "no such table" in str(error) or "not a database" in str(error):
                    raise StoreError(f"{path} is no {what} of chatroom's.") from None
                raise
            if done - {name for name, _ in MIGRATIONS}:
                raise StoreError(TOO_NEW)
            yield db
    except sqlite3.Error as error:
        raise _damaged(of, error) or unusable(path, error) from None


def _damaged(of: str, error: sqlite3.Error) -> StoreError | None:
    """What to say if it is damage that an error tells of."""
    damage = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
    return _is_damaged(of, str(error)) if getattr(error, "sqlite_errorname", "").startswith(damage) else None


def _is_damaged(of: str, how: str) -> StoreError:
    return StoreError(f"{of} is damaged ({how}); nothing was changed.")


@contextmanager
def _locked(directory: Path) -> Iterator[LockFile]:
    held = lock(directory)
    try:
        yield held
    finally:
        held.release()


@contextmanager
def _copied(db: sqlite3.Connection, target: Path, progress: Progress, of: str) -> Iterator[Path]:
    """A whole and checked copy beside `target`, to be given its name; it is gone afterwards if it wasn't."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        os.close(handle)
    except OSError as error:
        raise StoreError(f"Nothing can be written to {target.parent}: {error.strerror}.") from None
    copy = Path(name)
    try:
        _copy(db, copy, progress, of)
        _to_disk(copy)
        yield copy
        _to_disk(target.parent)
    except OSError as error:
        raise StoreError(f"{target} can't be written: {error.strerror}.") from None
    finally:
        for path in (copy, *beside(copy), _journal(copy)):
            path.unlink(missing_ok=True)


def _copy(source: sqlite3.Connection, path: Path, progress: Progress, of: str) -> None:
    try:
        with closing(alone(path)) as copy:
            # What is committed from here on isn't looked at; else each message would make the copy begin anew.
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            copy.execute("PRAGMA synchronous = OFF")  # it is brought to the disk at the end
            source.backup(copy, pages=_STEP, progress=lambda status, left, pages: progress(pages - left, pages))
            source.execute("ROLLBACK")
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
            copy.set_progress_handler(lambda: 0, 1_000_000)  # the check of a large file can be interrupted
            (found,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        raise _damaged(of, error) or StoreError(f"{of} could not be copied to {path.parent}: {error}.") from None
    if found != "ok":
        raise _is_damaged(of, found)


def _to_disk(path: Path) -> None:
    """A file, or the names in a directory."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _fit_in(copy: Path, target: Path) -> None:
    """Whoever runs the server must be able to use it, also when an administrator puts it there."""
    status = (target if target.exists() else target.parent).stat()
    if os.geteuid() == 0:
        for path in (copy, target.with_name(LOCK)):
            os.chown(path, status.st_uid, status.st_gid)
    if target.exists():
        copy.chmod(status.st_mode & 0o666)


def _set_aside(target: Path) -> Path | None:
    """Gives the data that is there another name, with its log if that is still needed; None if there is none."""
    if not target.exists():
        return None
    if target.stat().st_size:  # SQLite would throw away the log of an empty file
        try:
            with closing(visit(target, write=True, busy=_PATIENCE)) as db:
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # empties the log into it
        except sqlite3.Error:
            pass  # it may be damaged: that is why one puts a backup back
    former = _free(target.with_name(f"{target.stem}-{time.strftime('%Y%m%d-%H%M%S')}{target.suffix}"))
    log, shared = beside(target)
    if log.exists():  # another file must never be read with it
        log.rename(beside(former)[0])
    shared.unlink(missing_ok=True)
    try:
        os.link(target, former)  # so there is a file at any moment, the old one or the new one
    except OSError:  # not every file system has these
        target.rename(former)
    return former


def _free(path: Path) -> Path:
    """The path, or one like it if that is taken."""
    number = 1
    free = path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free
