"""Leaving the server: because somebody wants to, was thrown off, or came in again from elsewhere."""

from collections.abc import Iterable

from chatroom.common.text import GHOST
from chatroom.core import (
    away,
    bans,
    connections,
    ignoring,
    membership,
    monitor,
    notify,
    operator_accounts,
    read_markers,
    staying,
)
from chatroom.core.context import Appliers, Context
from chatroom.core.replay import note
from chatroom.model.delivery import Delivery, sparing
from chatroom.model.departure_reasons import OVERTAKEN, STAYED_LONGEST
from chatroom.model.entities import Session, User
from chatroom.model.events import Departed, Event, Ghosted, Killed
from chatroom.model.replies import Goodbye
from chatroom.model.values import Person


def departed(ctx: Context, event: Departed, delivery: Delivery) -> None:
    state = ctx.state
    user = state.users.get(event.by.uid)
    if user is None or (event.device and user.device(event.device) is None):
        return
    if event.device and (len(user.devices) > 1 or staying.account_that_stays(state, user)):
        _device_gone(ctx, user, event.device, event, delivery)
        return
    staying.forget(state, user, event, delivery)
    del state.users[user.person.uid]
    state.forget_login(user)
    delivery.broadcast(event, *sparing(user.peers(), user.sessions))
    for room in list(user.rooms.values()):
        membership.exit_room(state, user, room, event)
    for letter in tuple(user.modes):
        state.set_user_mode(user, letter, False)
    state.nicks.remove(user)
    state.gone.appendleft((user.person, event.time))
    monitor.has_gone(ctx, user.person, delivery)
    read_markers.forget(state, user)
    ignoring.forget(state, user.person)
    for session in user.sessions:
        session.closing = True  # what it has sent before, and is still to be read, counts no more
        session.user = None
        state.here -= 1


def _device_gone(ctx: Context, user: User, uid: str, event: Event, delivery: Delivery) -> None:
    """A device goes; the person stays, with other devices or without any."""
    user.devices = tuple([device for device in user.devices if device.who.uid != uid])
    for room in user.rooms.values():
        note(ctx.state, room, user.person, event)
    session = user.session_of(uid)
    if session:
        connections.drop_session(ctx.state, session)
    away.devices_changed(ctx, user, event, delivery)
    if not user.devices:
        _stay(ctx, user, event, delivery)


def _stay(ctx: Context, user: User, event: Event, delivery: Delivery) -> None:
    """The last device of somebody who stays has gone. An operator of the server is none until they log in again."""
    state = ctx.state
    state.staying[user.person.uid] = staying.home(staying.account_that_stays(state, user))
    if user.is_operator:
        operator_accounts.set_granted(state, user, "", event, delivery)
    staying.note(state, user, event, delivery)
    while one := staying.one_too_many(state):
        departed(ctx, Departed(one.person, STAYED_LONGEST, one.room_names(), id=event.id, time=event.time), delivery)


def killed(ctx: Context, event: Killed, delivery: Delivery) -> None:
    """To the others it is a departure like any. Who is thrown off is told why, and their connection is closed."""
    if event.who.uid in ctx.state.users:
        notify.audit(ctx, event)
        if not event.by.uid:
            notify.author(ctx, event, delivery)
    reason = f"Killed ({event.by.nick}{f': {event.reason}' if event.reason else ''})"
    user = ctx.state.users.get(event.who.uid)
    ban = bans.on_person(ctx.state, user.person) if user else None
    if user and ban:
        notify.one(user, bans.refusal(ban), delivery)
    throw_out(ctx, event, event.who, reason, reason, delivery)


def ghosted(ctx: Context, event: Ghosted, delivery: Delivery) -> None:
    throw_out(ctx, event, event.who, OVERTAKEN, GHOST, delivery)


def throw_out(ctx: Context, event: Event, who: Person, reason: str, goodbye: str, delivery: Delivery) -> None:
    """Ends all of somebody's connections. `reason` is for the others, `goodbye` for the one who has to go."""
    user = ctx.state.users.get(who.uid)
    if user:
        sessions = user.sessions
        departed(ctx, Departed(user.person, reason, user.room_names(), id=event.id, time=event.time), delivery)
        _say_goodbye(ctx, sessions, goodbye, delivery)


def end_device(ctx: Context, event: Event, user: User, uid: str, reason: str, delivery: Delivery) -> None:
    """Ends one of somebody's connections, by an event; they leave if it was the last."""
    sessions = [session for session in user.sessions if session.uid == uid]
    departed(ctx, Departed(user.person, reason, user.room_names(), uid, id=event.id, time=event.time), delivery)
    _say_goodbye(ctx, sessions, reason, delivery)


def _say_goodbye(ctx: Context, sessions: Iterable[Session], goodbye: str, delivery: Delivery) -> None:
    for session in sessions:
        session.goodbye = goodbye
        connections.detach(ctx.state, session)
        delivery.reply(session, Goodbye(goodbye))


APPLIERS: Appliers = {Departed: departed, Killed: killed, Ghosted: ghosted}
