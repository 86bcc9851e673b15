"""Events: what happened. The hub decides them, the event log gives each its place, and everybody concerned is told.

They are values: never changed once made, but for `id` and `time`, which the event log writes.
"""

from dataclasses import field

from chatroom.model.values import MessageKind, ModeChange, Person, Quote, Standing, value

# ---- events ---------------------------------------------------------------------------------------------------------


@value
class Event:
    """What all events have. `id` rises by at least 1 with each; `time` is Unix time in milliseconds."""

    by: Person
    id: int = field(default=0, kw_only=True)
    time: int = field(default=0, kw_only=True)


@value
class Connected(Event):
    """Somebody has come to the server; if `room` isn't "", straight into it.

    If somebody is logged in to the account of `by` already, it is one more device of theirs. `kind` is the device's,
    and `absent` whether it has said that nobody is there.
    """

    room: str = ""
    kind: str = ""
    absent: bool = False


@value
class Joined(Event):
    """`device` is the uid of the one that enters, where that is in one room at a time; "" if it makes no difference."""

    room: str
    device: str = ""


@value
class Left(Event):
    room: str
    reason: str


@value
class Departed(Event):
    """Somebody has left the server; `rooms` are those they were in.

    With `device`, the uid of one of theirs, that alone has gone: they leave if it was the last.
    """

    reason: str
    rooms: tuple[str, ...] = ()
    device: str = ""


@value
class DeviceEnded(Event):
    """`by` has ended a device of their own, by its uid; `reason` is what it is told."""

    device: str
    reason: str


@value
class Renamed(Event):
    """`by` holds the old name; `rooms` are those they are in."""

    nick: str
    rooms: tuple[str, ...] = ()


@value
class Said(Event):
    """`target` is a room's or a person's name, as it is written there.

    `conversation` is the key under which two people's words are kept, "" where they are not. `quote` is the message
    that this one answers, if it does. `device` is the uid of the one by which it was said: the person's others are
    told, too.
    """

    target: str
    text: str
    kind: MessageKind
    tags: str = ""
    conversation: str = ""
    quote: Quote | None = None
    device: str = field(default="", compare=False)


@value
class Kept(Event):
    """Something was said to the owner of an account, who is not here: it waits for them. The rest is as in `Said`.

    `made` is the id of the event that made the account. `dropped` is that of a message which waits no more, so that
    this one has a place; 0 if there was one.
    """

    account: str
    text: str
    kind: MessageKind
    conversation: str
    quote: Quote | None = None
    device: str = ""
    made: int = 0
    dropped: int = 0

    def said(self, target: str) -> Said:
        """The message to them under this name."""
        return Said(
            self.by,
            target,
            self.text,
            self.kind,
            conversation=self.conversation,
            quote=self.quote,
            id=self.id,
            time=self.time,
        )


@value
class Received(Event):
    """The owner of an account was told of all that waited for them, up to the message with the id `last`."""

    account: str
    last: int


@value
class MetadataSet(Event):
    """Something is set about `by`, or about a room if there is one; None if it is removed."""

    room: str
    key: str
    value: str | None
    device: str = ""


@value
class IgnoreSet(Event):
    """`by` ignores whom a mask matches, or does not any more. `whom` is the name that it was made for."""

    mask: str
    whom: str
    on: bool


@value
class StrangersSet(Event):
    """Whether who isn't logged in may write to the owner of an account."""

    account: str
    on: bool


@value
class StaySet(Event):
    """Whether the owner of the account stays in their rooms when their last device goes.

    `device` is the uid of the one by which it was set: the person's others are told, too.
    """

    account: str
    on: bool
    device: str = ""


@value
class StandingSet(Event):
    """Where somebody is who stays, as it is now, so that it is kept; None once they have left. Only saved.

    `account` is the id of the event that made their account.
    """

    account: int
    standing: Standing | None


@value
class Reacted(Event):
    """`by` has put a reaction, such as "👍", to the message `quote`, or taken it back; the rest is as in `Said`."""

    target: str
    quote: Quote
    reaction: str
    on: bool = True
    conversation: str = ""
    device: str = field(default="", compare=False)


@value
class Redacted(Event):
    """The message with the id `said` is taken back; `target` and `conversation` are its own.

    `author` is who said it, if it was somebody else; "" if they took it back themselves.
    """

    target: str
    said: int
    reason: str
    conversation: str = ""
    author: str = ""


@value
class TopicSet(Event):
    room: str
    topic: str


@value
class RoomRenamed(Event):
    """`room` is what it was called, `name` what it is called now."""

    room: str
    name: str
    reason: str


@value
class AwaySet(Event):
    """`message` is "" when somebody is back."""

    message: str


@value
class AbsenceSet(Event):
    """Whether nobody is at a device of `by`, by its uid."""

    device: str
    on: bool


@value
class MarkerSet(Event):
    """`by`, who is logged in to the account, has read a room or a talk up to the time `read`, in milliseconds."""

    account: str
    target: str
    read: int


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
    home: str = ""  # the address, as limits count it
    language: str = ""  # that they have chosen, by its tag


@value
class AccountUsed(Event):
    """`by` has logged in to the account that was made by the event `made`; `home` is where it is at home now."""

    account: str
    made: int
    home: str
    warned: bool


@value
class PasswordSet(Event):
    """A new password, which ends other logins. With `before`, the old secret, it is the same password, hashed anew.

    `device` is the uid of the one that stays.
    """

    account: str
    secret: str = field(repr=False)
    before: str = field(default="", repr=False)
    device: str = ""


@value
class OperatorSet(Event):
    """The account was made an operator of the server, or is none any more."""

    account: str
    on: bool


@value
class ReplaySet(Event):
    """Whether the account's clients are told what was said in a room before they join it."""

    account: str
    on: bool


@value
class LanguageSet(Event):
    """The language that the account's clients read, by its tag."""

    account: str
    language: str


@value
class AccountDropped(Event):
    """The name is nobody's any more. `used` is when it was used last, if that is why: a later use keeps it.

    `device` is the uid of the one by which it was dropped; who is logged in by others is told.
    """

    account: str
    used: int = 0
    device: str = ""


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
    """An operator has banned a mask, an address or a network from the server until then (milliseconds; 0: for good)."""

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
class Guessed(Event):
    """Somebody has guessed wrong at the operators' password, or at the key of a room; for operators alone.

    `nick` is who did it last, `count` how many wrong ones there were within a minute.
    """

    nick: str
    target: str  # the room; "" for the operators' password
    count: int


@value
class Alerted(Event):
    text: str
