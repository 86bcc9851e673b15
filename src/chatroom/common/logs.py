"""The format of the server's diagnostic log: one line a record, on standard error, as text or as JSON, in UTC.

Modules log by `logging`, as usual. This module formats and filters records, and `server.log_writer` writes them. The
laws:
- A record is one line, whatever is in it: characters that can't be printed are escaped, a traceback is folded.
- A message has at most `LOG_LINE_CHARACTERS` characters, a traceback its last `LOG_TRACE_CHARACTERS`: clients choose
  some of what is in them.
- The same warning is written once in `LOG_REPEAT_SECONDS` seconds; the next one says how many were left out. A caller
  may say which records are the same, or that a record is never left out, by `extra=alike(…)`.
- An exception that nobody catches is logged as an error, in whatever thread; Python would write a page of it.
Messages of clients and passwords are never logged. Callers see to that, and a test checks it.
"""

import json
import logging
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from chatroom.common.clock import stamp

LOG_LINE_CHARACTERS = 1000  # characters of a record: what clients put there must not fill the disk
LOG_TRACE_CHARACTERS = 8000  # characters of a traceback, likewise: about 80 lines of it
LOG_REPEAT_SECONDS = 60.0  # until the same warning is written again: without descriptors there are 100 a second
LOG_KINDS_REMEMBERED = 1000  # kinds of warnings remembered for that

KEPT = {"kept": True}  # `extra` for a record that the log's writer never leaves out

log = logging.getLogger(__name__)


class LineHandler(logging.Handler):
    """A handler that takes lines, too, which are made without a record."""

    def write(self, line: str) -> None:
        """Handles a line, which is given without its line end."""
        raise NotImplementedError


def configure(level: str, as_json: bool, handler: logging.Handler) -> None:
    """Sends all records from now on to `handler`, uncaught exceptions too."""
    handler.setFormatter(JsonLines() if as_json else TextLines())
    handler.addFilter(Calm())
    # What no line shows is not looked up for each of them.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # the place in the source, as the documentation of `logging` says under "Optimization"
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def brief(logger: logging.Logger, message: str, level: int = logging.INFO) -> None:
    """Logs what is logged of every client: as `Logger.log` does, but without a record, which takes most of the time."""
    if not logger.isEnabledFor(level):
        return
    handlers = logging.root.handlers
    if len(handlers) == 1 and isinstance(handler := handlers[0], LineHandler):
        assert isinstance(handler.formatter, _Lines)
        handler.write(handler.formatter.line(time.time(), logging.getLevelName(level), logger.name, _bounded(message)))
    else:
        logger.log(level, "%s", message)


def _uncaught(kind: type[BaseException], error: Any, trace: Any) -> None:
    if not issubclass(kind, SystemExit):  # a thread may end itself by it
        thread = threading.current_thread().name
        log.error("nobody caught an error in the thread %s", thread, exc_info=(kind, error, trace))


def printable(text: str) -> str:
    """`text` in one line, with control characters, line ends and bidi controls escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _message(record: logging.LogRecord) -> str:
    left_out = getattr(record, "left_out", 0)
    more = f" (and {left_out} more like it)" if left_out else ""
    return _bounded(record.getMessage()) + more


def _bounded(message: str) -> str:
    message = printable(message)
    return message if len(message) <= LOG_LINE_CHARACTERS else f"{message[:LOG_LINE_CHARACTERS]}…"


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return self.line(record.created, record.levelname, record.name, _message(record), self.trace(record))

    def line(self, seconds: float, level: str, part: str, message: str, trace: Sequence[str] = ()) -> str:
        """The line, from a time since the epoch, the names of the level and of the module, and what there is to say."""
        raise NotImplementedError

    def trace(self, record: logging.LogRecord) -> list[str]:
        """The last lines of the traceback, where the error is, made `printable`; [] if there is none."""
        trace = self.formatException(record.exc_info)[-LOG_TRACE_CHARACTERS:] if record.exc_info else ""
        return list(map(printable, trace.splitlines()))


class TextLines(_Lines):
    """A line of text a record: time, level, message, and the traceback, with ` | ` between its lines."""

    def line(self, seconds: float, level: str, part: str, message: str, trace: Sequence[str] = ()) -> str:
        folded = f" | {' | '.join(trace)}" if trace else ""
        return f"{stamp(seconds)} {level} {message}{folded}"


class JsonLines(_Lines):
    """A JSON object a record: `time`, `level`, `part` (the module), `message`, and `traceback` if there is one."""

    def line(self, seconds: float, level: str, part: str, message: str, trace: Sequence[str] = ()) -> str:
        shown = {
            "time": stamp(seconds),
            "level": level.lower(),
            "part": part.removeprefix("chatroom."),
            "message": message,
        }
        if trace:
            shown["traceback"] = "\n".join(trace)
        return json.dumps(shown, ensure_ascii=False)


def alike(kind: str) -> dict[str, str]:
    """`extra` for a record that `Calm` takes for the same as others of this kind. Of kind "" all records pass."""
    return {"alike": kind}


class Calm(logging.Filter):
    """Lets the same warning or error pass once in `LOG_REPEAT_SECONDS` seconds, and records of the same `alike` kind.

    Warnings without a kind are the same if their message, before formatting, and their type of exception are.
    """

    def __init__(self) -> None:
        super().__init__()
        # By kind: when a record last passed, in monotonic seconds, and how many were left out since.
        self._passed: dict[tuple[str, object], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record passes. `logging` may call it without a lock: a count may then be one too low."""
        mark: str | None = getattr(record, "alike", None)
        if mark == "" or (mark is None and record.levelno < logging.WARNING):
            return True
        kind = (mark or str(record.msg), record.exc_info[0] if record.exc_info else None)
        now = time.monotonic()
        last, left_out = self._passed.get(kind, (-LOG_REPEAT_SECONDS, 0))
        if now - last < LOG_REPEAT_SECONDS:
            self._passed[kind] = (last, left_out + 1)
            return False
        if len(self._passed) >= LOG_KINDS_REMEMBERED:
            self._passed.clear()
        self._passed[kind] = (now, 0)
        record.left_out = left_out
        return True
