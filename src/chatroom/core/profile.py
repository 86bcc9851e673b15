"""What people set about themselves: a real name, their own modes."""

from dataclasses import replace

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold
from chatroom.core import monitor, notify, staying
from chatroom.core.context import Appliers, Context, Deciders
from chatroom.core.operator_accounts import is_entitled
from chatroom.core.permissions import is_silent_somewhere, look_ahead
from chatroom.model.commands import SetRealname, SetUserModes
from chatroom.model.delivery import Delivery
from chatroom.model.entities import Session, User, user_of
from chatroom.model.events import Event, RealnameSet, StrangersSet, UserModesSet
from chatroom.model.limits import REALNAME_BYTES
from chatroom.model.modes import BOT, NO_STRANGERS, OPERATOR, USER_MODES
from chatroom.model.outcomes import Outcome
from chatroom.model.preferences import AskSettings, SetStrangers
from chatroom.model.replies import NowOperator, PersonalNotice, Refused, SettingsAre
from chatroom.model.state import ChatState
from chatroom.model.values import ModeChange


def set_realname(ctx: Context, session: Session, command: SetRealname) -> list[Outcome]:
    user = user_of(session)
    if not 0 < len(command.realname.encode()) <= REALNAME_BYTES:
        raise ChatError(Code.REALNAME_BAD)
    ahead = look_ahead(user, user.person, command)
    if ahead:
        return ahead
    if is_silent_somewhere(user):
        raise ChatError(Code.REALNAME_HELD)
    return [RealnameSet(user.person, command.realname)]


def set_user_modes(ctx: Context, session: Session, command: SetUserModes) -> list[Outcome]:
    user = user_of(session)
    if ctx.state.user_named(command.nick) is not user:
        raise ChatError(Code.NOT_YOURS)
    free = USER_MODES.keys() - {OPERATOR}
    wanted = {
        change.letter: change
        for change in command.changes  # of two about the same letter the last counts
        if change.letter in free or (change.letter == OPERATOR and not change.on)  # +o comes with a password only
    }
    made = tuple([change for letter, change in wanted.items() if (letter in user.modes) is not change.on])
    outcomes: list[Outcome] = [UserModesSet(user.person, made)] if made else []
    if user.person.account:
        outcomes += [StrangersSet(user.person, user.person.account, not c.on) for c in made if c.letter == NO_STRANGERS]
    if any(change.letter not in USER_MODES for change in command.changes):
        outcomes.append(Refused(ChatError(Code.USER_MODE_UNKNOWN)))
    return outcomes


def set_strangers(ctx: Context, session: Session, command: SetStrangers) -> list[Outcome]:
    by = user_of(session).person
    change = (ModeChange(not command.on, NO_STRANGERS),)
    return set_user_modes(ctx, session, SetUserModes(by.nick, change)) or [PersonalNotice(UserModesSet(by, change))]


def ask_settings(ctx: Context, session: Session, command: AskSettings) -> list[Outcome]:
    user = user_of(session)
    stays = staying.account_that_stays(ctx.state, user) is not None
    return [SettingsAre(session.replay, NO_STRANGERS not in user.modes, stays)]


def realname_set(ctx: Context, event: RealnameSet, delivery: Delivery) -> None:
    user = ctx.state.users.get(event.by.uid)
    if user:
        user.become(replace(user.person, realname=event.realname))
        delivery.broadcast(event, monitor.peers_and_watchers(ctx.state, user))
        staying.note(ctx.state, user, event, delivery)


def user_modes_set(ctx: Context, event: UserModesSet, delivery: Delivery) -> None:
    user = ctx.state.users.get(event.by.uid)
    if user is None:
        return
    changes = tuple([change for change in event.changes if is_entitled(ctx.state, user, change.whom)])
    if not changes:
        return
    for change in changes:
        ctx.state.set_user_mode(user, change.letter, change.on)
        if change.letter == OPERATOR:
            user.granted = change.whom
            for session in user.sessions if change.whom else ():
                delivery.reply(session, NowOperator())
    user.become(replace(user.person, bot=BOT in user.modes))
    notify.one(user, PersonalNotice(replace(event, changes=changes)), delivery)
    staying.note(ctx.state, user, event, delivery)


def strangers_set(ctx: Context, event: StrangersSet, delivery: Delivery) -> None:
    """Has it kept with the account whether strangers may write to its owner."""
    account = ctx.state.accounts.get(fold(event.account))
    if account:
        ctx.state.accounts[fold(account.name)] = account._replace(strangers=event.on)
        delivery.broadcast(event, notify.NOBODY)


def restore_modes(state: ChatState, user: User, event: Event, delivery: Delivery) -> None:
    """Gives somebody who has just logged in the modes that are kept with the account."""
    account = state.account_of(user)
    if account and not account.strangers and NO_STRANGERS not in user.modes:
        state.set_user_mode(user, NO_STRANGERS, True)
        told = UserModesSet(user.person, (ModeChange(True, NO_STRANGERS),), id=event.id, time=event.time)
        notify.one(user, PersonalNotice(told), delivery)


DECIDERS: Deciders = {
    SetRealname: set_realname,
    SetUserModes: set_user_modes,
    SetStrangers: set_strangers,
    AskSettings: ask_settings,
}
APPLIERS: Appliers = {
    RealnameSet: realname_set,
    UserModesSet: user_modes_set,
    StrangersSet: strangers_set,
}
