"""Tells those who are concerned by an event besides its room: who caused it, the server's operators, the audit log."""

from chatroom.core.context import Context
from chatroom.model.audience import Audience
from chatroom.model.delivery import Delivery
from chatroom.model.entities import Room, User
from chatroom.model.events import Event, ModesSet
from chatroom.model.modes import OPERATOR
from chatroom.model.replies import PersonalNotice, Reply
from chatroom.model.state import AuditEntry, ChatState

NOBODY = Audience({})  # for an event that is only saved


def room_and_author(ctx: Context, event: Event, room: Room | None, delivery: Delivery) -> None:
    """Tells the room, the author if they are not in it, and the audit log what an operator has done."""
    delivery.broadcast(event, room.audience if room else NOBODY)
    if not (room and event.by.uid in room.members):
        author(ctx, event, delivery)
    audit(ctx, event)


def author(ctx: Context, event: Event, delivery: Delivery) -> None:
    """Tells who caused an event, if they are connected here. The server itself has no uid."""
    state = ctx.state
    by = state.users.get(event.by.uid)
    for session in (state.server_session,) if not event.by.uid else by.sessions if by else ():
        delivery.reply(session, PersonalNotice(event))


def operators(ctx: Context, event: Event, delivery: Delivery) -> None:
    """Tells the operators of the server, and the audit log."""
    delivery.broadcast(event, with_mode(ctx.state, OPERATOR))
    if not event.by.uid:
        author(ctx, event, delivery)
    audit(ctx, event)


def audit(ctx: Context, event: Event) -> None:
    """Puts what an operator has done into the audit log. The server itself counts as one, but not when bans end."""
    by = ctx.state.users.get(event.by.uid) if event.by.uid else ctx.state.server_session.user
    ends = isinstance(event, ModesSet) and all(change.until and not change.on for change in event.changes)
    of_server = by is not None and by.is_operator and not ends
    ctx.state.audit_log.append(AuditEntry(event, of_server))


def with_mode(state: ChatState, letter: str) -> Audience:
    """All who are connected here and have this user mode."""
    holders = (user for user in state.users.values() if letter in user.modes)
    return Audience.of(session for user in holders for session in user.sessions)


def one(user: User, reply: Reply, delivery: Delivery) -> None:
    """Tells all of somebody's clients. Who has no name may be in a TLS handshake, and would take it for that."""
    for session in user.sessions:
        delivery.reply(session, reply)
