"""Claimed names as their owners meet them: real servers, real sockets, restarts, kills; and those who want them."""

import base64
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatroom.core import login_throttle
from chatroom.core.login_throttle import WRONG_PASSWORDS_PER_WINDOW
from chatroom.core.passwords import SCRYPT_CONCURRENCY
from chatroom.server.chat_server import ChatServer
from chatroom.storage import schema
from chatroom.storage.reader import Reader
from chatroom.storage.store import Store
from tests.chat import INFO, QUICK
from tests.hosting import running
from tests.peers import DEADLINE, Guests, Irc, Peer, Plain, Served, asked, own_address, said

PASSWORD = "open-sesame"
HISTORY = ("batch", "server-time", "message-tags", "draft/chathistory", "soju.im/search")
EVER = "timestamp=2020-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z"


@pytest.fixture
def guests(data: Path) -> Iterator[Guests]:
    with running(data) as guests:
        yield guests


def claim(client: Irc | Plain, password: str = PASSWORD) -> None:
    if isinstance(client, Irc):
        client.send(f"NICKSERV REGISTER {password}")
        client.wait("is yours, and you are logged in")
    else:
        client.send(f"/register {password}")
        client.wait("is yours now, and you are logged in")


def login(account: str) -> str:
    """What an IRC client gives as its password (PASS) to log in."""
    return f"{account}:{PASSWORD}"


# ---- both dialects, one name ----------------------------------------------------------------------------------------


def test_a_name_claimed_with_netcat_is_ones_own_over_irc(guests: Guests) -> None:
    """And the other way round: one person for all dialects, who comes and leaves once."""
    claim(netcat := guests.plain("bob"))
    bob = guests.irc("bob", password=login("bob"))
    bob.send("PRIVMSG #lobby :from here, too")
    netcat.wait("^bob: from here, too$")
    claim(first := guests.irc("carol"))
    carol = guests.stranger()
    carol.send("carol")
    carol.wait("^Password$")
    carol.send(PASSWORD)
    carol.wait(r"^\* Welcome, carol\. With you in #lobby: bob\.")
    bob.wait(r"^:carol!\S+ JOIN #lobby$")
    first.send("QUIT")
    first.rest()
    carol.send("still here")
    assert not [line for line in bob.until(r"^:carol!\S+ PRIVMSG #lobby :still here$") if " QUIT " in line]


def test_sasl_over_a_real_connection(guests: Guests) -> None:
    """As clients do it: all lines at once, and byte by byte."""
    claim(guests.plain("bob"))
    secret = base64.b64encode(f"bob\0bob\0{PASSWORD}".encode()).decode()
    lines = (
        f"CAP LS 302\r\nNICK bob\r\nUSER u 0 * :Bob\r\nCAP REQ :sasl\r\nAUTHENTICATE PLAIN\r\nAUTHENTICATE {secret}\r\n"
    )
    for pieces in ([lines.encode()], [bytes([byte]) for byte in lines.encode()]):
        bob = guests.stranger()
        for piece in pieces:
            bob.send_bytes(piece)
        bob.wait(" 900 .* bob :You are now logged in as bob\r$")
        bob.wait(" 903 ")
        bob.send("CAP END\r")
        bob.wait(r" 001 bob ")


def test_a_stranger_gets_a_claimed_name_in_no_dialect(guests: Guests) -> None:
    """Each is told what to do."""
    claim(guests.plain("bob"))
    eve = guests.stranger()
    eve.send("Bob")
    eve.wait(r"^\* Bob is claimed; give its password")
    eve.wait("^Password$")
    other = guests.stranger()
    other.end_of_line = "\r\n"
    other.send("NICK BOB", "USER u 0 * :Eve")
    other.wait(" 433 .* log in ")
    irc = guests.irc("eve")
    assert " 433 " in asked(irc, "NICK bob")[0]


# ---- restarts and kills ---------------------------------------------------------------------------------------------


def test_accounts_and_owners_outlive_a_restart(data: Path) -> None:
    """With their passwords as last set; a dropped name is free; a room is there, with its topic, though nobody was."""
    with running(data) as guests:
        bob = guests.irc("bob")
        claim(bob)
        bob.send("JOIN #tea", "TOPIC #tea :Earl Grey", "PART #tea")
        carol = guests.plain("carol")
        claim(carol, "first-password")
        carol.send(f"/password first-password {PASSWORD}")
        carol.wait("is changed")
        dave = guests.irc("dave")
        claim(dave)
        dave.send("JOIN #dave", f"NICKSERV DROP dave {PASSWORD}")
        dave.wait("nobody's any more")
    with running(data) as guests:
        eve = guests.irc("eve", room="#tea")
        assert " 332 eve #tea :Earl Grey" in "\n".join(eve.heard)
        assert " 482 " in asked(eve, "MODE #tea +s")[0]
        bob = guests.irc("bob", room="#tea", password=login("bob"))
        eve.wait(r"^:bob!\S+ MODE #tea \+o bob$")
        for name in ("bob", "carol"):
            stranger = guests.stranger()
            stranger.send(name)
            stranger.wait("^Password$")
        stranger.send(PASSWORD)
        stranger.wait(r"^\* Welcome, carol\.")
        assert "@dave" in "\n".join(guests.irc("dave", room="#dave").heard)


def test_an_owners_room_keeps_its_modes(data: Path) -> None:
    """When all have left, and over a restart: nobody who comes first finds it open."""

    def closed_to(eve: Irc) -> None:
        assert " 475 " in asked(eve, "JOIN #tea")[0]
        assert " 475 " in asked(eve, "JOIN #tea wrong")[0]

    with running(data) as guests:
        bob, eve = guests.irc("bob", "server-time"), guests.irc("eve", "server-time")
        claim(bob)
        bob.send("JOIN #tea", "MODE #tea +kms-t leaves", "PRIVMSG #tea :between us", "PART #tea")
        bob.sync()
        closed_to(eve)
        assert said(asked(eve, "JOIN #tea leaves")) == ["between us"]
        assert [line.split()[4] for line in asked(eve, "MODE #tea") if " 324 " in line] == ["+nkms"]
        assert " 404 " in asked(eve, "PRIVMSG #tea :first!")[0]
        eve.send("PART #tea")
        eve.sync()
    with running(data) as guests:
        closed_to(guests.irc("eve"))
        bob = guests.irc("bob", "server-time", room="#tea", password=login("bob"))
        assert said(guests.irc("cy", "server-time", room="#tea leaves").heard) == ["between us"]
        assert [line.split()[4:] for line in asked(bob, "MODE #tea") if " 324 " in line] == [["+nkms", "leaves"]]


def test_a_room_that_loses_its_owner_is_like_any_other(data: Path) -> None:
    """It opens to whoever comes, who is its operator, and finds nothing of what was said behind its key."""
    with running(data) as guests:
        bob = guests.irc("bob")
        claim(bob)
        bob.send("JOIN #tea", "MODE #tea +k leaves", "PRIVMSG #tea :between us", "PART #tea")
        bob.send(f"NICKSERV DROP bob {PASSWORD}")
        bob.wait("nobody's any more")
        eve = guests.irc("eve", *HISTORY, room="#tea")
        assert "@eve" in "\n".join(eve.heard)
        assert said(asked(eve, "CHATHISTORY LATEST #tea * 5")) == []
    with running(data) as guests:
        assert said(asked(guests.irc("mal", *HISTORY, room="#tea"), "CHATHISTORY LATEST #tea * 5")) == []


def test_what_was_confirmed_survives_a_kill(data: Path, serve: Callable[..., Served]) -> None:
    """kill -9 right after the answer: the name is claimed, the room is owned. With the password at its full cost."""

    def kill(served: Served) -> None:
        served.process.kill()
        served.process.wait()

    served = serve("--data", str(data))
    with closing(Irc(served.port, "bob")) as bob:
        bob.send(f"NICKSERV REGISTER {PASSWORD}")
        bob.wait("is yours, and you are logged in")
        kill(served)
    served = serve("--data", str(data))
    with closing(Irc(served.port, "bob", room="#tea", password=login("bob"))) as bob:
        assert " 353 bob = #tea :@bob" in "\n".join(bob.heard)
        kill(served)
    served = serve("--data", str(data))
    with closing(Irc(served.port, "eve", room="#tea")) as eve, closing(Peer(served.port)) as stranger:
        assert " 482 " in asked(eve, "MODE #tea +s")[0]
        stranger.send("bob")
        stranger.wait("^Password$")


def test_an_older_file_gets_its_tables(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One from before there were accounts: all that was in it still is."""
    data.mkdir()
    with monkeypatch.context() as before, closing(schema.create(data / schema.FILE, 1)) as db:
        before.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
        schema.migrate(db, "normal")
        db.execute("INSERT INTO places (key, name, created, topic) VALUES ('#tea', '#Tea', 1, 'Earl Grey')")
        db.execute("INSERT INTO runs VALUES (1, 1, 5, 5, 1, 1, 1, 'al u h ', '0 0 0 mhello')")
    with running(data) as guests:
        claim(guests.plain("bob"))
        told = "\n".join(guests.irc("al", "server-time", room="#tea").heard)
        assert ":Earl Grey" in told
        assert ":hello" in told


def test_a_disk_that_is_gone_loses_no_name_for_the_server(data: Path) -> None:
    """While nothing can be saved, names can be claimed; when it can be again, they are saved."""
    with running(data) as guests:
        bob = guests.irc("bob")
        (data / "chatroom.db").rename(data / "elsewhere.db")
        bob.wait("Messages are not being saved", within=2 * DEADLINE)
        claim(bob)
        bob.wait("Messages are being saved again", within=2 * DEADLINE)
    with running(data) as guests:
        stranger = guests.stranger()
        stranger.send("bob")
        stranger.wait("^Password$")


# ---- secrets --------------------------------------------------------------------------------------------------------


def test_passwords_are_nowhere(data: Path, serve: Callable[..., Served]) -> None:
    """Not in the file, the log at its most talkative, what others are told, the history, or its exports."""
    served = serve("--data", str(data), "--log-level", "debug")
    al = Irc(served.port, "al", "echo-message", room="#lobby")
    bob = Plain(served.port, "bob")
    bob.send(
        f"/register {PASSWORD}",
        f"/password {PASSWORD} {PASSWORD}2",
        "/logout",
        f"/login {PASSWORD}",
        f"/login {PASSWORD}2",
    )
    bob.wait("^\\* You are logged in as bob")
    bob.send("hello")
    al.wait(":hello$")
    al.send(f"PRIVMSG NickServ :REGISTER {PASSWORD}")
    al.wait("is yours")
    al.sync()
    exported = subprocess.run(
        [sys.executable, "-m", "chatroom", "history", "export", "#lobby", "--format", "jsonl", "--data", str(data)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "hello" in exported
    assert "scrypt" not in exported
    told = "\n".join([*bob.heard, *al.heard, exported])
    served.type("q")
    served.ends()
    told += "\n".join([*served.out.rest(), *served.err.rest()])
    assert PASSWORD not in told
    for path in data.iterdir():
        assert PASSWORD.encode() not in path.read_bytes()
    with closing(Reader(data / "chatroom.db")) as reader:
        assert sorted(name for name, *_ in reader.accounts()) == ["al", "bob"]
    al.close()
    bob.close()


def test_without_a_disk_names_last_as_long_as_the_server(serve: Callable[..., Served]) -> None:
    """And it says so."""
    served = serve("--ephemeral")
    bob = Plain(served.port, "bob")
    bob.send(f"/register {PASSWORD}")
    bob.wait("keeps nothing on disk: the name is yours until it ends")
    stranger = Peer(served.port)
    stranger.send("bob")
    stranger.wait("^Password$")
    stranger.close()
    bob.close()


def test_how_far_one_has_read_is_kept_with_the_name(data: Path, serve: Callable[..., Served]) -> None:
    """Over kill -9, and on all devices; whoever claims the name after it was given up has read nothing."""
    asks, read = ("draft/read-marker",), "timestamp=2025-01-01T00:00:00.000Z"
    served = serve("--data", str(data))
    with closing(Irc(served.port, "bob", *asks)) as bob:
        bob.send(f"NICKSERV REGISTER {PASSWORD}", f"MARKREAD #tea {read}", f"MARKREAD carol {read}")
        bob.wait(f" MARKREAD carol {read}$")
        served.process.kill()
        served.process.wait()
    served = serve("--data", str(data))
    with closing(Irc(served.port, "bob", *asks, password=login("bob"))) as bob:
        assert asked(bob, "MARKREAD #tea")[0].endswith(f" MARKREAD #tea {read}")
        with closing(Irc(served.port, "bob", *asks, password=login("bob"))) as phone:
            phone.send("MARKREAD #tea timestamp=2025-02-01T00:00:00.000Z")
            bob.wait(r" MARKREAD #tea timestamp=2025-02-01T00:00:00\.000Z$")
        bob.send(f"NICKSERV DROP bob {PASSWORD}", "NICKSERV REGISTER another-pass-1")
        bob.wait("The name bob is yours")
        assert asked(bob, "MARKREAD #tea")[0].endswith(" MARKREAD #tea *")
        served.process.kill()
        served.process.wait()
    served = serve("--data", str(data))
    with closing(Irc(served.port, "bob", *asks, password="bob:another-pass-1")) as bob:
        assert asked(bob, "MARKREAD #tea")[0].endswith(" MARKREAD #tea *")


# ---- direct messages ------------------------------------------------------------------------------------------------


def test_what_two_owners_of_names_say_to_each_other_is_kept_for_them(data: Path) -> None:
    """CHATHISTORY, TARGETS and SEARCH, over a restart; whatever they are called at the moment."""
    with running(data) as guests:
        al, bob = guests.irc("al", *HISTORY), guests.plain("bob")
        claim(al)
        claim(bob)
        bob.send("/msg al the treasure is under the oak")
        al.wait(":the treasure is under the oak$")
        al.send("PRIVMSG bob :which oak")
        bob.wait("which oak")
        al.send("NICK allie")
        al.sync()
        bob.send("/msg allie the old one")
        al.wait("the old one")
    with running(data) as guests:
        al = guests.irc("al", *HISTORY, password=login("al"))
        told = said(asked(al, "CHATHISTORY LATEST BOB * 10"))
        assert told == ["the treasure is under the oak", "which oak", "the old one"]
        assert said(asked(al, "CHATHISTORY BEFORE bob timestamp=2100-01-01T00:00:00.000Z 1")) == ["the old one"]
        targets = [line.split()[4] for line in asked(al, f"CHATHISTORY TARGETS {EVER} 9") if " TARGETS " in line]
        assert "bob" in targets
        assert said(asked(al, "SEARCH text=oak")) == ["the treasure is under the oak", "which oak"]
        assert said(asked(al, "SEARCH text=oak;in=bob;from=al")) == ["which oak"]
        robert = guests.irc("robert", *HISTORY, password=login("bob"))
        assert said(asked(robert, "CHATHISTORY LATEST al * 10")) == told
        assert said(asked(al, "CHATHISTORY LATEST robert * 10")) == told


def test_nobody_else_ever_sees_it(guests: Guests) -> None:
    """Not who is logged in as another, not who isn't, not who has their nickname, not an operator of the room."""
    al, bob = guests.irc("al", *HISTORY), guests.irc("bob", *HISTORY)
    claim(al)
    claim(bob)
    al.send("PRIVMSG bob :the treasure is under the oak")
    bob.wait("under the oak$")
    eve = guests.irc("eve", *HISTORY)
    claim(eve)
    for client in (eve, guests.irc("mallory", *HISTORY)):
        for target in ("al", "bob", "@ al bob", "eve", "#@ al bob"):
            assert said(asked(client, f"CHATHISTORY LATEST {target.split()[0]} * 10")) == []
            assert said(asked(client, f"SEARCH in={target.replace(' ', chr(92) + 's')}")) == []
        assert said(asked(client, "SEARCH text=oak")) == []
        assert not [line for line in asked(client, f"CHATHISTORY TARGETS {EVER} 99") if " TARGETS al" in line]
    nat = guests.plain("nat")
    nat.send("/search oak")
    nat.wait(r"^\* Nothing was found")
    bob.send("NICKSERV LOGOUT")
    assert said(asked(bob, "CHATHISTORY LATEST al * 10")) == []
    assert said(asked(bob, "SEARCH text=oak")) == []


def test_one_who_is_not_logged_in_leaves_no_trace(data: Path) -> None:
    """One of two is not enough: what the other said is theirs, too."""
    with running(data) as guests:
        al, bob = guests.irc("al", *HISTORY), guests.irc("bob", *HISTORY)
        claim(al)
        al.send("PRIVMSG bob :psst-psst")
        bob.wait("psst-psst$")
        assert said(asked(al, "CHATHISTORY LATEST bob * 10")) == []
    assert all(b"psst-psst" not in path.read_bytes() for path in data.iterdir())


def test_who_claims_a_name_that_was_given_up_finds_nothing_of_before(guests: Guests) -> None:
    """The talks of its first owner are not its second's; the other one of the two still has them."""
    al, bob = guests.irc("al", *HISTORY), guests.irc("bob", *HISTORY)
    claim(al)
    claim(bob)
    bob.send("PRIVMSG al :the treasure is under the oak")
    al.wait("under the oak$")
    asked(bob, f"NICKSERV DROP bob {PASSWORD}")
    bob.send("QUIT")
    al.wait(" QUIT ")
    second = guests.irc("bob", *HISTORY)
    claim(second)
    assert said(asked(second, "CHATHISTORY LATEST al * 10")) == []
    assert said(asked(second, "SEARCH text=oak")) == []
    assert not [line for line in asked(second, f"CHATHISTORY TARGETS {EVER} 99") if " TARGETS al" in line]
    second.send("PRIVMSG al :hello")
    al.wait(":hello$")
    assert said(asked(second, "CHATHISTORY LATEST al * 10")) == ["hello"]
    assert said(asked(al, "CHATHISTORY LATEST bob * 10")) == ["the treasure is under the oak", "hello"]


# ---- attacks --------------------------------------------------------------------------------------------------------


def test_guessing_from_many_connections_stays_within_the_limits(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three wrong passwords are looked at, then one after a pause; whatever the dialect, and however many guess.

    So it is for who guesses from another address than the owner's.
    """
    monkeypatch.setattr(login_throttle, "TURN_WAIT_SECONDS", 1.0)
    with running(data, unlimited=False) as guests:
        claim(guests.plain("bob"))
        secret = base64.b64encode(b"\0bob\0guess!").decode()
        attackers: list[Peer] = []
        for i in range(20):
            attacker = Peer(guests._port, source="127.0.0.66")
            attackers.append(attacker)
            if i % 2:
                attacker.send("bob")
                attacker.wait("^Password$")
            else:
                attacker.send("CAP REQ :sasl", "AUTHENTICATE PLAIN")
                attacker.wait("^AUTHENTICATE \\+")
        for i, attacker in enumerate(attackers):
            attacker.send("guess!" if i % 2 else f"AUTHENTICATE {secret}")
        answers = [
            attacker.wait(r"([Tt]hat is not the password|[Tt]oo many are logging in)")[1].lower()
            for attacker in attackers
        ]
        assert answers.count("that is not the password") == WRONG_PASSWORDS_PER_WINDOW + 1
        assert answers.count("too many are logging in") == len(attackers) - WRONG_PASSWORDS_PER_WINDOW - 1
        for attacker in attackers:
            attacker.close()


def test_the_chat_goes_on_while_passwords_are_checked(data: Path) -> None:
    """Whoever waits for a computation holds nobody up: here it doesn't end before the others have talked."""
    gate = threading.Event()
    server = ChatServer("127.0.0.1", 0, INFO, store=Store(data), unlimited=True)
    check = server.hub.context.passwords.check

    def slowly(password: str, secret: str, owner: str = "") -> bool | None:
        assert gate.wait(DEADLINE)
        return check(password, secret, owner)

    server.hub.context.passwords.scrypt = QUICK
    server.hub.context.passwords.check = slowly  # type: ignore[method-assign]
    server.start()
    guests = Guests(server.port)
    try:
        al, bob = guests.irc("al"), guests.plain("bob")
        claim(bob)
        guessers = [guests.stranger() for _ in range(2 * SCRYPT_CONCURRENCY)]
        for guesser in guessers:
            guesser.send("bob")
            guesser.wait("^Password$")
            guesser.send("guess!")
        al.send("PRIVMSG #lobby :all is well")
        bob.wait("al: all is well")
        gate.set()
        for guesser in guessers:
            guesser.wait("not the password")
    finally:
        gate.set()
        guests.close()
        server.stop()


def test_who_leaves_while_a_password_is_checked_is_gone(data: Path) -> None:
    """Or is thrown out: what comes of the computation is nobody's."""
    began, gate = threading.Event(), threading.Event()
    server = ChatServer("127.0.0.1", 0, INFO, store=Store(data), unlimited=True)
    make = server.hub.context.passwords.make

    def slowly(password: str, owner: str = "") -> str:
        began.set()
        assert gate.wait(DEADLINE)
        return make(password, owner)

    server.hub.context.passwords.scrypt = QUICK
    server.hub.context.passwords.make = slowly  # type: ignore[method-assign]
    server.hub.context.operator_password = "root!!"
    server.start()
    guests = Guests(server.port)
    try:
        al, bob = guests.irc("al"), guests.plain("bob")
        al.send("OPER root root!!")
        al.wait(" 381 ")
        bob.send(f"/register {PASSWORD}")
        assert began.wait(DEADLINE)
        al.send("KILL bob")
        al.wait("QUIT :Killed")
        gate.set()
        bob.rest()
        al.sync()
        assert server.hub.state.accounts == {}
        assert "bob" not in server.hub.state.nicks.by_nick
    finally:
        gate.set()
        guests.close()
        server.stop()


@pytest.mark.skipif(not own_address(), reason="this machine has no address but its own")
def test_sasl_is_not_taken_from_elsewhere_without_tls() -> None:
    """Neither offered nor accepted: the password could be read on the way."""
    server = ChatServer("0.0.0.0", 0, INFO, unlimited=True)
    server.start()
    try:
        eve = Peer(server.port, own_address())
        eve.end_of_line = "\r\n"
        eve.send("CAP LS 302", "CAP REQ :sasl", "AUTHENTICATE PLAIN")
        assert "sasl" not in eve.wait(" LS :(.*)$")[1].split()
        eve.wait(" NAK :sasl")
        eve.wait(" 904 ")
        eve.close()
    finally:
        server.stop()


def test_private_words_that_were_taken_back_are_in_nobodys_history(guests: Guests) -> None:
    """Neither of the two can look them up any more: IRCv3 message-redaction."""
    caps = (*HISTORY, "echo-message", "draft/message-redaction")
    al, bob = guests.irc("al", *caps), guests.irc("bob", *caps)
    claim(al)
    claim(bob)
    al.send("PRIVMSG bob :kept", "PRIVMSG bob :regretted")
    msgid = al.wait("msgid=([0-9a-f]+).* PRIVMSG bob :regretted$")[1]
    bob.wait("PRIVMSG bob :regretted$")
    bob.send("CHATHISTORY LATEST al * 10")
    assert said(bob.sync()) == ["kept", "regretted"]
    al.send(f"REDACT bob {msgid} :oops")
    for client, other in ((al, "bob"), (bob, "al")):
        client.wait(f"^@\\S+ :al!\\S+ REDACT bob {msgid} :oops$")
        client.send(f"CHATHISTORY LATEST {other} * 10")
        assert said(client.sync()) == ["kept"]
