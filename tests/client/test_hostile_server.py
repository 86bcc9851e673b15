"""What a hostile server sends: no line of it ends, freezes or fills the client."""

from datetime import datetime

import pytest

from chatroom.client import mode_handlers, strings
from chatroom.client.screen_events import RoomList
from chatroom.client.state import BATCH_LINES_MAX, BATCHES_MAX, ROOMS_MAX
from tests.client.script import MODERN, Script

NONSENSE = ("", ":", "+", "-", "²", "-1", "9" * 5000, "x" * 60_000, "a b", "#", "=", "%s{0}", "\x01", "\ud800", "me")


@pytest.fixture
def script() -> Script:
    script = Script(capabilities=MODERN)
    script.connect()
    script.history("#lobby")
    script.take()
    return script


@pytest.mark.parametrize("length", ["1", "0", "-1", "x", "²", "9" * 5000])
def test_a_line_length_that_makes_no_sense_is_not_obeyed(script: Script, length: str) -> None:
    """A message goes out whole, and not in pieces of nothing."""
    script.feed(f":irc 005 me LINELEN={length} CHATHISTORY={length} :are supported")
    script.state.say(script.lobby, "hello there")
    assert [line.partition("PRIVMSG")[2] for line in script.take()] == [" #lobby :hello there"]


def test_long_names_leave_space_for_the_text(script: Script) -> None:
    """Names of 10,000 characters don't make the pieces of a message empty."""
    script.feed(f":me!u@h NICK {'n' * 10_000}")
    script.state.say(script.lobby, "word " * 40)
    assert len(script.take()) == 4


@pytest.mark.parametrize(
    "stamp", ["9999-12-31T23:59:59.999-12:00", "9999-12-31T23:59:59", "0001-01-01T00:00:00.000Z", "0001-01-01"]
)
def test_a_time_beyond_the_calendar_can_be_shown(script: Script, stamp: str) -> None:
    """In every time zone."""
    script.feed(f"@time={stamp};msgid=1 :bob!u@h PRIVMSG #lobby :hi")
    (entry,) = script.lobby.entries
    assert strings.clock(entry.time) and strings.day(entry.time)
    assert 1969 < datetime.fromtimestamp(entry.time).year < 10_000


def test_a_msgid_that_can_not_be_asked_for_is_none(script: Script) -> None:
    """The history is asked for without it after the next connection."""
    script.feed(r"@msgid=a\sb :bob!u@h PRIVMSG #lobby :hi", r"@msgid=a\r\nQUIT :bob!u@h PRIVMSG #lobby :hi")
    script.lose()
    script.session.connected(script.send)
    script.feed(":irc CAP * LS :batch draft/chathistory", ":irc CAP * ACK :batch draft/chathistory")
    script.feed(":irc 001 me :Welcome")
    script.joined("#lobby")
    assert [line for line in script.take() if "CHATHISTORY" in line] == ["CHATHISTORY LATEST #lobby * 100"]


def test_nothing_that_makes_no_sense_ends_the_session(script: Script) -> None:
    """Every command and numeric with hostile parameters; afterwards a message arrives as ever."""
    from chatroom.client.message_handlers import HANDLERS

    for command in [*HANDLERS, "CAP", "AUTHENTICATE", "903", "904", "999"]:
        if command in ("001", "NICK"):
            continue
        for word in NONSENSE:
            for shape in (word, f"me {word}", f"me #lobby :{word}", f"{word} {word} {word} {word} :{word}", ""):
                script.feed(f"@time={word};msgid={word};batch={word};label={word} :{word}!u@h {command} {shape}")
    script.state.awaited.batches.clear()
    script.feed(":bob!u@h PRIVMSG #lobby :still here")
    assert any(entry.text == "still here" for entry in script.lobby.entries)


def test_a_handler_that_fails_costs_one_line(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also inside a batch: the lines behind it are handled."""
    from chatroom.client import message_handlers

    def fail(*_: object) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setitem(message_handlers.HANDLERS, "TOPIC", fail)
    script.feed(":irc BATCH +n netjoin", "@batch=n :bob!u@h TOPIC #lobby :x", "@batch=n :bob!u@h JOIN #lobby")
    script.feed(":irc BATCH -n")
    assert script.lobby.member("bob")


def test_open_batches_are_bounded(script: Script) -> None:
    """In number, in lines, and in characters."""
    script.feed(*(f":irc BATCH +b{n} chathistory #lobby" for n in range(BATCHES_MAX * 2)))
    assert len(script.state.awaited.batches) == BATCHES_MAX
    for n in range(BATCH_LINES_MAX * 2):
        script.feed(f"@batch=b0 :bob!u@h PRIVMSG #lobby :{n}")
    for _ in range(100):
        script.feed(f"@batch=b1 :bob!u@h PRIVMSG #lobby :{'x' * 50_000}")
    assert len(script.state.awaited.batches["b0"].messages) == BATCH_LINES_MAX
    assert len(script.state.awaited.batches["b1"].messages) < 20


def test_conversations_that_a_server_opens_are_bounded_and_no_message_is_lost(script: Script) -> None:
    """What comes from one name too many is told where the user is; the user can still open another."""
    script.feed(*(f":n{n}!u@h PRIVMSG me :hi" for n in range(ROOMS_MAX + 5)), ":me!u@h JOIN #more")
    assert len(script.state.rooms) == ROOMS_MAX
    assert script.state.current.entries[-1].text == f"n{ROOMS_MAX + 4} to you: hi"
    script.state.join("#mine")
    assert "#mine" in script.state.rooms


def test_a_list_without_end_and_capabilities_without_end_are_bounded(script: Script) -> None:
    """As are the words of ISUPPORT. What is kept of a list is shown when it ends."""
    for n in range(11_000):
        script.feed(f":irc 322 me #r{n} {n} :{'t' * 1000}", f":irc 005 me K{n}=1 :are", f":irc CAP me ACK :cap{n}")
    script.feed(":irc 323 me :End")
    (listing,) = [event for event in script.state.events if isinstance(event, RoomList)]
    assert len(listing.rooms) == 10_000
    assert max(len(room.topic) for room in listing.rooms) == 400
    assert len(script.state.isupport) <= 500
    assert len(script.state.capabilities) < 20


def test_bans_without_end_are_bounded(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is lifted of those that are known is forgotten all the same."""
    monkeypatch.setattr(mode_handlers, "BANS_MAX", 20)
    script.feed(*(f":op!u@h MODE #lobby +b n{n}!*@*" for n in range(25)))
    room = script.state.rooms["#lobby"]
    assert len(room.bans) == 20
    script.feed(":op!u@h MODE #lobby +b n0!*@*")
    assert len(room.bans) == 20
    script.feed(":op!u@h MODE #lobby -b n0!*@*")
    assert len(room.bans) == 19


def test_a_line_of_ever_so_many_modes_is_not_obeyed_to_its_end(script: Script) -> None:
    """Each change is a line in the room: one line of the server must not fill it, or take seconds."""
    room = script.state.rooms["#lobby"]
    before = len(room.entries)
    script.feed(f"@time={'9' * 6000};msgid={'y' * 6000};+draft/reply={'z' * 6000} :op!u@h MODE #lobby +{'m' * 60_000}")
    assert len(room.entries) - before < 200
    entry = room.entries[-1]
    assert (entry.msgid, entry.reply_to) == ("", "")
