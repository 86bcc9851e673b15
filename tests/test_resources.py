"""What comes and goes leaves nothing behind: no thread, no descriptor, no user, no room."""

import gc
from pathlib import Path

import pytest

from chatroom.server.chat_server import ChatServer
from chatroom.server.client_threads import THREADS_KEPT
from tests.chat import INFO
from tests.peers import Irc, Peer, Plain, eventually

CYCLES = 60
DESCRIPTORS = Path("/proc/self/fd")
THREADS = Path("/proc/self/task")
pytestmark = pytest.mark.skipif(not DESCRIPTORS.exists(), reason="needs /proc to count threads and descriptors")


def descriptors() -> int:
    gc.collect()  # what only the collector closes would be a leak, too: `filterwarnings` makes it an error
    return len(list(DESCRIPTORS.iterdir()))


def threads() -> int:
    return len(list(THREADS.iterdir()))


def plain_visit(port: int, number: int) -> Peer:
    peer = Plain(port, f"plain{number}")
    peer.send("/join #visited", "hi")
    return peer


def irc_visit(port: int, number: int) -> Peer:
    peer = Irc(port, f"irc{number}", "server-time", room="#visited")
    peer.send("PRIVMSG #visited :hi")
    return peer


def silent_visit(port: int, number: int) -> Peer:
    return Peer(port)


def browser_visit(port: int, number: int) -> Peer:
    peer = Peer(port)
    peer.send("GET / HTTP/1.1", "")
    return peer


def test_visits_leave_threads_and_descriptors_where_they_were(server: ChatServer) -> None:
    """Hundreds of clients of all kinds join and leave; half of them end as in a crash (RST).

    Some threads are kept for the next clients; each has a descriptor ready, which is not one that is open.
    """
    Plain(server.port, "first").close()
    eventually(lambda: not server.connections, "the first visitor is gone")
    before, files = threads(), descriptors()
    for number in range(CYCLES):
        for visit in (plain_visit, irc_visit, silent_visit, browser_visit):
            peer = visit(server.port, number)
            if number % 2:
                peer.reset()
            else:
                peer.close()
    eventually(lambda: not server.connections, "no connection is left")
    eventually(lambda: threads() < before + THREADS_KEPT, "no more threads are left than are kept")
    eventually(lambda: descriptors() <= files, "no descriptor is left")
    hub = server.hub
    assert not (hub.state.users or hub.state.nicks.by_nick or hub.state.rooms or hub.state.sessions)


def test_a_stopped_server_leaves_no_thread_and_no_descriptor(server: ChatServer) -> None:
    """Of its own or of its clients."""
    before, files = threads(), descriptors()
    for _ in range(5):
        other = ChatServer("127.0.0.1", 0, INFO)
        other.start()
        peers = [Plain(other.port, "alice"), Irc(other.port, "bob"), Peer(other.port)]
        other.stop()
        for peer in peers:
            peer.rest()
            peer.close()
    eventually(lambda: threads() <= before, "no thread is left")
    eventually(lambda: descriptors() <= files, "no descriptor is left")
