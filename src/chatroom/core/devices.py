"""Several devices of one person: they come, go, are listed and ended.

- Who is logged in is one user, however many connections they have. `ChatState.presences` has them by their accounts.
- Each device is in all rooms of its person. One whose format has one room at a time (netcat) is in one of them.
- A guest who logs in to an account that somebody is logged in to is the same person: their connections become devices
  of that person (`merge`).
- The person leaves with the last device, or stays without any (`staying`).
"""

from dataclasses import replace

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold
from chatroom.core import away, connections, departures, membership, notify, staying, waiting
from chatroom.core.context import Appliers, Context, Deciders
from chatroom.core.replay import replay_missed
from chatroom.model.commands import AskDevices
from chatroom.model.delivery import Delivery
from chatroom.model.departure_reasons import DEVICE_ENDED, LOGGED_OUT, SAME_PERSON
from chatroom.model.entities import Room, Session, User, user_of
from chatroom.model.events import Departed, DeviceEnded, Event, Joined, Left, ModesSet, Renamed, StaySet, UserModesSet
from chatroom.model.limits import ROOMS_PER_USER
from chatroom.model.modes import KEY
from chatroom.model.outcomes import Outcome
from chatroom.model.preferences import AskStay, SetStay
from chatroom.model.replies import (
    AwayNoted,
    DeviceClosed,
    DeviceIs,
    DevicesAre,
    NowOperator,
    PersonalNotice,
    Refused,
    Saving,
    StayIs,
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
    is_first = not user.devices
    add(state, user, device)
    session = state.sessions.get(device.who.uid)
    if session:
        session.place = "" if session.format.one_room else None
        connections.put_on(state, user, session)
    if room:
        joined = Joined(user.person, room, device.who.uid, id=event.id, time=event.time)
        membership.put_in(ctx, user, joined, delivery, welcomed=session)
    away.devices_changed(ctx, user, event, delivery)
    if is_first:
        staying.note(state, user, event, delivery)
    if session:
        _welcome(ctx, session, user, room, event, delivery)
    if is_first:
        waiting.deliver(state, user, delivery)


def _welcome(ctx: Context, session: Session, user: User, room: str, event: Event, delivery: Delivery) -> None:
    here = user.rooms.get(fold(room)) if room else None
    delivery.reply(session, welcome(ctx.state, user, here))
    for each in user.rooms.values():
        if each is here:
            replay_missed(ctx, session, each, delivery)
        else:
            _show_room(ctx, session, user, each, event, delivery)
    _show_own_state(session, user, delivery)
    if not ctx.is_saving:
        delivery.reply(session, Saving(works=False))


def welcome(state: ChatState, user: User, here: Room | None) -> Welcome:
    """What a client is told when it comes in, perhaps straight into a room."""
    stays = staying.account_that_stays(state, user) is not None
    return Welcome(user.person, state.counts(), here.state(user) if here else None, stays)


def add(state: ChatState, user: User, device: Device) -> None:
    """Gives a person one more device, with the lowest number that is free. Who had none comes from where it is."""
    if not user.devices:
        state.staying.pop(user.person.uid, None)
        who = device.who
        user.become(replace(user.person, host=who.host, address=who.address, cloak=who.cloak))
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
    is_first = not user.devices
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
        add(ctx.state, user, device)
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
    if is_first:
        staying.note(ctx.state, user, event, delivery)
        waiting.deliver(ctx.state, user, delivery)


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


# ---- staying without a device ---------------------------------------------------------------------------------------


def set_stay(ctx: Context, session: Session, command: SetStay) -> list[Outcome]:
    user = user_of(session)
    account = ctx.state.account_of(user)
    if account is None:
        return [Refused(ChatError(Code.NOT_LOGGED_IN), command.via)]
    done = StayIs(command.on, account.name, command.via)
    set_ = [StaySet(user.person, account.name, command.on, session.uid)] if account.stays is not command.on else []
    return [*set_, done]


def ask_stay(ctx: Context, session: Session, command: AskStay) -> list[Outcome]:
    user = user_of(session)
    if not user.person.account:
        raise ChatError(Code.NOT_LOGGED_IN)
    return [StayIs(staying.account_that_stays(ctx.state, user) is not None, user.person.account)]


def stay_set(ctx: Context, event: StaySet, delivery: Delivery) -> None:
    """Who has no device any more leaves with it."""
    state, key = ctx.state, fold(event.account)
    account = state.accounts.get(key)
    if account is None:
        return
    user = state.presence_of(account.name)
    if user and not event.on:
        staying.forget(state, user, event, delivery)
    state.accounts[key] = account._replace(stays=event.on)
    delivery.broadcast(event, notify.NOBODY)
    if user is None:
        return
    staying.note(state, user, event, delivery)
    for session in user.sessions:
        if session.uid != event.device:
            delivery.reply(session, StayIs(event.on, account.name, None))
    if not user.devices and not event.on:
        departures.throw_out(ctx, event, user.person, LOGGED_OUT, "", delivery)


DECIDERS: Deciders = {AskDevices: ask_devices, SetStay: set_stay, AskStay: ask_stay}
APPLIERS: Appliers = {DeviceEnded: device_ended, StaySet: stay_set}
