"""Reads the text of a message as lines of words, code and links. No Tk.

``` encloses lines of code, ` some code within a line, * bold words, as in the page for browsers. A fence that is never
closed is text.
"""

import re
from dataclasses import dataclass

from chatroom.common.names import bare
from chatroom.gui import links

Segment = tuple[str, str]
_FENCE = "```"
_LANGUAGE = re.compile(r"[A-Za-z0-9+#-]{0,20}\n")  # behind a fence, such as "python"
_UNMARKED = ("link", "mono")
_SIGNS = re.compile(r"[`*]|://")  # without these a line is plain text
# Code, a link or bold words. A star between two letters or digits is one: 2*3*4.
_INLINE = re.compile(
    rf"`(?P<code>[^`\n]+)`|{links.PATTERN}|(?<![^\W_]|\*)\*(?=\S)(?P<bold>[^*\n]*[^*\s])\*(?![^\W_]|\*)", re.IGNORECASE
)


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
    """A line of text: what is said has the tag, bold words have "bold" too; `code` has "mono", links have "link"."""
    found: list[Segment] = []
    end = 0
    for part in _INLINE.finditer(line) if _SIGNS.search(line) else ():
        link = links.end_of(part[0]) if part.lastgroup is None else ""
        if part.lastgroup is None and not link:
            continue
        found += [(line[end : part.start()], tag)] * (part.start() > end)
        if part["code"]:
            found.append((part["code"], "mono"))
        else:
            found.append((part["bold"], f"{tag} bold") if part["bold"] else (link, "link"))
        end = part.start() + len(link) if link else part.end()
    return found + [(line[end:], tag)] * (end < len(line))


def marked(segments: list[Segment], words: tuple[str, ...]) -> list[Segment]:
    """The segments with the words that somebody searches for cut out, as "hit". Case and accents don't matter."""
    if not words:
        return segments
    wanted = [word for each in words if (word := _plain(each))]
    found: list[Segment] = []
    for text, tag in segments:
        if tag in _UNMARKED:
            found.append((text, tag))
            continue
        letters, start, at = _plain(text), 0, 0
        while at < len(text):
            length = max((len(word) for word in wanted if letters.startswith(word, at)), default=0)
            if length:
                found += [(text[start:at], tag)] * (at > start) + [(text[at : at + length], "hit")]
                start = at + length
            at += length or 1
        found += [(text[start:], tag)] * (len(text) > start)
    return found


def _plain(text: str) -> str:
    """The text without case and accents, character by character."""
    return "".join(bare(c)[:1].casefold()[:1] or c for c in text)
