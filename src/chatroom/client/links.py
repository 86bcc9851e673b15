"""Links to a server, and to a room on it: chatroom://, irc://, ircs://, http:// and https://."""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from chatroom.common.errors import ChatError
from chatroom.common.language import tr
from chatroom.common.names import room_name

# The port where a link names none, and whether the connection is encrypted.
_SCHEMES = {
    "chatroom": (9090, False),
    "irc": (6667, False),
    "ircs": (6697, True),
    "http": (80, False),
    "https": (443, True),
}


@dataclass(frozen=True, slots=True)
class Link:
    """Where a link leads to. `room` is "" if it names none."""

    host: str
    port: int
    tls: bool
    room: str


def link(host: str, port: int, room: str, tls: bool, has_page: bool) -> str:
    """The address of a room: of the page, where the server has one and any browser opens it, else for IRC clients."""
    scheme = ("https" if tls else "http") if has_page else ("ircs" if tls else "irc")
    place = f"[{host}]" if ":" in host else host
    named = quote(room.removeprefix("#"), safe="")
    return f"{scheme}://{place}:{port}/{'#' if has_page else ''}{named}"


def is_link(text: str) -> bool:
    """Whether a text is meant to be a link, whatever is behind its `://`."""
    return re.match(r"\s*[a-z][a-z0-9+.-]*://", text, re.IGNORECASE) is not None


def parse(text: str) -> Link:
    """Reads a link; raises `ValueError` with a sentence that says what is wrong.

    The room stands behind the # (`/#tea`), or in the path of irc:// and ircs:// (`/tea`).
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        raise ValueError(
            tr("{link} is no link; chatroom://chat.example.org:9090/#lobby is one.", link=repr(text))
        ) from None
    if parts.scheme not in _SCHEMES:
        raise ValueError(
            tr("{scheme}:// leads to no chat; {schemes} do.", scheme=parts.scheme, schemes=", ".join(_SCHEMES))
        )
    usual, tls = _SCHEMES[parts.scheme]
    if not parts.hostname or port == 0:
        raise ValueError(tr("{link} names no server; chatroom://chat.example.org:9090/#lobby does.", link=repr(text)))
    path = parts.path.strip("/") if parts.scheme.startswith("irc") else ""
    named = unquote(parts.fragment or path.partition(",")[0])
    room = f"#{named.removeprefix('#')}" if named else ""
    try:
        room = room_name(room) if room else ""
    except ChatError:
        raise ValueError(tr("{room} can't be a room's name; the link is damaged.", room=repr(room))) from None
    return Link(parts.hostname, usual if port is None else port, tls, room)
