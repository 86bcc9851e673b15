"""A client library that others wrote (`irc` on the package index) meets the server."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chatroom.server.chat_server import ChatServer
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

    def _heard(self, kinds: tuple[str, ...], text: str, by: str) -> bool:
        self._reactor.process_once(timeout=0.05)
        return any(
            kind in kinds and (not text or text in words) and by in ("", source) for kind, source, words in self.events
        )

    def hears(self, *kinds: str, text: str = "", by: str = "") -> None:
        """Waits for an event of one of these kinds, with `text` among its arguments and by somebody, if given."""
        eventually(lambda: self._heard(kinds, text, by), f"{kinds} {text} {by} among {self.events}")

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


def test_a_bot_lives_in_a_room_keeps_it_and_comes_back(
    server: ChatServer, bot: Callable[[str], Bot], guests: Guests
) -> None:
    """Names with umlauts, talk, the topic, modes, kicks both ways, whispers; and a new connection as the same bot."""
    marvin, bob = bot("märvin"), guests.irc("böb", room="")
    marvin.link.join("#schiffsküche")
    marvin.hears("endofnames")
    bob.send("JOIN #schiffsküche", "PRIVMSG #schiffsküche :zażółć")
    marvin.hears("join", by="böb")
    marvin.hears("pubmsg", text="zażółć", by="böb")
    marvin.link.privmsg("#schiffsküche", "here I am 😀")
    bob.wait("^:märvin!.* PRIVMSG #schiffsküche :here I am 😀$")
    bob.send("PRIVMSG märvin :psst")
    marvin.hears("privmsg", text="psst", by="böb")
    marvin.link.privmsg("böb", "what is it?")
    bob.wait("^:märvin!.* PRIVMSG böb :what is it\\?$")
    marvin.link.topic("#schiffsküche", "Gehirn & Größe")
    bob.wait("TOPIC #schiffsküche :Gehirn & Größe$")
    marvin.hears("topic", text="Gehirn & Größe")
    marvin.link.mode("#schiffsküche", "+mo böb")
    bob.wait(r"MODE #schiffsküche \+mo böb$")
    marvin.hears("mode", text="+mo")
    marvin.link.whois(["böb"])
    marvin.hears("endofwhois")
    bob.send("KICK #schiffsküche märvin :so depressing")
    marvin.hears("kick", text="so depressing", by="böb")
    marvin.link.join("#schiffsküche")
    bob.wait("^:märvin!.* JOIN #schiffsküche")
    bob.send("MODE #schiffsküche +o märvin")
    marvin.hears("mode", text="+o")
    marvin.link.kick("#schiffsküche", "böb", "likewise")
    bob.wait("KICK #schiffsküche böb :likewise$")
    marvin.events.clear()
    marvin.link.disconnect("be right back")
    eventually(lambda: len(server.everybody()) == 1, "the name is free")
    marvin.link.reconnect()
    marvin.hears("endofmotd", "nomotd")
    marvin.link.join("#schiffsküche")
    marvin.hears("endofnames")
    marvin.link.nick("mårvin")
    marvin.hears("nick")
