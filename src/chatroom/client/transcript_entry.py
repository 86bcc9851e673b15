"""One thing that stands in a room's transcript."""

from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import count
from zlib import crc32

from chatroom.common import language as spoken
from chatroom.common.language import Language
from chatroom.common.names import fold

NICK_COLOURS = 8  # each screen has its own eight
_serials = count(1)


class Kind(Enum):
    MESSAGE = auto()
    ACTION = auto()
    NOTICE = auto()
    JOIN = auto()
    LEAVE = auto()
    RENAME = auto()  # `text` is the new name
    INFO = auto()  # from the program or the server, to this user alone
    ERROR = auto()
    ANNOUNCEMENT = auto()  # by whoever runs the server, to everybody


class DeliveryState(Enum):
    """How far a message of our own has come. Everything else is `DONE` from the start."""

    DONE = auto()  # the server has it
    WAITING = auto()  # not handed to a connection yet
    SENT = auto()  # handed to a connection; no answer yet
    FAILED = auto()  # refused, or it can't be known whether it arrived


SPOKEN = frozenset({Kind.MESSAGE, Kind.ACTION, Kind.NOTICE})
MOVES = frozenset({Kind.JOIN, Kind.LEAVE, Kind.RENAME})


def nick_colour(nick: str) -> int:
    """Which of the eight colours is this person's: the same in every run, in the list and in the text."""
    return crc32(fold(nick).encode("utf-8", "replace")) % NICK_COLOURS


@dataclass(slots=True, eq=False)
class TranscriptEntry:
    """`time` is in seconds since the epoch; `serial` names the entry in this process, `msgid` on the server."""

    kind: Kind
    time: float
    nick: str
    text: str
    msgid: str = ""
    own: bool = False
    mention: bool = False
    is_gone: bool = False  # taken back
    is_beyond_reach: bool = False  # the server does not know it any more, so it can't be taken back
    edited: bool = False  # stands for another one, which its author has taken back
    place: str = ""  # the room or person it was said to, of what a search found
    reply_to: str = ""  # the msgid of the message that this answers
    reactions: dict[str, list[str]] = field(default_factory=dict)  # who has reacted to it, by how
    delivery: DeliveryState = DeliveryState.DONE
    language: Language = field(default_factory=spoken.own)  # in which all of it stays, whatever the user reads later
    serial: int = field(default_factory=lambda: next(_serials))

    @property
    def pending(self) -> bool:
        return self.delivery in (DeliveryState.WAITING, DeliveryState.SENT)

    def as_typed(self) -> str:
        """What one types to say this: what one slash begins would be a command."""
        if self.kind is Kind.ACTION:
            return f"/me {self.text}"
        return f"/{self.text}" if self.text.startswith("/") else self.text
