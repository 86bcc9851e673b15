"""Who comes with a name that looks like another's is refused with a sentence, over real connections."""

import re

import pytest

from chatroom.common.names import skeleton
from chatroom.server.chat_server import ChatServer
from tests.common.test_names import IMPOSTORS, PRETENDERS
from tests.peers import Guests, Peer

HELD = list({skeleton(name): name for name, _ in IMPOSTORS if "!" not in name and name != "ecila"}.values())


@pytest.fixture
def held(server: ChatServer, guests: Guests) -> Guests:
    """A server on which the names of the corpus are in use, as far as they can be told apart."""
    for name in HELD:
        guests.plain(name)
    return guests


def test_no_impostor_of_the_corpus_comes_in_with_netcat(held: Guests) -> None:
    """Each is told why, and asked again."""
    stranger = held.stranger()
    stranger.wait("^Username$")
    for name in [impostor for _, impostor in IMPOSTORS] + PRETENDERS:
        stranger.send(name)
        told = stranger.until("^Username$")
        assert re.match(r"\* (that can't be a name: |\S+ looks like \S+, which is taken|\S+ is taken)", told[0]), (
            name,
            told,
        )
    stranger.send("somebody")
    stranger.wait("Welcome, somebody")


def test_no_impostor_of_the_corpus_comes_in_over_irc_or_takes_such_a_name_later(held: Guests) -> None:
    """432 or 433, before and after; the name that is had stays."""
    stranger: Peer = held.stranger()
    stranger.end_of_line = "\r\n"
    names = [impostor for _, impostor in IMPOSTORS] + PRETENDERS
    for name in names:
        stranger.send(f"NICK {name}", "USER u 0 * :x", f"PING {len(name)}x")
        told = stranger.until(" PONG | 451 ")
        assert any(re.match(r":\S+ (432|433|451) ", line) for line in told), (name, told)
        assert not any(" 001 " in line for line in told), name
    irc = held.irc("mallory")
    for name in names:
        irc.send(f"NICK {name}")
        [line] = irc.sync()
        assert re.match(r":\S+ (432|433) mallory ", line), (name, line)
    irc.send("PRIVMSG mallory :still")
    irc.wait("^:mallory!")


def test_a_name_is_free_again_with_its_looks(held: Guests) -> None:
    """When whoever had it has left, or is called otherwise."""
    carol = held.irc("caro1")
    dora = held.irc("dora")
    dora.send("NICK carol")
    assert " 433 dora carol :Nickname looks like that of caro1" in dora.sync()[-1]
    carol.send("NICK erna")
    carol.sync()
    dora.send("NICK carol")
    dora.wait("^:dora!u@127.0.0.1 NICK :?carol$")
    dora.send("NICK CAROL", "NICK caroI")  # one's own looks are one's own
    dora.wait("NICK :?CAROL$")
    dora.wait("NICK :?caroI$")


def test_a_claimed_name_is_nobody_elses_to_look_like(guests: Guests) -> None:
    """Though its owner is away; the owner comes back to it."""
    alice = guests.plain("alice")
    alice.send("/register open-sesame")
    alice.wait("^\\* alice is yours now")
    alice.close()
    mallory = guests.irc("mallory")
    mallory.send("NICK a1ice")
    mallory.wait(" 433 mallory a1ice :Nickname looks like that of alice")
    back = guests.stranger()
    back.send("alice", "open-sesame")
    back.wait("Welcome, alice")
