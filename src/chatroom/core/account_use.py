"""Where and when accounts are used, and how those that nobody uses any more are freed.

- An account is *at home* at the addresses where it was claimed or used last. Who logs in from there isn't held up by
  strangers' guesses (see `login_throttle`). A login notes its address if that is new, and its time once a day.
- Whoever stays logged in uses their account, which is noted once a day.
- An account that was not used for `Context.account_days` is freed. Owners of rooms are told so at a login first. Who
  was never told is given twice the time.
- Accounts of those who are logged in are in use, but not those of who stays without a device. Those of operators of the
  server are never freed: whoever claims such a name next would be one.
"""

import logging

from chatroom.common.addresses import limit_key
from chatroom.common.names import fold
from chatroom.core import notify
from chatroom.core.context import Appliers, Context, Deciders
from chatroom.core.operator_accounts import is_operator
from chatroom.model.commands import FreeAccounts, NoteUse
from chatroom.model.delivery import Delivery
from chatroom.model.entities import Account, Session
from chatroom.model.events import AccountDropped, AccountUsed
from chatroom.model.outcomes import Outcome
from chatroom.model.replies import AccountLapses
from chatroom.model.values import Person

DAY_MS = 86_400_000  # milliseconds
RECENT_HOMES = 2  # addresses where an account was used last, besides the one where it was claimed: a house and a phone

log = logging.getLogger(__name__)


def who(ctx: Context, session: Session, name: str) -> Person:
    """Who a client is, also before it has come in under a name."""
    return session.user.person if session.user else Person(session.uid, name, "*", ctx.cloaks.shown(session.host))


def note_use(ctx: Context, session: Session, account: Account) -> list[Outcome]:
    """Notes that a client has logged in to an account, if there is anything new; may warn the owner of rooms."""
    now = ctx.clock()
    home = _with_home(account.home, limit_key(session.host))
    warning: list[Outcome] = []
    if ctx.account_days and (not account.warned or now - account.used > _limit_ms(ctx) // 2):
        rooms = len(ctx.state.owned.get(fold(account.name), ()))
        warning = [AccountLapses(account.name, rooms, ctx.account_days)] if rooms else []
    warned = account.warned or bool(warning)
    if home == account.home and warned == account.warned and now - account.used < DAY_MS:
        return warning
    return [AccountUsed(who(ctx, session, account.name), account.name, account.id, home, warned), *warning]


def _with_home(home: str, address: str) -> str:
    """The addresses where an account is at home, with one more. The first stays, and the `RECENT_HOMES` latest."""
    known = home.split()
    if address in known[:1]:
        return home
    recent = [each for each in known[1:] if each != address]
    return " ".join([*known[:1], *[*recent, address][-RECENT_HOMES:]])


def _limit_ms(ctx: Context) -> int:
    return ctx.account_days * DAY_MS


def unused_before(ctx: Context) -> int:
    """The time in milliseconds since when an account must have been used to be kept; 0 if all are kept."""
    return ctx.clock() - _limit_ms(ctx) if ctx.account_days else 0


def note_uses(ctx: Context, session: Session, command: NoteUse) -> list[Outcome]:
    known = [ctx.state.accounts.get(fold(name)) for name in dict.fromkeys(command.accounts)]
    return [
        AccountUsed(_nobody(ctx), account.name, account.id, account.home, account.warned)
        for account in known
        if account and ctx.clock() - account.used >= DAY_MS
    ]


def free_accounts(ctx: Context, session: Session, command: FreeAccounts) -> list[Outcome]:
    state, limit = ctx.state, unused_before(ctx)
    outcomes: list[Outcome] = []
    for key in map(fold, command.accounts):
        account = state.accounts.get(key)
        if account is None or account.used >= limit or is_operator(ctx, account.name):
            continue
        here = state.presences.get(key)
        if here and here.devices:
            outcomes.append(AccountUsed(_nobody(ctx), account.name, account.id, account.home, account.warned))
        elif account.warned or not state.owned.get(key) or account.used < limit - _limit_ms(ctx):
            outcomes.append(AccountDropped(_nobody(ctx), account.name, account.used))
            log.info("the name %s is freed: it was not used for %d days", account.name, ctx.account_days)
    return outcomes


def _nobody(ctx: Context) -> Person:
    """The server itself."""
    return Person("", ctx.state.server_session.nick, "", "")


def account_used(ctx: Context, event: AccountUsed, delivery: Delivery) -> None:
    """Has it saved, and tells nobody. By now the name may belong to another account, which is not changed."""
    account = ctx.state.accounts.get(fold(event.account))
    if account and account.id == event.made:
        used = max(account.used, event.time)
        ctx.state.accounts[fold(event.account)] = account._replace(home=event.home, used=used, warned=event.warned)
        delivery.broadcast(event, notify.NOBODY)


DECIDERS: Deciders = {NoteUse: note_uses, FreeAccounts: free_accounts}
APPLIERS: Appliers = {AccountUsed: account_used}
