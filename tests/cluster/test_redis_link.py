"""The link between the servers breaks, and is mended; servers die, and come again."""

import re
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from chatroom.cli.main import main
from chatroom.cluster.servers import Timing
from chatroom.storage import gaps
from chatroom.storage.store import Store
from tests.cluster.conftest import Node, Redis, Wire, agree
from tests.peers import DEADLINE, Irc, Served, asked, eventually, said

pytestmark = pytest.mark.needs("redis-server")
Start = Callable[..., Node]


def numbered(peer: Irc, name: str) -> list[int]:
    """The numbers that somebody has said so far, as this client was told."""
    said = [
        line.rpartition(f" PRIVMSG #lobby :{name}-")[2] for line in peer.heard if f" PRIVMSG #lobby :{name}-" in line
    ]
    return list(map(int, said))


class Talker(threading.Thread):
    """Says name-0, name-1, … until it is told to end."""

    def __init__(self, peer: Irc, pause: float = 0.002) -> None:
        super().__init__(daemon=True)
        self.peer = peer
        self.said = 0
        self._pause = pause
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(self._pause):
            self.peer.send(f"PRIVMSG #lobby :{self.peer.nick}-{self.said}")
            self.said += 1

    def end(self) -> None:
        self._ended.set()
        self.join()


def converse(nodes: list[Node], faults: Callable[[], None]) -> None:
    """People on all servers talk while something happens; each must hear all others, once and in order."""
    peers = [node.guests.irc(f"p{i}") for i, node in enumerate(nodes)]
    agree(*nodes)
    talkers = [Talker(peer) for peer in peers]
    for talker in talkers:
        talker.start()
    time.sleep(0.2)  # of talk, not a wait for anything
    faults()
    time.sleep(0.2)  # likewise
    for talker in talkers:
        talker.end()
        talker.peer.sync()  # all of it has reached its server
    agree(*nodes, within=30)
    for peer in peers:
        peer.sync()
        for talker in talkers:
            if talker.peer is not peer:
                assert numbered(peer, talker.peer.nick) == list(range(talker.said))


def test_connections_that_are_killed_are_made_again_quietly(redis: Redis, node: Start) -> None:
    """Nothing is lost, doubled or out of order, and nobody is told."""
    nodes = [node("one"), node("two")]

    def kill() -> None:
        for _ in range(5):
            assert redis.tell("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").startswith(b":")
            time.sleep(0.1)

    converse(nodes, kill)
    alice = nodes[0].guests.irc("alice")
    assert not [line for line in alice.heard if "link" in line]


def test_redis_killed_and_started_again_with_its_data(redis: Redis, node: Start) -> None:
    """What was said meanwhile is delivered once, in order."""
    nodes = [node("one"), node("two"), node("three")]

    def restart() -> None:
        redis.kill()
        for each in nodes:
            eventually(each.is_down, "it is noticed")
        redis.start()
        for each in nodes:
            eventually(each.settled, "the link is back")

    converse(nodes, restart)


def test_redis_paused_for_longer_than_a_lease(redis: Redis, node: Start) -> None:
    """Nobody is taken for dead."""
    nodes = [node("one"), node("two")]
    witness = nodes[0].guests.irc("witness")

    def pause() -> None:
        redis.freeze()
        for each in nodes:
            eventually(each.is_down, "it is noticed")
        time.sleep(2.0)  # with what it took to notice, longer than the lease
        redis.thaw()
        for each in nodes:
            eventually(each.settled, "the link is back")

    converse(nodes, pause)
    witness.sync()
    assert not [line for line in witness.heard if " QUIT " in line]
    assert any("link to the other servers is down" in line for line in witness.heard)
    assert any("link to the other servers is back" in line for line in witness.heard)


def test_while_the_link_is_down_words_wait_and_nothing_else_may(redis: Redis, node: Start) -> None:
    """Each with a sentence; and who leaves, leaves."""
    one, two = node("one"), node("two")
    alice, bob, carol = one.guests.plain("alice"), two.guests.plain("bob"), one.guests.plain("carol")
    bob.wait("carol joined")
    redis.kill()
    alice.wait(r"^\* The link to the other servers is down; messages will be delivered when it is back\.$")
    alice.send("one", "/join #tea", "two", "/who")
    alice.wait(r"^\* the link to the other servers is down; that must wait until it is back$")
    alice.wait(r"in #lobby: alice, bob, carol$")
    carol.send("/quit bye")
    carol.wait(r"Goodbye")
    stranger = one.guests.stranger()
    stranger.send("dave")
    stranger.wait("that must wait until it is back")
    stranger.wait("^Username$")
    redis.start()
    alice.wait(r"^\* The link to the other servers is back\.$")
    assert bob.until("^alice: two$")[-2:] == ["alice: one", "alice: two"]
    bob.wait(r"^\* carol left \(bye\)$")
    stranger.send("dave")
    stranger.wait("Welcome, dave")
    agree(one, two)


def test_a_full_spool_refuses_with_a_sentence(redis: Redis, node: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it took before is delivered all the same."""
    monkeypatch.setattr("chatroom.cluster.redis_event_log.SPOOL_MESSAGES", 50)
    one, two = node("one"), node("two")
    alice, bob = one.guests.plain("alice"), two.guests.plain("bob")
    alice.wait("bob joined")
    redis.kill()
    alice.wait("link to the other servers is down")
    alice.send(*[f"word {n}" for n in range(100)])
    alice.wait("too much waits for it; that was not sent")
    alice.sync()
    refused = sum("was not sent" in line for line in alice.heard)
    redis.start()
    agree(one, two)
    bob.sync()
    assert [line for line in bob.heard if line.startswith("alice: ")] == [
        f"alice: word {n}" for n in range(100 - refused)
    ]


def test_redis_without_its_data_gets_it_from_the_servers(redis: Redis, node: Start) -> None:
    """A gap is announced; people, rooms, topics, ranks and modes are there again, the same on all servers."""
    one, two = node("one"), node("two")
    alice, bob = one.guests.irc("alice", room="#tea"), two.guests.irc("bob", room="#tea")
    alice.send("TOPIC #tea :green", "MODE #tea +mv bob", "AWAY :soon back")
    bob.wait(" MODE ")
    alice.sync()
    redis.kill(forget=True)
    bob.wait("link to the other servers is down")
    redis.start()
    for peer in (alice, bob):
        peer.wait("link to the other servers is back; what was said there meanwhile may be missing")
    agree(one, two)
    assert sorted(one.people()) == ["alice", "bob"]
    bob.send("MODE #tea", "TOPIC #tea", "NAMES #tea", "PRIVMSG #tea :still here", "WHOIS alice")
    assert "+ntm" in bob.wait(" 324 ").string
    bob.wait(" 332 bob #tea :green")
    assert set(bob.wait(" 353 bob = #tea :(.*)")[1].split()) == {"@alice", "+bob"}
    bob.wait(" 301 bob alice :soon back")
    alice.wait(" PRIVMSG #tea :still here")
    agree(one, two)


def test_a_dead_servers_people_leave_once_on_every_server(redis: Redis, node: Start) -> None:
    """When its lease has run out; then their names are free."""
    one, two = node("one"), node("two")
    alice, bob = one.guests.plain("alice"), two.guests.plain("bob")
    three = node("three")
    three.guests.plain("carol")
    alice.wait("carol joined")
    die(three)
    for peer in (alice, bob):
        peer.wait(r"^\* carol left \(the link to three was lost\)$")
    agree(one, two)
    one.guests.plain("carol")
    for peer in (alice, bob):
        heard = peer.until("carol joined")
        assert not [line for line in heard if "left" in line]
    agree(one, two)


def die(node: Node) -> None:
    """A server is heard of no more: as if its process had been killed."""
    node.log.link.stop(time.monotonic() + DEADLINE)


def test_a_server_that_was_given_up_comes_again_with_its_people(wire: Wire, node: Start) -> None:
    """To the others they leave and join; they themselves are told what they missed, and lose nothing they say."""
    one, two = node("one"), node("two", wire=wire)
    alice, bob = one.guests.irc("alice", room="#tea"), two.guests.irc("bob", room="#tea")
    alice.wait(" JOIN ")
    wire.cut()
    bob.wait("link to the other servers is down")
    bob.send("PRIVMSG #tea :from the other side")
    alice.wait(r":bob!\S+ QUIT :the link to two was lost")
    alice.send("PRIVMSG #tea :are you there?", "TOPIC #tea :waiting")
    alice.sync()
    wire.mend()
    alice.wait(r":bob!\S+ JOIN :?#tea")
    alice.wait(r":bob!\S+ PRIVMSG #tea :from the other side")
    heard = bob.until(" 366 ")
    assert any(" 332 bob #tea :waiting" in line for line in heard)
    bob.wait(" PRIVMSG #tea :are you there\\?")
    agree(one, two)
    bob.send("PRIVMSG #tea :here again")
    alice.wait(r":bob!\S+ PRIVMSG #tea :here again")


def test_what_is_said_to_somebody_whose_server_has_died_waits_for_them(node: Start) -> None:
    """Until the others give it up, they seem to be there."""
    one, two = node("one"), node("two")
    alice, bob = one.guests.irc("alice"), two.guests.irc("bob")
    bob.send("NICKSERV REGISTER open-sesame")
    bob.wait("The name bob is yours")
    agree(one, two)
    die(two)
    alice.send("PRIVMSG bob :are you there?")
    alice.wait(r":bob!\S+ QUIT :the link to two was lost")
    again = one.guests.irc("bob2")
    again.send("NICKSERV IDENTIFY bob open-sesame")
    again.wait(r":alice!\S+ PRIVMSG \S+ :.*are you there\?")


def test_a_name_taken_meanwhile_is_changed_when_its_server_comes_again(wire: Wire, node: Start) -> None:
    """The one who has it keeps it."""
    one, two = node("one"), node("two", wire=wire)
    one.guests.irc("alice")
    bob = two.guests.irc("bob")
    eventually(lambda: len(one.people()) == 2, "bob is known on one, too")
    wire.cut()
    eventually(lambda: one.people() == ["alice"], "two is given up")
    one.guests.irc("bob")
    wire.mend()
    bob.wait(r":bob!\S+ NICK :?bob_2")
    bob.send("PRIVMSG bob :hello namesake")
    bob.sync()
    agree(one, two)


def test_a_server_that_is_killed_and_started_again_has_the_whole_history(
    redis: Redis, node: Start, serve: Callable[..., Served], tmp_path: Path
) -> None:
    """What was said while it was dead comes from the stream, once."""
    one = node("one", timing=Timing())
    alice = one.guests.irc("alice")
    options = ("--cluster", redis.url, "--name", "two", "--data", str(tmp_path / "two"), "--unlimited")
    two = serve(*options)
    bob = Irc(two.port, "bob")
    alice.send(*[f"PRIVMSG #lobby :{n}" for n in range(50)])
    bob.wait(" :49$")
    two.process.kill()
    two.process.wait()
    bob.close()
    alice.send(*[f"PRIVMSG #lobby :{n}" for n in range(50, 100)])
    alice.sync()
    again = serve(*options)
    bob = Irc(again.port, "robert", "message-tags", "batch", "server-time", "draft/chathistory")
    alice.wait(r":bob!\S+ QUIT :the link to two was lost", within=20)
    bob.send("CHATHISTORY LATEST #lobby * 200")
    heard = bob.until(r" BATCH -")
    said = [line.rpartition(":")[2] for line in heard if " PRIVMSG #lobby :" in line]
    assert said == list(map(str, range(100)))
    bob.close()
    again.type("q")
    assert again.ends() == 0


def test_history_is_the_same_on_all_servers(redis: Redis, node: Start, tmp_path: Path) -> None:
    """With the same ids, for each saves what it applies."""
    stores = [Store(tmp_path / name) for name in ("one", "two")]
    one, two = (node(name, store) for name, store in zip(("one", "two"), stores, strict=True))
    alice, bob = one.guests.irc("alice", room="#tea"), two.guests.irc("bob", room="#tea")
    alice.send("PRIVMSG #tea :first", "TOPIC #tea :green")
    bob.send("PRIVMSG #tea :second", "NICK robert", "PART #tea")
    alice.wait(" PART #tea")
    agree(one, two)
    for node_ in (one, two):
        node_.stop()
    histories = []
    for name in ("one", "two"):
        store = Store(tmp_path / name)
        reader = store.reader()
        histories.append([(e.id, e.time, type(e), e.by.nick) for e in reader.walk("#tea", 0, 1 << 60)])
        reader.close()
        store.close()
    both = [[entry for entry in history if entry[0] in {e[0] for e in histories[1]}] for history in histories]
    assert both[0] == both[1]
    assert len(both[0]) >= 6


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Snapshots every few entries."""
    monkeypatch.setattr("chatroom.cluster.redis_link.SNAPSHOT_ENTRIES", 20)
    monkeypatch.setattr("chatroom.cluster.redis_stream.SNAPSHOTS_KEPT", 3)


def answer(reply: bytes) -> int:
    """A number that Redis has answered with."""
    return int(reply.strip(b":\r\n"))


def talk(peer: Irc, first: int, last: int) -> None:
    """Says numbers, each of which is an entry."""
    for number in range(first, last):
        peer.send(f"PRIVMSG #lobby :{number}")
        peer.sync()


def test_snapshots_are_taken_and_the_stream_is_cut_behind_the_oldest(redis: Redis, node: Start, often: None) -> None:
    """By one of the servers; and a new one begins with the newest of them."""
    one, two = node("one"), node("two")
    alice = one.guests.irc("alice")
    talk(alice, 0, 200)
    eventually(lambda: answer(redis.tell("HLEN", "chatroom:snapshots")) == 3, "three snapshots are kept")
    eventually(lambda: answer(redis.tell("XLEN", "chatroom:stream")) < 150, "the stream is cut")
    three = node("three")
    agree(one, two, three)
    bob = three.guests.plain("bob")
    assert [line for line in bob.sync() if line.endswith(" alice: 199")]


def test_a_server_that_was_away_takes_the_snapshot_behind_which_it_missed_nothing(
    redis: Redis, node: Start, often: None, tmp_path: Path
) -> None:
    """So its history is whole, whatever snapshots were taken meanwhile."""
    one = node("one")
    alice = one.guests.irc("alice")
    two = node("two", Store(tmp_path / "two"))
    talk(alice, 0, 30)
    two.stop()
    talk(alice, 30, 60)
    again = node("two", Store(tmp_path / "two"))
    agree(one, again)
    bob = again.guests.irc("bob", "message-tags", "server-time", "batch", "draft/chathistory")
    bob.send("CHATHISTORY LATEST #lobby * 200")
    said = [line.rpartition(":")[2] for line in bob.until(" BATCH -") if " PRIVMSG #lobby :" in line]
    assert said == list(map(str, range(60)))


def test_a_server_that_was_away_for_too_long_says_so_and_goes_on(
    redis: Redis, node: Start, often: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With the oldest snapshot that there is."""
    one = node("one")
    alice = one.guests.irc("alice")
    two = node("two", Store(tmp_path / "two"))
    two.stop()
    talk(alice, 0, 200)
    again = node("two", Store(tmp_path / "two"))
    agree(one, again)
    assert "its history has a gap" in caplog.text
    again.stop()
    with closing(Store(tmp_path / "two")) as store, closing(store.reader()) as reader:
        [(since, until)] = reader.read(gaps.read)
    assert until > since > 0
    told = CliRunner().invoke(main, ["history", "rooms", "--data", str(tmp_path / "two")])
    assert re.search(r"^From \S+ \S+ to \S+ \S+ the server was away; what was said", told.stderr, re.MULTILINE)


def test_redis_and_a_server_killed_at_once(
    redis: Redis, node: Start, serve: Callable[..., Served], tmp_path: Path
) -> None:
    """Those who are left go on, lose nothing, and see the dead server's people leave once; it can come again."""
    one, two = node("one", timing=Timing()), node("two", timing=Timing())
    options = ("--cluster", redis.url, "--name", "three", "--data", str(tmp_path / "three"), "--unlimited")
    three = serve(*options)
    carol = Irc(three.port, "carol")
    alice, bob = one.guests.irc("alice"), two.guests.irc("bob")
    talker = Talker(alice)
    talker.start()
    bob.wait(":alice-20$")
    three.process.kill()
    redis.kill()
    three.process.wait()
    carol.close()
    bob.wait("link to the other servers is down")
    redis.start()
    bob.wait("link to the other servers is back")
    bob.wait(r":carol!\S+ QUIT :the link to three was lost", within=30)
    talker.end()
    alice.sync()
    agree(one, two)
    bob.sync()
    assert numbered(bob, "alice") == list(range(talker.said))
    assert sum(" QUIT " in line for line in bob.heard) == 1
    again = serve(*options)
    carol = Irc(again.port, "carol", "message-tags", "batch", "server-time", "draft/chathistory")
    alice.wait(r":carol!\S+ JOIN ")
    carol.send("CHATHISTORY LATEST #lobby * 200")
    said = [line.rpartition(":")[2] for line in carol.until(" BATCH -") if " PRIVMSG #lobby :" in line]
    assert said == [f"alice-{n}" for n in range(talker.said)][-200:]
    carol.close()


def test_a_ban_that_is_first_in_the_stream_keeps_out_who_joined_at_once(redis: Redis, node: Start) -> None:
    """Although the joining was allowed when it was decided."""
    one, two = node("one"), node("two")
    alice, bob = one.guests.irc("alice", room="#tea"), two.guests.irc("bob", room="")
    agree(one, two)
    two.log.spool.let(open=False)  # so that it comes second
    bob.send("JOIN #tea")
    eventually(two.has_sent, "it is decided")
    alice.send("MODE #tea +b bob!*@*")
    alice.wait(" MODE ")
    two.log.spool.let(open=True)
    bob.wait(" 474 bob #tea ")
    agree(one, two)
    assert list(one.server.hub.state.rooms["#tea"].members) == [one.server.hub.state.nicks.by_nick["alice"].person.uid]


def test_an_owners_room_that_was_closed_and_left_first_keeps_out_who_opened_it_at_once(
    redis: Redis, node: Start
) -> None:
    """Nobody is in it, but its modes are those that its owner gave it; its owner is let in."""
    one, two = node("one"), node("two")
    alice, bob = one.guests.irc("alice", room="#open"), two.guests.irc("bob", room="")
    alice.send("NICKSERV REGISTER open-sesame", "JOIN #tea")
    alice.wait(" 366 alice #tea ")
    agree(one, two)
    two.log.spool.let(open=False)  # so that it comes second
    bob.send("JOIN #tea")
    eventually(two.has_sent, "it is decided")
    alice.send("MODE #tea +i", "PART #tea")
    alice.wait(" PART ")
    two.log.spool.let(open=True)
    bob.wait(" 473 bob #tea ")
    alice.send("JOIN #tea", "MODE #tea")
    assert set(alice.wait(" 324 alice #tea (.*)")[1]) == set("+nti")
    agree(one, two)


def test_a_lobby_that_was_closed_first_keeps_out_who_came_at_once(redis: Redis, node: Start) -> None:
    """They come in all the same, into no room."""
    one, two = node("one"), node("two")
    one.server.hub.context.operator_password = "open-sesame"
    alice = one.guests.irc("alice")
    alice.send("OPER alice open-sesame")
    alice.sync()
    bob = two.guests.stranger()
    bob.wait("^Username$")
    agree(one, two)
    two.log.spool.let(open=False)  # so that it comes second
    bob.send("bob")
    eventually(two.has_sent, "it is decided")
    alice.send("MODE #lobby +b bob")
    alice.wait(" MODE ")
    two.log.spool.let(open=True)
    bob.wait(r"^\* Welcome, bob")
    agree(one, two)
    assert list(one.server.hub.state.rooms["#lobby"].members) == [
        one.server.hub.state.nicks.by_nick["alice"].person.uid
    ]


CAPS = ("message-tags", "batch", "server-time", "draft/chathistory")


def history(peer: Irc, room: str) -> list[str]:
    return said(asked(peer, f"CHATHISTORY LATEST {room} * 50"))


def test_a_room_that_was_closed_before_a_server_came_is_closed_to_that_too(
    redis: Redis, node: Start, often: None, tmp_path: Path
) -> None:
    """Its own file hides what was said in it from those who open it when all have left; others' history stays."""
    one = node("one")
    alice = one.guests.irc("alice", *CAPS, room="#lobby,#tea,#open")
    alice.send("MODE #tea +i", "PRIVMSG #tea :before")
    talk(alice, 0, 200)
    two = node("two", Store(tmp_path / "two"))
    agree(one, two)
    alice.send("PRIVMSG #tea :among us", "PRIVMSG #open :for all", "PART #tea,#open")
    alice.sync()
    agree(one, two)
    bob = two.guests.irc("bob", *CAPS, room="#tea,#open")
    assert history(bob, "#tea") == []
    assert history(bob, "#open") == ["for all"]
    bob.send("MODE #tea +i", "MODE #tea -i", "PRIVMSG #tea :new here")
    assert history(bob, "#tea") == ["new here"]
    agree(one, two)


def test_a_room_that_is_closed_while_a_server_starts_again_stays_so_there(
    redis: Redis, node: Start, tmp_path: Path
) -> None:
    """At a start nobody is in any room; here somebody was all the time, on another server."""
    one, two = node("one"), node("two", Store(tmp_path / "two"))
    alice = one.guests.irc("alice", *CAPS, room="#tea")
    alice.send("MODE #tea +i", "PRIVMSG #tea :before")
    alice.sync()
    agree(one, two)
    two.stop()
    two = node("two", Store(tmp_path / "two"))
    agree(one, two)
    alice.send("PRIVMSG #tea :among us", "PART #tea")
    alice.sync()
    agree(one, two)
    bob = two.guests.irc("bob", *CAPS, room="#tea")
    assert history(bob, "#tea") == []


@pytest.mark.parametrize("owned", [False, True])
def test_a_closed_room_that_was_opened_anew_while_a_server_was_away_is_hidden_there(
    wire: Wire, node: Start, often: None, tmp_path: Path, owned: bool
) -> None:
    """Its file has what was said behind the door, and never hears of those who left."""
    one, two = node("one"), node("two", Store(tmp_path / "two"), wire=wire)
    alice, bob = one.guests.irc("alice", room="#lobby,#tea,#open"), two.guests.irc("bob", *CAPS)
    alice.send("MODE #tea +i", "PRIVMSG #tea :among us", "PRIVMSG #open :for all")
    alice.sync()
    agree(one, two)
    wire.cut()
    bob.wait("link to the other servers is down")
    alice.send("PART #tea,#open")
    if owned:  # by whoever opens it then; it was nobody's
        alice.send("NICKSERV REGISTER open-sesame")
        alice.wait(" 900 |now yours|NOTICE alice :")
    alice.send("JOIN #tea,#open")
    talk(alice, 0, 200)
    wire.mend()
    bob.wait("link to the other servers is back")
    agree(one, two)
    alice.send("MODE #tea +i", "MODE #tea -i", "PRIVMSG #tea :new here")
    alice.sync()
    agree(one, two)
    bob.send("JOIN #tea,#open")
    bob.wait(" 366 bob #open ")
    assert history(bob, "#tea") == ["new here"]
    assert history(bob, "#open") == ["for all"]


def test_without_a_store_nobody_is_shown_what_was_said_in_a_closed_room(node: Start) -> None:
    """What was said last in others is held in memory, by all servers."""
    one, two = node("one"), node("two")
    alice = one.guests.irc("alice", room="#tea,#open")
    alice.send("MODE #tea +k sesame", "PRIVMSG #tea :among us", "PRIVMSG #open :for all", "PART #tea,#open")
    alice.sync()
    agree(one, two)
    bob = two.guests.irc("bob", "server-time", room="#tea,#open")
    assert said(bob.heard) == ["for all"]


def test_a_closed_room_is_closed_still_when_redis_has_lost_it(redis: Redis, node: Start, tmp_path: Path) -> None:
    """Those who are in it read on; who opens it when they have left reads nothing."""
    one, two = node("one", Store(tmp_path / "one")), node("two", Store(tmp_path / "two"))
    alice, bob = one.guests.irc("alice", *CAPS, room="#tea"), two.guests.irc("bob", *CAPS)
    alice.send("MODE #tea +i", "PRIVMSG #tea :among us")
    alice.sync()
    agree(one, two)
    redis.kill(forget=True)
    bob.wait("link to the other servers is down")
    redis.start()
    for peer in (alice, bob):
        peer.wait("link to the other servers is back")
    agree(one, two)
    assert history(alice, "#tea") == ["among us"]
    alice.send("PRIVMSG #tea :still among us", "PART #tea")
    alice.sync()
    bob.send("JOIN #tea")
    bob.wait(" 366 bob #tea ")
    assert history(bob, "#tea") == []
    agree(one, two)


def test_an_owners_room_that_is_brought_back_has_the_modes_that_it_was_left_with(wire: Wire, node: Start) -> None:
    """Not those that its server knew when the others gave it up. Its people are devices of who they are by now."""
    one, two = node("one"), node("two", wire=wire)
    alice, bob = one.guests.irc("alice"), two.guests.irc("bob", room="")
    bob.send("NICKSERV REGISTER open-sesame", "JOIN #tea")
    bob.wait(" 366 ")
    agree(one, two)
    wire.cut()
    bob.wait("link to the other servers is down")
    eventually(lambda: one.people() == ["alice"], "bob has left")
    alice.send("NICKSERV IDENTIFY bob open-sesame", "JOIN #tea", "MODE #tea +i", "PART #tea")
    alice.wait(" PART ")
    wire.mend()
    bob.wait("link to the other servers is back")
    agree(one, two)
    bob.send("MODE #tea")
    assert set(bob.wait(" 324 alice #tea (.*)")[1]) == set("+nti")
