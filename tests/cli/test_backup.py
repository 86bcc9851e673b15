"""`chatroom backup` and `chatroom restore`: all that the server keeps, copied beside it and put back."""

import os
import pty
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chatroom.cli.main import main
from chatroom.model.events import AccountMade, Said, ServerBanned
from chatroom.model.values import MessageKind, Person
from chatroom.storage.backup import back_up, restore
from chatroom.storage.reader import Reader
from chatroom.storage.schema import StoreError
from chatroom.storage.store import Store
from tests.crash import check
from tests.peers import DEADLINE, Irc, Served, said

ALICE = Person("1", "alice", "al", "127.0.0.1")
NOON = 1_767_268_800_123


def chatroom(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def told(number: int, text: str = "") -> Said:
    return Said(ALICE, "#lobby", text or f"message {number}", MessageKind.MESSAGE, id=number, time=NOON + number)


@pytest.fixture
def kept(data: Path) -> Path:
    """Data of a server that has ended: three messages, an account and a ban."""
    account = AccountMade(ALICE, "alice", "secret", id=4, time=NOON)
    with closing(Store(data)) as store:
        store.save([told(1), told(2), told(3), account, ServerBanned(ALICE, "x!*@*", 0, "rude", id=5, time=NOON)])
    return data


@pytest.fixture
def copy(kept: Path, tmp_path: Path) -> Path:
    """A backup of it."""
    assert chatroom("backup", tmp_path / "copy.db").exit_code == 0
    return tmp_path / "copy.db"


def texts(file: Path) -> list[str]:
    with closing(Reader(file)) as reader:
        return [event.text for event in reader.history("#lobby", limit=10_000) if isinstance(event, Said)]


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def damage(file: Path) -> None:
    """Overwrites all but the first of a file's pages."""
    size = file.stat().st_size
    with file.open("r+b") as raw:
        raw.seek(4096)
        raw.write(b"\xaa" * (size - 4096))


def killed(data: Path) -> None:
    """Leaves data as a server that was killed does: what was said last stands in the log alone."""
    code = f"""if True:
        import os, pathlib
        from chatroom.storage.store import Store
        from tests.cli.test_backup import told
        store = Store(pathlib.Path({str(data)!r}))
        store.save([told(n, "in the log " * 50) for n in range(100, 200)])
        os.kill(os.getpid(), 9)"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert (data / "chatroom.db-wal").stat().st_size > 0


# ---- backup ---------------------------------------------------------------------------------------------------------


def test_a_backup_of_a_running_server_is_a_server_again(
    serve: Callable[..., Served], data: Path, tmp_path: Path
) -> None:
    """All that was said until then, accounts and bans; one file, for its owner alone, and whole."""
    served = serve("--unlimited", "--data", str(data), "--operator-password-file", str(_password(tmp_path)))
    al = Irc(served.port, "al", "echo-message")
    al.send("OPER al sesame-of-ops", "KLINE bad!*@* :rude", "PRIVMSG NickServ :REGISTER open-sesame")
    al.wait(" 900 ")
    al.send(*[f"PRIVMSG #lobby :{n}" for n in range(200)])
    al.until("PRIVMSG #lobby :199$")
    copy = tmp_path / "backups" / "copy.db"
    copy.parent.mkdir()
    done = chatroom("backup", copy, "--data", data)
    assert (done.exit_code, done.stderr) == (0, "")
    assert str(copy) in done.stdout
    al.send("PRIVMSG #lobby :later")
    al.until("PRIVMSG #lobby :later$")
    al.close()
    assert names(copy.parent) == ["copy.db"]
    assert copy.stat().st_mode & 0o777 == 0o600
    check(copy)
    assert texts(copy) == [str(n) for n in range(200)]

    other = tmp_path / "other" / "data"
    assert chatroom("restore", copy, "--data", other).exit_code == 0
    again = serve("--data", str(other))
    bob = Irc(again.port, "bob", "server-time")
    assert said(bob.heard) == [str(n) for n in range(150, 200)]
    bob.send("NICK al")
    bob.wait(" 433 bob al ")  # it is claimed
    bob.close()
    again.type("bans")
    again.out.wait(r"bad!\*@\*")


def _password(directory: Path) -> Path:
    file = directory / "password"
    file.write_text("sesame-of-ops\n", encoding="utf-8")
    return file


def test_a_backup_is_replaced_by_the_next(copy: Path, kept: Path) -> None:
    """So that it can be made every night."""
    with closing(Store(kept)) as store:
        store.save([told(6)])
        assert chatroom("backup", copy).exit_code == 0  # while it is in use
    assert texts(copy)[-1] == "message 6"
    assert [name for name in names(copy.parent) if "copy.db" in name] == ["copy.db"]


def test_what_is_no_backup_is_not_overwritten(kept: Path, tmp_path: Path) -> None:
    """The data itself above all, by whatever name; nor another server's, which is in use."""
    letter, link, other = tmp_path / "letter.txt", tmp_path / "link.db", tmp_path / "other"
    letter.write_text("dear bob", encoding="utf-8")
    link.symlink_to(kept / "chatroom.db")
    with closing(Store(other)) as store:
        store.save([told(1)])
        refused = {
            kept / "chatroom.db": "is the data itself",
            kept / "chatroom.db-wal": "is the data itself",
            kept / "chatroom.db-journal": "is the data itself",  # SQLite would delete it
            kept / "chatroom.lock": "is the data itself",
            link: "is the data itself",
            letter: "no backup of chatroom's",
            tmp_path: "is a directory",
            other / "chatroom.db": "in use",
            Path("/dev/null"): "no backup of chatroom's",
            tmp_path / "nowhere" / "x.db": "Nothing can be written to",
            Path("-"): "name a file for it",
        }
        before = (kept / "chatroom.db").stat().st_ino
        for file, why in refused.items():
            done = chatroom("backup", file, "--data", kept)
            assert (done.exit_code, done.stdout) == (1, ""), file
            assert why in done.stderr
    assert letter.read_text(encoding="utf-8") == "dear bob"
    assert (kept / "chatroom.db").stat().st_ino == before
    assert texts(other / "chatroom.db") == ["message 1"]
    assert names(tmp_path) == ["data", "letter.txt", "link.db", "other"]


def test_damaged_data_is_told_and_the_last_backup_stays(copy: Path, kept: Path) -> None:
    """A backup has its name only when it is whole."""
    damage(kept / "chatroom.db")
    done = chatroom("backup", copy)
    assert done.exit_code == 1
    assert f"The data in {kept} is damaged" in done.stderr
    assert texts(copy) == ["message 1", "message 2", "message 3"]
    assert names(copy.parent) == ["copy.db", "data"]


def test_a_full_disk_leaves_the_last_backup(copy: Path, kept: Path) -> None:
    """And nothing else; a sentence says so."""
    with closing(Store(kept)) as store:
        for n in range(6, 30):
            store.save([told(n, "x" * 4000)])
        limited = "import resource as r; r.setrlimit(r.RLIMIT_FSIZE, (20_000, 20_000))"
        program = f"{limited}; from chatroom.cli.main import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", program, "backup", str(copy), "--data", str(kept)],
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ") and len(done.stderr.splitlines()) == 1
    assert f"could not be copied to {copy.parent}" in done.stderr
    assert texts(copy) == ["message 1", "message 2", "message 3"]
    assert names(copy.parent) == ["copy.db", "data"]


def test_who_interrupts_a_copy_loses_nothing(copy: Path, kept: Path) -> None:
    """Ctrl+C while it is made: the backup before stays, and so does the data that a copy was to replace."""

    def interrupt(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(kept, copy, interrupt)
    with pytest.raises(KeyboardInterrupt):
        restore(copy, kept, interrupt)
    assert names(copy.parent) == ["copy.db", "data"]
    assert names(kept) == ["chatroom.db", "chatroom.lock"]
    assert texts(copy) == texts(kept / "chatroom.db") == ["message 1", "message 2", "message 3"]


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_who_is_told_to_end_leaves_nothing(copy: Path, kept: Path, command: str) -> None:
    """SIGTERM, just before the copy would get its name."""
    program = "import os; os.fsync = lambda _: os.kill(os.getpid(), 15); from chatroom.cli.main import main; main()"
    arguments = [sys.executable, "-c", program, command, str(copy), "--data", str(kept)]
    done = subprocess.run(arguments, capture_output=True, timeout=DEADLINE, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (128 + 15, b"", b"")
    assert names(copy.parent) == ["copy.db", "data"]
    assert names(kept) == ["chatroom.db", "chatroom.lock"]


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_progress_is_shown_on_a_terminal(copy: Path, kept: Path, command: str) -> None:
    """A bar on standard error, once it has taken a while; without a terminal not a byte of it."""
    program = "import chatroom.cli.progress as p; p.PATIENCE_SECONDS = -1; from chatroom.cli.main import main; main()"
    arguments = [sys.executable, "-c", program, command, str(copy), "--data", str(kept)]
    terminal, theirs = pty.openpty()
    subprocess.run(arguments, stdout=subprocess.PIPE, stderr=theirs, check=True, timeout=DEADLINE)
    os.close(theirs)
    bar = os.read(terminal, 10_000)
    os.close(terminal)
    assert b"Copying" in bar and b"100%" in bar
    assert subprocess.run(arguments, capture_output=True, check=True, timeout=DEADLINE).stderr == b""


# ---- restore --------------------------------------------------------------------------------------------------------


def test_a_backup_takes_the_place_of_the_data(copy: Path, kept: Path) -> None:
    """What was there is kept, and it is said where; that can be put back in turn."""
    with closing(Store(kept)) as store:
        store.save([told(6)])
    done = chatroom("restore", copy)
    assert (done.exit_code, done.stderr) == (0, "")
    [former] = kept.glob("chatroom-*.db")
    assert f"{former};" in done.stdout
    assert texts(kept / "chatroom.db") == ["message 1", "message 2", "message 3"]
    assert (kept / "chatroom.db").stat().st_mode & 0o777 == 0o600
    assert texts(former)[-1] == "message 6"
    assert chatroom("restore", former).exit_code == 0
    with closing(Store(kept)) as store, closing(store.reader()) as reader:
        assert len(reader.history("#lobby", limit=10)) == 4
        assert [name for name, *_ in reader.accounts()] == ["alice"]
    assert len(list(kept.glob("chatroom-*.db"))) == 2


@pytest.mark.parametrize("damaged", [False, True])
def test_what_a_killed_server_left_in_the_log_is_kept_with_the_old_data(copy: Path, kept: Path, damaged: bool) -> None:
    """It is never read with the backup, not even where the old file is damaged and the log can't be emptied into it."""
    killed(kept)
    if damaged:
        (kept / "chatroom.db").write_bytes(b"")
    log = (kept / "chatroom.db-wal").stat().st_size
    assert chatroom("restore", copy).exit_code == 0
    [former] = kept.glob("chatroom-*.db")
    if damaged:
        assert former.with_name(f"{former.name}-wal").stat().st_size == log
    else:
        assert len(texts(former)) == 103
    assert not [path for path in kept.glob("chatroom.db-*") if path.stat().st_size]
    check(kept / "chatroom.db")
    assert texts(kept / "chatroom.db") == ["message 1", "message 2", "message 3"]


def test_nothing_is_put_back_while_a_server_runs(serve: Callable[..., Served], copy: Path, kept: Path) -> None:
    """It says which process that is; the server's data is as it was."""
    served = serve("--data", str(kept))
    before = (kept / "chatroom.db").stat().st_ino
    done = chatroom("restore", copy, "--data", kept)
    assert done.exit_code == 1
    assert f"process {served.process.pid}" in done.stderr
    assert (kept / "chatroom.db").stat().st_ino == before
    assert not list(kept.glob("chatroom-*")) and not list(kept.glob(".chatroom*"))


@pytest.mark.parametrize(
    "how", ["damaged", "cut", "no database", "another program's", "newer", "missing", "server_session"]
)
def test_what_is_no_good_backup_changes_nothing(copy: Path, kept: Path, how: str) -> None:
    """It is looked at before anything is done."""
    why = "is no backup of chatroom's"
    if how == "damaged":
        damage(copy)
        why = "is damaged"
    elif how == "cut":
        os.truncate(copy, 8192)
        why = "is damaged"
    elif how == "no database":
        copy.write_bytes(b"a letter " * 1000)
    elif how == "another program's":
        copy.unlink()
        with closing(sqlite3.connect(copy)) as db:
            db.execute("CREATE TABLE songs (name)")
    elif how == "newer":
        with closing(sqlite3.connect(copy)) as db, db:
            db.execute("INSERT INTO migrations VALUES ('telepathy', 0)")
        why = "newer chatroom"
    elif how == "missing":
        copy.unlink()
        why = "There is no file"
    else:
        copy = kept / "chatroom.db"
        why = "is the data itself"
    before = (kept / "chatroom.db").stat()
    done = chatroom("restore", copy)
    assert done.exit_code == 1
    assert why in done.stderr and len(done.stderr.splitlines()) == 1
    assert (kept / "chatroom.db").stat().st_ino == before.st_ino
    assert names(kept) == ["chatroom.db", "chatroom.lock"]


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_file_that_cannot_be_looked_at_is_named(kept: Path, tmp_path: Path, command: str) -> None:
    """In a directory of somebody else's (root may look there), or where no name is so long."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o600)
    long = tmp_path / ("x" * 300)
    for file in [long] if os.geteuid() == 0 else [closed / "x.db", long]:
        done = chatroom(command, file)
        assert (done.exit_code, done.stdout) == (1, "")
        assert done.stderr.startswith(f"Error: {file} can't be used: ") and len(done.stderr.splitlines()) == 1
    assert names(kept) == ["chatroom.db", "chatroom.lock"]


def test_a_link_that_leads_in_a_circle_is_no_place_for_a_backup(kept: Path, tmp_path: Path) -> None:
    """Some versions of Python say so, with others the backup takes the link's place."""
    link = tmp_path / "circle.db"
    link.symlink_to(link)
    done = chatroom("backup", link)
    assert done.exit_code == 0 or (done.exit_code == 1 and done.stderr.startswith("Error: Symlink loop"))


def test_where_there_is_no_data_a_backup_can_be_put(copy: Path, tmp_path: Path) -> None:
    """The directory is made, for its owner alone."""
    new = tmp_path / "a" / "b"
    assert chatroom("restore", copy, "--data", new).exit_code == 0
    assert new.stat().st_mode & 0o777 == 0o700
    assert texts(new / "chatroom.db") == ["message 1", "message 2", "message 3"]
    with pytest.raises(StoreError, match="There is no history in"):
        back_up(tmp_path / "nowhere", copy, lambda done, of: None)
