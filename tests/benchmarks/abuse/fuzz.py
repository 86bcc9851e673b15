"""Rubbish in both dialects, before two witnesses that talk to each other and read all that comes of it.

All of it is made from a seed, each line anew. A line counts once the server has read it: each chunk ends with a
question, and what stands before it is counted when the answer has come. What a plain reader may see is what `text` lets
through; what an IRC reader may, besides, are formatting codes.
"""

import random
import re
import select
import socket
import time
from collections import Counter
from itertools import count

from chatroom.common import irc_message, text
from tests.benchmarks.abuse.attack import Check, at_most, exactly, start
from tests.benchmarks.abuse.rubbish import line
from tests.benchmarks.abuse.scarce import server_errors
from tests.benchmarks.servers import Server
from tests.peers import Irc, Plain

_SEED = 20_261_122
_ATTACKERS = 16
_CHUNK = 50  # lines before a question
_SPLIT = 500  # one chunk in so many is sent byte by byte,
_SPLIT_BYTES = 4000  # up to here
_PATIENCE = 30.0  # seconds until a question must be answered
_LONGEST = 1800.0  # seconds
_KINDS = ("IRC", "plain", "IRC without a name", "plain without a name")


def fuzz(short: bool) -> list[Check]:
    lines = 4000 if short else 1_000_000
    with start("--unlimited", "--log-level", "warning") as server:
        witnesses = _Witnesses(server)
        rubbish = _Rubbish(server, random.Random(_SEED))
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
        Check("lines that the server read", sum(rubbish.read.values()), f"at least {lines:,}", rubbish.done >= lines),
        *(Check(f"of these, {what}", number, "told only", True) for what, number in sorted(rubbish.read.items())),
        Check("lines whose connection ended before the answer, not counted", rubbish.ended, "told only", True),
        exactly("questions without an answer", rubbish.unanswered, 0),
        Check("lines a second", rubbish.done / rubbish.seconds, "told only", True),
        exactly("tracebacks", server_errors(log), 0),
        at_most("lines in the log", len(log), 10, ""),
        Check("words that each witness said", witnesses.said, "told only", True),
        exactly("words that a witness lost", witnesses.lost, 0),
        exactly("lines that a witness should not see", len(witnesses.bad), 0),
        *(Check("one of them", repr(line), "none", False) for line in witnesses.bad[:3]),
        at_most("memory more, after the first tenth", (after - before) / 1024, 20, "MiB"),
    ]


class _Attacker:
    """A connection, of one of four kinds: who has no name yet fuzzes what is read before there is one."""

    def __init__(self, port: int, kind: int, nick: bytes) -> None:
        self.what = _KINDS[kind]
        self.heard = b""
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.sendall(
            (b"NICK %s\r\nUSER u 0 * :r\r\nJOIN #fuzz,#lobby\r\n" % nick, nick + b"\n", b"NICK ", b"")[kind]
        )
        self.sock.setblocking(False)
        self._stranger = kind > 1
        self._nick = nick
        self._poll = select.poll()
        self._poll.register(self.sock, select.POLLIN | select.POLLOUT)

    def question(self, number: int) -> tuple[bytes, re.Pattern[bytes]]:
        """What is asked, in whatever dialect this is understood to be, and its answer."""
        # An end of a line behind the codes of telnet that ask for an option is the option, and ends no line.
        ask = b"\n/sync-%d\nPING sync-%d\n" % (number, number)
        if self._stranger:
            # Who has no name by now takes one, because not every question is answered before. A name that another
            # attacker has claimed asks for its password, and takes what comes for that: the empty line ends it.
            ask = b"\n%s\nNICK %s\nUSER u 0 * :r\nCAP END\n" % (self._nick, self._nick) + ask
        return ask, re.compile(rb"unknown command /sync-%d;| PONG [^ ]+ :?sync-%d\r" % (number, number))

    def say(self, data: bytes, answer: re.Pattern[bytes], split: bool) -> bool:
        """Sends all, byte by byte where it is `split`, and reads up to the answer. False if the server closes first.

        Raises `TimeoutError` if neither happens.
        """
        some = _SPLIT_BYTES if split else 0
        rest = [*(data[i : i + 1] for i in range(min(some, len(data)))), data[some:]]
        rest.reverse()
        deadline = time.monotonic() + _PATIENCE
        self.heard = b""
        while not answer.search(self.heard):
            if time.monotonic() > deadline:
                raise TimeoutError
            self._poll.modify(self.sock, select.POLLIN | (select.POLLOUT if rest else 0))
            for _, event in self._poll.poll(1000):
                try:
                    if event & ~select.POLLOUT and not self._hear():
                        return False
                    if event & select.POLLOUT and rest:
                        piece = rest.pop()
                        left = piece[self.sock.send(piece) :]
                        rest += [left] if left else []
                except BlockingIOError:
                    pass
                except ConnectionError:
                    return False
        return True

    def _hear(self) -> bool:
        """Keeps the end of what came, in which the answer is; False at the end of the stream."""
        data = self.sock.recv(262_144)
        self.heard = self.heard[-200:] + data
        return bool(data)


class _Rubbish:
    """Attackers that come again when they are closed, and strangers anew each time. `read` counts lines by attacker."""

    def __init__(self, server: Server, chance: random.Random) -> None:
        self.read: Counter[str] = Counter()
        self.ended = 0
        self.unanswered = 0
        self.seconds = 0.0
        self._port = server.port
        self._chance = chance
        self._numbers = count(1)
        self._attackers = [self._connect(number) for number in range(_ATTACKERS)]

    @property
    def done(self) -> int:
        return sum(self.read.values())

    def _connect(self, number: int) -> _Attacker:
        return _Attacker(self._port, number % 4, b"f%d" % next(self._numbers))

    def send(self, lines: int, witnesses: "_Witnesses") -> None:
        """Until the server has read so many more."""
        began = time.monotonic()
        goal = self.done + lines
        turn = 0
        while self.done < goal and time.monotonic() - began < _LONGEST:
            number = turn % _ATTACKERS
            turn += 1
            attacker = self._attackers[number]
            chunk = b"".join([line(self._chance) for _ in range(_CHUNK)])
            ask, answer = attacker.question(next(self._numbers))
            try:
                if attacker.say(chunk + ask, answer, turn % _SPLIT == 0):
                    self.read[attacker.what] += chunk.count(b"\n")
                else:
                    self.ended += chunk.count(b"\n")
                    attacker.what = ""
            except TimeoutError:
                self.unanswered += 1
                attacker.what = ""
            if number % 4 > 1 or not attacker.what:
                attacker.sock.close()
                self._attackers[number] = self._connect(number)
            if turn % 20 == 0:
                witnesses.talk()
        self.seconds += time.monotonic() - began

    def close(self) -> None:
        for attacker in self._attackers:
            attacker.sock.close()


class _Witnesses:
    """One speaks IRC, one does not; both are in the lobby with the rest. `bad` is what they should not have seen."""

    def __init__(self, server: Server) -> None:
        self.bad: list[str] = []
        self.lost = 0
        self.said = 0
        self._irc = Irc(server.port, "first")
        self._plain = Plain(server.port, "second")

    def talk(self) -> None:
        """Each says a word to the other, and reads up to the other's."""
        self.said += 1
        word = f"word-{self.said}-of-{_SEED}"
        self._irc.send(f"PRIVMSG #lobby :{word}")
        self._plain.send(word)
        try:
            seen = self._plain.until(rf"^first: {word}$", _PATIENCE)
            self.bad += [line for line in seen if text.clean(line) != line or text.plain(line) != line]
            seen = self._irc.until(rf"^:second!\S+ PRIVMSG #lobby :?{word}$", _PATIENCE)
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
        irc_message.parse(line)
    except ValueError:
        return False
    return text.clean_irc(line) == line and len(line.encode()) <= irc_message.LINE_BYTES - 2
