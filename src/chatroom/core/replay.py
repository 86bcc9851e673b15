"""Replay: who joins a room is shown what was said since they saw it last, and nothing twice.

A person is an account, or a nickname and an address. Who was logged in at the end is known as both, since clients often
join before they log in. The id of the message that each saw last is remembered. A connection that was lost was dead for
a while before the server noticed. So its end counts as that much earlier: better to show a message twice than never.

All of it follows from the events alone, so it is the same on all servers of a chat (`model.absences`). Who is forgotten
there is shown what newcomers are. After a restart the history tells it (`from_history`), as far as it goes back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from chatroom.common.names import fold
from chatroom.common.text import CTCP
from chatroom.core.context import Context
from chatroom.model.deadlines import DROP_AFTER_SECONDS, LEASE_SECONDS, WRITE_STALL_SECONDS
from chatroom.model.delivery import Delivery
from chatroom.model.departure_reasons import LINK_LOST, OVERTAKEN, SILENT, SLOWEST, STALLED, TIMED_OUT, TOO_SLOW
from chatroom.model.entities import Room, Session, User, user_of
from chatroom.model.events import Departed, Event, Joined, Kicked, Left, Renamed, Said
from chatroom.model.modes import BOT
from chatroom.model.replies import Recent
from chatroom.model.state import ChatState
from chatroom.model.values import Person

NOTHING_SEEN = 1  # for the id of the last message that somebody saw: before all that were ever said

# How many seconds a connection that ended so may have been dead before.
_UNNOTICED = {
    **dict.fromkeys((SILENT, TIMED_OUT, OVERTAKEN), DROP_AFTER_SECONDS),
    **dict.fromkeys((STALLED, TOO_SLOW, SLOWEST), WRITE_STALL_SECONDS),
}


def note(state: ChatState, room: Room, person: Person, event: Event) -> None:
    """Remembers what somebody who leaves a room by this event saw last.

    Of a guest nothing where nothing was said; who has an account is told later where they were named.
    """
    seen = _seen(event, room.recent) or (NOTHING_SEEN if person.account else 0)
    if not seen:
        return
    for key in _keys(person):
        state.absences.put(fold(room.name), key, seen)


def note_seen(state: ChatState, room: str, person: Person, seen: int) -> None:
    """Remembers the id of the last event that somebody saw in a room, by its name; of two, that of the later one."""
    for key in _keys(person):
        state.absences.put(fold(room), key, max(seen, state.absences.seen(fold(room), key)))


def was_in(state: ChatState, room: Room, person: Person) -> bool:
    """Whether somebody is known to have been in a room lately."""
    return seen_until(state, room, person) > 0


def seen_until(state: ChatState, room: Room, person: Person) -> int:
    """The id of the last message that somebody saw in a room; 0 for a newcomer."""
    return max([state.absences.seen(fold(room.name), key) for key in _keys(person)])


def from_history(recent: Sequence[Said], events: Iterable[Event], began: int) -> dict[str, int]:
    """What `note` would have noted of a room, by person, from what happened in it; the newest event first.

    Who came and never left was there to the end, when the server was killed: if they came since the event with the id
    `began`, which no event of the server's last run had. Of older ones it isn't known how long they stayed.
    """
    found: dict[str, int] = {}
    settled: set[str] = set()
    thrown_out: dict[str, Event] = {}  # by folded nickname, which is all that the history keeps of them
    end = recent[-1].id
    for event in events:
        if isinstance(event, Kicked):
            thrown_out.setdefault(fold(event.who.nick), event)
        if not isinstance(event, Joined | Left | Departed | Renamed | Said):
            continue  # operators do the rest from outside, too
        person = replace(event.by, nick=event.nick) if isinstance(event, Renamed) else event.by
        kicked = thrown_out.pop(fold(person.nick), None)
        for key in _keys(person):
            if key in settled:
                continue
            if kicked or isinstance(event, Left | Departed):
                found[key] = _seen(kicked or event, recent)
            elif isinstance(event, Said):  # from outside, perhaps
                found.setdefault(key, event.id)
                continue
            else:
                found[key] = end if event.id > began else max(found.get(key, 0), event.id)
            settled.add(key)
        if isinstance(event, Renamed):  # they left as who they became
            before, after = _keys(event.by)[0], _keys(person)[0]
            if before not in settled:
                found[before] = found[after]
                settled.add(before)
    return found


def _seen(event: Event, recent: Sequence[Said]) -> int:
    """The id of the last message that somebody surely saw who left by this event; 0 if there is none."""
    away = unnoticed(event.reason) if isinstance(event, Departed) else 0
    if not away and recent and recent[-1].id < event.id:
        return recent[-1].id
    last = event.time - 1000 * away
    return max([said.id for said in recent if said.id < event.id and (not away or said.time < last)], default=0)


def unnoticed(reason: str) -> int:
    """For how many seconds a connection may have been dead that ended for this reason."""
    if reason.startswith(LINK_LOST[0]) and reason.endswith(LINK_LOST[1]):
        return int(LEASE_SECONDS)
    return _UNNOTICED.get(reason, 0)


def _keys(person: Person) -> list[str]:
    """What a person is known by; no name has a space."""
    guest = f"{fold(person.nick)} {person.place}"
    return [guest, fold(person.account)] if person.account else [guest]


def replay_missed(ctx: Context, session: Session, room: Room, delivery: Delivery) -> None:
    """Tells who joins what was said there since they left, or, to a newcomer, last."""
    user = user_of(session)
    if not _wants_replay(ctx.state, session, user):
        return
    since = seen_until(ctx.state, room, user.person)
    said = tuple([e for e in room.recent if e.id > since and CTCP not in e.text])
    said = said[max(0, len(said) - ctx.replay_messages) :]
    if said:
        delivery.reply(session, Recent(room.name, said, ctx.state.reactions.of([each.id for each in said])))


def _wants_replay(state: ChatState, session: Session, user: User) -> bool:
    """A bot would obey once more what it was told before."""
    account = state.account_of(user)
    return session.replay and BOT not in user.modes and (account is None or account.replay)
