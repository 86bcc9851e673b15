"""Messages of many lines: `ircv3.net/specs/extensions/multiline`."""

import pytest

from chatroom.common.irc_message import parse
from chatroom.protocols.irc.handlers.multiline import MULTILINE_BYTES, MULTILINE_LINES
from tests.chat import Chat, Client

CAPS = ("batch", "message-tags", "labeled-response", "draft/multiline")
START = "BATCH +1 draft/multiline #a"


def told(client: Client, *lines: str) -> list[tuple[str, str, str]]:
    """Each line as its command, the tags that matter, and its last parameter."""
    heard = [parse(line) for line in client.send(*lines).heard()]
    return [(m.command, ",".join(sorted(m.tags)), m.params[-1]) for m in heard]


@pytest.fixture
def chat() -> Chat:
    return Chat()


def test_a_batch_is_one_message_to_those_who_know_it_and_lines_to_the_others(chat: Chat) -> None:
    """With one id; the composition of lines is kept; blank lines are for those who know batches."""
    al, modern = chat.irc("al", *CAPS, room="#a"), chat.irc("modern", *CAPS, room="#a")
    tags, old = chat.irc("tags", "message-tags", room="#a"), chat.irc("old", room="#a")
    pat = chat.plain("pat").send("/join #a")
    everybody = (al, modern, tags, old, pat)
    for client in everybody:
        client.heard()
    lines = ["@batch=1 PRIVMSG #a :one", "@batch=1 PRIVMSG #a :", "@batch=1 PRIVMSG #a :two ", "BATCH -1"]
    lines.insert(3, "@batch=1;draft/multiline-concat PRIVMSG #a :three")
    assert told(al, f"@+x=y {START}", *lines) == []
    *inside, end = told(modern)
    assert inside == [
        ("BATCH", "+x,msgid", "#a"),
        ("PRIVMSG", "batch", "one"),
        ("PRIVMSG", "batch", ""),
        ("PRIVMSG", "batch", "two "),
        ("PRIVMSG", "batch,draft/multiline-concat", "three"),
    ]
    assert end[0] == "BATCH"
    assert told(tags) == [("PRIVMSG", "+x,msgid", "one"), ("PRIVMSG", "+x", "two "), ("PRIVMSG", "+x", "three")]
    assert [line.partition(" :")[2] for line in old.heard()] == ["one", "two ", "three"]
    assert pat.heard() == ["al: one", "al: two three"]


def test_its_label_is_on_the_echo_or_an_ack(chat: Chat) -> None:
    """On the first line of the batch alone; it comes when the message has been said."""
    al = chat.irc("al", *CAPS, "echo-message", room="#a")
    al.heard()
    assert told(al, f"@label=x {START}", "@batch=1 PRIVMSG #a :one", "@batch=1 PRIVMSG #a :two") == []
    assert [tags for _, tags, _ in told(al, "BATCH -1")] == ["label,msgid", "batch", "batch", ""]
    bob = chat.irc("bob", *CAPS, room="#a")
    bob.heard()
    bob.send(f"@label=x {START}", "@batch=1 PRIVMSG #a :one", "BATCH -1")
    assert bob.heard() == ["@label=x :chatroom.test ACK"]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["@batch=2 PRIVMSG #a :x"], "MULTILINE_INVALID"),
        (["@batch=1 PRIVMSG #b :x", "BATCH -1"], "MULTILINE_INVALID_TARGET"),
        (["@batch=1 PRIVMSG #a :x", "@batch=1 NOTICE #a :x", "BATCH -1"], "MULTILINE_INVALID"),
        (["@batch=1 PRIVMSG #a :x", "@batch=1;draft/multiline-concat PRIVMSG #a :", "BATCH -1"], "MULTILINE_INVALID"),
        (["@batch=1 JOIN #b", "BATCH -1"], "MULTILINE_INVALID"),
        (["@batch=1 PRIVMSG #a :\x01VERSION\x01", "BATCH -1"], "MULTILINE_INVALID"),
        (["@batch=1 PRIVMSG #a :", "@batch=1 PRIVMSG #a :", "BATCH -1"], "MULTILINE_INVALID"),
        (["BATCH -1"], "MULTILINE_INVALID"),
        (["BATCH -2"], "MULTILINE_INVALID"),
        (["BATCH +2 draft/multiline #a"], "MULTILINE_INVALID"),
        (["@batch=1 PRIVMSG #a :x"] * (MULTILINE_LINES + 1) + ["BATCH -1"], "MULTILINE_MAX_LINES"),
        ([f"@batch=1 PRIVMSG #a :{'x' * 400}"] * (MULTILINE_BYTES // 400 + 1) + ["BATCH -1"], "MULTILINE_MAX_BYTES"),
    ],
)
def test_a_mistake_is_told_once_and_nothing_is_said(chat: Chat, lines: list[str], code: str) -> None:
    """FAIL BATCH; the rest of the batch is let go by."""
    al, bob = chat.irc("al", *CAPS, room="#a"), chat.irc("bob", room="#a")
    bob.heard()
    al.heard()
    [fail] = al.send(START, *lines).heard()
    assert fail.split()[1:4] == ["FAIL", "BATCH", code]
    assert bob.heard() == []


def test_a_room_that_does_not_let_one_speak_does_not_in_many_lines_either(chat: Chat) -> None:
    """404, with the label."""
    op = chat.irc("op", room="#a").send("MODE #a +m")
    al = chat.irc("al", *CAPS, room="#a")
    al.send(f"@label=x {START}", "@batch=1 PRIVMSG #a :one", "@batch=1 PRIVMSG #a :two", "BATCH -1")
    [refused] = al.heard()
    assert refused.startswith("@label=x :chatroom.test 404 al #a ")
    assert "one" not in "".join(op.heard())
