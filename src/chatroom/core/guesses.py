"""Passwords and keys that many people share: the server's, its operators', those of rooms.

Guesses are limited by the address that they come from, and in all for each password or key. Operators are told of them:
those of the server of guesses at their password, those of a room of guesses at its key.
"""

import logging
from collections.abc import Callable
from hmac import compare_digest

from chatroom.common.addresses import limit_key
from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold
from chatroom.core import notify
from chatroom.core.connections import quit_
from chatroom.core.context import Appliers, Context, Handlers
from chatroom.core.login_throttle import Attempt
from chatroom.core.replay import was_in
from chatroom.model.audience import Audience
from chatroom.model.commands import BecomeOperator, Compared, Enter, NoteWrongKey, Quit
from chatroom.model.delivery import Delivery
from chatroom.model.entities import Room, Session, user_of
from chatroom.model.events import Guessed, UserModesSet
from chatroom.model.limits import WRONG_PASSWORDS_PER_CONNECTION
from chatroom.model.modes import OPERATOR
from chatroom.model.outcomes import Deferred, Outcome
from chatroom.model.replies import Admitted, NowOperator, Refused
from chatroom.model.state import AuditEntry
from chatroom.model.values import ModeChange, Person

log = logging.getLogger(__name__)

# ---- the passwords of the server and of its operators ---------------------------------------------------------------


def enter(ctx: Context, session: Session, command: Enter) -> list[Outcome]:
    if session.user:
        raise ChatError(Code.ALREADY_REGISTERED)
    if session.admitted:
        return []
    attempt = ctx.throttle.begin_server_password(session, ctx.steady())
    given, wanted = command.password.encode(), ctx.password.encode()
    return _check(ctx, command, attempt, lambda: compare_digest(given, wanted))


def become_operator(ctx: Context, session: Session, command: BecomeOperator) -> list[Outcome]:
    user_of(session)
    if not ctx.operator_password:
        raise ChatError(Code.OPERATORS_UNKNOWN)
    attempt = ctx.throttle.begin_operator_password(session, ctx.steady())
    wanted, address = ctx.operator_password, limit_key(session.host)
    return _check(ctx, command, attempt, lambda: ctx.passwords.compare(command.password, wanted, address))


def _check(
    ctx: Context, ask: Enter | BecomeOperator, attempt: Attempt, check: Callable[[], bool | None]
) -> list[Outcome]:
    """Has a password checked. If it was guessed at too often, that waits for its turn."""
    return [
        Deferred(
            lambda: Compared(ask, ctx.throttle.in_turn(attempt, check)),
            lambda compared: ctx.throttle.end(attempt, compared.fits),
        )
    ]


def compared(ctx: Context, session: Session, command: Compared) -> list[Outcome]:
    if command.fits is None:
        raise ChatError(Code.LOGIN_TOO_OFTEN)
    if not command.fits:
        return _wrong(ctx, session, command.ask)
    if isinstance(command.ask, Enter):
        session.admitted = True
        return [Admitted()]
    user = user_of(session)
    change = ModeChange(True, OPERATOR)
    return [NowOperator(), *([] if user.is_operator else [UserModesSet(user.person, (change,))])]


def _wrong(ctx: Context, session: Session, ask: Enter | BecomeOperator) -> list[Outcome]:
    """After `WRONG_PASSWORDS_PER_CONNECTION` a connection is closed."""
    session.tries += 1
    outcomes: list[Outcome] = [Refused(ChatError(Code.WRONG_PASSWORD))]
    if isinstance(ask, BecomeOperator):
        outcomes += _told(ctx, session, "", ctx.throttle.operator_guesses(ctx.steady()))
    if session.tries < WRONG_PASSWORDS_PER_CONNECTION:
        return outcomes
    return [*outcomes, *quit_(ctx, session, Quit("too many wrong passwords", refused=True))]


# ---- keys of rooms --------------------------------------------------------------------------------------------------


def require_key_tries(ctx: Context, session: Session, room: Room) -> None:
    """Raises `ChatError` if keys of this room were guessed too often; not for who has been in it lately."""
    is_known = was_in(ctx.state, room, user_of(session).person)
    if not ctx.throttle.may_try_key(fold(room.name), session.host, is_known, ctx.steady()):
        raise ChatError(Code.KEY_TOO_OFTEN, room.name)


def note_wrong_key(ctx: Context, session: Session, command: NoteWrongKey) -> list[Outcome]:
    key = fold(command.room)
    log.info("%s gave a wrong key for %s", session.host, command.room)
    return _told(ctx, session, command.room, ctx.throttle.note_wrong_key(key, session.host, ctx.steady()))


# ---- telling operators ----------------------------------------------------------------------------------------------


def _told(ctx: Context, session: Session, target: str, count: int) -> list[Outcome]:
    return [Guessed(_server(ctx), session.nick, target, count)] if count else []


def _server(ctx: Context) -> Person:
    return user_of(ctx.state.server_session).person


def guessed(ctx: Context, event: Guessed, delivery: Delivery) -> None:
    operators = dict.fromkeys(notify.with_mode(ctx.state, OPERATOR))
    room = ctx.state.rooms.get(fold(event.target))
    if room:
        operators |= dict.fromkeys(room.ranked(OPERATOR))
    delivery.broadcast(event, Audience.of(operators))
    ctx.state.audit_log.append(AuditEntry(event, of_server=room is None))


HANDLERS: Handlers = {
    Enter: enter,
    BecomeOperator: become_operator,
    Compared: compared,
    NoteWrongKey: note_wrong_key,
}
APPLIERS: Appliers = {Guessed: guessed}
