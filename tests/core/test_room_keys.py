"""Keys of rooms: how often they may be guessed at, and who is told."""

import pytest

from chatroom.core.login_throttle import LOGIN_WINDOW_MS, WRONG_KEYS_PER_ROOM, WRONG_PASSWORDS_PER_WINDOW
from tests.chat import Chat, Client

LOCKED = ":chatroom.test 475 {} #vault :Cannot join channel (+k); too many wrong keys were tried, wait a minute"


@pytest.fixture
def chat() -> Chat:
    return Chat()


@pytest.fixture
def op(chat: Chat) -> Client:
    op = chat.irc("op", room="#vault").send("MODE #vault +k 4711")
    op.heard()
    return op


def guesser(chat: Chat, number: int) -> Client:
    client = chat.irc(f"thief{number}")
    client.host = f"192.0.2.{number}"
    return client


def test_an_address_may_guess_so_often(chat: Chat, op: Client) -> None:
    """However the room's name is spelled, and with whatever key; after a minute there are more tries."""
    thief = guesser(chat, 1)
    told = thief.send("JOIN #vault,#Vault,#vAult,#vaUlt,#vauLt 1,2,3,4,4711").heard()
    assert [line.split()[1] for line in told] == ["475"] * 5
    assert [line for line in told if "that is not its key" in line] == told[:WRONG_PASSWORDS_PER_WINDOW]
    assert told[3:] == [LOCKED.format("thief1")] * 2
    friend = guesser(chat, 2)
    assert friend.send("JOIN #vault 4711").heard()[0].split()[1] == "JOIN"
    chat.time += LOGIN_WINDOW_MS
    assert thief.send("JOIN #vault 4711").heard()[0].split()[1] == "JOIN"


def test_a_room_is_guessed_at_only_so_often_by_all(chat: Chat, op: Client) -> None:
    """Its operators and those of the server are told, once a minute; who was there before, or is invited, gets in."""
    chat.hub.context.operator_password = "sesame"
    root = chat.irc("rita").send("OPER rita sesame")
    pat, netcat = guesser(chat, 200), chat.plain("netcat")
    pat.send("JOIN #vault 4711", "PRIVMSG #vault :hi", "PART #vault").heard()
    netcat.send("/join #vault 4711")
    op.send("MODE #vault +o netcat")
    for client in (root, op, netcat):
        client.heard()
    for number in range(WRONG_KEYS_PER_ROOM):
        guesser(chat, number).send("JOIN #vault 1")
    late = guesser(chat, 100)
    assert late.send("JOIN #vault 4711").heard() == [LOCKED.format("thief100")]
    text = "thief2 gave a wrong key for #vault; 3 within a minute"
    assert op.heard() == root.heard() == [f":chatroom.test NOTICE @#vault :{text}"]
    assert netcat.heard() == [f"* {text}"]
    assert pat.send("JOIN #vault 4711").heard()[0].split()[1] == "JOIN"
    op.send("INVITE thief100 #vault")
    late.heard()
    assert late.send("JOIN #vault x").heard()[0].split()[1] == "JOIN"


def test_who_gives_no_key_has_not_guessed(chat: Chat, op: Client) -> None:
    """Nor who needs none: operators of the server."""
    pat = guesser(chat, 1)
    for _ in range(2 * WRONG_PASSWORDS_PER_WINDOW):
        assert "ask an operator for the key" in pat.send("JOIN #vault").heard()[0]
    assert pat.send("JOIN #vault 4711").heard()[0].split()[1] == "JOIN"
    assert op.heard() == [":thief1!u@127.0.0.1 JOIN #vault"]


def test_a_wrong_key_is_told_apart_from_none(chat: Chat, op: Client) -> None:
    """With netcat and over IRC; the operators are named by both."""
    netcat = chat.plain("netcat")
    assert netcat.send("/join #vault").heard() == ["* #vault needs a key: /join #vault KEY; its operators know it: op"]
    assert netcat.send("/join #vault 1").heard() == ["* that is not the key of #vault; its operators know it: op"]
    assert "that is not its key" in guesser(chat, 1).send("JOIN #vault 1").heard()[0]


def test_with_netcat_the_sentence_says_what_to_do(chat: Chat, op: Client) -> None:
    """To wait, or to be invited."""
    pat = chat.plain("pat")
    for _ in range(WRONG_PASSWORDS_PER_WINDOW):
        pat.send("/join #vault 1")
    pat.heard()
    [told] = pat.send("/join #vault 4711").heard()
    assert told == "* too many wrong keys of #vault were tried; wait a minute, or have a member invite you"
