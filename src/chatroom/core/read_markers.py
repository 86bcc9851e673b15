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
from chatroom.model.limits import READ_MARKERS_PER_USER
from chatroom.model.outcomes import Outcome
from chatroom.model.replies import MarkerIs
from chatroom.model.state import ChatState


def mark_read(ctx: Context, session: Session, command: MarkRead) -> list[Outcome]:
    """Nobody has read what is still to be said."""
    user, state = user_of(session), ctx.state
    target, account = _target(command.target), user.person.account
    before = _markers(state, user).get(fold(target), 0)
    read = max(before, min(command.time, ctx.clock()))
    if read == before:
        return [MarkerIs(target, read)]
    if account:
        return [MarkerSet(user.person, account, target, read)]
    put(state.guest_markers.setdefault(user.person.uid, {}), target, read)
    return [MarkerIs(target, read)]


def marker_set(ctx: Context, event: MarkerSet, delivery: Delivery) -> None:
    """Tells all of the person's devices that have the capability."""
    state, key = ctx.state, fold(event.account)
    if key not in state.accounts:
        return
    dropped = put(state.markers.setdefault(key, {}), event.target, event.read)
    state.note_markers(key, (fold(event.target),))
    state.forget_marker(key, dropped)
    delivery.broadcast(event, notify.NOBODY)
    user = state.presence_of(event.account)
    for session in user.sessions if user else ():
        if session in state.marking:
            delivery.reply(session, MarkerIs(event.target, event.read))


def put(markers: dict[str, int], target: str, read: int) -> str:
    """The one that was moved last stands last; of too many, the first goes: returns its target, or ""."""
    read = max(read, markers.pop(fold(target), 0))
    markers[fold(target)] = read
    if len(markers) <= READ_MARKERS_PER_USER:
        return ""
    first = next(iter(markers))
    del markers[first]
    return first


def ask_marker(ctx: Context, session: Session, command: AskMarker) -> list[Outcome]:
    return [marker(ctx.state, user_of(session), _target(command.target))]


def marker(state: ChatState, user: User, target: str) -> MarkerIs:
    return MarkerIs(target, _markers(state, user).get(fold(target), 0))


def forget(state: ChatState, user: User) -> None:
    """Somebody has left; their account, if they have one, keeps its markers."""
    state.guest_markers.pop(user.person.uid, None)  # they may have been a guest before they logged in


def forget_account(state: ChatState, key: str) -> None:
    """An account, by its folded name, is dropped."""
    for target in state.markers.pop(key, {}):
        state.forget_marker(key, target)


def rename(state: ChatState, old: str, new: str) -> None:
    """What is read of a room is read of it under its new name; both are folded."""
    accounts = state.marked.pop(old, set())
    for markers in (*[state.markers[account] for account in accounts], *state.guest_markers.values()):
        if old in markers:
            markers[new] = max(markers.pop(old), markers.get(new, 0))
    if accounts:
        state.marked.setdefault(new, set()).update(accounts)


def _markers(state: ChatState, user: User) -> dict[str, int]:
    """An account's, or a guest's."""
    account = user.person.account
    return state.markers.get(fold(account), {}) if account else state.guest_markers.get(user.person.uid, {})


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
