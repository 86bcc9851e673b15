"""Keeping order in a room: who is thrown out and who is invited, the topic, the modes, the lists of masks.

Who may do what is said by the table in `permissions`.
"""

from dataclasses import replace

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold
from chatroom.common.text import number, shortened
from chatroom.core import bans, notify, staying, waiting
from chatroom.core.context import Appliers, Context, Deciders
from chatroom.core.membership import exit_room
from chatroom.core.permissions import Action, require
from chatroom.model.commands import AskList, Invite, Kick, SetModes, SetTopic
from chatroom.model.delivery import Delivery, sparing
from chatroom.model.entities import Lists, Room, Session, User, new_lists, user_of
from chatroom.model.events import Invited, Kicked, ModesSet, TopicSet
from chatroom.model.limits import KEY_BYTES, MASKS_PER_LIST, MODES_PER_LINE, REASON_BYTES, ROOMS_PER_USER, TOPIC_BYTES
from chatroom.model.masks import mask as whole_mask
from chatroom.model.modes import BAN, KEY, NUMBERS, ROOM_MODES, ModeKind
from chatroom.model.outcomes import Outcome
from chatroom.model.replies import Inviting, ListIs, PersonalNotice, Refused
from chatroom.model.state import ChatState
from chatroom.model.values import ListEntry, ModeChange, Topic


def kick(ctx: Context, session: Session, command: Kick) -> list[Outcome]:
    room = _room_for(ctx.state, session, command.room, Action.KICK)
    target = ctx.state.user_named(command.nick)
    if target.person.uid not in room.members:
        raise ChatError(Code.THEY_ARE_NOT_IN_ROOM, target.person.nick, room.name)
    by = user_of(session).person
    kicked = Kicked(by, room.name, target.person, shortened(command.reason, REASON_BYTES))
    timed = [bans.timed_kick(ctx.state, session, command, target, ctx.clock())] if command.seconds else []
    return [*timed, kicked, *waiting.tell_thrown_out(ctx.state, kicked)]


def invite(ctx: Context, session: Session, command: Invite) -> list[Outcome]:
    """Any member may invite, into a room by invitation only its operators: modern.ircdocs.horse/#invite-message."""
    target = ctx.state.user_named(command.nick)
    room = _room_for(ctx.state, session, command.room, Action.INVITE)
    if target.person.uid in room.members:
        raise ChatError(Code.THEY_ARE_IN_ROOM, target.person.nick, room.name)
    inviting = Inviting(target.person.nick, room.name, target.away)
    return [inviting, Invited(user_of(session).person, room.name, target.person)]


def set_topic(ctx: Context, session: Session, command: SetTopic) -> list[Outcome]:
    room = _room_for(ctx.state, session, command.room, Action.TOPIC)
    if len(command.topic.encode()) > TOPIC_BYTES:
        raise ChatError(Code.TOPIC_TOO_LONG)
    return [TopicSet(user_of(session).person, room.name, command.topic)]


def _room_for(state: ChatState, session: Session, name: str, action: Action) -> Room:
    """The room of that name; raises `ChatError` if there is none, or the client's user may not do this there."""
    user = user_of(session)
    room = state.room_named(name, user)
    require(room, user, action)
    return room


# ---- a room's modes -------------------------------------------------------------------------------------------------


def set_modes(ctx: Context, session: Session, command: SetModes) -> list[Outcome]:
    """Makes all changes by one event. Each that may not be made is refused by itself.

    Each is looked at as if those before it were made already: RFC 2812 §3.2.3 has them one after the other.
    """
    user = user_of(session)
    room = _room_for(ctx.state, session, command.room, Action.MODE)
    refused: list[Outcome] = []
    made: Made = {}
    for change in command.changes[:MODES_PER_LINE]:
        try:
            if ROOM_MODES.get(change.letter) is ModeKind.RANK:
                require(room, user, Action.RANK)
            if ROOM_MODES.get(change.letter) is ModeKind.LIST:
                mask = bans.kept_mask(ctx, user, whole_mask(change.param), room.name, change.letter)
                change = replace(change, param=mask)  # noqa: PLW2901
            key, normalized = _normalized(ctx.state, room, user, change, made)
        except ChatError as error:
            refused.append(Refused(error))
            continue
        again = made.pop(key, None) is not None
        if not _is_so(room, normalized, again):
            made[key] = normalized
    changes = tuple(made.values())
    return [*refused, ModesSet(user.person, room.name, changes)] if changes else refused


Made = dict[tuple[str, str], ModeChange]  # what a line changes so far, by letter and whom, or which mask, it is about


def _normalized(
    state: ChatState, room: Room, user: User, change: ModeChange, made: Made
) -> tuple[tuple[str, str], ModeChange]:
    """The change as it is to be made, by what it is about; raises `ChatError` if it may not be."""
    kind = ROOM_MODES.get(change.letter)
    if kind is None:
        raise ChatError(Code.MODE_UNKNOWN, change.letter, room.name)
    if kind is ModeKind.RANK:
        return _normalized_rank(state, room, change)
    if kind is ModeKind.LIST:
        return _normalized_mask(state, room, user, change, made)
    return (change.letter, ""), _normalized_setting(room, change)


def _is_so(room: Room, change: ModeChange, again: bool) -> bool:
    """Whether a change changes nothing; with `again`, what it sets was taken off before on the same line."""
    kind = ROOM_MODES[change.letter]
    if kind is ModeKind.RANK:
        return (change.letter in room.ranks.get(change.uid, "")) is change.on
    if kind is ModeKind.LIST:
        entry = room.lists[change.letter].get(fold(change.param))
        if entry is None or not change.on:
            return entry is None and not change.on
        return not (again and (entry.until or entry.reason))  # it is set anew then, for good
    return room.modes.get(change.letter) == change.param if change.on else change.letter not in room.modes


def _normalized_setting(room: Room, change: ModeChange) -> ModeChange:
    if not change.on:  # nobody need know the key to take it off, or to see it go
        return ModeChange(False, change.letter, "*" if change.letter == KEY else "")
    if change.letter == KEY and _bad_key(change.param):
        raise ChatError(Code.MODE_PARAMETER, room.name, KEY, "")
    most = NUMBERS.get(change.letter)
    if most:
        value = number(change.param, most + 1)
        if not value or value > most:
            raise ChatError(Code.MODE_PARAMETER, room.name, change.letter, change.param)
        return replace(change, param=str(value))
    return change


def _normalized_rank(state: ChatState, room: Room, change: ModeChange) -> tuple[tuple[str, str], ModeChange]:
    target = state.user_named(change.param).person
    if target.uid not in room.members:
        raise ChatError(Code.THEY_ARE_NOT_IN_ROOM, target.nick, room.name)
    return (change.letter, target.uid), ModeChange(change.on, change.letter, target.nick, target.uid)


def _normalized_mask(
    state: ChatState, room: Room, user: User, change: ModeChange, made: Made
) -> tuple[tuple[str, str], ModeChange]:
    letter, masks = change.letter, room.lists[change.letter]
    mask = whole_mask(change.param)
    key = letter, fold(mask)
    if not change.on:
        known = masks.get(fold(mask))
        return key, ModeChange(False, letter, known.mask if known else mask)
    bans.require_valid(mask, room.name, letter)
    others = sum([1 if each.on else -1 for about, each in made.items() if about[0] == letter and about != key])
    if fold(mask) not in masks and len(masks) + others >= MASKS_PER_LIST:
        raise ChatError(Code.LIST_FULL, room.name, letter)
    if fold(mask) not in masks:
        more = len([each for each in made.values() if each.on and ROOM_MODES[each.letter] is ModeKind.LIST])
        bans.require_space(state, user, room.name, letter, more + 1)
    return key, ModeChange(True, letter, mask)


def _bad_key(key: str) -> bool:
    """RFC 2812 §2.3.1 key; and no comma, which separates keys."""
    return not key or len(key.encode()) > KEY_BYTES or any(c in " ,\t" for c in key) or key.startswith(":")


def ask_list(ctx: Context, session: Session, command: AskList) -> list[Outcome]:
    """Anybody may read who is banned; the other lists are for operators: who asks for several is refused once."""
    user = user_of(session)
    lists = ctx.state.lists.get(fold(command.room))
    if user.is_operator and lists and fold(command.room) not in ctx.state.rooms:
        return [ListIs(command.room, letter, tuple(lists[letter].values())) for letter in command.letters]
    room = ctx.state.room_named(command.room, user)
    told: list[Outcome] = []
    refused: list[Outcome] = []
    for letter in command.letters:
        try:
            if letter != BAN:
                require(room, user, Action.LISTS)
        except ChatError as error:
            refused = [Refused(error)]
        else:
            told.append(ListIs(room.name, letter, tuple(room.lists[letter].values())))
    return told + refused


# ---- applying -------------------------------------------------------------------------------------------------------


def kicked(ctx: Context, event: Kicked, delivery: Delivery) -> None:
    user = ctx.state.users.get(event.who.uid)
    room = user.rooms.get(fold(event.room)) if user else None
    if user and room:
        notify.room_and_author(ctx, event, room, delivery)
        exit_room(ctx.state, user, room, event)
        staying.note(ctx.state, user, event, delivery)


def topic_set(ctx: Context, event: TopicSet, delivery: Delivery) -> None:
    room = ctx.state.rooms.get(fold(event.room))
    if room:
        room.topic = Topic(event.topic, event.by.mask, event.time) if event.topic else None
        delivery.broadcast(event, room.audience)
        if event.by.uid not in room.members:
            notify.author(ctx, event, delivery)


def invited(ctx: Context, event: Invited, delivery: Delivery) -> None:
    """Tells members with invite-notify, too. Only an invitation by an operator of the room lets somebody in."""
    room = ctx.state.rooms.get(fold(event.room))
    user = ctx.state.users.get(event.who.uid)
    by = ctx.state.users.get(event.by.uid)
    if room is None or user is None:
        return
    if by and room.operated_by(by) and fold(room.name) not in user.rooms:
        user.invited[room] = None
        if len(user.invited) > ROOMS_PER_USER:
            del user.invited[next(iter(user.invited))]
    delivery.broadcast(event, *sparing(room.audience, by.sessions if by else ()))
    notify.one(user, PersonalNotice(event), delivery)


def modes_set(ctx: Context, event: ModesSet, delivery: Delivery) -> None:
    """Lists outlive their rooms, so they may change while nobody is there."""
    state, key = ctx.state, fold(event.room)
    room = state.rooms.get(key)
    lists = room.lists if room else state.lists.setdefault(key, new_lists())
    changes = bans.still(lists, event)
    if not changes:
        return
    event = event if len(changes) == len(event.changes) else replace(event, changes=changes)
    _set_in_lists(state, key, lists, event)
    if room:
        _set_in_room(room, event)
        for change in event.changes:
            if change.uid in room.members:
                staying.note(state, room.members[change.uid], event, delivery)
        bans.revoke_invitations(state, room, event)
    elif not any(lists.values()):
        del state.lists[key]
    if not room:
        state.note_lists(key)
    notify.room_and_author(ctx, event, room, delivery)


def _set_in_lists(state: ChatState, room: str, lists: Lists, event: ModesSet) -> None:
    """Applies changes to the lists of a room, which is named by its key."""
    for change in event.changes:
        if ROOM_MODES[change.letter] is not ModeKind.LIST or change.letter not in lists:
            continue
        key, entries = fold(change.param), lists[change.letter]
        if key in entries:
            state.mask_counts.drop(entries[key])
        if change.on:
            entries[key] = ListEntry(
                change.param, event.by.mask_of_place, event.time, change.until, change.reason, change.whom
            )
            state.mask_counts.add(entries[key])
        else:
            entries.pop(key, None)
        state.expiries.add(change.until if change.on else 0, room, change.letter, key)


def _set_in_room(room: Room, event: ModesSet) -> None:
    """Applies all other changes."""
    for change in event.changes:
        kind = ROOM_MODES[change.letter]
        if kind is ModeKind.RANK:
            if change.uid in room.members:
                room.set_rank(change.uid, change.letter, change.on)
        elif kind is not ModeKind.LIST:
            if change.on:
                room.modes[change.letter] = change.param
            else:
                room.modes.pop(change.letter, None)
    room.refresh_speech_checks()


DECIDERS: Deciders = {Kick: kick, Invite: invite, SetTopic: set_topic, SetModes: set_modes, AskList: ask_list}
APPLIERS: Appliers = {Kicked: kicked, TopicSet: topic_set, Invited: invited, ModesSet: modes_set}
