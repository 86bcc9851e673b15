"""How long to wait before connecting again: 1, 2, 4 … 30 s.

Each is ± 20 %, so that not all clients come back to a restarted server at once.
"""

import random
from collections.abc import Callable

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 30.0
SPREAD = 0.2


class Backoff:
    """`random` gives numbers in [0, 1)."""

    def __init__(self, random: Callable[[], float] = random.random) -> None:
        self._random = random
        self._next = FIRST_SECONDS

    def delay(self) -> float:
        """Seconds to wait this time; the next time it is twice as long."""
        delay = self._next * (1 - SPREAD + 2 * SPREAD * self._random())
        self._next = min(self._next * 2, LONGEST_SECONDS)
        return delay

    def reset(self) -> None:
        """Starts with the shortest wait again, because the server let us in."""
        self._next = FIRST_SECONDS
