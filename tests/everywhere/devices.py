"""bob's devices: each a real program, started by him, in which he types, and of which is read what it has shown.

What is said in the room has a mark, `m-1`, `m-2` and so on; what is said to bob alone `p-1`, `p-2`.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from playwright.sync_api import Browser

from tests import programs
from tests.gui.window import Window
from tests.peers import eventually, password_file
from tests.web.visitors import Visitor

NICK = "bob"
PASSWORD = "correct-horse"
MARK = re.compile(r"\b[mp]-\d+\b")
LOST = re.compile(r"^--- Log closed|disconnected from server")


class Device(Protocol):
    """A program by which bob is here."""

    comes_back: bool  # by itself, when its server is there again
    is_private: bool  # shows what is said to bob alone without a click
    places_own: bool  # shows bob's words from here where the server has put them, not where he has typed them

    def say(self, text: str) -> None:
        """Says something in the lobby."""

    def shown(self) -> list[list[str]]:
        """The marks that it has shown, in its order; a list for each connection, unless it makes them one."""

    def screen(self) -> str:
        """What its user sees now, for whoever looks for a fault."""

    def quit(self) -> None:
        """Ends it as its user would."""

    def kill(self) -> None:
        """Ends it at once, and removes what it needed; what it has shown can be read still."""


def _marks(lines: list[str]) -> list[str]:
    return [mark for line in lines for mark in MARK.findall(line)]


class _Pipes(programs.InPipes):
    comes_back = False
    is_private = True
    places_own = False

    def say(self, text: str) -> None:
        self.send(text)

    def shown(self) -> list[list[str]]:
        while self._line(0.0) is not None:
            pass
        return [_marks(self.heard)]

    def screen(self) -> str:
        return "\n".join(self.heard[-50:])

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.shown()
        self.close()


class Netcat(_Pipes, programs.Netcat):
    """The real `nc`."""

    def __init__(self, port: int, home: Path) -> None:
        super().__init__(port, NICK, PASSWORD)

    def quit(self) -> None:
        self.say("/quit")
        self.wait(r"^\* Goodbye\.")
        self._input.close()  # until then nc waits, whoever has hung up
        self.rest()


class Terminal(_Pipes, programs.TextClient):
    """`chatroom connect --text`, in a pipe."""

    def __init__(self, port: int, home: Path) -> None:
        super().__init__(port, NICK, home, PASSWORD)

    def quit(self) -> None:
        self._input.close()
        self.rest()


class _Logged:
    """A program in tmux that writes down what it shows."""

    comes_back = True
    is_private = True
    places_own = False
    quit_command = "/quit"

    def __init__(self, program: programs.InTmux, logs: Path) -> None:
        self._program = program
        self._logs = logs

    def say(self, text: str) -> None:
        self._program.type(f"/msg #lobby {text}")

    def shown(self) -> list[list[str]]:
        connections: list[list[str]] = []
        for file in sorted(self._logs.glob("*.log")):
            connections.append([])
            for line in file.read_text("utf-8", "replace").splitlines():
                if LOST.search(line):
                    connections.append([])
                connections[-1] += MARK.findall(line)
        return connections

    def screen(self) -> str:
        return self._program.screen()

    def quit(self) -> None:
        self._program.type(self.quit_command)
        eventually(self._program.gone, "it has ended")

    def kill(self) -> None:
        self._program.close()


class LoggedIrssi(_Logged):
    def __init__(self, port: int, home: Path) -> None:
        program = programs.Irssi(port, NICK, home / "irssi", PASSWORD)
        super().__init__(program, program.logs)
        self._program.type("/join #lobby")


class LoggedWeeChat(_Logged):
    def __init__(self, port: int, home: Path) -> None:
        program = programs.WeeChat(port, NICK, home / "weechat", PASSWORD)
        super().__init__(program, program.logs)

    def say(self, text: str) -> None:
        self._program.type(f"/msg -server there #lobby {text}")


class InWindow:
    """The window."""

    comes_back = True
    is_private = False
    places_own = True

    def __init__(self, port: int, home: Path, display: str) -> None:
        login = ("--nick", NICK, "--password-file", str(password_file(home, PASSWORD)))
        self._window = Window(display, home, "127.0.0.1", "-p", str(port), *login, PROBE_ROWS="100000")
        self._window.__enter__()
        self._window.wait_online()

    def say(self, text: str) -> None:
        self._window.type(text)
        self._window.wait(lambda state: state["composer"].strip() == text, "it is typed")
        self._window.key("Return")
        self._window.wait(lambda state: not state["composer"].strip(), "it is said")

    def shown(self) -> list[list[str]]:
        rows = self._window.state.get("rows", [])
        return [_marks(rows)]

    def screen(self) -> str:
        return str({name: value[-20:] if name == "rows" else value for name, value in self._window.state.items()})

    def quit(self) -> None:
        self._window.process.terminate()
        self._window.process.wait(30)

    def kill(self) -> None:
        self._window.process.kill()
        self._window.__exit__()  # which fails if there is an error in its log


def add_rows(shown: list[list[str]], here: list[str]) -> None:
    """Adds the marks that the page has in its rows now to what it has shown before.

    The page has the rows of the last few hundred messages alone: those above may be gone. It draws what fits first, and
    what stands above that later. But no row changes its place, and none comes twice: where that happens a new list
    begins, and as the two contradict one another, one of them contradicts the history.
    """
    before = [mark for mark in shown[-1] if mark in here]
    if before != [mark for mark in here if mark in shown[-1]]:
        shown.append([])
        before = []
    at = shown[-1].index(before[0]) if before else len(shown[-1])
    shown[-1][at:] = here


class OnPage:
    """The page in Chromium."""

    comes_back = True
    is_private = False
    places_own = True

    def __init__(self, port: int, home: Path, browser: Browser) -> None:
        self._visitor = Visitor(browser, port)
        self._visitor.log_in(NICK, PASSWORD)
        self._shown: list[list[str]] = [[]]

    def say(self, text: str) -> None:
        self._visitor.say(text)

    def shown(self) -> list[list[str]]:
        if not self._visitor.page.is_closed():
            # What the server has not confirmed stands at the end, and gets its place later.
            rows = self._visitor.page.locator(".message:not([class*=is-]) .text")
            add_rows(self._shown, _marks(rows.all_inner_texts()))
        return self._shown

    def screen(self) -> str:
        return self._visitor.page.locator("body").inner_text()

    def quit(self) -> None:
        self.shown()
        self._visitor.page.close()

    def kill(self) -> None:
        self.shown()
        self._visitor.context.close()
        assert not self._visitor.complaints


Make = Callable[[int, Path], Device]
"""Starts a device that connects to this port; the directory is its own."""
