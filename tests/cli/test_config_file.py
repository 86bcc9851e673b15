"""The configuration file, and what the service manager is told."""

import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from chatroom.cli import config_file
from chatroom.cli.check_config import check_extras
from chatroom.cli.serve import serve as serve_command
from tests.cli.test_cli import chatroom
from tests.peers import DEADLINE, Irc, Served


def check(file: Path, text: str, *more: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """What `--check-config` says of a file with this text."""
    file.write_text(text, encoding="utf-8")
    return chatroom("serve", "--config", str(file), "--check-config", *more, env=env)


def test_a_flag_is_stronger_than_the_environment_and_that_than_the_file(
    serve: Callable[..., Served], tmp_path: Path
) -> None:
    """And the file is stronger than the default."""
    file, motd = tmp_path / "chatroom.toml", tmp_path / "motd"
    motd.write_text("hello from the file\n")
    file.write_text(f'port = 1\nname = "a.file"\nmotd-file = "{motd}"\nmax_clients = 1\nephemeral = true\n')
    served = serve("--config", str(file), "--name", "a.flag", env={"CHATROOM_SERVE_MAX_CLIENTS": "2"})
    peers = [Irc(served.port, nick) for nick in ("al", "bo")]
    assert any(line == ":a.flag 372 al :- hello from the file" for line in peers[0].heard)
    for peer in peers:
        peer.close()


def test_a_good_file_is_good(tmp_path: Path) -> None:
    """It says so, and starts no server."""
    done = check(tmp_path / "chatroom.toml", '# a comment\nhost = "0.0.0.0"\nport = 9090\nunlimited = false\n')
    assert (done.returncode, done.stdout, done.stderr) == (0, "The settings are good.\n", "")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--host", "nowhere.invalid"], "There is no host nowhere.invalid; --host takes"),
        (["--host", "192.0.2.1"], "192.0.2.1 is no address of this machine"),
        (["--metrics-port=1", "--metrics-host=nowhere.invalid"], "nowhere.invalid; --metrics-host takes"),
        (["--data", "{file}/data"], "Data can't be kept in {file}/data: nothing can be written to {file}."),
        (["--data", f"{{file}}/../{'x' * 300}"], "Data can't be kept in {file}/../xxx"),
    ],
)
def test_what_this_machine_lacks_is_told(tmp_path: Path, options: list[str], told: str) -> None:
    """Settings may be well written and ask for what there is not."""
    file = tmp_path / "chatroom.toml"
    done = check(file, "", *[option.format(file=file) for option in options])
    assert done.returncode == 1
    assert told.format(file=file) in done.stderr


def test_a_missing_extra_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that brings it."""
    monkeypatch.setattr("chatroom.cli.check_config.find_spec", lambda name: None)
    faults = config_file.Faults({"metrics_port": (Path("file"), 1)})
    check_extras(["metrics_port", "tls_self_signed"], faults)
    assert [fault.message for fault in faults.found] == [
        "file, line 1: Something is missing; in the source, pip install '.[metrics]'",
        "Something is missing; in the source, pip install '.[tls]'",
    ]


def test_all_that_this_machine_lacks_is_told_by_line(tmp_path: Path) -> None:
    """What the settings name was looked at: hosts, and what stands in files."""
    file, empty, latin = tmp_path / "chatroom.toml", tmp_path / "empty", tmp_path / "latin"
    empty.touch()
    latin.write_bytes(b"caf\xe9")
    done = check(
        file,
        'host = "nowhere.invalid"\nmetrics-host = "192.0.2.1"\nmetrics-port = 1\n'
        'motd-file = "latin"\npassword-file = "empty"\noperator-password-file = "empty"\n'
        'tls-key = "empty"\ntls-cert = "empty"\ndata = "empty/data"\n',
        env={"CHATROOM_SERVE_DATA": ""},
    )
    assert (done.returncode, done.stdout) == (1, "")
    told = [
        f"line 4: Can't read {latin}: it is not in UTF-8; save it as UTF-8.",
        f"line 5: There is no password in the first line of {empty}.",
        f"line 6: There is no password in the first line of {empty}.",
        f"line 8: Can't read the certificate: {empty} and {empty} are no certificate and its key",
        "line 1: There is no host nowhere.invalid; --host takes",
        "line 2: 192.0.2.1 is no address of this machine; --metrics-host",
        f"line 9: Data can't be kept in {empty}/data: nothing can be written to {empty}.",
    ]
    for line, words in zip(done.stderr.removeprefix("Error: ").splitlines(), told, strict=True):
        assert line.startswith(f"{file}, {words}")


@pytest.mark.parametrize("check", [["--check-config"], []])
@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:secret@host:port/x", "that"),
        ("redis://:secret@host:6379/0?sesame=1", "redis://host:6379/0"),
        ("redis://:secret@host:6379/0?protocol=9", "redis://host:6379/0"),
        ("http://:secret@host", "http://host"),
        ("redis:secret@host:6379", "that"),
        ("nonsense", "that"),
    ],
)
def test_what_is_no_url_of_a_redis_is_told_without_its_password(
    tmp_path: Path, url: str, shown: str, check: list[str]
) -> None:
    """By its line, where it stands in the file."""
    pytest.importorskip("redis")
    file = tmp_path / "chatroom.toml"
    file.write_text(f'\ncluster = "{url}"\n')
    told = f"{shown} is no URL of a Redis; --cluster takes one, redis://HOST:6379/0 for example.\n"
    done = chatroom("serve", "-p", "0", "--ephemeral", "--config", str(file), *check)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"Error: {file}, line 2: {told}")
    done = chatroom("serve", "-p", "0", "--ephemeral", "--cluster", url, *check)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"Error: {told}")


def test_the_same_port_on_another_address_is_another(tmp_path: Path) -> None:
    """Of the chat and of its figures."""
    text = 'host = "127.0.0.2"\nport = 1\nmetrics-port = 1\n'
    assert check(tmp_path / "chatroom.toml", text).returncode == 0


@pytest.mark.parametrize("check", [["--check-config"], []])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('\ntls-cert = "chatroom.toml"\n', "line 2: --tls-cert and --tls-key go together"),
        ('\ntls-key = "chatroom.toml"\n', "line 2: --tls-cert and --tls-key go together"),
        (
            'tls-cert = "chatroom.toml"\ntls-key = "chatroom.toml"\ntls-self-signed = true\n',
            "line 3: --tls-self-signed is for those who have no --tls-cert",
        ),
        ("tls-only = true\n", "line 1: --tls-only needs"),
        ("port = 1\nmetrics-port = 1\n", "line 2: -p and --metrics-port can't both be 1; choose another"),
    ],
)
def test_settings_that_do_not_go_together_are_told_by_line(
    tmp_path: Path, text: str, told: str, check: list[str]
) -> None:
    """It is no misuse of the command; also when the server is to start."""
    file = tmp_path / "chatroom.toml"
    file.write_text(text)
    done = chatroom("serve", "--config", str(file), *check)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{file}, {told}" in done.stderr
    assert "Usage" not in done.stderr


@pytest.mark.parametrize(
    "icon", ["javascript:alert(1)", "https://", "https://example.org/a b", "http://x/" + "y" * 300]
)
def test_a_picture_has_an_address_that_clients_can_open(tmp_path: Path, icon: str) -> None:
    done = check(tmp_path / "chatroom.toml", f'icon = "{icon}"\n')
    assert done.returncode == 1
    assert "is no address of a picture, such as https://" in done.stderr


def test_what_a_flag_has_set_is_told_without_a_line(tmp_path: Path) -> None:
    """The file sets it, too, but that does not count."""
    done = check(tmp_path / "chatroom.toml", 'host = "127.0.0.1"\n', "--host", "nowhere.invalid")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: There is no host nowhere.invalid;")
    assert chatroom("serve", "--check-config", "--tls-only").returncode == 2


def test_a_file_of_windows_is_good_too(tmp_path: Path) -> None:
    """Its editors put a mark before the text."""
    assert check(tmp_path / "chatroom.toml", "\ufeffport = 9090\r\n").returncode == 0


def test_all_that_is_wrong_is_told_by_line(tmp_path: Path) -> None:
    """Settings that there are not, wrong types, values that can't be."""
    file = tmp_path / "chatroom.toml"
    done = check(file, 'port = "9090"\n\nmax-client = 5\nunlimited = 1\nkeep = true\nport2 = 1\n[log-level]\nx = 1\n')
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.removeprefix("Error: ").splitlines() == [
        f"{file}, line 1: port must be a whole number",
        f"{file}, line 3: there is no setting 'max-client'; did you mean 'max-clients'?",
        f"{file}, line 4: unlimited must be true or false",
        f"{file}, line 5: keep must be a whole number",
        f"{file}, line 6: there is no setting 'port2'; did you mean 'port'?",
        f"{file}, line 7: log-level must be a text in quotes",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("port = 70000\n", ["line 1: port:", "70000"]),
        ('\nlog-level = "loud"\n', ["line 2: log-level:", "loud"]),
        ('motd-file = "/none"\n', ["line 1: motd-file:", "/none"]),
        ('\nname = "no good!"\n', ["line 2: name:", "no good!"]),
        ('tls-cert = "/dev/null"\ntls-key = "/dev/null"\n', ["/dev/null and /dev/null are no certificate and its key"]),
        ("# a\u2028b\nport = 70000\n", ["line 2: port:"]),
        ("# a\u2028b\nport = 1\nport = 2\n\n", ["line 3: port stands there twice"]),
        ("host = \n", ["line 1: ", "; a line is NAME = VALUE, and text stands in quotes"]),
        ("\nhost = 127.0.0.1", ["line 2: ", "; a line is NAME = VALUE, and text stands in quotes"]),
        ('a = "', ["line 1: ", "; a line is NAME"]),
        ("port = 1\nkeep = 1\nport = 2\n", ["line 3: port stands there twice; leave one of them"]),
        ("max-clients = 1\nmax_clients = 2\n", ["line 2: max-clients stands there twice; leave one of them"]),
        ("[server]\nport = 1\n", ["line 1: there is no setting 'server', and there are no sections; a line is NAME"]),
        ("server.port = 1\n", ["line 1: there is no setting 'server', and there are no sections; a line is NAME"]),
        ('\ndata = "/tmp/\\u0000"\n', ["line 2: data must have no \\u0000 in it"]),
        ('motd-file = "\\u0000"\n', ["line 1: motd-file must have no \\u0000 in it"]),
        ('host = "\\u0000"\n', ["line 1: host must have no \\u0000 in it"]),
        ('config = "other.toml"\n', ["line 1: there is no setting 'config'"]),
        ('\ndata = ""\n', ["line 2: data must not be empty"]),
        (f"\nport = {'9' * 5000}\n\nkeep = 1\n", ["line 2: that number is too long\n"]),
    ],
)
def test_a_value_that_cannot_be_is_named(tmp_path: Path, text: str, words: list[str]) -> None:
    """With its line, and without a traceback."""
    done = check(tmp_path / "chatroom.toml", text)
    assert done.returncode == 1
    assert all(word in done.stderr for word in words), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("content", "line"), [(b"\xff\xfe", 1), ('port = 1\n\nname = "caf\xe9"\n'.encode("latin-1"), 3)]
)
def test_a_file_that_is_no_text_is_told(tmp_path: Path, content: bytes, line: int) -> None:
    """In one sentence, with what to do."""
    file = tmp_path / "chatroom.toml"
    file.write_bytes(content)
    done = chatroom("serve", "--config", str(file))
    assert (done.returncode, done.stderr) == (
        1,
        f"Error: {file}, line {line}: it is not in UTF-8; save it as UTF-8\n",
    )


def test_files_are_looked_for_beside_the_file_that_names_them(serve: Callable[..., Served], tmp_path: Path) -> None:
    """Wherever the server was started; a whole path is taken as it is."""
    file, motd = tmp_path / "chatroom.toml", tmp_path / "motd"
    motd.write_text("hello from beside\n")
    (tmp_path / "password").write_text("sesame\n")
    file.write_text(f'motd-file = "{motd}"\npassword-file = "password"\ndata = "kept"\n')
    served = serve("--config", str(file))
    al = Irc(served.port, "al", password="sesame")
    assert any(line.endswith(" 372 al :- hello from beside") for line in al.heard)
    al.close()
    assert config_file.read(file, click.Context(serve_command))["data"] == str(tmp_path / "kept")


def test_the_service_manager_is_told_of_the_beginning_and_the_end(serve: Callable[..., Served], tmp_path: Path) -> None:
    """READY once the port is open, STOPPING before the goodbyes: sd_notify(3)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(DEADLINE)
        manager.bind(str(tmp_path / "notify"))
        served = serve("--ephemeral", env={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert manager.recv(100) == b"READY=1"
        socket.create_connection(("127.0.0.1", served.port)).close()
        served.type("q")
        assert manager.recv(100) == b"STOPPING=1"
        assert served.ends() == 0
