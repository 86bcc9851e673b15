"""The client with servers that are not ours: ngIRCd, InspIRCd, and Ergo where it is installed.

No line that is typed is ever held without a word: it comes through, or it is told why not.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatroom.client.client import Client, Phase
from chatroom.client.screen_events import HistoryShown, KeyWanted, Rejected, RoomList
from chatroom.client.server_connection import Target
from chatroom.client.session import Session
from chatroom.client.transcript_entry import DeliveryState, TranscriptEntry
from tests.client.desk import Desk
from tests.client.foreign import HAS_ERGO, OPERATOR_PASSWORD, Foreign
from tests.gui.people import Irc, wait_for

ergo_alone = pytest.mark.skipif(not HAS_ERGO, reason="Ergo is not installed")
inspircd_alone = pytest.mark.needs("inspircd")
SERVERS = [
    pytest.param("ngircd", marks=pytest.mark.needs("ngircd")),
    pytest.param("inspircd", marks=inspircd_alone),
    pytest.param("ergo", marks=ergo_alone),
]


@pytest.fixture
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Foreign]:
    """One of them, or the one that a test names."""
    tmp_path.chmod(0o777)
    with Foreign(request.param, tmp_path) as server:
        yield server


@pytest.fixture
def alice(server: Foreign) -> Iterator[Desk]:
    with Desk(server.port, "alice") as desk:
        yield desk


@pytest.fixture
def bob(alice: Desk, server: Foreign) -> Iterator[Irc]:
    """Comes after alice, who is the operator of #lobby."""
    with server.person("bob") as bob:
        alice.until(lambda: alice.state.current.member("bob"), "bob is seen")
        yield bob


def said(desk: Desk, text: str) -> TranscriptEntry:
    (found,) = [entry for entry in desk.state.current.entries if entry.text == text]
    return found


each = pytest.mark.parametrize("server", SERVERS, indirect=True)


@each
def test_a_talk(alice: Desk, bob: Irc) -> None:
    """Both ways: messages, several lines, what one does, a topic, a private message, names."""
    alice.type("zażółć 😀")
    bob.wait("PRIVMSG #lobby :zażółć 😀")
    alice.type("one\n\ttwo")
    bob.wait("PRIVMSG #lobby :?one")
    bob.wait("PRIVMSG #lobby :\\s+two")
    alice.type("/me waves")
    bob.wait("\x01ACTION waves\x01")
    alice.until(lambda: not alice.state.current.pending(), "the server has all of it")
    alice.type("/msg bob psst")
    bob.wait("PRIVMSG bob :?psst")
    bob.send("PRIVMSG alice :what?", "PRIVMSG #lobby :alice: hi", "TOPIC #lobby :ours", "NICK robert")
    alice.until(lambda: "robert" in alice.state.rooms, "the conversation goes with the name")
    alice.until(lambda: any(e.mention and e.text == "alice: hi" for e in alice.state.rooms["#lobby"].entries), "named")
    alice.type("/join #lobby")
    alice.types("/who", "robert")
    alice.type("/rooms")
    alice.until(lambda: any(isinstance(event, RoomList) for event in alice.events), "the list")
    listed = next(event for event in alice.events if isinstance(event, RoomList))
    assert [(room.name, room.people) for room in listed.rooms if room.people] == [("#lobby", 2)]
    alice.types("/whois robert", "robert is in #lobby")
    alice.types("/away lunch", "You are marked as away.")
    alice.types("/back", "You are not away any more.")


@each
def test_what_can_not_be_is_told(alice: Desk, bob: Irc) -> None:
    """In sentences of the client's own, and nothing stays unanswered."""
    told = {
        "/nick bob": "Somebody here is called bob already",
        "/msg nobody hello": "Nobody here is called nobody.",
        "/whois nobody": "Nobody here is called nobody.",
        "/invite bob": "bob is in #lobby already.",
        "/invite nobody": "Nobody here is called nobody.",
        "/op nobody": "nobody is not in #lobby.",
        "/kick nobody": "nobody is not in #lobby.",
        "/slow 10": "This server has no slow mode.",
        "/ban bob 10m": "This server keeps no times",
        "/search x": "This server has no search.",
        "/mentions": "This server has no search.",
        "/undo": "nothing can be taken back",
        "/edit x": "nothing can be taken back",
        "/raw FOO bar": "This server knows no command FOO.",
        "/mode +Y": "There is no mode Y here.",
    }
    for line, answer in told.items():
        alice.types(line, answer)
        alice.type("/join #lobby")  # from the conversation with nobody
    assert not alice.state.current.pending()


@each
def test_nothing_that_is_so_already_is_met_with_silence(alice: Desk, bob: Irc) -> None:
    """Servers say nothing then, or something else, each in its way."""
    alice.types("/op bob", "alice made bob an operator.")
    alice.types("/quiet", "alice made the room quiet")
    alice.types("/ban eve", "alice banned eve.")
    for line in ("/op bob", "/quiet", "/ban eve", "/nick alice"):
        alice.types(line, "")
    alice.types("/bans", "Banned in #lobby: eve")
    alice.types("/unban eve", "alice lifted the ban on eve.")
    alice.types("/quiet off", "alice lets everybody speak again.")


@each
def test_a_room_with_a_key(alice: Desk, bob: Irc) -> None:
    """It is set, changed and taken away; who has it wrong is asked for it."""
    alice.type("/join #mine s3cret")
    alice.hears("alice locked the room with a key.")
    bob.send("JOIN #mine")
    bob.wait(" 475 ")
    alice.type("/key other")
    alice.until(lambda: alice.state.current.key == "other", "another key")
    bob.send("JOIN #mine other")
    bob.wait(" 366 bob #mine ")
    alice.types("/key off", "alice unlocked the room")
    bob.send("JOIN #bobs", "MODE #bobs +k secret")
    bob.wait("MODE #bobs :?\\+k")
    alice.types("/join #bobs", "#bobs needs a key. /join #bobs KEY goes there.")
    alice.types("/join #bobs wrong", "#bobs needs a key.")
    assert sum(isinstance(event, KeyWanted) for event in alice.events) == 2
    alice.type("/join #bobs secret")
    alice.until(lambda: alice.state.current.is_listed and alice.state.current.name == "#bobs", "let in")


@each
def test_who_is_kept_from_a_room_is_told_and_so_is_each_line(alice: Desk, bob: Irc) -> None:
    """Quiet, thrown out, banned, invited only, full."""
    bob.send("JOIN #bobs", "MODE #bobs +mn")
    bob.wait("MODE #bobs :?\\+m")
    alice.type("/join #bobs")
    alice.until(lambda: alice.state.current.is_listed and alice.state.current.name == "#bobs", "in the room")
    alice.type("hello?")
    alice.until(lambda: said(alice, "hello?").delivery is DeliveryState.FAILED, "not sent")
    alice.hears("#bobs")
    alice.types("/kick bob", "Only an operator of #bobs can do that.")
    bob.send("KICK #bobs alice :go away")
    alice.hears("bob removed you from #bobs: go away")
    alice.types("still here?", "You are not in #bobs. /join #bobs goes there.")
    bob.send("MODE #bobs +b alice!*@*")
    bob.wait("MODE #bobs :?\\+b")
    alice.types("/join #bobs", "You are banned from #bobs.")
    bob.send("MODE #bobs -b+i alice!*@*")
    bob.wait("MODE #bobs :?-b")
    alice.types("/join #bobs", "#bobs lets in only those who are invited.")
    bob.send("INVITE alice #bobs")
    alice.hears("bob invites you to #bobs.")
    bob.send("MODE #bobs -i+l 1")
    bob.wait("MODE #bobs :?-i")
    alice.until(lambda: not alice.state.current.pending(), "nothing is held")


@each
def test_a_name_that_somebody_has(server: Foreign) -> None:
    """On the way in; the client does not come in under another one by itself."""
    with server.person("alice"):
        client = Client(Target("127.0.0.1", server.port), Session("alice", ("#lobby",)))
        client.start()
        try:
            events = wait_for(lambda: client.pump(0.01), "refused")
        finally:
            client.stop()
        assert events == [Rejected("nick-taken", ("alice",))]


@each
def test_the_server_is_killed_and_comes_back(alice: Desk, bob: Irc, server: Foreign) -> None:
    """One is in one's rooms again; what was typed meanwhile is sent once, or it is told that it was not."""
    alice.type("before")
    bob.wait("PRIVMSG #lobby :?before")
    alice.until(lambda: not alice.state.current.pending(), "confirmed")
    bob.send("JOIN #shut", "MODE #shut +i")
    bob.wait("MODE #shut :?\\+i")
    alice.types("/join #shut", "#shut lets in only those who are invited.")
    server.kill()
    alice.until(lambda: alice.client.phase is Phase.LOST, "lost")
    alice.types("not there", "You are not in #shut.")
    alice.type("/join #lobby")
    alice.type("meanwhile")
    server.start()
    alice.client.retry_now()
    alice.until(lambda: alice.client.phase is Phase.ONLINE, "in again")
    with server.person("carol") as carol:
        alice.until(lambda: said(alice, "meanwhile").delivery is DeliveryState.DONE, "sent")
        alice.until(lambda: alice.state.current.member("carol"), "in the room")
        alice.type("and after")
        carol.wait("PRIVMSG #lobby :and after")


@each
def test_an_operator_of_the_server_has_a_name_of_their_own(alice: Desk) -> None:
    """Which is not their nickname, elsewhere."""
    alice.types(f"/oper root {OPERATOR_PASSWORD}", "You are an operator of the server now.")
    assert alice.state.is_operator


@pytest.mark.parametrize("server", [pytest.param("ngircd", marks=pytest.mark.needs("ngircd"))], indirect=True)
def test_a_room_of_another_sign(alice: Desk) -> None:
    """&local is one where CHANTYPES has it; and +m is a mode and no room, though that has + as well."""
    alice.type("/join &local")
    alice.until(lambda: alice.state.current.name == "&local" and alice.state.current.is_listed, "in a local room")
    alice.type("one\ntwo")
    alice.until(lambda: not alice.state.current.pending(), "both are confirmed")
    alice.types("/mode +m", "alice made the room quiet")
    alice.types("/mute bob", "Nobody can be muted on this server.")
    alice.types("/register open-sesame", "There is no NickServ on this server")


@pytest.mark.parametrize("server", [pytest.param("inspircd", marks=inspircd_alone)], indirect=True)
def test_inspircd_mutes_forwards_and_folds_names(alice: Desk, bob: Irc) -> None:
    """EXTBAN m, 470 and rfc1459: al{ce is al[ce."""
    alice.types("/mute bob", "alice muted bob.")
    bob.send("PRIVMSG #lobby :can you hear me?")
    bob.wait(" 404 bob #lobby ")
    alice.types("/mute bob", "There is that ban or mute in #lobby already: bob.")
    alice.types("/unmute bob", "alice lets bob speak again.")
    alice.types("/unmute bob", "There is no such ban or mute in #lobby: bob.")
    alice.types("/ignore bob", "You hear nothing more of what bob says to you alone.")
    alice.types("/ignore", "You ignore bob.")
    alice.types("/unignore bob", "You hear bob again.")
    bob.send("JOIN #other", "JOIN #full", "MODE #full +b alice!*@*#other")
    bob.wait("MODE #full :?\\+b")
    alice.types("/join #full", "#full sends you on to #other.")
    alice.until(lambda: alice.state.current.name == "#other" and alice.state.current.is_listed, "in the other room")
    bob.send("NICK b[b")
    bob.wait("NICK :?b\\[b")
    alice.type("/msg B{B hello")
    bob.wait("PRIVMSG \\S+ :?hello")
    bob.send("PRIVMSG alice :hello back")
    alice.hears("hello back")
    assert [room.name for room in alice.state.rooms.values() if room.is_direct] == ["B{B"]
    alice.types("/register open-sesame", "There is no NickServ on this server")


@pytest.mark.parametrize("server", [pytest.param("ergo", marks=ergo_alone)], indirect=True)
def test_ergo_keeps_names_and_history(alice: Desk, bob: Irc, server: Foreign) -> None:
    """A claimed name is got back over a loss; passwords stand nowhere; history is only what people said."""
    alice.type("/register open-sesame")
    alice.until(lambda: alice.state.account == "alice", "the login is known")
    assert not any("open-sesame" in text for text in alice.told) and list(alice.state.rooms) == ["#lobby"]
    bob.send("PRIVMSG #lobby :one of many", "PART #lobby", "JOIN #lobby")
    alice.hears("one of many")
    alice.type("/history")
    alice.until(lambda: any(isinstance(event, HistoryShown) for event in alice.events), "the history")
    shown = next(event for event in alice.events if isinstance(event, HistoryShown))
    assert [(entry.nick, entry.text) for entry in shown.entries] == [("bob", "one of many")]
    alice.type("one\ntwo")
    alice.until(lambda: not alice.state.current.pending(), "as one message")
    assert said(alice, "one\ntwo")
    server.kill()
    alice.until(lambda: alice.client.phase is Phase.LOST, "lost")
    alice.type("meanwhile")
    server.start()
    alice.client.retry_now()
    alice.until(lambda: alice.client.phase is Phase.ONLINE and alice.state.account == "alice", "in again, as oneself")
    alice.until(lambda: said(alice, "meanwhile").delivery is DeliveryState.DONE, "sent")
