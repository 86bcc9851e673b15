"""What every protocol shares: `Dialect`, which reads and writes for one client, and what it may know of that client."""

from collections.abc import Iterator
from typing import Protocol

from chatroom.common.language import Language
from chatroom.model.audience import Format
from chatroom.model.outcomes import Command
from chatroom.model.replies import Reply


class Viewer(Protocol):
    """What a dialect may know of the client it speaks with."""

    @property
    def nick(self) -> str:
        """The nickname; "" before registration."""

    @property
    def language(self) -> Language:
        """The language that the client reads."""

    @property
    def admitted(self) -> bool:
        """Whether the client has given the server's password, where there is one."""

    @property
    def account(self) -> str:
        """The account that the client is logged in to; "" if none."""

    @property
    def secure(self) -> bool:
        """Whether the connection is encrypted."""

    @property
    def confidential(self) -> bool:
        """Whether the connection is encrypted, or never leaves this machine."""

    @property
    def mask(self) -> str:
        """nick!user@host; "" before registration."""

    @property
    def room(self) -> str:
        """The room the client is in; "" when in none."""


class Dialect(Protocol):
    """One client's protocol, without its socket: bytes become commands, and replies become bytes.

    `receive` and `end` run in the client's own thread; `answer` runs in any. A whole line is read, and a reply is
    rendered, under the event log's lock: both depend on the name, the rooms and the capabilities that the client has at
    that moment. To read a client's first line before the lock is taken costs 0.2 µs a line, and nobody waits less for
    it, since the interpreter runs one thread at a time.
    """

    pings: bool  # whether a client answers to PING

    @property
    def format(self) -> Format:
        """How events are rendered for this client."""

    def receive(self, data: bytes) -> Iterator[Command]:
        """The commands in these bytes, made one by one: each is carried out before the next line is looked at."""

    def end(self) -> Iterator[Command]:
        """The commands that the end of the input completes."""

    def answer(self, reply: Reply) -> bytes:
        """A reply as the bytes that this client reads."""

    def prepared(self, reply: Reply) -> Reply:
        """A reply whose rendering is done, so that `answer` has little left to do with it."""


def is_from_browser(line: bytes) -> bool:
    """Whether a line is one that every browser sends in its requests, and nobody says who has no name yet.

    A page may have a browser send a request with any verb, `NICK` or `HELLO`, and lines for the chat behind its head. A
    page of strangers gets that far by a name of its own that leads here (DNS rebinding).
    """
    return line[:5].lower() == b"host:"


class Lines:
    """Cuts a stream into lines. It holds at most `limit` + 1 bytes, and scans none twice.

    A line of more than `limit` bytes may be shortened to `limit` + 1, which still shows that it was too long.
    """

    __slots__ = ("_rest", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that end in `data`, without their line feed."""
        lines = data.split(b"\n")
        lines[0] = self._rest + lines[0]
        self._rest = lines.pop()[: self.limit + 1]
        return lines

    def rest(self) -> bytes:
        """What came after the last line feed."""
        rest, self._rest = self._rest, b""
        return rest
