"""Keeps a copy of a file that an older version has written, before it is brought up to date.

An older version can't read it any more afterwards. Whoever wants to go back has the copy, `chatroom.db.before-VERSION`.
"""

import logging
import shutil
import sqlite3
from pathlib import Path

from chatroom import __version__
from chatroom.common.language import own, tr
from chatroom.storage.copying import copied
from chatroom.storage.schema import MIGRATIONS, StoreError, migrations_of, wal_files

_SPARE_BYTES = 100 * 10**6  # that must be left on the disk: for bringing it up to date, and for what is said then

log = logging.getLogger(__name__)


def copy_of(path: Path) -> Path:
    """Where the copy is kept."""
    return path.with_name(f"{path.name}.before-{__version__}")


def keep_copy(db: sqlite3.Connection, path: Path) -> None:
    """Copies the file `path`, which is open as `db`, if it is to be brought up to date and there is no copy yet.

    A copy that is there stays as it is: a start that was interrupted must not replace it by what it left. Raises
    `StoreError`, above all where the disk is too small.
    """
    copy = copy_of(path)
    if copy.exists() or not _is_older(db):
        return
    needed = sum(file.stat().st_size for file in (path, wal_files(path)[0]) if file.exists()) + _SPARE_BYTES
    free = shutil.disk_usage(path.parent).free
    if free < needed:
        raise StoreError(
            tr(
                "The data in {directory} are of an older version, and a copy is kept before they are brought up to"
                " date. That needs {needed} MB, and {free} MB are free: make room. If you have a backup elsewhere, make"
                " an empty file {copy}; then no copy is kept.",
                directory=path.parent,
                needed=own().number(needed // 10**6),
                free=own().number(free // 10**6),
                copy=copy,
            )
        )
    log.info("these data are of an older version: a copy is kept as %s", copy)
    with copied(db, copy, lambda done, pages: None, tr("The data in {directory}", directory=path.parent)) as made:
        made.replace(copy)


def _is_older(db: sqlite3.Connection) -> bool:
    """Whether the file has some of the migrations, but not all, and no others."""
    if not db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'migrations'").fetchone()[0]:
        return False
    done = migrations_of(db)
    return bool(done) and done < {name for name, _ in MIGRATIONS}
