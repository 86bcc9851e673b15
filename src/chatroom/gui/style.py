"""Fonts and ttk styles: `clam` in the palette's colours. Sizes are in points, so that they follow `tk scaling`."""

import tkinter as tk
from tkinter import font as tkfont
from tkinter import ttk

from chatroom.gui.palette import Palette

FONT_POINTS = 10
_USUAL_SCALING = 96 / 72  # pixels a point on a 96 dpi screen, for which the layout's pixels are meant


class Fonts:
    """Named fonts: every widget follows when they are resized. `tiny` is for what should take no room."""

    def __init__(self, root: tk.Misc) -> None:
        family = tkfont.nametofont("TkDefaultFont", root).actual("family")
        self.body = tkfont.Font(root, family=family, size=FONT_POINTS)
        self.bold = tkfont.Font(root, family=family, size=FONT_POINTS, weight="bold")
        self.small = tkfont.Font(root, family=family, size=FONT_POINTS - 2)
        self.large = tkfont.Font(root, family=family, size=FONT_POINTS + 6, weight="bold")
        fixed = tkfont.nametofont("TkFixedFont", root).actual("family")
        self.mono = tkfont.Font(root, family=fixed, size=FONT_POINTS)
        self.tiny = tkfont.Font(root, family=family, size=-1)

    def zoom(self, points: int) -> None:
        for font in (self.body, self.bold, self.mono):
            font.configure(size=max(6, FONT_POINTS + points))
        self.small.configure(size=max(5, FONT_POINTS - 2 + points))
        self.large.configure(size=max(8, FONT_POINTS + 6 + points))


def take_keys(widget: tk.Misc) -> None:
    """Gives a new widget the keyboard at once. Tk would wait until it is drawn, and keys typed before would be lost."""
    widget.update_idletasks()
    widget.focus_set()


def speak(root: tk.Misc, tag: str) -> None:
    """Has Tk's own dialogs speak a language, as far as Tk has been translated."""
    root.tk.eval("package require msgcat")
    root.tk.call("::msgcat::mclocale", tag.replace("-", "_").lower())
    root.tk.eval("namespace eval ::tk {::msgcat::mcload [file join $::tk_library msgs]}")


def pixels(root: tk.Misc, count: int) -> int:
    """How many pixels of this screen are as long as `count` pixels at 96 dpi. Screens near 96 dpi count as 96."""
    factor = round(4 * float(root.tk.call("tk", "scaling")) / _USUAL_SCALING) / 4
    return max(1, round(count * factor))


def apply(root: tk.Misc, palette: Palette, fonts: Fonts) -> None:
    """Makes every ttk widget look like ours."""
    style = ttk.Style(root)
    style.theme_use("clam")
    style.configure(
        ".",
        background=palette.surface,
        foreground=palette.text,
        font=fonts.body,
        bordercolor=palette.border,
        lightcolor=palette.surface,
        darkcolor=palette.surface,
        troughcolor=palette.surface,
        focuscolor=palette.accent,
        selectbackground=palette.selection,
        selectforeground=palette.text,
        insertcolor=palette.text,
    )
    for name, colour, font in (
        ("Muted", palette.muted, fonts.small),
        ("Error", palette.error, fonts.small),
        ("Notice", palette.error, fonts.body),
        ("Small", palette.text, fonts.small),
        ("Bold", palette.text, fonts.bold),
        ("Title", palette.text, fonts.large),
    ):
        style.configure(f"{name}.TLabel", foreground=colour, font=font)
    _buttons(style, palette, fonts, root)
    _fields(style, palette, root)
    _lists(style, palette, fonts, root)


def colour_menu(menu: tk.Menu, palette: Palette, fonts: Fonts) -> None:
    """Gives a menu the colours, which it does not take from ttk."""
    menu.configure(
        background=palette.surface, foreground=palette.text, activebackground=palette.selection,
        activeforeground=palette.text, selectcolor=palette.text, font=fonts.body,
    )  # fmt: skip


def _buttons(style: ttk.Style, palette: Palette, fonts: Fonts, root: tk.Misc) -> None:
    style.configure("TButton", background=palette.surface, bordercolor=palette.border, padding=(12, 6), font=fonts.body)
    style.map("TButton", background=[("active", palette.border)], foreground=[("disabled", palette.muted)])
    accent = {"background": palette.accent, "foreground": palette.accent_text}
    style.configure(
        "Accent.TButton",
        **accent,
        bordercolor=palette.accent,
        lightcolor=palette.accent,
        darkcolor=palette.accent,
        focuscolor=palette.accent_text,
    )
    style.map(
        "Accent.TButton",
        background=[("disabled", palette.border), ("active", palette.accent)],
        foreground=[("disabled", palette.muted), ("active", palette.accent_text)],
    )
    for name in ("Flat.TButton", "TMenubutton"):
        style.configure(
            name,
            background=palette.surface,
            foreground=palette.muted,
            bordercolor=palette.surface,
            padding=(6, 2),
            font=fonts.small,
            arrowcolor=palette.muted,
        )
        style.map(
            name,
            background=[("active", palette.border)],
            foreground=[("active", palette.text)],
            bordercolor=[("focus", palette.accent)],  # a ring while it has the keyboard
            lightcolor=[("focus", palette.accent)],
            darkcolor=[("focus", palette.accent)],
        )
    style.layout(
        "TMenubutton",
        [
            (
                "Menubutton.border",
                {
                    "sticky": "nswe",
                    "children": [("Menubutton.padding", {"sticky": "we", "children": [("Menubutton.label", {})]})],
                },
            )
        ],
    )
    style.configure("TCheckbutton", indicatorbackground=palette.bg, indicatorforeground=palette.text)
    style.map("TCheckbutton", background=[("active", palette.surface)], indicatorbackground=[("active", palette.bg)])
    style.configure(
        "TScrollbar",
        background=palette.border,
        bordercolor=palette.surface,
        troughcolor=palette.surface,
        arrowcolor=palette.text,
        arrowsize=pixels(root, 13),
        gripcount=0,
    )
    style.map("TScrollbar", background=[("active", palette.outline), ("disabled", palette.surface)])


def _fields(style: ttk.Style, palette: Palette, root: tk.Misc) -> None:
    for name in ("TEntry", "TCombobox"):
        style.configure(
            name,
            fieldbackground=palette.bg,
            background=palette.surface,
            foreground=palette.text,
            bordercolor=palette.outline,
            lightcolor=palette.bg,
            darkcolor=palette.bg,
            arrowcolor=palette.text,
            arrowsize=pixels(root, 12),
            padding=4,
        )
        style.map(
            name,
            bordercolor=[("focus", palette.accent)],
            lightcolor=[("focus", palette.accent)],
            fieldbackground=[("disabled", palette.surface), ("readonly", palette.bg)],
            foreground=[("disabled", palette.muted)],
            selectbackground=[("", palette.selection)],
            selectforeground=[("", palette.text)],
        )


def _lists(style: ttk.Style, palette: Palette, fonts: Fonts, root: tk.Misc) -> None:
    style.configure(
        "Treeview",
        background=palette.surface,
        fieldbackground=palette.surface,
        foreground=palette.text,
        bordercolor=palette.surface,
        lightcolor=palette.surface,
        darkcolor=palette.surface,
        borderwidth=0,
        font=fonts.body,
        rowheight=fonts.body.metrics("linespace") + pixels(root, 8),
        indicatorforeground=palette.text,
    )
    style.map("Treeview", background=[("selected", palette.selection)], foreground=[("selected", palette.text)])
    style.layout("Treeview", [("Treeview.treearea", {"sticky": "nswe"})])
    style.layout(
        "Flat.Treeview.Item",
        [("Treeitem.padding", {"sticky": "nswe", "children": [("Treeitem.text", {"sticky": "nswe"})]})],
    )
    style.layout("Flat.Treeview", [("Treeview.treearea", {"sticky": "nswe"})])
