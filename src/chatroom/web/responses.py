"""Responses of HTTP/1.1, and the headers by which a browser lets the page do what it needs and nothing else."""

from email.utils import formatdate
from http import HTTPStatus
from typing import NamedTuple

# The page loads its own files and talks to its own server; nothing in it can be a script or a style but those files.
# 'self' holds for WebSocket, too: CSP Level 3 §6.7.2.8.
_POLICY = "; ".join(
    [
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("connect", "font", "img", "manifest", "media", "script", "style")),
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
_ALWAYS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Response(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes = b""

    def encoded(self, method: str = "GET", keep_alive: bool = False) -> bytes:
        """The bytes that answer a request with this method."""
        headers = {
            "Date": formatdate(usegmt=True),
            "Content-Length": str(len(self.body)),
            **_ALWAYS,
            **self.headers,
        }
        headers.setdefault("Connection", "keep-alive" if keep_alive else "close")
        if self.status == HTTPStatus.NOT_MODIFIED:
            del headers["Content-Length"]  # that of the file, or none: RFC 9110 §8.6
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}", *(f"{k}: {v}" for k, v in headers.items())]
        head = "".join([f"{line}\r\n" for line in lines]).encode("latin-1") + b"\r\n"
        return head if method == "HEAD" else head + self.body


def sentence(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    """A response that says something to a person."""
    told = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store", **(headers or {})}
    return Response(status, told, f"{text}\n".encode())
