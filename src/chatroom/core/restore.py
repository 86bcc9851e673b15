"""Puts back what the history holds from before the start: accounts first, then rooms, then lists and bans."""

from collections.abc import Iterable

from chatroom.common.names import fold, skeleton
from chatroom.core import bans
from chatroom.model.entities import Account, Room, new_lists
from chatroom.model.events import Reacted, Said
from chatroom.model.masks import MaskList
from chatroom.model.modes import bounded
from chatroom.model.state import ChatState
from chatroom.model.values import ListEntry, Topic


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


def renamed(state: ChatState, names: Iterable[tuple[str, str, int]]) -> None:
    """What rooms are called now, by the folds of their old names."""
    state.renamed = {key: (name, time) for key, name, time in names}


def markers(state: ChatState, read: Iterable[tuple[str, str, int]]) -> None:
    """How far people have read, by their folded accounts."""
    for account, target, time in read:
        if account in state.accounts:
            state.markers.setdefault(account, {})[target] = time
