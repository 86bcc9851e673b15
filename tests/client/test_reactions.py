"""Reactions to messages in the client: IRCv3 react."""

import pytest

from chatroom.client.misuse import Misuse
from chatroom.client.screen_events import Reacted
from chatroom.client.slash_commands import run
from tests.client.script import MODERN, Script

SAID = "@msgid=5;time=2026-01-01T12:00:00.000Z :bob!u@h PRIVMSG #lobby :lunch?"


def react(nick: str, reaction: str, verb: str = "react", tag: str = "+draft/reply") -> str:
    return f"@{tag}=5;+draft/{verb}={reaction} :{nick}!u@h TAGMSG #lobby"


@pytest.fixture
def script() -> Script:
    script = Script(capabilities=MODERN)
    script.connect()
    script.feed(SAID)
    script.take()
    return script


@pytest.mark.parametrize("tag", ["+draft/reply", "+reply"])
def test_reactions_stand_with_their_message(script: Script, tag: str) -> None:
    """Each person counts once; what is taken back is gone."""
    script.feed(react("carol", "👍", tag=tag), react("carol", "👍", tag=tag), react("dave", "👍", tag=tag))
    script.feed(react("dave", "lol", tag=tag))
    entry = script.lobby.find("5")
    assert entry and entry.reactions == {"👍": ["carol", "dave"], "lol": ["dave"]}
    assert [event.nick for event in script.state.events if isinstance(event, Reacted)][-1] == "dave"
    script.feed(react("dave", "lol", "unreact", tag), react("carol", "👍", "unreact", tag))
    assert entry.reactions == {"👍": ["dave"]}


def test_a_reaction_to_what_is_not_known_or_gone_changes_nothing(script: Script) -> None:
    script.feed(react("carol", "👍").replace("=5", "=6"), ":bob!u@h REDACT #lobby 5", react("carol", "👍"))
    entry = script.lobby.find("5")
    assert entry and entry.reactions == {}


def test_one_reacts_to_the_last_message_of_somebody_and_takes_it_back(script: Script) -> None:
    run(script.state, script.lobby, "/react bob 👍")
    (sent,) = [line for line in script.take() if "TAGMSG" in line]
    assert sent == "@+draft/react=👍;+draft/reply=5;+reply=5 TAGMSG #lobby"
    script.feed(react(script.state.nick, "👍"))
    run(script.state, script.lobby, "/react bob 👍")
    assert "+draft/unreact=👍" in script.take()[-1]
    for wrong in ("/react nobody 👍", "/react bob"):
        with pytest.raises(Misuse):
            run(script.state, script.lobby, wrong)


def test_a_server_that_sends_many_kinds_fills_no_memory(script: Script) -> None:
    script.feed(*[react("carol", f"r{n}") for n in range(200)])
    entry = script.lobby.find("5")
    assert entry and len(entry.reactions) == 50
