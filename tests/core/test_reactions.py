"""Answers and reactions to messages, and what becomes of both when the message is taken back."""

import re

import pytest

from chatroom.core.reactions import SENTENCE_PAUSE_MS
from chatroom.model.events import Reacted
from chatroom.model.reactions import REACTION_BYTES, REACTION_KINDS_MAX, REACTION_PEOPLE_MAX, Reactions
from chatroom.model.social_commands import TellReactions
from chatroom.model.values import Person, Quote
from tests.chat import Chat, Client

CAPS = ("message-tags", "echo-message", "standard-replies", "draft/message-redaction")


@pytest.fixture
def chat() -> Chat:
    return Chat()


def tell(chat: Chat) -> None:
    """What the server does once a second."""
    chat.submit(chat.hub.state.server_session, TellReactions())


def said(chat: Chat, client: Client, text: str = "is this right?", to: str = "#lobby") -> str:
    """Has it said, by a client with echo-message; the message's id."""
    client.send(f"PRIVMSG {to} :{text}")
    found = re.search("msgid=([0-9a-f]+)", client.heard()[-1])
    assert found
    return found[1]


def two(chat: Chat) -> tuple[Client, Client, str]:
    """Alice, who has said something in the lobby, Bob, and the message's id."""
    alice, bob = chat.irc("alice", *CAPS, room="#lobby"), chat.irc("bob", *CAPS, room="#lobby")
    alice.heard()
    msgid = said(chat, alice)
    bob.heard()
    return alice, bob, msgid


@pytest.mark.parametrize("tag", ["+reply", "+draft/reply"])
def test_an_answer_quotes_what_it_answers_to_people_who_read_sentences(chat: Chat, tag: str) -> None:
    _, bob, msgid = two(chat)
    dave = chat.plain("dave")
    dave.heard()
    bob.send(f"@{tag}={msgid} PRIVMSG #lobby :yes")
    assert dave.heard() == ['bob (to alice: "is this right?"): yes']


def test_an_answer_is_passed_on_with_the_tag_that_its_client_has_written(chat: Chat) -> None:
    alice, bob, msgid = two(chat)
    bob.send(f"@+reply={msgid} PRIVMSG #lobby :yes")
    (line,) = alice.heard()
    assert line.endswith(f";+reply={msgid} :bob!u@127.0.0.1 PRIVMSG #lobby :yes")


def test_newcomers_are_shown_what_was_answered(chat: Chat) -> None:
    _, bob, msgid = two(chat)
    bob.send(f"@+reply={msgid} PRIVMSG #lobby :yes")
    dave = chat.plain()
    dave.send("dave")
    assert any(line.endswith('] bob (to alice: "is this right?"): yes') for line in dave.heard())
    carol = chat.irc("carol", *CAPS)
    carol.send("JOIN #lobby")
    assert f"+reply={msgid};+draft/reply={msgid}" in carol.heard()[-1]


def test_an_answer_to_what_is_not_remembered_says_so(chat: Chat) -> None:
    _, bob, _ = two(chat)
    dave = chat.plain("dave")
    bob.send("@+reply=123 PRIVMSG #lobby :yes")
    assert dave.heard()[-1] == "bob (to an earlier message): yes"


def test_what_was_said_in_another_room_is_not_quoted(chat: Chat) -> None:
    alice, bob, _ = two(chat)
    alice.send("JOIN #secret")
    alice.heard()
    msgid = said(chat, alice, "a secret", "#secret")
    dave = chat.plain("dave")
    bob.send(f"@+reply={msgid} PRIVMSG #lobby :yes")
    assert dave.heard()[-1] == "bob (to an earlier message): yes"


def test_a_long_message_is_quoted_by_its_beginning(chat: Chat) -> None:
    alice, bob, _ = two(chat)
    msgid = said(chat, alice, "word " * 40)
    dave = chat.plain("dave")
    dave.heard()
    bob.send(f"@+reply={msgid} PRIVMSG #lobby :yes")
    (line,) = dave.heard()
    assert re.fullmatch(r'bob \(to alice: "(word ){10,11}word…"\): yes', line)


def test_a_person_with_netcat_answers_the_last_message_of_somebody(chat: Chat) -> None:
    alice, _, msgid = two(chat)
    chat.plain("dave").send("/reply Alice of course")
    assert alice.heard()[-1].endswith(
        f";+reply={msgid};+draft/reply={msgid} :dave!plain@127.0.0.1 PRIVMSG #lobby :of course"
    )


def test_who_has_said_nothing_can_not_be_answered(chat: Chat) -> None:
    two(chat)
    dave = chat.plain("dave")
    dave.heard()
    dave.send("/reply bob yes", "/react carol 👍")
    assert dave.heard() == ["* bob has said nothing in #lobby lately", "* carol has said nothing in #lobby lately"]


def test_programs_are_told_of_a_reaction_and_of_taking_it_back(chat: Chat) -> None:
    alice, bob, msgid = two(chat)
    bob.send(f"@+reply={msgid};+draft/react=👍 TAGMSG #lobby", f"@+reply={msgid};+draft/unreact=👍 TAGMSG #lobby")
    first, second = alice.heard()
    reply = f"+reply={msgid};+draft/reply={msgid} :bob!u@127.0.0.1 TAGMSG #lobby"
    assert first.endswith(f";+draft/react=👍;{reply}") and "msgid=" in first
    assert second.endswith(f";+draft/unreact=👍;{reply}")
    assert len(bob.heard()) == 2  # the echo


def test_a_reaction_counts_once_and_only_what_is_there_is_taken_back(chat: Chat) -> None:
    alice, bob, msgid = two(chat)
    bob.send(f"@+reply={msgid};+draft/unreact=👍 TAGMSG #lobby")
    for _ in range(2):
        bob.send(f"@+reply={msgid};+draft/react=👍 TAGMSG #lobby")
    assert len(alice.heard()) == 1


def test_people_read_one_line_for_all_reactions_to_a_message(chat: Chat) -> None:
    alice, bob, msgid = two(chat)
    dave = chat.plain("dave")
    others = [chat.irc(nick, *CAPS, room="#lobby") for nick in ("carol", "erin", "frank", "grace")]
    dave.heard()
    for client in (bob, *others):
        client.send(f"@+reply={msgid};+draft/react=👍 TAGMSG #lobby")
    alice.send(f"@+reply={msgid};+draft/react=lol TAGMSG #lobby")
    assert dave.heard() == []
    tell(chat)
    assert dave.heard() == ['* 👍 by bob, carol and 3 others, lol by alice on alice: "is this right?"']
    tell(chat)
    assert dave.heard() == []


def test_people_read_of_further_reactions_to_a_message_only_after_a_while(chat: Chat) -> None:
    _, bob, msgid = two(chat)
    dave = chat.plain("dave")
    dave.heard()
    bob.send(f"@+reply={msgid};+draft/react=👍 TAGMSG #lobby")
    tell(chat)
    assert dave.heard() == ['* 👍 by bob on alice: "is this right?"']
    bob.send(f"@+reply={msgid};+draft/react=❤ TAGMSG #lobby")
    tell(chat)
    assert dave.heard() == []
    chat.time += SENTENCE_PAUSE_MS
    tell(chat)
    assert dave.heard() == ['* ❤ by bob on alice: "is this right?"']


def test_nobody_reads_of_what_was_taken_back_at_once_or_of_what_they_alone_did(chat: Chat) -> None:
    _, bob, msgid = two(chat)
    dave = chat.plain("dave")
    dave.heard()
    bob.send(f"@+reply={msgid};+draft/react=👍 TAGMSG #lobby", f"@+reply={msgid};+draft/unreact=👍 TAGMSG #lobby")
    tell(chat)
    dave.send("/react alice ❤")
    tell(chat)
    assert dave.heard() == []


def test_a_person_with_netcat_reacts_and_takes_it_back(chat: Chat) -> None:
    alice, _, msgid = two(chat)
    dave = chat.plain("dave")
    alice.heard()
    dave.send("/react alice 👍", "/unreact alice 👍")
    first, second = alice.heard()
    assert f"+draft/react=👍;+reply={msgid}" in first
    assert f"+draft/unreact=👍;+reply={msgid}" in second


def test_who_may_not_speak_may_not_react(chat: Chat) -> None:
    alice, bob = chat.irc("alice", *CAPS, room="#room"), chat.irc("bob", *CAPS, room="#room")
    alice.heard()
    msgid = said(chat, alice, to="#room")
    alice.send("MODE #room +m")
    alice.heard(), bob.heard()
    bob.send(f"@+reply={msgid};+draft/react=👍 TAGMSG #room")
    assert "404" in bob.heard()[-1]
    assert alice.heard() == []


@pytest.mark.parametrize(
    ("tags", "refusal"),
    [
        ("+reply={msgid};+draft/react=" + "x" * (REACTION_BYTES + 1), "FAIL TAGMSG INVALID_REACTION #lobby"),
        ("+reply={msgid};+draft/react=👍\\sby\\salice", "FAIL TAGMSG INVALID_REACTION #lobby"),
        ("+reply={msgid};+draft/react=", "FAIL TAGMSG INVALID_REACTION #lobby"),
        ("+reply={msgid};+draft/react=\u200e\x02", "FAIL TAGMSG INVALID_REACTION #lobby"),
    ],
)
def test_a_reaction_that_can_not_be_shown_is_refused(chat: Chat, tags: str, refusal: str) -> None:
    alice, bob, msgid = two(chat)
    bob.send(f"@{tags.format(msgid=msgid)} TAGMSG #lobby")
    assert refusal in bob.heard()[-1]
    assert alice.heard() == []


def test_a_reaction_to_the_message_of_another_server_is_passed_on_as_it_is(chat: Chat) -> None:
    alice, bob, _ = two(chat)
    bob.send("@+reply=Xyz-1;+draft/react=👍;+other TAGMSG #lobby")
    assert "+reply=Xyz-1;+draft/react=👍;+other :bob" in alice.heard()[-1]


def test_a_reaction_to_what_is_not_remembered_is_passed_on_and_not_kept(chat: Chat) -> None:
    alice, bob, _ = two(chat)
    bob.send("@+reply=123;+draft/react=👍 TAGMSG #lobby")
    assert "+reply=123;+draft/react=👍 :bob" in alice.heard()[-1]
    assert chat.hub.state.reactions.messages == {}


def test_a_message_has_a_bounded_number_of_kinds(chat: Chat) -> None:
    _, bob, msgid = two(chat)
    for number in range(REACTION_KINDS_MAX):
        bob.send(f"@+reply={msgid};+draft/react={number} TAGMSG #lobby")
    bob.heard()
    bob.send(f"@+reply={msgid};+draft/react=more TAGMSG #lobby", f"@+reply={msgid};+draft/unreact=0 TAGMSG #lobby")
    refused, taken = bob.heard()
    assert f"FAIL TAGMSG TOO_MANY_REACTIONS #lobby {msgid}" in refused
    assert "unreact=0" in taken


def test_a_message_has_reactions_of_a_bounded_number_of_people() -> None:
    reactions = Reactions()
    people = [Person(f"{i}", f"n{i}", "u", "h") for i in range(REACTION_PEOPLE_MAX + 1)]
    for person in people[:-1]:
        assert reactions.has_room_for(1, "👍", person)
        reactions.add(Reacted(person, "#lobby", Quote(1), "👍"))
    assert not reactions.has_room_for(1, "👍", people[-1])
    assert reactions.has_room_for(1, "❤", people[0])  # who has reacted already may do so otherwise, too


def test_reactions_to_the_oldest_messages_are_forgotten_when_there_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chatroom.model.reactions.REACTIONS_HELD_MAX", 3)
    reactions = Reactions()
    for said in range(1, 6):
        reactions.add(Reacted(Person("1", "n", "u", "h"), "#lobby", Quote(said), "👍"))
    assert list(reactions.messages) == [3, 4, 5]


def test_newcomers_are_shown_the_reactions_to_what_they_are_shown(chat: Chat) -> None:
    alice, bob, msgid = two(chat)
    bob.send(f"@+reply={msgid};+draft/react=👍 TAGMSG #lobby")
    said(chat, alice, "later")
    dave = chat.plain()
    dave.send("dave")
    lines = dave.heard()
    at = next(i for i, line in enumerate(lines) if line.endswith("alice: is this right?"))
    assert lines[at + 1] == '* 👍 by bob on alice: "is this right?"'
    carol = chat.irc("carol", *CAPS, "server-time")
    carol.send("JOIN #lobby")
    *_, later, last = carol.heard()
    assert last.split(" ", 1)[1] == "bob!u@127.0.0.1 TAGMSG #lobby".replace("bob", ":bob", 1)
    assert f"+draft/react=👍;+reply={msgid}" in last
    assert "msgid" not in last  # nobody must take it for the last thing that was said
    assert last[: last.index(";")] == later[: later.index(";")]


def test_what_is_taken_back_takes_its_reactions_and_quotes_with_it(chat: Chat) -> None:
    alice, bob, msgid = two(chat)
    bob.send(f"@+reply={msgid};+draft/react=👍 TAGMSG #lobby", f"@+reply={msgid} PRIVMSG #lobby :yes")
    alice.send(f"REDACT #lobby {msgid}")
    dave = chat.plain()
    dave.send("dave")
    lines = dave.heard()
    assert not any("👍" in line or "right" in line for line in lines)
    assert any(line.endswith("] bob (to an earlier message): yes") for line in lines)
    bob.heard()
    bob.send(f"@+reply={msgid};+draft/react=👍 TAGMSG #lobby")
    assert chat.hub.state.reactions.messages == {}


def test_two_people_react_to_each_other_and_nobody_else_is_told(chat: Chat) -> None:
    alice, bob, _ = two(chat)
    carol = chat.irc("carol", *CAPS, room="#lobby")
    msgid = said(chat, alice, "between us", "bob")
    bob.heard()
    bob.send(f"@+reply={msgid};+draft/react=👍 TAGMSG alice")
    assert "react=👍" in alice.heard()[-1]
    assert "react=👍" in bob.heard()[-1]
    carol.heard()
    carol.send(f"@+reply={msgid};+draft/react=👍 TAGMSG alice")
    assert len(chat.hub.state.reactions.messages) == 1


def test_typing_is_passed_on_and_never_kept(chat: Chat) -> None:
    alice, bob, _ = two(chat)
    bob.send("@+typing=active TAGMSG #lobby")
    assert "+typing=active :bob!u@127.0.0.1 TAGMSG #lobby" in alice.heard()[-1]
    carol = chat.irc("carol", *CAPS)
    carol.send("JOIN #lobby")
    assert not any("typing" in line for line in carol.heard())
