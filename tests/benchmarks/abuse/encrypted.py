"""Many with TLS that talk and listen at the same time: what is read and what is written meet in one `SSLObject`."""

import re
import select
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from chatroom.protocols.limits import PLAIN_LINE_BYTES
from tests.benchmarks.abuse.attack import Check, at_most, exactly, not_here, start
from tests.benchmarks.abuse.scarce import server_errors
from tests.benchmarks.load import RoundError

_ROOM = 10  # clients in each room
_EVERY = 1.0  # seconds between two messages of a client; all send in the same moment
_PATIENCE = 30.0  # seconds for what is still on its way at the end
_SAID = re.compile(rb"c(\d+): (\d+)-(\d+) (x+)")


def encrypted(short: bool) -> list[Check]:
    count, seconds = (6, 2.0) if short else (200, 600.0)
    if not shutil.which("openssl"):
        return not_here("openssl")
    with TemporaryDirectory() as directory:
        options = certificate(Path(directory))
        with start("--unlimited", "--log-level", "warning", *options) as server:
            crowd = _Crowd(server.port, count)
            try:
                crowd.talk(seconds)
            finally:
                crowd.close()
            log = server.log().splitlines()
    return [
        Check("Python, OpenSSL", f"{sys.version.split()[0]}, {ssl.OPENSSL_VERSION}", "told only", True),
        Check("messages sent, of 4 KiB", crowd.sent, "told only", True),
        exactly("lost", crowd.expected - crowd.got, 0),
        exactly("damaged or out of order", crowd.wrong, 0),
        exactly("connections that ended", len(crowd.ended), 0),
        *(Check("one of them", end, "none", False) for end in crowd.ended[:3]),
        at_most("the longest that nothing came to anybody", crowd.silence, 10, "s", timed=True),
        exactly("tracebacks", server_errors(log), 0),
        exactly("warnings in the log", sum(" WARNING " in line or " ERROR " in line for line in log), 0),
    ]


class _Crowd:
    """Clients with TLS in rooms of `_ROOM`, each with its own place in what every other one says."""

    def __init__(self, port: int, count: int) -> None:
        self.sent = self.expected = self.got = self.wrong = 0
        self.silence = 0.0
        self.ended: list[str] = []
        self._seen: Counter[tuple[int, int]] = Counter()  # messages, by who hears them and who said them
        self._epoll = select.epoll()
        self._by_fd: dict[int, _Client] = {}
        self._clients = [_Client(port, number) for number in range(count)]
        self._mates = Counter(client.room for client in self._clients)
        for client in self._clients:
            client.sock.setblocking(False)
            self._by_fd[client.sock.fileno()] = client
            self._epoll.register(client.sock, select.EPOLLIN)

    def talk(self, seconds: float) -> None:
        began = last = time.monotonic()
        number = 0
        while (now := time.monotonic()) < began + seconds or (self.got < self.expected and now < last + _PATIENCE):
            if now < began + seconds and now >= began + number * _EVERY:
                self._all_say(number)
                number += 1
            before = self.got
            for fd, event in self._epoll.poll(0.05):
                self._serve(self._by_fd[fd], event)
            now = time.monotonic()
            if self.got > before:
                self.silence = max(self.silence, now - last)
                last = now

    def _all_say(self, number: int) -> None:
        for client in self._clients:
            client.say(number)
            self._write(client)
            self.sent += 1
            self.expected += self._mates[client.room] - 1

    def _serve(self, client: "_Client", event: int) -> None:
        if event & ~select.EPOLLOUT:
            self._read(client)
        if event & select.EPOLLOUT:
            self._write(client)

    def _read(self, client: "_Client") -> None:
        try:
            while data := client.sock.recv(65536):
                *lines, client.tail = (client.tail + data).split(b"\n")
                for line in lines:
                    self._hear(client, line)
            self._lose(client, "closed by the server")
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError as error:
            self._lose(client, repr(error))

    def _write(self, client: "_Client") -> None:
        try:
            while client.out:
                client.out = client.out[client.sock.send(client.out) :]
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError as error:
            self._lose(client, repr(error))
            return
        self._epoll.modify(client.sock, select.EPOLLIN | (select.EPOLLOUT if client.out else 0))

    def _hear(self, client: "_Client", line: bytes) -> None:
        said = _SAID.fullmatch(line)
        if not said:
            return
        by = int(said[1])
        whole = len(said[0]) - len(b"c%d: " % by) == PLAIN_LINE_BYTES
        self.wrong += not (whole and int(said[2]) == by and int(said[3]) == self._seen[client.number, by])
        self._seen[client.number, by] += 1
        self.got += 1

    def _lose(self, client: "_Client", why: str) -> None:
        self.ended.append(f"c{client.number}: {why}")
        self._epoll.unregister(client.sock)

    def close(self) -> None:
        for client in self._clients:
            client.sock.close()
        self._epoll.close()


class _Client:
    """One connection, in its room."""

    def __init__(self, port: int, number: int) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.number = number
        self.room = number // _ROOM
        self.out = b""
        self.tail = b""
        self.sock = context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE))
        self.sock.sendall(b"c%d\n/join #t%d\n" % (number, self.room))
        while b"You are in #t%d now" % self.room not in self.tail:
            data = self.sock.recv(65536)
            if not data:
                raise RoundError(f"c{number} did not come in: {self.tail!r}")
            self.tail += data
        self.tail = b""

    def say(self, number: int) -> None:
        self.out += (b"%d-%d " % (self.number, number)).ljust(PLAIN_LINE_BYTES, b"x") + b"\n"


def certificate(directory: Path) -> list[str]:
    """Options for a server with a certificate made in `directory`; needs openssl."""
    made, key = str(directory / "cert.pem"), str(directory / "key.pem")
    kind = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    command = ["openssl", "req", "-x509", *kind, "-keyout", key, "-out", made]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return ["--tls-cert", made, "--tls-key", key]
