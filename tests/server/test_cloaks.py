"""Nobody's address is seen but by operators of the server: against a real server, and over its restart."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from chatroom.common.cloaks import Cloaks
from chatroom.server.chat_server import ChatServer
from chatroom.server.reloadable_settings import Settings
from chatroom.storage.offline import OfflineStore
from chatroom.storage.store import Store
from tests.chat import INFO, QUICK
from tests.peers import Irc, Plain, Served, asked

BOB, EVE, OP = "127.0.44.55", "127.0.44.66", "127.0.99.1"  # eve is bob's neighbour


@contextmanager
def serving(data: Path, *, show: bool = False) -> Iterator[ChatServer]:
    server = ChatServer("127.0.0.1", 0, INFO, store=Store(data), unlimited=True, show_addresses=show)
    server.hub.context.passwords.scrypt = QUICK
    server.configure(Settings(operator_password="key"))
    server.start()
    try:
        yield server
    finally:
        server.stop()


class Room:
    """`op`, `bob` and `eve` in #a, which op runs; and `olga`, who can become an operator of the server."""

    def __init__(self, server: ChatServer) -> None:
        self.server = server
        self.op = Irc(server.port, "op", room="#a", source=OP)
        self.bob = Irc(server.port, "bob", room="#a", source=BOB)
        self.eve = Irc(server.port, "eve", room="#a", source=EVE)
        self.olga = Irc(server.port, "olga", room="", source="127.0.0.1")
        for each in self.all:
            each.sync()

    @property
    def all(self) -> list[Irc]:
        return [self.op, self.bob, self.eve, self.olga]

    @property
    def cloak(self) -> str:
        """Bob's."""
        return self.server.hub.context.cloaks.of_address(BOB)

    def close(self) -> None:
        for each in self.all:
            each.close()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with serving(tmp_path / "data") as server, closing(Room(server)) as room:
        yield room


def opered(peer: Irc) -> Irc:
    peer.send("OPER x key")
    peer.wait(" 381 ")
    peer.sync()
    return peer


def test_no_answer_and_no_line_has_an_address_in_it(room: Room) -> None:
    """Neither here, nor in lists, nor of who has left, nor in what a newcomer is shown."""
    bob, eve = room.bob, room.eve
    bob.send("PRIVMSG #a :hello", "TOPIC #a :tea", "PRIVMSG eve :psst")
    bob.sync()
    room.op.send("MODE #a -t", "TOPIC #a :coffee", "BAN #a bob", "MODE #a +b")
    room.op.sync()
    questions = [
        "WHOIS bob",
        "WHO bob",
        "WHO #a",
        "WHO #a %tcuihsnfdlaor,1",
        "USERHOST bob op",
        "MODE #a b",
        "TOPIC #a",
    ]
    for question in questions:
        eve.send(question)
    eve.sync()
    bob.send("QUIT")
    bob.rest()
    eve.send("WHOWAS bob")
    eve.sync()
    late = Irc(room.server.port, "late", "userhost-in-names", "server-time", "batch", room="#a", source="127.0.3.3")
    everything = "\n".join([*eve.heard, *late.heard, *room.op.heard])
    late.close()
    assert "PRIVMSG #a :hello" in everything
    assert f"bob!u@{room.cloak}" in everything
    assert not re.search(r"127\.0\.(44|99)\.", everything)
    for mask in (BOB, "127.*", "*.44.*"):
        assert [line for line in asked(eve, f"WHO {mask}") if " 352 " in line] == []


def test_operators_of_the_server_and_oneself_see_it(room: Room) -> None:
    olga = opered(room.olga)
    assert f" 338 olga bob u@{BOB} {BOB} :is actually there" in "\n".join(asked(olga, "WHOIS bob"))
    assert f" 338 bob bob u@{BOB} {BOB} :is actually there" in "\n".join(asked(room.bob, "WHOIS bob"))
    assert " 338 " not in "\n".join(asked(room.op, "WHOIS bob"))
    assert " bob " in asked(olga, f"WHO {BOB}")[0]
    room.bob.send("QUIT")
    room.bob.rest()
    room.eve.until(" QUIT ")
    assert f" 338 olga bob u@{BOB} {BOB} :is actually there" in "\n".join(asked(olga, "WHOWAS bob"))
    assert BOB not in "".join(asked(room.eve, "WHOWAS bob"))


def test_a_ban_by_cloak_and_by_its_network_holds(room: Room) -> None:
    """For who comes back, under any name and with an account, too; eve is met by the network alone."""
    _, network = room.cloak.split(".", 1)
    room.op.send(f"BAN #a *!*@{room.cloak}")
    room.bob.wait(" KICK #a bob ")
    assert not [line for line in room.eve.sync() if " KICK #a eve " in line]
    again = Irc(room.server.port, "rob", room="", source=BOB)
    assert " 474 " in asked(again, "JOIN #a")[0]
    again.send("NS REGISTER long-enough-1")
    again.wait("rob")
    again.send("QUIT")
    again.rest()  # who logs in while it is there is a device of the same person, under that name
    again.close()
    member = Irc(room.server.port, "rob2", room="", source=BOB, password="rob:long-enough-1")
    assert "rob.users.chatroom.test" in asked(member, "USERHOST rob2")[0]
    assert " 474 " in asked(member, "JOIN #a")[0]
    member.close()
    room.op.send(f"UNBAN #a *!*@{room.cloak}", f"BAN #a *!*@*.{network}")
    room.eve.wait(" KICK #a eve ")
    room.op.sync()


def test_a_ban_by_name_is_one_of_the_cloak(room: Room) -> None:
    room.op.send("BAN #a bob")
    assert f"*!*@{room.cloak}" in "\n".join(room.op.sync())
    room.op.send("UNBAN #a bob")
    assert "MODE #a -bb " in "\n".join(room.op.sync())


@pytest.mark.parametrize(
    "line", [f"BAN #a {BOB}", "MODE #a +b *!*@127.0.4*", "MODE #a +e *!*@127.0.44.*", f"MODE #a -b *!*@{BOB}"]
)
def test_a_rooms_operator_cannot_find_out_an_address_by_masks(room: Room, line: str) -> None:
    """Refused with a reason, whatever it would meet."""
    assert " 696 " in "".join(asked(room.op, line))
    assert room.bob.sync() == []


def test_nor_by_lifting(room: Room) -> None:
    room.op.send("BAN #a bob")
    room.op.sync()
    assert " 696 " in "".join(asked(room.op, f"UNBAN #a {BOB}"))


def test_operators_of_the_server_ban_by_address_and_others_read_a_cloak(room: Room) -> None:
    olga = opered(room.olga)
    olga.send(f"BAN #a *!*@{BOB}")
    told = room.eve.until(" KICK #a bob ")
    assert f"+b *!*@{room.cloak}" in told[0]
    assert BOB not in "".join(told)
    olga.send(f"UNBAN #a *!*@{BOB}")
    room.eve.wait(f"MODE #a -b \\*!\\*@{room.cloak}")
    olga.send("BAN #a 127.0.44.*")
    room.eve.wait(" KICK #a eve ")


def test_a_ban_from_the_server_by_name_keeps_the_address_out(room: Room) -> None:
    opered(room.olga).send("KLINE bob :spam")
    room.bob.rest()
    room.olga.sync()
    assert f"*!*@{BOB}" not in room.server.hub.state.bans
    assert f"{BOB}/32" in room.server.hub.state.bans


def test_netcat_learns_no_address_either(room: Room) -> None:
    dora = Plain(room.server.port, "dora", source="127.0.3.9")
    dora.send("/join #a", "/who", "/whois bob", "/bans", f"/ban {BOB}")
    dora.sync()
    dora.close()
    assert "127.0." not in "\n".join(line for line in dora.heard if BOB not in line or "operator" not in line)


def test_the_key_is_made_once_and_nobody_changes_over_a_restart(tmp_path: Path) -> None:
    seen = []
    for _ in range(2):
        with serving(tmp_path / "data") as server:
            bob = Irc(server.port, "bob", source=BOB)
            seen.append(asked(bob, "USERHOST bob")[0])
            bob.close()
    assert seen[0] == seen[1]
    with closing(OfflineStore(tmp_path / "data")) as offline, closing(offline.reader()) as reader:
        hosts = {event.by.host for event in reader.history("#lobby", limit=10, everything=True)}
    assert hosts == {seen[0].partition("@")[2]}


def test_what_was_kept_with_addresses_is_shown_with_cloaks_and_old_bans_hold(tmp_path: Path) -> None:
    """Messages, topics, bans and who set them, from before."""
    data = tmp_path / "data"
    with serving(data, show=True) as server, closing(Room(server)) as room:
        owner = Irc(server.port, "owner", room="", source=OP)
        owner.send("NS REGISTER long-enough-1")
        owner.wait("owner")
        owner.sync()
        owner.send("JOIN #mine", "PRIVMSG #mine :old words", "TOPIC #mine :old topic")
        owner.send(f"MODE #mine +bb *!*@{BOB} *!*@127.0.7.*")
        assert OP in "".join(owner.sync())
        owner.close()
    with serving(data) as server, closing(Room(server)) as room:
        assert " 474 " in asked(room.bob, "JOIN #mine")[0]
        room.eve.send("JOIN #mine", "MODE #mine b")
        told = "\n".join(room.eve.sync())
        assert "old words" in told
        assert "old topic" in told
        assert f"*!*@{room.cloak}" in told
        assert "127.0." not in told
        opered(room.olga).send(f"UNBAN #mine *!*@{BOB}")
        room.olga.sync()
        assert asked(room.bob, "JOIN #mine")[0].endswith("JOIN #mine")
    with serving(data) as server, closing(Room(server)) as room:
        assert asked(room.bob, "JOIN #mine")[0].endswith("JOIN #mine"), "it is lifted for good"


def test_addresses_are_shown_where_that_is_asked_for(serve: Callable[..., Served], tmp_path: Path) -> None:
    """By the option; bans by cloak hold all the same."""
    for options, shown in (((), False), (("--show-addresses",), True)):
        served = serve("--data", str(tmp_path / "data"), *options)
        bob = Irc(served.port, "bob", source=BOB)
        assert (BOB in asked(bob, "USERHOST bob")[0]) is shown
        bob.close()
        served.type("q")
        served.ends()
    with serving(tmp_path / "data", show=True) as server, closing(Room(server)) as room:
        room.op.send(f"BAN #a *!*@{room.cloak}")
        room.bob.wait(" KICK #a bob ")


def test_a_lost_file_keeps_its_key(tmp_path: Path) -> None:
    """The new one that is begun then has the same, so bans go on holding."""
    store = Store(tmp_path / "data")
    key = store.cloaks.key
    store.path.unlink()
    store.check_file()
    store._retry_at = 0.0
    store.retry_if_due()
    assert not store.failure
    store.close()
    again = Store(tmp_path / "data")
    assert again.cloaks.key == key != Cloaks(b"").key
    again.close()
