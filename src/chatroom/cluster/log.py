"""`RedisLog` gives every event its place in a Redis stream, the same for all servers of the chat.

    submit ──► Hub.decide ──► Outgoing ──► (writer) ──► stream ──► (reader) ──► settle ──► Hub.apply ──► courier
                   ▲  on the state of this server                      in the stream's order, on every server │
                   └───────────────────────────────────────────────────────────────────────────────────────────┘

The laws:
- What is decided changes nothing. It is an *act*, appended to the stream, and carried out when it comes back: on all
  servers by the same events in the same order, with the same ids and times, which follow from the entry's. On the
  server where it was decided, the replies that go with it are told in their place among these events.
- A client's next command is decided when its last act was carried out. Only what is said may be decided ahead: it
  changes nothing that the next command depends on.
- What is decided may be too late: `races.settle` says so, everywhere alike, and its client is told.
- An act is this server's until it has come back. Whatever happens to the link, it is sent again, and counts once.
- While the link is down, nothing can be decided for all. What is said is kept, in order, up to `SPOOL`; everything else
  is refused. Who leaves is let go at once, and their departure is kept.
- The place of this server is the last entry that it has applied. If Redis has it still, all goes on from there.
  Otherwise Redis has lost it, or this server was away for too long: it takes the last snapshot and what followed, and
  brings its share. So it does too when the others have given it up.

`lock` is as everywhere; `Outgoing` has its own. The reader's thread alone applies, and alone changes `link`.
"""

import json
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

from chatroom import events as ev
from chatroom.cluster import state
from chatroom.cluster.codec import UnknownPersonError
from chatroom.cluster.outgoing import Act, Outgoing
from chatroom.cluster.races import settle
from chatroom.cluster.servers import Announced, Beat, Linked, Servers, Spoken, Timing, Unlinked
from chatroom.cluster.stream import START, ClusterError, Entry, LinkError, Stream, order
from chatroom.errors import ChatError, Code
from chatroom.events import Burst, Command, Event, Labelled, Lookup, Outcome, Refused, Reply, Said, Say, Work
from chatroom.hub import Hub
from chatroom.limits import LINK_RETRY, LINK_UP, READ_ENTRIES, SNAPSHOT, SNAPSHOT_BYTES, SPOOL
from chatroom.log import Archive, Log
from chatroom.rooms import Audience, Capture, Post, Room, Server, Session, User

log = logging.getLogger(__name__)

_NOTICES = {notice.__name__ for notice in state.NOTICES}


class Links(Enum):
    """How this server stands to the others."""

    UP = "up"
    DOWN = "down"
    RETURNING = "returning"  # what happened is being caught up with; nothing is decided meanwhile


class RedisLog(Log):
    """One server's log. From `start` to `close` it is part of the chat at `url`, called `name` there.

    No event gets an id or a time below `last` and `last_time`. `saved` is the highest id in this server's history, None
    if it keeps none. `admit` waits while the courier has too much to do.
    """

    def __init__(
        self,
        hub: Hub,
        post: Post,
        url: str,
        name: str,
        archive: Archive | None = None,
        last: int = 0,
        last_time: int = 0,
        saved: int | None = None,
        admit: Callable[[], None] = lambda: None,
        timing: Timing = Timing(),  # noqa: B008  # a tuple
    ) -> None:
        super().__init__(hub, post, archive)
        self.id = secrets.token_hex(4)  # never used before, and so are the uids that begin with it
        self.name = name
        self.link = Links.RETURNING
        self._saved = saved
        self._admit = admit
        self._timing = timing
        self._codec = state.codec(hub)
        self._url = url
        self._reading: Stream  # of the reader's thread, once that has started
        self._writing: Stream
        self._servers = Servers(hub, timing)
        self._outgoing = Outgoing()
        self._last = last  # id of the last event, and its time
        self._time = last_time
        self._at = START  # the last entry that was applied
        self._entries = 0  # applied since the last snapshot, and their bytes
        self._bytes = 0
        self._flying: dict[Session, Act] = {}  # the last act of each client that is on its way
        self._steady = threading.Event()  # set unless the link is RETURNING
        self._share: str | None = None  # what this server brings, while its people are no part of the chat
        self._told_until = 0  # id of the last event of which this server's clients were told before that
        self._gap = False
        self._lag = 0
        self.skew = 0  # milliseconds that Redis's clock, by which events have their times, is ahead of this machine's
        self._broken_since = 0.0  # monotonic seconds; 0 while reading works
        self._refused_since = 0.0  # likewise, while writing works; the writer's
        self._failure: ClusterError | None = None
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=run, name=name, daemon=True)
            for run, name in ((self._write, "to the others"), (self._read, "from the others"))
        ]

    # ---- from start to end ------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Returns when this server has caught up and is part of the chat; raises `ClusterError`."""
        protocol = self._codec.schema ^ state.SCHEMA ^ self._timing.agreed
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
        for thread in self._threads:
            thread.start()
        if not self._steady.wait(LINK_UP) or self._failure:
            raise self._failure or ClusterError(f"{self._reading.where} did not take what this server wrote.")

    def close(self, patience: float) -> None:
        """Leaves the chat, once all that was decided is in the stream, or after `patience` seconds."""
        if not self._threads[0].is_alive():
            return
        farewell = Act(None, [], [self._codec.write(Unlinked())])
        farewell.done = threading.Event()
        with self.lock:
            self._add(farewell)
        if not farewell.done.wait(patience):
            log.warning("%d things could not be told to the other servers", len(self._outgoing))
        self._stopping.set()
        self._outgoing.end()
        for thread in self._threads:
            thread.join()
        self._reading.close()
        self._writing.close()

    def _look_for_namesake(self) -> None:
        """Raises `ClusterError` if a living server has this one's name. One that doesn't live gives none a sign."""
        known = {server.id: server.heard for server in self._hub.servers.values() if server.name == self.name}
        end = time.monotonic() + 1.5 * self._timing.beat
        while known and time.monotonic() < end:
            self._catch_up(wait=0.1)
            heard = {id_: server.heard for id_, server in self._hub.servers.items()}
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
            if session is self._hub.itself:  # who is at the console reads what comes of it at once
                self._wait(session, for_words=True)
        self._post.dispatch()

    def waiting(self) -> int:
        """How many things that were decided here the other servers can't know yet; for any thread."""
        return len(self._outgoing)

    def announce(self, text: str) -> None:
        """Says something to everybody, on all servers."""
        with self.lock:
            self._add(Act(None, [], [self._codec.write(Announced(text))]))

    def _wait(self, session: Session, for_words: bool) -> None:
        """Waits, without the lock, until what this client has caused is carried out; or won't be soon."""
        while True:
            if self.link is Links.RETURNING:
                waited_for = self._steady
            else:
                act = self._flying.get(session)
                if act is None or (act.words and not for_words) or self.link is Links.DOWN:
                    return
                waited_for = act.done = act.done or threading.Event()
            self.lock.release()
            try:
                self._post.dispatch()
                waited_for.wait()
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
            self._send(Act(session, outcomes, [self._codec.write(outcomes[0])], words=True))  # what nearly all is
            return
        if len(outcomes) == 1 and isinstance(outcomes[0], Labelled):
            label = outcomes[0].label
            outcomes = [each for inner in outcomes[0].commands for each in self._decide(session, inner)]
        leaves = session.closing or isinstance(command, ev.Quit)
        if self._share is not None and not leaves and any(isinstance(each, Event | Refused) for each in outcomes):
            outcomes = [Refused(ChatError(Code.LINK_DOWN))]  # nobody here is part of the chat at the moment
        events = [outcome for outcome in outcomes if isinstance(outcome, Event)]
        if leaves:
            self._leave(session, outcomes, events)
        elif not events:
            self._wait(session, for_words=True)
            self._carry_out(Act(session, outcomes, [], label), [])
        elif self.link is Links.UP:
            self._send(Act(session, outcomes, self._rows(events), label, all(type(each) is Said for each in outcomes)))
        else:
            self._keep(session, outcomes, events, label)

    def _decide(self, session: Session, command: Command) -> list[Outcome]:
        """What a command leads to, with the work that it takes done."""
        try:
            outcomes = self._hub.decide(session, command)
        except ChatError as error:
            return [Refused(error.with_traceback(None))]  # else it would hold all that was read
        if not any(type(outcome) is Work for outcome in outcomes):
            return outcomes
        decided: list[Outcome] = []
        for outcome in outcomes:
            if isinstance(outcome, Work):
                with self._outside():
                    command = outcome.do()
                if not session.closing:
                    decided += self._decide(session, command)
            else:
                decided.append(outcome)
        return decided

    def _rows(self, events: list[Event]) -> list[Any]:
        return [self._codec.write(event) for event in events]

    def _obey_burst(self, session: Session, burst: Burst) -> None:
        said = self._hub.burst(session, burst) if self.link is Links.UP else None
        if said is None:
            for command in burst.singly():
                self._obey(session, command)
        else:
            spoken = Spoken(said[0].by, said[0].target, burst.texts)
            self._send(Act(session, [], [self._codec.write(spoken)], words=True))

    def _send(self, act: Act) -> None:
        assert act.session
        self._flying[act.session] = act
        self._outgoing.add(act)

    def _add(self, act: Act) -> None:
        self._outgoing.add(act)

    def _keep(self, session: Session, outcomes: list[Outcome], events: list[Event], label: str | None) -> None:
        """What happens while the link is down: words wait, everything else can't be."""
        code = None if all(type(event) is Said for event in events) else Code.LINK_DOWN
        if code is None and len(self._outgoing) >= SPOOL:
            code = Code.SPOOL_FULL
        if code:
            self._carry_out(Act(session, [Refused(ChatError(code))], [], label), [])
        else:
            self._send(Act(session, outcomes, self._rows(events), label, words=True))

    def _leave(self, session: Session, outcomes: list[Outcome], events: list[Event]) -> None:
        """A client is gone, or is told goodbye: at once, whatever becomes of the link."""
        rows = self._rows(events)  # before their user is let go
        self._hub.let_go(session)
        self._flying.pop(session, None)
        for outcome in outcomes:
            if isinstance(outcome, Reply):
                self._post.tell(session, outcome)
        if rows:
            self._add(Act(None, list(events), rows))

    # ---- carrying out -----------------------------------------------------------------------------------------------

    def _carry_out(self, act: Act, rows: list[Any]) -> None:
        """Applies its events as they came back, and tells the replies that go with them, in order, under the lock."""
        session = act.session if act.session and not act.session.closing else None
        capture = Capture(self._post, session) if session and act.label is not None else None
        post: Post = capture or self._post
        self._hub.post = post
        rest = iter(rows)
        error: ChatError | None = None  # why the last event was refused: then nothing is replied that goes with it
        try:
            for outcome in act.outcomes:
                if isinstance(outcome, Event):
                    error = self._apply(next(rest))
                    if error and session:
                        post.tell(session, Refused(error, _way(act)))
                elif error:
                    continue
                elif session and isinstance(outcome, Lookup):
                    post.tell(session, self._find(outcome))
                elif session and isinstance(outcome, Reply):
                    post.tell(session, outcome)
        finally:
            self._hub.post = self._post
        if capture and session and act.label is not None and not session.closing:
            self._post.tell(session, Labelled(act.label, iter(()), tuple(capture.told)))

    def _apply(self, row: list[Any]) -> ChatError | None:
        """Gives an event its place, or returns why it has none. People in it are who they are at this moment."""
        event = self._read_row(row)
        if event is None:
            return None
        event.time = self._time
        error = settle(self._hub, event)
        if error:
            return error
        self._place(event)
        self._hub.apply(event)
        if type(event) is ev.Connected and self._is_own(event.by.uid) and event.by.uid not in self._hub.sessions:
            departed = ev.Departed(event.by, "connection closed")  # while they were coming
            self._add(Act(None, [departed], self._rows([departed])))
        return None

    def _is_own(self, uid: str) -> bool:
        return uid.partition(".")[0] == self.id

    def _place(self, event: Event) -> None:
        self._last += 1
        event.id = self._last  # type: ignore[misc]  # logs write to values
        event.time = self._time  # type: ignore[misc]

    # ---- the stream: the writer's thread ----------------------------------------------------------------------------

    def _write(self) -> None:
        pause = LINK_RETRY[0]
        beat_at = 0.0
        while not self._outgoing.ended:
            now = time.monotonic()
            if now >= beat_at and self._outgoing.open:  # from here, because reading may be held up by a full disk
                beat_at = now + self._timing.beat
                beat = Act(None, [], [self._codec.write(Beat(self._lag))])
                beat.since = now
                self._add(beat)
            batch = self._outgoing.take(max(0.0, beat_at - now) if self._outgoing.open else self._timing.beat)
            if not batch:
                continue
            rows = [act.rows for act in batch]
            content = json.dumps([self.id, batch[0].number, rows], ensure_ascii=False, separators=(",", ":")).encode()
            try:
                self._writing.append(content)
                pause, self._refused_since = LINK_RETRY[0], 0.0
            except LinkError as error:
                if not self._refused_since:
                    log.warning("%s takes nothing: %s", self._writing.where, error)
                    self._refused_since = time.monotonic()
                self._outgoing.unsend()
                self._stopping.wait(pause)
                pause = min(2 * pause, LINK_RETRY[1])

    # ---- the stream: the reader's thread ----------------------------------------------------------------------------

    def _read(self) -> None:
        pause = LINK_RETRY[0]
        self._outgoing.let(open=True)
        while not self._stopping.is_set():
            try:
                if self._broken_since:
                    self._reconnect()
                self._read_on(wait=min(0.25, self._timing.beat / 2))
                pause = LINK_RETRY[0]
            except LinkError as error:
                self._disconnected(error)
                self._stopping.wait(pause)
                pause = min(2 * pause, LINK_RETRY[1])
            except ClusterError as error:
                self._fail(error)
            except Exception:  # a mistake in the program must not end the chat for everybody, but must be heard of
                log.exception("what came from %s could not be applied", self._reading.where)
                self._disconnected(LinkError("an error in the program"))
                self._stopping.wait(pause)
                pause = min(2 * pause, LINK_RETRY[1])

    def _read_on(self, wait: float) -> None:
        self._apply_all(self._reading.read(self._at, READ_ENTRIES, wait))
        self._admit()
        self._look_at_link()
        due = self._entries >= SNAPSHOT or self._bytes >= SNAPSHOT_BYTES
        if due and self.id == min(self._hub.servers, default=""):
            self._take_snapshot()

    def _apply_all(self, entries: list[Entry]) -> None:
        if not entries:
            return
        with self.lock:
            self._hub.post = self._post  # whoever let go of the lock for a while may have put back another
            for entry, content in entries:
                self._at = entry
                self._entries += 1
                self._bytes += len(content)
                self._apply_entry(order(entry)[0], json.loads(content))
        self._post.dispatch()

    def _apply_entry(self, moment: int, content: list[Any]) -> None:
        server, first, acts = content
        self._time = max(self._time, moment)
        self._last = max(self._last, moment * 1000)
        for lost in self._servers.pass_to(moment):
            if lost.id == self.id:
                self._given_up()
            self._lose(lost, f"the link to {lost.name} was lost")
        for number, rows in enumerate(acts, first):
            if rows[0][0] == "Linked":
                self._link(server, number, self._codec.read(rows[0]))
            elif self._servers.counts(server, number):
                self._apply_act(server, number, rows)
        self._servers.hear(server)

    def _apply_act(self, server: str, number: int, rows: list[Any]) -> None:
        act = self._outgoing.come_back(number) if server == self.id else None
        try:
            if rows[0][0] in _NOTICES:
                self._heed(server, self._read_row(rows[0]), act)
            elif act:
                self._carry_out(act, rows)
            else:
                for row in rows:
                    self._apply(row)
        except ClusterError:
            raise
        except Exception:  # a mistake in the program must not end the chat for everybody, but must be heard of
            log.exception("what %s did as number %d could not be applied", server, number)
        finally:
            if act:
                self._finish(act)

    def _finish(self, act: Act) -> None:
        if act.session and self._flying.get(act.session) is act:
            del self._flying[act.session]
        if act.done:
            act.done.set()

    def _read_row(self, row: list[Any]) -> Any:
        """What a row says; None if it is by or about somebody who is gone."""
        try:
            return self._codec.read(row)
        except UnknownPersonError:
            return None

    # ---- what servers say of themselves -----------------------------------------------------------------------------

    def _heed(self, id_: str, notice: Any, act: Act | None) -> None:
        server = self._hub.servers[id_]
        if notice is None:
            return
        if isinstance(notice, Spoken):
            self._speak(notice, act)
        elif isinstance(notice, Beat):
            server.lag = notice.lag
            if act:
                self._lag = int((time.monotonic() - act.since) * 1000)
        elif isinstance(notice, Announced):
            for session in list(self._hub.sessions.values()):
                self._post.tell(session, ev.Announcement(notice.text))
        else:
            assert isinstance(notice, Unlinked)
            self._lose(server, "the server was shut down")

    def _speak(self, spoken: Spoken, act: Act | None) -> None:
        said = [Said(spoken.by, spoken.room, text, ev.Kind.MESSAGE) for text in spoken.texts]
        said[0].time = self._time  # type: ignore[misc]  # logs write to values
        error = settle(self._hub, said[0])
        if error is None:
            for event in said:
                self._place(event)
            self._hub.apply_burst(said)
        elif act and act.session and not act.session.closing:
            for _ in said:
                self._post.tell(act.session, Refused(error))

    def _link(self, id_: str, number: int, linked: Linked) -> None:
        """A server is there (again). One that had its name before it is not any more."""
        known = self._hub.servers.get(id_)
        if known and number <= known.seen:
            return  # there twice
        for other in [server for server in self._hub.servers.values() if server.name == linked.name]:
            if other.id == self.id != id_:
                raise ClusterError(f"Another server has come that is called {self.name} too.")
            self._lose(other, f"the link to {other.name} was lost")
        self._last = max(self._last, linked.last)
        self._time = max(self._time, linked.time)
        self._servers.link(id_, linked.name, number)
        mine = id_ == self.id
        act = self._outgoing.come_back(number) if mine else None
        if linked.share:
            state.bring(self._hub, linked.share, self._place, mine)
        if mine:
            self._returned()
        if act:
            self._finish(act)

    def _given_up(self) -> None:
        """This server was silent for too long. It comes again."""
        log.warning("the other servers have given this one up; it comes again")
        self._set_link(Links.RETURNING)
        self._come_again()

    def _lose(self, server: Server, why: str) -> None:
        """A server's people leave. If it is this one, they don't notice."""
        mine = server.id == self.id
        self._servers.unlink(server.id)
        prefix = f"{server.id}."
        for user in [user for uid, user in self._hub.users.items() if uid.startswith(prefix)]:
            self._depart(user, why, quietly=mine)

    def _depart(self, user: User, why: str, quietly: bool) -> None:
        departed = ev.Departed(user.person, why, user.room_names())
        self._place(departed)
        if quietly:
            self._detach(user)
            self._hub.post = _Quiet(self._post)
        try:
            self._hub.apply(departed)
        finally:
            self._hub.post = self._post

    # ---- the link: broken, mended, begun anew ------------------------------------------------------------------------

    def _set_link(self, link: Links) -> None:
        self.link = link
        if link is Links.RETURNING:
            self._steady.clear()
        else:
            self._steady.set()
        for act in self._flying.values():
            if act.done:
                act.done.set()
                act.done = None

    def _disconnected(self, error: LinkError) -> None:
        if not self._broken_since:
            log.warning("the link to %s is broken: %s", self._reading.where, error)
            self._broken_since = time.monotonic()
            self._outgoing.let(open=False)
        self._look_at_link()

    def _fail(self, error: ClusterError) -> None:
        """There is no way back: this server goes on alone, as one whose link is down."""
        log.error("%s", error)
        self._failure = error
        self._outgoing.let(open=False)
        self._go_down()
        self._stopping.wait()

    def _look_at_link(self) -> None:
        """Tells everybody when the link is down for longer than a moment, and when it is there again."""
        since = self._broken_since or self._refused_since
        if since and time.monotonic() - since > self._timing.grace:
            self._go_down()
        elif not since and self.link is Links.DOWN and self._share is None:
            with self.lock:
                self._set_link(Links.UP)
                self._tell_all(ev.Link(works=True))
            self._post.dispatch()

    def _go_down(self) -> None:
        if self.link is not Links.DOWN:
            with self.lock:
                self._set_link(Links.DOWN)
                self._tell_all(ev.Link(works=False))
            self._post.dispatch()

    def _tell_all(self, reply: ev.Link) -> None:
        for session in self._hub.sessions.values():
            if session.user and not session.closing:
                self._post.tell(session, reply)

    def _reconnect(self) -> None:
        self._reading.agree(self._timing.lease)
        self.skew = self._reading.time() - time.time_ns() // 1_000_000
        if self._reading.has(self._at):
            self._catch_up()
        else:
            log.warning("%s has lost what it had; the chat is put together again", self._reading.where)
            self._begin_anew()
        self._broken_since = 0.0
        log.info("the link to %s is there again", self._reading.where)
        self._look_at_link()
        self._outgoing.unsend()
        self._outgoing.let(open=True)

    def _catch_up(self, wait: float = 0.0) -> None:
        """Applies all there is."""
        end = order(self._reading.last())
        while order(self._at) < end or wait:
            entries = self._reading.read(self._at, READ_ENTRIES, wait)
            self._apply_all(entries)
            self._admit()
            if wait:
                return

    def _begin_anew(self) -> None:
        """Takes the state from a snapshot and what followed; what this server knows alone, it brings."""
        post = self._post
        with self.lock:
            known = self._saved or 0
            if self._hub.servers:  # it was part of the chat before: what was applied was saved
                self._gap = True
                known = self._last
                self._saved = None if self._saved is None else known
            self._set_link(Links.RETURNING)
            for server in [each for each in self._hub.servers.values() if each.id != self.id]:
                self._lose(server, "the link was lost")
            self._come_again()
            self._forget_people()
            mine = state.snapshot(self._hub, state.Mark(self._last, self._time, 0))
        self._reading.found(mine)
        at, text = self._chosen()
        with self.lock:
            accounts, owners = self._hub.accounts, self._hub.owners
            self._last, self._time, self._servers.moment = state.load(self._hub, text)
            for event in state.new_accounts(self._hub, accounts, owners):
                post.deliver(event, Audience({}))  # so that they are saved here, too
            self._at = at
            self._entries = self._bytes = 0
            self._post = self._hub.post = _New(post, known)
        try:
            self._catch_up()
        finally:
            with self.lock:
                self._post = self._hub.post = post

    def _forget_people(self) -> None:
        """What is there without them is what a chat begins with."""
        hub = self._hub
        hub.post = _Nowhere(self._post)
        try:
            for user in list(hub.users.values()):
                self._detach(user)
                hub.apply(ev.Departed(user.person, "", user.room_names(), id=self._last, time=self._time))
        finally:
            hub.post = self._post
        hub.servers.clear()

    def _detach(self, user: User) -> None:
        """Makes a user one without a client. The client goes on: its user comes again."""
        session = user.session
        if session:
            user.session = None
            self._hub.here -= 1
            for room in user.rooms.values():
                room.audience = room.audience.minus(session)

    def _chosen(self) -> tuple[str, str]:
        """The newest snapshot behind which is all that this server's history lacks; or the oldest there is."""
        all_ = [(at, text) for at in self._reading.snapshots() if (text := self._reading.snapshot(at))]
        if self._saved is None:
            return all_[0]
        found = next(((at, text) for at, text in all_ if state.mark(text).last <= self._saved), None)
        if found is None and self._saved:
            log.warning("this server was away for longer than the others remember: its history has a gap")
        return found or all_[-1]

    def _come_again(self) -> None:
        """Sees to it that this server's people become part of the chat (again)."""
        if self._share is None:
            self._share = state.share(self._hub) if self._hub.here else ""
            self._told_until = self._last
        linked = Linked(self.name, self._last, self._time, self._share)
        self._outgoing.renew(Act(None, [], [self._codec.write(linked)]))

    def _returned(self) -> None:
        """This server is part of the chat. Its clients are told what they missed."""
        share, self._share = self._share, None
        self._set_link(Links.UP)
        if not share:
            return
        for session in list(self._hub.sessions.values()):
            user = session.user
            if user and user.session is session:
                self._post.tell(session, ev.Link(works=True, gap=self._gap))
                for room in user.rooms.values():
                    self._post.tell(session, room.state(user))
                    self._tell_missed(session, room)
        self._gap = False

    def _tell_missed(self, session: Session, room: Room) -> None:
        veils = room.veils_of(session)
        for said in room.recent:
            if said.id > self._told_until and not ev.veiled(said, veils):
                self._post.tell(session, ev.Told(said))

    def _take_snapshot(self) -> None:
        with self.lock:
            at = self._at
            text = state.snapshot(self._hub, state.Mark(self._last, self._time, self._servers.moment))
            self._entries = self._bytes = 0
        self._reading.keep(at, text)


def _way(act: Act) -> ev.Way | None:
    """The way in which something about an account was asked for, and is refused; None if it was something else."""
    return next((outcome.way for outcome in act.outcomes if isinstance(outcome, ev.AccountDone)), None)


class _Quiet:
    """A post that hands on all, but has nobody told."""

    def __init__(self, post: Post) -> None:
        self._post = post

    def deliver(self, event: Event, audience: Audience, skip: Session | None = None) -> None:
        self._post.deliver(event, Audience({}))

    def tell(self, session: Session, reply: Reply) -> None:
        pass

    def fence(self) -> threading.Event:
        return self._post.fence()

    def dispatch(self) -> None:
        self._post.dispatch()


class _Nowhere(_Quiet):
    """A post that hands on nothing."""

    def deliver(self, event: Event, audience: Audience, skip: Session | None = None) -> None:
        pass


class _New(_Quiet):
    """A post that hands on only what is newer than an event, by its id: the rest was seen and saved before."""

    def __init__(self, post: Post, last: int) -> None:
        super().__init__(post)
        self._last = last

    def deliver(self, event: Event, audience: Audience, skip: Session | None = None) -> None:
        if event.id > self._last:
            self._post.deliver(event, audience, skip)

    def tell(self, session: Session, reply: Reply) -> None:
        self._post.tell(session, reply)
