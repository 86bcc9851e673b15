"""The command `chatroom` as its users meet it: a process, its output, its exit code."""

import os
import platform
import re
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import click
import pytest

from chatroom import __version__
from chatroom.cli.messages import how_to_join
from chatroom.cli.serve import serve as serve_command
from chatroom.cli.serve_options import SIZE
from tests.hosting import run_without_reader
from tests.peers import DEADLINE, Ear, Guests, Irc, Peer, Served, eventually
from tests.ports import free_port, listens

Serve = Callable[..., Served]

OPTIONS = [(option.name or "", option.opts) for option in serve_command.params if isinstance(option, click.Option)]


def chatroom(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "chatroom", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=6 * DEADLINE,
        env={**os.environ, **(env or {})},
        check=False,
    )


@pytest.fixture
def served(serve: Serve) -> Served:
    return serve("--unlimited")


@pytest.fixture
def visitors(served: Served) -> Iterator[Guests]:
    """Clients of `served`."""
    guests = Guests(served.port)
    yield guests
    guests.close()


# ---- help ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_shows_the_commands_and_every_option_with_its_variable(flag: str) -> None:
    """And examples to copy."""
    group, command = chatroom(flag), chatroom("serve", flag)
    assert group.returncode == command.returncode == 0
    assert "serve" in group.stdout
    shown = " ".join(command.stdout.split())
    for name, flags in OPTIONS:
        assert all(each in shown for each in flags)
        assert f"CHATROOM_SERVE_{name.upper()}" in shown
    assert "Examples:" in command.stdout
    assert "chatroom serve --host 0.0.0.0" in command.stdout


@pytest.mark.parametrize("flag", ["-V", "--version"])
def test_the_version_is_shown(flag: str) -> None:
    """With those of Python and SQLite, and the extras: what a report of a fault must name."""
    done = chatroom(flag)
    first, second, third = done.stdout.splitlines()
    assert (done.returncode, first) == (0, f"chatroom {__version__}")
    assert f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, " in second
    assert third.startswith("Extras: ")
    assert {"terminal", "tls", "metrics", "cluster"} <= set(re.findall(r"\w+", third))


def test_the_version_stands_in_one_place() -> None:
    """What the package was installed as is what the program says."""
    assert version("chatroom") == __version__
    assert f'"{__version__}"' not in (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")


def test_every_option_can_come_from_the_environment(serve: Serve, tmp_path: Path) -> None:
    """And a flag is stronger than its variable."""
    motd = tmp_path / "motd"
    motd.write_text("Zażółć 😀\n", encoding="utf-8")
    password = tmp_path / "password"
    password.write_text("sesame\n")
    settings = tmp_path / "settings.toml"
    settings.write_text('name = "not.this.one"\n')
    env = {
        "CHATROOM_SERVE_CONFIG": str(settings),
        "CHATROOM_SERVE_CHECK_CONFIG": "0",
        "CHATROOM_SERVE_PRINT_CONFIG": "0",  # in test_config_file.py
        "CHATROOM_SERVE_METRICS_PORT": "",  # in test_metrics.py
        "CHATROOM_SERVE_METRICS_HOST": "127.0.0.1",
        "CHATROOM_SERVE_LOG_FORMAT": "text",
        "CHATROOM_SERVE_HOST": "127.0.0.1",
        "CHATROOM_SERVE_PORT": "1",
        "CHATROOM_SERVE_NAME": "chat.example",
        "CHATROOM_SERVE_DESCRIPTION": "Chat for tests",
        "CHATROOM_SERVE_MOTD_FILE": str(motd),
        "CHATROOM_SERVE_PASSWORD_FILE": str(password),
        "CHATROOM_SERVE_OPERATOR_PASSWORD_FILE": str(motd),
        "CHATROOM_SERVE_OPERATORS": "",  # in core/test_operator_accounts.py
        "CHATROOM_SERVE_DATA": str(tmp_path / "data"),
        "CHATROOM_SERVE_KEEP": "1",
        "CHATROOM_SERVE_FREE_ACCOUNTS": "9",
        "CHATROOM_SERVE_HISTORY_SIZE": "1.5 GB",
        "CHATROOM_SERVE_REPLAY": "7",
        "CHATROOM_SERVE_EPHEMERAL": "1",
        "CHATROOM_SERVE_SYNC": "full",
        "CHATROOM_SERVE_CLUSTER": "",  # in cluster/
        "CHATROOM_SERVE_MAX_CLIENTS": "9",
        "CHATROOM_SERVE_UNLIMITED": "1",
        "CHATROOM_SERVE_LIMIT_PER_ADDRESS": "9",
        "CHATROOM_SERVE_TRUSTED_NETWORK": "10.0.0.0/8 ::1",
        "CHATROOM_SERVE_SHOW_ADDRESSES": "1",
        "CHATROOM_SERVE_TRUSTED_PROXY": "192.0.2.0/24",
        "CHATROOM_SERVE_WEBIRC_PASSWORD_FILE": str(password),
        "CHATROOM_SERVE_NO_WEB": "",  # in web/test_http.py, and so is the next
        "CHATROOM_SERVE_WEB_HOST": "chat.example",
        "CHATROOM_SERVE_NO_ANNOUNCE": "",  # in test_lan.py
        "CHATROOM_SERVE_LANGUAGE": "",  # in test_languages.py
        "CHATROOM_SERVE_HIDE_PEOPLE": "1",
        "CHATROOM_SERVE_ICON": "https://chat.example/icon.png",
        "CHATROOM_SERVE_LOG_LEVEL": "warning",
    }
    options = {f"CHATROOM_SERVE_{name.upper()}" for name, _ in OPTIONS if not name.startswith("tls")}  # in test_tls.py
    assert set(env) >= options, "an option without a test here"
    served = serve(env=env)
    al = Irc(served.port, "al", password="sesame")
    assert [line for line in al.heard if line == ":chat.example 372 al :- Zażółć 😀"]
    al.send("LINKS")
    al.wait("^:chat.example 364 al chat.example chat.example :0 Chat for tests$")
    assert [line for line in al.heard if " draft/ICON=https://chat.example/icon.png " in line]
    al.send("MODE al")
    assert "i" in al.wait(r"^:chat.example 221 al \+(\w+)$")[1]
    al.close()
    served.type("q")
    assert served.ends() == 0
    assert served.err.rest() == []


# ---- serving ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["serve", "--keep"], ["connect", "-p"], ["history", "search", "x", "--limit"]])
def test_what_is_no_number_is_refused_in_plain_words(command: list[str]) -> None:
    """Not in those of a program."""
    assert "'x' is not a valid whole number." in chatroom(*command, "x").stderr


def test_it_prints_how_to_join_with_each_kind_of_client(served: Served) -> None:
    """Ready to copy."""
    shown = "\n".join([*served.out.heard, *served.out.until("ends the server")])
    for command in (
        f"chatroom connect 127.0.0.1 -p {served.port}",
        f"nc 127.0.0.1 {served.port}",
        f"irssi -c 127.0.0.1 -p {served.port}",
    ):
        assert command in shown


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_it_prints_an_address_that_others_can_reach(serve: Serve, host: str) -> None:
    """Not the 0.0.0.0 or :: it listens on; and the line it prints is true."""
    try:
        socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError:
        pytest.skip(f"no {host} here")
    served = serve("--host", host)
    address, port = served.out.wait(r"nc (\S+) (\d+)$").groups()
    assert address not in ("0.0.0.0", "::")
    peer = Peer(int(port), address)
    peer.wait("^Username$")
    peer.close()


def test_connections_names_and_departures_are_logged_on_stderr(served: Served, visitors: Guests) -> None:
    """Each with the address, and with the name where there is one."""
    alice, bob, carol = visitors.plain("alice"), visitors.irc("bob"), visitors.plain("carol")
    where = rf"127\.0\.0\.1 port {alice.sock.getsockname()[1]}"
    served.err.wait(f"{where} connected$")
    served.err.wait(f"{where} is alice$")
    alice.send("/nick alicja")
    served.err.wait(f"{where} is alicja$")
    alice.send("/quit bye")
    served.err.wait(rf"{where} alicja disconnected \(said goodbye\)$")
    bob.close()
    served.err.wait(r" bob disconnected \(connection closed\)$")
    carol.reset()
    served.err.wait(r" carol disconnected \(connection closed\)$")


def end_by_q(served: Served) -> None:
    served.type("q")


def end_by_sigint(served: Served) -> None:
    served.process.send_signal(signal.SIGINT)


def end_by_sigterm(served: Served) -> None:
    served.process.terminate()


@pytest.mark.parametrize("end", [end_by_q, end_by_sigint, end_by_sigterm])
def test_at_its_end_everybody_is_told_and_closed(
    served: Served, visitors: Guests, end: Callable[[Served], None]
) -> None:
    """`q` and Enter, SIGINT or SIGTERM; the exit code is 0 and there is no traceback."""
    alice, bob, stranger = visitors.plain("alice"), visitors.irc("bob"), visitors.stranger()
    stranger.wait("^Username$")
    end(served)
    assert alice.rest()[-1] == "* Goodbye (the server is shutting down)."
    assert bob.rest()[-1] == "ERROR :Closing link: the server is shutting down"
    assert stranger.rest() == ["* Goodbye (the server is shutting down)."]
    assert served.ends() == 0
    assert not [line for line in served.err.rest() if "Traceback" in line or "ERROR" in line]


def stuck_guest(visitors: Guests) -> Peer:
    """A client that has more to read than any buffer takes, and reads nothing."""
    stuck, sender = visitors.irc("stuck", room="#flood"), visitors.irc("sender", room="#flood")
    for _ in range(10):
        sender.send(*[f"PRIVMSG #flood :{'x' * 400}"] * 100)
        sender.sync()
    return stuck


def test_who_does_not_read_does_not_keep_it_from_ending(served: Served, visitors: Guests) -> None:
    """It is waited for, but not for long; the exit code is 0 all the same."""
    stuck_guest(visitors)
    alice = visitors.plain("alice")
    end_by_sigterm(served)
    assert alice.rest()[-1] == "* Goodbye (the server is shutting down)."
    served.err.wait("1 clients did not read what was left for them")
    assert served.ends() == 0


def test_a_hangup_has_files_read_again(serve: Serve, tmp_path: Path) -> None:
    """If one can't be read all stays as it was; each fault is logged, however soon after another."""
    motd, password = tmp_path / "motd", tmp_path / "password"
    motd.write_text("hello", encoding="utf-8-sig")
    password.write_text("sesame\n")
    served = serve("--motd-file", str(motd), "--password-file", str(password))

    def hang_up() -> str:
        served.process.send_signal(signal.SIGHUP)
        return served.err.wait("as it was|certificate again")[0]

    motd.write_text("good bye")
    assert "again" in hang_up()
    faults = (
        (motd, None, f"Can't read {motd}: No such file or directory."),
        (motd, b"\xff", f"Can't read {motd}: it is not in UTF-8; save it as UTF-8."),
        (password, b"\n", f"There is no password in the first line of {password}."),
    )
    for file, content, told in faults:
        motd.write_text("new")
        if content is None:
            file.unlink()
        else:
            file.write_bytes(content)
        hang_up()
        assert any(line.endswith(f"ERROR {told} All stays as it was.") for line in served.err.heard)
    al = Irc(served.port, "al", password="sesame")
    assert any(line.endswith(":- good bye") for line in al.heard)
    al.close()


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_it_at_once(served: Served, visitors: Guests, second: signal.Signals) -> None:
    """While it still waits for somebody who doesn't read: it dies of the signal instead of ending with 0."""
    stuck_guest(visitors)
    end_by_sigterm(served)
    served.err.wait("saying goodbye")
    served.process.send_signal(second)
    assert served.ends() == -second


@pytest.mark.parametrize("stdin", [subprocess.DEVNULL, subprocess.PIPE], ids=["no input", "input that ends"])
def test_the_end_of_input_is_no_q(serve: Serve, stdin: int) -> None:
    """A service manager gives none at all."""
    served = serve(stdin=stdin)
    if served.process.stdin:
        served.process.stdin.close()
    guests = Guests(served.port)
    alice, bob = guests.plain("alice"), guests.plain("bob")
    alice.send("hi")
    bob.wait("alice: hi")
    assert served.process.poll() is None
    served.process.terminate()
    assert alice.rest()[-1].startswith("* Goodbye")
    assert served.ends() == 0
    guests.close()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc to look at a process's descriptors")
@pytest.mark.parametrize("closed", ["<&-", "<&- >&-", "<&- >&- 2>&-", ">/dev/full"])
def test_it_serves_without_standard_streams(closed: str) -> None:
    """Closed, their numbers would be given to sockets, which the console must not read from. Or they are full."""
    port = free_port()
    command = [sys.executable, "-m", "chatroom", "serve", "-p", str(port), "--unlimited"]
    buffered = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    process = subprocess.Popen(["sh", "-c", f'exec "$@" {closed}', "sh", *command], env=buffered)
    try:
        eventually(lambda: listens(port) or process.poll() is not None, "it listens")
        guests = Guests(port)
        alice, bob = guests.plain("alice"), guests.irc("bob")
        for i in range(100):
            alice.send(f"line {i}")
            bob.wait(f"line {i}$")
        streams = [Path(f"/proc/{process.pid}/fd/{number}").readlink() for number in range(3)]
        assert not [stream for stream in streams if str(stream).startswith(("socket:", "anon_inode:"))]
        process.terminate()
        assert alice.rest()[-1].startswith("* Goodbye")
        assert process.wait(DEADLINE) == 0
        guests.close()
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("to", "code", "told"),
    [
        (">&-", 0, ""),
        (">/dev/full", 1, "Error: Nothing can be written to standard output: No space left on device.\n"),
        ("", 0, ""),
    ],
    ids=["closed", "full", "nobody reads"],
)
@pytest.mark.parametrize("arguments", ["--help", "--version", "serve --help", "serve --check-config"])
def test_output_that_takes_nothing_is_no_riddle(to: str, code: int, told: str, arguments: str) -> None:
    """The exit code is 0 or there is a sentence; the interpreter's own 120 would say nothing to anybody."""
    assert run_without_reader(arguments, to) == (code, told)


def test_errors_that_nobody_can_be_told_do_not_change_the_exit_code() -> None:
    """Standard error is full."""
    done = subprocess.run(["sh", "-c", '"$0" -m chatroom nonsense 2>/dev/full', sys.executable], check=False)
    assert done.returncode == 2


def test_the_console_knows_who_is_there_and_speaks_to_everybody(served: Served, visitors: Guests) -> None:
    """help, who, rooms, say; anything else is told off; `q` in a longer word doesn't end it."""
    alice = visitors.plain("Łucja")
    visitors.irc("bob", room="#tea")
    served.type("who")
    served.out.wait(r"^Łucja +127\.0\.0\.1 +#lobby$")
    served.out.wait(r"^bob +127\.0\.0\.1 +#tea$")
    served.type("rooms")
    served.out.wait(r"^#lobby +1$")
    served.out.wait(r"^#tea +1$")
    served.type("say back in five minutes 😀")
    alice.wait(r"^\* back in five minutes 😀$")
    for line, answer in (
        ("quit", "unknown command quit; help lists them"),
        ("say", "say TEXT"),
        ("help", "end the server"),
    ):
        served.type(line)
        served.out.wait(answer)
    served.type("")
    assert alice.sync() == []
    served.type("q")
    assert served.ends() == 0


@pytest.mark.parametrize(
    ("clients", "files", "told"),
    [
        ("768", "-n 1024", []),
        ("769", "-n 1024", ["only 768 clients can be here at once, not 769: .* to 1025 with ulimit -Hn"]),
        ("769", "-Sn 1024", []),  # which a process raises by itself, as far as it may
    ],
)
def test_fewer_clients_than_asked_for_are_told_of(serve: Serve, clients: str, files: str, told: list[str]) -> None:
    """Where the limit on open files is why: with the one that would do."""
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] <= 1024:
        pytest.skip("needs a hard limit on open files of more than 1,024")
    served = serve("--max-clients", clients, files=files)
    served.type("q")
    assert served.ends() == 0
    warnings = [line for line in served.err.rest() if " WARNING " in line]
    assert len(warnings) == len(told)
    assert all(re.search(words, line) for words, line in zip(told, warnings, strict=True)), warnings


# ---- errors of use ---------------------------------------------------------------------------------------------------


def assert_one_sentence(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """One line that names the thing, no traceback, and the exit code."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    *usage, sentence = done.stderr.strip().splitlines()
    assert sentence.startswith("Error: ")
    assert all(word in sentence for word in words), sentence
    assert bool(usage) == (code == 2)


def test_a_port_in_use_is_named() -> None:
    """With what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert_one_sentence(chatroom("serve", "-p", port), 1, f"Port {port} is in use on 127.0.0.1", "-p")


@pytest.mark.parametrize(
    "arguments",
    [
        "connect --text -p 1 --nick ci --room=#é",
        "connect --text -p 1 --nick é",
        "history search --room #é hello",
        "history search é",
        f"history search {'x' * 300}é",  # too long for a file to be called so
    ],
)
def test_arguments_that_the_locale_can_not_read_are_refused(arguments: str) -> None:
    """Otherwise a script would wait for ever until it is in a room of that name, or nothing would be found."""
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}
    assert_one_sentence(
        chatroom(*arguments.split(), env=ascii_only), 2, "Not in ASCII, which is what this locale reads; set LC_ALL"
    )


def test_a_file_may_be_called_what_the_locale_can_not_read(tmp_path: Path) -> None:
    """It is there, after all."""
    file = tmp_path / "é"
    file.write_text("hello")
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}
    assert chatroom("serve", "--check-config", f"--motd-file={file}", env=ascii_only).returncode == 0


# Runs the command as somebody whose user id is in no list, as in a container that was given one.
_NOBODY = """\
import pwd, sys
def getpwuid(uid): raise KeyError(uid)
pwd.getpwuid = getpwuid
from chatroom.cli.main import main
main(sys.argv[1:], prog_name="chatroom")
"""


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ("serve -p 0", 1, "this user has no home directory; --data DIR"),
        ("history rooms", 1, "this user has no home directory; --data DIR"),
        ("serve --check-config", 1, "this user has no home directory; --data DIR"),
        ("serve --check-config --ephemeral", 0, ""),
        ("connect --text --nick ci -p 1", 1, "Nobody is listening"),
    ],
)
def test_without_a_home_directory_nothing_is_put_where_nobody_looks(
    tmp_path: Path, arguments: str, code: int, told: str
) -> None:
    """In one sentence, and never in a directory called "~"; what needs no home goes on."""
    unset = ("HOME", "XDG_CONFIG_HOME", "CHATROOM_SERVE_DATA")
    done = subprocess.run(
        [sys.executable, "-c", _NOBODY, *arguments.split()],
        cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if key not in unset},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=6 * DEADLINE,
        check=False,
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (code, code)
    assert told in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_server_can_be_started_again_at_once(serve: Serve) -> None:
    """SO_REUSEADDR: connections that linger from before don't hold the port."""
    first = serve()
    guests = Guests(first.port)
    alice = guests.plain("alice")
    first.type("q")
    assert first.ends() == 0
    alice.rest()
    second = serve("-p", str(first.port))
    assert second.port == first.port
    guests.close()


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("192.0.2.1", ["192.0.2.1 is no address of this machine"]),
        ("no-such-host.invalid", ["There is no host no-such-host.invalid"]),
        ("a..b", ["There is no host a..b"]),
        ("x" * 70, ["There is no host xxx"]),
        ("żółw…", ["There is no host żółw…"]),
        ("127.0.0.1:9090", ["There is no host 127.0.0.1:9090"]),
        ("", ["--host"]),
    ],
)
def test_an_address_that_cannot_be_is_named(host: str, words: list[str]) -> None:
    """One that isn't this machine's, or no address at all."""
    assert_one_sentence(chatroom("serve", "-p", "0", "--host", host), 1, *words)


@pytest.mark.parametrize("port", ["-1", "65536", "x", "9090.5"])
def test_a_port_out_of_range_is_misuse(port: str) -> None:
    """Exit code 2, with the range or what was wrong."""
    assert_one_sentence(chatroom("serve", "-p", port), 2, "-p", port)


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve", "--nonsense"],
        ["nonsense"],
        ["serve", "x"],
        ["serve", "--motd-file", "/none"],
        ["serve", "--name", "my server"],
        ["serve", "-p", "1", "--metrics-port", "1"],
    ],
)
def test_misuse_is_told_with_the_usage(arguments: list[str]) -> None:
    """Exit code 2."""
    assert_one_sentence(chatroom(*arguments), 2, arguments[-1])


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"p\xe4ssword\n", "Can't read {file}: it is not in UTF-8; save it as UTF-8."), (b"\n", "first line of {file}")],
)
def test_a_password_that_connect_can_not_use_is_told(tmp_path: Path, content: bytes, told: str) -> None:
    """By the name of its file."""
    file = tmp_path / "password"
    file.write_bytes(content)
    done = chatroom("connect", "--text", "-p", "1", "--nick", "ci", "--password-file", str(file))
    assert_one_sentence(done, 1, told.format(file=file))


# Runs the command without the modules that Windows lacks.
_WINDOWS = """\
import sys
sys.modules |= dict.fromkeys(["fcntl", "grp", "pwd", "readline", "resource", "syslog", "termios", "tty"])
from chatroom.cli.main import main
main(sys.argv[1:], prog_name="chatroom")
"""


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ("--help", 0, "Join a server, in a window or with --text."),
        ("connect --help", 0, "HOST:PORT"),
        ("connect --text --nick ci -p 1", 1, "Nobody is listening"),
        ("--version", 0, "SQLite"),
        ("serve -p 0", 1, "Error: This system has no locks that chatroom knows, so no data can be kept; "),
        ("backup --help", 0, "Copy everything"),
        ("history --help", 0, "export"),
    ],
)
def test_without_what_windows_lacks_one_can_connect(
    arguments: str, code: int, told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The server says what it needs to keep data."""
    monkeypatch.setenv("CHATROOM_SERVE_DATA", str(tmp_path / "data"))
    done = subprocess.run(
        [sys.executable, "-c", _WINDOWS, *arguments.split()],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=6 * DEADLINE,
        check=False,
    )
    assert (done.returncode, told in done.stdout + done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr


def test_without_what_windows_lacks_a_server_runs_that_keeps_nothing() -> None:
    """Somebody comes in and speaks, and Ctrl+C ends it."""
    served = subprocess.Popen(
        [sys.executable, "-c", _WINDOWS, "serve", "-p", "0", "--ephemeral"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert served.stdout
    try:
        port = int(Ear(served.stdout.fileno(), "serve").wait(r"is listening on .*, port (\d+)")[1])
        alice, bob = Peer(port), Peer(port)
        for peer, name in ((alice, "alice"), (bob, "bob")):
            peer.send(name)
            peer.until(f"Welcome, {name}")
        bob.send("hello")
        alice.until("bob: hello")
        alice.close()
        bob.close()
        served.send_signal(signal.SIGINT)
        assert served.wait(DEADLINE) == 0
    finally:
        served.kill()
        served.wait(DEADLINE)
        served.stdout.close()


@pytest.mark.parametrize(
    ("size", "expected"),
    [("10 GB", 10**10), ("1.5TB", 15 * 10**11), ("500mb", 5 * 10**8), ("0", 0), ("100MB", 10**8)],
)
def test_a_size_is_a_number_of_bytes(size: str, expected: int) -> None:
    """With its unit, as people write it."""
    assert SIZE.convert(size, None, None) == expected


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        ("10", "is no size; 10GB, "),
        ("ten", "is no size"),
        ("-1GB", "is no size"),
        ("99MB", "is too little; give it 100MB"),
    ],
)
def test_what_is_no_size_is_refused(size: str, reason: str) -> None:
    """A history of a few megabytes would be gone in a minute."""
    done = chatroom("serve", "--check-config", f"--history-size={size}")
    assert done.returncode == 2
    assert reason in done.stderr


def test_connect_takes_a_link(served: Served, visitors: Guests) -> None:
    """With its port and its room; a flag that says otherwise is refused."""
    bob = visitors.irc("bob", room="#tea")
    link = f"chatroom://127.0.0.1:{served.port}/#tea"
    said = subprocess.run(
        [sys.executable, "-m", "chatroom", "connect", link, "--text", "--nick", "al"],
        input="by the link\n",
        text=True,
        timeout=6 * DEADLINE,
        check=False,
    )
    assert said.returncode == 0
    bob.until("PRIVMSG #tea :by the link")
    assert_one_sentence(
        chatroom("connect", link, "--text", "--nick", "al", "-p", "1"), 2, "says", str(served.port), "leave out --port"
    )
    assert_one_sentence(chatroom("connect", "gopher://x", "--text"), 2, "leads to no chat")


@pytest.mark.parametrize(
    ("host", "on", "told", "untold"),
    [
        ("127.0.0.1", False, ["Only this machine can join; --host 0.0.0.0"], ["TLS is on", "password"]),
        ("LOCALHOST", False, ["Only this machine can join; --host 0.0.0.0"], ["TLS is on", "password"]),
        ("192.0.2.7", False, [], ["Only this machine", "TLS is on", "password"]),
        ("192.0.2.7", True, ["TLS is on", "the password of --password-file"], ["Only this"]),
    ],
)
def test_the_start_says_who_can_come_in(host: str, on: bool, told: list[str], untold: list[str]) -> None:
    """How to let others in where they can't, and that TLS or a password is on where it is."""
    banner = how_to_join(host, 9090, tls=on, password=on)
    assert all(each in banner for each in told)
    assert not any(each in banner for each in untold)
    assert banner.splitlines()[-1].startswith("q and Enter ends the server")
    assert "other machines must use it" in how_to_join(host, 9090, tls=True, tls_only=True)
