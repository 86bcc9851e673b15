"""What this server has decided and not yet seen in the stream, in order: the spool.

add ──► queue ──► take (numbers) ──► Redis ──► come_back
            ▲                          │
            └─── unsend (the same numbers: they may have arrived, and then count once)
            └─── renew (without numbers: they came back, but this server was no part of the chat)
"""

import threading
from collections import deque
from typing import Any

from chatroom.cluster.servers import HEARTBEAT, SERVER_JOINED
from chatroom.model.entities import Session
from chatroom.model.limits import BACKLOG_EVENTS
from chatroom.model.outcomes import Outcome

PROPOSALS_PER_ENTRY = 256  # decisions in one entry: enough that Redis costs next to nothing a message

_OF_THE_MOMENT = (SERVER_JOINED, HEARTBEAT)  # what a server says of itself, and would say otherwise later


class Proposal:
    """What one command has led to: carried out when it comes back. `rows` are its events, as they travel.

    `outcomes` are its events and replies in order; for a burst there are none, and nothing is replied.
    """

    __slots__ = ("done", "label", "number", "outcomes", "rows", "session", "since", "words")

    def __init__(
        self,
        session: Session | None,
        outcomes: list[Outcome],
        rows: list[Any],
        label: str | None = None,
        words: bool = False,
    ) -> None:
        self.session = session
        self.outcomes = outcomes
        self.rows = rows
        self.label = label  # None if the client wants to know nothing by a label
        self.words = words  # whether something is said and nothing else: what follows need not wait
        self.number = 0  # 0 until it is sent
        self.done: threading.Event | None = None  # is set when it was carried out, or won't be soon
        self.since = 0.0  # monotonic seconds, where it matters


class Spool:
    """The spool of one server.

    `changed` guards all of it; only `add` does without where it can. It is the innermost lock: whoever holds it takes
    no other. For any thread.
    """

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.open = False  # whether anything may be sent
        self.ended = False
        self.hurried = False
        self._queue: deque[Proposal] = deque()
        self._sent: deque[Proposal] = deque()
        self._number = 0
        self._idle = False

    def __len__(self) -> int:
        return len(self._queue) + len(self._sent)

    def add(self, proposal: Proposal) -> None:
        """Called under the log's lock, as `renew` is, so that nothing falls between the two; but beats may."""
        self._queue.append(proposal)
        if self._idle:  # a look without the lock: while much is said, nobody waits for more
            with self.changed:
                self.changed.notify_all()

    def admit(self) -> None:
        """Waits while too much is to be sent; for those who cause more of it."""
        if len(self._queue) > BACKLOG_EVENTS and not self.hurried:
            with self.changed:
                self.changed.wait_for(
                    lambda: len(self._queue) <= BACKLOG_EVENTS // 2 or not self.open or self.ended or self.hurried
                )

    def hurry(self) -> None:
        """The server is about to end: nobody waits for room any more."""
        with self.changed:
            self.hurried = True
            self.changed.notify_all()

    def take(self, patience: float) -> list[Proposal]:
        """The next to be sent in one entry; waits so many seconds for some. Nothing if none come, or at the end."""
        with self.changed:
            self._idle = True  # before the look at the queue: what is added after that rings
            self.changed.wait_for(lambda: self.ended or (self.open and self._queue), patience)
            self._idle = False
            if self.ended or not self.open:
                return []
            batch = [self._queue.popleft() for _ in range(min(PROPOSALS_PER_ENTRY, len(self._queue)))]
            for proposal in batch:
                if not proposal.number:
                    self._number += 1
                    proposal.number = self._number
            self._sent.extend(batch)
            if len(self._queue) <= BACKLOG_EVENTS // 2:
                self.changed.notify_all()
            return batch

    def unsend(self) -> None:
        """Puts back what was sent, in order, to be sent again: nobody knows whether it has arrived."""
        with self.changed:
            self._queue.extendleft(reversed(self._sent))
            self._sent.clear()

    def renew(self, first: Proposal) -> None:
        """Has everything sent again behind `first`, since the others won't apply what was sent before it."""
        self.unsend()
        with self.changed:
            kept = [proposal for proposal in self._queue if proposal.rows[0][0] not in _OF_THE_MOMENT]
            self._queue.clear()
            self._queue.extend(kept)
            for proposal in kept:
                proposal.number = 0
            self._queue.appendleft(first)
            self.changed.notify_all()

    def come_back(self, number: int) -> Proposal | None:
        """The proposal with this number has its place in the stream; None if it was let go of."""
        with self.changed:
            waiting = self._sent or self._queue
            if waiting and waiting[0].number == number:
                return waiting.popleft()
            return None

    def let(self, open: bool) -> None:  # noqa: A002
        """Whether anything may be sent from now on."""
        with self.changed:
            self.open = open
            self.changed.notify_all()

    def end(self) -> None:
        with self.changed:
            self.ended = True
            self.changed.notify_all()
