"""`chatroom connect --text`: in pipes, and on a terminal."""

import json
import os
import pty
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gui.irc import Doorkeeper, RudeServer
from tests.gui.people import DEADLINE, Irc, Netcat, Server, environment, wait_for


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as server:
        yield server


def talk(tmp_path: Path, port: int, said: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return connect(tmp_path, said, "-p", str(port), *arguments)


def connect(tmp_path: Path, said: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chatroom", "connect", "--text", *arguments]
    variables = environment(XDG_CONFIG_HOME=str(tmp_path), PYTHONIOENCODING="utf-8")
    return subprocess.run(command, input=said, env=variables, capture_output=True, text=True, timeout=60, check=False)


def test_a_line_through_a_pipe_is_delivered(here: Server, tmp_path: Path) -> None:
    """To the room that was asked for; exit code 0."""
    with Irc(here.port, "bob", "#dev") as bob:
        done = talk(tmp_path, here.port, "build 512 is green ł\n", "--nick", "ci", "--room", "#dev")
        assert (done.returncode, done.stderr) == (0, "")
        bob.wait("PRIVMSG #dev :build 512 is green ł")


@pytest.mark.parametrize("host", ["192.0.2.1", "127.0.0.1"])
def test_no_password_goes_out_in_clear_unasked(tmp_path: Path, host: str) -> None:
    """Not to another machine, and not to this one where it was known with TLS: nothing at all is sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        port = listener.getsockname()[1]
        (tmp_path / "chatroom").mkdir()
        settings = {"recent": [{"host": "127.0.0.1", "port": port, "tls": True, "nick": "alice"}]}
        (tmp_path / "chatroom" / "client.json").write_text(json.dumps(settings))
        (tmp_path / "password").write_text("s3cret\n")
        password = ("--password-file", str(tmp_path / "password"))
        done = connect(tmp_path, "hello\n", host, "-p", str(port), "--nick", "alice", *password)
        assert done.returncode == 1 and "Use --tls" in done.stderr
        with pytest.raises(TimeoutError):
            listener.accept()


def test_many_lines_arrive_in_order_and_whole(here: Server, tmp_path: Path) -> None:
    """More than fit in one packet, without an end of line behind the last."""
    with Netcat(here.port, "bob") as bob:
        done = talk(tmp_path, here.port, "\n".join(f"line {n}" for n in range(300)), "--nick", "ci")
        assert done.returncode == 0
        bob.wait("ci left")
        assert re.findall(r"ci: line (\d+)", bob.seen) == [str(n) for n in range(300)]


def test_a_script_may_change_rooms(here: Server, tmp_path: Path) -> None:
    """What follows waits until it is there."""
    with Irc(here.port, "bob", "#dev") as bob:
        done = talk(tmp_path, here.port, "/join #dev\nhello\n", "--nick", "ci")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        bob.wait("PRIVMSG #dev :?hello")


def test_what_others_say_comes_out(here: Server, tmp_path: Path) -> None:
    """Plain lines, without colours."""
    command = [sys.executable, "-m", "chatroom", "connect", "--text", "-p", str(here.port), "--nick", "ci"]
    variables = environment(XDG_CONFIG_HOME=str(tmp_path), PYTHONIOENCODING="utf-8")
    with Netcat(here.port, "bob") as bob:
        process = subprocess.Popen(
            command, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        bob.wait("ci joined")
        bob.send("hello ci")
        assert process.stdout and re.fullmatch(r"\d\d:\d\d bob: hello ci\n", process.stdout.readline())
        out, error = process.communicate("", timeout=DEADLINE)
        assert (process.returncode, out, error) == (0, "", "")


def test_a_claimed_name_is_logged_in_to_with_the_password_in_a_file(here: Server, tmp_path: Path) -> None:
    """With another one, or none, it says so and ends; a name can be claimed through a pipe, too."""
    secret, other = tmp_path / "secret", tmp_path / "other"
    secret.write_text("open-sesame\n", "utf-8")
    other.write_text("guess!\n", "utf-8")
    assert talk(tmp_path, here.port, "/register open-sesame\nhello\n", "--nick", "ci").returncode == 0
    done = talk(tmp_path, here.port, "/whois ci\n", "--nick", "ci", "--password-file", str(secret))
    assert (done.returncode, done.stderr) == (0, "")
    assert "ci is logged in as ci" in done.stdout
    for more, why in (([], "If it is you"), (["--password-file", str(other)], "that password was not accepted")):
        done = talk(tmp_path, here.port, "hello\n", "--nick", "ci", *more)
        assert done.returncode == 1
        assert "ci belongs to somebody here" in done.stderr and why in done.stderr


def test_mentions_servers_and_the_language(here: Server, tmp_path: Path) -> None:
    """Each mention stands behind its room; a language that was chosen is that of the next start, too."""
    with Irc(here.port, "bob", "#dev") as bob:
        typed = "/register open-sesame\n/servers\n/lang pl\n/topic\n"
        done = talk(tmp_path, here.port, typed, "--nick", "ci", "--language", "en", "--room", "#dev")
        assert (done.returncode, done.stderr) == (0, "")
        assert "to jedyny serwer tego czatu." in done.stdout and "#dev nie ma tematu." in done.stdout
        bob.send("PRIVMSG #dev :ci: the build is red", "PING over")
        bob.wait("PONG")
        secret = tmp_path / "secret"
        secret.write_text("open-sesame\n", "utf-8")
        login = ("--nick", "ci", "--password-file", str(secret))
        done = talk(tmp_path, here.port, "/join #dev\n/join #lobby\n/mentions\n/topic\n", *login)
        assert (done.returncode, done.stderr) == (0, "")
        assert "[#dev] bob: ci: the build is red" in done.stdout and "#lobby nie ma tematu." in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--nick", "bob"), "called bob already"),
        (("--nick", "two words"), "two words can't be a name: a name is made of letters, digits and -_"),
        (("--nick", "server"), "server can't be a name here: That name would pass for the server"),
        ((), "--nick"),
    ],
)
def test_a_name_that_can_not_be_had_is_said(
    here: Server, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    """Exit code 1, one sentence, no traceback."""
    with Netcat(here.port, "bob"):
        done = talk(tmp_path, here.port, "hello\n", *arguments)
    assert done.returncode == 1 and words in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_lines_are_read_and_shown_by_the_locale(here: Server, tmp_path: Path, encoding: str) -> None:
    """What can't be shown becomes "?". What can't be read is refused, with exit code 1, behind what comes before it."""
    command = [sys.executable, "-m", "chatroom", "connect", "--text", "-p", str(here.port), "--nick", "ci"]
    variables = environment(XDG_CONFIG_HOME=str(tmp_path), PYTHONIOENCODING=encoding)
    typed = {"ascii": b"cafe\n\xc3\xa9\nlost\n", "latin-1": b"caf\xe9\n", "utf-8": b"cafe\n\xe9\nlost\n"}[encoding]
    with Netcat(here.port, "bob") as bob:
        process = subprocess.Popen(
            command, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert process.stdout
        bob.wait("ci joined")
        bob.send("łé")
        assert process.stdout.readline().endswith(" bob: łé\n".encode(encoding, "replace"))
        out, error = process.communicate(typed, timeout=DEADLINE)
        bob.wait("ci: café\r?\n" if encoding == "latin-1" else "ci: cafe\r?\n")
        bob.wait("ci left")
        assert "lost" not in bob.seen
    told = f"Not in {encoding.upper()}".encode()
    assert (process.returncode, out) == (0 if encoding == "latin-1" else 1, b"")
    assert (told in error) == (encoding != "latin-1") and b"Traceback" not in error


@pytest.mark.parametrize(
    ("to", "code", "words"), [(">&-", 0, ""), (">/dev/full", 1, "No space left"), ("| true", 1, "Nobody reads")]
)
def test_output_that_takes_nothing_is_told(here: Server, tmp_path: Path, to: str, code: int, words: str) -> None:
    """In a sentence, as what was said may not have arrived; never by the interpreter's own exit code 120."""
    arguments = f"-m chatroom connect --text -p {here.port} --nick ci"
    command = f'echo /whois ci | {{ "$0" {arguments}; echo "code $?" >&2; }} {to}'
    variables = environment(XDG_CONFIG_HOME=str(tmp_path))
    variables.pop("PYTHONUNBUFFERED", None)
    done = subprocess.run(
        ["sh", "-c", command, sys.executable], env=variables, stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )
    assert done.stderr.endswith(f"code {code}\n") and words in done.stderr and "Traceback" not in done.stderr


def test_nobody_listening_ends_it(here: Server, tmp_path: Path) -> None:
    """What was not delivered is no success."""
    here.kill()
    done = talk(tmp_path, here.port, "hello\n", "--nick", "ci")
    assert done.returncode == 1 and "Nobody is listening" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("place", ["127.0.0.1:{0}", "[127.0.0.1]:{0}", "127.0.0.1:{0} -p {0}"])
def test_the_port_may_stand_behind_the_host(here: Server, tmp_path: Path, place: str) -> None:
    """As other programs write it; -p may say the same."""
    done = connect(tmp_path, "hello\n", "--nick", "ci", *place.format(here.port).split())
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("127.0.0.1:7", "-p", "9"), "127.0.0.1:7 says port 7, but -p says 9; leave one of them out."),
        (("127.0.0.1:70000",), "70000 is not in the range"),
        (("[::1]:1",), "[::1]:1"),
        (("::1", "-p", "1"), "[::1]:1"),
    ],
)
def test_host_and_port_are_told_apart(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    """Two ports are one too many, one must be possible, and IPv6 has colons of its own."""
    done = connect(tmp_path, "hello\n", "--nick", "ci", *arguments)
    assert done.returncode and words in done.stderr and "no host" not in done.stderr


def test_a_refused_message_is_no_success(tmp_path: Path) -> None:
    """404 for the message: non-zero, and which one it was."""
    with RudeServer() as rude:
        rude.refuses.add("secret")
        done = talk(tmp_path, rude.port, "secret\n", "--nick", "me")
        assert done.returncode == 1 and "Not delivered: secret" in done.stderr


class Terminal:
    """The program on a terminal of its own."""

    def __init__(self, *arguments: str, **env: str) -> None:
        self._master, slave = pty.openpty()
        command = [sys.executable, "-m", "chatroom", "connect", "--text", *arguments]
        variables = environment(**{"TERM": "xterm", "COLUMNS": "100", "LINES": "30", **env})
        self.process = subprocess.Popen(command, env=variables, stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        os.set_blocking(self._master, False)
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def _look(self, pattern: str) -> bool:
        try:
            self.seen += os.read(self._master, 65_536).decode(errors="replace")
        except (BlockingIOError, OSError):
            pass
        return re.search(pattern, self.seen) is not None

    def wait(self, pattern: str) -> None:
        try:
            wait_for(lambda: self._look(pattern), pattern)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.seen[-3000:]!r}") from None

    def end(self) -> int:
        self.type("/quit\r")
        end = time.monotonic() + DEADLINE
        while self.process.poll() is None and time.monotonic() < end:
            self._look("$")
            time.sleep(0.02)
        os.close(self._master)
        return self.process.wait(1)


def test_on_a_terminal_there_is_a_prompt_with_completion_and_colours(here: Server, tmp_path: Path) -> None:
    """Lines that arrive don't break what is being typed."""
    pytest.importorskip("prompt_toolkit")
    with Netcat(here.port, "bobby") as bobby:
        terminal = Terminal("-p", str(here.port), XDG_CONFIG_HOME=str(tmp_path))
        terminal.wait("Your name: ")
        terminal.type("alice\r")
        terminal.wait("#lobby>")
        bobby.wait("alice joined")
        terminal.type("bo")
        bobby.send("an interruption")
        terminal.wait("\x1b\\[\\d+mbobby\x1b\\[0m: an interruption")
        terminal.type("\t")
        terminal.wait("bby:")
        terminal.type("hello\r")
        bobby.wait("alice: bobby: hello")
        assert terminal.end() == 0
        bobby.wait("alice left")


@pytest.mark.parametrize("kind", ["xterm", "dumb"])
def test_who_ends_this_device_from_another_ends_the_program(here: Server, tmp_path: Path, kind: str) -> None:
    """At once, whatever the terminal can: it says why, and does not come back."""
    pytest.importorskip("prompt_toolkit")
    (tmp_path / "password").write_text("open-sesame\n")
    with Irc(here.port, "alice") as phone:
        phone.send("PRIVMSG NickServ :REGISTER open-sesame")
        phone.wait("is yours")
        arguments = ("-p", str(here.port), "--nick", "alice", "--password-file", str(tmp_path / "password"))
        terminal = Terminal(*arguments, XDG_CONFIG_HOME=str(tmp_path), TERM=kind)
        terminal.wait("You are in #lobby")
        phone.send("PRIVMSG NickServ :LOGOUT 2")
        terminal.wait("ended from one of your devices")
        wait_for(lambda: terminal.process.poll() == 1, "the program has ended")
        os.close(terminal._master)


def test_a_terminal_asks_for_both_passwords_and_shows_neither(tmp_path: Path) -> None:
    """The server's first, then the name's; a wrong one is asked for again, and what was typed is not lost."""
    pytest.importorskip("prompt_toolkit")
    (tmp_path / "file").write_text("let-me-in\n")
    with Server(tmp_path, "--password-file", str(tmp_path / "file")) as server:
        arguments = ("-p", str(server.port), "--nick", "alice")
        for claims in (True, False):
            terminal = Terminal(*arguments, XDG_CONFIG_HOME=str(tmp_path))
            terminal.wait(r"(?s)/quit ends the program\.\r\n.*Password of the server:")
            if claims:
                terminal.type("guess!\r")
                terminal.wait("not the password of this server")
            terminal.type("let-me-in\r")
            if claims:
                terminal.wait("You are in #lobby")
                terminal.type("/register open-sesame\r")
                terminal.wait("you are logged in")
            else:
                terminal.wait("Password of the name alice:")
                terminal.type("open-sesame\r")
                terminal.wait("You are in #lobby")
                assert "open-sesame" not in terminal.seen
            assert "let-me-in" not in terminal.seen
            assert terminal.end() == 0


def test_all_that_was_said_before_is_shown_and_found(here: Server, tmp_path: Path) -> None:
    """Whoever comes back sees the last messages, also those from before their own; /search finds one."""
    with Netcat(here.port, "bob") as bob:
        bob.send(*(f"message {number}." for number in range(12)))
        done = talk(tmp_path, here.port, "hello\n", "--nick", "ci")
        assert done.returncode == 0
        terminal = Terminal("-p", str(here.port), "--nick", "alice", XDG_CONFIG_HOME=str(tmp_path), NO_COLOR="1")
        for number in range(12):
            terminal.wait(rf"bob: message {number}\.")
        terminal.type("/search message 7\r")
        terminal.wait(r" \d{4}:\r\n\d\d:\d\d bob: message 7\.")
        terminal.seen = ""
        terminal.type("/history\r")
        terminal.wait(r"bob: message 11\.\r\n")
        assert len(re.findall(r" \d{4}:\r\n", terminal.seen)) == 1  # or two at midnight
        terminal.type("/search nowhere\r")
        terminal.wait("Nothing was found")
        assert terminal.end() == 0


def variables_for(kind: str, directory: Path) -> dict[str, str]:
    """What a terminal is started with: as where prompt_toolkit is ("prompt"), or as where it is missing ("bare")."""
    variables = {"XDG_CONFIG_HOME": str(directory), "NO_COLOR": "1"}
    if kind == "prompt":
        pytest.importorskip("prompt_toolkit")
        return variables
    (directory / "prompt_toolkit.py").write_text("raise ModuleNotFoundError", "utf-8")
    return variables | {"PYTHONPATH": f"{directory}{os.pathsep}{environment()['PYTHONPATH']}"}


@pytest.fixture
def bare(here: Server, tmp_path: Path) -> Iterator["Terminal"]:
    """alice on a terminal, without prompt_toolkit."""
    terminal = Terminal("-p", str(here.port), "--nick", "alice", **variables_for("bare", tmp_path))
    yield terminal
    assert terminal.end() == 0


def test_who_does_not_trust_a_certificate_is_not_sent_to_a_terminal(tmp_path: Path) -> None:
    """They are at one, and have answered. A script is."""
    pytest.importorskip("cryptography")
    with Server(tmp_path, "--tls-self-signed") as server:
        terminal = Terminal("-p", str(server.port), "--nick", "alice", "--tls", XDG_CONFIG_HOME=str(tmp_path))
        terminal.wait(r"Trust it from now on\? \[y/N\] ")
        terminal.type("n\r")
        terminal.wait("Not connected, because the certificate is not trusted")
        assert terminal.process.wait(DEADLINE) == 1 and "Connect once from" not in terminal.seen
        done = talk(tmp_path, server.port, "hello\n", "--nick", "ci", "--tls")
        assert done.returncode == 1 and "Connect once from a terminal or the window" in done.stderr


def test_who_does_not_go_on_without_tls_is_not_sent_to_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "chatroom").mkdir()
    settings = {"recent": [{"host": "127.0.0.1", "port": 9, "tls": True, "nick": "alice"}]}
    (tmp_path / "chatroom" / "client.json").write_text(json.dumps(settings))
    terminal = Terminal("127.0.0.1", "-p", "9", "--nick", "alice", XDG_CONFIG_HOME=str(tmp_path))
    terminal.wait(r"Go on without TLS\? \[y/N\] ")
    terminal.type("n\r")
    terminal.wait(r"Not connected\. With --tls, nobody can read along\.")
    assert terminal.process.wait(DEADLINE) == 1 and "from a terminal" not in terminal.seen


def test_the_answer_about_a_certificate_and_what_follows_it_arrive(tmp_path: Path) -> None:
    """Without prompt_toolkit, too, where the keyboard is read before the question comes up."""
    pytest.importorskip("cryptography")
    with Server(tmp_path, "--tls-self-signed") as server, Netcat(server.port, "bob") as bob:
        terminal = Terminal("-p", str(server.port), "--nick", "alice", "--tls", **variables_for("bare", tmp_path))
        terminal.wait(r"Trust it from now on\? \[y/N\] ")
        terminal.type("y\n")
        terminal.wait("You are in #lobby")
        for number in range(3):
            terminal.type(f"line {number}\n")
            bob.wait(f"alice: line {number}")
        assert terminal.end() == 0


def test_a_person_is_told_where_lines_go_whenever_that_changes(here: Server, bare: Terminal) -> None:
    """In a room, to one person, and back; a script reads nothing of it (see above)."""
    bare.wait(r"You are in #lobby, alone\.\r\n")
    with Netcat(here.port, "bob") as bob:
        bob.send("/topic Tea at five")
        bare.wait("bob set the topic")
        bare.type("/msg bob hi\n")
        bare.wait(r"What you type goes to bob now; /join #lobby goes back\.")
        bare.type("only you\n")
        bob.wait(r"\[private\] alice: only you")
        bare.type("/join #lobby\n")
        bare.wait(r"You are in #lobby, with bob\. Topic: Tea at five\r\n")
        bare.type("all of you\n")
        bob.wait(r"\nalice: all of you")


def test_a_terminal_without_editing_asks_behind_the_hint(tmp_path: Path) -> None:
    """The question stands last, so that what is typed stands behind it."""
    with Server(tmp_path) as server:
        assert talk(tmp_path, server.port, "/register open-sesame\n", "--nick", "alice").returncode == 0
        terminal = Terminal("-p", str(server.port), "--nick", "alice", **variables_for("bare", tmp_path))
        for password in ("guess!", "open-sesame"):
            terminal.wait(r"/quit ends the program\.\r\nPassword of the name alice: $")
            terminal.seen = ""
            terminal.type(f"{password}\n")
        terminal.wait(r"\r\nYou are in #lobby")
        assert terminal.end() == 0


@pytest.mark.parametrize("kind", ["bare", "prompt"])
def test_a_password_that_is_typed_once_more_is_never_said(tmp_path: Path, kind: str) -> None:
    """Who sees that the first one was wrong types the right one at once, before the terminal asks again."""
    with Doorkeeper() as door:
        terminal = Terminal("-p", str(door.port), "--nick", "alice", **variables_for(kind, tmp_path))
        door.accept()
        door.refuse()
        terminal.wait("Password of the server:")
        terminal.type("guess!\r")
        door.accept()
        terminal.type("open-sesame\r")
        terminal.wait("Not sent: the server is still looking at your answer")
        terminal.seen = ""
        door.refuse()
        terminal.wait("(?s)not the password of this server.*Password of the server:")
        terminal.type("open-sesame\r")
        assert "PASS open-sesame" in door.accept()
        terminal.type("sesame once mo")  # begun, and not ended
        door.let_in("alice")
        terminal.wait("You are in #lobby")
        terminal.type("hello\r")
        assert "sesame" not in door.hear("PRIVMSG #lobby hello")
        assert "sesame" not in terminal.seen
        assert terminal.end() == 0


@pytest.mark.parametrize("kind", ["bare", "prompt"])
@pytest.mark.parametrize(
    ("before", "answer"),
    [("the first question", "n"), ("the first question", "what is this?"), ("a loss while talking to one person", "y")],
)
def test_what_was_typed_before_a_password_was_asked_for_is_said_only_if_the_user_agrees(
    tmp_path: Path, kind: str, before: str, answer: str
) -> None:
    """It may be the password, of somebody who knew that it would be asked for."""
    with Doorkeeper() as door:
        terminal = Terminal("-p", str(door.port), "--nick", "alice", **variables_for(kind, tmp_path))
        door.accept()
        place = "#lobby"
        if before != "the first question":
            place = "bob"
            door.let_in("alice")
            terminal.wait("You are in #lobby")
            terminal.type("/msg bob hi\r")
            door.hear("PRIVMSG bob hi")
            door.hang_up()
            terminal.wait("Trying again")
            terminal.type("open-sesame\r")
            terminal.wait("Waits for the connection: open-sesame")
            door.accept()
        else:
            if kind == "prompt":
                terminal.wait(r"\(not connected\)>")
                assert "#lobby>" not in terminal.seen
            terminal.type("open-sesame\r")
            terminal.wait("Waits for the connection: open-sesame")
        door.refuse()
        terminal.wait("Password of the server:")
        terminal.type("open-sesame\r")
        assert "PASS open-sesame" in door.accept()
        door.let_in("alice")
        terminal.wait(rf"(?s)and not sent yet: open-sesame.*Send that to {place}\? \[y/N\]")
        terminal.type(f"{answer}\r")
        if answer == "y":
            door.hear(f"PRIVMSG {place} open-sesame")
        else:
            terminal.wait("Not sent: open-sesame")
            if answer != "n":
                door.hear("what is this?")
        terminal.type("hello\r")
        assert "open-sesame" not in door.hear(f"PRIVMSG {place} hello")
        assert terminal.end() == 0


def test_what_is_typed_without_a_connection_is_told_to_wait_and_to_go(here: Server, bare: Terminal) -> None:
    """And /quit ends the program there as well."""
    with Netcat(here.port, "bob"):
        bare.wait("You are in #lobby")
    here.stop()
    bare.wait("Trying again…")
    bare.type("said without you\n")
    bare.wait("Waits for the connection: said without you")
    here.start()
    bare.wait("(?s)Connected again.*Sent now: said without you")
    here.stop()
    bare.wait("(?s)Sent now.*Trying again…")


def test_a_terminal_asks_for_the_key_of_a_room_and_goes_back_without_one(here: Server, bare: Terminal) -> None:
    """A wrong key is asked for again, and a line that can be none is not taken for one."""
    with Netcat(here.port, "bob") as bob, Irc(here.port, "op", "#closed") as op:
        op.send("MODE #closed +k sesame")
        op.wait(r"MODE #closed \+k")
        bare.wait("You are in #lobby")
        question = r"Key of #closed \(empty: go back\): $"
        bare.type("/join #closed\n")
        bare.wait(question)
        bare.type("\n")
        bare.wait("(?s)go back.*You are in #lobby, with")
        bare.type("for all\n")
        bob.wait("alice: for all")
        bare.type("/join #closed\n")
        bare.wait(question)
        bare.type("for them alone\n")
        bare.wait(rf"(?s)Not sent: for them alone.*{question}")
        bare.seen = ""
        bare.type("guess\n")
        bare.wait(rf"(?s)needs a key.*{question}")
        bare.type("sesame\n")
        bare.wait("You are in #closed, with op")
        assert "for them alone" not in bob.seen


def test_who_has_no_password_can_choose_another_name(here: Server, tmp_path: Path) -> None:
    """Where the terminal asks for the password of a claimed name."""
    assert talk(tmp_path, here.port, "/register open-sesame\n", "--nick", "alice").returncode == 0
    with Netcat(here.port, "bob") as bob:
        terminal = Terminal("-p", str(here.port), "--nick", "alice", XDG_CONFIG_HOME=str(tmp_path), NO_COLOR="1")
        terminal.wait(r"(?s)/nick NAME chooses another name\..*Password of the name alice:")
        terminal.type("/nick ali\r")
        bob.wait("ali joined")
        terminal.wait("You are in #lobby")
        assert terminal.end() == 0


def test_who_loses_their_name_while_away_keeps_what_waits(tmp_path: Path) -> None:
    """Somebody else has claimed it meanwhile; what was typed is sent under another name, once that is agreed to."""
    with Doorkeeper() as door:
        terminal = Terminal("-p", str(door.port), "--nick", "alice", XDG_CONFIG_HOME=str(tmp_path), NO_COLOR="1")
        door.accept()
        door.let_in("alice")
        terminal.wait("You are in #lobby")
        door.hang_up()
        terminal.wait("Trying again")
        terminal.type("a waiting line\r")
        terminal.wait("Waits for the connection: a waiting line")
        door.accept()
        door.refuse_name("alice")
        terminal.wait("Password of the name alice:")
        terminal.type("/nick ali\r")
        assert "NICK ali" in door.accept()
        door.let_in("ali")
        terminal.wait(r"Send that to #lobby\? \[y/N\]")
        terminal.type("y\r")
        door.hear("PRIVMSG #lobby :a waiting line")
        assert terminal.end() == 0


def test_who_changes_the_password_elsewhere_is_asked_for_it_at_once(here: Server, tmp_path: Path) -> None:
    """Before what is typed next could be taken for a message."""
    (tmp_path / "password").write_text("open-sesame\n")
    with Irc(here.port, "alice") as phone:
        phone.send("PRIVMSG NickServ :REGISTER open-sesame")
        phone.wait("is yours")
        arguments = ("-p", str(here.port), "--nick", "alice", "--password-file", str(tmp_path / "password"))
        terminal = Terminal(*arguments, XDG_CONFIG_HOME=str(tmp_path), NO_COLOR="1")
        terminal.wait("You are in #lobby")
        phone.send("PRIVMSG NickServ :SET PASSWORD open-sesame close-sesame")
        terminal.wait("(?s)The password of alice was changed on another device.*Password of the name alice:")
        assert "Trying again" not in terminal.seen
        terminal.type("close-sesame\r")
        terminal.wait("Connected again")
        assert terminal.end() == 0


def test_who_comes_to_a_room_is_told_what_keeps_people_from_writing_there(here: Server, bare: Terminal) -> None:
    """And from coming."""
    with Irc(here.port, "op", "#quiet") as op:
        op.send("MODE #quiet +kmW sesame 30")
        op.wait(r"MODE #quiet \+")
        bare.wait("You are in #lobby")
        bare.type("/join #quiet sesame\n")
        bare.wait(r"(?s)You are in #quiet, with op\..*#quiet · needs a key · quiet · slow: 30 seconds\r\n")
        assert "#lobby ·" not in bare.seen


def test_what_still_waits_when_the_user_ends_a_question_is_told_as_not_sent(tmp_path: Path) -> None:
    """With Ctrl+D, which ends the program at once."""
    pytest.importorskip("prompt_toolkit")
    with Doorkeeper() as door:
        terminal = Terminal("-p", str(door.port), "--nick", "alice", XDG_CONFIG_HOME=str(tmp_path), NO_COLOR="1")
        door.accept()
        terminal.type("y\r")
        terminal.wait("Waits for the connection: y")
        door.refuse()
        terminal.wait("Password of the server:")
        terminal.type("\x04")
        terminal.wait("Not sent: y")
        wait_for(lambda: terminal.process.poll() is not None, "the program has ended")
        os.close(terminal._master)


def test_a_paste_of_many_lines_is_asked_about(here: Server, tmp_path: Path) -> None:
    """It is mostly by mistake."""
    pytest.importorskip("prompt_toolkit")
    with Netcat(here.port, "bob") as bob:
        terminal = Terminal("-p", str(here.port), "--nick", "alice", XDG_CONFIG_HOME=str(tmp_path), NO_COLOR="1")
        terminal.wait("You are in #lobby")
        for answer, name in (("n", "mistake"), ("y", "poem")):
            pasted = "\n".join(f"{name} {number}" for number in range(25))
            terminal.type(f"\x1b[200~{pasted}\x1b[201~\r")
            terminal.wait(r"Send these 25 lines to everybody here\? \[y/N\]")
            terminal.seen = ""
            terminal.type(f"{answer}\r")
            terminal.wait("Not sent: mistake 0" if answer == "n" else ">")
        bob.wait("poem 24")
        assert "mistake" not in bob.seen
        assert terminal.end() == 0


def test_a_long_message_is_broken_between_words(here: Server, bare: Terminal) -> None:
    """Links and what fits stay as they are, with their blanks."""
    link = f"https://example.org/{'a-b/' * 30}"
    with Netcat(here.port, "bob") as bob:
        bare.wait("You are in #lobby")
        bob.send("word " * 30 + link, "a    b", "end")
        bare.wait("bob: end")
    lines = bare.seen.splitlines()
    assert any(line.endswith("word") and "bob: word" in line for line in lines)
    assert any(line.strip() == link for line in lines) and any(line.endswith("bob: a    b") for line in lines)


def test_what_can_be_typed_with_netcat_can_be_typed_on_a_terminal(here: Server, bare: Terminal) -> None:
    """What keeps somebody from writing to one, what answers, and what shows the topic, bans and devices."""
    with Netcat(here.port, "bob") as bob:
        bare.wait("You are in #lobby")
        for typed, shown in (
            ("/topic", r"#lobby has no topic\."),
            ("/bans", r"Nobody is banned or muted in #lobby\."),
            ("/devices", "Device 1, this one: --text, since"),
            ("/ignore bob", r"You hear nothing more of what bob\S* says to you alone\."),
            ("/ignore", r"You ignore bob\S*\.\r\n.*These are all whom you ignore\."),
            ("/unignore bob", r"You hear bob\S* again\."),
            ("/reply carol yes", r"There is no message of carol to answer\."),
        ):
            bare.type(f"{typed}\n")
            bare.wait(shown)
        bob.send("is it tea?")
        bare.wait("bob: is it tea")
        bare.type("/reply bob yes\n")
        bob.wait(r'alice \(to bob: "is it tea\?"\): yes')
        bare.type("/help\n")
        bare.wait("/raw ")
        longest = max(bare.seen.splitlines(), key=len)
        assert len(longest) <= 100 and "see what you missed" in " ".join(bare.seen.split())
        bare.type("/react bob 👍\n")
        bare.wait(r'👍 by alice on bob: "is it tea\?"')
        bare.type("/unreact bob 👍\n")
        bare.wait(r'👍 on bob is taken back: "is it tea\?"')
        bare.type("said first\n")
        bob.wait("said first")
        bob.send("and heard")
        bare.wait("and heard")
        bare.type("/edit said better\n")
        bare.wait(r"Your message of \d\d:\d\d in #lobby is edited\.")
        assert "is taken back.\r" not in bare.seen


def test_what_is_typed_for_whom_nobody_is_and_where_one_may_not_be_goes_nowhere_else(
    here: Server, bare: Terminal
) -> None:
    """Until one goes elsewhere, which is said then."""
    with Netcat(here.port, "bob") as bob, Irc(here.port, "op", "#closed") as op:
        op.send("MODE #closed +i")
        op.wait(r"MODE #closed \+i")
        bare.wait("You are in #lobby")
        bare.type("/msg nosuch hi\n")
        bare.wait(r"(?s)Nobody here is called nosuch.*What you type goes to nosuch now; /join #lobby goes back\.")
        bare.type("for one alone\n")
        bare.wait("Not sent: for one alone")
        bare.type("/join #closed\nfor them alone\n")
        bare.wait("#closed lets in only|Not sent: for them alone|You are not in #closed")
        bare.type("nor this\n/me waves\n")
        bare.wait("(?s)(You are not in #closed. /join #closed goes there.*){2}")
        bare.type("/join #lobby\n")
        bare.wait("(?s)You are not in #closed.*You are in #lobby, with")
        bare.type("for all\n")
        bob.wait("alice: for all")
        assert not any(words in bob.seen for words in ("alone", "nor this", "waves"))


def test_who_leaves_where_they_were_not_let_in_is_told_where_they_are(here: Server, bare: Terminal) -> None:
    """And is still there."""
    with Netcat(here.port, "bob") as bob, Irc(here.port, "op", "#closed") as op:
        op.send("MODE #closed +i")
        op.wait(r"MODE #closed \+i")
        bare.wait("You are in #lobby")
        bare.type("/join #closed\n")
        bare.wait("#closed lets in only")
        bare.type("/leave\n")
        bare.wait("(?s)lets in only.*You are in #lobby, with")
        bare.type("still here\n")
        bob.wait("alice: still here")


def test_who_is_thrown_out_is_told_and_comes_back(here: Server, bare: Terminal) -> None:
    """A line that can't be said doesn't end the program."""
    with Irc(here.port, "op", "#den") as op:
        bare.type("/join #den\n")
        bare.wait("You are in #den, with op")
        op.send("KICK #den alice :enough")
        bare.wait("op removed you from #den: enough")
        bare.type("why?\n")
        bare.wait("You are not in #den. /join #den goes there.")
        bare.type("/join #den\n")
        bare.wait(r"(?s)goes there\..*You are in #den, with op")


def test_what_is_said_in_private_is_marked_as_such(here: Server, bare: Terminal) -> None:
    """Who said it stands there once; in the conversation itself it needs no mark."""
    with Netcat(here.port, "bob") as bob:
        bare.wait("You are in #lobby")
        bob.send("/msg alice psst")
        bare.wait(r"\d\d:\d\d \[private\] bob: psst\r\n")
        bare.type("/msg bob yes?\n")
        bare.wait("goes to bob now")
        bob.send("/msg alice nothing")
        bare.wait(r"\d\d:\d\d bob: nothing\r\n")


def test_a_lost_connection_is_told_in_whole_sentences(here: Server, bare: Terminal) -> None:
    """The server's last words, and what happens next."""
    bare.wait("You are in #lobby")
    here.stop()
    bare.wait(r"the server is shutting down\. Trying again…")
    here.start()
    bare.wait("Connected again")


def test_no_color_is_respected(here: Server, tmp_path: Path) -> None:
    """NO_COLOR, whatever its value."""
    with Netcat(here.port, "bob") as bob:
        terminal = Terminal("-p", str(here.port), "--nick", "alice", XDG_CONFIG_HOME=str(tmp_path), NO_COLOR="1")
        bob.wait("alice joined")
        bob.send("plain")
        terminal.wait(r"\d\d:\d\d bob: plain")
        assert terminal.end() == 0


def test_several_lines_are_shown_as_one_message(here: Server, tmp_path: Path) -> None:
    """The further ones stand under the first, so that none can pass for somebody else's message."""
    with Irc(here.port, "bob") as bob:
        bob.send("CAP REQ :draft/multiline batch message-tags echo-message")
        bob.wait("CAP .* ACK")
        bob.send("BATCH +1 draft/multiline #lobby", "@batch=1 PRIVMSG #lobby :one")
        bob.send("@batch=1 PRIVMSG #lobby :carol: two", "BATCH -1")
        bob.wait(r"BATCH -\w+")
        command = [sys.executable, "-m", "chatroom", "connect", "--text", "-p", str(here.port), "--nick", "ci"]
        variables = environment(XDG_CONFIG_HOME=str(tmp_path), PYTHONIOENCODING="utf-8")
        with subprocess.Popen(command, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as ci:
            assert ci.stdout and ci.stdin
            first = ci.stdout.readline()
            while "bob: one" not in first:
                first = ci.stdout.readline()
            assert ci.stdout.readline() == "      carol: two\n"
            ci.stdin.close()


def test_history_search_and_what_is_taken_back_are_shown(here: Server, tmp_path: Path) -> None:
    """By `/history`, by `/search`, and by a line that says which message does not count any more."""
    with Irc(here.port, "bob") as bob:
        bob.send("CAP REQ :draft/message-redaction message-tags echo-message")
        bob.wait("CAP .* ACK")
        for number in range(60):
            bob.send(f"PRIVMSG #lobby :message {number}")
        bob.wait("message 59")
        msgid = bob.wait(r"msgid=(\S+?)[; ].*message 42")[1]
        command = [sys.executable, "-m", "chatroom", "connect", "--text", "-p", str(here.port), "--nick", "ci"]
        variables = environment(XDG_CONFIG_HOME=str(tmp_path), PYTHONIOENCODING="utf-8")
        with subprocess.Popen(command, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as ci:
            assert ci.stdout and ci.stdin

            def until(end: str) -> list[str]:
                lines = [ci.stdout.readline()]  # type: ignore[union-attr]
                while end not in lines[-1]:
                    assert lines[-1], lines
                    lines.append(ci.stdout.readline())  # type: ignore[union-attr]
                return lines

            assert len([line for line in until("message 59") if "message" in line]) >= 50
            ci.stdin.write("/history 3\n/search 42\n")
            ci.stdin.flush()
            shown = until("message 42")
            assert [line.split()[-1] for line in shown if "message" in line] == ["57", "58", "59", "42"]
            bob.send(f"REDACT #lobby {msgid}")
            until("bob took back their message of ")
            ci.stdin.close()


def test_it_speaks_the_language_of_the_machine(here: Server, tmp_path: Path) -> None:
    """Its own sentences, and those of the server, which is asked for that language."""
    variables = environment(XDG_CONFIG_HOME=str(tmp_path), LANGUAGE="pl", LC_ALL="C.UTF-8")
    command = [sys.executable, "-m", "chatroom", "connect", "--text", "-p", str(here.port), "--nick", "ci"]
    said = "/mode +m\n/nope\n/kick\n/help away\n/register abc\n"
    done = subprocess.run(
        [*command, "--room", "#dev"], input=said, env=variables, capture_output=True, text=True, timeout=60, check=False
    )
    assert "ci ucisza pokój" in done.stdout and "Nie ma polecenia /nope" in done.stdout
    assert (
        "Tego używa się tak: /kick [#POKÓJ] NAZWA [CZAS] [POWÓD]" in done.stdout and "/away [POWÓD]  –  " in done.stdout
    )
    assert "Hasło ma co najmniej 8 znaków" in done.stdout
