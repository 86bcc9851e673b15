"""The menu of fields where one writes: cut, copy, paste. A right click opens it, and Shift+F10."""

import tkinter as tk
from functools import partial

from chatroom.common.language import mark, tr
from chatroom.gui.keys_w import MENU_KEYS

_ACTS = {
    "<<Cut>>": (mark("Cut"), "Ctrl+X"),
    "<<Copy>>": (mark("Copy"), "Ctrl+C"),
    "<<Paste>>": (mark("Paste"), "Ctrl+V"),
    "<<SelectAll>>": (mark("Select all"), "Ctrl+A"),
}
_FIELDS = ("TEntry", "TCombobox")  # classes of widgets


class EditMenu(tk.Menu):
    """One for all fields of the window; `composer` is the one that is no field of ttk."""

    def __init__(self, parent: tk.Misc, composer: tk.Text) -> None:
        super().__init__(parent, tearoff=False, bd=1)
        self._field: tk.Misc = composer
        for event, (label, keys) in _ACTS.items():
            self.add_command(label=tr(label), accelerator=keys, command=partial(self._do, event))
        for kind in (*_FIELDS, str(composer)):  # a widget's name is the class of itself alone
            parent.bind_class(kind, "<Button-3>", lambda e: self._open(e.widget, e.x_root, e.y_root))
            for key in MENU_KEYS:
                parent.bind_class(kind, key, lambda e: self._open_at(e.widget))

    def _open(self, field: tk.Misc | str, x: int, y: int) -> str:
        if isinstance(field, str):
            return "break"  # in a dialog of Tk's own, which Python knows by its name alone
        self._field = field
        field.focus_set()
        self.tk_popup(x, y)
        return "break"

    def _open_at(self, field: tk.Misc | str) -> str:
        """By a key: below the field's upper left corner."""
        if isinstance(field, str):
            return "break"  # in a dialog of Tk's own, which Python knows by its name alone
        return self._open(field, field.winfo_rootx() + 8, field.winfo_rooty() + 8)

    def _do(self, event: str) -> None:
        self._field.focus_set()
        self._field.event_generate(event)
