"""Tells clients when somebody they watch comes and goes: IRCv3 monitor and extended-monitor.

Whom a client watches concerns its connection alone, so these commands are carried out at once and cause no events.
"""

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold, is_nickname
from chatroom.core.context import Context, Deciders, Handlers
from chatroom.model.audience import Audience
from chatroom.model.commands import AskWatched, Unwatch, Watch
from chatroom.model.delivery import Delivery
from chatroom.model.entities import Session, User
from chatroom.model.limits import MONITORED_NICKS_MAX
from chatroom.model.outcomes import Outcome
from chatroom.model.replies import Here, NotHere, Refused, WatchedAre
from chatroom.model.state import ChatState
from chatroom.model.values import Person

WATCHED_MAX = 200_000  # nicknames that are watched by anybody: some 100 MB


def watch(ctx: Context, session: Session, command: Watch) -> list[Outcome]:
    for nick in command.nicks if not command.on else ():
        _forget(ctx.state, session, fold(nick))
    if not command.on:
        return []
    here: list[Person] = []
    absent: list[str] = []
    outcomes: list[Outcome] = []
    for i, nick in enumerate(command.nicks):
        card = ctx.state.card_of(nick)
        if not card and not is_nickname(nick):
            continue
        is_full = len(session.watching) >= MONITORED_NICKS_MAX and fold(nick) not in session.watching
        if is_full or (len(ctx.state.watchers) >= WATCHED_MAX and fold(nick) not in ctx.state.watchers):
            outcomes = [Refused(ChatError(Code.WATCHING_TOO_MANY, *command.nicks[i:]))]
            break
        session.watching[fold(nick)] = nick
        ctx.state.watchers.setdefault(fold(nick), {})[session] = None
        if card:
            here.append(card.person)
        else:
            absent.append(nick)
    return [*_status(here, absent), *outcomes]


def unwatch(ctx: Context, session: Session, command: Unwatch) -> list[Outcome]:
    forget_all(ctx.state, session)
    return []


def forget_all(state: ChatState, session: Session) -> None:
    """This client watches nobody any more."""
    for name in list(session.watching):
        _forget(state, session, name)


def _forget(state: ChatState, session: Session, name: str) -> None:
    if session.watching.pop(name, None) is not None:
        del state.watchers[name][session]
        if not state.watchers[name]:
            del state.watchers[name]


def ask_watched(ctx: Context, session: Session, command: AskWatched) -> list[Outcome]:
    if not command.status:
        return [WatchedAre(tuple(session.watching.values()))]
    found = [(nick, ctx.state.card_of(nick)) for nick in session.watching.values()]
    return _status([card.person for _, card in found if card], [nick for nick, card in found if not card])


def _status(here: list[Person], absent: list[str]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    if here:
        outcomes.append(Here(tuple(here)))
    if absent:
        outcomes.append(NotHere(tuple(absent)))
    return outcomes


def has_come(ctx: Context, user: User, delivery: Delivery) -> None:
    for session in ctx.state.watchers.get(fold(user.person.nick), ()):
        delivery.reply(session, Here((user.person,)))


def has_gone(ctx: Context, person: Person, delivery: Delivery) -> None:
    """Somebody has left the server, or this nickname."""
    for session in ctx.state.watchers.get(fold(person.nick), ()):
        delivery.reply(session, NotHere((person.nick,)))


def peers_and_watchers(state: ChatState, user: User) -> Audience:
    """All who are told what changes about somebody: those who share a room, and those who watch closely."""
    peers = user.peers()
    watchers = close_watchers(state, user)
    return Audience.of(dict.fromkeys([*peers, *watchers])) if watchers else peers


def close_watchers(state: ChatState, user: User) -> list[Session]:
    """Those who are told what changes about somebody they watch without sharing a room."""
    watchers = state.watchers.get(fold(user.person.nick), ())
    return [session for session in watchers if session.extended_monitor]


DECIDERS: Deciders = {AskWatched: ask_watched}
HANDLERS: Handlers = {Watch: watch, Unwatch: unwatch}
