"""Rubbish over HTTP and by WebSocket, before a witness that reads all that comes of it. All is made from a seed."""

import json
import random
import re
import socket
from collections.abc import Callable
from urllib.request import urlopen

from tests.benchmarks.abuse.attack import Check, at_most, exactly, start
from tests.benchmarks.abuse.rubbish import line
from tests.benchmarks.abuse.scarce import server_errors
from tests.peers import DEADLINE, Irc
from tests.web.browsers import KEY, PING, TEXT, frame

_SEED = 20_261_129
_PATIENCE = 5.0  # seconds for the server to take what one connection sends
_LOOKS = 100  # connections after which the witness reads
_LISTENS = 0.02  # seconds that some wait for an answer: often there is none to half a request
_OPENING = (
    f"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
).encode()
_REQUEST = b"GET /robots.txt HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n"
_PIECES = [
    *(b"\r\n", b"\n", b"\r\n\r\n", b": ", b"\0", b"Upgrade: websocket\r\n", b"Content-Length: -1\r\n"),
    *(b"Host: [\r\n", b"Host: \xff\r\n", b"Origin: http://\xff\r\n", b"If-None-Match: *\r\n", b"X" * 9000),
]


def web_fuzz(short: bool) -> list[Check]:
    connections = 200 if short else 20_000
    chance = random.Random(_SEED)
    with start("--unlimited", "--log-level", "warning") as server:
        witness = Irc(server.port, "witness", room="#fuzz")
        for number in range(connections):
            if number == connections // 10:
                before = server.memory()
            _one(server.port, chance)
            if number % _LOOKS == 0:  # who reads nothing for 30 seconds is closed
                witness.sync()
        after = server.memory()
        witness.sync()
        bad = [text for text in witness.heard if re.search(r"[\x00\x05-\x08\x0b-\x0e\x10\x12-\x15\x17-\x1c\x7f]", text)]
        with urlopen(f"http://127.0.0.1:{server.port}/healthz", timeout=DEADLINE) as answer:
            alive = json.load(answer)["clients"]
        witness.close()
        log = server.log().splitlines()
    return [
        Check("connections", connections, "told only", True),
        exactly("tracebacks", server_errors(log), 0),
        at_most("lines in the log", len(log), 10, ""),
        exactly("lines that a witness should not see", len(bad), 0),
        Check("clients at the end, the witness included", alive, "at least 1", alive >= 1),
        at_most("memory more, after the first tenth", (after - before) / 1024, 20, "MiB"),
    ]


def _one(port: int, chance: random.Random) -> None:
    """One connection: a request with mistakes in it, or a WebSocket with any frames."""
    with socket.create_connection(("127.0.0.1", port), _PATIENCE) as sock:
        try:
            if chance.random() < 0.5:
                sock.sendall(_mistaken(chance.choice([_OPENING, _REQUEST]), chance))
            else:
                hello = [b"NICK f%d" % chance.randrange(50), b"USER u 0 * :r", b"JOIN #fuzz"]
                data = b"".join(chance.choice(_FRAMES)(chance) for _ in range(chance.randrange(30)))
                sock.sendall(_OPENING + b"".join([frame(TEXT, each) for each in hello]) + data)
            if chance.random() < 0.5:
                sock.shutdown(socket.SHUT_WR)
            if chance.random() < 0.5:
                sock.settimeout(_LISTENS)
                sock.recv(65536)
        except OSError:
            pass  # the server has closed it, as it should most of them


def _mistaken(data: bytes, chance: random.Random) -> bytes:
    """These bytes with a few changed, missing or added."""
    made = bytearray(data)
    for _ in range(chance.randrange(1, 4)):
        start = chance.randrange(len(made) + 1)
        end = start + chance.randrange(20)
        made[start:end] = chance.choice([b"", chance.randbytes(end - start), chance.choice(_PIECES)])
    return bytes(made)


def _any_frame(chance: random.Random) -> bytes:
    whole, masked, reserved = chance.random() < 0.7, chance.random() < 0.95, chance.choice([0, 0, 0, 0, 1, 4])
    return frame(chance.randrange(16), chance.randbytes(chance.randrange(200)), whole, masked, reserved)


_FRAMES: list[Callable[[random.Random], bytes]] = [
    lambda chance: frame(chance.choice([1, 2]), line(chance).rstrip(b"\n")),
    lambda chance: frame(TEXT, line(chance).rstrip(b"\n").decode(errors="replace")),
    lambda chance: frame(TEXT, b"PRIVMSG #fu", final=False) + frame(PING, b"p") + frame(0, b"zz :x"),
    lambda chance: _mistaken(frame(TEXT, b"PRIVMSG #fuzz :x"), chance),
    _any_frame,
]
