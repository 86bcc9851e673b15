"""Where and when accounts are used: where they are at home, and when those that nobody uses are freed."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from chatroom.core.account_use import DAY_MS, RECENT_HOMES
from chatroom.core.login_throttle import WRONG_PASSWORD_PAUSE_SECONDS, WRONG_PASSWORDS_PER_WINDOW
from chatroom.model.commands import FreeAccounts, NoteUse
from chatroom.model.entities import Account
from chatroom.model.events import AccountDropped, AccountUsed
from chatroom.model.values import Person
from chatroom.server.chat_server import ChatServer
from chatroom.server.unused_accounts import CHECK_SECONDS, UnusedAccounts
from chatroom.storage.clock_leaps import ClockLeaps
from chatroom.storage.reader import Reader
from chatroom.storage.store import Store
from tests.chat import INFO, NOON, Chat, place
from tests.core.test_accounts import PASSWORD, claim
from tests.hosting import running
from tests.peers import Peer, Plain, Served, eventually

DAYS = 100


@pytest.fixture
def chat() -> Chat:
    chat = Chat()
    chat.hub.context.account_days = DAYS
    return chat


def account(chat: Chat, name: str = "bob") -> Account:
    return chat.hub.state.accounts[name]


def come(chat: Chat, host: str = "127.0.0.1", name: str = "bob") -> list[str]:
    """Somebody logs in to an account from there, and goes; what they were told."""
    client = chat.plain("guest")
    client.host = host
    told = client.send(f"/login {name} {PASSWORD}").heard()
    assert client.account == name
    client.leave()
    return told


def free(chat: Chat) -> list[str]:
    """Has accounts freed that are due; returns those that are left."""
    chat.log.submit(chat.hub.state.server_session, [FreeAccounts(tuple(chat.hub.state.accounts))])
    return sorted(chat.hub.state.accounts)


def test_an_account_is_at_home_where_it_was_claimed_and_used_of_late(chat: Chat) -> None:
    """Where it was claimed it stays so; of the others the latest count."""
    claim(chat, "bob").leave()
    assert account(chat).home == "127.0.0.1"
    for host in ("192.0.2.1", "192.0.2.2", "192.0.2.1", "2001:db8::7", "127.0.0.1"):
        come(chat, host)
    assert account(chat).home.split() == ["127.0.0.1", "192.0.2.1", "2001:db8::/64"]
    assert len(account(chat).home.split()) == 1 + RECENT_HOMES


def test_a_login_from_the_same_place_is_noted_once_a_day(chat: Chat) -> None:
    """Each is written to the disk."""
    claim(chat, "bob").leave()

    def noted() -> int:
        return len([event for event, _ in chat.post.events if isinstance(event, AccountUsed)])

    come(chat)
    assert noted() == 0
    chat.time += DAY_MS
    come(chat)
    come(chat)
    assert noted() == 1
    assert account(chat).used == NOON + DAY_MS


def test_what_nobody_uses_is_freed(chat: Chat) -> None:
    """Not what was used meanwhile, or whose owner is here; nor, without a setting, anything."""
    claim(chat, "bob").leave()
    claim(chat, "carol").leave()
    dave = claim(chat, "dave")
    chat.time += DAYS * DAY_MS
    come(chat, name="carol")
    assert free(chat) == ["bob", "carol", "dave"]
    chat.time += 1
    chat.hub.context.account_days = 0
    assert free(chat) == ["bob", "carol", "dave"]
    chat.hub.context.account_days = DAYS
    assert free(chat) == ["carol", "dave"]
    assert account(chat, "dave").used == chat.time
    dave.leave()
    assert free(chat) == ["carol", "dave"]
    assert claim(chat, "bob").account == "bob"


def test_who_stays_logged_in_uses_their_account(chat: Chat) -> None:
    """Noted once a day, so that it isn't freed as soon as they leave after a year."""
    bob, carol = claim(chat, "bob"), claim(chat, "carol")
    carol.leave()
    for _ in range(DAYS + 1):
        chat.time += DAY_MS
        for _ in "twice":
            chat.log.submit(chat.hub.state.server_session, [NoteUse((bob.account, bob.account, "nobody"))])
    assert account(chat).used == chat.time
    assert len([event for event, _ in chat.post.events if isinstance(event, AccountUsed)]) == DAYS + 1
    bob.leave()
    chat.time += 1
    assert free(chat) == ["bob"]


def test_who_owns_rooms_is_warned_first(chat: Chat) -> None:
    """At a login, and again if they come seldom. Who was never told is left twice the time."""
    for name in ("bob", "carol"):
        claim(chat, name).send("/join #one", f"/join #{name}").leave()
    assert come(chat)[-1] == f"* Your name bob and your 2 rooms are freed after {DAYS} days without a login."
    assert len(come(chat)) == 1 + len(["guest is now known as bob"])
    chat.time += (DAYS // 2 + 1) * DAY_MS
    assert "are freed" in come(chat)[-1]
    chat.time += (DAYS // 2) * DAY_MS
    assert free(chat) == ["bob", "carol"]
    chat.time += (DAYS // 2 + 1) * DAY_MS
    assert free(chat) == ["carol"]
    assert "#one" not in chat.hub.state.owners
    chat.time += DAYS * DAY_MS
    assert free(chat) == []


def test_who_logs_in_while_it_is_being_freed_keeps_it(chat: Chat) -> None:
    """On another server the one may be decided before the other has come."""
    claim(chat, "bob").leave()
    by = Person("", "chatroom.test", "", "")
    dropped = AccountDropped(by, "bob", account(chat).used)
    used = AccountUsed(by, "bob", account(chat).id, "192.0.2.7", False)
    for number, event in enumerate((used, dropped), 1 << 60):
        place(event, number, NOON + DAY_MS)
        chat.hub.apply(event, chat.post)
    assert account(chat).home == "192.0.2.7"
    used = AccountUsed(by, "bob", account(chat).id + 1, "203.0.113.1", False)  # of who had that name before
    chat.hub.apply(used, chat.post)
    assert account(chat).home == "192.0.2.7"


@pytest.mark.parametrize("is_ahead", [False, True])
def test_time_counts_only_if_the_machine_has_passed_it(chat: Chat, is_ahead: bool) -> None:
    """The clock of the chat may still be ahead of it, when the machine's was set ahead and back."""
    claim(chat, "bob").leave()
    chat.time += DAYS * DAY_MS + 1
    unused = UnusedAccounts(chat.hub, chat.log, ClockLeaps(None, lambda: chat.time if is_ahead else NOON))
    unused.look()
    assert sorted(chat.hub.state.accounts) == ([] if is_ahead else ["bob"])


# ---- with real servers ----------------------------------------------------------------------------------------------


@contextmanager
def home_of_bob(data: Path, is_first: bool) -> Iterator[int]:
    """A start of the server, by its port; in the first one, bob claims his name from 127.0.0.10."""
    with running(data, unlimited=False) as guests:
        if is_first:
            bob = Plain(guests._port, "bob", source="127.0.0.10")
            bob.send(f"/register {PASSWORD}")
            bob.wait("is yours now")
            bob.close()
        yield guests._port


def guess(port: int, host: str) -> Peer:
    """Gives a wrong password for bob."""
    peer = Peer(port, source=host)
    peer.send("bob")
    peer.wait("^Password$")
    peer.send("guess!")
    return peer


def test_guesses_from_afar_hold_up_no_owner_at_home(data: Path) -> None:
    """Right after the claim, and after a restart; while whoever guesses waits."""
    for is_first in (True, False):
        with home_of_bob(data, is_first) as port:
            guessers = [guess(port, "127.0.0.66") for _ in range(WRONG_PASSWORDS_PER_WINDOW)]
            for guesser in guessers:
                guesser.wait("not the password")
            began = time.monotonic()
            guessers.append(guess(port, "127.0.0.66"))
            owner = Peer(port, source="127.0.0.10")
            owner.send("bob")
            owner.wait("^Password$")
            owner.send(PASSWORD)
            owner.wait("^\\* You are logged in as bob")
            assert time.monotonic() - began < WRONG_PASSWORD_PAUSE_SECONDS
            for peer in (*guessers, owner):
                peer.close()


def test_guesses_from_the_same_address_hold_up_no_owner(data: Path) -> None:
    """Not even from many connections at once; right after the claim, and after a restart."""
    for is_first in (True, False):
        with home_of_bob(data, is_first) as port:
            guessers = [guess(port, "127.0.0.10") for _ in range(4 * WRONG_PASSWORDS_PER_WINDOW)]
            for guesser in guessers:
                guesser.wait("not the password")
                guesser.send("another guess")
            began = time.monotonic()
            owner = Peer(port, source="127.0.0.10")
            owner.send("bob")
            owner.wait("^Password$")
            owner.send(PASSWORD)
            owner.wait("^\\* You are logged in as bob")
            assert time.monotonic() - began < WRONG_PASSWORD_PAUSE_SECONDS
            for peer in (*guessers, owner):
                peer.close()


def test_the_server_frees_what_nobody_uses(data: Path, serve: Callable[..., Served]) -> None:
    """At its start, too; by its own setting, and it is in the log."""
    with running(data) as guests:
        for name in ("bob", "carol"):
            client = guests.plain(name)
            client.send(f"/register {PASSWORD}")
            client.wait("is yours now")
    with closing(sqlite3.connect(data / "chatroom.db")) as db, db:
        db.execute("UPDATE accounts SET used = used - ? WHERE key = 'bob'", (31 * DAY_MS,))
    served = serve("--data", str(data), "--free-accounts", "30")
    served.err.wait("the name bob is freed: it was not used for 30 days")
    dave = Plain(served.port, "bob")
    dave.send("/register another-one")
    dave.wait("bob is yours now")
    dave.close()
    served.type("q")
    served.ends()
    with closing(Reader(data / "chatroom.db")) as reader:
        assert sorted(account.name for account in reader.accounts()) == ["bob", "carol"]


def age(data: Path, days: int) -> None:
    """What the file knows is from so many days before."""
    with closing(sqlite3.connect(data / "chatroom.db")) as db, db:
        db.execute("UPDATE accounts SET used = used - ?", (days * DAY_MS,))
        db.execute("UPDATE marks SET value = value - ? WHERE name = 'clock seen'", (days * DAY_MS,))


def left_of(data: Path) -> list[str]:
    """The accounts that a server on these data leaves when it has looked at them."""
    server = ChatServer("127.0.0.1", 0, INFO, store=Store(data), unlimited=True)
    server.hub.context.account_days = 30
    server.start()
    try:
        server._unused_accounts._looked_at = -CHECK_SECONDS
        server._unused_accounts.look()
        return sorted(server.hub.state.accounts)
    finally:
        server.stop()


def test_a_clock_that_leaps_frees_nobody(data: Path) -> None:
    """Nor does a server that was off for so long: people could not log in. The next start knows it, too."""
    with running(data) as guests:
        client = guests.plain("bob")
        client.send(f"/register {PASSWORD}")
        client.wait("is yours now")
    assert left_of(data) == ["bob"]
    age(data, 400)
    assert left_of(data) == ["bob"]
    assert left_of(data) == ["bob"]
    with closing(sqlite3.connect(data / "chatroom.db")) as db, db:  # people had the time
        db.execute("UPDATE marks SET value = value - ? WHERE name = 'clock leapt'", (31 * DAY_MS,))
    assert left_of(data) == []


def test_who_is_here_is_noted_by_the_server(data: Path) -> None:
    """By the one where they are, at its next look."""
    with running(data) as guests:
        client = guests.plain("bob")
        client.send(f"/register {PASSWORD}")
        client.wait("is yours now")
    server = ChatServer("127.0.0.1", 0, INFO, store=Store(data), unlimited=True)
    server.start()
    try:
        bob = Peer(server.port)
        bob.send("bob", PASSWORD)
        bob.wait("^\\* You are logged in as bob")
        with server.event_log.lock:
            account = server.hub.state.accounts["bob"]
            server.hub.state.accounts["bob"] = account._replace(used=account.used - 2 * DAY_MS)
        server._unused_accounts._looked_at = -CHECK_SECONDS
        eventually(lambda: server.hub.state.accounts["bob"].used >= account.used, "it is noted")
        bob.close()
    finally:
        server.stop()


def test_accounts_of_an_older_file_count_as_used_at_its_first_start(data: Path) -> None:
    """Nobody knows when they were, and none is to be freed at once."""
    with running(data) as guests:
        client = guests.plain("bob")
        client.send(f"/register {PASSWORD}")
        client.wait("is yours now")
    with closing(sqlite3.connect(data / "chatroom.db")) as db, db:
        for column in ("home", "used", "warned", "operator"):
            db.execute(f"ALTER TABLE accounts DROP COLUMN {column}")
        db.execute("DELETE FROM migrations WHERE name = 'use'")
    began = int(time.time())
    Store(data).close()
    with closing(Reader(data / "chatroom.db")) as reader:
        [bob] = reader.accounts()
    assert (bob.home, bob.warned) == ("", False)
    assert began * 1000 <= bob.used <= time.time() * 1000
