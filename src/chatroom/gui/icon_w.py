"""The picture of the program, for the window's frame and the list of windows: a speech bubble."""

import tkinter as tk

from chatroom.gui.palette import LIGHT

_SIDE_PIXELS = 32
_LINES = ((10, 24), (10, 18))  # of writing in the bubble: from where to where, in pixels


def picture(root: tk.Misc) -> tk.PhotoImage:
    """Draws it; what is not drawn is transparent."""
    image = tk.PhotoImage(master=root, width=_SIDE_PIXELS, height=_SIDE_PIXELS)
    image.put(LIGHT.accent, to=(3, 4, 29, 23))
    for left, top in ((2, 6), (29, 6)):
        image.put(LIGHT.accent, to=(left, top, left + 1, 21))
    for row in range(6):
        image.put(LIGHT.accent, to=(8, 23 + row, 15 - row, 24 + row))
    for number, (left, right) in enumerate(_LINES):
        image.put(LIGHT.accent_text, to=(left - 2, 10 + 5 * number, right, 12 + 5 * number))
    return image
