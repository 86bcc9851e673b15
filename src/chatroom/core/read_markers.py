"""How far people have read: IRCv3 read-marker, by which the devices of one person agree on what is new.

A marker is the time of the last message read, in milliseconds; it only ever moves ahead. Those of an account are kept
with it, by an event that is only saved. Those of a guest concern one connection alone: they are changed at once, and
held until the guest leaves.
"""

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold, is_nickname, room_name
from chatroom.core import notify
from chatroom.core.context import Appliers, Context, Deciders, Handlers
from chatroom.model.commands import AskMarker, MarkRead
from chatroom.model.delivery import Delivery
from chatroom.model.entities import Session, User, user_of
from chatroom.model.events import MarkerSet
from chatroom.model.outcomes import Outcome
from chatroom.model.replies import MarkerIs
from chatroom.model.state import ChatState


def mark_read(ctx: Context, session: Session, command: MarkRead) -> list[Outcome]:
    """Nobody has read what is still to be said."""
    user, state = user_of(session), ctx.state
    target, account = _target(command.target), user.person.account
    before = marker(state, user, target).time
    read = max(before, min(command.time, ctx.clock()))
    if read == before:
        return [MarkerIs(target, read)]
    if account:
        return [MarkerSet(user.person, account, target, read)]
    state.guest_markers.put(user.person.uid, target, read)
    return [MarkerIs(target, read)]


def marker_set(ctx: Context, event: MarkerSet, delivery: Delivery) -> None:
    """Tells all of the person's devices that have the capability."""
    state, key = ctx.state, fold(event.account)
    if key not in state.accounts:
        return
    state.markers.put(key, event.target, event.read)
    delivery.broadcast(event, notify.NOBODY)
    user = state.presence_of(event.account)
    for session in user.sessions if user else ():
        if session in state.marking:
            delivery.reply(session, MarkerIs(event.target, event.read))


def ask_marker(ctx: Context, session: Session, command: AskMarker) -> list[Outcome]:
    return [marker(ctx.state, user_of(session), _target(command.target))]


def marker(state: ChatState, user: User, target: str) -> MarkerIs:
    account = fold(user.person.account)
    read = state.markers.read(account, target) if account else state.guest_markers.read(user.person.uid, target)
    return MarkerIs(target, read)


def forget(state: ChatState, user: User) -> None:
    """Somebody has left; their account, if they have one, keeps its markers."""
    state.guest_markers.forget(user.person.uid)  # they may have been a guest before they logged in


def _target(text: str) -> str:
    """The room's or the person's name; raises `ChatError` if it can be neither."""
    if is_nickname(text):
        return text
    try:
        return room_name(text)
    except ChatError:
        raise ChatError(Code.NOTHING_TO_READ, text) from None


DECIDERS: Deciders = {AskMarker: ask_marker}
HANDLERS: Handlers = {MarkRead: mark_read}
APPLIERS: Appliers = {MarkerSet: marker_set}
