"""Many at once: who say nothing, who never read, who come and go. On the shapes of `tests.benchmarks`."""

from chatroom.server.client_threads import THREADS_KEPT
from tests.benchmarks.abuse.attack import Check, at_most, exactly, start
from tests.benchmarks.load import Swarm
from tests.benchmarks.servers import Server
from tests.benchmarks.shapes import Idle, Slow, settled


def idle(short: bool) -> list[Check]:
    shape = Idle("idle", 30 if short else 10_000, 5 if short else 100, seconds=0.5 if short else 30)
    with start("--unlimited") as server:
        figures, notes = shape.run(server)
    return [
        exactly("clients that came in", figures["clients"], shape.clients),
        Check("processor, idle", figures["cpu_percent"], "below 1 %", figures["cpu_percent"] < 1, timed=True),
        at_most("memory each", figures["kb_each"], 30, "KB", timed=True),
        at_most("the next join", figures["next_join_ms"], 50, "ms", timed=True),
        *map(_note, notes),
    ]


def unread(short: bool) -> list[Check]:
    return [check for count in ([4] if short else [200, 1000]) for check in _unread(count, short)]


def unread_by_web(short: bool) -> list[Check]:
    return _unread(4 if short else 200, short, browsers=1)


def _unread(count: int, short: bool, browsers: float = 0) -> list[Check]:
    alone, together = (0.5, 1) if short else (15, 100)
    shape = Slow("slow", count, count, alone=alone, together=together, senders=min(10, count), browsers=browsers)
    with start("--unlimited") as server:
        figures, notes = shape.run(server)
    calm = short or min(figures["seconds_without"], figures["seconds_with"]) >= 10
    checks = [
        exactly(f"{count}: lost by those who read", figures["lost"], 0),
        Check(f"{count}: p99 without and with, ms", _two(figures, "p99_without_ms", "p99_with_ms"), "told only", True),
        Check(f"{count}: seconds that count", _two(figures, "seconds_without", "seconds_with"), "10 each", calm, True),
        at_most(f"{count}: p99 beside without", figures["ratio"], 1.2, "times", timed=True),
        at_most(f"{count}: memory more at most", figures["peak_mb"] - figures["memory_mb"], count * 1.1, "MiB"),
        *map(_note, notes),
    ]
    if not short:
        checks.append(exactly(f"{count}: closed, of those who never read", figures["closed"], count))
    return checks


def churn(short: bool) -> list[Check]:
    return _churn(100 if short else 100_000)


def churn_by_web(short: bool) -> list[Check]:
    return _churn(100 if short else 20_000, browsers=1)


_WARM_UP = 100  # cycles at least before the first look: a server keeps some threads for the next clients


def warm_up(port: int) -> None:
    """Has so many clients come and go that the server keeps as many threads as it ever keeps."""
    with Swarm(port, names=1000) as swarm:
        _come_and_go(swarm, _WARM_UP)


def _churn(cycles: int, browsers: float = 0) -> list[Check]:
    with start("--unlimited") as server, Swarm(server.port, names=1000, browsers=browsers) as swarm:
        _come_and_go(swarm, max(cycles // 10, _WARM_UP))
        begin = settled(server)
        half, rate = _half(server, swarm, cycles // 2, begin)
        end, _ = _half(server, swarm, cycles // 2, begin)
    return [
        at_most("threads more at the end", end["threads"] - begin["threads"], THREADS_KEPT, ""),
        at_most("descriptors more at the end", end["descriptors"] - begin["descriptors"], 2, ""),
        at_most("memory more, from half to end", end["memory_mb"] - half["memory_mb"], 10, "MiB"),
        Check("cycles a second", rate, "told only", True),
    ]


def _half(server: Server, swarm: Swarm, cycles: int, before: dict[str, float]) -> tuple[dict[str, float], float]:
    """What the server holds after so many cycles, and how many there were a second."""
    begin = swarm.now()
    _come_and_go(swarm, cycles)
    rate = cycles / (swarm.now() - begin) * 1e6
    return settled(server, before), rate


def _come_and_go(swarm: Swarm, count: int, at_once: int = 50) -> None:
    for begin in range(0, count, at_once):
        wave = min(at_once, count - begin)
        swarm.enter((f"r{number % 10}" for number in range(wave)), at_once)
        for number, client in enumerate(list(swarm.clients)):
            if number % 4 == 0:
                swarm.say(client, client.wire.line(b"QUIT :see you"))
            swarm.forget(client, reset=number % 2 == 1)


def _note(text: str) -> Check:
    return Check("note", text, "told only", True)


def _two(figures: dict[str, float], *names: str) -> str:
    return " and ".join(f"{figures[name]:.3g}" for name in names)
