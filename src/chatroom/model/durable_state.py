"""What outlives those who are here: claimed names with what waits for them and whom they ignore, whose rooms are whose,
masks in lists, bans from the server.

Several servers have it in common. A server that was away is told of it as a whole, and its history is made to agree;
what it alone knows, because Redis has lost the rest or because it was never part of that chat, it brings.
"""

from typing import NamedTuple

from chatroom.model.entities import Account
from chatroom.model.events import Event, Said
from chatroom.model.values import ListEntry, Standing, value


class Owned(NamedTuple):
    """A room that is somebody's for good."""

    key: str  # its folded name
    name: str
    created: int  # milliseconds
    owner: str  # the folded name of the account
    modes: dict[str, str] | None  # None: those of a new room


@value
class Lasting(Event):
    """All of it, as it is now: whatever is kept of these gives way. Delivered to nobody, but saved.

    `lists` has masks with the folded room's name and the list's letter; both are "" for a ban from the server.
    """

    accounts: tuple[Account, ...] = ()
    rooms: tuple[Owned, ...] = ()
    lists: tuple[tuple[str, str, ListEntry], ...] = ()
    # What waits for people: the folded account, the message's id, its conversation. And whom accounts ignore, likewise.
    waiting: tuple[tuple[str, int, str], ...] = ()
    ignored: tuple[tuple[str, ListEntry], ...] = ()
    standings: tuple[tuple[int, Standing], ...] = ()  # of those who stay, by their accounts' ids
    metadata: tuple[tuple[str, str, str], ...] = ()  # the folded account, what is set, and to what
    renamed: tuple[tuple[str, str, int], ...] = ()  # rooms by the folds of old names: the new name, and since when
    # Of the accounts that a server brings: how far they have read, by their folded names, and the texts of what waits.
    markers: tuple[tuple[str, str, int], ...] = ()
    texts: tuple[tuple[str, Said], ...] = ()
    gap: tuple[int, ...] = ()  # from when to when the server was away, in milliseconds, if nobody remembers so much
    chat: int = 0  # by which a chat of several servers is known again; 0: none

    @property
    def has_any(self) -> bool:
        return bool(self.accounts or self.rooms or self.lists)
