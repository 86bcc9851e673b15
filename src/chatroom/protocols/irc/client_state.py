"""What the dialect remembers of one IRC client, for the handlers of commands."""

from collections.abc import Iterable

from chatroom.common.errors import ChatError, Code
from chatroom.common.names import fold
from chatroom.model.audience import Format
from chatroom.model.commands import SetFormat
from chatroom.model.masks import glob
from chatroom.model.replies import Raw
from chatroom.model.server_info import ServerInfo
from chatroom.protocols.base import Viewer
from chatroom.protocols.irc import numerics
from chatroom.protocols.irc.batch import Batch
from chatroom.protocols.irc.format import RENDERED, irc_format
from chatroom.protocols.irc.reply_writer import ReplyWriter


class ClientState:
    """One client: what it can do, and what it has said of itself before it came in."""

    def __init__(self, viewer: Viewer, server: ServerInfo) -> None:
        self.viewer = viewer
        self.capabilities: set[str] = set()
        self.writer = ReplyWriter(viewer, server, self.capabilities)
        self.negotiating = False  # registration waits for CAP END
        self.version = 301  # of capability negotiation: 302 came with CAP LS 302
        self.passwords: list[str] = []  # what PASS gave, not looked at yet
        self.sasl: str | None = None  # what came of a SASL message; None if none is expected
        self.nick = ""
        self.username = ""
        self.realname = ""
        self.label = ""  # of the line being read, where it is for its handler to answer
        self.batch: Batch | None = None  # a message of many lines that is coming in
        self.tags = ""  # the client-only tags of the line being read, as they are written

    @property
    def format(self) -> Format:
        return self.writer.format

    def set_capabilities(self, capabilities: Iterable[str]) -> SetFormat:
        """Uses these from now on."""
        self.capabilities.clear()
        self.capabilities.update(capabilities)
        rendered = RENDERED & self.capabilities
        if not self.capabilities >= {"batch", "message-tags"}:
            rendered -= {"draft/multiline"}  # which needs them
        self.writer.format = irc_format(rendered)
        return SetFormat(
            self.writer.format,
            echo="echo-message" in self.capabilities,
            extended_monitor="extended-monitor" in self.capabilities,
            read_marker="draft/read-marker" in self.capabilities,
        )

    # ---- answering at once: the answer keeps its place among the others ---------------------------------------------

    def say(self, numeric: numerics.Numeric, *about: object) -> Raw:
        return Raw(self.writer.line(numeric, *about).encode())

    def send(self, text: str) -> Raw:
        """A line from the server, without its source."""
        return Raw(f":{self.writer.server.name} {text}\r\n".encode())

    def lines(self, lines: Iterable[str]) -> Raw:
        return Raw("".join(lines).encode())

    def fail(self, command: str, code: str, *about: str, text: str) -> Raw:
        """IRCv3 standard-replies."""
        return self._standard("FAIL", command, code, *about, text)

    def warn(self, command: str, code: str, text: str) -> Raw:
        """The same for what was done, but not as it should be."""
        return self._standard("WARN", command, code, text)

    def _standard(self, kind: str, *words: str) -> Raw:
        return Raw(self.writer.standard(kind, *words).encode())

    def its_me(self, name: str) -> None:
        """Raises `ChatError` if `name` is neither like this server's name nor the client's own."""
        server = self.writer.server.name
        if not glob(name).fullmatch(fold(server)) and fold(name) != fold(self.viewer.nick):
            raise ChatError(Code.NO_SUCH_SERVER, name)
