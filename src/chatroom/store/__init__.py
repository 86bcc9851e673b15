"""The one file that keeps what was said, and what rooms are.

`runs` turns events into rows and back, `schema` opens the file and brings it up to date, `writer` saves what happens
before anybody is told of it, `reader` looks things up, `keeper` does the housework: indexing, pruning, checkpoints.
`backup` copies all of it, and puts a copy back.

sqlite3 is imported in this package and nowhere else.
"""

from chatroom.store.archive import Archive
from chatroom.store.backup import back_up, restore
from chatroom.store.guest import Guest
from chatroom.store.index import Index
from chatroom.store.keeper import Keeper
from chatroom.store.reader import Reader
from chatroom.store.schema import Failure, StoreError
from chatroom.store.writer import Store

__all__ = ["Archive", "Failure", "Guest", "Index", "Keeper", "Reader", "Store", "StoreError", "back_up", "restore"]
