"""Where the hub hands over what is to be told, and to whom."""

import threading
from collections.abc import Sequence
from typing import Protocol

from chatroom.model.audience import Audience
from chatroom.model.entities import Session
from chatroom.model.events import Event, Said
from chatroom.model.replies import Goodbye, Reply


class Delivery(Protocol):
    """Where the rules hand over what is to be told, and to whom. Neither call blocks or fails."""

    def broadcast(self, event: Event, audience: Audience, skip: Session | None = None) -> None:
        """Tell the audience of an event; not `skip`, if one is named."""

    def reply(self, session: Session, reply: Reply) -> None:
        """Tell one client alone."""


def sparing(audience: Audience, sessions: Sequence[Session]) -> tuple[Audience, Session | None]:
    """The audience for a broadcast without these sessions, and whom it is to skip: one is skipped at no cost."""
    if len(sessions) < 2:
        return audience, sessions[0] if sessions else None
    return audience.without(set(sessions)), None


class DeliveryQueue(Delivery, Protocol):
    """A delivery in which all waits for the thread that sends it."""

    def prepared(self, session: Session, reply: Reply) -> Reply:
        """The same reply, with what takes long about it done; called without the log's lock."""

    def barrier(self) -> threading.Event:
        """Is set once all that was handed over so far is saved."""

    def flush(self) -> None:
        """Nothing more comes at the moment: see to it that what was handed over is sent."""


class Capture:
    """A delivery that keeps to itself what one session is told, and hands on all the rest.

    Events of which everybody is told are kept for it, too; but what somebody says to themselves reaches them like any
    other message, and only its echo is an answer.
    """

    def __init__(self, delivery: Delivery, session: Session) -> None:
        self.told: list[Event | Reply] = []
        self._delivery = delivery
        self._session = session

    def broadcast(self, event: Event, audience: Audience, skip: Session | None = None) -> None:
        session = self._session
        to_self = isinstance(event, Said) and event.target == session.nick
        if skip is None and session in audience and not to_self:
            self.told.append(event)
            skip = session
        self._delivery.broadcast(event, audience, skip)

    def reply(self, session: Session, reply: Reply) -> None:
        if session is self._session and not isinstance(reply, Goodbye):
            self.told.append(reply)
        else:
            self._delivery.reply(session, reply)
