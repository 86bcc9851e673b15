"""Writes what is for standard error, so that nobody has to wait for it.

A terminal that is stopped, or a pipe that nobody reads, takes nothing and gives no error: whoever writes waits, for
ever maybe. So one thread writes, and the others leave their lines with it. The laws:
- Lines keep their order.
- Of what can't be written `LOG_BACKLOG_BYTES` bytes are held; the rest is left out, and a line in its place says how
  much.
- The end of the program waits `LOG_FLUSH_SECONDS` seconds at most until all is written. `logging` sees to that at exit.

It writes to the descriptor: a stream has a lock, for which the interpreter would wait when it ends.

`LogWriter._changed` guards what is held and how far it is.
"""

import logging
import os
import threading
import time

# bytes of the log that wait while standard error takes nothing, some 10,000 lines; as many again may be in the
# middle of being written
LOG_BACKLOG_BYTES = 1024 * 1024
# seconds that the end waits for them: the program is to end within 10, of which `DRAIN_SECONDS` takes 5
LOG_FLUSH_SECONDS = 1.0
# seconds until a standard error that takes nothing, and doesn't make one wait, is tried again
LOG_RETRY_SECONDS = 0.05


class LogWriter(logging.Handler):
    """Writes lines to the descriptor `fd`, in `encoding`; what that can't show becomes "?"."""

    def __init__(self, fd: int, encoding: str = "utf-8") -> None:
        super().__init__()
        self._fd = fd
        self._encoding = encoding
        self._changed = threading.Condition()
        self._lines: list[bytes] = []
        self._held = 0  # bytes in `_lines`
        self._left_out = 0  # lines, since the writing thread last took what is held
        self._writing = False
        self._closed = False
        self._missing = 0  # lines that nobody was told of yet; the writing thread's own
        threading.Thread(target=self._run, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        self.write(self.format(record))

    def write(self, line: str) -> None:
        """Leaves a line to be written, without its line end; waits for nothing."""
        data = self._encoded(line)
        with self._changed:
            if (
                self._left_out or self._held + len(data) > LOG_BACKLOG_BYTES
            ):  # one gap, not many with a short line in between
                self._left_out += 1
                return
            self._lines.append(data)
            self._held += len(data)
            self._changed.notify_all()

    def _encoded(self, line: str) -> bytes:
        return f"{line}\n".encode(self._encoding, "replace")

    def flush(self) -> None:
        """Waits until all is written, but no longer than `LOG_FLUSH_SECONDS` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: not self._lines and not self._writing, LOG_FLUSH_SECONDS)

    def close(self) -> None:
        """Ends the writing, once all is written."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        super().close()

    # ---- the writing thread -----------------------------------------------------------------------------------------

    def _run(self) -> None:
        while self._wait():
            with self._changed:
                data, left_out = b"".join(self._lines), self._left_out
                self._lines, self._held, self._left_out = [], 0, 0
            self._tell_missing()
            self._missing += self._put(data) + left_out
            self._tell_missing()

    def _wait(self) -> bool:
        """Waits until there is something to write; False if there will be nothing any more."""
        with self._changed:
            self._writing = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._lines or self._closed)
            self._writing = bool(self._lines)
            return self._writing

    def _tell_missing(self) -> None:
        """Writes how many lines are missing at this place, if there are any; if it can't, the next one says it."""
        if self._missing:
            told = {"msg": "%d lines of the log could not be written", "args": (self._missing,)}
            record = {"name": __name__, "levelno": logging.WARNING, "levelname": "WARNING", **told}
            if not self._put(self._encoded(self.format(logging.makeLogRecord(record)))):
                self._missing = 0

    def _put(self, data: bytes) -> int:
        """Writes lines, however long that takes; returns how many could not be."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:  # somebody who shares the descriptor has made it so
                time.sleep(LOG_RETRY_SECONDS)
            except OSError:  # the reader has gone, or the disk is full
                return bytes(rest).count(b"\n")
        return 0
