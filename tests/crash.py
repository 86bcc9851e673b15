"""Kills a server in the middle of a conversation, and looks at what is left of it.

A `Cycle` runs `chatroom serve` as a process. Senders talk without a pause; everybody writes down what they are told.
At some moment the process is killed. What then must hold is checked by `audit`.
"""

import re
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

from chatroom.model.events import Said
from chatroom.storage.reader import Reader
from tests.peers import DEADLINE, Irc, Served

ROOMS = ("#lobby", "#tea")
_LINE = re.compile(rb"@msgid=([0-9a-f]+) :\S+ PRIVMSG (#\S+) :(\S+)\r\n")

Heard = list[tuple[str, int, str]]  # room, id and text of each message, in the order in which they came


class Listener(threading.Thread):
    """Writes down all that a client is told, until the connection ends."""

    def __init__(self, client: Irc) -> None:
        super().__init__(daemon=True)
        self.client = client
        self.data = bytearray()

    def run(self) -> None:
        try:
            while data := self.client.sock.recv(65536):
                self.data += data
        except OSError:
            pass  # killed: a reset is as good an end as any

    def heard(self) -> Heard:
        return [(m[2].decode(), int(m[1], 16), m[3].decode()) for m in _LINE.finditer(bytes(self.data))]


class Sender(threading.Thread):
    """Says `name`-0, `name`-1, … into both rooms by turns, `rate` times a second, until the connection ends."""

    def __init__(self, client: Irc, name: str, rate: float) -> None:
        super().__init__(daemon=True)
        self._client = client
        self._name = name
        self._pause = 1 / rate
        self._ended = threading.Event()

    def run(self) -> None:
        number = 0
        try:
            while not self._ended.wait(self._pause):
                self._client.sock.sendall(f"PRIVMSG {ROOMS[number % 2]} :{self._name}-{number}\r\n".encode())
                number += 1
        except OSError:
            pass  # killed

    def end(self) -> None:
        self._ended.set()
        self.join()


# What may be done while a server runs.
BESIDE = {
    "rooms": ("history", "rooms"),
    "export": ("history", "export", "#lobby"),
    "search": ("history", "search", "first"),
    "prune": ("history", "prune", "--older-than", "1h"),
    "prune all": ("history", "prune", "--older-than", "0h"),
    "backup": ("backup",),
}


def beside(data: Path, name: str) -> subprocess.CompletedProcess[bytes]:
    """Runs one of these commands on this data, as a process of its own."""
    command = [*BESIDE[name], str(data.parent / "backup.db")] if name == "backup" else BESIDE[name]
    program = [sys.executable, "-m", "chatroom", *command, "--data", str(data)]
    return subprocess.run(program, check=True, capture_output=True, timeout=DEADLINE)


def check(file: Path) -> None:
    """Checks that a database is whole."""
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def cycle(
    data: Path,
    number: int,
    life: float,
    senders: int = 4,
    rate: float = 75,
    meanwhile: Callable[[], object] = lambda: None,
) -> list[Heard]:
    """Runs a server on `data`, kills it after `life` seconds of talk, returns what each of its clients heard.

    `meanwhile` is called in the middle of it.
    """
    served = Served("-p", "0", "--unlimited", "--log-level", "warning", "--data", str(data))
    clients: list[Irc] = []
    try:
        for i in range(senders + 1):
            clients.append(Irc(served.port, f"c{i}", "message-tags", "draft/chathistory", room=",".join(ROOMS)))
            clients[-1].sock.settimeout(DEADLINE)
            clients[-1].sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listeners = [Listener(client) for client in clients]
        talkers = [Sender(client, f"{number}-{i}", rate) for i, client in enumerate(clients[:senders])]
        for thread in (*listeners, *talkers):
            thread.start()
        time.sleep(life / 2)
        meanwhile()
        time.sleep(life / 2)  # the moment of the kill, not a wait for anything
        served.process.kill()
        served.process.wait()
        for listener in listeners:
            listener.join(DEADLINE)
        for talker in talkers:
            talker.end()
        return [listener.heard() for listener in listeners]
    finally:
        for client in clients:
            client.close()
        served.close()


def history(data: Path) -> Heard:
    """What the file holds, room by room. The server is dead."""
    with closing(Reader(data / "chatroom.db")) as reader:
        events = [event for room in ROOMS for event in reader.walk(room, 0, 1 << 60)]
    return [(event.target, event.id, event.text) for event in events if isinstance(event, Said)]


def audit(kept: Heard, heard: Iterable[Heard]) -> int:
    """Checks that all that was heard is in the history, once, in that order. Returns how many messages were heard."""
    for room in ROOMS:
        ids = [id for where, id, _ in kept if where == room]  # noqa: A001
        assert ids == sorted(set(ids)), f"ids in {room} do not rise"
    texts = [text for _, _, text in kept]
    assert len(set(texts)) == len(texts), "something is in the history twice"
    known = set(kept)
    everything = set()
    for one in heard:
        lost = [line for line in one if line not in known]
        assert not lost, f"{len(lost)} heard, but not in the history, first {lost[0]}"
        ids = [id for _, id, _ in one]  # noqa: A001
        assert ids == sorted(set(ids)), "heard in another order than the history's"
        everything |= set(one)
    return len(everything)
