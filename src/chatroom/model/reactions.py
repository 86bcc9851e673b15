"""The reactions to those messages that are held in memory.

All of it follows from the events alone, so it is the same on all servers of a chat. When there are too many, those to
the messages that were reacted to first are forgotten here; the history keeps them.
"""

from collections.abc import Iterable, Iterator

from chatroom.common.names import fold
from chatroom.model.events import Reacted
from chatroom.model.values import Person

REACTION_BYTES = 64  # of one: an emoji of a family with its skin colours has some 40, and clients also send words
REACTION_KINDS_MAX = 20  # to one message: as many as fit below it
REACTION_PEOPLE_MAX = 500  # to one message: the row of all of them is a reader's work
REACTIONS_HELD_MAX = 20_000  # in memory, of all messages: some 5 MB

ByReaction = dict[str, dict[str, Reacted]]  # by who did it, in the order in which they came


class Reactions:
    """The reactions to messages, by the messages' ids. Those who react are known by their accounts, or as guests."""

    __slots__ = ("_count", "_told", "_untold", "messages")

    def __init__(self) -> None:
        self.messages: dict[int, ByReaction] = {}
        self.refresh()

    def refresh(self) -> None:
        """Makes anew what follows from the rest; nothing is untold then."""
        self._count = sum([len(people) for by_reaction in self.messages.values() for people in by_reaction.values()])
        # Each server tells its own clients: when it last did, of which message (ms), and what it has not yet.
        self._told: dict[int, int] = {}
        self._untold: dict[int, dict[tuple[str, str], None]] = {}

    def has(self, said: int, reaction: str, person: Person) -> bool:
        return who(person) in self.messages.get(said, {}).get(reaction, {})

    def has_room_for(self, said: int, reaction: str, person: Person) -> bool:
        """Whether the message may have one more reaction, of this kind and by this person."""
        by_reaction = self.messages.get(said, {})
        if reaction not in by_reaction and len(by_reaction) >= REACTION_KINDS_MAX:
            return False
        people = {key for each in by_reaction.values() for key in each}
        return len(people) < REACTION_PEOPLE_MAX or who(person) in people

    def add(self, event: Reacted) -> None:
        key = who(event.by)
        people = self.messages.setdefault(event.quote.id, {}).setdefault(event.reaction, {})
        if key not in people:
            people[key] = event
            self._count += 1
        while self._count > REACTIONS_HELD_MAX and len(self.messages) > 1:
            self.forget(next(iter(self.messages)))

    def remove(self, event: Reacted) -> None:
        by_reaction = self.messages.get(event.quote.id, {})
        people = by_reaction.get(event.reaction, {})
        if people.pop(who(event.by), None):
            self._count -= 1
        if not people:
            by_reaction.pop(event.reaction, None)
        if not by_reaction:
            self.messages.pop(event.quote.id, None)

    def forget(self, said: int) -> None:
        """The message is gone, and its reactions with it."""
        gone = self.messages.pop(said, {})
        self._count -= sum(map(len, gone.values()))
        self._untold.pop(said, None)

    def of(self, messages: Iterable[int]) -> tuple[Reacted, ...]:
        """The reactions to these messages, by their ids."""
        return tuple([event for said in messages if said in self.messages for event in self._of(said)])

    def _of(self, said: int) -> Iterator[Reacted]:
        return (event for people in self.messages[said].values() for event in people.values())

    # ---- for those who read sentences: they are told of several at once ----------------------------------------------

    def note_untold(self, event: Reacted) -> None:
        self._untold.setdefault(event.quote.id, {})[event.reaction, who(event.by)] = None

    @property
    def are_untold(self) -> bool:
        return bool(self._untold)

    def due(self, now: int, pause: int) -> Iterator[tuple[Reacted, ...]]:
        """The reactions to each message of which some are untold, if it was told of last before so many milliseconds.

        They count as told then. Of each kind all are told, but only kinds that are new to somebody.
        """
        self._told = {said: time for said, time in self._told.items() if time <= now < time + pause}
        for said in [each for each in self._untold if each not in self._told]:
            by_reaction = self.messages.get(said, {})
            new = {kind for kind, key in self._untold.pop(said) if key in by_reaction.get(kind, {})}
            if new:
                self._told[said] = now
                yield tuple([event for kind, people in by_reaction.items() if kind in new for event in people.values()])


def who(person: Person) -> str:
    """Who has reacted: an account, which has no space in its name, or a guest from somewhere."""
    return fold(person.account) if person.account else f"{fold(person.nick)} {person.place}"
