"""Joining and leaving rooms, and what becomes of a room that is opened or left by its last member."""

from dataclasses import replace

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import LOBBY, fold, room_name
from chatroom.common.text import shortened
from chatroom.core import metadata, notify, read_markers, staying
from chatroom.core.context import Appliers, Context, Deciders
from chatroom.core.guesses import require_key_tries
from chatroom.core.permissions import SILENCED_AWAY, Action, Attempt, Role, is_silent, require, role
from chatroom.core.replay import note, replay_missed
from chatroom.model.commands import Join, Leave, LeaveAll, NoteWrongKey
from chatroom.model.delivery import Delivery, sparing
from chatroom.model.entities import Lists, Room, Session, User, new_lists, user_of
from chatroom.model.events import AwaySet, Event, Founded, Joined, Left, Opened
from chatroom.model.limits import REASON_BYTES, ROOMS_PER_USER
from chatroom.model.masks import MaskList
from chatroom.model.modes import BAN, KEY, OPERATOR, bounded, closed
from chatroom.model.outcomes import Deferred, Outcome
from chatroom.model.replies import Redirected, Refused
from chatroom.model.state import ChatState
from chatroom.model.values import Person

ROOMS_PER_OWNER = 50  # by one account: each is remembered for good

# ---- who may come in ------------------------------------------------------------------------------------------------


def require_entry(state: ChatState, name: str, user: User, key: str) -> None:
    """Raises `ChatError` if this user may not enter the room, whether somebody is in it or not.

    An operator's invitation lets them in whatever else is set.
    """
    room = room_to_enter(state, name)
    if room and room not in user.invited:
        require(room, user, Action.JOIN, Attempt(key=key))


def room_to_enter(state: ChatState, name: str) -> Room | None:
    """The room as who wants to enter meets it, even if nobody is in it; None if nothing is known of it."""
    room, lists, modes = state.rooms.get(fold(name)), state.lists.get(fold(name)), state.kept.get(fold(name))
    if room is None and (lists or modes):
        room = _empty_room(state, name, lists or new_lists())
        room.modes = modes or room.modes
    return room


def _empty_room(state: ChatState, name: str, lists: Lists) -> Room:
    """A room that nobody is in, as who opens it meets it.

    Where it is nobody's, only bans that were made for somebody count: else whoever leaves last could close it for all.
    """
    owner = state.owners.get(fold(name), "")
    if not owner and fold(name) != LOBBY:
        lists = {**lists, BAN: MaskList({key: entry for key, entry in lists[BAN].items() if entry.whom})}
    room = Room(name, 0, lists)
    room.owner = owner
    return room


def _name_of_room(state: ChatState, text: str) -> str:
    """A text as a room's name. A room that is remembered keeps its name, even if it could no longer be made."""
    key = fold(text)
    is_remembered = state.dormant_rooms is not None and key in state.dormant_rooms.rooms
    if is_remembered or key in state.owners:
        return text
    name = room_name(text)
    if not state.room_looks_new(name):
        raise ChatError(Code.ROOM_LIKE, name)
    return name


# ---- deciding -------------------------------------------------------------------------------------------------------


def join(ctx: Context, session: Session, command: Join) -> list[Outcome]:
    user = user_of(session)
    asked = redirected(ctx.state, user, command.room, ctx.clock())
    told: list[Outcome] = [] if asked == command.room else [Redirected(command.room, asked)]
    if told and session.format.follows_renames and not session.format.one_room:
        return told  # such a program joins by itself
    room = ctx.state.rooms.get(fold(asked))
    name = room.name if room else _name_of_room(ctx.state, asked)
    several = len(user.devices) > 1
    device = session.uid if session.place is not None else ""
    moves = command.move and not several  # what others of one's devices are in, perhaps, is not left
    places = [each for each in user.rooms.values() if each is not room] if moves else []
    if places and staying.account_that_stays(ctx.state, user):  # in the others they are without a device
        places = [each for each in places if session.is_in(each)]
    left: list[Outcome] = [*told, *[Left(user.person, each.name, "") for each in places]]
    if room and user.person.uid in room.members:
        if session.is_in(room):
            return [*told, room.state(user)] if command.move else told
        return [*left, Joined(user.person, room.name, device)]
    if len(user.rooms) - len(left) + len(told) >= ROOMS_PER_USER:
        raise ChatError(Code.TOO_MANY_ROOMS, name)
    try:
        _require_entry(ctx, session, name, command.key)
    except ChatError as error:
        if error.code is not Code.KEY_NEEDED or not command.key:
            raise
        return [Refused(ChatError(Code.KEY_WRONG, *error.about)), Deferred(lambda: NoteWrongKey(name))]
    joined = [*left, Joined(user.person, room.name if room else name, device)]
    if room and room.is_owned_by(user.person):
        joined.append(room.to_operator(user.person))
    return joined


def redirected(state: ChatState, user: User, name: str, now: int) -> str:
    """The name by which a room is joined that was called otherwise; who may not know of it is not told.

    Who is in it, and joins by the old name, wants another room. They get it if the old one is nobody's.
    """
    new = state.name_now(name, now)
    if new == name:
        return name
    room = state.rooms.get(fold(new))
    is_secret = not room.known_to(user) if room else "s" in state.kept.get(fold(new), ())
    wants_another = room and not room.owner and user.person.uid in room.members
    return name if is_secret or wants_another else new


def _require_entry(ctx: Context, session: Session, name: str, key: str) -> None:
    """Raises `ChatError` if this client may not enter the room, also if its keys were guessed too often."""
    user, room = user_of(session), room_to_enter(ctx.state, name) if key else None
    is_guess = room is not None and KEY in room.modes and role(room, user) < Role.OWNER
    if room and is_guess and room not in user.invited:
        require_key_tries(ctx, session, room)
    require_entry(ctx.state, name, user, key)


def leave(ctx: Context, session: Session, command: Leave) -> list[Outcome]:
    room = ctx.state.room_of(session, command.room)
    user = user_of(session)
    reason = "" if is_silent(room, user) else shortened(command.reason, REASON_BYTES)
    return [Left(user.person, room.name, reason)]


def leave_all(ctx: Context, session: Session, command: LeaveAll) -> list[Outcome]:
    user = user_of(session)
    return [Left(user.person, room.name, "") for room in user.rooms.values()]


# ---- applying -------------------------------------------------------------------------------------------------------


def joined(ctx: Context, event: Joined, delivery: Delivery) -> None:
    user = ctx.state.users.get(event.by.uid)
    if user:
        put_in(ctx, user, event, delivery)


def put_in(ctx: Context, user: User, event: Joined, delivery: Delivery, welcomed: Session | None = None) -> None:
    """Has a user enter a room, and shows it to those of their devices that are in it then; but not to `welcomed`.

    If the user is in it already, only the device that is in one room at a time goes there.
    """
    room = user.rooms.get(fold(event.room))
    before = [session for session in user.sessions if room and session.is_in(room)]
    if room is None:
        room = enter(ctx, user, event.room, event, delivery, event.device)
    elif (session := user.session_of(event.device)) and session not in before:
        _go(user, session, room)
        room.audience = room.audience.plus(session)
    for session in user.sessions:
        if session.is_in(room) and session not in before and session is not welcomed:
            show(ctx, session, room, delivery)


def _go(user: User, session: Session, room: Room) -> None:
    """Has a client that is in one room at a time leave the one where it is, for another."""
    here = user.rooms.get(session.place or "")
    if here:
        here.audience = here.audience.minus(session)
    session.place = fold(room.name)


def show(ctx: Context, session: Session, room: Room, delivery: Delivery) -> None:
    """Tells a client what it needs to know of a room that it is in from now on."""
    user = user_of(session)
    if session in ctx.state.marking:
        delivery.reply(session, read_markers.marker(ctx.state, user, room.name))
    delivery.reply(session, room.state(user))
    metadata.show(ctx.state, session, room, delivery)
    replay_missed(ctx, session, room, delivery)


def enter(ctx: Context, user: User, name: str, event: Event, delivery: Delivery, device: str = "") -> Room:
    """Puts a user into a room, which is opened if nobody is in it, and tells the room.

    Of the devices that are in one room at a time, the one with the uid `device` goes there, and those that are nowhere.
    """
    state, key = ctx.state, fold(name)
    room = state.rooms.get(key)
    opened = room is None
    if room is None:
        room = open_room(state, name, event.time)
        room.opened = event.id
        save_opening(ctx, room, delivery)
    while ctx.keep_ms and room.recent and room.recent[0].time < event.time - ctx.keep_ms:
        room.recent.popleft()
    for session in user.sessions:
        if session.place is not None and (session.uid == device or session.place not in user.rooms):
            _go(user, session, room)
    room.add(user)
    if opened and key != LOBBY:
        _found(ctx, room, user, event, delivery)
    user.rooms[key] = room
    user.invited.pop(room, None)
    silent = is_silent(room, user)  # then their real name and their away message are not for this room
    by = replace(event.by, realname=event.by.nick) if silent else event.by
    joined = Joined(by, room.name, id=event.id, time=event.time)
    delivery.broadcast(joined, *sparing(room.audience, user.movers()))
    if user.away:
        away = AwaySet(event.by, SILENCED_AWAY if silent else user.away, id=event.id, time=event.time)
        delivery.broadcast(away, *sparing(room.audience, user.sessions))
    metadata.tell_of(state, user, room, delivery)
    staying.note(state, user, event, delivery)
    return room


def open_room(state: ChatState, name: str, now: int, modes: dict[str, str] | None = None) -> Room:
    """A room that somebody is about to enter first, with what was kept of it; else with these modes, if they are known.

    `now` is in milliseconds.
    """
    key = fold(name)
    room = state.rooms[key] = Room(name, now, state.lists.setdefault(key, new_lists()))
    room.modes = room.modes if modes is None else bounded(modes)
    state.note_lists(key)
    state.room_looks.add(name)
    recall(state, room)
    return room


def recall(state: ChatState, room: Room) -> None:
    """Gives a room what was kept of it while nobody was there, its owner's modes above all."""
    key = fold(room.name)
    if state.dormant_rooms:
        state.dormant_rooms.restore(room)
    room.owner = state.owners.get(key, "")
    room.modes = state.kept.pop(key, room.modes)
    room.refresh_speech_checks()


def save_opening(ctx: Context, room: Room, delivery: Delivery) -> None:
    """Has it saved that a room was opened, and what closes it now."""
    if ctx.state.dormant_rooms:
        nobody, shut = Person("", "", "", ""), closed(room.modes)
        opened(ctx, Opened(nobody, room.name, shut, room.owner, id=room.opened, time=room.created), delivery)


def opened(ctx: Context, event: Opened, delivery: Delivery) -> None:
    """Only saved: what was said in a closed room that all have left is hidden by it."""
    delivery.broadcast(event, notify.NOBODY)


def _found(ctx: Context, room: Room, user: User, event: Event, delivery: Delivery) -> None:
    """Makes who opens a room its operator, and its owner if they are logged in, unless it has one.

    An owner stays one when all have left, and so do the room's modes; others who open it are not its operators.
    """
    account = user.person.account
    if not room.owner and account and len(ctx.state.owned.get(fold(account), ())) < ROOMS_PER_OWNER:
        founded(ctx, Founded(event.by, room.name, account, id=event.id, time=event.time), delivery)
    if not room.owner or room.is_owned_by(user.person):
        room.set_rank(user.person.uid, OPERATOR, True)


def founded(ctx: Context, event: Founded, delivery: Delivery) -> None:
    """Only saved, besides what it changes."""
    state = ctx.state
    room = state.rooms.get(fold(event.room))
    if room and fold(event.room) not in state.owners and fold(event.account) in state.accounts:
        room.owner = fold(event.account)
        state.own(fold(event.room), room.owner)
        delivery.broadcast(event, notify.NOBODY)


def left(ctx: Context, event: Left, delivery: Delivery) -> None:
    user = ctx.state.users.get(event.by.uid)
    room = user.rooms.get(fold(event.room)) if user else None
    if user and room:
        # One that did not leave by itself, as another device did, has to be told.
        delivery.broadcast(event, *sparing(room.audience, user.movers() if len(user.devices) == 1 else ()))
        exit_room(ctx.state, user, room, event)
        staying.note(ctx.state, user, event, delivery)


def exit_room(state: ChatState, user: User, room: Room, event: Event) -> None:
    """Takes a user out of a room, which ends if nobody is left."""
    key = fold(room.name)
    note(state, room, user.person, event)
    room.remove(user)
    del user.rooms[key]
    if not room.members:
        del state.rooms[key]
        state.forget_looks(room.name)
        state.leave_lists(key, event.time)
        if room.owner:
            state.kept[key] = room.modes
        if state.dormant_rooms:
            state.dormant_rooms.store(room)


DECIDERS: Deciders = {Join: join, Leave: leave, LeaveAll: leave_all}
APPLIERS: Appliers = {Joined: joined, Left: left, Opened: opened, Founded: founded}
