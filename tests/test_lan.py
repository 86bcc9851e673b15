"""Servers are found in the network: real announcements between network namespaces, joined by a switch of the kernel.

That needs root, so most of it is skipped without.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from ipaddress import IPv4Interface
from pathlib import Path

import pytest

from chatroom.client.found_server import FoundServer, are_alike
from tests.peers import DEADLINE, Ear
from tests.programs import Terminal

pytest.importorskip("zeroconf")

CHATROOM = [sys.executable, "-m", "chatroom"]
SEARCH = "from chatroom.client.lan import search; print(search())"
# Many say that there is something, and nothing of it: each name alone.
CROWD = """
import time
from zeroconf import DNSOutgoing, DNSPointer, Zeroconf
zeroconf = Zeroconf(interfaces=["10.91.0.1"])
print("announced", flush=True)
end = time.monotonic() + 60
while time.monotonic() < end:
    for number in range(40):
        out = DNSOutgoing(0x8400)
        for one in range(10):
            label = f"crowd {number}-{one}._chatroom._tcp.local."
            out.add_answer_at_time(DNSPointer("_chatroom._tcp.local.", 12, 1, 120, label), 0)
        zeroconf.send(out)
    time.sleep(0.1)
"""

# A machine that has no thread left for the announcement.
NO_THREAD = """
import sys
from chatroom.cli.main import main
from chatroom.server.announcement import Announcement
def start(self): raise RuntimeError("can't start new thread")
Announcement.start = start
main(["serve", "--host", "0.0.0.0", "-p", "0", "--ephemeral"])
"""

# Announces a service as anybody could, and stays.
LIAR = """
import socket, sys, time
from zeroconf import ServiceInfo, Zeroconf
mine, address, label, name, about = sys.argv[1:]
zeroconf = Zeroconf(interfaces=[mine])
zeroconf.register_service(ServiceInfo(
    "_chatroom._tcp.local.", f"{label}._chatroom._tcp.local.", 9090, addresses=[socket.inet_aton(address)],
    properties={"name": name.encode().decode("unicode_escape").encode("latin-1"), "about": about * 200},
))
print("announced", flush=True)
time.sleep(120)
"""


class Network:
    """Machines in one network: namespaces, each with an address `10.91.0.N`."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._machines: list[str] = []
        self._running: list[subprocess.Popen[str]] = []
        self._switch = self._add("sw")
        self._ip("-n", self._switch, "link", "add", "switch", "type", "bridge")
        self._ip("-n", self._switch, "link", "set", "switch", "up")

    def _ip(self, *arguments: str) -> None:
        subprocess.run(["ip", *arguments], check=True, timeout=DEADLINE)

    def _add(self, name: str) -> str:
        machine = f"{self._prefix}-{name}"
        self._ip("netns", "add", machine)
        self._machines.append(machine)
        self._ip("-n", machine, "link", "set", "lo", "up")
        return machine

    def machine(self, number: int) -> str:
        """A further machine, whose last part of the address is this number."""
        name = self._add(str(number))
        port = f"port{number}"
        self._ip("link", "add", "eth", "netns", name, "type", "veth", "peer", "name", port, "netns", self._switch)
        self._ip("-n", self._switch, "link", "set", port, "master", "switch", "up")
        self._ip("-n", name, "addr", "add", f"10.91.0.{number}/24", "dev", "eth")
        self._ip("-n", name, "link", "set", "eth", "up")
        return name

    def start(self, machine: str, *command: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            ["ip", "netns", "exec", machine, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._running.append(process)
        return process

    def serve(self, machine: str, *options: str) -> subprocess.Popen[str]:
        """`chatroom serve` on that machine, once it is announced."""
        process = self.start(machine, *CHATROOM, "serve", "--host", "0.0.0.0", "--ephemeral", *options)
        assert process.stderr
        Ear(process.stderr.fileno(), "serve").wait("is announced at 10.91.0")
        return process

    def lie(self, machine: str, mine: str, address: str, label: str, name: str, about: str = "") -> None:
        """Announces something there."""
        process = self.start(machine, sys.executable, "-c", LIAR, mine, address, label, name, about)
        assert process.stdout
        Ear(process.stdout.fileno(), "liar").wait("announced")

    def close(self) -> None:
        for process in self._running:
            process.kill()
            process.communicate()
        for machine in self._machines:
            self._ip("netns", "delete", machine)


@pytest.fixture
def network() -> Iterator[Network]:
    try:
        made = Network(f"chat{os.getpid()}")
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"this machine lets nobody make networks: {error}")
    yield made
    made.close()


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    started: list[Terminal] = []

    def start(machine: str, *command: str) -> Terminal:
        started.append(Terminal("ip", "netns", "exec", machine, *command, TERM="dumb", HOME="/nonexistent"))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.mark.root
@pytest.mark.needs("ip")
def test_the_only_server_of_a_network_is_joined(network: Network, terminal: Callable[..., Terminal]) -> None:
    """By who names none. On the server's own machine it is joined, too; once it has ended, it is found no more."""
    there, here = network.machine(1), network.machine(2)
    server = network.serve(there, "--name", "chat.example.org", "--description", "Physics")
    for machine, told in (
        (here, r"Joining 10\.91\.0\.1:9090 \(chat\.example\.org  Physics\)\."),
        (there, r"Joining (10\.91\.0\.1|127\.0\.0\.1):9090 "),  # one entry, whether or not it hears itself in time
    ):
        client = terminal(machine, *CHATROOM, "connect", "--text", "--nick", "bob")
        client.shows(told)
        client.shows("in #lobby")
        client.close()
    server.terminate()
    server.wait(DEADLINE)
    client = terminal(here, *CHATROOM, "connect", "--text", "--nick", "bob")
    advice = client.shows("has no such rule")
    assert "No server was found in this network, nor on this machine." in advice
    assert "chatroom connect ADDRESS" in advice
    assert client.process.wait(DEADLINE) == 1


@pytest.mark.root
@pytest.mark.needs("ip")
def test_one_of_several_servers_is_chosen(network: Network, terminal: Callable[..., Terminal]) -> None:
    """By its number; who looks like another is told of. The port and TLS are those that were announced."""
    first, second, here = (network.machine(number) for number in (1, 2, 3))
    network.serve(first, "--name", "alice.example", "-p", "9091")
    network.serve(second, "--name", "a1ice.example", "-p", "9092")
    client = terminal(here, *CHATROOM, "connect", "--text", "--nick", "bob")
    told = client.shows("Which one")
    assert sorted(re.findall(r"^ +\d  (10\S+) +(\S+)$", told, re.MULTILINE)) == [
        ("10.91.0.1:9091", "alice.example"),
        ("10.91.0.2:9092", "a1ice.example"),
    ]
    assert "names look alike" in told
    match = re.search(r"(\d)  10\.91\.0\.2:9092", told)
    assert match
    client.type("7")
    client.shows("Type a number from 1 to 2")
    client.type(match[1])
    client.shows(r"Joining 10\.91\.0\.2:9092")
    client.shows("in #lobby")


@pytest.mark.root
@pytest.mark.needs("ip")
def test_what_an_announcement_says_moves_no_cursor_and_leads_nowhere_else(
    network: Network, terminal: Callable[..., Terminal]
) -> None:
    """Control characters are gone, long texts are cut, and an address outside of this network counts for nothing."""
    liar, here = network.machine(1), network.machine(2)
    for label, name, address in (
        ("a", r"ev\x1b[2Jil\r\n\x07\xe2\x80\xae\xff", "10.91.0.1"),
        ("b", "far away", "198.51.100.7"),
        ("c", "yourself", "127.0.0.1"),
    ):
        network.lie(liar, "10.91.0.1", address, label, name, "x" if label == "a" else "")
    client = terminal(here, *CHATROOM, "connect", "--text", "--nick", "bob")
    told = client.shows(r"Joining .*\n")
    assert re.search(r"Joining 10\.91\.0\.1:9090 \(ev\[2Jil�  x{1,100}\)\.", told), told
    assert "\x1b" not in told
    assert "\x07" not in told


@pytest.mark.root
@pytest.mark.needs("ip")
def test_nobody_is_found_who_does_not_want_it(network: Network, terminal: Callable[..., Terminal]) -> None:
    """--no-announce, and servers for one machine alone. A password is sent to nobody who was only found."""
    there, here = network.machine(1), network.machine(2)
    for port, options in (("9091", ["--host", "0.0.0.0", "--no-announce"]), ("9092", [])):
        served = network.start(there, *CHATROOM, "serve", "--ephemeral", "-p", port, *options)
        assert served.stdout
        Ear(served.stdout.fileno(), "serve").wait("is listening on")
    search = ["ip", "netns", "exec", here, sys.executable, "-c", SEARCH]
    done = subprocess.run(search, check=True, timeout=DEADLINE, stdout=subprocess.PIPE, text=True)
    assert done.stdout == "()\n"
    secret = Path(f"/proc/{os.getpid()}/comm")  # a file with a line in it
    client = terminal(here, *CHATROOM, "connect", "--text", "--nick", "bob", "--password-file", str(secret))
    client.shows("--password-file needs HOST")


@pytest.mark.root
@pytest.mark.needs("ip")
def test_a_crowd_of_names_holds_nobody_up(network: Network) -> None:
    """Names with nothing behind them are not asked about, and are shown to nobody."""
    there, here = network.machine(1), network.machine(2)
    crowd = network.start(there, sys.executable, "-c", CROWD)
    assert crowd.stdout
    Ear(crowd.stdout.fileno(), "crowd").wait("announced")
    begun = time.monotonic()
    search = ["ip", "netns", "exec", here, sys.executable, "-c", SEARCH]
    done = subprocess.run(search, check=True, timeout=DEADLINE, stdout=subprocess.PIPE, text=True)
    assert done.stdout == "()\n"
    assert time.monotonic() - begun < 20  # seconds: 2 of searching, the rest is Python's start on a busy machine


def test_without_the_library_only_this_machine_is_looked_at() -> None:
    """And what brings it is told."""
    program = "import sys; sys.modules['zeroconf'] = None; from chatroom.cli.main import main; main()"
    with closing(
        Terminal(sys.executable, "-c", program, "connect", "--text", "--nick", "bob", TERM="dumb")
    ) as terminal:
        told = terminal.shows(r"has no such rule|Joining 127\.0\.0\.1:9090")  # something may listen there
    assert "pip install '.[lan]'" in told or "Joining" in told


@pytest.mark.root
@pytest.mark.needs("ip")
def test_without_a_network_it_is_said(terminal: Callable[..., Terminal], network: Network) -> None:
    """And what to do."""
    alone = network._add("alone")
    told = terminal(alone, *CHATROOM, "connect", "--text", "--nick", "bob").shows("has no such rule")
    assert "The network can't be searched: this machine is in no network." in told


def test_no_address_of_this_machine_alone_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor an IPv6 address."""
    from chatroom.server import announcement

    monkeypatch.setattr(announcement, "own_networks", lambda: [IPv4Interface("192.0.2.7/24")])
    for host, addresses in (
        ("127.0.0.1", []),
        ("::1", []),
        ("2001:db8::1", []),
        ("0.0.0.0", ["192.0.2.7"]),
        ("::", ["192.0.2.7"]),
        ("192.0.2.9", ["192.0.2.9"]),
    ):
        assert announcement.addresses_of(host) == addresses


def test_names_that_look_alike_are_noticed() -> None:
    """Also the same name twice."""
    alice, bob, false = (FoundServer("192.0.2.1", 9090, name, "", False) for name in ("alice", "bob", "Аlice"))
    assert not are_alike([alice, bob])
    assert are_alike([alice, false])
    assert are_alike([bob, bob])


def test_a_server_says_goodbye_although_its_announcement_could_not_begin() -> None:
    """What went wrong is told, not what came of it."""
    done = subprocess.run(
        [sys.executable, "-c", NO_THREAD],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode != 0
    assert "saying goodbye to everybody" in done.stderr
    assert "can't start new thread" in done.stderr
    assert "before it is started" not in done.stderr
