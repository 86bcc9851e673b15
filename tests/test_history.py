"""History as clients meet it: real servers with a file, restarts, and what nobody is shown."""

import re
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatroom.common.irc_message import parse
from chatroom.model.limits import DORMANT_ROOMS_MAX
from chatroom.storage import store
from tests.hosting import running
from tests.peers import Guests, Irc, Plain, Served, asked, said

EVERYTHING = ("batch", "server-time", "message-tags", "draft/chathistory")


@pytest.fixture
def guests(data: Path) -> Iterator[Guests]:
    with running(data) as guests:
        yield guests


def talk(client: Irc | Plain, room: str, *texts: str) -> None:
    if isinstance(client, Irc):
        client.send(*[f"PRIVMSG {room} :{text}" for text in texts])
    else:
        client.send(*texts)
    client.sync()


# ---- joining --------------------------------------------------------------------------------------------------------


def test_who_joins_sees_what_was_said_with_its_time(guests: Guests) -> None:
    """Netcat: marked, in order, before anything new."""
    al = guests.irc("al")
    talk(al, "#lobby", "one", "\x01ACTION waves\x01", "\x01VERSION\x01", "two")
    bob = guests.stranger()
    bob.send("bob")
    bob.wait(r"^\* Welcome, bob")
    assert bob.until("two$")[-4] == "* Earlier in #lobby:"
    assert re.fullmatch(r"\[\d\d:\d\d\] al: one", bob.heard[-3])
    assert re.fullmatch(r"\[\d\d:\d\d\] \*\* al waves", bob.heard[-2])


@pytest.mark.parametrize(
    ("caps", "pattern"),
    [
        ((), r"^:al!u@127\.0\.0\.1 PRIVMSG #lobby :\[\d\d:\d\d UTC\S*\] hello$"),
        (("server-time",), r"^@time=\S+Z :al!u@127\.0\.0\.1 PRIVMSG #lobby :hello$"),
        (("batch", "server-time"), r"^@batch=(\S+);time=\S+Z :al!u@127\.0\.0\.1 PRIVMSG #lobby :hello$"),
    ],
)
def test_irc_clients_see_it_as_they_can_read_it(guests: Guests, caps: tuple[str, ...], pattern: str) -> None:
    """With a tag for the time where it is known, else in the text; in a batch where that is known."""
    talk(guests.irc("al"), "#lobby", "hello")
    bob = guests.irc("bob", *caps)
    [line] = [line for line in bob.heard if line.endswith("hello")]
    assert re.match(pattern, line)
    assert ("batch" in caps) == any(" BATCH +" in line and "chathistory #lobby" in line for line in bob.heard)


def test_a_client_that_asks_for_history_itself_is_sent_none(guests: Guests) -> None:
    """IRCv3 draft/chathistory."""
    talk(guests.irc("al"), "#lobby", "hello")
    assert said(guests.irc("bob", *EVERYTHING).heard) == []


def test_only_the_last_50_are_shown(guests: Guests) -> None:
    """The oldest first."""
    talk(guests.irc("al"), "#lobby", *map(str, range(60)))
    bob = guests.irc("bob", "server-time")
    assert said(bob.heard) == [str(n) for n in range(10, 60)]


def test_what_is_older_than_is_kept_is_not_shown(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--keep counts for who joins, too, after a restart and without one: in a quiet room 50 messages last for years."""
    day = 86_400_000
    time = [2_000_000_000_000]  # nothing is that old by the clock that the file is pruned by
    monkeypatch.setattr("chatroom.server.chat_server.now", lambda: time[0])
    with running(data, keep=2) as guests:
        al = guests.irc("al")
        for _ in range(3):
            talk(al, "#lobby", f"said on day {time[0] // day}")
            time[0] += day
        texts = [f"said on day {time[0] // day - n}" for n in (2, 1)]
        assert said(guests.irc("bob", "server-time").heard) == texts
    with running(data, keep=2) as guests:
        assert said(guests.irc("dan", "server-time").heard) == texts
        time[0] += day
        assert said(guests.irc("cy", "server-time").heard) == texts[1:]


def test_a_room_is_still_there_after_a_restart(data: Path) -> None:
    """With its name as written, its topic and what was said last, though nobody was in it."""
    with running(data) as guests:
        al = guests.irc("al", room="#Tea")
        talk(al, "#Tea", "green or black?")
        al.send("TOPIC #Tea :five o'clock")
        al.sync()
        al.close()
    with running(data) as guests:
        bob = guests.irc("bob", "server-time", room="#tea")
        assert any(line.endswith(" 332 bob #Tea :five o'clock") for line in bob.heard)
        assert said(bob.heard) == ["green or black?"]


def test_ids_and_times_rise_though_the_clock_goes_back(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over a restart with the clock an hour behind."""
    times = iter([1_790_000_000_000, 1_789_996_400_000])
    lines = []
    for _ in range(2):
        now = next(times)
        with monkeypatch.context() as patch:
            patch.setattr("chatroom.server.chat_server.now", lambda now=now: now)
            with running(data) as guests:
                al = guests.irc("al", *EVERYTHING, "echo-message")
                talk(al, "#lobby", "tick")
                lines += [line for line in al.heard if line.endswith(":tick")]
    first, second = [re.match(r"@time=(\S+);msgid=(\S+) ", line) for line in lines]
    assert first and second
    assert first[1] <= second[1]
    assert int(first[2], 16) < int(second[2], 16)


# ---- asking ---------------------------------------------------------------------------------------------------------


def test_history_is_asked_for_with_netcat(guests: Guests) -> None:
    """/history, with a number or without; what was said a moment ago is in it."""
    al = guests.plain("al")
    talk(al, "#lobby", "one", "two", "three")
    al.send("/history 2")
    assert [line.split("] ")[1] for line in al.sync()] == ["al: two", "al: three"]
    al.send("/history")
    assert len(al.sync()) == 3
    for none in ("x", "0", "00"):
        al.send(f"/history {none}")
        al.wait(rf"^\* {none} is no number of messages")


def test_words_are_searched_for_with_netcat(guests: Guests) -> None:
    """/search, in the room one is in."""
    al = guests.plain("al")
    talk(al, "#lobby", "the quick fox", "a slow one")
    al.send("/search QUICK")
    [line] = al.sync()
    assert re.fullmatch(r"\[\d\d:\d\d\] #lobby al: the quick fox", line)
    al.send("/search nothing")
    al.wait(r"^\* Nothing was found with nothing\.$")


def test_chathistory_answers_in_a_batch(guests: Guests) -> None:
    """Every subcommand, by msgid and by timestamp, oldest first, points left out."""
    al = guests.irc("al", *EVERYTHING, "echo-message")
    for n in range(5):
        talk(al, "#lobby", str(n))
    own = [line for line in al.heard if re.search(r" PRIVMSG #lobby :\d$", line)]
    ids = [re.search(r"msgid=(\w+)", line)[1] for line in own]  # type: ignore[index]  # message-tags
    answer = asked(al, "CHATHISTORY LATEST #lobby * 3")  # of five
    start = re.fullmatch(r":chatroom\.test BATCH \+(\w+) chathistory #lobby", answer[0])
    assert start
    assert answer[-1] == f":chatroom.test BATCH -{start[1]}"
    assert [line.removeprefix(f"@batch={start[1]};") for line in answer[1:-1]] == [line[1:] for line in own[2:]]
    expected = {
        f"LATEST #lobby msgid={ids[2]} 9": "34",
        f"BEFORE #LOBBY msgid={ids[2]} 9": "01",
        f"BEFORE #lobby msgid={ids[4]} 2": "23",
        f"AFTER #lobby msgid={ids[2]} 9": "34",
        f"AFTER #lobby msgid={ids[0]} 2": "12",
        f"AROUND #lobby msgid={ids[2]} 3": "123",
        f"BETWEEN #lobby msgid={ids[0]} msgid={ids[4]} 2": "12",
        f"BETWEEN #lobby msgid={ids[4]} msgid={ids[0]} 2": "23",
        "AFTER #lobby timestamp=2020-01-01T00:00:00.000Z 2": "01",
        "BEFORE #lobby timestamp=2020-01-01T00:00:00.000Z 2": "",
        "BETWEEN #lobby timestamp=2100-01-01T00:00:00.000Z timestamp=2020-01-01T00:00:00.000Z 2": "34",
        f"BETWEEN #lobby timestamp=2020-01-01T00:00:00.000Z msgid={ids[1]} 9": "0",
    }
    assert {question: "".join(said(asked(al, f"CHATHISTORY {question}"))) for question in expected} == expected


END = "@draft/chathistory-end "


def test_the_end_of_the_history_is_told(guests: Guests) -> None:
    """IRCv3 draft/chathistory-end: at the batch that has the last of what was asked for, and at no other."""
    al = guests.irc("al", *EVERYTHING)
    talk(al, "#lobby", "0", "1", "2", "3", "4")
    ids = [re.search(r"msgid=(\w+)", line)[1] for line in asked(al, "CHATHISTORY LATEST #lobby * 5")[1:-1]]  # type: ignore[index]
    ends = {
        "LATEST #lobby * 4": False,
        "LATEST #lobby * 5": True,
        "LATEST #lobby * 200": True,
        f"BEFORE #lobby msgid={ids[3]} 2": False,
        f"BEFORE #lobby msgid={ids[3]} 3": True,
        f"AFTER #lobby msgid={ids[1]} 2": False,
        f"AFTER #lobby msgid={ids[1]} 3": True,
        f"BETWEEN #lobby msgid={ids[0]} msgid={ids[4]} 2": False,
        f"BETWEEN #lobby msgid={ids[4]} msgid={ids[0]} 3": True,
        "TARGETS timestamp=2020-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z 5": True,
    }
    assert {question: asked(al, f"CHATHISTORY {question}")[0].startswith(END) for question in ends} == ends
    old = guests.irc("old", "draft/chathistory", "batch")  # which knows no such tags
    assert asked(old, "CHATHISTORY LATEST #lobby * 9")[0].startswith(":")


def test_a_message_of_many_lines_is_told_as_such(guests: Guests) -> None:
    """IRCv3 draft/multiline: its batch is inside that of the history; no line is in two."""
    al = guests.irc("al", *EVERYTHING, "draft/multiline")
    al.send(
        "BATCH +1 draft/multiline #lobby", "@batch=1 PRIVMSG #lobby :one", "@batch=1 PRIVMSG #lobby :two", "BATCH -1"
    )
    al.sync()
    answer = asked(al, "CHATHISTORY LATEST #lobby * 9")
    assert said(answer) == ["one", "two"]
    assert all(line.split(" ")[0].count("batch=") == 1 for line in answer[1:-1])
    assert [" BATCH " in line for line in answer] == [True, True, False, False, True, True]
    assert said(asked(guests.irc("bob", *EVERYTHING), "CHATHISTORY LATEST #lobby * 9")) == ["one", "two"]


def test_chathistory_lists_targets(guests: Guests) -> None:
    """The rooms one is in, with when something was last said, if that is in the time asked for."""
    al = guests.irc("al", *EVERYTHING, room="#lobby,#tea,#silent")
    talk(al, "#lobby", "one")
    talk(al, "#tea", "two")
    answer = asked(al, "CHATHISTORY TARGETS timestamp=2020-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z 9")
    assert " BATCH +" in answer[0]
    assert answer[0].endswith(" draft/chathistory-targets")
    assert [line.split()[4] for line in answer[1:-1]] == ["#lobby", "#tea"]
    assert (
        len(asked(al, "CHATHISTORY TARGETS timestamp=2100-01-01T00:00:00.000Z timestamp=2101-01-01T00:00:00.000Z 9"))
        == 2
    )


def test_with_event_playback_there_is_more_than_messages(guests: Guests) -> None:
    """IRCv3 draft/event-playback: comings and goings, in their order; without it, never."""
    al = guests.irc("al", *EVERYTHING, "draft/event-playback")
    guests.plain("bob").close()
    al.wait(" QUIT ")
    events = [line.split()[2] for line in asked(al, "CHATHISTORY LATEST #lobby * 9")[1:-1]]
    assert events == ["JOIN", "JOIN", "QUIT"]
    assert len(asked(guests.irc("cy", *EVERYTHING), "CHATHISTORY LATEST #lobby * 9")) == 2


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("NONSENSE #lobby * 5", "INVALID_PARAMS NONSENSE :Unknown command"),
        ("LATEST #lobby", "INVALID_PARAMS LATEST :Insufficient parameters"),
        ("LATEST #lobby * 5 6", "INVALID_PARAMS LATEST :Too many parameters"),
        ("LATEST #lobby * x", "INVALID_PARAMS LATEST x :Invalid limit"),
        ("BEFORE #lobby timestamp=yesterday 5", "INVALID_PARAMS BEFORE timestamp=yesterday :Invalid timestamp"),
        ("BEFORE #lobby msgid=xyz 5", "INVALID_PARAMS BEFORE msgid=xyz :Invalid point in the history"),
        ("BEFORE #lobby * 5", "INVALID_PARAMS BEFORE * :Invalid point in the history"),
        ("LATEST #elsewhere * 5", "INVALID_TARGET LATEST #elsewhere :Messages could not be retrieved"),
        ("LATEST b!b * 5", "INVALID_TARGET LATEST b!b :Messages could not be retrieved"),
    ],
)
def test_chathistory_refuses_by_fail(guests: Guests, question: str, answer: str) -> None:
    """IRCv3 standard-replies."""
    al = guests.irc("al", *EVERYTHING)
    assert asked(al, f"CHATHISTORY {question}") == [f":chatroom.test FAIL CHATHISTORY {answer}"]


@pytest.mark.parametrize("logged_in", [False, True])
@pytest.mark.parametrize("verb", ["LATEST {} * 5", "BEFORE {} timestamp=2100-01-01T00:00:00Z 5", "AROUND {} msgid=1 5"])
@pytest.mark.parametrize("name", ["bob", "nobody", "NickServ"])
def test_a_history_that_there_is_not_is_empty(guests: Guests, logged_in: bool, verb: str, name: str) -> None:
    """No `FAIL`, which clients show: they ask about each person one talks with."""
    guests.irc("bob")
    al = guests.irc("al", *EVERYTHING)
    if logged_in:
        al.send("NICKSERV REGISTER open-sesame")
        al.wait("you are logged in")
    assert asked(al, f"CHATHISTORY {verb.format(name)}") == [
        f"{END if 'msgid' not in verb else ''}:chatroom.test BATCH +h chathistory {name}",
        ":chatroom.test BATCH -h",
    ]


def test_search_over_irc(guests: Guests) -> None:
    """soju.im/search: text, from, in, limit, after and before; an empty batch where nothing is found."""
    al = guests.irc("al", *EVERYTHING, "soju.im/search", room="#lobby,#tea")
    talk(al, "#lobby", "quick one")
    talk(al, "#tea", "quick two")
    found = asked(al, "SEARCH text=quick")
    assert found[0].endswith(" soju.im/search")
    assert said(found) == ["quick one", "quick two"]
    assert said(asked(al, "SEARCH text=quick;in=#tea")) == ["quick two"]
    assert said(asked(al, r"SEARCH text=one\squick;from=AL")) == ["quick one"]
    assert said(asked(al, "SEARCH from=bob")) == []
    assert said(asked(al, "SEARCH text=quick;limit=1")) == ["quick two"]
    assert said(asked(al, "SEARCH text=quick;limit=1;after=2020-01-01T00:00:00.000Z")) == ["quick one"]
    assert said(asked(al, "SEARCH text=quick;before=2020-01-01T00:00:00.000Z")) == []
    assert asked(al, "SEARCH text=x;limit=many") == [
        ":chatroom.test FAIL SEARCH INVALID_PARAMS limit :Invalid parameters"
    ]


def test_answers_bear_their_label(guests: Guests) -> None:
    """And what others do meanwhile doesn't: a look-up lets go of the log's lock."""
    al = guests.irc("al", *EVERYTHING, "labeled-response")
    talk(al, "#lobby", "one", "two")
    answer = asked(al, "@label=abc CHATHISTORY LATEST #lobby * 9")
    assert sum("label=abc" in line.split(" ")[0] for line in answer) == 1
    assert said(answer) == ["one", "two"]


def test_where_nothing_is_kept_nothing_is_offered(serve: Callable[..., Served]) -> None:
    """With --ephemeral who joins is shown what was said, while the room lives; there is nothing to ask for."""
    port = serve("--ephemeral").port
    al = Irc(port, "al")
    talk(al, "#lobby", "hello")
    bob = Plain(port, "bob")
    bob.wait(r"\] al: hello$")
    bob.send("/history")
    bob.wait(r"^\* no history is kept here$")
    al.send("CAP LS 302")
    assert "draft/chathistory" not in " ".join(al.sync())
    al.close()
    bob.close()


def test_where_the_file_can_not_be_read_each_question_fails_by_its_name(guests: Guests, data: Path) -> None:
    """As IRCv3 standard replies have it."""
    al = guests.irc("al", *EVERYTHING, "soju.im/search")
    talk(al, "#lobby", "hello")
    (data / "chatroom.db").unlink()
    failed = {
        "CHATHISTORY LATEST #lobby * 9": "CHATHISTORY MESSAGE_ERROR LATEST #lobby",
        "CHATHISTORY TARGETS timestamp=2020-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z 9": (
            "CHATHISTORY MESSAGE_ERROR TARGETS *"
        ),
        "SEARCH text=hello": "SEARCH INTERNAL_ERROR",
    }
    for question, about in failed.items():
        assert f":chatroom.test FAIL {about} :The history can't be read at the moment" in asked(al, question)


# ---- what nobody is shown -------------------------------------------------------------------------------------------


def test_what_was_said_elsewhere_stays_there(guests: Guests) -> None:
    """Who isn't in a room neither reads nor finds what was said in it; who has left it neither."""
    al = guests.irc("al", *EVERYTHING, "soju.im/search", room="#lobby,#secret")
    bob = guests.irc("bob", *EVERYTHING, "soju.im/search", room="#lobby,#secret")
    talk(al, "#secret", "hidden treasure")
    bob.sync()
    assert said(asked(bob, "SEARCH text=treasure")) == ["hidden treasure"]
    bob.send("PART #secret")
    bob.sync()
    assert said(asked(bob, "SEARCH text=treasure")) == []
    assert "INVALID_PARAMS" in asked(bob, "SEARCH text=treasure;in=#secret")[0]
    assert "INVALID_TARGET" in asked(bob, "CHATHISTORY LATEST #secret * 5")[0]
    assert (
        len(asked(bob, "CHATHISTORY TARGETS timestamp=2020-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z 9"))
        == 2
    )
    cy = guests.plain("cy")
    cy.send("/search treasure")
    cy.wait(r"^\* Nothing was found")


def test_private_words_are_not_kept(data: Path) -> None:
    """Between people without accounts: nobody finds them, not even in the file."""
    with running(data) as guests:
        al, bob = guests.irc("al", *EVERYTHING, "soju.im/search"), guests.irc("bob", *EVERYTHING)
        talk(al, "bob", "psst-psst")
        bob.wait(":psst-psst$")
        assert said(asked(al, "SEARCH text=psst")) == []
        assert said(asked(al, "CHATHISTORY LATEST bob * 5")) == said(asked(bob, "CHATHISTORY LATEST al * 5")) == []
    assert all(b"psst-psst" not in path.read_bytes() for path in data.iterdir())


def test_what_was_said_to_operators_alone_is_not_kept(guests: Guests) -> None:
    """STATUSMSG reaches those with a rank, and nobody later."""
    al = guests.irc("al", *EVERYTHING, room="#tea")
    talk(al, "@#tea", "between us")
    talk(al, "#tea", "open")
    assert said(asked(al, "CHATHISTORY LATEST #tea * 5")) == ["open"]
    assert said(guests.irc("bob", "server-time", room="#tea").heard) == ["open"]


def test_who_may_enter_may_read_what_was_said_while_they_were_banned(guests: Guests) -> None:
    """On joining again, by CHATHISTORY and by a search; while they are banned, none of it."""
    al = guests.irc("al", *EVERYTHING, room="#tea")
    bob = guests.irc("bob", *EVERYTHING, "soju.im/search", room="#tea")
    talk(al, "#tea", "tea before")
    al.send("MODE #tea +b bob!*@*", "KICK #tea bob")
    al.sync()
    talk(al, "#tea", "tea behind his back")
    bob.sync()
    assert "INVALID_TARGET" in asked(bob, "CHATHISTORY LATEST #tea * 9")[0]
    assert said(asked(bob, "SEARCH text=tea")) == []
    al.send("MODE #tea -b bob!*@*")
    al.sync()
    everything = ["tea before", "tea behind his back"]
    bob.send("JOIN #tea")
    bob.wait(" 366 ")
    assert said(asked(bob, "SEARCH text=tea")) == everything
    assert said(asked(bob, "CHATHISTORY LATEST #tea * 9")) == everything


@pytest.mark.parametrize("mode", ["+i", "+k sesame"])
@pytest.mark.parametrize("restart", [False, True])
def test_who_opens_a_closed_room_anew_is_shown_nothing(data: Path, mode: str, restart: bool) -> None:
    """What was said behind a key or among the invited is gone from sight when the last of them is, restart or not."""
    with running(data) as guests:
        al = guests.irc("al", *EVERYTHING, room="#tea")
        al.send(f"MODE #tea {mode}")
        talk(al, "#tea", "among us")
        assert said(asked(al, "CHATHISTORY LATEST #tea * 9")) == ["among us"]
        if not restart:
            al.send("PART #tea")
            al.sync()
            assert_nothing_is_shown(guests)
    if restart:
        with running(data) as guests:
            assert_nothing_is_shown(guests)


def test_a_closed_room_that_all_have_left_stays_hidden_whatever_is_done_there_next(data: Path) -> None:
    """Over a restart, too: who opens it anew can close and open it as they like."""
    with running(data) as guests:
        al = guests.irc("al", *EVERYTHING, room="#tea")
        al.send("MODE #tea +i")
        talk(al, "#tea", "among us")
        al.send("PART #tea")
        al.sync()
        bob = guests.irc("bob", *EVERYTHING, room="#tea")
        bob.send("MODE #tea +i", "MODE #tea -i")
        bob.sync()
        talk(bob, "#tea", "for all")
    with running(data) as guests:
        bob = guests.irc("bob", *EVERYTHING, room="#tea")
        assert said(asked(bob, "CHATHISTORY LATEST #tea * 9")) == ["for all"]


@pytest.mark.parametrize("restart", [False, True])
def test_who_makes_up_rooms_lifts_nothing(data: Path, restart: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of rooms that nobody is in little is held in memory; what was said behind a door stays there, and only that."""
    monkeypatch.setattr("chatroom.model.dormant_rooms.DORMANT_ROOMS_MAX", 4)
    monkeypatch.setattr("chatroom.storage.reader.DORMANT_ROOMS_MAX", 4)
    with running(data) as guests:
        al = guests.irc("al", *EVERYTHING, room="#tea,#open")
        al.send("MODE #tea +i")
        talk(al, "#tea", "among us")
        talk(al, "#open", "for all")
        al.send("PART #tea,#open")
        eve = guests.irc("eve", *EVERYTHING)
        for n in range(20):
            eve.send(f"JOIN #r{n}", f"MODE #r{n} +i", f"PRIVMSG #r{n} :x", f"PART #r{n}")
        eve.sync()
        if not restart:
            assert_nothing_is_shown(guests)
            assert said(asked(guests.irc("cy", *EVERYTHING, room="#open"), "CHATHISTORY LATEST #open * 9")) == [
                "for all"
            ]
    if restart:
        with running(data) as guests:
            assert_nothing_is_shown(guests)
            assert said(asked(guests.irc("cy", *EVERYTHING, room="#open"), "CHATHISTORY LATEST #open * 9")) == [
                "for all"
            ]


@pytest.mark.parametrize("left", [False, True])
def test_a_closed_room_stays_so_over_a_kill(serve: Callable[..., Served], data: Path, left: bool) -> None:
    """Whether somebody was in it when the server was killed, or all had left."""
    served = serve("--data", str(data), "--unlimited")
    al = Irc(served.port, "al", *EVERYTHING, room="#tea")
    al.send("MODE #tea +k sesame")
    talk(al, "#tea", "among us")
    if left:
        al.send("PART #tea")
        al.sync()
    served.process.kill()
    served.process.wait(10)
    al.close()
    guests = Guests(serve("--data", str(data), "--unlimited").port)
    assert_nothing_is_shown(guests)
    guests.close()


def test_an_owned_room_keeps_its_door_and_its_history(data: Path) -> None:
    """Its owner, who alone can open it, reads on; once it is nobody's, nobody does."""
    with running(data) as guests:
        al = guests.irc("al", *EVERYTHING)
        al.send("REGISTER * * open-sesame", "JOIN #tea", "MODE #tea +i")
        talk(al, "#tea", "among us")
        al.send("PART #tea")
        al.sync()
        bob = guests.irc("bob")
        assert " 473 " in asked(bob, "JOIN #tea")[-1]
        al.send("JOIN #tea")
        al.wait(" 366 ")
        assert said(asked(al, "CHATHISTORY LATEST #tea * 9")) == ["among us"]
    with running(data) as guests:
        al = guests.irc("al", *EVERYTHING, password="al:open-sesame", room="#tea")
        assert said(asked(al, "CHATHISTORY LATEST #tea * 9")) == ["among us"]
        al.send("PART #tea", "PRIVMSG NickServ :DROP al open-sesame")
        al.wait("nobody's any more")
        assert_nothing_is_shown(guests)


def test_the_lobby_is_never_forgotten(guests: Guests, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rooms somebody makes up while it is empty."""
    monkeypatch.setattr("chatroom.model.dormant_rooms.DORMANT_ROOMS_MAX", 4)
    eve = guests.irc("eve", room="#lobby")
    talk(eve, "#lobby", "in the lobby")
    eve.send("PART #lobby")
    for n in range(20):
        eve.send(f"JOIN #r{n}", f"MODE #r{n} {'+i' if n % 2 else '-n'}", f"PRIVMSG #r{n} :x", f"PART #r{n}")
    eve.sync()
    assert "in the lobby" in said(guests.irc("al", "server-time", room="#lobby").heard)


def test_rooms_that_have_an_owner_push_out_no_bans_of_others_at_a_start(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of rooms that are nobody's, those banned in last are remembered."""
    monkeypatch.setattr(
        "chatroom.storage.store._DELETE_OLD_LISTS", store._DELETE_OLD_LISTS.replace(f"{DORMANT_ROOMS_MAX}", "4")
    )
    with running(data) as guests:
        op, al = guests.irc("op", room="#tea"), guests.irc("al")
        op.send("MODE #tea +b bob", "PART #tea")
        op.sync()
        al.send("NICKSERV REGISTER open-sesame")
        al.wait("NOTICE al :")
        for n in range(9):
            al.send(f"JOIN #own{n}", f"MODE #own{n} +b troll", f"PART #own{n}")
        al.sync()
    for others in (4, 0):
        with running(data) as guests:
            op = guests.irc("op", room="#tea,#own0")
            assert any(" 367 op #own0 troll!*@* " in line for line in asked(op, "MODE #own0 b"))
            assert any(" 367 op #tea bob!*@* " in line for line in asked(op, "MODE #tea b")) is (others == 4)
            for n in range(others):
                op.send(f"JOIN #r{n}", f"MODE #r{n} +b eve", f"PART #r{n}")
            op.sync()


def assert_only_the_door_hides(guests: Guests) -> None:
    assert_nothing_is_shown(guests)
    cy = guests.irc("cy", *EVERYTHING, room="#open")
    assert said(asked(cy, "CHATHISTORY LATEST #open * 9")) == ["for all"]


def assert_nothing_is_shown(guests: Guests) -> None:
    bob = guests.irc("bob", "server-time", "soju.im/search", room="#tea")
    assert said(bob.heard) == []
    assert said(asked(bob, "SEARCH text=among")) == []
    bob.send("CAP REQ :draft/chathistory")
    bob.sync()
    assert said(asked(bob, "CHATHISTORY LATEST #tea * 9")) == []
    talk(bob, "#tea", "new here")
    assert said(asked(bob, "CHATHISTORY LATEST #tea * 9")) == ["new here"]


# ---- when it can't be saved -----------------------------------------------------------------------------------------


def test_a_full_disk_is_told_and_nothing_stops(serve: Callable[..., Served], data: Path) -> None:
    """A server whose files may not grow: people talk on, are told, so are those who come, and all is saved at last."""
    served = serve("--data", str(data), "--unlimited")
    pid = served.process.pid
    al, bob = Irc(served.port, "al", "draft/chathistory", "server-time"), Plain(served.port, "bob")
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, hard))
    al.send("PRIVMSG #lobby :while full")
    bob.wait("^al: while full$")
    bob.wait(r"^\* Messages are not being saved at the moment\.$")
    al.wait("NOTICE al :Messages are not being saved at the moment$")
    cy = Plain(served.port, "cy")
    cy.wait("not being saved at the moment")
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
    bob.wait(r"^\* Messages are being saved again\.$")
    assert said(asked(al, "CHATHISTORY LATEST #lobby * 9")) == ["while full"]
    for client in (al, bob, cy):
        client.close()


def test_a_closed_room_that_is_opened_while_nothing_can_be_saved_is_hidden(
    serve: Callable[..., Served], data: Path
) -> None:
    """Although the file doesn't know yet that all have left it, nor later that there was such a time."""
    served = serve("--data", str(data), "--unlimited")
    pid = served.process.pid
    al = Irc(served.port, "al", *EVERYTHING, room="#tea,#open")
    al.send("MODE #tea +i", "PRIVMSG #open :for all")
    talk(al, "#tea", "among us")
    assert said(asked(al, "CHATHISTORY LATEST #tea * 9")) == ["among us"]
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, hard))
    al.send("PRIVMSG #tea :among us still")
    al.wait("not being saved at the moment")
    al.send("PART #tea,#open")
    al.sync()
    bob = Irc(served.port, "bob", *EVERYTHING, "soju.im/search", room="#tea,#open")
    assert said(asked(bob, "CHATHISTORY LATEST #open * 9")) == ["for all"]
    assert said(asked(bob, "CHATHISTORY LATEST #tea * 9")) == []
    assert said(asked(bob, "SEARCH text=among")) == []
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
    bob.wait("being saved again")
    bob.send("MODE #tea +i", "MODE #tea -i")
    talk(bob, "#tea", "new here")
    assert said(asked(bob, "CHATHISTORY LATEST #tea * 9")) == ["new here"]
    for client in (al, bob):
        client.close()


def test_what_was_taken_back_is_in_no_history_and_shown_to_no_newcomer(data: Path) -> None:
    """Even after a restart: IRCv3 message-redaction."""
    caps = (*EVERYTHING, "echo-message", "draft/message-redaction")
    with running(data) as guests:
        al = guests.irc("al", *caps)
        talk(al, "#lobby", "before", "regretted", "after")
        [msgid] = [parse(line).tags["msgid"] for line in al.heard if line.endswith(":regretted")]
        al.send(f"REDACT #lobby {msgid}")
        al.wait(f"REDACT #lobby {msgid}")
        assert said(asked(al, "CHATHISTORY LATEST #lobby * 10")) == ["before", "after"]
        assert [text[-6:] for text in said(guests.irc("bob").heard)] == ["before", " after"]
    with running(data) as guests:
        assert [text[-6:] for text in said(guests.irc("carol").heard)] == ["before", " after"]
