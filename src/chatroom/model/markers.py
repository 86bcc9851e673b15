"""How far people have read: a time for each room and each talk, by who has read it.

A marker belongs to the room and not to its name, so that a room is renamed in one step however many have read it.
"""

from collections import Counter

from chatroom.common.names import fold
from chatroom.model.limits import READ_MARKERS_PER_USER


class Marked:
    """A room or a talk of which somebody has a marker."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name  # folded; "" for a room that has ended, and whose name another one has got


class Markers:
    """The times of the last messages read, in milliseconds, by readers; of each the one moved last stands last."""

    __slots__ = ("_counts", "_marked", "readers")

    def __init__(self) -> None:
        self.readers: dict[str, dict[Marked, int]] = {}
        self.index()

    def index(self) -> None:
        """Makes anew what follows from `readers`."""
        self._counts = Counter[Marked](marked for markers in self.readers.values() for marked in markers)
        self._marked = {marked.name: marked for marked in self._counts if marked.name}

    def names(self, reader: str) -> dict[str, int]:
        """All that somebody has read, by folded names."""
        return {marked.name: time for marked, time in self.readers.get(reader, {}).items()}

    def read(self, reader: str, target: str) -> int:
        """Up to when somebody has read a room or a talk; 0 if they have no marker of it."""
        marked = self._marked.get(fold(target))
        return self.readers.get(reader, {}).get(marked, 0) if marked else 0

    def put(self, reader: str, target: str, time: int) -> None:
        """Moves a marker ahead, or makes one; of too many of a reader, the first goes."""
        key = fold(target)
        marked = self._marked.get(key) or self._marked.setdefault(key, Marked(key))
        markers = self.readers.setdefault(reader, {})
        before = markers.pop(marked, None)
        markers[marked] = max(time, before or 0)
        self._counts[marked] += before is None
        if len(markers) > READ_MARKERS_PER_USER:
            self._drop(markers, next(iter(markers)))

    def forget(self, reader: str) -> None:
        markers = self.readers.pop(reader, {})
        for marked in list(markers):
            self._drop(markers, marked)

    def rename(self, old: str, new: str) -> None:
        """A room gets another name; both are folded. Nobody has read anything of it under a name of before."""
        if new in self._marked:
            self._marked.pop(new).name = ""
        if old in self._marked:
            marked = self._marked[new] = self._marked.pop(old)
            marked.name = new

    def _drop(self, markers: dict[Marked, int], marked: Marked) -> None:
        del markers[marked]
        self._counts[marked] -= 1
        if not self._counts[marked]:
            del self._counts[marked]
            self._marked.pop(marked.name, None)
