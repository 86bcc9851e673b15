"""The shapes of load, one class for each way to measure. Each `run` is one round against a server that just started.

A figure's name ends in its unit. `lost` is what should have come and did not; it has to be 0.
"""

import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import cycle
from statistics import median, quantiles
from typing import NamedTuple, Protocol

from chatroom.server.client_threads import THREADS_KEPT
from tests.benchmarks.load import Client, RoundError, Stopwatch, Swarm, stolen
from tests.benchmarks.servers import Server

PAYLOAD = 64  # bytes of text in a message
STALL = 10.0  # seconds without a single delivery after which a round is over
LONGEST = 60.0  # seconds that messages are sent and counted
TIGHT = 0.9  # of the time: if the load generator is busier than this, it is what was measured
STOLEN = 0.01  # seconds a second: if the machine itself is stopped for longer, it's that which the latencies tell of
STARVED = 0.2  # of the time: if it waits for a processor longer than this, the machine has other work


class Round(NamedTuple):
    figures: dict[str, float]
    notes: list[str]


class Shape(Protocol):
    """`peers` are the other servers that can be measured with it, too."""

    @property
    def name(self) -> str: ...

    @property
    def about(self) -> str: ...

    @property
    def peers(self) -> tuple[str, ...]: ...

    def scaled(self, factor: float) -> "Shape":
        """The same with more or fewer clients."""

    def run(self, server: Server) -> Round: ...


@dataclass(frozen=True)
class Messages:
    """`senders` of the `clients` send `messages` each: as fast as they are taken, or `rate` a second in all.

    `browsers` is the share of clients, and of senders, that come by WebSocket.
    """

    name: str
    clients: int
    rooms: int
    senders: int
    messages: int
    rate: int = 0
    browsers: float = 0
    peers: tuple[str, ...] = ("nats-server", "ngircd", "inspircd")

    @property
    def about(self) -> str:
        where = f"{self.rooms} rooms" if self.rooms > 1 else "one room"
        how = f"{self.rate} messages/s" if self.rate else "flooding"
        by_web = f", {self.browsers:.0%} by WebSocket" if self.browsers else ""
        return f"{self.clients:,} clients in {where}{by_web}, {self.senders} of them {how}, {PAYLOAD} bytes each"

    def scaled(self, factor: float) -> "Messages":
        clients = max(self.rooms * 2, int(self.clients * factor))
        return replace(self, clients=clients, senders=min(self.senders, clients))

    def run(self, server: Server) -> Round:
        with Swarm(server.port, server.kind.wire, browsers=self.browsers) as swarm:
            rooms = [f"r{number % self.rooms}" for number in range(self.clients)]
            swarm.enter(rooms)
            swarm.settle()
            sizes = Counter(rooms)
            senders = swarm.clients[: self.senders]
            expected = sum(self.messages * (sizes[sender.room] - 1) for sender in senders)
            swarm.reader = swarm.count
            cpu = server.cpu()
            watch = Stopwatch()
            if self.rate:
                _pace(swarm, senders, self.rate, self.messages * len(senders), PAYLOAD)
            else:
                for sender in senders:
                    swarm.flood(sender, self.messages, PAYLOAD)
            _collect(swarm, expected, watch)
            cpu = server.cpu() - cpu
            got = max(1, swarm.got)
            figures = {
                "in_per_s": self.messages * len(senders) / watch.seconds,
                "deliveries_per_s": swarm.got / watch.seconds,
                "cpu_us_per_delivery": cpu * 1e6 / got,
                **_latency(swarm.latencies),
                "peak_mb": server.peak() / 1024,
                "lost": expected - swarm.got,
                **_generator(watch),
            }
            return Round(figures, _remarks(watch))


def _collect(swarm: Swarm, expected: int, watch: Stopwatch) -> None:
    """Counts until all has come that is expected; `watch` is stopped at the last delivery."""
    deadline = time.monotonic() + LONGEST
    last = time.monotonic()
    before = swarm.got
    while swarm.got < expected and last < deadline and time.monotonic() < last + STALL:
        swarm.pump(0.5)
        if swarm.got != before:
            before = swarm.got
            last = time.monotonic()
    watch.stop()


def _pace(swarm: Swarm, senders: list[Client], rate: float, messages: int, size: int) -> None:
    """Sends so many messages at an even pace, in turns, and counts meanwhile."""
    start = time.monotonic()
    turns = cycle(senders)
    for number in range(messages):
        due = start + number / rate
        while (wait := due - time.monotonic()) > 0:
            swarm.pump(wait)
        sender = next(turns)
        swarm.say(sender, swarm.message(sender, size))


@dataclass(frozen=True)
class Storm:
    """All come at once and join one room: over when the last is in and each has seen all who came after it."""

    name: str
    clients: int
    peers: tuple[str, ...] = ()

    @property
    def about(self) -> str:
        return f"{self.clients:,} clients connect, register and join one room, all at once"

    def scaled(self, factor: float) -> "Storm":
        return replace(self, clients=max(2, int(self.clients * factor)))

    def run(self, server: Server) -> Round:
        told = self.clients * (self.clients + 1) // 2  # each is told of its own coming and of all later ones
        with Swarm(server.port, server.kind.wire) as swarm:
            swarm.reader = swarm.count_word(b" JOIN ")
            cpu = server.cpu()
            watch = Stopwatch()
            deadline = time.monotonic() + LONGEST
            for _ in range(self.clients):
                swarm.connect("r0")
            while (swarm.got < told or swarm.entered < self.clients) and swarm.pump(STALL):
                if time.monotonic() > deadline:
                    break
            watch.stop()
            seen = sorted(client.seen for client in swarm.clients)
            figures = {
                "seconds": watch.seconds,
                "cpu_s": server.cpu() - cpu,
                "joins_told": swarm.got,
                "cpu_us_per_told": (server.cpu() - cpu) * 1e6 / max(1, swarm.got),
                "peak_mb": server.peak() / 1024,
                "lost": sum(abs(a - b) for a, b in zip(seen, range(1, self.clients + 1), strict=True)),
                "not_in": self.clients - swarm.entered,
                **_generator(watch),
            }
            return Round(figures, _remarks(watch))


@dataclass(frozen=True)
class Idle:
    """Clients that say nothing: what each costs, and how one more fares, the last of `clients`."""

    name: str
    clients: int
    room_size: int = 100
    seconds: float = 5.0
    newcomers: int = 20
    peers: tuple[str, ...] = ()

    @property
    def about(self) -> str:
        return f"{self.clients:,} silent clients in rooms of {self.room_size}; one of them comes and goes"

    def scaled(self, factor: float) -> "Idle":
        return replace(self, clients=max(2, int(self.clients * factor)))

    def run(self, server: Server) -> Round:
        with Swarm(server.port, server.kind.wire) as swarm:
            empty = server.memory()
            began, cpu = time.monotonic(), server.cpu()
            half = self.clients // 2
            swarm.enter(f"r{number // self.room_size}" for number in range(half))
            cpu_of_first = server.cpu() - cpu
            swarm.enter(f"r{number // self.room_size}" for number in range(half, self.clients - 1))
            entered = time.monotonic() - began
            cpu_of_last = server.cpu() - cpu - cpu_of_first
            swarm.settle()
            cpu = server.cpu()
            watch = Stopwatch()
            while (left := watch.begun + self.seconds - time.monotonic()) > 0:
                swarm.pump(left)
            watch.stop()
            figures = {
                "clients": self.clients,
                "kb_each": (server.memory() - empty) / (self.clients - 1),
                "cpu_percent": (server.cpu() - cpu) / watch.seconds * 100,
                "threads": server.threads(),
                "empty_mb": empty / 1024,
                "all_in_s": entered,
                "cpu_us_first_half": cpu_of_first * 1e6 / half,
                "cpu_us_second_half": cpu_of_last * 1e6 / max(1, self.clients - 1 - half),
            }
            joins = list(self._join_times(swarm))
            figures |= {"next_join_ms": median(joins), "worst_join_ms": max(joins)}
            return Round(figures, [])

    def _join_times(self, swarm: Swarm) -> Iterator[float]:
        """Milliseconds from connecting to being in the first room, for one newcomer after the other has left."""
        for _ in range(self.newcomers):
            began = time.monotonic()
            swarm.enter(["r0"], within=STALL)
            yield (time.monotonic() - began) * 1000
            swarm.forget(swarm.clients[-1])
            swarm.settle(0.05)


@dataclass(frozen=True)
class Slow:
    """Clients that never read, among others that do: what the others notice, and what becomes of the stuck ones.

    The others are measured alone before and after, for they are not the same afterwards: once many have come and gone,
    the kernel acknowledges at once what it used to acknowledge later.
    """

    name: str
    healthy: int
    stuck: int
    rate: int = 50
    size: int = 400
    alone: float = 15.0  # seconds, before and after
    together: float = 100.0  # seconds at most; less if all that are stuck are closed before
    senders: int = 10
    browsers: float = 0  # the share of all of them that come by WebSocket
    peers: tuple[str, ...] = ()

    @property
    def about(self) -> str:
        return (
            f"{self.stuck} clients that never read among {self.healthy} that do; "
            f"{self.rate} messages/s of {self.size} bytes"
        )

    def scaled(self, factor: float) -> "Slow":
        return replace(self, healthy=max(2, int(self.healthy * factor)), stuck=max(1, int(self.stuck * factor)))

    def run(self, server: Server) -> Round:
        with Swarm(server.port, server.kind.wire, browsers=self.browsers) as swarm:
            swarm.enter(["r0"] * self.healthy)
            swarm.settle()
            healthy = list(swarm.clients)
            witness = healthy[-1]
            witness.kept = bytearray()
            swarm.reader = swarm.count
            before = self._talk(swarm, healthy, self.alone, witness, 0)
            swarm.reader = swarm.step
            swarm.enter(["r0"] * self.stuck, receive_buffer=1)  # as small as the system makes them
            swarm.settle()
            stuck = swarm.clients[self.healthy :]
            swarm.ignore(stuck)
            swarm.reader = swarm.count
            memory = server.memory()
            began = time.monotonic()
            among = self._talk(swarm, healthy, self.together, witness, self.stuck)
            seconds = time.monotonic() - began
            peak = server.peak()
            reasons = Counter(_QUIT.findall(witness.kept))
            for client in stuck:  # of another server, some may be there still
                swarm.forget(client)
            swarm.settle()
            after = self._talk(swarm, healthy, self.alone, witness, 0)
            with_, without = _latency(among.latencies), _latency(before.latencies + after.latencies)
            figures = {
                "p99_without_ms": without["p99_ms"],
                "p99_with_ms": with_["p99_ms"],
                "ratio": with_["p99_ms"] / without["p99_ms"],
                "seconds_without": min(before.seconds, after.seconds),
                "seconds_with": among.seconds,
                "lost": before.lost + among.lost + after.lost,
                "seconds": seconds,
                "closed": sum(reasons.values()),
                "memory_mb": memory / 1024,
                "peak_mb": peak / 1024,
                "peak_kb_per_stuck": (peak - memory) / self.stuck,
                **_generator(among.watch),
            }
            notes = [f"{count} stuck clients were closed: {reason.decode()}" for reason, count in reasons.most_common()]
            return Round(figures, notes + _remarks(among.watch))

    def _talk(self, swarm: Swarm, healthy: list[Client], seconds: float, witness: Client, quits: int) -> "_Talk":
        """Messages for so many seconds, or until `quits` are known to have gone."""
        swarm.got = 0
        sent = turns = 0
        latencies: list[int] = []
        stopped = True  # the machine, of late; whoever has just come is let settle
        watch = Stopwatch()
        assert witness.kept is not None
        while sent < seconds * self.rate and not (quits and len(_QUIT.findall(witness.kept)) >= quits):
            swarm.latencies.clear()
            before = stolen()
            _pace(swarm, healthy[: self.senders], self.rate, self.rate, self.size)
            sent += self.rate
            stopped, was = stolen() - before > STOLEN, stopped
            if not (stopped or was):
                latencies += swarm.latencies
                turns += 1
        _collect(swarm, sent * (len(healthy) - 1), watch)
        return _Talk(latencies or list(swarm.latencies), turns, sent * (len(healthy) - 1) - swarm.got, watch)


class _Talk(NamedTuple):
    """What was noticed of one.

    Seconds in which the machine was stopped from outside, and the ones after these, count for the loss alone.
    """

    latencies: list[int]  # microseconds
    seconds: int  # in which these were taken
    lost: int
    watch: Stopwatch


_QUIT = re.compile(rb" QUIT :([^\r\n\x81]*)[\r\x81]")  # up to the end of a line, or the next frame


@dataclass(frozen=True)
class Cycles:
    """Clients come, join a room and leave again, some politely and some not: what that costs, and what stays behind."""

    name: str
    cycles: int
    at_once: int = 16
    tls: bool = False
    names: int = 1000  # nicknames, used again and again: a server may remember some
    warm_up: float = 0.1  # of the cycles, before the first look
    peers: tuple[str, ...] = ("ngircd",)  # InspIRCd lets clients in once a second only

    @property
    def about(self) -> str:
        with_tls = ", with TLS" if self.tls else ""
        return (
            f"{self.cycles:,} clients connect, register, join and leave, {self.at_once} at a time{with_tls}: "
            "by QUIT, FIN and RST in turn"
        )

    @property
    def options(self) -> str:
        """What chatroom is started with besides."""
        return " --tls-self-signed" if self.tls else ""

    def scaled(self, factor: float) -> "Cycles":
        return replace(self, cycles=max(10, int(self.cycles * factor)))

    def run(self, server: Server) -> Round:
        with Swarm(server.port, server.kind.wire, self.names, tls=self.tls) as swarm:
            swarm.visit(self._rooms(max(int(self.cycles * self.warm_up), 2 * self.at_once)), self.at_once)
            before = settled(server)
            cpu = server.cpu()
            watch = Stopwatch()
            swarm.visit(self._rooms(self.cycles), self.at_once)
            watch.stop()
            after = settled(server, before)
            figures = {
                "cycles": self.cycles,
                "cycles_per_s": self.cycles / watch.seconds,
                "cpu_us_each": (server.cpu() - cpu) * 1e6 / self.cycles,
                **{f"{name}_before": figure for name, figure in before.items()},
                **{f"{name}_after": figure for name, figure in after.items()},
                **_generator(watch),
            }
            return Round(figures, _remarks(watch))

    def _rooms(self, count: int) -> list[str]:
        return [f"r{number % 10}" for number in range(count)]


def settled(server: Server, at: dict[str, float] | None = None, quiet: float = 0.2) -> dict[str, float]:
    """What a server holds once it has cleared away all that it clears away.

    That is when nothing has changed for `quiet` seconds and, on a machine that has little time for it, when it holds no
    more than `at` some moment before, but for threads that are kept for the next clients, and hold a descriptor each.
    """
    deadline = time.monotonic() + STALL
    held = (0, 0)
    while (now := (server.threads(), server.descriptors())) != held or (
        at and (now[0] > at["threads"] + THREADS_KEPT or now[1] > at["descriptors"] + THREADS_KEPT)
    ):
        if time.monotonic() > deadline:
            break
        held = now
        time.sleep(quiet)
    return {"threads": now[0], "descriptors": now[1], "memory_mb": server.memory() / 1024}


def _latency(microseconds: list[int]) -> dict[str, float]:
    if len(microseconds) < 2:
        raise RoundError("nothing came of which the latency could be told")
    cuts = quantiles(microseconds, n=100)
    return {"p50_ms": cuts[49] / 1000, "p99_ms": cuts[98] / 1000}


def _generator(watch: Stopwatch) -> dict[str, float]:
    return {"generator_busy": watch.busy}


def _remarks(watch: Stopwatch) -> list[str]:
    """What keeps a round from being a measurement of the server."""
    if watch.busy > TIGHT:
        return [f"the load generator was the bottleneck: busy for more than {TIGHT:.0%} of the time"]
    if watch.starved > STARVED:
        return [
            f"the machine was busy: the load generator waited for a processor for more than {STARVED:.0%} of the time"
        ]
    return []


SHAPES: tuple[Shape, ...] = (
    Messages("big", clients=1000, rooms=1, senders=10, messages=200),
    Messages("mid", clients=100, rooms=1, senders=10, messages=2000),
    Messages("web", clients=100, rooms=1, senders=10, messages=2000, browsers=1, peers=()),
    Messages("mixed", clients=100, rooms=1, senders=10, messages=2000, browsers=0.5, peers=()),
    Messages("small", clients=10, rooms=1, senders=10, messages=20_000),
    Messages("paced", clients=500, rooms=1, senders=10, messages=50, rate=100),
    Messages("rooms", clients=1000, rooms=100, senders=100, messages=1000, peers=("nats-server",)),
    Storm("storm", clients=1000),
    Idle("idle", clients=10_000),
    Slow("slow", healthy=200, stuck=200),
    Cycles("cycles", cycles=20_000),
    Cycles("single", cycles=5_000, at_once=1),
    Cycles("secret", cycles=5_000, tls=True, peers=()),
)
