"""A search finds what was said with these words, and only in the places it is for, with the index and without it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatroom.events import Event, Joined, Kind, Person, Point, Redacted, Said
from chatroom.names import conversation
from chatroom.store import Store
from chatroom.store.index import Index

ALICE = Person("1", "alice", "al", "127.0.0.1")
BOB = Person("2", "bob", "bo", "127.0.0.1")
BASE = 1_790_000_000_000
PRIVATE = conversation("alice", "bob")
SAID = [
    (ALICE, "#lobby", "The quick brown fox"),
    (BOB, "#lobby", "quick, said the fox-hound"),
    (BOB, "#tea", "a quick cup"),
    (ALICE, "bob", "quick secret"),
    (ALICE, "#lobby", "Zażółć gęślą jaźń"),
    (BOB, "#lobby", "太郎さん、こんにちは"),
    (BOB, "#lobby", 'text OR "nick" NEAR(place : p1) *'),
    (ALICE, "#lobby", "quickly now!?"),
]


def fill(store: Store) -> None:
    for number, (by, target, text) in enumerate(SAID, 1):
        key = "" if target.startswith("#") else PRIVATE
        event = Said(by, target, text, Kind.MESSAGE, conversation=key, id=number, time=BASE + number)
        store.save([event])


@pytest.fixture(params=["indexed", "half indexed", "no index"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store whose index goes up to the end, to the middle, or isn't there."""
    with closing(Store(tmp_path)) as store:
        if request.param != "half indexed":
            fill(store)
        index = Index(store)
        if request.param == "half indexed":
            monkeypatch.setattr("chatroom.store.index.STEP", 3)
            fill(store)
            index.step()
        elif request.param == "indexed":
            while index.step():
                pass
        yield store


def numbers(store: Store, words: str, *keys: str, by: str = "", limit: int = 50, newest: bool = True) -> list[int]:
    with closing(store.reader()) as reader:
        return [event.id for event in reader.search(keys, words, by=by, limit=limit, newest=newest)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("quick", [1, 2]),
        ("QUICK fox", [1, 2]),
        ("fox quick brown", [1]),
        ("quic", []),
        ("fox-hound", [2]),
        ("gesla jazn", [5]),
        ("GĘŚLĄ", [5]),
        ("太郎", [6]),
        ("!?", [8]),
        ("quickly !?", [8]),
        ('"nick" text', [7]),
        ("NEAR(", [7]),
        ("p1", [7]),
        ("bob", []),
        ("'; DROP TABLE runs; --", []),
    ],
)
def test_words_are_found_in_a_text(store: Store, words: str, expected: list[int]) -> None:
    """All the words, each whole, in any order and case; nothing in them is taken for a command."""
    assert numbers(store, words, "#lobby") == expected


def test_a_search_stays_in_its_places(store: Store) -> None:
    """What was said elsewhere, or to somebody else alone, is not found."""
    assert numbers(store, "quick", "#tea") == [3]
    assert numbers(store, "quick", "#lobby", "#tea", PRIVATE) == [1, 2, 3, 4]
    assert numbers(store, "quick", conversation("alice", "carol"), "#nowhere") == []
    assert numbers(store, "quick") == []


def test_a_search_can_be_for_somebody_alone(store: Store) -> None:
    """With a name and no words, all that they said there."""
    assert numbers(store, "quick", "#lobby", by="Bob") == [2]
    assert numbers(store, "", "#lobby", by="alice") == [1, 5, 8]


def test_a_search_has_a_limit_and_a_direction(store: Store) -> None:
    """The newest or the oldest, always told oldest first."""
    assert numbers(store, "quick", "#lobby", "#tea", limit=2) == [2, 3]
    assert numbers(store, "quick", "#lobby", "#tea", limit=2, newest=False) == [1, 2]


def test_a_search_can_be_for_a_time(store: Store) -> None:
    """Points leave out the moment they name."""
    with closing(store.reader()) as reader:
        found = reader.search(
            ["#lobby", "#tea"], "quick", after=Point(time=BASE + 1), before=Point(time=BASE + 3), limit=9
        )
    assert [event.id for event in found] == [2]


def test_what_is_pruned_is_neither_kept_nor_found(store: Store) -> None:
    """Pruning takes away what ended before a time, from the history and from the index, and nothing else."""
    index = Index(store)
    while index.prune(BASE + 3) >= 0:
        pass
    assert numbers(store, "quick", "#lobby", "#tea") == [3]
    with closing(store.reader()) as reader:
        assert [event.id for event in reader.history("#lobby", limit=9)] == [5, 6, 7, 8]
    while index.step():
        pass
    assert numbers(store, "quick", "#lobby", "#tea") == [3]
    if index.exists:
        store.db.execute("INSERT INTO words (words) VALUES ('integrity-check')")


def test_after_everything_is_pruned_new_messages_are_found(store: Store) -> None:
    """Row numbers may begin anew; the index goes on with them."""
    index = Index(store)
    while index.step():
        pass
    while index.prune(BASE + 1000) >= 0:
        pass
    store.save([Said(ALICE, "#lobby", "quick again", Kind.MESSAGE, id=100, time=BASE + 2000)])
    assert index.step()
    assert numbers(store, "quick", "#lobby") == [100]


def test_without_fts5_a_search_looks_at_everything(tmp_path: Path) -> None:
    """Where SQLite was built without it, the same is found."""
    with closing(Store(tmp_path)) as store:
        fill(store)
        index = Index(store)
        patch = pytest.MonkeyPatch()
        with patch.context() as p:
            p.setattr("chatroom.store.index._CREATE", "CREATE VIRTUAL TABLE words USING no_such_thing(text)")
            assert not index.step()
            assert index.prune(BASE + 2) == 1
        assert not index.exists
        assert numbers(store, "quick", "#lobby") == [2]


def test_an_index_that_could_not_be_made_is_made_later(tmp_path: Path) -> None:
    """Another process had the file in use, say, when the server first looked."""
    with closing(Store(tmp_path)) as store, closing(sqlite3.connect(store.path)) as other:
        fill(store)
        index = Index(store)
        store.db.execute("PRAGMA busy_timeout = 1")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            index.step()
        other.rollback()
        assert index.step()
        assert index.exists
        assert numbers(store, "secret", PRIVATE) == [4]


def test_what_was_taken_back_is_found_nowhere_and_all_else_still_is(store: Store) -> None:
    """Neither by the index, which forgets it, nor by a look at what was said; whatever of its batch it was."""
    batch: list[Event] = [
        Said(BOB, "#lobby", f"unique{n} words", Kind.MESSAGE, id=n, time=BASE + n) for n in range(20, 25)
    ]
    store.save(batch)
    index = Index(store)
    if index.exists:
        index.step()
    for number in (20, 22):
        store.save([Redacted(BOB, "#lobby", number, "", id=number + 10, time=BASE + 30)])
    store.save([Redacted(ALICE, "bob", 4, "", conversation=PRIVATE, id=33, time=BASE + 31)])
    assert [numbers(store, f"unique{n}", "#lobby") for n in range(20, 25)] == [[], [21], [], [23], [24]]
    assert numbers(store, "secret", PRIVATE) == []
    with closing(store.reader()) as reader:
        kept = reader.history("#lobby", limit=50, everything=True)
        assert [event.id for event in kept] == [1, 2, 5, 6, 7, 8, 21, 23, 24]
        assert [event.id for event in reader.walk("#lobby", BASE + 20, BASE + 40)] == [21, 23, 24]
        assert {summary.name: summary.said for summary in reader.summaries()}["#lobby"] == 9
        assert b"unique22" not in b"".join([str(row).encode() for row in store.db.execute("SELECT events FROM runs")])


def test_what_can_not_be_taken_back_stays(store: Store) -> None:
    """An id of another place, of nothing, or of an event that is no message."""
    store.save([Joined(BOB, "#lobby", id=20, time=BASE + 20)])
    for target, number in (("#tea", 1), ("#lobby", 3), ("#lobby", 20), ("#lobby", 99), ("#none", 1)):
        store.save([Redacted(BOB, target, number, "", id=30, time=BASE + 30)])
    assert numbers(store, "quick", "#lobby", "#tea", PRIVATE) == [1, 2, 3, 4]
    with closing(store.reader()) as reader:
        assert reader.history("#lobby", limit=1, everything=True)[0].id == 20
