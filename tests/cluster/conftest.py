"""Real Redis servers, and chats of several servers on them."""

import logging
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chatroom.cluster.replica import LinkStatus
from chatroom.cluster.servers import Timing
from chatroom.server.chat_server import ChatServer
from chatroom.storage.store import Store
from tests.chat import INFO
from tests.hosting import watch_lock
from tests.peers import DEADLINE, Guests, eventually
from tests.ports import free_port

# Fast enough for tests, and slow enough for a loaded machine.
QUICK = Timing(lease=3.0, stall=1.5, beat=0.5, grace=0.3, timeout=1.0)


class Redis:
    """A redis-server on a port of its own, with its data in a directory."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._directory = directory
        self.start()

    def start(self) -> None:
        options = ["--save", "", "--appendonly", "yes", "--appendfsync", "always", "--dir", str(self._directory)]
        self._process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", *options], stdout=subprocess.DEVNULL
        )
        eventually(self._answers, "redis-server answers")

    def _answers(self) -> bool:
        try:
            return self.tell("PING") == b"+PONG\r\n"
        except OSError:
            return False

    def tell(self, *words: str) -> bytes:
        """What it answers to a command; the first 64 KiB of it."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as sock:
            sock.sendall((" ".join(words) + "\r\n").encode())
            return sock.recv(65536)

    def number(self, key: str) -> int:
        """A number that stands at a key."""
        return int(self.tell("GET", key).split(b"\r\n")[1])

    def kill(self, forget: bool = False) -> None:
        """At once, and with `forget` with all its data."""
        self._process.kill()
        self._process.wait()
        if forget:
            shutil.rmtree(self._directory)
            self._directory.mkdir()

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self.thaw()
        self.kill()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    (tmp_path / "redis").mkdir()
    redis = Redis(tmp_path / "redis")
    yield redis
    redis.close()


class Wire:
    """The way of one server to its Redis, which can be cut: a port that hands on what comes."""

    def __init__(self, port: int) -> None:
        self._redis = port
        self._is_cut = False
        self._ends: list[socket.socket] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Ends all connections; until it is mended, there are no others."""
        with self._lock:
            self._is_cut = True
            hang_up(*self._ends)

    def mend(self) -> None:
        with self._lock:
            self._is_cut = False

    def close(self) -> None:
        self.cut()
        hang_up(self._listener)
        for end in (self._listener, *self._ends):
            end.close()

    def _accept(self) -> None:
        try:
            while True:
                server, _ = self._listener.accept()
                with self._lock:
                    self._ends.append(server)
                    if self._is_cut or not self._join(server):
                        hang_up(server)
        except OSError:
            pass  # it is closed

    def _join(self, server: socket.socket) -> bool:
        """Connects a server to Redis, if there is one."""
        try:
            redis = socket.create_connection(("127.0.0.1", self._redis), timeout=5)
        except OSError:
            return False
        redis.settimeout(None)
        self._ends.append(redis)
        for ends in ((server, redis), (redis, server)):
            threading.Thread(target=_hand_on, args=ends, daemon=True).start()
        return True


@pytest.fixture
def wire(redis: Redis) -> Iterator[Wire]:
    wire = Wire(redis.port)
    yield wire
    wire.close()


def _hand_on(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass  # it was cut
    hang_up(source, target)


def hang_up(*ends: socket.socket) -> None:
    """Both sides notice at once, and so does who waits for them."""
    for end in ends:
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the other side was faster


class Node:
    """A server of a chat, with its clients."""

    def __init__(
        self,
        url: str,
        name: str,
        store: Store | None = None,
        timing: Timing = QUICK,
        monkeypatch: pytest.MonkeyPatch | None = None,
    ) -> None:
        self.server = ChatServer(
            "127.0.0.1", 0, replace(INFO, name=name), store=store, unlimited=True, cluster=url, timing=timing
        )
        self.unlocked = watch_lock(self.server, monkeypatch) if monkeypatch else []
        self.server.start()
        assert self.server.link
        self.log = self.server.link
        self.guests = Guests(self.server.port)
        self.stopped = False

    def people(self) -> list[str]:
        with self.log.lock:
            return [user.person.nick for user in self.server.hub.state.users.values()]

    def settled(self) -> bool:
        return self.log.replica.status is LinkStatus.UP

    def is_down(self) -> bool:
        return self.log.replica.status is LinkStatus.DOWN

    def has_sent(self) -> bool:
        """Whether something that a client has caused is on its way."""
        return bool(self.log.replica.flying)

    def stop(self) -> None:
        """As `q` at the console does. May be called once; `close` need not be."""
        self.stopped = True
        self.server.stop()

    def close(self) -> None:
        self.guests.close()
        if not self.stopped:
            self.stop()


@pytest.fixture
def node(
    redis: Redis, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Node]]:
    """Starts servers on `redis`: `node("one")`. They may log no error, nor do anything without their locks.

    With a `wire` one reaches Redis through that.
    """
    nodes: list[Node] = []

    def start(name: str, store: Store | None = None, timing: Timing = QUICK, wire: Wire | None = None) -> Node:
        nodes.append(Node(wire.url if wire else redis.url, name, store, timing, monkeypatch))
        return nodes[-1]

    yield start
    for each in nodes:
        each.close()
    errors = [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert not errors
    assert not [what for each in nodes for what in each.unlocked]


def _difference(one: str, other: str) -> str:
    at = next(i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return f"…{one[max(0, at - 200) : at + 100]}…\nis not\n…{other[max(0, at - 200) : at + 100]}…"


def agree(*nodes: Node, within: float = DEADLINE) -> None:
    """Waits until all servers are at the same place, and makes sure that they hold the same."""
    deadline = time.monotonic() + within
    while True:
        for each in nodes:
            each.log.lock.acquire()
        try:
            at = {each.log.replica.at for each in nodes}
            if len(at) == 1 and all(each.settled() and not each.log.waiting() for each in nodes):
                states = [each.log.replica.snapshot() for each in nodes]
                for _, held in states:
                    assert held == states[0][1], _difference(held, states[0][1])
                return
        finally:
            for each in nodes:
                each.log.lock.release()
        assert time.monotonic() < deadline, f"not at one place within {within:g} s: {at}"
        time.sleep(0.005)
