"""The log gives every event its place: one order that everybody sees.

`LocalEventLog` is for one server: the log is a call under a lock. A client's commands are decided, placed and applied
one after the other before another client's turn. `cluster.redis_event_log.RedisEventLog` is for several.

`EventLog.lock` guards the hub, its users and rooms, what is written to sessions, and the order of what the courier is
handed. Outboxes belong to the courier and the times of a connection to its threads: `net.connection` says so.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Protocol

from chatroom.common.addresses import limit_key
from chatroom.common.errors import ChatError, Code
from chatroom.core import connections
from chatroom.core.hub import Hub
from chatroom.model.commands import Burst
from chatroom.model.delivery import Capture, Delivery, DeliveryQueue
from chatroom.model.entities import Session
from chatroom.model.events import Event
from chatroom.model.outcomes import Command, Deferred, HistoryQuery, Labelled, ReplyToOther
from chatroom.model.replies import Refused, Reply

BARRIER_WAIT_SECONDS = 5.0  # that a look-up waits until all that has happened before it is saved


class Archive(Protocol):
    """The history, as far as clients may look it up."""

    def find(self, lookup: HistoryQuery, owner: str) -> Reply:
        """The answer to `owner`, an address; raises `ChatError`. May take its time, but has an end."""


class EventLog:
    """What all logs have: the lock, the hub, and a way to the history."""

    def __init__(self, hub: Hub, delivery: DeliveryQueue, archive: Archive | None) -> None:
        self.lock = Lock()
        self._hub = hub
        self._delivery = delivery
        self._archive = archive

    def submit(self, session: Session, commands: Iterable[Command]) -> None:
        """Carries out one client's commands, or sees to it that they are.

        A lazy iterable is read one by one, so a command may be made from what the one before has changed.
        """
        raise NotImplementedError

    def submit_all(self, submissions: Iterable[tuple[Session, Command]], deaf: Collection[Session] = ()) -> None:
        """Carries out a command each of many clients, one after the other.

        From then on, `deaf` are not told what happens to others. Those who are told get it in one go where that can be.
        The caller flushes the delivery.
        """
        raise NotImplementedError

    def _find(self, session: Session, lookup: HistoryQuery) -> Reply:
        """Has something looked up, in the client's own thread and without the lock, which is held before and after.

        The client is marked as `paced`, so that its waiting is not taken for its silence. All that has happened so far
        is saved by then, unless the courier is far behind.
        """
        assert self.lock.locked()
        if self._archive is None:
            return Refused(ChatError(Code.NOTHING_KEPT))
        session.paced = True
        fence = self._delivery.barrier()
        with self._outside():
            fence.wait(BARRIER_WAIT_SECONDS)
            try:
                return self._archive.find(lookup, limit_key(session.host))
            except ChatError as error:
                return Refused(error)

    def _do(self, work: Deferred) -> Command:
        """Has work done, in the client's own thread and without the lock, which is held before and after."""
        with self._outside():
            command = work.do()
        work.count(command)
        return command

    @contextmanager
    def _outside(self) -> Iterator[None]:
        """Releases the lock, which is held before and after, for work that takes long."""
        assert self.lock.locked()
        self.lock.release()
        try:
            self._delivery.flush()
            yield
        finally:
            self.lock.acquire()


class LocalEventLog(EventLog):
    """Orders what happens on one server.

    `last` is the highest id that was ever given (0: none yet), `last_time` the last time. Neither ids nor times ever go
    back, whatever the clock does: so a history in the order of ids is in the order of times, too.
    """

    def __init__(
        self,
        hub: Hub,
        delivery: DeliveryQueue,
        clock: Callable[[], int],
        last: int = 0,
        last_time: int = 0,
        archive: Archive | None = None,
    ) -> None:
        super().__init__(hub, delivery, archive)
        self._clock = clock  # Unix milliseconds
        # Rising over restarts even if nothing was kept: a microsecond clock runs faster than anybody writes.
        self._last = max(last, clock() * 1000)
        self._time = last_time

    def submit(self, session: Session, commands: Iterable[Command]) -> None:
        """Carries out the commands before it returns."""
        with self.lock:
            if session.closing:
                return
            self._carry_out(session, commands, self._delivery)
        self._delivery.flush()

    def submit_all(self, submissions: Iterable[tuple[Session, Command]], deaf: Collection[Session] = ()) -> None:
        with self.lock:
            connections.stop_delivery(deaf)
            for session, command in submissions:
                if not session.closing:
                    self._carry_out(session, [command], self._delivery)

    def _carry_out(self, session: Session, commands: Iterable[Command], delivery: Delivery) -> None:
        now = self._time = max(self._clock(), self._time)
        for command in commands:
            if isinstance(command, Burst):
                self._burst(session, command, delivery)
                continue
            try:
                outcomes = self._hub.outcomes(session, command)
            except ChatError as error:
                outcomes = [Refused(error)]
            for outcome in outcomes:
                if isinstance(outcome, Event):
                    self._last += 1
                    outcome.id = self._last  # type: ignore[misc]  # the one write to a value
                    outcome.time = now  # type: ignore[misc]
                    self._hub.apply(outcome, delivery)
                elif isinstance(outcome, Labelled):
                    self._answer(session, outcome)
                    now = self._time  # others may have used the lock meanwhile, and so below
                elif isinstance(outcome, HistoryQuery):
                    delivery.reply(session, self._find(session, outcome))
                    now = self._time
                elif isinstance(outcome, Deferred):
                    self._work(session, outcome, delivery)
                    now = self._time
                elif isinstance(outcome, ReplyToOther):
                    delivery.reply(outcome.session, outcome.reply)
                else:
                    delivery.reply(session, outcome)
            if session.closing:
                break

    def _work(self, session: Session, work: Deferred, delivery: Delivery) -> None:
        command = self._do(work)
        if not session.closing:
            self._carry_out(session, [command], delivery)

    def _burst(self, session: Session, burst: Burst, delivery: Delivery) -> None:
        """Places and applies many messages in one go, if there is nothing to be decided about each."""
        said = self._hub.burst(session, burst)
        if said is None:
            self._carry_out(session, burst.singly(), delivery)
            return
        now = self._time
        for number, event in enumerate(said, self._last + 1):
            event.id = number  # type: ignore[misc]
            event.time = now  # type: ignore[misc]
        self._last += len(said)
        self._hub.apply_burst(said, delivery)

    def _answer(self, session: Session, labelled: Labelled) -> None:
        """Carries out labelled commands, and tells the client as one what it alone would have been told bit by bit."""
        capture = Capture(self._delivery, session)
        self._carry_out(session, labelled.commands, capture)
        if not session.closing:
            self._delivery.reply(session, Labelled(labelled.label, iter(()), tuple(capture.told)))
