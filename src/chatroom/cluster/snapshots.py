"""What must be the same on all servers, and how one gets it that has just come, or was away.

- A *snapshot* is all of it (`House.SHARED`), behind a certain entry of the stream.
- A *share* is what one server alone knows when the others have given it up, or when Redis has lost everything: the
  people connected to it, where they were, and what these rooms were like. It is enough to go on: each server brings
  its own.
- What *lasts* (`lasting`) is in the snapshot, too. Who comes again to a chat that goes on has nothing to add to that:
  what isn't there was dropped meanwhile. Who knows of later things than the one that began it brings what it has.
"""

import copy
import json
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import NamedTuple
from zlib import crc32

from chatroom.cluster.codec import Codec
from chatroom.cluster.conflicts import not_to_be_called
from chatroom.cluster.object_graph import Graph, attributes
from chatroom.cluster.servers import Announced, Heartbeat, MessageBurst, ServerJoined, ServerLeft
from chatroom.common.names import NICK_CHARACTERS, fold, skeleton
from chatroom.core import dormant_rooms
from chatroom.core import monitor as watching
from chatroom.core.hub import Hub
from chatroom.model import lasting as lasts
from chatroom.model.audience import Audience
from chatroom.model.entities import Account, Room, Server, Session, User, new_lists
from chatroom.model.events import (
    AccountDropped,
    AccountMade,
    AccountSet,
    Alerted,
    AwaySet,
    Connected,
    Departed,
    Event,
    Founded,
    Ghosted,
    Invited,
    Joined,
    Kicked,
    Killed,
    Left,
    ModesSet,
    Opened,
    PasswordSet,
    RealnameSet,
    Redacted,
    Renamed,
    ReplaySet,
    Said,
    ServerBanned,
    ServerUnbanned,
    TopicSet,
    UserModesSet,
)
from chatroom.model.lasting import Lasting, Owned
from chatroom.model.limits import MASKS_PER_LIST
from chatroom.model.replies import AccountChange, AccountDone, PersonalNotice
from chatroom.model.state import ChatState
from chatroom.model.values import ListEntry, MessageKind, ModeChange, Person, Topic, Via

Place = Callable[[Event], None]  # gives an event its id and time

# What the events are called in the stream. A class may be renamed; its name here may not.
REPLICATED_EVENTS: dict[str, type[Event]] = {
    "Connected": Connected,
    "Joined": Joined,
    "Left": Left,
    "Departed": Departed,
    "Renamed": Renamed,
    "Said": Said,
    "Redacted": Redacted,
    "TopicSet": TopicSet,
    "AwaySet": AwaySet,
    "Kicked": Kicked,
    "Invited": Invited,
    "ModesSet": ModesSet,
    "UserModesSet": UserModesSet,
    "RealnameSet": RealnameSet,
    "AccountSet": AccountSet,
    "AccountMade": AccountMade,
    "PasswordSet": PasswordSet,
    "ReplaySet": ReplaySet,
    "AccountDropped": AccountDropped,
    "Ghosted": Ghosted,
    "Founded": Founded,
    "Opened": Opened,
    "Killed": Killed,
    "ServerBanned": ServerBanned,
    "ServerUnbanned": ServerUnbanned,
    "Alerted": Alerted,
}
# What servers say of themselves, likewise.
NOTICES: dict[str, type] = {
    "Linked": ServerJoined,
    "Unlinked": ServerLeft,
    "Beat": Heartbeat,
    "Spoken": MessageBurst,
    "Announced": Announced,
}


def codec(house: ChatState) -> Codec:
    """For what travels between servers: all events that there are, and what servers say of themselves."""

    def person(uid: str) -> Person | None:
        user = house.users.get(uid)
        return user.person if user else None

    return Codec({**REPLICATED_EVENTS, **NOTICES}, person)


# What the classes of a snapshot's objects and values are called in it. A class may be renamed; its name here may not.
_OBJECTS: dict[str, type] = {
    "Memories": dormant_rooms.DormantRooms,
    "Room": Room,
    "Server": Server,
    "User": User,
}
_VALUES: dict[str, type] = {
    "Account": Account,
    "Entry": ListEntry,
    "Kind": MessageKind,
    "Lasting": lasts.Lasting,
    "Owned": lasts.Owned,
    "Person": Person,
    "Said": Said,
    "Topic": Topic,
}
SNAPSHOT_CLASSES = {**_OBJECTS, **_VALUES}
GRAPH = Graph(SNAPSHOT_CLASSES)


class Mark(NamedTuple):
    """What a snapshot stands for: the last event's id and time, and the last entry's time, in milliseconds.

    `chat` is the number of this chat in Redis. `before` has those of which it is the continuation, since Redis has lost
    its data, each with the id of the last event that was known when the next began.
    """

    last: int
    time: int
    moment: int
    chat: int = 0
    before: tuple[tuple[int, int], ...] = ()

    def covers(self, chat: int, known: int) -> bool:
        """Whether who was part of that chat up to that event knows nothing that this one doesn't."""
        return bool(chat) and (chat == self.chat or known <= dict(self.before).get(chat, -1))


# Differs where a snapshot would: those of another version can't be read.
SCHEMA = crc32(repr([Mark._fields, *[(name, attributes(kind)) for name, kind in _OBJECTS.items()]]).encode())


def snapshot(hub: Hub, behind: Mark) -> str:
    """All that servers have in common."""
    graph = GRAPH.write({name: getattr(hub, name) for name in ChatState.SHARED})
    return f"{json.dumps(behind)}\n{graph}"


def mark(text: str) -> Mark:
    """What a snapshot stands for."""
    last, time, moment, chat, before = json.loads(text.partition("\n")[0])
    return Mark(last, time, moment, chat, tuple([(earlier, known) for earlier, known in before]))


def load(hub: Hub, text: str) -> Mark:
    """Puts what is in a snapshot in the place of what there was."""
    for name, value in GRAPH.read(text.partition("\n")[2]).items():
        setattr(hub, name, value)
    hub.here = 0
    hub.reindex()
    return mark(text)


def openings(hub: Hub) -> None:
    """Has it saved which rooms were opened and closed, as far as this server may have missed it."""
    for room in hub.rooms.values():
        hub.tell_opened(room)


def lasting(hub: Hub) -> Lasting:
    """What outlives those who are here."""
    rooms = [_owned(hub, key, owner) for key, owner in hub.owners.items()]
    of_rooms = [
        (key, letter, entry)
        for key, lists in hub.lists.items()
        for letter, entries in lists.items()
        for entry in entries.values()
    ]
    of_server = [("", "", entry) for entry in hub.bans.values()]
    nobody = Person("", "", "", "")
    return Lasting(nobody, tuple(hub.accounts.values()), tuple(rooms), (*of_rooms, *of_server))


def _owned(hub: Hub, key: str, owner: str) -> Owned:
    room = hub.rooms.get(key)
    modes = room.modes if room else hub.kept.get(key)
    known = room or (hub.memories.owned.get(key) if hub.memories else None)
    return Owned(key, known.name if known else key, known.created if known else 0, owner, modes and {**modes})


# ---- what one server brings -----------------------------------------------------------------------------------------


def share(hub: Hub, server: str) -> str:
    """The people of a server, by its id, with their rooms; "" if there are none.

    Among them are those who have left while it was away: what they said before, and that they leave, follows.
    """
    own = [user for uid, user in hub.users.items() if uid.partition(".")[0] == server]
    if not own:
        return ""
    places = {key: room for user in own for key, room in user.rooms.items()}
    return GRAPH.write(
        {
            "users": [_alone(user) for user in own],
            "accounts": [made(hub, user.person.account) for user in own],
            "ranks": [
                [(room.name, room.ranks.get(user.person.uid, "")) for room in user.rooms.values()] for user in own
            ],
            "rooms": [_empty(room) for room in places.values()],
        }
    )


def made(hub: Hub, account: str) -> int:
    """The id of the event by which an account was made, by which it is known; 0 if there is none of that name."""
    known = hub.accounts.get(fold(account))
    return known.id if known else 0


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
    for user, made_by, ranks in zip(brought["users"], brought["accounts"], brought["ranks"], strict=True):
        if user.person.uid not in hub.users:
            _admit(hub, user, made_by, mine)
            for name, held in ranks:
                _enter(hub, user, settings[fold(name)], held, place, mine)
            if not mine:
                watching.has_come(hub, user)


def add(hub: Hub, text: str) -> list[str]:
    """Adds what lasts and isn't there; returns the accounts' names that are somebody else's here, or look like one."""
    theirs: Lasting = GRAPH.read(text)
    refused = []
    for account in theirs.accounts:
        key = fold(account.name)
        known = hub.accounts.get(key)
        if known is None and skeleton(account.name) not in hub.claimed:
            hub.accounts[key] = account
            hub.claimed[skeleton(account.name)] = account.name
        elif known is None or known.id != account.id:
            refused.append(account.name)
    others = {fold(name) for name in refused}
    for owned in theirs.rooms:
        if owned.owner in hub.accounts and owned.owner not in others and owned.key not in hub.owners:
            hub.owners[owned.key] = owned.owner
            room = hub.rooms.get(owned.key)
            if room:
                room.owner = owned.owner
            elif owned.modes is not None:
                hub.kept[owned.key] = owned.modes
    for key, letter, entry in theirs.lists:
        there = hub.lists.get(key, new_lists())[letter] if key else hub.bans
        if fold(entry.mask) not in there and (not key or len(there) < MASKS_PER_LIST):
            hub.restore_entry(key, letter, entry)
    for key in {key for key, _, _ in theirs.lists}:
        if key in hub.rooms:
            hub.rooms[key].refresh()
    return refused


def _admit(hub: Hub, user: User, made_by: int, mine: bool) -> None:
    before = user.person
    same = made_by and made_by == made(hub, before.account)  # by now it may be nobody's, or somebody else's
    account = before.account if same else ""
    person = replace(before, account=account)
    user.become(replace(person, nick=_free(hub, person)))
    hub.users[before.uid] = user
    hub.index_nick(user)
    hub.holders.update(user.modes)
    hub.most = max(hub.most, len(hub.users))
    session = hub.sessions.get(before.uid) if mine else None
    if session and not session.closing:
        user.session, session.user = session, user
        hub.here += 1
        if account != before.account:
            log_out(hub, session)
        if user.person.nick != before.nick:
            hub.post.reply(session, PersonalNotice(Renamed(before, user.person.nick)))


def log_out(hub: Hub, session: Session) -> None:
    """A client's account was dropped while this server could not know."""
    done = AccountDone(AccountChange.LOGGED_OUT, session.account, Via.COMMAND, hub.memories is not None)
    session.account = ""
    hub.post.reply(session, done)


def _free(hub: Hub, person: Person) -> str:
    """Somebody's name, or one like it if it has been taken meanwhile."""
    nick = person.nick
    names = (nick if n == 1 else f"{nick[: NICK_CHARACTERS - 4]}_{n}" for n in count(1))
    return next(name for name in names if not_to_be_called(hub, person, name) is None)


def _enter(hub: Hub, user: User, settings: Room, ranks: str, place: Place, mine: bool) -> None:
    key = fold(settings.name)
    room = hub.rooms.get(key)
    if room is None:
        room = hub.rooms[key] = settings
        room.lists = hub.lists.setdefault(key, settings.lists)
        created, topic = room.created, room.topic
        hub.reopen(room)
        room.created, room.topic = created, topic
        room.refresh()
    room.add(user)
    user.rooms[key] = room
    if ranks:
        room.ranks[user.person.uid] = ranks
    changes = tuple([ModeChange(True, rank, user.person.nick, user.person.uid) for rank in ranks])
    events: list[Event] = [Joined(user.person, room.name)]
    events += [ModesSet(user.person, room.name, changes)] if changes else []
    for event in events:
        place(event)
        hub.post.broadcast(event, Audience({}) if mine else room.audience)
