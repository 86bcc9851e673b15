"""The roll of a room: all who are in it, and what protocols have written of each."""

from collections.abc import Callable

from chatroom.model.values import Member


class Roll:
    """The members of a room, in the order of joining. Never changed: another one takes its place.

    When a crowd joins, each is told of everybody. So what is written of a member is kept, and a member more makes a
    longer roll of the one before.
    """

    __slots__ = ("_words", "members")

    def __init__(self, members: tuple[Member, ...]) -> None:
        self.members = members
        self._words: dict[Callable[[Member], str], str] = {}  # what was written of all, by what writes it

    def plus(self, member: Member) -> "Roll":
        longer = Roll((*self.members, member))
        longer._words = {write: f"{words} {write(member)}" for write, words in self._words.items()}
        return longer

    def words(self, write: Callable[[Member], str]) -> str:
        """What `write` makes of each member, with blanks between."""
        words = self._words.get(write)
        if words is None:
            words = self._words[write] = " ".join(map(write, self.members))
        return words
