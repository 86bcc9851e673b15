"""The side panes: rooms and conversations on the left, members on the right."""

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from chatroom.common.language import tr
from chatroom.gui import menus
from chatroom.gui.keys_w import MENU_KEYS
from chatroom.gui.labels_w import Pane, shortened, shown
from chatroom.gui.palette import Palette
from chatroom.gui.presenter import Presenter
from chatroom.gui.style import Fonts
from chatroom.gui.view_protocol import MemberRow, RoomRow


def _place(tree: ttk.Treeview) -> tuple[int, int]:
    """Where on the screen the line is that has the keyboard."""
    box = tree.bbox(tree.focus()) if tree.focus() else ""
    x, y = (box[0], box[1]) if box else (0, 0)
    return tree.winfo_rootx() + x, tree.winfo_rooty() + y


class Rooms(ttk.Frame):
    """The rooms under one heading, the conversations under another; one line each."""

    def __init__(
        self, parent: tk.Misc, presenter: Presenter, fonts: Fonts, width: int, show_menu: Callable[[int, int], None]
    ) -> None:
        super().__init__(parent)
        self._presenter = presenter
        self._show_menu = show_menu
        self._width = width
        self._pane = Pane(self)
        self.tree = ttk.Treeview(self._pane, show="tree", selectmode="browse")
        self.tree.column("#0", width=width, stretch=False)
        self.tree.insert("", "end", "rooms", text=tr("Rooms"), open=True)
        self.tree.insert("", "end", "direct", text=tr("Direct"), open=True)
        self._pane.hold(self.tree, ttk.Scrollbar(self._pane, command=self.tree.yview), hides_bar=True)
        self._pane.pack(fill="both", expand=True)
        ttk.Button(self, text=tr("Join a room…"), style="Flat.TButton", command=presenter.rooms.ask_all).pack(
            anchor="w"
        )
        self._fonts = fonts
        self._rows: list[RoomRow] = []
        self._current = ""
        self.tree.bind("<<TreeviewSelect>>", lambda _: self._selected())
        self.tree.bind("<Button-3>", self._popup)
        self.tree.bind("<Control-Button-1>", self._popup)
        for key in MENU_KEYS:
            self.tree.bind(key, lambda _: self._popup_by_key())

    def _popup_by_key(self) -> str:
        self._show_menu(*_place(self.tree))
        return "break"

    def restyle(self, palette: Palette, fonts: Fonts) -> None:
        self._fonts = fonts
        self._pane.restyle(palette, palette.surface)
        self.tree.tag_configure("unread", font=fonts.bold)
        self.tree.tag_configure("alert", font=fonts.bold, foreground=palette.error)
        self.tree.tag_configure("absent", foreground=palette.muted)

    def show(self, rows: list[RoomRow], current: str) -> None:
        ids = [f"#{row.name}" for row in rows]
        for parent in ("rooms", "direct"):
            gone = set(self.tree.get_children(parent)) - set(ids)
            if gone:
                self.tree.delete(*gone)
        for row, item in zip(rows, ids, strict=True):
            dot = ("● " if row.present else "○ ") if row.direct else ""
            font = self._fonts.bold if row.count else self._fonts.body
            room = self._width - font.measure(f"   {row.count}") - 2 * self._fonts.body.measure("m") * 2
            text = f"{shortened(shown(dot + row.name), font, room)}   {row.count}".rstrip()
            tag = "alert" if row.alert else "unread" if row.count else "" if row.present else "absent"
            if self.tree.exists(item):
                self.tree.item(item, text=text, tags=(tag,))
            else:
                self.tree.insert("direct" if row.direct else "rooms", "end", item, text=text, tags=(tag,))
        self._rows, self._current = rows, current
        if self.tree.selection() != (f"#{current}",):
            self.tree.selection_set((f"#{current}",))
            self.tree.focus(f"#{current}")

    def _popup(self, event: "tk.Event[tk.Misc]") -> str:
        """Goes to the room under the pointer, and shows its menu."""
        item = self.tree.identify_row(event.y)
        if item.startswith("#"):
            self._presenter.rooms.select(item[1:])
            self._show_menu(event.x_root, event.y_root)
        return "break"

    def _selected(self) -> None:
        chosen = self.tree.selection()
        if chosen and chosen[0].startswith("#") and chosen[0][1:] != self._current:
            self._presenter.rooms.select(chosen[0][1:])


class Members(ttk.Frame):
    """The members of the room, one line each, in the colour of their messages."""

    def __init__(self, parent: tk.Misc, presenter: Presenter, fonts: Fonts, width: int) -> None:
        super().__init__(parent)
        self._presenter = presenter
        self._width = width
        self._pane = Pane(self)
        self.tree = ttk.Treeview(self._pane, show="tree", selectmode="browse", style="Flat.Treeview")
        self.tree.column("#0", width=width, stretch=False)
        self._pane.hold(self.tree, ttk.Scrollbar(self._pane, command=self.tree.yview), hides_bar=True)
        self._pane.pack(fill="both", expand=True)
        self._fonts = fonts
        self._rows: list[MemberRow] = []
        self._menu = tk.Menu(self, tearoff=False)
        self.tree.bind("<ButtonRelease-1>", lambda e: self._act("msg", self.tree.identify_row(e.y)))
        self.tree.bind("<Return>", lambda _: self._act("msg", self.tree.focus()))
        self.tree.bind("<Up>", lambda _: self._move(-1))
        self.tree.bind("<Down>", lambda _: self._move(1))
        self.tree.bind("<FocusIn>", lambda _: self._move(0), add=True)  # or Tk's arrow keys would do nothing
        for key in MENU_KEYS:
            self.tree.bind(key, lambda _: self._popup_by_key())
        self.tree.bind("<Button-3>", self._popup)
        self.tree.bind("<Control-Button-1>", self._popup)

    def restyle(self, palette: Palette, fonts: Fonts) -> None:
        self._fonts = fonts
        self._pane.restyle(palette, palette.surface)
        for number, colour in enumerate(palette.nicks):
            self.tree.tag_configure(f"nick{number}", foreground=colour)
        self.tree.tag_configure("away", foreground=palette.muted)
        self.tree.tag_configure("heading", foreground=palette.muted, font=fonts.small)
        self._menu.configure(
            background=palette.surface, foreground=palette.text, activebackground=palette.selection,
            activeforeground=palette.text, bd=1,
        )  # fmt: skip

    def show(self, rows: list[MemberRow]) -> None:
        """Changes only the lines that differ: a big room changes often, by one member."""
        old, tree = self._rows, self.tree
        same = 0
        while same < min(len(old), len(rows)) and old[same] == rows[same]:
            same += 1
        tail = 0
        while tail < min(len(old), len(rows)) - same and old[-1 - tail] == rows[-1 - tail]:
            tail += 1
        items, chosen = tree.get_children(), self._nick(tree.focus())
        tree.delete(*items[same : len(items) - tail])
        for index, row in enumerate(rows[same : len(rows) - tail], same):
            tag = "heading" if not row.nick else "away" if row.away else f"nick{row.colour}"
            text = shortened(row.text, self._fonts.body, self._width - self._fonts.body.measure("m"))
            tree.insert("", index, text=text, tags=(tag,))
        self._rows = rows
        if chosen and not tree.focus():
            self._choose(chosen)

    def _choose(self, nick: str) -> None:
        """Selects the line of a member, as the keyboard does, if it is there."""
        for item, row in zip(self.tree.get_children(), self._rows, strict=True):
            if row.nick == nick:
                self.tree.focus(item)
                self.tree.selection_set((item,))
                self.tree.see(item)

    def _move(self, step: int) -> str:
        """Selects the next member, not a heading; the first one if none is selected."""
        nicks, chosen = [row.nick for row in self._rows if row.nick], self._nick(self.tree.focus())
        if nicks:
            at = nicks.index(chosen) + step if chosen else 0
            self._choose(nicks[max(0, min(at, len(nicks) - 1))])
        return "break"

    def _nick(self, item: str) -> str:
        return self._rows[self.tree.index(item)].nick if item else ""

    def _act(self, action: str, item: str) -> None:
        if nick := self._nick(item):
            self._presenter.questions.act_on_member(nick, action)

    def _popup(self, event: "tk.Event[tk.Misc]") -> None:
        nick = self._nick(self.tree.identify_row(event.y))
        if not nick:
            return
        self.fill_menu(nick)
        self._menu.tk_popup(event.x_root, event.y_root)

    def _popup_by_key(self) -> str:
        if nick := self._nick(self.tree.focus() or next(iter(self.tree.selection()), "")):
            self.fill_menu(nick)
            self._menu.tk_popup(*_place(self.tree))
        return "break"

    def fill_menu(self, nick: str) -> None:
        """Makes the menu for a member."""
        menu = self._menu
        menu.delete(0, "end")
        state = self._presenter.state
        for told in menus.about_member(state, nick) if state else ():
            menu.add_command(label=told, state="disabled")
        for action in menus.member_actions(state, nick) if state else ():
            if action:
                menu.add_command(label=tr(menus.MEMBER_ACTIONS[action], nick=nick), command=self._doing(nick, action))
            else:
                menu.add_separator()

    def _doing(self, nick: str, action: str) -> Callable[[], None]:
        return lambda: self._presenter.questions.act_on_member(nick, action)
