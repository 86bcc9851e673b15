"""The transcript of a room, its laws tried with anything that can happen to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.client import room as rooms
from chatroom.client.room import REDRAW_NOTHING, Member, Room
from chatroom.client.transcript_entry import NICK_COLOURS, DeliveryState, Kind, TranscriptEntry, nick_colour

STEPS = st.lists(
    st.tuples(st.sampled_from(["live", "say", "echo", "refuse", "history", "forget"]), st.integers(0, 40)), max_size=60
)


def message(number: int, **more: object) -> TranscriptEntry:
    return TranscriptEntry(Kind.MESSAGE, float(number), "bob", f"m{number}", f"id{number}", **more)  # type: ignore[arg-type]


@given(STEPS)
def test_nothing_is_doubled_and_what_waits_is_last(steps: list[tuple[str, int]]) -> None:
    """Whatever comes: no msgid twice, pending entries together at the end, positions of the rest unchanged."""
    room = Room("#r")
    for step, number in steps:
        held = {room.first + i: entry for i, entry in enumerate(room.entries)}
        room.take_dirty()
        if step == "live":
            room.add(message(number))
        elif step == "say":
            room.add(TranscriptEntry(Kind.MESSAGE, 50.0, "me", f"s{number}", own=True, delivery=DeliveryState.SENT))
        elif step == "echo":
            room.confirm(f"s{number}", Kind.MESSAGE, f"echo{number}", 51.0)
        elif step == "refuse" and room.pending():
            room.settle(room.pending()[0], DeliveryState.FAILED)
        elif step == "history":
            room.merge([message(n) for n in range(number, number + 3)])
        elif step == "forget" and len(room.entries) - len(room.pending()) > 2:
            room._forget(2)
        ids = [entry.msgid for entry in room.entries if entry.msgid]
        assert len(ids) == len(set(ids))
        assert [entry.pending for entry in room.entries] == sorted(entry.pending for entry in room.entries)
        for position, entry in held.items():
            if room.first <= position < room.dirty:
                assert room.entries[position - room.first] is entry


def test_history_is_sorted_by_time_and_goes_below_the_first_position() -> None:
    """What was there keeps its position; nothing of it has to be drawn again."""
    room = Room("#r")
    room.add(message(10))
    room.take_dirty()
    fresh = room.merge([message(1), message(2)])
    assert [entry.text for entry in fresh] == ["m1", "m2"]
    assert [entry.text for entry in room.entries] == ["m1", "m2", "m10"]
    assert room.first == -2 and room.take_dirty() == REDRAW_NOTHING


def test_history_of_one_millisecond_keeps_its_order() -> None:
    """Also around what is known already."""
    room = Room("#r")
    said = [TranscriptEntry(Kind.MESSAGE, 5.0, "bob", f"m{n}", f"id{n}") for n in range(6)]
    room.merge(said[2:4])
    room.merge(said)
    assert room.entries == said
    older = [TranscriptEntry(Kind.MESSAGE, 5.0, "bob", f"o{n}", f"o{n}") for n in range(3)]
    room.merge(older, older=True)
    assert room.entries == older + said


def test_only_so_much_is_remembered() -> None:
    """The oldest are forgotten, and may come again as history."""
    room = Room("#r")
    for number in range(rooms.KEPT_ENTRIES + 5_000):
        room.add(message(number))
    assert rooms.KEPT_ENTRIES <= len(room.entries) <= rooms.KEPT_ENTRIES + 2_000
    assert room.entries[-1].text == f"m{rooms.KEPT_ENTRIES + 4_999}"
    assert room.merge([message(0)])


def test_only_so_much_text_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a server that sends the longest lines, as messages or as history. Our own that wait stay."""
    monkeypatch.setattr(rooms, "KEPT_CHARACTERS", 1000)
    text = "x" * 60
    for as_history in (False, True):
        room = Room("#r")
        mine = TranscriptEntry(Kind.MESSAGE, 0.0, "me", text, own=True, delivery=DeliveryState.SENT)
        room.add(mine)
        for number in range(100):
            entry = TranscriptEntry(Kind.MESSAGE, float(number), "bob", text, f"id{number}")
            (room.merge([entry]) if as_history else room.add(entry))
            assert sum(len(each.text) for each in room.entries) <= rooms.KEPT_CHARACTERS
        assert room.entries[-2].msgid == "id99"
        assert room.pending() == [mine]


def test_the_mark_stands_at_the_first_unread_message() -> None:
    """Looking at the room clears the count; the mark stays until somebody looks away or answers."""
    room = Room("#r")
    for number in range(3):
        entry = message(number)
        room.add(entry)
        room.count_unread(entry)
    assert room.unread == 3 and room.mark is room.entries[0]
    room.seen()
    assert room.unread == 0 and room.mark is room.entries[0]
    room.take_dirty()
    room.unmark()
    assert room.mark is None and room.take_dirty() == 0


def test_who_spoke_last_is_first() -> None:
    """For completing names."""
    room = Room("#r")
    for nick in ("a", "b", "a"):
        room.add(TranscriptEntry(Kind.MESSAGE, 0.0, nick, "x"))
    assert room.speakers == ["a", "b"]


def test_up_to_eight_people_have_colours_of_their_own() -> None:
    """Whatever the names; with more, each keeps the colour that is theirs everywhere."""
    room = Room("#r")
    names = [f"user{number}" for number in range(30)]
    assert {room.colour(name) for name in names[:NICK_COLOURS]} == set(range(NICK_COLOURS))
    assert room.colour(names[0]) == nick_colour(names[0]) == room.colour(names[0].upper())
    assert all(room.colour(name) == nick_colour(name) for name in names[NICK_COLOURS:])


def test_who_is_here_differs_from_each_other_though_many_have_left() -> None:
    """Those who have left keep their colours, and keep nobody here from one that is free here."""
    room = Room("#r")
    for number in range(NICK_COLOURS):
        room.colour(f"gone{number}")
    here = [f"user{number}" for number in range(NICK_COLOURS)]
    for name in here:
        room.enter(Member(name))
    assert {room.colour(name) for name in here} == set(range(NICK_COLOURS))
