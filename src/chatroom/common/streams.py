"""Standard input, output and error, made so that no terminal, locale or reader can bring a command down.

The laws:
- What the locale's encoding can't show becomes "?".
- What the locale's encoding can't read is kept as surrogates. `readable` tells, and whoever reads refuses it.
- Output that takes nothing (a full disk, a reader that has gone) raises `Unwritable` once. What comes after is dropped,
  so that nothing fails a second time when the interpreter ends, which would make the exit code 120.
- A stream that is closed is opened on nothing. Else the next file or socket would get its number.
"""

import errno
import io
import os
import re
import select
import sys
from typing import Any

_NAMES = ("stdin", "stdout", "stderr")  # by descriptor
_SURROGATE = re.compile("[\ud800-\udfff]")


class Unwritable(Exception):  # noqa: N818 (it is no mistake of anybody)
    """Standard output takes nothing any more. `gone` tells whether that is because nobody reads it any more."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"Nothing can be written to standard output: {error.strerror}.")
        self.gone = error.errno == errno.EPIPE


def prepare() -> None:
    """Sets up the three streams of this process; what somebody has put in their place stays."""
    for number, name in enumerate(_NAMES):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free, which is this one
        stream = getattr(sys, name)
        if stream is not getattr(sys, f"__{name}__"):
            continue
        if stream is None:
            stream = open(number, "w" if number else "r", encoding="utf-8", closefd=False)  # noqa: SIM115
        if number == 0:
            stream.reconfigure(errors="surrogateescape")
        elif sys.platform == "win32":  # whose console is no file to write bytes to
            stream.reconfigure(errors="replace")
        else:
            stream = _output(number, stream)
        setattr(sys, name, stream)


def show(text: str) -> None:
    """Writes text and a line end to standard output. Raises `Unwritable`."""
    sys.stdout.write(f"{text}\n")  # click's own way is to write UTF-8 where the locale is ASCII
    sys.stdout.flush()


def decoded(line: bytes) -> str:
    """A line from standard input, by the locale."""
    return line.decode(sys.stdin.encoding, "surrogateescape")


def readable(text: str) -> bool:
    """Whether all of what was typed could be read in the locale's encoding."""
    return not _SURROGATE.search(text)


def refusal() -> str:
    """What to say of a line that is not `readable`."""
    return f"Not in {sys.stdin.encoding.upper()}, which is what this locale reads; set LC_ALL to the right one."


def _output(number: int, old: io.TextIOWrapper) -> io.TextIOWrapper:
    """A stream that writes as `old` does, by these laws."""
    old.flush()
    # Without a buffer in between, whose lock a thread that writes to a stopped terminal would hold for ever.
    sink: Any = _Sink(number, "w", closefd=False)
    return io.TextIOWrapper(
        sink, old.encoding, "replace", line_buffering=old.line_buffering, write_through=old.write_through
    )


class _Sink(io.FileIO):
    """A descriptor to which all is written, until that fails; from then on all is dropped."""

    _gone = False

    def write(self, data: Any) -> int:
        rest = memoryview(data).cast("B")
        size = len(rest)
        while rest and not self._gone:
            try:
                written = super().write(rest)
            except OSError as error:
                self._gone = True
                if self.fileno() == 1:  # else nobody can be told
                    raise Unwritable(error) from None
            else:
                if written is None:  # whoever shares the descriptor has made it one that doesn't wait
                    select.select([], [self], [])
                rest = rest[written or 0 :]
        return size
