"""The rows of the history: a segment holds the events of one place in one batch, and is a row of the table `runs`.

So the cost of saving a batch grows with its rooms, not with its messages: an insert costs as much as writing ten more
messages into the same row. In a calm room a segment is a single event.

- A *place* is a room, or a conversation of two accounts. Its key is the room's folded name, or `names.conversation` of
  the accounts. A batch may spell a room's name in several ways; it is one place.
- `events` holds a line for each event: ``<id - first> <time - since> <person> <mark><text>``. `person` is a line number
  in `people`, and `mark` the letter of the kind of event. Such numbers are short, so most of a row is text. A line
  ``"<text>`` is a message by the same person with the next id and the same time.
- Of a message that answers another, `text` begins with ``<mark><id of the other>`` and a space, behind the mark ``>``.
- A redacted message keeps its line, without the text.
- Within a place, ids and times never go back, neither in a segment nor from one to the next.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from chatroom.common.cloaks import Cloaks
from chatroom.common.names import fold, is_room
from chatroom.model.events import (
    Departed,
    Event,
    Joined,
    Kicked,
    Left,
    ModesSet,
    Redacted,
    Renamed,
    RoomRenamed,
    Said,
    TopicSet,
)
from chatroom.model.modes import KEY
from chatroom.model.values import MessageKind, ModeChange, Person, Quote

_LF, _LF_IN_TEXT = "\n", "\v"  # no text contains a vertical tab: `text.clean` takes it out
_DITTO = '"'
_MESSAGE = MessageKind.MESSAGE
_SAID = {MessageKind.MESSAGE: "m", MessageKind.ACTION: "a", MessageKind.NOTICE: "n"}
_KINDS = {mark: kind for kind, mark in _SAID.items()}
_REMOVED = "x"
_ANSWER = ">"


class Segment(NamedTuple):
    """A row of `runs`. `first` and `last` are ids; `since` and `until` the times of those events in milliseconds."""

    key: str  # of the place
    name: str  # of the place, as it was spelled then
    first: int
    last: int
    since: int
    until: int
    said: int  # how many of the events are messages
    people: str
    events: str


def pack(events: Iterable[Event]) -> list[Segment]:
    """The segments of a batch, in the order of their first events. Events that are not kept are left out."""
    places: dict[str, list[Event]] = {}  # by name, as it is spelled
    room, happened = "", None  # of the message before: most messages are in the same room
    for event in events:
        if type(event) is Said:
            if happened is None or event.target is not room:
                room = event.target if is_room(event.target) else ""
                place = room or event.conversation
                if not place:
                    continue
                happened = places.setdefault(place, [])
            if event.text:  # TAGMSG, for example, has none and is of no use later; for reactions see `projections`
                happened.append(event)
        elif type(event) in _ROOMS:
            for place in _ROOMS[type(event)](event):
                places.setdefault(place, []).append(event)
    if len(places) > 1:
        places = _merged(places)
    return [_segment(place, happened) for place, happened in places.items() if happened]


def _merged(places: dict[str, list[Event]]) -> dict[str, list[Event]]:
    """Joins the places that are one room, spelled in several ways; the first spelling stays."""
    names: dict[str, str] = {}
    merged: dict[str, list[Event]] = {}
    for place, happened in places.items():
        name = names.setdefault(fold(place), place)
        merged[name] = sorted(merged[name] + happened, key=lambda event: event.id) if name in merged else happened
    return merged


def _segment(place: str, events: list[Event]) -> Segment:
    first, last = events[0], events[-1]
    people: dict[int, Person] = {}
    lines = list(_lines(events, people))
    text = _LF.join(lines)
    if text.count(_LF) >= len(lines):
        text = _LF.join([line.replace(_LF, _LF_IN_TEXT) for line in lines])
    said = list(map(type, events)).count(Said)
    who = _LF.join(map(written, people.values()))
    key = fold(place) if is_room(place) else place
    return Segment(key, place, first.id, last.id, first.time, last.time, said, who, text)


def _lines(events: list[Event], people: dict[int, Person]) -> Iterator[str]:
    """The events' lines; adds whoever is in them to `people`. Every message that is saved passes through here."""
    first, since = events[0].id, events[0].time
    numbers: dict[int, int] = {}
    by, id_, time = None, 0, 0
    for event in events:
        who = event.by
        if isinstance(event, Said) and event.kind is _MESSAGE and event.conversation == "" and event.quote is None:
            if who is by and event.id == id_ + 1 and event.time == time:
                id_ += 1
                yield _DITTO + event.text
                continue
            by, rest = who, f"m{event.text}"
        else:
            by, rest = None, _LINES[type(event)](event)
        id_, time = event.id, event.time
        number = numbers.setdefault(id(who), len(numbers))
        people[number] = who
        yield f"{id_ - first} {time - since} {number} {rest}"


def _said(event: Said) -> str:
    mark = _SAID[event.kind]
    text = f"{mark}{event.text}" if is_room(event.target) else f"{mark.upper()}{event.target} {event.text}"
    return f"{_ANSWER}{text[0]}{event.quote.id:x} {text[1:]}" if event.quote else text


# The mark and the text of an event, by its type.
_LINES: dict[type, Callable[[Any], str]] = {
    Said: _said,
    Joined: lambda e: "j",
    Left: lambda e: f"l{e.reason}",
    Departed: lambda e: f"d{e.reason}",
    Renamed: lambda e: f"r{e.nick}",
    TopicSet: lambda e: f"t{e.topic}",
    Kicked: lambda e: f"k{e.who.nick} {e.reason}",
    ModesSet: lambda e: f"o{_mode_changes(e)}",
    RoomRenamed: lambda e: f"c{e.room} {e.name} {e.reason}",
}

# The rooms in which an event was seen, by its type. Messages are treated by `pack` itself.
_ROOMS: dict[type, Callable[[Any], Iterable[str]]] = {
    Joined: lambda e: (e.room,),
    Left: lambda e: (e.room,),
    Departed: lambda e: e.rooms,
    Renamed: lambda e: e.rooms,
    TopicSet: lambda e: (e.room,),
    Kicked: lambda e: (e.room,),
    ModesSet: lambda e: (e.room,),
    RoomRenamed: lambda e: (e.room,),  # which the place is called until this is saved
}


def _mode_changes(event: ModesSet) -> str:
    """The changes as JSON. The key of a room is left out: nobody may look it up later."""
    changes = [(c.on, c.letter, "*" if c.letter == KEY else c.param, c.until, c.reason, c.whom) for c in event.changes]
    return json.dumps(changes, ensure_ascii=False, separators=(",", ":"))


def unpack(
    name: str, first: int, since: int, people: str, events: str, cloaks: Cloaks | None = None
) -> Iterator[Event]:
    """The events of a row, in order. The people in them have no `uid`: their connections are over.

    With `cloaks`, addresses from the time when they were kept are shown as these.
    """
    persons = [read_person(line, cloaks) for line in people.split(_LF)]
    id_, time, by, mark = 0, 0, persons[0], ""
    for line in events.split(_LF):
        if line.startswith(_DITTO):
            id_ += 1
            text = line[1:]
        else:
            offset, later, who, rest = line.split(" ", 3)
            id_, time, by, mark, text = first + int(offset), since + int(later), persons[int(who)], rest[0], rest[1:]
        text = text.replace(_LF_IN_TEXT, _LF) if _LF_IN_TEXT in text else text
        event = _READERS[mark](mark, by, name, text, id_, time)
        if cloaks and not cloaks.is_shown and isinstance(event, ModesSet):
            event = replace(event, changes=tuple([replace(c, param=cloaks.mask(c.param)) for c in event.changes]))
        yield event


def redact(events: str, offset: int) -> tuple[str, int]:
    """The `events` of a segment without the text of one message, the one with the id `first + offset`; its position.

    The position is -1 if there is no such message. Its line stays, so that all others keep their positions.
    """
    lines = events.split(_LF)
    found, later, who, mark = 0, "", "", ""
    for position, line in enumerate(lines):
        if line.startswith(_DITTO):
            found += 1
        else:
            number, later, who, rest = line.split(" ", 3)
            found, mark = int(number), rest.removeprefix(_ANSWER)[0]
        if found == offset and mark.lower() in _KINDS:
            lines[position] = f"{found} {later} {who} {_REMOVED}"
            after = lines[position + 1 : position + 2]
            if after and after[0].startswith(_DITTO):  # which had its person and time from this one
                lines[position + 1] = f"{found + 1} {later} {who} {mark}{after[0][1:]}"
            return _LF.join(lines), position
    return events, -1


def written(person: Person) -> str:
    """A person as a line of `people`."""
    return f"{person.nick} {person.username} {person.host} {person.account}"


def read_person(line: str, cloaks: Cloaks | None = None) -> Person:
    """The person of such a line; with `cloaks`, their address is shown as a cloak, if it was kept."""
    person = _person(*line.split(" "))
    return replace(person, host=cloaks.of_address(person.host)) if cloaks and not cloaks.is_shown else person


def _person(nick: str, username: str, host: str, account: str) -> Person:
    return Person("", nick, username, host, account=account)


def _read_said(mark: str, by: Person, room: str, text: str, id: int, time: int) -> Event:  # noqa: A002
    return Said(by, room, text, _KINDS[mark], id=id, time=time)


def _read_private(mark: str, by: Person, key: str, text: str, id: int, time: int) -> Event:  # noqa: A002
    target, _, text = text.partition(" ")
    return Said(by, target, text, _KINDS[mark.lower()], conversation=key, id=id, time=time)


def _read_answer(mark: str, by: Person, place: str, text: str, id: int, time: int) -> Event:  # noqa: A002
    to, _, rest = text[1:].partition(" ")
    said = _READERS[text[0]](text[0], by, place, rest, id, time)
    assert isinstance(said, Said)
    return replace(said, quote=Quote(int(to, 16)))


def _read_kicked(mark: str, by: Person, room: str, text: str, id: int, time: int) -> Event:  # noqa: A002
    nick, _, reason = text.partition(" ")
    return Kicked(by, room, _person(nick, "", "", ""), reason, id=id, time=time)


def _read_modes(mark: str, by: Person, room: str, text: str, id: int, time: int) -> Event:  # noqa: A002
    changes = [
        ModeChange(on, letter, param, "", until, reason, whom)
        for on, letter, param, until, reason, whom in json.loads(text)
    ]
    return ModesSet(by, room, tuple(changes), id=id, time=time)


def _read_renamed(mark: str, by: Person, room: str, text: str, id: int, time: int) -> Event:  # noqa: A002
    was, name, reason = text.split(" ", 2)
    return RoomRenamed(by, was, name, reason, id=id, time=time)


# How a line becomes an event, by mark. The arguments are mark, person, place's name, text, id and time.
_READERS: dict[str, Callable[[str, Person, str, str, int, int], Event]] = {
    **dict.fromkeys("man", _read_said),
    **dict.fromkeys("MAN", _read_private),
    _ANSWER: _read_answer,
    _REMOVED: lambda mark, by, room, text, id, time: Redacted(by, room, id, "", id=id, time=time),  # noqa: A006
    "k": _read_kicked,
    "o": _read_modes,
    "c": _read_renamed,
    "j": lambda mark, by, room, text, id, time: Joined(by, room, id=id, time=time),  # noqa: A006
    "l": lambda mark, by, room, text, id, time: Left(by, room, text, id=id, time=time),  # noqa: A006
    "d": lambda mark, by, room, text, id, time: Departed(by, text, (room,), id=id, time=time),  # noqa: A006
    "r": lambda mark, by, room, text, id, time: Renamed(by, text, (room,), id=id, time=time),  # noqa: A006
    "t": lambda mark, by, room, text, id, time: TopicSet(by, room, text, id=id, time=time),  # noqa: A006
}
