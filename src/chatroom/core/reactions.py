"""Reactions to messages: IRCv3 client-tags/react.

Kept are reactions to what is held in memory, as with taking back: the last messages of each room that one may speak in,
and one's own last private ones. Others are passed on. Programs are told of each reaction. People who read sentences are
told once in a while, of all the reactions to a message by one line.
"""

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold, is_room
from chatroom.core import history_access
from chatroom.core.context import Appliers, Context, Deciders, Handlers
from chatroom.core.ignoring import ignores, owner
from chatroom.core.messaging import between, quoted, room_to_say_in, say, speaker
from chatroom.model.audience import Audience
from chatroom.model.commands import Say
from chatroom.model.delivery import Delivery
from chatroom.model.entities import Session, user_of
from chatroom.model.events import Reacted
from chatroom.model.outcomes import Outcome, ReplyToOther
from chatroom.model.replies import ReactionsAre
from chatroom.model.social_commands import React, TellReactions
from chatroom.model.state import ChatState
from chatroom.model.values import MessageKind

SENTENCE_PAUSE_MS = 30_000  # milliseconds between two lines about the reactions to one message


def react(ctx: Context, session: Session, command: React) -> list[Outcome]:
    user = user_of(session)
    target, to = command.target, command.to
    conversation = ""
    if is_room(target):
        # Who may not speak may not react either; but slow mode lets nobody wait with it.
        room = room_to_say_in(ctx, target, user, Say(target, "", MessageKind.TAGS))
        target, said = room.name, list(room.recent)
    else:
        other = ctx.state.user_named(target)
        target, said = other.person.nick, between(ctx.state, user, other)
        conversation = history_access.talk(user, other)
        if ignores(ctx.state, owner(other.person), user.person):
            return []
    quote = quoted(said, to, target)
    if not quote.nick and command.tags:
        return say(ctx, session, Say(target, "", MessageKind.TAGS, command.tags))
    if not quote.nick:
        raise ChatError(Code.NOTHING_TO_REACT_TO, target, f"{quote.id:x}")
    reactions = ctx.state.reactions
    if reactions.has(quote.id, command.reaction, user.person) is command.on:
        return []
    if command.on and not reactions.has_room_for(quote.id, command.reaction, user.person):
        raise ChatError(Code.REACTIONS_FULL, target, f"{quote.id:x}")
    return [Reacted(user.person, target, quote, command.reaction, command.on, conversation, session.uid)]


def reacted(ctx: Context, event: Reacted, delivery: Delivery) -> None:
    state = ctx.state
    user = state.users.get(event.by.uid)
    if user is None:
        return
    audience = _audience(state, event)
    if audience is None:
        return
    if event.on:
        state.reactions.add(event)
        state.reactions.note_untold(event)
    else:
        state.reactions.remove(event)
    session = speaker(user, event.device)
    delivery.broadcast(event, audience, None if session and session.echo else session)


def _audience(state: ChatState, event: Reacted) -> Audience | None:
    """Who sees the message; None if it is not there any more."""
    if is_room(event.target):
        room = state.rooms.get(fold(event.target))
        return room.audience if room and any(said.id == event.quote.id for said in room.recent) else None
    parties = next(((said.by.uid, uid) for said, uid in state.direct_messages if said.id == event.quote.id), None)
    if parties is None:
        return None
    users = [state.users.get(uid) for uid in parties]
    return Audience.of(dict.fromkeys([session for user in users if user for session in user.sessions]))


def tell_reactions(ctx: Context, session: Session, command: TellReactions) -> list[Outcome]:
    """Tells those who read sentences; not who alone has reacted."""
    told: list[Outcome] = []
    for reactions in ctx.state.reactions.due(ctx.clock(), SENTENCE_PAUSE_MS):
        audience = _audience(ctx.state, reactions[-1])
        people = {reaction.by.uid for reaction in reactions}
        for format_, readers in audience.groups.items() if audience else ():
            if format_.as_sentences:
                told += [
                    ReplyToOther(reader, ReactionsAre(reactions))
                    for reader in readers
                    if isinstance(reader, Session) and not (reader.user and people == {reader.user.person.uid})
                ]
    return told


DECIDERS: Deciders = {React: react}
HANDLERS: Handlers = {TellReactions: tell_reactions}
APPLIERS: Appliers = {Reacted: reacted}
