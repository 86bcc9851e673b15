"""IRC over WebSocket (RFC 6455): a line of IRC is a message, without its CR LF.

`WebSocket` reads frames; it and the protocol object in it belong to the client's own thread. `WebSocketDialect` and
`FramedFormat` make frames, which needs no state: so an event is framed once for all who read the same bytes, as it is
rendered once. That is also why messages are not compressed (permessage-deflate).
"""

import logging
from collections.abc import Sequence
from functools import lru_cache, partial
from struct import pack
from typing import NamedTuple

from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request as OpeningRequest
from websockets.protocol import OPEN
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from chatroom.model.audience import Format
from chatroom.model.events import Event
from chatroom.model.replies import Goodbye, Raw, Reply
from chatroom.model.server_info import ServerInfo
from chatroom.protocols.base import Viewer
from chatroom.protocols.irc.dialect import IrcDialect
from chatroom.web.requests import Request, RequestError

MESSAGE_BYTES = 16 * 1024  # bytes of a message: twice the longest line of IRC, which is refused with a sentence

BINARY_PROTOCOL = "binary.ircv3.net"  # lines go out as binary messages; in any other case as text
_SUBPROTOCOLS = (BINARY_PROTOCOL, "text.ircv3.net")
_FINAL = 0x80  # the bit of a frame that ends its message: RFC 6455 §5.2
_CLOSE = Frame(Opcode.CLOSE, pack("!H", CloseCode.NORMAL_CLOSURE)).serialize(mask=False)

_quiet = logging.getLogger(f"{__name__}.protocol")  # the library tells of each connection, which the server does itself
_quiet.setLevel(logging.ERROR)


class Framed(Raw):
    """Frames that are ready to be sent."""

    __slots__ = ()


class Received(NamedTuple):
    """What came in some bytes."""

    lines: bytes  # whole lines of IRC, each with a line feed
    answer: bytes  # frames to be sent: pongs, and a close at the end
    other_frames: int  # frames that completed no line


class WebSocket:
    """One client's WebSocket, from its opening on."""

    def __init__(self, protocol: ServerProtocol) -> None:
        self._protocol = protocol
        self._parts: list[bytes] = []  # of a message that has not ended yet
        self._is_text = False  # whether that message is to be UTF-8
        self.opcode = Opcode.BINARY if protocol.subprotocol == BINARY_PROTOCOL else Opcode.TEXT

    @property
    def is_over(self) -> bool:
        """Whether a close was received or sent: nothing more is read."""
        return self._protocol.state is not OPEN

    @property
    def is_broken(self) -> bool:
        """Whether the client has broken the rules of RFC 6455; that is what it was closed for."""
        return self.is_over and self._protocol.close_rcvd is None

    def receive(self, data: bytes) -> Received:
        protocol = self._protocol
        protocol.receive_data(data)
        frames = protocol.events_received()
        lines = []
        for frame in frames:
            assert isinstance(frame, Frame)
            line = self._message(frame)
            if line is not None:
                lines.append(line.rstrip(b"\r\n") + b"\n")
            if self._protocol.parser_exc is None and self.is_broken:
                break  # what came behind a text that is not UTF-8 is not looked at
        answer = b"".join(protocol.data_to_send())
        return Received(b"".join(lines), answer, len(frames) - len(lines))

    def _message(self, frame: Frame) -> bytes | None:
        """The message that this frame completes, if it does."""
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._is_text = frame.opcode is Opcode.TEXT
            self._parts.clear()
        elif frame.opcode is not Opcode.CONT:
            return None
        self._parts.append(bytes(frame.data))
        if not frame.fin:
            return None
        message = b"".join(self._parts)
        self._parts.clear()
        if self._is_text:
            try:
                message.decode()
            except UnicodeDecodeError:
                self._protocol.fail(CloseCode.INVALID_DATA, "a text message that is not UTF-8")
                return None
        return message


def open_websocket(request: Request, head: bytes) -> tuple[bytes, WebSocket]:
    """The response that opens a WebSocket, and the WebSocket; raises `RequestError` if it can't be opened."""
    if request.fields.get("sec-websocket-version", "13") != "13":
        raise RequestError(426, "This server speaks version 13 of WebSocket.", Sec_WebSocket_Version="13")
    protocol = ServerProtocol(select_subprotocol=_chosen, max_size=MESSAGE_BYTES, logger=_quiet)
    protocol.receive_data(head)
    requests = protocol.events_received()
    if not (requests and isinstance(requests[0], OpeningRequest)):
        raise RequestError(400, "That request opens no WebSocket.")
    response = protocol.accept(requests[0])
    if response.status_code != 101:
        raise RequestError(response.status_code, bytes(response.body or b"").decode().strip())
    protocol.send_response(response)
    return b"".join(protocol.data_to_send()), WebSocket(protocol)


def _chosen(protocol: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """The subprotocol that the client likes best. Who offers none that is known gets IRC, too."""
    return next((each for each in offered if each in _SUBPROTOCOLS), None)


# ---- what is sent ---------------------------------------------------------------------------------------------------


def framed(opcode: Opcode, lines: bytes) -> bytes:
    """Whole lines of IRC as frames."""
    first = bytes((_FINAL | opcode,))
    heads = _SHORT_HEADS[opcode]
    pieces: list[bytes] = []
    for line in lines.split(b"\r\n")[:-1]:
        size = len(line)
        if size < 126:
            pieces.append(heads[size])
        elif size < 1 << 16:
            pieces.append(first + pack("!BH", 126, size))
        else:
            pieces.append(first + pack("!BQ", 127, size))
        pieces.append(line)
    return b"".join(pieces)


_SHORT_HEADS = {
    opcode: [bytes((_FINAL | opcode, size)) for size in range(126)] for opcode in (Opcode.TEXT, Opcode.BINARY)
}


class FramedFormat:
    """A format of IRC, its lines in frames. Clients that read the same share one, from `framed_format`."""

    def __init__(self, lines: Format, opcode: Opcode) -> None:
        self.own_moves = lines.own_moves
        self._lines = lines
        self._opcode = opcode

    def render(self, event: Event) -> bytes:
        return framed(self._opcode, self._lines.render(event))

    def render_all(self, events: list[Event]) -> bytes:
        return framed(self._opcode, self._lines.render_all(events))


@lru_cache(maxsize=512)  # as many as there are formats of IRC, in either kind of message
def framed_format(opcode: Opcode, lines: Format) -> FramedFormat:
    return FramedFormat(lines, opcode)


class WebSocketDialect(IrcDialect):
    """One IRC client behind a WebSocket."""

    def __init__(self, viewer: Viewer, server: ServerInfo, opcode: Opcode) -> None:
        super().__init__(viewer, server, partial(framed_format, opcode))
        self._opcode = opcode

    def answer(self, reply: Reply) -> bytes:
        if isinstance(reply, Framed):
            return reply.data
        frames = framed(self._opcode, super().answer(reply))
        return frames + _CLOSE if isinstance(reply, Goodbye) else frames
