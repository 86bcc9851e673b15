"""Standard input, output and error, set up so that no terminal, locale or closed pipe crashes a command.

The laws:
- A character that the locale's encoding lacks is written as "?".
- Bytes that are not in the locale's encoding are read as surrogates. Callers refuse such a line (`readable`).
- A write that fails (a full disk, a reader that is gone) raises `Unwritable` once. Further output is dropped, so that
  nothing fails a second time when the interpreter exits, which would make the exit code 120.
- A stream that is closed is opened on /dev/null. Else the next file or socket would get its number.
"""

import errno
import io
import os
import re
import select
import sys
from typing import Any

from chatroom.common.language import tr

_NAMES = ("stdin", "stdout", "stderr")  # by descriptor
_SURROGATE = re.compile("[\ud800-\udfff]")


class Unwritable(Exception):  # noqa: N818 (it is nobody's error)
    """Standard output can't be written. `gone` is true if that is because nobody reads it any more."""

    def __init__(self, error: OSError) -> None:
        super().__init__(tr("Nothing can be written to standard output: {reason}.", reason=error.strerror))
        self.gone = error.errno == errno.EPIPE


def prepare() -> None:
    """Sets up the three streams of this process; a stream that a caller has replaced stays."""
    for number, name in enumerate(_NAMES):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one
        stream = getattr(sys, name)
        if stream is not getattr(sys, f"__{name}__"):
            continue
        if stream is None:
            stream = open(number, "w" if number else "r", encoding="utf-8", closefd=False)  # noqa: SIM115
        if number == 0:
            stream.reconfigure(errors="surrogateescape")
        elif sys.platform == "win32":  # its console can't be written as bytes
            stream.reconfigure(errors="replace")
        else:
            stream = _output(number, stream)
        setattr(sys, name, stream)


def show(text: str) -> None:
    """Writes a text and a line end to standard output. Raises `Unwritable`."""
    sys.stdout.write(f"{text}\n")  # click.echo would write UTF-8 where the locale is ASCII
    sys.stdout.flush()


def decoded(line: bytes) -> str:
    """Decodes a line from standard input by the locale."""
    return line.decode(sys.stdin.encoding, "surrogateescape")


def readable(text: str) -> bool:
    """Whether all bytes of a line were in the locale's encoding."""
    return not _SURROGATE.search(text)


def refusal() -> str:
    """The error message for a line that is not `readable`."""
    return tr(
        "Not in {encoding}, which is what this locale reads; set LC_ALL to the right one.",
        encoding=sys.stdin.encoding.upper(),
    )


def _output(number: int, old: io.TextIOWrapper) -> io.TextIOWrapper:
    """A stream with the settings of `old` that obeys these laws."""
    old.flush()
    # Without a buffer: a thread that writes to a stopped terminal would hold the buffer's lock for ever.
    sink: Any = _Sink(number, "w", closefd=False)
    return io.TextIOWrapper(
        sink, old.encoding, "replace", line_buffering=old.line_buffering, write_through=old.write_through
    )


class _Sink(io.FileIO):
    """A descriptor to which all is written, until a write fails; from then on all is dropped."""

    _failed = False

    def write(self, data: Any) -> int:
        rest = memoryview(data).cast("B")
        size = len(rest)
        while rest and not self._failed:
            try:
                written = super().write(rest)
            except OSError as error:
                self._failed = True
                if self.fileno() == 1:  # for standard error there is no place to report it
                    raise Unwritable(error) from None
            else:
                if written is None:  # another process that shares the descriptor has made it non-blocking
                    select.select([], [self], [])
                rest = rest[written or 0 :]
        return size
