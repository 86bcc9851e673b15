"""The panes beside the conversation: which are shown, by the width of the window and by F9."""

import tkinter as tk
from tkinter import ttk

from chatroom.gui.style import pixels

_MEMBERS_FROM_PIXELS, _ROOMS_FROM_PIXELS = 720, 560  # of the window's width, for the pane to be shown


class SidePanes:
    """Rooms and members, each in a grid. Those are shown that there is room for.

    F9 asks for others, until the window gets so much wider or narrower that other ones have room.
    """

    def __init__(self, root: tk.Misc, rooms: ttk.Frame, members: ttk.Frame) -> None:
        self._root = root
        self._panes = (rooms, members)
        self.asked: tuple[bool, bool] | None = None  # for which F9 has asked
        self._fitted: tuple[bool, bool] | None = None  # which had room at the last look

    def arrange(self) -> None:
        fitting = (self._fits(_ROOMS_FROM_PIXELS), self._fits(_MEMBERS_FROM_PIXELS))
        if self._fitted not in (None, fitting):
            self.asked = None
        self._fitted = fitting
        for pane, is_shown in zip(self._panes, self.asked or fitting, strict=True):
            if is_shown != bool(pane.winfo_manager()):
                (pane.grid if is_shown else pane.grid_remove)()

    def toggle(self) -> None:
        """Shows both panes, or none. In a narrow window one after the other: both would leave no room to write."""
        narrow = not self._fits(_ROOMS_FROM_PIXELS)
        steps = [(True, False), (False, True), (False, False)] if narrow else [(True, True), (False, False)]
        rooms, members = (bool(pane.winfo_manager()) for pane in self._panes)
        at = steps.index((rooms, members)) if (rooms, members) in steps else -1
        self.asked = steps[(at + 1) % len(steps)]
        self.arrange()

    def _fits(self, least: int) -> bool:
        return self._root.winfo_width() >= pixels(self._root, least)
