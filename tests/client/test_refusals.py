"""What a server refuses is told in the client's own sentences; no typed line is held without a word."""

import pytest

from chatroom.client import refusals, slash_commands
from chatroom.client.transcript_entry import DeliveryState
from chatroom.common.irc_message import parse
from chatroom.protocols.irc import numerics
from tests.client.script import Script, texts


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (":i 475 me #klasa3b :Cannot join channel (+k)", "#klasa3b needs a key. /join #klasa3b KEY goes there."),
        (
            ":i 474 me #a :Cannot join channel (+b); bob has banned you for 5m more",
            "You are banned from #a. (bob has banned you for 5m more)",
        ),
        (
            ":i 404 me #a :No (+m)",
            "#a is quiet: only operators and those with a voice speak there.",
        ),
        (
            ":i 482 me #a :No; operators are: its owner (who is not here)",
            "Only an operator of #a can do that. Operators are: its owner (who is not here).",
        ),
        (":i 404 me #a :Cannot send to channel", "You may not speak in #a."),
        (":i 482 me #a :You're not channel operator", "Only an operator of #a can do that."),
        (":i 482 me :?", "?"),
        (":i 441 me bob #a :They aren't there", "bob is not in #a."),
        (":i 696 me #a k * :Bad key", "That can't be a key. A key has no spaces and no commas."),
        (":i 696 me #a o * :You must specify a nick", "Something is missing behind the mode o."),
        (":i 696 me SILENCE * bob :You are not ignoring them", "You don't ignore bob."),
        (":i 499 me #a :You're not a channel owner", "#a: You're not a channel owner"),
        (":i 401 me {c} :No such nick", "Nobody here is called {c}."),
    ],
)
def test_a_numeric_is_told_by_what_it_means(line: str, said: str) -> None:
    """By the mode that it names, too; a numeric that is not known in the server's words."""
    assert refusals.told(parse(line)) == said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("FAIL TOPIC INVALID_PARAMS :too long", "That topic is too long."),
        ("FAIL REDACT REDACT_FORBIDDEN #a x :No", "That message is not yours, and you are no operator here."),
        ("FAIL * LINK_DOWN :x", "Not sent: the link to the other servers is down. Try again in a while."),
        ("FAIL KNOCK LINK_DOWN :Other words", "Other words"),
        ("FAIL", ""),
    ],
)
def test_a_failure_is_told_by_its_code(line: str, said: str) -> None:
    assert refusals.failed(parse(line)) == said


def test_every_refusal_of_our_own_server_has_a_sentence() -> None:
    """But those that stand before the welcome, or are told elsewhere."""
    elsewhere = {"409", "465", "734"}
    numbers = {numeric.number for numeric in numerics.REFUSALS.values()} - elsewhere
    assert numbers <= refusals._NUMERICS.keys()


def test_what_waited_for_a_room_that_sends_us_on_is_not_said_elsewhere() -> None:
    """470: the lines were meant for a few; the user decides about them."""
    script = Script()
    script.connect()
    script.lose()
    room = slash_commands.run(script.state, script.lobby, "/join #full")
    assert room
    script.state.current = room
    [said] = script.state.say(room, "for a few")
    script.session.connected(script.send)
    script.feed(":irc 001 me :Welcome")
    script.feed(":irc 470 me #full #overflow :Forwarding to another channel")
    script.joined("#overflow")
    assert said.delivery is DeliveryState.FAILED and script.state.current.name == "#overflow"
    assert "#full sends you on to #overflow." in texts(room.entries)
    assert not [line for line in script.take() if "for a few" in line]
    script.state.retry(room, said)
    assert texts(room.entries)[-1] == "You are not in #full. /join #full goes there."


def test_a_room_goes_on_under_another_name() -> None:
    """RENAME, with who did it and why; what we had under that name before gives way. Other lines change nothing."""
    script = Script()
    script.joined("#old")
    script.joined("#new")
    room, before = script.state.find("#old"), script.state.find("#new")
    assert room and before
    script.state.current = before
    script.feed(":irc PART #new", ":bob!b@h RENAME #old #New :a typo")
    assert script.state.find("#NEW") is room is script.state.current
    assert (room.name, script.state.find("#old")) == ("#New", None)
    assert texts(room.entries)[-1] == "bob renamed #old to #New: a typo"
    script.feed(
        ":bob!b@h RENAME #nowhere #x :", ":bob!b@h RENAME #new bob :", ":bob!b@h RENAME #new", ":bob!b@h RENAME"
    )
    assert room.name == "#New"
    script.feed(":bob!b@h RENAME #new #NEW :")
    assert texts(room.entries)[-1] == "bob renamed #New to #NEW."


def test_a_room_that_was_renamed_before_is_joined_by_its_new_name() -> None:
    """FAIL JOIN CHANNEL_RENAMED: what waits to be said there is said there."""
    script = Script()
    script.connect()
    script.lose()
    room = slash_commands.run(script.state, script.lobby, "/join #old")
    assert room
    [said] = script.state.say(room, "hello")
    script.session.connected(script.send)
    script.feed(":irc 001 me :Welcome", ":irc FAIL JOIN CHANNEL_RENAMED #old #new :It has another name")
    assert "JOIN #new" in script.take()
    assert script.state.find("#new") is room
    assert "#old is called #new now." in texts(room.entries)
    script.feed(":me!u@h JOIN #new", ":irc 366 me #new :End")
    assert "PRIVMSG #new hello" in " ".join(script.take())
    assert said.delivery is not DeliveryState.FAILED


def test_names_are_compared_as_the_server_does() -> None:
    """{} are the small letters of [] where it says so."""
    script = Script()
    script.connect()
    script.joined("#Team[1]")
    script.feed(":irc 005 me CASEMAPPING=rfc1459 CHANTYPES=#& :are supported", ":bob!u@h JOIN #Team[1]")
    script.feed(":bob!u@h NICK B[o]b", ":x!u@h PRIVMSG #team{1} :hi", ":b{O}b!u@h PART #TEAM{1}")
    room = script.state.room("#team{1}")
    assert room.name == "#Team[1]" and not room.member("B[o]b")
    assert "hi" in texts(room.entries)


def test_a_room_may_begin_with_another_sign() -> None:
    """&local is a room where the server says so, and a message to the operators of #lobby belongs to #lobby."""
    script = Script()
    script.connect()
    script.feed(":irc 005 me CHANTYPES=#& :are supported")
    room = slash_commands.run(script.state, script.lobby, "/join &local")
    assert room and not room.is_direct and script.take() == ["JOIN &local"]
    script.feed(":bob!u@h PRIVMSG &local :here", ":bob!u@h PRIVMSG &#lobby :to operators")
    assert texts(room.entries)[-1] == "here" and texts(script.lobby.entries)[-1] == "to operators"
    script.feed(":irc 005 me CHANTYPES=# :are supported")
    slash_commands.run(script.state, script.lobby, "/join &other")
    assert script.take() == ["JOIN #&other"]
