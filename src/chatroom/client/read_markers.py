"""How far the user has read each room (IRCv3 draft/read-marker): the server tells their other clients."""

from chatroom.client.parameters import param, time_in
from chatroom.client.room import Room
from chatroom.client.state import SessionState
from chatroom.client.transcript_entry import SPOKEN
from chatroom.common.clock import stamp
from chatroom.common.irc_message import Message

_CAPABILITY = "draft/read-marker"
_TELL_SECONDS = 3.0  # between two markers: who reads along need not tell each message


def tell(state: SessionState) -> None:
    """Tells the server how far the room that somebody looks at is read, if that has changed. Call it often."""
    room = state.looked_at
    if room is None or not room.is_here or not state.is_registered or not state.has(_CAPABILITY):
        return
    if state.now() - state.marked_at < _TELL_SECONDS:
        return
    last = next(room.said_backwards(), None)
    if last is None or last.time <= room.read:
        return
    room.read, state.marked_at = last.time, state.now()
    state.send(Message("MARKREAD", (room.name, f"timestamp={stamp(last.time)}")))


def ask(state: SessionState, room: Room) -> None:
    """Asks how far a conversation is read; of rooms that we join, the server tells it by itself."""
    if state.has(_CAPABILITY):
        state.send(Message("MARKREAD", (room.name,)))


def on_marker(state: SessionState, message: Message) -> None:
    """MARKREAD: how far this user has read, over this connection or another."""
    room = state.find(param(message, 0))
    read = time_in(param(message, 1).removeprefix("timestamp="))  # 0 for "*": nothing yet
    if room and read > room.read:
        room.read = read
        if room is not state.looked_at:
            recount(room)


def recount(room: Room) -> None:
    """Counts what is unread behind the marker."""
    fresh = [entry for entry in room.entries if entry.kind in SPOKEN and not entry.own and entry.time > room.read]
    room.seen()
    room.unmark()
    for entry in fresh:
        room.count_unread(entry)
