"""The link to Redis: read, broken, mended, and begun anew.

All of it is the reader's thread; from the first connection to the last, it alone reads, and alone changes `link`.
"""

import logging
import secrets
import time

from chatroom.cluster import snapshots
from chatroom.cluster.delivery_filters import New, Nowhere
from chatroom.cluster.redis_stream import ClusterError, LinkError, Stream, order
from chatroom.cluster.replica import Links, Replica
from chatroom.core import connections
from chatroom.model.delivery import Delivery
from chatroom.model.events import Departed
from chatroom.model.replies import Link

LINK_RETRY_SECONDS = (0.02, 1.0)  # seconds until a broken link is tried again: doubled from the first to the second
ENTRIES_PER_READ = 64  # entries applied in one go, for which the lock is held
SNAPSHOT_ENTRIES = 5_000  # entries between two snapshots: what a new server reads within a second or so
SNAPSHOT_BYTES = 16 * 1024 * 1024  # of entries, likewise: in a flood they are large, and Redis holds them in memory
# losses of Redis's data over which a server that was away is known to have been part of the chat
CHATS_REMEMBERED = 20

log = logging.getLogger(__name__)


class RedisLink(Replica):
    """One server's part of the chat, with its link to the others."""

    _reading: Stream  # of the reader's thread, once that has started
    _look_at = 0.0  # when to look whether Redis has lost anything, in monotonic seconds

    def _read(self) -> None:
        pause = LINK_RETRY_SECONDS[0]
        self._outgoing.let(open=True)
        while not self._stopping.is_set():
            try:
                if self._broken_since:
                    self._reconnect()
                self._read_on(wait=min(0.25, self._timing.beat / 2))
                pause = LINK_RETRY_SECONDS[0]
            except ClusterError as error:
                self._fail(error)
            except Exception as error:  # a mistake in the program, too, must not end the chat for everybody
                self._stumble(error)
                self._stopping.wait(pause)
                pause = min(2 * pause, LINK_RETRY_SECONDS[1])

    def _stumble(self, error: Exception) -> None:
        """Something went wrong; the reading goes on, whatever comes of it."""
        try:
            if not isinstance(error, LinkError):
                log.error("what came from %s could not be applied", self._reading.where, exc_info=error)
            self._disconnected(error if isinstance(error, LinkError) else LinkError("an error in the program"))
        except Exception:
            log.exception("it could not be told that the link is broken")

    def _read_on(self, wait: float) -> None:
        self._look_after()
        self._apply_all(self._reading.read(self._at, ENTRIES_PER_READ, wait), self._delivery)
        self._admit()
        self._look_at_link()
        due = self._entries >= SNAPSHOT_ENTRIES or self._bytes >= SNAPSHOT_BYTES
        if due and self.id == min(self._hub.state.servers, default=""):
            self._take_snapshot()

    def _look_after(self) -> None:
        """With each beat, makes sure that Redis has lost nothing: reading and writing don't notice all of it."""
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + self._timing.beat
            self._reading.renew()
            if not self._reading.has(self._at):
                raise LinkError("it has lost what it had")

    # ---- broken, and mended -----------------------------------------------------------------------------------------

    def _disconnected(self, error: LinkError) -> None:
        if self._stopping.is_set():
            return
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
                self._tell_all(Link(works=True))
            self._delivery.flush()

    def _go_down(self) -> None:
        if self.link is not Links.DOWN:
            with self.lock:
                self._set_link(Links.DOWN)
                self._tell_all(Link(works=False))
            self._delivery.flush()

    def _tell_all(self, reply: Link) -> None:
        for session in self._hub.state.sessions.values():
            if session.user and not session.closing:
                self._delivery.reply(session, reply)

    def _reconnect(self) -> None:
        self._reading.agree(self._timing.lease)
        self.skew = self._reading.time() - time.time_ns() // 1_000_000
        if self._reading.has(self._at):
            self._catch_up(self._delivery)
        else:
            log.warning("%s has lost what it had; the chat is put together again", self._reading.where)
            self._begin_anew()
        self._broken_since = 0.0
        log.info("the link to %s is there again", self._reading.where)
        self._look_at_link()
        self._outgoing.unsend()
        self._outgoing.let(open=True)

    def _catch_up(self, delivery: Delivery, wait: float = 0.0) -> None:
        """Applies all there is."""
        end = order(self._reading.last())
        while order(self._at) < end or wait:
            entries = self._reading.read(self._at, ENTRIES_PER_READ, wait)
            self._apply_all(entries, delivery)
            self._admit()
            if wait:
                return

    # ---- begun anew -------------------------------------------------------------------------------------------------

    def _begin_anew(self) -> None:
        """Takes the state from a snapshot and what followed; what this server knows alone, it brings."""
        hub = self._hub
        hub.context.cloaks.key = self._reading.share("cloaks", hub.context.cloaks.key)
        with self.lock:
            known, settled, foundation = self._saved or 0, self._settled, max(self._settled, self._saved or 0)
            if hub.state.servers:  # it was part of the chat before: what was applied was saved
                self._gap = True
                known = settled = foundation = self._last
                self._saved = None if self._saved is None else known
            self._set_link(Links.RETURNING)
            for server in [each for each in hub.state.servers.values() if each.id != self.id]:
                self._lose(server, "the link was lost", self._delivery)
            self._pack()
            self._forget_people()
            lasting = snapshots.lasting(hub.state)
            before = (*self._before, (self._chat, foundation))[-CHATS_REMEMBERED:] if self._chat else ()
            number = secrets.randbits(62)
            mine = snapshots.snapshot(hub.state, snapshots.Mark(self._last, self._time, 0, number, before))
        self._reading.found(mine, number)
        at, text = self._chosen()
        goes_on = self._reading.cut_behind(self._at)  # else it was set back, as by a replica that lacked the latest
        with self.lock:
            mark = snapshots.load(hub.state, text)
            snapshots.openings(
                hub.context, self._delivery
            )  # before owners: what was said before a room was theirs is not
            covered = mark.chat == number or (goes_on and mark.covers(self._chat, settled))
            if lasting.has_any and not covered:
                self._lasting = self._lasting or snapshots.GRAPH.write(lasting)
            self._last, self._time, self._servers.moment, self._chat, self._before = mark
            self._settled = max(self._settled, settled)
            self._reading.chat = mark.chat
            self._unsaved = True
            self._at = at
            self._entries = self._bytes = 0
            self._come_again()
        try:
            self._catch_up(New(self._delivery, known))
        finally:
            with self.lock:  # as it is now: of what was saved once before, nothing was handed on
                snapshots.openings(hub.context, self._delivery)

    def _forget_people(self) -> None:
        """What is there without them is what a chat begins with."""
        hub = self._hub
        nowhere = Nowhere(self._delivery)
        for user in list(hub.state.users.values()):
            connections.detach_user(hub.state, user)
            hub.apply(Departed(user.person, "", user.room_names(), id=self._last, time=self._time), nowhere)
        hub.state.servers.clear()

    def _chosen(self) -> tuple[str, str]:
        """The newest snapshot behind which is all that this server's history lacks; or the oldest there is."""
        all_ = [(at, text) for at in self._reading.snapshots() if (text := self._reading.snapshot(at))]
        if self._saved is None:
            return all_[0]
        found = next(((at, text) for at, text in all_ if snapshots.mark(text).last <= self._saved), None)
        if found is None and self._saved:
            log.warning("this server was away for longer than the others remember: its history has a gap")
        return found or all_[-1]

    def _mark(self) -> snapshots.Mark:
        return snapshots.Mark(self._last, self._time, self._servers.moment, self._chat, self._before)

    def _take_snapshot(self) -> None:
        with self.lock:
            at = self._at
            text = snapshots.snapshot(self._hub.state, self._mark())
            self._entries = self._bytes = 0
        self._reading.keep(at, text)
