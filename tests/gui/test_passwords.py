"""Passwords that change while the window is open."""

from pathlib import Path

import pytest

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
