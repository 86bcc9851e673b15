"""What people saw last of rooms that they have left: the id of a message, for each room and person.

When there are too many, half of those of each room are forgotten: of the people who left it longest ago.
"""

ABSENCES_REMEMBERED = 20_000  # of all rooms: some 3 MB, twice that before any are forgotten


class Absences:
    """By folded names of rooms, and by what people are known by (`chatroom.core.replay`)."""

    __slots__ = ("_count", "rooms")

    def __init__(self) -> None:
        self.rooms: dict[str, dict[str, int]] = {}  # of each room those who left last stand last
        self._count = 0

    def refresh(self) -> None:
        """Makes anew what follows from the rest."""
        self._count = sum(map(len, self.rooms.values()))

    def seen(self, room: str, person: str) -> int:
        """The id of the last message seen; 0 if nothing is known of it."""
        people = self.rooms.get(room)
        return people.get(person, 0) if people else 0

    def of_person(self, person: str) -> dict[str, int]:
        """The rooms, by folded names, and the id of the last message seen there."""
        return {room: people[person] for room, people in self.rooms.items() if person in people}

    def put(self, room: str, person: str, seen: int) -> None:
        people = self.rooms.setdefault(room, {})
        self._count += person not in people
        people.pop(person, None)
        people[person] = seen
        if self._count > 2 * ABSENCES_REMEMBERED:
            self._forget_half()

    def rename(self, old: str, new: str) -> None:
        """What was seen of an earlier room of the new name says nothing of this one."""
        self._count -= len(self.rooms.pop(new, ()))
        if old in self.rooms:
            self.rooms[new] = self.rooms.pop(old)

    def _forget_half(self) -> None:
        for room, people in list(self.rooms.items()):
            for person in list(people)[: (len(people) + 1) // 2]:
                del people[person]
            if not people:
                del self.rooms[room]
        self.refresh()
