"""What is kept in memory of the last messages of a room."""

from chatroom.model.limits import RECENT_CHARACTERS, RECENT_MESSAGES, RECENT_SHORT_CHARACTERS
from tests.chat import Chat


def test_tags_of_clients_are_told_and_not_kept() -> None:
    """They may have 4 KiB, 50 times a room."""
    chat = Chat()
    alice = chat.irc("alice", "message-tags", room="#a")
    bob = chat.irc("bob", "message-tags", room="#a")
    alice.send("@+draft/reply=abc PRIVMSG #a :hello", "@+draft/reply=abc PRIVMSG bob :hi")
    assert ["+draft/reply=abc" in line for line in bob.heard() if "PRIVMSG" in line] == [True, True]
    assert [said.tags for said in chat.hub.state.rooms["#a"].recent] == [""]
    assert [said.tags for said, _ in chat.hub.state.direct_messages] == [""]
    carol = chat.irc("carol", "message-tags", room="#a")
    carol.send("PING x")
    assert not any("+draft/reply" in line for line in carol.heard())


def test_long_messages_are_kept_as_far_as_there_is_room() -> None:
    """The last one always is. Of short ones all are kept, as before."""
    chat = Chat()
    alice = chat.irc("alice", room="#a")
    recent = chat.hub.state.rooms["#a"].recent
    for number in range(RECENT_MESSAGES):
        alice.send(f"PRIVMSG #a :{number} {'x' * (RECENT_SHORT_CHARACTERS - 10)}")
    assert len(recent) == RECENT_MESSAGES
    for number in range(RECENT_MESSAGES):
        alice.send(f"PRIVMSG #a :{number} {'long ' * 700}")
        assert recent[-1].text.startswith(f"{number} long")
        assert sum([len(said.text) for said in recent]) <= RECENT_CHARACTERS
    assert 1 < len(recent) < RECENT_MESSAGES
