"""How the server's log looks: one line an event, on standard error, as text or as JSON, in UTC.

Modules log by `logging`, as usual; here is decided what becomes of it, and `logwriter` writes it. The laws:
- An event is one line, whatever stands in it: what can't be printed is escaped, a traceback is folded into the line.
- A message is no longer than `LOG_LINE_CHARACTERS` characters, a traceback no longer than its last
  `LOG_TRACE_CHARACTERS`: clients choose what stands in some of it.
- The same warning is written once in `LOG_REPEAT_SECONDS` seconds; the next one says how many were left out. Who logs
  may say what is the same, or that a record is never left out, by `extra=alike(…)`.
- What nobody catches is an error like others, in whatever thread; Python by itself would write a page of it.
What was said and passwords are never logged: that is up to those who log, and a test holds it.
"""

import json
import logging
import sys
import threading
import time
from datetime import UTC, datetime
from typing import Any

LOG_LINE_CHARACTERS = 1000  # characters of an event in the log: what a client may put there must not fill the disk
LOG_TRACE_CHARACTERS = 8000  # characters of a traceback in the log, likewise: about 80 lines of it
# seconds until the same warning or refusal is written again: out of descriptors, there would be 100 a second
LOG_REPEAT_SECONDS = 60.0
LOG_KINDS_REMEMBERED = 1000  # kinds of warnings remembered for that

log = logging.getLogger(__name__)


def configure(level: str, as_json: bool, handler: logging.Handler) -> None:
    """Sends everything that is logged from now on to `handler`, one line an event; what nobody catches too."""
    handler.setFormatter(JsonLines() if as_json else TextLines())
    handler.addFilter(Calm())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def _uncaught(kind: type[BaseException], error: Any, trace: Any) -> None:
    if not issubclass(kind, SystemExit):  # by which a thread may end itself
        thread = threading.current_thread().name
        log.error("nobody caught an error in the thread %s", thread, exc_info=(kind, error, trace))


def printable(text: str) -> str:
    """`text` in one line that moves no cursor: control characters, line ends and bidi controls are escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _time(record: logging.LogRecord) -> str:
    """ISO 8601, in UTC, to the millisecond."""
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _message(record: logging.LogRecord) -> str:
    message = printable(record.getMessage())
    left_out = getattr(record, "left_out", 0)
    more = f" (and {left_out} more like it)" if left_out else ""
    return (message if len(message) <= LOG_LINE_CHARACTERS else f"{message[:LOG_LINE_CHARACTERS]}…") + more


class _Lines(logging.Formatter):
    def trace(self, record: logging.LogRecord) -> list[str]:
        """The lines at the end of the traceback, where the error is told, `printable`; [] if there is none."""
        trace = self.formatException(record.exc_info)[-LOG_TRACE_CHARACTERS:] if record.exc_info else ""
        return list(map(printable, trace.splitlines()))


class TextLines(_Lines):
    def format(self, record: logging.LogRecord) -> str:
        trace = self.trace(record)
        folded = f" | {' | '.join(trace)}" if trace else ""
        return f"{_time(record)} {record.levelname} {_message(record)}{folded}"


class JsonLines(_Lines):
    """An object a line: `time`, `level`, `part` (of the program), `message`, and `traceback` where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "part": record.name.removeprefix("chatroom."),
            "message": _message(record),
        }
        trace = self.trace(record)
        if trace:
            line["traceback"] = "\n".join(trace)
        return json.dumps(line, ensure_ascii=False)


def alike(kind: str) -> dict[str, str]:
    """`extra` for a record, of any level, that is the same to `Calm` as all others of a kind; of kind "" all pass."""
    return {"alike": kind}


class Calm(logging.Filter):
    """Lets a warning or an error pass once in `LOG_REPEAT_SECONDS` seconds, and likewise what is marked as `alike`.

    A warning that is not marked is the same if its wording and exception are.
    """

    def __init__(self) -> None:
        super().__init__()
        self._passed: dict[tuple[str, object], tuple[float, int]] = {}  # when it last did, and how many were left out

    def filter(self, record: logging.LogRecord) -> bool:
        """Called under the handler's lock or not, as `logging` likes: a count may be one too low, no more."""
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
