"""A message that is said anew: taken back, and sent once more."""

import pytest

from chatroom.client.misuse import Misuse
from chatroom.client.slash_commands import run
from tests.client.script import MODERN, Script, texts

ALL = f"{MODERN} draft/message-redaction"


@pytest.fixture
def script() -> Script:
    script = Script(capabilities=ALL)
    script.connect()
    script.feed("@msgid=4 :bob!u@h PRIVMSG #lobby :when?")
    script.feed("@msgid=5;+draft/reply=4 :me!u@h PRIVMSG #lobby :bob: tomorow")
    script.lobby.editing = script.lobby.find("5")
    script.take()
    return script


def test_it_is_taken_back_and_said_anew_as_an_answer_to_the_same(script: Script) -> None:
    """Once: what is said next is a message of its own."""
    run(script.state, script.lobby, "bob: tomorrow")
    first, second = script.take()
    assert first == "REDACT #lobby 5"
    assert second.startswith("@") and "+draft/reply=4" in second and second.endswith("PRIVMSG #lobby :bob: tomorrow")
    assert script.lobby.entries[-1].edited
    run(script.state, script.lobby, "see you")
    assert len(script.take()) == 1 and not script.lobby.entries[-1].edited


def test_without_a_connection_nothing_is_taken_back(script: Script) -> None:
    """And what was typed is not sent later as a second message."""
    script.lose()
    with pytest.raises(Misuse):
        run(script.state, script.lobby, "bob: tomorrow")
    assert script.lobby.editing and not script.lobby.pending()


def test_what_is_gone_is_not_edited(script: Script) -> None:
    """An operator was faster: what is sent then is a message of its own."""
    script.feed(":bob!u@h REDACT #lobby 5 :")
    run(script.state, script.lobby, "bob: tomorrow")
    assert [line for line in script.take() if line.startswith("REDACT")] == []


@pytest.mark.parametrize(
    ("by", "said", "seconds", "edited"),
    [("bob", "bob", 1, True), ("bob", "bob", 4, False), ("bob", "eve", 1, False), ("op", "op", 1, False)],
)
def test_who_takes_something_back_and_says_something_at_once_has_edited_it(
    script: Script, by: str, said: str, seconds: int, edited: bool
) -> None:
    """Others who speak have not; nor who takes back what somebody else said."""
    script.feed(f"@time=2026-01-01T12:00:00.000Z :{by}!u@h REDACT #lobby 4 :")
    script.feed(f"@time=2026-01-01T12:00:0{seconds}.000Z;msgid=6 :{said}!u@h PRIVMSG #lobby :now?")
    assert script.lobby.entries[-1].edited is edited
    assert (script.lobby.find("4") is None) is edited  # the new one stands for both


def test_ones_own_message_that_is_edited_stands_there_once(script: Script) -> None:
    run(script.state, script.lobby, "bob: tomorrow")
    label = script.take()[1].partition("label=")[2].partition(";")[0].partition(" ")[0]
    script.feed(":me!u@h REDACT #lobby 5 :")
    assert "(taken back)" in texts(script.lobby.entries)
    script.feed(f"@msgid=6;label={label} :me!u@h PRIVMSG #lobby :bob: tomorrow")
    assert texts(script.lobby.entries)[-2:] == ["when?", "bob: tomorrow"] and not script.lobby.pending()


def test_an_answer_to_what_is_taken_back_is_none(script: Script) -> None:
    script.lobby.editing, script.lobby.answered = None, script.lobby.find("4")
    script.feed(":bob!u@h REDACT #lobby 4 :")
    script.state.say(script.lobby, "at noon")
    assert "reply" not in script.take()[0]
