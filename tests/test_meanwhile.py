"""What happens to an account, or to a client, while a password is checked or somebody is coming in."""

import os
import signal
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from chatroom.core.login_throttle import WRONG_PASSWORDS_PER_WINDOW
from chatroom.model.commands import Register
from chatroom.model.events import AccountDropped, Connected
from chatroom.model.values import Person
from tests.chat import Chat, Client, place
from tests.core.test_accounts import PASSWORD, claim
from tests.peers import DEADLINE, Guests, Served


def test_a_right_password_is_no_guess_though_its_client_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is impatient, and comes back, is not locked out; a wrong one is one all the same."""
    chat = Chat()
    claim(chat, "robert").leave()
    check = chat.hub.context.passwords.check

    def knock(password: str) -> None:
        bob = chat.irc("bob")

        def leave(given: str, secret: str, owner: str) -> bool | None:
            bob.closing = True
            return check(given, secret, owner)

        monkeypatch.setattr(chat.hub.context.passwords, "check", leave)
        bob.send(f"PRIVMSG NickServ :IDENTIFY robert {password}")
        bob.closing = False
        bob.leave()
        monkeypatch.setattr(chat.hub.context.passwords, "check", check)

    for _ in range(2 * WRONG_PASSWORDS_PER_WINDOW):
        knock(PASSWORD)
    bob = chat.irc("bob")
    assert turns(chat, bob) == 0
    for _ in range(WRONG_PASSWORDS_PER_WINDOW):
        bob.leave()
        knock("wrong-one")
        bob = chat.irc("bob")
    assert turns(chat, bob) == 1


def turns(chat: Chat, client: Client) -> int:
    """For how many lines whoever logs in to robert now, at home and not by their first try, has to wait."""
    client.has_tried = True
    account = chat.hub.state.accounts["robert"]
    attempt = chat.hub.context.throttle.begin_login("robert", client, account, chat.time)
    chat.hub.context.throttle.end(attempt, None)
    return len(attempt.turns)


def test_who_comes_in_while_their_account_is_dropped_is_a_guest() -> None:
    """On several servers, the one may be on its way when the other happens."""
    chat = Chat()
    robert = claim(chat, "robert")
    robert.leave()
    coming = chat.irc()
    coming.account = "robert"
    [connected] = chat.hub.decide(coming, Register("bob", "u", "Bob"))
    assert isinstance(connected, Connected) and connected.by.account == "robert"
    dropped = AccountDropped(Person("", "chatroom.local", "", ""), "robert")
    for number, event in enumerate((dropped, connected), 1 << 60):
        place(event, number, chat.time)
        chat.hub.apply(event, chat.post)
    assert coming.user and coming.user.person.account == coming.account == ""


def pipes(directory: Path) -> tuple[Path, Callable[[str], threading.Thread]]:
    """A file that is a pipe: whoever reads it waits until it is written to, by what is returned besides."""
    pipe = directory / "motd"
    os.mkfifo(pipe)

    def write(text: str) -> threading.Thread:
        thread = threading.Thread(target=pipe.write_text, args=(text,), daemon=True)
        thread.start()
        return thread

    return pipe, write


def test_a_server_that_reads_its_files_again_ends_all_the_same(tmp_path: Path, serve: Callable[..., Served]) -> None:
    """SIGHUP, and then SIGTERM while it reads."""
    motd, write = pipes(tmp_path)
    write("first\n")
    server = serve("--motd-file", str(motd))
    server.process.send_signal(signal.SIGHUP)
    write("second\n").join(DEADLINE)  # so it reads again
    server.process.send_signal(signal.SIGHUP)
    server.process.send_signal(signal.SIGTERM)
    assert server.ends() == 0


def test_nobody_waits_while_files_are_read_again(tmp_path: Path, serve: Callable[..., Served]) -> None:
    """REHASH: a file may lie where reading takes its time, on another machine for example. Here it is a pipe."""
    motd, write = pipes(tmp_path)
    password = tmp_path / "password"
    password.write_text("sesame-of-ops\n")
    write("first\n")
    server = serve("--motd-file", str(motd), "--operator-password-file", str(password))
    with closing(Guests(server.port)) as guests:
        op, bob = guests.irc("op"), guests.irc("bob")
        op.send("OPER op sesame-of-ops")
        op.wait(" 381 ")
        op.send("REHASH")
        for number in range(3):
            bob.send(f"PRIVMSG #lobby :{number}")
            op.wait(f"PRIVMSG #lobby :{number}$")
        writer = write("second\n")
        op.wait(" 382 ")
        writer.join(DEADLINE)
        assert any(line.endswith(" 372 carol :- second") for line in guests.irc("carol").heard)
