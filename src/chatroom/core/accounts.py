"""Claimed names: who has proven that a name is theirs, and what follows from it.

- An account is a name and a secret. Nobody needs one. Its name can't be used by others; who owns it and asks for it
  gets it, even if an older connection holds it: that one is closed.
- Deciders, as the hub calls them. Checking a password takes its time, so a decider returns `Deferred`, which the log
  has done without its lock; what comes of it (`Checked`, `Hashed`) is decided next, and looks at everything again.
- What changes is an event: `AccountMade`, `PasswordSet`, `ReplaySet`, `AccountDropped`, `AccountSet`, `Ghosted`. Only a
  login before there is a user is the connection's own business, as the server's password is.
- How often somebody was wrong is each server's own knowledge, and not an event.
"""

import logging
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from functools import partial
from hmac import compare_digest
from typing import Any

from chatroom.common.addresses import counted
from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold, nickname, skeleton
from chatroom.core import bans, monitor
from chatroom.core.login_throttle import LOGIN_WINDOW_MS, WRONG_PASSWORDS_PER_WINDOW, LoginThrottle, SlidingWindow
from chatroom.core.passwords import Passwords, acceptable
from chatroom.core.permissions import must_not_be_held
from chatroom.model.audience import Audience
from chatroom.model.commands import (
    AskAccount,
    Checked,
    CloseGhost,
    DropAccount,
    Hashed,
    LogIn,
    LogOut,
    MakeAccount,
    SetPassword,
    SetReplay,
)
from chatroom.model.entities import Account, Session, User, movers, user_of
from chatroom.model.events import AccountDropped, AccountMade, AccountSet, Ghosted, PasswordSet, Renamed, ReplaySet
from chatroom.model.outcomes import Deferred, Outcome
from chatroom.model.replies import AccountChange, AccountDone, AccountIs, Refused, ReplayIs
from chatroom.model.state import ChatState
from chatroom.model.values import Person, Via

CLAIMS_PER_ADDRESS = 60  # accounts made from one address within `CLAIM_WINDOW_MS`: a class or two behind one NAT
CLAIM_WINDOW_MS = 3_600_000  # milliseconds
ACCOUNTS_MAX = 100_000  # in all; each takes about 1 KiB of memory

log = logging.getLogger(__name__)

_NOBODY = Audience({})


def make_way(house: ChatState, by: Person, nick: str) -> list[Outcome]:
    """What must happen before `by` may be called `nick`; raises `ChatError` if they may not."""
    holder = house.by_nick.get(fold(nick))
    own = holder is not None and holder.person.uid == by.uid
    account = house.accounts.get(fold(nick))
    if account and by.account == account.name:
        return [Ghosted(by, holder.person)] if holder and not own else []
    if account and not own:
        raise ChatError(Code.NICK_CLAIMED, nick)
    if holder and not own:
        raise ChatError(Code.NICK_TAKEN, nick)
    house.must_look_free(nick, by)
    return []


class AccountService:
    """Decides what is asked for about accounts. `lasting` says whether they outlive the server."""

    def __init__(self, house: ChatState, steady: Callable[[], int], lasting: bool) -> None:
        self.passwords = Passwords()
        self.guesses = LoginThrottle()
        self._claims = SlidingWindow(CLAIMS_PER_ADDRESS, CLAIM_WINDOW_MS)
        self._changes = SlidingWindow(
            WRONG_PASSWORDS_PER_WINDOW, LOGIN_WINDOW_MS
        )  # of passwords: each takes as long as a guess
        self._house = house
        self._steady = steady  # milliseconds: how often something happened is no matter of the time of day
        self._lasting = lasting

    def deciders(self) -> dict[type, Callable[[Session, Any], list[Outcome]]]:
        """By command; what they refuse is told the way in which it was asked for."""
        deciders: dict[type, Callable[[Session, Any], list[Outcome]]] = {
            MakeAccount: self._make,
            LogIn: self._log_in,
            LogOut: self._log_out,
            SetPassword: self._set_password,
            SetReplay: self._set_replay,
            DropAccount: self._drop,
            CloseGhost: self._close_ghost,
            AskAccount: self._ask,
        }
        asked = {command: partial(_answered, decider) for command, decider in deciders.items()}
        return {**asked, Checked: self._checked, Hashed: self._hashed}

    def appliers(self) -> dict[type, Callable[[Any], None]]:
        """By event. What is only to be saved is delivered to nobody."""
        return {
            AccountMade: self._account_made,
            PasswordSet: self._password_set,
            ReplaySet: self._replay_set,
            AccountSet: self._account_set,
        }

    # ---- claiming a name --------------------------------------------------------------------------------------------

    def _make(self, session: Session, command: MakeAccount) -> list[Outcome]:
        name = self._name_of(session, command)
        self._may_claim(session, name)
        acceptable(command.password, name)
        if len(self._house.accounts) >= ACCOUNTS_MAX or self._claims.is_full(counted(session.host), self._steady()):
            raise ChatError(Code.ACCOUNTS_FULL)
        if not self.guesses.unlimited:
            self._claims.add(counted(session.host), self._steady())
        return [Deferred(lambda: Hashed(command, self.passwords.make(command.password)))]

    def _name_of(self, session: Session, command: MakeAccount) -> str:
        return session.user.person.nick if session.user else nickname(command.name)

    def _may_claim(self, session: Session, name: str) -> None:
        """Raises `ChatError` if this client can't have that name for good."""
        house = self._house
        if not session.admitted:
            raise ChatError(Code.PASSWORD_NEEDED)
        if session.account:
            raise ChatError(Code.LOGGED_IN_ALREADY, session.account)
        if fold(name) in house.accounts:
            raise ChatError(Code.ACCOUNT_EXISTS, name)
        holder = house.by_nick.get(fold(name))
        if holder and holder is not session.user:
            raise ChatError(Code.NICK_TAKEN, name)
        house.must_look_free(name, session.user.person if session.user else Person(session.uid, name, "", ""))

    def _made(self, session: Session, command: MakeAccount, secret: str) -> list[Outcome]:
        name = self._name_of(session, command)
        self._may_claim(session, name)
        by = session.user.person if session.user else Person(session.uid, name, "*", session.host)
        log.info("%s claimed the name %s", session.host, name)
        return [AccountMade(by, name, secret), self._done(AccountChange.CLAIMED, name, command.way)]

    def _set_password(self, session: Session, command: SetPassword) -> list[Outcome]:
        if not session.account:
            raise ChatError(Code.NOT_LOGGED_IN)
        acceptable(command.password, session.account)
        if self._changes.is_full(fold(session.account), self._steady()) and not self.guesses.unlimited:
            raise ChatError(Code.LOGIN_TOO_OFTEN)
        self._changes.add(fold(session.account), self._steady())
        return [Deferred(lambda: Hashed(command, self.passwords.make(command.password)))]

    def _set_replay(self, session: Session, command: SetReplay) -> list[Outcome]:
        """Changes the session at once: what a connection is told is nobody's business but its own."""
        by = user_of(session).person
        session.replay = command.on
        done = ReplayIs(command.on, session.account)
        return [ReplaySet(by, session.account, command.on), done] if session.account else [done]

    def _hashed(self, session: Session, command: Hashed) -> list[Outcome]:
        ask = command.ask
        try:
            if not command.secret:
                raise ChatError(Code.LOGIN_BUSY)
            if isinstance(ask, MakeAccount):
                return self._made(session, ask, command.secret)
            if not session.account:  # it was dropped meanwhile
                raise ChatError(Code.NOT_LOGGED_IN)
            by = user_of(session).person
            done = self._done(AccountChange.PASSWORD_SET, session.account, ask.way)
            return [PasswordSet(by, session.account, command.secret), done]
        except ChatError as error:
            return [Refused(error, ask.way)]

    # ---- proving that one is oneself --------------------------------------------------------------------------------

    def _log_in(self, session: Session, command: LogIn) -> list[Outcome]:
        if session.account and session.admitted:
            raise ChatError(Code.LOGGED_IN_ALREADY, session.account)
        self.guesses.begin(command.account, session.host, self._steady())
        if self._is_of_server(session, command):
            session.admitted = True
            if session.account or fold(command.account) not in self._house.accounts:
                self.guesses.end(command.account, session.host, None)
                return [self._done(AccountChange.ADMITTED, command.account, command.way)]
        if session.account:
            raise ChatError(Code.LOGGED_IN_ALREADY, session.account)
        return self._work(session, command, command.account)

    def _is_of_server(self, session: Session, command: LogIn) -> bool:
        """Whether this is the server's password, which some clients can give only where others give an account's."""
        given = {Via.SASL: command.password, Via.PASS: f"{command.account}:{command.password}"}.get(command.way)
        if given is None or session.admitted or session.user:
            return False
        return compare_digest(given.encode(), self._house.password.encode())

    def _check(self, session: Session, ask: LogIn | DropAccount | CloseGhost, account: str) -> list[Outcome]:
        """Has a password checked; raises `ChatError` if this was done too often."""
        self.guesses.begin(account, session.host, self._steady())
        return self._work(session, ask, account)

    def _work(self, session: Session, ask: LogIn | DropAccount | CloseGhost, account: str) -> list[Outcome]:
        known = self._house.accounts.get(fold(account))
        secret = known.secret if known else ""
        return [
            Deferred(
                lambda: Checked(ask, secret, self.passwords.check(ask.password, secret)),
                lambda checked: self.guesses.end(account, session.host, checked.fits),
            )
        ]

    def _checked(self, session: Session, command: Checked) -> list[Outcome]:
        ask = command.ask
        name = ask.nick if isinstance(ask, CloseGhost) else ask.account
        try:
            if command.fits is None:
                raise ChatError(Code.LOGIN_BUSY)
            account = self._house.accounts.get(fold(name))
            if not command.fits or account is None or account.secret != command.secret:
                # What is no account's name may be a password that was typed in its place.
                log.info("%s gave a wrong password for %s", session.host, account.name if account else "no account")
                raise ChatError(Code.LOGIN_FAILED, name)
            return self._proven(session, ask, account)
        except ChatError as error:
            return [Refused(error, ask.way)]

    def _proven(self, session: Session, ask: LogIn | DropAccount | CloseGhost, account: Account) -> list[Outcome]:
        if isinstance(ask, DropAccount):
            return self._dropped(session, account, ask.way)
        if isinstance(ask, CloseGhost):
            return self._closed(session, ask)
        if session.user is None:
            session.account = account.name
            return [self._done(AccountChange.LOGGED_IN, account.name, ask.way)]
        return self._logged_in(session, session.user, account, ask)

    def _logged_in(self, session: Session, user: User, account: Account, ask: LogIn) -> list[Outcome]:
        person = replace(user.person, account=account.name)
        ban = bans.on_person(self._house, person)
        if ban:
            raise ChatError(Code.NICK_BANNED, account.name, str(ban.until), ban.reason)
        # The answer comes first, as SASL clients expect it.
        outcomes: list[Outcome] = [
            self._done(AccountChange.LOGGED_IN, account.name, ask.way),
            AccountSet(user.person, account.name),
        ]
        if ask.take and fold(person.nick) != fold(account.name):
            way = make_way(self._house, person, account.name)
            logged_in = copy(user)
            logged_in.person = person  # as an owner, or one whom an exception names, they are not held
            must_not_be_held(logged_in, account.name)
            outcomes += [*way, Renamed(person, account.name, user.room_names())]
            person = replace(person, nick=account.name)
        for room in user.rooms.values():
            if room.is_owned_by(person) and not room.operated_by(user):
                outcomes.append(room.to_operator(person))
        return outcomes

    def _log_out(self, session: Session, command: LogOut) -> list[Outcome]:
        user = user_of(session)
        if not session.account:
            raise ChatError(Code.NOT_LOGGED_IN)
        must_not_be_held(user, "")
        done = self._done(AccountChange.LOGGED_OUT, session.account, command.way)
        return [AccountSet(user.person, ""), done]

    # ---- giving it up, closing a ghost, asking ----------------------------------------------------------------------

    def _drop(self, session: Session, command: DropAccount) -> list[Outcome]:
        account = self._house.accounts.get(fold(command.account))
        if user_of(session).is_operator and not command.password:
            if account is None:
                raise ChatError(Code.NO_SUCH_ACCOUNT, command.account)
            return self._dropped(session, account, command.way)
        return self._check(session, command, command.account)

    def _dropped(self, session: Session, account: Account, way: Via) -> list[Outcome]:
        user = user_of(session)
        if user.person.account == account.name:
            must_not_be_held(user, "")
        dropped = AccountDropped(user.person, account.name)
        log.info("%s dropped the name %s", session.nick, account.name)
        return [dropped, self._done(AccountChange.DROPPED, account.name, way)]

    def _close_ghost(self, session: Session, command: CloseGhost) -> list[Outcome]:
        if session.account and fold(session.account) == fold(command.nick):
            return self._closed(session, command)
        return self._check(session, command, command.nick)

    def _closed(self, session: Session, command: CloseGhost) -> list[Outcome]:
        ghost = self._house.user_named(command.nick)
        if ghost is session.user:
            raise ChatError(Code.NOT_A_GHOST, ghost.person.nick)
        done = self._done(AccountChange.GHOST_CLOSED, ghost.person.nick, command.way)
        return [Ghosted(user_of(session).person, ghost.person), done]

    def _ask(self, session: Session, command: AskAccount) -> list[Outcome]:
        account = self._house.accounts.get(fold(command.account))
        if account is None:
            raise ChatError(Code.NO_SUCH_ACCOUNT, command.account)
        here = any(user.person.account == account.name for user in self._house.users.values())
        return [AccountIs(account.name, account.time, here)]

    def _done(self, deed: AccountChange, account: str, way: Via) -> AccountDone:
        return AccountDone(deed, account, way, self._lasting)

    # ---- applying ---------------------------------------------------------------------------------------------------

    def _account_made(self, event: AccountMade) -> None:
        """Who comes second is not logged in to what the first one made."""
        house = self._house
        if fold(event.account) in house.accounts:
            return
        house.accounts[fold(event.account)] = Account(event.account, event.secret, event.id, event.time)
        house.claimed.setdefault(skeleton(event.account), event.account)
        house.post.broadcast(event, _NOBODY)
        self._account_set(AccountSet(event.by, event.account, id=event.id, time=event.time))

    def _password_set(self, event: PasswordSet) -> None:
        account = self._house.accounts.get(fold(event.account))
        if account:
            self._house.accounts[fold(event.account)] = account._replace(secret=event.secret)
            self._house.post.broadcast(event, _NOBODY)

    def _replay_set(self, event: ReplaySet) -> None:
        account = self._house.accounts.get(fold(event.account))
        if account:
            self._house.accounts[fold(event.account)] = account._replace(replay=event.on)
            self._house.post.broadcast(event, _NOBODY)

    def dropped(self, event: AccountDropped) -> None:
        """An `AccountDropped`: whoever is logged in to it is not any more, and its rooms are nobody's."""
        house = self._house
        account = house.accounts.pop(fold(event.account), None)
        if account is None:
            return
        if house.claimed.get(skeleton(account.name)) == account.name:
            del house.claimed[skeleton(account.name)]
        house.post.broadcast(event, _NOBODY)
        for user in house.users.values():
            if user.person.account == account.name:
                self._account_set(AccountSet(user.person, "", id=event.id, time=event.time))
                if user.session and user.person.uid != event.by.uid:
                    house.post.reply(user.session, self._done(AccountChange.LOGGED_OUT, account.name, Via.COMMAND))
        for session in house.sessions.values():
            if session.account == account.name:
                session.account = ""
        owner = fold(account.name)
        house.markers.pop(owner, None)
        house.owners = {room: other for room, other in house.owners.items() if other != owner}
        for room in house.rooms.values():
            room.owner = house.owners.get(fold(room.name), "")

    def _account_set(self, event: AccountSet) -> None:
        house = self._house
        if event.account and fold(event.account) not in house.accounts:
            return
        session = house.sessions.get(event.by.uid)
        if session:
            session.account = event.account
        user = house.users.get(event.by.uid)
        if user:
            user.become(replace(user.person, account=event.account))
            house.post.broadcast(event, monitor.peers_and_watchers(house, user), movers(user.session))


def _answered(decider: Callable[[Session, Any], list[Outcome]], session: Session, command: Any) -> list[Outcome]:
    """Refusals come the way that was asked."""
    try:
        return decider(session, command)
    except ChatError as error:
        return [Refused(error, command.way)]
