"""The widget of the message pane: a read-only text that is changed by splices, a scrollbar, and the pill.

Row `i` of the transcript is line `i + 1` of the text, always. The text ends with an empty line in the tiniest font.
"""

import tkinter as tk
from collections.abc import Callable
from functools import partial
from tkinter import ttk

from chatroom.client.transcript_entry import NICK_COLOURS
from chatroom.gui.keys_w import MENU_KEYS
from chatroom.gui.labels_w import Pane, shown
from chatroom.gui.palette import Palette
from chatroom.gui.style import Fonts, pixels
from chatroom.gui.transcript import Splice

_CLICKABLE = ("link", "retry", "delete", "more", "copy", "place", "chip")
_WHEEL_PIXELS = 60
_CLICK_PIXELS = 4  # that the mouse may move in a click
_LINE_CHARACTERS = 100  # across, at most, with the time before them: longer lines are hard to follow


class Messages(ttk.Frame):
    """Calls `on_scrolled(at_top, at_bottom)` after the user scrolled, `on_click(row, tag, text)` after a click."""

    def __init__(
        self,
        parent: tk.Misc,
        fonts: Fonts,
        on_scrolled: Callable[[bool, bool], None],
        on_click: Callable[[int, str, str], None],
        on_latest: Callable[[], None],
        is_following: Callable[[], bool],
        on_menu: Callable[[int, str, int, int], None],
        told_of_chip: Callable[[int, int], str],
        rows_of_message: Callable[[int], tuple[int, int]],
    ) -> None:
        super().__init__(parent)
        self._fonts = fonts
        self._on_scrolled = on_scrolled
        self._on_click = on_click
        self._is_following = is_following
        self._on_menu = on_menu
        self._told_of_chip = told_of_chip
        self._rows_of_message = rows_of_message
        self._pane = Pane(self)
        self.text = tk.Text(
            self._pane, wrap="word", state="disabled", font=fonts.tiny, padx=10, pady=8, bd=0, highlightthickness=0,
            cursor="arrow", takefocus=True, insertwidth=0, width=1, height=1, spacing1=0, spacing3=0,
        )  # fmt: skip
        self._pane.hold(self.text, ttk.Scrollbar(self._pane, command=self._dragged))
        self._pane.grid(row=0, column=0, sticky="nsew")
        self._pressed = (0, 0)  # where the mouse's button was: text is selected if it is let go of elsewhere
        self._pointer = (0, 0)  # where it was over a chip
        self._margin = 0  # on the right, where the window is wide
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self.pill = tk.Button(self, bd=0, highlightthickness=0, padx=16, pady=6, command=on_latest, takefocus=False)
        self.empty = tk.Label(self.text, bd=0)
        self.tip = tk.Label(self.text, bd=0, highlightthickness=1, padx=6, pady=2, justify="left")
        self._bind()

    def _bind(self) -> None:
        text = self.text
        text.bind("<Configure>", lambda _: self._resized())
        text.bind("<MouseWheel>", lambda e: self.scroll(-_WHEEL_PIXELS if e.delta > 0 else _WHEEL_PIXELS))
        text.bind("<Button-4>", lambda _: self.scroll(-_WHEEL_PIXELS))
        text.bind("<Button-5>", lambda _: self.scroll(_WHEEL_PIXELS))
        text.bind("<Up>", lambda _: self._step(-1))
        text.bind("<Down>", lambda _: self._step(1))
        text.bind("<Left>", lambda _: self._step_in_row(-1))
        text.bind("<Right>", lambda _: self._step_in_row(1))
        text.bind("<Return>", lambda _: self._press())
        text.bind("<KP_Enter>", lambda _: self._press())
        for key in MENU_KEYS:
            text.bind(key, lambda _: self._popup_by_key())
        text.bind("<Prior>", lambda _: self.page(-1))
        text.bind("<Next>", lambda _: self.page(1))
        text.bind("<Home>", lambda _: self._jump(0.0))
        text.bind("<End>", lambda _: self._jump(1.0))
        text.bind("<Button-3>", self._popup)
        text.bind("<Button-1>", lambda e: self._press_at(e.x, e.y), add=True)
        text.bind("<<Copy>>", lambda _: self.copy())
        text.bind("<<SelectAll>>", lambda _: self._select_all())
        text.bind("<Tab>", lambda e: _focus(e.widget.tk_focusNext()))
        text.bind("<Control-a>", lambda _: self._select_all())
        for tag in _CLICKABLE:
            # One binding a tag; which link it is the position tells.
            text.tag_bind(tag, "<ButtonRelease-1>", partial(self._clicked, tag))
            text.tag_bind(tag, "<Enter>", lambda _: text.configure(cursor="hand2"))
            text.tag_bind(tag, "<Leave>", lambda _: text.configure(cursor="arrow"))

        text.tag_bind("chip", "<Motion>", lambda e: self._hover(e.x, e.y))
        text.tag_bind("chip", "<Leave>", lambda _: self.tip.place_forget(), add=True)

    # --- looks --------------------------------------------------------------------------------------------------------

    def restyle(self, palette: Palette, timestamps: bool) -> None:
        """Applies the colours of a palette, and the indent for the size of the font."""
        fonts, text = self._fonts, self.text
        text.configure(
            background=palette.bg, foreground=palette.text, selectbackground=palette.selection,
            selectforeground=palette.text, inactiveselectbackground=palette.selection,
        )  # fmt: skip
        self._pane.restyle(palette, palette.border)
        indent = fonts.small.measure("00:00") + pixels(self, 8) if timestamps else pixels(self, 16)
        for tag in ("line", "mention", "found"):
            text.tag_configure(tag, font=fonts.body, lmargin2=indent, tabs=(indent,), spacing1=2, spacing3=2)
        text.tag_configure(
            "code", font=fonts.mono, background=palette.surface, lmargin1=indent, lmargin2=indent,
            tabs=(4 * fonts.mono.measure("0"),), tabstyle="wordprocessor", wrap="char",
        )  # fmt: skip
        text.tag_configure("mono", font=fonts.mono, background=palette.surface)
        text.tag_configure("hit", font=fonts.bold, background=palette.selection)
        text.tag_configure("announced", font=fonts.bold)
        text.tag_configure("gap", font=fonts.body)
        text.tag_configure("mention", background=palette.mention, lmargincolor=palette.mention)
        text.tag_configure("found", background=palette.selection, lmargincolor=palette.selection)
        text.tag_configure(
            "separator", font=fonts.small, foreground=palette.muted, justify="center", spacing1=8, spacing3=6
        )
        text.tag_configure("mark", font=fonts.small, foreground=palette.error)
        text.tag_configure("time", font=fonts.small, foreground=palette.muted)
        text.tag_configure("body", font=fonts.body)
        text.tag_configure("muted", font=fonts.body, foreground=palette.muted)
        text.tag_configure("error", font=fonts.body, foreground=palette.error)
        text.tag_configure("bold", font=fonts.bold)
        text.tag_configure("small", font=fonts.small, foreground=palette.muted)
        for tag in ("retry", "delete"):
            text.tag_configure(tag, font=fonts.body, foreground=palette.error)
        for tag, font in (("link", fonts.body), ("more", fonts.body), ("copy", fonts.small), ("place", fonts.small)):
            text.tag_configure(tag, font=font, foreground=palette.accent, underline=True)
        for number, colour in enumerate(palette.nicks):
            text.tag_configure(f"nick{number}", font=fonts.bold, foreground=colour)
        text.tag_configure("chip", font=fonts.small, background=palette.border, lmargincolor=palette.bg)
        text.tag_configure("mine", background=palette.selection, lmargincolor=palette.bg)
        for tag in (*_CLICKABLE, "mine", "sel"):  # above those of whole lines, in this order
            text.tag_raise(tag)
        self.tip.configure(
            background=palette.surface, foreground=palette.text, font=fonts.small, highlightbackground=palette.outline
        )
        self.pill.configure(
            background=palette.accent, foreground=palette.accent_text, activebackground=palette.accent,
            activeforeground=palette.accent_text, font=fonts.body,
        )  # fmt: skip
        self.empty.configure(background=palette.bg, foreground=palette.muted, font=fonts.body)
        self._margin = -1
        self._resized()

    def _resized(self) -> None:
        """Keeps lines short enough to be read where the window is wide."""
        margin = max(0, self.text.winfo_width() - _LINE_CHARACTERS * self._fonts.body.measure("n"))
        if margin != self._margin:
            self._margin = margin
            for tag in ("line", "mention", "found"):
                self.text.tag_configure(tag, rmargin=margin)
        self.repin()

    def show_pill(self, label: str) -> None:
        if label:
            self.pill.configure(text=label)
            self.pill.place(relx=0.5, rely=1.0, y=-pixels(self, 8), anchor="s")
        else:
            self.pill.place_forget()

    def show_empty(self, label: str) -> None:
        if label:
            self.empty.configure(text=label)
            self.empty.place(relx=0.5, rely=0.5, anchor="center")
        else:
            self.empty.place_forget()

    # --- rows ---------------------------------------------------------------------------------------------------------

    def splice(self, splices: list[Splice], pin: bool) -> None:
        """Changes the rows; the text then shows its end (`pin`), or what it showed before."""
        text = self.text
        top, column, offset = self._top()
        moved = top
        text.configure(state="normal")
        for splice in splices:
            self._apply(splice)
            if splice.start <= moved and (splice.start < moved or splice.deleted == 0):
                moved = max(splice.start, moved + len(splice.rows) - splice.deleted)
        text.configure(state="disabled")
        if self.tip.winfo_manager():
            self._hover(*self._pointer)
        if pin:
            text.yview_moveto(1.0)
        elif moved != top:
            text.yview(f"{moved + 1}.{column}")
            text.yview_scroll(-offset, "pixels")

    def _apply(self, splice: Splice) -> None:
        text, line = self.text, splice.start + 1
        if splice.deleted:
            text.delete(f"{line}.0", f"{line + splice.deleted}.0")
        chunks: list[str | tuple[str, ...]] = []
        for row in splice.rows:
            for piece, tag in row.segments:
                chunks += (shown(piece), (row.tag, *tag.split()))
            chunks += ("\n", (row.tag,))
        if chunks:
            text.insert(f"{line}.0", "", (), *chunks)

    def _top(self) -> tuple[int, int, int]:
        """The row and the column at the top left, and how many pixels below the edge that line begins.

        Not the very first row: it is the day's, and stays first when older messages come in behind it.
        """
        index = self.text.index("@0,0")
        if index == "1.0" and self.text.dlineinfo("2.0"):
            index = "2.0"
        line, _, column = index.partition(".")
        box = self.text.dlineinfo(index)
        return int(line) - 1, int(column), box[1] - int(str(self.text["pady"])) if box else 0

    # --- scrolling ----------------------------------------------------------------------------------------------------

    @property
    def at_bottom(self) -> bool:
        return self.text.dlineinfo("end-1c") is not None

    @property
    def at_top(self) -> bool:
        return float(self.text.yview()[0]) <= 0.0

    def repin(self) -> None:
        """Scrolls back to the end while following, after a change of the size or the font."""
        if self._is_following():
            self.text.yview_moveto(1.0)

    def scroll(self, amount: int) -> str:
        self.text.yview_scroll(amount, "pixels")
        return self._scrolled()

    def page(self, step: int) -> str:
        self.text.yview_scroll(step, "pages")
        return self._scrolled()

    def _jump(self, fraction: float) -> str:
        self.text.yview_moveto(fraction)
        return self._scrolled()

    def to_row(self, row: int) -> None:
        """Scrolls to a row; puts it in the middle if it was out of sight."""
        self.text.see(f"{row + 1}.0")

    def _dragged(self, *how: str) -> None:
        self.text.yview(*how)
        self._scrolled()

    def _scrolled(self) -> str:
        self._on_scrolled(self.at_top, self.at_bottom)
        return "break"

    # --- the mouse ----------------------------------------------------------------------------------------------------

    def _clicked(self, tag: str, event: "tk.Event[tk.Misc]") -> None:
        text = self.text
        index = text.index(f"@{event.x},{event.y}")
        span = text.tag_prevrange(tag, f"{index}+1c")
        is_click = max(abs(event.x - self._pressed[0]), abs(event.y - self._pressed[1])) <= _CLICK_PIXELS
        if span and is_click:
            text.tag_remove("sel", "1.0", "end")  # what a double click selects
            self._on_click(int(index.partition(".")[0]) - 1, self._exactly(tag, index), text.get(*span))

    def _press_at(self, x: int, y: int) -> None:
        self._pressed = (x, y)

    def _exactly(self, tag: str, index: str) -> str:
        """Which of several chips is meant: chip0, chip1, …; any other tag is itself."""
        names = (name for name in self.text.tag_names(index) if name.removeprefix(tag).isdigit())
        return next(names, tag)

    def _hover(self, x: int, y: int) -> None:
        """Shows what the chip at this place stands for, beside it and within the pane; nothing elsewhere."""
        self._pointer = (x, y)
        index = self.text.index(f"@{x},{y}")
        number = self._exactly("chip", index).removeprefix("chip")
        told = self._told_of_chip(int(index.partition(".")[0]) - 1, int(number)) if number else ""
        if not told:
            self.tip.place_forget()
            return
        self.tip.configure(text=shown(told), wraplength=self.text.winfo_width() // 2)
        self.tip.update_idletasks()
        left = min(x, self.text.winfo_width() - self.tip.winfo_reqwidth() - 4)
        below = y + pixels(self, 18)
        fits = below + self.tip.winfo_reqheight() < self.text.winfo_height()
        self.tip.place(x=max(0, left), y=below if fits else max(0, y - self.tip.winfo_reqheight() - 8))

    def _row(self) -> int:
        """The row that is selected, or the last one: where the keyboard is among the messages."""
        text = self.text
        at = text.index("sel.first" if text.tag_ranges("sel") else "end-2c")
        return int(at.partition(".")[0]) - 1

    def _step(self, step: int) -> str:
        """Selects the next row, or the first time the last one."""
        text = self.text
        row = self._row() + (step if text.tag_ranges("sel") else 0)
        row = max(0, min(row, int(text.index("end-2c").partition(".")[0]) - 1))
        text.tag_remove("sel", "1.0", "end")
        text.tag_add("sel", f"{row + 1}.0", f"{row + 1}.end")
        text.see(f"{row + 1}.0")
        self._on_scrolled(self.at_top, self.at_bottom)
        return "break"

    def _spans(self) -> list[tuple[str, str, str]]:
        """What can be clicked in the row where the keyboard is, in its order: the tag, the first index and the last."""
        row, text = self._row() + 1, self.text
        spans = []
        for tag in _CLICKABLE:
            at = f"{row}.0"
            while span := text.tag_nextrange(tag, at, f"{row}.end"):
                spans.append((tag, *span))
                at = span[1]
        return sorted(spans, key=lambda span: int(span[1].partition(".")[2]))

    def _chosen(self) -> int:
        """Which of those is selected; -1 if it is the whole row, or none."""
        selected = tuple(map(str, self.text.tag_ranges("sel")))
        return next((i for i, (_, *span) in enumerate(self._spans()) if tuple(span) == selected), -1)

    def _step_in_row(self, step: int) -> str:
        """Selects the next thing in the row that can be clicked: a row may have several links."""
        spans, text = self._spans(), self.text
        if spans:
            _, first, last = spans[max(0, min(self._chosen() + step, len(spans) - 1))]
            text.tag_remove("sel", "1.0", "end")
            text.tag_add("sel", first, last)
            text.see(first)
        return "break"

    def _press(self) -> str:
        """Does what a click on what is selected would do, or on the first thing in the row; or opens its menu."""
        spans = self._spans()
        if not spans:
            return self._popup_by_key()
        tag, first, last = spans[max(0, self._chosen())]
        self._on_click(self._row(), self._exactly(tag, first), self.text.get(first, last))
        return "break"

    def _popup_by_key(self) -> str:
        text, row = self.text, self._row()
        box = text.bbox(f"{row + 1}.0") or (0, 0, 0, 0)
        links = [text.get(first, last) for tag, first, last in self._spans()[max(0, self._chosen()) :] if tag == "link"]
        self._on_menu(row, "".join(links[:1]), text.winfo_rootx() + box[0], text.winfo_rooty() + box[1])
        return "break"

    def _popup(self, event: "tk.Event[tk.Misc]") -> str:
        """Asks for the menu of the row under the pointer; selects its message, but for a click on what is selected."""
        text = self.text
        index = text.index(f"@{event.x},{event.y}")
        if "sel" not in text.tag_names(index):
            first, last = self._rows_of_message(int(index.partition(".")[0]) - 1)
            text.tag_remove("sel", "1.0", "end")
            text.tag_add("sel", f"{first + 1}.0", f"{last + 1}.end")
        link = text.tag_prevrange("link", f"{index}+1c", f"{index} linestart")
        is_on_link = link and text.compare(link[1], ">", index)
        row = int(index.partition(".")[0]) - 1
        self._on_menu(row, text.get(*link) if is_on_link else "", event.x_root, event.y_root)
        return "break"

    def copy(self, with_names: bool = False) -> str:
        """Copies what is selected, line by line, without the times and names before it."""
        text = self.text
        if not text.tag_ranges("sel"):
            return "break"
        first, last = text.index("sel.first"), text.index("sel.last")
        copied = text.get(first, last) if with_names else "\n".join(self._said(first, last))
        self.copy_text(copied.strip("\n"))
        return "break"

    def copy_text(self, copied: str) -> None:
        self.text.clipboard_clear()
        self.text.clipboard_append(copied)

    def _said(self, first: str, last: str) -> list[str]:
        """What is said in each line of a range."""
        text, lines = self.text, []
        is_many = first.partition(".")[0] != last.partition(".")[0]
        for line in range(int(first.partition(".")[0]), int(last.partition(".")[0]) + 1):
            start, end = f"{line}.0", f"{line}.end"
            for tag in ("time", *(f"nick{number}" for number in range(NICK_COLOURS)), "gap"):
                span = text.tag_nextrange(tag, f"{line}.0", f"{line}.end")
                if span and text.compare(span[1], ">", start):
                    start = span[1]
            tags = set(text.tag_names(start))
            if "copy" in tags or (is_many and tags & {"quote", "chip"}):
                continue  # what stands above a block of code, or around a message
            start = first if text.compare(first, ">", start) else start
            end = last if text.compare(last, "<", end) else end
            lines.append(text.get(start, end) if text.compare(start, "<", end) else "")
        return lines

    def _select_all(self) -> str:
        self.text.tag_add("sel", "1.0", "end-1c")
        return "break"


def _focus(widget: tk.Misc | None) -> str:
    if widget:
        widget.focus_set()
    return "break"
