"""How many masks are in the lists of rooms: in all, and by the address from which they were set.

Anybody can open rooms and fill their lists, and the lists outlive the rooms. So masks have a budget.
"""

from collections import Counter

from chatroom.common.addresses import limit_key
from chatroom.model.values import ListEntry

MASKS_PER_ADDRESS = 2000  # masks that one address may have set: 20 full lists, some 2 MB with their reasons
MASKS_MAX = 50_000  # masks in all, likewise some 50 MB


class MaskCounts:
    """The counts; each change of a list is told to them."""

    __slots__ = ("_by_address", "total")

    def __init__(self) -> None:
        self.total = 0
        self._by_address: Counter[str] = Counter()

    def add(self, entry: ListEntry) -> None:
        self.total += 1
        self._by_address[_address(entry.by)] += 1

    def drop(self, entry: ListEntry) -> None:
        address = _address(entry.by)
        self.total -= 1
        self._by_address[address] -= 1
        if self._by_address[address] <= 0:
            del self._by_address[address]

    def of(self, by: str) -> int:
        """How many were set from the address of this person, who is given as nick!user@host."""
        return self._by_address[_address(by)]

    def clear(self) -> None:
        self.total = 0
        self._by_address.clear()


def _address(by: str) -> str:
    return limit_key(by.rpartition("@")[2])
