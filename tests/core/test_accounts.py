"""Claimed names, in both dialects, without sockets: who may be called how, and what follows from a login."""

import base64
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.core.login_throttle import CLAIMS_PER_ADDRESS, LOGIN_WINDOW_MS, WRONG_PASSWORDS_PER_WINDOW, Attempt
from chatroom.core.membership import ROOMS_PER_OWNER
from chatroom.model.commands import (
    BecomeOperator,
    Checked,
    CloseGhost,
    DropAccount,
    Enter,
    Hashed,
    LogIn,
    MakeAccount,
    SetPassword,
)
from chatroom.model.entities import Account
from chatroom.model.events import AccountDropped, AccountMade, PasswordSet
from chatroom.model.limits import WRONG_PASSWORDS_PER_CONNECTION
from chatroom.model.values import Person
from chatroom.protocols.irc.handlers.sasl import SASL_CHUNK_CHARACTERS, SASL_CHUNKS_MAX
from tests.chat import NOON, QUICK, Chat, Client

PASSWORD = "open-sesame"


@pytest.fixture
def chat() -> Chat:
    """One in which bob has claimed his name, and left."""
    chat = Chat()
    claim(chat, "bob").leave()
    return chat


def claim(chat: Chat, name: str) -> Client:
    """Somebody with netcat who has claimed a name, and is logged in."""
    client = chat.plain(name)
    [told] = client.send(f"/register {PASSWORD}").heard()
    assert told.startswith(f"* {name} is yours now"), told
    return client


def numerics(lines: list[str]) -> list[str]:
    """The commands of IRC lines."""
    return [line.split()[1] if line.startswith(":") else line.split()[0] for line in lines]


def sasl(account: str, password: str, acting: str = "") -> str:
    return base64.b64encode(f"{acting}\0{account}\0{password}".encode()).decode()


def newcomer(chat: Chat, *lines: str) -> Client:
    """An IRC client that negotiates sasl, and has sent these lines."""
    client = chat.irc()
    client.send("CAP REQ :sasl", *lines).heard()
    return client


def proven(chat: Chat, account: str, nick: str = "") -> Client:
    """An IRC client that came in by SASL."""
    client = newcomer(chat, "AUTHENTICATE PLAIN", f"AUTHENTICATE {sasl(account, PASSWORD)}")
    client.send(f"NICK {nick or account}", "USER u 0 * :Real Name", "CAP END").heard()
    assert client.nick
    return client


# ---- netcat ---------------------------------------------------------------------------------------------------------


def test_a_newcomer_with_a_claimed_name_is_asked_for_its_password(chat: Chat) -> None:
    """And comes in with it, logged in; however the name is written."""
    bob = chat.plain()
    assert bob.send("BOB").heard() == [
        "* BOB is claimed; give its password, or an empty line to choose another name.",
        "Password",
    ]
    told = bob.send(PASSWORD).heard()
    assert told[0] == "* You are logged in as bob."
    assert told[1].startswith("* Welcome, BOB.")
    assert bob.account == "bob"


def test_after_three_wrong_passwords_another_name_is_asked_for(chat: Chat) -> None:
    """Not more: the fourth line is a name again."""
    eve = chat.plain()
    eve.send("bob").heard()
    for _ in range(WRONG_PASSWORDS_PER_CONNECTION - 1):
        assert eve.send("guess!").heard() == [
            "* that is not the password of bob; try again, or send an empty line to choose another name.",
            "Password",
        ]
    assert eve.send("guess!").heard()[-1] == "Username"
    assert eve.send("eve").heard()[0].startswith("* Welcome, eve.")
    assert not eve.account


def test_an_empty_line_instead_of_a_password_is_for_another_name(chat: Chat) -> None:
    """Whoever picked a claimed name by chance is not asked for ever."""
    eve = chat.plain()
    eve.send("bob").heard()
    assert eve.send("").heard() == ["Username"]
    assert eve.send("eve").nick == "eve"


def test_nobody_can_be_renamed_to_a_claimed_name(chat: Chat) -> None:
    """The refusal says what to do."""
    eve = chat.plain("eve")
    [told] = eve.send("/nick Bob").heard()
    assert told == ("* Bob is claimed; if it is yours, /login Bob PASSWORD gives it to you, else choose another name")
    assert eve.nick == "eve"


def test_login_gives_somebody_their_name_back(chat: Chat) -> None:
    """Who is here under another name is called by their own from then on; everybody in the room is told."""
    eve, other = chat.plain("eve"), chat.plain("b0b_")
    told = other.send(f"/login bob {PASSWORD}").heard()
    assert told == ["* You are logged in as bob.", "* b0b_ is now known as bob"]
    assert eve.heard() == ["* b0b_ joined", "* b0b_ has logged in", "* b0b_ is now known as bob"]


def test_an_old_connection_gives_way_to_its_owner(chat: Chat) -> None:
    """One that holds the name without being logged in is closed, and the newcomer has the name."""
    ghost, eve = proven(chat, "bob"), chat.plain("eve")
    ghost.send("JOIN #lobby", "NICKSERV LOGOUT").heard()
    eve.heard()
    bob = chat.plain().send("bob", PASSWORD)
    assert bob.nick == "bob"
    assert ghost.closing
    assert ghost.heard()[-1] == "ERROR :Closing link: you have come in again from elsewhere"
    assert eve.heard() == ["* bob left (came in again from elsewhere)", "* bob joined"]
    assert [user.person.uid for user in chat.hub.state.users.values() if user.person.nick == "bob"] == [bob.uid]


def test_logging_out_and_a_new_password(chat: Chat) -> None:
    """The old one is of no use then."""
    bob = chat.plain().send("bob", PASSWORD)
    bob.heard()
    assert bob.send(f"/password {PASSWORD} another-one").heard() == ["* The password of bob is changed."]
    assert bob.send("/logout").heard() == ["* You are logged out."]
    assert not bob.account
    assert "not the password" in bob.send(f"/login {PASSWORD}").heard()[0]
    assert bob.send("/login another-one").heard() == ["* You are logged in as bob."]


def test_to_change_a_password_takes_the_old_one(chat: Chat) -> None:
    """Who sits down at somebody's open window can't take their name away."""
    bob = chat.plain().send("bob", PASSWORD)
    bob.heard()
    assert "not the password of bob" in bob.send("/password guess! another-one").heard()[0]
    assert chat.plain().send("bob", PASSWORD).account == "bob"


def test_a_new_password_ends_other_logins(chat: Chat) -> None:
    """Whoever knew the old one is out, also under another name; who has no name yet is not let have this one."""
    thief, coming = proven(chat, "bob", "b0b_"), newcomer(chat, "AUTHENTICATE PLAIN")
    coming.send(f"AUTHENTICATE {sasl('bob', PASSWORD)}").heard()
    other, bob = claim(chat, "carol"), chat.plain().send("bob", PASSWORD)
    bob.heard()
    assert bob.send(f"/password {PASSWORD} another-one").heard()[-1] == "* The password of bob is changed."
    assert thief.closing
    assert "the password of the account was changed" in thief.heard()[-1]
    assert not coming.account
    assert numerics(coming.send("NICK bob", "USER u 0 * :x", "CAP END").heard())[-1] == "433"
    assert (bob.account, other.account, bob.closing, other.closing) == ("bob", "carol", False, False)


def test_a_cheap_secret_is_made_anew_at_a_login(chat: Chat) -> None:
    """When the cost of passwords rises, that of an account follows at its next login, which ends no other."""
    here = proven(chat, "bob")
    before = chat.hub.state.accounts["bob"].secret
    chat.hub.context.passwords.scrypt = (32, 8, 1)
    second = chat.plain("eve")
    assert "not the password" in second.send("/login bob guess!").heard()[0]
    assert chat.hub.state.accounts["bob"].secret == before
    for _ in range(2):
        second.send(f"/login bob {PASSWORD}", "/logout")
    secret = chat.hub.state.accounts["bob"].secret
    assert secret.startswith("scrypt$32$8$1$")
    assert len([event for event, _ in chat.post.events if isinstance(event, PasswordSet)]) == 1
    assert here.account == "bob"
    chat.hub.context.passwords.scrypt = QUICK
    proven(chat, "bob")
    assert chat.hub.state.accounts["bob"].secret == secret


@pytest.mark.parametrize(("password", "account"), [(PASSWORD, ""), ("another-one", "carol")])
def test_a_login_counts_by_the_password_of_its_end(chat: Chat, password: str, account: str) -> None:
    """If it is changed while one is being checked, the new one is right, and the old one is not."""
    check = chat.hub.context.passwords.check
    carol, eve = claim(chat, "carol"), chat.plain("eve")

    def changing(given: str, secret: str, owner: str = "") -> bool | None:
        chat.hub.context.passwords.check = check  # type: ignore[method-assign]
        fits = check(given, secret, owner)
        carol.send(f"/password {PASSWORD} another-one")
        return fits

    chat.hub.context.passwords.check = changing  # type: ignore[method-assign, assignment]
    assert eve.send(f"/login carol {password}").account == account


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/register", "needs more"),
        ("/register short", "at least 8 characters"),
        ("/register Passw0rd1", "among the first that are guessed"),
        ("/register two words", "no spaces"),
        ("/login guess!", "not the password of eve, or nobody has claimed eve"),
        ("/login bob guess!", "not the password of bob"),
        ("/login nobody guess!", "not the password of nobody, or nobody has claimed nobody"),
        ("/logout", "not logged in; /login PASSWORD"),
        ("/password guess! another-one", "not logged in; /login PASSWORD"),
        ("/password another-one", "needs more: /password OLD NEW"),
    ],
)
def test_every_refusal_says_what_to_do_next(chat: Chat, line: str, told: str) -> None:
    """And never repeats a password."""
    [sentence] = chat.plain("eve").send(line).heard()
    assert told in sentence
    assert not {"guess!", "another-one", "words"} & set(sentence.split())


def test_who_is_logged_in_is_told_so(chat: Chat) -> None:
    """One account at a time, for one connection."""
    bob = chat.plain().send("bob", PASSWORD)
    bob.heard()
    for line in (f"/login {PASSWORD}", f"/register {PASSWORD}"):
        assert bob.send(line).heard() == ["* you are logged in as bob; /logout first"]


def test_without_a_disk_a_claim_says_how_long_it_lasts() -> None:
    """As long as the server."""
    [told] = Chat().plain("bob").send(f"/register {PASSWORD}").heard()
    assert told.endswith("This server keeps nothing on disk: the name is yours until it ends.")


def test_unclaimed_names_are_as_ever(chat: Chat) -> None:
    """No account is needed for anything."""
    assert chat.plain("carol").send("/nick caroline").heard() == ["* carol is now known as caroline"]
    assert chat.plain().send("caroline").heard() == ["* caroline is taken; choose another name", "Username"]


def test_guesses_are_slowed_down_and_owners_are_not(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever guesses too often waits for a turn, and may be told that it did not come. At home nobody waits."""
    waited: list[int] = []
    in_turn = chat.hub.context.throttle.in_turn

    def look(attempt: Attempt, check: Callable[[], bool | None]) -> bool | None:
        waited.append(len(attempt.turns))
        return in_turn(attempt, check) if chat.time < NOON + LOGIN_WINDOW_MS else None

    monkeypatch.setattr(chat.hub.context.throttle, "in_turn", look)
    eve, bob = chat.plain("eve"), chat.plain("b0b_")
    eve.host = "192.0.2.66"
    for _ in range(WRONG_PASSWORDS_PER_WINDOW + 1):
        eve.send("/login bob guess!")
    bob.send(f"/login bob {PASSWORD}")
    assert bob.account == "bob"
    assert waited == [*[0] * WRONG_PASSWORDS_PER_WINDOW, 2, 0]
    chat.time += LOGIN_WINDOW_MS
    eve.heard()
    assert "try again in a few seconds" in eve.send("/login bob guess!").heard()[0]


def test_a_password_is_not_changed_all_the_time(chat: Chat) -> None:
    """It takes as long as a guess, and two are computed at a time for everybody."""
    bob = chat.plain().send("bob", PASSWORD)
    bob.heard()
    passwords = [PASSWORD, *[f"another-{i}" for i in range(WRONG_PASSWORDS_PER_WINDOW + 1)]]
    told = [bob.send(f"/password {old} {new}").heard()[0] for old, new in pairwise(passwords)]
    assert told[:-1] == ["* The password of bob is changed."] * WRONG_PASSWORDS_PER_WINDOW
    assert told[-1] == "* that was tried too often; wait a minute, then try again"


def test_claims_are_limited() -> None:
    """Nobody can claim all names there are."""
    chat = Chat()
    eve = chat.plain("eve")
    for i in range(CLAIMS_PER_ADDRESS):
        eve.send(f"/nick eve{i}", f"/register {PASSWORD}", "/logout")
    eve.heard()
    eve.send("/nick greedy").heard()
    assert "no more names" in eve.send(f"/register {PASSWORD}").heard()[0]
    assert len(chat.hub.state.accounts) == CLAIMS_PER_ADDRESS


# ---- IRC: SASL ------------------------------------------------------------------------------------------------------


def test_sasl_logs_in_before_there_is_a_name(chat: Chat) -> None:
    """900 and 903: IRCv3 sasl. The claimed name can be had then."""
    bob = newcomer(chat)
    assert bob.send("AUTHENTICATE PLAIN").heard() == ["AUTHENTICATE +"]
    told = bob.send(f"AUTHENTICATE {sasl('bob', PASSWORD)}").heard()
    assert told == [
        ":chatroom.test 900 * *!*@* bob :You are now logged in as bob",
        ":chatroom.test 903 * :SASL authentication successful",
    ]
    assert bob.send("NICK bob", "USER u 0 * :Bob", "CAP END").heard()[0].split()[1] == "001"
    assert bob.account == "bob"


def test_sasl_is_offered_where_nobody_can_read_along(chat: Chat) -> None:
    """Under TLS or from this machine; with its mechanism for those who know version 302."""
    near, far, secure = chat.irc(), chat.irc(), chat.irc()
    far.near, secure.near, secure.secure = False, False, True
    for client in (near, secure):
        assert "sasl=PLAIN" in " ".join(client.send("CAP LS 302").heard()).split()
        assert client.send("CAP REQ :sasl").heard() == [":chatroom.test CAP * ACK :sasl"]
    assert "sasl" not in " ".join(far.send("CAP LS 302").heard())
    assert far.send("CAP REQ :sasl").heard() == [":chatroom.test CAP * NAK :sasl"]
    assert numerics(far.send("AUTHENTICATE PLAIN").heard()) == ["904"]
    assert numerics(far.send("NICK far", f"REGISTER * * {PASSWORD}").heard()) == ["FAIL"]


@pytest.mark.parametrize(
    ("lines", "answers"),
    [
        (["AUTHENTICATE SCRAM-SHA-256"], ["908", "904"]),
        (["AUTHENTICATE *"], ["906"]),
        (["AUTHENTICATE PLAIN", "AUTHENTICATE *"], ["AUTHENTICATE", "906"]),
        (["AUTHENTICATE PLAIN", f"AUTHENTICATE {'A' * (SASL_CHUNK_CHARACTERS + 1)}"], ["AUTHENTICATE", "905"]),
        (
            ["AUTHENTICATE PLAIN", *[f"AUTHENTICATE {'A' * SASL_CHUNK_CHARACTERS}"] * (SASL_CHUNKS_MAX + 1)],
            ["AUTHENTICATE", "904"],
        ),
        (["AUTHENTICATE PLAIN", "AUTHENTICATE !!!"], ["AUTHENTICATE", "904"]),
        (["AUTHENTICATE PLAIN", "AUTHENTICATE +"], ["AUTHENTICATE", "904"]),
        (["AUTHENTICATE PLAIN", "AUTHENTICATE /w=="], ["AUTHENTICATE", "904"]),
        (["AUTHENTICATE PLAIN", f"AUTHENTICATE {sasl('bob', 'guess!')}"], ["AUTHENTICATE", "904"]),
        (["AUTHENTICATE PLAIN", f"AUTHENTICATE {sasl('nobody', 'guess!')}"], ["AUTHENTICATE", "904"]),
        (["AUTHENTICATE PLAIN", f"AUTHENTICATE {sasl('bob', PASSWORD, 'eve')}"], ["AUTHENTICATE", "904"]),
        (["AUTHENTICATE PLAIN", f"AUTHENTICATE {sasl('', PASSWORD)}"], ["AUTHENTICATE", "904"]),
        (["AUTHENTICATE PLAIN", f"AUTHENTICATE {sasl('bob', '')}"], ["AUTHENTICATE", "904"]),
        (["AUTHENTICATE PLAIN", "NICK eve", "USER u 0 * :Eve", "CAP END"], ["AUTHENTICATE", "906", "001"]),
    ],
)
def test_sasl_misused_leads_nowhere(chat: Chat, lines: list[str], answers: list[str]) -> None:
    """The right numeric each time, and the client can try again, and get in."""
    eve = newcomer(chat)
    assert numerics(eve.send(*lines).heard())[: len(answers)] == answers
    assert not eve.account
    eve.send("AUTHENTICATE PLAIN").heard()
    assert numerics(eve.send(f"AUTHENTICATE {sasl('bob', PASSWORD)}").heard())[-1] == "903"


@pytest.mark.parametrize("message", ["+", sasl("", ""), sasl("bob", ""), sasl("", PASSWORD)])
def test_empty_credentials_are_called_so(chat: Chat, message: str) -> None:
    """And are no try at a password."""
    eve = newcomer(chat)
    told = eve.send("AUTHENTICATE PLAIN", f"AUTHENTICATE {message}").heard()
    assert told[-1] == ":chatroom.test 904 * :SASL authentication failed: a name and a password are needed"


@given(st.lists(st.one_of(st.binary(max_size=400), st.text("bo\0", max_size=20).map(str.encode)), max_size=4))
def test_no_sasl_message_does_more_than_fail(messages: list[bytes]) -> None:
    """Whatever is in it, however many: nobody is logged in, and the client can still come in."""
    chat = Chat()
    chat.hub.context.throttle.unlimited = True
    claim(chat, "bob").leave()
    eve = newcomer(chat)
    for message in messages:
        eve.send("AUTHENTICATE PLAIN", f"AUTHENTICATE {base64.b64encode(message).decode() or '+'}")
    answers = numerics(eve.heard())
    assert set(answers) <= {"AUTHENTICATE", "904", "905", "908"}
    assert not eve.account
    assert eve.send("NICK eve", "USER u 0 * :Eve", "CAP END").nick == "eve"


def test_a_long_message_comes_in_chunks(chat: Chat) -> None:
    """Of 400 characters; one that ends with a whole chunk is ended by a plus."""
    for size in (300, 292):
        name, password = f"long{size}", ("horse-" * 50)[:size]
        chat.plain(name).send(f"/register {password}", "/quit")
        message = sasl(name, password)
        chunks = [message[i : i + SASL_CHUNK_CHARACTERS] for i in range(0, len(message), SASL_CHUNK_CHARACTERS)]
        client = newcomer(chat, "AUTHENTICATE PLAIN")
        told = client.send(*[f"AUTHENTICATE {chunk}" for chunk in chunks]).heard()
        if len(chunks[-1]) == SASL_CHUNK_CHARACTERS:
            assert told == []
            told = client.send("AUTHENTICATE +").heard()
        assert numerics(told) == ["900", "903"]


def test_sasl_twice_is_once_too_often(chat: Chat) -> None:
    """907, before registration and after; after it, the first time is in order."""
    bob = proven(chat, "bob")
    assert numerics(bob.send("AUTHENTICATE PLAIN").heard()) == ["907"]
    eve = newcomer(chat, "NICK eve", "USER u 0 * :Eve", "CAP END")
    eve.send("AUTHENTICATE PLAIN")
    assert numerics(eve.send(f"AUTHENTICATE {sasl('bob', PASSWORD)}").heard())[:3] == ["AUTHENTICATE", "900", "903"]
    assert eve.user is bob.user
    assert eve.account == "bob"


# ---- IRC: PASS, NickServ, REGISTER ----------------------------------------------------------------------------------


def test_pass_logs_in_too(chat: Chat) -> None:
    """As name:password; what has no such form means nothing."""
    bob = chat.irc().send(f"PASS bob:{PASSWORD}", "NICK bob", "USER u 0 * :Bob")
    assert (bob.nick, bob.account) == ("bob", "bob")
    bob.leave()
    eve = chat.irc().send("PASS bob:guess!", "NICK bob", "USER u 0 * :Eve")
    told = eve.heard()
    assert told[0].startswith(":NickServ!NickServ@chatroom.test NOTICE * :That is not the password of bob")
    assert told[1].split()[1] == "433"
    assert eve.send("NICK eve").nick == "eve"


@pytest.mark.parametrize("order", [1, -1])
def test_the_servers_password_and_ones_own_stand_beside_each_other(chat: Chat, order: int) -> None:
    """One PASS for each, in any order; or SASL for one's own."""
    chat.hub.context.password = "let:me:in"
    passes = ["PASS let:me:in", f"PASS bob:{PASSWORD}"][::order]
    bob = chat.irc().send(*passes, "NICK bob", "USER u 0 * :Bob")
    assert (bob.nick, bob.account) == ("bob", "bob")
    bob.leave()
    other = newcomer(chat, "AUTHENTICATE PLAIN", f"AUTHENTICATE {sasl('bob', PASSWORD)}")
    other.send("PASS let:me:in", "NICK bob", "USER u 0 * :Bob", "CAP END")
    assert (other.nick, other.account) == ("bob", "bob")


def test_an_account_alone_opens_no_door(chat: Chat) -> None:
    """Where the server has a password, everybody needs it; and who can give it only by SASL may."""
    chat.hub.context.password = "let:me:in"
    bob = chat.irc().send(f"PASS bob:{PASSWORD}", "NICK bob", "USER u 0 * :Bob")
    assert "464" in numerics(bob.heard())
    assert bob.closing
    carol = newcomer(chat, "AUTHENTICATE PLAIN")
    assert numerics(carol.send(f"AUTHENTICATE {sasl('carol', 'let:me:in')}").heard()) == ["903"]
    carol.send("NICK carol", "USER u 0 * :Carol", "CAP END")
    assert (carol.nick, carol.account) == ("carol", "")


def service(lines: list[str]) -> list[str]:
    """What NickServ says; all lines must be its own or 9xx."""
    own = ":NickServ!NickServ@chatroom.test NOTICE "
    assert all(line.startswith(own) or line.split()[1] in ("900", "901") for line in lines), lines
    return [line.removeprefix(own).partition(" :")[2] for line in lines if line.startswith(own)]


def test_nickserv_is_a_way_of_saying_the_same(chat: Chat) -> None:
    """What IRC users know by heart works."""
    al = chat.irc("al")

    def say(text: str) -> list[str]:
        return service(al.send(f"PRIVMSG NickServ :{text}").heard())

    assert len(say("nonsense")) == len(say("HELP")) == 11
    assert say("REGISTER x") == ["A password has at least 8 characters and is more than the name; choose another."]
    assert say(f"register {PASSWORD} al@example.org")[0].startswith("The name al is yours, and you are logged in.")
    assert al.account == "al"
    assert say("INFO al") == ["al has been claimed since 2026-01-01, and is here."]
    assert say(f"SET PASSWORD {PASSWORD} another-one") == ["The password of al is changed."]
    assert say("LOGOUT") == ["You are logged out."]
    refused = "That is not the password of al, or nobody has claimed al; try again, or choose another name."
    assert say(f"IDENTIFY {PASSWORD}") == [refused]
    assert service(al.send("NS IDENTIFY al another-one").heard()) == ["You are logged in as al."]
    assert say("DROP al wrong!") == [refused]
    assert say("DROP al another-one") == ["The name al is nobody's any more."]
    assert not al.account
    assert say("INFO al") == ["al is not claimed; whoever has that name can REGISTER it."]
    assert al.send("NOTICE NickServ :IDENTIFY x").heard() == []


def test_ghost_closes_the_other_connection(chat: Chat) -> None:
    """With the password, or for who is logged in; then the name can be had. Who is logged in is no ghost."""
    ghost, bob = proven(chat, "bob"), chat.irc("bob_")
    assert service(bob.send(f"NICKSERV GHOST bob {PASSWORD}").heard()) == [
        "bob is logged in, so it is no old connection; IDENTIFY makes you bob here, too."
    ]
    ghost.send("NICKSERV LOGOUT")
    assert "not the password" in service(bob.send("NICKSERV GHOST bob guess!").heard())[0]
    assert service(bob.send(f"NICKSERV GHOST bob {PASSWORD}").heard()) == [
        "The other connection that was called bob is closed."
    ]
    assert ghost.closing
    assert bob.send("NICK bob").heard()[0].split()[1] == "433"
    bob.send(f"NICKSERV IDENTIFY bob {PASSWORD}").heard()
    assert bob.send("NICK bob").heard() == [":bob_!u@127.0.0.1 NICK bob"]
    assert service(bob.send("NICKSERV GHOST bob").heard()) == ["bob is you."]


def test_nickserv_is_always_here(chat: Chat) -> None:
    """For WHOIS, ISON, USERHOST and MONITOR: programs look whether it is before they log in."""
    al = chat.irc("al")
    assert al.send("WHOIS nickserv").heard() == [
        ":chatroom.test 311 al NickServ NickServ chatroom.test * :looks after claimed names",
        ":chatroom.test 312 al NickServ chatroom.test :A chatroom server",
        ":chatroom.test 318 al NickServ :End of /WHOIS list",
    ]
    assert al.send("ISON nobody NICKSERV al").heard() == [":chatroom.test 303 al :NickServ al"]
    assert al.send("USERHOST NickServ").heard() == [":chatroom.test 302 al :NickServ=+NickServ@chatroom.test"]
    online = ":chatroom.test 730 al :NickServ!NickServ@chatroom.test"
    assert al.send("MONITOR + NickServ,bob").heard() == [online, ":chatroom.test 731 al :bob"]
    assert al.send("MONITOR S").heard() == [online, ":chatroom.test 731 al :bob"]
    assert al.send("MONITOR - NickServ", "MONITOR L").heard()[0] == ":chatroom.test 732 al :bob"


def test_a_message_to_nickserv_is_nobodys_to_read(chat: Chat) -> None:
    """It is no event: not echoed, not kept, not told to anybody."""
    al = chat.irc("al", "echo-message", "message-tags")
    chat.post.events.clear()
    al.send(f"PRIVMSG NickServ :IDENTIFY bob {PASSWORD}x")
    assert chat.post.events == []
    assert PASSWORD not in al.wire.decode()


def test_register_is_a_command_too(chat: Chat) -> None:
    """IRCv3 account-registration, before registration as well: the account has the nickname."""
    al = chat.irc()
    listed = al.send("CAP LS 302").heard()[0].split()
    assert "draft/account-registration=before-connect" in listed
    al.send("CAP REQ :draft/account-registration").heard()
    assert al.send(f"REGISTER * * {PASSWORD}").heard()[0].startswith(":chatroom.test FAIL REGISTER NEED_NICK *")
    al.send("NICK al", "USER u 0 * :Al")
    told = al.send(f"REGISTER AL * {PASSWORD}").heard()
    assert told[0].startswith(":chatroom.test REGISTER SUCCESS al :")
    assert told[1] == ":chatroom.test 900 * *!*@* al :You are now logged in as al"
    assert al.send("CAP END").heard()[0].split()[1] == "001"
    assert al.account == "al"


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (f"REGISTER somebody * {PASSWORD}", "FAIL REGISTER ACCOUNT_NAME_MUST_BE_NICK somebody"),
        ("REGISTER * * short", "FAIL REGISTER WEAK_PASSWORD *"),
        ("REGISTER * * :two words", "FAIL REGISTER UNACCEPTABLE_PASSWORD *"),
        ("VERIFY eve 1234", "FAIL VERIFY INVALID_CODE eve"),
    ],
)
def test_register_says_what_is_wrong(chat: Chat, line: str, answer: str) -> None:
    """In the codes of the specification."""
    [told] = chat.irc("eve").send(line).heard()
    assert told.startswith(f":chatroom.test {answer} :")


def test_a_claimed_name_cant_be_registered_again(chat: Chat) -> None:
    """Neither by who is not here yet, nor by who is logged in already."""
    eve = chat.irc().send("CAP LS 302", "NICK bob", "USER u 0 * :Eve")
    eve.heard()
    assert (
        eve.send(f"REGISTER * * {PASSWORD}").heard()[0].startswith(":chatroom.test FAIL REGISTER ACCOUNT_EXISTS bob :")
    )
    bob = proven(chat, "bob", "robert")
    assert (
        bob.send(f"REGISTER * * {PASSWORD}")
        .heard()[0]
        .startswith(":chatroom.test FAIL REGISTER ALREADY_AUTHENTICATED bob :")
    )


def test_what_changes_while_a_password_is_hashed_is_looked_at_again() -> None:
    """Somebody else may have taken the name by then, or claimed it."""
    for meanwhile in (lambda chat: chat.plain("al"), lambda chat: claim(chat, "al").leave()):
        chat = Chat()
        al = chat.irc().send("CAP LS 302", "NICK al", "USER u 0 * :Al")
        al.heard()
        make = chat.hub.context.passwords.make

        def slowly(
            password: str, owner: str = "", chat: Chat = chat, change: Callable[[Chat], object] = meanwhile
        ) -> str:
            chat.hub.context.passwords.make = make  # type: ignore[method-assign]  # noqa: B023
            change(chat)
            return make(password, owner)  # noqa: B023

        chat.hub.context.passwords.make = slowly  # type: ignore[method-assign]
        assert "ACCOUNT_EXISTS" in al.send(f"REGISTER * * {PASSWORD}").heard()[0]
        assert not al.account


def test_register_is_no_way_past_the_servers_password(chat: Chat) -> None:
    """Nor past somebody who has that name at the moment."""
    chat.plain("carol")
    eve = chat.irc().send("CAP LS 302", "NICK carol")
    eve.heard()
    assert "ACCOUNT_EXISTS" in eve.send(f"REGISTER * * {PASSWORD}").heard()[0]
    chat.hub.context.password = "secret!"
    eve = chat.irc().send("CAP LS 302", "NICK dave")
    eve.heard()
    assert "TEMPORARILY_UNAVAILABLE" in eve.send(f"REGISTER * * {PASSWORD}").heard()[0]
    assert "dave" not in chat.hub.state.accounts


# ---- what others see of it ------------------------------------------------------------------------------------------


def test_others_see_who_is_logged_in(chat: Chat) -> None:
    """account-notify, extended-join, account-tag, WHOX a, WHOIS 330."""
    al = chat.irc("al", "account-notify", "extended-join", "account-tag", room="#tea")
    bob = proven(chat, "bob", "robert")
    bob.send("JOIN #tea", "PRIVMSG #tea :hi")
    joined, said = al.heard()
    assert joined == "@account=bob :robert!u@127.0.0.1 JOIN #tea bob :Real Name"
    assert said == "@account=bob :robert!u@127.0.0.1 PRIVMSG #tea :hi"
    bob.send("NICKSERV LOGOUT", f"NICKSERV IDENTIFY bob {PASSWORD}")
    told = [line.partition(" :robert")[2] or line.partition("robert")[2] for line in al.heard()]
    assert [line.split()[1:] for line in told] == [["ACCOUNT", "*"], ["ACCOUNT", "bob"]]
    assert al.send("WHO #tea %na").heard()[:2] == [":chatroom.test 354 al al 0", ":chatroom.test 354 al robert bob"]
    assert ":chatroom.test 330 al robert bob :is logged in as" in al.send("WHOIS robert").heard()


def test_an_account_in_a_tag_is_escaped() -> None:
    """Names may have a backslash in them, which means something in a tag: IRCv3 message-tags."""
    chat = Chat()
    al = chat.irc("al", "account-tag", room="#lobby")
    claim(chat, "b\\s").send("hi")
    assert al.heard()[-1].startswith(r"@account=b\\s :b\s!plain@127.0.0.1 PRIVMSG #lobby :hi")


# ---- owners ---------------------------------------------------------------------------------------------------------


def test_who_opens_a_room_while_logged_in_owns_it(chat: Chat) -> None:
    """Also when all have left: others who open it then are not its operators, its owner is, at once."""
    bob = proven(chat, "bob")
    bob.send("JOIN #tea", "PART #tea").heard()
    eve = chat.irc("eve", room="#tea")
    assert numerics(eve.send("MODE #tea +i").heard()) == ["482"]
    told = bob.send("JOIN #tea").heard()
    assert told[-1] == ":bob!u@127.0.0.1 MODE #tea +o bob"
    assert eve.heard()[-1] == ":bob!u@127.0.0.1 MODE #tea +o bob"
    assert numerics(bob.send("MODE #tea +i").heard()) == ["MODE"]


def test_its_owner_is_let_into_a_room_whatever_its_modes(chat: Chat) -> None:
    """By invitation only, with a key, full, or banned."""
    bob = proven(chat, "bob")
    bob.send("JOIN #tea")
    eve = chat.irc("eve", room="#tea")
    bob.send("MODE #tea +o eve", "PART #tea")
    eve.send("MODE #tea +ikl key 1", "MODE #tea +b *!*@127.0.0.1")
    assert "366" in numerics(bob.send("JOIN #tea").heard())


def test_a_login_in_a_room_of_ones_own_makes_one_its_operator(chat: Chat) -> None:
    """An owner need not leave and come back for it."""
    bob = proven(chat, "bob")
    bob.send("JOIN #tea", "PART #tea")
    bob.leave()
    other = chat.irc("robert", room="#tea")
    assert numerics(other.send("MODE #tea +i").heard()) == ["482"]
    told = other.send(f"NICKSERV IDENTIFY bob {PASSWORD}").heard()
    assert ":robert!u@127.0.0.1 MODE #tea +o robert" in told


def test_the_lobby_and_rooms_opened_without_an_account_are_nobodys(chat: Chat) -> None:
    """The lobby belongs to the server's operators."""
    bob = proven(chat, "bob")
    bob.send("JOIN #lobby")
    chat.irc("eve", room="#eve")
    bob.send("JOIN #eve")
    assert chat.hub.state.owners == {}


def test_rooms_owned_are_bounded(chat: Chat) -> None:
    """Who has many opens more like anybody else."""
    bob = proven(chat, "bob")
    for i in range(ROOMS_PER_OWNER + 1):
        bob.send(f"JOIN #r{i}", f"PART #r{i}")
    assert len(chat.hub.state.owners) == ROOMS_PER_OWNER


def test_a_name_given_up_is_free_and_so_are_its_rooms(chat: Chat) -> None:
    """Whoever was logged in to it is not any more, and its other devices are gone."""
    bob, twin = proven(chat, "bob"), proven(chat, "bob", "robert")
    bob.send("JOIN #tea")
    twin.heard()
    bob.send(f"NICKSERV DROP bob {PASSWORD}")
    assert (bob.account, twin.account, chat.hub.state.owners) == ("", "", {})
    assert numerics(twin.heard()) == ["901", "ERROR"]
    assert chat.hub.state.users[bob.uid].person.account == ""
    assert chat.plain().send("bob").heard()[0] == "* bob is taken; choose another name"


def test_nothing_of_its_first_owner_is_its_seconds(chat: Chat) -> None:
    """Who claims a name that was given up may not take back what was said under it, and has read nothing."""
    caps = ("draft/message-redaction", "draft/read-marker", "message-tags", "echo-message")
    bob, eve = chat.irc("robert", *caps, room="#tea"), chat.irc("eve", *caps)
    bob.send(
        f"NICKSERV IDENTIFY bob {PASSWORD}", "NICK bob", "MARKREAD #tea timestamp=2025-01-01T00:00:00.000Z"
    ).heard()
    msgid = bob.send("PRIVMSG #tea :mine").heard()[0].partition("msgid=")[2].partition(" ")[0].partition(";")[0]
    bob.send(f"NICKSERV DROP bob {PASSWORD}", "NICK robert")
    eve.send("NICK bob", f"NICKSERV REGISTER {PASSWORD}", "JOIN #tea").heard()
    assert "FAIL" in eve.send(f"REDACT #tea {msgid}").heard()[0]
    assert eve.send("MARKREAD #tea").heard() == [":chatroom.test MARKREAD #tea *"]
    bob.heard()
    assert "REDACT" in bob.send(f"REDACT #tea {msgid}").heard()[0]


def test_an_operator_of_the_server_can_free_a_name(chat: Chat) -> None:
    """For those who have forgotten their password; nobody else can."""
    chat.hub.context.operator_password = "root!!"
    eve = chat.irc("eve")
    assert "not the password" in service(eve.send("NICKSERV DROP bob").heard())[0]
    eve.send("OPER root root!!").heard()
    assert service(eve.send("NICKSERV DROP bob").heard()) == ["The name bob is nobody's any more."]
    assert "bob" not in chat.hub.state.accounts


# ---- secrets stay secret --------------------------------------------------------------------------------------------


def test_no_value_shows_a_password_or_a_secret() -> None:
    """What is logged by mistake, or shown in a traceback, is the values' repr."""
    by = Person("1", "bob", "u", "127.0.0.1")
    values = [
        Enter(PASSWORD),
        BecomeOperator("root", PASSWORD),
        MakeAccount(PASSWORD),
        LogIn("bob", PASSWORD),
        SetPassword(PASSWORD, PASSWORD),
        DropAccount("bob", PASSWORD),
        CloseGhost("bob", PASSWORD),
        Checked(LogIn("bob", PASSWORD), PASSWORD, True),
        Hashed(MakeAccount(PASSWORD), PASSWORD),
        AccountMade(by, "bob", PASSWORD),
        PasswordSet(by, "bob", PASSWORD, PASSWORD),
        Account("bob", PASSWORD, 1, 1),
    ]
    for value in values:
        assert PASSWORD not in repr(value)


def test_events_alone_make_the_same_accounts(chat: Chat) -> None:
    """Another hub that is told the same events knows the same names, and whose rooms are whose; contract 1."""
    bob = proven(chat, "bob")
    bob.send("JOIN #tea", f"NICKSERV SET PASSWORD {PASSWORD} another-one")
    claim(chat, "carol")
    other = Chat()
    for event, _ in chat.post.events:
        if isinstance(event, (AccountMade, PasswordSet, AccountDropped)):
            other.hub.apply(event, other.post)
            other.hub.apply(event, other.post)  # once too often changes nothing
    assert other.hub.state.accounts == chat.hub.state.accounts


def test_of_two_who_claim_a_name_at_once_the_first_has_it() -> None:
    """The second is not logged in to the first one's account, whatever was decided."""
    chat = Chat()
    al, bob = chat.irc("al"), chat.irc("bob")
    first, second = (chat.hub.state.users[client.uid].person for client in (al, bob))
    for person in (first, second):
        chat.hub.apply(AccountMade(person, "star", "scrypt$", id=1, time=1), chat.post)
    assert (al.account, bob.account) == ("star", "")
    assert chat.hub.state.users[bob.uid].person.account == ""
