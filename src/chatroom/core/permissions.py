"""Who may do what in a room: one table of roles and actions, and one of restrictions.

`LEAST_ROLE` says which role an action takes. A *restriction* is something about the room, or about who is there, that
raises this: in a moderated room (+m), only those with a voice may speak. The highest role that is asked for counts. An
operator's invitation and, against bans and mutes, an exception (+e) lift restrictions.

A role has the rights of those below it. An owner has them without being in the room. An operator of the server has
them in every room: that is whoever runs the server, or was given its operator's password.

Who may do something is said here and nowhere else. Nothing in here changes anything.
"""

from collections.abc import Callable
from enum import Enum, IntEnum
from typing import NamedTuple

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import LOBBY, fold
from chatroom.model.entities import Room, Session, User, user_of
from chatroom.model.masks import MUTE
from chatroom.model.modes import (
    BAN,
    CLOSED,
    INVITED_ONLY,
    KEY,
    LIMIT,
    MODERATED,
    OPERATOR,
    SLOW,
    TOPIC_LOCKED,
    VOICE,
)
from chatroom.model.outcomes import Command, Outcome, Preparation, Preparing
from chatroom.model.values import ListEntry, Person

SILENCED_AWAY = "away"  # the away message of somebody who may not speak, as others read it
OPERATORS_NAMED = 5  # in a refusal: enough to know whom to ask
# Rooms of which it is found out in one go whether somebody is silenced there: some 2 ms if all lists are full.
ROOMS_LOOKED_AT_ONCE = 5


class Role(IntEnum):
    OUTSIDER = 0
    MEMBER = 1
    VOICED = 2
    OPERATOR = 3
    OWNER = 4
    SERVER_OPERATOR = 5


class Action(Enum):
    JOIN = "join"
    SAY = "say"
    TOPIC = "set the topic"
    INVITE = "invite"
    KICK = "kick"
    BAN = "ban"
    MUTE = "mute"
    RANK = "make operators and give voices"
    MODE = "change modes"
    RENAME = "give another name"
    LISTS = "see who is excepted and invited"


LEAST_ROLE: dict[Action, Role] = {
    Action.JOIN: Role.OUTSIDER,
    Action.SAY: Role.OUTSIDER,
    Action.TOPIC: Role.MEMBER,
    Action.INVITE: Role.MEMBER,
    Action.KICK: Role.OPERATOR,
    Action.BAN: Role.OPERATOR,
    Action.MUTE: Role.OPERATOR,
    Action.RANK: Role.OPERATOR,
    Action.MODE: Role.OPERATOR,
    Action.RENAME: Role.OPERATOR,
    Action.LISTS: Role.OPERATOR,
}


class Attempt(NamedTuple):
    """How somebody asks: with which key, and when (milliseconds; 0 if slow mode is no matter)."""

    key: str = ""
    now: int = 0


_PLAINLY = Attempt()


class Restriction(NamedTuple):
    """Who is below `least` is refused with `code` where it `holds`; `about` is what the refusal says besides."""

    least: Role
    code: Code
    holds: Callable[[Room, User, Attempt], object]
    about: Callable[[Room, User, Attempt], tuple[str, ...]] = lambda room, user, asked: ()


def _about_entry(entry: ListEntry | None) -> tuple[str, ...]:
    """Who did it, until when (milliseconds, 0 for good), and why."""
    return (entry.by.partition("!")[0], str(entry.until), entry.reason) if entry else ()


def _banned(least: Role, code: Code) -> Restriction:
    return Restriction(
        least,
        code,
        lambda room, user, asked: room.ban_on(user.person),
        lambda room, user, asked: _about_entry(room.ban_on(user.person)),
    )


# Who may not speak reaches the room by no other words either. These restrict messages and topics; for reasons for
# leaving, away messages and real names see `is_silent`.
_SPEECH: dict[str, Restriction] = {
    MODERATED: Restriction(Role.VOICED, Code.MODERATED, lambda room, user, asked: MODERATED in room.modes),
    BAN: _banned(Role.VOICED, Code.BANNED_THERE),
    MUTE: Restriction(
        Role.VOICED,
        Code.MUTED,
        lambda room, user, asked: room.mute_on(user.person),
        lambda room, user, asked: _about_entry(room.mute_on(user.person)),
    ),
}

# By a mode's letter; `MUTE` is the ban on speaking alone.
RESTRICTIONS: dict[Action, dict[str, Restriction]] = {
    Action.JOIN: {
        BAN: _banned(Role.OWNER, Code.BANNED),
        INVITED_ONLY: Restriction(
            Role.OWNER,
            Code.INVITED_ONLY,
            lambda room, user, asked: INVITED_ONLY in room.modes and not room.invites(user.person),
        ),
        KEY: Restriction(
            Role.OWNER, Code.KEY_NEEDED, lambda room, user, asked: room.modes.get(KEY) not in (None, asked.key)
        ),
        LIMIT: Restriction(
            Role.OWNER,
            Code.ROOM_FULL,
            lambda room, user, asked: LIMIT in room.modes and len(room.members) >= int(room.modes[LIMIT]),
        ),
    },
    Action.SAY: {
        CLOSED: Restriction(Role.MEMBER, Code.CANNOT_SEND, lambda room, user, asked: CLOSED in room.modes),
        **_SPEECH,
        SLOW: Restriction(
            Role.VOICED,
            Code.SLOW,
            lambda room, user, asked: asked.now and room.wait_of(user, asked.now),
            lambda room, user, asked: (str(room.slow // 1000), str(-(-room.wait_of(user, asked.now) // 1000))),
        ),
    },
    Action.TOPIC: {
        TOPIC_LOCKED: Restriction(
            Role.OPERATOR, Code.NOT_OPERATOR, lambda room, user, asked: TOPIC_LOCKED in room.modes
        ),
        **{
            letter: Restriction(restriction.least, Code.SILENT, restriction.holds)
            for letter, restriction in _SPEECH.items()
        },
    },
    Action.INVITE: {
        INVITED_ONLY: Restriction(
            Role.OPERATOR, Code.NOT_OPERATOR, lambda room, user, asked: INVITED_ONLY in room.modes
        ),
    },
}


def role(room: Room, user: User) -> Role:
    """What somebody is in a room."""
    if user.is_operator:
        return Role.SERVER_OPERATOR
    if room.is_owned_by(user.person):
        return Role.OWNER
    uid = user.person.uid
    if uid not in room.members:
        return Role.OUTSIDER
    ranks = room.ranks.get(uid, "")
    return Role.OPERATOR if OPERATOR in ranks else Role.VOICED if VOICE in ranks else Role.MEMBER


def require(room: Room, user: User, action: Action, asked: Attempt = _PLAINLY) -> None:
    """Raises `ChatError`, which says who may, if this user may not do this here."""
    theirs = role(room, user)
    if theirs < LEAST_ROLE[action]:
        if theirs is Role.OUTSIDER:
            raise ChatError(Code.NOT_IN_ROOM, room.name)
        raise ChatError(Code.NOT_OPERATOR, room.name, operators(room, user))
    for restriction in RESTRICTIONS.get(action, {}).values():
        if theirs < restriction.least and restriction.holds(room, user, asked):
            raise ChatError(restriction.code, room.name, operators(room, user), *restriction.about(room, user, asked))


def require_free_to_rename(user: User, nick: str) -> None:
    """Raises `ChatError` if this user is banned or muted in a room, which must not be slipped out of by a new name.

    The name is that of an account, to be logged out of, if it is "".
    """
    for room in user.rooms.values():
        if (
            room.has_speech_restrictions
            and role(room, user) < Role.VOICED
            and (room.ban_on(user.person) or room.mute_on(user.person))
        ):
            raise ChatError(Code.NICK_HELD, nick, room.name) if nick else ChatError(Code.LOGOUT_HELD, room.name)


def is_silent(room: Room, user: User) -> bool:
    """Whether no words of this member may reach the room, whatever way they take.

    Slow mode silences nobody: it only makes their messages wait for each other.
    """
    if not room.has_speech_restrictions:
        return False
    theirs = role(room, user)
    return any(
        theirs < restriction.least and restriction.holds(room, user, _PLAINLY) for restriction in _SPEECH.values()
    )


def is_silent_somewhere(user: User) -> bool:
    """Likewise in any of the rooms that they are in."""
    return any(is_silent(room, user) for room in user.rooms.values())


def is_in_few_restricted_rooms(user: User) -> bool:
    """Whether it can be found out in one go if somebody is silenced anywhere."""
    return sum([room.has_speech_restrictions for room in user.rooms.values()]) <= ROOMS_LOOKED_AT_ONCE


def look_ahead(user: User, person: Person, command: Command) -> list[Outcome]:
    """Where it is unknown of many rooms whether somebody is silenced there: what finds it out, and then the command.

    `person` is who the user is, or is about to be. Without it, a command that asks for all rooms would hold the lock
    while a person is held against all masks of a hundred rooms.
    """
    rooms = [room for room in user.rooms.values() if room.has_speech_restrictions and not room.has_verdict(person)]
    return [Preparation(_verdicts(rooms, person, command))] if len(rooms) > ROOMS_LOOKED_AT_ONCE else []


def _verdicts(rooms: list[Room], person: Person, command: Command) -> Preparing:
    for room in rooms:
        yield
        room.ban_on(person)
    return command


def operators(room: Room, user: User) -> str:
    """The operators of a room who are here, by name, with commas between; at most `OPERATORS_NAMED`.

    The lobby's are those of the server. Who may not know who is in the room is told "…".
    """
    if not room.seen_by(user):
        return "…"
    if fold(room.name) == LOBBY:
        users = [member for member in room.members.values() if member.is_operator]
    else:
        users = [room.members[uid] for uid, ranks in room.ranks.items() if OPERATOR in ranks]
    names = [user.person.nick for user in users]
    more = ["…"] if len(names) > OPERATORS_NAMED else []
    return ",".join([*names[:OPERATORS_NAMED], *more])


def server_operator(session: Session) -> User:
    """The client's user, who must be an operator of the server."""
    user = user_of(session)
    if not user.is_operator:
        raise ChatError(Code.NOT_SERVER_OPERATOR)
    return user
