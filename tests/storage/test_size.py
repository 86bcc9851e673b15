"""How large the history becomes, and how long a start takes, whatever clients make up."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from chatroom.model.events import AccountMade, Event, Founded, Joined, Opened, Said, TopicSet
from chatroom.model.values import MessageKind, Person
from chatroom.storage.maintenance import Maintenance
from chatroom.storage.schema import wal_files
from chatroom.storage.search_index import SearchIndex
from chatroom.storage.store import Store
from tests.peers import eventually

ALICE = Person("1", "alice", "al", "127.0.0.1")
BASE = 1_790_000_000_000
LIMIT = 2_000_000


def said(number: int, text: str, room: str = "#lobby") -> Said:
    return Said(ALICE, room, text, MessageKind.MESSAGE, id=number, time=BASE + number)


def talk(store: Store, first: int, count: int) -> None:
    """Messages of some 200 bytes, no two with the same words."""
    for start in range(first, first + count, 50):
        numbers = range(start, start + 50)
        store.save([said(n, " ".join([f"word{n * 31 + k:x}" for k in range(20)])) for n in numbers])


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatroom.storage.maintenance.ROUND_SECONDS", 0.01)
    monkeypatch.setattr("chatroom.storage.maintenance.ROUND_MAX_SECONDS", 0.01)


def keep_house(store: Store, size: int, until: Callable[[], bool]) -> None:
    maintenance = Maintenance(store, lambda works, lost: None, 0, size)
    maintenance.start()
    try:
        eventually(until, "the housework is done")
    finally:
        maintenance.stop()


def first_and_count(store: Store) -> tuple[int, ...]:
    return tuple(store.db.execute("SELECT min(first), sum(said) FROM runs").fetchone())


@pytest.mark.usefixtures("quick")
def test_the_oldest_goes_where_the_history_is_too_large(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No more of it than needed, and the log says so once."""
    with closing(Store(tmp_path)) as store:
        talk(store, 1, 10_000)
        index = SearchIndex(store)
        while index.step():
            pass
        before = store.used_bytes()
        assert before > 1.5 * LIMIT
        keep_house(store, LIMIT, lambda: store.used_bytes() <= LIMIT * 9 // 10 and not store.has_deleted)
        first, count = first_and_count(store)
        assert count == 10_001 - first, "the newest are all there"
        assert store.used_bytes() > LIMIT * 8 // 10, "and as many as fit"
        talk(store, 10_001, 10_000)
        keep_house(store, LIMIT, lambda: store.used_bytes() <= LIMIT * 9 // 10 and not store.has_deleted)
        first, count = first_and_count(store)
        assert count == 20_001 - first
        assert [record.getMessage() for record in caplog.records if "--history-size" in record.getMessage()]
    assert caplog.text.count("has reached its size") == 2  # once for each of the two that kept house


@pytest.mark.usefixtures("quick")
def test_what_fits_stays(tmp_path: Path) -> None:
    """However large the write-ahead log is."""
    with closing(Store(tmp_path)) as store:
        talk(store, 1, 1000)
        keep_house(store, 100 * LIMIT, lambda: store.db.execute("SELECT max(value) FROM marks").fetchone()[0] > 0)
        assert first_and_count(store) == (1, 1000)


@pytest.mark.usefixtures("quick")
def test_it_grows_no_further_while_much_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So much that nothing is indexed."""
    monkeypatch.setattr("chatroom.storage.maintenance.QUIET_EVENTS_PER_SECOND", -1)
    with closing(Store(tmp_path)) as store:
        maintenance = Maintenance(store, lambda works, lost: None, 0, LIMIT)
        maintenance.start()
        try:
            for part in range(10):
                talk(store, 1 + 2000 * part, 2000)
                eventually(lambda: store.used_bytes() <= LIMIT * 9 // 10, "what is too much is gone")
        finally:
            maintenance.stop()
        assert store.path.stat().st_size < 2 * LIMIT


@pytest.mark.usefixtures("quick")
def test_the_write_ahead_log_stays_small_while_something_is_always_being_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It begins anew only when nothing is written for a moment; housework sees to such moments."""
    monkeypatch.setattr("chatroom.storage.maintenance.CHECKPOINT_BYTES", 32 * 1024)
    monkeypatch.setattr("chatroom.storage.schema.LOG_KEPT_BYTES", 32 * 1024)
    sizes = [0]
    with closing(Store(tmp_path)) as store:
        maintenance = Maintenance(store, lambda works, lost: None)
        maintenance.start()
        try:
            while len(sizes) < 50_000 and sizes[-1] >= sizes[-2:][0]:  # 400 MB of log
                store.save([said(len(sizes), "hello")])
                sizes.append(wal_files(store.path)[0].stat().st_size)
        finally:
            maintenance.stop()
    assert sizes[-1] < sizes[-2], "it was never cut"


@pytest.mark.usefixtures("quick")
def test_a_size_that_no_history_takes_up_gives_no_rest(tmp_path: Path) -> None:
    """Accounts, say: when all history is gone, housework ends."""
    with closing(Store(tmp_path)) as store:
        accounts = [AccountMade(ALICE, f"a{n}", "s" * 200, id=n, time=BASE + n) for n in range(1, 3000)]
        store.save([*accounts, said(5000, "hello")])
        maintenance = Maintenance(store, lambda works, lost: None, 0, 100_000)
        maintenance.start()
        try:
            eventually(lambda: maintenance._done_at[0], "it ends")
        finally:
            maintenance.stop()
        assert not any(first_and_count(store))


# ---- a start --------------------------------------------------------------------------------------------------------


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with each hundred steps that SQLite takes."""
    done: list[int] = []
    real = sqlite3.connect

    def connect(*args: object, **named: object) -> sqlite3.Connection:
        db: sqlite3.Connection = real(*args, **named)  # type: ignore[call-overload]
        db.set_progress_handler(lambda: done.append(1), 100)
        return db

    monkeypatch.setattr("sqlite3.connect", connect)
    return done


def test_made_up_rooms_do_not_slow_a_start(tmp_path: Path, work: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ten times as many, hardly more is looked at: empty ones, closed ones, and ones with a topic."""
    monkeypatch.setattr("chatroom.storage.reader._PLACES_LOOKED_AT", 100)
    monkeypatch.setattr("chatroom.storage.reader._ROWS_LOOKED_AT", 100)
    monkeypatch.setattr("chatroom.storage.empty_places.PLACES_SWEPT", 100)
    monkeypatch.setattr("chatroom.storage.store.ROWS_OF_BATCH", 100)
    took: list[int] = []
    for count in (1000, 10_000):
        directory = tmp_path / str(count)
        with closing(Store(directory)) as store:
            events: list[Event] = []
            for n in range(1, count):
                room, at = f"#made-up-{n}", {"id": 3 * n, "time": BASE + 3 * n}
                events.append(Opened(ALICE, room, "i" if n % 3 else "", **at))  # type: ignore[arg-type]
                events.append(Joined(ALICE, room, id=3 * n + 1, time=BASE + n))
                if n % 2:
                    events.append(TopicSet(ALICE, room, "mine", id=3 * n + 2, time=BASE + n))
            store.save(events)
        with closing(Store(directory)):
            pass  # the first start after a migration sweeps
        work.clear()
        with closing(Store(directory)) as store, closing(store.reader()) as reader:
            assert store.last_saved_id and store.last_saved_time
            assert len(list(reader.rooms())) <= 100
            took.append(len(work))
    assert took[1] < 2 * took[0]


def test_where_rooms_are_made_up_those_used_last_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And those that have an owner, whenever they were used."""
    with closing(Store(tmp_path)) as store:
        store.save([AccountMade(ALICE, "alice", "secret", id=1, time=BASE), said(2, "mine", "#own")])
        store.save([Founded(ALICE, "#own", "alice", id=3, time=BASE + 3), said(4, "long ago", "#old")])
        for n in range(5, 50):
            store.save([said(n, "hello", f"#r{n}")])
        monkeypatch.setattr("chatroom.storage.reader._PLACES_LOOKED_AT", 47)
        with closing(store.reader()) as reader:
            assert [room.name for room in reader.rooms()] == [*[f"#r{n}" for n in range(49, 4, -1)], "#old", "#own"]
        monkeypatch.setattr("chatroom.storage.reader._PLACES_LOOKED_AT", 46)
        monkeypatch.setattr("chatroom.storage.reader._ROWS_LOOKED_AT", 10)
        with closing(store.reader()) as reader:
            assert [room.name for room in reader.rooms()] == [*[f"#r{n}" for n in range(49, 39, -1)], "#own"]
