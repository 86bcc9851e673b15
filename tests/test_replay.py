"""What who joins a room is shown of what was said there: what they missed, and nothing twice."""

import re
import signal
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from chatroom.core import connections, replay
from chatroom.model import departure_reasons
from chatroom.model.absences import ABSENCES_REMEMBERED
from chatroom.model.commands import Quit
from chatroom.model.deadlines import DROP_AFTER_SECONDS, WRITE_STALL_SECONDS
from chatroom.model.events import Departed, Joined, Kicked, Left, Renamed, Said
from chatroom.model.values import MessageKind, Person
from tests.chat import Chat, Client, place
from tests.hosting import running
from tests.peers import Guests, Irc, Served, said

PASSWORD = "open-sesame"


@pytest.fixture
def chat() -> Chat:
    return Chat()


@pytest.fixture
def al(chat: Chat) -> Client:
    """Stays in #tea and talks."""
    return chat.irc("al", room="#tea")


def talk(client: Client, *texts: str) -> None:
    client.send(*[f"PRIVMSG #tea :{text}" for text in texts])


def join(chat: Chat, nick: str = "bob", *lines: str, host: str = "127.0.0.1") -> tuple[Client, list[str]]:
    """Comes in with `server-time`, joins #tea, and is told what was said there."""
    client = chat.irc()
    client.host = host
    client.send("CAP REQ :server-time", "CAP END", f"NICK {nick}", "USER u 0 * :Bob", *lines)
    client.heard()
    client.send("JOIN #tea")
    return client, said(client.heard())


# ---- since when -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("leaving", "coming"),
    [
        (["PART #tea"], ["JOIN #tea"]),
        (["JOIN 0"], ["JOIN #TEA"]),
        (["PART #tea", "NICK bobby", "NICK bob"], ["JOIN #tea"]),
    ],
)
def test_who_comes_back_is_shown_what_they_missed(
    chat: Chat, al: Client, leaving: list[str], coming: list[str]
) -> None:
    """And a newcomer what was said last."""
    talk(al, "one")
    bob, shown = join(chat)
    assert shown == ["one"]
    talk(al, "two")
    bob.send(*leaving)
    talk(al, "three", "four")
    bob.heard()
    assert said(bob.send(*coming).heard()) == ["three", "four"]
    bob.send("PART #tea").heard()
    assert said(bob.send("JOIN #tea").heard()) == []


def test_so_is_who_was_thrown_out_or_comes_in_again(chat: Chat, al: Client) -> None:
    """By a kick, by QUIT, by a connection that ends."""
    bob, _ = join(chat)
    talk(al, "one")
    al.send("KICK #tea bob")
    talk(al, "two")
    bob.heard()
    assert said(bob.send("JOIN #tea").heard()) == ["two"]
    bob.send("QUIT :bye")
    talk(al, "three")
    bob, shown = join(chat)
    assert shown == ["three"]
    bob.leave()
    talk(al, "four")
    assert join(chat)[1] == ["four"]


def test_a_person_is_a_nickname_and_an_address_or_an_account(chat: Chat, al: Client) -> None:
    """Whoever has the name elsewhere is a newcomer; whoever proves that it is theirs is not."""
    bob, _ = join(chat, "bob", f"NICKSERV REGISTER {PASSWORD}")
    talk(al, "one")
    bob.leave()
    talk(al, "two")
    assert join(chat, "bobby")[1] == ["one", "two"]
    carol, _ = join(chat, "carol")
    talk(al, "three")
    carol.leave()
    assert join(chat, "carol", host="192.0.2.1")[1] == ["one", "two", "three"]
    elsewhere, shown = join(chat, "robert", f"NICKSERV IDENTIFY bob {PASSWORD}", host="192.0.2.2")
    assert shown == ["two", "three"]
    elsewhere.leave()
    talk(al, "four")
    assert join(chat, "robert", host="192.0.2.2")[1] == ["four"], "who logs in only when they have joined"


@pytest.mark.parametrize(
    ("reason", "seconds"),
    [
        (departure_reasons.SILENT, DROP_AFTER_SECONDS),
        (departure_reasons.TIMED_OUT, DROP_AFTER_SECONDS),
        (departure_reasons.STALLED, WRITE_STALL_SECONDS),
        (departure_reasons.TOO_SLOW, WRITE_STALL_SECONDS),
        (departure_reasons.SLOWEST, WRITE_STALL_SECONDS),
        ("connection closed", 0),
    ],
)
def test_a_connection_that_was_lost_missed_what_was_said_before_the_end(
    chat: Chat, al: Client, reason: str, seconds: int
) -> None:
    """The server noticed late: what was said meanwhile may have reached nobody."""
    bob, _ = join(chat)
    talk(al, "seen")
    chat.time += 1
    talk(al, "perhaps not")
    chat.time += 1000 * seconds
    chat.submit(bob, Quit(reason, ask=False))
    connections.detach(chat.hub.state, bob)
    assert join(chat)[1] == (["perhaps not"] if seconds else [])


def test_so_did_one_that_its_owner_has_overtaken(chat: Chat, al: Client) -> None:
    """Who comes in again while the server takes the old connection to be alive."""
    join(chat, "bob", f"NICKSERV REGISTER {PASSWORD}")
    talk(al, "into the void")
    bob = chat.irc("bob_", "server-time")
    assert said(bob.send(f"NICKSERV IDENTIFY bob {PASSWORD}").heard()) == ["into the void"]
    assert bob.nick == "bob"


def test_netcat_is_shown_what_it_missed(chat: Chat) -> None:
    """Also when it goes to another room and back."""
    al, bob = chat.plain("al"), chat.plain("bob")
    al.send("one")
    bob.send("/join #tea").heard()
    al.send("two")
    lines = bob.send("/leave").heard()
    assert lines[-2] == "* Earlier in #lobby:"
    assert re.fullmatch(r"\[\d\d:\d\d] al: two|\[2026-01-01 \d\d:\d\d] al: two", lines[-1])
    bob.send("/join #tea").heard()
    assert bob.send("/leave").heard() == ["* You are in #lobby now. With you in #lobby: al."]


def test_what_is_remembered_has_a_bound(chat: Chat, al: Client) -> None:
    """Who left a room longest ago is a newcomer there then."""
    bob, _ = join(chat)
    talk(al, "one")
    bob.leave()
    hub = chat.hub
    absences = hub.state.absences
    [[(_, mark)]] = [people.items() for people in absences.rooms.values()]
    for number in range(2 * ABSENCES_REMEMBERED - 1):
        absences.put(f"#made-up{number % 10}", f"somebody{number} host", mark)
    carol, _ = join(chat, "carol")
    carol.leave()
    assert sum(map(len, absences.rooms.values())) == ABSENCES_REMEMBERED
    assert next(iter(absences.rooms["#made-up3"])) == f"somebody{ABSENCES_REMEMBERED + 3} host"
    assert join(chat, "carol")[1] == []
    assert join(chat)[1] == ["one"]


# ---- to whom, and how -----------------------------------------------------------------------------------------------


def test_a_bot_is_shown_nothing(chat: Chat, al: Client) -> None:
    """It would obey once more."""
    talk(al, "!op everybody")
    assert join(chat, "bot", "MODE bot +B")[1] == []
    assert join(chat, "bob")[1] == ["!op everybody"]


def test_where_no_tag_tells_the_time_a_notice_says_that_it_is_over(chat: Chat, al: Client) -> None:
    """Once, before all of it; and each time names its zone."""
    talk(al, "one", "two")
    lines = chat.irc("bob").send("JOIN #tea").heard()
    assert [line.split()[1] for line in lines] == ["JOIN", "353", "366", "NOTICE", "PRIVMSG", "PRIVMSG"]
    assert lines[3] == ":chatroom.test NOTICE #tea :Said here before you joined:"
    assert re.fullmatch(r":al!u@127\.0\.0\.1 PRIVMSG #tea :\[2026-01-01 \d\d:\d\d UTC(\+\d\d:\d\d)?\] one", lines[4])
    assert not any(" NOTICE " in line for line in chat.irc("carol", "server-time").send("JOIN #tea").heard())
    assert not any(" NOTICE " in line for line in chat.irc("dave", "draft/chathistory").send("JOIN #tea").heard())


@pytest.mark.parametrize("number", [0, 1, 3])
def test_no_more_is_shown_than_the_server_is_told(serve: Callable[..., Served], number: int) -> None:
    """`--replay`."""
    with closing(Guests(serve("--replay", str(number)).port)) as guests:
        al = guests.irc("al")
        al.send(*[f"PRIVMSG #lobby :{text}" for text in "abcde"])
        al.sync()
        assert said(guests.irc("bob", "server-time").heard) == list("abcde")[5 - number :]


# ---- whether --------------------------------------------------------------------------------------------------------


def test_who_wants_to_see_nothing_says_so(chat: Chat) -> None:
    """For this connection, where nobody is logged in."""
    al, bob = chat.plain("al"), chat.plain("bob")
    assert bob.send("/set replay off").heard() == [
        "* When you join a room you are shown nothing from before (until you leave; log in to have it kept)."
    ]
    bob.send("/join #tea").heard()
    al.send("one")
    assert len(bob.send("/leave").heard()) == 1
    bob.send("/join #tea").heard()
    al.send("two")
    bob.send("/set replay ON").heard()
    assert "al: two" in bob.send("/leave").heard()[-1]
    for wrong in ("/set replay", "/set replay maybe"):
        assert bob.send(wrong).heard() == ["* /set needs more: /set [replay|strangers|stay on|off]"]
    for wrong in ("/set colour off", "/set colour"):
        assert bob.send(wrong).heard() == ["* there is no setting colour; there are: replay, strangers, stay"]
    irc = chat.irc("carol")
    assert "SET REPLAY on|off" in irc.send("NICKSERV SET REPLAY maybe").heard()[0]
    assert "nothing from before (until you leave" in irc.send("PRIVMSG NickServ :set replay off").heard()[0]


def test_one_sees_what_one_has_set(chat: Chat) -> None:
    """Also by a request to NickServ."""
    bob, irc = chat.plain("bob"), chat.irc("carol")
    assert bob.send("/set").heard() == ["* Your settings: replay on, strangers on, stay off."]
    bob.send("/register open-sesame", "/set replay off", "/set strangers off", "/set stay on").heard()
    assert bob.send("/set").heard() == ["* Your settings: replay off, strangers off, stay on."]
    assert irc.send("NICKSERV SET").heard()[0].endswith(":Your settings: replay on, strangers on, stay off.")


def test_it_is_kept_with_the_account(data: Path) -> None:
    """Over a restart, for every kind of client, until it is taken back or the name is dropped."""

    def bob(guests: Guests) -> Irc:
        return guests.irc("bob", "server-time", password=f"bob:{PASSWORD}", room="")

    with running(data) as guests:
        first = guests.irc("bob")
        first.send(f"NICKSERV REGISTER {PASSWORD}", "NICKSERV SET REPLAY off")
        first.wait(r"NOTICE bob :When you join a room you are shown nothing from before \(kept for bob\)\.$")
        first.send("PRIVMSG #tea :x")
        first.close()
    for on in (False, True):
        with running(data) as guests:
            al, again = guests.irc("al", room="#tea"), bob(guests)
            al.send(f"PRIVMSG #tea :{on}")
            al.sync()
            again.send("JOIN #tea")
            assert said(again.sync()) == ([str(on)] if on else [])
            again.send("NICKSERV SET REPLAY on")
            again.wait(r"what was said since you left it \(kept for bob\)")
    with running(data) as guests:
        again = bob(guests)
        again.send("NICKSERV SET REPLAY off", f"NICKSERV DROP bob {PASSWORD}")
        again.wait("nobody's any more")
        again.send("QUIT")
        again.rest()
        anew = guests.irc("bob", "server-time", room="")
        anew.send(f"NICKSERV REGISTER {PASSWORD}", "JOIN #tea")
        anew.wait(" 366 ")
        assert said(anew.sync()) == []  # they have seen it all
    with running(data) as guests:
        al, again = guests.irc("al", room="#tea"), bob(guests)
        al.send("PRIVMSG #tea :new")
        al.sync()
        again.send("JOIN #tea")
        assert said(again.sync()) == ["new"]


# ---- over a restart -------------------------------------------------------------------------------------------------


def test_a_restart_shows_nothing_twice(data: Path) -> None:
    """The history tells who was there until when: those who left before, those who stayed, those thrown out."""
    with running(data) as guests:
        al = guests.irc("al", room="#tea")
        bob, carol, dave = (guests.irc(nick, room="#tea") for nick in ("bob", "carol", "dave"))
        al.send("PRIVMSG #tea :one")
        for client in (bob, carol, dave):
            client.wait(":one$")
        bob.send("PART #tea")
        al.wait("bob.* PART ")
        carol.close()
        al.wait("carol.* QUIT ")
        al.send("KICK #tea dave", "PRIVMSG #tea :two", "KICK #tea nobody")
        al.wait(" 401 ")
    with running(data) as guests:
        shown = {
            nick: said(guests.irc(nick, "server-time", room="#tea").heard) for nick in ("al", "bob", "carol", "dave")
        }
        assert shown == {"al": [], "bob": ["two"], "carol": ["two"], "dave": ["two"]}
        assert said(guests.irc("eve", "server-time", room="#tea").heard) == ["one", "two"]


def test_nor_does_a_server_that_was_killed(serve: Callable[..., Served], data: Path) -> None:
    """Who never left was there to the end."""
    served = serve("--data", str(data))
    with closing(Guests(served.port)) as guests:
        al, bob, netcat = guests.irc("al"), guests.irc("bob"), guests.plain("carol")
        al.send("PRIVMSG #lobby :one")
        netcat.wait("one")
        bob.wait("one")
        bob.send("PART #lobby")
        al.wait(" PART ")
        al.send("PRIVMSG #lobby :two")
        netcat.wait("two")
        served.process.send_signal(signal.SIGKILL)
        served.ends()
    with closing(Guests(serve("--data", str(data)).port)) as guests:
        assert said(guests.irc("al", "server-time").heard) == []
        assert said(guests.irc("bob", "server-time").heard) == ["two"]
        assert not any("Earlier" in line for line in guests.plain("carol").sync())


def test_who_was_not_there_when_it_was_killed_again_misses_nothing(serve: Callable[..., Served], data: Path) -> None:
    """That somebody never left says nothing of a later run of the server."""
    for nick, text in (("bob", "one"), ("al", "two")):
        served = serve("--data", str(data))
        with closing(Guests(served.port)) as guests:
            client = guests.irc(nick, room="#tea")
            client.send(f"PRIVMSG #tea :{text}")
            client.sync()
            served.process.send_signal(signal.SIGKILL)
            served.ends()
    with closing(Guests(serve("--data", str(data)).port)) as guests:
        assert said(guests.irc("bob", "server-time", room="#tea").heard) == ["two"]
        assert said(guests.irc("al", "server-time", room="#tea").heard) == []
        assert said(guests.irc("carol", "server-time", room="#tea").heard) == ["one", "two"]


def test_what_the_history_tells_of_a_room() -> None:
    """The last that is known of each counts; what is done from outside tells nothing."""
    al, bob, carol, dave, eve = (
        Person("", nick, "u", "host", account=nick[:1]) for nick in ("al", "bob", "carol", "dave", "eve")
    )
    whom = Person("", "dave", "", "")
    events = [
        Said(al, "#tea", "one", MessageKind.MESSAGE),
        Joined(bob, "#tea"),
        Joined(dave, "#tea"),
        Left(bob, "#tea", ""),
        Said(al, "#tea", "two", MessageKind.MESSAGE),
        Joined(bob, "#tea"),
        Renamed(bob, "robert", ("#tea",)),
        Renamed(Person("", "robert", "u", "host", account="b"), "rob", ("#tea",)),
        Left(Person("", "rob", "u", "host", account="b"), "#tea", ""),
        Departed(carol, departure_reasons.link_lost("one"), ("#tea",)),
        Kicked(eve, "#tea", whom, ""),
        Said(al, "#tea", "three", MessageKind.MESSAGE),
    ]
    for number, each in enumerate(events, 1):
        place(each, number, 1000 * number)
    recent = [each for each in events if isinstance(each, Said)]
    al_there, bob_left = 12, 5
    assert replay.from_history(recent, reversed(events), began=1) == {
        "al host": al_there,
        "a": al_there,
        **dict.fromkeys(["rob host", "robert host", "bob host", "b"], bob_left),
        "carol host": 0,
        "c": 0,
        "dave host": bob_left,
        "d": bob_left,
    }
