"""What a client knows of bans, mutes and owners of rooms."""

import pytest

from chatroom.client import ban_sentences, presence_handlers, strings
from tests.client.script import MODERN, Script, texts

BOB = "chatroom/whom=bob;chatroom/reason=noise;chatroom/until=2026-01-01T12:10:00.000Z;time=2026-01-01T12:00:00.000Z"


@pytest.fixture
def script() -> Script:
    script = Script(capabilities=f"{MODERN} account-notify extended-join")
    script.connect()
    return script


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (f"@{BOB} :al!u@h MODE #lobby +bb m:*!*@a.ip m:a:bob", "al muted bob for 10 minutes: noise"),
        (f"@{BOB} :al!u@h MODE #lobby +bb *!*@a.ip a:bob", "al banned bob for 10 minutes: noise"),
        ("@chatroom/whom=bob :al!u@h MODE #lobby +b *!*@a.ip", "al banned bob."),
        (f"@{BOB} :chat.example MODE #lobby +b m:*!*@a.ip", "The server muted bob for 10 minutes: noise"),
        (":chat.example MODE #lobby +i", "The server closed the room: only who is invited comes in."),
        ("@chatroom/whom=bob;chatroom/reason=no :al!u@h MODE #lobby +b *!*@a.ip", "al banned bob: no"),
        ("@chatroom/whom=bob :al!u@h MODE #lobby -b m:*!*@a.ip", "al lets bob speak again."),
        ("@chatroom/whom=bob :irc MODE #lobby -b m:*!*@a.ip", "The mute on bob has ended."),
        ("@chatroom/whom=bob :irc MODE #lobby -b *!*@a.ip", "The ban on bob has ended."),
    ],
)
def test_it_is_told_for_how_long_and_why(script: Script, line: str, told: str) -> None:
    """Once, however many masks somebody is kept out by; what has lasted its time ends by itself."""
    before = len(script.lobby.entries)
    script.feed(line)
    assert texts(script.lobby.entries[before:]) == [told]


def test_the_list_tells_the_same_of_each_person_once(script: Script) -> None:
    """With what is left of the time."""
    script.clock = 1_767_269_100.0  # five minutes before the end
    for mask in ("m:*!*@a.ip", "m:a:bob", "*!*@b.ip"):
        script.feed(f"@{BOB} :irc 367 me #lobby {mask} al!u@h 1")
    script.feed(":irc 368 me #lobby :End")
    assert texts(script.lobby.entries)[-3:] == [
        "Muted in #lobby: bob, by al · 5 minutes left · noise",
        "Banned in #lobby: bob, by al · 5 minutes left · noise",
        "These are all who are banned or muted in #lobby.",
    ]
    assert [ban_sentences.about(ban, script.clock) for ban in script.lobby.muted().values()] == [
        "Muted by al · 5 minutes left · noise"
    ]


def test_a_list_that_breaks_off_is_told_from_its_beginning_the_next_time(script: Script) -> None:
    row = f"@{BOB} :irc 367 me #lobby *!*@a.ip al!u@h 1"
    script.feed(row)
    script.lose()
    script.connect()
    before = len(script.lobby.entries)
    script.feed(row, ":irc 368 me #lobby :End")
    assert [text.partition(",")[0] for text in texts(script.lobby.entries[before:])] == [
        "Banned in #lobby: bob",
        "These are all who are banned or muted in #lobby.",
    ]


def test_who_is_lifted_by_one_mask_is_still_banned_by_another(script: Script) -> None:
    script.feed(f"@{BOB} :al!u@h MODE #lobby +bb *!*@a.ip a:bob", f"@{BOB} :al!u@h MODE #lobby -b *!*@a.ip")
    assert list(script.lobby.banned()) == ["bob"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "1 second"),
        (59, "1 minute"),
        (90, "90 seconds"),
        (600, "10 minutes"),
        (5_400, "90 minutes"),
        (86_400, "1 day"),
    ],
)
def test_times_are_told_in_the_unit_that_fits(seconds: int, said: str) -> None:
    """90 minutes are neither one hour nor two."""
    assert strings.time_span(seconds) == said


def test_whose_room_it_is_is_asked_and_known_by_the_account(script: Script) -> None:
    """Whatever they are called; who logs in there is marked at once."""
    script.feed(":irc 005 me TIMEDBANS=BAN,MUTE,KICK WHOX :are supported")
    script.joined("#dev", "@bob")
    assert "WHO #dev %cnfa" in script.take()
    room = script.state.rooms["#dev"]
    script.feed(":irc 354 me #dev bob H@ Bobby", ":irc 315 me #dev :End", ":irc 325 me #dev bobby")
    bob = room.member("bob")
    assert bob and room.is_owner(bob)
    script.feed(":bob!u@h ACCOUNT *")
    assert not room.is_owner(bob)
    script.feed(":phone!u@h JOIN #dev bobby :Bob")
    phone = room.member("phone")
    assert phone and room.is_owner(phone)


@pytest.mark.parametrize("told", [":irc 313 me bob :is an IRC operator", ":irc 352 me #lobby u h irc bob H* :0 bob"])
def test_who_runs_the_server_is_marked_as_soon_as_it_is_told(told: str) -> None:
    """Also in an answer to what the user has asked."""
    script = Script(capabilities=MODERN)
    script.connect()
    script.joined("#lobby", "bob")
    script.feed(":irc 315 me #lobby :End", told)
    bob = script.lobby.member("bob")
    assert bob and bob.is_server_operator


def test_who_runs_the_server_is_asked_again_some_time_later() -> None:
    """Nothing else tells it. Not at each look at the room, and not while there is no answer yet."""
    script = Script(capabilities=MODERN)
    script.connect()
    for seconds, asked in ((0, 0), (59, 0), (2, 1), (0, 0), (61, 0)):
        script.clock += seconds
        presence_handlers.ask_who(script.state, script.lobby)
        assert len(script.take()) == asked
        if seconds == 59:
            script.feed(":irc 315 me #lobby :End")
    script.feed(":irc 352 me #lobby u h irc me H* :0 me", ":irc 315 me #lobby :End")
    presence_handlers.ask_who(script.state, script.lobby)
    assert script.take() == ["WHO #lobby"]
