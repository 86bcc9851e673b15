"""Being away: by a message that holds for all of one's devices, or because nobody sits at any of them.

A device says that nobody is there by ``AWAY *`` (IRCv3 draft/pre-away), as one does that connects by itself. A person
is away by that only while all of their devices are so; a message of their own holds whatever the devices are.
"""

from chatroom.common.errors import ChatError, Code
from chatroom.core import mentions, monitor, notify, staying
from chatroom.core.context import Appliers, Context, Deciders
from chatroom.core.permissions import SILENCED_AWAY, is_silent_somewhere, look_ahead
from chatroom.model.commands import SetAway
from chatroom.model.delivery import Delivery, sparing
from chatroom.model.departure_reasons import ABSENT
from chatroom.model.entities import Session, User, user_of
from chatroom.model.events import AbsenceSet, AwaySet, Event
from chatroom.model.limits import AWAY_BYTES
from chatroom.model.outcomes import Outcome
from chatroom.model.replies import AwayNoted


def set_away(ctx: Context, session: Session, command: SetAway) -> list[Outcome]:
    user = user_of(session)
    if len(command.message.encode()) > AWAY_BYTES:
        raise ChatError(Code.AWAY_TOO_LONG)
    if command.absent:
        return [AbsenceSet(user.person, session.uid, True), AwayNoted(True)]
    ahead = look_ahead(user, user.person, command) if command.message else []
    if ahead:
        return ahead
    device = user.device(session.uid)
    there: list[Outcome] = [AbsenceSet(user.person, session.uid, False)] if device and device.absent else []
    message = SILENCED_AWAY if command.message and is_silent_somewhere(user) else command.message
    if message == user.away or (there and not message and user.away == ABSENT):
        return [*there, AwayNoted(bool(message))]
    return [*there, AwaySet(user.person, message), *([] if message else mentions.since_away(ctx, user))]


def away_set(ctx: Context, event: AwaySet, delivery: Delivery) -> None:
    user = ctx.state.users.get(event.by.uid)
    if user:
        _tell(ctx, user, event, delivery)
        notify.one(user, AwayNoted(bool(event.message)), delivery)
        staying.note(ctx.state, user, event, delivery)


def absence_set(ctx: Context, event: AbsenceSet, delivery: Delivery) -> None:
    """Its person is told by no reply, but those who asked."""
    user = ctx.state.users.get(event.by.uid)
    if user:
        user.devices = tuple(
            [device._replace(absent=event.on) if device.who.uid == event.device else device for device in user.devices]
        )
        devices_changed(ctx, user, event, delivery)


def devices_changed(ctx: Context, user: User, event: Event, delivery: Delivery) -> None:
    """To be called when devices have come or gone, or say something else: the person may be away by that, or back."""
    is_absent = all(device.absent for device in user.devices)
    if is_absent and not user.away:
        _tell(ctx, user, AwaySet(user.person, ABSENT, id=event.id, time=event.time), delivery)
    elif not is_absent and user.away == ABSENT:
        _tell(ctx, user, AwaySet(user.person, "", id=event.id, time=event.time), delivery)


def _tell(ctx: Context, user: User, event: AwaySet, delivery: Delivery) -> None:
    user.go_away(event.message, event.time)
    delivery.broadcast(event, *sparing(monitor.peers_and_watchers(ctx.state, user), user.sessions))


DECIDERS: Deciders = {SetAway: set_away}
APPLIERS: Appliers = {AwaySet: away_set, AbsenceSet: absence_set}
