"""Deliveries that stand between the rules and the courier while not all is to be told."""

from chatroom.model.audience import Audience
from chatroom.model.delivery import Delivery
from chatroom.model.entities import Session
from chatroom.model.events import Event
from chatroom.model.replies import Reply


class Nowhere:
    """A delivery that hands on nothing."""

    def broadcast(self, event: Event, audience: Audience, skip: Session | None = None) -> None:
        pass

    def reply(self, session: Session, reply: Reply) -> None:
        pass


class Quiet(Nowhere):
    """A delivery that hands on events to be saved, and tells nobody."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def broadcast(self, event: Event, audience: Audience, skip: Session | None = None) -> None:
        self._delivery.broadcast(event, Audience({}))


class New:
    """A delivery that hands on only what is newer than an event, by its id: the rest was seen and saved before."""

    def __init__(self, delivery: Delivery, last: int) -> None:
        self._delivery = delivery
        self._last = last

    def broadcast(self, event: Event, audience: Audience, skip: Session | None = None) -> None:
        if event.id > self._last:
            self._delivery.broadcast(event, audience, skip)

    def reply(self, session: Session, reply: Reply) -> None:
        self._delivery.reply(session, reply)
