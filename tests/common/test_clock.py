"""The time by which the chat goes, where the machine's clock is set back."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from chatroom.common.clock import Clock
from chatroom.core.event_log import LocalEventLog
from chatroom.core.hub import Hub
from chatroom.core.login_throttle import LOGIN_WINDOW_MS, WRONG_PASSWORDS_PER_WINDOW
from chatroom.model.commands import AskHistory
from chatroom.model.events import Said
from chatroom.model.outcomes import HistoryQuery
from chatroom.model.replies import HistoryIs, Reply
from chatroom.server.chat_server import ChatServer
from tests.chat import INFO, NOON, Chat, Client
from tests.core.test_server_password import turns
from tests.peers import Guests

DAY = 86_400_000  # milliseconds


class Machine:
    """Its clock, and one that nobody sets; both in milliseconds."""

    def __init__(self) -> None:
        self.wall = NOON
        self.steady = 5_000
        self.clock = Clock(lambda: self.wall, lambda: self.steady)

    def go_on(self, milliseconds: int) -> None:
        self.wall += milliseconds
        self.steady += milliseconds

    def set_back(self, milliseconds: int) -> None:
        """As it is found, at the latest a second later, by the look at what is due."""
        self.clock()
        self.wall -= milliseconds
        self.clock()


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def chat(machine: Machine) -> Iterator[Chat]:
    """A chat that goes by that machine's clocks."""
    chat = Chat()
    scrypt = chat.hub.context.passwords.scrypt
    chat.hub = Hub(machine.clock, steady=lambda: machine.steady)
    chat.hub.context.passwords.scrypt = scrypt
    chat.log = LocalEventLog(chat.hub, chat.post, machine.clock)
    yield chat


def test_it_is_the_machines_until_that_is_set_back(machine: Machine) -> None:
    """Then it goes on at half speed, until the machine's has caught up."""
    assert machine.clock() == NOON
    machine.go_on(1000)
    assert machine.clock() == NOON + 1000
    machine.set_back(600)
    told = []
    for _ in range(6):
        machine.go_on(300)
        told.append(machine.clock() - NOON)
    assert told == [1150, 1300, 1450, 1600, 1900, 2200]
    assert machine.clock() == machine.wall


def test_it_goes_on_from_what_was_told_before(machine: Machine) -> None:
    """By a program that ran before this one."""
    machine.clock.start_from(NOON + DAY)
    assert machine.clock() == NOON + DAY
    machine.go_on(10_000)
    assert machine.clock() == NOON + DAY + 5_000


def numerics(client: Client, *lines: str) -> list[str]:
    return [line.split()[1] for line in client.send(*lines).heard()]


def test_slow_mode_silences_nobody_for_a_day(machine: Machine, chat: Chat) -> None:
    """Who waits twice its pause may speak in any case, and not before the pause is over."""
    chat.irc("op", room="#r").send("MODE #r +W 10")
    bob = chat.irc("bob", room="#r").send("PRIVMSG #r :one")
    bob.heard()
    machine.set_back(DAY)
    machine.go_on(9_000)
    assert numerics(bob, "PRIVMSG #r :too early") == ["404"]
    machine.go_on(11_000)
    assert numerics(bob, "PRIVMSG #r :two") == []
    assert re.search("may follow in 10s", bob.send("PRIVMSG #r :three").heard()[0])


def test_guesses_slow_nobody_down_for_a_day(machine: Machine, chat: Chat) -> None:
    """A minute is one of those that pass, whatever the time of day is."""
    chat.hub.context.operator_password = "sesame"
    bob = chat.irc("bob")
    for number in range(WRONG_PASSWORDS_PER_WINDOW - 1):
        chat.irc(f"mallory{number}").send("OPER mallory guess")
    assert numerics(bob, "OPER bob guess") == ["464"]
    assert turns(chat, bob, operator=True) == 1
    machine.set_back(DAY)
    machine.go_on(LOGIN_WINDOW_MS - 1)
    assert turns(chat, bob, operator=True) == 1
    machine.go_on(1)
    assert turns(chat, bob, operator=True) == 0


def test_a_ban_ends_though_the_clock_was_set_back(machine: Machine, chat: Chat) -> None:
    """Made before or after: in twice its time at most."""
    op = chat.irc("op", room="#r").send("BAN #r early!*@* 10m")
    machine.set_back(DAY)
    op.send("BAN #r late!*@* 10m").heard()
    machine.go_on(600_000)
    assert not chat.hub.state.expiries.is_due(machine.clock())
    machine.go_on(600_000)
    machine.clock()
    assert [until for until, *_ in chat.hub.state.expiries.heap if until <= machine.clock()] == [NOON + 600_000] * 2


# ---- ids and times ------------------------------------------------------------------------------------------------


class Slow:
    """A history that takes its time to answer, while others talk."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self._meanwhile = meanwhile

    def find(self, lookup: HistoryQuery) -> Reply:
        self._meanwhile()
        assert isinstance(lookup.ask, AskHistory)
        return HistoryIs("#r", ())


@pytest.mark.parametrize(
    "question",
    [
        "CHATHISTORY LATEST #r * 10",
        "@label=1 CHATHISTORY LATEST #r * 10",
        "PRIVMSG NickServ :IDENTIFY alice open-sesame",
        "@label=1 PRIVMSG NickServ :IDENTIFY alice open-sesame",
    ],
)
def test_times_rise_with_ids_whatever_takes_its_time(monkeypatch: pytest.MonkeyPatch, question: str) -> None:
    """What follows in the same packet is later than what others said meanwhile."""
    chat = Chat()
    bob = chat.irc("bob", room="#r")

    def meanwhile() -> None:
        chat.time += 5_000
        bob.send("PRIVMSG #r :meanwhile")

    def check(password: str, secret: str, owner: str) -> bool:
        meanwhile()
        return False

    chat.log = LocalEventLog(chat.hub, chat.post, lambda: chat.time, archive=Slow(meanwhile))
    monkeypatch.setattr(chat.hub.context.passwords, "check", check)
    alice = chat.irc("alice", "batch", "draft/chathistory", "labeled-response", "message-tags", room="#r")
    alice.send(question, "PRIVMSG #r :and after", "TOPIC #r :that")
    events = [event for event, _ in chat.post.events]
    assert [event.text for event in events if isinstance(event, Said)] == ["meanwhile", "and after"]
    assert [event.id for event in events] == sorted(event.id for event in events)
    assert [event.time for event in events] == sorted(event.time for event in events)


def test_a_mute_ends_on_a_server_whose_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real one; and whoever has waited for slow mode speaks again."""
    back = {"by": 0}
    monkeypatch.setattr("chatroom.server.chat_server.now", lambda: time.time_ns() // 1_000_000 - back["by"])
    server = ChatServer("127.0.0.1", 0, INFO, unlimited=True)
    server.start()
    with closing(Guests(server.port)) as guests:
        op, bob = guests.irc("op", room="#r"), guests.irc("bob", room="#r")
        op.send("MODE #r +W 1")
        bob.wait(" MODE #r ")
        bob.send("PRIVMSG #r :one")
        op.wait(" PRIVMSG #r :one$")
        op.send("MUTE #r bob 2s")
        bob.wait(r" MODE #r \+b")
        back["by"] = DAY
        bob.wait(r" MODE #r -b")
        bob.send("PRIVMSG #r :two")
        op.wait(" PRIVMSG #r :two$")
    server.stop()
