"""The search bar above the messages."""

import tkinter as tk
from functools import partial
from tkinter import ttk

from chatroom.common.language import mark, tr
from chatroom.gui.search import Search
from chatroom.gui.style import take_keys


class SearchBar(ttk.Frame):
    def __init__(self, parent: tk.Misc, search: Search) -> None:
        super().__init__(parent)
        self._typed = tk.StringVar(self)
        self.entry = ttk.Entry(self, textvariable=self._typed, width=24)
        self._result = ttk.Label(self, style="Muted.TLabel")
        ttk.Label(self, text=tr("Search")).pack(side="left", padx=(2, 8))
        self._back = ttk.Button(self, text=tr("← Back"), style="Flat.TButton", command=search.back)
        self._steps = [
            ttk.Button(self, text=tr(label), style="Flat.TButton", command=partial(search.step, step))
            for label, step in ((mark("Next (F3)"), -1), (mark("Previous"), 1))
        ]
        self.entry.bind("<Return>", lambda _: search.find(self._typed.get()))
        self.entry.bind("<KP_Enter>", lambda _: search.find(self._typed.get()))

    def show(self, result: str, can_go_back: bool = False) -> None:
        """Shows what was found; without that, an empty field ready for typing."""
        self._result.configure(text=result)
        for widget in (self._back, *self._steps, self._result, self.entry):
            widget.pack_forget()
        for button in reversed([self._back] if can_go_back else self._steps):
            button.pack(side="right")
        self._result.pack(side="right", padx=8)
        self.entry.pack(side="left", fill="x", expand=True)  # last: it gives way where there is little room
        if not result:
            self._typed.set("")
            take_keys(self.entry)
