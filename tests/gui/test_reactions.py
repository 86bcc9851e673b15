"""Reactions below a message: a click joins in or takes it back, and who has reacted is named."""

from pathlib import Path

import pytest

from tests.gui.fakes import Stage
from tests.gui.people import Irc, Server
from tests.gui.test_writing import HOST
from tests.gui.window import Window


def test_each_chip_stands_for_its_reaction(tmp_path: Path) -> None:
    """Also where this Tk draws two of them alike. Those of ours are marked; a click toggles."""
    stage = Stage(tmp_path, HOST, "message-tags")
    stage.presenter.begin(connect=True)
    stage.connect()
    stage.tick("@msgid=a1 :bob!u@h PRIVMSG #lobby :lunch?")
    for nick, reaction in (("bob", "👍"), ("eve", "👍"), ("me", "👍🏽"), ("ME", "❤️")):
        stage.tick(f"@+draft/react={reaction};+reply=a1 :{nick}!u@h TAGMSG #lobby")
    row = len(stage.view.rows) - 1
    segments = stage.view.rows[row].segments
    chips = [(text.replace("\u00a0", " "), tags) for text, tags in segments if "chip" in tags]  # no line ends in one
    assert chips == [(" 👍 2 ", "chip chip0"), (" 👍🏽 1 ", "chip chip1 mine"), (" ❤️ 1 ", "chip chip2 mine")]
    pane, sent = stage.presenter.pane, stage.connections[-1].sent
    assert pane.told_of_chip(row, 0) == "👍  bob and eve" and pane.told_of_chip(row, 9) == ""
    pane.clicked(row, "chip0", " 👍 2 ")
    assert "+draft/react=👍;" in sent[-1]
    pane.clicked(row, "chip1", " 👍 1 ")
    assert "+draft/unreact=👍🏽;" in sent[-1]
    before = len(sent)
    pane.clicked(row, "chip9", "")
    assert len(sent) == before


@pytest.mark.needs("Xvfb", "xdotool")
def test_a_click_on_a_reaction_joins_in_and_takes_it_back(display: str, server: Server, tmp_path: Path) -> None:
    """With the mouse; where the pointer is, those who have reacted are named."""
    arguments = ("127.0.0.1", "-p", str(server.port), "--nick", "alice")
    with Irc(server.port, "bob") as bob, Window(display, tmp_path, *arguments) as window:
        window.wait_online()
        bob.send("CAP REQ :message-tags echo-message", "PRIVMSG #lobby :lunch?")
        msgid = bob.wait(r"msgid=(\w+) :bob\S* PRIVMSG #lobby :?lunch").group(1)
        bob.send(f"@+draft/react=👍;+draft/reply={msgid} TAGMSG #lobby")
        window.wait_row("👍 1")
        window.click("chip_at")
        window.wait_row("👍 2")
        window.wait(lambda state: state["tip"] == "👍  bob and alice", "both are named")
        window.click("chip_at")
        window.wait_row("👍 1")
        window.click("composer_at")
        window.wait(lambda state: not state["tip"], "nobody is named any more")
