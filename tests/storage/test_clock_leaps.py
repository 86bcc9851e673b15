"""The clock leaps: nothing is deleted at once because of that."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from chatroom.model.events import Event, Said
from chatroom.model.values import MessageKind, Person
from chatroom.storage.clock_leaps import LEAP_MS, NOTE_MS, ClockLeaps
from chatroom.storage.maintenance import Maintenance
from chatroom.storage.store import Store
from tests.chat import NOON
from tests.peers import eventually

DAY_MS = 86_400_000
YEAR_MS = 365 * DAY_MS


class Wall:
    """A clock on the wall."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> int:
        return self.time


def test_a_clock_that_was_never_looked_at_has_not_leapt() -> None:
    wall = Wall()
    leaps = ClockLeaps(None, wall)
    wall.time += LEAP_MS
    assert leaps.since_leap() > YEAR_MS


@pytest.mark.parametrize("leap", [YEAR_MS, -YEAR_MS])
def test_after_a_leap_time_counts_anew(leap: int, caplog: pytest.LogCaptureFixture) -> None:
    """Ahead or back, and when it is set right again, too. The log says so, once."""
    wall = Wall()
    leaps = ClockLeaps(None, wall)
    for each in (leap, -leap):
        caplog.clear()
        wall.time += each
        assert leaps.since_leap() == 0
        assert f"has leapt by {each // DAY_MS:+d} days" in caplog.text
        wall.time += DAY_MS
        assert leaps.since_leap() == DAY_MS
        assert len(caplog.records) == 1


def test_a_leap_outlives_a_restart(tmp_path: Path) -> None:
    """That of before the end, and that while the server was off."""
    wall = Wall()

    def since_leap() -> int:
        with closing(Store(tmp_path)) as store:
            return ClockLeaps(store, wall).since_leap()

    assert since_leap() > YEAR_MS
    wall.time += LEAP_MS
    assert since_leap() > YEAR_MS
    wall.time += LEAP_MS + 1
    assert since_leap() == 0
    wall.time += LEAP_MS
    assert since_leap() == LEAP_MS


def test_looking_is_noted_once_an_hour(tmp_path: Path) -> None:
    """It is written to the disk."""
    wall = Wall()
    with closing(Store(tmp_path)) as store:
        leaps = ClockLeaps(store, wall)
        leaps.since_leap()
        before = store.db.total_changes
        wall.time += NOTE_MS
        leaps.since_leap()
        assert store.db.total_changes == before
        wall.time += 1
        leaps.since_leap()
        assert store.db.total_changes > before


def test_a_clock_that_leaps_a_year_ahead_deletes_no_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is deleted if that lasts for a day. What was too old before goes as ever."""
    monkeypatch.setattr("chatroom.storage.maintenance.ROUND_SECONDS", 0.01)
    monkeypatch.setattr("chatroom.storage.maintenance.ROUND_MAX_SECONDS", 0.01)
    alice = Person("1", "alice", "al", "127.0.0.1")
    days = (100, 80)  # before today, each a message
    wall = Wall()
    today = wall.time + YEAR_MS
    monkeypatch.setattr("chatroom.storage.maintenance.time.time", lambda: wall.time / 1000)
    with closing(Store(tmp_path)) as store:
        said: list[Event] = [
            Said(alice, "#lobby", f"{day} days", MessageKind.MESSAGE, id=n, time=today - day * DAY_MS)
            for n, day in enumerate(days, 1)
        ]
        for each in said:
            store.save([each])

        def kept() -> int:
            with store.lock:
                return int(store.db.execute("SELECT count(*) FROM runs").fetchone()[0])

        leaps = ClockLeaps(store, wall)
        caplog.set_level(logging.WARNING)

        def keep_house(expected: int) -> None:
            maintenance = Maintenance(store, lambda works, lost: None, 90, 0, leaps)
            maintenance.start()
            try:
                eventually(lambda: maintenance._done_at[0] == len(said), "a round is done")
                assert kept() == expected
            finally:
                maintenance.stop()

        keep_house(2)
        wall.time = today
        keep_house(2)
        assert "has leapt by +365 days" in caplog.text
        wall.time += DAY_MS
        keep_house(1)


def test_a_full_disk_is_no_reason_to_forget_a_leap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wall = Wall()
    with closing(Store(tmp_path)) as store:
        leaps = ClockLeaps(store, wall)

        def full() -> None:
            raise sqlite3.OperationalError("database or disk is full")

        monkeypatch.setattr(store, "transaction", full)
        wall.time += YEAR_MS
        assert leaps.since_leap() == 0
        wall.time += 1
        assert leaps.since_leap() == 1
