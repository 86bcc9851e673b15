"""Settles conflicts: what one server has decided may not hold any more when its turn in the stream comes.

All servers ask the same state at the same place, and so agree. Where an event is refused here, its client is told why
as if it had been refused at once. What is not in the table is the hub's own to drop or to apply.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold, is_room
from chatroom.core import devices, membership, renaming
from chatroom.core.permissions import (
    Action,
    Attempt,
    is_in_few_restricted_rooms,
    is_silent,
    is_silent_somewhere,
    require,
)
from chatroom.core.replay import unnoticed
from chatroom.model.entities import Room, User
from chatroom.model.events import (
    AccountMade,
    AccountSet,
    Connected,
    Departed,
    Event,
    Ghosted,
    Joined,
    Kept,
    Left,
    PasswordSet,
    Renamed,
    RoomRenamed,
    Said,
    TopicSet,
)
from chatroom.model.modes import KEY, RANKS
from chatroom.model.state import ChatState
from chatroom.model.values import Person

_SIGNS = "".join(RANKS.values())


def settle(state: ChatState, event: Event) -> ChatError | None:
    """Why an event, whose time is set, is not to be applied; None if it is. May bring it up to date."""
    if state.renamed:
        _follow_renames(state, event)
    look = _TABLE.get(type(event))
    try:
        return look(state, event) if look else None
    except ChatError as error:
        return error


def _follow_renames(state: ChatState, event: Event) -> None:
    """Has an event that was decided before a room's new name, and has its place behind it, be about that room."""
    if isinstance(event, Joined):  # by the old name, one may want another room, or not be to know the new one
        user = state.users.get(event.by.uid)
        if user:
            event.room = membership.redirected(state, user, event.room, event.time)  # type: ignore[misc]  # as it is now
        return
    for field in ("room", "target"):
        text: str = getattr(event, field, "")
        name = text.lstrip(_SIGNS)
        if is_room(name) and (now := state.name_now(name, event.time)) != name:
            setattr(event, field, text[: len(text) - len(name)] + now)


def not_to_be_called(state: ChatState, by: Person, nick: str) -> ChatError | None:
    """Why somebody can't have a name."""
    holder, account = state.nicks.get(nick), state.accounts.get(fold(nick))
    if holder and holder.person.uid != by.uid:
        return ChatError(Code.NICK_TAKEN, nick)
    if account and holder is None and by.account != account.name:
        return ChatError(Code.NICK_CLAIMED, nick)
    try:
        state.must_look_free(nick, by)
    except ChatError as error:
        return error
    return None


def _connected(state: ChatState, event: Connected) -> ChatError | None:
    """The account that they have logged in to may have been dropped while they were coming."""
    if event.by.account and fold(event.by.account) not in state.accounts:
        event.by = replace(event.by, account="")  # type: ignore[misc]  # as it is now
    presence = state.presence_of(event.by.account)
    if presence:
        devices.require_place(presence)
    elif error := not_to_be_called(state, event.by, event.by.nick):
        return error
    if event.room and _barred(state, event.room, User(event.by, None, 0)):
        event.room = ""  # type: ignore[misc]  # they come in all the same
    return None


def _renamed(state: ChatState, event: Renamed) -> ChatError | None:
    error = not_to_be_called(state, event.by, event.nick)
    if error:
        return error
    user = state.users.get(event.by.uid)
    event.rooms = user.room_names() if user else ()  # type: ignore[misc]  # as they are now
    return None


def _departed(state: ChatState, event: Departed) -> ChatError | None:
    """Takes away the reason of somebody who may not speak any more. A reason that a server gives stays.

    So does that of who is in many rooms, whose lists would hold up everybody: whether they may speak was found out when
    they left, and can have changed a moment ago only.
    """
    user = state.users.get(event.by.uid)
    has_words = event.reason != "" and not unnoticed(event.reason)
    if user and has_words and is_in_few_restricted_rooms(user) and is_silent_somewhere(user):
        event.reason = ""  # type: ignore[misc]  # logs write to values
    event.rooms = user.room_names() if user else ()  # type: ignore[misc]  # as they are now
    return None


def _left(state: ChatState, event: Left) -> ChatError | None:
    user, room = state.users.get(event.by.uid), state.rooms.get(fold(event.room))
    if user and room and is_silent(room, user):
        event.reason = ""  # type: ignore[misc]  # logs write to values
    return None


def _joined(state: ChatState, event: Joined) -> ChatError | None:
    """A ban may have come first, or the room's closing. Who had the key, or found room, when asking, comes in."""
    user = state.users.get(event.by.uid)
    return None if user is None or fold(event.room) in user.rooms else _barred(state, event.room, user)


def _barred(state: ChatState, name: str, user: User) -> ChatError | None:
    """Also from a room that all have left meanwhile: its bans hold, and its modes where it has an owner."""
    room = membership.room_to_enter(state, name)
    try:
        membership.require_entry(state, name, user, room.modes.get(KEY, "") if room else "")
    except ChatError as error:
        return None if error.code is Code.ROOM_FULL else error
    return None


def _said(state: ChatState, event: Said) -> ChatError | None:
    """Somebody may have been thrown out or muted, and whom they spoke to may have another name."""
    target = event.target if is_room(event.target) else event.target[1:]
    if not is_room(target):
        return None if state.nicks.get(event.target) else ChatError(Code.NO_SUCH_NICK, event.target)
    room, user = state.rooms.get(fold(target)), state.users.get(event.by.uid)
    if room is None:
        return ChatError(Code.NO_SUCH_ROOM, target)
    if user and (room.has_speech_restrictions or event.by.uid not in room.members):
        require(room, user, Action.SAY, Attempt(now=event.time))
    return None


def _kept(state: ChatState, event: Kept) -> ChatError | None:
    """The account may have been dropped, and be somebody else's by now."""
    account = state.accounts.get(fold(event.account))
    return None if account and account.id == event.made else ChatError(Code.NO_SUCH_NICK, event.account)


def _topic_set(state: ChatState, event: TopicSet) -> None:
    """Who set it may not be there any more, or may not speak."""
    _require_in_room(state, event, Action.TOPIC)


def _room_renamed(state: ChatState, event: RoomRenamed) -> None:
    """Somebody may have opened a room of that name, or the room have another one."""
    renaming.require_name(state, _require_in_room(state, event, Action.RENAME), event.name, event.time)


def _require_in_room(state: ChatState, event: TopicSet | RoomRenamed, action: Action) -> Room:
    """The room of an event; raises `ChatError` if there is none, or who did it may not do that there any more."""
    room, user = state.rooms.get(fold(event.room)), state.users.get(event.by.uid)
    if room is None:
        raise ChatError(Code.NO_SUCH_ROOM, event.room)
    if user:
        require(room, user, action)
    return room


def _account_made(state: ChatState, event: AccountMade) -> ChatError | None:
    """Of two who claim names that look alike at the same moment, the second is refused."""
    if fold(event.account) in state.accounts:
        return ChatError(Code.ACCOUNT_EXISTS, event.account)
    return not_to_be_called(state, event.by, event.account)


def _ghosted(state: ChatState, event: Ghosted) -> ChatError | None:
    """The name that was proven to be somebody's own may be nobody's by now, or its holder have another, or log in."""
    claimed = fold(event.who.nick) in state.accounts and fold(event.who.account) != fold(event.who.nick)
    return None if claimed else ChatError(Code.NO_SUCH_ACCOUNT, event.who.nick)


def _password_set(state: ChatState, event: PasswordSet) -> ChatError | None:
    """The account may have been dropped, and be somebody else's by now. A secret for the same password has a check."""
    if event.before:
        return None
    user = state.users.get(event.by.uid)
    gone = user is None or fold(user.person.account) != fold(event.account)
    return ChatError(Code.NOT_LOGGED_IN) if gone else None


def _account_set(state: ChatState, event: AccountSet) -> ChatError | None:
    """Who is logged in by now has their devices added to."""
    if event.account and fold(event.account) not in state.accounts:
        return ChatError(Code.LOGIN_FAILED, event.account)
    presence = state.presence_of(event.account)
    if presence and presence.person.uid != event.by.uid:
        devices.require_place(presence)
    return None


# Each returns or raises why not.
_TABLE: dict[type, Callable[[ChatState, Any], ChatError | None]] = {
    Connected: _connected,
    Renamed: _renamed,
    Departed: _departed,
    Left: _left,
    Joined: _joined,
    Kept: _kept,
    Said: _said,
    TopicSet: _topic_set,
    RoomRenamed: _room_renamed,
    AccountMade: _account_made,
    AccountSet: _account_set,
    PasswordSet: _password_set,
    Ghosted: _ghosted,
}
