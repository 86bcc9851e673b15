"""The real window under Xvfb, driven by real keys and looked at from outside."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from tests.gui.people import DEADLINE, environment, wait_for

# In the journal of a window: before what is said, for the first time or once more; between what is in the composer and
# what was there before.
ENTER, IN_PLACE_OF = "window: Enter with ", " is put into the composer, in the place of "
_CORNER = ("9999", "9999")  # of the screen, the last


@contextmanager
def screen() -> Iterator[str]:
    """An X server without a screen; it chooses its own number, and its name is what DISPLAY is to be."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x900x24", "-r", "-noreset", "-nolisten", "tcp"]
    process = subprocess.Popen(command, pass_fds=(writing,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as pipe:
            number = pipe.readline().strip()
        assert number, "Xvfb did not start"
        yield f":{number}"
    finally:
        process.terminate()
        process.wait(DEADLINE)


class Window:
    """`chatroom connect` as a subprocess. `state` is what `tests.gui.probe` reads from its widgets."""

    def __init__(self, display: str, directory: Path, *arguments: str, **env: str) -> None:
        self._state = directory / "state.json"
        self._state.unlink(missing_ok=True)
        self._log = (directory / "window.log").open("w+b")
        self._env = environment(DISPLAY=display, XDG_CONFIG_HOME=str(directory), **env)
        self._env["PYTHONPATH"] += os.pathsep + str(Path(__file__).parents[2])
        # If a window comes up under the pointer, Tk takes the keyboard for its own until the pointer leaves, and then
        # lets go of it, whoever has given it the keyboard meanwhile.
        self._xdotool("mousemove", *_CORNER)
        command = [sys.executable, "-m", "tests.gui.probe", str(self._state), "connect", *arguments]
        self.process = subprocess.Popen(command, env=self._env, stdout=self._log, stderr=self._log)

    def __enter__(self) -> Self:
        try:
            self.wait(lambda state: self._take_focus() and state["focused"], "the window comes up")
        except BaseException:
            self._close()  # or it would take the focus from those of later tests
            self._log.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._close()
        log = self.log()
        self._log.close()
        assert "Traceback" not in log, log

    def _close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(DEADLINE)

    def log(self) -> str:
        self._log.seek(0)
        return self._log.read().decode()

    @property
    def state(self) -> dict[str, Any]:
        """What the window showed after its last tick; empty before the first."""
        try:
            state: dict[str, Any] = json.loads(self._state.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        return state

    def wait(self, condition: Callable[[dict[str, Any]], Any], what: str) -> dict[str, Any]:
        """The first state for which the condition holds."""

        def look() -> dict[str, Any]:
            assert self.process.poll() is None or not self.state, f"the window closed itself: {self.log()}"
            state = self.state
            return state if state and condition(state) else {}

        try:
            return wait_for(look, what)
        except AssertionError as error:
            shown = {name: value[-20:] if name == "rows" else value for name, value in self.state.items()}
            keyboard = f"the keyboard is {self._xdotool('getwindowfocus', '-f')}'s, the window {self.id}"
            raise AssertionError(f"{error}; the window shows {json.dumps(shown)} {self.log()} {keyboard}") from None

    def wait_row(self, text: str) -> dict[str, Any]:
        return self.wait(lambda state: any(text in row for row in state["rows"]), f"{text!r} stands in the window")

    def wait_online(self) -> dict[str, Any]:
        return self.wait(lambda state: state["status"][0].startswith("Connected") and state["members"], "connected")

    # --- keys and mouse -----------------------------------------------------------------------------------------------

    def _xdotool(self, *arguments: str) -> str:
        done = subprocess.run(
            ["xdotool", *arguments], env=self._env, capture_output=True, text=True, timeout=30, check=False
        )
        return done.stdout.strip()

    @property
    def id(self) -> str:
        return (self._xdotool("search", "--onlyvisible", "--class", "chatroom").split() or [""])[0]

    def _take_focus(self) -> bool:
        """There is no window manager to give it. Whether the window has it now."""
        window = self.id
        if window and self._xdotool("getwindowfocus", "-f") != window:
            self._xdotool("windowfocus", window)
        return bool(window) and self._xdotool("getwindowfocus", "-f") == window

    def dismiss(self) -> None:
        """Closes a dialog of Tk's own that has lost the keyboard; there is no window manager to give it back."""
        if dialog := self._xdotool("search", "--onlyvisible", "--class", "Dialog"):
            self._xdotool("windowfocus", dialog.split()[0])
            self.key("Escape")
        self._take_focus()

    def type(self, text: str) -> None:
        # Keys for other letters are mapped one by one as they are typed; the window must have seen the one before.
        self._xdotool("type", "--delay", "1" if text.isascii() else "120", text)

    def key(self, *keys: str) -> None:
        self._xdotool("key", "--delay", "1", *keys)

    def key_and_type(self, key: str, text: str) -> None:
        """At once."""
        self._xdotool("key", "--delay", "1", key, "type", "--delay", "1", text)

    def click(self, place: str, button: int = 1, times: int = 1) -> None:
        """Clicks on the middle of a widget that the state gives the place of: send_at, pill_at, …"""
        x, y = self.wait(lambda state: state[place], f"{place} can be seen")[place]
        self.click_at(x, y, button, times)

    def open_menu(self, place: str) -> None:
        """Opens the menu of a place by a right click; keys that come sooner than it would be lost."""
        self.click(place, button=3)
        self.wait(lambda state: state["focus"] == "!menu", f"the menu of {place} has the keyboard")

    def click_at(self, x: int, y: int, button: int = 1, times: int = 1) -> None:
        """Clicks on a place, counted from the window's corner."""
        self._xdotool("mousemove", "--window", self.id, str(x), str(y))
        self._xdotool("click", "--repeat", str(times), "--delay", "2", str(button))

    def wheel(self, steps: int) -> None:
        """Over the messages: up when negative."""
        self.click("messages_at", 4 if steps < 0 else 5, abs(steps))

    def sync(self) -> None:
        """Everything before has happened: a key takes its turn behind it. The composer must have the focus."""
        before = self.state["composer"]
        self.type("q")
        self.wait(lambda state: state["composer"] == before + "q", "the window has caught up")
        self.key("BackSpace")
        self.wait(lambda state: state["composer"] == before, "and the key is taken back")

    def save_conversation(self, path: Path) -> str:
        """Saves what the current room has to a file, by the menu of the room; returns what is in it."""
        self.open_menu("room_at")
        self.key("Up", "Up", "Up", "Return")
        self.wait(lambda state: state["choosing"], "a file is asked for")
        self.key("ctrl+a")
        self.type(str(path))
        self.key("Return")
        self.wait_row("saved in")
        return path.read_text("utf-8")

    def resize(self, width: int, height: int) -> None:
        self._xdotool("windowsize", self.id, str(width), str(height))
        self.wait(lambda state: state["size"] == [width, height], "the window has its new size")

    def screenshot(self, path: Path) -> None:
        subprocess.run(["import", "-window", self.id, str(path)], env=self._env, timeout=30, check=True)
