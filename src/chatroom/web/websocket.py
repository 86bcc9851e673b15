"""IRC over WebSocket (RFC 6455): a line of IRC is a message, without its CR LF.

`WebSocket` reads frames; it and the protocol object in it belong to the client's own thread. `WebSocketDialect` and
`FramedFormat` make frames, which needs no state: so an event is framed once for all who read the same bytes, as it is
rendered once. That is also why messages are not compressed (permessage-deflate).
"""

import logging
from collections.abc import Hashable, Sequence
from functools import lru_cache, partial
from struct import pack
from typing import NamedTuple

from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request as OpeningRequest
from websockets.protocol import OPEN, SERVER, Protocol
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from chatroom.common.language import Language
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
_MASKED = 0x80  # the bit before the length of a frame from a client
_WHOLE_TEXT = _FINAL | Opcode.TEXT
_WHOLE_MESSAGES = (_WHOLE_TEXT, _FINAL | Opcode.BINARY)  # first bytes of frames that are messages
_CLOSE = Frame(Opcode.CLOSE, pack("!H", CloseCode.NORMAL_CLOSURE)).serialize(mask=False)

_quiet = logging.getLogger(f"{__name__}.protocol")  # the library tells of each connection, which the server does itself
_quiet.setLevel(logging.ERROR)


class Framed(Raw):
    """Frames that are ready to be sent."""

    __slots__ = ()


class Received(NamedTuple):
    """What a client's bytes contain."""

    lines: bytes  # whole lines of IRC, each with a line feed
    answer: bytes  # frames to be sent: pongs, and a close at the end
    other_frames: int  # frames that completed no line


class WebSocket:
    """One client's WebSocket, from its opening on.

    Whole messages in one frame, as nearly all are, are read here, in a third of the time. Everything else goes frame by
    frame through the library, which holds the client to the rules.
    """

    def __init__(self, opcode: Opcode) -> None:
        """`opcode` is that of what is sent. What the library keeps of an opening is not kept: 2.5 KB a client."""
        self.opcode = opcode
        self._protocol = Protocol(SERVER, max_size=MESSAGE_BYTES, logger=_quiet)
        self._rest = b""  # of a frame that has not come whole yet
        self._parts: list[bytes] = []  # of a message that has not ended yet
        self._is_text = False  # whether that message is to be UTF-8

    @property
    def is_over(self) -> bool:
        """Whether a close was received or sent: nothing more is read."""
        return self._protocol.state is not OPEN

    @property
    def is_broken(self) -> bool:
        """Whether the client has broken the rules of RFC 6455; that is what it was closed for."""
        return self.is_over and self._protocol.close_rcvd is None

    def receive(self, data: bytes) -> Received:
        data = self._rest + data
        lines: list[bytes] = []
        others = start = 0
        have = len(data)
        while start < have:
            if not self._parts:
                start = _short_texts(data, start, lines)
            payload, end = _bounds(data, start)
            if end > have:
                break
            if not payload:
                self._close_for(data[start:])
                message = None
            elif data[start] in _WHOLE_MESSAGES and not self._parts:
                message = self._checked(_unmasked(data, payload, end), data[start] == _WHOLE_TEXT)
            else:
                message = self._message(data[start:end])
            start = end
            if message is not None:
                lines.append(message.rstrip(b"\r\n"))
                continue
            others += 1
            if self.is_over:
                break
        self._rest = data[start:]
        if lines:
            lines.append(b"")
        return Received(b"\n".join(lines), b"".join(self._protocol.data_to_send()), others)

    def _close_for(self, data: bytes) -> None:
        """Closes for a frame with a wrong head: the library knows the code, but takes a length in too many bytes."""
        self._protocol.receive_data(data)
        self._protocol.events_received()
        self._protocol.fail(CloseCode.MESSAGE_TOO_BIG)

    def _message(self, data: bytes) -> bytes | None:
        """The message that this frame completes, if it does."""
        self._protocol.receive_data(data)
        frames = self._protocol.events_received()
        if not frames:
            return None  # it breaks the rules
        [frame] = frames
        assert isinstance(frame, Frame)
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._is_text = frame.opcode is Opcode.TEXT
        elif frame.opcode is not Opcode.CONT:
            return None
        if frame.data or not self._parts:  # empty ones are without number
            self._parts.append(bytes(frame.data))
        if not frame.fin:
            return None
        message = b"".join(self._parts)
        self._parts.clear()
        return self._checked(message, self._is_text)

    def _checked(self, message: bytes, is_text: bool) -> bytes | None:
        """The message; None, and the end, if it is a text but not UTF-8."""
        if is_text:
            try:
                message.decode()
            except UnicodeDecodeError:
                self._protocol.fail(CloseCode.INVALID_DATA, "a text message that is not UTF-8")
                return None
        return message


def _short_texts(data: bytes, start: int, texts: list[bytes]) -> int:
    """Appends the texts of short frames, one after the other; returns where the first frame is that is none of these.

    Nearly all frames are short texts, so this loop is what a message costs more by WebSocket than without. A text is
    unmasked all at once, as one large number.
    """
    have = len(data)
    while start + 6 <= have and data[start] == _WHOLE_TEXT:
        size = data[start + 1] - _MASKED
        payload = start + 6
        end = payload + size
        if not 0 <= size < 126 or end > have:
            break
        mask = (data[start + 2 : payload] * 32)[:size]
        text = (int.from_bytes(data[payload:end]) ^ int.from_bytes(mask)).to_bytes(size)
        if not text.isascii() or text.endswith(b"\n"):
            break
        texts.append(text)
        start = end
    return start


def _bounds(data: bytes, start: int) -> tuple[int, int]:
    """Where the payload of the frame at `start` begins, and where the frame ends: RFC 6455 §5.2.

    The end is behind the data if the frame has not come whole yet. The beginning is 0 if the frame's head is wrong; the
    end is then that of the data, as nothing behind it is read.
    """
    have = len(data) - start
    if have < 2:
        return 0, len(data) + 1
    size = data[start + 1] - _MASKED
    payload = start + 6
    if size == 126:
        payload += 2
        size = int.from_bytes(data[start + 2 : start + 4]) if have >= 4 else 0
    if not 0 <= size <= MESSAGE_BYTES or data[start + 1] == _MASKED | 127:
        return 0, len(data)  # not masked, or too long
    return payload, payload + size


def _unmasked(data: bytes, payload: int, end: int) -> bytes:
    """The payload of a frame, which stands behind its mask: RFC 6455 §5.3. All of it at once, as one large number."""
    size = end - payload
    mask = (data[payload - 4 : payload] * (size // 4 + 1))[:size]
    return (int.from_bytes(data[payload:end]) ^ int.from_bytes(mask)).to_bytes(size)


def open_websocket(request: Request, head: bytes) -> tuple[bytes, WebSocket]:
    """The response that opens a WebSocket, and the WebSocket; raises `RequestError` if it can't be opened."""
    if request.fields.get("sec-websocket-version", "13") != "13":
        raise RequestError(426, "This server speaks version 13 of WebSocket.", Sec_WebSocket_Version="13")
    protocol = ServerProtocol(select_subprotocol=_chosen, logger=_quiet)
    protocol.receive_data(head)
    requests = protocol.events_received()
    if not (requests and isinstance(requests[0], OpeningRequest)):
        raise RequestError(400, "That request opens no WebSocket.")
    response = protocol.accept(requests[0])
    if response.status_code != 101:
        raise RequestError(response.status_code, bytes(response.body or b"").decode().strip())
    protocol.send_response(response)
    is_binary = protocol.subprotocol == BINARY_PROTOCOL
    return b"".join(protocol.data_to_send()), WebSocket(Opcode.BINARY if is_binary else Opcode.TEXT)


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
        self.follows_renames = lines.follows_renames
        self.one_room = lines.one_room
        self.as_sentences = lines.as_sentences
        self._lines = lines
        self._opcode = opcode

    def render(self, event: Event) -> bytes:
        return framed(self._opcode, self._lines.render(event))

    def render_all(self, events: list[Event]) -> bytes:
        return framed(self._opcode, self._lines.render_all(events))

    def variant(self, kind: type[Event]) -> Hashable:
        return self._opcode, self._lines.variant(kind)

    def spoken(self, language: Language) -> "FramedFormat":
        return framed_format(self._opcode, self._lines.spoken(language))


@lru_cache(maxsize=4096)  # as many as there are formats of IRC, in either kind of message
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
