"""Writes the log to standard error, in a thread of its own, so that no other thread waits for that.

A terminal that is stopped, or a pipe that nobody reads, takes nothing and gives no error: a thread that writes may wait
for ever. So one thread writes, and the others only queue their lines. The laws:
- Lines keep their order.
- Lines are written in strides: after each, the thread rests for `LOG_STRIDE_SECONDS`, as to wake it costs more than a
  line. A warning or an error ends the rest, so it is written at once, and with it what came before.
- At most `LOG_BACKLOG_BYTES` bytes are queued. In the long run at most `LOG_BYTES_PER_SECOND` are written: clients
  cause most lines, and must not fill the disk. Further lines are left out, and a line in their place says how many.
- What is marked as `logs.KEPT` is never left out. It is what operators of the server do, who do little.
- At exit `logging` waits until all is written, at most `LOG_FLUSH_SECONDS` seconds.

It writes to the descriptor: a stream has a lock, for which the interpreter would wait when it exits.

`LogWriter._lock` guards all but `_missing`.
"""

import logging
import os
import threading
import time

from chatroom.common.logs import LineHandler

LOG_BACKLOG_BYTES = 1024 * 1024  # bytes queued, some 10,000 lines; as many again may be in the middle of being written
LOG_BYTES_PER_SECOND = 16 * 1024  # bytes written in the long run, some 150 lines a second: 1.4 GB a day
LOG_BURST_BYTES = 4 * 1024 * 1024  # bytes besides, that may come at once: 10,000 clients come or go
LOG_PAUSE_BYTES = 256 * 1024  # bytes that may be written when lines were left out and come again: so that gaps are few
LOG_STRIDE_SECONDS = 0.1  # seconds of rest: some 10 wake-ups a second at most, and nobody who reads along notices
LOG_FLUSH_SECONDS = 1.0  # seconds that the exit waits: the program must end within 10, and `STOP_SECONDS` takes 8
LOG_RETRY_SECONDS = 0.05  # seconds until a non-blocking standard error that takes nothing is tried again


class LogWriter(LineHandler):
    """Writes lines to the descriptor `fd`, in `encoding`; what that can't show becomes "?"."""

    def __init__(self, fd: int, encoding: str = "utf-8") -> None:
        super().__init__()
        self._fd = fd
        self._encoding = encoding
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._lines: list[bytes] = []
        self._queued_bytes = 0  # in `_lines`
        self._left_out = 0  # lines, since the writing thread last took the queue
        self._allowed_bytes = float(LOG_BURST_BYTES)  # that may be written now
        self._allowed_at = time.monotonic()  # when that was so
        self._paused = False  # whether lines are left out until `LOG_PAUSE_BYTES` may be written
        self._writing = False
        self._resting = False
        self._is_urgent = False  # whether something waits that must not wait for the end of the rest
        self._flushing = False
        self._closed = False
        self._missing = 0  # lines that were left out, and not counted in a line yet; the writing thread's own
        threading.Thread(target=self._run, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        urgent = record.levelno >= logging.WARNING
        self.write(self.format(record), kept=getattr(record, "kept", False), urgent=urgent)

    def write(self, line: str, *, kept: bool = False, urgent: bool = False) -> None:
        """Queues a line, which is given without its line end; never waits. If `kept`, it is never left out."""
        data = self._encoded(line)
        with self._lock:
            self._is_urgent = self._is_urgent or urgent
            # Once one is left out, all are: one gap, not many with a short line in between.
            is_over = self._is_over_rate(len(data)) or self._queued_bytes + len(data) > LOG_BACKLOG_BYTES
            if not kept and (self._left_out or is_over):
                self._left_out += 1
                self._wake()
                return
            self._allowed_bytes -= len(data)
            self._lines.append(data)
            self._queued_bytes += len(data)
            self._wake()

    def _wake(self) -> None:
        """Wakes the writing thread, unless it is to rest."""
        if not self._resting or self._must_not_rest():
            self._changed.notify_all()

    def _must_not_rest(self) -> bool:
        return self._is_urgent or self._flushing or self._closed or self._queued_bytes > LOG_BACKLOG_BYTES // 2

    def _is_over_rate(self, size: int) -> bool:
        """Whether a line of so many bytes is too much for now."""
        now = time.monotonic()
        more = (now - self._allowed_at) * LOG_BYTES_PER_SECOND
        self._allowed_bytes, self._allowed_at = min(self._allowed_bytes + more, LOG_BURST_BYTES), now
        self._paused = self._allowed_bytes < (LOG_PAUSE_BYTES if self._paused else size)
        return self._paused

    def _may_tell(self) -> bool:
        """Whether it is time to say that lines were left out."""
        return self._flushing or not self._is_over_rate(0)

    def _encoded(self, line: str) -> bytes:
        return f"{line}\n".encode(self._encoding, "replace")

    def flush(self) -> None:
        """Waits until all is written, at most `LOG_FLUSH_SECONDS` seconds."""
        with self._changed:
            self._flushing = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not (self._lines or self._left_out or self._writing), LOG_FLUSH_SECONDS)
            self._flushing = False

    def close(self) -> None:
        """Ends the writing thread once all is written."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        super().close()

    # ---- the writing thread -----------------------------------------------------------------------------------------

    def _run(self) -> None:
        while self._wait():
            with self._changed:
                data, left_out = b"".join(self._lines), self._left_out
                self._lines, self._queued_bytes, self._left_out, self._is_urgent = [], 0, 0, False
            self._tell_missing()
            self._missing += self._put(data) + left_out
            self._tell_missing()

    def _wait(self) -> bool:
        """Waits until there is something to write; False if there will be nothing more."""
        with self._changed:
            if self._writing:
                self._writing = False
                self._changed.notify_all()
                self._resting = True
                self._changed.wait_for(self._must_not_rest, LOG_STRIDE_SECONDS)
                self._resting = False
            # Lines that were left out are told of when others may come again, even if none do.
            while not (self._lines or self._closed or (self._left_out and self._may_tell())):
                pause = (LOG_PAUSE_BYTES - self._allowed_bytes) / LOG_BYTES_PER_SECOND
                self._changed.wait(max(pause, LOG_RETRY_SECONDS) if self._left_out else None)
            self._writing = bool(self._lines or self._left_out)
            return self._writing

    def _tell_missing(self) -> None:
        """Writes how many lines are missing here, if there are any. If that fails, it is tried at the next place."""
        if self._missing:
            text = {"msg": "%d lines of the log could not be written", "args": (self._missing,)}
            record = {"name": __name__, "levelno": logging.WARNING, "levelname": "WARNING", **text}
            if not self._put(self._encoded(self.format(logging.makeLogRecord(record)))):
                self._missing = 0

    def _put(self, data: bytes) -> int:
        """Writes lines, however long that takes; returns how many could not be."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:  # another process that shares the descriptor has made it non-blocking
                time.sleep(LOG_RETRY_SECONDS)
            except OSError:  # the reader is gone, or the disk is full
                return bytes(rest).count(b"\n")
        return 0
