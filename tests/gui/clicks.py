"""Somebody who clicks and presses keys at random in the real window, while the server is killed now and then.

What they have said by Enter is not lost, in a room or to one person: it is in the history, or somebody has heard it, or
it waits in the window. `python -m tests.gui.clicks` goes on for as long as one likes.
"""

import argparse
import random
import re
import secrets
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.gui.people import Server, environment
from tests.gui.window import Window, screen
from tests.peers import Irc, asked, claim_name, eventually, password_file

ME, BOB = "me", "bob"
PASSWORD = "correct-horse"
CAPS = ("batch", "draft/chathistory", "message-tags", "server-time")
KEYS = (
    *("Tab", "F6", "F1", "F9", "F3", "Escape", "ctrl+f", "ctrl+k", "ctrl+j", "ctrl+plus", "ctrl+minus", "ctrl+0"),
    *("alt+1", "alt+2", "alt+3", "Up", "Down", "Prior", "Next", "ctrl+End", "shift+F10", "Return", "ctrl+a", "ctrl+c"),
    *("ctrl+v", "ctrl+z", "BackSpace"),
)
LINES = (
    "PRIVMSG #lobby :\u202e\u0301hi \x034red",
    f"PRIVMSG #lobby :{'z' * 350}",
    "PRIVMSG #lobby :``` http://a.example/(c) \U0001f1f5\U0001f1f1",
    *(["PRIVMSG me :psst me"] * 4),
    *("TOPIC #lobby :tea", "PART #lobby", "JOIN #lobby", "AWAY :tea", "AWAY"),
)
PAGE = 200  # messages that CHATHISTORY gives at once
FROM, UNTIL = "timestamp=2020-01-01T00:00:00.000Z", "timestamp=2100-01-01T00:00:00.000Z"


class Clicks:
    def __init__(self, directory: Path, display: str, seed: int) -> None:
        self.dice = random.Random(seed)
        self.steps = self.kills = self.windows = 0
        self.memory: list[int] = []  # KiB, of the window
        self.said: dict[str, str] = {}  # words, and the room or the person that the window had open
        self.after: dict[str, list[str]] = {}  # what was written, and the last rows behind it
        self.given_up: list[str] = []  # taken back, refused or left by the user, in windows that are gone
        self.heard: list[str] = []  # by bob, on connections that are gone
        self._directory = directory
        self._display = display
        self._words = 0

    def run(self, seconds: float, kills: float = 0.01) -> list[str]:
        """Steps at random for that long, each of which kills the server with that probability; returns what is lost."""
        end = time.monotonic() + seconds
        with Server(self._directory) as self._server:
            for name in (ME, BOB):
                claim_name(self._server.port, name, PASSWORD)
            self._bob = self._come()
            lost: list[str] = []
            while time.monotonic() < end:
                self.windows += 1
                with self._window() as window:
                    window.wait_online()
                    while time.monotonic() < end and window.process.poll() is None:
                        self.step(window, kills)
                        assert "Traceback" not in window.log(), window.log()
                    self._let_out(window)
                    lost = self._lost(window)
                self.given_up += [*window.state["given_up"], *window.state["failed"]]
            self._bob.close()
            return lost

    def _window(self) -> Window:
        login = ("--nick", ME, "--password-file", str(password_file(self._directory, PASSWORD)))
        return Window(self._display, self._directory, "127.0.0.1", "-p", str(self._server.port), *login)

    def _come(self) -> Irc:
        return Irc(self._server.port, BOB, *CAPS, password=f"{BOB}:{PASSWORD}")

    def step(self, window: Window, kills: float) -> None:
        self.steps += 1
        what = self.dice.random()
        if what < kills:
            self._server.kill()
            self.kills += 1
            if self.dice.random() < 0.5:
                self._say(window)  # into the void
            self._server.start()
            self._bob.rest()
            self.heard += self._bob.heard
            self._bob.close()
            self._bob = self._come()
        elif what < 0.3:
            width, height = window.state["size"]
            button = self.dice.choice([1, 1, 1, 3, 4, 5])
            window.click_at(self.dice.randrange(width), self.dice.randrange(height), button)
        elif what < 0.5:
            window.key(self.dice.choice(KEYS))
        elif what < 0.6:
            # the lists alone, so that people are written to as often as rooms
            place = window.state[self.dice.choice(["rooms_at", "member_at", "composer_at"])]
            if place:
                window.click_at(place[0], place[1] + self.dice.choice([0, 0, 20, 40, -40]), 1)
        elif what < 0.85:
            self._say(window)
        elif what < 0.97:
            self._bob.send(self.dice.choice(LINES))
            self._bob.sync()
        else:
            window.resize(self.dice.randrange(360, 1270), self.dice.randrange(240, 880))
        if self.steps % 40 == 0:
            self.memory.append(resident(window.process.pid))
            if window.state["panel"]:
                window.key("Return")

    def _say(self, window: Window) -> None:
        """Types a word and Enter; it is said if it stood in the composer, and no longer does."""
        self._words += 1
        word = f"w{self._words}x"
        window.key("Escape")
        window.type(word)
        if not is_soon(lambda: word in window.state["composer"]):
            return
        before = window.state
        if before["composer"].startswith("/") or before["question"] is not None:
            return
        window.key("Return")
        if not is_soon(lambda: word not in window.state["composer"]) or window.state["question"] is not None:
            return
        after, where = window.state, before["header"][0]
        if where != after["header"][0]:
            return  # it may be a draft in the one, or said in the other
        if where == after["nick"] and after["nick"] != after["account"]:
            return  # what a guest says to themselves is kept by nobody
        self.said[word] = where
        self.after[word] = [before["composer"], *after["rows"][-4:]]

    def _let_out(self, window: Window) -> None:
        """Waits until what waits in the window is sent, now that the server is there; not if it asks for something."""
        window.key("Escape")
        is_soon(lambda: window.process.poll() is not None or not window.state["waiting"], 30)

    def _lost(self, window: Window) -> list[str]:
        """What has been said and is nowhere, and was neither taken back nor refused."""
        self._bob.sync()
        drafts = [file.read_text("utf-8") for file in self._directory.rglob("client.json")]
        state = window.state
        shown = [*state["rows"], *state["failed"], *self.given_up, *state["given_up"]]
        if window.process.poll() is None:
            shown += [state["composer"], *state["drafts"], *(state["waiting"] if state["banner"] else [])]
        known = "\n".join([*self.heard, *self._bob.heard, *self._history(), *drafts, *shown])
        found = set(re.findall(r"w\d+x", known))  # one may stand right behind another one
        return [f"{word} to {where}: {self.after[word]}" for word, where in self.said.items() if word not in found]

    def _history(self) -> list[str]:
        """All that was said: in rooms as the file has it, to people as this person can look it up."""
        rooms = self._chatroom("history", "rooms")
        names = {match[0] for line in rooms if (match := re.match(r"#\S+", line))}
        lines = [line for name in sorted(names) for line in self._chatroom("history", "export", name)]
        with closing(Irc(self._server.port, ME, *CAPS, room="", password=f"{ME}:{PASSWORD}")) as me:
            everybody = asked(me, f"CHATHISTORY TARGETS {FROM} {UNTIL} {PAGE}")
            for who in {BOB, ME, *(line.split()[-2] for line in everybody if " CHATHISTORY TARGETS " in line)}:
                if not who.startswith("#"):
                    lines += _conversation(me, who)
        return lines

    def _chatroom(self, *command: str) -> list[str]:
        program = [sys.executable, "-m", "chatroom", *command, "--data", str(self._directory)]
        done = subprocess.run(program, capture_output=True, text=True, check=True, timeout=60, env=environment())
        return done.stdout.splitlines()


def _conversation(me: Irc, who: str) -> list[str]:
    lines: list[str] = []
    bound, more = "*", True
    while more:
        me.send(f"CHATHISTORY {'LATEST' if bound == '*' else 'BEFORE'} {who} {bound} {PAGE}")
        page = [line for line in me.sync() if "batch=" in line]
        lines += page
        ids = [match[1] for line in page if (match := re.search(r"msgid=([^; ]+)", line))]
        bound, more = f"msgid={ids[0]}" if ids else "", len(page) >= PAGE and bool(ids)
    return lines


def is_soon(condition: Any, seconds: float = 1.5) -> bool:
    try:
        eventually(condition, "", within=seconds)
    except AssertionError:
        return False
    return True


def resident(pid: int) -> int:
    """The memory of a process, in KiB."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.gui.clicks", description=__doc__)
    parser.add_argument("--seconds", type=float, default=1800)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10_000))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as directory, screen() as display:
        clicks = Clicks(Path(directory), display, options.seed)
        lost = clicks.run(options.seconds)
    private = sum(not where.startswith("#") for where in clicks.said.values())
    print(f"{clicks.steps} steps, {clicks.kills} kills of the server, {clicks.windows} windows")
    print(f"{len(clicks.said)} things said, {private} of them to people; lost: {lost or 'nothing'}")
    print(f"{len(clicks.given_up)} texts were taken back, edited, refused or left with their room")
    print(f"memory of the window: {clicks.memory[:3]} … {clicks.memory[-3:]} KiB")


if __name__ == "__main__":
    main()
