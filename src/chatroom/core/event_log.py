"""The log gives every event its place: one order that everybody sees.

`LocalEventLog` is for one server: the log is a call under a lock. A client's commands are decided, placed and applied
one after the other before another client's turn. `cluster.redis_event_log.RedisEventLog` is for several.

`EventLog.lock` guards the hub, its users and rooms, what is written to sessions, and the order of what the courier is
handed. Outboxes belong to the courier and the times of a connection to its threads: `net.connection` says so.
"""

from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic, perf_counter, sleep, thread_time
from typing import Protocol, TypeVar

from chatroom.common.addresses import limit_key
from chatroom.common.errors import ChatError, Code
from chatroom.common.fair_semaphore import FairSemaphore
from chatroom.core import connections
from chatroom.core.hub import Hub
from chatroom.model.commands import Burst
from chatroom.model.delivery import Capture, Delivery, DeliveryQueue
from chatroom.model.entities import Session
from chatroom.model.events import Event
from chatroom.model.limits import REST_SECONDS
from chatroom.model.outcomes import Command, Deferred, HistoryQuery, Labelled, Preparation, ReplyToOther, Survey
from chatroom.model.replies import CutShort, Raw, Refused, Reply

T = TypeVar("T")
U = TypeVar("U")

BARRIER_WAIT_SECONDS = 5.0  # that a look-up waits until all that has happened before it is saved
SLICE_SECONDS = 0.0005  # seconds that a survey holds the lock at a time: nobody notices that
SURVEY_SECONDS = 2.0  # seconds after which a survey ends with what it has found
LONG_ANSWERS_AT_ONCE = 4  # surveys and look-ups, each of another address: more would leave others too little of Python
LOOKED_AT_ONCE = 50  # people or rooms that the console looks at each time it takes the lock
_QUESTIONS = HistoryQuery, Survey  # a union of types would be made anew for each outcome
_WORK = Deferred, Preparation
LARGE_BYTES = 16_384  # bytes of an answer from which on it is labelled without the lock


class Archive(Protocol):
    """The history, as far as clients may look it up."""

    def find(self, lookup: HistoryQuery) -> Reply:
        """The answer; raises `ChatError`. May take its time, but has an end."""


class EventLog:
    """What all logs have: the lock, the hub, and a way to the history."""

    def __init__(self, hub: Hub, delivery: DeliveryQueue, archive: Archive | None) -> None:
        self.lock = Lock()
        self._hub = hub
        self._delivery = delivery
        self._archive = archive
        self.turns = FairSemaphore(LONG_ANSWERS_AT_ONCE, each=1)  # for what takes long; by address

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

    def _answers(self, session: Session, question: HistoryQuery | Survey) -> list[Reply]:
        """Answers a question that may take long. The lock is held before and after, and released in between."""
        if isinstance(question, Survey):
            answer, is_late = self._in_slices(session, question.steps, lambda r: self._delivery.prepared(session, r))
            return [answer, *([CutShort()] if is_late else [])]
        return [self._find(session, question)]

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
            with self._turn(session):
                try:
                    return self._delivery.prepared(session, self._archive.find(lookup))
                except ChatError as error:
                    return Refused(error)

    def look_at(self, things: Callable[[], Iterable[T]], tell: Callable[[T], U]) -> list[U]:
        """What `tell` makes of each of many `things` that the lock guards. The lock is taken for a few at a time."""
        return look_at(self.lock, things, tell, LOOKED_AT_ONCE)

    def _in_slices(
        self, session: Session, steps: Generator[None, bool | None, T], finish: Callable[[T], T]
    ) -> tuple[T, bool]:
        """What steps lead to, and whether they were late. The lock is held before and after, and now and then between.

        What is short is done at once. What is not waits for its turn, in the client's own thread, and is as long
        without the lock as with it, which is followed by `finish`. After `SURVEY_SECONDS` a survey ends with what it
        has found.
        """
        found = _slice(steps, None)
        if found:
            return found, False
        session.paced = True
        is_late = False
        with self._outside(), self._turn(session):
            end = monotonic() + SURVEY_SECONDS
            while found is None:
                sleep(REST_SECONDS)  # a lock that is released and taken at once is never another's
                is_late = monotonic() > end or session.closing
                with self.lock:
                    found = _slice(steps, is_late)
            return finish(found), is_late

    @contextmanager
    def _turn(self, session: Session) -> Iterator[None]:
        """A turn for work that takes long, which is done within it, without the lock. The client has to pay for it.

        Turns go by address. While others wait, a turn is followed by a rest as long, so an address takes at most half
        of a processor.
        """
        with self.turns.slot(limit_key(session.host)):
            began = thread_time()
            try:
                yield
            finally:
                spent = thread_time() - began
                session.spent += spent
                if self.turns.waiting():
                    sleep(spent)

    def _do(self, session: Session, work: Deferred | Preparation) -> Command:
        """Has work done, in the client's own thread and without the lock, which is held before and after."""
        if isinstance(work, Preparation):
            return self._in_slices(session, work.steps, lambda command: command)[0]
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


def look_at(lock: Lock, things: Callable[[], Iterable[T]], tell: Callable[[T], U], at_once: int) -> list[U]:
    """What `tell` makes of each of many `things` that a lock guards. It is taken for so many of them at a time."""
    with lock:
        every = list(things())
    told: list[U] = []
    for start in range(0, len(every), at_once):
        with lock:
            told += map(tell, every[start : start + at_once])
        sleep(REST_SECONDS)
    return told


def _slice(steps: Generator[None, bool | None, T], is_late: bool | None) -> T | None:
    """Takes steps for `SLICE_SECONDS`. Returns what they lead to, or None if there are more of them.

    `is_late` is None for the first step, then whether the time is over.
    """
    end = perf_counter() + SLICE_SECONDS
    try:
        steps.send(is_late)
        while perf_counter() < end:
            steps.send(bool(is_late))
    except StopIteration as done:
        found: T = done.value
        return found
    return None


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
        if not session.closing:  # else its connection is about to be closed, with which all that is left is sent
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
                elif isinstance(outcome, _QUESTIONS):
                    for reply in self._answers(session, outcome):
                        delivery.reply(session, reply)
                    now = self._time
                elif isinstance(outcome, _WORK):
                    self._work(session, outcome, delivery)
                    now = self._time
                elif isinstance(outcome, ReplyToOther):
                    delivery.reply(outcome.session, outcome.reply)
                else:
                    delivery.reply(session, outcome)
            if session.closing:
                break

    def _work(self, session: Session, work: Deferred | Preparation, delivery: Delivery) -> None:
        command = self._do(session, work)
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
        answer: Reply = Labelled(labelled.label, iter(()), tuple(capture.told))
        if sum(len(each.data) for each in capture.told if isinstance(each, Raw)) > LARGE_BYTES:
            with self._outside():
                answer = self._delivery.prepared(session, answer)
        if not session.closing:
            self._delivery.reply(session, answer)
