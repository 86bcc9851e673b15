"""What must be the same on all servers, and how one gets it that has just come, or was away.

- A *snapshot* is all of it (`ChatState.SHARED`), behind a certain entry of the stream.
- A *share* is what one server alone knows when the others have given it up, or when Redis has lost everything: the
  people connected to it, where they were, and what these rooms were like. It is enough to go on: each server brings
  its own.
- What *lasts* (`lasting`) is in the snapshot, too. Who comes again to a chat that goes on has nothing to add to that:
  what isn't there was dropped meanwhile. Who knows of later things than the one that began it brings what it has.
"""

import copy
import json
from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from itertools import count
from typing import NamedTuple
from zlib import crc32

from chatroom.cluster.codec import Codec
from chatroom.cluster.conflicts import not_to_be_called
from chatroom.cluster.object_graph import Graph, attributes
from chatroom.cluster.servers import (
    HEARTBEAT,
    SERVER_JOINED,
    Announced,
    Heartbeat,
    MessageBurst,
    ServerJoined,
    ServerLeft,
)
from chatroom.common.names import NICK_CHARACTERS, fold, skeleton
from chatroom.core import away, connections, devices, membership, monitor, renaming, replay, restore, staying, waiting
from chatroom.core.context import Context
from chatroom.core.operator_accounts import revoke
from chatroom.model import durable_state as lasts
from chatroom.model.absences import Absences
from chatroom.model.audience import Audience
from chatroom.model.delivery import Delivery
from chatroom.model.dormant_rooms import DormantRooms
from chatroom.model.durable_state import Lasting, Owned
from chatroom.model.entities import Account, Room, Server, Session, User, new_lists
from chatroom.model.events import (
    AbsenceSet,
    AccountDropped,
    AccountMade,
    AccountSet,
    AccountUsed,
    Alerted,
    AwaySet,
    Connected,
    Departed,
    DeviceEnded,
    Event,
    Founded,
    Ghosted,
    Guessed,
    IgnoreSet,
    Invited,
    Joined,
    Kept,
    Kicked,
    Killed,
    LanguageSet,
    Left,
    MarkerSet,
    MetadataSet,
    ModesSet,
    Opened,
    OperatorSet,
    PasswordSet,
    Reacted,
    RealnameSet,
    Received,
    Redacted,
    Renamed,
    ReplaySet,
    RoomRenamed,
    Said,
    ServerBanned,
    ServerUnbanned,
    StandingSet,
    StaySet,
    StrangersSet,
    TopicSet,
    UserModesSet,
)
from chatroom.model.limits import MASKS_PER_LIST
from chatroom.model.markers import Marked, Markers
from chatroom.model.masks import MaskList
from chatroom.model.reactions import Reactions
from chatroom.model.replies import AccountChange, AccountDone, PersonalNotice
from chatroom.model.state import ChatState, server_id
from chatroom.model.values import Device, ListEntry, MessageKind, ModeChange, Person, Quote, Standing, Topic, Via

Place = Callable[[Event], None]  # gives an event its id and time

# What the events are called in the stream. A class may be renamed; its name here may not.
REPLICATED_EVENTS: dict[str, type[Event]] = {
    "Connected": Connected,
    "Joined": Joined,
    "Left": Left,
    "Departed": Departed,
    "Renamed": Renamed,
    "Said": Said,
    "Reacted": Reacted,
    "Kept": Kept,
    "MetadataSet": MetadataSet,
    "Received": Received,
    "IgnoreSet": IgnoreSet,
    "StrangersSet": StrangersSet,
    "StaySet": StaySet,
    "StandingSet": StandingSet,
    "Redacted": Redacted,
    "TopicSet": TopicSet,
    "RoomRenamed": RoomRenamed,
    "AwaySet": AwaySet,
    "AbsenceSet": AbsenceSet,
    "Kicked": Kicked,
    "Invited": Invited,
    "ModesSet": ModesSet,
    "UserModesSet": UserModesSet,
    "RealnameSet": RealnameSet,
    "AccountSet": AccountSet,
    "AccountMade": AccountMade,
    "AccountUsed": AccountUsed,
    "PasswordSet": PasswordSet,
    "OperatorSet": OperatorSet,
    "ReplaySet": ReplaySet,
    "LanguageSet": LanguageSet,
    "AccountDropped": AccountDropped,
    "Ghosted": Ghosted,
    "DeviceEnded": DeviceEnded,
    "MarkerSet": MarkerSet,
    "Founded": Founded,
    "Opened": Opened,
    "Killed": Killed,
    "ServerBanned": ServerBanned,
    "ServerUnbanned": ServerUnbanned,
    "Guessed": Guessed,
    "Alerted": Alerted,
}
# What servers say of themselves, likewise.
NOTICES: dict[str, type] = {
    SERVER_JOINED: ServerJoined,
    "Unlinked": ServerLeft,
    HEARTBEAT: Heartbeat,
    "Spoken": MessageBurst,
    "Announced": Announced,
}


def codec(state: ChatState) -> Codec:
    """For what travels between servers: all events that there are, and what servers say of themselves."""

    def person(uid: str) -> Person | None:
        user = state.users.get(uid)
        return user.person if user else None

    return Codec({**REPLICATED_EVENTS, **NOTICES}, person)


# What the classes of a snapshot's objects and values are called in it. A class may be renamed; its name here may not.
_OBJECTS: dict[str, type] = {
    "Absences": Absences,
    "Marked": Marked,
    "Markers": Markers,
    "MaskList": MaskList,
    "Memories": DormantRooms,
    "Reactions": Reactions,
    "Room": Room,
    "Server": Server,
    "User": User,
}
_VALUES: dict[str, type] = {
    "Account": Account,
    "Device": Device,
    "Entry": ListEntry,
    "Kind": MessageKind,
    "Lasting": lasts.Lasting,
    "Owned": lasts.Owned,
    "Person": Person,
    "Quote": Quote,
    "Reacted": Reacted,
    "Said": Said,
    "Standing": Standing,
    "Topic": Topic,
}
SNAPSHOT_CLASSES = {**_OBJECTS, **_VALUES}
GRAPH = Graph(SNAPSHOT_CLASSES)


class Mark(NamedTuple):
    """Where in the stream a snapshot was taken: the last event's id and time, and the last entry's, in milliseconds.

    `chat` is the number of this chat in Redis. `before` has those of which it is the continuation, since Redis has lost
    its data, each with the id of the last event that was known when the next began.
    """

    last: int
    time: int
    moment: int
    chat: int = 0
    before: tuple[tuple[int, int], ...] = ()

    def covers(self, chat: int, known: int) -> bool:
        """Whether this chat knows all that a server knows that was part of the chat `chat` up to the event `known`."""
        return bool(chat) and (chat == self.chat or known <= dict(self.before).get(chat, -1))


# Differs where a snapshot would: those of another version can't be read.
SCHEMA = crc32(
    repr([Mark._fields, ChatState.SHARED, *[(name, attributes(kind)) for name, kind in _OBJECTS.items()]]).encode()
)


def snapshot(state: ChatState, behind: Mark) -> str:
    """All that servers have in common."""
    graph = GRAPH.write({name: getattr(state, name) for name in ChatState.SHARED})
    return f"{json.dumps(behind)}\n{graph}"


def mark(text: str) -> Mark:
    """The mark at the beginning of a snapshot."""
    last, time, moment, chat, before = json.loads(text.partition("\n")[0])
    return Mark(last, time, moment, chat, tuple([(earlier, known) for earlier, known in before]))


def load(state: ChatState, text: str) -> Mark:
    """Replaces what servers have in common by what is in a snapshot."""
    for name, value in GRAPH.read(text.partition("\n")[2]).items():
        setattr(state, name, value)
    state.here = 0
    state.reindex()
    return mark(text)


def lasting(state: ChatState, of: Collection[str] = ()) -> Lasting:
    """The part of the state that stays when all people leave: accounts, owned rooms, lists and bans.

    How far people have read and what waits for them is much, and known to who was part of the chat: both are told of
    the accounts `of`, by their folded names.
    """
    rooms = [_owned(state, key, owner) for key, owner in state.owners.items()]
    of_rooms = [
        (key, letter, entry)
        for key, lists in state.lists.items()
        for letter, entries in lists.items()
        for entry in entries.values()
    ]
    of_server = [("", "", entry) for entry in state.bans.values()]
    nobody = Person("", "", "", "")
    kept = [(key, said.id, said.conversation) for key, every in state.waiting.items() for said in every]
    ignored = [(key, e) for key, entries in state.ignored.items() if key in state.accounts for e in entries.values()]
    return Lasting(
        nobody,
        tuple(state.accounts.values()),
        tuple(rooms),
        (*of_rooms, *of_server),
        tuple(kept),
        tuple(ignored),
        tuple(_standings(state)),
        tuple([(account, key, value) for account, known in state.profiles.items() for key, value in known.items()]),
        tuple([(key, name, time) for key, (name, time) in state.renamed.items()]),
        tuple([(key, target, time) for key in of for target, time in state.markers.names(key).items() if target]),
        tuple([(key, said) for key in of for said in state.waiting.get(key, ())]),
    )


def _standings(state: ChatState) -> Iterator[tuple[int, Standing]]:
    for user in state.users.values():
        account = staying.account_that_stays(state, user)
        if account:
            yield account.id, staying.standing(state, user)


def _owned(state: ChatState, key: str, owner: str) -> Owned:
    room = state.rooms.get(key)
    modes = room.modes if room else state.kept.get(key)
    known = room or (state.dormant_rooms.owned.get(key) if state.dormant_rooms else None)
    return Owned(key, known.name if known else key, known.created if known else 0, owner, modes and {**modes})


# ---- what one server brings -----------------------------------------------------------------------------------------


def share(state: ChatState, server: str) -> str:
    """The people of a server, by its id, with their rooms; "" if there are none.

    Among them are those who have left while it was away: what they said before, and that they leave, follows.
    """
    own = [_alone(user, there) for user in state.users.values() if (there := _devices_on(user, server))]
    if not own:
        return ""
    places = {key: room for user in own for key, room in user.rooms.items()}
    return GRAPH.write(
        {
            "users": [_nowhere(user) for user in own],
            "accounts": [made(state, user.person.account) for user in own],
            "ranks": [
                [(room.name, room.ranks.get(user.person.uid, "")) for room in user.rooms.values()] for user in own
            ],
            "rooms": [_empty(room) for room in places.values()],
        }
    )


def made(state: ChatState, account: str) -> int:
    """The id of the event by which an account was made, by which it is known; 0 if there is none of that name."""
    known = state.accounts.get(fold(account))
    return known.id if known else 0


def _devices_on(user: User, server: str) -> tuple[Device, ...]:
    """Those of somebody's devices that are connected to a server."""
    return tuple([device for device in user.devices if server_id(device.who.uid) == server])


def _alone(user: User, devices: tuple[Device, ...]) -> User:
    """Somebody with these of their devices alone."""
    user = copy.copy(user)
    user.devices = devices
    return user


def _nowhere(user: User) -> User:
    user = copy.copy(user)
    user.sessions, user.rooms, user.invited = (), {}, {}
    return user


def _empty(room: Room) -> Room:
    room = copy.copy(room)
    room.members, room.ranks, room.recent, room.audience = {}, {}, deque(maxlen=room.recent.maxlen), Audience({})
    return room


def bring(ctx: Context, text: str, place: Place, mine: bool, delivery: Delivery, told: int = 0) -> None:
    """Adds a server's share. With `mine` it is this server's: its clients never saw each other leave.

    They were told of all up to the event with the id `told`, what was said to them alone among it.
    The devices of who is here by others are added to those. Rooms may have got other names meanwhile.
    """
    brought = GRAPH.read(text)
    names = _names_now(ctx.state, brought["rooms"])
    settings = {fold(room.name): room for room in brought["rooms"]}
    if mine:
        renaming.follow(ctx.state, names)
    for user, made_by, held_in in zip(brought["users"], brought["accounts"], brought["ranks"], strict=True):
        ranks = [(names.get(name, name), held) for name, held in held_in]
        known = _known(ctx.state, user, made_by)
        missing = [name for name, _ in ranks if known is None or fold(name) not in known.rooms]
        before, is_first = set(known.rooms) if known else set(), known is None or not known.devices
        if known is None:
            _admit(ctx, user, made_by, mine, delivery)
        for name, held in ranks:
            if name in missing:
                _enter(ctx, known or user, settings[fold(name)], held, place, mine and known is None, delivery)
        if known:
            brought_keys = [fold(name) for name, _ in ranks]
            here = brought_keys[-1] if brought_keys else ""
            _add_devices(ctx, known, user, here, before.difference(brought_keys), mine, delivery)
            changed = AbsenceSet(known.person, "", False)
            place(changed)
            away.devices_changed(ctx, known, changed, delivery)
            staying.note(ctx.state, known, changed, delivery)
        elif not mine:
            monitor.has_come(ctx, user, delivery)
        if is_first:  # what others have said to them waits since this server was given up
            waiting.deliver(ctx.state, known or user, delivery, told if mine else 0)
    if mine:
        for was, name in names.items():
            renaming.tell_late(ctx.state, was, name, delivery)


def _names_now(state: ChatState, rooms: list[Room]) -> dict[str, str]:
    """Gives rooms that are brought the names that they have by now; returns these by the ones that they had."""
    names = {room.name: now for room in rooms if (now := state.name_now(room.name)) != room.name}
    for room in rooms:
        room.name = names.get(room.name, room.name)
    return names


def _known(state: ChatState, user: User, made_by: int) -> User | None:
    """Who somebody is here already, by devices on other servers."""
    account = user.person.account
    same = made_by and made_by == made(state, account)
    return state.users.get(user.person.uid) or (state.presence_of(account) if same else None)


def _add_devices(
    ctx: Context, known: User, user: User, here: str, new: set[str], mine: bool, delivery: Delivery
) -> None:
    """Adds the devices of `user` to who they are here. They have not seen yet that they are in the rooms `new`.

    The one that is in one room at a time is in `here`.
    """
    for device in user.devices:
        if known.device(device.who.uid):
            continue
        devices.add(ctx.state, known, device)
        session = ctx.state.sessions.get(device.who.uid) if mine else None
        if session and not session.closing:
            account = session.account
            if session.format.one_room and session.place is None:
                session.place = here
            connections.put_on(ctx.state, known, session)
            if account != known.person.account:
                session.account = account
                log_out(ctx, session, delivery)
            if user.person.nick != known.person.nick:
                delivery.reply(session, PersonalNotice(Renamed(user.person, known.person.nick)))
            for key in new:
                if session.is_in(known.rooms[key]):
                    delivery.reply(session, PersonalNotice(Joined(known.person, known.rooms[key].name)))


def add(ctx: Context, text: str, place: Place, delivery: Delivery) -> tuple[list[str], set[str]]:
    """Adds what lasts and isn't there.

    Returns the accounts' names that are somebody else's here, or look like one; and those that were added, folded.
    """
    theirs: Lasting = GRAPH.read(text)
    refused, brought = list[str](), set[str]()
    for account in theirs.accounts:
        key = fold(account.name)
        known = ctx.state.accounts.get(key)
        if known is None and skeleton(account.name) not in ctx.state.claimed:
            ctx.state.accounts[key] = account
            ctx.state.claimed[skeleton(account.name)] = account.name
            brought.add(key)
        elif known is None or known.id != account.id:
            refused.append(account.name)
    others = {fold(name) for name in refused}
    for owned in theirs.rooms:
        if owned.owner in ctx.state.accounts and owned.owner not in others and not _is_known(ctx.state, owned.key):
            ctx.state.own(owned.key, owned.owner)
            ctx.state.room_looks.add(owned.key)
            room = ctx.state.rooms.get(owned.key)
            if room:
                room.owner = owned.owner
            elif owned.modes is not None:
                ctx.state.kept[owned.key] = owned.modes
    for key, letter, entry in theirs.lists:
        there = ctx.state.lists.get(key, new_lists())[letter] if key else ctx.state.bans
        if fold(entry.mask) not in there and (not key or len(there) < MASKS_PER_LIST):
            restore.entry(ctx.state, key, letter, entry)
    for key, entry in theirs.ignored:
        if key in ctx.state.accounts and key not in others:
            ctx.state.ignored.setdefault(key, MaskList()).setdefault(fold(entry.mask), entry)
    for key in {key for key, _, _ in theirs.lists}:
        if key in ctx.state.rooms:
            ctx.state.rooms[key].refresh()
    for owner, key, value in theirs.metadata:
        if owner in brought:  # of others it is known here what they have set since
            ctx.state.profiles.setdefault(owner, {})[key] = value
    restore.markers(ctx.state, [row for row in theirs.markers if row[0] in brought])
    restore.waiting(ctx.state, [row for row in theirs.texts if row[0] in brought])
    by_id = {account.id: account for account in ctx.state.accounts.values()}
    fit = staying.that_fit([standing for _, standing in theirs.standings])
    for made_by, standing in theirs.standings[len(theirs.standings) - fit :]:
        if made_by in by_id:
            _add_who_stays(ctx, by_id[made_by], standing, place, delivery)
    return refused, brought


def _is_known(state: ChatState, room: str) -> bool:
    """Whether a room has an owner, or another name by now."""
    return room in state.owners or room in state.renamed


def _add_who_stays(ctx: Context, account: Account, standing: Standing, place: Place, delivery: Delivery) -> None:
    """Adds somebody who stays without a device, and is not here."""
    came = Departed(Person("", "", "", ""), "")  # only its place counts
    place(came)
    user = restore.who_stays(ctx.state, account, standing, came.time)
    for name, ranks in standing.rooms if user else ():
        assert user
        room = Room(ctx.state.name_now(name), came.time)
        if ctx.state.dormant_rooms:
            ctx.state.dormant_rooms.restore(room)
        _enter(ctx, user, room, ranks, place, False, delivery)
        replay.note_seen(ctx.state, room.name, user.person, standing.seen)


def _admit(ctx: Context, user: User, made_by: int, mine: bool, delivery: Delivery) -> None:
    before = user.person
    same = made_by and made_by == made(ctx.state, before.account)  # by now it may be nobody's, or somebody else's
    account = before.account if same else ""
    person = replace(before, account=account)
    user.become(replace(person, nick=_free(ctx.state, person)))
    ctx.state.users[before.uid] = user
    ctx.state.nicks.add(user)
    ctx.state.note_login(user)
    ctx.state.holders.update(user.modes)
    ctx.state.most = max(ctx.state.most, len(ctx.state.users))
    found = [ctx.state.sessions.get(device.who.uid) for device in user.devices] if mine else []
    for session in [session for session in found if session and not session.closing]:
        session.user, user.sessions = user, (*user.sessions, session)
        ctx.state.here += 1
        if account != before.account:
            log_out(ctx, session, delivery)
        if user.person.nick != before.nick:
            delivery.reply(session, PersonalNotice(Renamed(before, user.person.nick)))
    revoke(ctx.state, user, Renamed(before, user.person.nick), delivery)


def log_out(ctx: Context, session: Session, delivery: Delivery) -> None:
    """A client's account was dropped while this server could not know."""
    done = AccountDone(AccountChange.LOGGED_OUT, session.account, Via.COMMAND, ctx.lasting)
    session.account = ""
    delivery.reply(session, done)


def _free(state: ChatState, person: Person) -> str:
    """Somebody's name, or one like it if it has been taken meanwhile."""
    nick = person.nick
    names = (nick if n == 1 else f"{nick[: NICK_CHARACTERS - 4]}_{n}" for n in count(1))
    return next(name for name in names if not_to_be_called(state, person, name) is None)


def _enter(ctx: Context, user: User, settings: Room, ranks: str, place: Place, mine: bool, delivery: Delivery) -> None:
    key = fold(settings.name)
    room = ctx.state.rooms.get(key)
    if room is None:
        room = ctx.state.rooms[key] = settings
        if key not in ctx.state.lists:
            ctx.state.lists[key] = settings.lists
            for entry in [entry for entries in settings.lists.values() for entry in entries.values()]:
                ctx.state.mask_counts.add(entry)
        ctx.state.note_lists(key)
        room.lists = ctx.state.lists[key]
        created, topic = room.created, room.topic
        membership.recall(ctx.state, room)
        membership.save_opening(ctx, room, delivery)
        room.created, room.topic = created, topic
        room.refresh()
    if ranks:
        room.ranks[user.person.uid] = ranks
    room.add(user)
    user.rooms[key] = room
    changes = tuple([ModeChange(True, rank, user.person.nick, user.person.uid) for rank in ranks])
    events: list[Event] = [Joined(user.person, room.name)]
    events += [ModesSet(user.person, room.name, changes)] if changes else []
    for event in events:
        place(event)
        delivery.broadcast(event, Audience({}) if mine else room.audience)
