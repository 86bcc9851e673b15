"""How long each command holds the event log's lock, which everybody else waits for, and what an innocent notices.

One address builds the dearest state that its limits allow. Then it sends each command with its dearest arguments:

- *many*: each of its clients is in 100 rooms of its own;
- *full*: all of its clients are in the same 100 rooms, whose lists are full, and in which long messages were said;
- *crowd*: one client has 100 rooms. Thousands are in all of them, and many more know them from before.

A command is sent by one client alone first, to see how long the lock is held by it, and then by all clients, each as
fast as its limits allow, while innocents at another address send PING. The limits are lifted while the state is built.
"""

import json
import os
import selectors
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from chatroom.model.limits import MASKS_PER_LIST, ROOMS_PER_USER
from chatroom.protocols.irc.command_table import COMMANDS
from chatroom.server.connection_limits import CONNECTIONS_PER_ADDRESS
from tests.benchmarks.abuse.attack import Check, at_most, exactly, start
from tests.benchmarks.abuse.scarce import server_errors
from tests.benchmarks.abuse.timed_server import Held
from tests.peers import DEADLINE, Irc

HELD_SECONDS = 0.005  # for which any command may hold the lock at most
PING_SECONDS = 0.05  # in which 99 of 100 pings of an innocent must be answered
_ATTACKER, _INNOCENT = "127.0.0.66", "127.0.0.77"  # addresses
_CAPS = ("message-tags", "server-time", "batch", "labeled-response", "draft/chathistory", "echo-message")
_CAPS_MORE = ("soju.im/search", "draft/read-marker", "draft/message-redaction", "draft/multiline", "away-notify")
_MODULE = "tests.benchmarks.abuse.timed_server"


class Size(NamedTuple):
    """How large the state is, and how long each command is tried."""

    clients: int
    rooms: int
    masks: int
    said: int  # messages in each of the full rooms
    tries: int  # of each command by one client
    seconds: float  # for which all send it
    innocents: int
    people: int  # who are no clients, of the crowd


FULL = Size(CONNECTIONS_PER_ADDRESS, ROOMS_PER_USER, MASKS_PER_LIST, 50, 40, 3.0, 6, 10_000)
SHORT = Size(4, 6, 4, 2, 2, 0.3, 1, 100)


class Row(NamedTuple):
    """A command. In its lines, {me} is the number of who sends it, {you} another's, {n} a number used once.

    {full} are 20 full rooms, {last} others, which clients leave.
    """

    command: str
    line: str
    undo: str = ""  # sent after it, so that it can be sent again
    full: bool = True  # whether it is dearest where rooms are full
    crowd: bool = False  # or where thousands are in rooms
    by: int = 0  # who sends it alone: the first half are operators of the full rooms


_LONG = "x" * 290
_LIST_MASKS = ",".join(f"*{chr(97 + i)}*x*y*z*w*q{i}*"[:22] for i in range(20))
_SOME_MASKS = " ".join(f"*try{i}*!*@*" for i in range(20))
_NICKS = ",".join(f"a{i}" for i in range(1, 21))
_MEMBER = -1  # the last client, which is no operator anywhere but in its own rooms

ROWS = (
    Row("CAP", "CAP REQ :away-notify", "CAP REQ :-away-notify"),
    Row("AUTHENTICATE", "AUTHENTICATE PLAIN", "AUTHENTICATE *"),
    Row("REGISTER", "REGISTER a{me} * longer-{n}"),
    Row("VERIFY", "VERIFY a{me} 1"),
    Row("NICKSERV", "NICKSERV INFO a{you}"),
    Row("NS", "NS INFO a{you}"),
    Row("PASS", "PASS x"),
    Row("NICK", "NICK n{me}-{n}", "NICK a{me}", by=_MEMBER),
    Row("USER", "USER a 0 * :a"),
    Row("SETNAME", "SETNAME :{n} of many", by=_MEMBER),
    Row("PING", "PING " + _LONG),
    Row("PONG", "PONG " + _LONG),
    Row("JOIN", "JOIN {last}", "PART {last}", by=_MEMBER),
    Row("PART", "PART {last} :" + _LONG[:100], "JOIN {last}", by=_MEMBER),
    Row("TOPIC", "TOPIC #f0 :{n} " + _LONG[:280]),
    Row("NAMES", "NAMES", full=False),
    Row("LIST", "LIST " + _LIST_MASKS, full=False),
    Row("INVITE", "INVITE a{you} #{me}-0", full=False),
    Row("KICK", "KICK #f3 " + _NICKS + " :" + _LONG[:100]),
    Row("BAN", "BAN #f1 *try{n}*!*@* 10m :" + _LONG[:100], "UNBAN #f1 *try{n}*!*@*"),
    Row("UNBAN", "UNBAN #f1 a1", "BAN #f1 a1 10m"),
    Row("MUTE", "MUTE #f1 a1 10m :" + _LONG[:100], "UNMUTE #f1 a1"),
    Row("UNMUTE", "UNMUTE #f1 a1", "MUTE #f1 a1 10m"),
    Row("MODE", "MODE #f2 +" + 20 * "b" + " " + _SOME_MASKS, "MODE #f2 -" + 20 * "b" + " " + _SOME_MASKS),
    Row("MODE", "MODE #f1 beI"),
    Row("PRIVMSG", "PRIVMSG {full} :{n} " + _LONG),
    Row("NOTICE", "NOTICE {full} :{n} " + _LONG, by=_MEMBER),
    Row("TAGMSG", "@+x=" + 4000 * "y" + " TAGMSG {full}", by=_MEMBER),
    Row("BATCH", "BATCH +{n} draft/multiline #f0\r\n@batch={n} PRIVMSG #f0 :" + _LONG + "\r\nBATCH -{n}"),
    Row("CHATHISTORY", "CHATHISTORY LATEST #f0 * 200"),
    Row("CHATHISTORY", "CHATHISTORY TARGETS timestamp=2020-01-01T00:00:00Z timestamp=2099-01-01T00:00:00Z 200"),
    Row("SEARCH", "SEARCH text=said"),
    Row("MARKREAD", "MARKREAD #f0 timestamp=2026-01-01T00:00:00.{n:0>3.3}Z"),
    Row("REDACT", "REDACT #f0 1"),
    Row("MENTIONS", "MENTIONS", full=False),
    Row("METADATA", "METADATA * SET display-name :{n} " + _LONG[:100], "METADATA * CLEAR", by=_MEMBER),
    Row("SILENCE", "SILENCE +*{n}*!*@*", "SILENCE -*{n}*!*@*"),
    Row("PERSISTENCE", "PERSISTENCE SET ON", "PERSISTENCE SET OFF"),
    Row("RENAME", "RENAME #f4 #renamed{n}", "RENAME #renamed{n} #f4"),
    Row("RENAME", "RENAME #0-{n} #renamed{n}", full=False, crowd=True),
    Row("LANGUAGE", "LANGUAGE pl", "LANGUAGE en"),
    Row("ISUPPORT", "ISUPPORT"),
    Row("AWAY", "AWAY :{n} " + _LONG, "AWAY", by=_MEMBER),
    Row("WHO", "WHO #f0 %tcuihsnfdlaor,1"),
    Row("WHO", "WHO *q*x*z*?*v*", full=False),
    Row("WHOIS", "WHOIS a{you}"),
    Row("WHOWAS", "WHOWAS *?*?*?*", full=False),
    Row("USERHOST", "USERHOST a0 a1 a2 a3 a4"),
    Row("ISON", "ISON " + _NICKS.replace(",", " ")),
    Row("MONITOR", "MONITOR + " + ",".join(f"m{i}" for i in range(100)), "MONITOR C"),
    Row("MOTD", "MOTD"),
    Row("LUSERS", "LUSERS"),
    Row("VERSION", "VERSION"),
    Row("TIME", "TIME"),
    Row("INFO", "INFO"),
    Row("ADMIN", "ADMIN"),
    Row("LINKS", "LINKS", full=False),
    Row("CLUSTER", "CLUSTER", full=False),
    Row("STATS", "STATS u"),
    Row("HELP", "HELP"),
    Row("HELPOP", "HELPOP"),
    Row("KILL", "KILL a{you}"),
    Row("WALLOPS", "WALLOPS :" + _LONG),
    Row("KLINE", "KLINE *{n}*!*@*"),
    Row("UNKLINE", "UNKLINE *{n}*!*@*"),
    Row("DLINE", "DLINE 192.0.2.1"),
    Row("UNDLINE", "UNDLINE 192.0.2.1"),
    Row("REHASH", "REHASH"),
    # These end the connection, so they are the last.
    Row("OPER", "OPER a wrong", full=False),
    Row("QUIT", "QUIT :" + _LONG, by=_MEMBER),
)


class Times(NamedTuple):
    """What one command did: seconds."""

    row: Row
    longest: float  # for which the lock was held, by the clock
    usual: float  # for which it was held in half of the cases
    busy: float  # of processor time that the holder spent meanwhile, at most
    by: str  # the function that held it longest
    ping: float  # in which 99 of 100 pings of innocents were answered


def lock(short: bool) -> list[Check]:
    size = SHORT if short else FULL
    found: list[Times] = []
    errors = 0
    for full, crowd in ((False, False), (True, False), (False, True)):
        with _server() as (port, control, log), ExitStack() as stack:
            mob = stack.enter_context(_Mob(port, size, control))
            if crowd:
                mob.gather()
            else:
                (mob.fill if full else mob.spread)()
            innocents = [stack.enter_context(_Innocent(port, n)) for n in range(size.innocents)]
            for row in ROWS:
                if (row.full, row.crowd) == (full, crowd):
                    found.append(_tried(row, mob, innocents, control))
            control.ask("limits off")
            errors += server_errors(log().splitlines())
    _show(found)
    held = max(found, key=lambda times: times.longest)
    ping = max(found, key=lambda times: times.ping)
    return [
        exactly("commands of IRC without a row", len(COMMANDS.keys() - {row.command for row in ROWS}), 0),
        at_most(f"lock held longest, by {held.row.command}", 1000 * held.longest, 1000 * HELD_SECONDS, "ms", True),
        at_most(f"an innocent's ping, beside {ping.row.command}", 1000 * ping.ping, 1000 * PING_SECONDS, "ms", True),
        exactly("tracebacks", errors, 0),
    ]


def _tried(row: Row, mob: "_Mob", innocents: "Sequence[_Innocent]", control: "_Control") -> Times:
    control.ask("limits free")
    seconds: list[float] = []
    busy: list[float] = []
    by = ""
    for _ in range(1 if row.command in ("OPER", "QUIT") else mob.size.tries):
        held = mob.alone(row)
        if max(held.seconds) > max(seconds, default=0.0):
            by = held.longest_by
        seconds.append(max(held.seconds))
        busy.append(max(held.busy))
    control.ask("limits on")
    pings = mob.together(row, innocents)
    control.ask("limits off")
    mob.calm_down()
    return Times(row, max(seconds), _share(seconds, 0.5), max(busy), by, _share(pings, 0.99))


def _share(values: list[float], share: float) -> float:
    """What that share of the values doesn't exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _show(found: list[Times]) -> None:
    print(f"  {'':44}{'held, ms':>20}{'processor':>11}{'ping':>9}")
    print(f"  {'':44}{'longest':>11}{'usual':>9}{'ms':>11}{'99 %, ms':>9}")
    for times in found:
        line = " ".join(times.row.line.split("\r\n")[0].removeprefix("@+x=").split())[-400:]
        what = f"{times.row.command}: {line[:30]}"
        print(
            f"  {what:<44}{1000 * times.longest:>11.2f}{1000 * times.usual:>9.2f}"
            f"{1000 * times.busy:>11.2f}{1000 * times.ping:>9.0f}  {times.by}",
            flush=True,
        )


@contextmanager
def _server() -> "Iterator[tuple[int, _Control, Callable[[], str]]]":
    """A timed server with its usual limits: its port, what controls it, and what gives its log."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "control"
        with start("--log-level", "warning", python=("-m", _MODULE, str(path))) as server:
            control = _Control(path)
            try:
                yield server.port, control, server.log
            finally:
                control.close()


class _Control:
    """The line to a timed server."""

    def __init__(self, path: Path) -> None:
        self._sock = socket.socket(socket.AF_UNIX)
        self._sock.settimeout(DEADLINE)
        self._sock.connect(os.fspath(path))
        self._answers = self._sock.makefile("rb")

    def ask(self, question: str) -> str:
        self._sock.sendall(question.encode() + b"\n")
        answer = self._answers.readline().decode()
        assert answer, f"the server doesn't answer {question!r}"
        return answer

    def times(self) -> Held:
        return Held(*json.loads(self.ask("times")))

    def close(self) -> None:
        self._answers.close()
        self._sock.close()


class _Attacker:
    """One of the mob. What it is told is only looked through for answers to its pings."""

    def __init__(self, port: int, number: int) -> None:
        peer = Irc(port, f"a{number}", *_CAPS, *_CAPS_MORE, room="", source=_ATTACKER)
        self.sock = peer.sock
        self.number = number
        self.asked = self.answered = 0
        self.closed = False
        self._rest = b""

    def send(self, lines: str) -> None:
        """Sends lines and a PING; `is_done` says whether they were answered."""
        self.asked += 1
        try:
            self.sock.sendall(f"{lines}\r\nPING done-{self.asked}\r\n".encode())
        except OSError:
            self.closed = True

    @property
    def is_done(self) -> bool:
        return self.closed or self.answered == self.asked

    def read(self) -> None:
        try:
            data = self.sock.recv(1 << 18)
        except OSError:
            data = b""
        self.closed = self.closed or not data
        data = self._rest + data
        mark = b" :done-" if b" :done-" in data else b" done-"
        for piece in data.split(mark)[1:]:
            number = piece.partition(b"\r\n")[0]
            if number.isdigit():
                self.answered = max(self.answered, int(number))
        self._rest = data[-40:]


class _Mob:
    """All clients of one address, and the thread that reads what they are told."""

    def __init__(self, port: int, size: Size, control: _Control) -> None:
        self.size = size
        self._control = control
        self._numbers = 0
        control.ask("limits off")
        self._clients = [_Attacker(port, number) for number in range(size.clients)]
        self._ended = False
        self._moved = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> "_Mob":
        self._reader.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._ended = True
        self._reader.join()
        for client in self._clients:
            client.sock.close()

    def _read(self) -> None:
        with selectors.DefaultSelector() as selector:
            for client in self._clients:
                selector.register(client.sock, selectors.EVENT_READ, client)
            while not self._ended:
                for key, _ in selector.select(0.1):
                    key.data.read()
                    if key.data.closed:
                        selector.unregister(key.fileobj)
                with self._moved:
                    self._moved.notify_all()

    def _wait(self, clients: Sequence[_Attacker], until: float) -> bool:
        """Waits until all is answered, or a moment in monotonic seconds; whether it is."""
        with self._moved:
            left = until - time.monotonic()
            return self._moved.wait_for(lambda: all(client.is_done for client in clients), max(0.0, left))

    def _tell(self, client: _Attacker, *lines: str) -> None:
        client.send("\r\n".join(lines))
        assert self._wait([client], time.monotonic() + 4 * DEADLINE), f"no answer to {lines[-1][:80]}"
        assert not client.closed or lines[0].startswith("QUIT"), f"closed after {lines[-1][:80]}"

    # ---- the state --------------------------------------------------------------------------------------------------

    def gather(self) -> None:
        """One client opens rooms into which a crowd comes."""
        self._open_rooms(self._clients[0])
        self._control.ask(f"crowd {self.size.people}")

    def spread(self) -> None:
        """Each client opens its own rooms. Many names have been here before."""
        for client in self._clients:
            self._open_rooms(client)
            self._tell(client, *[f"NICK w{client.number}-{n}" for n in range(16)], f"NICK a{client.number}")

    def _open_rooms(self, client: _Attacker) -> None:
        rooms = [f"#{client.number}-{n}" for n in range(self.size.rooms)]
        self._tell(client, *[f"JOIN {','.join(rooms[i : i + 20])}" for i in range(0, len(rooms), 20)])

    def fill(self) -> None:
        """All join the same rooms. Half are their operators. Lists are full, but for 20 bans."""
        rooms = [f"#f{n}" for n in range(self.size.rooms)]
        for client in self._clients:
            self._tell(client, *[f"JOIN {','.join(rooms[i : i + 20])}" for i in range(0, len(rooms), 20)])
        first, half = self._clients[0], range(1, len(self._clients) // 2)
        for room in rooms:
            ranks = [f"MODE {room} +{20 * 'o'} {' '.join(f'a{n}' for n in half[i : i + 20])}" for i in half[::20]]
            masks = [
                f"MODE {room} +{10 * letter} {' '.join(f'*{letter}?{n}*!*@*' for n in range(i, i + 10))}"
                for letter in "beI"
                for i in range(0, self.size.masks - (20 if letter == "b" else 0), 10)
            ]
            said = [f"PRIVMSG {room} :{n} said {_LONG}{_LONG}" for n in range(self.size.said)]
            self._tell(first, *ranks, *masks, *said)
        self._tell(first, *[f"PRIVMSG #f0 :{n} {9 * (_LONG + ' ')}" for n in range(4 * self.size.said)])

    # ---- attacking --------------------------------------------------------------------------------------------------

    def _lines(self, row: Row, client: _Attacker) -> list[str]:
        self._numbers += 1
        you = (client.number + 1) % len(self._clients)
        rooms = [f"#f{n}" for n in range(self.size.rooms)]
        full, last = ",".join(rooms[:20]), ",".join(rooms[-20:])
        lines = [row.line, *([row.undo] if row.undo else [])]
        return [line.format(me=client.number, you=you, n=str(self._numbers), full=full, last=last) for line in lines]

    def alone(self, row: Row) -> Held:
        """One client sends it: how long the lock was held until it was answered."""
        client = self._clients[row.by]
        line, *undo = self._lines(row, client)
        self._control.times()
        self._tell(client, line)
        held = self._control.times()
        if undo:
            self._tell(client, *undo)
        return held

    def together(self, row: Row, innocents: "Sequence[_Innocent]") -> list[float]:
        """All send it, each as fast as it may: the seconds that pings of innocents took meanwhile."""
        end = time.monotonic() + self.size.seconds
        before = [len(innocent.times) for innocent in innocents]
        for innocent in innocents:
            innocent.is_asking.set()
        while (now := time.monotonic()) < end:
            for client in self._clients:
                if client.is_done and not client.closed:
                    client.send("\r\n".join(self._lines(row, client)))
            with self._moved:
                self._moved.wait(min(0.05, end - now))
        for innocent in innocents:
            innocent.is_asking.clear()
        for innocent in innocents:
            assert innocent.rests.wait(2 * DEADLINE), "an innocent's ping is not answered"
        return [seconds for innocent, n in zip(innocents, before, strict=True) for seconds in innocent.times[n:]]

    def calm_down(self) -> None:
        """Waits until all is answered."""
        assert self._wait(self._clients, time.monotonic() + 4 * DEADLINE), "the attackers are not answered"


class _Innocent:
    """Sends PING four times a second while `is_asking`; `times` are the seconds in which they were answered."""

    def __init__(self, port: int, number: int) -> None:
        self._irc = Irc(port, f"innocent{number}", source=_INNOCENT)
        self.times: list[float] = []
        self.is_asking = threading.Event()
        self.rests = threading.Event()
        self.rests.set()
        self._ended = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "_Innocent":
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._ended = True
        self.is_asking.set()
        self._thread.join()
        self._irc.close()

    def _run(self) -> None:
        while self.is_asking.wait() and not self._ended:
            self.rests.clear()
            began = time.monotonic()
            self._irc.sync()
            took = time.monotonic() - began
            self.times.append(took)
            self._irc.heard.clear()
            if not self.is_asking.is_set():
                self.rests.set()
            time.sleep(max(0.0, 0.26 - took))  # its pace, not a wait for anything
            self.rests.set()
