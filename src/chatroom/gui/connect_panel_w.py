"""The connect panel: asks for a name and a server. It fills the window; each error stands under its field."""

import tkinter as tk
from functools import partial
from tkinter import ttk

from chatroom.client.found_server import ALIKE, FoundServer, are_alike
from chatroom.client.settings import Server
from chatroom.common.language import languages, own, tr
from chatroom.common.text import number, shortened
from chatroom.gui.presenter import Presenter
from chatroom.gui.style import pixels, take_keys
from chatroom.gui.view_protocol import Panel

_FIELDS = ("name", "server", "port", "password")
_WRAP_PIXELS = 360
_OFFERED_MAX = 5  # servers of the network: with more, the panel would not fit into a small window
_NAME_BYTES_MAX = 40


class ConnectPanel(ttk.Frame):
    """`show` may be called often; it leaves alone what is being typed."""

    def __init__(self, parent: tk.Misc, presenter: Presenter) -> None:
        super().__init__(parent)
        self._presenter = presenter
        self._recent: tuple[Server, ...] = ()
        self._name_typed, self._server_typed = tk.StringVar(self), tk.StringVar(self)
        self._port_typed, self._password_typed = tk.StringVar(self), tk.StringVar(self)
        self._server_password_typed = tk.StringVar(self)
        self._tls_typed = tk.BooleanVar(self)
        self._box = ttk.Frame(self, padding=12)
        self._box.place(relx=0.5, rely=0.5, anchor="center")
        self._errors: dict[str, ttk.Label] = {}
        self._labels: dict[str, ttk.Label] = {}
        self._busy = False
        self.offered: tuple[FoundServer, ...] = ()
        self._needed: set[str] = set()  # passwords that a server has asked for
        self._build()
        self._asked_server = True

    def _build(self) -> None:
        box, wrap = self._box, pixels(self, _WRAP_PIXELS)
        self._title = ttk.Label(box, text="chatroom", style="Title.TLabel")
        self._title.grid(row=0, column=0, columnspan=2, sticky="w")
        self._build_languages()
        self._where = ttk.Label(box, style="Muted.TLabel", wraplength=wrap)
        self._where.grid(row=1, column=0, columnspan=2, sticky="w", pady=(0, 8))
        self.name = self._field(2, tr("Your name"), ttk.Entry(box, textvariable=self._name_typed, width=30), "name")
        self._host = ttk.Combobox(box, textvariable=self._server_typed, width=28)
        self._host.bind("<<ComboboxSelected>>", lambda _: self._pick_recent())
        self._field(4, tr("Server"), self._host, "server")
        self._found = ttk.Frame(box)
        self._found.grid(row=17, column=0, columnspan=2, sticky="ew", pady=(12, 0))
        self._field(6, tr("Port"), ttk.Entry(box, textvariable=self._port_typed, width=8), "port", sticky="w")
        self._tls_box = ttk.Checkbutton(box, text=tr("Encrypted (TLS)"), variable=self._tls_typed)
        self._tls_box.grid(row=8, column=1, sticky="w", pady=2)
        self._secret = secret = ttk.Entry(box, textvariable=self._password_typed, width=30, show="•")
        self._field(9, tr("Password of your name"), secret, "password")
        self._server_secret = ttk.Entry(box, textvariable=self._server_password_typed, width=30, show="•")
        self._field(11, tr("Password of the server"), self._server_secret, "server_password")
        self._question = ttk.Label(box, wraplength=wrap)
        self._progress = ttk.Label(box, style="Muted.TLabel", wraplength=wrap)
        self._notice = ttk.Label(box, style="Notice.TLabel", wraplength=wrap)  # stands in the place of `_where`
        for row, label in ((1, self._notice), (14, self._question), (15, self._progress)):
            label.grid(row=row, column=0, columnspan=2, sticky="w", pady=(6, 0))
        self._errors["notice"] = self._notice
        buttons = ttk.Frame(box)
        buttons.grid(row=16, column=0, columnspan=2, sticky="e", pady=(10, 0))
        self._cancel = ttk.Button(buttons, text=tr("Cancel"), command=self._presenter.cancel)
        self._other = ttk.Button(buttons, text=tr("Other server…"), command=self._ask_server)
        self._once = ttk.Button(buttons, text=tr("Only this once"), command=lambda: self._presenter.trust(True))
        self._trust = ttk.Button(
            buttons, text=tr("Trust it"), style="Accent.TButton", command=lambda: self._presenter.trust(False)
        )
        self._go = ttk.Button(buttons, text=tr("Connect"), style="Accent.TButton", command=self._connect)
        self._fields = [w for w in box.winfo_children() if isinstance(w, (ttk.Entry, ttk.Checkbutton))]
        for widget in self._fields:
            widget.bind("<Return>", lambda _: self._connect())
            widget.bind("<KP_Enter>", lambda _: self._connect())
        self.bind_all("<Escape>", lambda _: self._escape(), add=True)
        for frame in (self, box):
            frame.bind("<Configure>", lambda _: self.after_idle(self._fit))

    def _fit(self) -> None:
        """Where the window is too low for all of it, the title gives way, and the languages beside it."""
        height = self._box.winfo_reqheight()
        head = [self._title, *([self._languages] if len(languages()) > 1 else [])]
        tall = 0 if self._title.winfo_manager() else max(each.winfo_reqheight() for each in head)
        for widget in head:
            (widget.grid if height + tall <= self.winfo_height() else widget.grid_remove)()

    def _build_languages(self) -> None:
        """The languages to choose from, each by its own name."""
        names = languages()
        chosen = self._languages = ttk.Combobox(self._box, state="readonly", width=10, values=list(names.values()))
        chosen.set(own().name())

        def choose() -> None:
            self._presenter.choose_language(list(names)[chosen.current()], *self.typed())

        # When idle, since it makes this panel anew.
        chosen.bind("<<ComboboxSelected>>", lambda _: self.after_idle(choose))
        if len(names) > 1:
            chosen.grid(row=0, column=1, sticky="e")

    def _field(self, row: int, label: str, widget: ttk.Entry, name: str, sticky: str = "ew") -> ttk.Entry:
        self._labels[name] = ttk.Label(self._box, text=label)
        self._labels[name].grid(row=row, column=0, sticky="w", padx=(0, 12))
        widget.grid(row=row, column=1, sticky=sticky, pady=2)
        error = ttk.Label(self._box, style="Error.TLabel", wraplength=pixels(self, 280))
        error.grid(row=row + 1, column=1, sticky="w")
        self._errors[name] = error
        return widget

    def fill(self, panel: Panel) -> None:
        """Fills in what is known, when the panel appears."""
        server = panel.server
        self._name_typed.set(server.nick)
        self._server_typed.set(server.host)
        self._port_typed.set(str(server.port))
        self._tls_typed.set(server.tls)
        self._password_typed.set(panel.password)
        self._server_password_typed.set(panel.server_password)
        self._recent = panel.recent
        self._host.configure(values=[old.place for old in panel.recent])
        take_keys(self.name)
        self.name.selection_range(0, "end")

    def show(self, panel: Panel) -> None:
        """Shows errors, progress, and the question about a certificate."""
        for name, label in self._errors.items():
            text = panel.errors.get(name, "")
            label.configure(text=text)
            (label.grid if text else label.grid_remove)()
        (self._where.grid_remove if "notice" in panel.errors else self._where.grid)()
        self._question.configure(text=panel.question)
        self._progress.configure(text=panel.connecting)
        for label in (self._question, self._progress):
            (label.grid if label["text"] else label.grid_remove)()
        was_busy, self._busy = self._busy, bool(panel.connecting or panel.question)
        busy = self._busy
        for field in self._fields:
            field.state(["disabled" if busy else "!disabled"])
        self._show_server(panel.ask_server or any(name in panel.errors for name in ("server", "port")))
        self._needed.update(name for name in self._secrets() if name in panel.errors)
        self._show_secrets()
        self._show_buttons(panel, busy)
        if was_busy and not busy:
            self._focus_error(panel)
        self._where.configure(
            text=tr("Talk in rooms.")
            if panel.ask_server
            else tr("You are about to join {server}.", server=panel.server.place)
        )

    def offer(self, servers: tuple[FoundServer, ...]) -> None:
        """Shows servers that were found in the network, each as a button that fills in where it is."""
        self.offered = servers
        for widget in self._found.winfo_children():
            widget.destroy()
        if not servers:
            return
        wrap = pixels(self, _WRAP_PIXELS)
        ttk.Label(self._found, text=tr("Found in this network:"), style="Muted.TLabel").pack(anchor="w")
        for server in servers[:_OFFERED_MAX]:
            about = f"\n{shortened(server.about, _NAME_BYTES_MAX)}" if server.about else ""
            text = f"{shortened(server.name, _NAME_BYTES_MAX)}  {server.host}:{server.port}{about}"
            ttk.Button(self._found, text=text, command=partial(self._take, server)).pack(fill="x", pady=2)
        if are_alike(servers):
            ttk.Label(self._found, text=tr(ALIKE), style="Muted.TLabel", wraplength=wrap).pack(anchor="w")

    def _take(self, server: FoundServer) -> None:
        if not self._busy:
            self._server_typed.set(server.host)
            self._port_typed.set(str(server.port))
            self._tls_typed.set(server.tls)
            self.name.focus_set()

    def _secrets(self) -> dict[str, ttk.Entry]:
        return {"password": self._secret, "server_password": self._server_secret}

    def _show_secrets(self) -> None:
        """Shows a password's field once it is needed, and then for as long as the panel is there."""
        for name, field in self._secrets().items():
            shown = name in self._needed or bool(field.get())
            for widget in (field, self._labels[name]):
                (widget.grid if shown else widget.grid_remove)()

    def _focus_error(self, panel: Panel) -> None:
        """Gives the keyboard to the field that has an error, or to the name; to the button where no field is wrong."""
        if "notice" in panel.errors:
            self._go.focus_set()
            return
        by_name = {"server": self._host, **self._secrets()}
        field = next((by_name[name] for name in panel.errors if name in by_name), self.name)
        field.focus_set()
        field.selection_range(0, "end")

    def _show_server(self, ask: bool) -> None:
        self._asked_server = ask
        for widget in self._box.grid_slaves():
            row = int(widget.grid_info()["row"]) if widget.grid_info() else 0
            if 4 <= row <= 8 and not isinstance(widget, ttk.Label) and not ask:
                widget.grid_remove()
        if ask:
            for field in self._fields:
                field.grid()
        for name in ("server", "port"):
            label = self._labels[name]
            (label.grid if ask else label.grid_remove)()

    def _show_buttons(self, panel: Panel, busy: bool) -> None:
        for button in (self._cancel, self._other, self._once, self._trust, self._go):
            button.pack_forget()
        if panel.question:
            shown = [self._trust, self._once, self._cancel]
        elif busy:
            shown = [self._cancel]
        else:
            shown = [self._go] if self._asked_server else [self._go, self._other]
        for button in shown:
            button.pack(side="right", padx=(8, 0))
        if busy:
            shown[-1].focus_set()

    def _ask_server(self) -> None:
        self._show_server(True)
        self._show_secrets()
        self._other.pack_forget()
        self._host.focus_set()

    def _pick_recent(self) -> None:
        chosen = self._recent[self._host.current()]
        self._server_typed.set(chosen.host)
        self._port_typed.set(str(chosen.port))
        self._tls_typed.set(chosen.tls)
        if not self._name_typed.get():
            self._name_typed.set(chosen.nick)

    def _connect(self) -> None:
        if self._go.winfo_ismapped():
            self._presenter.connect(*self.typed())

    def typed(self) -> tuple[Server, str, str]:
        """What stands in the fields: the server, the name's password and the server's."""
        port = self._port_typed.get().strip()
        server = Server(
            self._server_typed.get().strip(),
            number(port, 65_536) or 0,  # no port is as high as that, which the client says
            self._tls_typed.get(),
            self._name_typed.get().strip(),
        )
        return server, self._password_typed.get(), self._server_password_typed.get()

    def _escape(self) -> None:
        if self.winfo_ismapped() and self._cancel.winfo_ismapped():
            self._presenter.cancel()
