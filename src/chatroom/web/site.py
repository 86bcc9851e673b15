"""The site: what is at which path."""

import json
from collections.abc import Callable, Iterable
from typing import NamedTuple

from chatroom.common.addresses import Network, address_of, is_in
from chatroom.common.language import tr
from chatroom.protocols.proxy_header import Origin
from chatroom.web import invitation
from chatroom.web.files import page
from chatroom.web.origins import Origins
from chatroom.web.requests import Request, RequestError
from chatroom.web.responses import Response, sentence

SOCKET_PATHS = ("/", "/irc")  # where a WebSocket may be opened
_METHODS = {"Allow": "GET, HEAD"}


class Health(NamedTuple):
    """What `/healthz` tells."""

    version: str
    clients: int  # connected ones, whether they have a name or not; without browsers that only ask for files
    saving: bool  # whether what is said is being saved


class Site:
    """Answers requests; for any thread.

    `hosts` are names that the server has, besides those of its machine. `reachable` tells by which `HOST:PORT` other
    machines reach it, "" if none does. `proxies` are trusted to say whose requests they pass on.
    """

    def __init__(
        self,
        hosts: Iterable[str],
        health: Callable[[], Health],
        reachable: Callable[[], str],
        proxies: tuple[Network, ...] = (),
    ) -> None:
        self._origins = Origins(hosts)
        self._health = health
        self._reachable = reachable
        self._proxies = proxies
        self.about = ""  # whose server this is, for people

    def check(self, request: Request, secure: bool) -> None:
        """Raises `RequestError` for what is not answered at all. `secure`: the request came with TLS."""
        self._origins.check(request, secure)
        if request.method not in ("GET", "HEAD"):
            raise RequestError(405, tr("This server answers GET and HEAD."), **_METHODS)
        if request.has_body:
            raise RequestError(400, tr("A request may have no body here."))

    def answer(self, request: Request) -> Response:
        """The response to a request that has passed `check`."""
        if request.path == "/healthz":
            body = json.dumps(self._health()._asdict()).encode() + b"\n"
            return Response(200, {"Content-Type": "application/json", "Cache-Control": "no-store"}, body)
        if request.path == invitation.PATH:
            return invitation.invitation(request, self._reachable)
        file = page(request, self.about)
        if file:
            return file.answer(request)
        if request.path in SOCKET_PATHS:
            upgrade = {"Upgrade": "websocket", "Connection": "Upgrade"}
            return sentence(426, tr("This is for programs that speak WebSocket. The page is at /."), upgrade)
        return sentence(404, tr("There is nothing of that name here. The page is at /."))

    def forwarded(self, request: Request) -> Origin:
        """Whose request a trusted proxy passes on; raises `RequestError` if it doesn't say.

        Each proxy has added whom it was asked by, so the field is read from its end: who is no trusted proxy is the
        client. What stands before may have been in the field when it came to the first proxy.
        """
        client = ""
        for name in reversed(request.fields.get("x-forwarded-for", "").split(",")):
            address = address_of(name.strip())
            if address is None:
                raise RequestError(400, tr("You are a trusted proxy, and name no client in X-Forwarded-For."))
            client = str(address)
            if not is_in(client, self._proxies):
                break
        return Origin(client, request.fields.get("x-forwarded-proto", "").lower() == "https")


def refusal(error: RequestError) -> Response:
    """The response to a request that is refused."""
    return sentence(error.status, error.text, error.headers)


def over_tls(request: Request) -> Response:
    """Sends a browser that came without TLS to the same place with it. Its Host has passed `Site.check`."""
    target = f"https://{request.authority}{request.target}"
    return sentence(307, tr("This server wants TLS: {address}", address=target), {"Location": target})
