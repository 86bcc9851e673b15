"""One person by everything that there is at once: netcat, IRC, a browser's WebSocket, and the client in pipes."""

import random
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from chatroom.server.chat_server import ChatServer
from tests.cluster.conftest import Node, agree, node, redis  # noqa: F401  # fixtures
from tests.peers import Guests, Irc, Peer, Served, claim_name, eventually
from tests.programs import TextClient
from tests.web.browsers import Frames

PASSWORD = "correct-horse"
LOGIN = f"bob:{PASSWORD}"
STEPS = 60  # that somebody takes at random
_MARK = re.compile(r"(?:\bline-\d+\b)")


class Netcat(Peer):
    """bob with netcat."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.send("bob", PASSWORD)
        self.wait(r"^\* Welcome, bob\.")

    def say(self, text: str) -> None:
        self.send(text)

    def has_device(self, number: int) -> bool:
        self.send("/devices")
        return any(f"Device {number}" in line for line in self.until("/logout DEVICE ends one"))


class Phone(Irc):
    """bob with an IRC client."""

    def __init__(self, port: int, *caps: str) -> None:
        super().__init__(port, "bob", *caps, room="", password=LOGIN)
        self.is_echoed = "echo-message" in caps

    def say(self, text: str) -> None:
        self.send(f"PRIVMSG #lobby :{text}")


def _marks(lines: list[str]) -> list[str]:
    return [mark for line in lines if not line.startswith("[") for mark in _MARK.findall(line)]


def test_all_kinds_of_devices_at_once_and_a_server_that_is_killed(serve: Callable[..., Served], tmp_path: Path) -> None:
    """One member; each line exactly once on each device, in one order. Nothing that was seen is lost."""
    served = serve("--data", str(tmp_path / "data"))
    claim_name(served.port, "bob", PASSWORD)
    for turn in (1, 2):
        with (
            closing(Irc(served.port, "eve")) as eve,
            closing(Netcat(served.port)) as netcat,
            closing(Phone(served.port)) as old,
            closing(Phone(served.port, "echo-message", "server-time", "message-tags")) as phone,
            closing(TextClient(served.port, "bob", tmp_path / "home", PASSWORD)) as terminal,
            Frames(served.port) as page,
        ):
            assert page.open().status == 101
            eventually(lambda: netcat.has_device(4), "the terminal has come")
            page.say(f"PASS {LOGIN}", "NICK bob", "USER u 0 * :r")
            page.wait(" JOIN #lobby")
            told = eve.sync()
            assert len([line for line in told if " JOIN " in line]) == 1
            assert not [line for line in told if " QUIT " in line]
            sayers: list[Callable[[str], None]] = [netcat.say, old.say, phone.say, terminal.send, page.say]
            first = 100 * turn
            for number, say in enumerate(sayers, first):
                say(f"line-{number}" if say != page.say else f"PRIVMSG #lobby :line-{number}")
                eve.wait(f"PRIVMSG #lobby :line-{number}$")
            last = f"line-{900 + turn}"
            eve.send(f"PRIVMSG #lobby :{last}")
            every = [*(f"line-{number}" for number in range(first, first + len(sayers))), last]
            for number, device in enumerate((netcat, old, phone, terminal)):
                device.until(f"{last}$")
                heard = [mark for mark in _marks(device.heard) if mark in every]
                assert heard == [mark for mark in every if device is phone or mark != every[number]], device
            for mark in every:
                if mark != every[4]:
                    page.wait(f"PRIVMSG #lobby :{mark}")
            if turn == 1:
                served.process.kill()
                served.process.wait()
        if turn == 1:
            served = serve("--data", str(tmp_path / "data"))
    with closing(Irc(served.port, "carl", "server-time", "batch")) as carl:
        kept = [f"line-{number}" for number in (*range(100, 105), 901, *range(200, 205), 902)]
        assert _marks(carl.heard) == kept


def test_devices_come_and_go_at_random(server: ChatServer, guests: Guests) -> None:
    """To others it is one person, who comes and leaves with the last; each device hears all that is said meanwhile."""
    _walk([server.port], guests.irc, seed=1)


@pytest.mark.needs("redis-server")
def test_devices_come_and_go_at_random_on_three_servers(node: Callable[..., Node]) -> None:  # noqa: F811
    """With equal states at the end."""
    nodes = [node(name) for name in ("one", "two", "three")]
    _walk([each.server.port for each in nodes], nodes[0].guests.irc, seed=2)
    agree(*nodes)


def _walk(ports: list[int], irc: Callable[[str], Irc], seed: int) -> None:
    dice = random.Random(seed)
    claim_name(ports[0], "bob", PASSWORD)
    eve = irc("eve")
    here: list[tuple[Netcat | Phone, list[str]]] = []  # each with what it has to have heard
    arrivals = 0
    for step in range(STEPS):
        what = dice.random()
        if what < 0.35 and len(here) < 6:
            arrivals += not here
            here.append((dice.choice(KINDS)(dice.choice(ports)), []))
            if len(here) == 1 and not isinstance(here[0][0], Netcat):
                here[0][0].send("JOIN #lobby")
            if len(here) == 1:
                eve.wait(" JOIN #lobby")
        elif what < 0.55 and here:
            device, _ = here.pop(dice.randrange(len(here)))
            device.send("/quit" if isinstance(device, Netcat) else "QUIT")
            device.rest()
            device.close()
            if not here:
                eve.wait("^:bob!.* QUIT ")
        elif here:
            mark = f"line-{step}"
            speaker = dice.choice(here)[0]
            speaker.say(mark)
            eve.wait(f"^:bob!.* PRIVMSG #lobby :{mark}$")
            for device, expected in here:
                if device is not speaker or (isinstance(device, Phone) and device.is_echoed):
                    device.wait(f"{mark}$")
                    expected.append(mark)
    for device, expected in here:
        device.sync() if isinstance(device, Phone) else None
        assert [mark for mark in _marks(device.heard) if mark in expected] == expected
        device.close()
    if here:
        eve.wait("^:bob!.* QUIT ")
    kinds = [line.split()[1] for line in eve.heard if line.startswith(":bob!")]
    assert kinds.count("JOIN") == kinds.count("QUIT") == arrivals


def _echoing(port: int) -> Phone:
    return Phone(port, "echo-message", "message-tags")


KINDS: tuple[Callable[[int], Netcat | Phone], ...] = (Netcat, Phone, _echoing)
