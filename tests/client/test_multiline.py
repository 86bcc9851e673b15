"""Messages of many lines: one batch out, one entry in."""

import pytest

from chatroom.client import multiline
from chatroom.client.multiline import Limits
from chatroom.client.transcript_entry import DeliveryState
from tests.client.script import MODERN, Script, texts

CODE = "def area(r):\n\treturn 3 * r\n\n  # done"


@pytest.fixture
def script() -> Script:
    script = Script(capabilities=f"{MODERN} draft/multiline=max-bytes=4096,max-lines=32")
    script.connect()
    script.history("#lobby")
    return script


def test_several_lines_are_sent_as_one_message(script: Script) -> None:
    """Blank lines, indentation and tabs stay; the echo settles it."""
    [said] = script.state.say(script.lobby, f"\n{CODE}  \n\n")
    assert said.text == CODE
    token = f"m{said.serial}"
    assert script.take() == [
        f"@label={token} BATCH +{token} draft/multiline #lobby",
        f"@batch={token} PRIVMSG #lobby :def area(r):",
        f"@batch={token} PRIVMSG #lobby :\treturn 3 * r",
        f"@batch={token} PRIVMSG #lobby :",
        f"@batch={token} PRIVMSG #lobby :  # done",
        f"BATCH -{token}",
    ]
    script.feed(
        f"@label={token};msgid=1 :me!u@h BATCH +a draft/multiline #lobby",
        "@batch=a :me!u@h PRIVMSG #lobby :def area(r):",
        "@batch=a :me!u@h PRIVMSG #lobby :\treturn 3 * r",
        "@batch=a :me!u@h PRIVMSG #lobby :",
        "@batch=a :me!u@h PRIVMSG #lobby :  # done",
        ":me!u@h BATCH -a",
    )
    assert (said.delivery, said.msgid, said.text) == (DeliveryState.DONE, "1", CODE)
    assert texts(script.lobby.entries) == [CODE]


def test_a_long_line_stays_one_message(script: Script) -> None:
    """It is cut for the wire alone."""
    long = "word " * 200 + "end"
    [said] = script.state.say(script.lobby, long)
    assert said.text == long
    sent = [line.partition(" :")[2] or line.rpartition(" ")[2] for line in script.take() if "PRIVMSG" in line]
    assert "".join(sent) == long and len(sent) > 1


def test_what_is_longer_than_the_server_takes_becomes_several_messages(script: Script) -> None:
    """At ends of lines."""
    said = script.state.say(script.lobby, "\n".join(f"line {number}" for number in range(40)))
    assert [each.text.count("\n") + 1 for each in said] == [32, 8]


def test_without_the_capability_each_line_is_a_message() -> None:
    script = Script(capabilities=MODERN)
    script.connect()
    script.history("#lobby")
    assert texts(script.state.say(script.lobby, "one\n\n  two")) == ["one", "  two"]


def test_a_message_of_many_lines_in_the_history_is_one_entry(script: Script) -> None:
    """A batch in a batch: the history's lines before and after it keep their places."""
    script.lobby.history_request = None
    script.feed(
        ":irc BATCH +h chathistory #lobby",
        "@batch=h;msgid=1;time=2023-11-14T22:00:01.000Z :bob!u@h PRIVMSG #lobby :before",
        "@batch=h;msgid=2;time=2023-11-14T22:00:02.000Z :bob!u@h BATCH +2 draft/multiline #lobby",
        "@batch=2 :bob!u@h PRIVMSG #lobby :one",
        "@batch=2;draft/multiline-concat :bob!u@h PRIVMSG #lobby : and a half",
        "@batch=2 :bob!u@h PRIVMSG #lobby :two",
        "@batch=h :bob!u@h BATCH -2",
        "@batch=h;msgid=3;time=2023-11-14T22:00:03.000Z :bob!u@h PRIVMSG #lobby :after",
        ":irc BATCH -h",
    )
    assert texts(script.lobby.entries) == ["before", "one and a half\ntwo", "after"]
    assert [entry.msgid for entry in script.lobby.entries] == ["1", "2", "3"]


def test_a_label_around_other_lines_reaches_each_of_them(script: Script) -> None:
    """A server may answer what we said with a batch of several lines (labeled-response)."""
    [said] = script.state.say(script.lobby, "hello")
    script.feed(
        f"@label=m{said.serial} :irc BATCH +x labeled-response",
        "@batch=x :irc NOTE PRIVMSG X :fine",
        "@batch=x;msgid=9 :me!u@h PRIVMSG #lobby :hello",
        ":irc BATCH -x",
    )
    assert said.delivery is DeliveryState.DONE and len(script.lobby.entries) == 1


def test_the_limits_of_a_server_are_read_whatever_it_writes() -> None:
    """A number that is missing or absurd is one of ours."""
    assert multiline.limits("max-bytes=4096,max-lines=32") == (4096, 32)
    assert multiline.limits("max-bytes=99999999999999999999")[0] == 40_000
    assert multiline.limits("")[1] > 1
    assert multiline.messages(" \n\n ", Limits(10, 2), 100) == []
