"""Rubbish in both dialects, before two witnesses that talk to each other and read all that comes of it.

The lines are made from a seed: a pool of `_POOL` different ones, drawn from again and again. What a plain reader may
see is what `text` lets through; what an IRC reader may, besides, are formatting codes.
"""

import random
import select
import socket
import time

from chatroom import ircwire, text
from tests.benchmarks.abuse.attack import Check, at_most, exactly, start
from tests.benchmarks.abuse.scarce import server_errors
from tests.benchmarks.servers import Server
from tests.peers import Irc, Plain

_SEED = 20_261_122
_POOL = 20_000
_ATTACKERS = 16
_CHUNK = 50  # lines sent at once
_LONGEST = 900.0  # seconds
_WORDS = [
    *(b"PRIVMSG", b"NOTICE", b"JOIN", b"PART", b"NICK", b"USER", b"MODE", b"KICK", b"TOPIC", b"WHO", b"WHOIS", b"LIST"),
    *(
        b"NAMES",
        b"CAP",
        b"MONITOR",
        b"TAGMSG",
        b"PING",
        b"PONG",
        b"QUIT",
        b"AWAY",
        b"INVITE",
        b"OPER",
        b"HELP",
        b"ISON",
    ),
    *(b"/msg", b"/me", b"/nick", b"/join", b"/leave", b"/topic", b"/who", b"/rooms", b"/away", b"/quit", b"//", b"/"),
    *(b"GET / HTTP/1.1", b"POST", b"@a=b;+c=d\\:", b"@", b":", b"::", b"#lobby", b"#fuzz", b"first", b"second", b"*"),
    *(b"REQ", b"LS", b"302", b"END", b"+b", b"-o+v", b"*!*@*", b"\x01ACTION", b"\x0304,12", b"\x1b[2J\x1b]0;x\x07"),
]
_BYTES = [
    b"\0",
    b"\r",
    b"\xff\xfe",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\x1b[31m",
    b"\x08",
    b"\x7f",
    b"\t",
]
_LETTERS = ["\u202e", "\u2066", "\u2028", "\x85", "a" + "\u0301" * 40, "ß", "İ", "😀", "\ufeff", "\u200d", "ﷺ", "½"]


def fuzz(short: bool) -> list[Check]:
    lines = 4000 if short else 1_000_000
    chance = random.Random(_SEED)
    pool = [_line(chance) for _ in range(_POOL // (20 if short else 1))]
    with start("--unlimited", "--log-level", "warning") as server:
        witnesses = _Witnesses(server)
        rubbish = _Rubbish(server, chance, pool)
        try:
            rubbish.send(lines // 10, witnesses)
            before = server.memory()
            rubbish.send(lines - lines // 10, witnesses)
            after = server.memory()
            witnesses.talk()
        finally:
            rubbish.close()
            witnesses.close()
        log = server.log().splitlines()
    return [
        exactly("lines sent", rubbish.sent, lines),
        Check("lines a second", rubbish.sent / rubbish.seconds, "told only", True),
        exactly("tracebacks", server_errors(log), 0),
        at_most("lines in the log", len(log), 10, ""),
        exactly("words that a witness lost", witnesses.lost, 0),
        exactly("lines that a witness should not see", len(witnesses.bad), 0),
        *(Check("one of them", repr(line), "none", False) for line in witnesses.bad[:3]),
        at_most("memory more, after the first tenth", (after - before) / 1024, 20, "MiB"),
    ]


def _line(chance: random.Random) -> bytes:
    kind = chance.random()
    if kind < 0.001:
        return b"x" * 65_536 + b"\n"
    if kind < 0.05:
        return chance.randbytes(chance.randrange(600)).replace(b"\n", b"") + b"\n"
    words = [_word(chance) for _ in range(chance.randrange(1, 8))]
    return chance.choice([b" ", b" :", b"  "]).join(words) + chance.choice([b"\n", b"\r\n", b"\r\r\n", b"\0\n"])


def _word(chance: random.Random) -> bytes:
    kind = chance.random()
    if kind < 0.7:
        return chance.choice(_WORDS)
    if kind < 0.8:
        return chance.choice(_BYTES)
    if kind < 0.9:
        return chance.choice(_LETTERS).encode()
    return b"".join(chance.choices(_BYTES + _WORDS, k=4))


class _Rubbish:
    """Attackers that send, read without looking, and come again when they are closed."""

    def __init__(self, server: Server, chance: random.Random, pool: list[bytes]) -> None:
        self.sent = 0
        self.seconds = 0.0
        self._port = server.port
        self._chance = chance
        self._pool = pool
        self._socks = [self._connect(number) for number in range(_ATTACKERS)]

    def _connect(self, number: int) -> socket.socket:
        """Every other one speaks IRC. Every fourth gives no name: it fuzzes what is read before."""
        sock = socket.create_connection(("127.0.0.1", self._port))
        name = b"f%d" % self._chance.randrange(10**6)
        hellos = (b"NICK %s\r\nUSER u 0 * :r\r\nJOIN #lobby\r\n" % name, name + b"\n", b"NICK ", b"")
        sock.sendall(hellos[number % 4])
        sock.setblocking(False)
        return sock

    def send(self, lines: int, witnesses: "_Witnesses") -> None:
        began = time.monotonic()
        goal = self.sent + lines
        turn = 0
        while self.sent < goal and time.monotonic() - began < _LONGEST:
            number = turn % _ATTACKERS
            turn += 1
            chunk = self._chance.choices(self._pool, k=min(_CHUNK, goal - self.sent))
            if not self._say(number, b"".join(chunk), turn % 500 == 0):
                self._socks[number].close()
                self._socks[number] = self._connect(number)
            self.sent += len(chunk)
            if turn % 20 == 0:
                witnesses.talk()
        self.seconds += time.monotonic() - began

    def _say(self, number: int, data: bytes, split: bool) -> bool:
        """Sends all, byte by byte where it is `split`; False when the server has closed."""
        sock = self._socks[number]
        poll = select.poll()
        poll.register(sock, select.POLLIN | select.POLLOUT)
        pieces = [data[i : i + 1] for i in range(min(len(data), 4000))] if split else [data]
        for piece in pieces:
            rest = piece
            while rest:
                for _, event in poll.poll(10_000) or [(0, select.POLLERR)]:
                    try:
                        if event & ~select.POLLOUT and not sock.recv(262_144):
                            return False
                        if event & select.POLLOUT:
                            rest = rest[sock.send(rest) :]
                    except BlockingIOError:
                        pass
                    except ConnectionError:
                        return False
        return True

    def close(self) -> None:
        for sock in self._socks:
            sock.close()


class _Witnesses:
    """One speaks IRC, one does not; both are in the lobby with the rest. `bad` is what they should not have seen."""

    def __init__(self, server: Server) -> None:
        self.bad: list[str] = []
        self.lost = 0
        self._irc = Irc(server.port, "first")
        self._plain = Plain(server.port, "second")
        self._said = 0

    def talk(self) -> None:
        """Each says a word to the other, and reads up to the other's."""
        self._said += 1
        word = f"word-{self._said}-of-{_SEED}"
        self._irc.send(f"PRIVMSG #lobby :{word}")
        self._plain.send(word)
        try:
            seen = self._plain.until(rf"^first: {word}$")
            self.bad += [line for line in seen if text.clean(line) != line or text.plain(line) != line]
            seen = self._irc.until(rf"^:second!\S+ PRIVMSG #lobby :?{word}$")
            self.bad += [line for line in seen if not _is_irc(line)]
        except AssertionError:
            self.lost += 1
        self._plain.heard.clear()
        self._irc.heard.clear()

    def close(self) -> None:
        self._irc.close()
        self._plain.close()


def _is_irc(line: str) -> bool:
    """Whether an IRC client without capabilities may be sent this."""
    try:
        ircwire.parse(line)
    except ValueError:
        return False
    return text.clean_irc(line) == line and len(line.encode()) <= ircwire.LINE_BYTES - 2
