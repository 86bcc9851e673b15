"""Leaving the server: because somebody wants to, was thrown off, or came in again from elsewhere."""

from chatroom.common.text import GHOST
from chatroom.core import connections, ignoring, membership, monitor, notify, read_markers
from chatroom.core.context import Appliers, Context
from chatroom.model.delivery import Delivery
from chatroom.model.departure_reasons import OVERTAKEN
from chatroom.model.events import Departed, Event, Ghosted, Killed
from chatroom.model.modes import USER_MODES
from chatroom.model.replies import Goodbye
from chatroom.model.values import Person


def departed(ctx: Context, event: Departed, delivery: Delivery) -> None:
    state = ctx.state
    user = state.users.pop(event.by.uid, None)
    if user is None:
        return
    delivery.broadcast(event, user.peers(), user.session)
    for room in list(user.rooms.values()):
        membership.exit_room(state, user, room, event)
    for letter in USER_MODES:
        state.set_user_mode(user, letter, False)
    state.nicks.remove(user)
    state.gone.appendleft((user.person, event.time))
    monitor.has_gone(ctx, user.person, delivery)
    read_markers.forget(state, user)
    ignoring.forget(state, user.person)
    if user.session:
        user.session.closing = True  # what it has sent before, and is still to be read, counts no more
        user.session.user = None
        state.here -= 1


def killed(ctx: Context, event: Killed, delivery: Delivery) -> None:
    """To the others it is a departure like any. Who is thrown off is told why, and their connection is closed."""
    if event.who.uid in ctx.state.users:
        notify.audit(ctx, event)
        if not event.by.uid:
            notify.author(ctx, event, delivery)
    reason = f"Killed ({event.by.nick}{f': {event.reason}' if event.reason else ''})"
    throw_out(ctx, event, event.who, reason, reason, delivery)


def ghosted(ctx: Context, event: Ghosted, delivery: Delivery) -> None:
    throw_out(ctx, event, event.who, OVERTAKEN, GHOST, delivery)


def throw_out(ctx: Context, event: Event, who: Person, reason: str, goodbye: str, delivery: Delivery) -> None:
    """Ends somebody's connection, by an event. `reason` is for the others, `goodbye` for the one who has to go."""
    user = ctx.state.users.get(who.uid)
    if user is None:
        return
    session = user.session
    departed(ctx, Departed(user.person, reason, user.room_names(), id=event.id, time=event.time), delivery)
    if session:
        session.goodbye = goodbye
        connections.detach(ctx.state, session)
        delivery.reply(session, Goodbye(goodbye))


APPLIERS: Appliers = {Departed: departed, Killed: killed, Ghosted: ghosted}
