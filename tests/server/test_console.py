"""The console of `chatroom serve`: whoever sits there keeps order in every room, and on the server."""

import os
import pty
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from chatroom.server import console as console_module
from chatroom.server.chat_server import ChatServer
from chatroom.server.console import _PLACES, COMMANDS, Console, Row
from tests.peers import DEADLINE, Ear, Guests, Peer, Served, eventually
from tests.ports import free_port, listens


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    return serve("--name", "chat.example")


@pytest.fixture
def visitors(served: Served) -> Iterator[Guests]:
    guests = Guests(served.port)
    yield guests
    guests.close()


def test_the_console_keeps_order_in_a_room(served: Served, visitors: Guests) -> None:
    """kick, ban, mute, op with a room; the room reads that the server did it, the console what came of it."""
    op = visitors.irc("op", room="#tea")
    bob, carol = visitors.plain("bob"), visitors.plain("carol")
    for client in (bob, carol):
        client.send("/join #tea")
        client.sync()
    served.type("mute #tea bob 10m noise")
    served.out.wait(r"^chat\.example muted bob for 10m \(noise\)$")
    bob.wait(r"^\* chat\.example muted bob for 10m \(noise\)$")
    bob.send("hey")
    bob.wait(r"^\* chat\.example has muted you in #tea for .* \(noise\); its operators may lift it: op$")
    served.type("unmute #tea bob")
    served.out.wait("^chat.example lets bob speak again$")
    served.type("op #tea carol")
    carol.wait(r"^\* chat\.example made carol an operator$")
    served.type("kick #tea bob out")
    served.out.wait(r"^chat\.example threw bob out \(out\)$")
    served.type("ban #tea bob 2h")
    served.out.wait("^chat.example banned bob for 2h$")
    op.wait(r"^:chat\.example MODE #tea \+b bob!\*@\*$")
    served.type("bans #tea")
    served.out.wait(r"^Banned: bob \(bob!\*@\*\) by chat\.example for .* more$")
    served.type("unban #tea bob")
    served.out.wait("^chat.example lifted the ban on bob$")
    served.err.wait(r" INFO #tea: chat\.example lifted the ban on bob \(by chat\.example\)$")


def test_without_a_room_it_is_the_whole_server(served: Served, visitors: Guests) -> None:
    """kick throws off, ban keeps off, bans lists, unban lifts."""
    bob, carol = visitors.plain("bob"), visitors.plain("carol")
    served.type("kick bob behave")
    served.out.wait(r"^chat\.example threw bob off the server \(behave\)$")
    assert bob.rest()[-1] == "* Goodbye: chat.example threw you off the server (behave)."
    served.type("ban carol 1h spam")
    served.out.wait(r"^chat\.example banned carol from the server for 1h \(spam\)$")
    assert "chat.example threw you off the server (spam)." in carol.rest()[-1]
    served.type("ban 192.0.2.0/24")
    served.out.wait(r"^chat\.example banned 192\.0\.2\.0/24 from the server$")
    served.type("bans")
    served.out.wait(r"^carol \(carol!\*@\*(, 127\.0\.0\.1/32)?\) by chat\.example for .* more \(spam\)$")
    served.out.wait(r"^192\.0\.2\.0/24 by chat\.example$")
    served.type("unban carol")
    served.out.wait("^chat.example lifted the ban from the server on carol")
    visitors.plain("carol")
    served.err.wait(r" INFO chat\.example threw bob off the server \(behave\) \(by chat\.example\)$")


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("kick nobody", "^there is nobody called nobody; who lists who is here$"),
        ("/who", "^nobody is here$"),
        ("/nosuch", "^unknown command nosuch; help lists them$"),
        ("kick #none bob", "^there is no room #none; rooms lists them$"),
        ("kick #/who bob", "^there is no room #/who; rooms lists them$"),
        ("kick", r"^kick needs more: kick \[#ROOM\] NAME \[TIME\] \[WHY\]$"),
        ("op #tea", r"^op needs more: op \[#ROOM\] NAME$"),
        ("ban", "^ban needs more: ban"),
        ("free", "^free needs more: free NAME$"),
        ("unban nobody", "^there is no such ban or mute on nobody; bans lists them$"),
        ("mute #none bob", "muted bob"),
        ("bans", "Nobody is banned"),
        ("motd", "there is no message of the day"),
        ("motd Tea at five", "^Tea at five$"),
    ],
)
def test_what_is_typed_is_answered(served: Served, line: str, answer: str) -> None:
    """In a sentence."""
    served.type(line)
    served.out.wait(answer)


def test_a_claimed_name_is_freed_for_who_forgot_the_password(served: Served, visitors: Guests) -> None:
    """Whoever is logged in to it is not any more; anybody can claim it then."""
    bob, eve = visitors.plain("bob"), visitors.irc("eve")
    eve.send("NickServ REGISTER open-sesame-too")
    eve.wait(" 900 ")
    served.type("free eve")
    eve.wait(" 901 ")
    eve.wait("NickServ!.* NOTICE eve :The name eve is nobody's any more, so you are logged out; ")
    served.out.wait("^eve is nobody's any more")
    bob.send("/register open-sesame")
    bob.wait("is yours now")
    served.type("free bob")
    served.out.wait(r"^bob is nobody's any more\.$")
    bob.wait(r"^\* bob is nobody's any more, so you are logged out; /register PASSWORD claims it anew\.$")
    served.type("free bob")
    served.out.wait("^bob is not claimed")
    bob.send("/register another-one")
    bob.wait("is yours now")


def test_help_tells_of_every_command(served: Served) -> None:
    """How it is used, and what it does."""
    served.type("help")
    longest = max(len(row.usage) for row in COMMANDS.values())
    for row in COMMANDS.values():
        assert longest + 2 + len(row.does.format(**_PLACES)) <= 80  # as many columns as a terminal has
        served.out.wait(f"^{re.escape(row.usage)} +{re.escape(row.does.format(**_PLACES))}$")


# A terminal, and where the output goes; Python.
_JOB = """\
exec <"$0" >"$1" 2>/dev/null
set -m
"$2" -m chatroom serve -p 0 --ephemeral &
echo "process $!"
read -r anything
fg
"""


@pytest.mark.parametrize("edited", [True, False])
def test_in_the_background_of_a_terminal_it_serves(edited: bool) -> None:
    """As `chatroom serve &` does: it is not stopped, and takes the terminal when it comes to the front."""
    master, slave = pty.openpty()
    terminal = os.ttyname(slave)
    shell = subprocess.Popen(
        ["sh", "-c", _JOB, terminal, terminal if edited else "/dev/stdout", sys.executable],
        start_new_session=True,  # so that the terminal which it opens is its own
        stdout=subprocess.PIPE,
        env={**os.environ, "TERM": "xterm", "PYTHONUNBUFFERED": "1"},
    )
    assert shell.stdout
    screen = Ear(master if edited else shell.stdout.fileno(), "terminal")
    job = int(screen.wait(r"^process (\d+)")[1])
    try:
        port = int(screen.wait(r"listening on \S+, port (\d+)")[1])
        with closing(Peer(port)) as peer:
            peer.wait("^Username$")
        os.write(master, b"rooms\r")  # the shell's to read
        screen.wait("chatroom serve")  # as the shell says what comes to the front
        os.write(master, b"rooms\r")
        screen.wait("there are no rooms")
        os.write(master, b"q\r")
        shell.wait(3 * DEADLINE)
    finally:
        with suppress(ProcessLookupError):
            os.kill(job, signal.SIGKILL)
        shell.kill()
        shell.wait()
        shell.stdout.close()
        os.close(master)
        os.close(slave)


def serve_on(terminal: int, port: int = 0, **variables: str) -> "subprocess.Popen[bytes]":
    """`chatroom serve`, whose input and output is a terminal's descriptor."""
    return subprocess.Popen(
        [sys.executable, "-m", "chatroom", "serve", "-p", str(port), "--ephemeral"],
        stdin=terminal,
        stdout=terminal,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TERM": "xterm", **variables},
    )


@pytest.mark.parametrize("edited", [True, False])
def test_the_end_of_input_on_a_terminal_is_told_about_and_ends_nothing(edited: bool, tmp_path: Path) -> None:
    """Ctrl+D, again and again, with readline or without; a terminal that has gone is not read any more."""
    if edited:
        pytest.importorskip("readline")
    else:
        (tmp_path / "readline.py").write_text("raise ImportError")
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    process = serve_on(slave, PYTHONPATH=path)
    threads = Path(f"/proc/{process.pid}/task")
    try:
        screen = Ear(master, "terminal")
        port = int(screen.wait(r"listening on \S+, port (\d+)")[1])
        screen.wait("help lists what else")
        if edited:
            eventually(lambda: termios.tcgetattr(slave)[3] != before[3], "the line is edited")
        os.write(master, b"\x04")
        screen.wait("q and Enter ends the server\r?$")
        os.write(master, b"\x04")
        os.write(master, b"rooms\r")
        assert not [line for line in screen.until("there are no rooms") if "ends the server" in line]
        alive = len(list(threads.iterdir()))
        os.close(slave)
        os.close(master)
        eventually(lambda: len(list(threads.iterdir())) < alive, "the console ends")
        with closing(Peer(port)) as peer:
            peer.wait("^Username$")
    finally:
        process.kill()
        process.wait()
        for end in (master, slave):
            with suppress(OSError):
                os.close(end)


def test_on_a_terminal_lines_are_edited_and_come_back() -> None:
    """Arrow up; and the terminal is left as it was found."""
    pytest.importorskip("readline")
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    process = serve_on(slave)
    try:
        screen = Ear(master, "terminal")
        screen.wait("q and Enter ends the server")
        eventually(lambda: termios.tcgetattr(slave)[3] != before[3], "the line is edited")
        os.write(master, b"roosm\x7f\x7fms\r")
        screen.wait("there are no rooms")
        os.write(master, b"\x1b[A\r")
        screen.wait("there are no rooms")
        os.write(master, b"q\r")
        process.wait(3 * DEADLINE)
        assert termios.tcgetattr(slave)[3] == before[3]
    finally:
        process.kill()
        process.wait()
        os.close(master)
        os.close(slave)


# Terminals that don't show all letters. ASCII, as nothing must make it UTF-8; and Latin-1.
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}
LATIN_1 = {"PYTHONIOENCODING": "latin-1"}


@pytest.mark.parametrize(
    ("locale", "typed", "comes_of_it"),
    [(ASCII, b"say caf\xc3\xa9\n", ""), (LATIN_1, b"say caf\xe9\n", "café"), ({}, b"say caf\xe9\n", "")],
    ids=["ascii", "latin-1", "utf-8"],
)
def test_what_the_locale_can_not_show_or_read_does_no_harm(
    serve: Callable[..., Served], locale: dict[str, str], typed: bytes, comes_of_it: str
) -> None:
    """It is shown as "?", in the log too; what can't be read is refused, and the console goes on."""
    served = serve(env=locale)
    visitors = Guests(served.port)
    alice = visitors.plain("Łucja")
    shown = r"\?ucja" if locale else "Łucja"
    served.err.wait(rf" is {shown}$")
    served.type("who")
    served.out.wait(f"^{shown} ")
    assert served.process.stdin
    served.process.stdin.write(typed)
    if comes_of_it:
        served.type("rooms")
        alice.wait(rf"^\* {comes_of_it}$")
    else:
        served.type("rooms")
        served.out.wait("^Not in .*; set LC_ALL")
    served.out.wait("^#lobby +1$")
    assert alice.sync() == []
    served.type("q")
    assert served.ends() == 0
    visitors.close()


def test_no_mistake_in_a_command_ends_the_console(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, and the next line is carried out."""

    def fail(console: Console, rest: str) -> None:
        raise ValueError(rest)

    written: list[str] = []
    monkeypatch.setitem(console_module.COMMANDS, "boom", Row("boom", "goes wrong", fail))
    console = Console(server, written.append, lambda: None, "hello")
    console.take("boom now")
    console.take("rooms")
    assert written == ["that went wrong; the log says more", "there are no rooms"]
    assert "ValueError: now" in caplog.text
    caplog.clear()


def test_sigterm_ends_it_after_the_terminal_has_gone() -> None:
    """Everybody is told, and the exit code is 0: a terminal can't be restored that isn't there."""
    master, slave = pty.openpty()
    process = serve_on(slave)
    try:
        port = int(Ear(master, "terminal").wait(r"listening on \S+, port (\d+)")[1])
        with closing(Peer(port)) as peer:
            peer.wait("^Username$")
            os.close(slave)
            os.close(master)
            process.terminate()
            assert peer.rest() == ["* Goodbye (the server is shutting down)."]
        assert process.wait(3 * DEADLINE) == 0
    finally:
        process.kill()
        process.wait()


# A terminal, and Python.
_ALONE = 'exec <"$0" >"$0" 2>/dev/null; exec "$1" -m chatroom serve -p 0 --ephemeral'


@pytest.mark.parametrize("nohup", [False, True])
def test_it_ends_when_its_terminal_closes(nohup: bool) -> None:
    """As by SIGTERM: everybody is told. Under nohup, which ignores the hangup, it goes on."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        ["sh", "-c", ("trap '' HUP; " if nohup else "") + _ALONE, os.ttyname(slave), sys.executable],
        start_new_session=True,  # so that the terminal which it opens is its own
        env={**os.environ, "TERM": "xterm"},
    )
    try:
        port = int(Ear(master, "terminal").wait(r"listening on \S+, port (\d+)")[1])
        with closing(Peer(port)) as peer:
            peer.wait("^Username$")
            os.close(slave)
            os.close(master)
            if nohup:
                peer.send("alice")
                peer.wait("Welcome, alice")
                process.send_signal(signal.SIGHUP)
                peer.send("/who")
                peer.wait("alice")
                process.terminate()
            assert peer.rest()[-1] == "* Goodbye (the server is shutting down)."
        assert process.wait(3 * DEADLINE) == 0
    finally:
        process.kill()
        process.wait()


def test_a_terminal_that_is_stopped_from_the_beginning_keeps_it_from_nothing() -> None:
    """By Ctrl+S, say: what is shown there waits, but nobody else does, and SIGTERM ends the server."""
    master, slave = pty.openpty()
    termios.tcflow(slave, termios.TCOOFF)
    port = free_port()
    process = serve_on(slave, port)
    try:
        eventually(lambda: listens(port), "it listens")
        with closing(Peer(port)) as peer:
            peer.wait("^Username$")
            process.terminate()
            assert peer.rest() == ["* Goodbye (the server is shutting down)."]
        assert process.wait(3 * DEADLINE) == 0
    finally:
        process.kill()
        process.wait()
        os.close(master)
        os.close(slave)
