"""Passwords that change while the window is open."""

from pathlib import Path

import pytest

from tests.gui.irc import Doorkeeper
from tests.gui.people import Netcat, Peer, Server
from tests.gui.window import Window

pytestmark = pytest.mark.needs("Xvfb", "xdotool")


def test_a_password_that_was_changed_on_another_device_is_asked_for(
    display: str, server: Server, tmp_path: Path
) -> None:
    """In words that say so; with the new one, what waited meanwhile is sent."""
    with (
        Netcat(server.port, "bob") as bob,
        Window(display, tmp_path, "-p", str(server.port), "--nick", "alice") as window,
    ):
        window.wait_online()
        window.type("/register open-sesame")
        window.key("Return")
        window.wait(lambda state: "(logged in)" in state["status"][0], "claimed")
        window.type("wait for")
        window.wait(lambda state: state["composer"] == "wait for", "in the middle of writing")
        with Peer(server.port) as phone:
            phone.wait("Username")
            phone.send("alice")
            phone.wait("[Pp]assword")
            phone.send("open-sesame")
            phone.wait("Welcome")
            phone.send("/password open-sesame close-sesame")
            window.wait(lambda state: "was changed on another device" in state["asked"], "asked")
        window.type(" me")
        window.key("Return")
        window.wait(lambda state: state["composer"] == "", "written meanwhile")
        window.click("question_at")
        window.type("close-sesame")
        window.key("Return")
        window.wait(lambda state: "(logged in)" in state["status"][0], "back")
        bob.wait("alice: wait for me")


def test_a_password_that_is_typed_once_more_is_never_said(display: str, tmp_path: Path) -> None:
    """The question has the keyboard until the server has said what it makes of the answer."""
    with Doorkeeper() as door, Window(display, tmp_path, "-p", str(door.port), "--nick", "alice") as window:
        door.accept()
        door.let_in("alice")
        window.wait_online()
        window.type("hello")
        window.key("Return")
        door.hear("PRIVMSG #lobby hello")
        door.accept()
        door.refuse()
        window.wait(lambda state: state["focus"] == "!entry", "asked")
        window.type("guess!")
        window.key("Return")
        door.accept()
        window.type("open-sesame")
        window.key("Return")
        window.wait(lambda state: "looking at your answer" in state["asked"], "the question stays")
        door.refuse()
        window.wait(lambda state: "not the password" in state["asked"], "asked again")
        assert window.state["composer"] == "" and not any("sesame" in row for row in window.state["rows"])
        window.key("Return")
        assert "PASS open-sesame" in door.accept()
        door.let_in("alice")
        window.wait(lambda state: state["question"] is None and state["focus"] == "!text", "let in")
        window.type("again")
        window.key("Return")
        assert "sesame" not in door.hear("PRIVMSG #lobby again")


def test_a_password_that_is_refused_is_asked_for_again_and_never_said(
    display: str, server: Server, tmp_path: Path
) -> None:
    """The question of the menu stays until the server takes the password; then the keyboard is the composer's again."""
    with (
        Netcat(server.port, "bob") as bob,
        Window(display, tmp_path, "-p", str(server.port), "--nick", "alice") as window,
    ):
        window.wait_online()
        window.click("menu_at")
        window.key(*6 * ["Down"], "Right", "Return")  # You, Claim this name…
        window.wait(lambda state: state["question"] is not None, "asked")
        window.type("short")
        window.key("Return")
        window.wait(lambda state: "at least 8 characters" in state["asked"], "asked again")
        window.type("open-sesame")
        window.key("Return")
        window.wait(lambda state: "(logged in)" in state["status"][0] and state["question"] is None, "claimed")
        window.type("hello")
        window.key("Return")
        bob.wait("alice: hello")
        assert "sesame" not in bob.seen
