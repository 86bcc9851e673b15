"""The file: what was saved is there after the end, in order, once; and what happens when it can't be saved."""

import errno
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatroom.common.logs import Calm
from chatroom.model.events import (
    AccountMade,
    Event,
    Founded,
    IgnoreSet,
    Joined,
    MarkerSet,
    MetadataSet,
    ModesSet,
    Opened,
    PasswordSet,
    RoomRenamed,
    Said,
    ServerBanned,
    StandingSet,
    TopicSet,
)
from chatroom.model.limits import RECENT_MESSAGES
from chatroom.model.values import HistoryPoint, MessageKind, ModeChange, Person, Standing
from chatroom.storage import standings
from chatroom.storage.lockfile import LockFile
from chatroom.storage.maintenance import Maintenance
from chatroom.storage.projections import PROJECTIONS
from chatroom.storage.reader import Reader
from chatroom.storage.schema import MIGRATIONS, SET_MARK, UNSWEPT, StoreError, connect
from chatroom.storage.search_index import SearchIndex
from chatroom.storage.store import CHANGE_BYTES, Store
from tests.crash import check
from tests.peers import DEADLINE, eventually

ALICE = Person("1", "alice", "al", "127.0.0.1")
BASE = 1_790_000_000_000


@pytest.fixture
def store(data: Path) -> Iterator[Store]:
    with closing(Store(data)) as store:
        yield store


def said(number: int, room: str = "#lobby", text: str = "", time: int = 0) -> Said:
    return Said(ALICE, room, text or f"message {number}", MessageKind.MESSAGE, id=number, time=time or BASE + number)


def texts(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Said)]


def history(store: Store, key: str = "#lobby", limit: int = 1000) -> list[str]:
    with closing(store.reader()) as reader:
        return texts(reader.history(key, limit=limit))


# ---- over restarts --------------------------------------------------------------------------------------------------


def test_what_was_saved_is_there_after_a_restart(data: Path) -> None:
    """Messages come back in order, each once."""
    with closing(Store(data)) as store:
        store.save([said(1), said(2)])
        store.save([said(3)])
    with closing(Store(data)) as store:
        assert history(store) == ["message 1", "message 2", "message 3"]


def test_rooms_come_back_with_their_topic(data: Path) -> None:
    """A room with a history is known after a restart, by its name as written, with topic and last messages."""
    with closing(Store(data)) as store:
        store.save([said(n, "#Tea") for n in range(1, RECENT_MESSAGES + 11)])
        store.save([TopicSet(ALICE, "#Tea", "green", id=100, time=BASE + 100), said(101, "#lobby")])
    with closing(Store(data)) as store, closing(store.reader()) as reader:
        lobby, tea = reader.rooms()
    assert (lobby.name, lobby.topic, len(lobby.recent)) == ("#lobby", None, 1)
    assert tea.topic is not None
    assert (tea.name, tea.created, tea.topic.text, tea.topic.by) == ("#Tea", BASE + 1, "green", ALICE.mask)
    assert texts(list(tea.recent)) == [f"message {n}" for n in range(11, RECENT_MESSAGES + 11)]


def test_what_is_remembered_of_rooms_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever makes up rooms fills the file, not the memory; what is said in them is saved all the same."""
    monkeypatch.setattr("chatroom.storage.store.PLACES_REMEMBERED", 10)
    for n in range(1, 51):
        store.save([said(n, f"#room{n % 25}")])
        assert len(store._places) <= 10
    assert history(store, "#room3") == ["message 3", "message 28"]


def test_of_rooms_that_are_made_up_nothing_stays(data: Path) -> None:
    """When what was said in them is pruned, they are gone from the file, too; what may still be needed is not."""

    def places(store: Store) -> list[str]:
        return [name for (name,) in store.db.execute("SELECT name FROM places ORDER BY id")]

    def number(store: Store, key: str) -> int:
        return int(store.db.execute("SELECT id FROM places WHERE key = ?", (key,)).fetchone()[0])

    close = (ModeChange(True, "i"),)
    account = AccountMade(ALICE, "alice", "secret", id=1, time=BASE)
    with closing(Store(data)) as store:
        store.save([account, said(2, "#a"), said(3, "#b"), said(4, "#c"), said(5, "#d"), said(6, "#e"), said(7, "#f")])
        store.save(
            [TopicSet(ALICE, "#b", "green", id=8, time=BASE + 8), ModesSet(ALICE, "#c", close, id=9, time=BASE + 9)]
        )
        store.save([Founded(ALICE, "#d", "alice", id=10, time=BASE + 10), said(20, "#e"), said(21, "#g")])
        while SearchIndex(store).prune(BASE + 20) >= 0:
            pass
        assert places(store) == ["#b", "#c", "#d", "#e", "#g"]
        store.save([said(22, "#a"), said(23, "#f")])
        assert history(store, "#a") == ["message 22"]
        assert history(store, "#f") == ["message 23"]
        newest = number(store, "#f")
        while SearchIndex(store).prune(BASE + 30) >= 0:
            pass
        store.save([said(31, "#h")])
        assert number(store, "#h") > newest  # whoever has just looked up that of #f must not read what was said in #h
        assert history(store, "#h") == ["message 31"]
    with closing(Store(data)) as store:
        assert places(store) == ["#d", "#h"]


@pytest.mark.parametrize("swept", ["a few", "all"])
def test_a_room_in_which_somebody_stays_is_as_closed_as_before(data: Path, swept: str) -> None:
    """Whatever of its history is deleted, while the server runs and at a start."""
    modes = {"#Closed": "i", "#secret": "s"}
    account = AccountMade(ALICE, "alice", "secret", id=1, time=BASE)
    standing = Standing("alice", "al", "example.org", "", "", "", "", tuple([(name, "") for name in modes]))
    changes = [ModesSet(ALICE, name, (ModeChange(True, letter),)) for name, letter in modes.items()]
    with closing(Store(data)) as store:
        store.save([account, *[replace(change, id=2, time=BASE) for change in changes]])
        store.save([StandingSet(ALICE, 1, standing, id=3, time=BASE), said(4, "#Closed"), said(5, "#secret")])
        store.save([said(6, "#other"), said(20, "#newest")])
        while SearchIndex(store).prune(BASE + 20) >= 0:
            pass
        if swept == "all":
            store.db.execute(SET_MARK, (UNSWEPT, 1))
    with closing(Store(data)) as store, closing(store.reader()) as reader:
        ((_, _, found),) = reader.read(standings.read)
        assert {key: set(letters) & {"i", "s"} for key, letters in found.items()} == {
            "#closed": {"i"},
            "#secret": {"s"},
        }
        assert reader.room_names() == ["#Closed", "#secret", "#newest"]


def test_ids_rise_over_restarts(data: Path) -> None:
    """The id that a restart begins above is at least the last that was used, even if its event isn't kept."""
    with closing(Store(data)) as store:
        store.save([Said(ALICE, "bob", "psst", MessageKind.MESSAGE, id=5_000_000_000, time=BASE)])
    with closing(Store(data)) as store:
        assert store.reserved_id >= 5_000_000_000


def test_the_last_time_is_known(data: Path) -> None:
    """Times can be kept from going back, because the last one is in the file."""
    with closing(Store(data)) as store:
        assert store.last_saved_time == 0
        store.save([said(1, time=BASE + 7)])
        assert store.last_saved_time == BASE + 7


def test_the_last_time_is_that_of_the_batch_s_last_event(store: Store) -> None:
    """Not that of the room which was heard of last for the first time."""
    store.save([said(1, "#a", time=BASE), said(2, "#b", time=BASE + 1), said(3, "#a", time=BASE + 2)])
    assert store.last_saved_time == BASE + 2


# ---- the file -------------------------------------------------------------------------------------------------------


def test_two_servers_cannot_share_a_file(data: Path, store: Store) -> None:
    """The second is refused with a sentence that names the first one's process."""
    with pytest.raises(StoreError, match=rf"process {os.getpid()}\b.*{data}"):
        Store(data)


def test_the_lock_ends_with_its_process(data: Path) -> None:
    """A server that was killed leaves no lock behind."""
    code = f"""if True:
        import os, pathlib
        from chatroom.storage.store import Store
        store = Store(pathlib.Path({str(data)!r}))
        os.kill(os.getpid(), 9)"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    Store(data).close()


def test_a_file_from_the_future_is_left_alone(data: Path) -> None:
    """A file with a migration that this program doesn't know is refused, and not changed."""
    Store(data).close()
    with closing(sqlite3.connect(data / "chatroom.db")) as db, db:
        db.execute("INSERT INTO migrations VALUES ('telepathy', 0)")
    with pytest.raises(StoreError, match="newer chatroom"):
        Store(data)
    with closing(sqlite3.connect(data / "chatroom.db")) as db:
        assert db.execute("SELECT count(*) FROM migrations").fetchone()[0] == len(MIGRATIONS) + 1


def test_a_migration_that_fails_leaves_nothing_behind(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each migration is one transaction: what it did before its failure is undone, and the ones before it stay."""
    bad = ("half", ("CREATE TABLE half (x)", "CREATE TABLE half (x)"))
    with monkeypatch.context() as patch:
        patch.setattr("chatroom.storage.schema.MIGRATIONS", (*MIGRATIONS, bad))
        with pytest.raises(StoreError, match="half"):
            Store(data)
    with closing(Store(data)) as store:
        store.save([said(1)])
        assert not store.failure
        assert store.db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'half'").fetchone()[0] == 0


def test_what_is_no_database_is_refused(data: Path) -> None:
    """A file of another kind is refused with a sentence, and the lock is let go."""
    data.mkdir()
    (data / "chatroom.db").write_bytes(b"This is a letter, not a database. " * 200)
    for _ in range(2):
        with pytest.raises(StoreError, match="can't be used"):
            Store(data)


def test_data_is_for_its_owner_alone(data: Path, store: Store) -> None:
    """Nobody else on the machine can read what was said."""
    store.save([said(1)])
    assert {path.name: path.stat().st_mode & 0o077 for path in [data, *data.iterdir()]} == dict.fromkeys(
        ["data", "chatroom.db", "chatroom.db-wal", "chatroom.db-shm", "chatroom.lock"], 0
    )


# ---- when it can't be saved -----------------------------------------------------------------------------------------


class Told:
    """Records what the keeper announces."""

    def __init__(self) -> None:
        self.all: list[tuple[bool, int]] = []
        self.broken = 0  # how many times more it raises something
        self._more = threading.Condition()

    def __call__(self, works: bool, lost: int) -> None:
        if self.broken:
            self.broken -= 1
            raise ZeroDivisionError
        with self._more:
            self.all.append((works, lost))
            self._more.notify_all()

    def wait_for(self, count: int) -> list[tuple[bool, int]]:
        with self._more:
            assert self._more.wait_for(lambda: len(self.all) >= count, DEADLINE), self.all
        return self.all


@pytest.fixture
def told(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    """What a keeper with short pauses announces of the store."""
    monkeypatch.setattr("chatroom.storage.maintenance.ROUND_SECONDS", 0.02)
    monkeypatch.setattr("chatroom.storage.maintenance.ROUND_MAX_SECONDS", 0.04)
    monkeypatch.setattr("chatroom.storage.store.RETRY_FIRST_SECONDS", 0.05)
    monkeypatch.setattr("chatroom.storage.store.RETRY_MAX_SECONDS", 0.1)
    told = Told()
    keeper = Maintenance(store, told)
    keeper.start()
    yield told
    keeper.stop()


def fill(store: Store) -> Callable[[], None]:
    """Makes the disk full for the store, until what is returned is called."""
    real = sqlite3.connect

    class Full(sqlite3.Connection):
        pages = 1

        def execute(self, sql: str, *args: object) -> sqlite3.Cursor:
            if sql.startswith("BEGIN"):
                super().execute(f"PRAGMA max_page_count = {Full.pages}")
            return super().execute(sql, *args)  # type: ignore[arg-type]

    patch = pytest.MonkeyPatch()
    patch.setattr("sqlite3.connect", lambda *args, **kw: real(*args, **{**kw, "factory": Full}))
    store.db.execute("PRAGMA max_page_count = 1")

    def release() -> None:
        Full.pages = 1 << 30
        patch.undo()

    return release


def save_much(store: Store, first: int = 1) -> None:
    """40 messages of 4,000 letters: more than fits where the disk is full."""
    for n in range(first, first + 40):
        store.save([said(n, text="x" * 4000)])


def test_a_look_into_the_history_ends_by_its_deadline(store: Store) -> None:
    """With what it has found until then."""
    for n in range(1, 11):
        store.save([said(n)])
    with closing(store.reader()) as reader:
        assert [event.id for event in reader.history("#lobby", limit=5)] == [6, 7, 8, 9, 10]
        assert [event.id for event in reader.history("#lobby", limit=5, seconds=-1)] == [10]


def test_a_full_disk_stops_nobody_and_nothing_is_lost(store: Store, told: Told) -> None:
    """What can't be saved is held, people are told, and it is all in the history when there is space again."""
    store.save([said(1)])
    empty = fill(store)
    big = "x" * 4000
    for n in range(2, 40):
        store.save([said(n, text=f"{n} {big}")])
    assert told.wait_for(1) == [(False, 0)]
    assert "full" in store.failure
    empty()
    assert told.wait_for(2)[1:] == [(True, 0)]
    store.save([said(40)])
    assert [text.split()[0] for text in history(store)] == ["message", *map(str, range(2, 40)), "message"]


def test_as_long_as_nothing_is_saved_the_log_says_so(
    store: Store, told: Told, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each trial; or else the last word about a second trouble within a minute would be that all is well."""
    monkeypatch.setattr("chatroom.storage.store.RETRY_FIRST_SECONDS", 0.01)
    monkeypatch.setattr("chatroom.storage.store.RETRY_MAX_SECONDS", 0.01)
    caplog.set_level(logging.INFO)
    empty = fill(store)
    save_much(store)
    try:
        eventually(lambda: caplog.text.count("not being saved: ") > 2, "it is said again")
    finally:
        empty()
    told.wait_for(2)
    assert caplog.messages[-1] == "messages are being saved again; 0 were not"


def test_the_end_of_a_trouble_is_always_logged_as_a_warning(
    store: Store, told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    """So it is there with `--log-level warning`, and after a second trouble within a minute too."""
    caplog.handler.addFilter(calm := Calm())
    try:
        for trouble in (1, 2):
            store.path.unlink()
            told.wait_for(2 * trouble)
    finally:
        caplog.handler.removeFilter(calm)
    ends = [record for record in caplog.records if record.getMessage() == "messages are being saved again; 0 were not"]
    assert [record.levelname for record in ends] == ["WARNING", "WARNING"]


def test_what_is_held_is_bounded(store: Store, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the bound messages are given up, and how many they were is told; later ones are saved."""
    monkeypatch.setattr("chatroom.storage.store.UNSAVED_BYTES", 50_000)
    empty = fill(store)
    save_much(store)
    told.wait_for(1)
    empty()
    (_, (works, lost)) = told.wait_for(2)
    store.save([said(41)])
    assert works
    assert 0 < lost < 40
    assert len(history(store)) == 41 - lost


UNSAVABLE = "\ud800"  # half a character: nothing that a client sends becomes such a text, but there may be mistakes


def test_what_can_never_be_saved_keeps_nothing_back(store: Store) -> None:
    """Whoever hands it over is told, by the error, so that nobody is shown it; what comes later is saved."""
    for bad in (said(1, "#new", UNSAVABLE), TopicSet(ALICE, "#new", UNSAVABLE, id=2, time=BASE)):
        with pytest.raises(UnicodeEncodeError):
            store.save([bad])
    store.save([said(3, "#new")])
    assert history(store, "#new") == ["message 3"]
    assert not store.failure


def test_what_can_never_be_saved_is_given_up_after_a_trouble(store: Store, told: Told) -> None:
    """All else that was held meanwhile is saved, and how many were lost is told."""
    empty = fill(store)
    save_much(store)
    told.wait_for(1)
    store.save([said(41, text=UNSAVABLE)])
    store.save([said(42)])
    empty()
    assert told.wait_for(2)[1:] == [(True, 1)]
    assert len(history(store)) == 41
    assert history(store)[-1] == "message 42"


def test_what_can_never_be_saved_keeps_nothing_back_at_the_end(data: Path) -> None:
    """What was held is tried once more when the store is closed, and no more is lost than must be."""
    with closing(Store(data)) as store:
        empty = fill(store)
        save_much(store)
        assert store.failure
        store.save([said(41, text=UNSAVABLE)])
        store.save([said(42)])
        empty()
    with closing(Store(data)) as store:
        assert len(history(store)) == 41


def test_a_value_that_sqlite_refuses_is_no_trouble(store: Store) -> None:
    """It would be refused each time: others must not wait for it."""
    store.db.execute("CREATE TABLE strict_ones (a TEXT) STRICT")
    with pytest.raises(sqlite3.IntegrityError), pytest.MonkeyPatch.context() as patch:
        patch.setitem(
            PROJECTIONS, TopicSet, lambda db, event: db.execute("INSERT INTO strict_ones VALUES (?)", (b"no text",))
        )
        store.save([TopicSet(ALICE, "#lobby", "x", id=1, time=BASE)])
    assert not store.failure
    store.save([said(3)])
    assert history(store) == ["message 3"]


def test_accounts_and_bans_are_given_up_last(
    store: Store, told: Told, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """When there is no room for what people say any more, there still is for what others rely on."""
    monkeypatch.setattr("chatroom.storage.store.UNSAVED_BYTES", 50_000)
    empty = fill(store)
    save_much(store)
    told.wait_for(1)
    store.save([AccountMade(ALICE, "alice", "first", id=41, time=BASE + 41), said(41, text="x" * 60_000)])
    store.save(
        [said(42), ServerBanned(ALICE, "bob!*@*", 0, "rude", id=43, time=BASE + 43), said(44, text="x" * 60_000)]
    )
    store.save([said(45, "#new", "x" * 60_000), TopicSet(ALICE, "#new", "green", id=46, time=BASE + 46)])
    empty()
    told.wait_for(2)
    with closing(store.reader()) as reader:
        assert [name for name, *_ in reader.accounts()] == ["alice"]
        assert [entry.mask for _, _, entry in reader.lists()] == ["bob!*@*"]
    assert "changes of" not in caplog.text


def test_what_of_accounts_and_bans_is_given_up_is_told(
    store: Store, told: Told, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """There is a bound for these, too; the log says how many they were."""
    monkeypatch.setattr("chatroom.storage.store.UNSAVED_BYTES", 50_000)
    monkeypatch.setattr("chatroom.storage.store.UNSAVED_CHANGES_BYTES", 10 * CHANGE_BYTES)
    empty = fill(store)
    save_much(store)
    told.wait_for(1)
    for n in range(1000):
        store.save([AccountMade(ALICE, f"a{n}", "secret", id=41 + n, time=BASE)])
    empty()
    told.wait_for(2)
    with closing(store.reader()) as reader:
        kept = len(reader.accounts())
    assert 10 <= kept < 1000
    assert f"{1000 - kept} changes of topics, modes, accounts, owners and bans were not saved" in caplog.text


def test_what_can_never_be_saved_keeps_no_account_back(store: Store, told: Told) -> None:
    """Not even one of its own batch."""
    empty = fill(store)
    save_much(store)
    told.wait_for(1)
    store.save([said(41, text=UNSAVABLE), AccountMade(ALICE, "alice", "secret", id=42, time=BASE + 42)])
    empty()
    assert told.wait_for(2)[1:] == [(True, 1)]
    with closing(store.reader()) as reader:
        assert [name for name, *_ in reader.accounts()] == ["alice"]


def test_a_room_is_closed_though_nothing_said_in_it_was_saved(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that what is said there afterwards is hidden from who opens it anew."""
    monkeypatch.setattr("chatroom.storage.store.UNSAVED_BYTES", 100)
    monkeypatch.setattr("chatroom.storage.store.RETRY_FIRST_SECONDS", 0)
    with closing(Store(data)) as store:
        empty = fill(store)
        save_much(store)
        store.save([said(41, "#tea"), ModesSet(ALICE, "#tea", (ModeChange(True, "i"),), id=42, time=BASE + 42)])
        empty()
        store.retry_if_due()
        assert not store.failure
        assert history(store, "#tea") == []
        store.save([said(43, "#tea", "among us")])
    with closing(Store(data)) as store, closing(store.reader()) as reader:
        assert not [room for room in reader.rooms() if room.name == "#tea" and room.recent]


def test_who_opens_a_room_that_is_open_costs_one_statement(store: Store) -> None:
    """As who comes in later does: rooms become empty and are opened all day."""
    statements: list[str] = []

    def come_in(number: int, closed: str = "") -> None:
        at = BASE + number
        store.save([Opened(ALICE, "#tea", closed, id=number, time=at), Joined(ALICE, "#tea", id=number + 1, time=at)])

    come_in(1)
    store.db.set_trace_callback(statements.append)
    come_in(3)
    assert [each.split()[0] for each in statements] == ["INSERT"]
    store.save([ModesSet(ALICE, "#tea", (ModeChange(True, "i"),), id=5, time=BASE + 5)])
    come_in(6)
    assert store.db.execute("SELECT closed, hidden FROM places WHERE key = '#tea'").fetchone() == ("", 5)


openings = st.tuples(st.sampled_from("ab"), st.sampled_from(["", "i", "k"])).map(
    lambda made: Opened(ALICE, f"#{made[0]}", made[1])
)
mode_changes = st.tuples(st.sampled_from("aAb"), st.booleans(), st.sampled_from("ikm")).map(
    lambda made: ModesSet(ALICE, f"#{made[0]}", (ModeChange(made[1], made[2]),))
)
talks = st.sampled_from("ab").map(lambda room: said(1, f"#{room}", "something"))


@settings(max_examples=100, deadline=None)
@given(happened=st.lists(st.lists(st.one_of(openings, mode_changes, talks), min_size=1, max_size=3), max_size=8))
def test_what_is_remembered_of_the_file_changes_nothing_in_it(
    happened: list[list[Event]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Rooms are as open, and as much is hidden, as if each change was written."""
    found = []
    for remembers in (True, False):
        with closing(Store(tmp_path_factory.mktemp("data"))) as store:
            number = 0
            for batch in happened:
                if not remembers:
                    store._open_rooms.clear()
                placed = []
                for event in batch:
                    number += 1
                    placed.append(replace(event, id=number, time=BASE + number))
                store.save(placed)
            found.append(store.db.execute("SELECT key, name, closed, hidden, topic, modes FROM places").fetchall())
    assert found[0] == found[1]


def known(directory: Path) -> dict[str, list[tuple[object, ...]]]:
    """What a file holds beside the history."""
    with closing(sqlite3.connect(directory / "chatroom.db")) as db:
        questions = {
            "kept": """SELECT mask, target, metadata.value, renamed.name, standing
                       FROM ignored, markers, metadata, renamed, standings""",
            "accounts": "SELECT key, name, secret FROM accounts",
            "modes": "SELECT key, modes FROM places WHERE modes != ''",
            "lists": "SELECT room, letter, mask, reason FROM lists ORDER BY room",
            "places": "SELECT key, owner, modes, topic FROM places WHERE owner != ''",
        }
        return {name: db.execute(question).fetchall() for name, question in questions.items()}


@pytest.fixture
def settled(store: Store) -> Store:
    """With an account, a room of its own with modes, a topic and a ban, and a ban from the server."""
    store.save(
        [
            AccountMade(ALICE, "Alice", "secret", id=1, time=BASE + 1),
            Joined(ALICE, "#Tea", id=2, time=BASE + 2),
            Founded(ALICE, "#Tea", "Alice", id=3, time=BASE + 3),
            TopicSet(ALICE, "#Tea", "green", id=4, time=BASE + 4),
            ModesSet(ALICE, "#Tea", (ModeChange(True, "m"), ModeChange(True, "b", "x!*@*")), id=5, time=BASE + 5),
            ServerBanned(ALICE, "bob!*@*", 0, "rude", id=6, time=BASE + 6),
            said(7, "#Tea"),
        ]
    )
    return store


@pytest.mark.parametrize("how", ["deleted", "deleted with its log", "moved", "replaced"])
def test_names_owners_and_bans_outlive_the_file(
    data: Path, settled: Store, told: Told, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The server still knows them, so they are written to the new one; what is lost is logged."""
    store = settled
    moved = data / "moved.db"
    alice = replace(ALICE, account="Alice")
    changes: list[Event] = [
        IgnoreSet(alice, "bob!*@*", "", True),
        MarkerSet(alice, "Alice", "#Tea", BASE),
        MetadataSet(alice, "", "pronouns", "she"),
        ModesSet(alice, "#Secret", (ModeChange(True, "s"),)),  # where somebody may stay
        RoomRenamed(alice, "#Milk", "#Coffee", ""),
        StandingSet(alice, 1, Standing("Alice", "al", "example.org", "", "", "", "", (("#Tea", "o"),))),
    ]
    store.save([replace(event, id=8, time=BASE + 8) for event in changes])
    before = known(data)
    assert all(before.values())
    with closing(store.reader()):  # somebody looks something up meanwhile
        if how == "replaced":
            other = data.parent / "other"
            with closing(Store(other)) as another:
                another.save([said(1), AccountMade(ALICE, "carol", "x", id=2, time=BASE)])
            (other / "chatroom.db").rename(data / "chatroom.db")
        elif how == "moved":
            (data / "chatroom.db").rename(moved)
        else:
            for path in data.glob("chatroom.db*" if "log" in how else "chatroom.db"):
                path.unlink()
        assert told.wait_for(2) == [(False, 0), (True, 0)]
        store.save([said(9, "#Tea")])
    assert history(store, "#tea") == ["message 9"]
    assert f"{data / 'chatroom.db'} was gone" in caplog.text
    assert "accounts 1, rooms 2, masks (bans) 2" in caplog.text
    store.save([PasswordSet(ALICE, "Alice", "another", id=10, time=BASE + 10)])
    assert not store.failure
    after = known(data)
    assert ("alice", "Alice", "another") in after["accounts"]
    assert {**after, "accounts": before["accounts"]} == before
    check(data / "chatroom.db")
    if how == "moved":
        check(moved)
        with closing(sqlite3.connect(moved)) as db:
            assert db.execute("SELECT sum(said) FROM runs").fetchall() == [(1,)]
    elif how == "replaced":
        assert "carol" in {name for _, name, _ in after["accounts"]}


def test_a_directory_that_is_gone_is_made_anew(settled: Store, told: Told, data: Path) -> None:
    """With a file and its lock: nobody else can use it."""
    before = known(data)
    shutil.rmtree(data)
    assert told.wait_for(2) == [(False, 0), (True, 0)]
    assert known(data) == before
    with pytest.raises(StoreError, match="Another chatroom"):
        Store(data)


def test_a_lock_that_is_gone_is_taken_anew(store: Store, told: Told, data: Path) -> None:
    """Unless another server was faster: then nothing is saved until that has ended."""
    store.save([said(1)])
    (data / "chatroom.lock").unlink()
    assert told.wait_for(2) == [(False, 0), (True, 0)]
    with pytest.raises(StoreError, match="Another chatroom"):
        Store(data)
    (data / "chatroom.lock").unlink()
    other = LockFile(data / "chatroom.lock")
    told.wait_for(3)
    store.save([said(2)])
    eventually(lambda: "Another chatroom" in store.failure, "it is said who has the data")
    other.release()
    assert told.wait_for(4)[3] == (True, 0)
    assert history(store) == ["message 1", "message 2"]


@pytest.mark.parametrize("gone", [["-wal"], ["-wal", "-shm"]], ids=" and ".join)
def test_what_was_said_outlives_its_log(data: Path, store: Store, told: Told, gone: list[str], tmp_path: Path) -> None:
    """Somebody takes SQLite's own files for leftovers, twice. A server that is killed then leaves all of it."""
    for number in (1, 2):
        store.save([said(2 * number)])
        with closing(store.reader()) as reader:  # somebody looks something up meanwhile
            assert len(reader.history("#lobby", limit=10)) == 2 * number - 1
            for name in gone:
                (data / f"chatroom.db{name}").unlink(missing_ok=True)
            assert told.wait_for(2 * number)[2 * number - 2 :] == [(False, 0), (True, 0)]
        store.save([said(2 * number + 1)])
        assert len(history(store)) == 2 * number
        left = shutil.copytree(data, tmp_path / str(number))
        with closing(Reader(left / "chatroom.db")) as reader:
            assert len(reader.history("#lobby", limit=10)) == 2 * number
        check(left / "chatroom.db")


def test_a_file_that_is_deleted_for_want_of_space_is_begun_anew(settled: Store, told: Told, data: Path) -> None:
    """It is gone while nothing could be saved: what waited, and who is known, is in the new one."""
    store = settled
    empty = fill(store)
    save_much(store, 10)
    told.wait_for(1)
    store.save([AccountMade(ALICE, "late", "secret", id=50, time=BASE + 50)])
    (data / "chatroom.db").unlink()
    empty()
    assert told.wait_for(2)[1:] == [(True, 0)]
    assert len(history(store)) == 40
    with closing(store.reader()) as reader:
        assert sorted(name for name, *_ in reader.accounts()) == ["Alice", "late"]


def test_a_file_that_is_gone_is_noticed(data: Path, store: Store, told: Told) -> None:
    """Saving goes on in a new file, and people are told."""
    store.save([said(1)])
    (data / "chatroom.db").unlink()
    assert told.wait_for(2) == [(False, 0), (True, 0)]
    store.save([said(2)])
    assert history(store) == ["message 2"]
    with closing(sqlite3.connect(data / "chatroom.db")) as db:
        assert db.execute("SELECT value FROM marks WHERE name = 'reserved'").fetchone()[0] >= store.reserved_id


def test_housework_that_fails_for_want_of_descriptors_goes_on_when_there_are_some(
    data: Path, store: Store, told: Told, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its thread lives on: afterwards the log is emptied into the file, and what can't be saved is tried again."""
    monkeypatch.setattr("chatroom.storage.maintenance.CHECKPOINT_BYTES", 1)
    tried: list[Path] = []

    def fail(path: Path, *, write: bool, busy: float) -> sqlite3.Connection:
        tried.append(path)
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), str(path))

    before = (data / "chatroom.db").stat().st_size
    with monkeypatch.context() as patch:
        patch.setattr("chatroom.storage.maintenance.connect", fail)
        save_much(store)
        eventually(lambda: len(tried) > 2, "the log could not be emptied")
    assert "Too many open files" in caplog.text
    eventually(lambda: (data / "chatroom.db").stat().st_size > before + 40 * 4000, "the log is emptied into the file")
    empty = fill(store)
    save_much(store, 41)
    assert told.wait_for(1) == [(False, 0)]
    empty()
    assert told.wait_for(2)[1:] == [(True, 0)]
    assert len(history(store)) == 80


def test_a_mistake_in_one_round_of_housework_does_not_end_it(
    store: Store, told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, and the next round comes: what could not be told is told then."""
    told.broken = 3
    empty = fill(store)
    save_much(store)
    assert told.wait_for(1) == [(False, 0)]
    empty()
    assert told.wait_for(2)[1:] == [(True, 0)]
    assert told.broken == 0
    assert caplog.text.count("could not be finished") == 3


def test_where_nothing_is_said_there_is_no_housework(store: Store, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """A round is no more than a look then: an idle server starts no transactions, nor does it empty an empty log."""
    monkeypatch.setattr("chatroom.storage.maintenance.CHECKPOINT_BYTES", 1)
    rounds, work = [], []
    check = store.check_file

    def begin_round() -> None:
        rounds.append("")
        check()

    def open_another(path: Path, *, write: bool, busy: float) -> sqlite3.Connection:
        work.append("a checkpoint")
        return connect(path, write=write, busy=busy)

    def rest() -> bool:
        work.clear()
        rounds.clear()
        eventually(lambda: len(rounds) > 3, "three whole rounds")
        return not work

    monkeypatch.setattr(store, "check_file", begin_round)
    monkeypatch.setattr("chatroom.storage.maintenance.connect", open_another)
    store.db.set_trace_callback(work.append)
    for first in (1, 41):
        save_much(store, first)
        eventually(lambda: any("words" in statement for statement in work), "what was said is indexed")
        eventually(lambda: "a checkpoint" in work, "the log is emptied")
        eventually(rest, "there is no more to do")


def test_what_is_said_ends_a_rest(store: Store) -> None:
    """Only the first of it wakes whoever rests."""
    store.save([said(1)])
    assert not store.wakeup.is_set()
    store.wake_on_save = True
    store.save([said(2)])
    assert store.wakeup.is_set()
    store.wakeup.clear()
    store.save([said(3)])
    assert not store.wakeup.is_set()


# ---- looking up -----------------------------------------------------------------------------------------------------

_steps = st.tuples(st.sampled_from(["#a", "#b"]), st.integers(0, 2), st.integers(1, 3), st.booleans())
_points = st.none() | st.builds(
    lambda kind, n: HistoryPoint(id=max(n, 1)) if kind else HistoryPoint(time=BASE + n),
    st.booleans(),
    st.integers(0, 60),
)


@settings(max_examples=150)
@given(
    batches=st.lists(st.lists(_steps, min_size=1, max_size=8), max_size=6),
    after=_points,
    before=_points,
    limit=st.integers(1, 12),
    newest=st.booleans(),
    everything=st.booleans(),
)
def test_history_is_what_a_list_would_give(
    tmp_path_factory: pytest.TempPathFactory,
    batches: list[list[tuple[str, int, int, bool]]],
    after: HistoryPoint | None,
    before: HistoryPoint | None,
    limit: int,
    newest: bool,
    everything: bool,
) -> None:
    """However events were batched, times repeated and rooms mixed: a look-up finds what filtering all of them would."""
    events: list[Event] = []
    with closing(Store(tmp_path_factory.mktemp("data"))) as store:
        number, time = 0, BASE
        for batch in batches:
            made: list[Event] = []
            for room, later, step, talk in batch:
                number, time = number + step, time + later
                made.append(said(number, room, time=time) if talk else Joined(ALICE, room, id=number, time=time))
            store.save(made)
            events += made
        with closing(store.reader()) as reader:
            found = reader.history("#a", after=after, before=before, limit=limit, newest=newest, everything=everything)
    expected = [
        event
        for event in events
        if (event.target if isinstance(event, Said) else event.room) == "#a"  # type: ignore[attr-defined]
        and (everything or isinstance(event, Said))
        and (after is None or (event.id > after.id if after.id else event.time > after.time))
        and (before is None or (event.id < before.id if before.id else event.time < before.time))
    ]
    expected = expected[-limit:] if newest else expected[:limit]
    assert [event.id for event in found] == [event.id for event in expected]


def test_around_a_message_are_those_before_and_after_it(store: Store) -> None:
    """The message itself is among them, in the middle, and all of the limit is used if there is enough."""
    store.save([said(n) for n in range(1, 6)])
    store.save([said(n) for n in range(6, 21)])
    with closing(store.reader()) as reader:
        middle = reader.around("#lobby", HistoryPoint(id=10), limit=5)
        assert [event.id for event in middle] == [8, 9, 10, 11, 12]
        assert [event.id for event in reader.around("#lobby", HistoryPoint(time=BASE + 2), limit=6)] == [
            1,
            2,
            3,
            4,
            5,
            6,
        ]
        assert reader.around("#nowhere", HistoryPoint(id=1), limit=5) == []


def test_a_walk_reads_a_period(store: Store) -> None:
    """All of a room's events between two times, oldest first, over more than a page of runs."""
    for n in range(1, 451):
        store.save([said(n), said(1000 + n, "#tea")] if n == 450 else [said(n)])
    with closing(store.reader()) as reader:
        found = [event.id for event in reader.walk("#lobby", BASE + 3, BASE + 440)]
    assert found == list(range(3, 440))


def test_reading_does_not_wait_for_writing(data: Path, store: Store) -> None:
    """A reader in another connection sees what was committed, while a transaction is open."""
    store.save([said(1)])
    with store.transaction() as db:
        db.execute("INSERT INTO marks VALUES ('x', 1)")
        with closing(Reader(data / "chatroom.db")) as reader:
            assert texts(reader.history("#lobby", limit=5)) == ["message 1"]
