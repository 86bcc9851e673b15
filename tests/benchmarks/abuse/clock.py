"""The machine's clock is set back a day, and then ahead, while people talk. Needs libfaketime."""

import itertools
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from chatroom.model.deadlines import DROP_AFTER_SECONDS
from chatroom.server.timeouts import TIMEOUT_CHECK_SECONDS
from tests.benchmarks.abuse.attack import Check, at_most, exactly, not_here, start
from tests.benchmarks.abuse.scarce import server_errors
from tests.benchmarks.servers import Server
from tests.peers import Irc, Plain

_SPEECH = re.compile(r"^@time=(\S+);msgid=(\S+) :\S+ PRIVMSG #lobby :")
_DAY = 86_400  # seconds


def clock(short: bool) -> list[Check]:
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        return not_here("libfaketime")
    with TemporaryDirectory() as directory:
        offset = Path(directory) / "offset"
        offset.write_text("+0")
        with _faked(library, offset), start("--unlimited", "--log-level", "warning") as server:
            return _talk_through(server, offset, 3 * TIMEOUT_CHECK_SECONDS if short else DROP_AFTER_SECONDS + 30)


@contextmanager
def _faked(library: Path, offset: Path) -> Iterator[None]:
    """Who is started now has the time of day that `offset` says; what only ever rises is left alone."""
    fake = {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    before = dict(os.environ)
    os.environ.update(fake)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _talk_through(server: Server, offset: Path, seconds: float) -> list[Check]:
    al = Irc(server.port, "al", "server-time", "message-tags", "echo-message")
    others = [Irc(server.port, f"irc{number}") for number in range(5)]
    silent = Plain(server.port, "silent")
    said: list[tuple[str, int]] = []
    dates = []
    for days in (0, -1, 2, 0):
        offset.write_text(f"{days * _DAY:+d}")
        dates.append(_asked(al))
        until = time.monotonic() + (seconds if days == -1 else 3 * TIMEOUT_CHECK_SECONDS)
        while time.monotonic() < until:
            al.send("PRIVMSG #lobby :tick")
            spoken = _SPEECH.match(al.until("PRIVMSG #lobby :tick$")[-1])
            assert spoken
            said.append((spoken[1], int(spoken[2], 16)))
            for other in others:  # which answers pings
                other.until(":tick$")
                if any(line.startswith("PING") for line in other.heard):
                    other.send("PONG :x")
                other.heard.clear()
            time.sleep(0.2)  # the pace of the talk, not a wait for anything
    left = [line for line in al.heard if " QUIT " in line]
    silent.sync()
    for peer in (al, *others, silent):
        peer.close()
    return [
        at_most("the day that the server saw after it was set back", (dates[1] - dates[0]) / _DAY, -0.9, ""),
        Check("messages said", len(said), "told only", True),
        exactly("clients that were disconnected", len(left), 0),
        exactly("ids that do not rise", sum(a[1] >= b[1] for a, b in itertools.pairwise(said)), 0),
        exactly("times that go back", sum(a[0] > b[0] for a, b in itertools.pairwise(said)), 0),
        exactly("tracebacks", server_errors(server.log().splitlines()), 0),
    ]


def _asked(client: Irc) -> float:
    """What the server says is the time, Unix seconds."""
    client.send("TIME")
    told = client.wait(r" 391 .*?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)")[1]
    return datetime.fromisoformat(told).replace(tzinfo=UTC).timestamp()
