"""Small values that commands, events and replies are made of."""

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(cls: type[T]) -> type[T]:
    """A dataclass with slots that mypy holds to be frozen.

    At run time it isn't: freezing costs a microsecond for each value made, a tenth of what a whole message may cost.
    """
    return dataclass(slots=True)(cls)


class MessageKind(Enum):
    """How something is said."""

    MESSAGE = "message"
    ACTION = "action"  # "/me waves"
    NOTICE = "notice"  # by programs; never answered by one (RFC 2812 §3.3.2)
    TAGS = "tags"  # no text, only tags, such as "is typing": IRCv3 message-tags


class Via(Enum):
    """How a client asked for something about accounts: the answer comes the same way."""

    COMMAND = "command"  # of the plain dialect
    SASL = "sasl"
    PASS = "pass"  # IRC's PASS name:password
    SERVICE = "service"  # a message to NickServ
    REGISTER = "register"  # IRCv3 draft/account-registration


@value
class Person:
    """Who somebody was at the moment of an event; `uid` stays the same over renames and is never used twice.

    It is that of the connection by which they came first.
    """

    uid: str
    nick: str
    username: str
    host: str  # as others see it: a cloak, an account, or an address where these are shown
    realname: str = ""
    account: str = ""  # the name they have proven to be theirs; "" if none
    bot: bool = False  # a program, by its own word
    address: str = ""  # for operators of the server; "" where it is not known, as in the history
    cloak: str = ""  # what stands for the address, whatever `host` shows

    @property
    def place(self) -> str:
        """Where they come from, as others may know it, also if `host` shows their account."""
        return self.cloak if self.cloak and self.host != self.address else self.host

    @property
    def mask(self) -> str:
        """nick!user@host, the source of an IRC line (RFC 2812 §2.3.1); of the server itself its name."""
        return f"{self.nick}!{self.username}@{self.host}" if self.username else self.nick

    @property
    def mask_of_place(self) -> str:
        """Likewise with `place`: masks that somebody sets are counted by where they come from."""
        return f"{self.nick}!{self.username}@{self.place}" if self.username else self.nick


@value
class HistoryPoint:
    """A point in a history: the event with that id, or, if `id` is 0, a moment in Unix milliseconds."""

    id: int = 0
    time: int = 0


class Device(NamedTuple):
    """One connection of a person. A guest has one; who is logged in may have several.

    `who` is the person as they came by it: its `uid` is the connection's own, its address the device's.
    """

    who: Person
    kind: str  # what speaks there: "netcat", "IRC", "browser"
    since: int  # milliseconds
    number: int = 1  # by which its owner names it; no two devices of a person have the same
    absent: bool = False  # whether it has said that nobody is there


class Standing(NamedTuple):
    """Who somebody is, and where, who stays without a device: what is to outlive the server.

    `rooms` has each room's name, with letters of `modes.RANKS`. `seen` is the id of the last event that they saw before
    their last device went; 0 while they have one.
    """

    nick: str
    username: str
    host: str
    cloak: str
    realname: str
    away: str
    modes: str  # letters of `modes.USER_MODES`
    rooms: tuple[tuple[str, str], ...]
    seen: int = 0


class ListEntry(NamedTuple):
    """A mask in a list: whose it is (their mask), since when and until when (milliseconds; 0: without an end), and why.

    `whom` is the nickname that it was made for, where it was made for somebody.
    """

    mask: str
    by: str
    since: int
    until: int = 0
    reason: str = ""
    whom: str = ""


@value
class ModeChange:
    """One letter of `modes` set or taken off. `uid` says whom `param` names, where it names somebody.

    A mask in a list may have an end (milliseconds; 0: none), a reason, and the nickname that it was made for; one that
    is taken off because it had to end says when that was. Where an account makes somebody an operator of the server,
    `whom` says why: `BY_ACCOUNT` or `BY_CONFIGURATION`.
    """

    on: bool
    letter: str
    param: str = ""
    uid: str = ""
    until: int = 0
    reason: str = ""
    whom: str = ""


@value
class Quote:
    """The message that another one answers: its id, who said it, and how it begins; "" where that isn't known."""

    id: int
    nick: str = ""
    text: str = ""


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
