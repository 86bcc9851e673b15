"""Staying: who has asked for it stays in their rooms, marked away, when their last device has gone.

It is a setting of the account: IRCv3 draft/persistence.

- Who stays is a user without devices: a name and a member, but no connection, and nothing that is told of costs more.
  `ChatState.staying` has them all.
- What is said to them alone waits, as it does for who is not here (`waiting`). Rooms show them what they missed.
- Where they are is saved with each change (`StandingSet`): they are there again after a restart, however the server has
  ended. The other servers of a cluster know it anyway.
- Whoever throws them out, by a kick, a kill or a ban, ends it; so do a logout and the end of the account.
"""

from collections import Counter
from collections.abc import Sequence

from chatroom.core import notify
from chatroom.core.context import Appliers, Context
from chatroom.core.replay import NOTHING_SEEN, seen_until
from chatroom.model.delivery import Delivery
from chatroom.model.departure_reasons import ABSENT
from chatroom.model.entities import Account, User
from chatroom.model.events import Event, StandingSet
from chatroom.model.limits import ROOMS_PER_USER
from chatroom.model.modes import OPERATOR
from chatroom.model.state import ChatState
from chatroom.model.values import Standing

# Without a device nothing else bounds them. Each takes about 2 KiB, and 3 more for each room that is theirs alone.
# People without a device. Over it one leaves of those whose accounts were made at the same address, if most were: else
# one address could have all others leave. It is who has had none for longest.
STAYING_MAX = 2000
STAYING_ROOMS_MAX = 20_000  # rooms that these are in, added up: over it, who is in most of them leaves


def account_that_stays(state: ChatState, user: User) -> Account | None:
    """The account by which somebody stays; None if they don't."""
    account = state.account_of(user)
    return account if account and account.stays else None


def note(state: ChatState, user: User, event: Event, delivery: Delivery) -> None:
    """To be called when an event has changed who or where somebody is: has it saved, if they stay."""
    account = account_that_stays(state, user)
    if account:
        told = StandingSet(user.person, account.id, standing(state, user), id=event.id, time=event.time)
        delivery.broadcast(told, notify.NOBODY)


def forget(state: ChatState, user: User, event: Event, delivery: Delivery) -> None:
    """To be called when somebody leaves, logs out, or is to stay no longer."""
    state.staying.pop(user.person.uid, None)
    account = account_that_stays(state, user)
    if account:
        told = StandingSet(user.person, account.id, None, id=event.id, time=event.time)
        delivery.broadcast(told, notify.NOBODY)


def standing(state: ChatState, user: User) -> Standing:
    person, rooms = user.person, user.rooms.values()
    seen = 0 if user.devices else max([NOTHING_SEEN, *[seen_until(state, room, person) for room in rooms]])
    return Standing(
        person.nick,
        person.username,
        person.host,
        person.cloak,
        person.realname,
        "" if user.away == ABSENT else user.away,
        "".join(sorted(user.modes - {OPERATOR})),
        tuple([(room.name, room.ranks.get(person.uid, "")) for room in rooms]),
        seen,
    )


def one_too_many(state: ChatState) -> User | None:
    """Who has to leave, since too many stay without a device; None if nobody has to."""
    count = len(state.staying)
    if count > STAYING_MAX:
        ((most, _),) = Counter(state.staying.values()).most_common(1)
        return state.users[next(uid for uid, home in state.staying.items() if home == most)]
    if count * ROOMS_PER_USER > STAYING_ROOMS_MAX:
        staying = [state.users[uid] for uid in state.staying]
        if sum([len(user.rooms) for user in staying]) > STAYING_ROOMS_MAX:
            return max(staying, key=lambda user: len(user.rooms))
    return None


def home(account: Account | None) -> str:
    """The address where an account was made."""
    return account.home.partition(" ")[0] if account else ""


def that_fit(standings: Sequence[Standing]) -> int:
    """How many of those who stayed before may at a start, when none of them has a device: the last so many."""
    rooms = 0
    for number, each in enumerate(reversed(standings[-STAYING_MAX:])):
        rooms += len(each.rooms)
        if rooms > STAYING_ROOMS_MAX:
            return number
    return min(len(standings), STAYING_MAX)


def standing_set(ctx: Context, event: StandingSet, delivery: Delivery) -> None:
    delivery.broadcast(event, notify.NOBODY)


APPLIERS: Appliers = {StandingSet: standing_set}
