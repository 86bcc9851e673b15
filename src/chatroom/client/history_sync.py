"""Fetches what was said before, with CHATHISTORY (IRCv3 draft/chathistory). Does nothing where the server has none.

There is one request a room at a time. After a reconnect the requests go on until the gap is closed. Only then is sent
what waits in the room: a message that the history shows to have arrived is not sent twice.
"""

from itertools import count

from chatroom.client import read_markers
from chatroom.client.parameters import param
from chatroom.client.room import HistoryRequest, Room
from chatroom.client.state import SessionState
from chatroom.client.transcript_entry import SPOKEN, TranscriptEntry
from chatroom.common.clock import stamp
from chatroom.common.irc_message import Message
from chatroom.common.names import is_room
from chatroom.common.text import number

PAGE_MESSAGES = 100  # a request; fills the tallest window
_numbers = count(1)  # of labels
_WRITERS = 50  # of whom we are told after a reconnect, and at the first login
_KNOWN_SECONDS = 7 * 86_400.0  # since one talked with somebody, then it is no conversation to go on with
_FAR_AHEAD = "timestamp=2100-01-01T00:00:00.000Z"  # our clock may be wrong
_GAP_PAGES = 20  # fetched of a gap at most; who was away for longer scrolls up


def catch_up(state: SessionState, room: Room) -> None:
    """We are in the room, maybe again: fetches what we missed, then sends what waits there."""
    room.history_pages = 0
    last = room.gap_from = room.gap_from or room.last_id()
    if last:
        _request(state, room, HistoryRequest.AFTER, f"msgid={last}")
    else:
        _request(state, room, HistoryRequest.LATEST, "*")


def fetch_older(state: SessionState, room: Room) -> None:
    """Somebody scrolled up to where the room begins."""
    first = room.first_id()
    if first and room.has_older and not room.history_request and state.has("draft/chathistory"):
        _request(state, room, HistoryRequest.BEFORE, f"msgid={first}")


def ask_whom_we_know(state: SessionState) -> None:
    """At the first login: has the conversations of the last days opened, with what is unread there.

    What waited for us may have been given to another device of ours, or to this one before it was looked at.
    """
    if state.account and state.has("draft/chathistory"):
        _ask_since(state, state.now() - _KNOWN_SECONDS)


def ask_who_wrote(state: SessionState) -> None:
    """After a reconnect: asks who has written to us alone since the last message that we have.

    Another device of ours may have got it, and then it does not wait for us.
    """
    last = [next((entry.time for entry in reversed(room.entries) if entry.msgid), 0.0) for room in state.rooms.values()]
    if state.has("draft/chathistory") and (since := max(last, default=0.0)):
        _ask_since(state, since)


def _ask_since(state: SessionState, since: float) -> None:
    state.missed_since = since
    state.send(Message("CHATHISTORY", ("TARGETS", f"timestamp={stamp(since)}", _FAR_AHEAD, str(_WRITERS))))


def on_target(state: SessionState, message: Message) -> None:
    """Somebody has written to us; who has a conversation here already is caught up with by itself."""
    verb, name = param(message, 0), param(message, 1)
    if verb != "TARGETS" or not state.missed_since or not name or is_room(name) or state.find(name):
        return
    room = state.room_of_server(name)
    if room:
        room.has_older = True
        read_markers.ask(state, room)
        _request(state, room, HistoryRequest.AFTER, f"timestamp={stamp(state.missed_since)}")


def can_show(state: SessionState) -> bool:
    """Whether any part of the history can be asked for and told from what is caught up with."""
    return state.has("draft/chathistory") and state.has("labeled-response")


def show(state: SessionState, room: Room, msgid: str = "", messages: int = PAGE_MESSAGES) -> bool:
    """Asks for the history around a message, or the latest, for `HistoryShown`; false where it can't be had."""
    if not can_show(state):
        return False
    label = f"h{next(_numbers)}"
    state.awaited.shown[label] = msgid
    which, bound = ("AROUND", f"msgid={msgid}") if msgid else ("LATEST", "*")
    most = str(min(messages, _page_messages(state)))
    state.send(Message("CHATHISTORY", (which, room.name, bound, most), tags={"label": label}))
    return True


def arrived(state: SessionState, room: Room, entries: list[TranscriptEntry], count: int) -> None:
    """Takes in what was said in a batch of history, oldest first; the batch had `count` messages."""
    request, room.history_request = room.history_request or HistoryRequest.LATEST, None
    fresh = room.merge(entries, older=request is HistoryRequest.BEFORE)
    has_more = count >= _page_messages(state) and bool(fresh)
    room.history_pages += 1
    if request is not HistoryRequest.AFTER:
        room.has_older = has_more
        if request is HistoryRequest.LATEST:
            room.gap_from = ""
            _count_unread(state, room)
        # Of a conversation with one person a server keeps only what is between accounts; of others it tells nothing.
        state.flush(room, has_history=bool(entries) or not room.is_direct)
        return
    if room.is_direct and not entries and not state.unsure.isdisjoint(room.pending()):
        _request(state, room, HistoryRequest.LATEST, "*")  # is there nothing new, or is nothing kept?
        return
    for entry in fresh:
        is_new = entry.kind in SPOKEN and not entry.own and entry.time > room.read
        if is_new and room is not state.looked_at:
            room.count_unread(entry)
    if has_more and room.history_pages < _GAP_PAGES:
        room.gap_from = entries[-1].msgid
        _request(state, room, HistoryRequest.AFTER, f"msgid={room.gap_from}")
    else:
        room.gap_from = ""
        state.flush(room)


def _count_unread(state: SessionState, room: Room) -> None:
    """Marks what is new since the user was last here, as the server remembers it."""
    if room.read:
        looks = room is state.looked_at
        read_markers.recount(room)
        if looks:
            room.seen()


def failed(state: SessionState, room: Room) -> None:
    """The server doesn't know the message we asked from, or doesn't want to say."""
    if room.history_request is HistoryRequest.AFTER:
        _request(state, room, HistoryRequest.LATEST, "*")
    else:
        unavailable(state, room)


def unavailable(state: SessionState, room: Room) -> None:
    """There is no history of this room: sends what waited for it."""
    if room.history_request:
        room.history_request = None
        room.has_older = False
        room.gap_from = ""
        state.flush(room, has_history=False)


def _request(state: SessionState, room: Room, request: HistoryRequest, bound: str) -> None:
    if not state.has("draft/chathistory"):
        state.flush(room)
        return
    room.history_request = request
    state.send(Message("CHATHISTORY", (request.name, room.name, bound, str(_page_messages(state)))))


def _page_messages(state: SessionState) -> int:
    return number(state.isupport.get("CHATHISTORY", ""), PAGE_MESSAGES) or PAGE_MESSAGES
