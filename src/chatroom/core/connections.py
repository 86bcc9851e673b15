"""Clients' connections: they come and go, and choose what they read."""

from collections.abc import Iterable

from chatroom.common.language import Language, find
from chatroom.common.names import fold
from chatroom.common.text import shortened
from chatroom.core import monitor
from chatroom.core.context import Context, Handlers
from chatroom.core.permissions import is_silent_somewhere, look_ahead
from chatroom.model.audience import Format
from chatroom.model.commands import Quit, SetFormat
from chatroom.model.entities import Session, User
from chatroom.model.events import Departed
from chatroom.model.limits import REASON_BYTES
from chatroom.model.outcomes import Outcome
from chatroom.model.replies import Goodbye
from chatroom.model.state import ChatState

GOODBYE_BYTES = 450  # what somebody without a name is told at the end: why they are banned, and how long; one line

# ---- coming and going -----------------------------------------------------------------------------------------------


def attach(ctx: Context, session: Session) -> None:
    """A client has connected."""
    ctx.state.sessions[session.uid] = session
    session.admitted = not ctx.password


def detach(state: ChatState, session: Session) -> None:
    """A client's connection is gone; its user has left before."""
    state.sessions.pop(session.uid, None)
    state.marking.pop(session, None)
    state.following.pop(session, None)
    monitor.forget_all(state, session)


def detach_user(state: ChatState, user: User) -> None:
    """Makes a user one without a client here, who is told nothing."""
    for session in user.sessions:
        take_off(state, user, session)


def take_off(state: ChatState, user: User, session: Session) -> None:
    """Takes one of a user's clients off: it is told nothing more of what happens to the user."""
    if session not in user.sessions:
        return  # it has been taken off, as those of a server are that the others have given up
    for room in user.rooms.values():
        room.audience = room.audience.minus(session)
    user.sessions = tuple([each for each in user.sessions if each is not session])
    state.here -= 1


def keep_to_one_room(user: User, session: Session) -> None:
    """Has a client that is in one room at a time stay where it is, in whatever rooms its user is from now on."""
    if session.format.one_room and session.place is None:
        session.place = fold(session.room)
        for room in user.rooms.values():
            if not session.is_in(room):
                room.audience = room.audience.minus(session)


def put_on(state: ChatState, user: User, session: Session) -> None:
    """Makes a client one of a user's: it is told what happens in the rooms."""
    session.account = user.person.account
    speak_as_account(state, session)
    session.user = user
    user.sessions = (*user.sessions, session)
    state.here += 1
    for room in user.rooms.values():
        if session.is_in(room):
            room.audience = room.audience.plus(session)


def drop_session(state: ChatState, session: Session) -> None:
    """A client goes; its user stays, without one, until their departure is applied."""
    if session.user:
        take_off(state, session.user, session)
        session.closing = True  # first: without a user, but not closing, it would be a stranger to the courier
        session.user = None


def stop_delivery(sessions: Iterable[Session]) -> None:
    """Tells these sessions, which are about to leave, nothing more of what happens in their rooms.

    When a thousand leave together, all of that goes to the same audience, which makes it cheap.
    """
    leaving = set(sessions)
    rooms = {room.name: room for session in leaving if session.user for room in session.user.rooms.values()}
    for room in rooms.values():
        room.audience = room.audience.without(leaving)


# ---- commands that concern one connection ---------------------------------------------------------------------------


def quit_(ctx: Context, session: Session, command: Quit) -> list[Outcome]:
    """Closes the connection, and has its user leave."""
    user = session.user
    ahead = look_ahead(user, user.person, command) if user and command.own else []
    if ahead:
        return ahead
    reason = shortened(command.reason, REASON_BYTES if user else GOODBYE_BYTES)
    departed: list[Outcome] = []
    if user:
        told = "" if command.own and is_silent_somewhere(user) else reason
        device = session.uid if user.person.account or len(user.devices) > 1 else ""
        departed = [Departed(user.person, told, user.room_names(), device)]
    if not command.ask:
        return departed
    session.closing = True
    detach(ctx.state, session)
    return [*departed, Goodbye(reason, command.refused)]


def read_as(session: Session, format_: Format) -> None:
    """Has a client read another format from now on."""
    rooms = [room for room in session.user.rooms.values() if session in room.audience] if session.user else []
    for room in rooms:
        room.audience = room.audience.minus(session)
    session.format = format_
    for room in rooms:
        room.audience = room.audience.plus(session)


def speak(session: Session, language: Language) -> None:
    """Has everything that the client is told from now on be in this language."""
    session.language = language
    if session.format.spoken(language) is not session.format:
        read_as(session, session.format.spoken(language))


def speak_as_account(state: ChatState, session: Session) -> None:
    """To be called when a client has logged in: it reads what its account does, unless it asked for another."""
    if session.has_asked_for_language:
        return
    account = state.accounts.get(fold(session.account))
    language = find(account.language) if account and account.language else None
    if language:
        speak(session, language)


def set_format(ctx: Context, session: Session, command: SetFormat) -> list[Outcome]:
    read_as(session, command.format)
    session.echo = command.echo
    session.extended_monitor = command.extended_monitor
    if command.read_marker:
        ctx.state.marking[session] = None
    else:
        ctx.state.marking.pop(session, None)
    return []


HANDLERS: Handlers = {Quit: quit_, SetFormat: set_format}
