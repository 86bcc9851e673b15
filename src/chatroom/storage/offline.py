"""The file as the command line uses it, also beside a running server."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from chatroom.common.cloaks import Cloaks
from chatroom.common.language import tr
from chatroom.storage.deletions import finish, pending
from chatroom.storage.reader import Reader
from chatroom.storage.schema import (
    BUSY_TIMEOUT_SECONDS,
    FILE,
    SET_MARK,
    UNSWEPT,
    StoreError,
    check_version,
    cloak_key,
    connect_offline,
    explained,
    may_write,
    transaction,
)
from chatroom.storage.search_index import SearchIndex

_BUSY_SECONDS = 10.0  # seconds that a command waits for the server's writes; the server waits much less for a command


def file_in(directory: Path) -> Path:
    """The path of the file in this directory; raises `StoreError` if there is none."""
    path = directory / FILE
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise StoreError(
            tr("There is no history in {directory}; --data says where to look for it.", directory=directory)
        ) from None
    except OSError as error:
        raise StoreError(tr("{path} can't be read: {reason}.", path=path, reason=error.strerror)) from None
    return path


class OfflineStore:
    """Reads, and writes in short transactions, without locking the directory; raises `StoreError` if there is no file.

    In a directory that can't be written to, it only reads.
    """

    def __init__(self, directory: Path) -> None:
        self.path = file_in(directory)
        try:
            self.db = connect_offline(self.path, write=True, busy=_BUSY_SECONDS)
            try:
                check_version(self.db)
            except BaseException:
                self.db.close()
                raise
        except sqlite3.Error as error:
            raise explained(self.path, error) from None

    def reader(self) -> Reader:
        """A new connection to look things up with."""
        db = connect_offline(self.path, write=False, busy=BUSY_TIMEOUT_SECONDS)
        return Reader(self.path, db, Cloaks(cloak_key(db)))

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction. May raise `sqlite3.Error`, and `StoreError` where nothing can be written."""
        if not may_write(self.path):
            raise StoreError(
                tr("{path} can't be changed: it, or the directory that it is in, may only be read.", path=self.path)
            )
        with transaction(self.db):
            yield self.db

    def delete_empty_places(self, db: sqlite3.Connection, places: set[int]) -> None:
        """Leaves them to the next start, and notes that: a running server has cached their row numbers."""
        db.execute(SET_MARK, (UNSWEPT, 1))

    def forget_deletions(self, index: SearchIndex) -> None:
        """Takes what was deleted out of the index and the write-ahead log, unless somebody reads them meanwhile."""
        count = pending(self.db)
        first = True
        while count and index.forget(first=first):
            first = False
        if count:
            finish(self.db, count)

    def close(self) -> None:
        self.db.close()
