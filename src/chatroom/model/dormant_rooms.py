"""What stays of rooms when their last member has left.

A room ends with its last member: its operators and modes are gone, but for the modes of a room that has an owner. Its
name as it was written, its topic, what was said last, and whom it bans stay for whoever opens it again.

Of a room that was closed (by key or invitation), and is nobody's, nothing stays, since whoever opens it may be anybody.
What the history has of it is hidden when it is opened: see `events.Opened`.
"""

from itertools import islice

from chatroom.common.names import LOBBY, fold
from chatroom.model.entities import Room
from chatroom.model.limits import DORMANT_ROOMS_MAX
from chatroom.model.looks import Looks
from chatroom.model.modes import closed


class DormantRooms:
    """Remembers rooms that nobody is in. Those left longest ago are forgotten first; a room with an owner never is."""

    __slots__ = ("_looks", "owned", "rooms")

    def __init__(self) -> None:
        self.rooms: dict[str, Room] = {}  # by folded name, those left longest ago first
        self.owned: dict[str, Room] = {}  # likewise; those that have an owner
        self.refresh()

    def refresh(self) -> None:
        """Makes the index of looks anew."""
        self._looks = Looks()
        for room in (*self.rooms.values(), *self.owned.values()):
            self._looks.add(room.name)

    def has_like(self, name: str) -> bool:
        """Whether a room whose name looks like this one is remembered."""
        return self._looks.has_like(name)

    def store(self, room: Room) -> None:
        """The last member has left."""
        key = fold(room.name)
        if room.owner:
            self.owned[key] = room
            self._looks.add(room.name)
            if len(self.owned) > DORMANT_ROOMS_MAX:
                forgotten = next(islice(reversed(self.owned.values()), DORMANT_ROOMS_MAX, None))
                forgotten.recent.clear()  # its topic is a line; what was said is much more
        elif not closed(room.modes):
            self._remember(key, room)

    def disown(self, key: str, was_closed: bool) -> None:
        """A room that nobody is in has no owner any more, and so no modes either."""
        room = self.owned.pop(key, None)
        if room:
            self._looks.remove(room.name)
        if room and not was_closed:
            room.owner = ""
            self._remember(key, room)

    def restore(self, room: Room) -> None:
        """Gives a room that is opened what is remembered of it."""
        key = fold(room.name)
        before = self.rooms.pop(key, None) or self.owned.pop(key, None)
        if before:
            self._looks.remove(before.name)
            room.name, room.created, room.topic, room.recent = before.name, before.created, before.topic, before.recent

    def _remember(self, key: str, room: Room) -> None:
        if room.topic or room.recent:
            self.rooms[key] = room
            self._looks.add(room.name)
            if len(self.rooms) > DORMANT_ROOMS_MAX:
                forgotten = self.rooms.pop(next(room for room in self.rooms if room != LOBBY))
                self._looks.remove(forgotten.name)
