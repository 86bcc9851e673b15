"""The connect panel, its widgets looked at from inside."""

import tkinter as tk
from collections.abc import Callable, Iterator
from pathlib import Path
from tkinter import ttk

import pytest

from chatroom.client.found_server import FoundServer
from chatroom.client.settings import Server, Settings
from chatroom.common.language import ENGLISH, find, speak
from chatroom.gui.presenter import Presenter
from chatroom.gui.view import TkView
from chatroom.gui.view_protocol import Panel

SERVERS = tuple(
    FoundServer(f"192.0.2.{n}", 9090 + n, f"server {n}", f"class {n}" if n == 3 else "", n == 2) for n in range(1, 8)
)

Build = Callable[[Server, Settings], tuple[tk.Tk, TkView, Presenter]]

pytestmark = pytest.mark.needs("Xvfb")


@pytest.fixture
def build(display: str, tmp_path: Path) -> Iterator[Build]:
    """Makes a window for a server, which is not connected to."""
    root = tk.Tk(screenName=display)

    def make(server: Server, settings: Settings) -> tuple[tk.Tk, TkView, Presenter]:
        view = TkView(root)
        presenter = Presenter(view, server, settings, tmp_path / "settings", ("#lobby",))
        view.build(presenter)
        return root, view, presenter

    yield make
    root.destroy()


def test_servers_of_the_network_are_offered(build: Build) -> None:
    """As buttons that fill in where they are, some of them at most; what is offered anew replaces them."""
    root, view, presenter = build(Server("127.0.0.1", 9090), Settings())
    presenter.begin(connect=False)
    panel = view.panel
    panel.offer(SERVERS)
    buttons = [each for each in panel._found.winfo_children() if isinstance(each, ttk.Button)]
    assert [each["text"] for each in buttons] == [
        f"server {n}  192.0.2.{n}:{9090 + n}" + ("\nclass 3" if n == 3 else "") for n in range(1, 6)
    ]
    buttons[1].invoke()
    assert (panel._server_typed.get(), panel._port_typed.get(), panel._tls_typed.get()) == (
        "192.0.2.2",
        "9092",
        True,
    )
    root.update()
    assert panel._found.winfo_rooty() + panel._found.winfo_height() < root.winfo_rooty() + root.winfo_height()
    panel.offer(SERVERS[:1] * 2)
    texts = [str(each["text"]) for each in panel._found.winfo_children()]
    assert any("look alike" in text for text in texts)
    panel.offer(())
    assert not panel._found.winfo_children()


def test_in_a_low_window_the_title_gives_way_to_what_is_needed(build: Build) -> None:
    """With both passwords and a long error, the button can be seen whole; without them, the title is there again."""
    server = Server("127.0.0.1", 9090, False, "me")
    root, view, presenter = build(server, Settings(size="480x320"))
    presenter.begin(connect=False)
    panel, error = view.panel, "It belongs to somebody here, and that password was not accepted. " * 2
    for errors, password, has_title in (({"password": error}, "secret", False), ({}, "", True)):
        panel._needed.clear()
        panel.fill(Panel(server, password=password, server_password=password))
        panel.show(Panel(server, errors=errors))
        for _ in range(5):
            root.update()
        top, bottom = panel.winfo_rooty(), panel.winfo_rooty() + panel.winfo_height()
        assert panel.winfo_height() == 320 and bool(panel._title.winfo_ismapped()) is has_title
        assert panel._go.winfo_rooty() + panel._go.winfo_height() <= bottom and panel.name.winfo_rooty() >= top


def test_what_tk_says_itself_is_in_the_language_of_the_window(build: Build) -> None:
    """The buttons of its dialogs."""
    root, view, _ = build(Server("127.0.0.1", 9090), Settings())
    try:
        for tag, word in (("pl", "&Anuluj"), ("en", "&Cancel")):
            language = find(tag)
            assert language
            speak(language)
            view.translate()
            assert root.tk.eval("namespace eval ::tk {mc &Cancel}") == word
    finally:
        speak(ENGLISH)
