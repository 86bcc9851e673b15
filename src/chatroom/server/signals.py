"""Signals: SIGINT and SIGTERM end the server, SIGHUP makes it read its settings again.

Where standard input is a terminal, SIGHUP means that the terminal is gone, and ends the server like SIGTERM; but not
under nohup(1).

A signal handler in Python may run while the main thread holds any lock, so it must take none. And a signal that comes
just before a wait begins would be missed. So the handlers do nothing: the interpreter writes each signal's number to a
pipe, and the main thread reads it there.
"""

import logging
import os
import signal
from collections.abc import Callable

log = logging.getLogger(__name__)

_ENDING = (signal.SIGINT, signal.SIGTERM)
_OF_TERMINALS = ("SIGTTIN", "SIGTTOU")  # would stop the process; the console reads the terminal only in the foreground


class Signals:
    """Handles the signals from its creation on. Created and waited for in the main thread; `end` is for any thread."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        signal.set_wakeup_fd(self._write)
        hangup = getattr(signal, "SIGHUP", None)
        # Looked up now: later the terminal may be gone. Under nohup the signal is ignored from the start.
        leaves = hangup and os.isatty(0) and signal.getsignal(hangup) is not signal.SIG_IGN
        self._ending = (*_ENDING, hangup) if leaves else _ENDING
        for number in (*_ENDING, *([hangup] if hangup else [])):
            signal.signal(number, lambda number, frame: None)
        for name in _OF_TERMINALS:
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_IGN)

    def end(self) -> None:
        """Has the same effect as SIGTERM."""
        os.write(self._write, bytes([signal.SIGTERM]))

    def wait(self, on_hangup: Callable[[], None]) -> None:
        """Waits for a signal that ends the server; the next one ends the process at once.

        A SIGHUP that doesn't end it calls `on_hangup`; an error in that is logged.
        """
        while (number := os.read(self._read, 1)[0]) not in self._ending:
            if number == getattr(signal, "SIGHUP", None):
                try:
                    on_hangup()
                except Exception:
                    log.exception("what is to be done at SIGHUP went wrong")
        for number in _ENDING:
            signal.signal(number, signal.SIG_DFL)
