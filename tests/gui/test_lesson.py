"""A lesson in the window, with real keys and a real mouse: what a teacher does, and the server fails in the middle."""

from pathlib import Path

import pytest

from tests.gui.people import Irc, Netcat, Server
from tests.gui.window import Window

pytestmark = pytest.mark.needs("Xvfb", "xdotool")


def enter(window: Window, text: str) -> None:
    window.type(text)
    window.key("Return")


def test_a_lesson(display: str, server: Server, tmp_path: Path) -> None:
    """Claim, lock, mute, slow down, a restart of the server, quiet, search, save."""
    arguments = ("127.0.0.1", "-p", str(server.port), "--nick", "teacher", "--room", "#klasa3b")
    with Window(display, tmp_path, *arguments) as window, Netcat(server.port, "ola") as ola:
        window.wait_online()
        enter(window, "/register open-sesame")
        window.wait(lambda state: "(logged in)" in state["status"][0], "the name is claimed")
        enter(window, "/leave")
        enter(window, "/join #3b")
        window.wait(lambda state: state["header"][0] == "#3b" and state["members"], "in the class")
        enter(window, "/key s3cret")
        window.wait_row("teacher locked the room with a key.")
        ola.send("/join #3b")
        ola.wait("key")
        ola.send("/join #3b s3cret")
        window.wait(lambda state: state["members"] == ["@teacher", "ola"], "ola is in")
        ola.send("noise, noise")
        window.wait_row("noise, noise")
        window.open_menu("member_at")
        window.key(*["Down"] * 5, "Return")
        window.wait(lambda state: state["question"] == "Mute ola in #3b?", "asked")
        window.key("Tab", "Return")
        window.wait(lambda state: "ola (muted)" in state["members"], "ola is muted")
        ola.send("can you hear me?")
        ola.wait("muted")
        enter(window, "/unmute ola")
        window.wait(lambda state: "ola" in state["members"], "and may speak again")
        enter(window, "/slow 30")
        window.wait_row("one message every 30 seconds.")
        # The server fails while the teacher types; what is typed is there, and comes through.
        server.kill()
        window.wait(lambda state: "lost" in state["banner"], "the loss")
        enter(window, "is anybody here?")
        window.wait_row("(waiting for the connection…)")
        server.start()
        window.wait(lambda state: "(logged in)" in state["status"][0], "in again, as oneself")
        window.wait(lambda state: not any("…)" in row for row in state["rows"]), "it came through")
        with Irc(server.port, "jan", "#lobby") as jan:
            jan.send("JOIN #3b s3cret")
            jan.wait(" 366 jan #3b ")
            window.wait(lambda state: "jan" in state["members"], "jan is in")
            enter(window, "/mode +m")
            window.wait_row("teacher made the room quiet")
            jan.send("PRIVMSG #3b :hello?")
            jan.wait(" 404 ")
            enter(window, "/mode -m")
            window.wait_row("teacher lets everybody speak again.")
            window.key("ctrl+f")
            window.wait(lambda state: state["search"] is not None, "the search bar")
            enter(window, "noise")
            window.wait(lambda state: state["search"], "a result")
            window.key("Escape", "Escape")
            window.wait(lambda state: state["search"] is None, "and back")
        text = window.save_conversation(tmp_path / "lesson.txt")
        assert "ola: noise, noise\n" in text and "teacher: is anybody here?\n" in text
