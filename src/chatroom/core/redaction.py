"""Taking back what was said: IRCv3 message-redaction.

Who said something may take it back, and so may the operators of its room and of the server. Only what is held in memory
can be taken back: the last messages of each room, and the last private ones. What is taken back is gone: from what
newcomers are shown, and from the history; those who have read it are told.
"""

from dataclasses import replace

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold, is_room
from chatroom.common.text import shortened
from chatroom.core import notify, waiting
from chatroom.core.context import Appliers, Context, Deciders
from chatroom.core.permissions import is_silent
from chatroom.model.audience import Audience
from chatroom.model.commands import Redact
from chatroom.model.delivery import Delivery
from chatroom.model.entities import Session, User, user_of
from chatroom.model.events import Redacted, Said
from chatroom.model.limits import REASON_BYTES
from chatroom.model.outcomes import Outcome
from chatroom.model.state import ChatState
from chatroom.model.values import Quote


def redact(ctx: Context, session: Session, command: Redact) -> list[Outcome]:
    user = user_of(session)
    said = _in_room(ctx.state, user, command) if is_room(command.target) else _in_conversation(ctx.state, user, command)
    room = ctx.state.rooms.get(fold(said.target))
    reason = "" if room and is_silent(room, user) else shortened(command.reason, REASON_BYTES)
    author = "" if _own(ctx.state, said, user) else said.by.nick
    return [Redacted(user.person, said.target, said.id, reason, said.conversation, author)]


def _in_room(state: ChatState, user: User, command: Redact) -> Said:
    """The message; raises `ChatError` if there is none, or the user may not take it back."""
    room = state.room_called(command.target)
    if room is None or user.person.uid not in room.members:
        raise ChatError(Code.NOT_YOURS_TO_REDACT, command.target)
    said = next((each for each in room.recent if each.id == command.said), None)
    if said is None:
        raise ChatError(Code.NO_SUCH_MESSAGE, room.name, command.called)
    if not (_own(state, said, user) or room.operated_by(user)):
        raise ChatError(Code.MAY_NOT_REDACT, room.name, command.called)
    return said


def _in_conversation(state: ChatState, user: User, command: Redact) -> Said:
    """Likewise; what is somebody else's is as if it were not there. What waits may be from before a restart."""
    waiting = state.waiting.get(fold(command.target), [])
    for said in (*[said for said, _ in state.direct_messages], *waiting):
        if said.id == command.said and _own(state, said, user) and fold(said.target) == fold(command.target):
            return said
    raise ChatError(Code.NO_SUCH_MESSAGE, command.target, command.called)


def _own(state: ChatState, said: Said, user: User) -> bool:
    """Also over another connection of the same account; but not what was said before the account was made."""
    by, account = said.by, state.account_of(user)
    return by.uid == user.person.uid or (account is not None and by.account == account.name and said.id > account.id)


def redacted(ctx: Context, event: Redacted, delivery: Delivery) -> None:
    """Everybody in the room is told, or both of those who talk; the one who did it, too.

    The reactions to it go, too, and what answers to it have quoted. The audit log has what operators have done to the
    words of others.
    """
    ctx.state.reactions.forget(event.said)
    if is_room(event.target):
        room = ctx.state.rooms.get(fold(event.target))
        said = next((each for each in room.recent if each.id == event.said), None) if room else None
        if room and said:
            room.recent.remove(said)
            for number, each in enumerate(room.recent):
                if each.quote and each.quote.id == event.said:
                    room.recent[number] = replace(each, quote=Quote(event.said))
            delivery.broadcast(event, room.audience)
            if event.author:
                notify.audit(ctx, event)
        return
    has_waited = waiting.forget(ctx.state, event.said)
    author = ctx.state.users.get(event.by.uid)
    for entry in ctx.state.direct_messages:
        if entry[0].id == event.said:
            ctx.state.direct_messages.remove(entry)
            for number, (each, uid) in enumerate(ctx.state.direct_messages):
                if each.quote and each.quote.id == event.said:
                    ctx.state.direct_messages[number] = replace(each, quote=Quote(event.said)), uid
            users = (author, ctx.state.users.get(entry[1]))
            sessions = dict.fromkeys([session for user in users if user for session in user.sessions])
            delivery.broadcast(event, Audience.of(sessions))
            return
    if has_waited:
        delivery.broadcast(event, Audience.of(author.sessions if author else ()))


DECIDERS: Deciders = {
    Redact: redact,
}
APPLIERS: Appliers = {Redacted: redacted}
