"""netcat, irssi and the window in one room: what the program is for."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.gui.people import Server
from tests.gui.window import Window
from tests.peers import eventually
from tests.programs import Irssi, Netcat

pytestmark = pytest.mark.needs("Xvfb", "xdotool", "irssi", "tmux", "nc")

WORDS = "zażółć gęślą jaźń 😀"


def type_surely(window: Window, text: str) -> None:
    """Types `text` into the composer, and each letter that is on no key until it is there.

    xdotool lends such a letter a key for a moment, and a busy window may look at that key too late.
    """
    typed = ""
    for piece in re.findall(r"[ -~]+|.", text):
        typed += piece
        window.type(piece)
        for _ in range(5):
            if piece.isascii() or shows(window, typed):
                break
            window.type(piece)


def shows(window: Window, typed: str) -> bool:
    try:
        eventually(lambda: window.state["composer"].rstrip("\n") == typed, "the letter is there", within=2)
    except AssertionError:
        return False
    return True


def test_three_kinds_of_client_talk_in_one_room(
    display: str,
    server: Server,
    irssi: Callable[[int, str], Irssi],
    netcat: Callable[[int, str], Netcat],
    tmp_path: Path,
) -> None:
    """Each sees what the two others say, with ł and 😀 as they were sent."""
    nathan, irma = netcat(server.port, "nathan"), irssi(server.port, "irma")
    irma.type("/join #lobby")
    nathan.wait("irma joined")
    with Window(display, tmp_path, "-p", str(server.port), "--nick", "wanda") as window:
        window.wait_online()
        nathan.wait("wanda joined")
        irma.sees("wanda.* has joined #lobby")
        window.wait(lambda state: state["members"] == ["irma", "nathan", "wanda"], "all are listed")

        nathan.send(f"from netcat: {WORDS}")
        irma.sees(f"nathan.*from netcat: {WORDS}")
        window.wait_row(f"from netcat: {WORDS}")

        irma.type(f"from irssi: {WORDS}")
        nathan.wait(f"^irma: from irssi: {WORDS}$")
        window.wait_row(f"from irssi: {WORDS}")

        type_surely(window, f"from the window: {WORDS}")
        window.key("Return")
        nathan.wait(f"^wanda: from the window: {WORDS}$")
        irma.sees(f"wanda.*from the window: {WORDS}")
    nathan.wait("wanda left")
