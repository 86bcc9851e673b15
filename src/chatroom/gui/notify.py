"""A desktop notification, where the desktop has a program for it. Never waits for it."""

import shutil
import subprocess
import sys


def command(title: str, text: str) -> list[str]:
    """The program and its arguments, or nothing where there is none. The text is never read as an option."""
    if sys.platform == "darwin" and shutil.which("osascript"):
        script = "on run {a, b}\ndisplay notification b with title a\nend run"
        return ["osascript", "-e", script, title, text]
    if shutil.which("notify-send"):
        plain = text.replace("&", "&amp;").replace("<", "&lt;")
        return ["notify-send", "--app-name=chatroom", "--", title, plain]
    return []


def show(title: str, text: str) -> None:
    arguments = command(title, text)
    if arguments:
        try:
            subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except OSError:
            pass
