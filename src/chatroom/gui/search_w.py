"""The search bar above the messages."""

import tkinter as tk
from functools import partial
from tkinter import ttk

from chatroom.gui.search import Search
from chatroom.gui.style import take_keys


class SearchBar(ttk.Frame):
    def __init__(self, parent: tk.Misc, search: Search) -> None:
        super().__init__(parent)
        self._typed = tk.StringVar(self)
        self.entry = ttk.Entry(self, textvariable=self._typed, width=24)
        self._result = ttk.Label(self, style="Muted.TLabel")
        ttk.Label(self, text="Search").pack(side="left", padx=(2, 8))
        self.entry.pack(side="left")
        self._result.pack(side="left", padx=8)
        for label, step in (("Next (F3)", -1), ("Previous", 1)):
            button = ttk.Button(self, text=label, style="Flat.TButton", command=partial(search.step, step))
            button.pack(side="left")
        self.entry.bind("<Return>", lambda _: search.find(self._typed.get()))
        self.entry.bind("<KP_Enter>", lambda _: search.find(self._typed.get()))

    def show(self, result: str) -> None:
        """Shows what was found; without that, an empty field ready for typing."""
        self._result.configure(text=result)
        if not result:
            self._typed.set("")
            take_keys(self.entry)
