"""A server with a certificate, which takes browsers with TLS and without."""

import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatroom.net import tls
from chatroom.server.chat_server import ChatServer
from chatroom.server.reloadable_settings import Settings
from tests.chat import INFO
from tests.gui.conftest import display as display


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate and its key."""
    directory = tmp_path_factory.mktemp("web-tls")
    made, key = directory / "cert.pem", directory / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    command = ["openssl", "req", "-x509", *kind, *subject, "-keyout", str(key), "-out", str(made)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return made, key


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
