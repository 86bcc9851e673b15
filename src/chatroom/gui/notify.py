"""A desktop notification, where the desktop has a program for it. Never waits for it."""

import shutil
import subprocess
import sys
import tempfile


def command(title: str, text: str) -> list[str]:
    """The program and its arguments, or nothing where there is none. The text is never read as an option.

    osascript has no sign for the end of its options: it gets nothing but `-`, and `stdin` gives it the text.
    """
    if sys.platform == "darwin" and shutil.which("osascript"):
        return ["osascript", "-"]
    if shutil.which("notify-send"):
        plain = text.replace("&", "&amp;").replace("<", "&lt;")
        return ["notify-send", "--app-name=chatroom", "--", title, plain]
    return []


def stdin(title: str, text: str) -> str:
    """What osascript reads: a script whose texts are quoted. notify-send reads nothing."""
    return f"display notification {_quoted(text)} with title {_quoted(title)}\n"


def _quoted(text: str) -> str:
    """A string of AppleScript. Only what prints is left: a line that ends early could begin a command."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return '"' + printable.replace("\\", "\\\\").replace('"', '\\"') + '"'


def show(title: str, text: str) -> None:
    arguments = command(title, text)
    if arguments:
        try:
            with tempfile.TemporaryFile() as script:  # a pipe could block where the program doesn't read
                script.write(stdin(title, text).encode("utf-8", "replace"))
                script.seek(0)
                subprocess.Popen(arguments, stdin=script, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except OSError:
            pass
