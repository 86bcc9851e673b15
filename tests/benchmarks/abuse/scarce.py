"""The machine runs out of something: descriptors, threads, room on its disk."""

import errno
import os
import re
import resource
import select
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from chatroom.storage.store import RETRY_MAX_SECONDS
from tests.benchmarks.abuse.attack import Check, allowed, at_most, exactly, not_here, start
from tests.benchmarks.load import RoundError
from tests.benchmarks.servers import Server
from tests.crash import ROOMS, Listener, Sender, audit, history
from tests.peers import DEADLINE, Irc, Peer, eventually

_FILES = 256  # descriptors that the server may have, all told
_CONNECTS = 400
_FREED = 250  # clients that leave in the end
_THREADS = 20  # that the server may have
_CLIENTS = 40  # that would like one
_DISK = 8  # MiB
_TALKERS = 4
_SPEECH = 100.0  # messages a second, each
_TROUBLE, _WELL = b"not being saved at the moment", b"being saved again"
_NOTICES = re.compile(_TROUBLE + b"|" + _WELL)
# The limit on processes counts a user's threads, and spares root: so it runs as a user with no other process, not even
# that of another run of this on the same machine.
_AS_NOBODY = f"""\
import os, resource
from chatroom.cli.main import main
from chatroom.server.chat_server import ChatServer

class Humble(ChatServer):
    def start(self):
        resource.setrlimit(resource.RLIMIT_NPROC, ({_THREADS}, {_THREADS}))
        nobody = 100_000 + os.getpid()
        os.setgid(nobody)
        os.setuid(nobody)
        super().start()

import chatroom.server.chat_server
chatroom.server.chat_server.ChatServer = Humble
main(prog_name="chatroom")
"""


def descriptors(short: bool) -> list[Check]:
    """The limit falls while the server runs: at its start it would have made do with fewer clients."""
    with start("--unlimited") as server, ExitStack() as stack:
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (_FILES, _FILES))
        witness = stack.enter_context(_irc(server, "witness"))
        peers = [stack.enter_context(_connected(server)) for _ in range(_CONNECTS)]
        cpu, began = server.cpu(), time.monotonic()
        select.select([], [], [], 1 if short else 10)
        busy = (server.cpu() - cpu) / (time.monotonic() - began) * 100
        witness.sync()
        for peer in peers[:_FREED]:
            peer.close()
        freed = time.monotonic()
        with _irc(server, "late"):
            served = time.monotonic() - freed
        lines = server.log().splitlines()
    return [
        Check("processor meanwhile", busy, "below 10 %", busy < 10, timed=True),
        at_most("until a newcomer is served", served, 2, "s", timed=True),
        exactly("lines in the log about it", sum("descriptors" in line for line in lines), 1),
        exactly("tracebacks", server_errors(lines), 0),
    ]


def threads(short: bool) -> list[Check]:
    if os.geteuid() != 0:
        return not_here("root")
    with start("--unlimited", python=("-c", _AS_NOBODY)) as server, ExitStack() as stack:
        witness = stack.enter_context(_irc(server, "witness"))
        peers = [stack.enter_context(_connected(server)) for _ in range(_CLIENTS)]
        for peer in peers:
            peer.wait("^(Username|ERROR :the server is full; try again later\r)$")
        refused = sum(peer.heard[0].startswith("ERROR") for peer in peers)
        witness.sync()
        for peer in peers:
            peer.close()
        began = time.monotonic()
        stack.enter_context(_irc_when_there_is_room(server))
        served = time.monotonic() - began
        lines = server.log().splitlines()
    return [
        Check("told that the server is full", refused, f"of {_CLIENTS} those beyond {_THREADS} threads", refused > 0),
        at_most("until a newcomer is served", served, 5, "s", timed=True),
        at_most("lines in the log about it", sum("no thread" in line for line in lines), 2, ""),
        exactly("tracebacks", server_errors(lines), 0),
    ]


def disk(short: bool) -> list[Check]:
    """All that anybody heard is in the history in the end, what was said while nothing could be saved included."""
    if not allowed("unshare", "--mount", "mount", "-t", "tmpfs", "chatroom", str(Path.cwd())):  # in a world of its own
        return not_here("root")
    with (
        TemporaryDirectory() as place,
        _small_disk(place),
        start("--unlimited", "--log-level", "warning", "--data", place) as server,
    ):
        clients = [Irc(server.port, f"c{n}", "message-tags", room=",".join(ROOMS)) for n in range(_TALKERS)]
        talkers = [Sender(client, f"c{n}", _SPEECH) for n, client in enumerate(clients)]
        listeners = [Listener(client) for client in clients]
        for thread in (*listeners, *talkers):
            thread.start()
        ballast = Path(place) / "ballast"
        troubles = []
        for _ in range(1 if short else 5):
            _fill(ballast)
            eventually(lambda: _told(listeners[0]).endswith(_TROUBLE), "it notices", 30)
            time.sleep(0.5 if short else 10)  # of talk meanwhile, not a wait for anything
            ballast.unlink()
            began = time.monotonic()
            eventually(lambda: _told(listeners[0]).endswith(_WELL), "it recovers", RETRY_MAX_SECONDS + 10)
            troubles.append(time.monotonic() - began)
        for talker in talkers:
            talker.end()
        for client in clients:
            client.end_input()
        for listener in listeners:
            listener.join(DEADLINE)
        server.signal()
        server.ended()
        told = [_told(listener) for listener in listeners]
        heard = audit(history(Path(place)), [listener.heard() for listener in listeners])
        lines = server.log().splitlines()
        for client in clients:
            client.close()
    return [
        Check("messages heard, and all in the history", heard, "some", heard > 0),
        exactly("clients that were told each time", told.count((_TROUBLE + _WELL) * len(troubles)), _TALKERS),
        at_most("until it saved again", max(troubles), RETRY_MAX_SECONDS, "s", timed=True),
        at_most("lines in the log about it", sum("saved" in line for line in lines), 2 * len(troubles), ""),
        exactly("tracebacks", server_errors(lines), 0),
    ]


@contextmanager
def _small_disk(place: str) -> Iterator[None]:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK}m", "chatroom", place], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", place], check=True)


def _fill(ballast: Path) -> None:
    """Leaves no room at all."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError as full:
            if full.errno != errno.ENOSPC:
                raise


def _told(listener: Listener) -> bytes:
    """What a client was told about saving."""
    return b"".join(_NOTICES.findall(bytes(listener.data)))


def server_errors(lines: list[str]) -> int:
    return sum("Traceback" in line for line in lines)


@contextmanager
def _connected(server: Server) -> Iterator[Peer]:
    peer = Peer(server.port)
    try:
        yield peer
    finally:
        peer.close()


@contextmanager
def _irc(server: Server, nick: str) -> Iterator[Irc]:
    peer = Irc(server.port, nick)
    try:
        yield peer
    finally:
        peer.close()


@contextmanager
def _irc_when_there_is_room(server: Server) -> Iterator[socket.socket]:
    """The threads of those who left take a moment to end."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            sock.settimeout(5)
            sock.sendall(b"NICK late\r\nUSER u 0 * :r\r\n")
            if b" 001 " in sock.recv(4096):
                yield sock
                return
    raise RoundError("nobody is let in although there is room")
