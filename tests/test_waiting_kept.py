"""Messages that wait, whom people ignore and what they refuse, over the ends of real servers with a file."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from io import StringIO
from pathlib import Path

from chatroom.client.client import Client
from chatroom.client.server_connection import Target
from chatroom.client.session import Session
from chatroom.storage.search_index import SearchIndex
from chatroom.storage.store import Store
from chatroom.tui.conversation import Conversation
from tests.hosting import running
from tests.peers import DEADLINE, Guests, Irc, Served, asked, eventually

CAPS = ("batch", "server-time", "message-tags", "echo-message", "draft/chathistory")


def claim(guests: Guests, name: str) -> Irc:
    client = guests.irc(name, *CAPS)
    client.send(f"PRIVMSG NickServ :REGISTER horse-{name}")
    client.wait("NOTICE .*yours")
    return client


def claim_and_leave(guests: Guests, name: str) -> None:
    client = claim(guests, name)
    client.send("QUIT")
    client.rest()


def ids(bob: Irc) -> list[str]:
    """Of what bob has just said to alice."""
    return re.findall(r"msgid=(\w+)\S* \S+ PRIVMSG alice :", "\n".join(bob.sync()))


def private(client: Irc) -> list[str]:
    """The texts of what was said to a client alone."""
    return [line.rpartition(" :")[2] for line in client.heard if f" PRIVMSG {client.nick} :" in line]


def test_what_waits_comes_once_over_kills(serve: Callable[..., Served], data: Path) -> None:
    """The server is killed while it waits, and once more when it has come."""
    served = serve("--data", str(data), "--unlimited")
    guests = Guests(served.port)
    claim_and_leave(guests, "alice")
    bob = guests.irc("bob", *CAPS)
    bob.send("PRIVMSG alice :one", "PRIVMSG alice :two")
    assert len([line for line in bob.sync() if " 301 " in line]) == 2
    for expected in (["one", "two"], []):
        served.process.kill()
        served.process.wait(DEADLINE)
        served = serve("--data", str(data), "--unlimited")
        alice = Irc(served.port, "alice", *CAPS, password="alice:horse-alice")
        assert private(alice) == expected
        if expected:  # a second later it counts as received
            eventually(lambda: _waiting(data / "chatroom.db") == 0, "what was told is noted as received")
        found = asked(alice, "CHATHISTORY LATEST bob * 9")[1:-1]
        assert [line.rpartition(" :")[2] for line in found] == ["one", "two"]  # a guest's words, too
        alice.close()
    guests.close()


def test_what_is_taken_back_waits_no_more(data: Path) -> None:
    """Nor does the file keep that it waited; the others wait."""
    with running(data) as guests:
        claim_and_leave(guests, "alice")
        bob = guests.irc("bob", *CAPS, "draft/message-redaction")
        bob.send("PRIVMSG alice :one", "PRIVMSG alice :two")
        msgid, _ = ids(bob)
        bob.send(f"REDACT alice {msgid}")
        bob.wait(f"REDACT alice {msgid}")
    assert _waiting(data / "chatroom.db") == 1
    with running(data) as guests:
        assert private(guests.irc("alice", *CAPS, password="alice:horse-alice")) == ["two"]


def test_what_waits_is_taken_back_after_a_restart(data: Path) -> None:
    """By who has said it, who is known by the account; before it was told, and after."""
    with running(data) as guests:
        claim_and_leave(guests, "alice")
        bob = claim(guests, "bob")
        bob.send("PRIVMSG alice :one", "PRIVMSG alice :two", "PRIVMSG alice :three")
        first, second, _ = ids(bob)
    with running(data) as guests:
        eve = guests.irc("eve", *CAPS, "draft/message-redaction", "standard-replies")
        eve.send(f"REDACT alice {first}")
        eve.wait("FAIL REDACT UNKNOWN_MSGID")
        bob = guests.irc("bob", *CAPS, "draft/message-redaction", password="bob:horse-bob")
        bob.send(f"REDACT alice {first}")
        bob.wait(f"REDACT alice {first}")
        assert _waiting(data / "chatroom.db") == 2
        alice = guests.irc("alice", *CAPS, "draft/message-redaction", password="alice:horse-alice")
        assert private(alice) == ["two", "three"]
        eventually(lambda: _waiting(data / "chatroom.db") == 0, "what was told is noted as received")
        bob.send(f"REDACT alice {second}")
        alice.wait(f"REDACT alice {second}")


def test_what_is_pruned_waits_no_more(data: Path) -> None:
    """Neither in the history nor in the table of what waits."""
    with running(data) as guests:
        claim_and_leave(guests, "alice")
        bob = guests.irc("bob", *CAPS)
        bob.send("PRIVMSG alice :one")
        bob.sync()
    assert _waiting(data / "chatroom.db") == 1
    with closing(Store(data)) as store:
        index = SearchIndex(store)
        while index.prune(2**62) >= 0:
            pass
    assert _waiting(data / "chatroom.db") == 0


def test_what_came_on_one_device_comes_on_no_other_over_a_kill(serve: Callable[..., Served], data: Path) -> None:
    """Not even where that one has opened a conversation with the sender and finds the server again."""
    served = serve("--data", str(data), "--unlimited")
    guests = Guests(served.port)
    claim_and_leave(guests, "alice")
    bob = guests.irc("bob", *CAPS)
    bob.send("PRIVMSG alice :see you at five", "QUIT")
    bob.rest()
    phone = Irc(served.port, "alice", *CAPS, password="alice:horse-alice")
    assert private(phone) == ["see you at five"]
    eventually(lambda: _waiting(data / "chatroom.db") == 0, "what was told is noted as received")
    desk = Conversation(Client(Target("127.0.0.1", served.port), Session("alice", password="horse-alice")), True)
    with StringIO() as screen:
        desk.out = screen
        desk.client.start()
        shows(desk, screen, "You are in #lobby")
        desk.typed("/msg bob are you there?")
        shows(desk, screen, "Nobody here is called bob")
        desk.typed("/join #lobby")
        served.process.kill()
        served.process.wait(DEADLINE)
        served = serve("-p", str(served.port), "--data", str(data), "--unlimited")
        desk.client.retry_now()
        shows(desk, screen, "Connected again")
        desk.state.check()
        eventually(lambda: pumped(desk) and desk.state.is_checked, "all that the server tells has come")
        assert "see you at five" not in screen.getvalue()
        desk.close()
    phone.close()
    phone = Irc(served.port, "alice", *CAPS, password="alice:horse-alice")
    assert private(phone) == []
    phone.close()
    guests.close()


def shows(desk: Conversation, screen: StringIO, text: str) -> None:
    eventually(lambda: pumped(desk) and text in screen.getvalue(), f"the screen shows {text}")


def pumped(desk: Conversation) -> bool:
    desk.pump()
    return True


def _waiting(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("SELECT count(*) FROM waiting").fetchone()[0])


def test_what_people_ignore_and_refuse_is_kept_with_their_names(data: Path) -> None:
    with running(data) as guests:
        alice, bob = claim(guests, "alice"), claim(guests, "bob")
        alice.send("SILENCE bob", "MODE alice +R", "QUIT")
        alice.rest()
        bob.send("PRIVMSG alice :psst")
        bob.sync()
    with running(data) as guests:
        bob, eve = guests.irc("bob", *CAPS, password="bob:horse-bob"), guests.irc("eve", *CAPS)
        bob.send("PRIVMSG alice :psst")
        bob.sync()
        assert any(" 531 " in line for line in asked(eve, "PRIVMSG alice :psst"))
        alice = guests.irc("alice", *CAPS, password="alice:horse-alice")
        bob.send("PRIVMSG alice :psst")
        bob.sync()
        assert private(alice) == []
        assert any(" 271 alice alice a:bob" in line for line in asked(alice, "SILENCE"))
        assert any("MODE alice +R" in line for line in alice.heard)


def test_whoever_claims_the_name_of_a_guest_finds_nothing_that_was_said_before(data: Path) -> None:
    """A guest's talk with an account is in the account's history alone."""
    with running(data) as guests:
        claim_and_leave(guests, "alice")
        eve = guests.irc("eve", *CAPS)
        eve.send("PRIVMSG alice :psst", "QUIT")
        eve.rest()
        other = claim(guests, "eve")
        assert asked(other, "CHATHISTORY LATEST alice * 9")[1:-1] == []
        alice = guests.irc("alice", *CAPS, password="alice:horse-alice")
        assert private(alice) == ["psst"]
