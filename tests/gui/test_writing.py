"""What one does in the composer: edits what was said, and types so that others see it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatroom.client.settings import Server as Address
from tests.gui.fakes import Stage
from tests.gui.people import Irc, Server
from tests.gui.window import Window

HOST = Address("127.0.0.1", 9090, False, "me")
TAGS = "message-tags draft/message-redaction labeled-response echo-message"
needs_display = pytest.mark.needs("Xvfb", "xdotool")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """In the lobby, where we have said something."""
    stage = Stage(tmp_path, HOST, TAGS)
    stage.presenter.begin(connect=True)
    stage.connect()
    stage.tick("@msgid=a1 :me!u@h PRIVMSG #lobby :/usr is ful")
    return stage


def test_a_message_is_edited_in_the_composer(stage: Stage) -> None:
    """It comes there, also with a slash before it; what stood there before comes back. It is marked as edited."""
    view, presenter = stage.view, stage.presenter
    view.composer = "half a thought"
    presenter.pane.act(len(view.rows) - 1, "edit")
    presenter.refresh()
    assert view.composer == "//usr is ful" and view.shown["note"].text == "Editing your message"
    presenter.send("//usr is full")
    sent = stage.connections[-1].sent
    assert sent[-2] == "REDACT #lobby a1" and sent[-1].endswith("PRIVMSG #lobby :/usr is full")
    assert view.composer == "half a thought" and not view.shown["note"].text
    assert "/usr is full (edited)" in view.texts[-1]
    stage.tick(
        "@msgid=a2 :me!u@h PRIVMSG #lobby :/usr is full", "@+draft/reply=a2;+draft/react=👍 :bob!u@h TAGMSG #lobby"
    )
    assert "(edited)" in view.texts[-2] and "👍" in view.texts[-1] and "(edited)" not in view.texts[-1]


@pytest.mark.parametrize("sends", [False, True])
def test_editing_ends_with_escape_or_without_a_change(stage: Stage, sends: bool) -> None:
    """Nothing is sent, and what was being written comes back."""
    stage.view.composer = "half a thought"
    stage.presenter.pane.act(len(stage.view.rows) - 1, "edit")
    if sends:
        stage.presenter.send(stage.view.composer)
    else:
        stage.presenter.escape()
    assert stage.view.composer == "half a thought" and not stage.view.shown["note"].text
    assert not [line for line in stage.connections[-1].sent if "REDACT" in line or "PRIVMSG" in line]


def test_what_is_typed_is_kept_where_the_message_is_taken_back_meanwhile(stage: Stage) -> None:
    """By an operator: it can be said as a new message, and what was set aside comes back then."""
    stage.view.composer = "half a thought"
    stage.presenter.pane.act(len(stage.view.rows) - 1, "edit")
    stage.view.composer = "the disk is full"
    stage.tick(":bob!u@h REDACT #lobby a1 :")
    stage.presenter.escape()
    assert stage.view.composer == "the disk is full" and not stage.view.shown["note"].text
    stage.presenter.send(stage.view.composer)
    assert stage.connections[-1].sent[-1].endswith("PRIVMSG #lobby :the disk is full")
    assert stage.view.composer == "half a thought"
    assert not [line for line in stage.connections[-1].sent if line.startswith("REDACT")]


def test_others_are_told_that_one_types_unless_one_does_not_want_that(stage: Stage) -> None:
    """Nor of a command, which may have a password in it."""
    sent = stage.connections[-1].sent
    stage.presenter.typed("/login s")
    stage.presenter.prefer(typing=False)
    stage.presenter.typed("hel")
    assert not [line for line in sent if "typing" in line]
    stage.presenter.prefer(typing=True)
    stage.presenter.typed("hell")
    assert sent[-1] == "@+typing=active;label=typing TAGMSG #lobby"


@pytest.fixture
def window(display: str, server: Server, tmp_path: Path) -> Iterator[Window]:
    with Window(display, tmp_path, "127.0.0.1", "-p", str(server.port), "--nick", "alice") as window:
        window.wait_online()
        yield window


@needs_display
def test_typing_and_editing_with_real_keys(window: Window, server: Server) -> None:
    """Who else is here is seen typing, and sees that we type. A message is edited by its menu alone."""
    with Irc(server.port, "bob") as bob:
        bob.send("CAP REQ :message-tags draft/message-redaction")
        bob.wait("ACK")
        bob.send("@+typing=active TAGMSG #lobby")
        window.wait(lambda state: state["note"] == "bob is typing…", "seen typing")
        window.type("helo")
        bob.wait(r"\+typing=active\S* :alice\S* TAGMSG #lobby")
        window.key("Return")
        bob.wait(r"PRIVMSG #lobby :?helo")
        window.wait(lambda state: state["rows"][-1].endswith("helo") and not state["composer"], "the server has it")
        window.type("next")
        window.wait(lambda state: state["composer"] == "next", "half a thought")
        window.key("F6", "F6")
        window.key("Up", "shift+F10", "Down", "Down", "Down", "Return")
        window.wait(lambda state: state["composer"] == "helo", "the message is in the composer")
        window.key("Left")  # the composer has the keyboard
        window.type("l")
        window.key("Return")
        bob.wait(r"REDACT #lobby")
        bob.wait(r"PRIVMSG #lobby :?hello")
        window.wait_row("hello (edited)")
        window.wait(lambda state: state["composer"] == "next", "what was being written is back")
