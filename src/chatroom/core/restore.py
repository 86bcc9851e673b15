"""Puts back what the history holds from before the start: accounts first, then rooms, lists and bans, then people."""

from collections.abc import Iterable

from chatroom.common.names import fold, skeleton
from chatroom.core import bans
from chatroom.core.membership import open_room
from chatroom.core.staying import home
from chatroom.model.departure_reasons import ABSENT
from chatroom.model.entities import Account, Room, User, new_lists
from chatroom.model.events import Reacted, Said
from chatroom.model.masks import MaskList
from chatroom.model.modes import BOT, bounded
from chatroom.model.state import ChatState
from chatroom.model.values import ListEntry, Person, Standing, Topic


def accounts(
    state: ChatState, made: Iterable[Account], owners: dict[str, str], kept: dict[str, dict[str, str]]
) -> None:
    """Accounts, which room is whose, and the modes of these rooms."""
    state.accounts = {fold(account.name): account for account in made}
    for account in state.accounts.values():
        state.claimed.setdefault(skeleton(account.name), account.name)
    for key, owner in owners.items():
        if owner in state.accounts:
            state.own(key, owner)
            state.room_looks.add(key)
    state.kept = {key: bounded(modes) for key, modes in kept.items() if key in state.owners}


def room(
    state: ChatState,
    name: str,
    created: int,
    topic: Topic | None,
    recent: Iterable[Said],
    reactions: Iterable[Reacted] = (),
) -> None:
    """A room without members. Those left longest ago come first."""
    assert state.dormant_rooms, "only where rooms last can one be restored"
    restored = Room(name, created)
    restored.owner = state.owners.get(fold(name), "")
    restored.topic = topic
    for said in recent:
        restored.remember(said)
    for reaction in reactions:
        state.reactions.add(reaction)
    state.dormant_rooms.store(restored)


def entry(state: ChatState, key: str, letter: str, masked: ListEntry) -> None:
    """A mask in a list of the room with this key, or, without one, a ban from the server."""
    if key:
        lists = state.lists.setdefault(key, new_lists())
        lists.setdefault(letter, MaskList())[fold(masked.mask)] = masked
        state.note_lists(key)
        state.mask_counts.add(masked)
        state.expiries.add(masked.until, key, letter, fold(masked.mask))
    else:
        bans.restore(state, masked)


def waiting(state: ChatState, messages: Iterable[tuple[str, Said]]) -> None:
    """What waits for people, by their folded accounts, oldest first."""
    for account, said in messages:
        if account in state.accounts:
            state.let_wait(account, said)


def ignored(state: ChatState, entries: Iterable[tuple[str, ListEntry]]) -> None:
    """Whom people ignore, likewise."""
    for account, each in entries:
        if account in state.accounts:
            state.ignored.setdefault(account, MaskList())[fold(each.mask)] = each


def profiles(state: ChatState, metadata: Iterable[tuple[str, str, str]]) -> None:
    """What people have set about themselves, by their folded accounts."""
    for account, key, value in metadata:
        if account in state.accounts:
            state.profiles.setdefault(account, {})[key] = value


def renamed(state: ChatState, names: Iterable[tuple[str, str, int]]) -> None:
    """What rooms are called now, by the folds of their old names."""
    state.renamed = {key: (name, time) for key, name, time in names}


def who_stays(state: ChatState, account: Account, standing: Standing, now: int) -> User | None:
    """Puts back somebody who stays without a device, in no room yet; None if that may not be any more."""
    nick = next((each for each in (standing.nick, account.name) if state.nicks.get(each) is None), "")
    if not account.stays or not nick or state.presence_of(account.name):
        return None
    person = Person(
        f"stay.{account.id}",  # which no connection's uid is like
        nick,
        standing.username,
        standing.host,
        standing.realname,
        account.name,
        BOT in standing.modes,
        cloak=standing.cloak,
    )
    if bans.on_person(state, person):
        return None
    user = User(person, None, now)
    user.devices = ()
    user.go_away(standing.away or ABSENT, now)
    state.users[person.uid] = user
    state.nicks.add(user)
    state.note_login(user)
    state.staying[person.uid] = home(account)
    for letter in standing.modes:
        state.set_user_mode(user, letter, True)
    return user


def put_in(state: ChatState, user: User, name: str, ranks: str, modes: dict[str, str] | None) -> None:
    """Puts somebody who stays into a room with these modes, or those of a new one; what is kept for an owner counts."""
    key = fold(name)
    there = state.rooms.get(key) or open_room(state, name, user.since, modes)
    if ranks:
        there.ranks[user.person.uid] = ranks
    there.add(user)
    user.rooms[key] = there


def markers(state: ChatState, read: Iterable[tuple[str, str, int]]) -> None:
    """How far people have read, by their folded accounts."""
    for account, target, time in read:
        if account in state.accounts:
            state.markers.put(account, target, time)
