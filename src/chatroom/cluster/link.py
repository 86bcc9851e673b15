"""The link to Redis: read, broken, mended, and begun anew.

All of it is the reader's thread; from the first connection to the last, it alone reads, and alone changes `link`.
"""

import logging
import time

from chatroom import events as ev
from chatroom.cluster import state
from chatroom.cluster.applying import Applying, Links
from chatroom.cluster.posts import New, Nowhere
from chatroom.cluster.stream import ClusterError, LinkError, Stream, order
from chatroom.limits import LINK_RETRY, READ_ENTRIES, SNAPSHOT, SNAPSHOT_BYTES
from chatroom.rooms import Audience

log = logging.getLogger(__name__)


class Linking(Applying):
    """One server's part of the chat, with its link to the others."""

    _reading: Stream  # of the reader's thread, once that has started

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

    # ---- broken, and mended -----------------------------------------------------------------------------------------

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

    # ---- begun anew -------------------------------------------------------------------------------------------------

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
            state.openings(self._hub)  # before owners: what was said before a room was theirs is not
            for event in state.new_accounts(self._hub, accounts, owners):
                post.deliver(event, Audience({}))  # so that they are saved here, too
            self._at = at
            self._entries = self._bytes = 0
            self._post = self._hub.post = New(post, known)
        try:
            self._catch_up()
        finally:
            with self.lock:
                self._post = self._hub.post = post
                state.openings(self._hub)  # as it is now: of what was saved once before, nothing was handed on

    def _forget_people(self) -> None:
        """What is there without them is what a chat begins with."""
        hub = self._hub
        hub.post = Nowhere(self._post)
        try:
            for user in list(hub.users.values()):
                hub.unplug(user)
                hub.apply(ev.Departed(user.person, "", user.room_names(), id=self._last, time=self._time))
        finally:
            hub.post = self._post
        hub.servers.clear()

    def _chosen(self) -> tuple[str, str]:
        """The newest snapshot behind which is all that this server's history lacks; or the oldest there is."""
        all_ = [(at, text) for at in self._reading.snapshots() if (text := self._reading.snapshot(at))]
        if self._saved is None:
            return all_[0]
        found = next(((at, text) for at, text in all_ if state.mark(text).last <= self._saved), None)
        if found is None and self._saved:
            log.warning("this server was away for longer than the others remember: its history has a gap")
        return found or all_[-1]

    def _take_snapshot(self) -> None:
        with self.lock:
            at = self._at
            text = state.snapshot(self._hub, state.Mark(self._last, self._time, self._servers.moment))
            self._entries = self._bytes = 0
        self._reading.keep(at, text)
