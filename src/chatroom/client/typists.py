"""Who is typing, and that we are (IRCv3 typing): told by a tag of TAGMSG, kept nowhere."""

from chatroom.client.room import Room
from chatroom.client.state import SessionState
from chatroom.common.irc_message import Message

TYPING = "+typing"
LABEL = "typing"  # of what we tell: a refusal of what nobody has asked for is shown to nobody
TELL_SECONDS = 3.0  # between two times that we tell it
TYPING_SECONDS = 6.0  # after which somebody who has not told it again types no more
_PEOPLE_MAX = 20  # of a room


def heard(state: SessionState, room: Room, nick: str, is_typing: bool) -> None:
    """Somebody types in a room, or no more."""
    if not is_typing:
        room.typing.pop(nick, None)
    elif len(room.typing) < _PEOPLE_MAX or nick in room.typing:
        room.typing[nick] = state.now() + TYPING_SECONDS


def typing_in(state: SessionState, room: Room) -> list[str]:
    """Who types in a room at this moment, the first one first."""
    room.typing = {nick: until for nick, until in room.typing.items() if until > state.now()}
    return list(room.typing)


def tell(state: SessionState, room: Room, is_typing: bool) -> None:
    """Tells the others in a room that we type, not more often than they need, or that we type no more."""
    # Without labels a refusal of it could not be told from one of what was said.
    if not (state.is_registered and room.is_here and state.has("message-tags") and state.has("labeled-response")):
        return
    if state.now() - room.told_typing < TELL_SECONDS if is_typing else not room.told_typing:
        return
    room.told_typing = state.now() if is_typing else 0.0
    tags = {TYPING: "active" if is_typing else "done", "label": LABEL}
    state.send(Message("TAGMSG", (room.name,), tags=tags))
