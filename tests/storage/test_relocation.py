"""Data of older versions are moved once, whole, and never while somebody uses them."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatroom.storage import relocation
from chatroom.storage.relocation import directory_of, move
from chatroom.storage.schema import FILE
from chatroom.storage.store import lock_directory
from tests.peers import DEADLINE, Ear, Guests, Served

PEM = ("tls-key.pem", "tls-certificate.pem")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A directory of the older version, with data of which a part is in the write-ahead log, and preferences."""
    directory = tmp_path / "old"
    directory.mkdir(mode=0o700)
    source = tmp_path / "source.db"
    with closing(sqlite3.connect(source, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE said (text)")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("INSERT INTO said VALUES ('in the log')")
        shutil.copy(source, directory / FILE)  # as a crash leaves it
        shutil.copy(f"{source}-wal", directory / f"{FILE}-wal")
    (directory / "client.json").write_text("{}")
    for name in PEM:
        (directory / name).write_text(name)
    return directory


def said(directory: Path) -> list[str]:
    with closing(sqlite3.connect(f"file:{directory / FILE}?mode=rw", uri=True)) as db:
        return [text for (text,) in db.execute("SELECT text FROM said")]


def test_the_data_are_moved_with_what_is_in_the_log(old: Path, tmp_path: Path) -> None:
    """And the certificate; preferences stay. A second start has nothing to do."""
    new = tmp_path / "share" / "new"
    assert directory_of(new, old) == old
    assert move(old, new, PEM) == f"The data were moved from {old} to {new}."
    assert directory_of(new, old) == new
    assert said(new) == ["in the log"]
    assert {each.name for each in old.iterdir()} == {"client.json", "chatroom.lock"}
    assert [(new / name).read_text() for name in PEM] == list(PEM)
    assert new.stat().st_mode & 0o077 == 0
    assert move(old, new, PEM) == ""


def test_data_that_a_server_uses_are_not_moved(old: Path, tmp_path: Path) -> None:
    """It is told, and nothing is touched."""
    lock = lock_directory(old)
    with pytest.raises(Exception, match="uses the data in"):
        move(old, tmp_path / "new", PEM)
    lock.release()
    assert not (tmp_path / "new").exists()
    assert said(old) == ["in the log"]


def test_data_that_a_command_has_open_are_not_moved(old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are used where they are; the certificate goes back to them."""
    monkeypatch.setattr(relocation, "_BUSY_SECONDS", 0.1)
    with closing(sqlite3.connect(old / FILE, isolation_level=None)) as db:
        db.execute("BEGIN")
        db.execute("SELECT * FROM said").fetchall()
        assert "The data stay in" in move(old, tmp_path / "new", PEM)
    assert directory_of(tmp_path / "new", old) == old
    assert {*PEM, FILE} <= {each.name for each in old.iterdir()}
    assert said(old) == ["in the log"]
    assert move(old, tmp_path / "new", PEM).startswith("The data were moved")


def test_data_stay_where_they_can_not_be_moved(old: Path, tmp_path: Path) -> None:
    """A file is where the directory should be."""
    (tmp_path / "file").touch()
    assert "The data stay in" in move(old, tmp_path / "file" / "new", PEM)
    assert said(old) == ["in the log"]


def test_there_are_never_two_databases_in_use(old: Path, tmp_path: Path) -> None:
    """If both are there, the new one is used, and the other is named."""
    new = tmp_path / "new"
    shutil.copytree(old, new)
    assert move(old, new, PEM) == f"The data in {new} are used; those in {old} are not."
    assert directory_of(new, old) == new


def test_a_crash_at_any_step_loses_nothing(old: Path, tmp_path: Path) -> None:
    """The process is killed before each call of the system that renames; the next try ends it well."""
    for step in range(4):
        here, new = tmp_path / f"old-{step}", tmp_path / f"new-{step}"
        shutil.copytree(old, here)
        code = (
            "import os, signal, sys; from pathlib import Path; from chatroom.storage import relocation\n"
            "steps, rename = iter(range(9)), Path.rename\n"
            f"stop = lambda: next(steps) == {step} and os.kill(os.getpid(), signal.SIGKILL)\n"
            "Path.rename = lambda self, target: (stop(), rename(self, target), stop() if self.suffix == '.db' else 0)\n"
            f"relocation.move(Path({str(here)!r}), Path({str(new)!r}), {PEM!r})"
        )
        done = subprocess.run([sys.executable, "-c", code], timeout=DEADLINE, check=False)
        assert done.returncode == -signal.SIGKILL
        assert (here / FILE).exists() != (new / FILE).exists()
        move(here, new, PEM)
        assert directory_of(new, here) == new
        assert said(new) == ["in the log"]
        assert all((new / name).exists() for name in PEM)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home directory."""
    for name in [name for name in os.environ if name.startswith("XDG_") or name == "CHATROOM_SERVE_DATA"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    yield tmp_path


def test_a_start_moves_the_data_and_says_so(home: Path, serve: Callable[..., Served]) -> None:
    """What was said under the older version, which was killed, is read by commands before and after."""
    old, new = home / ".config" / "chatroom", home / ".local" / "share" / "chatroom"
    first = serve("--data", str(old))
    guests = Guests(first.port)
    bob = guests.irc("bob")
    guests.plain("alice").send("hello from before")
    bob.until("hello from before")
    guests.close()
    first.process.kill()
    first.process.wait(DEADLINE)
    export = [sys.executable, "-m", "chatroom", "history", "export", "#lobby"]
    before = subprocess.run(export, capture_output=True, text=True, timeout=DEADLINE, check=True).stdout
    assert "hello from before" in before
    assert (old / FILE).exists()
    program = [sys.executable, "-m", "chatroom", "serve", "-p", "0"]
    second = subprocess.Popen(program, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert second.stdout
    try:
        told = Ear(second.stdout.fileno(), "stdout").until("is listening on")
        assert told[0] == f"The data were moved from {old} to {new}."
        second.send_signal(signal.SIGTERM)
        assert second.wait(DEADLINE) == 0
    finally:
        second.kill()
        second.wait(DEADLINE)
        second.stdout.close()
    after = subprocess.run(export, capture_output=True, text=True, timeout=DEADLINE, check=True).stdout
    assert "hello from before" in after
    assert (new / FILE).exists() and not (old / FILE).exists()
