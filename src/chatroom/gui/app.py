"""Runs the window: the Tk loop, the tick that handles what the network brought, and the report of our own mistakes."""

import os
import signal
import sys
import traceback
from dataclasses import replace
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING

from chatroom.client import settings as storage
from chatroom.client.client import GOODBYE_SECONDS
from chatroom.client.found_server import FoundServer
from chatroom.client.settings import Server, Settings
from chatroom.client.transcript_entry import Kind
from chatroom.common.language import tr
from chatroom.common.text import clean
from chatroom.gui.presenter import Presenter

if TYPE_CHECKING:
    import tkinter as tk

    from chatroom.gui.view import TkView

# What ends the program from outside: the end of the session, and of the terminal that it was started from.
_ENDS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
TICK_MILLISECONDS = 50
# Every call into Tk releases the interpreter lock; with Python's usual 5 ms the network's thread would keep it long.
_SWITCH_SECONDS = 0.0005
_BUSY_MILLISECONDS = 4  # between two ticks while more waits: keys and drawing get their turn


class NoWindow(Exception):  # noqa: N818 (it is nobody's mistake)
    """There can be no window here; the text says why and what to do."""


def run(server: Server, rooms: tuple[str, ...], password: str, ask_server: bool, connect: bool) -> None:
    """Opens the window and stays until it is closed; raises `NoWindow` when there can be none."""
    try:
        import tkinter as tk  # not everywhere where Python is

        from chatroom.gui.view import TkView
    except ModuleNotFoundError as error:
        raise NoWindow(
            tr(
                "This Python has no tkinter. Install it (the package is python3-tk on Debian and Ubuntu, "
                "python3-tkinter on Fedora, python-tk with Homebrew), or use --text."
            )
        ) from error
    try:
        root = tk.Tk(className="chatroom")
    except tk.TclError as error:
        raise NoWindow(tr("There is no display to open a window on. Use --text, or set DISPLAY.")) from error
    sys.setswitchinterval(_SWITCH_SECONDS)
    path = storage.default_path()
    settings, trouble = storage.load(path)
    view = TkView(root)
    presenter = Presenter(view, first_server(server, settings, ask_server), settings, path, rooms)
    view.build(presenter)
    App(root, view, presenter).run(connect, ask_server, password, trouble)


def first_server(given: Server, settings: Settings, ask_server: bool) -> Server:
    """The server that the connect panel shows at first: from the command line, else from the settings."""
    if ask_server and not given.nick and settings.recent:
        return settings.recent[0]
    known = (old.nick for old in settings.recent if (old.host, old.port) == (given.host, given.port))
    return replace(given, nick=given.nick or next(known, ""))


def search_lan(found: "SimpleQueue[tuple[FoundServer, ...]]") -> None:
    """Looks for servers in the network, as far as that can be; takes some seconds."""
    try:
        from chatroom.client.lan import search

        found.put(search())
    except (ImportError, OSError):
        pass  # nothing is offered


class App:
    """Runs one window; `root`, `view` and `presenter` are the parts of it."""

    def __init__(self, root: "tk.Tk", view: "TkView", presenter: Presenter) -> None:
        self._root = root
        self.view = view
        self._presenter = presenter
        self._job = ""
        self._found: SimpleQueue[tuple[FoundServer, ...]] = SimpleQueue()  # servers of the network
        root.report_callback_exception = self._report

    def run(self, connect: bool, ask_server: bool, password: str, trouble: str) -> None:
        self._presenter.use_password(password)
        self._presenter.begin(connect, ask_server, trouble)
        if ask_server and not connect:
            Thread(target=search_lan, args=(self._found,), daemon=True).start()
        self.tick()
        for number in _ENDS:
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, self._end)
        try:
            self._root.mainloop()
        except KeyboardInterrupt:
            self._presenter.close()
        finally:
            self._root.after_cancel(self._job)
            self._root.destroy()
            if self._presenter.client:
                self._presenter.client.wait(GOODBYE_SECONDS)

    def _end(self, number: int, _frame: object) -> None:
        """Ends the program as the signal would have, once what is being written has been kept."""
        signal.signal(number, signal.SIG_DFL)
        try:
            self._presenter.keep_place()
        finally:
            os.kill(os.getpid(), number)

    def tick(self) -> None:
        """Handles what came, and has itself called again after a moment."""
        more = False
        try:
            focused = self.view.has_focus()
            if focused != self._presenter.focused:
                self._presenter.focus(focused)
            more = self._presenter.tick()
            self._offer_found()
        finally:
            self._job = self._root.after(_BUSY_MILLISECONDS if more else TICK_MILLISECONDS, self.tick)

    def _offer_found(self) -> None:
        """Offers the servers that were found in the network, once all had the time to answer."""
        try:
            self.view.panel.offer(self._found.get_nowait())
        except Empty:
            pass

    def _report(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Tells of an error in a callback: in full on stderr, in a sentence in the window."""
        client = self._presenter.client
        text = tr("Something went wrong in this window: {error}", error=clean(str(error)))
        if client and not any(entry.text == text for entry in client.state.current.entries[-1:]):
            # Once: at each tick, it would be all that can be read.
            client.state.inform(text, Kind.ERROR)
        if sys.stderr:  # a program without a terminal may have none
            traceback.print_exception(kind, error, trace, file=sys.stderr)
