"""What stays of rooms when their last member has left, and which of it nobody is to see.

A room ends with its last member: its operators and modes are gone, but for the modes of a room that has an owner. Its
name as it was written, its topic, what was said last, and whom it bans stay for whoever opens it again. A *veil* is a
time of which somebody is shown nothing, whatever way it is asked for: everybody, if one could join only by key or
invitation and all have left since (it opens then, unless it has an owner); whoever was banned, while that was so.

Whoever makes up rooms must not fill the memory, nor have a veil lifted. So of a room that isn't remembered there is one
veil at most, for everybody; and beyond `VEILED_ROOMS` of them there is a single one for all the rooms of which nothing
is known. What is forgotten hides more, never less.
"""

from chatroom.events import Entry
from chatroom.limits import EMPTY_ROOMS, VEILED_ROOMS, VEILS
from chatroom.modes import MUTE, closed
from chatroom.names import LOBBY, fold
from chatroom.rooms import Room, Veil


class Memories:
    """Remembers rooms, with their veils; those left longest ago least. Whose a room is, is never forgotten."""

    __slots__ = ("hidden", "owned", "rooms", "veils")

    def __init__(self) -> None:
        self.rooms: dict[str, Room] = {}  # by folded name, those left longest ago first
        self.owned: dict[str, Room] = {}  # likewise; those that have an owner
        self.veils: dict[str, Veil] = {}  # likewise, of rooms that are in neither
        self.hidden = 0  # id of the last event that nobody is shown of rooms that are in neither

    def keep(self, room: Room, last: int) -> None:
        """The last member has left, by the event with this id."""
        key = fold(room.name)
        if room.owner:
            self.owned[key] = room
            if len(self.owned) > EMPTY_ROOMS:
                forgotten = list(self.owned.values())[-EMPTY_ROOMS - 1]
                forgotten.recent.clear()  # its topic is a line; what was said is much more
                forgotten.veils = as_one(forgotten.veils)
        elif closed(room.modes):
            self._forget(key, [Veil("", 0, last)])
        else:
            self._remember(key, room)

    def disown(self, key: str, was_closed: bool, last: int) -> None:
        """A room that nobody is in has no owner any more, since the event with this id, and so no modes either."""
        room = self.owned.pop(key, None)
        if was_closed:
            self._forget(key, [Veil("", 0, last)])
        elif room:
            room.owner = ""
            self._remember(key, room)

    def veil(self, key: str, veils: list[Veil]) -> None:
        """Veils more of a room that nobody is in."""
        room = self.rooms.get(key) or self.owned.get(key)
        if room:
            room.veils = veiled_most([*room.veils, *veils])
        else:
            self._forget(key, veils)

    def recall(self, room: Room) -> None:
        """Gives a room that is opened what is remembered of it."""
        key = fold(room.name)
        before = self.rooms.pop(key, None) or self.owned.pop(key, None)
        if before:
            room.name, room.created, room.topic = before.name, before.created, before.topic
            room.recent, room.veils = before.recent, before.veils
            room.look_to_guard()
        else:
            veil = self.veils.pop(key, None)
            room.veils = [each for each in (Veil("", 0, self.hidden), veil) if each and each.until]

    def _remember(self, key: str, room: Room) -> None:
        if not room.topic and not room.recent:
            self._forget(key, room.veils)
            return
        self.rooms[key] = room
        if len(self.rooms) > EMPTY_ROOMS:
            oldest = next(room for room in self.rooms if room != LOBBY)
            self._forget(oldest, self.rooms.pop(oldest).veils)

    def _forget(self, key: str, veils: list[Veil]) -> None:
        """Keeps no more of a room than that it is veiled, unless what is hidden of all such rooms hides that too."""
        before = self.veils.pop(key, None)
        for veil in as_one([veil for veil in (before, *veils) if veil and veil.until > self.hidden]):
            self.veils[key] = veil
        if len(self.veils) > VEILED_ROOMS:
            self.hidden = max(self.hidden, self.veils.pop(next(iter(self.veils))).until)


def lifted(bans: dict[str, Entry], left: dict[str, Entry], last: int) -> list[Veil]:
    """Those of these bans that are not left, since the event with this id, are veils from now on."""
    gone = [entry for key, entry in bans.items() if key not in left]
    return [Veil(entry.mask, entry.since, last) for entry in gone if not entry.mask.startswith(MUTE)]


def as_one(veils: list[Veil]) -> list[Veil]:
    """One veil for everybody in the place of these, if there are any."""
    return [Veil("", min(v.since for v in veils), max(v.until for v in veils))] if veils else []


def veiled_most(veils: list[Veil]) -> list[Veil]:
    """One for each ban, no more than `VEILS`: the oldest become one, for everybody."""
    veils = list({(veil.mask, veil.since): veil for veil in sorted(veils, key=lambda veil: veil.until)}.values())
    if len(veils) <= VEILS:
        return veils
    return [*as_one(veils[: -VEILS + 1]), *veils[-VEILS + 1 :]]
