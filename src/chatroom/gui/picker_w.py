"""A list to choose from, shown over the messages: rooms to go to, rooms of the server, the keys. Esc closes it."""

import tkinter as tk
from collections.abc import Callable
from itertools import zip_longest
from tkinter import font as tkfont
from tkinter import ttk

from chatroom.common.names import bare
from chatroom.gui.labels_w import Pane, shortened, shown, wrapped
from chatroom.gui.palette import Palette
from chatroom.gui.style import pixels, take_keys
from chatroom.gui.view_protocol import NewRow

_ROWS_AT_ONCE = 9  # to choose from; a table shows all that has room
_PIXELS, _MOST_PIXELS = 440, 720  # of the card's width; a table is as wide as its rows
_EDGE_PIXELS = 60  # of the card beside its rows, with the scroll bar


class Picker(ttk.Frame):
    """What is typed and in no row is a row of its own, the last one, where there may be new ones."""

    def __init__(self, parent: tk.Misc, on_close: Callable[[], None]) -> None:
        super().__init__(parent, padding=10, relief="solid", borderwidth=1)
        self._on_pick: Callable[[str], None] = lambda name: None
        self._on_close = on_close
        self._rows: list[tuple[str, str]] = []
        self._is_table = False  # to read, and not to choose from
        self._new: NewRow | None = None
        self._typed = tk.StringVar(self)
        self._title = ttk.Label(self, style="Bold.TLabel")
        self._entry = ttk.Entry(self, textvariable=self._typed, width=36)
        self._pane = Pane(self)
        self._list = ttk.Treeview(
            self._pane, show="", columns=("name", "about"), height=_ROWS_AT_ONCE, selectmode="browse"
        )
        self._pane.hold(self._list, ttk.Scrollbar(self._pane, command=self._list.yview), hides_bar=True)
        self._list.column("name", width=pixels(self, 150), stretch=False)
        self._list.column("about", width=pixels(self, 230))
        self._typed.trace_add("write", lambda *_: self._filter())
        for widget in (self._entry, self._list, self):
            widget.bind("<Return>", lambda _: self._pick())
            widget.bind("<KP_Enter>", lambda _: self._pick())
            widget.bind("<Escape>", lambda _: self.hide())
        self._entry.bind("<Down>", lambda _: self._move(1))
        self._entry.bind("<Up>", lambda _: self._move(-1))
        self._list.bind("<Double-Button-1>", lambda _: self._pick())

    def restyle(self, palette: Palette) -> None:
        self._pane.restyle(palette, palette.border)
        self._list.tag_configure("row", foreground=palette.text)

    def show(self, title: str, rows: list[tuple[str, str]], new: NewRow | None, on_pick: Callable[[str], None]) -> None:
        """`on_pick` gets the name of the row that is chosen."""
        self._rows, self._new, self._on_pick = [(name, shown(told)) for name, told in rows], new, on_pick
        self._title.configure(text=title)
        self._pane.pack_forget()
        self._title.pack(anchor="w")
        self._entry.pack(fill="x", pady=6)
        self._pane.pack(fill="both", expand=True)
        self._is_table = False
        self._list.configure(height=_ROWS_AT_ONCE)
        self._typed.set("")
        self._place()
        self._rows = self._fitting(self._rows)  # once, and not at each key: there may be thousands
        self._filter()
        take_keys(self._entry)

    def show_table(self, title: str, rows: list[tuple[str, str]]) -> None:
        """Shows something to read in two columns. What has no room in a line goes on in the next."""
        font, gap, across = self._font(), pixels(self, 20), self.master.winfo_width()
        names, told = (max(map(font.measure, texts)) + gap for texts in zip(*rows, strict=True))
        names = min(names, across // 2)
        told = min(told, across - names - pixels(self, _EDGE_PIXELS))
        lines: list[tuple[str, str]] = []
        for name, about in rows:
            parts = (wrapped(name, font, names - gap), wrapped(about, font, told - gap))
            lines += zip_longest(*parts, fillvalue="")
        self._rows, self._new, self._is_table = lines, None, True
        self._list.configure(height=len(lines))
        self._list.column("name", width=names)
        self._list.column("about", width=told)
        self._title.configure(text=title)
        self._entry.pack_forget()
        self._title.pack(anchor="w", pady=(0, 8))
        self._pane.pack(fill="both", expand=True)
        self._typed.set("")
        self._filter()
        self._place()
        take_keys(self._list)

    def hide(self) -> str:
        if self.winfo_ismapped():
            self.place_forget()
            self._on_close()
        return "break"

    def _place(self) -> None:
        """In the middle of the window, and no larger than that; wide enough for its rows where there is room."""
        across, down = self.master.winfo_width(), self.master.winfo_height()
        width = min(self._wanted_pixels(), across)
        self._title.configure(wraplength=width - pixels(self, 24))
        self.update_idletasks()
        self.place(relx=0.5, rely=0.02, anchor="n", width=width, height=min(self.winfo_reqheight(), down - 8))
        self.update_idletasks()
        self.lift()

    def _wanted_pixels(self) -> int:
        """How wide the card would like to be; sets the width of the names."""
        if self._is_table:
            self.update_idletasks()
            return self.winfo_reqwidth()
        least, most, edge = pixels(self, _PIXELS), pixels(self, _MOST_PIXELS), pixels(self, _EDGE_PIXELS)
        measure = self._font().measure
        names, told = (max([0, *map(measure, texts)]) for texts in zip(("", ""), *self._rows, strict=True))
        name = max(pixels(self, 150), min(names + pixels(self, 20), most // 2))
        self._list.column("name", width=name)
        return max(least, min(name + told + edge, most))

    def _font(self) -> tkfont.Font:
        return tkfont.nametofont(str(ttk.Style(self).lookup("Treeview", "font")))

    def _fitting(self, rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """The rows, with as much of what is told of each as there is room for."""
        font = self._font()
        room = self._list.winfo_width() - int(self._list.column("name", "width")) - pixels(self, 8)
        return [(name, shortened(told, font, room)) for name, told in rows]

    def _filter(self) -> None:
        typed = self._typed.get().strip()
        self._list.delete(*self._list.get_children())
        rows = [row for row in self._rows if bare(typed) in bare(row[0])]
        new = self._new(typed) if typed and self._new else None
        if new and all(name.casefold() != new[0].casefold() for name, _ in rows):
            rows += self._fitting([new])
        for row in rows:
            self._list.insert("", "end", values=row, tags=("row",))
        first = self._list.get_children()[:1]
        self._list.selection_set(first)

    def _move(self, step: int) -> str:
        rows = self._list.get_children()
        if rows:
            chosen = self._list.selection()
            at = rows.index(chosen[0]) + step if chosen else 0
            row = rows[max(0, min(at, len(rows) - 1))]
            self._list.selection_set((row,))
            self._list.see(row)
        return "break"

    def _pick(self) -> str:
        chosen = self._list.selection()
        name = str(self._list.set(chosen[0], "name")) if chosen and not self._is_table else ""
        self.hide()
        if name:
            self._on_pick(name)
        return "break"
