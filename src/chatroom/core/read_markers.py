"""How far people have read: IRCv3 read-marker, by which the clients of one person agree on what is new.

How far somebody has read concerns them alone, so it is changed at once and causes no event. A marker is the time of the
last message read, in milliseconds; it only ever moves ahead. Markers are held in memory: those of an account
until the server ends, those of a guest until they leave.
"""

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold, is_nickname, room_name
from chatroom.core.context import Context, Deciders, Handlers
from chatroom.model.commands import AskMarker, MarkRead
from chatroom.model.entities import Session, User, user_of
from chatroom.model.outcomes import Outcome, ReplyToOther
from chatroom.model.replies import MarkerIs
from chatroom.model.state import ChatState

# rooms and people of which is remembered how far one has read: the rooms one may be in, and as many people
READ_MARKERS_PER_USER = 200


def mark_read(ctx: Context, session: Session, command: MarkRead) -> list[Outcome]:
    """Tells all of one's clients that have the capability. Nobody has read what is still to be said."""
    user = user_of(session)
    target = _target(command.target)
    markers = ctx.state.markers.setdefault(_owner(user), {})
    before = markers.pop(fold(target), 0)
    read = markers[fold(target)] = max(before, min(command.time, ctx.clock()))
    if len(markers) > READ_MARKERS_PER_USER:
        del markers[next(iter(markers))]
    marker = MarkerIs(target, read)
    if read == before:
        return [marker]
    account = user.person.account
    others = [each for each in ctx.state.marking if each.account == account and each.user] if account else []
    return [*(ReplyToOther(each, marker) for each in others if each is not session), marker]


def ask_marker(ctx: Context, session: Session, command: AskMarker) -> list[Outcome]:
    return [marker(ctx.state, user_of(session), _target(command.target))]


def marker(state: ChatState, user: User, target: str) -> MarkerIs:
    return MarkerIs(target, state.markers.get(_owner(user), {}).get(fold(target), 0))


def forget(state: ChatState, user: User) -> None:
    """Somebody has left; their account, if they have one, keeps its markers."""
    state.markers.pop(_guest(user), None)  # they may have been a guest before they logged in


def _target(text: str) -> str:
    """The room's or the person's name; raises `ChatError` if it can be neither."""
    if is_nickname(text):
        return text
    try:
        return room_name(text)
    except ChatError:
        raise ChatError(Code.NOTHING_TO_READ, text) from None


def _owner(user: User) -> str:
    """Whose markers they are: an account's, by its name, or a guest's."""
    account = user.person.account
    return fold(account) if account else _guest(user)


def _guest(user: User) -> str:
    """No account's name has a space."""
    return f" {user.person.uid}"


DECIDERS: Deciders = {AskMarker: ask_marker}
HANDLERS: Handlers = {MarkRead: mark_read}
