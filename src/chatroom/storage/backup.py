"""Backups: copies the file while a server uses it, and puts a copy back.

Whatever happens, there is a whole file of the right name, the new one or the one before: see `copying`.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

from chatroom.common.language import mark, tr
from chatroom.common.trusted_files import UntrustedFileError, check_way
from chatroom.storage.copying import Progress, copied, damaged, journal
from chatroom.storage.lockfile import LockFile
from chatroom.storage.offline import file_in
from chatroom.storage.schema import (
    FILE,
    MIGRATIONS,
    TOO_NEW,
    StoreError,
    connect_immutable,
    connect_offline,
    explained,
    migrations_of,
    wal_files,
)
from chatroom.storage.store import LOCK, lock_directory

_NO_DATA = mark("{path} is no data of chatroom's.")
_NO_BACKUP = mark("{path} is no backup of chatroom's.")
_BUSY_SECONDS = 10.0  # seconds to wait for another process's write


def back_up(directory: Path, file: Path, progress: Progress) -> None:
    """Copies the data in a directory to a file; raises `StoreError`. A server may be using the data."""
    source = file_in(directory)
    with _looked_at():
        target = _target(file, source)
    of = tr("The data in {directory}", directory=directory)
    connect = partial(connect_offline, source, write=False, busy=_BUSY_SECONDS)  # locks: a server may start meanwhile
    with _opened(connect, source, of, _NO_DATA) as db, copied(db, target, progress, of) as copy:
        copy.replace(target)


def restore(file: Path, directory: Path, progress: Progress) -> Path | None:
    """Replaces the data in a directory by a backup; raises `StoreError`, above all while a server uses the data.

    Returns where the data that was there has been moved; None if there was none.
    """
    target = directory / FILE
    with _looked_at():
        if not file.is_file():
            raise StoreError(tr("There is no file {file}.", file=file))
        if target.exists() and target.samefile(file):
            raise StoreError(tr("{file} is the data itself; name a backup of it.", file=file))
        has_wal = wal_files(file)[0].exists()
    connect = (
        partial(connect_offline, file, write=False, busy=_BUSY_SECONDS) if has_wal else partial(connect_immutable, file)
    )
    with (
        _opened(connect, file, str(file), _NO_BACKUP) as db,
        _locked(directory),
        copied(db, target, progress, str(file)) as copy,
    ):
        _match_owner(copy, target)
        former = _move_aside(target)
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
    names = [path.name for path in (data, *wal_files(data), journal(data))]
    return file.parent == data.parent and file.name in (*names, LOCK)


def _target(file: Path, source: Path) -> Path:
    """Where a copy is to be written; raises `StoreError` if something is there that must not be lost."""
    try:
        check_way(file)
    except UntrustedFileError as error:
        raise StoreError(str(error)) from None
    target = file.resolve()
    if target.is_dir():
        raise StoreError(
            tr(
                "{file} is a directory; name a file in it, {example} for example.",
                file=file,
                example=file / "chatroom-backup.db",
            )
        )
    if belongs_to(target, source):
        raise StoreError(tr("{file} is the data itself; choose another name for its backup.", file=file))
    if not target.exists():
        return target
    if any(path.exists() for path in wal_files(target)):
        raise StoreError(
            tr(
                "{file} seems to be in use, as {name} is beside it; choose another name.",
                file=file,
                name=wal_files(target)[0].name,
            )
        )
    if not target.is_file() or not _is_ours(target):
        raise StoreError(tr("{file} is there, and no backup of chatroom's; choose another name.", file=file))
    return target


@contextmanager
def _looked_at() -> Iterator[None]:
    """Says which file can't be looked at: it is in a directory of somebody else's, or its name is too long."""
    try:
        yield
    except OSError as error:
        raise StoreError(tr("{file} can't be used: {reason}.", file=error.filename, reason=error.strerror)) from None
    except RuntimeError as error:  # `Path.resolve` of Python before 3.13: links that lead to each other
        raise StoreError(f"{error}.") from None


def _is_ours(path: Path) -> bool:
    with suppress(sqlite3.Error), closing(connect_immutable(path)) as db:
        return bool(migrations_of(db))
    return False


@contextmanager
def _opened(connect: Callable[[], sqlite3.Connection], path: Path, of: str, what: str) -> Iterator[sqlite3.Connection]:
    """A connection to a file of this program or an older version of it; raises `StoreError` for any other file."""
    try:
        with closing(connect()) as db:
            try:
                done = migrations_of(db)
            except sqlite3.DatabaseError as error:
                if "no such table" in str(error) or "not a database" in str(error):
                    raise StoreError(tr(what, path=path)) from None
                raise
            if done - {name for name, _ in MIGRATIONS}:
                raise StoreError(tr(TOO_NEW))
            yield db
    except sqlite3.Error as error:
        raise damaged(of, error) or explained(path, error) from None


@contextmanager
def _locked(directory: Path) -> Iterator[LockFile]:
    lock = lock_directory(directory)
    try:
        yield lock
    finally:
        lock.release()


def _match_owner(copy: Path, target: Path) -> None:
    """Gives the copy the owner and mode of the data: root may restore it, and the server runs as somebody else."""
    status = (target if target.exists() else target.parent).stat()
    if os.geteuid() == 0:
        for path in (copy, target.with_name(LOCK)):
            os.chown(path, status.st_uid, status.st_gid)
    if target.exists():
        copy.chmod(status.st_mode & 0o666)


def _move_aside(target: Path) -> Path | None:
    """Renames the data that is there, with its log if that is still needed. Returns the new name; None without data."""
    if not target.exists():
        return None
    if target.stat().st_size:  # of an empty file SQLite would delete the log
        try:
            with closing(connect_offline(target, write=True, busy=_BUSY_SECONDS)) as db:
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # empties the log into it
        except sqlite3.Error:
            pass  # it may be damaged, which may be why a backup is restored
    former = _unused(target.with_name(f"{target.stem}-{time.strftime('%Y%m%d-%H%M%S')}{target.suffix}"))
    log, shared = wal_files(target)
    if log.exists():  # another file must never be used with this log
        log.rename(wal_files(former)[0])
    shared.unlink(missing_ok=True)
    try:
        os.link(target, former)  # so that at any moment a file has this name
    except OSError:  # not every file system has hard links
        target.rename(former)
    return former


def _unused(path: Path) -> Path:
    """The path, with a number added to its name if a file has that already."""
    number = 1
    free = path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free
