"""Keeps what is being written: the draft of each room, and for the next run the drafts and the rooms of a server."""

from collections.abc import Callable
from dataclasses import replace

from chatroom.client import slash_commands
from chatroom.client.room import Room
from chatroom.client.settings import Server, Settings
from chatroom.client.state import SessionState
from chatroom.client.transcript_entry import DeliveryState
from chatroom.gui.view_protocol import View

UNANSWERED_SECONDS = 3.0  # after which what was sent may not have arrived: the network may be gone without a word
KEEP_SECONDS = 30.0  # after which rooms and drafts are saved again, if they have changed


class Drafts:
    """The composer has the draft of one room; the others wait in their rooms."""

    def __init__(self, view: View, settings: Settings, now: Callable[[], float]) -> None:
        self._view = view
        self._settings = settings
        self._now = now
        self._writing_in: Room | None = None  # whose draft is in the composer
        self._left: dict[str, str] = {}  # what was written in rooms that the user has left, by the folded name
        self._mine: set[str] = set()  # rooms whose drafts are this window's; of others, another window may keep one
        self._kept_at = now()

    def bring_back(self, state: SessionState, place: str) -> None:
        """Gives the rooms of a server the drafts of the last run by this name. `place` is its address and port."""
        drafts = self._settings.drafts
        for name, draft in drafts.get(_key(place, state.nick), drafts.get(place, {})).items():
            state.room(name).draft = draft
            self._mine.add(name)

    def go_to(self, state: SessionState, room: Room) -> None:
        """The user writes in this room from now on."""
        before, self._writing_in = self._writing_in, room
        if before is None or before is room:
            return
        before.unmark()
        if state.find(before.name) is room:  # it has got that name, and what was written there when it was kept last
            rest = room.draft.removeprefix(before.written()).lstrip("\n")
            before.draft = self._view.composer_text()
            room.draft = "\n".join(text for text in (before.written(), rest) if text)
        else:
            before.draft = self._view.composer_text()
            self.keep_left(state, {before})
            room.draft = room.draft or self._left.pop(state.fold(room.name), "")
        self._view.set_composer(room.draft)

    def keep_left(self, state: SessionState, rooms: set[Room]) -> None:
        """Keeps what was written in those of these rooms that the user has left, until one comes back."""
        for room in rooms - set(state.rooms.values()):
            if room is not self._writing_in:  # else it is still in the composer
                self._left[state.fold(room.name)] = _written(state, room)

    def show(self) -> None:
        """Puts the draft into the composer, if nothing is there."""
        if self._writing_in and not self._view.composer_text():
            self._view.set_composer(self._writing_in.draft)

    def leave(self) -> None:
        """The user writes in no room any more; what stands in the composer has been kept, and may be another's now."""
        if self._writing_in:
            self._view.set_composer("")
        self._writing_in = None
        self._left.clear()

    def is_due(self) -> bool:
        """Whether it is time to keep rooms and drafts."""
        return self._now() - self._kept_at > KEEP_SECONDS

    def keep(self, state: SessionState, place: str) -> bool:
        """Remembers rooms and drafts in the settings; true if they have changed and must be saved."""
        if not state.was_registered:
            return False
        if self._writing_in:
            self._writing_in.draft = self._view.composer_text()
        rooms = [room.name for room in state.rooms.values() if not room.is_direct and room.joined]
        drafts = {room.name: text for room in state.rooms.values() if (text := _written(state, room))}
        self._kept_at = self._now()
        is_new = self._keep_name(state, place)
        server = self._known(place)
        key = _key(place, server.nick if server else state.nick)
        self._settings.drafts.pop(place, None)  # kept for any name, as it was done before
        known = self._settings.drafts.get(key, {})
        mine, drafts = set(drafts), {name: known[name] for name in known if name not in self._mine} | drafts
        self._mine = mine
        if not is_new and (rooms, drafts) == (self._settings.rooms.get(place), self._settings.drafts.get(key)):
            return False
        self._settings.rooms[place], self._settings.drafts[key] = rooms, drafts
        return True

    def _known(self, place: str) -> Server | None:
        return next((each for each in self._settings.recent if each.place == place), None)

    def _keep_name(self, state: SessionState, place: str) -> bool:
        """The next run begins with the name that the user has logged in to; true if it would have been another."""
        server = self._known(place)
        if server is None or not state.account or not state.is_me(state.account) or server.nick == state.nick:
            return False
        self._settings.remember(replace(server, nick=state.nick))
        return True


def _written(state: SessionState, room: Room) -> str:
    """What has been written in a room and has not arrived, as far as we know. Passwords are left out."""
    long_ago = state.now() - UNANSWERED_SECONDS
    texts = [
        entry.as_typed()
        for entry in room.entries
        if entry.delivery in (DeliveryState.WAITING, DeliveryState.FAILED)
        or (entry.delivery is DeliveryState.SENT and (entry in state.unsure or entry.time < long_ago))
    ]
    if room.aside:
        texts.append(room.aside)
    if room.draft.strip() and not slash_commands.is_secret(room.draft):
        texts.append(room.draft)
    return "\n".join(texts)


def _key(place: str, nick: str) -> str:
    """Under which the drafts of a person at a server are kept: several may use one desktop."""
    return f"{nick}@{place}"
