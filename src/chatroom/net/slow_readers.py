"""How much memory outboxes hold together: what many wait for is there once, however many wait for it."""

from collections import deque
from collections.abc import Iterable

TIDY_CHUNKS = 2000  # chunks of abandoned outboxes that are counted off at a time: a third of a millisecond

PLACE = 8  # bytes that a chunk's place in an outbox takes: a pointer in a deque
# Bytes that an object takes beside its own: its head (33, and up to 15 that the allocator rounds up by), its id as a
# number (32) and its entry in `_holders` (37 to 66, as a dict grows). Lines of chat are not much longer than that.
# A view takes some 320 more, but an outbox has one at most: its first chunk, of which a part was taken.
OBJECT = 128

Chunk = bytes | memoryview  # a view holds all that it is a part of


class OutboxMemory:
    """Counts the chunks that outboxes hold; `bytes` is what they come to. For one thread."""

    def __init__(self) -> None:
        self.bytes = 0
        self.litter: deque[deque[Chunk]] = deque()  # outboxes of nobody, which still count
        # Outboxes that hold an object, by its id; none is forgotten while it is held.
        self._holders: dict[int, int] = {}

    def add(self, chunk: Chunk, count: int = 1) -> None:
        """So many more outboxes hold this."""
        whole = _whole(chunk)
        key = id(whole)
        holders = self._holders.get(key, 0)
        self._holders[key] = holders + count
        self.bytes += count * PLACE + (0 if holders else OBJECT + len(whole))

    def abandon(self, outbox: deque[Chunk]) -> None:
        """Nobody is to get this any more. To count it off takes a while: `tidy` does so bit by bit."""
        self.litter.append(outbox)

    def tidy(self) -> None:
        """Counts off some of what was abandoned."""
        outbox = self.litter[0]
        self.drop([outbox.popleft() for _ in range(min(TIDY_CHUNKS, len(outbox)))])
        if not outbox:
            self.litter.popleft()

    def drop(self, chunks: Iterable[Chunk]) -> None:
        """An outbox holds these no more. They may be other parts of what was added."""
        holders = self._holders
        for chunk in chunks:
            whole = _whole(chunk)
            key = id(whole)
            left = holders[key] - 1
            if left:
                holders[key] = left
                self.bytes -= PLACE
            else:
                del holders[key]
                self.bytes -= PLACE + OBJECT + len(whole)


def _whole(chunk: Chunk) -> bytes:
    return chunk if isinstance(chunk, bytes) else chunk.obj  # type: ignore[return-value]  # views are of bytes here
