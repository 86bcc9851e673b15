"""Values travel as JSON, whatever their fields are."""

import json
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatroom.cluster.codec import Codec, UnknownPersonError
from chatroom.cluster.snapshots import REPLICATED_EVENTS
from chatroom.model.events import Connected, Event, Left, Said
from chatroom.model.values import MessageKind, ModeChange, Person

ALICE = Person("1.1", "alice", "u", "127.0.0.1")


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a type, made as its annotations say."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple and arguments[-1] is Ellipsis:
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values, arguments))
    if isinstance(hint, type) and issubclass(hint, Event | Person | ModeChange):
        hints = get_type_hints(hint)
        names = [f.name for f in fields(hint) if f.name not in ("id", "time")]
        return st.builds(hint, **{name: values(hints[name]) for name in names})
    return st.from_type(hint)


@settings(deadline=None)
@given(st.sampled_from(list(REPLICATED_EVENTS.values())).flatmap(values))
def test_what_is_read_is_what_was_written(event: Event) -> None:
    """Every event there is, through JSON, with any content."""
    codec = Codec(REPLICATED_EVENTS)
    assert codec.read(json.loads(json.dumps(codec.write(event)))) == event


def test_somebody_known_travels_as_their_uid_and_arrives_as_who_they_are_now() -> None:
    """A message that was decided under the old name has the new one if its place is behind the renaming."""
    now = {"1.1": ALICE}
    codec = Codec(REPLICATED_EVENTS, now.get)
    row = codec.write(Said(ALICE, "#a", "hi", MessageKind.MESSAGE))
    assert row == ["Said", "1.1", "#a", "hi", "message", "", "", None, ""]
    now["1.1"] = Person("1.1", "alicia", "u", "127.0.0.1")
    assert codec.read(row).by.nick == "alicia"


def test_what_somebody_did_who_is_gone_is_not_read() -> None:
    """Their departure had its place before it."""
    now = {"1.1": ALICE}
    codec = Codec(REPLICATED_EVENTS, now.get)
    row = codec.write(Left(ALICE, "#a", ""))
    now.clear()
    with pytest.raises(UnknownPersonError):
        codec.read(row)


def test_a_newcomer_travels_in_full() -> None:
    """Nobody knows them yet."""
    codec = Codec(REPLICATED_EVENTS, lambda uid: None)
    assert codec.read(json.loads(json.dumps(codec.write(Connected(ALICE, room="#a"))))).by == ALICE


def test_events_in_events_keep_their_place() -> None:
    """What was said before, in a snapshot, is known by its id."""

    @dataclass
    class Kept:
        said: tuple[Said, ...]

    codec = Codec({"Kept": Kept})
    kept = Kept((Said(ALICE, "#a", "hi", MessageKind.ACTION, id=7, time=8),))
    assert codec.read(json.loads(json.dumps(codec.write(kept)))) == kept


def test_the_schema_differs_where_fields_do() -> None:
    """However deep: servers that can't understand each other must notice."""

    class Mood(Enum):
        GOOD = 1

    @dataclass
    class Inner:
        mood: Mood

    def schema(hint: Any) -> int:
        return Codec({"Outer": dataclass(type("Outer", (), {"__annotations__": {"inner": hint}}))}).schema

    assert len({schema(Inner), schema(Inner | None), schema(str), schema(tuple[Inner, ...])}) == 4
    assert schema(Inner) == schema(Inner)
    assert Codec(REPLICATED_EVENTS).schema != Codec(dict(list(REPLICATED_EVENTS.items())[1:])).schema


def test_a_field_that_has_no_way_into_json_is_noticed_at_once() -> None:
    """When the program starts, and not when the first such event happens."""

    @dataclass
    class Bad:
        what: object

    with pytest.raises(TypeError, match="no way into JSON"):
        Codec({"Bad": Bad})
