"""The other side for client tests: real servers as subprocesses, and people with plain sockets."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Self, TypeVar

from tests.ports import free_port

T = TypeVar("T")
DEADLINE = 30.0  # s; for what takes milliseconds on an idle machine


def wait_for(condition: Callable[[], T], what: str, seconds: float = DEADLINE) -> T:
    """The first true value of `condition`; fails with `what` when none comes in time."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what}: it did not happen in {seconds:g} s"
        time.sleep(0.02)


class Program(ABC):
    """A server as a process, on the same port each time it is started. Its log is in a file called like it."""

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self.port = free_port()
        self._log_file = directory / f"{name}.log"
        self._log = self._log_file.open("ab")
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """What starts it, on `port`."""

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._log.close()

    def start(self) -> None:
        self._process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)
        wait_for(self._answers, f"{self.name} listens")

    def _answers(self) -> bool:
        assert self._process and self._process.poll() is None, f"{self.name} ended: {self.log()}"
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def log(self) -> str:
        return self._log_file.read_text("utf-8", "replace")[-2000:]

    def kill(self) -> None:
        """As the power would."""
        assert self._process
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(DEADLINE)

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(DEADLINE)


class Server(Program):
    """`chatroom serve`."""

    def __init__(self, directory: Path, *options: str) -> None:
        super().__init__("server", directory)
        self._options = ("--data", str(directory), *options)

    def command(self) -> list[str]:
        return [sys.executable, "-m", "chatroom", "serve", "-p", str(self.port), "--unlimited", *self._options]


class Peer:
    """Somebody on a plain socket: lines out, and all that came in."""

    def __init__(self, port: int) -> None:
        self._sock = socket.create_connection(("127.0.0.1", port), DEADLINE)
        self.seen = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()

    def send(self, *lines: str) -> None:
        self._sock.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def _read(self, seconds: float) -> bool:
        self._sock.settimeout(seconds)
        try:
            data = self._sock.recv(65_536)
        except TimeoutError:
            return True
        self.seen += data.decode()
        return bool(data)

    def wait(self, pattern: str) -> re.Match[str]:
        """The first place in all that came in that matches."""
        end = time.monotonic() + DEADLINE
        while not (found := re.search(pattern, self.seen)):
            left = end - time.monotonic()
            assert left > 0 and self._read(left), f"{pattern} is not in {self.seen[-2000:]!r}"
        return found


class Netcat(Peer):
    """Speaks the plain dialect."""

    def __init__(self, port: int, name: str) -> None:
        super().__init__(port)
        self.wait("Username")
        self.send(name)
        self.wait("Welcome")


class Irc(Peer):
    """Speaks IRC, without capabilities."""

    def __init__(self, port: int, name: str, room: str = "#lobby") -> None:
        super().__init__(port)
        self.name = name
        self.send(f"NICK {name}", f"USER {name} 0 * :{name}")
        self.wait(r" 001 ")
        self.send(f"JOIN {room}")
        self.wait(rf" 366 \S+ {room} ")


def environment(**more: str) -> dict[str, str]:
    """The environment for a program of ours: this source, no settings of the person who runs the tests."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CHATROOM_CONNECT", "XDG_"))}
    source = str(Path(__file__).parents[2] / "src")
    return {**kept, "PYTHONPATH": source, **more}
