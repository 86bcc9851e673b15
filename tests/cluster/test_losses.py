"""Redis loses what it had while servers use it, and servers come again when others have changed what lasts."""

import json
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from chatroom.cluster import snapshots
from chatroom.cluster.redis_stream import REDIS_TIMEOUT_SECONDS, LinkError, Stream
from chatroom.cluster.spool import Proposal
from chatroom.model.commands import Ban, BanFromServer, DropAccount, Quit, SetModes, SetOperator, Unban, UnbanFromServer
from chatroom.model.outcomes import Command
from chatroom.model.values import ModeChange
from chatroom.storage import markers, metadata
from chatroom.storage.store import Store
from tests.cluster.conftest import QUICK, Node, Redis, Wire, agree
from tests.peers import DEADLINE, Irc, Served, eventually

pytestmark = pytest.mark.needs("redis-server")
Start = Callable[..., Node]

PASSWORD = "open-sesame-1"
KEYS = ("chatroom:stream", "chatroom:snapshots", "chatroom:chat")


def lose(redis: Redis, key: str) -> None:
    """Redis loses a key, or without one all of them; its connections live."""
    redis.tell(*(("DEL", key) if key else ("FLUSHALL",)))


def forget(redis: Redis, *nodes: Node) -> None:
    """Redis is ended, and started again without its data."""
    redis.kill(forget=True)
    for each in nodes:
        eventually(each.is_down, "it is noticed")
    redis.start()
    for each in nodes:
        eventually(each.settled, "the link is back")


def kept(directory: Path) -> tuple[set[str], dict[str, str], dict[str, dict[str, str]], set[str]]:
    """What is in a server's own file: accounts, owners, modes of their rooms, masks. The server must have ended."""
    store = Store(directory)
    reader = store.reader()
    try:
        accounts = {name for name, *_ in reader.accounts()}
        return accounts, reader.owners(), reader.modes(), {entry.mask for _, _, entry in reader.lists()}
    finally:
        reader.close()
        store.close()


def own(node: Node, *commands: Command) -> None:
    """Does something at a server's console; what is asked of it is carried out when this returns."""
    node.log.submit(node.server.hub.state.server_session, commands)


def claim(node: Node, nick: str, room: str = "#lobby") -> None:
    """Somebody claims a name, opens a room, and leaves."""
    peer = node.guests.irc(nick, room=room)
    peer.send(f"PRIVMSG NickServ :REGISTER {PASSWORD}", f"PART {room}", f"JOIN {room}")
    peer.wait(" 366 ")
    peer.send("QUIT")
    eventually(lambda: nick not in node.people(), f"{nick} has left")


def stay(node: Node, nick: str, room: str) -> None:
    """Somebody claims a name, asks to stay, opens a room and leaves without leaving it."""
    peer = node.guests.irc(nick, room=room)
    peer.send(f"PRIVMSG NickServ :REGISTER {PASSWORD}", "PERSISTENCE SET ON")
    peer.wait("PERSISTENCE STATUS ON ON")
    peer.send("QUIT")
    peer.rest()


def test_who_stays_is_there_however_servers_and_redis_end(redis: Redis, node: Start, tmp_path: Path) -> None:
    """A server that dies, Redis without its data, and all of them at once: each file is enough."""
    one, two = node("one", Store(tmp_path / "one")), node("two", Store(tmp_path / "two"))
    stay(one, "alice", "#tea")
    stay(two, "bob", "#tea")
    eve = two.guests.irc("eve", room="#tea")
    agree(one, two)
    forget(redis, one, two)
    agree(one, two)
    assert {*one.people()} == {*two.people()} == {"alice", "bob", "eve"}
    one.stop()
    eve.send("PRIVMSG alice :psst", "KICK #tea bob")
    eve.sync()
    two.stop()
    redis.kill(forget=True)
    redis.start()
    again = node("one", Store(tmp_path / "one"))  # it has not heard of what came last
    assert {*again.people()} == {"alice", "bob"}
    other = node("two", Store(tmp_path / "two"))
    agree(again, other)
    for server in (again, other):
        state = server.server.hub.state
        assert {*server.people()} == {"alice", "bob"}
        assert {user.person.nick for user in state.rooms["#tea"].members.values()} == {"alice", "bob"}
        assert not [user.devices for user in state.users.values() if user.devices]
    alice = Irc(other.server.port, "alice", password=f"alice:{PASSWORD}", room="")
    assert any(line.endswith("JOIN #tea") for line in alice.heard)
    alice.close()


def test_who_stays_is_brought_with_what_is_theirs(redis: Redis, node: Start, tmp_path: Path) -> None:
    """What they have set about themselves and what they saw last, to rooms as the others have left them."""
    one = node("one", Store(tmp_path / "one"))
    eve = one.guests.irc("eve", room="#tea")
    alice = one.guests.irc("alice", "draft/metadata-3", room="#tea")
    alice.send(f"PRIVMSG NickServ :REGISTER {PASSWORD}", "PERSISTENCE SET ON", "METADATA * SET display-name Al")
    eve.send("PRIVMSG #tea :hi")
    alice.wait(" PRIVMSG #tea :hi")
    alice.send("QUIT")
    alice.rest()
    agree(one)
    seen = one.server.hub.state.absences.rooms["#tea"]["alice"]
    assert one.server.hub.state.profiles == {"alice": {"display-name": "Al"}}
    one.stop()
    redis.tell("FLUSHALL")
    other = node("two", Store(tmp_path / "two"))
    guest = other.guests.irc("guest", "draft/channel-rename", room="#tea")
    guest.send("TOPIC #tea :green", "RENAME #tea #milk", "PART #milk")
    guest.wait(" PART #milk")
    again = node("one", Store(tmp_path / "one"))
    agree(other, again)
    for state in (other.server.hub.state, again.server.hub.state):
        alice_there = state.presences["alice"]
        assert alice_there.metadata == state.profiles["alice"] == {"display-name": "Al"}
        assert {room.name: room.topic and room.topic.text for room in alice_there.rooms.values()} == {"#milk": "green"}
        assert state.absences.rooms["#milk"]["alice"] == seen
    other.stop()
    with closing(Store(tmp_path / "two")) as store, closing(store.reader()) as reader:
        assert list(reader.read(metadata.read)) == [("alice", "display-name", "Al")]


# ---- noticed -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", *KEYS])
def test_a_server_that_comes_after_a_loss_is_in_the_same_chat(redis: Redis, node: Start, key: str) -> None:
    """Although the connections of those who were there live on."""
    one = node("one")
    alice = one.guests.irc("alice")
    lose(redis, key)
    two = node("two")
    bob = two.guests.irc("bob")
    agree(one, two)
    assert sorted(one.people()) == ["alice", "bob"]
    alice.send("PRIVMSG #lobby :hello bob")
    bob.wait(" PRIVMSG #lobby :hello bob")
    bob.send("PRIVMSG #lobby :hello alice")
    alice.wait(" PRIVMSG #lobby :hello alice")


@pytest.mark.parametrize("key", ["", *KEYS])
def test_what_is_said_right_after_a_loss_is_not_lost(redis: Redis, node: Start, key: str) -> None:
    """It is written again, into what begins anew; and people, ranks and topics are there again."""
    one, two = node("one"), node("two")
    alice, bob = one.guests.irc("alice", room="#tea"), two.guests.irc("bob", room="#tea")
    alice.send("TOPIC #tea :green", "MODE #tea +v bob")
    bob.wait(" MODE ")
    agree(one, two)
    lose(redis, key)
    alice.send(*[f"PRIVMSG #tea :from alice {n}" for n in range(20)])
    bob.send(*[f"PRIVMSG #tea :from bob {n}" for n in range(20)])
    alice.wait("from bob 19$")
    bob.wait("from alice 19$")
    for peer, other in ((alice, "bob"), (bob, "alice")):
        heard = [line for line in peer.heard if f"from {other} " in line]
        assert [line.rpartition(" ")[2] for line in dict.fromkeys(heard)] == [str(n) for n in range(20)]
    eventually(lambda: one.settled() and two.settled(), "all is well again")
    agree(one, two)
    bob.send("TOPIC #tea", "NAMES #tea")
    bob.wait(" 332 bob #tea :green")
    assert set(bob.wait(" 353 bob = #tea :(.*)")[1].split()) == {"@alice", "+bob"}


def test_a_loss_is_noticed_where_nobody_says_anything(redis: Redis, node: Start) -> None:
    """By the next beat at the latest, and people are told that something may be missing."""
    one, two = node("one"), node("two")
    peers = [each.guests.irc(name) for each, name in ((one, "alice"), (two, "bob"))]
    agree(one, two)
    redis.tell("FLUSHALL")
    for peer in peers:
        peer.wait("what was said there meanwhile may be missing")
    agree(one, two)


def test_the_version_is_put_back_when_it_alone_is_lost(redis: Redis, node: Start) -> None:
    """Or servers of another one could mix with these."""
    node("one")
    redis.tell("DEL", "chatroom:protocol")
    eventually(lambda: redis.tell("EXISTS", "chatroom:protocol") == b":1\r\n", "it is there again")


def test_a_snapshot_of_a_chat_that_was_lost_is_not_kept_with_the_next(redis: Redis, node: Start) -> None:
    """A server that is about to write one has not noticed yet."""
    one = node("one")
    with one.log.lock:  # so that it can't notice
        stale = Stream(redis.url, 1)
        stale.chat = redis.number("chatroom:chat")
        redis.tell("FLUSHALL")
        stale.found("another", 7)
        with pytest.raises(LinkError, match="lost"):
            stale.keep("1-1", "stale")
        assert redis.tell("HEXISTS", "chatroom:snapshots", "1-1") == b":0\r\n"
        redis.tell("FLUSHALL")
        stale.close()


# ---- what lasts ----------------------------------------------------------------------------------------------------


def test_what_was_dropped_while_a_server_was_away_does_not_come_back(
    redis: Redis, node: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accounts with their passwords, owners, modes and bans go from its own file, too; what is new is there.

    Although it was away for so long that it is told by a snapshot alone.
    """
    monkeypatch.setattr("chatroom.cluster.redis_link.SNAPSHOT_ENTRIES", 20)
    monkeypatch.setattr("chatroom.cluster.redis_stream.SNAPSHOTS_KEPT", 2)
    one, two = node("one"), node("two", Store(tmp_path / "two"))
    for nick in ("alice", "carol"):
        claim(one, nick, room=f"#of-{nick}")
    own(one, BanFromServer("192.0.2.1", 0, "spam"), Ban("#of-carol", "mallory"))
    own(one, SetModes("#of-carol", (ModeChange(True, "m"),)))
    agree(one, two)
    two.stop()
    accounts, owners, modes, masks = kept(tmp_path / "two")
    assert accounts == {"alice", "carol"}
    assert owners == {"#of-alice": "alice", "#of-carol": "carol"}
    assert "m" not in modes.get("#of-alice", {})
    assert len(masks) == 2
    own(one, DropAccount("alice", ""), UnbanFromServer("192.0.2.1"), Unban("#of-carol", "mallory"))
    claim(one, "dora", room="#of-dora")
    own(one, Ban("#of-dora", "trent"))
    stream = Stream(redis.url, 0)
    talker = one.guests.irc("talker")
    while snapshots.mark(stream.snapshot(stream.snapshots()[-1]) or "").last <= two.log.replica.last:
        talker.send("PRIVMSG #lobby :and so on")
        talker.sync()
    stream.close()
    again = node("two", Store(tmp_path / "two"))
    agree(one, again)
    again.stop()
    accounts, owners, modes, masks = kept(tmp_path / "two")
    assert accounts == {"carol", "dora"}
    assert owners == {"#of-carol": "carol", "#of-dora": "dora"}
    assert masks == {"trent!*@*"}
    one.stop()
    redis.tell("FLUSHALL")
    alone = node("two", Store(tmp_path / "two"))
    assert set(alone.server.hub.state.accounts) == {"carol", "dora"}
    assert not alone.server.hub.state.bans


def test_an_account_dropped_while_a_server_was_away_stays_so_when_redis_loses_its_data(
    redis: Redis, node: Start, tmp_path: Path
) -> None:
    """The server that comes again was part of what this chat continues, and knows nothing later."""
    one, two = node("one", Store(tmp_path / "one")), node("two", Store(tmp_path / "two"))
    claim(one, "alice")
    agree(one, two)
    two.stop()
    own(one, DropAccount("alice", ""))
    forget(redis, one)
    again = node("two", Store(tmp_path / "two"))
    agree(one, again)
    assert not again.server.hub.state.accounts
    again.stop()
    assert kept(tmp_path / "two")[0] == set()


def test_a_server_without_data_that_begins_anew_takes_nothing_from_the_others(
    redis: Redis, node: Start, tmp_path: Path
) -> None:
    """When Redis has lost its data, those who come later bring the accounts, rooms and bans that they know."""
    one = node("one", Store(tmp_path / "one"))
    claim(one, "alice", room="#of-alice")
    own(one, BanFromServer("192.0.2.1", 0, "spam"), Ban("#of-alice", "mallory"))
    agree(one)
    before = dict(one.server.hub.state.accounts)
    one.stop()
    redis.tell("FLUSHALL")
    empty = node("empty", Store(tmp_path / "empty"))
    again = node("one", Store(tmp_path / "one"))
    agree(empty, again)
    hub = empty.server.hub
    assert hub.state.accounts == before
    assert hub.state.owners == {"#of-alice": "alice"}
    assert list(hub.state.bans) == ["192.0.2.1/32"]
    guest = empty.guests.irc("guest", room="")
    guest.send("NICK alice")
    guest.wait(" 433 ")
    guest.send(f"PRIVMSG NickServ :IDENTIFY alice {PASSWORD}")
    guest.wait(" 900 ")
    for each, name in ((empty, "empty"), (again, "one")):
        each.stop()
        accounts, owners, _, masks = kept(tmp_path / name)
        assert accounts == {"alice"}
        assert owners == {"#of-alice": "alice"}
        assert masks == {"192.0.2.1/32", "mallory!*@*"}


def test_what_waits_and_what_was_read_is_brought_to_a_chat_that_begins_anew(
    redis: Redis, node: Start, tmp_path: Path
) -> None:
    """With the accounts whose they are; a restart of the server that took them over keeps what was read."""
    one = node("one", Store(tmp_path / "one"))
    alice, bob = one.guests.irc("alice", "draft/read-marker"), one.guests.irc("bob")
    alice.send(f"NICKSERV REGISTER {PASSWORD}", "MARKREAD #lobby timestamp=2020-01-01T00:00:00.000Z")
    bob.send(f"NICKSERV REGISTER {PASSWORD}")
    bob.wait("The name bob is yours")
    alice.wait("MARKREAD #lobby")
    alice.close()
    eventually(lambda: "alice" not in one.people(), "alice has left")
    bob.send("PRIVMSG alice :this waits")
    bob.sync()
    agree(one)
    one.stop()
    redis.tell("FLUSHALL")
    empty = node("empty", Store(tmp_path / "empty"))
    again = node("one", Store(tmp_path / "one"))
    agree(empty, again)
    for each in (empty, again):
        state = each.server.hub.state
        assert [said.text for said in state.waiting["alice"]] == ["this waits"]
        assert state.markers.names("alice") == {"#lobby": 1577836800000}
    back = empty.guests.irc("back")
    back.send(f"NICKSERV IDENTIFY alice {PASSWORD}")
    back.wait(r":bob!\S+ PRIVMSG \S+ :.*this waits")
    for each, name in ((empty, "empty"), (again, "one")):
        each.stop()
        with closing(Store(tmp_path / name)) as store, closing(store.reader()) as reader:
            assert list(reader.read(markers.read)) == [("alice", "#lobby", 1577836800000)]


def test_a_name_that_is_somebody_elses_by_then_is_not_brought(
    redis: Redis, node: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor the rooms of whoever had it, nor a name that looks like one of these; and the log tells."""
    one = node("one", Store(tmp_path / "one"))
    for nick in ("alice", "modem", "carol"):
        claim(one, nick, room=f"#of-{nick}")
    one.stop()
    redis.tell("FLUSHALL")
    other = node("other")
    for nick in ("alice", "modern"):
        claim(other, nick, room=f"#other-{nick}")
    secret = other.server.hub.state.accounts["alice"].secret
    again = node("one", Store(tmp_path / "one"))
    agree(other, again)
    hub = again.server.hub
    assert sorted(hub.state.accounts) == ["alice", "carol", "modern"]
    assert hub.state.accounts["alice"].secret == secret
    assert hub.state.owners == {"#other-alice": "alice", "#other-modern": "modern", "#of-carol": "carol"}
    assert "the others know somebody else of these names, or of one like it: alice, modem" in caplog.text


def cut_off(wire: Wire, node: Node) -> None:
    """One server alone loses Redis."""
    wire.cut()
    eventually(node.is_down, "it is noticed")


def test_whose_account_was_dropped_while_their_server_was_away_is_logged_out(wire: Wire, node: Start) -> None:
    """Even if the name is somebody else's by then: neither it nor its rooms are theirs."""
    one, two = node("one"), node("two", wire=wire)
    alice = two.guests.irc("alice")
    alice.send(f"PRIVMSG NickServ :REGISTER {PASSWORD}")
    alice.wait(" 900 ")
    agree(one, two)
    cut_off(wire, two)
    eventually(lambda: one.people() == [], "two is given up")
    own(one, DropAccount("alice", ""))
    claim(one, "alice")
    wire.mend()
    alice.wait(" 901 ")
    agree(one, two)
    assert [user.person.account for user in one.server.hub.state.users.values()] == [""]


def test_who_was_made_no_operator_while_their_server_was_away_is_none(wire: Wire, node: Start) -> None:
    """They bring themselves as they were; who is one by the configuration of their server stays one."""
    one, two = node("one"), node("two", wire=wire)
    two.server.hub.context.operators = frozenset({"bob"})
    alice = two.guests.irc("alice")
    alice.send(f"PRIVMSG NickServ :REGISTER {PASSWORD}")
    alice.wait(" 900 ")
    claim(one, "bob")
    agree(one, two)
    own(one, SetOperator("alice", on=True))
    alice.wait(" 381 ")
    bob = two.guests.irc("b0b_")
    bob.send(f"PRIVMSG NickServ :IDENTIFY bob {PASSWORD}")
    bob.wait(" 381 ")
    agree(one, two)
    cut_off(wire, two)
    eventually(lambda: one.people() == [], "two is given up")
    own(one, SetOperator("alice", on=False))
    wire.mend()
    agree(one, two)
    alice.wait(r"^:alice!\S+ MODE alice -o")
    assert [user.person.nick for user in one.server.hub.state.users.values() if user.is_operator] == ["b0b_"]
    assert one.server.hub.state.holders["o"] == 1


def test_who_says_something_and_leaves_while_the_link_is_down_is_heard(wire: Wire, node: Start) -> None:
    """Although their server has been given up meanwhile."""
    one, two = node("one"), node("two", wire=wire)
    bob, alice = one.guests.irc("bob"), two.guests.irc("alice")
    bob.wait(" JOIN ")
    cut_off(wire, two)
    alice.send("PRIVMSG #lobby :I have to go", "QUIT :bye")
    eventually(lambda: two.server.hub.state.here == 0, "she has left")
    bob.wait(r":alice!\S+ QUIT :the link to two was lost")
    wire.mend()
    bob.wait(r":alice!\S+ JOIN :?#lobby")
    bob.wait(r":alice!\S+ PRIVMSG #lobby :I have to go")
    bob.wait(r":alice!\S+ QUIT :Quit: bye")
    agree(one, two)
    assert one.people() == ["bob"]


def test_who_leaves_while_they_are_coming_and_the_link_is_down_leaves_nobody_behind(redis: Redis, node: Start) -> None:
    """However long their connection takes to be closed."""
    one, two = node("one"), node("two")
    redis.freeze()
    ghost = one.guests.stranger()
    ghost.send("ghost")
    eventually(one.has_sent, "they are on their way")
    eventually(one.is_down, "the link is down")
    [connection] = one.server.everybody()
    one.log.submit(connection.session, [Quit("no sign of life", ask=False)])
    redis.thaw()
    eventually(one.settled, "the link is back")
    agree(one, two)
    assert one.people() == two.people() == []


# ---- races ---------------------------------------------------------------------------------------------------------


def test_of_two_names_that_look_alike_claimed_at_once_the_first_is_an_account(redis: Redis, node: Start) -> None:
    """On all servers; the other is told why not."""
    one, two = node("one"), node("two")
    peers = [one.guests.stranger(), two.guests.stranger()]
    for peer, nick in zip(peers, ("modem", "modern"), strict=True):
        peer.send("CAP LS 302", "CAP REQ :draft/account-registration standard-replies", f"NICK {nick}")
        peer.wait(" ACK ")
    redis.freeze()  # so that both are decided before either is known
    for peer, nick in zip(peers, ("modem", "modern"), strict=True):
        peer.send(f"REGISTER {nick} * {PASSWORD}")
    eventually(lambda: one.has_sent() and two.has_sent(), "both are on their way")
    redis.thaw()
    answers = [peer.wait(" ?(REGISTER SUCCESS|FAIL REGISTER \\S+)")[1] for peer in peers]
    assert sorted(answer.split()[0] for answer in answers) == ["FAIL", "REGISTER"]
    agree(one, two)
    assert len(one.server.hub.state.accounts) == 1
    three = node("three")
    agree(one, two, three)


def test_who_logs_in_to_an_account_that_is_dropped_before_they_are_in_has_none(node: Start) -> None:
    """Nobody who claims the name then finds somebody else logged in to it."""
    one, two = node("one"), node("two")
    claim(one, "alice")
    agree(one, two)
    guest = two.guests.stranger()
    guest.send("CAP LS 302", "CAP REQ :sasl", "NICK guest", "USER u 0 * :r")
    guest.wait(" ACK ")
    guest.send("AUTHENTICATE PLAIN")
    guest.wait("AUTHENTICATE")
    guest.send("AUTHENTICATE AGFsaWNlAG9wZW4tc2VzYW1lLTE=")
    guest.wait(" 900 ")
    two.log.spool.let(open=False)  # so that it comes second
    guest.send("CAP END")
    eventually(two.has_sent, "they are on their way")
    own(one, DropAccount("alice", ""))
    two.log.spool.let(open=True)
    guest.wait(" 001 ")
    agree(one, two)
    assert [user.person.account for user in one.server.hub.state.users.values()] == [""]


def test_a_password_and_a_ghost_are_of_the_account_that_was_meant(node: Start) -> None:
    """If it was dropped first, and its name claimed by somebody else, nothing of theirs is changed."""
    one, two = node("one"), node("two")
    alice = two.guests.irc("alice")
    alice.send(f"PRIVMSG NickServ :REGISTER {PASSWORD}")
    alice.wait(" 900 ")
    alice.send("NICK alicia")
    alice.wait(" NICK :?alicia")
    agree(one, two)
    two.log.spool.let(open=False)  # so that it comes second
    alice.send(f"PRIVMSG NickServ :SET PASSWORD {PASSWORD} another-pass-1")
    eventually(two.has_sent, "it is on its way")
    own(one, DropAccount("alice", ""))
    claim(one, "alice")
    secret = one.server.hub.state.accounts["alice"].secret
    two.log.spool.let(open=True)
    alice.wait("not logged in")
    agree(one, two)
    assert one.server.hub.state.accounts["alice"].secret == secret
    holder = one.guests.irc("holder")
    guest = two.guests.irc("guest")
    holder.send("NICK dora", f"PRIVMSG NickServ :REGISTER {PASSWORD}", "NICKSERV LOGOUT")
    holder.wait(" 901 ")
    agree(one, two)
    two.log.spool.let(open=False)
    guest.send(f"PRIVMSG NickServ :GHOST dora {PASSWORD}")
    eventually(two.has_sent, "it is on its way")
    own(one, DropAccount("dora", ""))
    two.log.spool.let(open=True)
    guest.sync()
    agree(one, two)
    assert "dora" in one.people()


# ---- threads -------------------------------------------------------------------------------------------------------


def test_an_error_in_the_program_does_not_silence_the_writing_thread(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It tries again; so a server that starts does, too."""
    fails = [RuntimeError("a mistake")] * 3
    real = Stream.append

    def fail(stream: Stream, content: bytes) -> None:
        if fails:
            raise fails.pop()
        real(stream, content)

    monkeypatch.setattr(Stream, "append", fail)
    one = Node(redis.url, "one")
    try:
        alice, bob = one.guests.irc("alice", "draft/read-marker"), one.guests.irc("bob")
        fails.append(RuntimeError("another"))
        alice.send("PRIVMSG #lobby :still here")
        bob.wait("still here")
    finally:
        one.close()


def test_what_can_not_be_written_holds_up_nothing_else(redis: Redis) -> None:
    """It is left out; half a character becomes a question mark."""
    one = Node(redis.url, "one")
    try:
        alice = one.guests.irc("alice")
        with one.log.lock:
            one.log.spool.add(Proposal(None, [], [["Said", object()]]))
        one.server.announce("caf\udce9")
        alice.wait("caf\\?")
        alice.send("PRIVMSG alice :still here")
        alice.wait("still here")
        agree(one)
    finally:
        one.close()


def test_an_error_in_the_program_does_not_end_the_reading_thread(
    redis: Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even one while it is told that the link is broken."""
    caplog.set_level("INFO")
    one = Node(redis.url, "one")
    try:
        alice, bob = one.guests.irc("alice", "draft/read-marker"), one.guests.irc("bob")

        def fail(*_: object, **__: object) -> None:
            monkeypatch.undo()
            raise RuntimeError("a mistake")

        monkeypatch.setattr(Stream, "has", fail)
        eventually(lambda: "is there again" in caplog.text, "it has failed and was mended")
        alice.send("PRIVMSG #lobby :still here")
        bob.wait("still here")

        def fail_twice(*_: object) -> None:
            monkeypatch.setattr(one.log.spool, "let", fail)
            raise RuntimeError("a mistake")

        monkeypatch.setattr(one.log.replica, "apply_entries", fail_twice)
        alice.send("PRIVMSG #lobby :and here")
        bob.wait("and here")
    finally:
        one.close()


# ---- the end -------------------------------------------------------------------------------------------------------


def test_a_stop_has_one_deadline_whatever_hangs(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis, a client that reads nothing, and one that has just done something: they share the time there is."""
    monkeypatch.setattr("chatroom.server.chat_server.STOP_SECONDS", 2.0)
    monkeypatch.setattr("chatroom.server.chat_server.DRAIN_SECONDS", 1.5)
    monkeypatch.setattr("chatroom.server.chat_server.LINK_DRAIN_SECONDS", 0.5)
    one = Node(redis.url, "one", timing=QUICK._replace(timeout=REDIS_TIMEOUT_SECONDS))
    try:
        alice, _stuck = one.guests.irc("alice"), one.guests.irc("stuck")
        for _ in range(500):  # until its sockets are full, but not so much that it is cut
            alice.send(*[f"PRIVMSG #lobby :{'x' * 400}" for _ in range(100)])
            alice.sync()
            if one.server.courier.slow_readers():
                break
        redis.freeze()
        alice.send("AWAY :gone")
        eventually(one.has_sent, "it is on its way")
        assert one.server.courier.slow_readers()
        start = time.monotonic()
        stopping = threading.Thread(target=one.stop)
        stopping.start()
        stopping.join(DEADLINE)
        assert time.monotonic() - start < 4.0
    finally:
        redis.thaw()
        one.close()


def test_a_second_signal_ends_a_server_that_can_not_stop(redis: Redis, serve: Callable[..., Served]) -> None:
    """At once."""
    one = serve("--cluster", redis.url, "--name", "one", "--unlimited")
    alice = Irc(one.port, "alice")
    redis.freeze()
    alice.send("AWAY :gone")
    one.process.terminate()
    one.err.wait("saying goodbye")
    start = time.monotonic()
    one.process.terminate()
    assert one.ends() == -15
    assert time.monotonic() - start < 1.0
    alice.close()


def test_what_lasts_is_known_by_when_it_was_known() -> None:
    """Who was part of a chat that goes on brings nothing, unless it knows of later things."""
    mark = snapshots.Mark(9, 9, 9, chat=3, before=((1, 100), (2, 200)))
    assert mark.covers(3, 10_000)
    assert mark.covers(2, 200)
    assert mark.covers(1, 100)
    assert not mark.covers(2, 201)
    assert not mark.covers(7, 1)
    assert not snapshots.Mark(9, 9, 9).covers(0, 0)
    assert snapshots.mark(f"{json.dumps(mark)}\n{{}}") == mark


def test_what_a_stream_that_is_set_back_has_lost_is_brought_again(redis: Redis, wire: Wire, node: Start) -> None:
    """As by a replica that takes over without the latest: accounts, and what is said from then on."""
    one, two = node("one", wire=wire), node("two", wire=wire)
    alice, bob = one.guests.irc("alice"), two.guests.irc("bob")
    agree(one, two)
    last = one.log.replica.at
    alice.send(f"PRIVMSG NickServ :REGISTER {PASSWORD}")
    alice.wait(" 900 ")
    agree(one, two)
    for each in (one, two):
        cut_off(wire, each)
    stream = Stream(redis.url, redis.number("chatroom:protocol"))
    stream.chat = redis.number("chatroom:chat")
    for entry, _ in stream.read(last, 1000):
        redis.tell("XDEL", "chatroom:stream", entry)
    stream.close()
    wire.mend()
    for peer in (alice, bob):
        peer.wait("what was said there meanwhile may be missing")
    agree(one, two)
    assert list(one.server.hub.state.accounts) == ["alice"]
    bob.send("PRIVMSG #lobby :hello again")
    alice.wait("hello again")
