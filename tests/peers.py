"""Clients and servers for tests: small, line-based, over real sockets and real processes.

Nobody here waits for a time. `wait` and `until` wait for a line, and fail after `DEADLINE` seconds with what came
instead. That nothing came is shown with `sync`: what the server tells a client keeps its order, so all that came before
the answer to a question is all that there was.
"""

import os
import re
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import TypeVar

P = TypeVar("P", bound="Peer")

DEADLINE = 30.0  # seconds; generous, because a loaded machine is no failure
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close() sends RST instead of FIN


def eventually(condition: Callable[[], object], what: str, within: float = DEADLINE) -> None:
    """Waits until `condition` holds; for what no line tells of."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"not within {within:g} s: {what}"
        select.select([], [], [], 0.005)


def own_address() -> str:
    """This machine's address in its network, "" if it has none; no packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])


class Ear:
    """Reads lines from a descriptor. `heard` keeps all of them, without their line ends."""

    def __init__(self, fd: int, what: str) -> None:
        self.heard: list[str] = []
        self._fd = fd
        self._what = what
        self._pending = b""
        self._ended = False

    def until(self, pattern: str, within: float = DEADLINE) -> list[str]:
        """The lines from here to the first in which `pattern` is found, that one included."""
        start = len(self.heard)
        deadline = time.monotonic() + within
        while (line := self._line(deadline)) is not None:
            if re.search(pattern, line):
                return self.heard[start:]
        raise AssertionError(self._report(f"no line matches {pattern!r}", start))

    def wait(self, pattern: str, within: float = DEADLINE) -> re.Match[str]:
        """The first line from here on in which `pattern` is found, as its match."""
        match = re.search(pattern, self.until(pattern, within)[-1])
        assert match
        return match

    def rest(self, within: float = DEADLINE) -> list[str]:
        """The lines from here to the end of the stream, for which it waits."""
        start = len(self.heard)
        deadline = time.monotonic() + within
        while self._line(deadline) is not None:
            pass
        assert self._ended, self._report("the stream has not ended", start)
        return self.heard[start:]

    def _report(self, problem: str, start: int) -> str:
        state = "ended" if self._ended else "is open"
        return f"{self._what}: {problem}; it {state}, and what came is {self.heard[start:]} {self._pending!r}"

    def _line(self, deadline: float) -> str | None:
        """The next line; None at the end of the stream or of the time."""
        while b"\n" not in self._pending:
            if self._ended or not self._more(deadline):
                return None
        raw, _, self._pending = self._pending.partition(b"\n")
        self.heard.append(raw.decode())  # all that the server sends is UTF-8: a test fails here if not
        return self.heard[-1]

    def _more(self, deadline: float) -> bool:
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            return False
        try:
            data = os.read(self._fd, 65536)
        except ConnectionError:
            data = b""
        self._pending += data
        self._ended = not data
        return bool(data)


class Peer(Ear):
    """A client that says only what it is told to."""

    end_of_line = "\n"

    def __init__(self, port: int, host: str = "127.0.0.1", source: str = "") -> None:
        """`source` is the address it comes from, any of this machine's: all of 127.0.0.0/8 are."""
        self.sock = socket.create_connection((host, port), DEADLINE, (source, 0) if source else None)
        super().__init__(self.sock.fileno(), type(self).__name__)

    def send(self, *lines: str) -> None:
        self.send_bytes("".join([f"{line}{self.end_of_line}" for line in lines]).encode())

    def send_bytes(self, data: bytes) -> None:
        self.sock.sendall(data)

    def end_input(self) -> None:
        """Says that nothing more will be sent; goes on reading."""
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Ends the connection as a crash does."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.sock.close()

    def close(self) -> None:
        self.sock.close()


class Plain(Peer):
    """A person with netcat, called `name`; comes in at once."""

    def __init__(self, port: int, name: str, host: str = "127.0.0.1", source: str = "") -> None:
        super().__init__(port, host, source)
        self._syncs = count()
        self.name = self._what = name
        self.send(name)
        self.wait(r"^Username$")
        self.wait(r"^\* Welcome, ")

    def sync(self) -> list[str]:
        """What came up to now."""
        question = f"/sync-{next(self._syncs)}"
        self.send(question)
        return self.until(f"unknown command {question};")[:-1]


class Irc(Peer):
    """An IRC client called `nick`; registers at once with `caps`, and joins `room` unless it is ""."""

    end_of_line = "\r\n"

    def __init__(
        self,
        port: int,
        nick: str,
        *caps: str,
        room: str = "#lobby",
        host: str = "127.0.0.1",
        username: str = "u",
        password: str = "",
        source: str = "",
    ) -> None:
        super().__init__(port, host, source)
        self._syncs = count()
        self.nick = self._what = nick
        if password:
            self.send(f"PASS {password}")
        if caps:
            self.send("CAP LS 302", f"CAP REQ :{' '.join(caps)}", "CAP END")
        self.send(f"NICK {nick}", f"USER {username} 0 * :{nick} the client")
        self.wait(r"^(@\S+ )?\S+ 001 ")  # a bouncer stamps even this
        if room:
            self.send(f"JOIN {room}")
            self.wait(r"^\S+ 366 ")
        self.sync()

    def sync(self) -> list[str]:
        """What came up to now."""
        question = f"sync-{next(self._syncs)}"
        self.send(f"PING {question}")
        return self.until(f" PONG [^ ]+ :?{question}\r?$")[:-1]

    def _line(self, deadline: float) -> str | None:
        """IRC lines end in CR LF: RFC 2812 §2.3."""
        line = super()._line(deadline)
        if line is None:
            return None
        if line != "Username":  # the one line a silent IRC client may meet before it is known to be one
            assert line.endswith("\r"), f"a line without CR: {line!r}"
        self.heard[-1] = line.removesuffix("\r")
        return self.heard[-1]


def claim_name(port: int, name: str, password: str) -> None:
    """Somebody claims a name, and leaves."""
    with closing(Plain(port, name)) as person:
        person.send(f"/register {password}")
        person.wait("is yours now")
        person.send("/quit")
        person.rest()


class Guests:
    """Makes clients of one server, and closes them all at the end."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._port = port
        self._host = host
        self._peers: list[Peer] = []

    def stranger(self) -> Peer:
        """Connected, and silent so far."""
        return self._keep(Peer(self._port, self._host))

    def plain(self, name: str) -> Plain:
        return self._keep(Plain(self._port, name, self._host))

    def irc(self, nick: str, *caps: str, room: str = "#lobby", username: str = "u", password: str = "") -> Irc:
        return self._keep(
            Irc(self._port, nick, *caps, room=room, host=self._host, username=username, password=password)
        )

    def _keep(self, peer: P) -> P:
        self._peers.append(peer)
        return peer

    def close(self) -> None:
        for peer in self._peers:
            peer.close()


class Served:
    """`chatroom serve` as a process. `out` and `err` are what it writes; `port` is where it listens."""

    def __init__(
        self, *options: str, env: dict[str, str] | None = None, stdin: int = subprocess.PIPE, files: str = ""
    ) -> None:
        """`files` is what `ulimit` is told of open files."""
        limited = ["sh", "-c", f'ulimit {files} && exec "$@"', "sh"] if files else []
        if "--data" not in options:
            options = (*options, "--ephemeral")  # the data of whoever runs the tests is none of theirs
        self.process = subprocess.Popen(
            [*limited, sys.executable, "-m", "chatroom", "serve", *options],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
        )
        assert self.process.stdout and self.process.stderr
        self.out = Ear(self.process.stdout.fileno(), "stdout")
        self.err = Ear(self.process.stderr.fileno(), "stderr")
        self.port = int(self.out.wait(r"^chatroom .*, port (\d+)")[1])  # in any language

    def type(self, line: str) -> None:
        """Types a line at the console."""
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def ends(self) -> int:
        """Waits for its end; returns its exit code."""
        return self.process.wait(3 * DEADLINE)

    def close(self) -> None:
        """Makes sure that it is gone."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()


def password_file(directory: Path, password: str) -> Path:
    """A file with a password that nobody else can read, for `--password-file`."""
    file = directory / "password"
    file.write_text(password)
    file.chmod(0o600)
    return file


def said(lines: list[str]) -> list[str]:
    """The texts of messages among IRC lines."""
    return [match[1] for line in lines if (match := re.search(r"PRIVMSG \S+ :(.*)$", line))]


def asked(client: Irc, question: str) -> list[str]:
    """The lines that answer a question."""
    client.send(question)
    return client.sync()
