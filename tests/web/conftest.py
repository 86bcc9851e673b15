"""A server with a certificate, which takes browsers with TLS and without."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatroom.net import tls
from chatroom.server.chat_server import ChatServer
from chatroom.server.reloadable_settings import Settings
from tests.chat import INFO
from tests.gui.conftest import display as display


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """These clients have sent all they ever will when they are refused: nobody needs to wait for more."""
    monkeypatch.setattr("chatroom.server.handler.LINGER_SECONDS", 0.1)


@pytest.fixture
def trust(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate[0]))


@pytest.fixture
def encrypted(certificate: tuple[Path, Path]) -> Iterator[ChatServer]:
    server = ChatServer("127.0.0.1", 0, INFO, unlimited=True, web_hosts=("chat.example.org",))
    server.configure(Settings(tls=tls.context(*certificate)))
    server.start()
    yield server
    server.stop()
