"""chatroom as tests run it: a server in the test's own process, on data that outlive it, and the command line."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatroom.net.connection import ClientSession
from chatroom.server.chat_server import ChatServer
from chatroom.storage.store import Store
from tests.chat import INFO, QUICK
from tests.peers import DEADLINE, Guests


@contextmanager
def running(data: Path, keep: int = 0, unlimited: bool = True) -> Iterator[Guests]:
    """A server on this data that computes quickly, and its clients."""
    server = ChatServer("127.0.0.1", 0, INFO, store=Store(data), keep=keep, unlimited=unlimited, show_addresses=True)
    server.hub.context.passwords.scrypt = QUICK
    server.start()
    guests = Guests(server.port)
    try:
        yield guests
    finally:
        guests.close()
        server.stop()


def watch_lock(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What this server does without the event log's lock, of what needs it; the list grows."""
    unlocked: list[str] = []
    set_before = ClientSession.__setattr__

    def check(what: str) -> None:
        if not server.event_log.lock.locked():
            unlocked.append(what)

    def watch(owner: object, name: str) -> None:
        act = getattr(owner, name)

        def watched(*arguments: object) -> object:
            check(name)
            return act(*arguments)

        monkeypatch.setattr(owner, name, watched)

    def set_field(session: ClientSession, name: str, value: object) -> None:
        if name not in ("paced", "spent", "uid") and server.hub.state.sessions.get(session.uid) is session:
            check(f"set {name}")
        set_before(session, name, value)

    for name in ("broadcast", "reply"):
        watch(server.courier, name)
    for name in ("outcomes", "apply", "burst", "apply_burst"):
        watch(server.hub, name)
    monkeypatch.setattr(ClientSession, "__setattr__", set_field, raising=False)
    return unlocked


def run_without_reader(arguments: str, to: str) -> tuple[int, str]:
    """The exit code and the errors of a command whose output goes `to` a place of the shell, or nobody reads it.

    Output is buffered, as it is for users: what is left at the end must not fail then, which would be exit code 120.
    """
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -m chatroom {arguments} {to}', sys.executable],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        timeout=6 * DEADLINE,
        env={key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"},
        check=False,
    )
    os.close(writer)
    return done.returncode, done.stderr
