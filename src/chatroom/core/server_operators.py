"""Operators of the server: how one becomes one, and what they do to the server as a whole."""

from chatroom.common.errors import ChatError, Code
from chatroom.common.text import shortened
from chatroom.core import notify
from chatroom.core.connections import compare_password
from chatroom.core.context import Appliers, Context, Deciders, Handlers
from chatroom.core.permissions import server_operator
from chatroom.model.commands import Alert, BecomeOperator, Kill, Reload, Reread
from chatroom.model.delivery import Delivery
from chatroom.model.entities import Session, user_of
from chatroom.model.events import Alerted, Killed, UserModesSet
from chatroom.model.limits import REASON_BYTES
from chatroom.model.modes import ALERTED, OPERATOR
from chatroom.model.outcomes import Deferred, Outcome
from chatroom.model.replies import NowOperator, Reloaded
from chatroom.model.values import ModeChange


def become_operator(ctx: Context, session: Session, command: BecomeOperator) -> list[Outcome]:
    user = user_of(session)
    if not ctx.operator_password:
        raise ChatError(Code.OPERATORS_UNKNOWN)
    refused = compare_password(ctx, session, command.password, ctx.operator_password, ctx.throttle.operator_password)
    if refused:
        return refused
    change = ModeChange(True, OPERATOR)
    return [NowOperator(), *([] if user.is_operator else [UserModesSet(user.person, (change,))])]


def reload(ctx: Context, session: Session, command: Reload) -> list[Outcome]:
    server_operator(session)
    return [Deferred(lambda: Reread(ctx.reload()))]


def reread(ctx: Context, session: Session, command: Reread) -> list[Outcome]:
    """What stands in the files is this server's own business, so it is put to use at once."""
    if command.use is None:
        raise ChatError(Code.RELOAD_FAILED)
    command.use()
    return [Reloaded()]


def kill(ctx: Context, session: Session, command: Kill) -> list[Outcome]:
    user = server_operator(session)
    return [Killed(user.person, ctx.state.user_named(command.nick).person, shortened(command.reason, REASON_BYTES))]


def alert(ctx: Context, session: Session, command: Alert) -> list[Outcome]:
    return [Alerted(server_operator(session).person, command.text)]


def alerted(ctx: Context, event: Alerted, delivery: Delivery) -> None:
    delivery.broadcast(event, notify.with_mode(ctx.state, ALERTED))


DECIDERS: Deciders = {Reload: reload, Kill: kill, Alert: alert}
HANDLERS: Handlers = {BecomeOperator: become_operator, Reread: reread}
APPLIERS: Appliers = {Alerted: alerted}
