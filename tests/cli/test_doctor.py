"""`chatroom doctor` finds what is wrong with a server, and says what to do."""

import datetime
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers import DEADLINE, Served
from tests.ports import free_port

Serve = Callable[..., Served]


def doctor(*options: str) -> tuple[int, str]:
    """Its exit code, and what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "chatroom", "doctor", "--max-clients", "100", *options],
        capture_output=True,
        text=True,
        timeout=3 * DEADLINE,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_a_server_that_is_well_is_called_so(serve: Serve, tmp_path: Path) -> None:
    """While it runs; nothing is wrong, and the exit code is 0."""
    served = serve("--data", str(tmp_path), "--tls-self-signed")
    code, told = doctor("-p", str(served.port), "--data", str(tmp_path), "--tls-self-signed")
    assert (code, "WRONG" in told) == (0, False), told
    for said in ("answers: chatroom ", "certificate is valid until", "are free", "no damage", "files may be open"):
        assert said in told


def test_a_server_that_does_not_run_is_told(tmp_path: Path) -> None:
    """With what to do."""
    code, told = doctor("-p", str(free_port()), "--data", str(tmp_path))
    assert code == 1
    assert "WRONG  Nobody listens on 127.0.0.1, port" in told
    assert "start it with chatroom serve" in told


def test_settings_come_from_the_file_of_the_server(serve: Serve, tmp_path: Path) -> None:
    """And a server of which nothing is kept has no data to look at."""
    served = serve()
    (tmp_path / "chatroom.toml").write_text(f"port = {served.port}\nephemeral = true\n")
    code, told = doctor("--config", str(tmp_path / "chatroom.toml"))
    assert (code, "write-ahead" in told) == (0, False), told


def test_damaged_data_are_told(serve: Serve, tmp_path: Path) -> None:
    """And how to mend them."""
    (tmp_path / "chatroom.db").write_bytes(b"SQLite format 3\0" + b"rubbish" * 1000)
    code, told = doctor("-p", str(serve().port), "--data", str(tmp_path))
    assert code == 1
    assert "are damaged" in told and "chatroom restore" in told


@pytest.mark.parametrize(("days", "code"), [(10, 1), (60, 0)])
def test_a_certificate_that_ends_soon_is_told(days: int, code: int, serve: Serve, tmp_path: Path) -> None:
    """Two weeks before."""
    pem = tmp_path / "pem"
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days, hours=1)
    subject, key = ["-subj", "/CN=x"], str(tmp_path / "key")
    openssl = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", str(days), *subject]
    subprocess.run([*openssl, "-keyout", key, "-out", str(pem)], check=True, capture_output=True, timeout=DEADLINE)
    served = serve("--ephemeral")
    found, told = doctor("-p", str(served.port), "--ephemeral", "--tls-cert", str(pem), "--tls-key", key)
    assert found == code
    assert f"{end:%Y-%m-%d}" in told
    assert ("renew it" in told) == bool(code)


def test_a_redis_that_can_not_be_reached_is_told(serve: Serve) -> None:
    """In a sentence."""
    url = f"redis://127.0.0.1:{free_port()}/0"
    code, told = doctor("-p", str(serve().port), "--ephemeral", "--cluster", url)
    assert code == 1
    assert "WRONG" in told.splitlines()[-1] and "Redis" in told.splitlines()[-1], told
