"""What was said and has not arrived: where it is while rooms end, change their names, or can't be asked about it."""

import pytest

from chatroom.client import history_sync
from chatroom.client.transcript_entry import DeliveryState
from tests.client.script import MODERN, Script, texts


@pytest.fixture
def script() -> Script:
    """Connected; the lobby has a history."""
    script = Script(capabilities=MODERN)
    script.connect()
    script.history("#lobby", "1 bob hi")
    script.take()
    return script


def _cut_off(script: Script, line: str) -> None:
    """Something is said in the lobby, and the connection is lost before the answer; there is another one now."""
    script.state.say(script.lobby, line)
    script.lose()
    script.connect()


@pytest.mark.parametrize("line", [":bob!u@h KICK #lobby me :out", ":me!u@h PART #lobby"])
def test_who_is_put_out_of_a_room_decides_about_what_was_still_to_be_sent(script: Script, line: str) -> None:
    """It is not sent by itself, and does not wait for ever; tried again when back in the room, it is sent."""
    _cut_off(script, "hello")
    [said] = script.lobby.pending()
    script.feed(line)
    assert said.delivery is DeliveryState.FAILED
    script.joined("#lobby")
    script.history("#lobby")
    assert not [line for line in script.take() if "hello" in line]
    script.state.retry(script.lobby, said)
    assert script.take()[-1].endswith("PRIVMSG #lobby hello")


def test_trying_again_once_is_enough_where_there_is_no_history(script: Script) -> None:
    """After a room that did not let us in, where it was not known whether the message had arrived."""
    script.state.say(script.lobby, "hello")
    script.lose()
    script.session.connected(script.send)
    script.feed(":irc 001 me :Welcome", ":irc 473 me #lobby :Cannot join channel (+i)")
    [said] = [entry for entry in script.lobby.entries if entry.own]
    assert said.delivery is DeliveryState.FAILED
    script.joined("#lobby")
    script.take()
    script.state.retry(script.lobby, said)
    assert script.take()[0].endswith("PRIVMSG #lobby hello")


def test_a_room_that_gets_the_name_of_another_one_has_what_was_not_sent_there(script: Script) -> None:
    """That one ends. Its draft stands before the room's own."""
    script.joined("#old")
    script.joined("#new")
    before, room = script.state.room("#new"), script.state.room("#old")
    before.draft, room.draft = "half a thought", "another"
    script.feed(":bob!u@h KICK #new me :out")
    script.state.say(before, "hello")
    script.feed(":bob!u@h RENAME #old #new :")
    assert script.state.find("#new") is room and room.draft == "half a thought\nanother"
    [said] = [entry for entry in room.entries if entry.text == "hello"]
    assert said.delivery is DeliveryState.FAILED
    script.take()
    script.state.retry(room, said)
    assert script.take()[0].endswith("PRIVMSG #new hello")


def test_an_older_message_is_not_taken_for_one_that_failed_since(script: Script) -> None:
    """Who says the same often still has to know that it failed this time."""
    [said] = script.state.say(script.lobby, "ok")
    script.feed(f"@label=m{said.serial} :irc 404 me #lobby :Cannot send to channel")
    assert said.delivery is DeliveryState.FAILED
    script.lobby.has_older = True
    script.feed(":irc BATCH +o chathistory #lobby")
    script.feed("@batch=o;msgid=0;time=2023-11-14T21:00:00.000Z :me!u@h PRIVMSG #lobby :ok")
    history_sync.fetch_older(script.state, script.lobby)
    script.feed(":irc BATCH -o")
    assert said.delivery is DeliveryState.FAILED
    assert texts(script.lobby.entries)[0] == "ok" and script.lobby.entries[0] is not said


@pytest.mark.parametrize("kept", [False, True])
def test_nothing_new_in_a_conversation_may_mean_that_nothing_is_kept(script: Script, kept: bool) -> None:
    """So it is asked for its latest: only where that has something is sent again what it does not have."""
    script.feed("@msgid=5 :guest!u@h PRIVMSG me :hi")
    room = script.state.room("guest")
    [said] = script.state.say(room, "hello")
    script.lose()
    script.connect()
    script.feed(":irc BATCH +h chathistory guest", ":irc BATCH -h")
    assert script.take()[-1] == "CHATHISTORY LATEST guest * 100"
    if kept:
        script.history("guest", "5 guest hi")
        assert script.take()[-1].endswith("PRIVMSG guest hello")
    else:
        script.history("guest")
        assert said.delivery is DeliveryState.FAILED and not script.take()
