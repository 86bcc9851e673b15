"""Taking back what was said: IRCv3 message-redaction.

Who said something may take it back, and so may the operators of its room and of the server. Only what is held in memory
can be taken back: the last messages of each room, and the last private ones. What is taken back is gone: from what
newcomers are shown, and from the history; those who have read it are told.
"""

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold, is_room
from chatroom.common.text import shortened
from chatroom.core.permissions import is_silent
from chatroom.model.commands import Redact
from chatroom.model.entities import Session, User, user_of
from chatroom.model.events import Redacted, Said
from chatroom.model.limits import REASON_BYTES
from chatroom.model.outcomes import Outcome
from chatroom.model.state import ChatState


def redact(house: ChatState, session: Session, command: Redact) -> list[Outcome]:
    user = user_of(session)
    said = _in_room(house, user, command) if is_room(command.target) else _whispered(house, user, command)
    room = house.rooms.get(fold(said.target))
    reason = "" if room and is_silent(room, user) else shortened(command.reason, REASON_BYTES)
    return [Redacted(user.person, said.target, said.id, reason, said.conversation)]


def _in_room(house: ChatState, user: User, command: Redact) -> Said:
    """The message; raises `ChatError` if there is none, or the user may not take it back."""
    room = house.rooms.get(fold(command.target))
    if room is None or user.person.uid not in room.members:
        raise ChatError(Code.NOT_YOURS_TO_REDACT, command.target)
    said = next((each for each in room.recent if each.id == command.said), None)
    if said is None:
        raise ChatError(Code.NO_SUCH_MESSAGE, room.name, command.called)
    if not (_own(house, said, user) or room.operated_by(user)):
        raise ChatError(Code.MAY_NOT_REDACT, room.name, command.called)
    return said


def _whispered(house: ChatState, user: User, command: Redact) -> Said:
    """Likewise; what is somebody else's is as if it were not there."""
    for said, _ in house.whispers:
        if said.id == command.said and _own(house, said, user) and fold(said.target) == fold(command.target):
            return said
    raise ChatError(Code.NO_SUCH_MESSAGE, command.target, command.called)


def _own(house: ChatState, said: Said, user: User) -> bool:
    """Also over another connection of the same account; but not what was said before the account was made."""
    by, person = said.by, user.person
    account = house.accounts.get(fold(person.account)) if person.account else None
    return by.uid == person.uid or (account is not None and by.account == account.name and said.id > account.id)


def apply(house: ChatState, event: Redacted) -> None:
    """Everybody in the room is told, or both of those who talk; the one who did it, too."""
    if is_room(event.target):
        room = house.rooms.get(fold(event.target))
        said = next((each for each in room.recent if each.id == event.said), None) if room else None
        if room and said:
            room.recent.remove(said)
            house.post.broadcast(event, room.audience)
        return
    for entry in house.whispers:
        if entry[0].id == event.said:
            house.whispers.remove(entry)
            house.tell_both(event, entry[1])
            return
