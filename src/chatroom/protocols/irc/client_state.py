"""What is remembered of one IRC client between its lines: capabilities, and what is not complete yet."""

from collections.abc import Callable, Iterable

from chatroom.common.errors import ChatError, Code
from chatroom.common.language import mark
from chatroom.common.names import fold
from chatroom.model.audience import Format
from chatroom.model.commands import SetFormat
from chatroom.model.masks import Glob
from chatroom.model.replies import Raw
from chatroom.model.server_info import ServerInfo
from chatroom.protocols.base import Viewer
from chatroom.protocols.irc import numerics
from chatroom.protocols.irc.batch import Batch
from chatroom.protocols.irc.event_lines import RENDERED
from chatroom.protocols.irc.reply_writer import ReplyWriter

PRE_AWAY = "draft/pre-away"
ABSENT = "*"  # what AWAY gives with it where nobody is at the device


class ClientState:
    """One client: its capabilities, what it gave before registration was complete, and what is open."""

    def __init__(self, viewer: Viewer, server: ServerInfo, framed: Callable[[Format], Format] | None = None) -> None:
        """`framed` makes of a format of lines the one that the client reads, if that is not lines."""
        self.viewer = viewer
        self._framed = framed
        self.kind = mark("browser") if framed else "IRC"  # of client, as its user would call it
        self.capabilities: set[str] = set()
        self.writer = ReplyWriter(viewer, server, self.capabilities)
        self.negotiating = False  # registration waits for CAP END
        self.version = 301  # of capability negotiation: 302 came with CAP LS 302
        self.passwords: list[str] = []  # that PASS gave; they are tried once NICK and USER have come
        self.sasl: str | None = None  # the part of a SASL message that has come; None while none is expected
        self.nick = ""
        self.username = ""
        self.realname = ""
        self.away = ""  # what AWAY gave before registration
        self.metadata: dict[str, str | None] = {}  # what METADATA set before registration
        self.label = ""  # of the line being read
        self.batch: Batch | None = None  # a message of many lines that has not ended yet
        self.tags = ""  # the client-only tags of the line being read, as they are written

    @property
    def format(self) -> Format:
        return self._framed(self.writer.format) if self._framed else self.writer.format

    def set_capabilities(self, capabilities: Iterable[str]) -> SetFormat:
        """Replaces the capabilities that are negotiated."""
        self.capabilities.clear()
        self.capabilities.update(capabilities)
        rendered = RENDERED & self.capabilities
        if not self.capabilities >= {"batch", "message-tags"}:
            rendered -= {"draft/multiline"}  # which needs them
        self.writer.rendered = frozenset(rendered)
        return SetFormat(
            self.format,
            echo="echo-message" in self.capabilities,
            extended_monitor="extended-monitor" in self.capabilities,
            read_marker="draft/read-marker" in self.capabilities,
        )

    # ---- answers that need no state of the chat ----------------------------------------------------------------------

    def say(self, numeric: numerics.Numeric, /, *about: object, **places: object) -> Raw:
        """A numeric."""
        return Raw(self.writer.line(numeric, *about, **places).encode())

    def send(self, text: str) -> Raw:
        """A line from the server, without its source."""
        return Raw(f":{self.writer.server.name} {text}\r\n".encode())

    def lines(self, lines: Iterable[str]) -> Raw:
        return Raw("".join(lines).encode())

    def fail(self, command: str, code: str, *about: str, text: str) -> Raw:
        """IRCv3 standard-replies: it was not done. `text` is a marked sentence."""
        return self._standard("FAIL", command, code, *about, self.writer.tr(text))

    def warn(self, command: str, code: str, text: str) -> Raw:
        """IRCv3 standard-replies: it was done, but something about it was wrong."""
        return self._standard("WARN", command, code, self.writer.tr(text))

    def _standard(self, kind: str, *words: str) -> Raw:
        return Raw(self.writer.standard(kind, *words).encode())

    def require_this_server(self, name: str) -> None:
        """Raises `ChatError` if `name`, a mask, is neither this server's name nor the client's own."""
        server = self.writer.server.name
        if not Glob(name).fullmatch(fold(server)) and fold(name) != fold(self.viewer.nick):
            raise ChatError(Code.NO_SUCH_SERVER, name)
