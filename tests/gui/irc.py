"""An IRC server that does only what a test tells it: for what a decent server never sends."""

import socket
import threading
from contextlib import suppress
from typing import Self, TextIO

from tests.gui.people import DEADLINE


class RudeServer:
    """Welcomes everybody into their room; then bytes as they are given to `send`. `heard` are the client's lines."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.heard: list[str] = []
        self.refuses: set[str] = set()  # texts that are answered with 404
        self._sock: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for sock in filter(None, (self._listener, self._sock)):
            with suppress(OSError):  # the client was faster
                sock.shutdown(socket.SHUT_RDWR)  # wakes the thread: closing alone doesn't
            sock.close()
        self._thread.join(DEADLINE)

    def send(self, *lines: bytes) -> None:
        assert self._sock
        self._sock.sendall(b"".join(line + b"\r\n" for line in lines))

    def _serve(self) -> None:
        try:
            self._sock, _ = self._listener.accept()
            with self._sock.makefile("r", encoding="utf-8", newline="\n") as lines:
                for line in lines:
                    self._answer(line.rstrip())
        except OSError:
            pass  # the test is over

    def _answer(self, line: str) -> None:
        self.heard.append(line)
        command, _, rest = line.partition(" ")
        if command == "USER":
            self.send(b":rude 001 me :Welcome")
        elif command == "JOIN":
            room = rest.encode()
            self.send(
                b":me!u@h JOIN " + room, b":rude 353 me = " + room + b" :me @bob", b":rude 366 me " + room + b" :End"
            )
        elif command == "PRIVMSG" and rest.partition(" ")[2].lstrip(":") in self.refuses:
            self.send(b":rude 404 me #lobby :Cannot send to channel")
        elif command == "PING":
            self.send(b":rude PONG rude :" + rest.lstrip(":").encode())


class Doorkeeper:
    """An IRC server that does nothing before the test has it do so: `accept`, `refuse`, `let_in`."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(DEADLINE)
        self.port = self._listener.getsockname()[1]
        self._sock: socket.socket | None = None
        self._lines: TextIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()
        self._listener.close()

    def accept(self) -> str:
        """Waits for the next connection; returns what the client says until it has told who it is."""
        self.hang_up()
        self._sock, _ = self._listener.accept()
        self._sock.settimeout(DEADLINE)
        self._lines = self._sock.makefile("r", encoding="utf-8", newline="\n")
        return self.hear("USER ")

    def hear(self, words: str) -> str:
        """Waits for a line with these words; returns it and all before it."""
        assert self._lines
        heard = ""
        while words not in heard.rpartition("\n")[2]:
            line = self._lines.readline()
            assert line, f"{words} does not come: {heard!r}"
            heard += "\n" + line.rstrip()
        return heard

    def refuse(self) -> None:
        """For want of the server's password."""
        self._send(":door 464 * :Password incorrect")

    def refuse_name(self, nick: str) -> None:
        """For want of the password of whoever has claimed it."""
        self._send(f":door FAIL NICK NICKNAME_RESERVED {nick} :Claimed", f":door 433 * {nick} :Nickname is reserved")

    def let_in(self, nick: str) -> None:
        self._send(f":door 001 {nick} :Welcome", f":{nick}!u@h JOIN #lobby", f":door 353 {nick} = #lobby :{nick}")
        self._send(f":door 366 {nick} #lobby :End")

    def hang_up(self) -> None:
        if self._lines:
            self._lines.close()
        if self._sock:
            self._sock.close()
        self._sock = self._lines = None

    def _send(self, *lines: str) -> None:
        assert self._sock
        self._sock.sendall("".join(f"{line}\r\n" for line in lines).encode())
