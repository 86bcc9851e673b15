"""Clients' threads: kept for the next ones, but not more than some, and never none that accepts."""

from collections.abc import Callable

import pytest

from chatroom.server import client_threads
from chatroom.server.chat_server import ChatServer
from chatroom.server.client_threads import THREADS_KEPT
from tests.peers import Guests, Peer, Plain, eventually

CROWD = 2 * THREADS_KEPT
VISITS = 50


def test_a_crowd_leaves_some_threads_which_serve_the_next_clients(server: ChatServer, guests: Guests) -> None:
    """Each client has a thread while it is there. Those who come afterwards need no new one."""
    for number in range(CROWD):
        guests.plain(f"guest{number}")
    threads = server.courier.client_threads
    eventually(lambda: len(threads) > CROWD, "one more accepts")
    guests.close()
    eventually(lambda: not server.connections, "all have left")
    eventually(lambda: len(threads) == THREADS_KEPT, "the other threads have ended")
    kept = threads.copy()
    for number in range(VISITS):
        Plain(server.port, f"visitor{number}").close()
        eventually(lambda: not server.connections, "the visitor has left")
    assert threads == kept


def test_a_client_without_a_thread_is_told_so_and_the_next_one_is_served(
    server: ChatServer, guests: Guests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The only thread that accepts goes on accepting."""

    def fail(work: Callable[[], None], arguments: tuple[()]) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as without_threads:
        without_threads.setattr(client_threads, "start_new_thread", fail)
        for _ in range(3):
            late = Peer(server.port)
            late.wait("ERROR :the server is full; try again later")
            late.rest()
            late.close()
    assert server.refusals["no thread left"] == 3
    guests.plain("alice")
    guests.irc("bob")
