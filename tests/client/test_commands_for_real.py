"""Slash commands of the client with a real server, and what it answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatroom.client import slash_commands
from chatroom.client.client import Phase
from chatroom.client.screen_events import LanguageChosen, SearchResults
from chatroom.common.language import ENGLISH, own, speak
from tests.client.desk import Desk
from tests.gui.people import Irc, Server


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as server:
        yield server


@pytest.fixture
def alice(here: Server) -> Iterator[Desk]:
    with Desk(here.port, "alice") as desk:
        yield desk
    speak(ENGLISH)


def test_where_one_was_named_is_told_with_the_place(here: Server, alice: Desk) -> None:
    """Not before the name is claimed, and then from every room that one is in."""
    alice.type("/mentions")
    alice.hears("Log in first")
    alice.type("/register open-sesame")
    alice.until(lambda: alice.state.account == "alice", "claimed")
    alice.type("/join #dev")
    alice.until(lambda: alice.state.current.is_listed, "in #dev")
    alice.type("/mentions")
    alice.until(lambda: SearchResults(None, ()) in alice.events, "nobody has named her")
    with Irc(here.port, "bob", "#dev") as bob:
        bob.send("PRIVMSG #dev :thank you, alice")
        alice.hears("thank you, alice")
    alice.type("/mentions")
    alice.until(lambda: any(isinstance(e, SearchResults) and e.entries for e in alice.events), "found")
    found = next(event for event in alice.events if isinstance(event, SearchResults) and event.entries)
    assert [(entry.place, entry.nick, entry.text) for entry in found.entries] == [("#dev", "bob", "thank you, alice")]
    assert found.room is None


def test_a_language_is_chosen_here_and_on_the_server(alice: Desk) -> None:
    """What the program says and what the server says are in it from then on."""
    alice.type("/lang")
    assert alice.told[-2:] == [
        "You read English.",
        "/lang LANGUAGE changes that. There are: en (English), pl (polski).",
    ]
    alice.type("/lang pl")
    assert own().tag == "pl" and LanguageChosen("pl") in alice.state.events
    assert alice.told[-1] == "Twój język od teraz: polski."
    alice.type("/devices")
    alice.hears("Urządzenie 1")  # the server's own words
    alice.types("/lang xx", "xx")


def test_reactions_edits_and_servers(here: Server, alice: Desk) -> None:
    """/unreact takes back what /react gave; /edit says anew what it takes back; /servers tells of the only one."""
    with Irc(here.port, "bob") as bob:
        bob.send("PRIVMSG #lobby :look at this")
        alice.hears("look at this")
        said = next(entry for entry in alice.state.current.entries if entry.text == "look at this")
        alice.types("/unreact bob 👍", "have not reacted")
        alice.type("/react bob 👍")
        alice.until(lambda: said.reactions.get("👍") == ["alice"], "the reaction")
        alice.type("/unreact bob 👍")
        alice.until(lambda: not said.reactions.get("👍"), "and none")
        alice.type("see you tomorow")
        alice.until(lambda: not alice.state.current.pending(), "confirmed")
        alice.type("/edit see you tomorrow")
        bob.wait("PRIVMSG #lobby :see you tomorrow")
        alice.until(lambda: alice.state.current.entries[-1].text == "see you tomorrow", "said anew")
        alice.until(lambda: not any(entry.is_gone for entry in alice.state.current.entries), "in place of the first")
        alice.type("/servers")
        alice.hears("is the only server of this chat.")


def test_order_is_kept_in_another_room_than_this(here: Server, alice: Desk) -> None:
    """The name of the room stands first; in a conversation with one person, it has to."""
    with Irc(here.port, "bob", "#dev") as bob:
        bob.send("MODE #dev +o alice", "JOIN #lobby")
        bob.wait(" 366 bob #lobby ")
        alice.type("/join #dev")
        alice.until(lambda: alice.state.current.is_listed, "in #dev")
        bob.send("MODE #dev +o alice")
        alice.hears("bob made alice an operator")
        alice.type("/msg bob")
        alice.types("/quiet", "/quiet is for rooms, and this is a conversation with bob")
        alice.type("/quiet #dev")
        bob.wait("MODE #dev \\+m")
        alice.type("/quiet #dev off")
        bob.wait("MODE #dev -m")
        alice.type("/kick #dev bob 10m a walk")
        bob.wait("KICK #dev bob :a walk")
        alice.type("/bans #dev")
        alice.hears("bob")


def test_a_room_gets_another_name(here: Server, alice: Desk) -> None:
    """By who owns it; all else of it stays, also what is said while the connection is new."""
    alice.type("/register open-sesame")
    alice.until(lambda: alice.state.account == "alice", "claimed")
    alice.type("/join #3a")
    alice.until(lambda: alice.state.current.is_listed and alice.state.current.name == "#3a", "in #3a")
    alice.type("good morning")
    alice.until(lambda: not alice.state.current.pending(), "said")
    with Irc(here.port, "bob", "#3a"):
        alice.types("/rename 4a a new year", "#4a")
        assert alice.state.current.name == "#4a" and alice.state.find("#3a") is None
        assert "good morning" in [entry.text for entry in alice.state.current.entries]
        alice.type("welcome to 4a")
        alice.until(lambda: not alice.state.current.pending(), "said there")
    with Irc(here.port, "carol", "#4a"):
        alice.until(lambda: alice.state.current.member("carol"), "it is the room that carol comes to")


def test_what_is_said_to_nickserv_is_no_conversation(alice: Desk) -> None:
    """It is mostly a password, which stands nowhere then."""
    alice.type("/msg NickServ REGISTER open-sesame")
    alice.until(lambda: alice.state.account == "alice", "claimed")
    assert list(alice.state.rooms) == ["#lobby"] and not any("open-sesame" in text for text in alice.told)
    assert slash_commands.is_secret("/query nickserv identify x") and not slash_commands.is_secret("/msg bob x")


def test_a_room_that_begins_anew_after_a_restart_is_locked_again(here: Server, alice: Desk) -> None:
    """Nobody has claimed it, so the server forgets it; who comes back first keeps order there, and reads that."""
    with Irc(here.port, "bob", "#tea") as bob:
        bob.send("MODE #tea +k s3cret", "TOPIC #tea :biscuits")
        bob.wait("TOPIC #tea")
        alice.type("/join #tea s3cret")
        alice.until(lambda: alice.state.current.is_listed and alice.state.current.topic == "biscuits", "in the room")
        here.kill()
    alice.until(lambda: alice.client.phase is Phase.LOST, "the loss")
    here.start()
    alice.client.retry_now()
    alice.hears("Nobody was left in #tea: it begins anew, and you keep order there.")
    alice.hears("#tea had lost its key; it is set again.")
    assert alice.state.rooms["#tea"].topic == ""
    with Irc(here.port, "carol") as carol:
        carol.send("JOIN #tea")
        carol.wait(" 475 ")


def test_whether_one_stays_is_known_set_and_told(here: Server, alice: Desk) -> None:
    """Also by who claims the name later, and told on the other device, too. At the login nothing is said of it."""
    alice.type("/register open-sesame")
    alice.until(lambda: alice.state.stays is False, "the server has told it")
    assert not any("your last device" in text for text in alice.told)
    with Desk(here.port, "alice2") as other:
        other.types("/login alice open-sesame", "logged in")
        other.until(lambda: other.state.stays is False, "the other one knows it, too")
        for value in ("on", "on", "off"):
            told = "You stay in your rooms" if value == "on" else "You leave your rooms"
            alice.types(f"/set stay {value}", told)
            alice.until(lambda value=value: alice.state.stays is (value == "on"), "known")  # type: ignore[misc]
            other.until(lambda told=told: any(told in text for text in other.told), "told elsewhere")  # type: ignore[misc]
        alice.types("/set strangers off", "Only people who are logged in may write to you alone.")
        alice.until(lambda: alice.state.refuses_strangers, "known")
        other.until(lambda: other.state.refuses_strangers, "known elsewhere")
