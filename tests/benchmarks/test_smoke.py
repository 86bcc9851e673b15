"""The load generator works: every shape, with a handful of clients. Nothing is timed here."""

import socket
from collections.abc import Callable

import pytest

from chatroom.server.client_threads import THREADS_KEPT
from tests.benchmarks.load import Swarm
from tests.benchmarks.servers import COMMAND, Server, ours, pins
from tests.benchmarks.shapes import Cycles, Idle, Messages, Round, Shape, Slow, Storm


@pytest.fixture
def measure() -> Callable[[Shape], Round]:
    """Runs a shape against a server of its own."""

    def run(shape: Shape) -> Round:
        with Server(ours(), pins(pinned=False)) as server:
            return shape.run(server)

    return run


@pytest.mark.parametrize(
    ("shape", "deliveries"),
    [
        (Messages("flood", clients=5, rooms=1, senders=2, messages=70), 2 * 70 * 4),
        (Messages("rooms", clients=6, rooms=2, senders=2, messages=70), 2 * 70 * 2),
        (Messages("web", clients=5, rooms=1, senders=2, messages=70, browsers=1), 2 * 70 * 4),
        (Messages("mixed", clients=5, rooms=1, senders=2, messages=70, browsers=0.5), 2 * 70 * 4),
        (Messages("paced", clients=5, rooms=1, senders=2, messages=10, rate=100), 2 * 10 * 4),
    ],
    ids=lambda value: value.name if isinstance(value, Messages) else "",
)
def test_every_message_reaches_every_other_member(
    measure: Callable[[Shape], Round], shape: Messages, deliveries: int
) -> None:
    """As many deliveries are counted as messages were sent, times the others in the room."""
    figures = measure(shape).figures
    seconds = shape.messages * shape.senders / figures["in_per_s"]
    assert round(figures["deliveries_per_s"] * seconds) == deliveries
    assert figures["lost"] == 0


def test_every_member_sees_all_who_come_later(measure: Callable[[Shape], Round]) -> None:
    """Nobody misses a newcomer, however many come at once."""
    figures = measure(Storm("storm", clients=20)).figures
    assert figures["joins_told"] == 20 * 21 / 2
    assert figures["lost"] == figures["not_in"] == 0


def test_idle_clients_keep_the_door_open(measure: Callable[[Shape], Round]) -> None:
    """All come in, and so do those who come later."""
    figures = measure(Idle("idle", clients=12, room_size=5, seconds=0.1, newcomers=2)).figures
    assert figures["clients"] == 12
    assert figures["threads"] > 12  # one each
    assert figures["next_join_ms"] > 0


def test_stuck_clients_cost_the_others_nothing(measure: Callable[[Shape], Round]) -> None:
    """Those who read are sent everything while others don't read."""
    figures = measure(Slow("slow", healthy=4, stuck=2, rate=100, alone=0.2, together=0.4, senders=2)).figures
    assert figures["lost"] == 0


def test_nothing_stays_behind_of_those_who_leave(measure: Callable[[Shape], Round]) -> None:
    """Neither a thread nor a descriptor, but of threads that are kept: how many, goes by how many came at once."""
    figures = measure(Cycles("cycles", cycles=3 * THREADS_KEPT, at_once=20)).figures
    assert figures["threads_after"] <= figures["threads_before"] + THREADS_KEPT
    assert figures["descriptors_after"] <= figures["descriptors_before"] + THREADS_KEPT


def test_clients_come_and_go_with_tls() -> None:
    """As those without it do."""
    shape = Cycles("secret", cycles=10, at_once=3, tls=True)
    with Server(ours(COMMAND + shape.options), pins(pinned=False)) as server:
        figures = shape.run(server).figures
    assert figures["cycles_per_s"] > 0


def test_a_stamp_or_a_word_torn_between_two_reads_is_counted_once() -> None:
    """A delivery is one byte, which can't be torn; a word is put together again."""
    with socket.create_server(("127.0.0.1", 0)) as listener, Swarm(listener.getsockname()[1]) as swarm:
        client = swarm.connect("r0")
        client.steps.clear()
        reader = swarm.count_word(b" JOIN ")
        for part in (b":a JO", b"IN #r0\r\n:b JOIN ", b"#r0\r\n:c", b" ", b"J", b"OIN #r0\r\n"):
            swarm.buffer[: len(part)] = part
            reader(client, len(part))
        assert client.seen == 3
        for part in (b"|00000", b"00001 x|", b"0000000002 x\r\n"):
            swarm.buffer[: len(part)] = part
            swarm.count(client, len(part))
        assert swarm.got == 3 + 2
