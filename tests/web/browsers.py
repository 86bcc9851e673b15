"""Browsers for tests: requests over a raw socket, and a WebSocket whose every byte can be wrong."""

import os
import socket
import ssl
from struct import pack, unpack
from typing import NamedTuple, Self

from tests.peers import DEADLINE

TEXT, BINARY, CONT, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10
KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # of RFC 6455 §1.3, where the answer to it stands, too
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


def frame(opcode: int, payload: bytes | str = b"", final: bool = True, masked: bool = True, reserved: int = 0) -> bytes:
    """A frame as a client sends it: RFC 6455 §5.2."""
    data = payload.encode() if isinstance(payload, str) else payload
    size = len(data)
    length = bytes([size]) if size < 126 else b"\x7e" + pack("!H", size) if size < 65536 else b"\x7f" + pack("!Q", size)
    head = bytes([final << 7 | reserved << 4 | opcode, masked << 7 | length[0]]) + length[1:]
    if not masked:
        return head + data
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))


class Browser:
    """A connection that reads responses. `here` is what its Host field says."""

    def __init__(
        self, port: int, trust: ssl.SSLContext | None = None, receive_buffer: int = 0, source: str = "127.0.0.1"
    ) -> None:
        sock = socket.socket()
        sock.bind((source, 0))
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.settimeout(DEADLINE)
        sock.connect(("127.0.0.1", port))
        self.sock = trust.wrap_socket(sock, server_hostname="localhost") if trust else sock
        self.here = f"127.0.0.1:{port}"
        self._came = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def ask(self, method: str, path: str, body: bytes = b"", /, **fields: str) -> None:
        """Sends a request; `fields` have underscores for hyphens, and "" leaves one out."""
        fields = {"Host": self.here, **{name.replace("_", "-"): value for name, value in fields.items()}}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items() if value)]
        self.send("".join([f"{line}\r\n" for line in lines]).encode() + b"\r\n" + body)

    def answer(self, to: str = "GET") -> Answer:
        """The response that comes next."""
        head = self._until(b"\r\n\r\n").decode()
        first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        assert len(headers) == len(lines), head
        size = 0 if to == "HEAD" else int(headers.get("content-length", 0))
        return Answer(int(first.split()[1]), headers, self._exactly(size))

    def get(self, path: str, method: str = "GET", /, **fields: str) -> Answer:
        self.ask(method, path, **fields)
        return self.answer(method)

    def rest(self) -> bytes:
        """All that comes until the server closes the connection."""
        while self._more():
            pass
        rest, self._came = self._came, b""
        return rest

    def _until(self, end: bytes) -> bytes:
        while end not in self._came:
            assert self._more(), f"the connection ended behind {self._came!r}"
        head, _, self._came = self._came.partition(end)
        return head + end

    def _exactly(self, size: int) -> bytes:
        while len(self._came) < size:
            assert self._more(), f"the connection ended behind {self._came!r}"
        data, self._came = self._came[:size], self._came[size:]
        return data

    def _more(self) -> bool:
        try:
            data = self.sock.recv(65536)
        except (ConnectionError, ssl.SSLEOFError):
            data = b""
        self._came += data
        return bool(data)


class Frames(Browser):
    """A WebSocket, made of bytes."""

    def open(self, path: str = "/", /, **fields: str) -> Answer:
        """Asks for it; the response says whether it is open."""
        opening = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Version": "13"}
        return self.get(path, **{**opening, "Sec_WebSocket_Key": KEY, **fields})

    def say(self, *lines: str) -> None:
        self.send(b"".join([frame(TEXT, line) for line in lines]))

    def register(self, nick: str, room: str = "#lobby") -> "Frames":
        assert self.open().status == 101
        self.say(f"NICK {nick}", "USER u 0 * :r", f"JOIN {room}")
        self.wait(" 366 ")
        return self

    def frame(self) -> tuple[int, bytes]:
        """The opcode and the payload of the frame that comes next; all the server's are final and unmasked."""
        first, size = self._exactly(2)
        assert first & 0xF0 == 0x80, "a frame is a whole message, without extensions"
        assert size < 127, "masked, or longer than any line"
        if size == 126:
            (size,) = unpack("!H", self._exactly(2))
        return first & 0x0F, self._exactly(size)

    def wait(self, text: str) -> str:
        """The first line from here on with this in it."""
        while True:
            opcode, payload = self.frame()
            assert opcode != CLOSE, f"closed: {payload!r}"
            if opcode == TEXT and text in (line := payload.decode()):
                assert not line.endswith(("\r", "\n"))
                return line

    def closed(self) -> int:
        """The code with which the server closes the WebSocket; then it ends the connection."""
        while (got := self.frame())[0] != CLOSE:
            pass
        assert self.rest() == b""
        return int(unpack("!H", got[1][:2])[0])
