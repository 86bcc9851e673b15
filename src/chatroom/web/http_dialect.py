"""The dialect of a browser that asks for files: it is told responses, and at the end why it is disconnected."""

from collections.abc import Iterator

from chatroom.model.audience import Format
from chatroom.model.outcomes import Command
from chatroom.model.replies import Goodbye, Raw, Reply
from chatroom.protocols.plain import PLAIN
from chatroom.web.responses import sentence


class HttpDialect:
    """One browser. Its requests are no commands of the chat: `server.browser` answers them."""

    pings = False
    format: Format = PLAIN  # it is in no room, so nothing is rendered for it

    def __init__(self) -> None:
        # Whether a request waits for its response. If not, a browser would take what it is told for the answer to its
        # next request, which may be on its way.
        self.is_asked = True

    def receive(self, data: bytes) -> Iterator[Command]:
        return iter(())

    def end(self) -> Iterator[Command]:
        return iter(())

    def answer(self, reply: Reply) -> bytes:
        if isinstance(reply, Raw):
            return reply.data
        if isinstance(reply, Goodbye) and self.is_asked:
            return sentence(503, f"{reply.reason[:1].upper()}{reply.reason[1:]}.").encoded()
        return b""

    def prepared(self, reply: Reply) -> Reply:
        return reply
