"""Who is typing: IRCv3 typing."""

import pytest

from chatroom.client import strings, typists
from tests.client.script import MODERN, Script


@pytest.fixture
def script() -> Script:
    script = Script(capabilities=MODERN)
    script.connect()
    return script


def told(script: Script) -> list[str]:
    return typists.typing_in(script.state, script.lobby)


def test_who_types_is_known_until_they_say_it_or_type_no_more(script: Script) -> None:
    """Or have not told it again for six seconds; what we type ourselves elsewhere is no news."""
    for end in ("@+typing=done :bob!u@h TAGMSG #lobby", ":bob!u@h PRIVMSG #lobby :hi", ""):
        script.feed("@+typing=active :bob!u@h TAGMSG #lobby", "@+typing=active :me!u@h TAGMSG #lobby")
        assert told(script) == ["bob"]
        if end:
            script.feed(end)
        script.clock += 0 if end else 6
        assert told(script) == []


def test_a_server_can_not_have_us_remember_thousands_who_type(script: Script) -> None:
    script.feed(*(f"@+typing=active :n{number}!u@h TAGMSG #lobby" for number in range(1000)))
    assert len(told(script)) == 20
    assert strings.typing(told(script)[:2]) == "n0 and n1 are typing…" and strings.typing([]) == ""


def test_our_typing_is_told_once_in_three_seconds(script: Script) -> None:
    """And that it has ended, once; not again before we have begun anew."""
    for seconds, is_typing in ((0, True), (1, True), (3, True), (0, False), (0, False), (0, True)):
        script.clock += seconds
        typists.tell(script.state, script.lobby, is_typing)
    assert [line.partition("+typing=")[2].split(";")[0].split()[0] for line in script.take()] == [
        "active",
        "active",
        "done",
        "active",
    ]


def test_a_refusal_of_our_typing_is_shown_to_nobody(script: Script) -> None:
    """In a quiet room, nobody has said anything."""
    typists.tell(script.state, script.lobby, True)
    assert script.take() == ["@+typing=active;label=typing TAGMSG #lobby"]
    before = len(script.lobby.entries)
    script.feed("@label=typing :irc 404 me #lobby :Cannot send to channel", "@label=typing :irc FAIL TAGMSG X :no")
    assert len(script.lobby.entries) == before


def test_without_tags_and_labels_nothing_is_told() -> None:
    """By some servers, a refusal could not be told from one of what was said."""
    for capabilities in ("", "message-tags"):
        script = Script(capabilities=capabilities)
        script.connect()
        typists.tell(script.state, script.lobby, True)
        assert script.take() == []
