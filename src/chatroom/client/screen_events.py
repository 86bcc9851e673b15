"""What a screen has to react to once: it drains them from `SessionState.events`."""

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class RoomList:
    """The rooms of the server: name, how many people, topic."""

    rooms: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True, slots=True)
class SearchResults:
    """What the server's search found in a room, oldest first."""

    room: Room
    entries: tuple[TranscriptEntry, ...]


@dataclass(frozen=True, slots=True)
class KeyWanted:
    """A room that we want to go to needs a key, or another one than we gave."""

    room: Room


ScreenEvent = Registered | Rejected | Alerted | RoomList | SearchResults | KeyWanted
