"""The window and the server's history: on joining, on scrolling up, after a crash, in a search."""

import re
from functools import partial
from pathlib import Path
from typing import Any

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
        window.wait_row("meanwhile  (waiting for the connection…)")
        keeping.start()
        with Irc(keeping.port, "bob") as bob:
            bob.send("PRIVMSG #lobby :from bob")
            window.wait_row("from bob")
            state = window.wait(lambda state: not any("…)" in row for row in state["rows"]), "all is sent")
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


def test_a_match_from_long_ago_opens_its_place(display: str, server: Server, tmp_path: Path) -> None:
    """It is not loaded any more; the words are marked, and Esc returns to the matches and then to the room."""
    with Irc(server.port, "bob") as bob:
        for number in range(450):
            bob.send(f"PRIVMSG #lobby :{'pelican' if number == 40 else 'gull'} {number}")
        bob.send("PING done")
        bob.wait("PONG .*done")
        with Window(display, tmp_path, "127.0.0.1", "-p", str(server.port), "--nick", "alice") as window:
            window.wait_online()
            window.wait_row("gull 449")
            window.key("ctrl+f")
            window.wait(lambda state: state["search"] is not None, "the search bar")
            window.type("pelican")
            window.key("Return")
            window.wait_row("Show its place")
            window.click("place_at")
            window.wait_row("gull 41")
            assert any("gull 39" in row for row in window.state["rows"])
            window.key("Escape")
            window.wait_row("Show its place")
            window.key("Escape")
            window.wait_row("gull 449")


def test_what_one_client_has_read_is_read_in_the_other(display: str, server: Server, tmp_path: Path) -> None:
    """Of one person with an account: the window looks at the room, and the count of the other client goes."""
    with Irc(server.port, "bob") as bob, Irc(server.port, "alice") as other:
        other.send("PRIVMSG NickServ :REGISTER open-sesame")
        other.wait("alice is yours")
        other.send("CAP REQ :draft/read-marker")
        other.wait("CAP .* ACK")
        other.send("NICK alice2")
        other.wait("NICK :?alice2")
        password = tmp_path / "password"
        password.write_text("open-sesame\n")
        arguments = ("127.0.0.1", "-p", str(server.port), "--nick", "alice", "--password-file", str(password))
        with Window(display, tmp_path, *arguments) as window:
            window.wait_online()
            bob.send("PRIVMSG #lobby :news")
            window.wait_row("news")
            other.wait(r"MARKREAD #lobby timestamp=2")


def _has_room(row: str, state: dict[str, Any]) -> bool:
    return any(each.endswith(row) for each in state["rooms"])


def test_what_was_said_to_us_alone_is_there_after_a_start(display: str, server: Server, tmp_path: Path) -> None:
    """Also what another device of ours was given. A conversation that is opened anew shows what was said before."""
    (tmp_path / "password").write_text("open-sesame\n")
    with Irc(server.port, "tom") as tom:
        tom.send("PRIVMSG NickServ :REGISTER open-sesame")
        tom.wait("is yours")
        with Irc(server.port, "alice") as phone:
            phone.send("PRIVMSG NickServ :REGISTER open-sesame")
            phone.wait("is yours")
            tom.send("PRIVMSG alice :are you there?")
            phone.wait("are you there")
        arguments = ("-p", str(server.port), "--nick", "alice", "--password-file", str(tmp_path / "password"))
        for row in ("tom   1", "tom"):
            with Window(display, tmp_path, *arguments) as window:
                window.wait(partial(_has_room, row), "the talk is there")
                window.key("alt+2")
                window.wait_row("tom  are you there?")
                window.type("/leave")
                window.key("Return")
                window.wait(lambda state: len(state["rooms"]) == 1, "closed")
                window.key("ctrl+k")
                window.type("tom")
                window.key("Return")
                window.wait(lambda state: state["header"][0] == "tom", "opened anew")
                window.wait_row("tom  are you there?")
