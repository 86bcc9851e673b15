"""Small tools for the words in a command."""

from chatroom.limits import TARGETS


def targets(param: str) -> list[str]:
    """The names in a list with commas, each once; TARGMAX of them at most."""
    return list(dict.fromkeys(name for name in param.split(",") if name))[:TARGETS]


def shortened(text: str, size: int) -> str:
    """`text` in at most `size` bytes, cut between characters."""
    return text.encode()[:size].decode(errors="ignore")
