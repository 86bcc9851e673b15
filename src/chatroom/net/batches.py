"""Batches: what waits for the courier, grouped by recipient, and rendered to the bytes that clients are sent.

Events in a row for the same audience are one group. A group is rendered once per format and joined once, into a
*payload*: one `bytes` object for many clients.

Clients choose their capabilities, so a room may have as many formats as members. Most of them differ in what the events
at hand don't show. So in such a room, formats that make the same bytes of an event (`Format.variant`) share them.
"""

import logging
import threading
from collections.abc import Hashable, Iterable, Iterator
from enum import Enum
from itertools import groupby
from operator import itemgetter
from typing import Any

from chatroom.model.audience import Audience, Format
from chatroom.model.entities import Session
from chatroom.model.events import Departed, Event
from chatroom.net.connection import ClientSession

log = logging.getLogger(__name__)


class Control(Enum):
    """What the courier is to do with a client's socket, in its place among what is to be written to it."""

    SHUT_DOWN = "shut down"  # write what is left, then end the conversation; the reader sees the end of the stream
    CLOSE = "close"  # the reader is done: write what is left, then close the socket
    ABORT = "abort"  # end it at once, without what is left
    FLUSH_TLS = "flush TLS"  # the encryption has made records by itself


# What waits. Plain tuples: one is made for each message, and a named tuple takes several times as long.
Broadcast = tuple[Event, Audience, Session | None]  # an event, who is told of it, and whom to skip
Direct = tuple[bytes, ClientSession, None]
ForSocket = tuple[Control, ClientSession, None]
Barrier = tuple[threading.Event, None, None]  # set once all before it is saved and sent
Item = Broadcast | Direct | ForSocket | Barrier

Recipient = Audience | ClientSession | None
Group = tuple[Recipient, list[Item]]  # items in a row for the same recipient
Piece = tuple[Session | None, bytes]  # what is sent, but for whom to skip
Payload = tuple[bytes, Iterable[ClientSession]]  # bytes, and the clients that are sent them

FORMATS_UNSHARED = 4  # formats in an audience up to which each renders for itself: few are the same, and looking costs

_what, _recipient, _skipped = itemgetter(0), itemgetter(1), itemgetter(2)  # of an item


def count_recipients(item: Item) -> int:
    """How many clients an item is for."""
    to = item[1]
    return to.size() if type(to) is Audience else 1


def set_departures_apart(batch: list[Item], told_at_most: int) -> tuple[list[Item], list[Item]]:
    """The departures in a batch and the rest, if these may be told later than the rest; else none, and the batch.

    They may if all else is for single clients, each of whom leaves, too, or is not told of them. To look for these
    among more than `told_at_most` would take long, and what so many are told takes much longer than to save it.
    """
    if Departed not in map(type, map(_what, batch)):
        return [], batch
    departures: list[Item] = [item for item in batch if type(item[0]) is Departed]
    if max(map(count_recipients, departures)) > told_at_most:
        return [], batch
    rest = [item for item in batch if type(item[0]) is not Departed]
    for _, to, _ in rest:
        if not isinstance(to, ClientSession) or not (to.closing or not any(_is_told(to, each) for each in departures)):
            return [], batch
    return departures, rest


def _is_told(session: ClientSession, item: Item) -> bool:
    """Whether a client is one of those who are told an event."""
    return isinstance(item[1], Audience) and any(session in members for members in item[1].groups.values())


def group_by_recipient(batch: list[Item]) -> list[Group]:
    """Cuts a batch into groups, in its order."""
    return [(to, list(items)) for to, items in groupby(batch, key=_recipient)]


def payloads_of(to: Recipient, items: list[Item]) -> Iterator[Payload]:
    """The payloads of a group. No client is in two of them."""
    if to is None:
        return
    if not isinstance(to, Audience):
        yield b"".join([what for what, _, _ in items if isinstance(what, bytes)]), (to,)
        return
    # An audience is told nothing but events, and its members are `ClientSession`s. To say so by `cast` would be a call
    # more for each group, and in small rooms a group is one message.
    if not to.groups:
        return
    broadcasts: Any = items
    groups: Any = to.groups
    by_skipped = [(skip, list(said)) for skip, said in groupby(broadcasts, key=_skipped)]
    known: Any = None
    if len(groups) > FORMATS_UNSHARED:
        groups, known = _shared(groups, broadcasts)
    for format_, members in groups.items():
        # What one sender said in a row is in one piece.
        pieces = (
            known[format_]
            if known
            else [(skip, _rendered(format_, [event for event, _, _ in said])) for skip, said in by_skipped]
        )
        everything = b"".join([piece for _, piece in pieces])
        skipped = {skip for skip, _ in pieces}.intersection(members)
        if not skipped:
            yield everything, members
            continue
        yield everything, [member for member in members if member not in skipped]
        for member in skipped:
            yield b"".join([piece for skip, piece in pieces if skip is not member]), (member,)


def _shared(
    groups: dict[Format, tuple[ClientSession, ...]], broadcasts: list[Broadcast]
) -> tuple[dict[Hashable, list[ClientSession]], dict[Hashable, list[Piece]]]:
    """The members and the pieces of each group, once those with the same pieces have become one."""
    runs = [
        (skip, kind, [event for event, _, _ in run])
        for (skip, kind), run in groupby(broadcasts, key=lambda item: (item[2], type(item[0])))
    ]
    kinds = list(dict.fromkeys([kind for _, kind, _ in runs]))
    members: dict[Hashable, list[ClientSession]] = {}
    pieces: dict[Hashable, list[Piece]] = {}
    rendered: dict[tuple[type, Hashable], list[bytes]] = {}  # all runs of a kind, in one of its variants
    for format_, sessions in groups.items():
        variants = tuple([(kind, format_.variant(kind)) for kind in kinds])
        if variants in members:
            members[variants] += sessions
            continue
        members[variants] = list(sessions)
        for kind, variant in variants:
            if (kind, variant) not in rendered:
                rendered[kind, variant] = [_rendered(format_, said) for _, each, said in runs if each is kind]
        left = {kind: iter(rendered[kind, variant]) for kind, variant in variants}
        pieces[variants] = [(skip, next(left[kind])) for skip, kind, _ in runs]
    return members, pieces


def _rendered(format_: Format, events: list[Event]) -> bytes:
    """The bytes of these events in one format. An event that can't be rendered is logged and left out."""
    try:
        return format_.render_all(events)
    except Exception:
        if len(events) > 1:
            return b"".join([_rendered(format_, [event]) for event in events])
        log.exception("an event could not be told: %s", type(events[0]).__name__)
        return b""


def merged(payloads: Iterable[Payload]) -> Iterator[Payload]:
    """Merges all for one client into one payload; clients in a row that get the same share it."""
    by_client: dict[ClientSession, list[bytes]] = {}
    for data, clients in payloads:
        for client in clients:
            if client in by_client:
                by_client[client].append(data)
            else:
                by_client[client] = [data]
    for pieces, group in groupby(by_client.items(), key=itemgetter(1)):
        yield b"".join(pieces), [client for client, _ in group]
