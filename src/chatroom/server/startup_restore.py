"""Restores the chat from the history when the server starts: accounts, rooms and bans."""

import logging
from collections.abc import Iterable
from contextlib import closing

from chatroom.common.names import fold
from chatroom.core import replay, restore
from chatroom.core.hub import Hub
from chatroom.core.replay import ABSENCES_REMEMBERED
from chatroom.storage.reader import Reader, StoredRoom
from chatroom.storage.store import Store

# Events of one room that are read for what people saw last of it, and `ABSENCES_REMEMBERED` in all: some 0.1 s.
ABSENCE_EVENTS_READ = 1000

log = logging.getLogger(__name__)


def restore_chat(hub: Hub, store: Store, now: int) -> None:
    """Restores a hub that is not used yet. `now` is Unix time in milliseconds."""
    with closing(store.reader()) as reader:
        restore.accounts(hub.state, reader.accounts(), reader.owners(), reader.modes())
        restore.waiting(hub.state, reader.waiting())
        restore.ignored(hub.state, reader.ignored())
        restore.renamed(hub.state, reader.renamed())
        restore.markers(hub.state, reader.markers())
        rooms = list(reader.rooms())
        for room in reversed(rooms):
            restore.room(hub.state, *room)
        hub.state.absent = _absences(reader, rooms, store.previous_start_id)
        for room_key, letter, entry in reader.lists():
            restore.entry(hub.state, room_key, letter, entry)
    ahead = store.last_saved_time - now
    if ahead > 0:
        log.warning(
            "the clock is %d s behind the history; until it has caught up, times go at half speed", ahead // 1000
        )


def _absences(reader: Reader, rooms: Iterable[StoredRoom], previous_start_id: int) -> dict[str, int]:
    """What people saw last of these rooms, those last used first."""
    found: dict[str, int] = {}
    left = ABSENCES_REMEMBERED  # events to read
    for room in rooms:
        if room.recent and left > 0:
            events = reader.history(fold(room.name), limit=min(left, ABSENCE_EVENTS_READ), everything=True)
            left -= len(events)
            found |= replay.from_history(room.name, room.recent, reversed(events), previous_start_id)
    return found
