"""A file of an older version is brought up to date, with all that is in it, and a copy of it is kept."""

import gzip
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from chatroom import __version__
from chatroom.cli.main import main
from chatroom.storage import before_upgrade
from chatroom.storage.before_upgrade import copy_of
from chatroom.storage.schema import MIGRATIONS, StoreError
from chatroom.storage.store import Store
from tests.peers import Irc, Served

# Written by version 0.1.0: ten people say 300 messages in #load, "owner" has claimed that name, owns #tea with a topic,
# a ban by address and a message.
OLD = Path(__file__).with_name("chatroom-0.1.0.db.gz")
MESSAGES = 300


@pytest.fixture
def old(data: Path) -> Path:
    """The file, as a server of that version has left it."""
    data.mkdir(mode=0o700)
    file = data / "chatroom.db"
    file.write_bytes(gzip.decompress(OLD.read_bytes()))
    return file


def dump(file: Path) -> list[str]:
    """All that is in a database."""
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro&immutable=1", uri=True)) as db:
        return list(db.iterdump())


def test_an_older_file_keeps_everything(old: Path, serve: Callable[..., Served]) -> None:
    """The history, the account with its password, the room's owner, topic and ban."""
    served = serve("--data", str(old.parent), "--keep", "0")
    owner = Irc(served.port, "owner", room="", password="owner:open-sesame-42")
    owner.send("JOIN #tea")
    owner.wait(" 332 owner #tea :tea and cake")
    owner.send("MODE #tea b")
    owner.wait(" 367 owner #tea ")
    owner.send("NAMES #tea")
    owner.wait(" 353 owner . #tea :[~@]+owner")
    owner.close()
    served.type("q")
    assert served.ends() == 0
    numbers = re.findall(r"talker(\d): message (\d+) of \1", exported("#load", old.parent))
    assert len(set(numbers)) == len(numbers) == MESSAGES
    assert "owner: zażółć gęślą jaźń 😀" in exported("#tea", old.parent)


def exported(room: str, data: Path) -> str:
    """The history of a room, as the command line writes it."""
    file = data.with_name(f"{room[1:]}.txt")
    done = CliRunner().invoke(main, ["history", "export", room, "--data", str(data), "-o", str(file)])
    assert done.exit_code == 0, done.output
    return file.read_text(encoding="utf-8")


def test_a_copy_is_kept_before_a_file_is_changed(old: Path) -> None:
    """As it was, for its owner alone, and once: what is done to the data later doesn't touch it."""
    before = dump(old)
    Store(old.parent).close()
    copy = old.with_name(f"chatroom.db.before-{__version__}")
    assert dump(copy) == before != dump(old)
    assert copy.stat().st_mode & 0o777 == 0o600
    status = copy.stat()
    Store(old.parent).close()
    assert copy.stat() == status


def test_an_interrupted_upgrade_leaves_the_data_and_the_copy(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next start goes on from there, and the copy is the one that was made first."""
    before = dump(old)
    bad = ("half", ("CREATE TABLE half (x)", "CREATE TABLE half (x)"))
    with monkeypatch.context() as patch:
        patch.setattr("chatroom.storage.schema.MIGRATIONS", (MIGRATIONS[0], bad, *MIGRATIONS[1:]))
        with pytest.raises(StoreError, match="half"):
            Store(old.parent)
    assert dump(copy_of(old)) == before
    with closing(Store(old.parent)) as store:
        assert not store.failure
    assert dump(copy_of(old)) == before


def test_without_room_for_a_copy_nothing_is_changed(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said how much is needed, and how to go on without one."""
    before = dump(old)
    with monkeypatch.context() as patch:
        patch.setattr(before_upgrade, "_SPARE_BYTES", 10**18)
        with pytest.raises(
            StoreError, match=r"That needs 1,000,000,000,0\d\d MB, and [\d,]+ MB are free: make room\."
        ) as told:
            Store(old.parent)
        assert str(copy_of(old)) in str(told.value)
        assert dump(old) == before
        copy_of(old).touch()
        Store(old.parent).close()
    assert copy_of(old).stat().st_size == 0


def test_a_file_of_this_version_is_not_copied(data: Path) -> None:
    """Nor is a new one."""
    for _ in range(2):
        Store(data).close()
    assert not copy_of(data / "chatroom.db").exists()
