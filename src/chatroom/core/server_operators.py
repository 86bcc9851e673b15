"""Operators of the server: what they do to the server as a whole."""

from chatroom.common.errors import ChatError, Code
from chatroom.common.text import shortened
from chatroom.core import notify, waiting
from chatroom.core.context import Appliers, Context, Deciders, Handlers
from chatroom.core.permissions import server_operator
from chatroom.model.commands import Alert, Kill, Reload, Reread
from chatroom.model.delivery import Delivery
from chatroom.model.entities import Session
from chatroom.model.events import Alerted, Killed
from chatroom.model.limits import REASON_BYTES
from chatroom.model.modes import ALERTED
from chatroom.model.outcomes import Deferred, Outcome
from chatroom.model.replies import Reloaded


def reload(ctx: Context, session: Session, command: Reload) -> list[Outcome]:
    server_operator(session)
    return [Deferred(lambda: Reread(ctx.reload()))]


def reread(ctx: Context, session: Session, command: Reread) -> list[Outcome]:
    """Puts to use what the files say. That is no event, as it concerns this server alone."""
    if command.use is None:
        raise ChatError(Code.RELOAD_FAILED)
    command.use()
    return [Reloaded()]


def kill(ctx: Context, session: Session, command: Kill) -> list[Outcome]:
    user = server_operator(session)
    killed = Killed(user.person, ctx.state.user_named(command.nick).person, shortened(command.reason, REASON_BYTES))
    return [killed, *waiting.tell_thrown_out(ctx.state, killed)]


def alert(ctx: Context, session: Session, command: Alert) -> list[Outcome]:
    return [Alerted(server_operator(session).person, command.text)]


def alerted(ctx: Context, event: Alerted, delivery: Delivery) -> None:
    delivery.broadcast(event, notify.with_mode(ctx.state, ALERTED))


DECIDERS: Deciders = {Reload: reload, Kill: kill, Alert: alert}
HANDLERS: Handlers = {Reread: reread}
APPLIERS: Appliers = {Alerted: alerted}
