"""Clients' connections: they come and go, and choose what they read."""

from collections.abc import Iterable

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
    monitor.forget_all(state, session)


def detach_user(state: ChatState, user: User) -> None:
    """Makes a user one without a client, who is told nothing."""
    session = user.session
    if session:
        for room in user.rooms.values():
            room.audience = room.audience.minus(session)
        user.session = None
        state.here -= 1


def drop_session(state: ChatState, session: Session) -> None:
    """A client goes; its user stays, without one, until their departure is applied."""
    if session.user:
        detach_user(state, session.user)
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
        departed = [Departed(user.person, told, user.room_names())]
    if not command.ask:
        return departed
    session.closing = True
    detach(ctx.state, session)
    return [*departed, Goodbye(reason, command.refused)]


def read_as(session: Session, format_: Format) -> None:
    """Has a client read another format from now on."""
    rooms = session.user.rooms.values() if session.user else ()
    for room in rooms:
        room.audience = room.audience.minus(session)
    session.format = format_
    for room in rooms:
        room.audience = room.audience.plus(session)


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
