"""Replies: what one client alone is told. A reply changes nothing, and keeps its place among the events."""

from enum import Enum

from chatroom.common.errors import ChatError
from chatroom.common.language import Language
from chatroom.model.events import Event, Joined, Left, Reacted, Said
from chatroom.model.roll import Roll
from chatroom.model.values import ListEntry, Member, Person, Topic, Via, value

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
    """`via` is None where it is not about accounts."""

    error: ChatError
    via: Via | None = None

    def __post_init__(self) -> None:
        """Drops the traceback: its frames refer to this reply, a circle that would keep all that they hold."""
        self.error.__traceback__ = None


@value
class RoomState(Reply):
    """What somebody needs to know of a room that they have just joined."""

    room: str
    topic: Topic | None
    roll: Roll
    viewer: str  # the nickname of the one who is told
    secret: bool = False


@value
class RoomMoved(Reply):
    """A room has another name, for a program that knows no such thing: it has left the one, and joined the other."""

    left: Left
    joined: Joined
    state: RoomState


@value
class Redirected(Reply):
    """The room that somebody wants to join is called otherwise now."""

    room: str
    name: str


@value
class Welcome(Reply):
    """You are in. `room` is where, if a room came with it. `stays` is what the account says of that."""

    person: Person
    counts: "CountsAre"
    room: RoomState | None
    stays: bool = False


@value
class CountsAre(Reply):
    people: int
    invisible: int  # of these
    operators: int  # of these
    unknown: int  # connections without a name yet
    rooms: int
    most: int  # people at once, so far
    here: int  # people connected to this server


@value
class TopicIs(Reply):
    room: str
    topic: Topic | None


@value
class NamesAre(Reply):
    """Nobody in it where there is no such room."""

    room: str
    members: tuple[Member, ...]
    secret: bool = False


@value
class AllNamesAre(Reply):
    rooms: tuple[NamesAre, ...]


@value
class ListedRoom:
    """A row of an answer about rooms; `closed` has the letters of the modes that keep people out."""

    name: str
    people: int
    topic: str
    closed: str = ""


@value
class RoomsAre(Reply):
    rooms: tuple[ListedRoom, ...]


@value
class WhoIsIn(Reply):
    mask: str
    room: str  # "" where the people were not asked for by room
    members: tuple[Member, ...]
    idle: tuple[int, ...]  # of each, seconds since they last said something


@value
class WhoisIs(Reply):
    member: Member
    rooms: tuple[tuple[str, str], ...]  # name, ranks
    idle: int  # seconds since they last said something
    since: int  # milliseconds; 0 for the service, which is always here
    modes: str  # "" for those who may not know them
    secure: bool  # whether the connection is encrypted, and to this server
    server: str | None = ""  # to which they are connected; "" if it is the only one; None: they stay without a device
    address: str = ""  # "" for those who may not know it
    metadata: tuple[tuple[str, str], ...] = ()


@value
class NoWhois(Reply):
    """Nobody has that nickname."""

    nick: str


@value
class WhowasIs(Reply):
    nick: str
    people: tuple[tuple[Person, int], ...]  # with when they went, milliseconds; the last first
    with_addresses: bool = False  # whether whoever asks may know them


@value
class ModesAre(Reply):
    """Modes as letters, with their +; `room` is "" for the user's own."""

    room: str
    modes: str
    created: int  # milliseconds


@value
class OwnerIs(Reply):
    """Whose room it is: an account, "" if it is nobody's."""

    room: str
    account: str


@value
class ListIs(Reply):
    room: str
    letter: str
    entries: tuple[ListEntry, ...]


@value
class ServerBansAre(Reply):
    entries: tuple[ListEntry, ...]


@value
class InvitationsAre(Reply):
    rooms: tuple[str, ...]


@value
class Inviting(Reply):
    """Somebody was told of an invitation; `away` is what they have left as a message."""

    nick: str
    room: str
    away: str


@value
class UptimeIs(Reply):
    seconds: int


@value
class Here(Reply):
    """Who of those one watches is here, as far as this is news."""

    people: tuple[Person, ...]


@value
class NotHere(Reply):
    nicks: tuple[str, ...]


@value
class WatchedAre(Reply):
    nicks: tuple[str, ...]


@value
class MarkerIs(Reply):
    """How far one has read: the time of the last message read, in milliseconds; 0 if that isn't known."""

    target: str
    time: int


@value
class Admitted(Reply):
    """The server's password was right."""


class AccountChange(Enum):
    """What was done about an account."""

    CLAIMED = "claimed"
    LOGGED_IN = "logged-in"
    LOGGED_OUT = "logged-out"
    PASSWORD_SET = "password-set"
    DROPPED = "dropped"
    FREED = "freed"  # by an operator, while its owner is logged in
    GHOST_CLOSED = "ghost-closed"
    ADMITTED = "admitted"  # the password was the server's, and the name is nobody's account


@value
class AccountDone(Reply):
    """`lasting` says whether the account outlives the server."""

    change: AccountChange
    account: str
    via: Via
    lasting: bool = True


@value
class DeviceIs:
    """One connection of the person who asks: since when it is here (milliseconds), and from which address."""

    number: int
    kind: str
    since: int
    address: str
    server: str  # to which it is connected; "" if it is the only one
    is_this: bool  # whether it is the one that asks


@value
class DevicesAre(Reply):
    devices: tuple[DeviceIs, ...]


@value
class DeviceClosed(Reply):
    """A connection of one's own was ended, as one has asked."""

    number: int
    kind: str


@value
class AccountIs(Reply):
    """`made` is when the name was claimed, in milliseconds; `here` whether somebody is logged in to it."""

    account: str
    made: int
    here: bool


@value
class ReplayIs(Reply):
    """What `SetReplay` has set; `account` is "" if only this connection's."""

    on: bool
    account: str


@value
class StayIs(Reply):
    """What `SetStay` has set for the account. `via` is how it was asked for; None if another device has set it."""

    on: bool
    account: str
    via: Via | None = Via.COMMAND


@value
class SettingsAre(Reply):
    """What is set: whether one is shown what one missed, written to by strangers, and stays without a device."""

    replay: bool
    strangers: bool
    stay: bool


@value
class LanguageIs(Reply):
    """What is read from now on; `tags` are those that were asked for, none if nothing was; `account` keeps it."""

    language: Language
    tags: tuple[str, ...]
    account: str


@value
class AccountLapses(Reply):
    """The account, and its owner's rooms, are freed after so many days without a login."""

    account: str
    rooms: int
    days: int


@value
class NowOperator(Reply):
    """One is an operator of the server now."""


@value
class Reloaded(Reply):
    pass


@value
class PersonalNotice(Reply):
    """An event that one client alone is told of."""

    event: Event


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
class WillWait(Reply):
    """The person just written to is not here, and gets it when they come."""

    nick: str


@value
class WaitingAre(Reply):
    """What was said to somebody alone while they were not here, oldest first."""

    said: tuple[Said, ...]


@value
class IgnoredAre(Reply):
    """Whom somebody ignores: masks, and the names that they were made for."""

    entries: tuple[ListEntry, ...]


@value
class IgnoreNoted(Reply):
    """`whom` is as it was asked for."""

    mask: str
    whom: str
    on: bool


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
    refusal: bool = False  # whether it is logged that the client was refused


@value
class Recent(Reply):
    """What was said in a room before somebody joined it, oldest first, and the reactions to that."""

    room: str
    said: tuple[Said, ...]
    reactions: tuple[Reacted, ...] = ()


@value
class HistoryIs(Reply):
    """Events of a place, oldest first, and the reactions to the messages among them."""

    name: str
    events: tuple[Event, ...]
    reactions: tuple[Reacted, ...] = ()
    is_end: bool = False  # whether there is nothing more of what was asked for


@value
class MetadataIs(Reply):
    """Keys with their values, None where there is none, of a room or of somebody. `whole` if it was asked for.

    `members` has the same of those in the room, by their nicknames.
    """

    target: str
    entries: tuple[tuple[str, str | None], ...]
    members: tuple[tuple[str, tuple[tuple[str, str | None], ...]], ...] = ()
    whole: bool = False


@value
class FollowedAre(Reply):
    """Keys that one follows: from now on (`on`), no more, or all of them (None)."""

    keys: tuple[str, ...]
    on: bool | None = None


@value
class MentionsAre(Reply):
    """How often one was named in rooms, by their names; `most` is how many of a room are counted at most."""

    rooms: tuple[tuple[str, int], ...]
    most: int


@value
class ReactionsAre(Reply):
    """The reactions to a message, all of them to the same one, oldest first: for those who read sentences."""

    reactions: tuple[Reacted, ...]


@value
class TargetsAre(Reply):
    """Names of rooms and people, with when something was last said, in milliseconds; earliest first."""

    targets: tuple[tuple[str, int], ...]
    is_end: bool = False  # likewise


@value
class Found(Reply):
    """Messages, oldest first."""

    words: str  # that were looked for
    said: tuple[Said, ...]


@value
class CutShort(Reply):
    """The answer before this one isn't all of it: looking at the rest would have taken too long."""


@value
class Saving(Reply):
    """Messages are not being saved, or are again; then `lost` is how many never will be."""

    works: bool
    lost: int = 0


@value
class Link(Reply):
    """The link to the other servers is down, or is there again; with a `gap` if something may be missing."""

    works: bool
    gap: bool = False


@value
class ServersAre(Reply):
    """Of each its name, how many people are connected to it, and how many milliseconds it is behind.

    One that knows of no others has no name for itself.
    """

    servers: tuple[tuple[str, int, int], ...]


@value
class Announcement(Reply):
    """The server itself says something to everybody."""

    text: str
