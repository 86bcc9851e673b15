"""What is sent to whom: a batch in pieces, and these as bytes for the connections that are to get them.

Events in a row for the same audience are a run. It is rendered once per format and joined once, into a parcel: one
`bytes` object for many members.
"""

import logging
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from chatroom.model.audience import Audience, Format
from chatroom.model.entities import Session
from chatroom.model.events import Event

log = logging.getLogger(__name__)

# What waits: an event, its audience and whom to skip; bytes or an order, the one connection they are for, and None; or
# a fence, the fences' audience and None.
Item = tuple[Any, Any, Session | None]
Run = tuple[Any, list[Item]]  # items for the same audience, connection or fence
Parcel = tuple[bytes, Iterable[Any]]  # bytes, and the connections that are to get them

_audience, _skipped = itemgetter(1), itemgetter(2)  # of an item


def in_runs(batch: list[Item]) -> list[Run]:
    """A batch in pieces."""
    return [(to, list(run)) for to, run in groupby(batch, key=_audience)]


def parcels_of(to: Any, run: list[Item]) -> Iterator[Parcel]:
    """The parcels of a run, items for the same audience or connection. No connection is in two of them."""
    if not isinstance(to, Audience):
        yield b"".join([what for what, _, _ in run if isinstance(what, bytes)]), (to,)
        return
    in_a_row = [(skip, list(said)) for skip, said in groupby(run, key=_skipped)]
    for format_, members in to.groups.items():
        # What one sender said in a row is in one piece.
        letters = [(skip, _rendered(format_, [event for event, _, _ in said])) for skip, said in in_a_row]
        everything = b"".join([letter for _, letter in letters])
        skipped = {skip for skip, _ in letters}.intersection(members)
        if not skipped:
            yield everything, members
            continue
        yield everything, [member for member in members if member not in skipped]
        for member in skipped:
            yield b"".join([letter for skip, letter in letters if skip is not member]), (member,)


def _rendered(format_: Format, events: list[Event]) -> bytes:
    """What one format makes of these. A mistake in the program that one of them brings up costs nobody the others."""
    try:
        return format_.render_all(events)
    except Exception:
        if len(events) > 1:
            return b"".join([_rendered(format_, [event]) for event in events])
        log.exception("an event could not be told: %s", type(events[0]).__name__)
        return b""


def joined(parcels: Iterable[Parcel]) -> Iterator[Parcel]:
    """The same, with all for one connection in one parcel; connections that get the same share it."""
    mail: dict[Any, list[bytes]] = {}
    for data, members in parcels:
        for member in members:
            if member in mail:
                mail[member].append(data)
            else:
                mail[member] = [data]
    for letters, group in groupby(mail.items(), key=itemgetter(1)):
        yield b"".join(letters), [member for member, _ in group]
