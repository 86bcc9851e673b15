"""What must be the same on all servers, and how one gets it that has just come, or was away.

- A *snapshot* is all of it (`House.SHARED`), behind a certain entry of the stream.
- A *share* is what one server alone knows when the others have given it up, or when Redis has lost everything: the
  people connected to it, where they were, and what these rooms were like. It is enough to go on: each server brings
  its own.
"""

import copy
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from types import ModuleType
from typing import NamedTuple
from zlib import crc32

from chatroom import events as ev
from chatroom import memory, modes, rooms
from chatroom import monitor as watching
from chatroom.cluster.codec import Codec
from chatroom.cluster.graph import Graph, attributes
from chatroom.cluster.races import not_to_be_called
from chatroom.cluster.servers import Announced, Beat, Linked, Spoken, Unlinked
from chatroom.events import Event, Person
from chatroom.hub import Hub
from chatroom.limits import NICK_LENGTH
from chatroom.names import fold
from chatroom.rooms import Account, Audience, House, Room, User

Place = Callable[[Event], None]  # gives an event its id and time

# Not `Event.__subclasses__()`: a dataclass with slots is a copy of a class, which is among them too for a while.
EVENTS = [
    each for each in vars(ev).values() if isinstance(each, type) and issubclass(each, Event) and each is not Event
]
NOTICES = (Linked, Unlinked, Beat, Spoken, Announced)


def codec(house: House) -> Codec:
    """For what travels between servers: all events that there are, and what servers say of themselves."""

    def person(uid: str) -> Person | None:
        user = house.users.get(uid)
        return user.person if user else None

    return Codec([*EVENTS, *NOTICES], person)


def _of(module: ModuleType) -> list[type]:
    """The classes that are defined in a module."""
    return [each for each in vars(module).values() if isinstance(each, type) and each.__module__ == module.__name__]


GRAPH = Graph(each for module in (rooms, memory, modes, ev) for each in _of(module))
# Differs where a snapshot would: those of another version can't be read.
SCHEMA = crc32(repr([(each.__name__, attributes(each)) for m in (rooms, memory) for each in _of(m)]).encode())


class Mark(NamedTuple):
    """What a snapshot stands for: the last event's id and time, and the last entry's time, in milliseconds."""

    last: int
    time: int
    moment: int


def snapshot(hub: Hub, behind: Mark) -> str:
    """All that servers have in common."""
    graph = GRAPH.write({name: getattr(hub, name) for name in House.SHARED})
    return f"{' '.join(map(str, behind))}\n{graph}"


def mark(text: str) -> Mark:
    """What a snapshot stands for."""
    return Mark(*map(int, text.partition("\n")[0].split(" ")))


def load(hub: Hub, text: str) -> Mark:
    """Puts what is in a snapshot in the place of what there was."""
    for name, value in GRAPH.read(text.partition("\n")[2]).items():
        setattr(hub, name, value)
    hub.here = 0
    hub.reindex()
    return mark(text)


def new_accounts(hub: Hub, accounts: dict[str, Account], owners: dict[str, str]) -> list[Event]:
    """What was not so before, as if it had just been: accounts and passwords, and whose rooms are whose."""
    nobody = Person("", "", "", "")
    made = [account for key, account in hub.accounts.items() if accounts.get(key) != account]
    owned = [(room, owner) for room, owner in hub.owners.items() if owners.get(room) != owner]
    return [
        *[ev.AccountMade(nobody, each.name, each.secret, id=each.id, time=each.time) for each in made],
        *[ev.ReplaySet(nobody, each.name, each.replay) for each in made if not each.replay],
        *[ev.Founded(nobody, room, owner) for room, owner in owned],
    ]


# ---- what one server brings -----------------------------------------------------------------------------------------


def share(hub: Hub) -> str:
    """The people with a client here, with their rooms."""
    own = [user for user in hub.users.values() if user.session]
    places = {key: room for user in own for key, room in user.rooms.items()}
    return GRAPH.write(
        {
            "users": [_alone(user) for user in own],
            "ranks": [
                [(room.name, room.ranks.get(user.person.uid, "")) for room in user.rooms.values()] for user in own
            ],
            "rooms": [_empty(room) for room in places.values()],
        }
    )


def _alone(user: User) -> User:
    user = copy.copy(user)
    user.session, user.rooms, user.invitations = None, {}, {}
    return user


def _empty(room: Room) -> Room:
    room = copy.copy(room)
    room.members, room.ranks, room.recent, room.audience = {}, {}, deque(maxlen=room.recent.maxlen), Audience({})
    return room


def bring(hub: Hub, text: str, place: Place, mine: bool) -> None:
    """Adds a server's share. With `mine` it is this server's: its clients never saw each other leave."""
    brought = GRAPH.read(text)
    settings = {fold(room.name): room for room in brought["rooms"]}
    for user, ranks in zip(brought["users"], brought["ranks"], strict=True):
        if user.person.uid not in hub.users:
            _admit(hub, user, mine)
            for name, held in ranks:
                _enter(hub, user, settings[fold(name)], held, place, mine)
            if not mine:
                watching.has_come(hub, user)


def _admit(hub: Hub, user: User, mine: bool) -> None:
    before = user.person
    user.become(replace(before, nick=_free(hub, before)))
    hub.users[before.uid] = user
    hub.call(user)
    hub.holders.update(user.modes)
    hub.most = max(hub.most, len(hub.users))
    session = hub.sessions.get(before.uid) if mine else None
    if session and not session.closing:
        user.session, session.user = session, user
        hub.here += 1
        if user.person != before:
            hub.post.tell(session, ev.Told(ev.Renamed(before, user.person.nick)))


def _free(hub: Hub, person: Person) -> str:
    """Somebody's name, or one like it if it has been taken meanwhile."""
    nick = person.nick
    names = (nick if n == 1 else f"{nick[: NICK_LENGTH - 4]}_{n}" for n in count(1))
    return next(name for name in names if not_to_be_called(hub, person, name) is None)


def _enter(hub: Hub, user: User, settings: Room, ranks: str, place: Place, mine: bool) -> None:
    key = fold(settings.name)
    room = hub.rooms.get(key)
    if room is None:
        room = hub.rooms[key] = settings
        room.lists = hub.lists.setdefault(key, settings.lists)
        room.owner = hub.owners.get(key, "")
        hub.kept.pop(key, None)
        if hub.memories:
            created, topic = room.created, room.topic
            hub.memories.recall(room)
            room.created, room.topic = created, topic
        room.refresh()
    room.add(user)
    user.rooms[key] = room
    if ranks:
        room.ranks[user.person.uid] = ranks
    changes = tuple([ev.ModeChange(True, rank, user.person.nick, user.person.uid) for rank in ranks])
    events: list[Event] = [ev.Joined(user.person, room.name)]
    events += [ev.ModesSet(user.person, room.name, changes)] if changes else []
    for event in events:
        place(event)
        hub.post.deliver(event, Audience({}) if mine else room.audience)
