"""Places of which nothing is kept are deleted: clients can make up millions.

A place without an owner is deleted with the last of its history. While somebody may be in the room, its topic and what
closes it are kept, too; where somebody stays without a device, also its other modes.
"""

import sqlite3

from chatroom.storage import standings
from chatroom.storage.schema import SET_MARK, UNSWEPT

PLACES_SWEPT = 10_000  # empty places looked for at a start: more of them would make it slow
_EMPTY = "owner = '' AND NOT EXISTS (SELECT * FROM runs WHERE place = places.id)"
_EMPTY_AND_UNUSED = f"{_EMPTY} AND topic = '' AND closed = ''"
# The newest stays, so that no row number is given twice: somebody may just have looked it up.
_NEWEST = "SELECT max(id) FROM places"
_DELETE = f"DELETE FROM places WHERE id < ({_NEWEST}) AND"
# At a start nobody is in a room but who stays, so that topics and closed rooms can go, too: of the oldest places, which
# empty first.
_OLDEST = "SELECT id FROM (SELECT id FROM places WHERE {} != '' ORDER BY id LIMIT ?1)"
_EMPTY_AT_START = f"{_EMPTY} AND id IN ({_OLDEST.format('topic')} UNION {_OLDEST.format('closed')})"


def delete(db: sqlite3.Connection, places: set[int]) -> None:
    """Deletes those of these places of which nothing is kept any more, while the server runs."""
    find = f"SELECT id, key, modes FROM places WHERE {_EMPTY_AND_UNUSED} AND id = ?"
    unused = [row for place in places for row in db.execute(find, (place,))]
    stayed_in = standings.rooms(db) if any(modes for _, _, modes in unused) else set()
    gone = [(place,) for place, key, modes in unused if not modes or key not in stayed_in]
    db.executemany(f"{_DELETE} id = ?", gone)
    if db.execute(f"SELECT id FROM places WHERE id = ({_NEWEST}) AND {_EMPTY_AND_UNUSED}").fetchone():
        db.execute(SET_MARK, (UNSWEPT, 1))


def sweep(db: sqlite3.Connection) -> None:
    """Deletes such places at a start: all where something may have left some, else only a few."""
    db.create_function("somebody_stays", 1, standings.rooms(db).__contains__)
    if db.execute("SELECT 1 FROM marks WHERE name = ? AND value != 0", (UNSWEPT,)).fetchone():
        db.execute(f"{_DELETE} {_EMPTY} AND NOT somebody_stays(key)")
        db.execute(SET_MARK, (UNSWEPT, 0))
    else:
        db.execute(f"{_DELETE} {_EMPTY_AT_START} AND NOT somebody_stays(key)", (PLACES_SWEPT,))
