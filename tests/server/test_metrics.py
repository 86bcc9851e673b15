"""Figures for Prometheus, of a server as a process."""

import os
import re
import resource
import socket
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatroom.model.audience import Audience
from chatroom.model.entities import Session
from chatroom.model.events import Departed
from chatroom.model.values import Person
from chatroom.protocols.plain import PLAIN
from chatroom.server.chat_server import ChatServer
from chatroom.server.connection_limits import ACCEPT_PAUSE_SECONDS
from chatroom.server.metrics import CONCURRENT_SCRAPES
from tests.cli.test_cli import chatroom
from tests.peers import DEADLINE, Guests, Peer, Served, eventually
from tests.ports import free_port

pytest.importorskip("prometheus_client")

from prometheus_client import CollectorRegistry

from chatroom.server.metrics import Figures, Meter, MetricsServer  # they need that


@pytest.fixture
def metrics(server: ChatServer) -> Iterator[MetricsServer]:
    """It shows the figures of `server`, in this process."""
    registry = CollectorRegistry()
    registry.register(Figures(server, Meter()))  # type: ignore[arg-type, unused-ignore]  # as `publish` does
    with MetricsServer("127.0.0.1", 0, registry) as metrics:
        threading.Thread(target=metrics.serve_forever, daemon=True).start()
        yield metrics
        metrics.shutdown()


def figures(port: str | int) -> dict[str, float]:
    """All of ours, by name and labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=DEADLINE) as answer:
        text = answer.read().decode()
    return {name: float(value) for name, value in re.findall(r"^(chatroom_\S*(?:\{.*\})?) (\S+)$", text, re.MULTILINE)}


def test_what_happens_is_counted(serve: Callable[..., Served], tmp_path: Path) -> None:
    """Connections, messages in and out, history, refusals by reason, and how long the courier takes."""
    port = str(free_port())
    served = serve("--max-clients", "3", "--metrics-port", port, "--data", str(tmp_path), "--unlimited")
    guests = Guests(served.port)
    alice, bob, _ = guests.plain("alice"), guests.irc("bob"), guests.plain("carol")
    # A batch is counted once it is sent. Of bob's coming he and alice are told, of carol's both of them.
    eventually(lambda: figures(port)["chatroom_messages_out_total"] == 4, "all that came before is counted")
    before = figures(port)
    alice.send(*[f"line {number}" for number in range(10)])
    bob.wait("line 9$")
    bob.sync()
    refused = Peer(served.port)
    refused.rest()
    refused.close()
    eventually(lambda: figures(port)["chatroom_messages_in_total"] == before["chatroom_messages_in_total"] + 10, "10")
    eventually(lambda: figures(port)["chatroom_connections"] == 3, "who was refused is gone")
    after = figures(port)
    assert after["chatroom_users"] == 3
    assert after["chatroom_rooms"] == 1
    assert after["chatroom_queue_bytes"] == 0
    assert after["chatroom_messages_out_total"] - before["chatroom_messages_out_total"] == 10 * 2
    assert after["chatroom_history_writes_total"] >= before["chatroom_history_writes_total"] + 10
    assert after['chatroom_refusals_total{reason="the server is full; try again later"}'] == 1
    assert after['chatroom_courier_seconds_bucket{le="+Inf"}'] == after["chatroom_courier_seconds_count"] > 0
    guests.close()


def test_what_is_delivered_never_grows_less() -> None:
    """Not even by departures of those whom nothing was told any more: who is skipped is no reader then."""
    meter = Meter()
    gone = Departed(Person("1", "alice", "al", "127.0.0.1"), "bye", ("#lobby",), id=1, time=1)
    meter.count([(gone, Audience({}), Session("1", "127.0.0.1", PLAIN))])
    assert meter.deliveries == 0


def test_a_port_that_is_taken_is_named() -> None:
    """With its option, and no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = chatroom("serve", "-p", "0", "--ephemeral", "--metrics-port", port)
    assert done.returncode == 1
    assert f"Port {port} is in use on 127.0.0.1" in done.stderr
    assert "--metrics-port" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_figures_are_shown_over_ipv6(serve: Callable[..., Served]) -> None:
    """On an address of this machine that is asked for."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    port = free_port()
    serve("--metrics-host", "::1", "--metrics-port", str(port))
    asking = Peer(port, "::1")
    asking.send("GET /metrics HTTP/1.0\r\n\r")
    asking.wait("^chatroom_connections 0.0$")
    asking.close()


def test_those_who_ask_for_nothing_have_their_time_and_no_more_places_than_there_are(
    metrics: MetricsServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever comes then is closed at once, which is logged; after that the figures are shown again."""
    port = metrics.server_address[1]
    silent = [Peer(port) for _ in range(CONCURRENT_SCRAPES)]
    silent[0].send("GET /metrics HTTP/1.0\r")
    eventually(lambda: len(metrics._accepted_at) == CONCURRENT_SCRAPES, "all have a place")
    late = Peer(port)
    assert late.rest() == []
    assert f"127.0.0.1 is not shown the figures: {CONCURRENT_SCRAPES} others are being shown them" in caplog.messages
    with monkeypatch.context() as patch:
        patch.setattr("chatroom.server.metrics.SCRAPE_SECONDS", 0)
        for each in silent:
            each.rest()
        eventually(lambda: not metrics._accepted_at, "all have given up their places")
    assert figures(port)["chatroom_connections"] == 0
    for each in (*silent, late):
        each.close()


def test_whoever_goes_before_the_figures_leaves_one_line(serve: Callable[..., Served]) -> None:
    """And that only where somebody debugs: no traceback."""
    port = free_port()
    served = serve("--metrics-port", str(port), "--log-level", "debug")
    gone = Peer(port)
    gone.send("GET /metrics HTTP/1.0\r")
    gone.reset()
    served.err.wait("DEBUG 127.0.0.1 went before it was shown the figures$")
    assert figures(port)
    served.type("q")
    assert served.ends() == 0
    served.err.rest()
    assert all(re.match(r"\d{4}-\d\d-\d\dT\S+Z [A-Z]+ ", line) for line in served.err.heard)


def test_a_mistake_in_the_figures_is_logged(
    metrics: MetricsServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With its traceback, as an error, for it is ours."""

    def fail(figures: Figures) -> None:
        raise ValueError("a mistake")

    monkeypatch.setattr(Figures, "collect", fail)
    asking = Peer(metrics.server_address[1])
    asking.send("GET /metrics HTTP/1.0\r\n\r")
    assert asking.rest() == []
    asking.close()
    (record,) = [record for record in caplog.records if record.name == "chatroom.server.metrics"]
    assert record.exc_info
    caplog.clear()  # `server` takes any error for a fault


def test_without_descriptors_it_waits_and_recovers(metrics: MetricsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before each try, while somebody who can't be accepted waits; who is answered when there are descriptors again."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    monkeypatch.setattr("chatroom.server.metrics.sleep", wait)
    with socket.socket() as asking:  # its own descriptor is taken before there are none left
        asking.settimeout(DEADLINE)
        lowest = os.dup(1)
        os.close(lowest)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, limits[1]))
            asking.connect(metrics.server_address)
            asking.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            assert asking.recv(8) == b"HTTP/1.0"
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert waits == [ACCEPT_PAUSE_SECONDS[1]] * 3
