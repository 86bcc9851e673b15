"""Somebody who clicks and presses keys at random in the real window, while the server is killed now and then.

What they have said by Enter is not lost, in a room or to one person: it is in the history, or somebody has heard it, or
it waits in the window. `python -m tests.gui.clicks` goes on for as long as one likes.
"""

import argparse
import random
import re
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from chatroom.model.events import Said
from chatroom.storage.offline import OfflineStore
from tests.gui.people import DEADLINE, Server
from tests.gui.window import ENTER, IN_PLACE_OF, Window, screen
from tests.peers import Irc, claim_name, eventually, password_file

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
    # in a room of his own, that has the one name or the other
    *("RENAME #den #nook", "RENAME #nook #den", "KICK #den me :tea", "INVITE me #den"),
    *("MODE #den +m", "MODE #den -m", "MODE #nook +m", "MODE #nook -m", "MODE #den +i", "MODE #den -i"),
    *("MUTE #den me 5s", "BAN #nook me 1s"),
)
LOST = "are lost"
_BEFORE, _BEHIND, _LINE_CHARACTERS = 10, 25, 300  # told of the journal, for each place where a word stands
MENU = (  # ways to a line of it
    *(["Down"] * lines for lines in (1, 2, 3, 4)),
    *(
        [*(["Down"] * 5), "Right", *(["Up"] * lines)] for lines in (0, 1, 1, 2, 3, 4)
    ),  # of the room; the last is to leave
    *(["Up"] * lines for lines in (1, 2)),  # to quit, and to go to another server
)
COMMANDS = ("/join #den", "/join #lobby", "/leave", "/leave #den", "/leave bob", "/msg bob", "/history")
_ALL = 1 << 62  # events


class Clicks:
    def __init__(self, directory: Path, display: str, seed: int) -> None:
        self.dice = random.Random(seed)
        self.steps = self.kills = self.windows = 0
        self.memory: list[tuple[int, int, int]] = []  # of the window, once a minute, see `main`
        self.said: dict[str, str] = {}  # words, and the room or the person that the window had open
        self.unseen: list[str] = []  # what stood nowhere in the window when it had been said
        self.fates: dict[str, str] = {}  # of these words
        self.said_twice: list[str] = []  # what stands more often in the history than it was said
        self.given_up: list[str] = []  # taken back, refused or left by the user, in windows that are gone
        self.heard: list[str] = []  # by bob, on connections that are gone
        self._directory = directory
        self._display = display
        self._words = 0
        self._measured_at = 0.0
        self.journal = directory / "state.journal"  # of the window, see `probe`; the tool writes there, too

    def run(self, seconds: float, kills: float = 0.01) -> list[str]:
        """Steps at random for that long, each of which kills the server with that probability; returns what is lost."""
        end = time.monotonic() + seconds
        with Server(self._directory) as self._server:
            for name in (ME, BOB):
                claim_name(self._server.port, name, PASSWORD)
            self._bob = self._come()
            while time.monotonic() < end:
                self.windows += 1
                with self._window() as window:
                    window.wait_online()
                    while time.monotonic() < end and window.process.poll() is None:
                        try:
                            self.step(window, kills)
                        except AssertionError:
                            if window.process.poll() != 0:
                                raise  # else a click before has chosen to quit, which takes a moment
                        assert "Traceback" not in window.log(), window.log()
                    self._let_out(window)
                    self._look_up(window)
                self.given_up += [*window.state["given_up"], *window.state["failed"]]
            self._bob.close()
            return [word for word, fate in self.fates.items() if fate == LOST]

    def _window(self) -> Window:
        login = ("--nick", ME, "--password-file", str(password_file(self._directory, PASSWORD)))
        where = ("127.0.0.1", "-p", str(self._server.port), "--language", "en")
        return Window(self._display, self._directory, *where, *login)

    def _come(self) -> Irc:
        """Bob is there, also in a room of his own, by the name that it has now."""
        bob = Irc(self._server.port, BOB, *CAPS, password=f"{BOB}:{PASSWORD}")
        bob.send("JOIN #den")
        if any("CHANNEL_RENAMED" in line for line in bob.sync()):
            bob.send("JOIN #nook")
        bob.sync()
        return bob

    def _note(self, what: str) -> None:
        with self.journal.open("a", encoding="utf-8") as journal:
            journal.write(f"{time.time():.3f} {what}\n")

    def story(self, word: str) -> str:
        """What the journal has around a word."""
        lines = self.journal.read_text("utf-8").splitlines()
        near = [place for place, line in enumerate(lines) if word in line]
        wanted = sorted({n for place in near for n in range(place - _BEFORE, place + _BEHIND) if 0 <= n < len(lines)})
        return "\n".join([f"{word}:", *(lines[n][:_LINE_CHARACTERS] for n in wanted)])

    def step(self, window: Window, kills: float) -> None:
        self.steps += 1
        what = self.dice.random()
        if what < kills:
            self._server.kill()
            self._note("kills the server")
            self.kills += 1
            if self.dice.random() < 0.5:
                self._say(window)  # into the void
            self._server.start()
            self._note("the server is there again")
            self._bob.rest()
            self.heard += self._bob.heard
            self._bob.close()
            self._bob = self._come()
            self._note("bob is there again")
        elif what < 0.3:
            width, height = window.state["size"]
            button = self.dice.choice([1, 1, 1, 3, 4, 5])
            x, y = self.dice.randrange(width), self.dice.randrange(height)
            self._note(f"clicks at {x}, {y} of {width}, {height} with {button}")
            window.click_at(x, y, button)
        elif what < 0.5:
            key = self.dice.choice(KEYS)
            self._note(f"presses {key}")
            window.key(key)
        elif what < 0.52:
            self._choose(window)
        elif what < 0.6:
            # the lists alone, so that people are written to as often as rooms
            name = self.dice.choice(["rooms_at", "member_at", "composer_at"])
            place = window.state[name]
            if place:
                self._note(f"clicks near {name}")
                window.click_at(place[0], place[1] + self.dice.choice([0, 0, 20, 40, -40]), 1)
        elif what < 0.85:
            self._say(window)
        elif what < 0.97:
            line = self.dice.choice(LINES)
            self._note(f"bob: {line[:60]}")
            self._bob.send(line)
            self._bob.sync()
        else:
            window.resize(self.dice.randrange(360, 1270), self.dice.randrange(240, 880))
        if time.monotonic() > self._measured_at + 60 and window.process.poll() is None:
            self._measured_at = time.monotonic()
            self.memory.append((resident(window.process.pid), window.state["entries"], window.state["open"]))
        if not window.state["focused"] and window.process.poll() is None:
            window.dismiss()
        if window.state["panel"] and self.dice.random() < 0.05:
            window.key("Return")

    def _choose(self, window: Window) -> None:
        """Chooses something in the menu, or types a command."""
        way, command = self.dice.choice(MENU), self.dice.choice(COMMANDS)
        window.key("Escape")
        if self.dice.random() < 0.5:
            self._note(f"types {command}")
            window.key("ctrl+a")
            window.type(command)
            window.key("Return")
        elif window.state["menu_at"]:
            self._note(f"chooses in the menu by {way}")
            window.click("menu_at")
            window.key(*way, "Return")

    def _say(self, window: Window) -> None:
        """Types a word and Enter; it is said if it stood in the composer, and no longer does."""
        self._words += 1
        word = f"w{self._words}x"
        window.key("Escape")
        how = self.dice.random()
        if how < 0.1:
            window.key("ctrl+a")
            window.type("/me ")
        window.type(word)
        if how > 0.9:
            window.key("shift+Return")
            window.type("and so on")
        if not is_soon(lambda: word in window.state["composer"]):
            return
        before = window.state
        if (before["composer"].startswith("/") and not before["composer"].startswith("/me ")) or before[
            "question"
        ] is not None:
            return
        window.key("Return")
        if not is_soon(lambda: word not in window.state["composer"]) or window.state["question"] is not None:
            self._go_in(window)
            return
        after, where = window.state, before["header"][0]
        if where != after["header"][0]:
            return  # it may be a draft in the one, or said in the other
        if where == after["nick"] and after["nick"] != after["account"]:
            return  # what a guest says to themselves is kept by nobody
        self._note(f"said {word} to {where}; was {before['composer']!r}, is {after['composer']!r}")
        self.said[word] = where
        if not any(word in row for row in after["rows"]):
            self.unseen.append(word)

    def _go_in(self, window: Window) -> None:
        """Joins the room that is open, where nothing can be said from outside, or another one."""
        self._note("may not speak here")
        where = window.state["header"][0]
        window.key("Escape", "ctrl+a")
        window.type(f"/join {where if where.startswith('#') and self.dice.random() < 0.5 else '#lobby'}")
        window.key("Return")

    def _let_out(self, window: Window) -> None:
        """Waits until what waits in the window is sent, now that the server is there; not if it asks for something."""
        window.key("Escape")
        is_soon(lambda: window.process.poll() is not None or not window.state["waiting"], 30)

    def _look_up(self, window: Window) -> None:
        """Finds out where each word is that was said."""
        self._bob.sync()
        state, history = window.state, self._history()
        drafts = [file.read_text("utf-8") for file in self._directory.rglob("client.json")]
        if window.process.poll() is None:
            drafts += [state["composer"], *state["drafts"]]
        places = {  # one where somebody reads it goes before one where it is told that nobody does
            "arrived": [*self.heard, *self._bob.heard, *history],
            "wait for the connection": state["waiting"] if state["banner"] and window.process.poll() is None else [],
            "were refused": state["failed"],
            "are drafts": drafts,
            "were given back": self._given_back(),
            "were taken back, refused or left": [*self.given_up, *state["given_up"]],
        }
        self.fates = dict.fromkeys(self.said, LOST)
        for fate, texts in reversed(places.items()):
            # one word may stand right behind another one
            self.fates |= dict.fromkeys(self.fates.keys() & set(re.findall(r"w\d+x", "\n".join(texts))), fate)

        journal = self.journal.read_text("utf-8")
        words = Counter(text for text in history if re.fullmatch(r"w\d+x", text))
        entered = Counter(re.findall(rf"{ENTER}'(?:/me )?(w\d+x)'", journal))
        self.said_twice = [word for word, count in words.items() if count > entered[word]]

    def _given_back(self) -> list[str]:
        """What the window has put into the composer, where it is the user's to send, or to delete by any key."""
        with self.journal.open(encoding="utf-8") as journal:
            return [line.partition(IN_PLACE_OF)[0] for line in journal if IN_PLACE_OF in line]

    def _history(self) -> list[str]:
        """All that was said, in rooms and between people, by whatever name, as the file has it."""
        with closing(OfflineStore(self._directory)) as store, closing(store.reader()) as reader:
            places = [key for (key,) in store.db.execute("SELECT key FROM places")]
            events = [event for key in places for event in reader.history(key, limit=_ALL, seconds=DEADLINE)]
        return [event.text for event in events if isinstance(event, Said)]


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
    parser.add_argument("--journal", type=Path, help="a file to keep the journal in")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the server, the window and the screen end with this
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as directory, screen() as display:
        clicks = Clicks(Path(directory), display, options.seed)
        try:
            lost = clicks.run(options.seconds)
        finally:
            if options.journal:
                shutil.copy(clicks.journal, options.journal)
        print("\n\n".join(map(clicks.story, lost)))
    private = sum(not where.startswith("#") for where in clicks.said.values())
    print(f"{clicks.steps} steps, {clicks.kills} kills of the server, {clicks.windows} windows")
    print(f"{len(clicks.said)} things said, {private} of them to people; lost: {lost or 'nothing'}")
    print("; ".join(f"{count} {fate}" for fate, count in Counter(clicks.fates.values()).items()))
    print(f"not seen when it was said: {clicks.unseen or 'nothing'}")
    print(f"sent twice: {clicks.said_twice or 'nothing'}")
    print("memory of the window in KiB, with so many messages in so many rooms, each minute:")
    print(*clicks.memory, sep="\n")


if __name__ == "__main__":
    main()
