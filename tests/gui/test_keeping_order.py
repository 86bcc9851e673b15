"""Keeping order from the window: what is typed, and a member's menu."""

from pathlib import Path

import pytest

from tests.gui.people import Netcat, Server
from tests.gui.window import Window

pytestmark = pytest.mark.needs("Xvfb", "xdotool")


def test_who_opens_a_room_in_the_window_keeps_order_there(display: str, server: Server, tmp_path: Path) -> None:
    """By commands with times and reasons; netcat reads what was done."""
    arguments = ("-p", str(server.port), "--nick", "alice", "--room", "#tea")
    with Netcat(server.port, "bob") as bob, Window(display, tmp_path, *arguments) as window:
        window.wait_online()
        bob.send("/join #tea")
        window.wait(lambda state: "bob" in state["members"], "bob is there")
        window.type("/mute bob 10m noise")
        window.key("Return")
        bob.wait(r"\* alice muted bob for 10m \(noise\)")
        window.wait_row("alice muted bob for 10 minutes: noise")
        window.type("/ban bob 1h enough")
        window.key("Return")
        bob.wait(r"\* alice banned bob for 1h \(enough\)")
        bob.wait(r"\* alice threw bob out \(enough\)")
        window.wait(lambda state: "bob" not in state["members"], "bob is out")
        window.type("/bans")
        window.key("Return")
        window.wait_row("Banned in #tea: bob, by alice · 1 hour left · enough")
        window.wait_row("Muted in #tea: bob, by alice · 10 minutes left · noise")


def test_a_members_menu_mutes_for_a_time_and_with_a_reason(display: str, server: Server, tmp_path: Path) -> None:
    """By mouse and keys: Enter with nothing typed does no harm yet. Afterwards the menu offers the opposite."""
    arguments = ("-p", str(server.port), "--nick", "alice", "--room", "#tea")
    with Netcat(server.port, "bob") as bob, Window(display, tmp_path, *arguments) as window:
        window.wait_online()
        bob.send("/join #tea")
        window.wait(lambda state: state["members"] == ["@alice", "bob"], "bob is there")
        window.open_menu("member_at")
        window.key(*["Down"] * 5, "Return")
        window.wait(lambda state: state["question"] == "Mute bob in #tea?", "asked")
        window.key("Return")
        assert window.state["question"]
        window.key("Escape")
        window.wait(lambda state: not state["question"], "put away")
        window.open_menu("member_at")
        window.key(*["Down"] * 5, "Return")
        window.wait(lambda state: state["question"] == "Mute bob in #tea?", "asked")
        window.type("noise")
        window.key("Return")
        bob.wait(r"\* alice muted bob for 10m \(noise\)")
        window.wait(lambda state: state["members"] == ["@alice", "bob (muted)"], "bob is marked")
        window.open_menu("member_at")
        window.key(*["Down"] * 5, "Return")
        bob.wait(r"\* alice .*bob speak again|\* alice unmuted bob")


def test_who_is_muted_is_let_back_in_the_list_that_says_why(display: str, server: Server, tmp_path: Path) -> None:
    """The menu of the room has the list; of who claimed it, the list of people says that they own it."""
    arguments = ("-p", str(server.port), "--nick", "alice")
    with Netcat(server.port, "bob") as bob, Window(display, tmp_path, *arguments) as window:
        window.wait_online()
        window.type("/register open-sesame")
        window.key("Return")
        window.wait(lambda state: "(logged in)" in state["status"][0], "claimed")
        window.type("/join #tea")
        window.key("Return")
        window.wait(lambda state: state["members"] == ["@alice"], "in a room of her own")
        bob.send("/join #tea")
        window.wait(lambda state: state["members"] == ["@alice", "bob"], "bob is there")
        window.type("/mute bob 10m noise")
        window.key("Return")
        bob.wait(r"alice muted bob for 10m")
        window.wait(lambda state: state["members"][-1] == "bob (muted)", "bob is marked")
        window.open_menu("room_at")
        window.key(*["Down"] * 3, "Return")
        window.wait(lambda state: state["picker"] == ["bob"], "the list")
        assert window.state["picker_told"] == ["Muted by alice · 10 minutes left · noise"]
        window.key("Return")
        window.wait(lambda state: state["question"] == "Let bob back into #tea?", "asked")
        window.wait(lambda state: state["focus"].startswith("!button"), "a button has the keyboard")
        window.key("shift+Tab", "Return")
        bob.wait(r"\* alice .*bob speak again|\* alice unmuted bob")
        window.wait(lambda state: state["members"][-1] == "bob", "bob is marked no more")
        assert window.state["headings"] == ["Owners — 1", "Here — 1"]
