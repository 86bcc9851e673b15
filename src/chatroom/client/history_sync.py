"""Fetching what was said before: CHATHISTORY (IRCv3 draft/chathistory). Nothing happens where the server has none.

One request a room at a time. After a reconnect the requests go on until the gap is closed, and only then does the
session send what waited: what the history shows to have arrived is not sent twice.
"""

from enum import Enum, auto
from typing import TYPE_CHECKING

from chatroom.client.room import Room
from chatroom.client.transcript_entry import SPOKEN, TranscriptEntry
from chatroom.common.irc_message import Message
from chatroom.common.text import number

if TYPE_CHECKING:
    from chatroom.client.session import Session

PAGE = 100  # messages a request; fills the tallest window
_MOST_PAGES = 20  # of a gap; whoever was away for longer scrolls up


class _Ask(Enum):
    LATEST = auto()
    AFTER = auto()
    BEFORE = auto()


class History:
    """Belongs to one session, and is reset with each connection."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._asked: dict[Room, _Ask] = {}
        self._pages: dict[Room, int] = {}

    def reset(self) -> None:
        for room in self._asked:
            room.fetching = False
        self._asked.clear()
        self._pages.clear()

    def is_catching_up(self, room: Room) -> bool:
        return self._asked.get(room) in (_Ask.LATEST, _Ask.AFTER)

    def joined(self, room: Room) -> None:
        """We are in the room (again): what did we miss? Ends with the session sending what waits there."""
        self._pages[room] = 0
        last = room.last_id()
        if last:
            self._ask(room, _Ask.AFTER, f"msgid={last}")
        else:
            self._ask(room, _Ask.LATEST, "*")

    def older(self, room: Room) -> None:
        """Somebody scrolled up to where the room begins."""
        first = room.first_id()
        if first and room.has_older and not room.fetching and self._session.has("draft/chathistory"):
            self._ask(room, _Ask.BEFORE, f"msgid={first}")

    def arrived(self, room: Room, entries: list[TranscriptEntry]) -> None:
        """A batch of history, oldest first."""
        ask = self._asked.pop(room, _Ask.LATEST)
        room.fetching = False
        fresh = room.merge(entries, older=ask is _Ask.BEFORE)
        if ask is not _Ask.AFTER:
            room.has_older = len(entries) >= self._page() and bool(fresh)
        if ask is _Ask.AFTER:
            self._count(room, fresh)
        self._pages[room] = self._pages.get(room, 0) + 1
        if ask is _Ask.AFTER and len(entries) >= self._page() and fresh and self._pages[room] < _MOST_PAGES:
            self._ask(room, _Ask.AFTER, f"msgid={entries[-1].msgid}")
        else:
            self._session.flush(room)

    def failed(self, room: Room) -> None:
        """The server doesn't know the message we asked from, or doesn't want to say."""
        if self._asked.get(room) is _Ask.AFTER:
            self._ask(room, _Ask.LATEST, "*")
        else:
            self.refused(room)

    def refused(self, room: Room) -> None:
        """There is no history of this room to be had."""
        if self._asked.pop(room, None):
            room.fetching = room.has_older = False
            self._session.flush(room)

    def _ask(self, room: Room, ask: _Ask, bound: str) -> None:
        if not self._session.has("draft/chathistory"):
            self._session.flush(room)
            return
        self._asked[room] = ask
        room.fetching = True
        self._session.send(Message("CHATHISTORY", (ask.name, room.name, bound, str(self._page()))))

    def _page(self) -> int:
        return number(self._session.isupport.get("CHATHISTORY", ""), PAGE) or PAGE

    def _count(self, room: Room, missed: list[TranscriptEntry]) -> None:
        for entry in missed:
            if entry.kind in SPOKEN and not entry.own and room is not self._session.looked_at:
                room.count_unread(entry)
