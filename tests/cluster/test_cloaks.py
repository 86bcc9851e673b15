"""Several servers hide addresses by one key."""

from collections.abc import Callable
from pathlib import Path

import pytest

from chatroom.storage.store import Store
from tests.cluster.conftest import Node, Redis
from tests.peers import Irc, asked, eventually

pytestmark = pytest.mark.needs("redis-server")
Start = Callable[..., Node]
BOB = "127.0.44.55"


def test_somebody_has_one_cloak_on_all_servers_and_bans_by_it_hold_everywhere(node: Start) -> None:
    """An operator on another server is told the address all the same."""
    one, two = node("one"), node("two")
    op = one.guests.irc("op", room="#a")
    bob = Irc(two.server.port, "bob", room="#a", source=BOB)
    cloak = one.server.hub.context.cloaks.of_address(BOB)
    assert cloak == two.server.hub.context.cloaks.of_address(BOB)
    assert cloak in "".join(asked(op, "USERHOST bob"))
    one.server.hub.context.operator_password = "key"
    boss = one.guests.irc("boss", room="")
    boss.send("OPER x key")
    boss.wait(" 381 ")
    boss.sync()
    assert f" 338 boss bob u@{BOB} {BOB} :is actually there" in "\n".join(asked(boss, "WHOIS bob"))
    op.send(f"BAN #a *!*@{cloak}")
    bob.wait(" KICK #a bob ")
    assert " 474 " in asked(bob, "JOIN #a")[0]
    bob.close()


def test_who_joins_a_chat_takes_over_its_key_and_keeps_it(redis: Redis, node: Start, tmp_path: Path) -> None:
    """Also when it is the only one left, and Redis has lost everything."""
    node("one")
    two = node("two", Store(tmp_path / "two"))
    key = two.server.hub.context.cloaks.key
    assert two.server.store
    two.stop()
    again = Store(tmp_path / "two")
    assert again.cloaks.key == key
    again.close()
    redis.kill(forget=True)
    redis.start()
    three = node("three", Store(tmp_path / "two"))
    eventually(three.settled, "it is the chat now")
    assert three.server.hub.context.cloaks.key == key


def test_bans_by_address_of_an_older_file_hold_in_a_chat_that_has_a_key(node: Start, tmp_path: Path) -> None:
    """They are hidden by the key of the chat, which the file comes to know then."""
    one = node("one")
    store = Store(tmp_path / "two")
    with store.transaction() as db:
        db.execute("INSERT INTO accounts (key, name, secret, id, time) VALUES ('op', 'op', '', 7, 7)")
        db.execute("INSERT INTO places (key, name, created, owner) VALUES ('#a', '#a', 7, 'op')")
        db.execute("INSERT INTO lists VALUES ('#a', 'b', ?, ?, 'op!u@h', 7, 0, '', '')", (f"*!*@{BOB}",) * 2)
    node("two", store)
    bob = Irc(one.server.port, "bob", room="", source=BOB)
    assert " 474 " in asked(bob, "JOIN #a")[0]
    other = Irc(one.server.port, "other", room="", source="127.0.44.56")
    assert " JOIN #a" in asked(other, "JOIN #a")[0]
    bob.close()
    other.close()
