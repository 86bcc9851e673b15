"""Ends: of clients that are there and are not, and of the server itself under load."""

import re
import subprocess
import sys
import time

from chatroom.limits import DROP_AFTER
from tests.benchmarks.abuse.attack import Check, at_most, exactly, start
from tests.benchmarks.load import RoundError, Swarm
from tests.peers import DEADLINE, Irc, Peer

_STOPPED = 20  # clients whose process is stopped
_TALKERS = 20
_READERS = 80
_SPEECH = re.compile(rb":(\S+)!\S+ PRIVMSG #r0 :?(\|\d+)")
_FROZEN = """\
import os, signal, sys, time
from tests.peers import Irc
peers = [Irc(int(sys.argv[1]), f"stopped{n}") for n in range(int(sys.argv[2]))]
print("ready", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
"""


def half_open(short: bool) -> list[Check]:
    """A stopped process's kernel still acknowledges, so TCP finds nothing wrong: only the missing PONG tells."""
    count = 2 if short else _STOPPED
    with start() as server:
        witness = Irc(server.port, "witness")
        threads, files = server.threads(), server.descriptors()
        command = [sys.executable, "-c", _FROZEN, str(server.port), str(count)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        try:
            assert process.stdout
            process.stdout.readline()
            began = time.monotonic()
            told = 0 if short else _departures(witness, count, began + DROP_AFTER + 30)
            gone = time.monotonic() - began
        finally:
            process.kill()
            process.wait()
        if short:
            told = _departures(witness, count, time.monotonic() + DEADLINE)
        deadline = time.monotonic() + DEADLINE
        while server.threads() > threads and time.monotonic() < deadline:
            witness.sync()
        left = server.threads() - threads, server.descriptors() - files
        witness.close()
    return [
        exactly("departures that the room was told of", told, count),
        at_most("until the last was gone", gone, DROP_AFTER + 5, "s", timed=True),
        exactly("threads left behind", left[0], 0),
        exactly("descriptors left behind", left[1], 0),
    ]


def _departures(witness: Irc, count: int, deadline: float) -> int:
    """How many of the stopped ones are told to have gone. The witness answers pings meanwhile."""
    told = 0
    while told < count and time.monotonic() < deadline:
        try:
            line = witness.until(r"^(PING |:stopped\d+!\S+ QUIT )", 5)[-1]
        except AssertionError:
            witness.sync()
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
        exactly("readers that were told of the end", farewells, readers),
        at_most("until it ended", seconds, 10, "s", timed=True),
        at_most("until the next one listened on its port", back, 5, "s", timed=True),
    ]
