"""The menu of the chat: what can be done in the room and about oneself, and preferences."""

import tkinter as tk
from collections.abc import Callable, Iterable
from functools import partial

from chatroom.client.settings import Settings
from chatroom.common.language import languages, mark, own, tr
from chatroom.gui import menus
from chatroom.gui.palette import Palette
from chatroom.gui.presenter import Presenter
from chatroom.gui.style import Fonts, colour_menu

_MARKS = {
    "timestamps": mark("Show times"),
    "moves": mark("Show who joins and leaves"),
    "notify": mark("Notify me when I am spoken to"),
    "typing": mark("Others see that I am typing"),
}
_THEMES = {"system": mark("Colours of the system"), "light": mark("Light"), "dark": mark("Dark")}


class MainMenu(tk.Menu):
    """Each part is filled when it opens, with what can be done then."""

    def __init__(self, parent: tk.Misc, presenter: Presenter, show_keys: Callable[[], None]) -> None:
        super().__init__(parent, tearoff=False, bd=1)
        self._presenter = presenter
        self._marks = {name: tk.BooleanVar(self) for name in _MARKS}
        self._theme_choice = tk.StringVar(self)
        self._language = tk.StringVar(self, own().tag)
        self._add(
            (mark("Join a room…"), "Ctrl+J", presenter.rooms.ask_all),
            (mark("Go to…"), "Ctrl+K", presenter.rooms.offer_open),
            (mark("Search…"), "Ctrl+F", presenter.search.open),
            (mark("Keys"), "F1", show_keys),
        )
        self._room = self._submenu(mark("This room"), lambda: self.fill_room(self._room))
        self._own = self._submenu(mark("You"), self._fill_own)
        self._view = self._submenu(mark("View"), None)
        self._languages = tk.Menu(self._view, tearoff=False, bd=1)
        self._fill_languages()
        self._fill_view()
        self.add_separator()
        self._add((mark("Another server…"), "", presenter.disconnect), (mark("Quit chatroom"), "", presenter.close))

    def _add(self, *rows: tuple[str, str, Callable[[], object]], menu: tk.Menu | None = None) -> None:
        for label, keys, act in rows:
            (menu or self).add_command(label=tr(label), accelerator=keys, command=act)

    def _submenu(self, label: str, fill: Callable[[], None] | None) -> tk.Menu:
        menu = tk.Menu(self, tearoff=False, bd=1)
        if fill:
            menu.configure(postcommand=fill)
        self.add_cascade(label=tr(label), menu=menu)
        return menu

    def fill_room(self, menu: tk.Menu) -> None:
        """Fills a menu with what can be done in the current room.

        By itself it has to be another than `_room`: Esc in that goes to the menu that it is a part of.
        """
        state = self._presenter.state
        self._fill(menu, menus.room_acts(state) if state else ())
        room = state.current if state else None
        leave = mark("Close this conversation") if room and room.is_direct else mark("Leave this room")
        if menu.index("end") is not None:
            menu.add_separator()
        self._add(
            (mark("Save this conversation…"), "", self._presenter.save_conversation),
            (leave, "", lambda: self._presenter.command("/leave")),
            menu=menu,
        )

    def _fill_own(self) -> None:
        state = self._presenter.state
        self._fill(self._own, menus.own_acts(state) if state else ())

    def _fill(self, menu: tk.Menu, acts: Iterable[menus.Act]) -> None:
        menu.delete(0, "end")
        for act in acts:
            menu.add_command(label=tr(act.name), command=partial(self._presenter.questions.ask_for_act, act))

    def _fill_languages(self) -> None:
        """Each by what those call it who speak it."""
        for tag, name in languages().items():
            act = partial(self._presenter.command, f"/lang {tag}")
            self._languages.add_radiobutton(label=name, value=tag, variable=self._language, command=act)

    def _fill_view(self) -> None:
        menu, prefer = self._view, self._presenter.prefer
        for name, label in _MARKS.items():
            menu.add_checkbutton(
                label=tr(label), variable=self._marks[name], command=partial(self._prefer_option, name)
            )
        menu.add_separator()
        for theme, label in _THEMES.items():
            act = partial(prefer, theme=theme)
            menu.add_radiobutton(label=tr(label), value=theme, variable=self._theme_choice, command=act)
        menu.add_separator()
        menu.add_cascade(label=tr("Language"), menu=self._languages)
        self._add(
            (mark("Larger text"), "Ctrl++", lambda: prefer(zoom=self._presenter.settings.zoom + 1)),
            (mark("Smaller text"), "Ctrl+-", lambda: prefer(zoom=self._presenter.settings.zoom - 1)),
            (mark("Normal text"), "Ctrl+0", lambda: prefer(zoom=0)),
            menu=menu,
        )

    def _prefer_option(self, name: str) -> None:
        self._presenter.prefer(**{name: self._marks[name].get()})

    def show(self, settings: Settings) -> None:
        """Marks the preferences."""
        for name, option in self._marks.items():
            option.set(getattr(settings, name))
        self._theme_choice.set(settings.theme)

    def restyle(self, colours: Palette, fonts: Fonts) -> None:
        for menu in (self, self._room, self._own, self._view, self._languages):
            colour_menu(menu, colours, fonts)
