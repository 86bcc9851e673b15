"""Small tools for the words in a command."""

from chatroom.limits import TARGETS
from chatroom.text import clean


def targets(param: str) -> list[str]:
    """The names in a list with commas, each once; TARGMAX of them at most."""
    return list(dict.fromkeys(name for name in param.split(",") if name))[:TARGETS]


def word(text: str) -> str:
    """A client's own text as one parameter of a reply, so that it can't break it: RFC 2812 §2.3.1 middle."""
    return clean(text).replace(" ", "_").lstrip(":")[:64] or "*"


def shortened(text: str, size: int) -> str:
    """`text` in at most `size` bytes, cut between characters."""
    return text.encode()[:size].decode(errors="ignore")
