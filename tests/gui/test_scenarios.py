"""The window in hard weather: floods, sizes, rooms, hostile text, no display. Real keys, real wheel."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.client.test_server_connection import TlsServer
from tests.gui.irc import RudeServer
from tests.gui.people import DEADLINE, Irc, Netcat, Server, environment, wait_for
from tests.gui.window import Window

pytestmark = pytest.mark.needs("Xvfb", "xdotool")


def flood(peer: Irc, count: int, what: str = "number") -> None:
    peer.send(*(f"PRIVMSG #lobby :{what} {n} and some words to make it a line" for n in range(count)))


def alone(display: str, server: Server, directory: Path, **env: str) -> Window:
    return Window(display, directory, "-p", str(server.port), "--nick", "me", **env)


def test_typing_goes_on_in_a_flood_of_ten_thousand(display: str, server: Server, tmp_path: Path) -> None:
    """Every key arrives, the last message too, and the window follows the end."""
    with Irc(server.port, "bob") as bob, alone(display, server, tmp_path) as window:
        window.wait_online()
        flood(bob, 10_000)
        window.type("the quick brown fox")
        window.wait_row("number 9999 ")
        state = window.wait(lambda state: state["composer"] == "the quick brown fox", "all keys arrived")
        assert state["at_bottom"] and state["row_count"] <= 5_000


def test_scrolled_up_the_text_stays_put_in_a_flood(display: str, server: Server, tmp_path: Path) -> None:
    """The pill counts what came; a click on it goes to the latest; the wheel at the end follows again."""
    with Irc(server.port, "bob") as bob, alone(display, server, tmp_path) as window:
        window.wait_online()
        flood(bob, 200)
        window.wait_row("number 199 ")
        window.wheel(-10)
        window.wait(lambda state: not state["at_bottom"] and state["pill"], "scrolled up")
        window.sync()
        top = window.state["top"]
        flood(bob, 2_000, "later")
        state = window.wait(lambda state: state["pill"] == "↓ 2,000 new messages", "the pill counts")
        assert state["top"] == top and not state["at_bottom"]
        window.click("pill_at")
        window.wait(lambda state: state["at_bottom"] and not state["pill"], "the latest")
        window.wait_row("later 1999 ")
        window.wheel(-3)
        window.wait(lambda state: state["pill"] == "↓ Latest", "scrolled up again")
        window.wheel(5)
        window.wait(lambda state: state["at_bottom"] and not state["pill"], "following again")


def test_what_was_said_long_ago_can_be_scrolled_to(display: str, server: Server, tmp_path: Path) -> None:
    """The widget has only a part of the room; the rest comes while the user scrolls."""
    with Irc(server.port, "bob") as bob, alone(display, server, tmp_path) as window:
        window.wait_online()
        flood(bob, 2_000)
        window.wait_row("number 1999 ")
        tops = [2_000]
        turns = 1  # since a message was at the top: the day may be there, which is above the first one drawn
        for _ in range(60):
            window.key(*["Prior"] * 4)
            window.sync()
            if number := re.search(r"number (\d+) ", window.state["top"]):
                # Four pages of about 20 lines each: nothing is skipped where older messages come in.
                assert 0 < tops[-1] - int(number[1]) <= 120 * turns, (tops, window.state)
                tops.append(int(number[1]))
                turns = 1
            elif tops[-1] < 100:
                break
            else:
                turns += 1
        assert tops[-1] < 100, (tops, window.state)
        assert window.state["pill"] == "↓ Latest"
        window.key("ctrl+End")
        window.wait(lambda state: state["at_bottom"] and "number 1999 " in state["rows"][-1], "the end")


@pytest.mark.parametrize("size", [(480, 320), (640, 700), (1100, 800)])
def test_the_bottom_survives_sizes_and_zoom(
    display: str, server: Server, tmp_path: Path, size: tuple[int, int]
) -> None:
    """Smaller, larger, bigger letters: the latest message stays in sight, the panes fit the width."""
    with Irc(server.port, "bob") as bob, alone(display, server, tmp_path) as window:
        window.wait_online()
        flood(bob, 100)
        window.wait_row("number 99 ")
        window.resize(*size)
        window.wait(lambda state: state["at_bottom"], "the bottom, at this size")
        for key in ("ctrl+plus", "ctrl+plus", "ctrl+minus", "ctrl+0"):
            window.key(key)
        window.wait(lambda state: state["at_bottom"], "the bottom, at this zoom")
        panes = [size[0] >= 560, size[0] >= 720]
        window.wait(lambda state: [state["rooms_shown"], state["members_shown"]] == panes, "the panes fit the width")
        window.type("still usable")
        window.wait(lambda state: state["composer"] == "still usable", "typed, and so everything before it is done")
        window.click("send_at")
        bob.wait("still usable")
        window.key("F9")
        window.wait(lambda state: state["rooms_shown"] != (size[0] >= 720), "F9 toggles the panes")


def test_a_screen_of_high_density(server: Server, tmp_path: Path) -> None:
    """At `tk scaling` 2 everything is there, and follows."""
    reading, writing = os.pipe()
    command = [
        "Xvfb",
        "-displayfd",
        str(writing),
        "-screen",
        "0",
        "1280x900x24",
        "-dpi",
        "144",
        "-r",
        "-nolisten",
        "tcp",
    ]
    xvfb = subprocess.Popen(command, pass_fds=(writing,), stderr=subprocess.DEVNULL)
    try:
        display = f":{os.read(reading, 16).decode().strip()}"
        with Irc(server.port, "bob") as bob, alone(display, server, tmp_path) as window:
            window.wait_online()
            window.resize(1280, 800)
            flood(bob, 50)
            window.wait_row("number 49 ")
            state = window.wait(lambda state: state["at_bottom"], "the bottom")
            assert state["members_shown"] and state["send_at"]
            window.resize(480, 320)
            window.wait(
                lambda state: state["at_bottom"] and state["composer_at"] and state["send_at"], "usable when small"
            )
    finally:
        xvfb.terminate()
        xvfb.wait(DEADLINE)


def test_rooms_are_left_and_entered_by_keys(display: str, server: Server, tmp_path: Path) -> None:
    """Unread is counted, a mention is marked, drafts stay with their rooms, the title counts."""
    with Irc(server.port, "bob") as bob, alone(display, server, tmp_path) as window:
        window.wait_online()
        window.type("a draft")
        window.key("ctrl+k")
        window.wait(lambda state: state["picker"] == ["#lobby"], "the switcher")
        window.type("#dev")
        window.key("Return")
        window.wait(lambda state: state["header"][0] == "#dev" and state["members"], "in #dev")
        assert window.state["composer"] == ""
        bob.send("PRIVMSG #lobby :one", "PRIVMSG #lobby :me: two", "PRIVMSG me :three")
        window.wait(lambda state: state["rooms"] == ["#lobby   @1", "#dev", "● bob   1"], "the counts")
        window.wait(lambda state: state["title"].startswith("(@2) #dev"), "the title counts")
        window.key("alt+1")
        state = window.wait(lambda state: state["header"][0] == "#lobby" and "one" in state["rows"][-2], "in #lobby")
        assert state["composer"] == "a draft" and any("new since" in row for row in state["rows"])
        window.key("ctrl+Next", "ctrl+Next")
        window.wait(lambda state: state["header"][0] == "bob" and state["rooms"][0] == "#lobby", "with bob")


def test_completion_history_and_search(display: str, server: Server, tmp_path: Path) -> None:
    """Tab completes, Up brings back, Ctrl+F finds and F3 goes on."""
    with Irc(server.port, "bobby") as bobby, alone(display, server, tmp_path) as window:
        window.wait_online()
        window.type("bo")
        window.key("Tab")
        window.wait(lambda state: state["composer"] == "bobby: ", "completed")
        window.type("apple")
        window.key("Return")
        bobby.wait("bobby: apple")
        window.key("Up")
        window.wait(lambda state: state["composer"] == "bobby: apple", "brought back")
        bobby.send("PRIVMSG #lobby :another apple")
        window.wait_row("another apple")
        window.key("ctrl+f")
        window.wait(lambda state: state["search"] == "", "the search bar")
        window.type("APPLE")
        window.key("Return")
        window.wait(lambda state: state["search"] == "2 in the history", "what the server found")
        assert [row.split("  ")[1] for row in window.state["rows"][1:]] == ["bobby: apple", "another apple"]
        window.key("Escape")
        window.wait(lambda state: state["search"] is None and state["composer"] == "bobby: apple", "the draft is there")


def test_hostile_text_is_shown_and_harms_nothing(display: str, tmp_path: Path) -> None:
    """Emoji, NUL, a lone surrogate, bytes that aren't UTF-8, right to left, a very long word, escape sequences."""
    with RudeServer() as rude, Window(display, tmp_path, "-p", str(rude.port), "--nick", "me") as window:
        window.wait_online()
        for text in (
            "family 👩‍👩‍👧‍👦 and 😀".encode(),
            b"before\x00after",
            b"surrogate \xed\xa0\x80 end",
            b"latin \xe9t\xe9",
            "עברית and العربية \u202eoverride".encode(),
            b"w" * 4_000,
            b"\x1b]0;title\x07 escape",
            "Z̸̡̢͍͓̀͂a̴l̷g̶o̸".encode(),
        ):
            rude.send(b":bob!u@h PRIVMSG #lobby :" + text)
        rude.send(b":bob!u@h PRIVMSG #lobby :the end", b"", b"nonsense", b":", b":bob!u@h PRIVMSG #lobby")
        state = window.wait_row("the end")
        rows = "\n".join(state["rows"])
        assert "beforeafter" in rows and "latin été" in rows and "😀" in rows and "\u202e" not in rows
        assert "Show all 4,000 characters" in rows and "]0;title escape" in rows
        window.type("still here")
        window.wait(lambda state: state["composer"] == "still here", "the keys work")


def test_a_refused_message_can_be_sent_again(display: str, tmp_path: Path) -> None:
    """Not sent – Retry · Delete: a click on the words."""
    with RudeServer() as rude, Window(display, tmp_path, "-p", str(rude.port), "--nick", "me") as window:
        window.wait_online()
        rude.refuses.add("nonsense")
        window.type("nonsense")
        window.key("Return")
        window.wait_row("nonsense  Not sent – Retry · Delete")
        rude.refuses.clear()
        window.click("retry_at")
        window.wait(lambda state: state["rows"][-1].endswith("me  nonsense"), "sent after all")
        assert rude.heard.count("PRIVMSG #lobby nonsense") == 2


def test_a_link_opens_in_the_browser(display: str, tmp_path: Path) -> None:
    """A click on it, and what is opened is the link alone."""
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n', "utf-8")
    browser.chmod(0o755)
    arguments = ("-p", str((rude := RudeServer()).port), "--nick", "me")
    with rude, Window(display, tmp_path, *arguments, BROWSER=str(browser)) as window:
        window.wait_online()
        rude.send(b":bob!u@h PRIVMSG #lobby :see https://example.org/?a=1&b=$(touch${IFS}x), it is good")
        window.click("link_at")
        opened = tmp_path / "opened"
        wait_for(lambda: opened.exists() and opened.read_text().strip(), "the browser opens it")
        assert opened.read_text().strip().startswith("https://example.org/?a=1&b=")


def test_links_are_reached_by_keys(display: str, server: Server, tmp_path: Path) -> None:
    """The first one of a row at once, the others by the arrows; what waits is taken back in the same way."""
    opened, browser = tmp_path / "opened", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n', "utf-8")
    browser.chmod(0o755)
    with Irc(server.port, "bob") as bob, alone(display, server, tmp_path, BROWSER=str(browser)) as window:
        window.wait_online()
        bob.send("PRIVMSG #lobby :https://example.org/1 and https://example.org/2 or https://example.org/3")
        window.wait_row("example.org/3")
        window.key("F6", "F6", "Up")
        for keys, number in (((), 1), (("Right", "Right"), 2), (("Right",), 3), (("Left",), 2)):
            window.key(*keys, "Return")
            link = f"https://example.org/{number}"
            wait_for(lambda link=link: opened.exists() and opened.read_text().strip() == link, link)  # type: ignore[misc]
        server.kill()
        window.wait(lambda state: "lost" in state["banner"], "the loss")
        window.click("composer_at")
        window.type("later")
        window.key("Return")
        window.wait_row("(waiting for the connection…)")
        window.key("F6", "F6", *["Down"] * 3, "Return")
        window.wait(lambda state: state["composer"] == "later", "taken back")


def test_a_taken_name_is_said_under_its_field(display: str, server: Server, tmp_path: Path) -> None:
    """The panel stays; another name goes in."""
    with Irc(server.port, "bob"), Window(display, tmp_path, "127.0.0.1", "-p", str(server.port)) as window:
        window.type("Bob")
        window.key("Return")
        window.wait(lambda state: any("called Bob already" in error for error in state["errors"]), "the reason")
        assert window.state["panel"]
        window.key("ctrl+a")
        window.type("bobby")
        window.key("Return")
        window.wait_online()
        saved = json.loads((tmp_path / "chatroom" / "client.json").read_text("utf-8"))
        assert saved["recent"][0]["nick"] == "bobby" and "password" not in json.dumps(saved)


def test_a_name_is_claimed_and_got_back_with_its_password(display: str, server: Server, tmp_path: Path) -> None:
    """Typed once in the composer; the next window is told why it can't have the name, and asked for the password."""
    arguments = ("127.0.0.1", "-p", str(server.port), "--nick", "wanda")
    with Window(display, tmp_path, *arguments) as window:
        window.wait_online()
        window.type("/register open-sesame")
        window.key("Return")
        window.wait(lambda state: "as wanda (logged in)" in state["status"][0], "who one is stands below")
    with Window(display, tmp_path, *arguments) as window:
        window.wait(lambda state: any("belongs to somebody" in error for error in state["errors"]), "the reason")
        # What is typed goes to the field that the reason stands under.
        window.type("open-sesame")
        window.key("Return")
        window.wait_online()
        window.wait(lambda state: "as wanda (logged in)" in state["status"][0], "logged in again")
        assert "open-sesame" not in (tmp_path / "chatroom" / "client.json").read_text("utf-8")


def test_a_claimed_name_survives_a_restart_of_the_server(display: str, server: Server, tmp_path: Path) -> None:
    """Claimed here, it comes back by itself; claimed elsewhere, it asks in place, and what was written is sent."""
    arguments = ("127.0.0.1", "-p", str(server.port), "--nick", "wanda")
    with Window(display, tmp_path, *arguments) as window:
        window.wait_online()
        window.type("/register open-sesame")
        window.key("Return")
        window.wait(lambda state: "(logged in)" in state["status"][0], "claimed")
        server.kill()
        window.wait(lambda state: "lost" in state["banner"], "the loss is told")
        server.start()
        window.wait(lambda state: "(logged in)" in state["status"][0], "it came back without a question")
        assert window.state["question"] is None
    (tmp_path / "other").mkdir()
    with (
        Server(tmp_path / "other") as other,
        Window(display, tmp_path, "127.0.0.1", "-p", str(server.port), "--nick", "olga") as window,
    ):
        window.wait_online()
        with Netcat(other.port, "olga") as olga:
            olga.send("/register open-sesame")
            olga.wait("olga is yours")
        other.stop()
        server.kill()
        window.wait(lambda state: "lost" in state["banner"], "the loss is told")
        window.type("written meanwhile")
        window.key("Return")
        window.type("a draft")
        other.port = server.port  # where the name has been claimed meanwhile
        other.start()
        window.wait(lambda state: state["question"], "asked in place")
        window.type(" that goes on")
        window.wait(lambda state: state["composer"] == "a draft that goes on", "who writes keeps the keyboard")
        window.click("question_at")
        window.type("open-sesame")
        window.key("Return")
        window.wait(lambda state: "(logged in)" in state["status"][0], "in again")
        window.wait(lambda state: not any("…)" in row for row in state["rows"]), "sent")
        assert window.state["composer"] == "a draft that goes on"


@pytest.mark.needs("openssl")
def test_a_certificate_is_shown_and_trusted_by_keys(display: str, tmp_path: Path) -> None:
    """The question stands in the window, Cancel is what Enter would do; trusted, the fingerprint is kept."""
    tls = TlsServer(tmp_path)
    arguments = ("127.0.0.1", "-p", str(tls.port), "--tls", "--nick", "me")
    try:
        with Window(display, tmp_path, *arguments) as window:
            window.wait(lambda state: any("fingerprint" in error for error in state["errors"]), "the question")
            window.key("Tab", "Tab", "Return")
            window.wait(lambda state: any("Connecting" in error for error in state["errors"]), "trusted")
            saved = json.loads((tmp_path / "chatroom" / "client.json").read_text("utf-8"))
            assert saved["trusted"] == {f"127.0.0.1:{tls.port}": tls.fingerprint}
    finally:
        tls.close()


def test_a_damaged_settings_file_is_set_aside(display: str, server: Server, tmp_path: Path) -> None:
    """With a word about it, and never a crash."""
    (tmp_path / "chatroom").mkdir()
    (tmp_path / "chatroom" / "client.json").write_text("{rubbish", "utf-8")
    with Window(display, tmp_path, "127.0.0.1", "-p", str(server.port)) as window:
        window.wait(lambda state: any("were damaged" in error for error in state["errors"]), "the word about it")
    assert (tmp_path / "chatroom" / "client.json.damaged").read_text("utf-8") == "{rubbish"


def test_nobody_listening_is_said_in_the_panel_and_tried_again(display: str, server: Server, tmp_path: Path) -> None:
    """The window comes up all the same, and connects as soon as there is a server."""
    server.kill()
    with alone(display, server, tmp_path) as window:
        window.wait(lambda state: any("Nobody is listening" in error for error in state["errors"]), "the reason")
        server.start()
        window.wait_online()


def test_killed_in_the_middle_of_typing(display: str, server: Server, tmp_path: Path) -> None:
    """The draft is there, the pending message arrives exactly once, nothing is missing or doubled."""
    with alone(display, server, tmp_path) as window:
        window.wait_online()
        with Netcat(server.port, "bob") as bob:
            window.type("before the fall")
            window.key("Return")
            bob.wait("me: before the fall")
            window.wait_row("before the fall")
            window.type("half a sen")
            server.kill()
            window.wait(lambda state: "lost" in state["banner"], "the loss is shown")
        window.type("tence")
        window.key("Return")
        window.type("and a draft")
        window.wait_row("half a sentence  (waiting for the connection…)")
        server.start()
        with Netcat(server.port, "bob") as bob:
            bob.wait("me: half a sentence")
            state = window.wait(lambda state: not any("…)" in row for row in state["rows"]), "confirmed")
            assert state["composer"] == "and a draft"
            for text in ("before the fall", "half a sentence"):
                assert sum(text in row for row in state["rows"]) == 1
            window.wait(lambda state: state["banner"] == "Reconnected" or not state["banner"], "all is well")
            assert bob.seen.count("half a sentence") == 1


def connect(tmp_path: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """`chatroom connect`, where it can only say why it won't work."""
    variables: dict[str, Any] = environment(XDG_CONFIG_HOME=str(tmp_path), **env)
    if "DISPLAY" not in env:
        variables.pop("DISPLAY", None)
    command = [sys.executable, "-m", "chatroom", "connect", *arguments]
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=30, check=False)


def test_who_is_thrown_off_the_server_reads_why_and_comes_back_with_enter(display: str, tmp_path: Path) -> None:
    """The reason stands on top, no field is at fault, and the button has the keyboard."""
    password = tmp_path / "password"
    password.write_text("roots-and-leaves\n")
    password.chmod(0o600)
    with (
        Server(tmp_path, "--operator-password-file", str(password)) as server,
        Irc(server.port, "olga") as olga,
        alone(display, server, tmp_path) as window,
    ):
        window.wait_online()
        olga.send("OPER olga roots-and-leaves", "KILL me :have a break")
        window.wait(lambda state: state["panel"], "the panel")
        window.wait(lambda state: state["errors"] == ["olga has thrown you off this server: have a break"], "why")
        window.key("Return")
        window.wait_online()


def test_without_a_display_there_is_one_sentence(tmp_path: Path) -> None:
    """Exit code 1, no traceback, and what to do."""
    done = connect(tmp_path)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "--text" in done.stderr


def test_without_tkinter_the_package_is_named(tmp_path: Path) -> None:
    """The same, where Python came without Tk."""
    (tmp_path / "tkinter").mkdir()
    (tmp_path / "tkinter" / "__init__.py").write_text("raise ModuleNotFoundError('No module named tkinter')", "utf-8")
    source = environment()["PYTHONPATH"]
    done = connect(tmp_path, PYTHONPATH=f"{tmp_path}:{source}", DISPLAY=":0")
    assert done.returncode == 1 and "python3-tk" in done.stderr and "Traceback" not in done.stderr


def test_closing_leaves_nothing_behind(display: str, server: Server, tmp_path: Path) -> None:
    """The window's button: the program ends by itself, the server sees it go."""
    with Netcat(server.port, "bob") as bob, alone(display, server, tmp_path) as window:
        window.wait_online()
        window.type("/quit")
        window.key("Return")
        wait_for(lambda: window.process.poll() is not None, "the program ends")
        bob.wait("me left")
        assert window.process.returncode == 0
