"""Carries out what comes from the stream: what clients have caused, and what servers say of themselves.

All of this is done under the log's lock, in the stream's order, and follows from the state and the entries alone; so
it is the same on all servers, but for what each tells its own clients.
"""

import json
import logging
import secrets
import threading
import time
from collections.abc import Callable
from enum import Enum
from typing import Any

from chatroom.cluster import snapshots
from chatroom.cluster.codec import UnknownPersonError
from chatroom.cluster.conflicts import settle
from chatroom.cluster.delivery_filters import Quiet
from chatroom.cluster.redis_stream import START, ClusterError, StreamEntry, order
from chatroom.cluster.servers import Announced, Heartbeat, MessageBurst, ServerJoined, ServerLeft, Servers, Timing
from chatroom.cluster.spool import Outgoing, Proposal
from chatroom.common.errors import ChatError
from chatroom.common.names import fold
from chatroom.core import connections
from chatroom.core.event_log import Archive, EventLog
from chatroom.core.hub import Hub
from chatroom.model.audience import Audience
from chatroom.model.delivery import Capture, Delivery, DeliveryQueue
from chatroom.model.departure_reasons import link_lost
from chatroom.model.entities import Room, Server, Session, User
from chatroom.model.events import Connected, Departed, Event, Said
from chatroom.model.outcomes import HistoryQuery, Labelled, ReplyToOther
from chatroom.model.replies import AccountDone, Announcement, Link, PersonalNotice, Refused, Reply
from chatroom.model.values import MessageKind, Via

log = logging.getLogger(__name__)

_NOTICES = snapshots.NOTICES.keys()


class Links(Enum):
    """How this server stands to the others."""

    UP = "up"
    DOWN = "down"
    RETURNING = "returning"  # what happened is being caught up with; nothing is decided meanwhile


class Replica(EventLog):
    """One server's part of the chat, as it follows from the stream: see `redis_event_log`."""

    def __init__(
        self,
        hub: Hub,
        delivery: DeliveryQueue,
        url: str,
        name: str,
        archive: Archive | None = None,
        last: int = 0,
        last_time: int = 0,
        saved: int | None = None,
        admit: Callable[[], None] = lambda: None,
        timing: Timing = Timing(),  # noqa: B008  # a tuple
        chat: int = 0,
        settled: int = 0,
    ) -> None:
        super().__init__(hub, delivery, archive)
        self.id = secrets.token_hex(4)  # never used before, and so are the uids that begin with it
        self.name = name
        self.link = Links.RETURNING
        self._saved = saved
        self._admit = admit
        self._timing = timing
        self._codec = snapshots.codec(hub.state)
        self._url = url
        self._servers = Servers(hub.state, timing)
        self._outgoing = Outgoing()
        self._last = last  # id of the last event, and its time
        self._time = last_time
        self._at = START  # the last entry that was applied
        self._entries = 0  # applied since the last snapshot, and their bytes
        self._bytes = 0
        self._flying: dict[Session, Proposal] = {}  # the last act of each client that is on its way
        self._steady = threading.Event()  # set unless the link is RETURNING
        self._share: str | None = None  # what this server brings, while its people are no part of the chat
        self._chat = chat  # the number of the chat that this server is, or was last, part of
        self._before: tuple[tuple[int, int], ...] = ()  # see `state.Mark`
        self._settled = settled
        self._lasting = ""  # what it brings besides, while the chat may not know it
        self._logins: dict[Session, int] = {}  # by which event the accounts of clients were made, likewise
        self._unsaved = False  # whether this server's history has still to agree with what lasts
        self._told_until = 0  # id of the last event of which this server's clients were told before that
        self._gap = False
        self._lag = 0
        self.skew = 0  # milliseconds that Redis's clock, by which events have their times, is ahead of this machine's
        self._broken_since = 0.0  # monotonic seconds; 0 while reading works
        self._refused_since = 0.0  # likewise, while writing works; the writer's
        self._failure: ClusterError | None = None
        self._stopping = threading.Event()
        self._hurried = (
            0.0  # until when somebody waits for the others, in monotonic seconds; 0: for as long as it takes
        )
        self._threads: list[threading.Thread] = []

    def _rows(self, events: list[Event]) -> list[Any]:
        return [self._codec.write(event) for event in events]

    def _add(self, act: Proposal) -> None:
        self._outgoing.add(act)

    # ---- carrying out -----------------------------------------------------------------------------------------------

    def _carry_out(self, act: Proposal, rows: list[Any], delivery: Delivery) -> None:
        """Applies its events as they came back, and tells the replies that go with them, in order, under the lock."""
        assert self.lock.locked()
        session = act.session if act.session and not act.session.closing else None
        if session is None or act.label is None:
            self._carry_out_for(session, act, rows, delivery)
            return
        capture = Capture(delivery, session)
        self._carry_out_for(session, act, rows, capture)
        if not session.closing:
            delivery.reply(session, Labelled(act.label, iter(()), tuple(capture.told)))

    def _carry_out_for(self, session: Session | None, act: Proposal, rows: list[Any], delivery: Delivery) -> None:
        rest = iter(rows)
        error: ChatError | None = None  # why the last event was refused: then nothing is replied that goes with it
        for outcome in act.outcomes:
            if isinstance(outcome, Event):
                error = self._apply(next(rest), delivery)
                if error and session:
                    delivery.reply(session, Refused(error, _via(act)))
            elif error:
                continue
            elif isinstance(outcome, ReplyToOther):
                delivery.reply(outcome.session, outcome.reply)
            elif session and isinstance(outcome, HistoryQuery):
                delivery.reply(session, self._find(session, outcome))
            elif session and isinstance(outcome, Reply):
                delivery.reply(session, outcome)

    def _apply(self, row: list[Any], delivery: Delivery) -> ChatError | None:
        """Gives an event its place, or returns why it has none. People in it are who they are at this moment."""
        event = self._read_row(row)
        return self._settle_and_apply(event, delivery) if event else None

    def _settle_and_apply(self, event: Event, delivery: Delivery) -> ChatError | None:
        event.time = self._time  # type: ignore[misc]  # logs write to values
        error = settle(self._hub.state, event)
        if error:
            return error
        self._place(event)
        if self._share is not None:
            self._replay(event, delivery)
            return None
        self._hub.apply(event, delivery)
        if type(event) is Connected and self._is_own(event.by.uid) and event.by.uid not in self._hub.state.sessions:
            departed = Departed(event.by, "connection closed")  # while they were coming
            self._add(Proposal(None, [departed], self._rows([departed])))
        return None

    def _replay(self, event: Event, delivery: Delivery) -> None:
        """While its people are no part of the chat, what its clients once did here is done by people without clients.

        They are lost again when this server comes, which brings its people as they are.
        """
        sessions, self._hub.state.sessions = self._hub.state.sessions, {}
        try:
            self._hub.apply(event, delivery)
        finally:
            self._hub.state.sessions = sessions

    def _is_own(self, uid: str) -> bool:
        return uid.partition(".")[0] == self.id

    def _place(self, event: Event) -> None:
        self._last += 1
        event.id = self._last  # type: ignore[misc]  # logs write to values
        event.time = self._time  # type: ignore[misc]

    # ---- entries ---------------------------------------------------------------------------------------------------

    def _apply_all(self, entries: list[StreamEntry], delivery: Delivery) -> None:
        if not entries:
            return
        with self.lock:
            for entry, content in entries:
                self._at = entry
                self._entries += 1
                self._bytes += len(content)
                self._apply_entry(order(entry)[0], json.loads(content), delivery)
        self._delivery.flush()

    def _apply_entry(self, moment: int, content: list[Any], delivery: Delivery) -> None:
        server, first, acts = content
        self._time = max(self._time, moment)
        self._last = max(self._last, moment * 1000)
        for lost in self._servers.pass_to(moment):
            if lost.id == self.id:
                self._given_up()
            self._lose(lost, link_lost(lost.name), delivery)
        for number, rows in enumerate(acts, first):
            if rows[0][0] == "Linked":
                self._link(server, number, self._codec.read(rows[0]), delivery)
            elif self._servers.counts(server, number):
                self._apply_act(server, number, rows, delivery)
        self._servers.hear(server)

    def _apply_act(self, server: str, number: int, rows: list[Any], delivery: Delivery) -> None:
        act = self._outgoing.come_back(number) if server == self.id else None
        try:
            if rows[0][0] in _NOTICES:
                self._heed(server, self._read_row(rows[0]), act, delivery)
            elif act:
                self._carry_out(act, rows, delivery)
            else:
                for row in rows:
                    self._apply(row, delivery)
        except ClusterError:
            raise
        except Exception:  # a mistake in the program must not end the chat for everybody, but must be heard of
            log.exception("what %s did as number %d could not be applied", server, number)
        finally:
            if act:
                self._finish(act)

    def _finish(self, act: Proposal) -> None:
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

    def _heed(self, id_: str, notice: Any, act: Proposal | None, delivery: Delivery) -> None:
        server = self._hub.state.servers[id_]
        if notice is None:
            return
        if isinstance(notice, MessageBurst):
            self._speak(notice, act, delivery)
        elif isinstance(notice, Heartbeat):
            server.lag = notice.lag
            if act:
                self._lag = int((time.monotonic() - act.since) * 1000)
        elif isinstance(notice, Announced):
            for session in list(self._hub.state.sessions.values()):
                delivery.reply(session, Announcement(notice.text))
        else:
            assert isinstance(notice, ServerLeft)
            self._lose(server, "the server was shut down", delivery)

    def _speak(self, spoken: MessageBurst, act: Proposal | None, delivery: Delivery) -> None:
        said = [Said(spoken.by, spoken.room, text, MessageKind.MESSAGE) for text in spoken.texts]
        room = self._hub.state.rooms.get(fold(spoken.room))
        if room and room.slow:  # it was not when this was decided: each of them is looked at
            for each in said:
                error = self._settle_and_apply(each, delivery)
                if error and act and act.session and not act.session.closing:
                    delivery.reply(act.session, Refused(error))
            return
        said[0].time = self._time  # type: ignore[misc]  # logs write to values
        error = settle(self._hub.state, said[0])
        if error is None:
            for event in said:
                self._place(event)
            self._hub.apply_burst(said, delivery)
        elif act and act.session and not act.session.closing:
            for _ in said:
                delivery.reply(act.session, Refused(error))

    def _link(self, id_: str, number: int, linked: ServerJoined, delivery: Delivery) -> None:
        """A server is there (again). One that had its name before it is not any more."""
        known = self._hub.state.servers.get(id_)
        if known and number <= known.seen:
            return  # there twice
        for other in [server for server in self._hub.state.servers.values() if server.name == linked.name]:
            if other.id == self.id != id_:
                raise ClusterError(f"Another server has come that is called {self.name} too.")
            self._lose(other, link_lost(other.name), delivery)
        self._last = max(self._last, linked.last)
        self._time = max(self._time, linked.time)
        self._servers.link(id_, linked.name, number)
        act = self._outgoing.come_back(number) if id_ == self.id else None
        mine = act is not None  # and not one of before, which is there still
        if linked.lasting:
            self._add_lasting(linked.lasting, mine, delivery)
        if linked.share:
            snapshots.bring(self._hub.context, linked.share, self._place, mine, delivery)
        if mine:
            self._returned(delivery)
        if act:
            self._finish(act)

    def _add_lasting(self, text: str, mine: bool, delivery: Delivery) -> None:
        """A server brings what it alone may know of what lasts."""
        refused = snapshots.add(self._hub.context, text)
        if mine and refused:
            log.warning("the others know somebody else of these names, or of one like it: %s", ", ".join(refused))
        if not mine:
            self._save_lasting(delivery)

    def _save_lasting(self, delivery: Delivery) -> None:
        """Sees to it that this server's history agrees with what lasts, all of it."""
        lasting = snapshots.lasting(self._hub.state)
        lasting.chat, lasting.id, lasting.time = self._chat, self._last, self._time  # type: ignore[misc]  # a value
        delivery.broadcast(lasting, Audience({}))

    def _given_up(self) -> None:
        """This server was silent for too long. It comes again."""
        log.warning("the other servers have given this one up; it comes again")
        self._set_link(Links.RETURNING)
        self._pack()
        self._come_again()

    def _lose(self, server: Server, why: str, delivery: Delivery) -> None:
        """A server's people leave. If it is this one, they don't notice."""
        mine = server.id == self.id
        self._servers.unlink(server.id)
        prefix = f"{server.id}."
        for user in [user for uid, user in self._hub.state.users.items() if uid.startswith(prefix)]:
            self._depart(user, why, mine, delivery)

    def _depart(self, user: User, why: str, quietly: bool, delivery: Delivery) -> None:
        departed = Departed(user.person, why, user.room_names())
        self._place(departed)
        if quietly:
            connections.detach_user(self._hub.state, user)  # the client goes on: its user comes again
            delivery = Quiet(delivery)
        self._hub.apply(departed, delivery)

    # ---- away, and back ---------------------------------------------------------------------------------------------

    def _set_link(self, link: Links) -> None:
        self.link = link
        if link is Links.RETURNING:
            self._steady.clear()
        else:
            self._steady.set()
        self._wake()

    def _wake(self) -> None:
        """Has those who wait for what they have caused look again at how things stand."""
        for act in self._flying.values():
            if act.done:
                act.done.set()
                act.done = None

    def _pack(self) -> None:
        """Keeps what this server's people are, while they are no part of the chat."""
        if self._share is None:
            self._share = snapshots.share(self._hub.state, self.id)
            self._told_until = self._last
        for session in self._hub.state.sessions.values():
            if session.account:
                self._logins.setdefault(session, snapshots.made(self._hub.state, session.account))

    def _come_again(self) -> None:
        """Sees to it that this server and its people become part of the chat (again)."""
        assert self._share is not None
        linked = ServerJoined(self.name, self._last, self._time, self._share, self._lasting)
        self._outgoing.renew(Proposal(None, [], [self._codec.write(linked)]))

    def _returned(self, delivery: Delivery) -> None:
        """This server is part of the chat. Its clients are told what they missed."""
        share, self._share, self._lasting = self._share, None, ""
        self._set_link(Links.UP)
        if self._unsaved:
            self._unsaved = False
            self._save_lasting(delivery)
        for session, made in self._logins.items():
            if session.account and snapshots.made(self._hub.state, session.account) != made and not session.closing:
                snapshots.log_out(self._hub.context, session, delivery)
        self._logins.clear()
        if not share:
            return
        for session in list(self._hub.state.sessions.values()):
            user = session.user
            if user and user.session is session:
                delivery.reply(session, Link(works=True, gap=self._gap))
                for room in user.rooms.values():
                    delivery.reply(session, room.state(user))
                    self._tell_missed(session, room, delivery)
        self._gap = False

    def _tell_missed(self, session: Session, room: Room, delivery: Delivery) -> None:
        for said in room.recent:
            if said.id > self._told_until:
                delivery.reply(session, PersonalNotice(said))


def _via(act: Proposal) -> Via | None:
    """The way in which something about an account was asked for, and is refused; None if it was something else."""
    return next((outcome.via for outcome in act.outcomes if isinstance(outcome, AccountDone)), None)
