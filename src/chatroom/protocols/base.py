"""What every dialect is made of. A dialect turns bytes into commands and what happens into bytes; it has no sockets."""

from collections.abc import Iterator
from typing import Protocol

from chatroom.model.audience import Format
from chatroom.model.outcomes import Command
from chatroom.model.replies import Reply


class Viewer(Protocol):
    """What a dialect may know of the client it speaks with."""

    @property
    def nick(self) -> str:
        """The nickname; "" before registration."""

    @property
    def admitted(self) -> bool:
        """Whether the client has given the server's password, where there is one."""

    @property
    def account(self) -> str:
        """The name that the client has proven to be its own; "" if none."""

    @property
    def confidential(self) -> bool:
        """Whether nobody on the way can read along."""

    @property
    def mask(self) -> str:
        """nick!user@host; "" before registration."""

    @property
    def room(self) -> str:
        """The room the client is in; "" when in none."""


class Dialect(Protocol):
    """One client's language. `receive` is called in the client's thread, `answer` wherever its log is carried out."""

    pings: bool  # whether a client answers to PING

    @property
    def format(self) -> Format:
        """What this client reads."""

    def receive(self, data: bytes) -> Iterator[Command]:
        """The commands in these bytes, made one by one: each is carried out before the next line is looked at."""

    def end(self) -> Iterator[Command]:
        """The commands that the end of the input completes."""

    def answer(self, reply: Reply) -> bytes:
        """The bytes that tell this client of a reply."""


class Lines:
    """Cuts a stream into lines, holding no more than `limit` + 1 bytes and looking at none twice.

    A line of more than `limit` bytes comes out at least `limit` + 1 long, so that whoever reads it sees that it is too
    long; how long it was is forgotten.
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
