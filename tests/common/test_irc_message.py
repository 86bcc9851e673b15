"""IRC lines, taken apart and put together."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatroom.common.irc_message import Message, parse, render
from chatroom.common.names import fold

_CHARACTERS = st.characters(blacklist_characters="\r\n\0", blacklist_categories=["Cs"])
_WORDS = st.text(st.characters(blacklist_characters="\r\n\0 ", blacklist_categories=["Cs"]), min_size=1)
_MIDDLE = _WORDS.filter(lambda word: not word.startswith(":"))
_COMMANDS = st.one_of(
    st.text(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), min_size=1), st.integers(0, 999).map("{:03d}".format)
)
_KEYS = st.text(st.sampled_from("abcxyz0123456789-+/."), min_size=1)
_TAGS = st.dictionaries(_KEYS, st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"])))
_MESSAGES = st.builds(
    lambda command, middle, last, source, tags: Message(command, (*middle, *last), source, tags),
    _COMMANDS,
    st.lists(_MIDDLE, max_size=14),
    st.lists(st.text(_CHARACTERS), max_size=1),
    st.one_of(st.just(""), _WORDS),
    _TAGS,
)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("PING", Message("PING")),
        ("ping x", Message("PING", ("x",))),
        ("PRIVMSG #a :hello there", Message("PRIVMSG", ("#a", "hello there"))),
        ("PRIVMSG #a hello", Message("PRIVMSG", ("#a", "hello"))),
        ("PRIVMSG  #a   :  two  spaces ", Message("PRIVMSG", ("#a", "  two  spaces "))),
        ("TOPIC #a :", Message("TOPIC", ("#a", ""))),
        ("PRIVMSG #a ::)", Message("PRIVMSG", ("#a", ":)"))),
        ("MODE #a:b x", Message("MODE", ("#a:b", "x"))),
        (":al!u@h PRIVMSG #a :x", Message("PRIVMSG", ("#a", "x"), "al!u@h")),
        ("@time=12 :srv 001 al :Hi", Message("001", ("al", "Hi"), "srv", {"time": "12"})),
        ("@a;+b=1;c= PING", Message("PING", (), "", {"a": "", "+b": "1", "c": ""})),
        ("@a=1;a=2 PING", Message("PING", (), "", {"a": "2"})),
        (r"@a=\:\s\\\r\n\x\ PING", Message("PING", (), "", {"a": "; \\\r\nx"})),
    ],
)
def test_a_line_is_taken_apart(line: str, message: Message) -> None:
    """RFC 1459 §2.3.1 and IRCv3 message-tags."""
    assert parse(line) == message


@pytest.mark.parametrize("line", ["", " ", ":only.a.source", "@only=tags", "@a :b", " :x", "@", ":", "@ : "])
def test_a_line_without_a_command_is_an_error(line: str) -> None:
    """There is nothing to do with it, and its reader says so."""
    with pytest.raises(ValueError, match="without a command"):
        parse(line)


@pytest.mark.parametrize(
    ("source", "nick"), [("al!u@h", "al"), ("al@h", "al"), ("irc.example", "irc.example"), ("", "")]
)
def test_a_nickname_is_the_head_of_the_source(source: str, nick: str) -> None:
    """nick!user@host, any part of which may be missing."""
    assert Message("X", source=source).nick == nick


@given(_MESSAGES)
@example(Message("X", ("",)))
@example(Message("X", ("a", ":")))
@example(Message("X", (" ",), "s", {"k": "; \\\r\n"}))
def test_what_was_put_together_comes_apart_the_same(message: Message) -> None:
    """parse(render(m)) == m."""
    assert parse(render(message)) == message


@given(_MESSAGES)
def test_a_rendered_message_is_one_line(message: Message) -> None:
    """Line ends in a tag's value are escaped."""
    assert not set(render(message)) & set("\r\n")


@given(st.one_of(st.text(), st.text(st.sampled_from("@:=; \\aX#\t\x00é"))))
def test_no_line_does_worse_than_be_refused(line: str) -> None:
    """Any string is a message or a ValueError; and a message has a command and no empty middle parameter."""
    try:
        message = parse(line)
    except ValueError:
        return
    assert message.command
    assert all(message.params[:-1])


def test_lines_are_read_as_the_page_reads_them() -> None:
    """The page in the browser has a parser of its own; both are held to the same vectors."""
    vectors = json.loads((Path(__file__).parents[1] / "irc_vectors.json").read_text("utf-8"))
    for each in vectors["lines"]:
        expected = Message(each["command"], tuple(each["params"]), each["source"], each["tags"])
        assert parse(each["line"]) == expected
    for line in vectors["no_lines"]:
        with pytest.raises(ValueError, match="without a command"):
            parse(line)
    for each in vectors["rendered"]:
        assert render(Message(each["command"], tuple(each["params"]), tags=each["tags"])) == each["line"]
    for name, folded in vectors["folds"]:
        assert fold(name) == folded


def test_what_can_not_be_rendered_can_be_told() -> None:
    """An error that has no text would end the window that tells it."""
    with pytest.raises(AssertionError) as error:
        render(Message("INVITE", (":x", "#lobby")))
    assert ":x" in str(error.value)
