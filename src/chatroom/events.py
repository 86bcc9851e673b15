"""Commands in, events and replies out: the values that flow through the program, and nothing else.

    bytes → Command → Hub.decide → Event → log → Hub.apply → courier → bytes
                                 ↘ Reply ↗

- A *command* is what a client asks for. A dialect makes it.
- An *event* is what happened. The hub decides it, the log gives it its place, everybody concerned is told of it.
- A *reply* is for one client alone: an answer, a refusal. It changes nothing, and keeps its place among the events.

All are values: never changed once made, but for an event's `id` and `time`, which the log writes.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol, TypeVar, dataclass_transform

from chatroom.errors import ChatError

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(cls: type[T]) -> type[T]:
    """A dataclass with slots that mypy holds to be frozen.

    At run time it isn't: freezing costs a microsecond for each value made, a tenth of what a whole message may cost.
    """
    return dataclass(slots=True)(cls)


class Kind(Enum):
    """How something is said."""

    MESSAGE = "message"
    ACTION = "action"  # "/me waves"
    NOTICE = "notice"  # by programs; never answered by one (RFC 2812 §3.3.2)


@value
class Person:
    """Who somebody was at the moment of an event; `uid` stays the same over renames and is never used twice."""

    uid: str
    nick: str
    username: str
    host: str
    realname: str = ""
    account: str = ""  # the name they have proven to be theirs; "" if none

    @property
    def mask(self) -> str:
        """nick!user@host, the source of an IRC line (RFC 2812 §2.3.1)."""
        return f"{self.nick}!{self.username}@{self.host}"


@value
class Point:
    """A point in a history: the event with that id, or, if `id` is 0, a moment in Unix milliseconds."""

    id: int = 0
    time: int = 0


# ---- commands -------------------------------------------------------------------------------------------------------


@value
class Register:
    """Take a name and come in, straight into `room` if there is one."""

    nick: str
    username: str
    realname: str
    room: str = ""


@value
class Rename:
    nick: str


@value
class Join:
    """Join `room`; with `move`, out of all others."""

    room: str
    move: bool = False


@value
class Leave:
    room: str
    reason: str = ""


@value
class Say:
    """Say `text` to `target`, a room or a nickname."""

    target: str
    text: str
    kind: Kind = Kind.MESSAGE


@value
class SetTopic:
    room: str
    topic: str


@value
class SetAway:
    """Be away with a message, or back with ""."""

    message: str


class Format(Protocol):
    """Renders events for all clients that read the same bytes (one dialect, one set of capabilities)."""

    own_moves: bool  # whether a client wants to be told that it has joined or left a room itself

    def render(self, event: "Event") -> bytes:
        """The bytes for an event, whole lines; b"" when these clients aren't told of such events."""


@value
class Quit:
    """Leave the server; the reason is shown to those who were in a room with the user."""

    reason: str
    ask: bool = True  # False when the connection is gone already and there is nobody to say goodbye to


@value
class SetFormat:
    """From now on this client reads another format (IRC: other capabilities)."""

    format: "Format"
    echo: bool


@value
class AskTopic:
    room: str


@value
class AskNames:
    room: str


@value
class AskRooms:
    """All rooms, or those named."""

    rooms: tuple[str, ...] = ()


@value
class AskWho:
    """The members of a room, or whoever has a nickname; all people when `mask` is "*"."""

    mask: str


@value
class AskWhois:
    nick: str


@value
class AskModes:
    """The modes of a room or of a user."""

    target: str


@value
class AskUsers:
    """Who of these nicknames is here."""

    nicks: tuple[str, ...]
    command: str  # USERHOST or ISON: the answer's form


@value
class AskHistory:
    """`limit` messages of a room, or of one's talk with somebody, of those between two points (which are left out).

    `newest` says from which end they are taken. With `around` they are from both sides of a point. `verb` is what the
    client called it. With `everything` they are all events, not just messages.
    """

    target: str
    limit: int
    after: Point | None = None
    before: Point | None = None
    around: Point | None = None
    newest: bool = True
    everything: bool = False
    verb: str = ""


@value
class AskTargets:
    """Where something was said that one may look up, the last of it between two points."""

    after: Point
    before: Point
    limit: int
    newest: bool


@value
class AskSearch:
    """`limit` messages, the newest or oldest, with all of these words, said by somebody, somewhere.

    "" means any words, anybody, anywhere.
    """

    words: str
    limit: int
    newest: bool = True
    target: str = ""
    by: str = ""
    after: Point | None = None
    before: Point | None = None


@value
class Lookup:
    """A question for the history, allowed to ask: in these places, by key, with their names.

    `account` is whose conversations are among them, "" if nobody's.
    """

    ask: AskHistory | AskTargets | AskSearch
    places: dict[str, str]
    account: str = ""


# ---- events ---------------------------------------------------------------------------------------------------------


@value
class Event:
    """What all events have. `id` rises by at least 1 with each; `time` is Unix time in milliseconds."""

    by: Person
    id: int = field(default=0, kw_only=True)
    time: int = field(default=0, kw_only=True)


@value
class Connected(Event):
    """Somebody has come to the server; if `room` isn't "", straight into it."""

    room: str = ""


@value
class Joined(Event):
    room: str


@value
class Left(Event):
    room: str
    reason: str


@value
class Departed(Event):
    """Somebody has left the server; `rooms` are those they were in."""

    reason: str
    rooms: tuple[str, ...] = ()


@value
class Renamed(Event):
    """`by` holds the old name; `rooms` are those they are in."""

    nick: str
    rooms: tuple[str, ...] = ()


@value
class Said(Event):
    """`target` is a room's or a person's name, as it is written there.

    `conversation` is the key under which two people's words are kept, "" where they are not.
    """

    target: str
    text: str
    kind: Kind
    conversation: str = ""


@value
class TopicSet(Event):
    room: str
    topic: str


@value
class AwaySet(Event):
    """`message` is "" when somebody is back."""

    message: str


# ---- replies --------------------------------------------------------------------------------------------------------


class Reply:
    """What one client alone is told."""

    __slots__ = ()


@value
class Raw(Reply):
    """Bytes that a dialect had ready when it read the line (PONG, CAP, /help)."""

    data: bytes


@value
class Refused(Reply):
    error: ChatError


@value
class Topic:
    text: str
    by: str  # the setter's mask
    time: int  # milliseconds


@value
class Member:
    """A user as others may know them."""

    person: Person
    away: str


@value
class RoomState(Reply):
    """What somebody needs to know of a room that they have just joined."""

    room: str
    topic: Topic | None
    members: tuple[str, ...]  # nicknames, oldest member first
    viewer: str  # the nickname of the one who is told


@value
class Welcome(Reply):
    """You are in. `room` is where, if a room came with it."""

    person: Person
    people: int
    rooms: int
    most: int
    room: RoomState | None


@value
class TopicIs(Reply):
    room: str
    topic: Topic | None


@value
class NamesAre(Reply):
    """Nobody in it where there is no such room."""

    room: str
    members: tuple[str, ...]


@value
class RoomsAre(Reply):
    rooms: tuple[tuple[str, int, str], ...]  # name, people, topic


@value
class WhoIsIn(Reply):
    mask: str
    room: str  # "" where the people were not asked for by room
    members: tuple[Member, ...]


@value
class WhoisIs(Reply):
    member: Member
    rooms: tuple[str, ...]
    idle: int  # seconds since they last said something
    since: int  # milliseconds


@value
class ModesAre(Reply):
    """Modes as letters, with their +; `room` is "" for the user's own."""

    room: str
    modes: str
    created: int  # milliseconds


@value
class UsersAre(Reply):
    members: tuple[Member, ...]
    command: str


@value
class IsAway(Reply):
    """The person just written to is away."""

    nick: str
    message: str


@value
class AwayNoted(Reply):
    away: bool


@value
class Ping(Reply):
    """The server wants a sign of life."""


@value
class Goodbye(Reply):
    """The last thing a client is told; its connection is closed behind it."""

    reason: str


@value
class Recent(Reply):
    """What was said in a room before somebody joined it, oldest first."""

    room: str
    said: tuple[Said, ...]


@value
class HistoryIs(Reply):
    """Events of a place, oldest first."""

    ask: AskHistory
    name: str
    events: tuple[Event, ...]


@value
class TargetsAre(Reply):
    """Names of rooms and people, with when something was last said, in milliseconds; earliest first."""

    targets: tuple[tuple[str, int], ...]


@value
class Found(Reply):
    """Messages, oldest first."""

    ask: AskSearch
    said: tuple[Said, ...]


@value
class Saving(Reply):
    """Messages are not being saved, or are again; then `lost` is how many never will be."""

    works: bool
    lost: int = 0


@value
class Announcement(Reply):
    """The server itself says something to everybody."""

    text: str


Command = (
    Register
    | Rename
    | Join
    | Leave
    | Say
    | SetTopic
    | SetAway
    | Quit
    | SetFormat
    | AskTopic
    | AskNames
    | AskRooms
    | AskWho
    | AskWhois
    | AskModes
    | AskUsers
    | AskHistory
    | AskTargets
    | AskSearch
    | Reply
)
Outcome = Event | Reply | Lookup
