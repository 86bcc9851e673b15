"""Commands in, events and replies out: the values that flow through the program, and nothing else.

    bytes → Command → Hub.decide → Event → log → Hub.apply → courier → bytes
                                 ↘ Reply ↗

- A *command* is what a client asks for. A dialect makes it.
- An *event* is what happened. The hub decides it, the log gives it its place, everybody concerned is told of it.
- A *reply* is for one client alone: an answer, a refusal. It changes nothing, and keeps its place among the events.

All are values: never changed once made, but for an event's `id` and `time`, which the log writes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple, Protocol, TypeVar, dataclass_transform

from chatroom.common.errors import ChatError

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
    TAGS = "tags"  # no text, only tags, such as "is typing": IRCv3 message-tags


class Way(Enum):
    """How a client asked for something about accounts: the answer comes the same way."""

    COMMAND = "command"  # of the plain dialect
    SASL = "sasl"
    PASS = "pass"  # IRC's PASS name:password
    SERVICE = "service"  # a message to NickServ
    REGISTER = "register"  # IRCv3 draft/account-registration


@value
class Person:
    """Who somebody was at the moment of an event; `uid` stays the same over renames and is never used twice."""

    uid: str
    nick: str
    username: str
    host: str
    realname: str = ""
    account: str = ""  # the name they have proven to be theirs; "" if none
    bot: bool = False  # a program, by its own word

    @property
    def mask(self) -> str:
        """nick!user@host, the source of an IRC line (RFC 2812 §2.3.1); of the server itself its name."""
        return f"{self.nick}!{self.username}@{self.host}" if self.username else self.nick


@value
class Point:
    """A point in a history: the event with that id, or, if `id` is 0, a moment in Unix milliseconds."""

    id: int = 0
    time: int = 0


class Entry(NamedTuple):
    """A mask in a list: whose it is (their mask), since when and until when (milliseconds; 0: without an end), and why.

    `whom` is the nickname that it was made for, where it was made for somebody.
    """

    mask: str
    by: str
    since: int
    until: int = 0
    reason: str = ""
    whom: str = ""


# ---- commands -------------------------------------------------------------------------------------------------------


@value
class Enter:
    """Give the server's password."""

    password: str = field(repr=False)


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
    key: str = ""


@value
class Leave:
    room: str
    reason: str = ""


@value
class LeaveAll:
    """Leave all rooms."""


@value
class Say:
    """Say `text` to `target`: a room, a nickname, or those in a room with a rank (@#room, +#room).

    `tags` are those that clients tell each other, as they are written on an IRC line: IRCv3 message-tags.
    """

    target: str
    text: str
    kind: Kind = Kind.MESSAGE
    tags: str = ""


@value
class Burst:
    """Say all of `texts`, one after the other, to one room: programs that are in a hurry."""

    target: str
    texts: list[str]

    def singly(self) -> Iterator[Say]:
        """The same, as a command for each."""
        return (Say(self.target, text) for text in self.texts)


@value
class SetTopic:
    room: str
    topic: str


@value
class SetAway:
    """Be away with a message, or back with ""."""

    message: str


@value
class Kick:
    """Throw somebody out of a room; with `seconds`, not to come back for so long."""

    room: str
    nick: str
    reason: str = ""
    seconds: int = 0


@value
class Ban:
    """Keep somebody out of a room, or, with `mute`, only from speaking there; for so many seconds, or for good if 0.

    `who` is a nickname or a mask.
    """

    room: str
    who: str
    seconds: int = 0
    reason: str = ""
    mute: bool = False


@value
class Unban:
    room: str
    who: str
    mute: bool = False


@value
class BanFromServer:
    """Let somebody not come in any more: `who` is an address, a network, a nickname or a mask."""

    who: str
    seconds: int = 0
    reason: str = ""


@value
class UnbanFromServer:
    who: str


@value
class Expire:
    """End what has lasted its time."""


@value
class Invite:
    nick: str
    room: str


@value
class ModeChange:
    """One letter of `modes` set or taken off. `uid` says whom `param` names, where it names somebody.

    A mask in a list may have an end (milliseconds; 0: none), a reason, and the nickname that it was made for; one that
    is taken off because it had to end says when that was.
    """

    on: bool
    letter: str
    param: str = ""
    uid: str = ""
    until: int = 0
    reason: str = ""
    whom: str = ""


@value
class SetModes:
    room: str
    changes: tuple[ModeChange, ...]


@value
class SetUserModes:
    nick: str
    changes: tuple[ModeChange, ...]


@value
class SetRealname:
    realname: str


@value
class BecomeOperator:
    """Become an operator of the server."""

    name: str
    password: str = field(repr=False)


@value
class Kill:
    """Throw somebody off the server."""

    nick: str
    reason: str = ""


@value
class Alert:
    """Say something to all who want to hear what operators say to all."""

    text: str


@value
class Reload:
    """Read the configuration again."""


@value
class Watch:
    """Be told when these nicknames come and go, or no more: IRCv3 monitor."""

    nicks: tuple[str, ...]
    on: bool


@value
class Unwatch:
    """Watch nobody any more."""


@value
class MakeAccount:
    """Claim a name: one's own, or, for who has none yet, `name`."""

    password: str = field(repr=False)
    name: str = ""
    way: Way = Way.COMMAND


@value
class LogIn:
    """Prove that an account is one's own; with `take`, be called by its name from then on."""

    account: str
    password: str = field(repr=False)
    take: bool = False
    way: Way = Way.COMMAND


@value
class LogOut:
    way: Way = Way.COMMAND


@value
class SetPassword:
    """A new one for the account that one is logged in to."""

    password: str = field(repr=False)
    way: Way = Way.COMMAND


@value
class SetReplay:
    """Be told what was said in a room before one joins it, or not; with an account, wherever one logs in to it."""

    on: bool
    way: Way = Way.COMMAND


@value
class DropAccount:
    """Give a claimed name up. The server's operators need no password."""

    account: str
    password: str = field(repr=False)
    way: Way = Way.COMMAND


@value
class CloseGhost:
    """End another connection that holds one's name; who is logged in to it needs no password."""

    nick: str
    password: str = field(default="", repr=False)
    way: Way = Way.COMMAND


@value
class AskAccount:
    """Whether a name is claimed, and since when."""

    account: str
    way: Way = Way.COMMAND


@value
class Checked:
    """A password was held against a secret, "" if there was none; `fits` is None if it did not come to it.

    No dialect makes this: it is what comes of `Work`.
    """

    ask: LogIn | DropAccount | CloseGhost
    secret: str = field(repr=False)
    fits: bool | None


@value
class Hashed:
    """A password was made a secret; "" if it did not come to it. No dialect makes this: it is what comes of `Work`."""

    ask: MakeAccount | SetPassword
    secret: str = field(repr=False)


@value
class Reread:
    """The files were read again: `use` puts to use what stands in them; None if one can't be read.

    No dialect makes this: it is what comes of `Work`.
    """

    use: Callable[[], None] | None


class Format(Protocol):
    """Renders events for all clients that read the same bytes (one dialect, one set of capabilities)."""

    own_moves: bool  # whether a client wants to be told that it has joined or left a room itself

    def render(self, event: "Event") -> bytes:
        """The bytes for an event, whole lines; b"" when these clients aren't told of such events."""

    def render_all(self, events: "list[Event]") -> bytes:
        """The bytes for events that come one after the other."""


@value
class Quit:
    """Leave the server; the reason is shown to those who were in a room with the user."""

    reason: str
    ask: bool = True  # False when the connection is gone already and there is nobody to say goodbye to
    refused: bool = False  # whether it is the server that lets nobody in who comes like that
    own: bool = False  # whether the reason is in the client's own words


@value
class SetFormat:
    """From now on this client reads another format (IRC: other capabilities)."""

    format: "Format"
    echo: bool = False
    extended_monitor: bool = False  # whether it is told more of those it watches: IRCv3 extended-monitor
    read_marker: bool = False  # whether it is told how far its user has read: IRCv3 read-marker


@value
class MarkRead:
    """One has read what was said in a room, or by somebody, up to a time (milliseconds)."""

    target: str
    time: int


@value
class Redact:
    """Take back what was said, by its id. `called` is what the client calls it."""

    target: str
    said: int
    reason: str
    called: str


@value
class AskMarker:
    """How far one has read."""

    target: str


@value
class AskTopic:
    room: str


@value
class AskNames:
    room: str


@value
class AskAllNames:
    """Who is in which room, all over the server."""


@value
class AskRooms:
    """All rooms, or those named; of these, those that meet all that is asked for."""

    rooms: tuple[str, ...] = ()
    masks: tuple[str, ...] = ()  # any of them
    not_masks: tuple[str, ...] = ()  # none of them
    people: tuple[int, int] = (-1, 1 << 62)  # more than, fewer than
    age: tuple[int, int] = (-1, 1 << 62)  # milliseconds since the room was opened, likewise
    topic_age: tuple[int, int] = (-1, 1 << 62)  # since its topic was set; never, if it has none


@value
class AskWho:
    """The members of a room, or those whose nickname, user name, host or real name is like `mask`."""

    mask: str
    operators: bool = False  # only those of the server


@value
class AskWhois:
    nick: str


@value
class AskWhowas:
    """The last `count` people who had a nickname like `nick`, and have it no more; all that are known if it is 0."""

    nick: str
    count: int = 0


@value
class AskModes:
    """The modes of a room or of a user."""

    target: str


@value
class AskList:
    """The masks in some of a room's lists, by their letters: `modes.ModeKind.LIST`."""

    room: str
    letters: str


@value
class AskServerBans:
    """Who may not come to this server; with `addresses`, which addresses, else which people; with neither, all."""

    addresses: bool | None = None


@value
class AskInvitations:
    """The rooms that one is invited to."""


@value
class AskCounts:
    """How many people and rooms there are."""


@value
class AskServers:
    """The servers that together are this chat."""


@value
class AskUptime:
    """How long the server has been running."""


@value
class AskWatched:
    """Whom one watches; with `status`, who of them is here."""

    status: bool


@value
class AskUsers:
    """Who of these nicknames is here."""

    nicks: tuple[str, ...]
    command: str  # USERHOST or ISON: the answer's form


@value
class AskHistory:
    """`limit` messages of a room, or of one's talk with somebody, of those between two points (which are left out).

    `newest` says from which end they are taken; if `after` is later than `before`, they change places and the end
    changes, too. With `around` they are from both sides of a point. `verb` is what the client called it. With
    `everything` they are all events, not just messages.
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
    target: str = ""
    verb: str = "TARGETS"


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
    verb: str = "SEARCH"


@value
class Lookup:
    """A question for the history, allowed to ask: in these places, by key, with their names.

    `opened` has the ids of the events by which these rooms were opened, by key. `account` is whose conversations are
    to be looked at too, "" if nobody's; `since` is the id of the event by which the asker's account was made.
    """

    ask: AskHistory | AskTargets | AskSearch
    places: dict[str, str]
    opened: dict[str, int] = field(default_factory=dict)
    account: str = ""
    since: int = 0  # what was said between two people before is not this account's own


@value
class Work:
    """What takes its time: it is done without the log's lock, in the client's own thread, and never fails.

    The command that comes of it is carried out next.
    """

    do: Callable[[], "Command"]
    count: Callable[[Any], None] = lambda command: None  # is told what came of it, though the client has left


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
    tags: str = ""
    conversation: str = ""


@value
class Redacted(Event):
    """The message with the id `said` is taken back; `target` and `conversation` are its own."""

    target: str
    said: int
    reason: str
    conversation: str = ""


@value
class TopicSet(Event):
    room: str
    topic: str


@value
class AwaySet(Event):
    """`message` is "" when somebody is back."""

    message: str


@value
class Kicked(Event):
    room: str
    who: Person
    reason: str


@value
class Invited(Event):
    room: str
    who: Person


@value
class ModesSet(Event):
    """`changes` are those that were made."""

    room: str
    changes: tuple[ModeChange, ...]


@value
class UserModesSet(Event):
    """`by` has changed their own modes."""

    changes: tuple[ModeChange, ...]


@value
class RealnameSet(Event):
    """`by` holds the old one."""

    realname: str


@value
class AccountSet(Event):
    """`account` is "" when somebody has logged out; `by` is as they were before."""

    account: str


@value
class AccountMade(Event):
    """`by` has claimed a name, and is logged in to it. `secret` is what their password is checked with."""

    account: str
    secret: str = field(repr=False)


@value
class PasswordSet(Event):
    account: str
    secret: str = field(repr=False)


@value
class ReplaySet(Event):
    """Whether the account's clients are told what was said in a room before they join it."""

    account: str
    on: bool


@value
class AccountDropped(Event):
    """The name is nobody's any more."""

    account: str


@value
class Ghosted(Event):
    """`by`, who has proven that the name is theirs, has closed an older connection that held it."""

    who: Person


@value
class Founded(Event):
    """The room is its owner's for good; `account` is the owner's."""

    room: str
    account: str


@value
class Opened(Event):
    """A room was opened, by the event with this id. If it was closed before, what was said then is shown to nobody.

    `closed` are the letters of what closes it now. `owner` is the key of the account whose room it is, "" if it is
    nobody's: it stays an owner's room, with all that was said there, when all have left.
    """

    room: str
    closed: str = ""
    owner: str = ""


@value
class Killed(Event):
    """An operator has thrown `who` off the server."""

    who: Person
    reason: str


@value
class ServerBanned(Event):
    """An operator has barred a mask, an address or a network from the server until then (milliseconds; 0: for good)."""

    mask: str
    until: int
    reason: str
    whom: str = ""


@value
class ServerUnbanned(Event):
    """`until` says since when it had to end, if it ends by itself."""

    mask: str
    until: int = 0


@value
class Alerted(Event):
    text: str


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
    """`way` is None where it is not about accounts."""

    error: ChatError
    way: Way | None = None

    def __post_init__(self) -> None:
        """Its traceback knows the frames in which this is known: a circle that would hold all that was read there."""
        self.error.__traceback__ = None


@value
class Topic:
    text: str
    by: str  # the setter's mask
    time: int  # milliseconds


@value
class Member:
    """A user as others may know them. `ranks` are letters of `modes.RANKS`, the highest first."""

    person: Person
    away: str
    ranks: str = ""
    operator: bool = False  # of the server


@value
class RoomState(Reply):
    """What somebody needs to know of a room that they have just joined."""

    room: str
    topic: Topic | None
    members: tuple[Member, ...]  # oldest member first
    viewer: str  # the nickname of the one who is told
    secret: bool = False


@value
class Welcome(Reply):
    """You are in. `room` is where, if a room came with it."""

    person: Person
    counts: "CountsAre"
    room: RoomState | None


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
class RoomsAre(Reply):
    rooms: tuple[tuple[str, int, str], ...]  # name, people, topic


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
    modes: str  # "" for whom they are no business of
    secure: bool  # whether the connection is encrypted, and to this server
    server: str = ""  # to which they are connected; "" if it is the only one


@value
class NoWhois(Reply):
    """Nobody has that nickname."""

    nick: str


@value
class WhowasIs(Reply):
    nick: str
    people: tuple[tuple[Person, int], ...]  # with when they went, milliseconds; the last first


@value
class ModesAre(Reply):
    """Modes as letters, with their +; `room` is "" for the user's own."""

    room: str
    modes: str
    created: int  # milliseconds


@value
class ListIs(Reply):
    room: str
    letter: str
    entries: tuple[Entry, ...]


@value
class ServerBansAre(Reply):
    entries: tuple[Entry, ...]
    addresses: bool | None = None


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


class Deed(Enum):
    """What was done about an account."""

    CLAIMED = "claimed"
    LOGGED_IN = "logged-in"
    LOGGED_OUT = "logged-out"
    PASSWORD_SET = "password-set"
    DROPPED = "dropped"
    GHOST_CLOSED = "ghost-closed"
    ADMITTED = "admitted"  # the password was the server's, and the name is nobody's account


@value
class AccountDone(Reply):
    """`lasting` says whether the account outlives the server."""

    deed: Deed
    account: str
    way: Way
    lasting: bool = True


@value
class AccountIs(Reply):
    """`made` is when the name was claimed, in milliseconds; `here` whether somebody is logged in to it."""

    account: str
    made: int
    here: bool
    way: Way


@value
class ReplayIs(Reply):
    """What `SetReplay` has set; `account` is "" if only this connection's."""

    on: bool
    account: str
    way: Way


@value
class NowOperator(Reply):
    """One is an operator of the server now."""


@value
class Reloaded(Reply):
    pass


@value
class Told(Reply):
    """An event that one client alone is told of."""

    event: Event


@value
class Labelled(Reply):
    """Commands whose answers a client wants to know from everything else by a label: IRCv3 labeled-response.

    As a command it holds `commands`; once they are carried out, `told` is what this client is told of it.
    """

    label: str
    commands: Iterator["Command"]
    told: tuple["Reply | Event", ...] = ()


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
    refusal: bool = False  # which the operator is told of, too


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


Command = (
    Enter
    | Register
    | Rename
    | Join
    | Leave
    | Say
    | Burst
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
    | Kick
    | Ban
    | Unban
    | BanFromServer
    | UnbanFromServer
    | Expire
    | AskServerBans
    | Invite
    | SetModes
    | SetUserModes
    | SetRealname
    | BecomeOperator
    | Kill
    | Alert
    | Reload
    | Reread
    | Watch
    | Unwatch
    | AskWhowas
    | AskList
    | AskInvitations
    | AskCounts
    | AskServers
    | AskUptime
    | AskWatched
    | AskAllNames
    | LeaveAll
    | MakeAccount
    | LogIn
    | LogOut
    | SetPassword
    | SetReplay
    | DropAccount
    | CloseGhost
    | AskAccount
    | Checked
    | Hashed
    | MarkRead
    | AskMarker
    | Redact
    | Reply
)
Outcome = Event | Reply | Lookup | Work
