"""The flood limit: what a client's lines cost it, as a token bucket.

A line is the unit. What causes more work than a line costs more: see `PRICES`. The client waits until it can pay;
nothing is dropped. Clients of one address share in part: the more of them wait for what costs more than a line, the
dearer that gets for all of them (`ConnectionLimiter.crowding`). What costs a single line never gets dearer.
"""

import re
import time
from typing import NamedTuple

from chatroom.model.limits import ROOMS_PER_USER

FLOOD_BURST_LINES = 10  # lines at once; a client that comes in sends about that many
FLOOD_LINES_PER_SECOND = 4.0  # lines a second after that: nobody types faster, and nobody reads faster
FREE_LINES = 64  # CAP and AUTHENTICATE lines before registration that cost nothing: all capabilities, one by one
FREE_LINE_BYTES = 512  # bytes of one of these lines; a longer one costs as much as any other
FREE_ROOMS = (
    ROOMS_PER_USER  # rooms that cost nothing, of several in one line: a client that comes back enters all of its own so
)
# Lines at most for what the server has looked up. Who has searched a large history must not wait long to speak.
LOOKUP_LINES_MAX = 16


class Prices(NamedTuple):
    """How much of something costs as much as a line."""

    # All of a line reaches each reader, with its tags. Only long messages and tags for programs make one longer.
    line_bytes: int
    # Each target (PRIVMSG a,b,c), and each other command in a line, is carried out, told and saved by itself.
    commands: int
    # Of the processor, for looking something up: the rows of long answers and of the history, and making the answer.
    # The last messages of a room take some 3 ms.
    lookup_seconds: float
    # Rooms that one is in: a new name, real name or away message is told in all of them, and held against their masks.
    # In another language, or with other capabilities, one reads all of them by another format.
    rooms: int
    # A reaction is small, but is told in a line of its own, and stays beside its message for as long as that is kept.
    reactions: float


PRICES = Prices(line_bytes=1024, commands=1, lookup_seconds=0.02, rooms=10, reactions=0.5)

_NEGOTIATION = re.compile(rb"(?:CAP|AUTHENTICATE) ", re.IGNORECASE)


class FloodLimit:
    """A bucket of `FLOOD_BURST_LINES` tokens that fills by `FLOOD_LINES_PER_SECOND`; a line takes one.

    For one thread, or those of one person's devices: if two of these take at the same instant, one may go unpaid.

    Some lines of capability negotiation are free, so that a client doesn't wait for each capability that it asks for.
    """

    __slots__ = ("__weakref__", "_earned_at", "_free_lines", "_free_rooms")

    def __init__(self) -> None:
        self._free_rooms = FREE_ROOMS  # that are left
        self._free_lines = FREE_LINES  # that are left
        self._earned_at = 0.0  # when all tokens taken so far are earned, in monotonic seconds

    def is_free(self, line: bytes) -> bool:
        """Whether this line of a client without a name costs nothing; there is one less of these then."""
        if not self._free_lines or len(line) > FREE_LINE_BYTES or not _NEGOTIATION.match(line):
            return False
        self._free_lines -= 1
        return True

    def is_free_room(self) -> bool:
        """Whether entering one more room by the same line costs nothing; there is one less of these then."""
        if not self._free_rooms:
            return False
        self._free_rooms -= 1
        return True

    def take(self, price: float) -> float:
        """Takes the price, in lines, and returns the seconds to wait before what it is for may be carried out."""
        now = time.monotonic()
        earliest = now - FLOOD_BURST_LINES / FLOOD_LINES_PER_SECOND  # the bucket holds no more than a burst
        self._earned_at = max(self._earned_at, earliest) + price / FLOOD_LINES_PER_SECOND
        return max(0.0, self._earned_at - now)


def price_of(line: bytes) -> float:
    """The price of each command in this line, in lines."""
    return max(1.0, len(line) / PRICES.line_bytes) / PRICES.commands
