"""Who is told of an event, grouped by the format that they read."""

from collections.abc import Hashable, Iterable, Iterator, Set
from typing import Protocol

from chatroom.common.language import Language
from chatroom.model.events import Event


class Format(Hashable, Protocol):
    """Renders events for all clients that read the same bytes (one dialect, language and set of capabilities)."""

    own_moves: bool  # whether a client wants to be told that it has joined or left a room itself
    one_room: bool  # whether a client is in one room at a time, in whatever rooms its person is
    follows_renames: bool  # whether it says by one line that a room has another name
    as_sentences: bool  # whether people read it, who are told of several reactions by one line

    def render(self, event: Event) -> bytes:
        """The bytes for an event, whole lines; b"" when these clients aren't told of such events."""

    def render_all(self, events: list[Event]) -> bytes:
        """The bytes for events that come one after the other."""

    def variant(self, kind: type[Event]) -> Hashable:
        """Equal for formats in which all events of this type have the same bytes."""

    def spoken(self, language: Language) -> "Format":
        """The same in another language."""


class Listener(Protocol):
    """Whoever is told of events: what an audience needs to know of a session."""

    uid: str
    format: Format


class Audience:
    """Who is told of an event, grouped by the format that they read. Never changed: a new one takes its place."""

    __slots__ = ("groups",)

    def __init__(self, groups: dict[Format, tuple[Listener, ...]]) -> None:
        self.groups = groups

    @classmethod
    def of(cls, sessions: Iterable[Listener]) -> "Audience":
        groups: dict[Format, list[Listener]] = {}
        for session in sessions:
            groups.setdefault(session.format, []).append(session)
        return cls({format_: tuple(members) for format_, members in groups.items()})

    def plus(self, session: Listener) -> "Audience":
        return Audience({**self.groups, session.format: (*self.groups.get(session.format, ()), session)})

    def minus(self, session: Listener) -> "Audience":
        """Looks only among those who read its format, which is cheap however many rooms one leaves."""
        members = self.groups.get(session.format, ())
        try:
            place = members.index(session)
        except ValueError:
            return self
        groups = {**self.groups, session.format: (*members[:place], *members[place + 1 :])}
        return Audience({format_: group for format_, group in groups.items() if group})

    def without(self, sessions: Set[Listener]) -> "Audience":
        groups = {f: tuple([s for s in members if s not in sessions]) for f, members in self.groups.items()}
        return Audience({f: members for f, members in groups.items() if members})

    def size(self) -> int:
        """How many are told. Not `len`, by which an audience of nobody would be false."""
        return sum(map(len, self.groups.values()))

    def __iter__(self) -> Iterator[Listener]:
        return (session for members in self.groups.values() for session in members)
