"""Commands: what clients ask for. A protocol makes them; the hub decides what comes of them."""

from collections.abc import Callable, Iterator
from dataclasses import field

from chatroom.model.audience import Format
from chatroom.model.values import HistoryPoint, MessageKind, ModeChange, Person, Via, value


class ChatCommand:
    """Decided without changing anything. What it leads to happens by events, the same on all servers."""

    __slots__ = ()


class SessionCommand:
    """Carried out at once. It changes what this server alone keeps, above all of the connection that it came from."""

    __slots__ = ()


# ---- all of them ----------------------------------------------------------------------------------------------------


@value
class Enter(SessionCommand):
    """Give the server's password."""

    password: str = field(repr=False)


@value
class Register(ChatCommand):
    """Take a name and come in, straight into `room` if there is one."""

    nick: str
    username: str
    realname: str
    room: str = ""
    kind: str = ""  # of client, as its user would call it
    absent: bool = False  # whether nobody is there yet


@value
class Rename(ChatCommand):
    nick: str


@value
class Join(ChatCommand):
    """Join `room`; with `move`, out of all others."""

    room: str
    move: bool = False
    key: str = ""


@value
class Leave(ChatCommand):
    room: str
    reason: str = ""


@value
class LeaveAll(ChatCommand):
    """Leave all rooms."""


@value
class Say(ChatCommand):
    """Say `text` to `target`: a room, a nickname, or those in a room with a rank (@#room, +#room).

    `tags` are those that clients tell each other, as they are written on an IRC line: IRCv3 message-tags. `answers` is
    the message that this one answers: its id, or whose last one it is; 0 if there is none.
    """

    target: str
    text: str
    kind: MessageKind = MessageKind.MESSAGE
    tags: str = ""
    answers: int | str = 0


@value
class Burst(ChatCommand):
    """Say all of `texts`, one after the other, to one room: programs that are in a hurry.

    It is a second way beside `Say`, from the dialect to the courier, since neither serves both. Of 200 lines together,
    each takes 0.45 µs so; 0.85 µs if applied by itself, 2.15 µs if also read so. One line: 3.6 µs, as `Say` 3.35 µs.
    """

    target: str
    texts: list[str]

    def singly(self) -> Iterator[Say]:
        """The same, as a command for each."""
        return (Say(self.target, text) for text in self.texts)


@value
class SetTopic(ChatCommand):
    room: str
    topic: str


@value
class RenameRoom(ChatCommand):
    room: str
    name: str
    reason: str = ""


@value
class SetAway(ChatCommand):
    """Be away with a message, or back with "". With `absent` nobody is at this device."""

    message: str
    absent: bool = False


@value
class Kick(ChatCommand):
    """Throw somebody out of a room; with `seconds`, not to come back for so long."""

    room: str
    nick: str
    reason: str = ""
    seconds: int = 0


@value
class Ban(ChatCommand):
    """Keep somebody out of a room, or, with `mute`, only from speaking there; for so many seconds, or for good if 0."""

    room: str
    who: str  # a nickname or a mask
    seconds: int = 0
    reason: str = ""
    mute: bool = False


@value
class ThrowOut(ChatCommand):
    """Throw out of a room, or with "" off the server, those whom a ban was found to match. It follows the ban.

    Of people who are here from elsewhere, too, `devices` are to go: whose they are, and their uids.
    """

    room: str
    who: tuple[Person, ...]
    reason: str
    devices: tuple[tuple[Person, str], ...] = ()


@value
class Unban(ChatCommand):
    room: str
    who: str
    mute: bool = False


@value
class BanFromServer(ChatCommand):
    """Let somebody not come in any more: `who` is an address, a network, a nickname or a mask."""

    who: str
    seconds: int = 0
    reason: str = ""


@value
class UnbanFromServer(ChatCommand):
    who: str


@value
class Expire(ChatCommand):
    """End what has lasted its time."""


@value
class Invite(ChatCommand):
    nick: str
    room: str


@value
class SetModes(ChatCommand):
    room: str
    changes: tuple[ModeChange, ...]


@value
class SetUserModes(ChatCommand):
    nick: str
    changes: tuple[ModeChange, ...]


@value
class SetRealname(ChatCommand):
    realname: str


@value
class BecomeOperator(SessionCommand):
    name: str
    password: str = field(repr=False)


@value
class SetOperator(ChatCommand):
    """Make an account an operator of the server whenever somebody is logged in to it, or no more."""

    account: str
    on: bool


@value
class Kill(ChatCommand):
    """Throw somebody off the server."""

    nick: str
    reason: str = ""


@value
class Alert(ChatCommand):
    """Say something to all who want to hear what operators say to all."""

    text: str


@value
class Reload(ChatCommand):
    """Read the configuration again."""


@value
class Watch(SessionCommand):
    """Be told when these nicknames come and go, or no more: IRCv3 monitor."""

    nicks: tuple[str, ...]
    on: bool


@value
class Unwatch(SessionCommand):
    """Watch nobody any more."""


@value
class MakeAccount(SessionCommand):
    """Claim a name: one's own, or, for who has none yet, `name`."""

    password: str = field(repr=False)
    name: str = ""
    via: Via = Via.COMMAND


@value
class LogIn(SessionCommand):
    """Prove that an account is one's own; with `take`, be called by its name from then on."""

    account: str
    password: str = field(repr=False)
    take: bool = False
    via: Via = Via.COMMAND


@value
class LogOut(ChatCommand):
    device: str = ""  # the number of the one of one's connections that is to end; "": this login
    via: Via = Via.COMMAND


@value
class AskDevices(ChatCommand):
    """By which connections one is here."""


@value
class SetPassword(SessionCommand):
    """Change the password of the account that one is logged in to; `old` is the one until now. Ends other logins."""

    password: str = field(repr=False)
    old: str = field(repr=False)
    via: Via = Via.COMMAND


@value
class DropAccount(SessionCommand):
    """Give a claimed name up. The server's operators need no password."""

    account: str
    password: str = field(repr=False)
    via: Via = Via.COMMAND


@value
class CloseGhost(SessionCommand):
    """End another connection that holds one's name; who is logged in to it needs no password."""

    nick: str
    password: str = field(default="", repr=False)
    via: Via = Via.COMMAND


@value
class NoteUse(ChatCommand):
    """Note that people who are here use these accounts. For the server itself."""

    accounts: tuple[str, ...]


@value
class FreeAccounts(ChatCommand):
    """Free those of these accounts that were not used for too long. For the server itself."""

    accounts: tuple[str, ...]


@value
class AskAccount(ChatCommand):
    """Whether a name is claimed, and since when."""

    account: str
    via: Via = Via.COMMAND


@value
class Checked(SessionCommand):
    """A password was compared with a secret, "" if there was none. `fits` is None if its turn did not come in time.

    No protocol makes this: it is what comes of `Deferred`.
    """

    ask: LogIn | DropAccount | CloseGhost | SetPassword
    secret: str = field(repr=False)
    fits: bool | None
    of_server: bool = False  # whether it is the server's password, which some clients give like that of an account


@value
class Hashed(ChatCommand):
    """A secret was made of a password; "" if its turn did not come in time.

    After a login it is the same password at a higher cost, in place of the secret `before`.
    No protocol makes this: it is what comes of `Deferred`.
    """

    ask: MakeAccount | SetPassword | LogIn
    secret: str = field(repr=False)
    before: str = field(default="", repr=False)


@value
class Compared(SessionCommand):
    """What was given was compared with a password that many share. `fits` is None if its turn did not come in time.

    No protocol makes this: it is what comes of `Deferred`.
    """

    ask: Enter | BecomeOperator
    fits: bool | None


@value
class NoteWrongKey(SessionCommand):
    """A wrong key was given for a room.

    No protocol makes this: it is what comes of `Deferred`.
    """

    room: str


@value
class Reread(SessionCommand):
    """The files were read again: `use` puts to use what stands in them; None if one can't be read.

    No protocol makes this: it is what comes of `Deferred`.
    """

    use: Callable[[], None] | None


@value
class Quit(SessionCommand):
    """Leave the server; the reason is shown to those who were in a room with the user."""

    reason: str
    ask: bool = True  # False when the connection is gone already and there is nobody to say goodbye to
    refused: bool = False  # whether it is the server that lets nobody in who comes like that
    own: bool = False  # whether the reason is in the client's own words


@value
class SetFormat(SessionCommand):
    """From now on this client reads another format (IRC: other capabilities)."""

    format: "Format"
    echo: bool = False
    extended_monitor: bool = False  # whether it is told more of those it watches: IRCv3 extended-monitor
    read_marker: bool = False  # whether it is told how far its user has read: IRCv3 read-marker


@value
class MarkRead(SessionCommand):
    """One has read what was said in a room, or by somebody, up to a time (milliseconds)."""

    target: str
    time: int


@value
class Redact(ChatCommand):
    """Take back what was said, by its id. `called` is what the client calls it."""

    target: str
    said: int
    reason: str
    called: str


@value
class AskMarker(ChatCommand):
    """How far one has read."""

    target: str


@value
class AskTopic(ChatCommand):
    room: str


@value
class AskNames(ChatCommand):
    room: str


@value
class AskAllNames(ChatCommand):
    """Who is in which room, all over the server."""


@value
class AskRooms(ChatCommand):
    """All rooms, or those named; of these, those that meet all that is asked for."""

    rooms: tuple[str, ...] = ()
    masks: tuple[str, ...] = ()  # any of them
    not_masks: tuple[str, ...] = ()  # none of them
    people: tuple[int, int] = (-1, 1 << 62)  # more than, fewer than
    age: tuple[int, int] = (-1, 1 << 62)  # milliseconds since the room was opened, likewise
    topic_age: tuple[int, int] = (-1, 1 << 62)  # since its topic was set; never, if it has none


@value
class AskWho(ChatCommand):
    """The members of a room, or those whose nickname, user name, host or real name is like `mask`."""

    mask: str
    operators: bool = False  # only those of the server


@value
class AskWhois(ChatCommand):
    nick: str


@value
class AskWhowas(ChatCommand):
    """The last `count` people who had a nickname like `nick`, and have it no more; all that are known if it is 0."""

    nick: str
    count: int = 0


@value
class AskModes(ChatCommand):
    """The modes of a room or of a user."""

    target: str


@value
class AskOwner(ChatCommand):
    """Whose room it is."""

    room: str


@value
class AskList(ChatCommand):
    """The masks in some of a room's lists, by their letters: `modes.ModeKind.LIST`."""

    room: str
    letters: str


@value
class AskServerBans(ChatCommand):
    """Who may not come to this server; with `addresses`, which addresses, else which people; with neither, all."""

    addresses: bool | None = None


@value
class AskInvitations(ChatCommand):
    """The rooms that one is invited to."""


@value
class AskCounts(ChatCommand):
    """How many people and rooms there are."""


@value
class AskServers(ChatCommand):
    """The servers that together are this chat."""


@value
class AskUptime(ChatCommand):
    """How long the server has been running."""


@value
class AskWatched(ChatCommand):
    """Whom one watches; with `status`, who of them is here."""

    status: bool


@value
class AskUsers(ChatCommand):
    """Who of these nicknames is here."""

    nicks: tuple[str, ...]
    command: str  # USERHOST or ISON: the answer's form


@value
class AskHistory(ChatCommand):
    """`limit` messages of a room, or of one's talk with somebody, of those between two points (which are left out).

    `newest` says from which end they are taken; if `after` is later than `before`, they change places and the end
    changes, too. With `around` they are from both sides of a point. With `everything` they are all events.
    """

    target: str
    limit: int
    after: HistoryPoint | None = None
    before: HistoryPoint | None = None
    around: HistoryPoint | None = None
    newest: bool = True
    everything: bool = False
    verb: str = ""  # what the client called it


@value
class AskTargets(ChatCommand):
    """Where something was said that one may look up, the last of it between two points."""

    after: HistoryPoint
    before: HistoryPoint
    limit: int
    newest: bool
    target: str = ""
    verb: str = "TARGETS"


@value
class AskSearch(ChatCommand):
    """`limit` messages, the newest or oldest, with all of these words, said by somebody, somewhere.

    "" means any words, anybody, anywhere.
    """

    words: str
    limit: int
    newest: bool = True
    target: str = ""
    by: str = ""
    after: HistoryPoint | None = None
    before: HistoryPoint | None = None
    verb: str = "SEARCH"
