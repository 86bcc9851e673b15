"""IRC lines, parsed and rendered, for the server and the client.

A line is ``[@tags ][:source ]COMMAND[ params][ :last param]``: RFC 1459 §2.3.1 and IRCv3 message-tags.
Nothing here knows what a command means. Lines are without their CR LF.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

LINE_BYTES = 512  # with CR LF, without tags: RFC 1459 §2.3
TAG_BYTES = 4096  # of a client's tags, with the @ and the space: IRCv3 message-tags

_ESCAPES = {";": r"\:", " ": r"\s", "\\": r"\\", "\r": r"\r", "\n": r"\n"}
_UNESCAPES = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}
_TO_ESCAPE = re.compile(r"[; \\\r\n]")
_TO_UNESCAPE = re.compile(r"\\(.?)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Message:
    """A parsed line. `source` is "" where there is none; `command` is upper case; a tag without a value has ""."""

    command: str
    params: tuple[str, ...] = ()
    source: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def nick(self) -> str:
        """The nickname (or the server's name) in the source."""
        return self.source.partition("!")[0].partition("@")[0]

    def __str__(self) -> str:
        return render(self)


def parse(line: str) -> Message:
    """Parses a line; raises `ValueError` if there is no command in it."""
    tags: dict[str, str] = {}
    source = ""
    rest = line.lstrip(" ")
    if rest.startswith("@"):
        tag_part, _, rest = rest[1:].partition(" ")
        tags = parse_tags(tag_part)
        rest = rest.lstrip(" ")
    if rest.startswith(":"):
        source, _, rest = rest[1:].partition(" ")
        rest = rest.lstrip(" ")
    head, colon, trailing = rest.partition(" :")
    words = [word for word in head.split(" ") if word]
    if not words:
        raise ValueError("a line without a command")
    params = [*words[1:], trailing] if colon else words[1:]
    return Message(words[0].upper(), tuple(params), source, tags)


def parse_tags(text: str) -> dict[str, str]:
    """Parses ``a=b;+c``; the last of equal keys counts (IRCv3 message-tags)."""
    tags = {}
    for item in text.split(";"):
        key, _, value = item.partition("=")
        if key:
            tags[key] = _TO_UNESCAPE.sub(_unescape, value) if "\\" in value else value
    return tags


def render(message: Message) -> str:
    """Renders a message.

    The caller makes sure that no part has CR, LF or NUL in it, and that only the last parameter is empty, has a space
    or begins with a colon.
    """
    words = [f"@{render_tags(message.tags)}"] if message.tags else []
    if message.source:
        words.append(f":{message.source}")
    words.append(message.command)
    if message.params:
        *middle, last = message.params
        assert not any(map(needs_colon, middle)), message.params  # not the message: to show it is to render it
        words += [*middle, f":{last}" if needs_colon(last) else last]
    return " ".join(words)


def needs_colon(param: str) -> bool:
    """Whether a parameter can only be the last one, with a colon before it."""
    return not param or param[0] == ":" or " " in param


def render_tags(tags: Mapping[str, str]) -> str:
    """Renders tags without the @ before them."""
    return ";".join(f"{key}={_TO_ESCAPE.sub(_escape, value)}" if value else key for key, value in tags.items())


def _escape(match: re.Match[str]) -> str:
    return _ESCAPES[match[0]]


def _unescape(match: re.Match[str]) -> str:
    return _UNESCAPES.get(match[1], match[1])
