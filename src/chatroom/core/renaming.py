"""Rooms that get another name: IRCv3 draft/channel-rename.

All of a room goes with it: members, modes, lists, owner, history, how far people have read. For `REDIRECT_MS` the old
name leads to the new one, so that invitations and programs still find it; nobody else can take it meanwhile.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import LOBBY, fold, room_name
from chatroom.common.text import shortened
from chatroom.core import notify
from chatroom.core.context import Appliers, Context, Deciders
from chatroom.core.permissions import Action, require
from chatroom.model.commands import RenameRoom
from chatroom.model.delivery import Delivery
from chatroom.model.entities import Room, Session, user_of
from chatroom.model.events import Joined, Left, RoomRenamed
from chatroom.model.limits import REASON_BYTES
from chatroom.model.outcomes import Outcome
from chatroom.model.redirects import redirect
from chatroom.model.replies import PersonalNotice, RoomMoved
from chatroom.model.roll import Roll
from chatroom.model.state import ChatState

PAUSE_MS = 60_000  # milliseconds between two names of a room: each is told to all, to old programs with all members
NAMES_TOLD_MAX = 250_000  # to old programs, in all: some 10 ms with the lock held; over it they have to ask for them


def rename_room(ctx: Context, session: Session, command: RenameRoom) -> list[Outcome]:
    user = user_of(session)
    room = ctx.state.room_named(command.room, user)
    require(room, user, Action.RENAME)
    name = room_name(command.name)
    require_name(ctx.state, room, name, ctx.clock())
    return [RoomRenamed(user.person, room.name, name, shortened(command.reason, REASON_BYTES))]


def require_name(state: ChatState, room: Room, name: str, now: int) -> None:
    """Raises `ChatError` if a room can't have this name now; `now` is in milliseconds."""
    old, new = fold(room.name), fold(name)
    if old == LOBBY:
        raise ChatError(Code.ROOM_NAME_STAYS, room.name, name)
    if room.renamed and room.renamed <= now < room.renamed + PAUSE_MS:
        raise ChatError(Code.ROOM_RENAMED_LATELY, room.name, name)
    dormant = state.dormant_rooms
    leads_to = fold(state.name_now(name, now))
    is_taken = (
        name == room.name
        or new == LOBBY
        or (new != old and (new in state.rooms or new in state.owners))
        or (dormant is not None and new in dormant.rooms)
        or leads_to not in (new, old)
    )
    if is_taken or not state.room_looks_new(name, but=room.name):
        raise ChatError(Code.ROOM_NAME_TAKEN, room.name, name)


def room_renamed(ctx: Context, event: RoomRenamed, delivery: Delivery) -> None:
    state = ctx.state
    old, new = fold(event.room), fold(event.name)
    room = state.rooms.get(old)
    if room is None or (new != old and new in state.rooms):
        return
    if new != old:
        _move(state, room, event.name, event.time)
    room.name, room.renamed = event.name, event.time
    room.recent = deque([replace(said, target=event.name) for said in room.recent], room.recent.maxlen)
    for said in room.recent:
        for people in state.reactions.messages.get(said.id, {}).values():
            for key, reaction in people.items():
                people[key] = replace(reaction, target=event.name)
    notify.room_and_author(ctx, event, room, delivery)
    _tell_others(room, [session for session in room.audience if isinstance(session, Session)], event, delivery)


def _move(state: ChatState, room: Room, name: str, now: int) -> None:
    """Has all that is known by a room's folded name be known by another one."""
    old, new = fold(room.name), fold(name)
    del state.rooms[old]
    state.rooms[new] = room
    for user in room.members.values():
        rooms = user.rooms
        rooms[new] = rooms.pop(old)  # as if it were joined last, which old programs are told
    for session in room.audience:
        if isinstance(session, Session) and session.place == old:
            session.place = new
    state.move_lists(old, new, room.lists)
    owner = state.owners.get(old)
    if owner:
        state.disown(old)
        state.own(new, owner)
    state.forget_looks(room.name)
    state.room_looks.add(name)
    for kept in (state.absences, state.markers, state.guest_markers):
        kept.rename(old, new)
    redirect(state.renamed, old, name, now, state.owners.__contains__)


def _tell_others(room: Room, sessions: Iterable[Session], event: RoomRenamed, delivery: Delivery) -> None:
    """Programs that know no RENAME are told that they have left the one room and joined the other.

    Not where only the case of letters differs that all of them hold to be the same.
    """
    if event.room.isascii() and event.name.isascii() and event.room.lower() == event.name.lower():
        return
    told = [session for session in sessions if session.user and not session.format.follows_renames]
    is_crowd = len(told) * len(room.members) > NAMES_TOLD_MAX
    for session in told:
        user = user_of(session)
        left = Left(user.person, event.room, event.reason, time=event.time)
        joined = Joined(user.person, event.name, id=event.id, time=event.time)
        state = room.state(user)
        state = replace(state, roll=Roll(())) if is_crowd else state
        delivery.reply(session, RoomMoved(left, joined, state))


def follow(state: ChatState, names: dict[str, str]) -> None:
    """Clients of this server that are in one room at a time are in those that are called so by now."""
    keys = {fold(was): fold(name) for was, name in names.items()}
    for session in state.sessions.values():
        if session.place is not None:
            session.place = keys.get(session.place, session.place)


def tell_late(state: ChatState, was: str, name: str, delivery: Delivery) -> None:
    """Tells the clients of this server that a room got its name while they could not be told."""
    room = state.rooms.get(fold(name))
    if room:
        event = RoomRenamed(user_of(state.server_session).person, was, name, "")
        sessions = [session for session in room.audience if isinstance(session, Session)]
        for session in sessions:
            if session.format.follows_renames:
                delivery.reply(session, PersonalNotice(event))
        _tell_others(room, sessions, event, delivery)


DECIDERS: Deciders = {RenameRoom: rename_room}
APPLIERS: Appliers = {RoomRenamed: room_renamed}
