"""The replica: this server's copy of the chat, as it follows from the stream.

It carries out what comes from the stream: what clients have caused, and what servers say of themselves. All of it
follows from the state and the entries alone, in the stream's order. So it is the same on all servers, but for what each
tells its own clients.
"""

import json
import logging
import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterable
from enum import Enum
from typing import Any, NamedTuple

from chatroom.cluster import snapshots
from chatroom.cluster.absence import Absence
from chatroom.cluster.codec import UnknownPersonError
from chatroom.cluster.conflicts import settle
from chatroom.cluster.delivery_filters import Nowhere, Quiet
from chatroom.cluster.redis_stream import START, ClusterError, StreamEntry, order
from chatroom.cluster.servers import (
    SERVER_JOINED,
    Announced,
    Heartbeat,
    MessageBurst,
    ServerJoined,
    ServerLeft,
    Servers,
    Timing,
)
from chatroom.cluster.spool import Proposal, Spool
from chatroom.common.cloaks import Cloaks
from chatroom.common.errors import ChatError
from chatroom.common.language import tr
from chatroom.common.names import fold
from chatroom.core import connections, membership, waiting
from chatroom.core.hub import Hub
from chatroom.model.audience import Audience
from chatroom.model.delivery import Capture, Delivery
from chatroom.model.departure_reasons import link_lost
from chatroom.model.durable_state import Lasting
from chatroom.model.entities import Server, Session, User
from chatroom.model.events import Connected, Departed, Event, Said
from chatroom.model.outcomes import HistoryQuery, Labelled, ReplyToOther, Survey
from chatroom.model.replies import AccountDone, Announcement, Refused, Reply
from chatroom.model.state import ChatState, server_id
from chatroom.model.values import MessageKind, Via

# losses of Redis's data over which a server that was away is known to have been part of the chat
CHATS_REMEMBERED = 20

log = logging.getLogger(__name__)


class LinkStatus(Enum):
    """How this server stands to the others. While it is `UP`, this server's people are part of the chat."""

    UP = "up"
    DOWN = "down"
    RETURNING = "returning"  # what happened is being caught up with; nothing is decided meanwhile


class OwnHistory(NamedTuple):
    """What this server knows of the chat from its own history."""

    last: int = 0  # no event gets an id below, nor a time below `time`
    time: int = 0
    saved: int | None = None  # the highest id in it; None if nothing is kept
    chat: int = 0  # the number of the chat that it was part of; 0 if of none
    settled: int = 0  # id of the last event in it that changed what lasts


class Foundation(NamedTuple):
    """What this server would begin a chat with, and what it knows of the one that it was part of."""

    number: int  # of the chat that begins so
    snapshot: str
    lasting: Lasting
    known: int  # id of the last event that this server has told its clients of, and saved
    settled: int  # id of the last event up to which it knows what lasts


class Replica:
    """One server's copy of the chat: applies what the stream brings. It has no threads and knows no Redis.

    The event log's lock guards all of it: whoever calls a method holds the lock. `id`, `name` and `codec` never change.
    Only the reader's thread changes the rest, so it may read that without the lock, and the writer's may read `lag`.
    Anybody may wait for `steady`. `flying` is the exception: clients' threads change it, too, with the lock.

    `answers` looks up what takes long; it releases the lock for that. `last` and `time` are those of the
    last event.
    """

    def __init__(
        self,
        hub: Hub,
        lock: threading.Lock,
        spool: Spool,
        answers: Callable[[Session, HistoryQuery | Survey], list[Reply]],
        name: str,
        history: OwnHistory,
        timing: Timing,
    ) -> None:
        self.id = secrets.token_hex(4)  # never used before, and so are the uids that begin with it
        self.name = name
        self.codec = snapshots.codec(hub.state)
        self.status = LinkStatus.RETURNING
        self.steady = threading.Event()  # set unless the status is RETURNING
        self.at = START  # the last entry that was applied
        self.last, self.time, self._saved, self.chat, self._settled = history
        self.flying: dict[Session, Proposal] = {}  # the last proposal of each client that is on its way
        self.lag = 0  # milliseconds that the last heartbeat took to come back
        self.announced: list[Reply] = []  # what the reader's thread has still to tell all of this server's clients
        self._hub = hub
        self._lock = lock
        self._spool = spool
        self._answers = answers
        self._servers = Servers(hub.state, timing)
        self._before: tuple[tuple[int, int], ...] = ()  # see `snapshots.Mark`
        self._absence = Absence(hub.context, self.id)
        self._gap: tuple[int, ...] = ()  # what `Lasting` has still to tell the history of
        self._unsaved = False  # whether this server's history has still to agree with what lasts

    @property
    def cloaks(self) -> Cloaks:
        """What hides addresses; all servers of a chat have the same key for it."""
        return self._hub.context.cloaks

    @property
    def is_apart(self) -> bool:
        """Whether this server's people are no part of the chat at the moment."""
        return self._absence.share is not None

    def rows(self, events: list[Event]) -> list[Any]:
        """Events as they travel."""
        return [self.codec.write(event) for event in events]

    # ---- what is on its way -----------------------------------------------------------------------------------------

    def send(self, session: Session, proposal: Proposal) -> None:
        """Sends what a client has caused to the stream, by way of the spool."""
        self.flying[session] = proposal
        self._spool.add(proposal)

    def awaited(self, session: Session, for_words: bool) -> threading.Event | None:
        """What a client's next command has to wait for, None if for nothing. Messages on their way only `for_words`."""
        if self.status is LinkStatus.RETURNING:
            return self.steady
        proposal = self.flying.get(session)
        if proposal is None or (proposal.words and not for_words) or self.status is LinkStatus.DOWN:
            return None
        proposal.done = proposal.done or threading.Event()
        return proposal.done

    def wake(self) -> None:
        """Wakes all clients' threads that wait, so that they look at the status again."""
        self._wake_senders()
        if self.status is LinkStatus.RETURNING:
            self.steady.set()
            self.steady.clear()

    def _wake_senders(self) -> None:
        """Wakes those who wait until what they have caused is back from the stream."""
        for proposal in self.flying.values():
            if proposal.done:
                proposal.done.set()
                proposal.done = None

    # ---- carrying out -----------------------------------------------------------------------------------------------

    def carry_out(self, proposal: Proposal, rows: list[Any], delivery: Delivery) -> None:
        """Applies its events as they came back, and tells the replies that go with them, in order."""
        assert self._lock.locked()
        session = proposal.session if proposal.session and not proposal.session.closing else None
        if session is None or proposal.label is None:
            self._carry_out(proposal, rows, session, delivery)
            return
        capture = Capture(delivery, session)
        self._carry_out(proposal, rows, session, capture)
        if not session.closing:
            delivery.reply(session, Labelled(proposal.label, iter(()), tuple(capture.told)))

    def _carry_out(self, proposal: Proposal, rows: list[Any], session: Session | None, delivery: Delivery) -> None:
        rest = iter(rows)
        error: ChatError | None = None  # why the last event was refused: then nothing is replied that goes with it
        for outcome in proposal.outcomes:
            if isinstance(outcome, Event):
                error = self._apply(next(rest), delivery)
                if error and session:
                    delivery.reply(session, Refused(error, _via(proposal)))
            elif error:
                continue
            elif isinstance(outcome, ReplyToOther):
                delivery.reply(outcome.session, outcome.reply)
            elif session and isinstance(outcome, HistoryQuery | Survey):
                for reply in self._answers(session, outcome):
                    delivery.reply(session, reply)
            elif session and isinstance(outcome, Reply):
                delivery.reply(session, outcome)

    def _apply(self, row: list[Any], delivery: Delivery) -> ChatError | None:
        """Gives an event its place, or returns why it has none. People in it are who they are at this moment."""
        event = self._read_row(row)
        return self._settle_and_apply(event, delivery) if event else None

    def _settle_and_apply(self, event: Event, delivery: Delivery) -> ChatError | None:
        event.time = self.time  # type: ignore[misc]  # logs write to values
        error = settle(self._hub.state, event)
        if error:
            return error
        self._place(event)
        if self.is_apart:
            self._replay(event, delivery)
            return None
        self._hub.apply(event, delivery)
        uid = event.by.uid
        if type(event) is Connected and uid.startswith(f"{self.id}.") and uid not in self._hub.state.sessions:
            by = self._hub.state.presence_of(event.by.account)  # who may be here by another device
            departed = Departed(by.person if by else event.by, "connection closed", device=uid)  # while it was coming
            self._spool.add(Proposal(None, [departed], self.rows([departed])))
        return None

    def _replay(self, event: Event, delivery: Delivery) -> None:
        """Applies an event while this server is absent: its own people are then in the state without their clients.

        They are lost again when this server comes, which brings its people as they are.
        """
        sessions, self._hub.state.sessions = self._hub.state.sessions, {}
        try:
            self._hub.apply(event, delivery)
        finally:
            self._hub.state.sessions = sessions

    def _place(self, event: Event) -> None:
        self.last += 1
        event.id = self.last  # type: ignore[misc]  # logs write to values
        event.time = self.time  # type: ignore[misc]

    # ---- entries ---------------------------------------------------------------------------------------------------

    def apply_entries(self, entries: list[StreamEntry], delivery: Delivery) -> None:
        assert self._lock.locked()
        for entry, content in entries:
            self.at = entry
            self._apply_entry(order(entry)[0], json.loads(content), delivery)

    def _apply_entry(self, moment: int, content: list[Any], delivery: Delivery) -> None:
        server, first, proposals = content
        self.time = max(self.time, moment)
        self.last = max(self.last, moment * 1000)
        for lost in self._servers.pass_to(moment):
            if lost.id == self.id:
                self._given_up()
            self._lose(lost, link_lost(lost.name), delivery)
        for number, rows in enumerate(proposals, first):
            if rows[0][0] == SERVER_JOINED:
                self._server_joined(server, number, self.codec.read(rows[0]), delivery)
            elif self._servers.counts(server, number):
                self._apply_rows(server, number, rows, delivery)
        self._servers.hear(server)

    def _apply_rows(self, server: str, number: int, rows: list[Any], delivery: Delivery) -> None:
        """Applies one proposal. If it is this server's, its client is told what it gets."""
        proposal = self._spool.come_back(number) if server == self.id else None
        try:
            if rows[0][0] in snapshots.NOTICES:
                self._heed(server, self._read_row(rows[0]), proposal, delivery)
            elif proposal:
                self.carry_out(proposal, rows, delivery)
            else:
                for row in rows:
                    self._apply(row, delivery)
        except ClusterError:
            raise
        except Exception:  # a mistake in the program must not end the chat for everybody, but must be heard of
            log.exception("what %s did as number %d could not be applied", server, number)
        finally:
            if proposal:
                self._finish(proposal)

    def _finish(self, proposal: Proposal) -> None:
        if proposal.session and self.flying.get(proposal.session) is proposal:
            del self.flying[proposal.session]
        if proposal.done:
            proposal.done.set()

    def _read_row(self, row: list[Any]) -> Any:
        """What a row says; None if it is by or about somebody who is gone."""
        try:
            return self.codec.read(row)
        except UnknownPersonError:
            return None

    # ---- what servers say of themselves -----------------------------------------------------------------------------

    def _heed(self, id_: str, notice: Any, proposal: Proposal | None, delivery: Delivery) -> None:
        server = self._hub.state.servers[id_]
        if isinstance(notice, MessageBurst):
            self._apply_burst(notice, proposal, delivery)
        elif isinstance(notice, Heartbeat):
            server.lag = notice.lag
            if proposal:
                self.lag = int((time.monotonic() - proposal.since) * 1000)
        elif isinstance(notice, Announced):
            self.announced.append(Announcement(notice.text))
        elif isinstance(notice, ServerLeft):
            self._servers.hear(id_)  # it has told its clients all until now
            self._lose(server, "the server was shut down", delivery)

    def _apply_burst(self, burst: MessageBurst, proposal: Proposal | None, delivery: Delivery) -> None:
        session = proposal.session if proposal and proposal.session and not proposal.session.closing else None
        name = self._hub.state.name_now(burst.room, self.time)
        said = [Said(burst.by, name, text, MessageKind.MESSAGE, "", "", None, burst.device) for text in burst.texts]
        room = self._hub.state.rooms.get(fold(name))
        if room and room.slow:  # it was not when this was decided: each of them is looked at
            errors = [self._settle_and_apply(event, delivery) for event in said]
        else:
            said[0].time = self.time  # type: ignore[misc]  # logs write to values
            errors = [settle(self._hub.state, said[0])] * len(said)
            if errors[0] is None:
                for event in said:
                    self._place(event)
                self._hub.apply_burst(said, delivery)
        for error in errors:
            if error and session:
                delivery.reply(session, Refused(error))

    def _server_joined(self, id_: str, number: int, joined: ServerJoined, delivery: Delivery) -> None:
        """A server becomes part of the chat (again). Another one that had its name is lost."""
        known = self._hub.state.servers.get(id_)
        if known and number <= known.seen:
            return  # there twice
        for other in [server for server in self._hub.state.servers.values() if server.name == joined.name]:
            if other.id == self.id != id_:
                raise ClusterError(tr("Another server has come that is called {name} too.", name=self.name))
            self._lose(other, link_lost(other.name), delivery)
        self.last = max(self.last, joined.last)
        self.time = max(self.time, joined.time)
        self._servers.add(id_, joined.name, number)
        proposal = self._spool.come_back(number) if id_ == self.id else None
        mine = proposal is not None  # else an earlier one of this server's, read once more
        if joined.lasting:
            self._add_lasting(joined.lasting, mine, delivery)
        if joined.share:
            snapshots.bring(self._hub.context, joined.share, self._place, mine, delivery, self._absence.told_until)
        if mine:
            self._returned(delivery)
        if proposal:
            self._finish(proposal)

    def _add_lasting(self, text: str, mine: bool, delivery: Delivery) -> None:
        """A server brings what it alone may know of what lasts."""
        refused, brought = snapshots.add(self._hub.context, text, self._place, delivery)
        if mine and refused:
            log.warning("the others know somebody else of these names, or of one like it: %s", ", ".join(refused))
        if not mine:
            self._save_lasting(delivery, brought)

    def _save_lasting(self, delivery: Delivery, brought: Collection[str] = ()) -> None:
        """Sees to it that this server's history agrees with what lasts. It does not know the accounts `brought`."""
        lasting = snapshots.lasting(self._hub.state, brought)
        lasting.chat, lasting.id, lasting.time = self.chat, self.last, self.time  # type: ignore[misc]  # a value
        lasting.gap, self._gap = self._gap, ()  # type: ignore[misc]
        delivery.broadcast(lasting, Audience({}))

    def _given_up(self) -> None:
        """The others have taken this server for lost. It joins again."""
        log.warning("the other servers have given this one up; it comes again")
        self.set_status(LinkStatus.RETURNING)
        self._absence.begin(self.last)
        self._come_again()

    def _lose(self, server: Server, why: str, delivery: Delivery) -> None:
        """A server's devices go, and the people who have no others. If it is this one, they don't notice."""
        self._servers.remove(server.id)
        mine = server.id == self.id
        lost = _devices_at(self._hub.state, server.id)
        for user, uid in lost:
            departed = Departed(user.person, why, user.room_names(), uid)
            self._place(departed)
            if mine:
                connections.detach_user(self._hub.state, user)  # the client goes on: its user comes again
            self._hub.apply(departed, Quiet(delivery) if mine else delivery)
        waiting.unheard(self._hub.context, [user.person for user, _ in lost], server.heard, delivery)

    def namesakes(self) -> dict[str, int]:
        """The servers that have this one's name, by id, with the time of their last sign of life."""
        return {server.id: server.heard for server in self._hub.state.servers.values() if server.name == self.name}

    # ---- away, and back ---------------------------------------------------------------------------------------------

    def set_status(self, status: LinkStatus) -> None:
        assert self._lock.locked()
        self.status = status
        if status is LinkStatus.RETURNING:
            self.steady.clear()
        else:
            self.steady.set()
        self._wake_senders()

    def users(self) -> Iterable[User]:
        """Everybody who has a name, on all servers."""
        return self._hub.state.users.values()

    def _come_again(self) -> None:
        """Proposes that this server and its people join the chat (again)."""
        absence = self._absence
        assert absence.share is not None
        joined = ServerJoined(self.name, self.last, self.time, absence.share, absence.lasting)
        self._spool.renew(Proposal(None, [], [self.codec.write(joined)]))

    def _returned(self, delivery: Delivery) -> None:
        """This server is part of the chat. Its clients are told what they missed."""
        self.set_status(LinkStatus.UP)
        if self._unsaved:
            self._unsaved = False
            self._save_lasting(delivery)
        self._absence.end(delivery)

    # ---- begun anew, from a snapshot --------------------------------------------------------------------------------

    def leave_chat(self, delivery: Delivery) -> Foundation:
        """Takes all people out of the chat, which is to be begun anew; keeps what this server alone knows."""
        state = self._hub.state
        known, settled, foundation = self._saved or 0, self._settled, max(self._settled, self._saved or 0)
        if state.servers:  # it was part of the chat before: what was applied was saved
            self._absence.gap = True
            known = settled = foundation = self.last
            self._saved = None if self._saved is None else known
        self.set_status(LinkStatus.RETURNING)
        for server in [each for each in state.servers.values() if each.id != self.id]:
            self._lose(server, "the link was lost", delivery)
        self._absence.begin(self.last)
        for user in list(state.users.values()):
            connections.detach_user(state, user)
            for device in user.devices:
                self._hub.apply(Departed(user.person, "", (), device.who.uid, id=self.last, time=self.time), Nowhere())
        state.servers.clear()  # what is left is what a chat begins with
        before = (*self._before, (self.chat, foundation))[-CHATS_REMEMBERED:] if self.chat else ()
        number = secrets.randbits(62)
        text = snapshots.snapshot(state, snapshots.Mark(self.last, self.time, 0, number, before))
        return Foundation(number, text, snapshots.lasting(state, state.accounts), known, settled)

    def choose(self, kept: list[tuple[str, str]]) -> tuple[str, str]:
        """Of snapshots, newest first: the newest that is not ahead of this server's history, else the oldest."""
        if self._saved is None:
            return kept[0]
        found = next(((at, text) for at, text in kept if snapshots.mark(text).last <= self._saved), None)
        if found is None and self._saved:
            log.warning("this server was away for longer than the others remember: its history has a gap")
            self._gap = self.time, snapshots.mark(kept[-1][1]).time
        return found or kept[-1]

    def return_to(self, at: str, text: str, own: Foundation, goes_on: bool, delivery: Delivery) -> None:
        """Takes the state from the snapshot behind an entry; what this server knows alone, it is to bring.

        `goes_on` says whether the stream still goes on from where this server was.
        """
        mark = snapshots.load(self._hub.state, text)
        self.save_openings(delivery)  # before owners: what was said before a room was theirs is not
        covered = mark.chat == own.number or (goes_on and mark.covers(self.chat, own.settled))
        if own.lasting.has_any and not covered:
            self._absence.lasting = self._absence.lasting or snapshots.GRAPH.write(own.lasting)
        self.last, self.time, self._servers.moment, self.chat, self._before = mark
        self._settled = max(self._settled, own.settled)
        self._unsaved = True
        self.at = at
        self._come_again()

    def save_openings(self, delivery: Delivery) -> None:
        """Has it saved which rooms were opened and closed, as far as this server may have missed it."""
        for room in self._hub.state.rooms.values():
            membership.save_opening(self._hub.context, room, delivery)

    def takes_snapshots(self) -> bool:
        """Whether this is the one server of the chat that does."""
        return self.id == min(self._hub.state.servers, default="")

    def snapshot(self) -> tuple[str, str]:
        """The last entry that was applied, and what it has led to."""
        mark = snapshots.Mark(self.last, self.time, self._servers.moment, self.chat, self._before)
        return self.at, snapshots.snapshot(self._hub.state, mark)


def _devices_at(state: ChatState, server: str) -> list[tuple[User, str]]:
    """The devices that are connected to a server, by its id: whose they are, and their uids."""
    every = [(user, device.who.uid) for user in state.users.values() for device in user.devices]
    return [(user, uid) for user, uid in every if server_id(uid) == server]


def _via(proposal: Proposal) -> Via | None:
    """The way in which something about an account was asked for, and is refused; None if it was something else."""
    return next((outcome.via for outcome in proposal.outcomes if isinstance(outcome, AccountDone)), None)
