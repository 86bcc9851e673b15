"""A client library that others wrote (`irc` on the package index) meets the server."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chatroom.server import ChatServer
from tests.peers import Guests, eventually

client = pytest.importorskip("irc.client")


class Bot:
    """A bot that remembers what it was told: kinds of events, with their sources and arguments.

    The library is not made for two threads, so the bot listens only while the test waits for it.
    """

    def __init__(self, port: int, nick: str) -> None:
        self.events: list[tuple[str, str, list[str]]] = []
        self._reactor = client.Reactor()
        self._reactor.add_global_handler("all_events", self._remember)
        self.link = self._reactor.server().connect("127.0.0.1", port, nick)
        self.hears("endofmotd", "nomotd")

    def _remember(self, link: Any, event: Any) -> None:
        self.events.append((event.type, str(event.source or "").partition("!")[0], list(event.arguments)))

    def _heard(self, kinds: tuple[str, ...], text: str) -> bool:
        self._reactor.process_once(timeout=0.05)
        return any(kind in kinds and (not text or text in words) for kind, _, words in self.events)

    def hears(self, *kinds: str, text: str = "") -> None:
        """Waits for an event of one of these kinds, with `text` among its arguments if there is any."""
        eventually(lambda: self._heard(kinds, text), f"{kinds} {text} among {self.events}")

    def close(self) -> None:
        self.link.disconnect("bye")


@pytest.fixture
def bot(server: ChatServer) -> Iterator[Callable[[str], Bot]]:
    made: list[Bot] = []

    def make(nick: str) -> Bot:
        made.append(Bot(server.port, nick))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_a_bot_lives_in_a_room_keeps_it_and_comes_back(bot: Callable[[str], Bot], guests: Guests) -> None:
    """Joins, talks, is talked to, sets the topic and modes, kicks, whispers, leaves and reconnects."""
    marvin, bob = bot("marvin"), guests.irc("bob", room="")
    marvin.link.join("#ship")
    marvin.hears("endofnames")
    bob.send("JOIN #ship", "PRIVMSG #ship :zażółć")
    marvin.hears("pubmsg", text="zażółć")
    marvin.link.privmsg("#ship", "here I am 😀")
    bob.wait("marvin!.* PRIVMSG #ship :here I am 😀")
    bob.send("PRIVMSG marvin :psst")
    marvin.hears("privmsg", text="psst")
    marvin.link.topic("#ship", "brain")
    bob.wait("TOPIC #ship :brain")
    marvin.link.mode("#ship", "+mv bob")
    bob.wait(r"MODE #ship \+mv bob")
    marvin.hears("mode", text="+mv")
    marvin.link.kick("#ship", "bob", "so depressing")
    bob.wait("KICK #ship bob :so depressing")
    marvin.link.whois(["bob"])
    marvin.hears("endofwhois")
    marvin.events.clear()
    marvin.link.reconnect()
    marvin.hears("endofmotd", "nomotd")
    marvin.link.join("#ship")
    marvin.hears("endofnames")
