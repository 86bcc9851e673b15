"""The window, driven as a person does it: the main way through."""

from pathlib import Path

import pytest

from tests.gui.people import Irc, Netcat, Server
from tests.gui.window import Window

pytestmark = pytest.mark.needs("Xvfb", "xdotool")


def test_a_name_a_message_an_answer_the_button_and_the_end(display: str, server: Server, tmp_path: Path) -> None:
    """The window asks for a name, both sides see each other's messages, and closing it ends the program."""
    with Netcat(server.port, "bob") as bob, Window(display, tmp_path, "127.0.0.1", "-p", str(server.port)) as window:
        window.wait(lambda state: state["panel"], "the window asks")
        window.type("alice")
        window.key("Return")
        window.wait_online()
        window.wait(lambda state: state["members"] == ["alice", "bob"], "both are listed")

        window.type("Hello from the window")
        window.key("shift+Return")
        window.type("and more")
        assert "Hello" not in bob.seen
        window.key("Return")
        bob.wait("alice: Hello from the window")
        bob.wait("alice: and more")
        window.wait(lambda state: not any("…)" in row for row in state["rows"]), "the echo clears (sending…)")

        bob.send("Zażółć 😀 gęślą")
        window.wait_row("Zażółć 😀 gęślą")

        window.type("by mouse")
        window.wait(lambda state: state["composer"] == "by mouse", "typed, and so everything before it is done")
        window.click("send_at")
        bob.wait("alice: by mouse")
        window.wait(lambda state: state["composer"] == "", "the composer is empty")

        window.type("/quit")
        window.key("Return")
        window.process.wait(10)
        bob.wait("alice left")
    assert window.process.returncode == 0


def test_members_come_and_go(display: str, server: Server, tmp_path: Path) -> None:
    """The member list and the folded line follow who joins and who leaves."""
    with Window(display, tmp_path, "-p", str(server.port), "--nick", "alice") as window:
        window.wait_online()
        with Netcat(server.port, "bob"):
            window.wait(lambda state: state["members"] == ["alice", "bob"], "bob is listed")
        window.wait(lambda state: state["members"] == ["alice"], "bob is gone")
        window.wait_row("→ bob joined   ← bob left")


def test_a_lost_connection_is_shown_and_comes_back(display: str, server: Server, tmp_path: Path) -> None:
    """The banner says that the server is gone; what is written meanwhile arrives once, when it is back."""
    with Window(display, tmp_path, "-p", str(server.port), "--nick", "alice") as window:
        window.wait_online()
        server.kill()
        window.wait(lambda state: "Connection lost at" in state["banner"], "the loss is shown")
        window.type("said while away")
        window.key("Return")
        window.type("a draft")
        window.wait_row("said while away  (waiting for the connection…)")
        server.start()
        with Netcat(server.port, "bob") as bob:
            bob.wait("alice: said while away")
            window.wait(lambda state: not any("…)" in row for row in state["rows"]), "it is confirmed")
            bob.send("got it")
            window.wait_row("got it")
            assert window.state["composer"] == "a draft"
            assert bob.seen.count("said while away") == 1
            assert sum("said while away" in row for row in window.state["rows"]) == 1


def test_the_window_speaks_the_language_of_the_machine(
    display: str, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Łukasz stands before Marek there, and a line tells who joins."""
    monkeypatch.setenv("LANGUAGE", "pl")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    with Window(display, tmp_path, "127.0.0.1", "-p", str(server.port), "--nick", "Lena") as window:
        window.wait(lambda state: state["status"][0].startswith("Połączono z") and state["members"], "connected")
        with Irc(server.port, "Marek"), Irc(server.port, "Łukasz"):
            window.wait(lambda state: state["members"] == ["Lena", "Łukasz", "Marek"], "sorted as in Polish")
            window.wait_row("dołączają")
