"""Asks the server's history for words (soju.im/search), and for where we were named (chatroom's own MENTIONS)."""

from chatroom.client.room import Room
from chatroom.client.screen_events import SearchResults
from chatroom.client.state import SessionState
from chatroom.client.transcript_entry import TranscriptEntry
from chatroom.common.irc_message import Message, render_tags

_SEARCH = "soju.im/search"
_MENTIONS = "mentions"  # label of the question where we were named; its answer looks like that to a search


def search(state: SessionState, room: Room, text: str) -> bool:
    """Looks for words in a room; false when the server has no search."""
    if not state.has(_SEARCH):
        return False
    query = render_tags({"in": room.name, "text": text, "limit": "100"})
    state.searched = room
    state.send(Message("SEARCH", (query,)))
    return True


def ask_mentions(state: SessionState) -> bool:
    """Asks where our claimed name was said; false when the server can't tell."""
    if not (state.has(_SEARCH) and state.has("labeled-response")):
        return False
    state.send(Message("MENTIONS", tags={"label": _MENTIONS}))
    return True


def found(state: SessionState, entries: list[TranscriptEntry], label: str) -> None:
    """Hands over what came for the question with this label."""
    state.events.append(SearchResults(None if label == _MENTIONS else state.searched, tuple(entries)))
