"""Searching: goes through the matches among the loaded messages, and asks the server's history where it has a search.

What the server finds may be far from what is loaded, so the message pane shows it by itself. A match there opens its
place: what was said before and after it. Back, and Esc, return to the matches, then to the room.
"""

from chatroom.client import history_sync, searching, strings
from chatroom.client.room import Room
from chatroom.client.transcript_entry import SPOKEN, TranscriptEntry
from chatroom.common.language import tr, trn
from chatroom.common.names import bare
from chatroom.gui.message_pane import MessagePane
from chatroom.gui.view_protocol import Header, View


class Search:
    """`results` holds what the server found as if it were a room, while it or the place of a match is shown."""

    def __init__(self, view: View, pane: MessagePane) -> None:
        self.results: Room | None = None
        self._view = view
        self._pane = pane
        pane.on_place = self._open_place
        self._is_at_place = False
        self._visible = False
        self._query = ""
        self._words: tuple[str, ...] = ()
        self._matches: list[TranscriptEntry] = []
        self._at = -1

    def open(self) -> None:
        self._visible = True
        self._view.show_search(True)

    def find(self, query: str) -> None:
        """Enter in the search field: shows the newest match; for the same query again, the one before."""
        client = self._pane.client
        query = query.strip()
        if not client or not query:
            return
        if query == self._query and (self._matches or self.results):
            self.step(-1)
            return
        room = client.state.current
        self._query = query
        self._words = tuple(query.replace('"', " ").split())
        wanted = bare(query)
        self._matches = [e for e in room.entries if e.kind in SPOKEN and wanted in bare(f"{e.nick} {e.text}")]
        self._at = len(self._matches)
        searching.search(client.state, room, query)
        self._pane.mark_words(self._words)
        self.step(-1)

    def step(self, step: int) -> None:
        """F3 goes to an older match (-1), Shift+F3 to a newer one (1)."""
        if not self._visible:
            self.open()
        if not self._query:
            return
        self.back()
        if not self._matches:
            self._view.show_search(True, tr("Nothing found here"))
            return
        self._at = (self._at + step) % len(self._matches)
        self._view.show_search(True, tr("{number} of {count}", number=self._at + 1, count=len(self._matches)))
        self._pane.reveal(self._matches[self._at])

    def found(self, room: Room | None, entries: tuple[TranscriptEntry, ...]) -> None:
        """Shows what the server found in a room; or where the user was named, in any."""
        client = self._pane.client
        if room is None and client and entries:
            self._visible, self._query, self._words, self._matches = True, "", (client.state.nick,), []
            self._show_results(client.state.current, entries)
        elif room is None and client:
            client.state.inform(tr("Nothing was found."))
        elif self._visible and room and entries:
            self._show_results(room, entries)

    def shown(self, room: Room, entries: tuple[TranscriptEntry, ...], msgid: str) -> None:
        """Shows a part of the history: the place of a match, or what `/history` asked for."""
        if not msgid:
            self._visible, self._query, self._words, self._matches = True, "", (), []
            self._show_results(room, entries)
        elif self.results:
            place = room.twin()
            place.merge(entries)
            self._show_place(place, msgid)

    def _show_results(self, room: Room, entries: tuple[TranscriptEntry, ...]) -> None:
        self.results = room.twin()
        self.results.merge(entries)
        if self._query:
            self._matches = [entry for entry in self.results.entries if entry.kind in SPOKEN]
            self._at = len(self._matches)
        self._is_at_place = True
        self.back()

    def _open_place(self, entry: TranscriptEntry) -> None:
        """Shows what stands around a match: in the room itself, where that is loaded."""
        client, results = self._pane.client, self.results
        if not client or not results:
            return
        room = client.state.find(entry.place or results.name)
        if room is None:
            self._view.show_search(True, strings.not_in(entry.place))
            return
        if room.find(entry.msgid):
            self._show_place(room, entry.msgid)
        elif not entry.msgid or not history_sync.show(client.state, room, entry.msgid):
            self._view.show_search(True, tr("This server doesn't tell what was said around it."))

    def _show_place(self, place: Room, msgid: str) -> None:
        self._is_at_place = True
        self._view.show_search(True, tr("Its place in the conversation"), can_go_back=True)
        self._pane.show(place, words=self._words)
        if entry := place.find(msgid):
            self._pane.reveal(entry)

    def back(self) -> bool:
        """Goes back from the place of a match to all of them; false when there is nothing to go back to."""
        if not self._is_at_place or self.results is None:
            return False
        self._is_at_place = False
        count = len(self.results.entries)
        self._view.show_search(True, trn("{count} in the history", "{count} in the history", count))
        client = self._pane.client
        has_places = client is not None and history_sync.can_show(client.state)
        self._pane.show(self.results, words=self._words, has_places=has_places)
        return True

    def header(self) -> Header | None:
        if self.results is None:
            return None
        if self._is_at_place:
            return Header(self.results.name, "", tr("Esc goes back to what was found"))
        count = len(self.results.entries)
        return Header(self.results.name, trn("{count} found", "{count} found", count), tr("Esc goes back to the room"))

    def close(self) -> bool:
        """Forgets the search and hides the search bar; false when there was nothing to close."""
        was_visible, self._visible = self._visible, False
        if was_visible:
            self._view.show_search(False)
        self._query, self._words, self._matches, self.results = "", (), [], None
        self._is_at_place = False
        self._pane.mark_words(())
        return was_visible
