"""Restores the chat from the history when the server starts: accounts, rooms and bans."""

import logging
from collections.abc import Iterable
from contextlib import closing

from chatroom.cluster.redis_stream import shared_secret
from chatroom.common.names import fold
from chatroom.core import replay, restore, staying
from chatroom.core.hub import Hub
from chatroom.model.absences import ABSENCES_REMEMBERED
from chatroom.model.entities import User
from chatroom.model.state import ChatState
from chatroom.model.values import Standing
from chatroom.storage import markers, metadata, renaming, standings, waiting
from chatroom.storage.reader import Reader, StoredRoom
from chatroom.storage.store import Store

# Events of one room that are read for what people saw last of it, and `ABSENCES_REMEMBERED` in all: some 0.1 s.
ABSENCE_EVENTS_READ = 1000

log = logging.getLogger(__name__)


def restore_chat(hub: Hub, store: Store, now: int, show_addresses: bool, cluster: str) -> None:
    """Restores a hub that is not used yet. `now` is Unix time in milliseconds; `cluster` is as in `ChatServer`."""
    hub.context.cloaks = store.cloaks
    if cluster:  # before addresses are replaced by cloaks for good: bans are to hold on all servers
        store.cloaks.key = shared_secret(cluster, "cloaks", store.cloaks.key)
    if not show_addresses:
        store.hide_addresses()
    with closing(store.reader()) as reader:
        restore.accounts(hub.state, reader.accounts(), reader.owners(), reader.modes())
        restore.waiting(hub.state, reader.waiting())
        restore.ignored(hub.state, reader.read(waiting.read_ignored))
        restore.profiles(hub.state, reader.read(metadata.read))
        restore.renamed(hub.state, reader.read(renaming.read))
        restore.markers(hub.state, reader.read(markers.read))
        rooms = list(reader.rooms())
        for room in reversed(rooms):
            restore.room(hub.state, *room)
        _restore_absences(hub.state, reader, rooms, store.previous_start_id)
        for room_key, letter, entry in reader.lists():
            restore.entry(hub.state, room_key, letter, entry)
        by_id = {account.id: account for account in hub.state.accounts.values()}
        stayed = list(reader.read(standings.read))
        fit = staying.that_fit([standing for _, standing, _ in stayed])
        for number, standing, modes in stayed[len(stayed) - fit :]:
            user = restore.who_stays(hub.state, by_id[number], standing, now) if number in by_id else None
            if user:
                _restore_rooms(hub, reader, user, standing, modes)
    ahead = store.last_saved_time - now
    if ahead > 0:
        log.warning(
            "the clock is %d s behind the history; until it has caught up, times go at half speed", ahead // 1000
        )


def _restore_rooms(hub: Hub, reader: Reader, user: User, standing: Standing, modes: dict[str, dict[str, str]]) -> None:
    """Puts somebody who stays back into their rooms."""
    state, dormant = hub.state, hub.state.dormant_rooms
    for name, ranks in standing.rooms:
        key = fold(name)
        if key not in state.rooms and dormant and key not in dormant.rooms and key not in dormant.owned:
            stored = reader.room(key)  # a closed room, or one in which nothing has happened for long
            if stored:
                restore.room(state, *stored)
        restore.put_in(state, user, name, ranks, modes.get(key))
        replay.note_seen(state, name, user.person, standing.seen)


def _restore_absences(state: ChatState, reader: Reader, rooms: Iterable[StoredRoom], previous_start_id: int) -> None:
    """Puts back what people saw last of these rooms, those last used first."""
    left = ABSENCES_REMEMBERED  # events to read
    for room in rooms:
        if room.recent and left > 0:
            events = reader.history(fold(room.name), limit=min(left, ABSENCE_EVENTS_READ), everything=True)
            left -= len(events)
            found = replay.from_history(room.recent, reversed(events), previous_start_id)
            for person, seen in reversed(found.items()):
                state.absences.put(fold(room.name), person, seen)
