"""A batch that a client has opened and not closed yet: IRCv3 draft/multiline."""

from chatroom.common.text import CUT, FEED
from chatroom.model.values import MessageKind


class Batch:
    """A message that is coming in, line by line."""

    def __init__(self, name: str, target: str, label: str, tags: str) -> None:
        self.name = name
        self.target = target
        self.label = label
        self.tags = tags
        self.kind: MessageKind | None = None  # as its first line says
        self.text = ""
        self.lines = 0
        self.failed = False

    def size(self) -> int:
        """Bytes of what is said; a line feed is one, a cut none."""
        return len(self.text.replace(CUT, "").replace(FEED, "\n").encode())
