"""`RedisEventLog` gives every event its place in a Redis stream, the same for all servers of the chat.

    submit ──► Hub.decide ──► Spool ─────► (writer) ──► stream ──► (reader) ──► settle ──► Hub.apply ──► courier
                   ▲  on the state of this server                      in the stream's order, on every server │
                   └───────────────────────────────────────────────────────────────────────────────────────────┘

Three objects do it. `RedisEventLog` takes clients' commands and decides them. `RedisLink` has the two threads that read
and write the stream. `Replica` applies what was read. Each is given those that it needs: the event log both, the link
the replica.

The laws:
- What is decided changes nothing. It is a *proposal*, appended to the stream, and carried out when it comes back: on
  all servers by the same events in the same order, with the same ids and times, which follow from the entry's. On the
  server where it was decided, the replies that go with it are told in their place among these events.
- A client's next command is decided when its last proposal was carried out. Only what is said may be decided ahead: it
  changes nothing that the next command depends on.
- What is decided may be too late: `conflicts.settle` says so, everywhere alike, and its client is told.
- A proposal is this server's until it has come back. Whatever happens to the link, it is sent again, and counts once.
- While the link is down, nothing can be decided for all. What is said is kept, in order, up to `SPOOL_MESSAGES`;
  everything else is refused. Who leaves is let go at once, and their departure is kept.
- The place of this server is the last entry that it has applied. If Redis has it still, all goes on from there.
  Otherwise Redis has lost it, or this server was away for too long: it takes the last snapshot and what followed, and
  brings its share. So it does too when the others have given it up.
- Redis may lose its data with the connections alive. It is asked at each read which chat this is, nothing is appended
  to a stream that is gone, and with each beat all of it is looked at.
- Once this server is back, its history holds of what lasts (accounts, owners, bans) what the chat holds, no more.

The event log's `lock` guards the event log and the replica, as it does everywhere. `Spool` has its own. The reader's
thread alone applies what comes, and alone changes how this server stands to the others.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable

from chatroom.cluster.redis_link import RedisLink
from chatroom.cluster.replica import LinkStatus, OwnHistory, Replica
from chatroom.cluster.servers import Announced, MessageBurst, ServerLeft, Timing
from chatroom.cluster.spool import Proposal, Spool
from chatroom.common.errors import ChatError, Code
from chatroom.core import connections
from chatroom.core.event_log import Archive, EventLog
from chatroom.core.hub import Hub
from chatroom.model.commands import Burst, Quit, Say
from chatroom.model.delivery import DeliveryQueue
from chatroom.model.entities import Session
from chatroom.model.events import Event, MarkerSet, Said
from chatroom.model.outcomes import Command, Deferred, Labelled, Outcome, Preparation
from chatroom.model.replies import Refused, Reply

_SPOOLED = (Said, MarkerSet)  # what is kept while the link is down; all else needs the others' consent
SPOOL_MESSAGES = 10_000  # messages kept while the link is down: an hour of a busy room, at most 40 MiB

log = logging.getLogger(__name__)


class RedisEventLog(EventLog):
    """One server's event log. From `start` to `close` it is part of the chat at `url`, called `name` there.

    `history` is what it knows of that chat, and `admit` waits while the courier has too much to do. The lock guards
    what this class holds.
    """

    def __init__(
        self,
        hub: Hub,
        delivery: DeliveryQueue,
        url: str,
        name: str,
        archive: Archive | None,
        history: OwnHistory,
        admit: Callable[[], None],
        timing: Timing,
    ) -> None:
        super().__init__(hub, delivery, archive)
        self.spool = Spool()
        self.replica = Replica(hub, self.lock, self.spool, self._answers, name, history, timing)
        self.link = RedisLink(url, self.lock, self.replica, self.spool, delivery, admit, timing)
        self._hurried_until = 0.0  # how long somebody may wait for the others, in monotonic seconds; 0: for ever

    @property
    def id(self) -> str:
        """The id of this server."""
        return self.replica.id

    @property
    def skew(self) -> int:
        """Milliseconds that Redis's clock is ahead of this machine's; for any thread."""
        return self.link.skew

    # ---- from start to end ------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Returns when this server has caught up and is part of the chat; raises `ClusterError`."""
        self.link.start()

    def hasten(self, until: float) -> None:
        """Bounds all waiting for other servers, since this one is about to end; `until` is in monotonic seconds."""
        self.spool.hurry()
        with self.lock:
            self._hurried_until = until
            self.replica.wake()

    def close(self, patience: float) -> None:
        """Leaves the chat, once all that was decided is in the stream, or after `patience` seconds."""
        if not self.link.runs:
            return
        end = time.monotonic() + patience
        farewell = Proposal(None, [], [self.replica.codec.write(ServerLeft())])
        farewell.done = threading.Event()
        with self.lock:
            self.spool.add(farewell)
        if not farewell.done.wait(patience):
            log.warning("%d things could not be told to the other servers", len(self.spool))
        self.link.stop(end)

    # ---- clients ----------------------------------------------------------------------------------------------------

    def submit(self, session: Session, commands: Iterable[Command]) -> None:
        """Decides commands; what comes of the last one may come later."""
        self.spool.admit()
        todo = iter(commands)
        with self.lock:
            while not session.closing:
                self._wait(session, for_words=False)
                command = next(todo, None)
                if command is None:
                    break
                self._submit(session, command)
            if session is self._hub.state.server_session:  # who is at the console reads what comes of it at once
                self._wait(session, for_words=True)
        self._delivery.flush()

    def submit_all(self, submissions: Iterable[tuple[Session, Command]], deaf: Collection[Session] = ()) -> None:
        with self.lock:
            for session in deaf:
                self._wait(session, for_words=True)
            connections.stop_delivery(deaf)
        for session, command in submissions:
            self.submit(session, [command])

    def waiting(self) -> int:
        """How many things that were decided here the other servers can't know yet; for any thread."""
        return len(self.spool)

    def announce(self, text: str) -> None:
        """Says something to everybody, on all servers."""
        with self.lock:
            self.spool.add(Proposal(None, [], [self.replica.codec.write(Announced(text))]))

    def _wait(self, session: Session, for_words: bool) -> None:
        """Waits, without the lock, until what this client has caused is carried out; or won't be soon, or in time."""
        while awaited := self.replica.awaited(session, for_words):
            left = self._hurried_until - time.monotonic() if self._hurried_until else None
            if left is not None and left <= 0:
                return
            with self._outside():
                awaited.wait(left)

    def _submit(self, session: Session, command: Command) -> None:
        if isinstance(command, Burst):
            self._submit_burst(session, command)
            return
        words = type(command) is Say
        if not words:
            self._wait(session, for_words=True)
        label = None
        outcomes = self._decide(session, command)
        is_up = self.replica.status is LinkStatus.UP
        if words and len(outcomes) == 1 and type(outcomes[0]) is Said and is_up:  # what nearly all is
            self.replica.send(session, Proposal(session, outcomes, [self.replica.codec.write(outcomes[0])], words=True))
            return
        if len(outcomes) == 1 and isinstance(outcomes[0], Labelled):
            label = outcomes[0].label
            outcomes = [each for inner in outcomes[0].commands for each in self._decide(session, inner)]
        leaves = session.closing or isinstance(command, Quit)
        if self.replica.is_apart and not leaves and any(isinstance(each, Event | Refused) for each in outcomes):
            # Nobody here is part of the chat at the moment. Programs tell by themselves how far one has read.
            is_marker = all(isinstance(each, MarkerSet) for each in outcomes)
            outcomes = [] if is_marker else [Refused(ChatError(Code.LINK_DOWN))]
        events = [outcome for outcome in outcomes if isinstance(outcome, Event)]
        if leaves:
            self._leave(session, outcomes, events)
        elif not events:
            self._wait(session, for_words=True)
            self._reply(session, outcomes, label)
        elif self.replica.status is LinkStatus.UP:
            words = all(type(each) is Said for each in outcomes)
            self.replica.send(session, Proposal(session, outcomes, self.replica.rows(events), label, words))
        else:
            self._keep(session, outcomes, events, label)

    def _decide(self, session: Session, command: Command) -> list[Outcome]:
        """What a command leads to, with the work that it takes done."""
        try:
            outcomes = self._hub.outcomes(session, command)
        except ChatError as error:
            return [Refused(error.with_traceback(None))]  # else it would hold all that was read
        if not any(type(outcome) in (Deferred, Preparation) for outcome in outcomes):
            return outcomes
        decided: list[Outcome] = []
        for outcome in outcomes:
            if isinstance(outcome, Deferred | Preparation):
                command = self._do(session, outcome)
                if not session.closing:
                    decided += self._decide(session, command)
            else:
                decided.append(outcome)
        return decided

    def _submit_burst(self, session: Session, burst: Burst) -> None:
        said = self._hub.burst(session, burst) if self.replica.status is LinkStatus.UP else None
        if said is None:
            for command in burst.singly():
                self._submit(session, command)
        else:
            spoken = MessageBurst(said[0].by, said[0].target, burst.texts, session.uid)
            self.replica.send(session, Proposal(session, [], [self.replica.codec.write(spoken)], words=True))

    def _reply(self, session: Session, outcomes: list[Outcome], label: str | None) -> None:
        """Tells the outcomes of a command that causes no event, at once."""
        self.replica.carry_out(Proposal(session, outcomes, [], label), [], self._delivery)

    def _keep(self, session: Session, outcomes: list[Outcome], events: list[Event], label: str | None) -> None:
        """While the link is down, keeps messages to send them later, and refuses everything else."""
        if not all(isinstance(event, _SPOOLED) for event in events):
            self._reply(session, [Refused(ChatError(Code.LINK_DOWN))], label)
        elif len(self.spool) >= SPOOL_MESSAGES:
            self._reply(session, [Refused(ChatError(Code.SPOOL_FULL))], label)
        else:
            self.replica.send(session, Proposal(session, outcomes, self.replica.rows(events), label, words=True))

    def _leave(self, session: Session, outcomes: list[Outcome], events: list[Event]) -> None:
        """A client is gone, or is told goodbye: at once, whatever becomes of the link."""
        rows = self.replica.rows(events)  # before their user is let go
        connections.drop_session(self._hub.state, session)
        session.closing = True
        # If they are still to come, by what is on its way, they find no client and leave.
        connections.detach(self._hub.state, session)
        self.replica.flying.pop(session, None)
        for outcome in outcomes:
            if isinstance(outcome, Reply):
                self._delivery.reply(session, outcome)
        if rows:
            self.spool.add(Proposal(None, list(events), rows))
