"""Requests of HTTP/1.1 (RFC 9112): the bytes of a head become a `Request`, or are refused."""

import re
from typing import NamedTuple

HEAD_BYTES = 8 * 1024  # bytes of a request's head: browsers send some 600, and cookies are never set here
FIELDS_MAX = 100  # fields of a head: browsers send some 20

_END = re.compile(rb"\r?\n\r?\n")
_REQUEST_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP/(\d)\.(\d)")
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
_ABSOLUTE = re.compile(r"(?i)https?://([^/?#]*)(.*)")


class RequestError(Exception):
    """A request that is refused, with its status and a sentence for whoever sent it."""

    def __init__(self, status: int, text: str, **headers: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Request(NamedTuple):
    """The head of a request. `fields` are by their names in lower case; those that came twice are joined by commas."""

    method: str
    path: str  # without what follows a question mark
    target: str  # the path with all that follows
    version: tuple[int, int]
    fields: dict[str, str]
    authority: str  # for whom the request is, as `HOST` or `HOST:PORT`; "" from a program without a Host field

    def tokens(self, field: str) -> set[str]:
        """The words of a field that is a list, in lower case and without their parameters."""
        return {word.partition(";")[0].strip().lower() for word in self.fields.get(field, "").split(",")} - {""}

    @property
    def wants_websocket(self) -> bool:
        return "websocket" in self.tokens("upgrade")

    @property
    def has_body(self) -> bool:
        return "transfer-encoding" in self.fields or self.fields.get("content-length", "0") != "0"

    @property
    def keeps_alive(self) -> bool:
        """Whether another request may follow on this connection."""
        return self.version >= (1, 1) and "close" not in self.tokens("connection")


def split(data: bytes) -> tuple[bytes, bytes] | None:
    """A whole head with its empty line, and what came behind it; None if more is to come.

    Raises `RequestError` if it is too long.
    """
    end = _END.search(data)
    if (end.end() if end else len(data)) > HEAD_BYTES:
        raise RequestError(431, f"The head of a request may have {HEAD_BYTES} bytes here.")
    return (data[: end.end()], data[end.end() :]) if end else None


def parse(head: bytes) -> Request:
    """The request that a head makes; raises `RequestError`."""
    first, *lines = head.decode("latin-1").strip("\r\n").replace("\r\n", "\n").split("\n")
    line = _REQUEST_LINE.fullmatch(first)
    if not line:
        raise RequestError(400, "That is no request of HTTP.")
    method, target, major, minor = line.groups()
    if major != "1":
        raise RequestError(505, "This server speaks HTTP/1.1.")
    if len(lines) > FIELDS_MAX:
        raise RequestError(431, f"A request may have {FIELDS_MAX} header fields here.")
    fields: dict[str, str] = {}
    for text in lines:
        field = _FIELD.fullmatch(text)
        if not field:
            raise RequestError(400, "A header field of that request can't be read.")
        name, value = field[1].lower(), field[2].rstrip(" \t")
        if name in fields and name in ("host", "origin", "content-length"):
            raise RequestError(400, f"A request may have one {name.title()} field.")
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    version = (int(major), int(minor))
    if "host" not in fields and version >= (1, 1):
        raise RequestError(400, "A request of HTTP/1.1 must have a Host field.")
    authority = fields.get("host", "")
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute:  # whom that names counts, whatever the Host field says: RFC 9112 §3.2.2
        authority, target = absolute[1], absolute[2] or "/"
    return Request(method, re.split(r"[?#]", target, maxsplit=1)[0], target, version, fields, authority)
