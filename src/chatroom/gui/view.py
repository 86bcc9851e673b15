"""The window: widgets, where they stand, and which key calls what. It decides nothing; the presenter does.

Only this file and its siblings `…_w.py` and `style.py` import tkinter, and only `app.run` imports them.
"""

import tkinter as tk
from collections.abc import Callable
from functools import partial
from tkinter import filedialog, messagebox, ttk

from chatroom.client.settings import Settings
from chatroom.common.language import own, tr
from chatroom.gui import keys_w, notify, palette, style, view_models
from chatroom.gui.composer_w import Composer
from chatroom.gui.connect_panel_w import ConnectPanel
from chatroom.gui.edit_menu_w import EditMenu
from chatroom.gui.icon_w import picture
from chatroom.gui.labels_w import ShortLabel, shortened
from chatroom.gui.links import LinkOpener
from chatroom.gui.menu_w import MainMenu
from chatroom.gui.messages_w import Messages
from chatroom.gui.picker_w import Picker
from chatroom.gui.presenter import Presenter
from chatroom.gui.question_w import QuestionCard
from chatroom.gui.search_w import SearchBar
from chatroom.gui.sidebar_w import Members, Rooms
from chatroom.gui.sides_w import SidePanes
from chatroom.gui.transcript import Splice
from chatroom.gui.view_protocol import Banner, Header, MemberRow, NewRow, Note, Panel, Question, RoomRow, Status

_SIZE_PIXELS = (960, 600)
_LEAST_PIXELS = (360, 240)
_COMPACT_LINES = 22  # of text in the height of the window; below, the composer has one line


class TkView:
    """Implements `view_protocol.View`. `presenter` is set before the window is used."""

    presenter: Presenter

    def __init__(self, root: tk.Tk) -> None:
        self.root = root
        self.fonts = style.Fonts(root)
        self.colours = palette.LIGHT
        self._theme = ""
        self._links = LinkOpener()
        self._is_sized = False
        root.title("chatroom")
        self._icon = picture(root)
        root.iconphoto(True, self._icon)
        root.geometry("x".join(str(style.pixels(root, side)) for side in _SIZE_PIXELS))
        root.minsize(*_LEAST_PIXELS)

    def build(self, presenter: Presenter) -> None:
        """Makes the widgets."""
        self.presenter = presenter
        style.speak(self.root, own().tag)
        self.panel = ConnectPanel(self.root, presenter)
        self.chat = ttk.Frame(self.root)
        self.chat.columnconfigure(1, weight=1)
        self.chat.rowconfigure(0, weight=1)
        px = style.pixels
        self.rooms = Rooms(self.chat, presenter, self.fonts, px(self.root, 170), self._room_menu)
        self.members = Members(self.chat, presenter, self.fonts, px(self.root, 130))
        self._build_centre()
        self._build_status()
        self.picker = Picker(self.chat, self.focus_composer)
        self.question = QuestionCard(self.chat, self.composer.text)
        self.rooms.grid(row=0, column=0, sticky="ns", padx=(8, 0), pady=8)
        self.centre.grid(row=0, column=1, sticky="nsew", padx=8, pady=(8, 0))
        self.members.grid(row=0, column=2, sticky="ns", pady=8)
        self._sides = SidePanes(self.root, self.rooms, self.members)
        self.root.bind("<Configure>", self._resized)
        self.root.protocol("WM_DELETE_WINDOW", presenter.close)
        self._bind_keys()

    def translate(self) -> None:
        """Makes all widgets anew, in the language that is spoken now. They have to be told again what to show."""
        offered, asked = self.panel.offered, self._sides.asked
        for sequence in ("<Escape>", "<ButtonRelease-1>", "<Unmap>"):
            self.root.unbind_all(sequence)
        for widget in self.root.winfo_children():
            widget.destroy()
        self.build(self.presenter)
        self.panel.offer(offered)
        self._sides.asked = asked
        self._arrange()

    def _build_centre(self) -> None:
        self.centre = ttk.Frame(self.chat)
        self.centre.columnconfigure(0, weight=1)
        self.centre.rowconfigure(3, weight=1)
        head = ttk.Frame(self.centre)
        head.grid(row=0, column=0, sticky="ew", pady=(0, 6))
        head.columnconfigure(2, weight=1)
        self._name = ttk.Label(head, style="Bold.TLabel")
        self._people = ttk.Label(head, style="Quiet.TLabel")
        self._topic = ShortLabel(head, self.fonts.body, "Quiet.TLabel")
        self._menu_button = ttk.Menubutton(head, text=tr("Menu ▾"), takefocus=True)
        self._name.grid(row=0, column=0, padx=(2, 12))
        self._people.grid(row=0, column=1, padx=(0, 12))
        self._topic.grid(row=0, column=2, sticky="ew")
        self._menu_button.grid(row=0, column=3)
        self.search = SearchBar(self.centre, self.presenter.search)
        self.banner = tk.Frame(self.centre, padx=10, pady=4)
        self._banner_text = tk.Label(self.banner, bd=0, anchor="w", justify="left")
        self._banner_button = ttk.Button(self.banner, command=self.presenter.retry_now)
        self._banner_text.grid(row=0, column=0, sticky="ew")
        self.banner.columnconfigure(0, weight=1)
        self._banner_text.bind("<Configure>", lambda e: self._banner_text.configure(wraplength=e.width))
        pane = self.presenter.pane
        self.messages = Messages(
            self.centre, self.fonts, pane.scrolled, pane.clicked, pane.jump_to_latest, lambda: pane.following,
            self._message_menu, pane.told_of_chip, pane.rows_of_message,
        )  # fmt: skip
        self.messages.grid(row=3, column=0, sticky="nsew")
        self.composer = Composer(self.centre, self.fonts, self.presenter)
        self.composer.grid(row=4, column=0, sticky="ew", pady=(8, 4))
        self._menu = MainMenu(self._menu_button, self.presenter, self.show_keys)
        self._menu_button.configure(menu=self._menu)
        self._edit_menu = EditMenu(self.centre, self.composer.text)
        self._popup_menu = tk.Menu(self.centre, tearoff=False, bd=1)
        self._reaction_menu = tk.Menu(self._popup_menu, tearoff=False, bd=1)

    def _room_menu(self, x: int, y: int) -> None:
        self._menu.fill_room(self._popup_menu)
        self._popup_menu.tk_popup(x, y)

    def _message_menu(self, row: int, link: str, x: int, y: int) -> None:
        menu, pane = self._popup_menu, self.presenter.pane
        menu.delete(0, "end")
        menu.add_command(label=tr("Copy"), command=self.messages.copy)
        menu.add_command(label=tr("Copy with times and names"), command=partial(self.messages.copy, True))
        if link:
            menu.add_command(label=tr("Copy the link"), command=partial(self.messages.copy_text, link))
        for action, label in pane.actions(row):
            menu.add_command(label=label, command=partial(pane.act, row, action))
        if reactions := pane.reactions(row):
            self._reaction_menu.delete(0, "end")
            for action, label in reactions:
                self._reaction_menu.add_command(label=label, command=partial(pane.act, row, action))
            menu.add_cascade(label=tr("React"), menu=self._reaction_menu)
        menu.tk_popup(x, y)

    def _build_status(self) -> None:
        bar = ttk.Frame(self.chat)
        bar.grid(row=1, column=0, columnspan=3, sticky="ew", padx=12, pady=(0, 6))
        bar.columnconfigure(1, weight=1)
        self._dot_label = ttk.Label(bar, text="●")
        self._status = ShortLabel(bar, self.fonts.small, "Small.TLabel")
        self._security = ttk.Label(bar, style="Small.TLabel")
        self._dot_label.grid(row=0, column=0, padx=(0, 4))
        self._status.grid(row=0, column=1, sticky="ew")
        self._security.grid(row=0, column=2)

    def _bind_keys(self) -> None:
        presenter = self.presenter
        keys: dict[str, Callable[[], object]] = {
            "<F1>": self.show_keys,
            "<F3>": lambda: presenter.search.step(-1),
            "<Shift-F3>": lambda: presenter.search.step(1),
            "<F6>": self._next_pane,
            "<F9>": self._sides.toggle,
            "<F10>": lambda: self._menu_button.event_generate("<<Invoke>>"),
            "<Control-f>": presenter.search.open,
            "<Control-k>": presenter.rooms.offer_open,
            "<Control-j>": presenter.rooms.ask_all,
            "<Control-Prior>": lambda: presenter.rooms.step(-1),
            "<Control-Next>": lambda: presenter.rooms.step(1),
            "<Alt-Up>": lambda: presenter.rooms.step(-1),
            "<Alt-Down>": lambda: presenter.rooms.step(1),
            "<Control-End>": presenter.pane.jump_to_latest,
            "<Control-plus>": lambda: presenter.prefer(zoom=presenter.settings.zoom + 1),
            "<Control-equal>": lambda: presenter.prefer(zoom=presenter.settings.zoom + 1),
            "<Control-KP_Add>": lambda: presenter.prefer(zoom=presenter.settings.zoom + 1),
            "<Control-minus>": lambda: presenter.prefer(zoom=presenter.settings.zoom - 1),
            "<Control-KP_Subtract>": lambda: presenter.prefer(zoom=presenter.settings.zoom - 1),
            "<Control-Key-0>": lambda: presenter.prefer(zoom=0),
            "<Escape>": self._escape,
            **{f"<Alt-Key-{n}>": partial(presenter.rooms.nth, n) for n in range(1, 10)},
        }
        self._shortcuts = keys
        # On the text widgets too, before Tk's own bindings for text get the key.
        for widget in (self.root, self.composer.text, self.messages.text):
            for key, act in keys.items():
                widget.bind(key, partial(self._key, act))
        for widget in (self.root, self.composer.text, self.messages.text):
            widget.bind("<Control-KeyPress>", self._on_control)
        self.root.bind("<KeyPress>", self._on_key)
        self.root.bind_all("<ButtonRelease-1>", self._on_click, add=True)
        self.root.bind_all("<Unmap>", self._on_hidden, add=True)
        # In Tcl, since Tk's own dialogs have buttons that Python doesn't know.
        self.root.tk.eval("bind TButton <Return> {event generate %W <<Invoke>>; break}")
        self.root.tk.eval("bind TButton <KP_Enter> {event generate %W <<Invoke>>; break}")
        for kind in ("TEntry", "TCombobox"):  # on X11 Ctrl+A is Emacs's there too
            self.root.tk.eval(f"bind {kind} <Control-a> {{%W selection range 0 end; break}}")
        self.composer.text.bind("<Prior>", lambda _: self.messages.page(-1))
        self.composer.text.bind("<Next>", lambda _: self.messages.page(1))

    def _on_control(self, event: "tk.Event[tk.Misc]") -> str | None:
        return keys_w.on_control(event, self._shortcuts if self.chat.winfo_ismapped() else {})

    def _on_key(self, event: "tk.Event[tk.Misc]") -> None:
        """Typing anywhere in the chat goes to the composer."""
        widget, char = event.widget, keys_w.typed(event)
        is_button = isinstance(widget, (ttk.Button, ttk.Menubutton)) and char == " "
        if char and not is_button and self.chat.winfo_ismapped() and not self._takes_text(widget):
            self.composer.text.insert("insert", char)
            self.focus_composer()

    def _takes_text(self, widget: object) -> bool:
        return isinstance(widget, ttk.Entry) or widget in (self.composer.text, self.picker)

    def _on_click(self, event: "tk.Event[tk.Misc]") -> None:
        """A click on a room, a message or a button leaves the keyboard with the composer."""
        if isinstance(event.widget, (ttk.Treeview, ttk.Button, ttk.Scrollbar, ttk.Label, ttk.Frame, tk.Text)):
            self.root.after_idle(self._give_back_keys)

    def _escape(self) -> None:
        if not self.question.close():
            self.presenter.escape()

    def _on_hidden(self, event: "tk.Event[tk.Misc]") -> None:
        """A widget that can't be seen any more does not keep the keyboard."""
        self.root.after_idle(self._give_back_keys, True)

    def _give_back_keys(self, only_hidden: bool = False) -> None:
        """Gives the composer the keyboard, unless a field or a card has it that can be seen."""
        if not self.chat.winfo_ismapped():
            return
        try:
            focus = self.root.focus_get()
        except KeyError:  # one of Tk's own, such as a menu
            return
        if focus is None or focus is self.composer.text:
            return
        in_card = any(card.winfo_ismapped() and str(focus).startswith(str(card)) for card in self._cards)
        if not focus.winfo_ismapped() or not (only_hidden or in_card):
            self.focus_composer()

    @property
    def _cards(self) -> tuple[ttk.Frame, ...]:
        return (self.picker, self.question, self.search)

    def _key(self, act: Callable[[], object], _event: "tk.Event[tk.Misc]") -> str:
        if self.chat.winfo_ismapped():
            act()
        return "break"

    # --- view_protocol.View -------------------------------------------------------------------------------------------

    def show_panel(self, panel: Panel) -> None:
        if not self.panel.winfo_manager():
            self.chat.pack_forget()
            self.panel.pack(fill="both", expand=True)
            self.panel.fill(panel)
            self.root.title("chatroom")
        self.panel.show(panel)

    def show_chat(self) -> None:
        self.panel.pack_forget()
        self.chat.pack(fill="both", expand=True)
        self.focus_composer()

    def show_rooms(self, rooms: list[RoomRow], current: str) -> None:
        self.rooms.show(rooms, current)

    def show_members(self, members: list[MemberRow]) -> None:
        self.members.show(members)

    def show_header(self, header: Header) -> None:
        self._name.configure(text=shortened(header.name, self.fonts.bold, self.centre.winfo_width() // 2))
        self._people.configure(text=header.people)
        self._topic.show(header.topic)

    def show_banner(self, banner: Banner | None) -> None:
        if banner is None:
            self.banner.grid_remove()
            return
        colour = getattr(self.colours, banner.role)
        self._banner_text.configure(text=banner.text, foreground=colour)
        if banner.button:
            self._banner_button.configure(text=banner.button)
            self._banner_button.grid(row=0, column=1, padx=(8, 0))
        else:
            self._banner_button.grid_remove()
        self.banner.grid(row=1, column=0, sticky="ew", pady=(0, 6))

    def show_status(self, status: Status) -> None:
        self._dot_label.configure(foreground=getattr(self.colours, status.role))
        self._status.show(status.text)
        self._security.configure(text=status.security, foreground=getattr(self.colours, status.security_role))

    def show_title(self, title: str) -> None:
        self.root.title(title)

    def show_pill(self, text: str) -> None:
        self.messages.show_pill(text)

    def show_empty(self, text: str) -> None:
        self.messages.show_empty(text)

    def show_note(self, note: Note) -> None:
        self.composer.show_note(note)

    def show_picker(
        self, title: str, rows: list[tuple[str, str]], new: NewRow | None, pick: Callable[[str], None]
    ) -> None:
        self.picker.show(title, rows, new, pick)

    def ask(self, question: Question, answer: Callable[[str], None]) -> None:
        self.picker.hide()
        self.question.show(question, answer)

    def end_question(self) -> None:
        self.question.close()

    def show_search(self, visible: bool, result: str = "", can_go_back: bool = False) -> None:
        if visible:
            self.search.grid(row=2, column=0, sticky="ew", pady=(0, 6))
            self.search.show(result, can_go_back)
        else:
            self.search.grid_remove()
            self.focus_composer()

    def show_settings(self, settings: Settings) -> None:
        self._menu.show(settings)
        if self._theme != settings.theme:
            self._theme = settings.theme
            self.colours = palette.choose(settings.theme)
        if settings.size and not self._is_sized:
            screen = (self.root.winfo_screenwidth(), self.root.winfo_screenheight())
            sides = zip(settings.size.split("x"), screen, strict=True)
            self.root.geometry("x".join(str(min(int(side), most)) for side, most in sides))
        self._is_sized = True
        self.fonts.zoom(settings.zoom)
        self._restyle(settings)

    def splice(self, splices: list[Splice], pin: bool) -> None:
        self.messages.splice(splices, pin)

    def scroll_to_end(self) -> None:
        self.messages.repin()

    def scroll_to_row(self, row: int) -> None:
        self.messages.to_row(row)

    def composer_text(self) -> str:
        return self.composer.get()

    def set_composer(self, text: str) -> None:
        self.composer.set(text)

    def confirm(self, question: str, verb: str) -> bool:
        return messagebox.askokcancel(verb, question, parent=self.root, icon="warning", default="cancel")

    def choose_file(self, suggested: str) -> str:
        return filedialog.asksaveasfilename(parent=self.root, initialfile=suggested, defaultextension=".txt")

    def alert(self, title: str, text: str) -> None:
        self.root.bell()
        notify.show(title, text)

    def open_link(self, url: str) -> None:
        self._links.open(url)

    def copy_messages(self) -> None:
        self.messages.copy()

    def copy_text(self, text: str) -> None:
        self.messages.copy_text(text)

    def take_unopened(self) -> list[str]:
        return self._links.take_unopened()

    def size(self) -> str:
        return f"{self.root.winfo_width()}x{self.root.winfo_height()}"

    def close(self) -> None:
        self.root.quit()

    # --- the window itself --------------------------------------------------------------------------------------------

    def show_keys(self) -> None:
        self.picker.show_table(tr("Keys"), [(keys, tr(what)) for keys, what in view_models.KEYS])

    def has_focus(self) -> bool:
        """Whether the keyboard is somewhere in this window."""
        return bool(str(self.root.tk.call("focus", "-displayof", self.root)))

    def focus_composer(self) -> None:
        style.take_keys(self.composer.text)

    def _restyle(self, settings: Settings) -> None:
        colours = self.colours
        style.apply(self.root, colours, self.fonts)
        ttk.Style(self.root).configure("Quiet.TLabel", foreground=colours.muted)
        self.root.configure(background=colours.surface)
        for option, value in (
            ("*TCombobox*Listbox.background", colours.bg),
            ("*TCombobox*Listbox.foreground", colours.text),
            ("*TCombobox*Listbox.selectBackground", colours.selection),
            ("*TCombobox*Listbox.selectForeground", colours.text),
        ):
            self.root.option_add(option, value)
        self._menu.restyle(colours, self.fonts)
        style.colour_menu(self._popup_menu, colours, self.fonts)
        style.colour_menu(self._edit_menu, colours, self.fonts)
        self.banner.configure(background=colours.mention)
        self._banner_text.configure(background=colours.mention, font=self.fonts.body)
        self.messages.restyle(colours, settings.timestamps)
        self.composer.restyle(colours)
        self.picker.restyle(colours)
        self.rooms.restyle(colours, self.fonts)
        self.members.restyle(colours, self.fonts)

    def _resized(self, event: "tk.Event[tk.Misc]") -> None:
        if event.widget is self.root:
            self._arrange()

    def _arrange(self) -> None:
        """Fits what is shown to the size of the window."""
        self._sides.arrange()
        self.composer.compact(self.root.winfo_height() < _COMPACT_LINES * self.fonts.body.metrics("linespace"))

    def _next_pane(self) -> None:
        panes = [self.composer.text, self.rooms.tree, self.messages.text, self.members.tree]
        shown: list[tk.Misc] = [pane for pane in panes if pane.winfo_ismapped()]
        focus = self.root.focus_get()
        at = shown.index(focus) if focus in shown else -1
        shown[(at + 1) % len(shown)].focus_set()
