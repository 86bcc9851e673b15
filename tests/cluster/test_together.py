"""Several servers are one chat."""

import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from chatroom.cluster.redis_stream import ClusterError
from chatroom.cluster.servers import MessageBurst, Timing
from chatroom.cluster.spool import Proposal
from chatroom.model.commands import SetOperator
from chatroom.model.entities import Session
from chatroom.model.replies import Announcement, Reply
from chatroom.server.chat_server import ChatServer
from tests.chat import INFO
from tests.cluster.conftest import QUICK, Node, Redis, agree
from tests.peers import DEADLINE, Served, eventually, said

pytestmark = pytest.mark.needs("redis-server")
Start = Callable[..., Node]
PASSWORD = "open-sesame"


def test_people_on_two_servers_talk(node: Start) -> None:
    """They see each other come, speak, act, and go."""
    one, two = node("one"), node("two")
    alice = one.guests.plain("alice")
    bob = two.guests.plain("bob")
    assert "With you in #lobby: alice" in bob.heard[-1]
    alice.wait(r"^\* bob joined$")
    bob.send("hello", "/me waves")
    assert alice.until("waves") == ["bob: hello", "** bob waves"]
    alice.send("/msg bob psst", "/nick alicia", "/topic tea")
    assert bob.until("tea") == [
        "[private] alice: psst",
        "* alice is now known as alicia",
        "* alicia set the topic: tea",
    ]
    agree(one, two)
    bob.send("/quit bye")
    alice.wait(r"^\* bob left \(bye\)$")
    agree(one, two)


def test_a_name_taken_twice_at_once_has_one_holder_everywhere(redis: Redis, node: Start) -> None:
    """The first in the stream has it; the other is told so, and asked again."""
    one, two = node("one"), node("two")
    for number in range(10):
        name = f"name{number}"
        strangers = [each.guests.stranger() for each in (one, two)]
        for stranger in strangers:
            stranger.wait("^Username$")
        redis.freeze()  # so that both decide before either knows
        for stranger in strangers:
            stranger.send(name)
        time.sleep(0.02)
        redis.thaw()
        answers = [stranger.wait(rf"^\* (Welcome|{name} is taken)")[1] for stranger in strangers]
        assert sorted(answers) == ["Welcome", f"{name} is taken"]
        loser = strangers[answers.index(f"{name} is taken")]
        loser.wait("^Username$")
        loser.send(f"other{number}")
        loser.wait("^. Welcome")
    agree(one, two)
    assert len(one.people()) == 20


def test_a_rename_to_a_taken_name_is_refused_when_it_is_too_late(redis: Redis, node: Start) -> None:
    """To the one who comes second in the stream."""
    one, two = node("one"), node("two")
    alice, bob = one.guests.irc("alice"), two.guests.irc("bob")
    agree(one, two)
    redis.freeze()
    alice.send("NICK eve")
    bob.send("NICK eve")
    time.sleep(0.02)
    redis.thaw()
    refused = [[line for line in peer.sync() if " 433 " in line] for peer in (alice, bob)]
    assert sorted(map(len, refused)) == [0, 1]
    agree(one, two)


def test_operators_on_one_server_rule_over_people_on_another(node: Start) -> None:
    """Ranks, kicks, bans, modes and invitations are the same everywhere."""
    one, two = node("one"), node("two")
    alice, bob = one.guests.irc("alice", room="#tea"), two.guests.irc("bob", room="#tea")
    alice.wait(" JOIN #tea")
    bob.send("TOPIC #tea :mine")
    bob.wait(" 482 ")
    alice.send("MODE #tea +v bob", "KICK #tea bob :out", "MODE #tea +ib bob!*@*")
    bob.wait(r"MODE #tea \+v bob")
    bob.wait(r"KICK #tea bob :?out")
    alice.sync()
    agree(one, two)
    bob.send("JOIN #tea")
    bob.wait(" 47[34] ")
    alice.send("INVITE bob #tea")
    bob.wait(" INVITE bob :?#tea")
    bob.send("JOIN #tea")
    bob.wait(" 366 ")
    agree(one, two)


def test_who_comes_back_to_another_server_is_shown_what_they_missed(node: Start) -> None:
    """And nothing twice: all servers know who was where until when, a new one too."""
    one, two = node("one"), node("two")
    alice, bob = one.guests.irc("alice", room="#tea"), one.guests.irc("bob", room="#tea")
    alice.wait(" JOIN ")
    alice.send("PRIVMSG #tea :one")
    bob.wait(":one$")
    bob.send("QUIT")
    alice.wait(" QUIT ")
    alice.send("PRIVMSG #tea :two", f"NICKSERV REGISTER {PASSWORD}", "NICKSERV SET REPLAY off")
    alice.wait("kept for alice")
    agree(one, two)
    bob = two.guests.irc("bob", "server-time", room="#tea")
    assert said(bob.heard) == ["two"]
    bob.send("QUIT")
    bob.rest()
    agree(one, two)
    three = node("three")
    agree(one, two, three)
    assert said(three.guests.irc("bob", "server-time", room="#tea").heard) == []
    assert said(three.guests.irc("carol", "server-time", room="#tea").heard) == ["one", "two"]
    assert not three.server.hub.state.accounts["alice"].replay


def test_somebody_is_killed_on_the_server_where_they_are(node: Start) -> None:
    """By an operator of another."""
    one, two = node("one"), node("two")
    one.server.hub.context.operator_password = "sesame"
    alice, bob = one.guests.irc("alice"), two.guests.irc("bob")
    agree(one, two)
    alice.send("OPER x sesame", "KILL bob :enough")
    assert bob.rest()[-1].startswith("ERROR :Closing link: Killed (alice: enough)")
    alice.wait(" QUIT ")
    agree(one, two)


def test_an_account_is_an_operator_on_all_servers(node: Start) -> None:
    """Made one at any console, wherever somebody is logged in to it. All know where it is at home, too."""
    one, two = node("one"), node("two")
    alice, bob = one.guests.plain("alice"), two.guests.irc("bob")
    alice.send(f"/register {PASSWORD}")
    alice.wait("is yours now")
    agree(one, two)
    assert two.server.hub.state.accounts["alice"].is_at_home("127.0.0.1")
    bob.send(f"NICKSERV IDENTIFY alice {PASSWORD}")
    bob.wait("NICK alice")
    two.server.event_log.submit(two.server.hub.state.server_session, [SetOperator("alice", on=True)])
    alice.wait(r"^\* You are an operator of the server now; ")
    bob.wait(r"^:alice!\S+ MODE alice \+o\r?$")
    agree(one, two)
    alice.send("/quit")
    alice.rest()
    agree(one, two)
    bob.send("NICKSERV LOGOUT")
    bob.wait(r"^:alice!\S+ MODE alice -o\r?$")
    bob.send(f"NICKSERV IDENTIFY alice {PASSWORD}")
    bob.wait(r"^:alice!\S+ MODE alice \+o\r?$")
    one.server.event_log.submit(one.server.hub.state.server_session, [SetOperator("alice", on=False)])
    bob.wait(r"^:alice!\S+ MODE alice -o\r?$")
    agree(one, two)
    assert one.server.hub.state.holders["o"] == two.server.hub.state.holders["o"] == 0


def test_a_new_password_ends_logins_on_all_servers(node: Start) -> None:
    """Whoever knew the old one is out, wherever they are."""
    one, two = node("one"), node("two")
    alice, thief = one.guests.plain("alice"), two.guests.irc("thief")
    alice.send(f"/register {PASSWORD}")
    alice.wait("is yours now")
    agree(one, two)
    thief.send(f"NICKSERV IDENTIFY alice {PASSWORD}")
    thief.wait("You are logged in as alice")
    agree(one, two)
    alice.send(f"/password {PASSWORD} another-one")
    alice.wait("The password of alice is changed")
    assert thief.rest()[-1].startswith("ERROR :Closing link: the password of the account was changed")
    agree(one, two)


def test_where_somebody_is_can_be_looked_up(node: Start) -> None:
    """WHOIS, LINKS and /servers name the servers."""
    one, two = node("one"), node("two")
    alice, bob = one.guests.irc("alice"), two.guests.plain("bob")
    agree(one, two)
    alice.send("WHOIS bob")
    assert alice.wait(r" 312 alice bob (\S+)")[1] == "two"
    alice.send("LINKS")
    links = [line.partition(" 364 alice ")[2] for line in alice.until(" 365 ") if " 364 " in line]
    assert [re.sub(r"\d+ ms", "N ms", line) for line in links] == [
        "one one :0 1 here, N ms behind",
        "two one :1 1 here, N ms behind",
    ]
    bob.send("/servers")
    bob.wait(r"^\* one: 1 here, \d+ ms behind$")
    bob.wait(r"^\* two: 1 here, \d+ ms behind$")
    alice.send("LUSERS")
    assert alice.wait(r" 255 alice :I have (\d)")[1] == "1"
    assert alice.wait(r" 266 alice (\d)")[1] == "2"


def test_answers_keep_their_place_behind_ones_own_words(node: Start) -> None:
    """However many words are on their way; and a labelled answer is one."""
    one, two = node("one"), node("two")
    alice = one.guests.irc("alice", "echo-message", "labeled-response", "batch")
    bob = two.guests.irc("bob")
    alice.wait(" JOIN ")
    alice.send(*[f"PRIVMSG #lobby :{n}" for n in range(100)], "PING x", "PRIVMSG nobody :hi")
    heard = alice.until(" 401 ")
    assert [line.rpartition(":")[2] for line in heard if "PRIVMSG" in line] == list(map(str, range(100)))
    assert " PONG " in heard[100]
    alice.send("@label=1 JOIN #tea", "PRIVMSG #tea :after")
    labelled = alice.until(" PRIVMSG #tea ")
    assert labelled[0].startswith("@label=1 ") and " BATCH +" in labelled[0]
    assert " BATCH -" in labelled[-2]
    assert [line.rpartition(":")[2] for line in bob.until(" :99$")] == list(map(str, range(100)))
    agree(one, two)


def test_who_quits_while_coming_is_gone_everywhere(redis: Redis, node: Start) -> None:
    """Their place in the stream comes after their connection's end."""
    one, two = node("one"), node("two")
    redis.freeze()
    stranger = one.guests.stranger()
    stranger.send("ghost", "hello", "/nick spook")
    stranger.close()
    time.sleep(0.05)
    redis.thaw()
    bob = two.guests.plain("bob")
    eventually(lambda: one.people() == two.people() == ["bob"], "only bob is here")
    bob.sync()
    agree(one, two)


def test_a_new_server_knows_what_was_before_it(node: Start) -> None:
    """People, rooms, topics, and what was said last."""
    one = node("one")
    alice = one.guests.irc("alice", room="#tea")
    alice.send("TOPIC #tea :green", "PRIVMSG #tea :first", "AWAY :gone")
    alice.sync()
    two = node("two")
    agree(one, two)
    bob = two.guests.plain("bob")
    bob.send("/join #tea")
    bob.wait("With you in #tea: alice")
    bob.wait(r"Topic: green")
    bob.wait(r"alice: first")
    bob.send("/msg alice hi")
    bob.wait("alice is away: gone")
    agree(one, two)


def test_a_server_that_ends_takes_its_people_along(node: Start) -> None:
    """And nobody else."""
    one, two = node("one"), node("two")
    alice, bob = one.guests.plain("alice"), two.guests.plain("bob")
    alice.wait("bob joined")
    two.stop()
    alice.wait(r"^\* bob left")
    assert bob.rest()[-1].startswith("* Goodbye")
    eventually(lambda: [s.name for s in one.server.hub.state.servers.values()] == ["one"], "two is gone")
    assert one.people() == ["alice"]


def test_a_server_that_stops_delivers_what_is_on_its_way(redis: Redis, node: Start) -> None:
    """Its people hear what one of them has said and Redis has not taken yet, before they are told goodbye."""
    one = node("one")
    alice, bob = one.guests.irc("alice"), one.guests.irc("bob")
    alice.sync()
    redis.freeze()
    alice.send("PRIVMSG #lobby :last words")
    eventually(one.has_sent, "they are on their way")
    stopping = threading.Thread(target=one.stop)
    stopping.start()
    eventually(one.server._stopping.is_set, "it stops")
    redis.thaw()
    stopping.join(DEADLINE)
    told = bob.rest()
    assert told[-2].endswith("PRIVMSG #lobby :last words")
    assert told[-1].startswith("ERROR :Closing link")


def test_two_servers_of_one_name_are_refused(redis: Redis, node: Start) -> None:
    """With a sentence that says what to do."""
    node("one")
    with pytest.raises(ClusterError, match="There is a server called one already; --name gives this one its own"):
        Node(redis.url, "one")


def test_servers_of_another_version_are_refused(redis: Redis, node: Start) -> None:
    """They would not understand each other."""
    node("one")
    redis.tell("SET", "chatroom:protocol", "7")
    with pytest.raises(ClusterError, match="of another version"):
        Node(redis.url, "two")
    redis.tell("DEL", "chatroom:protocol")


@pytest.mark.parametrize(
    "url", ["redis://:secret@127.0.0.1:1/0", "http://secret@x", "redis://:secret@127.0.0.1:x/", ""]
)
def test_a_redis_that_is_not_there_is_told_of_without_its_password(url: str) -> None:
    """Nor its user's name."""
    with pytest.raises(ClusterError) as caught:
        Node(url or "nothing", "one")
    assert "secret" not in str(caught.value)


def test_an_account_made_on_one_server_is_known_on_all(node: Start) -> None:
    """Its name is kept, and its owner logs in anywhere: by several servers, they are one person."""
    one, two = node("one"), node("two")
    alice = one.guests.plain("alice")
    alice.send("/register open-sesame-1")
    alice.wait("^. alice is yours now")
    bob = two.guests.plain("bob")
    bob.send("/nick alice")
    bob.wait("alice (is|belongs)")
    bob.send("/login alice wrong-password-1")
    bob.wait("wrong|not right|no such|password")
    bob.send("/login alice open-sesame-1")
    bob.wait("You are logged in as alice")
    bob.send("/who")
    bob.wait(r"1 in #lobby: alice$")
    agree(one, two)
    alice.send("one and the same")
    bob.wait("^alice: one and the same$")
    bob.send("/devices")
    bob.wait("^. Device 1: netcat, .* from 127.0.0.1, one$")
    bob.wait("^. Device 2, this one: netcat, .* from 127.0.0.1, two$")
    bob.send("/logout 1")
    assert alice.rest()[-1].startswith("* Goodbye (you have ended this connection")
    agree(one, two)
    bob.send("/who")
    bob.wait(r"1 in #lobby: alice$")


def test_the_console_lists_the_servers(redis: Redis, node: Start, serve: Callable[..., Served]) -> None:
    """With their people; and says something to everybody on all of them."""
    one = node("one", timing=Timing())
    alice = one.guests.plain("alice")
    two = serve("--cluster", redis.url, "--name", "two")
    two.type("servers")
    two.out.wait("^one  1 here  [0-9]+ ms behind$")
    two.out.wait("^two  0 here  [0-9]+ ms behind$")
    two.type("say the building closes")
    alice.wait("the building closes")
    two.type("q")
    assert two.ends() == 0


def test_what_can_not_be_is_said_when_the_program_starts(redis: Redis, node: Start) -> None:
    """A sentence and an exit code, and no password."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "chatroom",
            "serve",
            "-p",
            "0",
            "--ephemeral",
            "--cluster",
            "redis://:secret@127.0.0.1:1/0",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "Error: redis://127.0.0.1:1/0 can't be used: " in done.stderr
    assert "secret" not in done.stderr + done.stdout


def test_a_ban_from_the_server_is_one_from_all(redis: Redis, node: Start, serve: Callable[..., Served]) -> None:
    """Whoever it meets is thrown off where they are; when its time is over, that is so everywhere."""
    one = node("one", timing=Timing())
    alice = one.guests.plain("alice")
    two = serve("--cluster", redis.url, "--name", "two", "--unlimited")
    two.type("ban alice 2s insults")
    assert "insults" in alice.rest()[-1]
    stranger = one.guests.stranger()
    stranger.send("alice")
    stranger.wait("insults")
    two.out.wait("alice")
    eventually(lambda: not one.server.hub.state.bans, "it has ended")
    one.guests.plain("alice")
    two.type("bans")
    two.out.wait("[Nn]o|nobody|nothing")
    two.type("q")
    assert two.ends() == 0


def test_a_timed_mute_ends_once_on_every_server(node: Start) -> None:
    """Although each of them looks to it."""
    one, two = node("one"), node("two")
    alice, bob = one.guests.plain("alice"), two.guests.plain("bob")
    alice.send("/join #tea")
    alice.wait("You are in #tea")
    bob.send("/join #tea")
    alice.wait("bob joined")
    alice.send("/mute bob 1s too loud")
    bob.wait("muted bob")
    bob.send("ouch")
    bob.wait("too loud")
    bob.wait("bob")  # its end
    agree(one, two)
    bob.send("quiet now")
    alice.wait("^bob: quiet now$")
    assert sum("bob" in line and "mute" in line for line in alice.heard) == 2  # when it began, when it ended


def test_an_announcement_is_told_on_all_servers_to_those_who_have_a_name(node: Start) -> None:
    """Anybody else may be about to begin TLS."""
    one, two = node("one"), node("two")
    alice, bob, stranger = one.guests.plain("alice"), two.guests.plain("bob"), two.guests.stranger()
    stranger.wait("^Username$")
    one.server.announce("back at ten")
    alice.wait(r"^\* back at ten$")
    bob.wait(r"^\* back at ten$")
    stranger.send("carol")
    assert "* back at ten" not in stranger.until("Welcome, carol")


def test_an_announcement_is_told_to_a_few_at_a_time(node: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others get the lock in between, however many there are."""
    monkeypatch.setattr("chatroom.cluster.redis_link.TOLD_AT_ONCE", 2)
    one, two = node("one"), node("two")
    people = [two.guests.plain(f"guest{number}") for number in range(5)]
    told: list[object] = []
    rests: list[int] = []
    reply = two.server.courier.reply

    def note(session: Session, answer: Reply) -> None:
        if isinstance(answer, Announcement):
            told.append(session)
        reply(session, answer)

    def rest(seconds: float) -> None:
        rests.append(len(told))

    monkeypatch.setattr(two.server.courier, "reply", note)
    monkeypatch.setattr("chatroom.core.event_log.sleep", rest)
    one.server.announce("back at ten")
    for person in people:
        person.wait(r"^\* back at ten$")
    eventually(lambda: sorted({0, *rests}) == [0, 2, 4, 5], "they were told two at a time")


def test_no_burst_slips_through_a_slow_mode_set_in_between(node: Start) -> None:
    """It was decided when the room was not slow, and comes after that: only its first message is let through."""
    one, two = node("one"), node("two")
    alice = one.guests.irc("alice", room="#r")
    bob = two.guests.irc("bob", room="#r")
    bob.sync()
    with two.log.lock:
        session = next(each.session for each in two.server.everybody() if each.session.nick == "bob")
        assert session.user
        spoken = MessageBurst(session.user.person, "#r", ["first", "second", "third"])
        late = Proposal(session, [], [two.log.replica.codec.write(spoken)], words=True)
    alice.send("MODE #r +W 60")
    bob.wait(r" MODE #r \+W 60")
    with two.log.lock:
        two.log.replica.send(session, late)
    assert [bob.wait(r" (404) bob #r :")[1] for _ in range(2)] == ["404"] * 2
    bob.send("PRIVMSG alice :over")
    assert said(alice.until(":over$")) == ["first", "over"]
    agree(one, two)


def test_a_redis_with_a_password_is_used_with_it(redis: Redis, node: Start, caplog: pytest.LogCaptureFixture) -> None:
    """And refused without, or with a wrong one; it stands in no log."""
    caplog.set_level("DEBUG")
    redis.tell("CONFIG", "SET", "requirepass", "open-sesame")
    right = redis.url.replace("redis://", "redis://:open-sesame@")
    for url in (redis.url, redis.url.replace("redis://", "redis://:wrong@")):
        with pytest.raises(ClusterError, match="can't be used: ") as caught:
            Node(url, "one")
        assert "wrong@" not in str(caught.value)
    one = Node(right, "one")
    one.guests.plain("alice").sync()
    redis.tell("AUTH open-sesame\r\nCLIENT KILL TYPE normal SKIPME yes")
    one.guests.plain("bob").sync()
    one.close()
    assert "open-sesame" not in caplog.text


def test_nobody_can_connect_before_the_server_has_caught_up(redis: Redis) -> None:
    """So that none is let into a chat that it doesn't know."""
    server = ChatServer("127.0.0.1", 0, replace(INFO, name="one"), cluster=redis.url, timing=QUICK)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=5)
    server.start()
    socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
    server.stop()


def test_without_a_store_nothing_is_kept_and_all_is_there(node: Start) -> None:
    """What a room was like when all have left it is the others' to know, too."""
    one, two = node("one"), node("two")
    alice = one.guests.irc("alice", room="#tea")
    alice.send("TOPIC #tea :green", "PART #tea")
    alice.wait(" PART ")
    agree(one, two)
    bob = two.guests.irc("bob", room="")
    bob.send("JOIN #tea")
    bob.wait(" 332 bob #tea :green")
    agree(one, two)


def test_what_one_has_read_is_told_to_ones_other_connections(node: Start) -> None:
    """Of this server; how far somebody has read is each server's own to know."""
    one = node("one")
    alice, other = one.guests.irc("alice", "draft/read-marker"), one.guests.irc("phone", "draft/read-marker")
    alice.send("NICKSERV REGISTER open-sesame-1")
    alice.wait(" 900 ")
    other.send("NICKSERV IDENTIFY alice open-sesame-1")
    other.wait(" 900 ")
    alice.send("MARKREAD #lobby timestamp=2020-01-01T00:00:00.000Z")
    other.wait(" MARKREAD #lobby timestamp=2020-01-01T00:00:00.000Z")
    alice.wait(" MARKREAD #lobby timestamp=2020-01-01T00:00:00.000Z")
