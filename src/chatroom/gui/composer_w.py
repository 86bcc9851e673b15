"""The composer: a text field of three lines, a hint, and the Send button."""

import tkinter as tk
from tkinter import ttk

from chatroom.common.language import mark, tr
from chatroom.gui.labels_w import ShortLabel, shortened, shown
from chatroom.gui.palette import Palette
from chatroom.gui.presenter import Presenter
from chatroom.gui.style import Fonts, pixels
from chatroom.gui.view_protocol import Note

HINT = mark("Enter sends · Shift+Enter new line")
_LINES = 3
_NOTE_PIXELS = 220  # while the window has no size yet
_LEAST_PIXELS = 200  # of the field, on any screen: where it would be narrower, it has no button beside it


class Composer(ttk.Frame):
    """Gives the presenter what is written; shows what it completes and the messages it brings back."""

    def __init__(self, parent: tk.Misc, fonts: Fonts, presenter: Presenter) -> None:
        super().__init__(parent)
        self._presenter = presenter
        self._fonts = fonts
        self.text = tk.Text(
            self, height=_LINES, width=1, wrap="word", undo=True, maxundo=200, bd=0, padx=8, pady=6,
            highlightthickness=1, font=fonts.body,
        )  # fmt: skip
        self.hint = ttk.Label(self, text=tr(HINT), style="Muted.TLabel")
        self.above = ttk.Frame(self)  # what is being edited or answered
        self._about = ShortLabel(self.above, fonts.small, "Muted.TLabel")
        end = ttk.Button(self.above, text=tr("Cancel"), style="Flat.TButton", command=presenter.stop_editing)
        end.pack(side="right")
        self._about.pack(side="left", fill="x", expand=True, padx=2)
        self._note = Note()
        self._is_compact = False
        self.send_button = ttk.Button(self, text=tr("Send"), style="Accent.TButton", width=12, command=self.submit)
        self.columnconfigure(1, weight=1)
        self.compact(False)
        self.bind("<Configure>", lambda _: self.compact(self._is_compact))
        self._bind_keys()

    def _bind_keys(self) -> None:
        text = self.text
        for key in ("<Return>", "<KP_Enter>"):
            text.bind(key, lambda _: self.submit())
        for key in ("<Shift-Return>", "<Shift-KP_Enter>"):
            text.bind(key, lambda _: self._insert("\n"))
        text.bind("<Tab>", lambda _: self._complete())
        text.bind("<Shift-Tab>", lambda _: None)
        text.bind("<Up>", lambda _: self._history(older=True, edge=True))
        text.bind("<Down>", lambda _: self._history(older=False, edge=True))
        text.bind("<Control-Up>", lambda _: self._history(older=True, edge=False))
        text.bind("<Control-Down>", lambda _: self._history(older=False, edge=False))
        # On X11 Tk's text takes these for Emacs: Ctrl+A would go to the start of the line.
        text.bind("<Control-a>", lambda _: self._select_all())
        text.bind("<Control-y>", lambda _: self._redo())
        text.bind("<<SelectAll>>", lambda _: self._select_all())
        text.bind("<<Redo>>", lambda _: self._redo())
        text.bind("<<Paste>>", lambda _: self._paste())
        text.bind("<<Copy>>", lambda _: self._copy())
        text.bind("<KeyRelease>", lambda _: self._typed())
        for key in ("<Control-t>", "<Control-o>", "<Control-d>"):
            text.bind(key, lambda _: "break")

    def compact(self, compact: bool) -> None:
        """Shows one line with Send beside it and no hint, for a low window; or all of it."""
        self._is_compact = compact
        self.text.configure(height=1 if compact else _LINES)
        self.text.grid(row=1, column=0, columnspan=2 if compact else 3, sticky="ew")
        beside = self.winfo_width() - self.send_button.winfo_reqwidth()
        if compact and self.winfo_width() > 1 and beside < _LEAST_PIXELS:
            self.send_button.grid_remove()
        elif compact:
            self.send_button.grid(row=1, column=2, padx=(6, 0), pady=0, sticky="ns")
        else:
            self.send_button.grid(row=2, column=2, pady=(6, 0), padx=0, sticky="e")
        self.show_note(self._note)

    def show_note(self, note: Note) -> None:
        """Shows a note above the text if it can be ended, else in place of the hint; in a low window, the hint goes."""
        self._note = note
        below = "" if note.can_end else note.text
        width = self.winfo_width()
        room = width - self.send_button.winfo_reqwidth() - pixels(self, 12) if width > 1 else _NOTE_PIXELS
        self.hint.configure(text=shortened(shown(below or tr(HINT)), self._fonts.small, room))
        if below or not self._is_compact:
            self.hint.grid(row=2, column=0, sticky="w", padx=2)
        else:
            self.hint.grid_remove()
        self._about.show(note.text if note.can_end else "")
        if note.can_end:
            self.above.grid(row=0, column=0, columnspan=3, sticky="ew", pady=(0, 2))
        else:
            self.above.grid_remove()

    def restyle(self, palette: Palette) -> None:
        self.text.configure(
            background=palette.bg, foreground=palette.text, insertbackground=palette.text,
            selectbackground=palette.selection, selectforeground=palette.text,
            inactiveselectbackground=palette.selection,
            highlightbackground=palette.outline, highlightcolor=palette.accent,
        )  # fmt: skip

    def get(self) -> str:
        return self.text.get("1.0", "end-1c")

    def set(self, text: str) -> None:
        self.text.delete("1.0", "end")
        self.text.insert("1.0", text)
        self.text.edit_modified(False)  # not by typing
        self.text.edit_reset()  # what stood here may be another room's, or a password: undoing does not bring it back
        self.text.mark_set("insert", "end-1c")
        self.text.see("insert")

    def submit(self) -> str:
        self._presenter.send(self.get())
        self.text.focus_set()
        return "break"

    def _typed(self) -> None:
        """Tells the presenter what is written, if a key has changed it."""
        if self.text.edit_modified():
            self.text.edit_modified(False)
            self._presenter.typed(self.get())

    def _insert(self, text: str) -> str:
        self.text.insert("insert", text)
        self.text.see("insert")
        return "break"

    def _complete(self) -> str | None:
        before = self.text.get("1.0", "insert")
        completed = self._presenter.complete(before)
        if completed is None:
            return self._next_field() if not before or before[-1].isspace() else "break"
        self.text.delete("1.0", "insert")
        self.text.insert("1.0", completed)
        return "break"

    def _next_field(self) -> str:
        following = self.text.tk_focusNext()
        if following:
            following.focus_set()
        return "break"

    def _history(self, older: bool, edge: bool) -> str | None:
        """Brings back a message that was sent. `edge`: only if the cursor can't move further in the text itself."""
        line = int(self.text.index("insert").partition(".")[0])
        last = int(self.text.index("end-1c").partition(".")[0])
        if edge and line != (1 if older else last):
            return None
        text = self._presenter.sent.older(self.get()) if older else self._presenter.sent.newer(self.get())
        if text is not None:
            self.set(text)
        return "break"

    def _select_all(self) -> str:
        self.text.tag_add("sel", "1.0", "end-1c")
        return "break"

    def _paste(self) -> str:
        """Pastes in the place of what is selected, which Tk keeps on X11."""
        try:
            pasted = self.text.clipboard_get()
        except tk.TclError:
            return "break"  # there is nothing to paste
        if self.text.tag_ranges("sel"):
            self.text.delete("sel.first", "sel.last")
        return self._insert(pasted)

    def _copy(self) -> str | None:
        """Copies what is selected here; else what is selected among the messages."""
        if self.text.tag_ranges("sel"):
            return None
        self._presenter.view.copy_messages()
        return "break"

    def _redo(self) -> str:
        try:
            self.text.edit_redo()
        except tk.TclError:
            pass  # nothing to do again
        return "break"
