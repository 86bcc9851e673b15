"""The language of the window, chosen in it."""

from pathlib import Path

import pytest

from chatroom.common.language import own, speak
from tests.gui.fakes import Stage
from tests.gui.people import Irc, Server
from tests.gui.test_writing import HOST
from tests.gui.window import Window


def test_what_is_shown_is_shown_again_in_the_other_language(tmp_path: Path) -> None:
    """What was said and what is being written stay; in the panel, what was typed."""
    before = own()
    stage = Stage(tmp_path, HOST)
    try:
        stage.presenter.begin(connect=True)
        stage.connect()
        stage.said("bob", "hello")
        stage.view.composer = "half a thought"
        stage.presenter.command("/lang pl")
        stage.tick()
        assert stage.view.shown["status"].text.startswith("Połączono") and stage.view.composer == "half a thought"
        assert any("bob  hello" in text for text in stage.view.texts) and stage.view.shown["members"]
        stage.presenter.disconnect()
        stage.presenter.choose_language("en", HOST, "secret", "")
        panel = stage.view.shown["panel"]
        assert (panel.server, panel.password) == (HOST, "secret") and own().tag == "en"
    finally:
        speak(before)


def test_what_was_told_stays_in_the_language_in_which_it_was_told(tmp_path: Path) -> None:
    """Every word of a line. What comes next is in the other language, and is not told together with the old."""
    before = own()
    stage = Stage(tmp_path, HOST)
    try:
        stage.presenter.begin(connect=True)
        stage.connect()
        told = (":bob!u@h NOTICE #lobby :psst", ":carol!u@h JOIN #lobby", ":dave!u@h JOIN #lobby")
        stage.tick(*told)
        stage.presenter.command("/lang pl")
        stage.tick(":erin!u@h JOIN #lobby", ":bob!u@h NICK Anna")
        texts = [text.replace("  ", " ") for text in stage.view.texts]
        assert any("bob (notice) psst" in text for text in texts) and "→ carol and dave joined" in texts
        assert "→ erin dołącza" in texts and "bob zmienia nazwę na Anna" in texts
    finally:
        speak(before)


@pytest.mark.needs("Xvfb", "xdotool")
def test_a_language_is_chosen_in_the_menu_and_remembered(display: str, server: Server, tmp_path: Path) -> None:
    """At once, without a loss of what is being written; the server speaks it, too. The next window begins with it."""
    arguments = ("127.0.0.1", "-p", str(server.port), "--nick", "alice")
    with Irc(server.port, "bob"), Window(display, tmp_path, *arguments, LANGUAGE="en") as window:
        window.wait_online()
        window.type("half a thought")
        window.wait(lambda state: state["composer"] == "half a thought", "written")
        window.click("menu_at")
        window.key(*["Down"] * 7, "Right", *["Down"] * 7, "Right", "Down", "Return")
        window.wait(lambda state: state["status"][0].startswith("Połączono"), "in Polish")
        window.wait(lambda state: state["composer"] == "half a thought", "what is being written is there")
        window.wait(lambda state: state["headings"] == ["Obecni – 2"], "the people, too")
        window.type("!")
        window.wait(lambda state: state["composer"] == "half a thought!", "the composer has the keyboard")
        window.key("ctrl+a", "BackSpace")
        window.type("/kick bob")
        window.key("Return")
        window.wait(lambda state: any("operator" in row.lower() for row in state["rows"][-2:]), "refused")
        window.key("Escape")
    with Window(display, tmp_path, "127.0.0.1", "-p", str(server.port), LANGUAGE="en") as window:
        window.wait(lambda state: state["panel"], "the panel")
        assert window.state["title"] == "chatroom" and "Połącz" in window.state["panel_words"]


@pytest.mark.needs("Xvfb", "xdotool")
def test_a_small_window_stays_arranged_in_the_other_language(display: str, server: Server, tmp_path: Path) -> None:
    """The side panes come one after the other by F9, and what it asked for holds."""
    with Window(display, tmp_path, "127.0.0.1", "-p", str(server.port), "--nick", "alice", LANGUAGE="en") as window:
        window.wait_online()
        window.resize(480, 320)
        for keys, command, panes in (
            ((), "", (False, False)), ((), "/lang pl", (False, False)), (("F9",), "", (True, False)),
            (("F9",), "", (False, True)), ((), "/lang en", (False, True)), (("F9",), "", (False, False)),
        ):  # fmt: skip
            window.key(*keys)
            if command:
                window.type(command)
                window.key("Return")
                window.wait_row(f"{'polski' if 'pl' in command else 'English'}.")
            shown = window.wait(lambda s, p=panes: (s["rooms_shown"], s["members_shown"]) == p, str(panes))  # type: ignore[misc]
            assert shown["composer_width"] >= 200 and (not shown["send_at"] or shown["send_at"][0] < 480)
