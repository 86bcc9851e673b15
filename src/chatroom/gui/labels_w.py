"""Texts that end in "…" where there is no room for all of them, and panes that show whether they have the keyboard."""

import tkinter as tk
from tkinter import font as tkfont
from tkinter import ttk

from chatroom.gui.emoji import simplified
from chatroom.gui.palette import Palette

_ELLIPSIS = "…"


def shown(text: str) -> str:
    """The text as this Tk can draw it."""
    return text if tk.TkVersion >= 9 else simplified(text)


def shortened(text: str, font: tkfont.Font, pixels: int) -> str:
    """The text, or as much of its beginning as fits into so many pixels, with "…" behind it."""
    if font.measure(text) <= pixels:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if font.measure(text[:middle] + _ELLIPSIS) <= pixels:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + _ELLIPSIS


def wrapped(text: str, font: tkfont.Font, pixels: int) -> list[str]:
    """The text in lines of whole words, none wider than so many pixels, as long as each word fits."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.measure(longer) > pixels:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


class ShortLabel(ttk.Label):
    """A label that is as wide as there is room, and cuts its text to that."""

    def __init__(self, parent: tk.Misc, font: tkfont.Font, style: str) -> None:
        super().__init__(parent, style=style, width=1)
        self._font = font
        self.whole = ""
        self.bind("<Configure>", lambda _: self._fit())

    def show(self, text: str) -> None:
        self.whole = shown(text)
        self._fit()

    def _fit(self) -> None:
        self.configure(text=shortened(self.whole, self._font, self.winfo_width() - 4))


class Pane(tk.Frame):
    """A frame around one widget and its scroll bar, with a ring that shows whether the widget has the keyboard."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, highlightthickness=1, bd=0)
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self._ring = self._edge = ""
        self._bar: ttk.Scrollbar | None = None

    def hold(self, widget: tk.Text | ttk.Treeview, bar: ttk.Scrollbar, hides_bar: bool = False) -> None:
        """Puts the widget and its scroll bar, children of this frame, into it."""
        widget.grid(row=0, column=0, sticky="nsew")
        bar.grid(row=0, column=1, sticky="ns")
        self._bar = bar
        widget.configure(yscrollcommand=self._scrolled if hides_bar else bar.set)
        widget.bind("<FocusIn>", lambda _: self.configure(highlightbackground=self._ring), add=True)
        widget.bind("<FocusOut>", lambda _: self.configure(highlightbackground=self._edge), add=True)

    def _scrolled(self, first: float, last: float) -> None:
        """Shows the bar only where there is something to scroll."""
        assert self._bar
        if float(first) <= 0 and float(last) >= 1:
            self._bar.grid_remove()
        else:
            self._bar.grid()
        self._bar.set(first, last)

    def restyle(self, palette: Palette, edge: str) -> None:
        """`edge` is the colour without the keyboard."""
        self._ring, self._edge = palette.accent, edge
        self.configure(background=palette.surface, highlightbackground=edge, highlightcolor=palette.accent)
