"""Taking back what was said: IRCv3 message-redaction.

Who said something may take it back, and so may the operators of its room and of the server. Only what is held in memory
can be taken back: the last messages of each room, and the last private ones. What is taken back is gone: from what
newcomers are shown, and from the history; those who have read it are told.
"""

from collections import deque

from chatroom import events as ev
from chatroom.errors import ChatError, Code
from chatroom.events import Outcome, Said
from chatroom.limits import REASON_BYTES
from chatroom.names import fold, is_room
from chatroom.rooms import House, Session, User, user_of
from chatroom.text import shortened


def redact(house: House, session: Session, command: ev.Redact) -> list[Outcome]:
    user = user_of(session)
    reason = shortened(command.reason, REASON_BYTES)
    if not is_room(command.target):
        said = _found(house.whispers, command)
        if said is None or not _own(said, user) or fold(said.target) != fold(command.target):
            raise ChatError(Code.NO_SUCH_MESSAGE, command.target, f"{command.said:x}")
        return [ev.Redacted(user.person, said.target, said.id, reason, said.conversation)]
    room = house.rooms.get(fold(command.target))
    if room is None or user.person.uid not in room.members:
        raise ChatError(Code.NOT_YOURS_TO_REDACT, command.target)
    said = _found(room.recent, command)
    if said is None or ev.veiled(said, room.veils_of(session)):
        raise ChatError(Code.NO_SUCH_MESSAGE, room.name, f"{command.said:x}")
    if not (_own(said, user) or room.operated_by(user) or user.is_operator):
        raise ChatError(Code.MAY_NOT_REDACT, room.name, f"{command.said:x}")
    return [ev.Redacted(user.person, room.name, said.id, reason)]


def apply(house: House, event: ev.Redacted) -> None:
    """Everybody in the room is told, or both of those who talk; the one who did it, too."""
    room = house.rooms.get(fold(event.target))
    said = room.recent if room else house.whispers
    found = next((each for each in said if each.id == event.said), None)
    if found is None:
        return
    said.remove(found)
    if room:
        house.post.deliver(event, room.audience)
    else:
        house.tell_both(event, event.target)


def _found(said: deque[Said], command: ev.Redact) -> Said | None:
    return next((each for each in said if each.id == command.said), None)


def _own(said: Said, user: User) -> bool:
    by, person = said.by, user.person
    return by.uid == person.uid or (by.account != "" and fold(by.account) == fold(person.account))
