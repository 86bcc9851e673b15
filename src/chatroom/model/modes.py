"""The modes that rooms and people can have.

A mode is a letter that is on or off: RFC 2811 §4, and `modern.ircdocs.horse/#channel-modes` for those of today. Which
kind a letter is decides whether a parameter comes with it, in every dialect.
"""

from collections.abc import Collection
from enum import Enum

from chatroom.common.names import LOBBY
from chatroom.common.text import number
from chatroom.model.values import ModeChange

# members that a room may be limited to: more than there will be, and still a short number
MEMBER_LIMIT_MAX = 999_999_999
SLOW_MODE_MAX_SECONDS = 3600  # seconds between two messages of one member


class ModeKind(Enum):
    """What a room's mode is, and when a parameter comes with it."""

    LIST = "A"  # adds a mask to a list, or takes it off
    KEY = "B"  # always with a parameter
    SETTING = "C"  # with a parameter when it is set
    FLAG = "D"  # never with a parameter
    RANK = "rank"  # gives a member a rank, or takes it away


OPERATOR = "o"
VOICE = "v"
RANKS = {OPERATOR: "@", VOICE: "+"}  # highest first, with the sign that stands before a nickname

BAN = "b"
EXCEPTION = "e"
INVITED = "I"
INVITED_ONLY = "i"
KEY = "k"
LIMIT = "l"
CLOSED = "n"
MODERATED = "m"
TOPIC_LOCKED = "t"
SLOW = "W"  # as InspIRCd's and UnrealIRCd's contributed modules have it

ROOM_MODES: dict[str, ModeKind] = {
    BAN: ModeKind.LIST,  # who may not join or speak
    EXCEPTION: ModeKind.LIST,  # whom no ban meets
    INVITED: ModeKind.LIST,  # who needs no invitation
    KEY: ModeKind.KEY,  # joined with a key only
    LIMIT: ModeKind.SETTING,  # at most so many members
    SLOW: ModeKind.SETTING,  # so many seconds between two messages of a member
    "C": ModeKind.FLAG,  # no CTCP but /me
    INVITED_ONLY: ModeKind.FLAG,  # joined by invitation only
    MODERATED: ModeKind.FLAG,  # only those with a rank speak
    CLOSED: ModeKind.FLAG,  # only members speak
    "s": ModeKind.FLAG,  # not listed
    TOPIC_LOCKED: ModeKind.FLAG,  # only operators set the topic
    OPERATOR: ModeKind.RANK,
    VOICE: ModeKind.RANK,
}
NUMBERS = {LIMIT: MEMBER_LIMIT_MAX, SLOW: SLOW_MODE_MAX_SECONDS}  # those whose parameter is a number, from 1 to this
NEW_ROOM = (CLOSED, TOPIC_LOCKED)
NEW_LOBBY = (CLOSED,)  # which has no operators of its own: anybody sets the topic


OWNER = "O"  # no mode: a letter by which to ask whose room it is, as in RFC 2811 §4.1.1

CLOSING = (INVITED_ONLY, KEY)


def of_new_room(key: str) -> dict[str, str]:
    """The modes with which a room begins, by its folded name: parameters by letter."""
    return dict.fromkeys(NEW_LOBBY if key == LOBBY else NEW_ROOM, "")


def closed(modes: Collection[str]) -> str:
    """The letters of what closes a room with these modes: what is said there is not for everybody. "" if it is open."""
    return "".join([letter for letter in CLOSING if letter in modes])


def bounded(modes: dict[str, str]) -> dict[str, str]:
    """Modes as they were kept by whichever version, with no number beyond its bound; what is no number is left out."""
    kept = {}
    for letter, param in modes.items():
        value = str(number(param, NUMBERS[letter]) or "") if letter in NUMBERS else param
        if value or letter not in NUMBERS:
            kept[letter] = value
    return kept


BOT = "B"
INVISIBLE = "i"
ALERTED = "w"
NO_CTCP = "T"
NO_STRANGERS = "R"
USER_MODES = {
    BOT: "is a program",
    INVISIBLE: "is not found by those who share no room",
    OPERATOR: "is an operator of the server",
    NO_STRANGERS: "is written to only by those who are logged in",
    NO_CTCP: "gets no CTCP but /me",
    ALERTED: "is told what operators say to all",
}

# Why an account is an operator of the server: it was made one at the console, or is named in the configuration.
BY_ACCOUNT = "account"
BY_CONFIGURATION = "configuration"


def written(changes: tuple[ModeChange, ...]) -> str:
    """``+ov-k alice bob *``: signs and letters, then the parameters."""
    letters, sign = "", None
    for change in changes:
        if change.on is not sign:
            sign = change.on
            letters += "+" if sign else "-"
        letters += change.letter
    return " ".join([letters, *(change.param for change in changes if change.param)])
