"""Claimed names: who has proven that a name is theirs, and what follows from it.

- An account is a name and a secret. Nobody needs one. Its name can't be used by others; who owns it and asks for it
  gets it, even if a connection that is not logged in holds it: that one is closed.
- Who is logged in is one user, by however many connections (`devices`).
- Checking a password takes long, so the rules return `Deferred`, which the log has done without its lock. What comes of
  it (`Checked`, `Hashed`) is carried out next, and looks at everything again.
- What changes is an event: `AccountMade`, `PasswordSet`, `ReplaySet`, `AccountDropped`, `AccountSet`, `Ghosted`. Only a
  login before there is a user is the connection's own business, as the server's password is.
- How often somebody was wrong is each server's own knowledge, and not an event.
"""

import logging
from copy import copy
from dataclasses import replace
from hmac import compare_digest
from typing import Any

from chatroom.common.addresses import limit_key
from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold, nickname, skeleton
from chatroom.core import (
    bans,
    connections,
    departures,
    devices,
    languages,
    mentions,
    metadata,
    monitor,
    notify,
    profile,
    staying,
    waiting,
)
from chatroom.core.account_use import note_use, who
from chatroom.core.context import Appliers, Context, Decider, Deciders, Handlers
from chatroom.core.login_throttle import UNCOUNTED, Attempt
from chatroom.core.operator_accounts import grant, require_claimable, revoke
from chatroom.core.passwords import acceptable
from chatroom.core.permissions import look_ahead, require_free_to_rename
from chatroom.model.commands import (
    AskAccount,
    Checked,
    CloseGhost,
    DropAccount,
    Hashed,
    LogIn,
    LogOut,
    MakeAccount,
    Quit,
    SetPassword,
)
from chatroom.model.delivery import Delivery, sparing
from chatroom.model.departure_reasons import LOGGED_OUT, NAME_GIVEN_UP, PASSWORD_CHANGED
from chatroom.model.entities import Account, Session, User, user_of
from chatroom.model.events import AccountDropped, AccountMade, AccountSet, Ghosted, PasswordSet, Renamed, ReplaySet
from chatroom.model.modes import closed
from chatroom.model.outcomes import Deferred, Outcome
from chatroom.model.preferences import SetReplay
from chatroom.model.replies import AccountChange, AccountDone, AccountIs, Refused, ReplayIs
from chatroom.model.state import ChatState
from chatroom.model.values import Person, Via

ACCOUNTS_MAX = 100_000  # in all; each takes about 1 KiB of memory

log = logging.getLogger(__name__)


def make_way(state: ChatState, by: Person, nick: str) -> list[Outcome]:
    """What must happen before `by` may be called `nick`; raises `ChatError` if they may not."""
    holder = state.nicks.get(nick)
    own = holder is not None and holder.person.uid == by.uid
    account = state.accounts.get(fold(nick))
    if account and by.account == account.name:
        return [Ghosted(by, holder.person)] if holder and not own else []
    if account and not own:
        raise ChatError(Code.NICK_CLAIMED, nick)
    if holder and not own:
        raise ChatError(Code.NICK_TAKEN, nick)
    state.must_look_free(nick, by)
    return []


# ---- claiming a name ------------------------------------------------------------------------------------------------


def make_account(ctx: Context, session: Session, command: MakeAccount) -> list[Outcome]:
    name = _name_of(session, command)
    _may_claim(ctx, session, name)
    acceptable(command.password, name)
    if len(ctx.state.accounts) >= ACCOUNTS_MAX or not ctx.throttle.may_claim(session.host, ctx.steady()):
        raise ChatError(Code.ACCOUNTS_FULL)
    ctx.throttle.claim(session.host, ctx.steady())
    return [Deferred(lambda: Hashed(command, ctx.passwords.make(command.password, limit_key(session.host))))]


def _name_of(session: Session, command: MakeAccount) -> str:
    return session.user.person.nick if session.user else nickname(command.name)


def _may_claim(ctx: Context, session: Session, name: str) -> None:
    """Raises `ChatError` if this client can't have that name for good."""
    state = ctx.state
    if not session.admitted:
        raise ChatError(Code.PASSWORD_NEEDED)
    if session.account:
        raise ChatError(Code.LOGGED_IN_ALREADY, session.account)
    if fold(name) in state.accounts:
        raise ChatError(Code.ACCOUNT_EXISTS, name)
    require_claimable(ctx, session, name)
    holder = state.nicks.get(name)
    if holder and holder is not session.user:
        raise ChatError(Code.NICK_TAKEN, name)
    state.must_look_free(name, session.user.person if session.user else Person(session.uid, name, "", ""))


def _made(ctx: Context, session: Session, command: MakeAccount, secret: str) -> list[Outcome]:
    name = _name_of(session, command)
    _may_claim(ctx, session, name)
    log.info("%s claimed the name %s", session.host, name)
    language = session.language.tag if session.has_chosen_language else ""
    return [
        AccountMade(who(ctx, session, name), name, secret, limit_key(session.host), language),
        _done(ctx, AccountChange.CLAIMED, name, command.via),
    ]


def set_password(ctx: Context, session: Session, command: SetPassword) -> list[Outcome]:
    if not session.account:
        raise ChatError(Code.NOT_LOGGED_IN)
    acceptable(command.password, session.account)
    if ctx.throttle.password_changes.is_full(fold(session.account), ctx.steady()) and not ctx.throttle.unlimited:
        raise ChatError(Code.LOGIN_TOO_OFTEN)
    ctx.throttle.password_changes.add(fold(session.account), ctx.steady())
    return _check(ctx, session, command, session.account)


def set_replay(ctx: Context, session: Session, command: SetReplay) -> list[Outcome]:
    """Changes the session at once: what a connection is told is nobody's business but its own."""
    by = user_of(session).person
    session.replay = command.on
    done = ReplayIs(command.on, session.account)
    return [ReplaySet(by, session.account, command.on), done] if session.account else [done]


def hashed(ctx: Context, session: Session, command: Hashed) -> list[Outcome]:
    ask = command.ask
    try:
        if not command.secret:
            if command.before:
                return []  # another login will do
            raise ChatError(Code.LOGIN_BUSY)
        if isinstance(ask, MakeAccount):
            return _made(ctx, session, ask, command.secret)
        if isinstance(ask, LogIn):
            return [PasswordSet(who(ctx, session, ask.account), ask.account, command.secret, command.before)]
        if not session.account:  # it was dropped meanwhile
            raise ChatError(Code.NOT_LOGGED_IN)
        by = user_of(session).person
        done = _done(ctx, AccountChange.PASSWORD_SET, session.account, ask.via)
        return [PasswordSet(by, session.account, command.secret, device=session.uid), done]
    except ChatError as error:
        return [Refused(error, ask.via)]


# ---- proving that one is oneself ------------------------------------------------------------------------------------


def log_in(ctx: Context, session: Session, command: LogIn) -> list[Outcome]:
    if session.account and session.admitted:
        raise ChatError(Code.LOGGED_IN_ALREADY, session.account)
    return _check(ctx, session, command, command.account)


def _as_of_server(session: Session, ask: "Proof") -> str | None:
    """What counts as the server's password, which some clients can give only where others give an account's."""
    if not isinstance(ask, LogIn) or session.admitted or session.user:
        return None
    return {Via.SASL: ask.password, Via.PASS: f"{ask.account}:{ask.password}"}.get(ask.via)


def _is_of_server(ctx: Context, session: Session, ask: "Proof") -> bool:
    given = _as_of_server(session, ask)
    return given is not None and compare_digest(given.encode(), ctx.password.encode())


Proof = LogIn | DropAccount | CloseGhost | SetPassword  # what a password is given for


def _check(ctx: Context, session: Session, ask: Proof, name: str) -> list[Outcome]:
    """Has a password checked. If it was tried too often, that waits for its turn."""
    account = ctx.state.accounts.get(fold(name))
    of_server = _as_of_server(session, ask) is not None
    return _work(ctx, session, ask, name, ctx.throttle.begin_login(name, session, account, ctx.steady(), of_server))


def _work(ctx: Context, session: Session, ask: Proof, name: str, attempt: Attempt) -> list[Outcome]:
    given = ask.old if isinstance(ask, SetPassword) else ask.password
    account = ctx.state.accounts.get(fold(name))
    secret, address = account.secret if account else "", limit_key(session.host)
    of_server = _is_of_server(ctx, session, ask)
    only_of_server = isinstance(ask, LogIn) and (session.account != "" or (of_server and account is None))

    def check() -> bool | None:
        return of_server if only_of_server else ctx.passwords.check(given, secret, address)

    return [
        Deferred(
            lambda: Checked(ask, secret, ctx.throttle.in_turn(attempt, check), of_server),
            lambda checked: ctx.throttle.end(attempt, checked.fits),
        )
    ]


def checked(ctx: Context, session: Session, command: Checked) -> list[Outcome]:
    ask = command.ask
    try:
        name = _account_meant(session, ask)
        if command.fits is None:
            raise ChatError(Code.LOGIN_BUSY)
        user = session.user
        account = ctx.state.accounts.get(fold(name))
        if user and account and command.fits and isinstance(ask, LogIn) and ask.take:
            ahead = look_ahead(user, replace(user.person, account=account.name), command)
            if ahead:
                return ahead
        if isinstance(ask, LogIn):
            if command.of_server:
                session.admitted = True
                if session.account or account is None:
                    return [_done(ctx, AccountChange.ADMITTED, ask.account, ask.via)]
            if session.account:
                raise ChatError(Code.LOGGED_IN_ALREADY, session.account)
        if account and account.secret != command.secret:  # the password was changed meanwhile
            return _work(ctx, session, ask, name, UNCOUNTED)
        if not command.fits or account is None:
            # What is no account's name may be a password that was typed in its place.
            log.info("%s gave a wrong password for %s", session.host, account.name if account else "no account")
            raise ChatError(Code.LOGIN_FAILED, name)
        return _proven(ctx, session, ask, account)
    except ChatError as error:
        return [Refused(error, ask.via)]


def _account_meant(session: Session, ask: Proof) -> str:
    """Whose password was given; raises `ChatError` if it was to be changed, and the account was dropped meanwhile."""
    if isinstance(ask, SetPassword):
        if not session.account:
            raise ChatError(Code.NOT_LOGGED_IN)
        return session.account
    return ask.nick if isinstance(ask, CloseGhost) else ask.account


def _proven(ctx: Context, session: Session, ask: Proof, account: Account) -> list[Outcome]:
    if isinstance(ask, SetPassword):
        return [Deferred(lambda: Hashed(ask, ctx.passwords.make(ask.password, limit_key(session.host))))]
    if isinstance(ask, DropAccount):
        return _dropped(ctx, session, account, ask.via)
    if isinstance(ask, CloseGhost):
        return _closed(ctx, session, ask)
    if session.user is None:  # before they are told that they are logged in, which they can't use
        called = account.name if ask.via is Via.COMMAND else ""  # a program says the name that it wants by itself
        ban = bans.on_person(ctx.state, Person(session.uid, called, "", session.host, account=account.name))
        if ban:
            return [bans.refusal(ban), Deferred(lambda: Quit(bans.BANNED, refused=True))]
    more = [*note_use(ctx, session, account), *_renewed(ctx, session, ask, account)]
    more += languages.remembered(ctx, session, account)
    if session.user is None:
        session.account = account.name
        connections.speak_as_account(ctx.state, session)
        return [_done(ctx, AccountChange.LOGGED_IN, account.name, ask.via), *more]
    return [*_logged_in(ctx, session, session.user, account, ask), *more]


def _renewed(ctx: Context, session: Session, ask: LogIn, account: Account) -> list[Outcome]:
    """Has the secret made anew if it was made at a lower cost than today's: only now is the password known."""
    if not ctx.passwords.is_outdated(account.secret):
        return []
    owner = limit_key(session.host)
    return [Deferred(lambda: Hashed(ask, ctx.passwords.make(ask.password, owner), account.secret))]


def _logged_in(ctx: Context, session: Session, user: User, account: Account, ask: LogIn) -> list[Outcome]:
    person = replace(user.person, account=account.name)
    ban = bans.on_person(ctx.state, person)
    if ban:
        raise ChatError(Code.NICK_BANNED, account.name, str(ban.until), ban.reason)
    presence = ctx.state.presence_of(account.name)
    if presence:
        devices.require_place(presence)
        require_free_to_rename(user, presence.person.nick)
    # The answer comes first, as SASL clients expect it.
    outcomes: list[Outcome] = [
        _done(ctx, AccountChange.LOGGED_IN, account.name, ask.via),
        AccountSet(user.person, account.name),
    ]
    if presence:
        first = [] if presence.devices else grant(ctx, presence.person, account.name)
        return [*outcomes, *first, *mentions.since_last_login(ctx, person, account.name)]
    if ask.take and fold(person.nick) != fold(account.name):
        way = make_way(ctx.state, person, account.name)
        logged_in = copy(user)
        logged_in.person = person  # an owner, or one whom an exception names, may change their name
        require_free_to_rename(logged_in, account.name)
        outcomes += [*way, Renamed(person, account.name, user.room_names())]
        person = replace(person, nick=account.name)
    for room in user.rooms.values():
        if room.is_owned_by(person) and not room.operated_by(user):
            outcomes.append(room.to_operator(person))
    missed = mentions.since_last_login(ctx, person, account.name)
    return [*outcomes, *grant(ctx, person, account.name), *missed]


def log_out(ctx: Context, session: Session, command: LogOut) -> list[Outcome]:
    user = user_of(session)
    if command.device:
        return devices.end(user, command.device)
    if not session.account:
        raise ChatError(Code.NOT_LOGGED_IN)
    ahead = look_ahead(user, user.person, command)
    if ahead:
        return ahead
    require_free_to_rename(user, "")
    done = _done(ctx, AccountChange.LOGGED_OUT, session.account, command.via)
    if len(user.devices) > 1:  # the others stay, under the name that this one would have to give up
        return [done, Deferred(lambda: Quit(LOGGED_OUT))]
    return [AccountSet(user.person, ""), done]


# ---- giving it up, closing a ghost, asking --------------------------------------------------------------------------


def drop_account(ctx: Context, session: Session, command: DropAccount) -> list[Outcome]:
    account = ctx.state.accounts.get(fold(command.account))
    if user_of(session).is_operator and not command.password:
        if account is None:
            raise ChatError(Code.NO_SUCH_ACCOUNT, command.account)
        return _dropped(ctx, session, account, command.via)
    return _check(ctx, session, command, command.account)


def _dropped(ctx: Context, session: Session, account: Account, via: Via) -> list[Outcome]:
    user = user_of(session)
    if user.person.account == account.name:
        require_free_to_rename(user, "")
    dropped = AccountDropped(user.person, account.name, device=session.uid)
    log.info("%s dropped the name %s", session.nick, account.name)
    return [dropped, _done(ctx, AccountChange.DROPPED, account.name, via)]


def close_ghost(ctx: Context, session: Session, command: CloseGhost) -> list[Outcome]:
    if session.account and fold(session.account) == fold(command.nick):
        return _closed(ctx, session, command)
    return _check(ctx, session, command, command.nick)


def _closed(ctx: Context, session: Session, command: CloseGhost) -> list[Outcome]:
    ghost = ctx.state.user_named(command.nick)
    if ghost is session.user:
        raise ChatError(Code.NOT_A_GHOST, ghost.person.nick)
    if ghost.person.account and fold(ghost.person.account) == fold(command.nick):
        raise ChatError(Code.GHOST_LOGGED_IN, ghost.person.nick)
    done = _done(ctx, AccountChange.GHOST_CLOSED, ghost.person.nick, command.via)
    return [Ghosted(user_of(session).person, ghost.person), done]


def ask_account(ctx: Context, session: Session, command: AskAccount) -> list[Outcome]:
    account = ctx.state.accounts.get(fold(command.account))
    if account is None:
        raise ChatError(Code.NO_SUCH_ACCOUNT, command.account)
    here = ctx.state.presence_of(account.name)
    return [AccountIs(account.name, account.time, here is not None and here.devices != ())]


def _done(ctx: Context, change: AccountChange, account: str, via: Via) -> AccountDone:
    return AccountDone(change, account, via, ctx.lasting)


# ---- applying -------------------------------------------------------------------------------------------------------


def account_made(ctx: Context, event: AccountMade, delivery: Delivery) -> None:
    """Makes the account. If two claim a name at once, the second is not logged in to what the first has made."""
    state = ctx.state
    if fold(event.account) in state.accounts:
        return
    made = Account(event.account, event.secret, event.id, event.time, home=event.home, used=event.time)
    made = made._replace(language=event.language)
    state.accounts[fold(event.account)] = made
    state.claimed.setdefault(skeleton(event.account), event.account)
    delivery.broadcast(event, notify.NOBODY)
    account_set(ctx, AccountSet(event.by, event.account, id=event.id, time=event.time), delivery)


def password_set(ctx: Context, event: PasswordSet, delivery: Delivery) -> None:
    state, key = ctx.state, fold(event.account)
    account = state.accounts.get(key)
    if account is None or event.before not in ("", account.secret):
        return
    state.accounts[key] = account._replace(secret=event.secret)
    delivery.broadcast(event, notify.NOBODY)
    if not event.before:
        _end_other_logins(ctx, event, delivery)


def _end_other_logins(ctx: Context, event: PasswordSet, delivery: Delivery) -> None:
    """Closes the other connections that are logged in: one of them may be whoever the password was changed for."""
    state = ctx.state
    name = state.accounts[fold(event.account)].name
    for session in state.sessions.values():
        if session.account == name and session.uid != event.device:
            session.account = ""  # of who has no name yet, it is not given one by this login
    user = state.presence_of(name)
    for device in user.devices if user else ():
        if user and device.who.uid != event.device:
            departures.end_device(ctx, event, user, device.who.uid, PASSWORD_CHANGED, delivery)


def replay_set(ctx: Context, event: ReplaySet, delivery: Delivery) -> None:
    account = ctx.state.accounts.get(fold(event.account))
    if account:
        ctx.state.accounts[fold(event.account)] = account._replace(replay=event.on)
        delivery.broadcast(event, notify.NOBODY)


def account_dropped(ctx: Context, event: AccountDropped, delivery: Delivery) -> None:
    """Logs out whoever is logged in to it. Its rooms are nobody's from now on."""
    state, owner = ctx.state, fold(event.account)
    account = state.accounts.get(owner)
    if account is None or event.used not in (0, account.used):
        return
    change = AccountChange.LOGGED_OUT if event.by.account == account.name else AccountChange.FREED
    del state.accounts[owner]
    if state.claimed.get(skeleton(account.name)) == account.name:
        del state.claimed[skeleton(account.name)]
    delivery.broadcast(event, notify.NOBODY)
    user = state.presence_of(account.name)
    if user and not user.devices:
        departures.throw_out(ctx, event, user.person, NAME_GIVEN_UP, "", delivery)
    elif user:
        account_set(ctx, AccountSet(user.person, "", id=event.id, time=event.time), delivery)
        for session in user.sessions:
            if session.uid != event.device:
                delivery.reply(session, _done(ctx, change, account.name, Via.COMMAND))
        stays = user.device(event.device) or user.devices[0]
        for device in user.devices:  # a guest has one; and whoever else had the password is not in the next account
            if device.who.uid != stays.who.uid:
                departures.end_device(ctx, event, user, device.who.uid, NAME_GIVEN_UP, delivery)
    for session in state.sessions.values():
        if session.account == account.name:
            session.account = ""
    for kept in (state.ignored, state.profiles):
        kept.pop(owner, None)
    state.markers.forget(owner)
    state.stop_waiting(owner, [])
    _disown(state, list(state.owned.get(owner, ())))


def _disown(state: ChatState, keys: list[str]) -> None:
    """Rooms that are nobody's any more are like any other: a closed one that all have left is opened to all."""
    for key in keys:
        state.disown(key)
        state.forget_looks(key)
        modes = state.kept.pop(key, {})
        if key in state.rooms:
            state.rooms[key].owner = ""
        elif state.dormant_rooms:
            state.dormant_rooms.disown(key, was_closed=bool(closed(modes)))


def account_set(ctx: Context, event: AccountSet, delivery: Delivery) -> None:
    state = ctx.state
    if event.account and fold(event.account) not in state.accounts:
        return
    user, presence = state.users.get(event.by.uid), state.presence_of(event.account)
    if user and presence and presence is not user:
        devices.merge(ctx, user, presence, event, delivery)
        return
    session = state.sessions.get(event.by.uid)  # which may have no name yet
    for each in user.sessions if user else (session,) if session else ():
        each.account = event.account
        connections.speak_as_account(state, each)
    if user:
        staying.forget(state, user, event, delivery)
        before = user.metadata
        state.set_account(user, event.account)
        metadata.follow_login(state, user, before, event, delivery)
        staying.note(state, user, event, delivery)
        delivery.broadcast(event, *sparing(monitor.peers_and_watchers(state, user), user.movers()))
        revoke(state, user, event, delivery)
        profile.restore_modes(state, user, event, delivery)
        waiting.deliver(state, user, delivery)


def _refused_likewise(decider: Decider) -> Decider:
    """Has what is refused told in the way in which it was asked for."""

    def decide(ctx: Context, session: Session, command: Any) -> list[Outcome]:
        try:
            return decider(ctx, session, command)
        except ChatError as error:
            return [Refused(error, command.via)]

    return decide


def _answering(rules: Deciders) -> Deciders:
    return {kind: _refused_likewise(rule) for kind, rule in rules.items()}


DECIDERS: Deciders = {**_answering({LogOut: log_out, AskAccount: ask_account}), Hashed: hashed}
# Each of them counts as a try, or changes what is known of the connection alone.
HANDLERS: Handlers = {
    **_answering(
        {
            MakeAccount: make_account,
            LogIn: log_in,
            SetPassword: set_password,
            SetReplay: set_replay,
            DropAccount: drop_account,
            CloseGhost: close_ghost,
        }
    ),
    Checked: checked,
}
APPLIERS: Appliers = {
    AccountMade: account_made,
    PasswordSet: password_set,
    ReplaySet: replay_set,
    AccountDropped: account_dropped,
    AccountSet: account_set,
}
