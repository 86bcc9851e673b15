"""How much memory outboxes hold together: what many wait for is there once, however many wait for it."""

from collections import deque
from collections.abc import Iterable

from chatroom.limits import LITTER

_PLACE = 8  # bytes that a chunk's place in an outbox takes

Chunk = bytes | memoryview  # a view holds all that it is a part of


class Held:
    """Counts the chunks that outboxes hold; `bytes` is what they come to. For one thread."""

    def __init__(self) -> None:
        self.bytes = 0
        self.litter: deque[deque[Chunk]] = deque()  # outboxes of nobody, which still count
        self._holders: dict[
            int, int
        ] = {}  # outboxes that hold an object, by its id; none is forgotten while it is held

    def add(self, chunk: Chunk, count: int = 1) -> None:
        """So many more outboxes hold this."""
        whole = _whole(chunk)
        key = id(whole)
        holders = self._holders.get(key, 0)
        self._holders[key] = holders + count
        self.bytes += count * _PLACE + (0 if holders else len(whole))

    def abandon(self, outbox: deque[Chunk]) -> None:
        """Nobody is to get this any more. To count it off takes a while: `tidy` does so bit by bit."""
        self.litter.append(outbox)

    def tidy(self) -> None:
        """Counts off some of what was abandoned."""
        outbox = self.litter[0]
        self.drop([outbox.popleft() for _ in range(min(LITTER, len(outbox)))])
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
                self.bytes -= _PLACE
            else:
                del holders[key]
                self.bytes -= _PLACE + len(whole)


def _whole(chunk: Chunk) -> bytes:
    return chunk if isinstance(chunk, bytes) else chunk.obj  # type: ignore[return-value]  # views are of bytes here
