"""Files that others may have put there: what is refused, and what goes on working."""

import os
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chatroom.cli.main import main
from chatroom.common.trusted_files import UntrustedFileError, check_own_file, check_way, may_be_changed_by_others
from chatroom.net.certificates import KEY, self_signed
from chatroom.storage.schema import StoreError
from chatroom.storage.store import Store
from tests.storage.test_store import said

SOMEBODY = 12_345  # a user who isn't there


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


@pytest.fixture
def kept(data: Path) -> Path:
    with closing(Store(data)):
        return data


@pytest.mark.parametrize("name", ["chatroom.lock", "chatroom.db", "chatroom.db-wal", "chatroom.db-shm"])
def test_the_server_s_own_files_are_not_used_through_links(tmp_path: Path, data: Path, name: str) -> None:
    """What the link leads to stays as it is; a sentence says what to do."""
    precious = tmp_path / "precious"
    precious.write_text("do not lose this")
    data.mkdir(mode=0o700)
    (data / name).symlink_to(precious)
    with pytest.raises(StoreError, match=rf"{name} is a symbolic link.*put the file itself there"):
        Store(data)
    assert precious.read_text() == "do not lose this"
    (data / name).unlink()
    with closing(Store(data)):
        pass


def test_a_link_to_nowhere_makes_no_file_there(tmp_path: Path, data: Path) -> None:
    """Nobody is led to make a file in a place of somebody else's choice."""
    data.mkdir(mode=0o700)
    (data / "chatroom.db").symlink_to(tmp_path / "made")
    with pytest.raises(StoreError, match="symbolic link"):
        Store(data)
    assert not (tmp_path / "made").exists()


def test_what_is_no_file_is_refused(data: Path) -> None:
    """A pipe would keep the start waiting."""
    data.mkdir(mode=0o700)
    os.mkfifo(data / "chatroom.lock")
    with pytest.raises(StoreError, match=r"chatroom\.lock is no file"):
        Store(data)


def test_a_directory_may_be_reached_through_links_of_one_s_own(tmp_path: Path) -> None:
    """As /var/run is, or the state directory of a service."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "here").symlink_to(tmp_path / "disk")
    (tmp_path / "disk" / "data").mkdir(mode=0o700)
    (tmp_path / "data").symlink_to(tmp_path / "here" / "data")
    for directory in (tmp_path / "data", tmp_path / "here" / "new"):
        with closing(Store(directory)):
            pass
    assert run("backup", tmp_path / "here" / "copy", "--data", tmp_path / "data").exit_code == 0
    assert (tmp_path / "disk" / "copy").stat().st_mode & 0o777 == 0o600


def test_others_who_may_write_to_the_directory_are_warned_of(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Once a start; the server runs all the same."""
    data.mkdir(mode=0o700)
    with closing(Store(data)):
        assert "chmod 700" not in caplog.text
    for mode in (0o770, 0o777, 0o1777):
        caplog.clear()
        data.chmod(mode)
        with closing(Store(data)):
            assert caplog.text.count("chmod 700") == 1


def test_the_key_of_the_server_is_no_link_and_for_its_owner_alone(tmp_path: Path, data: Path) -> None:
    """Whoever can put a link there would get the key, or have one of their own used."""
    pytest.importorskip("cryptography")
    data.mkdir(mode=0o700)
    (data / KEY).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UntrustedFileError, match="symbolic link"):
        self_signed(data, "a.example")
    assert not (tmp_path / "elsewhere").exists()
    done = run("serve", "--tls-self-signed", "--data", data, "-p", "0")
    assert done.exit_code == 1
    assert "symbolic link" in done.output
    (data / KEY).unlink()
    _, key = self_signed(data, "a.example")
    assert key.stat().st_mode & 0o777 == 0o600
    assert sorted(file.name for file in data.iterdir()) == ["tls-certificate.pem", "tls-key.pem"]


def test_an_export_is_for_its_owner_alone(kept: Path, tmp_path: Path) -> None:
    """Unless the file was there before, with other rights."""
    with closing(Store(kept)) as store:
        store.save([said(1)])
    assert run("history", "export", "lobby", "-o", tmp_path / "new").exit_code == 0
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600
    (tmp_path / "new").chmod(0o644)
    assert run("history", "export", "lobby", "-o", tmp_path / "new").exit_code == 0
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o644


# ---- files of others, which only root can make ----------------------------------------------------------------------


@pytest.mark.root
def test_files_of_others_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of root and of the directory's owner are not: they can do as they like anyhow."""
    monkeypatch.setattr("os.geteuid", lambda: 65534)
    shared = tmp_path / "shared"
    shared.mkdir()
    os.chown(shared, 65534, 65534)
    file = shared / "chatroom.db"
    file.touch()
    for owner in (65534, 0):
        os.chown(file, owner, owner)
        check_own_file(file)
    assert not may_be_changed_by_others(shared)
    os.chown(file, SOMEBODY, SOMEBODY)
    with pytest.raises(UntrustedFileError, match=f"belongs to another user .{SOMEBODY}."):
        check_own_file(file)
    with pytest.raises(StoreError, match="make it yours with chown"):
        Store(shared)
    os.chown(shared, SOMEBODY, SOMEBODY)
    check_own_file(file)
    assert may_be_changed_by_others(shared)


@pytest.mark.root
def test_links_of_others_lead_nowhere(kept: Path, tmp_path: Path) -> None:
    """Neither an export nor a backup is written through one, nor is data used through one."""
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o1777)
    for name, to in (("file", tmp_path / "precious"), ("way", tmp_path)):
        (shared / name).symlink_to(to)
        os.chown(shared / name, SOMEBODY, SOMEBODY, follow_symlinks=False)
    for target in (shared / "file", shared / "way" / "precious"):
        with pytest.raises(UntrustedFileError, match=f"another user .{SOMEBODY}. has made"):
            check_way(target)
        for command in (("history", "export", "lobby", "-o", target), ("backup", target)):
            done = run(*command)
            assert done.exit_code == 1, done.output
        assert "has made; choose another place" in done.output
    with pytest.raises(StoreError, match="has made; choose another place"):
        Store(shared / "way" / "data")
    assert not (tmp_path / "precious").exists()
