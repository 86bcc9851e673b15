"""A guest in the data of a server that may be running: the command line's way to the file."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from chatroom.storage.reader import Reader
from chatroom.storage.schema import (
    BUSY_TIMEOUT_SECONDS,
    FILE,
    StoreError,
    check,
    may_write,
    transaction,
    unusable,
    visit,
)

_PATIENCE = 10.0  # seconds that a guest waits for the server's writes; the server waits for a guest much less


def find(directory: Path) -> Path:
    """The file in this directory; raises `StoreError` if there is none."""
    path = directory / FILE
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise StoreError(f"There is no history in {directory}; --data says where to look for it.") from None
    except OSError as error:
        raise StoreError(f"{path} can't be read: {error.strerror}.") from None
    return path


class OfflineStore:
    """Writes in short transactions, without the data's lock; raises `StoreError` if there is nothing to visit.

    Where nothing can be written, it reads, and leaves no trace.
    """

    file = 1

    def __init__(self, directory: Path) -> None:
        self.path = find(directory)
        try:
            self.db = visit(self.path, write=True, busy=_PATIENCE)
            try:
                check(self.db)
            except BaseException:
                self.db.close()
                raise
        except sqlite3.Error as error:
            raise unusable(self.path, error) from None

    def reader(self) -> Reader:
        return Reader(self.path, visit(self.path, write=False, busy=BUSY_TIMEOUT_SECONDS))

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction. May raise `sqlite3.Error`, and `StoreError` where nothing can be written."""
        if not may_write(self.path):
            raise StoreError(f"{self.path} can't be changed: it, or the directory that it is in, may only be read.")
        with transaction(self.db):
            yield self.db

    def drop_places(self, db: sqlite3.Connection, places: set[int]) -> None:
        """Leaves that to the server, which knows them by their numbers; it does it when it starts."""

    def close(self) -> None:
        self.db.close()
