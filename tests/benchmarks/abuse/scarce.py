"""The machine runs out of something: descriptors, threads."""

import os
import resource
import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.benchmarks.abuse.attack import Check, at_most, exactly, start
from tests.benchmarks.load import RoundError
from tests.benchmarks.servers import Server
from tests.peers import Irc, Peer

_FILES = 256  # descriptors that the server may have, all told
_CONNECTS = 400
_FREED = 250  # clients that leave in the end
_THREADS = 20  # that the server may have
_CLIENTS = 40  # that would like one
# The limit on processes counts a user's threads, and spares root: so it runs as a user with no other process, not even
# that of another run of this on the same machine.
_AS_NOBODY = f"""\
import os, resource
from chatroom.cli import main
from chatroom.server import ChatServer

class Humble(ChatServer):
    def start(self):
        resource.setrlimit(resource.RLIMIT_NPROC, ({_THREADS}, {_THREADS}))
        nobody = 100_000 + os.getpid()
        os.setgid(nobody)
        os.setuid(nobody)
        super().start()

import chatroom.server
chatroom.server.ChatServer = Humble
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
        return [Check("carried out", "no: that needs root", "told only", True)]
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
