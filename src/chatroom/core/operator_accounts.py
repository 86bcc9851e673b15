"""Operators of the server by their account: whoever is logged in to one is an operator, in every client.

- `ChatState.accounts` says which were made operators at the console, `Context.operators` which the configuration of
  this server names. Others than operators can't claim a name that the configuration names.
- A user's `granted` says which of the two made them an operator; "" if it was the shared password. Who logs out is none
  any more, unless they gave that.
"""

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold
from chatroom.core import notify
from chatroom.core.context import Appliers, Context, Deciders
from chatroom.core.permissions import server_operator
from chatroom.model.commands import SetOperator
from chatroom.model.delivery import Delivery
from chatroom.model.entities import Session, User
from chatroom.model.events import Event, OperatorSet, UserModesSet
from chatroom.model.modes import BY_ACCOUNT, BY_CONFIGURATION, OPERATOR
from chatroom.model.outcomes import Outcome
from chatroom.model.replies import NowOperator, PersonalNotice
from chatroom.model.state import ChatState
from chatroom.model.values import ModeChange, Person


def is_operator(ctx: Context, account: str) -> bool:
    """Whether an account is an operator of the server, for whichever reason."""
    return _grant(ctx, account) != ""


def _grant(ctx: Context, account: str) -> str:
    known = ctx.state.accounts.get(fold(account))
    if known and known.operator:
        return BY_ACCOUNT
    return BY_CONFIGURATION if known and fold(account) in ctx.operators else ""


def grant(ctx: Context, person: Person, account: str) -> list[Outcome]:
    """The event that makes somebody an operator who has just logged in; none if the account is no operator's."""
    by, user = _grant(ctx, account), ctx.state.users.get(person.uid)
    if not by or (user and user.is_operator):
        return []
    return [UserModesSet(person, (ModeChange(True, OPERATOR, whom=by),))]


def is_entitled(state: ChatState, user: User, by: str) -> bool:
    """Whether somebody may still be an operator who became one by their account, or by a password ("")."""
    account = state.account_of(user)
    return by == "" or (account is not None and (by == BY_CONFIGURATION or account.operator))


def require_claimable(ctx: Context, session: Session, name: str) -> None:
    """Raises `ChatError` if the configuration names this account as an operator, and the session is no operator's."""
    if fold(name) in ctx.operators and not (session.user and session.user.is_operator):
        raise ChatError(Code.ACCOUNT_RESERVED, name)


def set_operator(ctx: Context, session: Session, command: SetOperator) -> list[Outcome]:
    by = server_operator(session)
    account = ctx.state.accounts.get(fold(command.account))
    if account is None:
        raise ChatError(Code.NO_SUCH_ACCOUNT, command.account)
    if not command.on and fold(account.name) in ctx.operators:
        raise ChatError(Code.OPERATOR_CONFIGURED, account.name)
    return [OperatorSet(by.person, account.name, command.on)] if account.operator is not command.on else []


def operator_set(ctx: Context, event: OperatorSet, delivery: Delivery) -> None:
    state, key = ctx.state, fold(event.account)
    account = state.accounts.get(key)
    if account is None:
        return
    state.accounts[key] = account._replace(operator=event.on)
    user = state.presence_of(account.name)
    if user and user.is_operator is not event.on:
        set_granted(state, user, BY_ACCOUNT if event.on else "", event, delivery)
    notify.operators(ctx, event, delivery)


def set_granted(state: ChatState, user: User, by: str, event: Event, delivery: Delivery) -> None:
    """Makes somebody an operator by their account, or with "" no operator, and tells them; `event` is why."""
    state.set_user_mode(user, OPERATOR, by != "")
    user.granted = by
    changes = (ModeChange(by != "", OPERATOR),)
    told = UserModesSet(user.person, changes, id=event.id, time=event.time)
    for session in user.sessions:
        if by:
            delivery.reply(session, NowOperator())
        delivery.reply(session, PersonalNotice(told))


def revoke(state: ChatState, user: User, event: Event, delivery: Delivery) -> None:
    """Takes from somebody what only the account gave them that they are not logged in to any more."""
    if not is_entitled(state, user, user.granted):
        set_granted(state, user, "", event, delivery)


DECIDERS: Deciders = {SetOperator: set_operator}
APPLIERS: Appliers = {OperatorSet: operator_set}
