"""The window and the server's history: on joining, on scrolling up, after a crash, in a search."""

import re
from pathlib import Path

import pytest

from tests.gui.people import Irc, Peer, Server
from tests.gui.window import Window

pytestmark = pytest.mark.needs("Xvfb", "xdotool")

SAID = 350  # messages: more than three requests bring


@pytest.fixture
def keeping(server: Server) -> Server:
    """A server with something to remember."""
    with Peer(server.port) as asking:
        asking.send("CAP LS 302")
        if "chathistory" not in asking.wait(r"CAP \S+ LS .*")[0]:
            pytest.skip("this server offers no history")
    with Irc(server.port, "old") as old:
        old.send(*(f"PRIVMSG #lobby :message {n}" for n in range(SAID)), "PING all")
        old.wait(r"PONG \S+ :?all")
    return server


def numbers(rows: list[str]) -> list[int]:
    return [int(number) for number in re.findall(r"old  message (\d+)", "\n".join(rows))]


def test_what_was_said_before_is_there(display: str, keeping: Server, tmp_path: Path) -> None:
    """The latest on joining, in order; the rest comes while the user scrolls up; nothing twice."""
    with Window(display, tmp_path, "-p", str(keeping.port), "--nick", "me") as window:
        state = window.wait_row(f"message {SAID - 1}")
        shown = numbers(state["rows"])
        assert shown == list(range(shown[0], SAID))
        for _ in range(40):
            window.key(*["Prior"] * 6)
            window.sync()
            if window.state["row_count"] > SAID:
                break
        assert window.state["row_count"] == SAID + 1  # and the day


def test_nothing_is_lost_or_doubled_over_a_crash(display: str, keeping: Server, tmp_path: Path) -> None:
    """What others said meanwhile is fetched; what waited is sent once; the draft stays."""
    with Window(display, tmp_path, "-p", str(keeping.port), "--nick", "me") as window:
        window.wait_row(f"message {SAID - 1}")
        with Irc(keeping.port, "bob") as bob:
            window.type("before")
            window.key("Return")
            bob.wait("PRIVMSG #lobby :?before")
            window.wait(lambda state: state["rows"][-1].endswith("me  before"), "confirmed")
            keeping.kill()
            window.wait(lambda state: "lost" in state["banner"], "the loss")
        window.type("meanwhile")
        window.key("Return")
        window.type("a draft")
        window.wait_row("meanwhile  (sending…)")
        keeping.start()
        with Irc(keeping.port, "bob") as bob:
            bob.send("PRIVMSG #lobby :from bob")
            window.wait_row("from bob")
            state = window.wait(lambda state: not any("sending" in row for row in state["rows"]), "all is sent")
            rows = "\n".join(state["rows"])
            assert state["composer"] == "a draft"
            assert [rows.count(text) for text in ("me  before", "me  meanwhile", "from bob")] == [1, 1, 1]
            assert numbers(state["rows"]) == sorted(set(numbers(state["rows"])))


def test_a_search_finds_what_is_not_loaded(display: str, keeping: Server, tmp_path: Path) -> None:
    """In the server's history; Esc goes back to the room."""
    with Window(display, tmp_path, "-p", str(keeping.port), "--nick", "me") as window:
        window.wait_row(f"message {SAID - 1}")
        window.key("ctrl+f")
        window.wait(lambda state: state["search"] == "", "the search bar")
        window.type("message 5")
        window.key("Return")
        window.wait(lambda state: state["search"] == "1 in the history", "found")
        assert numbers(window.state["rows"]) == [5]
        window.key("Escape")
        window.wait_row(f"message {SAID - 1}")
