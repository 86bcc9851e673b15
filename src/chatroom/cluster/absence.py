"""A server's absence: the time in which its people are no part of the chat, as the others have given it up."""

from chatroom.cluster import snapshots
from chatroom.core.context import Context
from chatroom.model.delivery import Delivery
from chatroom.model.entities import Session, User
from chatroom.model.replies import Link, PersonalNotice


class Absence:
    """What a server keeps about its people while it is absent, and tells them when it is back.

    The event log's lock guards it. `share` is what the server is to bring of its people, None while they are part of
    the chat; `lasting` is what it is to bring besides, if the chat may not know it. `gap` says whether something of
    what was said meanwhile may be missing. `told_until` is the id of the last event of which its clients were told
    before.
    """

    def __init__(self, ctx: Context, server: str) -> None:
        """`server` is the id of this one."""
        self.share: str | None = None
        self.lasting = ""
        self.gap = False
        self._ctx = ctx
        self._server = server
        self.told_until = 0
        self._logins: dict[Session, int] = {}  # id of the event that made the account of each client

    def begin(self, last: int) -> None:
        """Keeps who is here now. `last` is the id of the latest event. If it is called again, the first counts."""
        state = self._ctx.state
        if self.share is None:
            self.share = snapshots.share(state, self._server)
            self.told_until = last
        for session in state.sessions.values():
            if session.account:
                self._logins.setdefault(session, snapshots.made(state, session.account))

    def end(self, delivery: Delivery) -> None:
        """Tells clients what they missed, and logs out those whose account was dropped meanwhile."""
        share, self.share, self.lasting = self.share, None, ""
        for session, made in self._logins.items():
            if session.account and snapshots.made(self._ctx.state, session.account) != made and not session.closing:
                snapshots.log_out(self._ctx, session, delivery)
        self._logins.clear()
        if share:
            for session in self._ctx.state.sessions.values():
                if session.user and session in session.user.sessions:
                    self._tell_missed(session, session.user, delivery)
            self.gap = False

    def _tell_missed(self, session: Session, user: User, delivery: Delivery) -> None:
        delivery.reply(session, Link(works=True, gap=self.gap))
        for room in user.rooms.values():
            delivery.reply(session, room.state(user))
            for said in room.recent:
                if said.id > self.told_until:
                    delivery.reply(session, PersonalNotice(said))
