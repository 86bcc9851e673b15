"""Operators of the server by their account: at the console and in the configuration, in every client."""

import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chatroom.core.account_use import DAY_MS
from chatroom.core.passwords import Passwords
from chatroom.model.commands import FreeAccounts, SetOperator
from chatroom.model.events import AccountDropped, AccountMade, OperatorSet
from chatroom.model.values import Person
from chatroom.protocols.reply_sentences import describe_reply
from tests.chat import NOON, QUICK, Chat, Client, place
from tests.core.test_accounts import PASSWORD, claim, proven
from tests.peers import DEADLINE, Guests, Irc, Served

NOW_OPERATOR = "* You are an operator of the server now; you may keep order in every room."


@pytest.fixture
def chat() -> Chat:
    """One in which bob and carol have claimed their names, and left. The configuration names carol."""
    chat = Chat()
    for name in ("bob", "carol"):
        claim(chat, name).leave()
    chat.hub.context.operators = frozenset({"carol"})
    return chat


def console(chat: Chat, account: str, on: bool = True) -> list[str]:
    """What the console is told."""
    before = len(chat.post.replies)
    chat.log.submit(chat.hub.state.server_session, [SetOperator(account, on)])
    return [sentence for uid, reply in chat.post.replies[before:] if not uid for sentence in describe_reply(reply)]


def is_operator(client: Client) -> bool:
    return client.user is not None and client.user.is_operator


@pytest.mark.parametrize("name", ["bob", "carol"])
def test_who_logs_in_to_such_an_account_is_an_operator(chat: Chat, name: str) -> None:
    """At once with netcat, as one comes in by SASL or with /login; no longer when one logs out."""
    if name == "bob":
        console(chat, "bob")
    netcat = chat.plain().send(name, PASSWORD)
    assert netcat.heard()[-1] == NOW_OPERATOR
    assert is_operator(netcat)
    irc = proven(chat, name, "elsewhere")
    assert is_operator(irc)
    later = chat.irc("later").send(f"NICKSERV IDENTIFY {name} {PASSWORD}")
    assert {"381", "MODE"} <= {line.split()[1] for line in later.heard()}
    netcat.send("/quit")
    later.leave()
    assert f":{name}!plain@127.0.0.1 MODE {name} -o" in irc.send("NICKSERV LOGOUT").heard()
    assert not is_operator(irc)
    assert irc.send("KILL elsewhere").heard()[0].split()[1] == "481"
    irc.leave()
    netcat = chat.plain().send(name, PASSWORD)
    netcat.send("/mode -o")
    assert netcat.send("/logout", f"/login {name} {PASSWORD}").account == name
    assert is_operator(netcat)


def test_who_is_logged_in_becomes_one_at_once(chat: Chat) -> None:
    """And is told so, as are the other operators; the same when it is taken back."""
    bob, carol = proven(chat, "bob"), proven(chat, "carol")
    carol.heard()
    made = "made bob an operator of the server, whenever they are logged in"
    assert console(chat, "bob") == [f"chatroom.test {made}"]
    assert [line.split()[1] for line in bob.heard()] == ["381", "MODE", "WALLOPS"]
    assert carol.heard() == [f":chatroom.test WALLOPS :chatroom.test {made}"]
    assert is_operator(bob)
    assert console(chat, "bob") == []
    console(chat, "bob", on=False)
    assert not is_operator(bob)
    assert bob.heard() == [":bob!u@127.0.0.1 MODE bob -o"]
    assert chat.hub.state.holders["o"] == 1


def test_a_person_with_netcat_is_told_in_words(chat: Chat) -> None:
    bob = chat.plain().send("bob", PASSWORD)
    bob.heard()
    console(chat, "bob")
    assert NOW_OPERATOR in bob.heard()
    console(chat, "bob", on=False)
    assert bob.heard()[-1] == "* You are no operator of the server any more."


def test_what_can_t_be_done_is_refused(chat: Chat) -> None:
    """By a reason of its own."""
    assert "nobody is not claimed" in console(chat, "nobody")[0]
    assert "remove it there" in console(chat, "carol", on=False)[0]


def test_the_shared_password_is_its_own_way(chat: Chat) -> None:
    """Who has given it stays an operator without the account; who has not, doesn't."""
    chat.hub.context.operator_password = "sesame"
    bob = chat.irc("bob_").send("OPER x sesame", f"NICKSERV IDENTIFY bob {PASSWORD}")
    console(chat, "bob")
    bob.send("NICKSERV LOGOUT")
    assert is_operator(bob)


def test_whoever_drops_the_account_is_no_operator(chat: Chat) -> None:
    """Nor is who claims the name next, or who is named in the configuration and comes first."""
    console(chat, "bob")
    bob, other = proven(chat, "bob"), proven(chat, "bob", "b0b_")
    bob.send(f"NICKSERV DROP bob {PASSWORD}")
    assert not is_operator(bob)
    assert not is_operator(other)
    bob.send(f"NICKSERV REGISTER {PASSWORD}")
    assert bob.account == "bob"
    assert not is_operator(bob)
    carol = proven(chat, "carol")
    carol.send(f"NICKSERV DROP carol {PASSWORD}").heard()
    assert not is_operator(carol)
    assert "only an operator can claim it" in carol.send(f"NICKSERV REGISTER {PASSWORD}").heard()[0]
    chat.hub.context.operator_password = "sesame"
    carol.send("OPER x sesame", f"NICKSERV REGISTER {PASSWORD}")
    assert carol.account == "carol"


def test_accounts_of_operators_are_never_freed(chat: Chat) -> None:
    """Whoever claimed such a name next would be one."""
    claim(chat, "dave").leave()
    console(chat, "bob")
    chat.hub.context.account_days = 1
    chat.time += 3 * DAY_MS
    chat.log.submit(chat.hub.state.server_session, [FreeAccounts(("bob", "carol", "dave"))])
    assert sorted(chat.hub.state.accounts) == ["bob", "carol"]


def test_events_alone_make_the_same_operators(chat: Chat) -> None:
    """Another hub that is told the same knows them; of an account that is dropped nothing is left."""
    console(chat, "bob")
    other = Chat()
    for event, _ in chat.post.events:
        if isinstance(event, (AccountMade, OperatorSet)):
            other.hub.apply(event, other.post)
    assert other.hub.state.accounts["bob"].operator
    by = Person("", "chatroom.test", "", "")
    for number, event in enumerate((AccountDropped(by, "bob"), OperatorSet(by, "bob", True)), 1 << 60):
        place(event, number, NOON)
        other.hub.apply(event, other.post)
    assert "bob" not in other.hub.state.accounts


# ---- with real servers ----------------------------------------------------------------------------------------------


def test_operators_outlive_a_restart_and_the_configuration_names_more(
    data: Path, tmp_path: Path, serve: Callable[..., Served]
) -> None:
    """In netcat and in an IRC client; a name that nobody has claimed is warned of."""
    served = serve("--data", str(data))
    guests = Guests(served.port)
    for name in ("bob", "carol"):
        client = guests.plain(name)
        client.send(f"/register {PASSWORD}")
        client.wait("is yours now")
    served.type("operator nobody")
    served.out.wait("^nobody is not claimed")
    served.type("operator")
    served.out.wait("^operator needs more: operator NAME$")
    served.type("operator bob")
    served.out.wait("made bob an operator of the server, whenever they are logged in$")
    guests._peers[0].wait("You are an operator of the server now")
    guests.close()
    served.type("q")
    served.ends()
    config = tmp_path / "chatroom.toml"
    config.write_text('operators = ["Carol", "nobody"]\n', encoding="utf-8")
    served = serve("--data", str(data), "--config", str(config))
    served.err.wait("WARNING operators names who has not claimed a name: nobody;")
    bob = Irc(served.port, "bob", password=f"bob:{PASSWORD}")
    bob.send("KILL nobody")
    bob.wait(" 401 ")
    bob.close()
    carol = Irc(served.port, "carol", password=f"carol:{PASSWORD}")
    carol.send("KILL nobody")
    assert carol.wait(" (401|481) ")[1] == "401"
    carol.close()
    served.type("deoperator carol")
    served.out.wait("^carol is named as an operator in the configuration")
    served.type("deoperator bob")
    served.out.wait("bob is no longer an operator of the server$")


def test_a_name_that_can_t_be_an_operator_s_is_refused(tmp_path: Path) -> None:
    """With the line on which it stands."""
    config = tmp_path / "chatroom.toml"
    config.write_text('\noperators = ["two words"]\n', encoding="utf-8")
    done = chatroom("serve", "--config", str(config))
    assert re.search(r"chatroom\.toml, line 2: operators: 'two words' can't be a claimed name", done.stderr)
    assert done.returncode == 1


def chatroom(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "chatroom", *arguments],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_operators_password_may_be_kept_as_a_hash(tmp_path: Path, serve: Callable[..., Served]) -> None:
    """`chatroom hash-password` makes it."""
    made = chatroom("hash-password", text="tea-at-five-o-clock\n")
    assert made.returncode == 0
    secret = made.stdout.strip()
    assert Passwords().check("tea-at-five-o-clock", secret)
    file = tmp_path / "operator"
    file.write_text(f"{secret}\n", encoding="utf-8")
    served = serve("--operator-password-file", str(file))
    al = Irc(served.port, "al")
    al.send(f"OPER al {secret}")
    al.wait(" 464 ")
    al.send("OPER al tea-at-five-o-clock")
    al.wait(" 381 ")
    al.close()


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short-1", "too short: it must have at least 8 characters"),
        ("Password1", "among the first that are guessed"),
        ("scrypt$32768$8$1$AAAA", "damaged; make it anew with chatroom hash-password"),
    ],
)
def test_a_bad_password_of_operators_is_refused_at_the_start(tmp_path: Path, password: str, why: str) -> None:
    """With what is wrong, and what to do."""
    file = tmp_path / "operator"
    file.write_text(f"{password}\n", encoding="utf-8")
    done = chatroom("serve", "-p", "0", "--ephemeral", "--operator-password-file", str(file))
    assert done.returncode == 1
    assert why in done.stderr
    if "hash" not in why:
        assert why in chatroom("hash-password", text=f"{password}\n").stderr


def test_a_terminal_is_asked_again_for_a_password_that_won_t_do() -> None:
    """At once, before it is repeated, and until there is a hash: if it ended, it would leave an empty file."""
    terminal, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "chatroom", "hash-password"],
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=slave,
        start_new_session=True,
        text=True,
    ) as command:
        os.close(slave)
        for typed, answer in (
            ("", "Password: "),
            ("short-1", "too short: it must have at least 8 characters.\r?\nPassword: "),
            ("password1", "first that are guessed; choose another.\r?\nPassword: "),
            ("tea-at-five-o-clock", "The same again: "),
            ("tea-at-six-o-clock", "These two are not the same.\r?\nPassword: "),
            ("tea-at-five-o-clock", "The same again: "),
        ):
            if typed:
                os.write(terminal, f"{typed}\n".encode())
            seen = b""
            while not re.search(answer, seen.decode()):
                assert select.select([terminal], [], [], DEADLINE)[0], (answer, seen)
                seen += os.read(terminal, 4096)
        os.write(terminal, b"tea-at-five-o-clock\n")
        made, _ = command.communicate(timeout=DEADLINE)
        assert command.returncode == 0 and Passwords().check("tea-at-five-o-clock", made.strip())
    os.close(terminal)


def test_a_password_that_the_locale_can_t_read_is_refused() -> None:
    """In a sentence, not with a traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "chatroom", "hash-password"],
        input=b"caf\xe9-au-lait\n",
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(b"Error: Not in UTF-8")


def test_a_hash_is_only_for_operators(tmp_path: Path) -> None:
    """Where a secret stands as the server's password, the secret itself is that password."""
    chat = Chat()
    chat.hub.context.password = Passwords(QUICK).make("open-sesame")
    pat = chat.plain()
    assert pat.send("open-sesame").heard()[-1] == "Password"
    assert pat.send(chat.hub.context.password).heard() == ["Username"]
