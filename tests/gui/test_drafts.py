"""What is being written, and what has not arrived, is there again: after leaving, editing, closing."""

import signal
from pathlib import Path

import pytest

from chatroom.client import slash_commands
from chatroom.client.multiline import LINES_UNASKED
from chatroom.client.settings import Server, load
from chatroom.gui.drafts import KEEP_SECONDS
from tests.gui.fakes import Stage
from tests.gui.people import DEADLINE
from tests.gui.people import Server as Served
from tests.gui.window import Window

HOST = Server("127.0.0.1", 9090, False, "me")
TAGS = "message-tags draft/message-redaction labeled-response echo-message"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """In the lobby with bob."""
    stage = Stage(tmp_path, HOST, TAGS)
    stage.presenter.begin(connect=True)
    stage.connect()
    return stage


def _kept(stage: Stage) -> dict[str, str]:
    """The drafts of the next run, once the window is closed."""
    stage.presenter.close()
    return load(stage.path)[0].drafts["me@127.0.0.1:9090"]


def test_what_is_written_in_another_room_that_is_left_is_there_when_one_comes_back(stage: Stage) -> None:
    """By its name, from anywhere."""
    stage.presenter.rooms.go("#dev")
    stage.tick(":me!u@h JOIN #dev")
    stage.view.composer = "half a thought"
    stage.presenter.rooms.nth(1)
    assert stage.view.composer == ""
    stage.presenter.command("/leave #dev")
    stage.presenter.rooms.go("#dev")
    assert stage.view.composer == "half a thought"


@pytest.mark.parametrize("kept", [0, 31])
def test_what_is_written_in_a_room_whose_name_another_gets_is_there_once(stage: Stage, kept: int) -> None:
    """As it stands in the window, also if it was saved meanwhile and written on; with what was set aside."""
    stage.presenter.rooms.go("#old")
    stage.tick(":me!u@h JOIN #old")
    stage.view.composer = "for old"
    stage.presenter.rooms.go("#new")
    stage.tick(":me!u@h JOIN #new", "@msgid=a1 :me!u@h PRIVMSG #new :helo")
    stage.view.composer = "aside"
    stage.presenter.pane.act(len(stage.view.rows) - 1, "edit")
    stage.view.composer = "half a"
    stage.clock += kept
    stage.tick()
    stage.view.composer = "half a thought"
    stage.tick(":me!u@h PART #new", ":bob!u@h RENAME #old #new :")
    assert stage.view.composer == "aside\nhalf a thought\nfor old"
    stage.view.composer = ""
    stage.presenter.rooms.nth(1)
    stage.presenter.rooms.go("#new")
    assert stage.view.composer == ""


def test_what_was_set_aside_for_an_edit_is_kept_with_it(stage: Stage) -> None:
    """When the window is closed meanwhile."""
    stage.tick("@msgid=a1 :me!u@h PRIVMSG #lobby :helo")
    stage.view.composer = "half a thought"
    stage.presenter.pane.act(len(stage.view.rows) - 1, "edit")
    stage.view.composer = "hello"
    assert _kept(stage) == {"#lobby": "half a thought\nhello"}


def test_what_has_failed_is_a_draft_the_next_time(stage: Stage) -> None:
    """The window says that it was not sent; closing it is no decision about that."""
    stage.presenter.send("hello")
    said = stage.client.state.current.pending()[-1]
    stage.tick(f"@label=m{said.serial} :irc 404 me #lobby :Cannot send to channel")
    stage.view.composer = "half a thought"
    assert _kept(stage) == {"#lobby": "hello\nhalf a thought"}


def test_what_a_server_has_not_answered_for_a_while_is_a_draft_the_next_time(stage: Stage) -> None:
    """The network may be gone without a word. What was sent this moment is on its way."""
    stage.presenter.send("before the network went")
    stage.clock += 4
    stage.presenter.send("just now")
    assert _kept(stage) == {"#lobby": "before the network went"}


def test_who_is_moved_on_while_many_lines_are_asked_about_loses_nothing(stage: Stage) -> None:
    """The lines are the draft of the room where they were typed, and are said nowhere."""
    lines = "\n".join(["line"] * (LINES_UNASKED + 1))
    stage.client.state.room("#dev").draft = "for dev"

    def confirm(question: str, verb: str) -> bool:
        stage.client.state.current = stage.client.state.room("#dev")
        stage.presenter.refresh()
        return True

    stage.view.confirm, stage.view.composer = confirm, lines  # type: ignore[method-assign]
    stage.presenter.send(lines)
    assert stage.view.composer == "for dev" and not [line for line in stage.connections[-1].sent if "line" in line]
    stage.presenter.rooms.nth(1)
    assert stage.view.composer == lines


def test_what_was_typed_stays_when_something_goes_wrong(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also by a fault of the program."""
    monkeypatch.setattr(slash_commands, "run", lambda *_: 1 / 0)
    stage.view.composer = "hello"
    with pytest.raises(ZeroDivisionError):
        stage.presenter.send("hello")
    assert stage.view.composer == "hello"


def test_two_windows_by_one_name_keep_the_drafts_of_both(tmp_path: Path) -> None:
    """Each in its room; what one of them sends is a draft no more."""
    stages = [Stage(tmp_path, HOST, TAGS) for _ in range(2)]
    for stage, room in zip(stages, ("#lobby", "#dev"), strict=True):
        stage.presenter.begin(connect=True)
        stage.connect()
        stage.presenter.rooms.go(room)
        stage.tick(f":me!u@h JOIN {room}")
        stage.view.composer = f"for {room}"
    for _ in range(2):  # they save now and then, by turns
        for stage in stages:
            stage.clock += KEEP_SECONDS + 1
            stage.tick()
    assert load(stages[0].path)[0].drafts["me@127.0.0.1:9090"] == {"#lobby": "for #lobby", "#dev": "for #dev"}
    stages[0].view.composer = ""
    stages[0].presenter.close()
    stages[1].presenter.close()
    assert load(stages[0].path)[0].drafts["me@127.0.0.1:9090"] == {"#dev": "for #dev"}


@pytest.mark.needs("Xvfb", "xdotool")
def test_undoing_brings_back_nothing_that_was_sent(display: str, server: Served, tmp_path: Path) -> None:
    """Least of all a password; what is being typed can be undone."""
    with Window(display, tmp_path, "127.0.0.1", "-p", str(server.port), "--nick", "alice") as window:
        window.wait_online()
        window.type("/login open-sesame")
        window.wait(lambda state: state["composer"].endswith("sesame"), "the password is typed")
        window.key("Return")
        window.wait_row("That is not the password of alice")  # and the command comes back without it
        window.key("ctrl+z")
        window.sync()
        assert "sesame" not in window.state["composer"]


@pytest.mark.needs("Xvfb", "xdotool")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_what_is_written_when_the_session_ends_is_a_draft_the_next_time(
    display: str, server: Served, tmp_path: Path, number: signal.Signals
) -> None:
    """The system ends all programs then, and the window with the terminal that it was started from."""
    where = f"127.0.0.1:{server.port}"
    with Window(display, tmp_path, where, "--nick", "alice") as window:
        window.wait_online()
        window.type("half a thought")
        window.wait(lambda state: state["composer"] == "half a thought", "something is written")
        window.process.send_signal(number)
        assert window.process.wait(DEADLINE) == -number
    assert load(tmp_path / "chatroom" / "client.json")[0].drafts[f"alice@{where}"] == {"#lobby": "half a thought"}
