"""The page's files, read from the package once and compressed once, for all browsers."""

import hashlib
import zlib
from functools import cache
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

from chatroom.common import language
from chatroom.common.language import mark
from chatroom.web import languages
from chatroom.web.requests import Request
from chatroom.web.responses import Response
from chatroom.web.script import joined, packed, slim_style

_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "ico": "image/x-icon",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "webmanifest": "application/manifest+json",
}
# What is asked for by another name than the file's: `/favicon.ico` by every browser.
_ALIASES = {"/": "/index.html", "/favicon.ico": "/icon.svg"}
_ENTRY = "app.js"  # the module that begins the page
_INDEX = "index.html"
_STYLE = "app.css"
# What the page itself says: to who has no scripts, and to who looks for it.
_SENTENCES = (
    mark("This page needs JavaScript."),
    mark("With netcat or an IRC client you can talk without it, at this same address and port."),
    mark("Talk with everybody on this server."),
)
_NAMELESS = 'name="server" content=""'  # in the page, which is told whose server this is
_OF_NO_VERSION = 'name="script" content=""'  # in the page, which is told which script is its own
_ENGLISH_ALONE = b'content="en"'  # in the page, which is told what other languages there are
_GZIP = 16 + zlib.MAX_WBITS  # to zlib: with the head and the end of a file of gzip


class File(NamedTuple):
    type: str
    plain: bytes
    gzipped: bytes  # b"" if it would not be smaller
    etag: str  # without its quotation marks
    vary: str = "Accept-Encoding"  # the fields of the request that decide what is answered

    def answer(self, request: Request) -> Response:
        """The file, or that the browser has it already."""
        compressed = bool(self.gzipped) and _takes_gzip(request)
        etag = f'"{self.etag}{"-gzip" if compressed else ""}"'
        headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": self.vary}
        asked = {tag.strip().removeprefix("W/") for tag in request.fields.get("if-none-match", "").split(",")}
        if etag in asked or "*" in asked:
            return Response(304, headers)
        headers["Content-Type"] = self.type
        if compressed:
            headers["Content-Encoding"] = "gzip"
        return Response(200, headers, self.gzipped if compressed else self.plain)


def _takes_gzip(request: Request) -> bool:
    for each in request.fields.get("accept-encoding", "").lower().split(","):
        coding, *parameters = (word.replace(" ", "") for word in each.split(";"))
        if coding in ("gzip", "x-gzip"):
            return not any(word.startswith("q=0") and not word.strip("q=0.") for word in parameters)
    return False


@cache
def pages() -> dict[str, File]:
    """The files by the paths at which they are; the modules of the page are one script for each language."""
    data = {name: each.read_bytes() for name, each in _walk(files("chatroom.web") / "static", "")}
    modules = {name: data.pop(name).decode() for name in list(data) if name.endswith(".js")}
    script = joined(_ENTRY, modules.__getitem__)
    data[_ENTRY] = packed(script).encode()
    data[_STYLE] = slim_style(data[_STYLE].decode()).encode()
    for tag in languages.tags():
        data[f"strings/{tag}.json"] = languages.translated(tag)
        if tag != "en":
            data[_script(tag)] = packed(languages.spoken(script, tag)).encode()
    data[_INDEX] = data[_INDEX].replace(_ENGLISH_ALONE, f'content="{" ".join(languages.tags())}"'.encode())
    found = {f"/{name}": _file(name, plain) for name, plain in data.items()}
    return found | {path: found[name] for path, name in _ALIASES.items() if name in found}


def page(request: Request, about: str = "") -> File | None:
    """The file that a browser asks for. The page loads the script in the language that the browser prefers.

    `about` tells whose server this is.
    """
    file = pages().get(request.path)
    if file and file is pages()["/"]:
        return _index(languages.preferred(request.fields.get("accept-language", "")), about)
    return file


@cache
def _index(tag: str, about: str) -> File:
    text = pages()["/"].plain.decode().replace(_NAMELESS, f'name="server" content="{escape(about)}"')
    spoken = language.find(tag)
    script = _ENTRY
    if spoken and tag != "en":
        script = _script(tag)
        text = text.replace('lang="en"', f'lang="{tag}"').replace(_ENTRY, script)
        for each in _SENTENCES:
            text = text.replace(each, escape(spoken.tr(each)))
    text = text.replace(_OF_NO_VERSION, f'name="script" content="{pages()[f"/{script}"].etag}"')
    return _file(_INDEX, text.encode())._replace(vary="Accept-Encoding, Accept-Language")


def _script(tag: str) -> str:
    return f"app.{tag}.js"


def _walk(directory: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    """All files of known types below a directory, with their paths from there."""
    found = []
    for each in directory.iterdir():
        if each.is_dir():
            found += _walk(each, f"{prefix}{each.name}/")
        elif each.name.rpartition(".")[2] in _TYPES:
            found.append((f"{prefix}{each.name}", each))
    return found


def _gzipped(plain: bytes) -> bytes:
    """As small as gzip makes it: how much memory does that best, differs with the text."""
    packers = [zlib.compressobj(9, zlib.DEFLATED, _GZIP, memory) for memory in range(6, zlib.DEF_MEM_LEVEL + 2)]
    return min((packer.compress(plain) + packer.flush() for packer in packers), key=len)


def _file(name: str, plain: bytes) -> File:
    gzipped = _gzipped(plain)
    etag = hashlib.sha256(plain).hexdigest()[:16]
    kind = _TYPES[name.rpartition(".")[2]]
    return File(kind, plain, gzipped if len(gzipped) < len(plain) else b"", etag)
