"""Where the data may be: file systems that can't do what SQLite needs, and such that may only be read.

The kernel itself refuses: a filter (seccomp) makes a system call fail as it does on a file system that doesn't have it.
"""

import errno
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatroom.model.events import Said
from chatroom.model.values import MessageKind, Person
from chatroom.storage.store import Store
from tests.crash import check
from tests.peers import DEADLINE, Plain, Served

ALICE = Person("1", "alice", "al", "127.0.0.1")
NOON = 1_767_268_800_123

# The numbers of system calls, by machine, and what to refuse: call, error, (argument, value) pairs.
CALLS = {"x86_64": {"mmap": 9, "fcntl": 72, "flock": 73}, "aarch64": {"mmap": 222, "fcntl": 25, "flock": 32}}
WITHOUT: dict[str, tuple[str, int, tuple[tuple[int, int], ...]]] = {
    "a lock for the server": ("flock", errno.ENOLCK, ()),
    "locks": ("fcntl", errno.EINVAL, ((1, 6),)),  # F_SETLK
    "locks, as if it were busy": ("fcntl", errno.ENOLCK, ((1, 6),)),
    "memory to share": ("mmap", errno.ENODEV, ((2, 3), (3, 1))),  # PROT_READ | PROT_WRITE, MAP_SHARED
}
NAMED = {"a lock for the server": "chatroom.lock"}
REFUSING = """if True:
    import ctypes, struct, sys
    call, error, *pairs = map(int, sys.argv[1].split(","))
    steps = [(0x20, 0, 0, 0), (0x15, 0, len(pairs) + 1, call)]  # load the call's number, compare it
    for n in range(0, len(pairs), 2):  # load an argument, compare it
        steps += [(0x20, 0, 0, 16 + 8 * pairs[n]), (0x15, 0, len(pairs) - n - 1, pairs[n + 1])]
    steps += [(0x06, 0, 0, 0x00050000 | error), (0x06, 0, 0, 0x7FFF0000)]  # refuse, allow
    code = ctypes.create_string_buffer(b"".join([struct.pack("HBBI", *step) for step in steps]))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code)))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(38, 1, 0, 0, 0) or prctl(22, 2, ctypes.c_void_p(ctypes.addressof(program)), 0, 0):
        sys.exit(99)
    del sys.argv[1]
    from chatroom.cli.main import main
    main()
"""


SERVE, LOOK = ("serve", "-p", "0"), ("history", "rooms")


@pytest.mark.parametrize(
    ("command", "lacking"), [*[(SERVE, lacking) for lacking in WITHOUT], (LOOK, "locks"), (LOOK, "memory to share")]
)
def test_a_file_system_that_lacks_something_is_told_as_such(data: Path, lacking: str, command: tuple[str, ...]) -> None:
    """Which file it is, and that the data must be on a local disk."""
    if platform.machine() not in CALLS or not sys.platform.startswith("linux"):
        pytest.skip("needs the numbers of this machine's system calls")
    if command is LOOK:
        Store(data).close()
    call, error, pairs = WITHOUT[lacking]
    numbers = (CALLS[platform.machine()][call], error, *[number for pair in pairs for number in pair])
    done = subprocess.run(
        [sys.executable, "-c", REFUSING, ",".join(map(str, numbers)), *command, "--data", str(data)],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    if done.returncode == 99:
        pytest.skip("needs a kernel that filters system calls")
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {data / NAMED.get(lacking, 'chatroom.db')} ")
    assert "local disk" in done.stderr
    assert len(done.stderr.splitlines()) == 1


# ---- only to be read ------------------------------------------------------------------------------------------------


Reading = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def reading() -> Iterator[Reading]:
    """Runs the program as somebody who may only read a directory; root, too, is somebody then."""
    closed: list[Path] = []
    before = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    if before and not shutil.which("setpriv"):
        pytest.skip("needs setpriv, or not to be root")

    def run(directory: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
        closed.append(directory)
        for path in directory.iterdir():
            path.chmod(0o400)
        directory.chmod(0o500)
        names = sorted(path.name for path in directory.iterdir())
        command = [*before, sys.executable, "-m", "chatroom", *arguments, "--data", str(directory)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)
        assert sorted(path.name for path in directory.iterdir()) == names
        return done

    yield run
    for directory in closed:
        directory.chmod(0o700)


READERS = (("history", "rooms"), ("history", "export", "#lobby"), ("history", "search", "kept"))


def read_by_all(reading: Reading, directory: Path) -> None:
    for command in READERS:
        done = reading(directory, *command)
        assert (done.returncode, done.stderr) == (0, ""), command
        assert "#lobby" in done.stdout or "kept" in done.stdout
    changed = reading(directory, "history", "prune", "--older-than", "0h")
    assert (changed.returncode, changed.stdout) == (1, "")
    assert changed.stderr.startswith(f"Error: {directory / 'chatroom.db'} can't be changed: ")
    backup = directory.parent / "backup.db"
    assert reading(directory, "backup", str(backup)).returncode == 0
    check(directory.parent / "backup.db")


def test_what_may_only_be_read_is_read(data: Path, reading: Reading) -> None:
    """As it is after the server's end: exported, searched, backed up, and not changed."""
    with closing(Store(data)) as store:
        store.save([Said(ALICE, "#lobby", "kept", MessageKind.MESSAGE, id=1, time=NOON)])
    read_by_all(reading, data)


@pytest.mark.parametrize("shared", [True, False])
def test_a_copy_of_the_files_that_may_only_be_read_is_read_with_its_log(
    serve: Callable[..., Served], data: Path, tmp_path: Path, reading: Reading, shared: bool
) -> None:
    """Taken while the server runs: what was said stands in the log alone, and its index may not be there."""
    served = serve("--data", str(data))
    al = Plain(served.port, "al")
    al.send("kept for the backup", "/history")
    al.wait("kept for the backup")
    al.close()
    copy = tmp_path / "copy"
    shutil.copytree(data, copy, ignore=None if shared else shutil.ignore_patterns("*-shm"))
    read_by_all(reading, copy)
