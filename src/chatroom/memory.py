"""What stays of rooms when their last member has left, and which of it nobody is to see.

A room ends with its last member: its operators, modes and bans are gone. Its name as it was written, its topic and what
was said last stay for whoever opens it again. A *veil* is a time of which somebody is shown nothing, whatever way it is
asked for: everybody, if one could join only by key or invitation and all have left since; whoever was banned, while
that was so.
"""

from chatroom.limits import EMPTY_ROOMS, VEILS
from chatroom.modes import BAN, INVITED_ONLY, KEY, MUTE
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
        if INVITED_ONLY in room.modes or KEY in room.modes:
            self._veils[key] = [Veil("", 0, last)]
            return
        bans = room.lists[BAN].values()
        veils = [*room.veils, *(Veil(mask, since, last) for mask, _, since in bans if not mask.startswith(MUTE))]
        if veils:
            self._veils[key] = shortened(veils)
        if room.owner:
            self._owned[key] = room
            if len(self._owned) > EMPTY_ROOMS:
                forgotten = list(self._owned.values())[-EMPTY_ROOMS - 1]
                forgotten.recent.clear()  # its topic is a line; what was said is much more
        elif room.topic or room.recent:
            self._rooms[key] = room
            if len(self._rooms) > EMPTY_ROOMS:
                del self._rooms[next(iter(self._rooms))]

    def recall(self, room: Room) -> None:
        """Gives a room that is opened what is remembered of it."""
        key = fold(room.name)
        room.veils = self._veils.pop(key, [])
        before = self._rooms.pop(key, None) or self._owned.pop(key, None)
        if before:
            room.name, room.created, room.topic = before.name, before.created, before.topic
            room.recent = before.recent


def veil_lifted(room: Room, bans: dict[str, tuple[str, str, int]], last: int) -> None:
    """Those of these bans that are no more, since the event with this id, are veils from now on."""
    gone = [entry for key, entry in bans.items() if key not in room.lists[BAN]]
    room.veils = shortened(
        [*room.veils, *(Veil(mask, since, last) for mask, _, since in gone if not mask.startswith(MUTE))]
    )


def shortened(veils: list[Veil]) -> list[Veil]:
    """No more than `VEILS`: the oldest become one, for everybody."""
    if len(veils) <= VEILS:
        return veils
    old, rest = veils[: -VEILS + 1], veils[-VEILS + 1 :]
    return [Veil("", min(v.since for v in old), max(v.until for v in old)), *rest]
