"""What was saved comes back as it was."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.common.names import conversation
from chatroom.model.events import Departed, Event, Joined, Kicked, Left, Renamed, Said, TopicSet
from chatroom.model.values import MessageKind, Person
from chatroom.storage.segments import Segment, pack, unpack

ALICE = Person("1", "alice", "al", "127.0.0.1", "Alice", account="alice")
BOB = Person("2", "Łukasz", "plain", "::1")


def said(text: str, room: str = "#lobby", by: Person = ALICE, kind: MessageKind = MessageKind.MESSAGE) -> Said:
    return Said(by, room, text, kind)


def placed(*events: Event) -> list[Event]:
    for i, event in enumerate(events):
        event.id, event.time = 1_790_000_000_000_000 + i, 1_790_000_000_000 + i // 2  # type: ignore[misc]
    return list(events)


def opened(run: Segment) -> list[Event]:
    return list(unpack(run.name, run.first, run.since, run.people, run.events))


def kept(event: Event) -> Event:
    """All of an event that is kept."""
    return replace(event, by=replace(event.by, uid="", realname=""))


@pytest.mark.parametrize(
    "event",
    [
        said("hello"),
        said(" two  spaces "),
        said("zażółć 太郎 \x02bold\x02", by=BOB),
        said("waves", kind=MessageKind.ACTION),
        said("beep", kind=MessageKind.NOTICE),
        said("line\nfeed\n"),
        Joined(ALICE, "#lobby"),
        Left(ALICE, "#lobby", "bye all"),
        Departed(BOB, "connection closed", ("#lobby",)),
        Renamed(ALICE, "alicia", ("#lobby",)),
        Kicked(ALICE, "#lobby", Person("", "carol", "", ""), "not so loud"),
        TopicSet(ALICE, "#lobby", "tea, at five"),
        TopicSet(ALICE, "#lobby", ""),
    ],
    ids=lambda event: f"{type(event).__name__}-{getattr(event, 'text', '')!r}",
)
def test_an_event_comes_back_as_it_was(event: Event) -> None:
    """Every kind of event that is kept survives packing, beside others in the same run."""
    events = placed(said("before"), event, said("after", by=BOB))
    (run,) = pack(events)
    assert opened(run) == list(map(kept, events))


def test_one_room_is_one_run() -> None:
    """A batch makes one run for each room, in the order of their first events, and counts the messages in it."""
    events = placed(said("1"), said("2", "#Tea"), said("3"), Joined(BOB, "#Tea"), said("4", "#Tea"))
    lobby, tea = pack(events)
    assert (lobby.key, lobby.first, lobby.last, lobby.said) == ("#lobby", events[0].id, events[2].id, 2)
    assert (tea.key, tea.name, tea.first, tea.last, tea.said) == ("#tea", "#Tea", events[1].id, events[4].id, 2)


def test_a_room_written_in_two_spellings_is_one_run() -> None:
    """In one batch, however the name is written: two runs of one place would overlap, and be told out of order."""
    dev, loud = "#dév", "#DÉV"
    events = placed(said("1", dev), Left(ALICE, dev, ""), TopicSet(BOB, loud, "t"), said("2", loud), said("3", dev))
    (run,) = pack(events)
    assert (run.key, run.name, run.first, run.last, run.said) == (dev, dev, events[0].id, events[-1].id, 3)
    assert [event.id for event in opened(run)] == [event.id for event in events]


def test_a_departure_is_kept_in_every_room() -> None:
    """Somebody who was in several rooms has left, and been renamed, in each."""
    runs = pack(placed(Renamed(ALICE, "alicia", ("#a", "#b")), Departed(ALICE, "gone", ("#a", "#b"))))
    assert [(run.name, len(opened(run))) for run in runs] == [("#a", 2), ("#b", 2)]


def test_what_has_no_text_is_not_kept() -> None:
    """A message without a text says something to programs, for the moment."""
    assert pack(placed(said(""))) == []


def test_private_words_are_not_kept_without_a_conversation() -> None:
    """What people without accounts say to each other is nobody's to look up."""
    assert pack(placed(said("psst", "bob"))) == []


def test_a_conversation_keeps_both_sides_in_one_place() -> None:
    """Two accounts have one place, whoever writes, and each message says to whom it was."""
    key = conversation("Bob", "alice")
    assert key == conversation("ALICE", "bob")
    there = Said(ALICE, "Bob", "hi: there", MessageKind.MESSAGE, conversation=key)
    back = Said(BOB, "alice", "hi", MessageKind.ACTION, conversation=key)
    (run,) = pack(placed(there, back))
    assert run.key == key
    assert opened(run) == list(map(kept, [there, back]))


def test_words_to_one_person_stay_in_their_own_conversations() -> None:
    """However alike the targets of two senders are."""
    target = "carol"
    events = placed(
        *[Said(by, target, by.nick, MessageKind.MESSAGE, conversation=by.nick) for by in (ALICE, BOB, ALICE)]
    )
    assert [(run.key, len(opened(run))) for run in pack(events)] == [(ALICE.nick, 2), (BOB.nick, 1)]


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["#a", "#b", "alice"]),
        st.sampled_from([ALICE, BOB, replace(ALICE)]),
        st.sampled_from(["hi", '"quoted', '"', "1 2 3 mx", "a\nb", '\n"']),
        st.sampled_from([MessageKind.MESSAGE, MessageKind.MESSAGE, MessageKind.MESSAGE, MessageKind.ACTION]),
        st.integers(1, 2),
        st.integers(0, 1),
    ),
    min_size=1,
)


@given(_STEPS)
def test_whoever_says_whatever_wherever_it_comes_back(
    steps: list[tuple[str, Person, str, MessageKind, int, int]],
) -> None:
    """Whether or not a message is by the same person and at the same time as the one before."""
    number, time = 1_790_000_000_000_000, 1_790_000_000_000
    events: list[Event] = []
    for target, by, text, kind, step, later in steps:
        number, time = number + step, time + later
        conversation = "" if target.startswith("#") else "talk"
        events.append(Said(by, target, text, kind, conversation=conversation, id=number, time=time))
    runs = pack(events)
    assert sorted([e.id for run in runs for e in opened(run)]) == [e.id for e in events]
    for run in runs:
        here = [
            e for e in events if isinstance(e, Said) and e.target in (run.name, "alice" if run.key == "talk" else "")
        ]
        assert opened(run) == list(map(kept, here))
