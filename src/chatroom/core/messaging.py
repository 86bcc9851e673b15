"""What people say to rooms, to those with a rank in a room, and to each other."""

from collections.abc import Iterable

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold, is_room
from chatroom.common.text import CTCP
from chatroom.core import history_access, waiting
from chatroom.core.context import Appliers, Context, Deciders
from chatroom.core.ignoring import ignores, owner
from chatroom.core.permissions import Action, Attempt, require
from chatroom.model.audience import Audience
from chatroom.model.commands import Burst, Say
from chatroom.model.delivery import Delivery
from chatroom.model.entities import Room, Session, User, user_of, without_tags
from chatroom.model.events import Said
from chatroom.model.limits import RECENT_SHORT_CHARACTERS
from chatroom.model.modes import NO_CTCP, NO_STRANGERS, RANKS
from chatroom.model.outcomes import Outcome
from chatroom.model.quotes import quote_of
from chatroom.model.replies import IsAway, PersonalNotice
from chatroom.model.state import ChatState
from chatroom.model.values import MessageKind, Quote

_MESSAGE = MessageKind.MESSAGE  # a look-up in an Enum takes as long as making a value
_RANK_BY_SIGN = {sign: rank for rank, sign in RANKS.items()}

# ---- deciding -------------------------------------------------------------------------------------------------------


def say(ctx: Context, session: Session, command: Say) -> list[Outcome]:
    user = user_of(session)
    target = command.target
    try:
        if is_room(target):
            room = ctx.state.rooms.get(fold(target))
            if room is None or room.has_speech_restrictions or user.person.uid not in room.members:
                room = room_to_say_in(ctx, target, user, command)
            quote = quoted(room.recent, command.answers, room.name) if command.answers else None
            return [Said(user.person, room.name, command.text, command.kind, command.tags, "", quote, session.uid)]
        if is_room(target[1:]) and target[0] in _RANK_BY_SIGN:
            room = room_to_say_in(ctx, target[1:], user, command)
            text, kind, tags = command.text, command.kind, command.tags
            return [Said(user.person, target[0] + room.name, text, kind, tags, "", None, session.uid)]
        other = ctx.state.nicks.get(target)
        account = ctx.state.accounts.get(fold(target)) if other is None else None
        if account:
            if not account.strangers:
                _require_no_stranger(user, account.name)
            other = ctx.state.presence_of(account.name)
            if other is None:
                return waiting.say_to_absent(ctx, session, account, command)
        if other is None:
            raise ChatError(Code.NO_SUCH_NICK, target)
        if NO_STRANGERS in other.modes:
            _require_no_stranger(user, other.person.nick)
        if NO_CTCP in other.modes and CTCP in command.text:
            raise ChatError(Code.NO_CTCP, other.person.nick)
        if not other.devices:
            return waiting.say_to_absent(ctx, session, ctx.state.accounts[fold(other.person.account)], command)
    except ChatError:
        if command.kind is MessageKind.NOTICE:  # nothing is ever answered to a notice: RFC 2812 §3.3.2
            return []
        raise
    is_ignored = ignores(ctx.state, owner(other.person), user.person)
    said = Said(
        user.person,
        other.person.nick,
        command.text,
        command.kind,
        command.tags,
        "" if is_ignored else history_access.talk(user, other),
        quoted(between(ctx.state, user, other), command.answers, other.person.nick) if command.answers else None,
        session.uid,
    )
    if other.away and command.kind not in (MessageKind.NOTICE, MessageKind.TAGS):
        return [said, IsAway(other.person.nick, other.away)]
    return [said]


def _require_no_stranger(user: User, nick: str) -> None:
    """Raises `ChatError` if somebody is a stranger to those who want to hear from none."""
    if not (user.person.account or user.is_operator):
        raise ChatError(Code.NO_STRANGERS, nick)


def between(state: ChatState, user: User, other: User) -> list[Said]:
    """What two people have said to each other, as far as it is held in memory; the oldest first."""
    uids = {user.person.uid, other.person.uid}
    return [said for said, uid in state.direct_messages if {said.by.uid, uid} == uids]


def quoted(said: Iterable[Said], which: int | str, place: str) -> Quote:
    """What is shown of a message of these that is answered. It is named by its id, or as somebody's last one.

    Of one that is not among them nothing but its id is known; raises `ChatError` if nobody of that name has said any.
    """
    if isinstance(which, int):
        return next((quote_of(each) for each in said if each.id == which), Quote(which))
    last = [each for each in said if fold(each.by.nick) == fold(which)][-1:]
    if not last:
        raise ChatError(Code.NOTHING_SAID, place, which)
    return quote_of(last[0])


def room_to_say_in(ctx: Context, name: str, user: User, command: Say) -> Room:
    """The room of that name; raises `ChatError` if there is none, or it does not let this user say this."""
    room = ctx.state.room_called(name)
    if room is None:
        raise ChatError(Code.NO_SUCH_ROOM, name)
    try:
        require(room, user, Action.SAY, Attempt(now=ctx.clock() if command.text else 0))
        if "C" in room.modes and CTCP in command.text:
            raise ChatError(Code.NO_CTCP, room.name)
    except ChatError:
        if not room.known_to(user):
            raise ChatError(Code.NO_SUCH_ROOM, name) from None
        raise
    return room


def burst(ctx: Context, session: Session, command: Burst) -> list[Said] | None:
    """The messages of a burst; None if each must be decided for itself."""
    user = session.user
    room = ctx.state.rooms.get(fold(command.target))
    if user is None or room is None or room.has_speech_restrictions or user.person.uid not in room.members:
        return None
    person, name, device = user.person, room.name, session.uid
    return [Said(person, name, text, _MESSAGE, "", "", None, device) for text in command.texts]


# ---- applying -------------------------------------------------------------------------------------------------------


def said(ctx: Context, event: Said, delivery: Delivery) -> None:
    state = ctx.state
    user = state.users.get(event.by.uid)
    if user is None:
        return
    user.active = event.time
    session = speaker(user, event.device)
    if is_room(event.target):
        room = state.rooms.get(fold(event.target))
        if room:
            if event.text:
                if event.tags or len(event.text) > RECENT_SHORT_CHARACTERS:
                    room.remember(event)
                else:  # the same, as it is for most messages
                    room.recent.append(event)
                if room.slow:
                    room.note_speaker(event)
            delivery.broadcast(event, room.audience, None if session and session.echo else session)
            if session and session.echo and user.person.uid not in room.members:  # who speaks from outside
                delivery.reply(session, PersonalNotice(event))
        return
    if event.target[0] in _RANK_BY_SIGN:
        _said_to_ranks(ctx, event, user, session, delivery)
        return
    other = state.nicks.get(event.target)
    if other and not ignores(state, owner(other.person), event.by):
        if event.text:
            state.direct_messages.append((without_tags(event), other.person.uid))
        # Handed over even if their client is another server's: both have the history of it.
        delivery.broadcast(event, Audience.of(other.sessions))
    for each in user.sessions:
        if each.echo if each is session else other is not user:
            delivery.reply(each, PersonalNotice(event))


def apply_burst(ctx: Context, messages: list[Said], delivery: Delivery) -> None:
    """The same as `said` for each, all of them being by one person to one room."""
    first = messages[0]
    user = ctx.state.users.get(first.by.uid)
    room = ctx.state.rooms.get(fold(first.target))
    if user is None or room is None:
        return
    user.active = first.time
    session = speaker(user, first.device)
    room.recent.extend(messages)
    if room.slow:  # it was not when this was decided
        room.note_speaker(messages[-1])
    broadcast, audience = delivery.broadcast, room.audience
    skip = None if session and session.echo else session
    for event in messages:
        broadcast(event, audience, skip)


def speaker(user: User, device: str) -> Session | None:
    """The session by which something was said, with this uid; None if it is another server's."""
    if len(user.devices) > 1:
        return user.session_of(device)
    return user.sessions[0] if user.sessions else None


def _said_to_ranks(ctx: Context, event: Said, user: User, session: Session | None, delivery: Delivery) -> None:
    """To the members of a room that have a rank, or a higher one: STATUSMSG."""
    room = ctx.state.rooms.get(fold(event.target[1:]))
    if room:
        readers = dict.fromkeys([*room.ranked(_RANK_BY_SIGN[event.target[0]]), *user.sessions])
        if session and not session.echo:
            readers.pop(session, None)
        delivery.broadcast(event, Audience.of(readers))


DECIDERS: Deciders = {Say: say}
APPLIERS: Appliers = {Said: said}
