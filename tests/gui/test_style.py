"""What widgets have in common."""

import subprocess
import sys

import pytest

from tests.gui.people import DEADLINE, environment

pytestmark = pytest.mark.needs("Xvfb")

_COMES_UP = """\
import tkinter as tk
from chatroom.gui.style import take_keys

root = tk.Tk()
old, new = tk.Entry(root), tk.Entry(root)
old.pack()
root.update()
root.focus_force()
old.focus_set()
root.update()
old.pack_forget()
new.pack()
take_keys(new)
print(root.focus_get() is new)
"""


def test_what_comes_up_has_the_keyboard_at_once(display: str) -> None:
    """Not when it is seen: whoever types meanwhile would lose letters."""
    command = [sys.executable, "-c", _COMES_UP]
    done = subprocess.run(
        command, env=environment(DISPLAY=display), capture_output=True, text=True, timeout=DEADLINE, check=True
    )
    assert done.stdout == "True\n"
