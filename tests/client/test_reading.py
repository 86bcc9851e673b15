"""How far one has read, what was taken back, what is an answer, and history that is shown on demand."""

import pytest

from chatroom.client import history_sync, read_markers, slash_commands
from chatroom.client.misuse import Misuse
from chatroom.client.screen_events import HistoryShown, TakenBack
from tests.client.script import MODERN, Script, texts

ALL = f"{MODERN} draft/read-marker draft/message-redaction"


@pytest.fixture
def script() -> Script:
    script = Script(capabilities=ALL)
    script.connect()
    script.history("#lobby", "1 bob one", "2 bob two", "3 bob three")
    return script


def test_what_is_read_is_told_once_and_not_often(script: Script) -> None:
    """The time of the last message of the room that somebody looks at."""
    read_markers.tell(script.state)
    assert not script.take()
    script.state.looked_at = script.lobby
    read_markers.tell(script.state)
    read_markers.tell(script.state)
    assert script.take() == ["MARKREAD #lobby timestamp=2023-11-14T22:00:03.000Z"]
    script.feed("@msgid=4;time=2023-11-14T22:00:04.000Z :bob!u@h PRIVMSG #lobby :four")
    read_markers.tell(script.state)
    assert not script.take()
    script.clock += 4
    read_markers.tell(script.state)
    assert script.take() == ["MARKREAD #lobby timestamp=2023-11-14T22:00:04.000Z"]


def test_what_another_client_has_read_is_unread_no_more(script: Script) -> None:
    """What came behind it stays unread, and "new since" stands there. A marker never goes back."""
    for number in (4, 5, 6):
        script.feed(f"@msgid={number};time=2023-11-14T22:00:0{number}.000Z :bob!u@h PRIVMSG #lobby :n{number}")
    assert script.lobby.unread == 3
    script.feed(":me!u@h MARKREAD #lobby timestamp=2023-11-14T22:00:05.000Z")
    assert script.lobby.unread == 1 and script.lobby.mark and script.lobby.mark.text == "n6"
    script.feed(":me!u@h MARKREAD #lobby timestamp=2023-11-14T22:00:01.000Z", ":me!u@h MARKREAD #lobby *")
    assert script.lobby.unread == 1
    script.feed(":me!u@h MARKREAD #lobby timestamp=2023-11-14T22:00:06.000Z")
    assert script.lobby.unread == 0 and script.lobby.mark is None


def test_a_new_client_knows_what_is_new() -> None:
    """The marker comes with the JOIN, the history behind it."""
    script = Script(capabilities=ALL)
    script.connect()
    script.feed(":me!u@h MARKREAD #lobby timestamp=2023-11-14T22:00:02.000Z")
    script.history("#lobby", "1 bob one", "2 bob two", "3 bob three")
    assert script.lobby.unread == 1 and script.lobby.mark and script.lobby.mark.text == "three"


def test_a_message_that_was_taken_back_says_by_whom(script: Script) -> None:
    """The screen is told, as a terminal can't change what it has printed."""
    script.state.events.clear()
    script.feed(":bob!u@h REDACT #lobby 2 :", ":bob!u@h REDACT #lobby unknown :")
    script.feed(":carol!u@h REDACT #lobby 3 :")
    assert texts(script.lobby.entries) == ["one", "(taken back)", "(taken back by carol)"]
    event = script.state.events[0]
    assert isinstance(event, TakenBack) and (event.nick, event.entry.msgid) == ("bob", "2")


def test_the_last_message_of_ones_own_is_taken_back(script: Script) -> None:
    """Not one that is gone already."""
    with pytest.raises(Misuse):
        slash_commands.run(script.state, script.lobby, "/undo")
    script.feed("@msgid=a :me!u@h PRIVMSG #lobby :mine", "@msgid=b :me!u@h PRIVMSG #lobby :mine, too")
    script.feed("@msgid=c :me!u@h MODE #lobby +m")
    slash_commands.run(script.state, script.lobby, "/undo")
    script.feed(":me!u@h REDACT #lobby b :")
    slash_commands.run(script.state, script.lobby, "/undo")
    assert script.take() == ["REDACT #lobby b", "REDACT #lobby a"]


def test_undo_asks_for_nothing_that_the_server_does_not_have(script: Script) -> None:
    """Not once more for what it refused, and not for the one before while the last is on its way."""
    script.feed("@msgid=a :me!u@h PRIVMSG #lobby :mine", "@msgid=b :me!u@h PRIVMSG #lobby :mine, too")
    slash_commands.run(script.state, script.lobby, "/undo")
    script.feed(":irc FAIL REDACT UNKNOWN_MSGID #lobby b :There is no such message")
    slash_commands.run(script.state, script.lobby, "/undo")
    assert script.take() == ["REDACT #lobby b", "REDACT #lobby a"]
    script.state.say(script.lobby, "one more")
    script.take()
    with pytest.raises(Misuse, match="not answered"):
        slash_commands.run(script.state, script.lobby, "/undo")
    assert script.take() == []


def test_an_answer_to_ones_own_message_is_a_mention(script: Script) -> None:
    """And what one answers goes out with the message."""
    script.feed("@msgid=a :me!u@h PRIVMSG #lobby :mine", "@msgid=b;+draft/reply=a :bob!u@h PRIVMSG #lobby :yes")
    script.feed("@msgid=c;+draft/reply=b :carol!u@h PRIVMSG #lobby :no")
    assert [entry.mention for entry in script.lobby.entries[-3:]] == [False, True, False]
    script.lobby.answered = script.lobby.find("b")
    [said, *_] = script.state.say(script.lobby, "good")
    assert script.take() == [f"@label=m{said.serial};+draft/reply=b PRIVMSG #lobby good"]
    script.state.say(script.lobby, "something else")
    assert "reply" not in script.take()[0]


def test_the_last_message_of_somebody_is_found_as_the_server_compares_names(script: Script) -> None:
    """By CASEMAPPING rfc1459, { is the small letter of [."""
    script.feed("@msgid=a :b[x!u@h PRIVMSG #lobby :yes")
    assert script.lobby.last_by("b{x") is None
    script.feed(":irc 005 me CASEMAPPING=rfc1459 :are supported")
    entry = script.lobby.last_by("b{x")
    assert entry and entry.msgid == "a"


def test_history_is_shown_on_demand(script: Script) -> None:
    """Around a message, or the latest; what the room has is left as it is."""
    slash_commands.run(script.state, script.lobby, "/history 2")
    assert history_sync.show(script.state, script.lobby, "1")
    latest, around = script.take()
    assert latest.endswith("CHATHISTORY LATEST #lobby * 2") and around.endswith("CHATHISTORY AROUND #lobby msgid=1 100")
    script.state.events.clear()
    label = latest.partition(" ")[0]
    script.feed(f"{label} :irc BATCH +x chathistory #lobby", "@batch=x;msgid=9 :bob!u@h PRIVMSG #lobby :old")
    script.feed(":irc BATCH -x")
    (event,) = script.state.events
    assert isinstance(event, HistoryShown) and texts(list(event.entries)) == ["old"] and not event.msgid
    assert texts(script.lobby.entries) == ["one", "two", "three"]
    script.feed(f"{around.partition(' ')[0]} :irc FAIL CHATHISTORY INVALID_TARGET AROUND #lobby :No")
    assert texts(script.lobby.entries)[-1] == "The history of that can't be had."
    for typed in ("/history x", "/history 0"):
        with pytest.raises(Misuse):
            slash_commands.run(script.state, script.lobby, typed)


def test_who_wrote_while_we_were_away_has_a_conversation(script: Script) -> None:
    """Another device got it, so it does not wait for us; asked for after a reconnect, with nothing from before."""
    script.session.lost()
    script.session.connected(script.send)
    script.feed(f":irc CAP * LS :{ALL}", f":irc CAP * ACK :{ALL}")
    script.take()
    script.feed(":irc 001 me :Welcome")
    since = "timestamp=2023-11-14T22:00:03.000Z"
    (asked,) = [line for line in script.take() if "TARGETS" in line]
    assert asked.startswith(f"CHATHISTORY TARGETS {since} timestamp=")
    script.feed(
        ":irc BATCH +t draft/chathistory-targets",
        "@batch=t :irc CHATHISTORY TARGETS #lobby 2023-11-14T22:00:09.000Z",
        "@batch=t :irc CHATHISTORY TARGETS carol 2023-11-14T22:00:08.000Z",
        ":irc BATCH -t",
    )
    assert script.take() == ["MARKREAD carol", f"CHATHISTORY AFTER carol {since} 100"]
    script.feed(
        ":irc BATCH +h chathistory carol",
        "@batch=h;msgid=8;time=2023-11-14T22:00:08.000Z :carol!u@h PRIVMSG me :are you there?",
        ":irc BATCH -h",
    )
    carol = script.state.rooms["carol"]
    assert texts(carol.entries) == ["are you there?"]
    assert carol.unread == 1


def test_conversations_that_nobody_asked_for_are_not_opened(script: Script) -> None:
    script.feed(":irc CHATHISTORY TARGETS carol 2023-11-14T22:00:08.000Z")
    assert "carol" not in script.state.rooms
