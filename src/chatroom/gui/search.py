"""Searching: the messages that are loaded, one match after the other, and the server's history where it has a search.

What the server finds may be far from what is loaded, so it is shown by itself in the message pane; Esc comes back.
"""

from typing import TYPE_CHECKING

from chatroom.client.room import Room
from chatroom.client.transcript_entry import SPOKEN, TranscriptEntry
from chatroom.gui.transcript import Transcript
from chatroom.gui.view_protocol import Header

if TYPE_CHECKING:
    from chatroom.gui.presenter import Presenter


class Finder:
    """`results` is the pretended room with what the server found, while it is shown."""

    def __init__(self, presenter: "Presenter") -> None:
        self._presenter = presenter
        self.results: Room | None = None
        self._visible = False
        self._query = ""
        self._matches: list[TranscriptEntry] = []
        self._at = -1

    def open(self) -> None:
        self._visible = True
        self._presenter.view.show_search(True)

    def search(self, query: str) -> None:
        """Enter in the search field: the newest match first; the same query again goes to the one before."""
        client = self._presenter.client
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
        """F3 goes up (-1), Shift+F3 down."""
        if not self._visible:
            self.open()
        if not self._query:
            return
        if not self._matches:
            self._presenter.view.show_search(True, "Nothing found here")
            return
        self._at = (self._at + step) % len(self._matches)
        self._presenter.view.show_search(True, f"{self._at + 1} of {len(self._matches)}")
        self._show(self._matches[self._at])

    def _show(self, entry: TranscriptEntry) -> None:
        transcript = self._presenter.transcript
        if transcript is None or entry not in transcript.room.entries:
            return
        transcript.highlight = entry
        self._presenter.hold()
        self._presenter.view.splice(transcript.include(entry), False)
        self._presenter.view.scroll_to_row(transcript.row_of(entry))

    def found(self, room: Room, entries: tuple[TranscriptEntry, ...]) -> None:
        """The server's answer."""
        if not self._visible or not entries:
            return
        self.results = Room(room.name)
        self.results.merge(entries)
        settings = self._presenter.settings
        self._presenter.view.show_search(True, f"{len(entries)} in the history")
        self._presenter.show_transcript(Transcript(self.results, settings.timestamps, settings.moves))

    def header(self) -> Header | None:
        if self.results is None:
            return None
        return Header(self.results.name, f"{len(self.results.entries)} found", "Esc goes back to the room")

    def close(self) -> bool:
        """Esc; false when there was nothing to close."""
        if not self._visible:
            return False
        self.drop()
        presenter = self._presenter
        if presenter.client and presenter.transcript:
            presenter.go_to(presenter.client.state.current)
        return True

    def drop(self) -> None:
        """Forgets the search, without a look at the room."""
        if self._visible:
            self._visible = False
            self._presenter.view.show_search(False)
        self._query, self._matches, self.results = "", [], None
