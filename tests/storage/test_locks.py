"""SQLite's locks on the file stay: what another program does beside the server takes nothing away.

By POSIX, a process that closes any descriptor of a file loses all its locks on it: https://sqlite.org/howtocorrupt.html.
"""

import os
import resource
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from chatroom.storage.maintenance import Maintenance
from chatroom.storage.store import Store
from tests.crash import BESIDE, beside, check, history
from tests.peers import Irc, Served, asked, eventually, said
from tests.storage.test_store import fill, save_much

LOCKS = Path("/proc/locks")


def locks(pid: int, data: Path) -> set[str]:
    """The locks of a process on the file and on what SQLite has beside it: which kind, on which bytes."""
    names = {path.stat().st_ino: path.name for path in data.iterdir() if path.name != "chatroom.lock"}
    found = set()
    for line in LOCKS.read_text().splitlines():
        _, kind, _, access, owner, place, *between = line.split()
        if kind == "->":  # waits for the lock in the line above
            continue
        inode = int(place.split(":")[2])
        if kind == "POSIX" and int(owner) == pid and inode in names:
            found.add(f"{names[inode]} {access} {'-'.join(between)}")
    return found


@pytest.mark.skipif(not LOCKS.exists(), reason="needs /proc to see locks")
def test_housework_and_what_runs_beside_it_leave_the_locks_alone(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint, indexing, pruning, recovery from a full disk, and every command that may be used meanwhile."""
    monkeypatch.setattr("chatroom.storage.maintenance.ROUND_SECONDS", 0.02)
    monkeypatch.setattr("chatroom.storage.maintenance.ROUND_MAX_SECONDS", 0.04)
    monkeypatch.setattr("chatroom.storage.maintenance.CHECKPOINT_BYTES", 1)
    monkeypatch.setattr("chatroom.storage.store.RETRY_FIRST_SECONDS", 0.05)
    with closing(Store(data)) as store, closing(store.reader()):
        keeper = Maintenance(store, lambda works, lost: None, keep=1)
        save_much(store)
        before = locks(os.getpid(), data)
        assert {lock.split()[0] for lock in before} == {"chatroom.db", "chatroom.db-shm"}

        size = store.path.stat().st_size
        keeper.start()
        eventually(lambda: store.path.stat().st_size > size, "the log is emptied into the file")
        eventually(lambda: keeper._done_at != (0, 0, 0), "all is indexed and pruned")
        eventually(lambda: locks(os.getpid(), data) == before, "the locks are there after housework")

        empty = fill(store)
        for first in range(41, 2000, 40):  # what was merged and pruned has left free pages
            if not store.failure:
                save_much(store, first)
        assert store.failure
        empty()
        eventually(lambda: not store.failure, "all is saved again")
        keeper.stop()
        assert locks(os.getpid(), data) == before
        for name in BESIDE:
            beside(data, name)
            assert locks(os.getpid(), data) == before, name


@pytest.mark.parametrize("name", BESIDE)
def test_what_is_done_beside_a_server_that_is_then_killed_loses_nothing(
    serve: Callable[..., Served], data: Path, name: str
) -> None:
    """All that was heard is in the history (but what was pruned), and the file is whole."""
    served = serve("--data", str(data), "--unlimited")
    al = Irc(served.port, "al", "echo-message", "batch", "draft/chathistory")
    asked(al, "CHATHISTORY LATEST #lobby * 1")  # from here on the server reads by another connection, too
    _fill_for_a_moment(served, al)
    _talk(al, "first", 50)
    talking = threading.Thread(target=_talk, args=(al, "meanwhile", 500))
    talking.start()
    beside(data, name)
    talking.join()
    _talk(al, "last", 50)
    served.process.kill()
    served.process.wait()
    al.close()
    check(data / "chatroom.db")
    heard = [text for text in said(al.heard) if text != "full"]
    kept = [text for room, _, text in history(data) if room == "#lobby" and text != "full"]
    if name == "prune all":
        assert 50 <= len(kept) <= len(heard) == 600
        assert kept == heard[-len(kept) :]
    else:
        assert kept == heard
        assert len(heard) == 600


def _talk(client: Irc, text: str, count: int) -> None:
    client.send(*[f"PRIVMSG #lobby :{text}-{number}" for number in range(count)])
    client.until(f"PRIVMSG #lobby :{text}-{count - 1}$")


def _fill_for_a_moment(served: Served, client: Irc) -> None:
    """The server's files may not grow, until it has noticed; then they may again, until it has noticed that."""
    pid = served.process.pid
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, hard))
    client.send("PRIVMSG #lobby :full")
    client.wait("Messages are not being saved at the moment$")
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
    client.wait("Messages are being saved again$")
