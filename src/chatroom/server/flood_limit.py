"""The flood limit: how many lines a client may send, as a token bucket."""

import re
import time

FLOOD_BURST_LINES = 10  # lines at once; a client that comes in sends about that many
FLOOD_LINES_PER_SECOND = 4.0  # lines a second after that: nobody types faster, and nobody reads faster
FREE_LINES = 64  # CAP and AUTHENTICATE lines before registration that cost nothing: all capabilities, one by one
FREE_LINE_BYTES = 512  # bytes of one of these lines; a longer one costs as much as any other

_NEGOTIATION = re.compile(rb"(?:CAP|AUTHENTICATE) ", re.IGNORECASE)


class FloodLimit:
    """A bucket of `FLOOD_BURST_LINES` tokens that fills by `FLOOD_LINES_PER_SECOND`; a line takes one. For one thread.

    Some lines of capability negotiation are free, so that a client doesn't wait for each capability that it asks for.
    """

    __slots__ = ("_earned_at", "_free_lines")

    def __init__(self) -> None:
        self._free_lines = FREE_LINES  # that are left
        self._earned_at = 0.0  # when all tokens taken so far are earned, in monotonic seconds

    def is_free(self, line: bytes) -> bool:
        """Whether this line of a client without a name costs nothing; there is one less of these then."""
        if not self._free_lines or len(line) > FREE_LINE_BYTES or not _NEGOTIATION.match(line):
            return False
        self._free_lines -= 1
        return True

    def take(self) -> float:
        """Takes a token, and returns the seconds to wait before the line may be carried out."""
        now = time.monotonic()
        earliest = now - FLOOD_BURST_LINES / FLOOD_LINES_PER_SECOND  # the bucket holds no more than a burst
        self._earned_at = max(self._earned_at, earliest) + 1 / FLOOD_LINES_PER_SECOND
        return max(0.0, self._earned_at - now)
