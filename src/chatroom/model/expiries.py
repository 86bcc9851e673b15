"""What ends by itself: bans and mutes that were set for a time."""

from collections.abc import Callable
from heapq import heapify, heappop, heappush

from chatroom.model.values import ListEntry

LIFTED_EXPIRIES_KEPT = 1000  # ends of bans that have been lifted before, held besides twice those that will come

# When (milliseconds), the room's key, the list's letter, the folded mask; "" and "" for a ban from the server.
Expiry = tuple[int, str, str, str]


class Expiries:
    """A heap of ends. Its first is never one whose ban has been lifted or renewed before.

    `entry_at` finds the entry of a room's list, or of the server's bans, that there is now.
    """

    def __init__(self, entry_at: Callable[[str, str, str], ListEntry | None]) -> None:
        self.heap: list[Expiry] = []
        self._entry_at = entry_at
        self._most = LIFTED_EXPIRIES_KEPT  # as long as the heap may grow before what has been lifted is taken out

    def add(self, until: int, room: str, letter: str, key: str) -> None:
        """Notes that an entry ends then; never if `until` is 0."""
        if until:
            heappush(self.heap, (until, room, letter, key))
            if len(self.heap) > self._most:  # most have been lifted or renewed before their time
                self.heap = [end for end in self.heap if self._holds(end)]
                heapify(self.heap)
                self._most = LIFTED_EXPIRIES_KEPT + 2 * len(self.heap)
        self.drop_lifted()

    def drop_lifted(self) -> None:
        """To be called when an entry was lifted or renewed."""
        while self.heap and not self._holds(self.heap[0]):
            heappop(self.heap)

    def is_due(self, now: int) -> bool:
        """Whether anything has lasted its time."""
        return bool(self.heap) and self.heap[0][0] <= now

    def due(self, now: int, most: int) -> list[Expiry]:
        """At most `most` entries whose time is over, those that ended first in front. The heap stays as it is."""
        found: list[Expiry] = []
        ahead = [(end, 0) for end in self.heap[:1]]  # with their places: what is below a place is due no sooner
        while ahead and len(found) < most:
            end, place = heappop(ahead)
            if end[0] > now:
                break
            if self._holds(end) and end not in found[-1:]:
                found.append(end)
            for below in (2 * place + 1, 2 * place + 2):
                if below < len(self.heap):
                    heappush(ahead, (self.heap[below], below))
        return found

    def clear(self) -> None:
        self.heap.clear()

    def _holds(self, end: Expiry) -> bool:
        """Whether there still is something that ends then."""
        until, *place = end
        entry = self._entry_at(*place)
        return entry is not None and entry.until == until
