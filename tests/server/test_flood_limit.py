"""What a client's lines cost, and what costs it nothing."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from chatroom.model.limits import ROOMS_PER_USER
from chatroom.protocols.irc.handlers.capabilities import CAPABILITIES
from chatroom.server import payments
from chatroom.server.chat_server import ChatServer
from chatroom.server.connection_limits import ConnectionLimiter
from chatroom.server.flood_limit import FLOOD_BURST_LINES, FLOOD_LINES_PER_SECOND, FREE_LINES, PRICES
from chatroom.storage.store import Store
from tests.chat import INFO
from tests.peers import Guests, Irc, Peer, Served


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
        stranger.wait(r" (CAP \S+ \S+ :|904 )")
    assert time.monotonic() - start > 3 / FLOOD_LINES_PER_SECOND


@pytest.mark.parametrize("line", [f"CAP REQ :{'x' * 600}", f"@x={'y' * 3000} CAP LS 302"])
def test_long_lines_are_not_free(stranger: Peer, line: str) -> None:
    """Nobody has that much read for nothing."""
    start = time.monotonic()
    stranger.send("NICK al")
    for _ in range(FLOOD_BURST_LINES + 3):
        stranger.send(line)
        stranger.wait(r" (417 |CAP \S+ \S+ :)")
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


# ---- what costs more than a line ------------------------------------------------------------------------------------


Coming = Callable[..., Irc]


@pytest.fixture
def come(serve: Callable[..., Served]) -> Iterator[Coming]:
    """Connects a client to a server that holds its clients to their pace: `come(nickname, *capabilities)`."""
    with ExitStack() as stack:
        served = serve()
        yield lambda nick, *caps: stack.enter_context(closing(Irc(served.port, nick, *caps, room="")))


def seconds(client: Irc, *lines: str) -> float:
    """How long a client waits for its next line after these."""
    start = time.monotonic()
    client.send(*lines)
    client.sync()
    return time.monotonic() - start


CALLED = [f"nobody{n}" for n in range(18)]
LONG = "@+x=" + 4 * PRICES.line_bytes * "y"


@pytest.mark.parametrize(
    "lines",
    [
        [f"PRIVMSG {','.join(CALLED)} :hi"],
        [f"@label=1 PRIVMSG {','.join(CALLED)} :hi"],
        [f"NAMES {','.join(CALLED)}"],
        [f"{LONG[: 3 * PRICES.line_bytes]} TAGMSG nobody"] * 6,
    ],
    ids=["targets", "targets of a labelled line", "rooms that are asked for", "bytes"],
)
def test_what_causes_more_costs_more(come: Coming, lines: list[str]) -> None:
    """As much as the lines that would have caused it."""
    client = come("al", "message-tags", "labeled-response", "batch")
    assert seconds(client, *lines) > (18 - FLOOD_BURST_LINES) / FLOOD_LINES_PER_SECOND


def test_nothing_of_it_is_lost(come: Coming) -> None:
    """It only waits."""
    client = come("al")
    client.send(f"PRIVMSG {','.join(CALLED)} :hi")
    assert len([line for line in client.sync() if " 401 al nobody" in line]) == len(CALLED)


def test_who_comes_back_enters_its_rooms_at_once(come: Coming) -> None:
    """And asks who is in each, as lines go."""
    client = come("al")
    many = [f"JOIN {','.join(f'#{n}-{room}' for room in range(20))}" for n in range(ROOMS_PER_USER // 20)]
    assert seconds(client, *many) < 3  # seconds: without a wait
    client.send("JOIN 0")
    assert seconds(client, *many[:1]) > 19 / FLOOD_LINES_PER_SECOND - FLOOD_BURST_LINES / FLOOD_LINES_PER_SECOND


@pytest.mark.parametrize(
    "lines",
    [
        [f"NICK al{n}" for n in range(4)],
        [f"@label=1 NICK al{n}" for n in range(4)],
        [f"LANGUAGE {tag}" for tag in ("pl", "en", "pl", "en")],
        [f"CAP REQ :{sign}server-time" for sign in ("", "-", "", "-")],
    ],
    ids=["name", "name by a labelled line", "language", "capabilities"],
)
def test_what_touches_many_rooms_costs_more(come: Coming, lines: list[str]) -> None:
    """A line for ten of them."""
    client = come("al", "message-tags", "labeled-response", "batch")
    client.send(f"JOIN {','.join(f'#a{n}' for n in range(20))}", f"JOIN {','.join(f'#b{n}' for n in range(20))}")
    client.sync()
    assert seconds(client, *lines) > (16 - FLOOD_BURST_LINES) / FLOOD_LINES_PER_SECOND


def test_a_message_of_usual_length_costs_a_line(come: Coming) -> None:
    """With the tags that clients send."""
    client = come("al", "message-tags")
    assert seconds(client, *[f"@+typing=done;+reply=abc PRIVMSG nobody :{'x' * 400}"] * (FLOOD_BURST_LINES - 5)) < 3


def test_what_is_looked_up_costs_the_time_that_it_took(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client waits before its next line."""
    server = ChatServer("127.0.0.1", 0, INFO, store=Store(tmp_path / "data"))
    server.start()
    try:
        with closing(Irc(server.port, "al", "draft/chathistory", "batch", room="")) as client:
            client.send("JOIN #room", "PRIVMSG #room :hi")
            assert seconds(client, "CHATHISTORY LATEST #room * 10") < 2
            monkeypatch.setattr(payments, "PRICES", PRICES._replace(lookup_seconds=1e-6))
            assert seconds(client, "CHATHISTORY LATEST #room * 10") > 2
    finally:
        server.stop()


def test_many_of_one_address_pay_more() -> None:
    """For what costs more than a line; as many times as there are more than an eighth of those that may be here."""
    limiter = ConnectionLimiter(per_address=16)
    assert limiter.crowding("203.0.113.1") == 1
    with limiter.paying("203.0.113.1"), limiter.paying("203.0.113.1"):
        assert limiter.crowding("203.0.113.1") == 1
        with limiter.paying("203.0.113.1"), limiter.paying("203.0.113.1"):
            assert limiter.crowding("203.0.113.1") == 2
            assert limiter.crowding("203.0.113.2") == 1
    with limiter.paying("127.0.0.1"), limiter.paying("127.0.0.1"), limiter.paying("127.0.0.1"):
        assert limiter.crowding("127.0.0.1") == 1
    assert not limiter._paying
