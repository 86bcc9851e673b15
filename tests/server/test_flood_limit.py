"""What costs a client nothing of its allowance, and what it can't be used for."""

import time
from collections.abc import Callable, Iterator

import pytest

from chatroom.protocols.irc.handlers.capabilities import CAPABILITIES
from chatroom.server.flood_limit import FLOOD_BURST_LINES, FLOOD_LINES_PER_SECOND, FREE_LINES
from tests.peers import Guests, Peer, Served


@pytest.fixture
def stranger(serve: Callable[..., Served]) -> Iterator[Peer]:
    """Of a server that holds its clients to their pace."""
    guests = Guests(serve().port)
    yield guests.stranger()
    guests.close()


def test_asking_for_capabilities_one_by_one_takes_no_time(stranger: Peer) -> None:
    """As some clients do, each with its answer before the next; the rest of what they say on coming in is the burst."""
    start = time.monotonic()
    stranger.send("CAP LS 302", "NICK al", "USER al 0 * :Al")
    stranger.wait(r" CAP \S+ LS ")
    for name in (*CAPABILITIES, *CAPABILITIES):
        if name not in ("sasl", "draft/account-registration"):
            stranger.send(f"CAP REQ :{name}")
            stranger.wait(rf" CAP \S+ (ACK|NAK) :?{name}")
    stranger.send("AUTHENTICATE PLAIN", "AUTHENTICATE *", "CAP END")
    stranger.wait(" 001 al ")
    stranger.send(*[f"PING {number}" for number in range(FLOOD_BURST_LINES - 2)])
    stranger.wait(f"PONG .*{FLOOD_BURST_LINES - 3}")
    assert time.monotonic() - start < (2 * len(CAPABILITIES) - FLOOD_BURST_LINES) / FLOOD_LINES_PER_SECOND / 2


@pytest.mark.parametrize("line", ["CAP LIST", "AUTHENTICATE PLAIN", "cap ls 302"])
def test_who_goes_on_asking_waits_as_any_other(stranger: Peer, line: str) -> None:
    """After `FREE_LINES` of them."""
    stranger.send("NICK al")
    start = time.monotonic()
    for _ in range(FREE_LINES + FLOOD_BURST_LINES + 4):
        stranger.send(line)
        stranger.wait(" (CAP|904) ")
    assert time.monotonic() - start > 3 / FLOOD_LINES_PER_SECOND


@pytest.mark.parametrize("line", [f"CAP REQ :{'x' * 600}", f"@x={'y' * 3000} CAP LS 302"])
def test_long_lines_are_not_free(stranger: Peer, line: str) -> None:
    """Nobody has that much read for nothing."""
    start = time.monotonic()
    stranger.send("NICK al")
    for _ in range(FLOOD_BURST_LINES + 3):
        stranger.send(line)
        stranger.wait(" (417|CAP) ")
    assert time.monotonic() - start > 3 / FLOOD_LINES_PER_SECOND


def test_once_one_is_in_they_cost_what_lines_cost(stranger: Peer) -> None:
    """Registration is over."""
    stranger.send("NICK al", "USER al 0 * :Al")
    stranger.wait(" 001 al ")
    start = time.monotonic()
    for _ in range(FLOOD_BURST_LINES + 2):
        stranger.send("CAP LIST")
        stranger.wait(" CAP al LIST ")
    assert time.monotonic() - start > 3 / FLOOD_LINES_PER_SECOND
