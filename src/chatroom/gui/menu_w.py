"""The menu of the chat: what can be done in the room, and preferences."""

import tkinter as tk
from collections.abc import Callable
from functools import partial

from chatroom.client.settings import Settings
from chatroom.gui import view_models
from chatroom.gui.palette import Palette
from chatroom.gui.presenter import Presenter
from chatroom.gui.style import Fonts, colour_menu


class MainMenu(tk.Menu):
    """Its marks show the preferences that were shown last."""

    def __init__(self, parent: tk.Misc, presenter: Presenter, show_keys: Callable[[], None]) -> None:
        super().__init__(parent, tearoff=False, bd=1)
        self._presenter = presenter
        self._marks = {name: tk.BooleanVar(self) for name in ("timestamps", "moves", "notify")}
        self._theme_choice = tk.StringVar(self)
        self._submenus: list[tk.Menu] = []
        for label, keys, act in (
            ("Join a room…", "Ctrl+J", presenter.list_rooms),
            ("Go to…", "Ctrl+K", presenter.pick_room),
            ("Search…", "Ctrl+F", presenter.search.open),
            ("Leave this room", "", lambda: presenter.command("/leave")),
            ("Keys", "F1", show_keys),
        ):
            self.add_command(label=label, accelerator=keys, command=act)
        for label, acts in (("This room", view_models.ROOM_ACTS), ("You", view_models.OWN_ACTS)):
            submenu = tk.Menu(self, tearoff=False, bd=1)
            self._submenus.append(submenu)
            self.add_cascade(label=label, menu=submenu)
            for each in acts:
                submenu.add_command(label=each.name, command=partial(presenter.act, each))
        self._add_preferences()
        self.add_separator()
        self.add_command(label="Another server…", command=presenter.disconnect)
        self.add_command(label="Quit", command=presenter.close)

    def _add_preferences(self) -> None:
        self.add_separator()
        for name, label in (
            ("timestamps", "Show times"),
            ("moves", "Show who joins and leaves"),
            ("notify", "Notify me when I am spoken to"),
        ):
            self.add_checkbutton(label=label, variable=self._marks[name], command=partial(self._prefer_option, name))
        self.add_separator()
        for theme, label in (("system", "Colours of the system"), ("light", "Light"), ("dark", "Dark")):
            self.add_radiobutton(
                label=label,
                value=theme,
                variable=self._theme_choice,
                command=partial(self._presenter.prefer, theme=theme),
            )

    def _prefer_option(self, name: str) -> None:
        self._presenter.prefer(**{name: self._marks[name].get()})

    def show(self, settings: Settings) -> None:
        """Marks the preferences."""
        for name, option in self._marks.items():
            option.set(getattr(settings, name))
        self._theme_choice.set(settings.theme)

    def restyle(self, colours: Palette, fonts: Fonts) -> None:
        for menu in (self, *self._submenus):
            colour_menu(menu, colours, fonts)
