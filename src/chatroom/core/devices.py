"""Several devices of one person: they come, go, are listed and ended.

- Who is logged in is one user, however many connections they have. `ChatState.presences` has them by their accounts.
- Each device is in all rooms of its person. One whose format has one room at a time (netcat) is in one of them.
- A guest who logs in to an account that somebody is logged in to is the same person: their connections become devices
  of that person (`merge`).
- The person leaves with the last device.
"""

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold
from chatroom.core import away, connections, departures, membership
from chatroom.core.context import Appliers, Context, Deciders
from chatroom.core.replay import replay_missed
from chatroom.model.commands import AskDevices
from chatroom.model.delivery import Delivery
from chatroom.model.departure_reasons import DEVICE_ENDED, SAME_PERSON
from chatroom.model.entities import Room, Session, User, user_of
from chatroom.model.events import Departed, DeviceEnded, Event, Joined, Left, ModesSet, Renamed, UserModesSet
from chatroom.model.limits import ROOMS_PER_USER
from chatroom.model.modes import KEY
from chatroom.model.outcomes import Outcome
from chatroom.model.replies import (
    AwayNoted,
    DeviceClosed,
    DeviceIs,
    DevicesAre,
    NowOperator,
    PersonalNotice,
    Saving,
    Welcome,
)
from chatroom.model.state import ChatState
from chatroom.model.values import Device, ModeChange

DEVICES_PER_PERSON = 10  # connections of one account: all that one person holds, and no crowd under one name

# ---- coming ---------------------------------------------------------------------------------------------------------


def require_place(user: User) -> None:
    """Raises `ChatError` if this person has as many devices as one may have."""
    if len(user.devices) >= DEVICES_PER_PERSON:
        raise ChatError(Code.TOO_MANY_DEVICES, user.person.account)


def attach(ctx: Context, user: User, device: Device, room: str, event: Event, delivery: Delivery) -> None:
    """One more device comes. If it is connected here it is welcomed, and told of all rooms as if it had joined them.

    `room` is the one that it is to be in, if it has one at a time.
    """
    state = ctx.state
    add(user, device)
    session = state.sessions.get(device.who.uid)
    if session:
        session.place = "" if session.format.one_room else None
        connections.put_on(state, user, session)
    if room:
        joined = Joined(user.person, room, device.who.uid, id=event.id, time=event.time)
        membership.put_in(ctx, user, joined, delivery, welcomed=session)
    away.devices_changed(ctx, user, event, delivery)
    if session is None:
        return
    here = user.rooms.get(fold(room)) if room else None
    delivery.reply(session, Welcome(user.person, state.counts(), here.state(user) if here else None))
    for each in user.rooms.values():
        if each is here:
            replay_missed(ctx, session, each, delivery)
        else:
            _show_room(ctx, session, user, each, event, delivery)
    _show_own_state(session, user, delivery)
    if not ctx.is_saving:
        delivery.reply(session, Saving(works=False))


def add(user: User, device: Device) -> None:
    """Gives a person one more device, with the lowest number that is free."""
    taken = {each.number for each in user.devices}
    number = next(n for n in range(1, len(taken) + 2) if n not in taken)
    user.devices = (*user.devices, device._replace(number=number))
    for session in user.sessions:
        connections.keep_to_one_room(user, session)


def _show_room(ctx: Context, session: Session, user: User, room: Room, event: Event, delivery: Delivery) -> None:
    """Tells a device that it is in a room of its person, unless it is in another one."""
    if session.is_in(room):
        joined = Joined(user.person, room.name, id=event.id, time=event.time)
        delivery.reply(session, PersonalNotice(joined))
        membership.show(ctx, session, room, delivery)


def _show_own_state(session: Session, user: User, delivery: Delivery) -> None:
    """Tells a device what its person is and has set about themselves."""
    if user.is_operator:
        delivery.reply(session, NowOperator())
    if user.modes:
        changes = tuple([ModeChange(True, letter) for letter in sorted(user.modes)])
        delivery.reply(session, PersonalNotice(UserModesSet(user.person, changes)))
    if user.away:
        delivery.reply(session, AwayNoted(True))


def merge(ctx: Context, guest: User, user: User, event: Event, delivery: Delivery) -> None:
    """Somebody has logged in as a person who is here: their connections become devices of that person.

    The person enters the rooms that they are in as a guest, as far as that may be. To all others the guest leaves.
    """
    before, devices, sessions, rooms = guest.person, guest.devices, guest.sessions, list(guest.rooms.values())
    for one in (guest, user):
        for session in one.sessions:
            connections.keep_to_one_room(one, session)
    connections.detach_user(ctx.state, guest)  # first: they are told in their own way
    for room in rooms:
        _follow(ctx, guest, user, room, event, delivery)
    reason = SAME_PERSON.format(nick=user.person.nick)
    departed = Departed(before, reason, guest.room_names(), id=event.id, time=event.time)
    departures.departed(ctx, departed, delivery)
    for device in devices:
        add(user, device)
    away.devices_changed(ctx, user, event, delivery)
    for session in sessions:
        connections.put_on(ctx.state, user, session)
        renamed = Renamed(before, user.person.nick, id=event.id, time=event.time)
        delivery.reply(session, PersonalNotice(renamed))
        for room in rooms:
            if fold(room.name) not in user.rooms:
                left = Left(user.person, room.name, "", id=event.id, time=event.time)
                delivery.reply(session, PersonalNotice(left))
        for room in user.rooms.values():
            if room not in rooms:
                _show_room(ctx, session, user, room, event, delivery)
        _show_own_state(session, user, delivery)


def _follow(ctx: Context, guest: User, user: User, room: Room, event: Event, delivery: Delivery) -> None:
    """Has a person enter a room that they are in as a guest, and have the rank that they have there."""
    if user.person.uid not in room.members:
        if not _may_follow(ctx.state, room, user):
            return
        joined = Joined(user.person, room.name, id=event.id, time=event.time)
        membership.put_in(ctx, user, joined, delivery)
    held = room.ranks.get(user.person.uid, "")
    ranks = [rank for rank in room.ranks.get(guest.person.uid, "") if rank not in held]
    for rank in ranks:
        room.set_rank(user.person.uid, rank, True)
    if ranks:
        changes = tuple([ModeChange(True, rank, user.person.nick, user.person.uid) for rank in ranks])
        delivery.broadcast(ModesSet(user.person, room.name, changes, id=event.id, time=event.time), room.audience)


def _may_follow(state: ChatState, room: Room, user: User) -> bool:
    """Who has the key as a guest has it; and a full room gets no fuller."""
    try:
        membership.require_entry(state, room.name, user, room.modes.get(KEY, ""))
    except ChatError as error:
        return error.code is Code.ROOM_FULL
    return len(user.rooms) < ROOMS_PER_USER


# ---- asking, and ending one -----------------------------------------------------------------------------------------


def ask_devices(ctx: Context, session: Session, command: AskDevices) -> list[Outcome]:
    user = user_of(session)
    rows = [
        DeviceIs(
            device.number,
            device.kind,
            device.since,
            device.who.address or device.who.host,
            ctx.state.server_of(device.who.uid),
            device.who.uid == session.uid,
        )
        for device in sorted(user.devices, key=lambda device: device.number)
    ]
    return [DevicesAre(tuple(rows))]


def end(user: User, number: str) -> list[Outcome]:
    """Ends one of somebody's connections, by its number."""
    device = next((each for each in user.devices if str(each.number) == number), None)
    if device is None:
        raise ChatError(Code.NO_SUCH_DEVICE, number)
    return [DeviceEnded(user.person, device.who.uid, DEVICE_ENDED), DeviceClosed(device.number, device.kind)]


def device_ended(ctx: Context, event: DeviceEnded, delivery: Delivery) -> None:
    user = ctx.state.users.get(event.by.uid)
    if user:
        departures.end_device(ctx, event, user, event.device, event.reason, delivery)


DECIDERS: Deciders = {AskDevices: ask_devices}
APPLIERS: Appliers = {DeviceEnded: device_ended}
