"""Staying without a device, over the ends of real servers with a file."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.hosting import running
from tests.peers import DEADLINE, Guests, Irc, Served, eventually

CAPS = ("message-tags", "draft/persistence", "batch", "server-time")


def claim(guests: Guests, name: str, room: str) -> Irc:
    """Somebody who stays, in a room of their own."""
    client = guests.irc(name, *CAPS, room=room)
    client.send(f"PRIVMSG NickServ :REGISTER horse-{name}", "PERSISTENCE SET ON")
    client.wait("PERSISTENCE STATUS ON ON")
    return client


def come(port: int, name: str) -> Irc:
    return Irc(port, name, *CAPS, room="", password=f"{name}:horse-{name}")


def names(client: Irc, room: str) -> set[str]:
    client.sync()
    client.send(f"NAMES {room}")
    (found,) = [line for line in client.sync() if " 353 " in line]
    return set(found.rpartition(":")[2].split())


def texts(client: Irc) -> list[str]:
    return [line.rpartition(" :")[2] for line in client.heard if " PRIVMSG #" in line]


def test_who_stays_is_there_after_kills(serve: Callable[..., Served], data: Path) -> None:
    """Whether they had a device when the server was killed or not; with rank, modes and what they missed."""
    served = serve("--data", str(data), "--unlimited")
    guests = Guests(served.port)
    alice = claim(guests, "alice", "#tea")
    alice.send("MODE #tea +mk key", "PRIVMSG #tea :said while she was there", "AWAY :at lunch", "JOIN #mine")
    alice.sync()
    for expected in ("one", "two"):
        served.process.kill()
        served.process.wait(DEADLINE)
        guests.close()
        served = serve("--data", str(data), "--unlimited")
        guests = Guests(served.port)
        eve = guests.irc("eve", room="")
        eve.send("JOIN #tea")
        eve.wait(" 475 ")
        eve.send("JOIN #tea key")
        assert names(eve, "#tea") == {"@alice", "eve"}
        eve.send("WHOIS alice")
        assert any(line.endswith(" 301 eve alice :at lunch") for line in eve.sync())
        eve.send(f"PRIVMSG alice :psst {expected}")
        eve.sync()
        bob = guests.irc("bob", room="#mine")
        bob.send(f"PRIVMSG #mine :{expected}")
        bob.sync()
    alice = come(served.port, "alice")
    alice.sync()
    assert texts(alice)[-2:] == ["one", "two"]
    assert [line.rpartition(" :")[2] for line in alice.heard if " PRIVMSG alice " in line] == ["psst one", "psst two"]
    assert names(alice, "#tea") == {"@alice", "eve"}
    alice.close()
    guests.close()


def test_a_stop_and_a_start_change_nothing(data: Path) -> None:
    """And in a room that its owner has closed, and called otherwise, they are still."""
    with running(data) as guests:
        alice = claim(guests, "alice", "#tea")
        claim(guests, "ben", "#tea")
        alice.send("MODE #tea +i", "RENAME #tea #Kaffee")
        alice.sync()
    with running(data) as guests:
        ben = guests.irc("ben", *CAPS, room="", password="ben:horse-ben")
        ben.sync()
        assert names(ben, "#kaffee") == {"@alice", "ben"}  # he was there before it was closed
        alice = guests.irc("alice", *CAPS, room="", password="alice:horse-alice")
        eve = guests.irc("eve", room="")
        eve.send("JOIN #kaffee")
        eve.wait(" 473 ")
        assert names(alice, "#kaffee") == {"@alice", "ben"}
        ben.close()
        alice.close()


def test_a_room_without_modes_has_none_after_a_start(data: Path) -> None:
    """Whether it is somebody's for good or not."""
    with running(data) as guests:
        claim(guests, "alice", "#tea").send("MODE #tea -nt")
        bob = guests.irc("bob", room="#milk")
        bob.send("MODE #milk -nt")
        bob.sync()
        alice = guests.irc("alice", *CAPS, room="", password="alice:horse-alice")
        alice.send("JOIN #milk")
        alice.sync()
    with running(data) as guests:
        alice = guests.irc("alice", *CAPS, room="", password="alice:horse-alice")
        for room in ("#tea", "#milk"):
            alice.send(f"MODE {room}")
            assert [line.rpartition(" ")[2] for line in alice.sync() if " 324 " in line] == ["+"]
        alice.close()


def test_an_address_that_was_shown_is_hidden(serve: Callable[..., Served], data: Path) -> None:
    """Once addresses are not shown any more; and what they missed is counted as for anybody who comes back."""
    served = serve("--data", str(data), "--unlimited", "--show-addresses")
    guests = Guests(served.port)
    alice = claim(guests, "alice", "#tea")
    alice.send("QUIT")
    alice.rest()
    served.process.terminate()
    served.process.wait(DEADLINE)
    guests.close()
    assert b"127.0.0.1" in _standing(data)
    served = serve("--data", str(data), "--unlimited")
    assert b"127.0.0.1" not in _standing(data)
    guests = Guests(served.port)
    eve = guests.irc("eve", room="#tea")
    eve.send("PRIVMSG #tea :alice: are you there?", "WHOIS alice")
    (whois,) = [line for line in eve.sync() if " 311 " in line]
    assert "127.0.0.1" not in whois
    alice = come(served.port, "alice")
    assert [line for line in alice.heard if "1 mention" in line and "#tea" in line]
    alice.close()
    guests.close()


def test_what_ended_stays_ended(data: Path) -> None:
    """After a kick, a kill, the end of the account and of the setting there is nothing to restore."""
    with running(data) as guests:
        op = claim(guests, "op", "#tea")
        for name in ("ann", "ben", "cid"):
            client = claim(guests, name, "#tea")
            if name == "cid":
                client.send("PERSISTENCE SET OFF")
            client.send("QUIT")
            client.rest()
        op.send("KICK #tea ann", "NICKSERV DROP ben horse-ben")
        op.sync()
        assert _kept(data) == 2
    with running(data) as guests:
        op = guests.irc("op", *CAPS, room="", password="op:horse-op")
        assert names(op, "#tea") == {"@op"}
        op.send("WHOIS ann", "WHOIS ben", "WHOIS cid")
        assert [line.split()[3] for line in op.sync() if " 401 " in line] == ["ben", "cid"]
        op.close()


def test_it_takes_no_thread_and_no_socket(serve: Callable[..., Served], data: Path) -> None:
    served = serve("--data", str(data), "--unlimited")
    guests = Guests(served.port)
    before = _threads_and_sockets(served)
    for n in range(20):
        client = claim(guests, f"staying{n}", "#tea")
        client.send("QUIT")
        client.rest()
        client.close()
    eventually(lambda: _threads_and_sockets(served)[1] <= before[1], "all sockets are closed")
    last = guests.irc("last", room="#tea")
    assert len(names(last, "#tea")) == 21
    last.close()
    eventually(lambda: _threads_and_sockets(served)[0] <= before[0] + 16, "no thread is kept for them")
    guests.close()


def _threads_and_sockets(served: Served) -> tuple[int, int]:
    process = Path(f"/proc/{served.process.pid}")
    links = [each.readlink() for each in (process / "fd").iterdir() if each.is_symlink()]
    return len(list((process / "task").iterdir())), sum(str(link).startswith("socket:") for link in links)


def _standing(data: Path) -> bytes:
    with closing(sqlite3.connect(f"file:{data / 'chatroom.db'}?mode=ro", uri=True)) as db:
        (standing,) = db.execute("SELECT standing FROM standings").fetchone()
    return str(standing).encode()


def _kept(data: Path) -> int:
    """How many of them the file has."""
    with closing(sqlite3.connect(f"file:{data / 'chatroom.db'}?mode=ro", uri=True)) as db:
        (count,) = db.execute("SELECT count(*) FROM standings").fetchone()
    return int(count)
