"""The nouns of the chat: sessions, users, rooms, and the audiences that are told what happens in them.

All of it is guarded by the log's lock; only `Hub.apply` changes it. An `Audience` alone is immutable, so that the
courier may use one long after the room has changed.
"""

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Protocol

from chatroom.events import Event, Format, Person, Reply, RoomState, Said, Topic
from chatroom.limits import RECENT


class Session:
    """A client that is connected here: what it reads, and, once it has a name, its user."""

    __slots__ = ("closing", "echo", "format", "host", "uid", "user")

    def __init__(self, uid: str, host: str, format: Format) -> None:  # noqa: A002
        self.uid = uid
        self.host = host  # as others see it: an address
        self.format = format
        self.echo = False  # whether it wants to see its own messages (IRCv3 echo-message)
        self.user: User | None = None
        self.closing = False  # goodbye was said; what the client sends now is not read any more

    @property
    def nick(self) -> str:
        """The user's nickname, "" before registration."""
        return self.user.person.nick if self.user else ""

    @property
    def room(self) -> str:
        """The room that the user is in; the one joined last, if there are several; "" if there is none."""
        return next(reversed(self.user.rooms.values())).name if self.user and self.user.rooms else ""


class Audience:
    """Who is told of an event, grouped by what they read. Never changed: a new one takes its place."""

    __slots__ = ("groups",)

    def __init__(self, groups: dict[Format, tuple[Session, ...]]) -> None:
        self.groups = groups

    @classmethod
    def of(cls, sessions: Iterable[Session]) -> "Audience":
        groups: dict[Format, list[Session]] = {}
        for session in sessions:
            groups.setdefault(session.format, []).append(session)
        return cls({format_: tuple(members) for format_, members in groups.items()})

    def plus(self, session: Session) -> "Audience":
        return Audience({**self.groups, session.format: (*self.groups.get(session.format, ()), session)})

    def minus(self, session: Session) -> "Audience":
        groups = {f: tuple([s for s in members if s is not session]) for f, members in self.groups.items()}
        return Audience({f: members for f, members in groups.items() if members})

    def __iter__(self) -> Iterator[Session]:
        return (session for members in self.groups.values() for session in members)


class Post(Protocol):
    """Where the hub hands over what is to be told, and to whom. Neither call blocks or fails."""

    def deliver(self, event: Event, audience: Audience, skip: Session | None = None) -> None:
        """Tell the audience of an event; not `skip`, if one is named."""

    def tell(self, session: Session, reply: Reply) -> None:
        """Tell one client alone."""

    def fence(self) -> threading.Event:
        """Is set once all that was handed over so far is saved."""

    def dispatch(self) -> None:
        """Nothing more comes at the moment: see to it that what was handed over is sent."""


def movers(session: Session | None) -> Session | None:
    """Whom to skip when telling of that session's own coming or going."""
    return None if session is None or session.format.own_moves else session


class User:
    """Somebody with a name. A user of another server has no session here."""

    __slots__ = ("active", "away", "person", "rooms", "session", "since")

    def __init__(self, person: Person, session: Session | None, now: int) -> None:
        self.person = person
        self.session = session
        self.away = ""
        self.rooms: dict[str, Room] = {}  # by folded name, in the order of joining
        self.since = now  # Unix milliseconds, like `active`
        self.active = now

    def room_names(self) -> tuple[str, ...]:
        return tuple([room.name for room in self.rooms.values()])

    def peers(self) -> Audience:
        """All who share a room with this user, the user included: who is told of a new name or a departure."""
        if len(self.rooms) == 1:
            return next(iter(self.rooms.values())).audience
        sessions = {s: None for room in self.rooms.values() for s in room.audience}
        if self.session:
            sessions[self.session] = None
        return Audience.of(sessions)


class Room:
    """A room; whether it outlives its last member is the hub's decision."""

    __slots__ = ("audience", "created", "members", "name", "recent", "topic")

    def __init__(self, name: str, now: int) -> None:
        self.name = name
        self.created = now
        self.topic: Topic | None = None
        self.members: dict[str, User] = {}  # by uid, in the order of joining
        self.recent: deque[Said] = deque(maxlen=RECENT)  # what whoever joins is shown
        self.audience = Audience({})

    def add(self, user: User) -> None:
        self.members[user.person.uid] = user
        if user.session:
            self.audience = self.audience.plus(user.session)

    def remove(self, user: User) -> None:
        del self.members[user.person.uid]
        if user.session:
            self.audience = self.audience.minus(user.session)

    def nicks(self) -> tuple[str, ...]:
        return tuple([user.person.nick for user in self.members.values()])

    def state(self, viewer: User) -> RoomState:
        return RoomState(self.name, self.topic, self.nicks(), viewer.person.nick)
