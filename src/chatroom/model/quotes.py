"""What is shown of a message that another one answers."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from chatroom.common.graphemes import beginning
from chatroom.common.text import CUT, FEED, plain
from chatroom.model.events import Event, Said
from chatroom.model.values import Quote

QUOTE_CHARACTERS = 60  # enough to know a message again, and it fits a line with the answer


def quote_of(said: Said) -> Quote:
    text = plain(said.text.replace(CUT, "").replace(FEED, " "))
    return Quote(said.id, said.by.nick, beginning(text, QUOTE_CHARACTERS))


def with_quotes(events: Iterable[Event], find: Callable[[int], Said | None]) -> list[Event]:
    """These events of a place, with quotes in those that answer others; `find` gets earlier messages by their ids."""
    told = list(events)
    said = {event.id: event for event in told if isinstance(event, Said)}
    for number, event in enumerate(told):
        to = event.quote.id if isinstance(event, Said) and event.quote else 0
        found = said.get(to) or (find(to) if 0 < to < event.id else None)
        if found and isinstance(event, Said):
            told[number] = replace(event, quote=quote_of(found))
    return told
