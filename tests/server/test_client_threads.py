"""Clients' threads: kept for the next ones, but not more than some, and never none that accepts."""

import threading

import pytest

from chatroom.net.courier import ClientThread
from chatroom.server.chat_server import ChatServer
from chatroom.server.client_threads import THREADS_KEPT
from tests.peers import Guests, Peer, Plain, eventually

CROWD = 2 * THREADS_KEPT
VISITS = 50


def client_threads() -> int:
    return sum(isinstance(thread, ClientThread) for thread in threading.enumerate())


def test_a_crowd_leaves_some_threads_which_serve_the_next_clients(
    server: ChatServer, guests: Guests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each client has a thread while it is there. Those who come afterwards need no new one."""
    for number in range(CROWD):
        guests.plain(f"guest{number}")
    assert client_threads() > CROWD
    guests.close()
    eventually(lambda: not server.connections, "all have left")
    eventually(lambda: client_threads() == THREADS_KEPT, "the other threads have ended")
    started: list[ClientThread] = []
    monkeypatch.setattr(ClientThread, "start", started.append)
    for number in range(VISITS):
        Plain(server.port, f"visitor{number}").close()
        eventually(lambda: not server.connections, "the visitor has left")
    assert not started


def test_a_client_without_a_thread_is_told_so_and_the_next_one_is_served(
    server: ChatServer, guests: Guests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The only thread that accepts goes on accepting."""

    def fail(thread: ClientThread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as without_threads:
        without_threads.setattr(ClientThread, "start", fail)
        for _ in range(3):
            late = Peer(server.port)
            late.wait("ERROR :the server is full; try again later")
            late.rest()
            late.close()
    assert server.refusals["no thread left"] == 3
    guests.plain("alice")
    guests.irc("bob")
