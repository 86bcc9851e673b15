"""The files that are shipped for operators are what the tools of their kind take, and agree with the program."""

import json
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import click
import pytest
from click.testing import CliRunner

from chatroom.cli import install_service
from chatroom.cli.main import main
from chatroom.cli.serve import serve as serve_command
from tests.peers import DEADLINE, Irc, Served
from tests.ports import free_port

ROOT = Path(__file__).parent.parent
PACKAGING = ROOT / "packaging"
PROGRAM = str(Path(sys.executable).with_name("chatroom"))
VARIABLES = {f"CHATROOM_SERVE_{str(option.name).upper()}" for option in serve_command.params}


def run(*command: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=6 * DEADLINE, check=False, **more)


@pytest.mark.needs("systemd-analyze")
def test_systemd_takes_the_service(tmp_path: Path) -> None:
    """With nothing to say against it; the program is that of the tests."""
    text = (PACKAGING / "chatroom.service").read_text(encoding="utf-8")
    assert text.count("/opt/chatroom/bin/chatroom") == 1
    unit = tmp_path / "chatroom.service"
    unit.write_text(text.replace("/opt/chatroom/bin/chatroom", PROGRAM), encoding="utf-8")
    done = run("systemd-analyze", "verify", "--man=no", str(unit))
    assert (done.returncode, "chatroom.service" in done.stderr) == (0, False), done.stderr


def test_the_dashboard_asks_for_figures_that_there_are(serve: Callable[..., Served]) -> None:
    """For all of them, and nothing else."""
    board = json.loads((PACKAGING / "grafana-dashboard.json").read_text(encoding="utf-8"))
    asked = {
        name
        for panel in board["panels"]
        for target in panel["targets"]
        for name in re.findall(r"\bchatroom_\w+", target["expr"])
    }
    port = free_port()
    serve("--metrics-port", str(port))
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=DEADLINE) as answer:
        types = dict(re.findall(r"^# TYPE (chatroom_\w+) (\w+)$", answer.read().decode(), re.MULTILINE))
    assert asked == {f"{name}_bucket" if kind == "histogram" else name for name, kind in types.items()}
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_compose_has_a_server_and_on_demand_a_cluster() -> None:
    """Each with a health check, and with variables that there are."""
    compose = pytest.importorskip("yaml").safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    services = compose["services"]
    assert {name: each.get("profiles") for name, each in services.items()} == {
        "chatroom": None,
        "second": ["cluster"],
        "redis": ["cluster"],
    }
    for service in services.values():
        assert service["healthcheck"]["test"]
        assert set(service.get("environment", {})) <= VARIABLES
        assert {volume.partition(":")[0] for volume in service["volumes"]} <= set(compose["volumes"])
    names = {services[name]["environment"]["CHATROOM_SERVE_NAME"] for name in ("chatroom", "second")}
    assert len(names) == 2


def test_only_what_the_container_copies_is_given_to_the_builder() -> None:
    """No history of the source, no settings, no data."""
    copied = re.findall(r"^COPY (.*) \S+$", (ROOT / "Containerfile").read_text(encoding="utf-8"), re.MULTILINE)
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n")
    assert ignored[1] == "*"
    assert {line[1:] for line in ignored if line.startswith("!")} == set(" ".join(copied).split())


def every_command(command: click.Command, name: str = "chatroom") -> dict[str, click.Command]:
    """All commands by the names of their manual pages."""
    found = {name: command}
    if isinstance(command, click.Group):
        for each in command.list_commands(click.Context(command)):
            below = command.get_command(click.Context(command), each)
            assert below
            found |= every_command(below, f"{name}-{each}")
    return found


@pytest.mark.needs("man")
def test_every_command_has_a_manual_page_that_says_what_its_help_says(tmp_path: Path) -> None:
    """man has no complaint, and shows every option and what it is for."""
    assert run(PROGRAM, "man", str(tmp_path / "man1")).returncode == 0
    commands = every_command(main)
    assert sorted(each.stem for each in (tmp_path / "man1").iterdir()) == sorted(commands)
    for name, command in commands.items():
        page = tmp_path / "man1" / f"{name}.1"
        wide = {"MANWIDTH": "9999", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "MANOPT": "--nh --nj"}
        done = run("man", "--warnings", "-l", str(page), env=wide)
        assert (done.returncode, done.stderr) == (0, ""), name
        shown = " ".join(re.sub(r".\x08", "", done.stdout).split())
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                assert all(flag in shown for flag in option.opts), (name, option.name)
                assert " ".join(str(option.help).split()) in shown, (name, option.name)


def test_manual_pages_that_can_not_be_written_are_told(tmp_path: Path) -> None:
    """In a sentence."""
    (tmp_path / "file").touch()
    done = run(PROGRAM, "man", str(tmp_path / "file" / "man1"))
    assert (done.returncode, "Nothing can be written to" in done.stderr, "Traceback" in done.stderr) == (1, True, False)


SHELLS = {
    "bash": 'eval "$(chatroom completion bash)"; COMP_WORDS=(chatroom serve --tls-o); COMP_CWORD=2; '
    '_chatroom_completion chatroom; echo "${COMPREPLY[@]}"',
    "zsh": 'autoload -U compinit; compinit -D -u; eval "$(chatroom completion zsh)"; '
    "whence -w _chatroom_completion; COMP_WORDS='chatroom serve --tls-o' COMP_CWORD=2 "
    "_CHATROOM_COMPLETE=zsh_complete chatroom",
    "fish": "chatroom completion fish | source; complete --do-complete 'chatroom serve --tls-o'",
}


@pytest.mark.parametrize("shell", [pytest.param(each, marks=pytest.mark.needs(each)) for each in SHELLS])
def test_a_shell_completes_options(shell: str, tmp_path: Path) -> None:
    """After the line that the documents name."""
    path = f"{Path(PROGRAM).parent}:/usr/bin:/bin"
    done = run(shell, "-c", SHELLS[shell], env={"PATH": path, "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"})
    assert "--tls-only" in done.stdout, done.stderr
    assert "function" in done.stdout or shell != "zsh"


def settings_of(text: str) -> list[str]:
    return re.findall(r"^(?:# )?([a-z-]+) = ", text, re.MULTILINE)


def test_the_configuration_that_is_printed_is_good_as_it_is(tmp_path: Path) -> None:
    """It has every setting, and those that were given are in force, though it is read from elsewhere."""
    (tmp_path / "motd").write_text("Be kind.\n")
    given = [
        "--keep",
        "3",
        "--history-size",
        "1.5GB",
        "--operators",
        "al",
        "--motd-file",
        "motd",
        "--description",
        '"é"',
    ]
    given += ["--tls-self-signed", "--trusted-network", "10.0.0.0/8", "--data", "data"]
    printed = run(PROGRAM, "serve", *given, "--print-config", cwd=tmp_path)
    file = tmp_path / "there" / "chatroom.toml"
    file.parent.mkdir()
    file.write_text(printed.stdout, encoding="utf-8")
    assert settings_of(printed.stdout) == [
        str(option.name).replace("_", "-")
        for option in serve_command.params
        if option.name not in ("config", "check_config", "print_config")
    ]
    assert run(PROGRAM, "serve", "--config", str(file), "--check-config").stdout == "The settings are good.\n"
    again = run(PROGRAM, "serve", "--config", str(file), "--print-config")
    assert again.stdout == printed.stdout
    assert re.findall(r"^[a-z].*", printed.stdout, re.MULTILINE) == [
        'description = "\\"é\\""',
        f'motd-file = "{tmp_path}/motd"',
        'operators = ["al"]',
        "tls-self-signed = true",
        f'data = "{tmp_path}/data"',
        "keep = 3",
        'history-size = "1500.000MB"',
        'trusted-network = ["10.0.0.0/8"]',
    ]


def test_the_defaults_that_are_printed_are_good_without_their_signs(tmp_path: Path) -> None:
    """All but those that name a file or say that there is one; nothing of what is printed is made up."""
    printed = run(PROGRAM, "serve", "--print-config").stdout
    lines = [line.removeprefix("# ") for line in printed.splitlines() if re.match(r"# [a-z-]+ = ", line)]
    file = tmp_path / "chatroom.toml"
    file.write_text("\n".join([line for line in lines if '"FILE"' not in line]), encoding="utf-8")
    checked = run(PROGRAM, "serve", "--config", str(file), "--data", str(tmp_path), "--check-config")
    assert checked.stdout == "The settings are good.\n", checked.stderr


@pytest.mark.needs("openssl", "shellcheck")
def test_a_renewed_certificate_is_used_without_a_pause(
    serve: Callable[..., Served], certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    """By the hook for ACME clients; systemctl, which it calls, is one that tells the server as systemd does."""
    hook = PACKAGING / "deploy-certificate"
    assert run("shellcheck", str(hook)).stdout == ""
    data, renewed, programs = (tmp_path / name for name in ("service", "renewed", "bin"))
    for directory in (data, renewed, programs):
        directory.mkdir()
    for part, name in zip(certificate, ("fullchain.pem", "privkey.pem"), strict=True):
        (renewed / name).write_bytes(part.read_bytes())
    env = {"PATH": f"{programs}:/usr/bin:/bin", "CHATROOM_DATA": str(data), "RENEWED_LINEAGE": str(renewed)}
    (programs / "systemctl").write_text("#!/bin/sh\nexit 3\n")  # it is not active: nothing is to be told
    (programs / "systemctl").chmod(0o755)
    assert run(str(hook), env=env).returncode == 0
    assert {each.name: each.stat().st_mode & 0o777 for each in data.iterdir()} == {
        "fullchain.pem": 0o600,
        "privkey.pem": 0o600,
    }
    files = ["--tls-cert", str(data / "fullchain.pem"), "--tls-key", str(data / "privkey.pem")]
    served = serve(*files, stdin=subprocess.DEVNULL)
    first = ssl.get_server_certificate(("127.0.0.1", served.port))
    talking = Irc(served.port, "alice")
    subject = ["-subj", "/CN=renewed", "-keyout", str(renewed / "privkey.pem"), "-out", str(renewed / "fullchain.pem")]
    done = run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject)
    assert done.returncode == 0, done.stderr
    reload = f"#!/bin/sh\n[ $1 = reload ] && kill -HUP {served.process.pid}\nexit 0\n"
    (programs / "systemctl").write_text(reload)
    del env["RENEWED_LINEAGE"]
    assert "otherwise name the directory" in run(str(hook), env=env).stderr
    assert run(str(hook), str(renewed), env=env).returncode == 0
    served.err.wait("read the password files, the message of the day and the certificate again")
    assert ssl.get_server_certificate(("127.0.0.1", served.port)) != first
    talking.sync()
    talking.close()


@pytest.mark.needs("systemd-analyze")
def test_the_service_is_installed_by_one_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the settings that were given, which stay as they are the next time; systemd takes the file."""
    programs = tmp_path / "bin"
    programs.mkdir()
    systemctl = programs / "systemctl"
    systemctl.write_text(f'#!/bin/sh\necho "$*" >>{tmp_path}/told\n')
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(install_service, "UNIT", tmp_path / "chatroom.service")
    monkeypatch.setattr(install_service, "SETTINGS", tmp_path / "chatroom.toml")
    monkeypatch.setattr(install_service, "_HIDDEN", ())
    for options in (["--host", "0.0.0.0"], ["--host", "192.0.2.7"]):
        done = CliRunner().invoke(main, ["install-service", *options])
        assert done.exit_code == 0, done.output
    assert "stay as they are" in done.output
    assert 'host = "0.0.0.0"\n' in (tmp_path / "chatroom.toml").read_text()
    assert (tmp_path / "told").read_text().splitlines() == ["daemon-reload", "enable chatroom", "restart chatroom"] * 2
    verified = run("systemd-analyze", "verify", "--man=no", str(tmp_path / "chatroom.service"))
    assert (verified.returncode, "chatroom.service" in verified.stderr) == (0, False), verified.stderr
    assert f"ExecStart={PROGRAM} serve" in (tmp_path / "chatroom.service").read_text()
    checked = run(
        PROGRAM, "serve", "--config", str(tmp_path / "chatroom.toml"), "--data", str(tmp_path), "--check-config"
    )
    assert checked.stdout == "The settings are good.\n", checked.stderr
    systemctl.write_text("#!/bin/sh\necho no bus >&2\nexit 1\n")
    failed = CliRunner().invoke(main, ["install-service"])
    assert (failed.exit_code, "systemctl daemon-reload failed: no bus" in failed.output) == (1, True)


def test_it_is_said_that_systemd_takes_too_long(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A server that brings a large file up to date may take longer than is waited for."""
    systemctl = tmp_path / "systemctl"
    systemctl.write_text("#!/bin/sh\nexec sleep 60\n")
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(install_service, "UNIT", tmp_path / "chatroom.service")
    monkeypatch.setattr(install_service, "SETTINGS", tmp_path / "chatroom.toml")
    monkeypatch.setattr(install_service, "_HIDDEN", ())
    monkeypatch.setattr(install_service, "_SYSTEMD_SECONDS", 0.2)
    told = CliRunner().invoke(main, ["install-service"])
    assert (told.exit_code, "systemctl daemon-reload takes very long" in told.output) == (1, True), told.output


def test_where_there_can_be_no_service_it_is_said_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And what to do."""
    systemctl = tmp_path / "systemctl"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "This machine has no systemd" in CliRunner().invoke(main, ["install-service"]).output
    systemctl.write_text("#!/bin/sh\n")
    systemctl.chmod(0o755)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "Only root can install a service: sudo " in CliRunner().invoke(main, ["install-service"]).output
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(install_service, "_HIDDEN", (Path(PROGRAM).resolve().parent,))
    assert "The service could not see" in CliRunner().invoke(main, ["install-service"]).output
