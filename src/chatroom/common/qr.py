"""QR codes of addresses, for terminals and for the page: by the library segno, the extra `qr`.

Without the library there are none, and the address alone is shown.
"""

import os
import shutil
import sys
from functools import lru_cache
from threading import Lock
from typing import NamedTuple

TEXT_BYTES_MAX = 150  # bytes of what is encoded: a code of more takes long to make, and hardly fits a screen
# Light squares around a code. The standard wants four; cameras make do with two, and a banner with two fits into the 24
# lines of a terminal.
_TERMINAL_BORDER = 2
_BORDER = 4
# By whether the upper and the lower square are light. Light ones are drawn, in white on black: so the code is dark on
# light on any terminal, whatever its colours.
_HALVES = {(False, False): " ", (False, True): "▄", (True, False): "▀", (True, True): "█"}
_making = Lock()  # held while a code is made, some 10 ms of the processor: one at a time, however many are asked for
_WHITE_ON_BLACK, _NORMAL = "\x1b[40;37;1m", "\x1b[0m"


class Drawing(NamedTuple):
    """A code as a path of SVG, on a square of `size` units a side."""

    size: int
    path: str


@lru_cache(maxsize=64)
def _squares(text: str, border: int) -> tuple[tuple[bool, ...], ...]:
    """Whether each square of the code is dark, by rows; empty if there can be no code."""
    if len(text.encode()) > TEXT_BYTES_MAX:
        return ()
    try:
        import segno
    except ImportError:
        return ()
    with _making:
        code = segno.make(text, error="l", micro=False)
    return tuple(tuple(bool(square) for square in row) for row in code.matrix_iter(border=border))


def drawing(text: str) -> Drawing | None:
    """The code for a page; None if there can be none."""
    rows = _squares(text, _BORDER)
    path = "".join([f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark])
    return Drawing(len(rows), path) if rows else None


def for_terminal(text: str) -> str:
    """The code as lines for standard output; "" where it can't be shown: no terminal, a narrow one, no UTF-8."""
    if not sys.stdout.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        return ""
    if sys.stdout.encoding.lower().replace("-", "") != "utf8":
        return ""
    rows = _squares(text, _TERMINAL_BORDER)
    if not rows or len(rows) > shutil.get_terminal_size().columns:
        return ""
    padded = [*rows, (False,) * len(rows)]  # below the last row, of an odd number, it is light
    pairs = zip(padded[::2], padded[1::2], strict=False)
    lines = ["".join([_HALVES[not up, not down] for up, down in zip(*pair, strict=True)]) for pair in pairs]
    return "\n".join([f"{_WHITE_ON_BLACK}{line}{_NORMAL}" for line in lines])
