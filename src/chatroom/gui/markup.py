"""Reads the text of a message as lines of words, code and links. No Tk.

``` encloses lines of code, ` some code within a line, as in the page for browsers. A fence that is never closed is
text.
"""

import re
from dataclasses import dataclass

from chatroom.gui import links

Segment = tuple[str, str]
_FENCE = "```"
_LANGUAGE = re.compile(r"[A-Za-z0-9+#-]{0,20}\n")  # behind a fence, such as "python"
_INLINE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of text, or of code."""

    lines: tuple[str, ...]
    is_code: bool = False


def blocks(text: str) -> list[Block]:
    """The parts of a text. There is at least one."""
    parts = text.split(_FENCE)
    if len(parts) % 2 == 0:  # the last fence is not closed
        parts[-2:] = [_FENCE.join(parts[-2:])]
    found = []
    for place, part in enumerate(parts):
        if place % 2:
            part = _LANGUAGE.sub("", part, count=1) if _LANGUAGE.match(part) else part  # noqa: PLW2901
            code = part.removeprefix("\n").removesuffix("\n")
            if code.strip():
                found.append(Block(tuple(code.split("\n")), True))
        elif part.strip() or len(parts) == 1:
            words = part.rstrip(" ").removesuffix("\n") if place < len(parts) - 1 else part
            found.append(Block(tuple((words.lstrip(" ").removeprefix("\n") if place else words).split("\n"))))
    return found or [Block((text,))]


def segments(line: str, tag: str) -> list[Segment]:
    """A line of text: what is said has the tag, `code` has "mono", links have "link"."""
    found: list[Segment] = []
    end = 0
    for code in _INLINE.finditer(line) if "`" in line else ():
        found += _with_links(line[end : code.start()], tag)
        found.append((code[1], "mono"))
        end = code.end()
    return found + _with_links(line[end:], tag)


def _with_links(text: str, tag: str) -> list[Segment]:
    found: list[Segment] = []
    end = 0
    for start, stop in links.find(text) if "://" in text else ():
        if start > end:
            found.append((text[end:start], tag))
        found.append((text[start:stop], "link"))
        end = stop
    if end < len(text):
        found.append((text[end:], tag))
    return found
