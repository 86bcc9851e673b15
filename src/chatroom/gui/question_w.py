"""A card over the messages that asks for one thing: a password, a name, a key, a reason. Esc closes it."""

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from chatroom.gui.style import pixels, take_keys
from chatroom.gui.view_protocol import Question

_WRAP_PIXELS = 380


class QuestionCard(ttk.Frame):
    """`show(question, answer)` calls `answer` with what was typed; nothing is called when the card is closed."""

    def __init__(self, parent: tk.Misc, on_close: Callable[[], None]) -> None:
        super().__init__(parent, padding=10, relief="solid", borderwidth=1)
        self._on_close = on_close
        self._answer: Callable[[str], None] = lambda text: None
        self._question = Question("", "", "")
        self._typed = tk.StringVar(self)
        self._title = ttk.Label(self, style="Bold.TLabel")
        self._text = ttk.Label(self, wraplength=pixels(self, _WRAP_PIXELS), justify="left")
        self._label = ttk.Label(self, style="Muted.TLabel")
        self.entry = ttk.Entry(self, textvariable=self._typed, width=36)
        buttons = ttk.Frame(self)
        self._go = ttk.Button(buttons, style="Accent.TButton", command=self._submit)
        self._cancel = ttk.Button(buttons, text="Cancel", command=self.hide)
        self._other = ttk.Button(buttons, command=self._choose_other)
        for label in (self._title, self._text, self._label):
            label.pack(anchor="w", pady=(0, 4))
        self.entry.pack(fill="x", pady=(0, 8))
        buttons.pack(anchor="e")
        for button in (self._go, self._cancel):
            button.pack(side="right", padx=(8, 0))
        for key in ("<Return>", "<KP_Enter>"):
            self.entry.bind(key, lambda _: self._submit())
        for widget in (self.entry, self, self._go, self._cancel, self._other):
            widget.bind("<Escape>", lambda _: self.hide())

    def show(self, question: Question, answer: Callable[[str], None], takes_keys: bool) -> None:
        self._question, self._answer = question, answer
        self._title.configure(text=question.title)
        self._text.configure(text=question.text)
        self._label.configure(text=question.label)
        self._go.configure(text=question.button)
        self.entry.configure(show="•" if question.is_secret else "")
        self._typed.set(question.typed)
        self._other.pack_forget()
        if question.other:
            self._other.configure(text=question.other)
            self._other.pack(side="right")
        self.place(relx=0.5, rely=0.05, anchor="n")
        self.lift()
        if takes_keys:
            take_keys(self.entry)

    def hide(self) -> str:
        if self.winfo_manager():
            self.place_forget()
            self._typed.set("")
            self._on_close()
        return "break"

    def _submit(self) -> str:
        typed = self._typed.get()
        if typed.strip() or self._question.may_be_empty:
            self.hide()
            self._answer(typed.strip())
        return "break"

    def _choose_other(self) -> None:
        self.hide()
        self._question.on_other()
