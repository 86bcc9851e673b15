"""Ends: of clients that are there and are not, and of the server itself under load."""

import ctypes
import itertools
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from chatroom.model.deadlines import DROP_AFTER_SECONDS
from tests.benchmarks.abuse.attack import MODULE, Check, allowed, at_most, exactly, not_here, start
from tests.benchmarks.abuse.crowds import warm_up
from tests.benchmarks.load import RoundError, Swarm
from tests.benchmarks.shapes import settled
from tests.peers import DEADLINE, Irc, Peer, Plain

_STOPPED = 20  # clients whose process is stopped
_CUT_OFF = 5  # clients of each kind whose network is gone
_HURRY = 6  # seconds; some ticks of the watch
_HURRIED = f"""\
import chatroom.server.timeouts
from chatroom.cli.main import main

chatroom.server.timeouts.PING_AFTER_SECONDS, chatroom.server.timeouts.DROP_AFTER_SECONDS = {_HURRY // 2}, {_HURRY}
main(prog_name="chatroom")
"""
_CLONE_NEWNET = 0x4000_0000  # linux/sched.h
_TALKERS = 20
_READERS = 80
_SPEECH = re.compile(rb":(\S+)!\S+ PRIVMSG #r0 :?(\|\d+)")
_FROZEN = """\
import os, signal, sys, time
from tests.peers import Irc
peers = [Irc(int(sys.argv[1]), f"gone{n}") for n in range(int(sys.argv[2]))]
print("ready", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
"""


def half_open(short: bool) -> list[Check]:
    """A stopped process's kernel still acknowledges, so TCP finds nothing wrong: only the missing PONG tells."""
    count = 2 if short else _STOPPED
    with start() as server:
        warm_up(server.port)
        witness = Irc(server.port, "witness")
        before = settled(server)
        command = [sys.executable, "-c", _FROZEN, str(server.port), str(count)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        try:
            assert process.stdout
            process.stdout.readline()
            began = time.monotonic()
            told = 0 if short else _departures(witness, count, began + DROP_AFTER_SECONDS + 30)
            gone = time.monotonic() - began
        finally:
            process.kill()
            process.communicate()
        if short:
            told = _departures(witness, count, time.monotonic() + DEADLINE)
        after = settled(server, before)
        witness.close()
    return [
        exactly("departures that the room was told of", told, count),
        at_most("until the last was gone", gone, DROP_AFTER_SECONDS + 5, "s", timed=True),
        at_most("threads left behind", after["threads"] - before["threads"], 0, ""),
        at_most("descriptors left behind", after["descriptors"] - before["descriptors"], 0, ""),
    ]


def network(short: bool) -> list[Check]:
    """Nothing comes from these any more, and nothing reaches them: half of them in a room where people talk.

    The short one has shorter deadlines.
    """
    lost = "127.0.0.2"
    cut = [["iptables", "-A", "INPUT", direction, lost, "-j", "DROP"] for direction in ("-s", "-d")]
    if not allowed("unshare", "--net", *cut[0]):
        return not_here("root and iptables")
    count = 1 if short else _CUT_OFF
    drop_after = _HURRY if short else DROP_AFTER_SECONDS
    with _own_network(), start(python=("-c", _HURRIED) if short else MODULE) as server, ExitStack() as stack:
        warm_up(server.port)
        witness = Irc(server.port, "witness", room="#lobby,#quiet")
        before = settled(server)
        names = (f"gone{number}" for number in itertools.count())
        for _ in range(count):
            talkative = Irc(server.port, next(names), source=lost), Plain(server.port, next(names), source=lost)
            quiet = (
                Irc(server.port, next(names), source=lost, room="#quiet"),
                Plain(server.port, next(names), source=lost),
            )
            quiet[1].send("/join #quiet")
            for peer in (*talkative, *quiet):
                peer.sync()
                stack.callback(peer.close)
        witness.sync()
        for command in cut:
            subprocess.run(command, check=True)
        began = time.monotonic()
        witness.send("PRIVMSG #lobby :anybody?")
        told = _departures(witness, 4 * count, began + drop_after + 30)
        gone = time.monotonic() - began
        after = settled(server, before)
        witness.close()
    return [
        exactly("departures that the room was told of", told, 4 * count),
        at_most("until the last was gone", gone, drop_after + 5, "s", timed=True),
        at_most("threads left behind", after["threads"] - before["threads"], 0, ""),
        at_most("descriptors left behind", after["descriptors"] - before["descriptors"], 0, ""),
    ]


@contextmanager
def _own_network() -> Iterator[None]:
    """This thread, and what it starts, has a network of its own: a loopback interface, and nothing else."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path("/proc/thread-self/ns/net").open() as before:
        if libc.unshare(_CLONE_NEWNET):
            raise RoundError(f"no network of its own: {os.strerror(ctypes.get_errno())}")
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            yield
        finally:
            libc.setns(before.fileno(), _CLONE_NEWNET)


def _departures(witness: Irc, count: int, deadline: float) -> int:
    """How many are told to have gone. The witness talks and answers pings meanwhile."""
    told = 0
    while told < count and time.monotonic() < deadline:
        try:
            line = witness.until(r"^(PING |:gone\d+!\S+ QUIT )", 5)[-1]
        except AssertionError:
            witness.send("PRIVMSG #lobby :anybody?")
            continue
        if line.startswith("PING"):
            witness.send("PONG :here")
        else:
            told += 1
    return told


def sigterm(short: bool) -> list[Check]:
    """All readers are sent the same, up to the end; the port is free for the next one."""
    talkers, readers, speech = (2, 4, 200) if short else (_TALKERS, _READERS, 100_000)
    with start("--unlimited") as server, Swarm(server.port) as swarm:
        swarm.enter(["r0"] * (talkers + readers))
        swarm.settle()
        swarm.reader = swarm.count
        listeners = swarm.clients[talkers:]
        for listener in listeners:
            listener.kept = bytearray()
        for talker in swarm.clients[:talkers]:
            swarm.flood(talker, speech, 64)
        until = time.monotonic() + (0.2 if short else 3)
        while time.monotonic() < until:
            swarm.pump(0.05)
        server.signal()
        while swarm.closed < talkers + readers and time.monotonic() < until + 20:
            swarm.pump(0.2)
        seconds = server.ended()
        saved = _saved(server.data)
        heard = [_SPEECH.findall(bytes(listener.kept or b"")) for listener in listeners]
        farewells = sum(b"ERROR :Closing link: the server is shutting down" in (c.kept or b"") for c in listeners)
        began = time.monotonic()
        with start("--unlimited", port=server.port) as again:
            back = time.monotonic() - began
            peer = Peer(again.port)
            peer.wait("^Username$")
            peer.close()
    if not heard[0]:
        raise RoundError("nothing was said before the end")
    return [
        Check("messages that each reader saw", len(heard[0]), "told only", True),
        exactly("readers that saw something else than the first", sum(h != heard[0] for h in heard), 0),
        exactly("messages seen that were not saved", len({stamp.decode() for _, stamp in heard[0]} - saved), 0),
        exactly("readers that were told of the end", farewells, readers),
        at_most("until it ended", seconds, 10, "s", timed=True),
        at_most("until the next one listened on its port", back, 5, "s", timed=True),
    ]


def _saved(data: Path) -> set[str]:
    """The stamps of all messages in the history."""
    command = [sys.executable, "-m", "chatroom", "history", "export", "#r0", "--data", str(data)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return set(re.findall(r"\|\d{10}", done.stdout))
