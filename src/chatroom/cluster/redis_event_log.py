"""`RedisEventLog` gives every event its place in a Redis stream, the same for all servers of the chat.

    submit ──► Hub.decide ──► Outgoing ──► (writer) ──► stream ──► (reader) ──► settle ──► Hub.apply ──► courier
                   ▲  on the state of this server                      in the stream's order, on every server │
                   └───────────────────────────────────────────────────────────────────────────────────────────┘

The laws:
- What is decided changes nothing. It is an *act*, appended to the stream, and carried out when it comes back: on all
  servers by the same events in the same order, with the same ids and times, which follow from the entry's. On the
  server where it was decided, the replies that go with it are told in their place among these events.
- A client's next command is decided when its last act was carried out. Only what is said may be decided ahead: it
  changes nothing that the next command depends on.
- What is decided may be too late: `conflicts.settle` says so, everywhere alike, and its client is told.
- An act is this server's until it has come back. Whatever happens to the link, it is sent again, and counts once.
- While the link is down, nothing can be decided for all. What is said is kept, in order, up to `SPOOL_MESSAGES`;
  everything else is refused. Who leaves is let go at once, and their departure is kept.
- The place of this server is the last entry that it has applied. If Redis has it still, all goes on from there.
  Otherwise Redis has lost it, or this server was away for too long: it takes the last snapshot and what followed, and
  brings its share. So it does too when the others have given it up.
- Redis may lose its data with the connections alive. It is asked at each read which chat this is, nothing is appended
  to a stream that is gone, and with each beat all of it is looked at.
- Once this server is back, its history holds of what lasts (accounts, owners, bans) what the chat holds, no more.

`lock` is as everywhere; `Outgoing` has its own. The reader's thread alone applies, and alone changes `link`.
"""

import json
import logging
import threading
import time
from collections.abc import Collection, Iterable
from typing import Any

from chatroom.cluster import snapshots
from chatroom.cluster.redis_link import LINK_RETRY_SECONDS, RedisLink
from chatroom.cluster.redis_stream import ClusterError, LinkError, Stream
from chatroom.cluster.replica import Links
from chatroom.cluster.servers import Announced, Heartbeat, MessageBurst, ServerLeft
from chatroom.cluster.spool import Proposal
from chatroom.common.errors import ChatError, Code
from chatroom.core import connections
from chatroom.model.commands import Burst, Quit, Say
from chatroom.model.entities import Session
from chatroom.model.events import Event, Said
from chatroom.model.outcomes import Command, Deferred, Labelled, Outcome
from chatroom.model.replies import Refused, Reply

SPOOL_MESSAGES = 10_000  # messages kept while the link is down: an hour of a busy room, at most 40 MiB
LINK_UP_SECONDS = 30.0  # seconds that a starting server may take to become part of the chat

log = logging.getLogger(__name__)


class RedisEventLog(RedisLink):
    """One server's log. From `start` to `close` it is part of the chat at `url`, called `name` there.

    No event gets an id or a time below `last` and `last_time`. `saved` is the highest id in this server's history, None
    if it keeps none. `admit` waits while the courier has too much to do. `chat` is the number of the chat that this
    history was part of, 0 if of none, and `settled` the id of the last event in it that changed what lasts.
    """

    _writing: Stream  # of the writer's thread, once that has started
    _beat_at = 0.0  # when to give the next sign of life, in monotonic seconds; the writer's

    # ---- from start to end ------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Returns when this server has caught up and is part of the chat; raises `ClusterError`."""
        protocol = self._codec.schema ^ snapshots.SCHEMA ^ self._timing.agreed
        self._reading = Stream(self._url, protocol, self._timing.timeout)
        self._writing = Stream(self._url, protocol, self._timing.timeout)
        try:
            self._reading.agree(self._timing.lease)
            self.skew = self._reading.time() - time.time_ns() // 1_000_000
            self._begin_anew()
            self._look_for_namesake()
        except LinkError as error:
            raise ClusterError(f"{self._reading.where} can't be used: {error}.") from None
        except ClusterError:
            self._reading.close()
            raise
        for run, name in ((self._write, "to the others"), (self._read, "from the others")):
            thread = threading.Thread(target=run, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()
        if not self._steady.wait(LINK_UP_SECONDS) or self._failure:
            self._end(time.monotonic())
            raise self._failure or ClusterError(f"{self._reading.where} did not take what this server wrote.")

    def hasten(self, until: float) -> None:
        """This server is about to end: nobody waits for the others longer than that, in monotonic seconds."""
        self._outgoing.hurry()
        with self.lock:
            self._hurried = until
            self._wake()
            if self.link is Links.RETURNING:
                self._steady.set()  # wakes who waits for it
                self._steady.clear()

    def close(self, patience: float) -> None:
        """Leaves the chat, once all that was decided is in the stream, or after `patience` seconds."""
        if not any(thread.is_alive() for thread in self._threads):
            return
        end = time.monotonic() + patience
        farewell = Proposal(None, [], [self._codec.write(ServerLeft())])
        farewell.done = threading.Event()
        with self.lock:
            self._add(farewell)
        if not farewell.done.wait(patience):
            log.warning("%d things could not be told to the other servers", len(self._outgoing))
        self._end(end)

    def _end(self, end: float) -> None:
        """Ends the threads; one that even then does not come to an end, by that moment, is left to the process's."""
        self._stopping.set()
        self._outgoing.end()
        for stream in (self._reading, self._writing):
            stream.interrupt()
        for thread in self._threads:
            thread.join(max(0.1, end - time.monotonic()))
        if not any(thread.is_alive() for thread in self._threads):
            self._reading.close()
            self._writing.close()

    def _look_for_namesake(self) -> None:
        """Raises `ClusterError` if a living server has this one's name. One that doesn't live gives none a sign."""
        known = {server.id: server.heard for server in self._hub.state.servers.values() if server.name == self.name}
        end = time.monotonic() + 1.5 * self._timing.beat
        while known and time.monotonic() < end:
            self._catch_up(self._delivery, wait=0.1)
            heard = {id_: server.heard for id_, server in self._hub.state.servers.items()}
            known = {id_: before for id_, before in known.items() if id_ in heard}
            if any(heard[id_] > before for id_, before in known.items()):
                raise ClusterError(f"There is a server called {self.name} already; --name gives this one its own.")

    # ---- clients ----------------------------------------------------------------------------------------------------

    def submit(self, session: Session, commands: Iterable[Command]) -> None:
        """Decides commands; what comes of the last one may come later."""
        self._outgoing.admit()
        todo = iter(commands)
        with self.lock:
            while not session.closing:
                self._wait(session, for_words=False)
                command = next(todo, None)
                if command is None:
                    break
                self._obey(session, command)
            if session is self._hub.state.server_session:  # who is at the console reads what comes of it at once
                self._wait(session, for_words=True)
        self._delivery.flush()

    def _settle(self, sessions: Collection[Session]) -> None:
        assert self.lock.locked()
        for session in sessions:
            self._wait(session, for_words=True)

    def waiting(self) -> int:
        """How many things that were decided here the other servers can't know yet; for any thread."""
        return len(self._outgoing)

    def announce(self, text: str) -> None:
        """Says something to everybody, on all servers."""
        with self.lock:
            self._add(Proposal(None, [], [self._codec.write(Announced(text))]))

    def _wait(self, session: Session, for_words: bool) -> None:
        """Waits, without the lock, until what this client has caused is carried out; or won't be soon, or in time."""
        while True:
            if self.link is Links.RETURNING:
                waited_for = self._steady
            else:
                act = self._flying.get(session)
                if act is None or (act.words and not for_words) or self.link is Links.DOWN:
                    return
                waited_for = act.done = act.done or threading.Event()
            left = self._hurried - time.monotonic() if self._hurried else None
            if left is not None and left <= 0:
                return
            self.lock.release()
            try:
                self._delivery.flush()
                waited_for.wait(left)
            finally:
                self.lock.acquire()

    def _obey(self, session: Session, command: Command) -> None:
        if isinstance(command, Burst):
            self._obey_burst(session, command)
            return
        words = type(command) is Say
        if not words:
            self._wait(session, for_words=True)
        label = None
        outcomes = self._decide(session, command)
        if words and len(outcomes) == 1 and type(outcomes[0]) is Said and self.link is Links.UP and self._share is None:
            self._send(Proposal(session, outcomes, [self._codec.write(outcomes[0])], words=True))  # what nearly all is
            return
        if len(outcomes) == 1 and isinstance(outcomes[0], Labelled):
            label = outcomes[0].label
            outcomes = [each for inner in outcomes[0].commands for each in self._decide(session, inner)]
        leaves = session.closing or isinstance(command, Quit)
        if self._share is not None and not leaves and any(isinstance(each, Event | Refused) for each in outcomes):
            outcomes = [Refused(ChatError(Code.LINK_DOWN))]  # nobody here is part of the chat at the moment
        events = [outcome for outcome in outcomes if isinstance(outcome, Event)]
        if leaves:
            self._leave(session, outcomes, events)
        elif not events:
            self._wait(session, for_words=True)
            self._carry_out(Proposal(session, outcomes, [], label), [], self._delivery)
        elif self.link is Links.UP:
            self._send(
                Proposal(session, outcomes, self._rows(events), label, all(type(each) is Said for each in outcomes))
            )
        else:
            self._keep(session, outcomes, events, label)

    def _decide(self, session: Session, command: Command) -> list[Outcome]:
        """What a command leads to, with the work that it takes done."""
        try:
            outcomes = self._hub.outcomes(session, command)
        except ChatError as error:
            return [Refused(error.with_traceback(None))]  # else it would hold all that was read
        if not any(type(outcome) is Deferred for outcome in outcomes):
            return outcomes
        decided: list[Outcome] = []
        for outcome in outcomes:
            if isinstance(outcome, Deferred):
                command = self._do(outcome)
                if not session.closing:
                    decided += self._decide(session, command)
            else:
                decided.append(outcome)
        return decided

    def _obey_burst(self, session: Session, burst: Burst) -> None:
        said = self._hub.burst(session, burst) if self.link is Links.UP else None
        if said is None:
            for command in burst.singly():
                self._obey(session, command)
        else:
            spoken = MessageBurst(said[0].by, said[0].target, burst.texts)
            self._send(Proposal(session, [], [self._codec.write(spoken)], words=True))

    def _send(self, act: Proposal) -> None:
        assert act.session
        self._flying[act.session] = act
        self._outgoing.add(act)

    def _keep(self, session: Session, outcomes: list[Outcome], events: list[Event], label: str | None) -> None:
        """What happens while the link is down: words wait, everything else can't be."""
        code = None if all(type(event) is Said for event in events) else Code.LINK_DOWN
        if code is None and len(self._outgoing) >= SPOOL_MESSAGES:
            code = Code.SPOOL_FULL
        if code:
            self._carry_out(Proposal(session, [Refused(ChatError(code))], [], label), [], self._delivery)
        else:
            self._send(Proposal(session, outcomes, self._rows(events), label, words=True))

    def _leave(self, session: Session, outcomes: list[Outcome], events: list[Event]) -> None:
        """A client is gone, or is told goodbye: at once, whatever becomes of the link."""
        rows = self._rows(events)  # before their user is let go
        connections.drop_session(self._hub.state, session)
        session.closing = True
        # If they are still to come, by what is on its way, they find no client and leave.
        connections.detach(self._hub.state, session)
        self._flying.pop(session, None)
        for outcome in outcomes:
            if isinstance(outcome, Reply):
                self._delivery.reply(session, outcome)
        if rows:
            self._add(Proposal(None, list(events), rows))

    # ---- the stream: the writer's thread ----------------------------------------------------------------------------

    def _write(self) -> None:
        pause = LINK_RETRY_SECONDS[0]
        while not self._outgoing.ended:
            try:
                self._write_on()
                pause = LINK_RETRY_SECONDS[0]
            except Exception as error:  # a mistake in the program, too, must not silence this server for good
                self._refused(error)
                self._stopping.wait(pause)
                pause = min(2 * pause, LINK_RETRY_SECONDS[1])

    def _write_on(self) -> None:
        now = time.monotonic()
        if now >= self._beat_at and self._outgoing.open:  # from here, because reading may be held up by a full disk
            self._beat_at = now + self._timing.beat
            beat = Proposal(None, [], [self._codec.write(Heartbeat(self._lag))])
            beat.since = now
            self._add(beat)
        batch = self._outgoing.take(max(0.0, self._beat_at - now) if self._outgoing.open else self._timing.beat)
        if batch:
            self._writing.append(self._content(batch))
            self._refused_since = 0.0

    def _content(self, batch: list[Proposal]) -> bytes:
        """What is written of these acts. One that can't be written must not hold up all others for ever."""
        try:
            return _as_json([self.id, batch[0].number, [act.rows for act in batch]])
        except (TypeError, ValueError, RecursionError):
            log.exception("something can't be told to the other servers, and does not happen")
            for act in batch:
                try:
                    _as_json(act.rows)
                except (TypeError, ValueError, RecursionError):
                    act.since = time.monotonic()
                    act.rows = [self._codec.write(Heartbeat(self._lag))]
            return _as_json([self.id, batch[0].number, [act.rows for act in batch]])

    def _refused(self, error: Exception) -> None:
        """What was to be written may have arrived or not; it is written again."""
        if not isinstance(error, LinkError):
            log.error("an error in the program keeps this server from writing", exc_info=error)
        elif not self._refused_since and not self._stopping.is_set():
            log.warning("%s takes nothing: %s", self._writing.where, error)
        self._refused_since = self._refused_since or time.monotonic()
        self._outgoing.unsend()


def _as_json(content: list[Any]) -> bytes:
    """What can't be encoded, as half a character from a console, becomes "?"."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
