"""What stays of rooms when their last member has left, and which of it nobody is to see.

A room ends with its last member: its operators and modes are gone, but for the modes of a room that has an owner. Its
name as it was written, its topic, what was said last, and whom it bans stay for whoever opens it again. A *veil* is a
time of which somebody is shown nothing, whatever way it is asked for: everybody, if one could join only by key or
invitation and all have left since (it opens then, unless it has an owner); whoever was banned, while that was so.
"""

from chatroom.events import Entry
from chatroom.limits import EMPTY_ROOMS, VEILS
from chatroom.modes import MUTE, closed
from chatroom.names import fold
from chatroom.rooms import Room, Veil


class Memories:
    """Remembers rooms, those left longest ago least. What is veiled, and whose a room is, is never forgotten."""

    def __init__(self) -> None:
        self._rooms: dict[str, Room] = {}  # by folded name, those left longest ago first
        self._owned: dict[str, Room] = {}  # likewise; those that have an owner
        self._veils: dict[str, list[Veil]] = {}

    def keep(self, room: Room, last: int) -> None:
        """The last member has left, by the event with this id."""
        key = fold(room.name)
        if closed(room.modes) and not room.owner:
            self._veils[key] = [Veil("", 0, last)]
            return
        if room.veils:
            self._veils[key] = veiled_most(room.veils)
        if room.owner:
            self._owned[key] = room
            if len(self._owned) > EMPTY_ROOMS:
                forgotten = list(self._owned.values())[-EMPTY_ROOMS - 1]
                forgotten.recent.clear()  # its topic is a line; what was said is much more
        elif room.topic or room.recent:
            self._rooms[key] = room
            if len(self._rooms) > EMPTY_ROOMS:
                del self._rooms[next(iter(self._rooms))]

    def disown(self, key: str, was_closed: bool, last: int) -> None:
        """A room that nobody is in has no owner any more, since the event with this id, and so no modes either."""
        room = self._owned.pop(key, None)
        if was_closed:
            self._veils[key] = [Veil("", 0, last)]
        elif room:
            room.owner = ""
            self._rooms[key] = room

    def veil(self, key: str, veils: list[Veil]) -> None:
        """Veils more of a room that nobody is in."""
        self._veils[key] = veiled_most([*self._veils.get(key, []), *veils])

    def recall(self, room: Room) -> None:
        """Gives a room that is opened what is remembered of it."""
        key = fold(room.name)
        room.veils = self._veils.pop(key, [])
        before = self._rooms.pop(key, None) or self._owned.pop(key, None)
        if before:
            room.name, room.created, room.topic = before.name, before.created, before.topic
            room.recent = before.recent
            room.look_to_guard()


def lifted(bans: dict[str, Entry], left: dict[str, Entry], last: int) -> list[Veil]:
    """Those of these bans that are not left, since the event with this id, are veils from now on."""
    gone = [entry for key, entry in bans.items() if key not in left]
    return [Veil(entry.mask, entry.since, last) for entry in gone if not entry.mask.startswith(MUTE)]


def veiled_most(veils: list[Veil]) -> list[Veil]:
    """No more than `VEILS`: the oldest become one, for everybody."""
    if len(veils) <= VEILS:
        return veils
    old, rest = veils[: -VEILS + 1], veils[-VEILS + 1 :]
    return [Veil("", min(v.since for v in old), max(v.until for v in old)), *rest]
