"""Figures for Prometheus, of a server as a process."""

import re
import socket
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from chatroom.dialects.plain import PLAIN
from chatroom.events import Departed, Person
from chatroom.rooms import Audience, Session
from tests.peers import DEADLINE, Guests, Peer, Served, eventually
from tests.ports import free_port
from tests.test_cli import chatroom

pytest.importorskip("prometheus_client")

from chatroom.metrics import Meter  # it needs that


def figures(port: str) -> dict[str, float]:
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
