"""A private conversation whose name somebody else may have by now says so, and asks before the next line."""

import pytest

from chatroom.client.misuse import Unconfirmed
from chatroom.client.slash_commands import run
from tests.client.script import Script


@pytest.fixture
def script() -> Script:
    script = Script()
    script.connect()
    script.joined("#lobby", "bob", "eve")
    script.feed(":bob!u@home PRIVMSG me :hi")
    script.take()
    return script


@pytest.mark.parametrize(
    "lines",
    [
        (":bob!u@home QUIT :bye",),
        (":bob!u@elsewhere PRIVMSG me :the key, please",),
        (":bob!u@home QUIT :bye", ":eve!u@h NICK bob", ":bob!u@h PRIVMSG me :the key, please"),
        (":eve!u@h NICK bob",),
        (":eve!u@h PRIVMSG me :hi", ":bob!u@home NICK eve"),
    ],
)
@pytest.mark.parametrize("typed", ["it is 1234", "/me sends it", "/msg bob it is 1234"])
def test_the_next_line_is_asked_about_once(script: Script, lines: tuple[str, ...], typed: str) -> None:
    """It is sent when it is entered again, and so is the one after that."""
    script.feed(*lines)
    bob = script.state.rooms["bob"]
    assert any("somebody else" in entry.text for entry in bob.entries)
    with pytest.raises(Unconfirmed, match="somebody else"):
        run(script.state, bob, typed)
    assert not script.take()
    for _ in range(2):
        run(script.state, bob, typed)
        assert any("PRIVMSG bob" in line for line in script.take())


def test_a_conversation_that_goes_on_is_not_asked_about(script: Script) -> None:
    """With the same person under another name, which is told; and with names in other letters."""
    script.feed(":bob!u@home PRIVMSG me :hi", ":bob!u@home NICK Bob", ":Bob!u@home NICK robert")
    robert = script.state.rooms["robert"]
    assert robert.entries[-1].text == "robert"
    run(script.state, robert, "hello")
    assert any("PRIVMSG robert" in line for line in script.take())
