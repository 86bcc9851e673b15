"""Keys by their place: shortcuts for keyboards with other letters (Cyrillic, Greek), and with Caps Lock on."""

import string
import sys
import tkinter as tk
from collections.abc import Callable

# X11's keycodes of the three rows of letters; on Windows a keycode is the letter itself.
_ROWS = ((24, "qwertyuiop"), (38, "asdfghjkl"), (52, "zxcvbnm"))
_PLACES = {first + index: letter for first, row in _ROWS for index, letter in enumerate(row)}
# What Tk's own bindings do for Latin letters, Caps Lock or not.
MENU_KEYS = ("<Shift-F10>", "<App>" if sys.platform == "win32" else "<Menu>")  # open the menu of what has the keyboard
_EDITS = {"c": "<<Copy>>", "v": "<<Paste>>", "x": "<<Cut>>", "z": "<<Undo>>", "y": "<<Redo>>"}
_SHIFT = 1  # in an event's state
_MODIFIERS = 4 | 8  # Control, Alt


def letter(event: "tk.Event[tk.Misc]") -> str:
    """The Latin letter of a key, or ""."""
    keysym = event.keysym.lower()
    if len(keysym) == 1 and keysym.isascii():
        return keysym
    if sys.platform == "win32":
        return chr(event.keycode).lower() if 65 <= event.keycode <= 90 else ""
    return _PLACES.get(event.keycode, "")


def on_control(event: "tk.Event[tk.Misc]", shortcuts: dict[str, Callable[[], object]]) -> str | None:
    """Does what Ctrl and a key mean, where the keysym is no small Latin letter, for which there are bindings."""
    if event.keysym in string.ascii_lowercase or int(event.state) & _SHIFT:
        return None
    key = letter(event)
    act = shortcuts.get(f"<Control-{key}>")
    if key == "a":
        event.widget.event_generate("<<SelectAll>>")
    elif act:
        act()
    elif key in _EDITS and event.keysym not in string.ascii_uppercase:
        event.widget.event_generate(_EDITS[key])
    else:
        return None
    return "break"


def typed(event: "tk.Event[tk.Misc]") -> str:
    """The character that a key types, or "" for keys that do something."""
    char = event.char
    return char if char and char.isprintable() and not int(event.state) & _MODIFIERS else ""
