"""Searching: goes through the matches among the loaded messages, and asks the server's history where it has a search.

What the server finds may be far from what is loaded, so the message pane shows it by itself; Esc goes back.
"""

from chatroom.client.room import Room
from chatroom.client.transcript_entry import SPOKEN, TranscriptEntry
from chatroom.gui.message_pane import MessagePane
from chatroom.gui.view_protocol import Header, View


class Search:
    """`results` holds what the server found as if it were a room, while it is shown."""

    def __init__(self, view: View, pane: MessagePane) -> None:
        self.results: Room | None = None
        self._view = view
        self._pane = pane
        self._visible = False
        self._query = ""
        self._matches: list[TranscriptEntry] = []
        self._at = -1

    def open(self) -> None:
        self._visible = True
        self._view.show_search(True)

    def find(self, query: str) -> None:
        """Enter in the search field: shows the newest match; for the same query again, the one before."""
        client = self._pane.client
        query = query.strip().casefold()
        if not client or not query:
            return
        if query == self._query and self._matches:
            self.step(-1)
            return
        room = client.state.current
        self._query = query
        self._matches = [e for e in room.entries if e.kind in SPOKEN and query in f"{e.nick} {e.text}".casefold()]
        self._at = len(self._matches)
        client.state.search(room, query)
        self.step(-1)

    def step(self, step: int) -> None:
        """F3 goes to an older match (-1), Shift+F3 to a newer one (1)."""
        if not self._visible:
            self.open()
        if not self._query:
            return
        if not self._matches:
            self._view.show_search(True, "Nothing found here")
            return
        self._at = (self._at + step) % len(self._matches)
        self._view.show_search(True, f"{self._at + 1} of {len(self._matches)}")
        self._pane.reveal(self._matches[self._at])

    def found(self, room: Room, entries: tuple[TranscriptEntry, ...]) -> None:
        """Shows what the server found in a room."""
        if not self._visible or not entries:
            return
        self.results = Room(room.name)
        self.results.merge(entries)
        self._view.show_search(True, f"{len(entries)} in the history")
        self._pane.show(self.results)

    def header(self) -> Header | None:
        if self.results is None:
            return None
        return Header(self.results.name, f"{len(self.results.entries)} found", "Esc goes back to the room")

    def close(self) -> bool:
        """Forgets the search and hides the search bar; false when there was nothing to close."""
        was_visible, self._visible = self._visible, False
        if was_visible:
            self._view.show_search(False)
        self._query, self._matches, self.results = "", [], None
        return was_visible
