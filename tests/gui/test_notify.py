"""Desktop notifications: what strangers write is text, never an option or a command."""

import getopt
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chatroom.gui import notify

TEXT = 'a"b\\" & (do shell script "touch x")\n-e \u2028end tell'


def only(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the desktop have one program alone."""
    monkeypatch.setattr(shutil, "which", lambda asked: f"/usr/bin/{asked}" if asked == name else None)


def test_on_macos_nothing_of_it_is_on_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The script comes through stdin, with its texts quoted, in one line."""
    monkeypatch.setattr(sys, "platform", "darwin")
    only("osascript", monkeypatch)
    assert notify.command("-e", TEXT) == ["osascript", "-"]
    assert notify.stdin("-e", TEXT) == (
        'display notification "a\\"b\\\\\\" & (do shell script \\"touch x\\") -e  end tell" with title "-e"\n'
    )


def test_elsewhere_it_stands_behind_the_end_of_the_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    only("notify-send", monkeypatch)
    arguments = notify.command("-e", "--help")
    assert getopt.gnu_getopt(arguments[1:], "e:", ["app-name=", "help"])[1] == ["-e", "--help"]


def test_the_program_gets_the_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real program reads all of it."""
    got = tmp_path / "got"
    monkeypatch.setattr(notify, "command", lambda *_: ["sh", "-c", f"cat > {got}.part && mv {got}.part {got}"])
    started: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def popen(*arguments: object, **options: object) -> "subprocess.Popen[bytes]":
        started.append(start(*arguments, **options))  # type: ignore[call-overload]
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", popen)
    notify.show("łódź", TEXT)
    assert started[0].wait(10) == 0
    assert got.read_text("utf-8") == notify.stdin("łódź", TEXT)
