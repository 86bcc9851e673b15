"""Which requests are answered: those of the server's own page and of programs, but not those of strangers' pages.

A browser in the network can be made by any page to open a connection to this server. Two checks keep such pages out:
- Host must be a name that nobody else can give to this server: an address, `localhost`, a name of this machine, or one
  that the operator has given it. A stranger's name that leads here (DNS rebinding) is refused.
- Origin, which only browsers send, must be the very place that the request is for.
"""

import re
import socket
from collections.abc import Iterable

from chatroom.common.addresses import address_of
from chatroom.common.language import tr
from chatroom.web.requests import Request, RequestError

_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z_.-]+)(?::(\d{1,5}))?")
_ORIGIN = re.compile(r"(https?)://(.+)", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}


def machine_names() -> frozenset[str]:
    """The names by which this machine is known in its network, in lower case. Nothing is looked up."""
    name = socket.gethostname().lower()
    short = name.partition(".")[0]
    return frozenset({"localhost", name, short, f"{short}.local"})  # the last one by mDNS


class Origins:
    """The hosts that this server answers for. `given` are names from the operator, besides the machine's own."""

    def __init__(self, given: Iterable[str]) -> None:
        self._given = frozenset(map(str.lower, given))
        self._names = self._given | machine_names()

    def check(self, request: Request, secure: bool) -> None:
        """Raises `RequestError` if a page of strangers may have sent this. `secure`: it came with TLS."""
        if not request.authority and "origin" not in request.fields:
            return  # a program of HTTP/1.0
        here = _host_and_port(request.authority, "https" if secure else "http")
        if here is None:
            raise RequestError(400, tr("The Host field of that request can't be read."))
        host, _ = here
        if host not in self._names and address_of(host) is None:
            raise RequestError(
                421,
                tr(
                    "This server does not go by the name {host}. Use its address; or whoever runs it adds "
                    "--web-host {host} to the options that it is started with.",
                    host=host,
                ),
            )
        origin = request.fields.get("origin")
        if origin is not None and not self._is_own(origin, request.authority, secure):
            raise RequestError(403, tr("Only this server's own page may connect to it from a browser."))

    def _is_own(self, origin: str, authority: str, secure: bool) -> bool:
        """Whether an origin is the place that a request is for.

        Under a name from the operator it may be encrypted also if the request is not: TLS may end at a proxy.
        """
        parts = _ORIGIN.fullmatch(origin)
        if not parts:
            return False
        scheme, place = parts[1].lower(), parts[2]
        there, here = _host_and_port(place, scheme), _host_and_port(authority, scheme)
        if there is None or there != here:
            return False
        return (scheme == "https") is secure or (scheme == "https" and there[0] in self._given)


def _host_and_port(authority: str, scheme: str) -> tuple[str, int] | None:
    """`HOST`, `HOST:PORT` or `[ADDRESS]:PORT` as its two parts; None if it is none of these."""
    parts = _AUTHORITY.fullmatch(authority)
    if not parts:
        return None
    host = parts[1].lower().strip("[]").removesuffix(".")
    return host, int(parts[2] or _PORTS[scheme])
