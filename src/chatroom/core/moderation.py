"""Order in a room, and on the server: who may join, who is thrown out, who is invited, what modes there are.

Deciders, as the hub calls them: each takes the house, the client's session and its command, changes nothing, and
returns what follows or raises `ChatError`. Who may do what is the table's to say: `rights`.
"""

from dataclasses import replace

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold
from chatroom.common.text import number, shortened
from chatroom.core import bans
from chatroom.core.permissions import Action, Attempt, require
from chatroom.model.commands import Alert, AskList, Invite, Kick, Kill, SetModes, SetTopic, SetUserModes
from chatroom.model.entities import Lists, Room, Session, User, new_lists, user_of
from chatroom.model.events import Alerted, Invited, Kicked, Killed, ModesSet, TopicSet, UserModesSet
from chatroom.model.limits import KEY_BYTES, MASKS_PER_LIST, MODES_PER_LINE, REASON_BYTES, TOPIC_BYTES
from chatroom.model.masks import MASK_BYTES
from chatroom.model.masks import mask as whole_mask
from chatroom.model.modes import BAN, KEY, NUMBERS, OPERATOR, ROOM_MODES, USER_MODES, ModeKind
from chatroom.model.outcomes import Outcome
from chatroom.model.replies import Inviting, ListIs, Refused
from chatroom.model.state import ChatState
from chatroom.model.values import ListEntry, ModeChange


def door(house: ChatState, name: str) -> Room | None:
    """The room as who wants to enter meets it, even if nobody is in it; None if nothing is known of it."""
    room, lists, modes = house.rooms.get(fold(name)), house.lists.get(fold(name)), house.kept.get(fold(name))
    if room is None and (lists or modes):
        room = bans.empty_room(house, name, lists or new_lists())
        room.modes = modes or room.modes
    return room


def admit(room: Room, user: User, key: str) -> None:
    """Raises `ChatError` if the user may not join the room. An operator's invitation opens any door."""
    if user.invitations.get(fold(room.name)) is not room:
        require(room, user, Action.JOIN, Attempt(key=key))


def kick(house: ChatState, session: Session, command: Kick, now: int) -> list[Outcome]:
    room = _room_for(house, session, command.room, Action.KICK)
    target = house.user_named(command.nick)
    if target.person.uid not in room.members:
        raise ChatError(Code.THEY_ARE_NOT_IN_ROOM, target.person.nick, room.name)
    by = user_of(session).person
    kicked = Kicked(by, room.name, target.person, shortened(command.reason, REASON_BYTES) or by.nick)
    return [bans.timed_kick(house, session, command, target, now), kicked] if command.seconds else [kicked]


def invite(house: ChatState, session: Session, command: Invite) -> list[Outcome]:
    """Any member may invite, into a room by invitation only its operators: modern.ircdocs.horse/#invite-message."""
    target = house.user_named(command.nick)
    room = _room_for(house, session, command.room, Action.INVITE)
    if target.person.uid in room.members:
        raise ChatError(Code.THEY_ARE_IN_ROOM, target.person.nick, room.name)
    inviting = Inviting(target.person.nick, room.name, target.away)
    return [inviting, Invited(user_of(session).person, room.name, target.person)]


def set_topic(house: ChatState, session: Session, command: SetTopic) -> list[Outcome]:
    room = _room_for(house, session, command.room, Action.TOPIC)
    if len(command.topic.encode()) > TOPIC_BYTES:
        raise ChatError(Code.TOPIC_TOO_LONG)
    return [TopicSet(user_of(session).person, room.name, command.topic)]


def _room_for(house: ChatState, session: Session, name: str, deed: Action) -> Room:
    """The room of that name; raises `ChatError` if there is none, or the client's user may not do this there."""
    user = user_of(session)
    room = house.room_named(name, user)
    require(room, user, deed)
    return room


# ---- a room's modes -------------------------------------------------------------------------------------------------


def set_modes(house: ChatState, session: Session, command: SetModes) -> list[Outcome]:
    """What the changes come to is done at once, by one event; each that may not be made is refused by itself.

    Each is looked at as if those before it were made already: RFC 2812 §3.2.3 has them one after the other.
    """
    room = _room_for(house, session, command.room, Action.MODE)
    refused: list[Outcome] = []
    made: Made = {}
    for change in command.changes[:MODES_PER_LINE]:
        try:
            key, settled = _normalized(house, room, change, made)
        except ChatError as error:
            refused.append(Refused(error))
            continue
        again = made.pop(key, None) is not None
        if not _is_so(room, settled, again):
            made[key] = settled
    changes = tuple(made.values())
    return [*refused, ModesSet(user_of(session).person, room.name, changes)] if changes else refused


Made = dict[tuple[str, str], ModeChange]  # what a line changes so far, by letter and whom, or which mask, it is about


def _normalized(house: ChatState, room: Room, change: ModeChange, made: Made) -> tuple[tuple[str, str], ModeChange]:
    """The change as it is to be made, by what it is about; raises `ChatError` if it may not be."""
    kind = ROOM_MODES.get(change.letter)
    if kind is None:
        raise ChatError(Code.MODE_UNKNOWN, change.letter, room.name)
    if kind is ModeKind.RANK:
        return _settled_rank(house, room, change)
    if kind is ModeKind.LIST:
        return _settled_mask(room, change, made)
    return (change.letter, ""), _settled_setting(room, change)


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


def _settled_setting(room: Room, change: ModeChange) -> ModeChange:
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


def _settled_rank(house: ChatState, room: Room, change: ModeChange) -> tuple[tuple[str, str], ModeChange]:
    target = house.user_named(change.param).person
    if target.uid not in room.members:
        raise ChatError(Code.THEY_ARE_NOT_IN_ROOM, target.nick, room.name)
    return (change.letter, target.uid), ModeChange(change.on, change.letter, target.nick, target.uid)


def _settled_mask(room: Room, change: ModeChange, made: Made) -> tuple[tuple[str, str], ModeChange]:
    letter, masks = change.letter, room.lists[change.letter]
    mask = whole_mask(change.param)
    key = letter, fold(mask)
    if not change.on:
        known = masks.get(fold(mask))
        return key, ModeChange(False, letter, known.mask if known else mask)
    if " " in mask or len(mask.encode()) > MASK_BYTES:
        raise ChatError(Code.MODE_PARAMETER, room.name, letter, mask)
    others = sum([1 if each.on else -1 for about, each in made.items() if about[0] == letter and about != key])
    if fold(mask) not in masks and len(masks) + others >= MASKS_PER_LIST:
        raise ChatError(Code.LIST_FULL, room.name, letter)
    return key, ModeChange(True, letter, mask)


def _bad_key(key: str) -> bool:
    """RFC 2812 §2.3.1 key; and no comma, which separates keys."""
    return not key or len(key.encode()) > KEY_BYTES or any(c in " ,\t" for c in key) or key.startswith(":")


def set_in_lists(house: ChatState, room: str, lists: Lists, event: ModesSet) -> None:
    """Applies changes to the lists of a room, which is named by its key."""
    for change in event.changes:
        if ROOM_MODES[change.letter] is not ModeKind.LIST or change.letter not in lists:
            continue
        key = fold(change.param)
        if change.on:
            lists[change.letter][key] = ListEntry(
                change.param, event.by.mask, event.time, change.until, change.reason, change.whom
            )
        else:
            lists[change.letter].pop(key, None)
        house.note_end(change.until if change.on else 0, room, change.letter, key)


def set_in_room(room: Room, event: ModesSet) -> None:
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


def ask_list(house: ChatState, session: Session, command: AskList) -> list[Outcome]:
    """Anybody may read who is banned; the other lists are for operators: who asks for several is refused once."""
    user = user_of(session)
    lists = house.lists.get(fold(command.room))
    if user.is_operator and lists and fold(command.room) not in house.rooms:
        return [ListIs(command.room, letter, tuple(lists[letter].values())) for letter in command.letters]
    room = house.room_named(command.room, user)
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


# ---- a user's own modes, and the server's operators -----------------------------------------------------------------


def set_user_modes(house: ChatState, session: Session, command: SetUserModes) -> list[Outcome]:
    user = user_of(session)
    if house.user_named(command.nick) is not user:
        raise ChatError(Code.NOT_YOURS)
    free = USER_MODES.keys() - {OPERATOR}
    wanted = {
        change.letter: change
        for change in command.changes  # of two about the same letter the last counts
        if change.letter in free or (change.letter == OPERATOR and not change.on)  # +o comes with a password only
    }
    made = tuple([change for letter, change in wanted.items() if (letter in user.modes) is not change.on])
    outcomes: list[Outcome] = [UserModesSet(user.person, made)] if made else []
    if any(change.letter not in USER_MODES for change in command.changes):
        outcomes.append(Refused(ChatError(Code.USER_MODE_UNKNOWN)))
    return outcomes


def kill(house: ChatState, session: Session, command: Kill) -> list[Outcome]:
    user = bans.operator(session)
    return [Killed(user.person, house.user_named(command.nick).person, shortened(command.reason, REASON_BYTES))]


def alert(house: ChatState, session: Session, command: Alert) -> list[Outcome]:
    return [Alerted(bans.operator(session).person, command.text)]
