"""What the operating system has to say to a running server: SIGINT and SIGTERM end it, SIGHUP makes it read its files.

Where standard input is a terminal, SIGHUP says that the terminal has gone, so it ends the server as SIGTERM does; but
not under nohup(1).

A handler in Python may run while the main thread holds any lock, so it must take none; and a signal that comes just
before a wait begins would be slept over. So the handlers do nothing: the interpreter writes each signal's number to a
pipe, and the main thread reads it there.
"""

import logging
import os
import signal
from collections.abc import Callable

log = logging.getLogger(__name__)

_ENDING = (signal.SIGINT, signal.SIGTERM)
_OF_TERMINALS = ("SIGTTIN", "SIGTTOU")  # stop who uses a terminal from the background; the console looks first


class Signals:
    """Made in the main thread; `wait` is called there, `end` by any."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        signal.set_wakeup_fd(self._write)
        hangup = getattr(signal, "SIGHUP", None)
        # Asked now: a terminal that has gone is none any more. Under nohup the signal was ignored, and ends nothing.
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
        """Returns at the first signal to end; the next one ends the process at once.

        A SIGHUP that doesn't end it calls `on_hangup`, which may fail: that is logged.
        """
        while (number := os.read(self._read, 1)[0]) not in self._ending:
            if number == getattr(signal, "SIGHUP", None):
                try:
                    on_hangup()
                except Exception:
                    log.exception("what is to be done at SIGHUP went wrong")
        for number in _ENDING:
            signal.signal(number, signal.SIG_DFL)
