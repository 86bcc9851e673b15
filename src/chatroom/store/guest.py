"""A guest in the data of a server that may be running: the command line's way to the file."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from chatroom.store.reader import Reader
from chatroom.store.schema import FILE, StoreError, check, connect, transaction

_PATIENCE = 10.0  # seconds that a guest waits for the server's writes; the server waits for a guest much less


class Guest:
    """Writes in short transactions, without the data's lock; raises `StoreError` if there is nothing to visit."""

    file = 1

    def __init__(self, directory: Path) -> None:
        self.path = directory / FILE
        if not self.path.is_file():
            raise StoreError(f"There is no history in {directory}; --data says where to look for it.")
        try:
            self.db = connect(self.path, write=True, busy=_PATIENCE)
            try:
                check(self.db)
            except BaseException:
                self.db.close()
                raise
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{self.path} can't be used: {error}.") from None

    def reader(self) -> Reader:
        return Reader(self.path)

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction. May raise `sqlite3.Error`."""
        with transaction(self.db):
            yield self.db

    def drop_places(self, db: sqlite3.Connection, places: set[int]) -> None:
        """Leaves that to the server, which knows them by their numbers; it does it when it starts."""

    def close(self) -> None:
        self.db.close()
