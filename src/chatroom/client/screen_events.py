"""What a screen has to react to once: it drains them from `SessionState.events`."""

from dataclasses import dataclass
from typing import NamedTuple

from chatroom.client.room import Room
from chatroom.client.transcript_entry import TranscriptEntry


@dataclass(frozen=True, slots=True)
class Registered:
    """The server let us in. `again`: it had let us in before, so this ends a break in the connection."""

    again: bool


@dataclass(frozen=True, slots=True)
class Rejected:
    """The server doesn't let us in, and trying again won't help. `strings.refusal` says it to people."""

    reason: str
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alerted:
    """Somebody mentioned us or sent us a direct message, in a room that nobody looks at."""

    room: Room
    entry: TranscriptEntry


class ListedRoom(NamedTuple):
    """A room of the server. `closed` has the letters of modes that keep people out, where the server tells them."""

    name: str
    people: int
    topic: str
    closed: str = ""


@dataclass(frozen=True, slots=True)
class RoomList:
    """The rooms of the server, the fullest first."""

    rooms: tuple[ListedRoom, ...]


@dataclass(frozen=True, slots=True)
class SearchResults:
    """What the server's search found in a room, oldest first; or where the user was named, in any (None)."""

    room: Room | None
    entries: tuple[TranscriptEntry, ...]


@dataclass(frozen=True, slots=True)
class HistoryShown:
    """A part of a room's history that was asked for, oldest first; `msgid` is what it was asked around, or ""."""

    room: Room
    entries: tuple[TranscriptEntry, ...]
    msgid: str = ""


@dataclass(frozen=True, slots=True)
class LanguageChosen:
    """The user wants to read this language from now on, also when the program is started again."""

    tag: str


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A message was taken back, by `nick`."""

    room: Room
    entry: TranscriptEntry
    nick: str


@dataclass(frozen=True, slots=True)
class Edited:
    """`entry` stands for another message, which was taken back for it and is in the room no more."""

    room: Room
    gone: TranscriptEntry
    entry: TranscriptEntry


@dataclass(frozen=True, slots=True)
class Reacted:
    """Somebody, `nick`, has reacted to a message, or taken that back."""

    room: Room
    entry: TranscriptEntry
    reaction: str
    nick: str
    on: bool


@dataclass(frozen=True, slots=True)
class KeyWanted:
    """A room that we want to go to needs a key, or another one than we gave."""

    room: Room
    about: str = ""  # what the server says of that


@dataclass(frozen=True, slots=True)
class Answered:
    """The server says what it makes of a password that the user has given it. `text` says why, where it refuses it.

    `is_certain` is false where it is only known that NickServ has said something.
    """

    text: str = ""
    is_done: bool = True
    is_certain: bool = True


ScreenEvent = (
    Registered
    | Rejected
    | Alerted
    | RoomList
    | SearchResults
    | HistoryShown
    | LanguageChosen
    | TakenBack
    | Edited
    | Reacted
    | KeyWanted
    | Answered
)
