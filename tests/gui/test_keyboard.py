"""The keyboard belongs to the composer: clicks, hidden panes, other layouts, questions. With real keys."""

import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.gui.people import Irc, Netcat, Server
from tests.gui.window import Window

pytestmark = pytest.mark.needs("Xvfb", "xdotool")


def _is_written(text: str, state: dict[str, Any]) -> bool:
    return bool(state["composer"] == text)


@pytest.fixture
def window(display: str, server: Server, tmp_path: Path) -> Iterator[Window]:
    with Window(display, tmp_path, "127.0.0.1", "-p", str(server.port), "--nick", "alice") as window:
        window.wait_online()
        yield window


def test_a_click_never_takes_the_keyboard(window: Window) -> None:
    """On a room, on the messages, on a button: what is typed next stands in the composer."""
    written = ""
    for place in ("rooms_at", "messages_at", "members_at", "header_at"):
        window.click(place)
        window.type("x")
        written += "x"
        window.wait(partial(_is_written, written), f"typed after a click on {place}")


def test_typing_anywhere_goes_to_the_composer(window: Window) -> None:
    """Also when F6 has gone to another pane, and when that pane has been hidden."""
    window.key("F6")
    window.wait(lambda state: not state["focus"].startswith("!text"), "another pane has the keyboard")
    window.type("a")
    window.wait(lambda state: state["composer"] == "a", "typed into the rooms")
    window.key("F6")
    window.resize(480, 320)
    window.type("b")
    window.wait(lambda state: state["composer"] == "ab", "typed while the rooms are hidden")
    window.key("ctrl+f")
    window.wait(
        lambda state: state["search"] is not None and not state["search_cut"], "a search bar with whole buttons"
    )


def test_alt_and_an_arrow_go_to_the_next_room(window: Window) -> None:
    """As on the page; what was sent before comes back with the arrow alone."""
    window.type("/join #club")
    window.key("Return")
    window.wait(lambda state: state["header"][0] == "#club", "in another room")
    window.key("alt+Up")
    window.wait(lambda state: state["header"][0] == "#lobby" and not state["composer"], "back")
    window.key("alt+Down")
    window.wait(lambda state: state["header"][0] == "#club" and not state["composer"], "there again")


def test_enter_in_a_question_does_no_harm(window: Window) -> None:
    """Thirty lines are pasted by mistake: Enter, and Enter again at the question, sends nothing and loses nothing."""
    window.type("a")
    for _ in range(25):
        window.key("shift+Return")
        window.type("a")
    window.wait(lambda state: state["composer"].count("\n") == 25, "26 lines are written")
    window.key("Return")
    window.wait(lambda state: state["dialog"], "asked")
    window.key("Return")
    window.wait(lambda state: not state["dialog"], "answered")
    assert window.state["composer"].count("\n") == 25
    assert not any("…)" in row for row in window.state["rows"])


def test_a_question_that_comes_by_itself_takes_no_keys_from_who_types(window: Window, server: Server) -> None:
    """What is typed at that moment stands in the composer. Where nothing is, the question has the keyboard soon."""
    with Irc(server.port, "bob", "#club") as bob:
        bob.send("MODE #club +k secret")
        bob.wait("MODE #club")
        window.type("/join #club")
        window.wait(lambda state: state["composer"] == "/join #club", "written")
        window.key_and_type("Return", "hi")
        window.wait(lambda state: state["question"] and state["composer"] == "hi", "asked, and written on")
        window.type(" there")
        window.wait(lambda state: state["composer"] == "hi there", "still with the composer")
        window.key("ctrl+a", "BackSpace")
        window.type("/join #club")
        window.key("Return")
        window.wait(lambda state: state["focus"] == "!entry", "the question has the keyboard")
        window.type("secret")
        window.key("Return")
        window.wait(lambda state: "#club" in " ".join(state["rooms"]) and state["question"] is None, "let in")
        bob.wait("JOIN")


def test_what_is_typed_at_a_button_of_a_question_stays_in_it(window: Window, server: Server) -> None:
    """One Tab too many, and the reason would be said to everybody. Esc closes the question from the composer, too."""
    window.type("/join #own")
    window.key("Return")
    with Irc(server.port, "mia", "#own"):
        window.wait(lambda state: any("mia" in each for each in state["members"]), "she is there")
        for _ in range(2):
            window.open_menu("member_at")
            window.key("Up", "Up", "Up", "Return")
            window.wait(lambda state: state["question"], "asked")
            window.key("Tab", "Tab")
            window.type("too loud")
            window.wait(lambda state: state["focus"] == "!entry", "typed into the field")
            assert window.state["composer"] == ""
            window.click("composer_at")
            window.key("Escape")
            window.wait(lambda state: state["question"] is None, "closed")


def test_enter_twice_in_a_question_about_somebody_does_them_no_harm(window: Window, server: Server) -> None:
    """The first goes to Cancel, the second is Cancel's."""
    window.type("/join #own")
    window.key("Return")
    with Irc(server.port, "mia", "#own") as mia:
        window.wait(lambda state: any("mia" in each for each in state["members"]), "she is there")
        window.click("member_at", button=3)
        window.key("Up", "Up", "Up", "Return")
        window.wait(lambda state: state["question"], "asked")
        window.key("Return", "Return")
        window.wait(lambda state: state["question"] is None, "closed")
        window.type("still here?")
        window.key("Return")
        mia.wait("still here")
        assert "KICK #own" not in mia.seen and "+b" not in mia.seen


@pytest.mark.needs("setxkbmap")
@pytest.mark.parametrize(("layout", "locked"), [("us", False), ("us", True), ("ru", False), ("gr", False)])
def test_shortcuts_go_by_the_place_of_a_key(window: Window, display: str, layout: str, locked: bool) -> None:
    """With Cyrillic and Greek letters, and with Caps Lock. Pasting replaces what is selected."""
    window.type("PASTED")
    window.key("ctrl+a", "ctrl+x")
    window.type("old")
    window.wait(lambda state: state["composer"] == "old", "written")
    subprocess.run(["setxkbmap", "-display", display, layout], check=True, timeout=10)
    try:
        if locked:
            window.key("Caps_Lock")
        window.key("ctrl+38")
        window.key("ctrl+55")
        window.wait(lambda state: state["composer"] == "PASTED", "pasted in the place of what was selected")
        window.key("ctrl+38", "ctrl+53")
        window.wait(lambda state: state["composer"] == "", "cut")
        window.key("ctrl+45")
        window.wait(lambda state: state["picker"] is not None, "Ctrl+K")
        window.key("Escape")
        window.wait(lambda state: state["picker"] is None, "closed")
        window.key("ctrl+41")
        window.wait(lambda state: state["search"] is not None, "Ctrl+F")
    finally:
        if locked:
            window.key("Caps_Lock")
        subprocess.run(["setxkbmap", "-display", display, "us"], check=True, timeout=10)


def test_the_keys_are_listed_whole(window: Window) -> None:
    """F1. The card may be wider than the conversation. In a small window, rows have as many lines as they need."""
    for size in ((960, 600), (480, 320)):
        window.resize(*size)
        window.key("F1")
        is_whole = window.wait(lambda state: "Ctrl+K" in (state["picker"] or []), "the keys")
        assert is_whole["picker_cut"] == []
        assert "opens a link, sends again, copies code in a message" in " ".join(is_whole["picker_told"])
        window.key("Escape")
        window.wait(lambda state: state["picker"] is None, "and away")


def test_messages_are_copied_without_times_and_names(window: Window, server: Server) -> None:
    """Select all in the messages, copy, paste into the composer."""
    with Irc(server.port, "bob") as bob:
        bob.send("PRIVMSG #lobby :one", "PRIVMSG #lobby :two")
        window.wait_row("two")
    window.key("F6", "F6")
    window.key("ctrl+a", "ctrl+c")
    window.key("F6", "F6")
    window.click("composer_at")
    window.key("ctrl+v")
    window.wait(lambda state: "one\ntwo" in state["composer"], "what was said, and no more")


def test_a_place_is_found_without_its_accents(window: Window) -> None:
    """As a search compares names. What is typed is a place of its own besides."""
    for name in ("Mała", "#łódź"):
        window.type(f"/msg {name}" if name == "Mała" else f"/join {name}")
        window.key("Return")
        window.wait(lambda state, name=name: state["header"][0] == name, name)  # type: ignore[misc]
    for typed, place in (("mala", "Mała"), ("lodz", "#łódź")):
        window.key("ctrl+k")
        window.wait(lambda state: state["picker"], "the switcher")
        window.type(typed)
        window.wait(lambda state, place=place, typed=typed: state["picker"] == [place, typed], "found")  # type: ignore[misc]
        window.key("Return")
        window.wait(lambda state, place=place: state["header"][0] == place, "there")  # type: ignore[misc]


def test_escape_closes_the_menu_of_a_room(window: Window) -> None:
    """What is typed next goes to the composer, and not to a menu that stays."""
    for _ in range(3):
        window.open_menu("room_at")
        window.key("Escape")
        window.wait(lambda state: state["focus"] != "!menu", "gone")
        window.type("hello")
        window.wait(lambda state: state["composer"] == "hello", "typed")
        window.key("ctrl+a", "BackSpace")


def test_a_right_click_on_a_link_offers_to_copy_it(window: Window, server: Server) -> None:
    """Third in the menu, by keys; then it can be pasted. The menu gives the keyboard back."""
    with Irc(server.port, "bob") as bob:
        bob.send("PRIVMSG #lobby :see https://example.org/a_(b), please")
        window.wait_row("please")
    window.click("link_at", button=3)
    window.key("Down", "Down", "Down", "Return")
    window.wait(lambda state: state["focus"] == "!text", "the menu is closed")
    window.key("ctrl+v")
    window.wait(lambda state: state["composer"] == "https://example.org/a_(b)", "the link, and no more")


def test_a_right_click_where_one_writes_cuts_copies_and_pastes(window: Window) -> None:
    """In the composer, and in a card's field, where Shift+F10 opens it."""
    window.type("word")
    window.key("ctrl+a")
    window.wait(lambda state: state["composer"] == "word", "written")
    window.click("composer_at", button=3)
    window.key("Down", "Return")
    window.wait(lambda state: state["composer"] == "", "cut")
    window.click("composer_at", button=3)
    window.key("Down", "Down", "Down", "Return")
    window.wait(lambda state: state["composer"] == "word", "pasted")
    window.key("ctrl+k")
    window.wait(lambda state: state["picker"] is not None, "a card")
    window.key("shift+F10", "Down", "Down", "Down", "Return")
    window.wait(lambda state: state["picker"] == ["word"], "pasted into its field")


def test_rooms_drafts_and_the_size_are_remembered(display: str, server: Server, tmp_path: Path) -> None:
    """The next window is as big, in the same rooms, with what was written and not sent."""
    arguments = ("127.0.0.1", "-p", str(server.port), "--nick", "alice")
    with Window(display, tmp_path, *arguments) as window:
        window.wait_online()
        window.type("/join #dev")
        window.key("Return")
        window.wait(lambda state: state["header"][0] == "#dev", "in the room")
        window.resize(800, 500)
        window.type("half a thought")
        window.wait(lambda state: state["composer"] == "half a thought", "written")
        window.key("ctrl+Prior")
        window.wait(lambda state: state["header"][0] == "#lobby", "in the lobby")
        window.type("/quit")
        window.key("Return")
        window.process.wait(10)
    with Window(display, tmp_path, *arguments) as window:
        window.wait(lambda state: [row.split()[0] for row in state["rooms"]] == ["#lobby", "#dev"], "both rooms")
        assert window.state["size"] == [800, 500]
        window.key("ctrl+Next")
        window.wait(lambda state: state["composer"] == "half a thought", "the draft")


def test_several_lines_are_one_message_and_code_is_copied(window: Window, server: Server) -> None:
    """Written with Shift+Enter, they arrive whole, and come back as a block; its button copies the code alone."""
    with Netcat(server.port, "bob") as bob:
        for line in ("look", "```", "if x:", "  go", "```"):
            window.type(line)
            window.key("shift+Return")
        window.key("Return")
        bob.wait("alice: look")
        bob.wait("  go")
        window.wait_row("Copy the code")
        window.wait(lambda state: not any("…)" in row for row in state["rows"]), "the server has it")
        assert sum("alice" in row for row in window.state["rows"]) == 1
        window.click("copy_at")
        window.click("composer_at")
        window.key("ctrl+v")
        window.wait(lambda state: state["composer"] == "if x:\n  go", "pasted")


def test_a_member_is_reached_by_keys_alone(window: Window, server: Server) -> None:
    """F6 to the members, arrows, Enter or Shift+F10. The choice stays while others come. F10 is the menu."""
    with Irc(server.port, "bob"), Irc(server.port, "carl"):
        window.wait(lambda state: state["members"] == ["alice", "bob", "carl"], "both are here")
        window.key("F6", "F6", "F6")
        window.wait(lambda state: state["member"] == "alice", "the first member, and not a heading")
        window.key("Up", "Down")
        window.wait(lambda state: state["member"] == "bob", "the next one")
        with Netcat(server.port, "aaron"):
            window.wait(lambda state: len(state["members"]) == 4, "somebody comes")
            assert window.state["member"] == "bob"
            window.key("shift+F10")
            window.wait(lambda state: state["focus"] == "!menu", "a menu")
            window.key("Escape")
            window.wait(lambda state: state["focus"] == "!treeview", "closed")
        window.key("Return")
        window.wait(lambda state: state["header"][0] == "bob", "a talk with them")
    window.key("F10")
    window.wait(lambda state: state["focus"].endswith("mainmenu"), "the menu of the window")
    window.key("Escape")
    window.wait(lambda state: not state["focus"].endswith("mainmenu"), "closed")


def test_enter_opens_the_menu_of_a_message_without_a_link(window: Window) -> None:
    window.type("nothing to click")
    window.key("Return")
    window.wait_row("nothing to click")
    window.key("F6", "F6", "Up", "Return")
    window.wait(lambda state: state["focus"] == "!menu", "its menu")
    window.key("Escape")


def test_a_right_click_copies_the_message_under_the_pointer(window: Window, server: Server) -> None:
    """Not the one of an earlier click; all lines of it; and no more than what is selected, on what is selected."""
    with Irc(server.port, "bob") as bob:
        bob.send("PRIVMSG #lobby :see https://example.org")
        window.wait_row("example.org")
    window.type("first")
    window.key("shift+Return")
    window.type("second")
    window.key("Return")
    window.wait(lambda state: "second" in state["rows"][-1] and "…)" not in state["rows"][-1], "said")
    for place in ("link_at", "last_at"):
        window.click(place, button=3)
        window.wait(lambda state: state["focus"] == "!menu", "a menu")
        window.key("Escape")
        window.wait(lambda state: state["focus"] != "!menu", "closed")
    window.click("last_at", button=3)
    window.key("Down", "Return")
    window.click("composer_at")
    window.key("ctrl+v")
    window.wait(lambda state: state["composer"] == "first\nsecond", "the message, whole")


def test_side_panes_fit_again_after_f9_and_another_size(window: Window) -> None:
    """F9 decides for a window about as wide; a narrower one hides what has no room."""
    window.resize(900, 500)
    for _ in range(2):
        window.key("F9")
    window.wait(lambda state: state["rooms_shown"] and state["members_shown"], "both are asked for")
    window.resize(480, 320)
    window.wait(lambda state: not state["rooms_shown"] and not state["members_shown"], "no room for them")
    window.key("F9")
    window.wait(lambda state: state["rooms_shown"] and state["send_at"] is None, "the rooms")
    assert window.state["composer_width"] >= 200
    window.resize(900, 500)
    window.wait(lambda state: state["members_shown"] and state["send_at"], "both, and the button")
    window.wait(lambda state: state["hint"] == "Enter sends · Shift+Enter new line", "the whole hint")
    window.resize(600, 500)
    window.wait(lambda state: state["rooms_shown"] and not state["members_shown"], "room for one")
    window.key("F9")
    state = window.wait(lambda state: state["members_shown"], "both are asked for")
    assert state["send_at"][0] < state["members_at"][0] - 100


def test_a_menu_key_in_a_dialog_of_the_system_does_no_harm(window: Window) -> None:
    """Python does not know its fields; the dialog goes on."""
    window.open_menu("room_at")
    window.key("Up", "Up", "Up", "Return")
    window.wait(lambda state: state["choosing"], "a file is asked for")
    window.key("shift+F10", "Escape")
    window.sync()
    assert "Traceback" not in window.log()
