"""What the tests share: real servers and clients that clean up behind them, and the marker `needs`."""

import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from chatroom.common.logs import LineHandler
from chatroom.server.chat_server import ChatServer
from tests.chat import INFO
from tests.hosting import watch_lock
from tests.peers import Guests, Served
from tests.programs import Irssi, Netcat

# How long an example takes says something of the machine, not of the program.
hypothesis.settings.register_profile("untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("untimed")


def pytest_configure() -> None:
    """What the tests run speaks English in UTF-8, whatever the user's locale; a test of another locale sets its own."""
    if sys.getfilesystemencoding() != "utf-8":
        pytest.exit("The tests need a locale in UTF-8: LC_ALL=C.UTF-8 pytest", returncode=pytest.ExitCode.USAGE_ERROR)
    os.environ["LC_ALL"] = "C.UTF-8"
    os.environ.pop("LANGUAGE", None)  # the tests read English; those of other languages choose one themselves


def pytest_runtest_setup(item: pytest.Item) -> None:
    """`@pytest.mark.needs("irssi")`: skipped where there is no irssi, failed where everything is required.

    `@pytest.mark.root`: skipped without the rights of root, also where everything is required.
    """
    if item.get_closest_marker("root") and os.geteuid() != 0:
        pytest.skip("needs root")
    missing = [name for mark in item.iter_markers("needs") for name in mark.args if not shutil.which(name)]
    if missing:
        reason = f"needs {' and '.join(missing)}"
        if os.environ.get("CHATROOM_REQUIRE_ALL"):
            pytest.fail(f"{reason}, and CHATROOM_REQUIRE_ALL is set")
        pytest.skip(reason)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate and its key."""
    directory = tmp_path_factory.mktemp("tls")
    made, key = directory / "cert.pem", directory / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    command = ["openssl", "req", "-x509", *kind, *subject, "-keyout", str(key), "-out", str(made)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return made, key


@pytest.fixture(autouse=True)
def log_of_its_own() -> Iterator[None]:
    """What `chatroom serve` in the process of the tests sets for the log ends with the test.

    Its handler would write lines of later tests to the terminal, and its hooks would hide their errors from pytest.
    """
    names = ("logThreads", "logProcesses", "logMultiprocessing", "_srcfile")
    flags = {name: getattr(logging, name) for name in names}
    level, hooks = logging.root.level, (sys.excepthook, threading.excepthook, sys.unraisablehook)
    yield
    for handler in [handler for handler in logging.root.handlers if isinstance(handler, LineHandler)]:
        logging.root.removeHandler(handler)
        handler.close()
    for name, value in flags.items():
        setattr(logging, name, value)
    logging.root.setLevel(level)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks


@pytest.fixture(autouse=True)
def data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where servers that are not told otherwise keep their data: not where those of whoever runs the tests do."""
    path = tmp_path / "data"
    monkeypatch.setenv("CHATROOM_SERVE_DATA", str(path))
    return path


@pytest.fixture
def server(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    """A server on a free port of 127.0.0.1. It may log no error while it is used, nor do anything without its lock."""
    server = ChatServer("127.0.0.1", 0, INFO, unlimited=True, show_addresses=True)
    unlocked = watch_lock(server, monkeypatch)
    server.start()
    yield server
    server.stop()
    errors = [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert not errors
    assert not unlocked


@pytest.fixture
def guests(server: ChatServer) -> Iterator[Guests]:
    """Clients of `server`."""
    guests = Guests(server.port)
    yield guests
    guests.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Starts `chatroom serve -p 0` with more options, as a process: `serve("--name", "x", env={…}, stdin=…)`."""
    started: list[Served] = []

    def start(*options: str, **more: object) -> Served:
        started.append(Served("-p", "0", *options, **more))  # type: ignore[arg-type]  # Served's own
        return started[-1]

    yield start
    for served in started:
        served.close()


@pytest.fixture
def irssi(tmp_path: Path) -> Iterator[Callable[..., Irssi]]:
    """Starts an irssi: `irssi(port, nickname)`, with a password too to log in."""
    started: list[Irssi] = []

    def start(port: int, nick: str, password: str = "") -> Irssi:
        started.append(Irssi(port, nick, tmp_path / f"irssi-{nick}", password))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.fixture
def netcat() -> Iterator[Callable[[int, str], Netcat]]:
    """Starts an `nc` with somebody behind it: `netcat(port, name)`."""
    started: list[Netcat] = []

    def start(port: int, name: str) -> Netcat:
        started.append(Netcat(port, name))
        return started[-1]

    yield start
    for each in started:
        each.close()
