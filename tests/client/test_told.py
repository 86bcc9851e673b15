"""What others do, and what becomes of oneself, in sentences of the client's own."""

import pytest

from chatroom.client import slash_commands
from tests.client.script import MODERN, Script, texts


@pytest.fixture
def script() -> Script:
    script = Script(capabilities=MODERN)
    script.connect()
    script.joined("#lobby", "bob")
    script.take()
    return script


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (":bob!u@h QUIT :Killed (op: noise)", "op threw bob off the server: noise"),
        (":bob!u@h QUIT :Killed (op)", "op threw bob off the server."),
        (
            ":irc 301 me bob :is not here; your message is kept for them",
            "bob is not here; your message is kept until they log in.",
        ),
        (":irc 301 me bob :at lunch", "bob is away: at lunch"),
    ],
)
def test_it_is_told_in_one_sentence(script: Script, line: str, said: str) -> None:
    script.feed(line)
    assert texts(script.lobby.entries)[-1] == said


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("", "irc lets bob speak again."),
        ("2030-01-01T12:10:00.000Z", "irc lets bob speak again."),
        ("2030-01-01T12:00:00.000Z", "The mute on bob has ended."),
    ],
)
def test_a_mute_that_is_lifted_by_the_console_has_not_ended_by_itself(script: Script, until: str, said: str) -> None:
    tags = f"time=2030-01-01T11:50:00.000Z;chatroom/whom=bob;chatroom/until={until}"
    script.feed(f"@{tags} :irc MODE #lobby +b m:bob!*@*")
    script.feed("@time=2030-01-01T12:00:00.000Z;chatroom/whom=bob :irc MODE #lobby -b m:bob!*@*")
    assert texts(script.lobby.entries)[-1] == said


def test_ones_own_mode_is_no_talk_with_oneself(script: Script) -> None:
    """Also where one has talked to oneself."""
    mine = script.state.room("me")
    script.feed(":me!u@h MODE me +o")
    assert script.state.is_operator and not mine.entries


def test_the_rights_of_an_operator_end_with_the_connection(script: Script) -> None:
    """Which is told once."""
    script.feed(":me!u@h MODE me +o")
    for count in (1, 1):
        script.lose()
        script.connect()
        assert texts(script.lobby.entries).count("You are no operator of the server any more.") == count


def test_a_topic_that_is_gone_after_a_new_start_is_shown_no_more(script: Script) -> None:
    script.feed(":irc 332 me #lobby :Tea")
    script.lose()
    script.connect()
    assert script.lobby.topic == ""


def test_who_alone_asks_about_the_other_one_of_a_conversation(script: Script) -> None:
    script.take()
    slash_commands.run(script.state, script.state.room("bob"), "/who")
    assert script.take() == ["WHOIS bob"]
