"""A card over the messages that asks for one thing: a password, a name, a key, a reason. Esc closes it."""

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from chatroom.common.language import tr
from chatroom.gui import keys_w
from chatroom.gui.style import pixels, take_keys
from chatroom.gui.view_protocol import Question

_WRAP_PIXELS = 380
_UNASKED_MS = 1000  # for seeing a question that came by itself: what is typed until then is meant for the composer


class QuestionCard(ttk.Frame):
    """`show(question, answer)` calls `answer` with what was typed; nothing is called when the card is closed."""

    def __init__(self, parent: tk.Misc, composer: tk.Text) -> None:
        super().__init__(parent, padding=10, relief="solid", borderwidth=1)
        self._composer = composer  # has the keyboard before and after
        self._answer: Callable[[str], None] = lambda text: None
        self._question = Question("", "", "")
        self._typed = tk.StringVar(self)
        self._title = ttk.Label(self, style="Bold.TLabel", wraplength=pixels(self, _WRAP_PIXELS), justify="left")
        self._text = ttk.Label(self, wraplength=pixels(self, _WRAP_PIXELS), justify="left")
        self._label = ttk.Label(self, style="Muted.TLabel")
        self._time = ttk.Combobox(self, state="readonly", width=20)
        self.entry = ttk.Entry(self, textvariable=self._typed, width=36)
        buttons = ttk.Frame(self)
        self._go = ttk.Button(buttons, style="Accent.TButton", command=self._submit)
        self._cancel = ttk.Button(buttons, text=tr("Cancel"), command=self.hide)
        self._other = ttk.Button(buttons, command=self._choose_other)
        self._buttons = buttons
        for button in (self._go, self._cancel):
            button.pack(side="right", padx=(8, 0))
        for key in ("<Return>", "<KP_Enter>"):
            for field in (self.entry, self._time):
                field.bind(key, lambda _: self._enter())
        for widget in (self.entry, self._time, self, self._go, self._cancel, self._other):
            widget.bind("<Escape>", lambda _: self.hide())
        for button in (self._go, self._cancel, self._other):
            button.bind("<KeyPress>", self._type)

    def show(self, question: Question, answer: Callable[[str], None]) -> None:
        before, self._question, self._answer = self._question, question, answer
        self._title.configure(text=question.title)
        self._text.configure(text=question.text)
        self._label.configure(text=question.label)
        self._go.configure(text=question.button or tr("OK"))
        self._time.configure(values=[words for _, words in question.times])
        if question.times:
            self._time.current(0)
        self.entry.configure(show="•" if question.is_secret else "")
        self._go.configure(state="disabled" if question.is_waiting else "normal")
        goes_on = before.is_waiting and (before.label, before.is_secret) == (question.label, question.is_secret)
        if not (goes_on and self.winfo_manager()):  # else somebody may be in the middle of the next answer
            self._typed.set(question.typed)
        self._stack()
        self._other.pack_forget()
        if question.other:
            self._other.configure(text=question.other)
            self._other.pack(side="right")
        self.place(relx=0.5, rely=0.05, anchor="n")
        self.lift()
        if not question.is_unasked:
            self._take_keys()
        elif not self._is_written():
            self.after(_UNASKED_MS, self._offer_keys, question)

    def _take_keys(self) -> None:
        take_keys(self.entry if self._question.label else self._cancel)

    def _offer_keys(self, question: Question) -> None:
        """Takes the keyboard for a question that came by itself, unless somebody has begun to write."""
        is_idle = str(self.tk.call("focus")) in ("", str(self._composer)) and not self._is_written()
        if is_idle and self.winfo_manager() and self._question is question:
            self._take_keys()

    def _is_written(self) -> bool:
        return self._composer.get("1.0", "end-1c") != ""

    def _type(self, event: "tk.Event[tk.Misc]") -> str | None:
        """What is typed while a button has the keyboard is meant for the field, and never for the composer."""
        char = keys_w.typed(event)
        if not char or char == " ":
            return None
        if self._question.label:
            self.entry.insert("insert", char)
            self.entry.focus_set()
        return "break"

    def close(self) -> bool:
        """Closes the card, if there is one."""
        return bool(self.winfo_manager() and self.hide())

    def _stack(self) -> None:
        """Puts what the question needs one below the other."""
        question = self._question
        is_there = (self._text, question.text), (self._time, question.times), (self._label, question.label)
        if self.pack_slaves() and all((widget in self.pack_slaves()) is bool(needed) for widget, needed in is_there):
            return  # a field that has the keyboard would lose it
        for widget in self.pack_slaves():
            widget.pack_forget()
        self._title.pack(anchor="w", pady=(0, 4))
        if question.text:
            self._text.pack(anchor="w", pady=(0, 4))
        if question.times:
            self._time.pack(anchor="w", pady=(0, 8))
        if question.label:
            self._label.pack(anchor="w", pady=(0, 4))
            self.entry.pack(fill="x", pady=(0, 8))
        self._buttons.pack(anchor="e")

    def _enter(self) -> str:
        """Enter in a field: the answer. Where it does harm and nothing was typed, Cancel is what Enter does next."""
        if self._question.is_harmful and not self._typed.get().strip():
            self._cancel.focus_set()
            return "break"
        return self._submit()

    def hide(self) -> str:
        if self.winfo_manager():
            self.place_forget()
            self._typed.set("")
            take_keys(self._composer)
        return "break"

    def _submit(self) -> str:
        typed = self._typed.get()
        if self._question.is_waiting:
            return "break"
        if typed.strip() or self._question.may_be_empty:
            length = self._question.times[self._time.current()][0] if self._question.times else ""
            if self._question.stays:
                self._typed.set("")
            else:
                self.hide()
            self._answer(f"{length} {typed.strip()}".strip())
        return "break"

    def _choose_other(self) -> None:
        self.hide()
        self._question.on_other()
