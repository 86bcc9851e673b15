"""The file of a room that gets another name."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatroom.model.durable_state import Lasting
from chatroom.model.events import (
    AccountMade,
    Event,
    Founded,
    MarkerSet,
    ModesSet,
    Opened,
    Reacted,
    RoomRenamed,
    Said,
    TopicSet,
)
from chatroom.model.redirects import REDIRECT_MS
from chatroom.model.values import MessageKind, ModeChange, Person, Quote
from chatroom.storage import markers, renaming
from chatroom.storage.reader import Reader
from chatroom.storage.store import Store

ALICE = Person("1", "alice", "al", "127.0.0.1", account="alice")
BASE = 1_790_000_000_000


@pytest.fixture
def store(data: Path) -> Iterator[Store]:
    with closing(Store(data)) as store:
        yield store


def said(number: int, room: str) -> Said:
    return Said(ALICE, room, f"message {number}", MessageKind.MESSAGE, id=number, time=BASE + number)


def renamed(number: int, old: str, new: str) -> RoomRenamed:
    return RoomRenamed(ALICE, old, new, "", id=number, time=BASE + number)


def texts(reader: Reader, key: str) -> list[tuple[str, str]]:
    return [(event.target, event.text[8:]) for event in reader.history(key, limit=99) if isinstance(event, Said)]


@pytest.mark.parametrize("batches", ["one", "each"])
def test_what_was_said_before_and_after_is_one_history(store: Store, batches: str) -> None:
    """Also where a room is renamed twice within a batch, and the first name is another's then."""
    events: list[Event] = [
        said(1, "#a"),
        renamed(2, "#a", "#b"),
        said(3, "#b"),
        renamed(4, "#B", "#c"),
        said(5, "#c"),
        said(6, "#a"),
    ]
    for batch in [events] if batches == "one" else [[event] for event in events]:
        store.save(batch)
    with closing(store.reader()) as reader:
        assert texts(reader, "#c") == [("#c", "1"), ("#c", "3"), ("#c", "5")]
        assert len(reader.history("#c", limit=99, everything=True)) == 3  # no program takes an old name for news
        assert texts(reader, "#a") == [("#a", "6")]
        assert texts(reader, "#b") == []
        assert [(key, name) for key, name, _ in reader.read(renaming.read)] == [("#a", "#c"), ("#b", "#c")]
        assert [event.target for event in reader.search(["#c"], "message", limit=9)] == ["#c"] * 3


def test_the_lobby_keeps_the_modes_that_it_has(store: Store) -> None:
    """It begins with others than a new room: anybody sets its topic."""
    store.save([ModesSet(ALICE, room, (ModeChange(True, "W", "5"),), id=1, time=BASE) for room in ("#lobby", "#a")])
    rows = store.db.execute("SELECT key, modes FROM places")
    assert {key: "".join(json.loads(modes)) for key, modes in rows} == {"#lobby": "nW", "#a": "ntW"}


def test_all_that_is_kept_of_the_room_goes_with_it(store: Store) -> None:
    ban = ModeChange(True, "b", "eve!*@*", until=BASE + 9_999_999, reason="spam", whom="eve")
    store.save(
        [
            AccountMade(ALICE, "alice", "secret", id=1, time=BASE),
            Founded(ALICE, "#old", "alice", id=2, time=BASE),
            said(3, "#old"),
            ModesSet(ALICE, "#old", (ModeChange(True, "i"), ban), id=4, time=BASE),
            TopicSet(ALICE, "#old", "tea", id=5, time=BASE),
            Reacted(ALICE, "#old", Quote(3, "alice", "message 3"), "x", id=6, time=BASE),
            MarkerSet(ALICE, "alice", "#old", BASE + 3, id=7, time=BASE),
            renamed(8, "#old", "#New"),
        ]
    )
    with closing(store.reader()) as reader:
        assert reader.owners() == {"#new": "alice"}
        assert reader.modes() == {"#new": {"n": "", "t": "", "i": ""}}
        assert [(room, letter, entry.mask) for room, letter, entry in reader.lists()] == [("#new", "b", "eve!*@*")]
        assert list(reader.read(markers.read)) == [("alice", "#new", BASE + 3)]
        [room] = reader.rooms()
        assert (room.name, room.topic and room.topic.text) == ("#New", "tea")
        assert [(each.target, each.reaction) for each in room.reactions] == [("#New", "x")]


def test_what_a_room_of_long_ago_has_left_under_the_name_is_nobodys(store: Store) -> None:
    """It was closed, perhaps: neither who is in the room, nor who opens one of the old name, is shown any of it."""
    nobody = Person("", "", "", "")
    store.save([said(1, "#b"), TopicSet(ALICE, "#b", "secret", id=2, time=BASE), Opened(ALICE, "#a", id=3, time=BASE)])
    store.save([said(4, "#a"), renamed(5, "#a", "#b"), said(6, "#b")])
    store.save([Opened(nobody, "#a", id=7, time=BASE + 7), said(8, "#a")])
    with closing(store.reader()) as reader:
        assert texts(reader, "#b") == [("#b", "4"), ("#b", "6")]
        assert texts(reader, "#a") == [("#a", "1"), ("#a", "8")]  # for who runs the server
        assert reader.hidden_until("#a", 7) == 4
        assert {room.name: (room.topic, len(room.recent)) for room in reader.rooms()} == {
            "#b": (None, 2),
            "#a": (None, 1),
        }


def test_old_names_are_forgotten_when_they_lead_nowhere_any_more(store: Store) -> None:
    store.save([said(1, "#a"), renamed(2, "#a", "#b")])
    later = RoomRenamed(ALICE, "#c", "#d", "", id=3, time=BASE + 2 + REDIRECT_MS)
    store.save([later])
    with closing(store.reader()) as reader:
        assert [(key, name) for key, name, _ in reader.read(renaming.read)] == [("#c", "#d")]


def test_only_so_many_old_names_are_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few of each room, and so many in all: those to rooms that are nobody's go first."""
    monkeypatch.setattr("chatroom.model.redirects.REDIRECTS_MAX", 5)
    store.save([AccountMade(ALICE, "alice", "secret", id=1, time=BASE), Opened(ALICE, "#n1", id=2, time=BASE)])
    store.save([Founded(ALICE, "#n1", "alice", id=3, time=BASE)])
    store.save([*[renamed(n + 3, f"#n{n}", f"#n{n + 1}") for n in range(1, 9)]])
    store.save([*[renamed(n + 20, f"#a{n}", f"#b{n}") for n in range(5)]])
    with closing(store.reader()) as reader:
        found = [(key, name) for key, name, _ in reader.read(renaming.read)]
    assert found == [("#n6", "#n9"), ("#n7", "#n9"), ("#n8", "#n9"), ("#a3", "#b3"), ("#a4", "#b4")]


@pytest.mark.parametrize("heard", [False, True])
def test_the_history_of_a_room_that_got_several_names_meanwhile_goes_with_it(store: Store, heard: bool) -> None:
    """What another server tells has its last name alone; the file may have been told of the first."""
    store.save([Opened(ALICE, "#a", id=1, time=BASE), said(2, "#a")])
    if heard:
        store.save([renamed(3, "#a", "#b")])
    names = (("#a", "#c", BASE + 3), ("#b", "#c", BASE + 4))
    store.save([Lasting(ALICE, renamed=names, id=5, time=BASE + 5), said(6, "#c")])
    with closing(store.reader()) as reader:
        assert texts(reader, "#c") == [("#c", "2"), ("#c", "6")]
        assert tuple(reader.read(renaming.read)) == names


def test_a_name_that_another_server_tells_of_moves_the_history_too(store: Store) -> None:
    """What is said next under the old name is another room's."""
    store.save([Opened(ALICE, "#a", id=1, time=BASE), said(2, "#a")])
    store.save([Lasting(ALICE, renamed=(("#a", "#b", BASE + 3),), id=3, time=BASE + 3)])
    store.save([Opened(ALICE, "#a", id=4, time=BASE + 4), said(5, "#a"), said(6, "#b")])
    with closing(store.reader()) as reader:
        assert texts(reader, "#b") == [("#b", "2"), ("#b", "6")]
        assert texts(reader, "#a") == [("#a", "5")]


@pytest.mark.parametrize(
    ("names", "now"),
    [
        pytest.param([("#a", "#c"), ("#b", "#c")], "#c", id="over another name"),
        pytest.param([("#b", "#c"), ("#a", "#c")], "#c", id="likewise, told the other way round"),
        pytest.param([("#b", "#a")], "#a", id="and back"),
    ],
)
@pytest.mark.parametrize("is_used", [False, True], ids=["", "names of earlier rooms"])
def test_of_several_new_names_that_a_server_has_missed_the_last_counts(
    store: Store, names: list[tuple[str, str]], now: str, is_used: bool
) -> None:
    if is_used:
        store.save([said(1, "#b"), said(2, "#c")])
    store.save([Opened(ALICE, "#a", id=3, time=BASE), said(4, "#a")])
    renamed = tuple([(old, new, BASE + 5) for old, new in names])
    store.save([Lasting(ALICE, renamed=renamed, id=5, time=BASE + 5), said(6, now)])
    with closing(store.reader()) as reader:
        assert texts(reader, now) == [(now, "4"), (now, "6")]
        assert {(key, name) for key, name, _ in reader.read(renaming.read)} == set(names)
