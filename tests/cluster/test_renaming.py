"""A room's new name between several servers."""

from collections.abc import Callable

import pytest

from chatroom.cluster.spool import Proposal
from chatroom.model.events import Joined, RoomRenamed, Said
from chatroom.model.values import MessageKind
from tests.cluster.conftest import Node, Wire, agree
from tests.peers import eventually

pytestmark = pytest.mark.needs("redis-server")
Start = Callable[..., Node]
RENAMING = "draft/channel-rename"


def test_a_new_name_is_told_on_all_servers(node: Start) -> None:
    one, two = node("one"), node("two")
    al = one.guests.irc("al", RENAMING, room="#old")
    bob, cy = two.guests.irc("bob", room="#old"), two.guests.plain("cy")
    cy.send("/join #old")
    al.wait("cy.* JOIN #old")
    al.send("RENAME #old #new")
    bob.wait(" JOIN #new")
    bob.wait(" 366 bob #new ")
    cy.wait(r"^\* al renamed #old to #new$")
    cy.send("hi")
    al.wait(" PRIVMSG #new :hi$")
    agree(one, two)
    three = node("three")
    zoe = three.guests.irc("zoe", room="")
    zoe.send("JOIN #old")
    zoe.wait(" 470 zoe #old #new ")
    zoe.wait(" 366 zoe #new ")
    agree(one, two, three)


def test_what_crosses_a_new_name_on_its_way_is_about_the_room(node: Start) -> None:
    """Messages, joining, topics; and of two that take one name, the second is refused."""
    one, two = node("one"), node("two")
    al, bob = one.guests.irc("al", RENAMING, room="#old"), two.guests.irc("bob", RENAMING, room="#old")
    eve, zoe = two.guests.irc("eve", RENAMING, room="#other"), two.guests.irc("zoe", RENAMING, room="")
    agree(one, two)
    with two.log.lock:
        sessions = {each.session.nick: each.session for each in two.server.everybody()}
        people = {nick: session.user.person for nick, session in sessions.items() if session.user}
        events = {
            "bob": Said(people["bob"], "#old", "hi", MessageKind.MESSAGE, device=sessions["bob"].uid),
            "zoe": Joined(people["zoe"], "#old"),
            "eve": RoomRenamed(people["eve"], "#other", "#new", ""),
        }
        late = [Proposal(sessions[nick], [event], two.log.replica.rows([event])) for nick, event in events.items()]
    al.send("RENAME #old #new")
    bob.wait(" RENAME #old #new ")
    with two.log.lock:
        for proposal in late:
            assert proposal.session
            two.log.replica.send(proposal.session, proposal)
    al.wait(r"bob!.* PRIVMSG #new :hi$")
    zoe.wait(" 366 zoe #new ")
    eve.wait(" FAIL RENAME CHANNEL_NAME_IN_USE #other #new ")
    al.send("MODE #new -t")
    bob.wait(" MODE #new -t")
    bob.send("TOPIC #old :tea")
    al.wait(" TOPIC #new :tea")
    agree(one, two)
    assert set(one.server.hub.state.rooms) - {"#lobby"} == {"#new", "#other"}


def test_the_old_name_leads_as_on_a_single_server(node: Start) -> None:
    """Not to a secret room whose name one is not to know; and who is in the room may open another by it."""
    one, two = node("one"), node("two")
    al, zoe = one.guests.irc("al", RENAMING, room="#old"), two.guests.irc("zoe", room="")
    al.send("MODE #old +s", "RENAME #old #hidden", "JOIN #was", "RENAME #was #is")
    al.wait(" RENAME #was #is ")
    agree(one, two)
    zoe.send("JOIN #old")
    zoe.wait(" 366 zoe #old ")
    assert not [line for line in zoe.heard if "#hidden" in line]
    al.send("JOIN #was")
    al.wait(" 366 al #was ")
    agree(one, two)


def test_who_was_away_with_their_server_is_told_when_it_is_back(wire: Wire, node: Start) -> None:
    """Each in their own way; and all servers hold the same."""
    one, two = node("one"), node("two", wire=wire)
    al = one.guests.irc("al", RENAMING, room="#old")
    bob, cy = two.guests.irc("bob", RENAMING, room="#old"), two.guests.irc("cy", room="#old")
    dan = two.guests.plain("dan")
    dan.send("/join #old")
    al.wait("dan.* JOIN #old")
    agree(one, two)
    wire.cut()
    eventually(two.is_down, "the link is down")
    eventually(lambda: "bob" not in one.people(), "they are given up")
    al.send("RENAME #old #new")
    al.wait(" RENAME #old #new ")
    wire.mend()
    eventually(lambda: one.settled() and two.settled(), "all is well again")
    bob.wait(" RENAME #old #new ")
    cy.wait(r" PART #old")
    cy.wait(r" JOIN #new")
    dan.wait(r"renamed #old to #new")
    agree(one, two)
    dan.send("hi")
    al.wait("dan.* PRIVMSG #new :hi$")
