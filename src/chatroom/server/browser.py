"""A browser's thread: answers requests of HTTP until the browser leaves or opens a WebSocket.

It is a part of `handler.ChatHandler`, imported when the first browser comes.
"""

import logging
from collections.abc import Callable, Iterable
from typing import NamedTuple

from chatroom.model.outcomes import Command
from chatroom.model.replies import Raw
from chatroom.model.server_info import ServerInfo
from chatroom.net.connection import Connection
from chatroom.protocols.base import Dialect
from chatroom.protocols.proxy_header import Origin
from chatroom.web import requests, site
from chatroom.web.http_dialect import HttpDialect
from chatroom.web.requests import Request, RequestError
from chatroom.web.responses import Response
from chatroom.web.site import SOCKET_PATHS, Site
from chatroom.web.websocket import WebSocket, WebSocketDialect, open_websocket

KEEP_ALIVE_SECONDS = 5.0  # seconds between two requests: a browser asks for all files of a page within one

log = logging.getLogger(__name__)


class Means(NamedTuple):
    """What a browser's thread needs of its `ChatHandler`."""

    read: Callable[[], bytes]  # waits for bytes; b"" at the end
    is_readable: Callable[[float], bool]  # whether bytes come within so many seconds
    wait_for_turn: Callable[[], bool]  # by the flood limit; False if the browser has left meanwhile
    submit: Callable[[Iterable[Command]], None]
    speak: Callable[[Dialect], None]  # from now on
    introduce: Callable[[Origin], None]  # whom a proxy has named; sets `Connection.refusal` if that may not come in
    may_be_plain: Callable[[], bool]  # or must use TLS


class Browser:
    """One connection of a browser, or of a trusted proxy, of which each request must name a client."""

    def __init__(self, client: Connection, info: ServerInfo, means: Means, place: Site) -> None:
        self._client = client
        self._info = info
        self._means = means
        self._site = place
        self._dialect = HttpDialect()
        self._method = "GET"  # of the last request that could be read
        self.websocket: WebSocket | None = None  # once it is open
        self.is_unread = False  # whether the browser may have sent something that nobody reads

    def converse(self, data: bytes) -> bytes:
        """Answers requests, of which `data` came already; returns what came behind the one that opens a WebSocket.

        A request that is refused is the last one: what comes behind it may be no request, but lines for the chat.
        """
        self._client.outbox.downloads = True
        self._means.speak(self._dialect)
        try:
            while not self.websocket:
                parts = requests.split(data.lstrip(b"\r\n"))
                if parts:
                    head, data = parts
                    if not (self._means.wait_for_turn() and self._request(head)):
                        break
                elif data or self._means.is_readable(KEEP_ALIVE_SECONDS):
                    came = self._means.read()
                    if not came:
                        break
                    self._dialect.is_asked = True
                    data += came
                else:
                    break
        except RequestError as error:
            self._answer(site.refusal(error), False)
            self.is_unread = True
        return data

    def _request(self, head: bytes) -> bool:
        """Answers one request; whether another one may follow. Raises `RequestError`."""
        request = requests.parse(head)
        self._method = request.method
        is_proxied = not self._client.is_introduced
        secure = self._introduced(request) if is_proxied else self._client.session.secure
        self._site.check(request, secure)
        if not (secure or self._means.may_be_plain()):
            response = site.over_tls(request)
        elif request.wants_websocket and request.path in SOCKET_PATHS:
            self._open(request, head)
            return True
        elif self._client.refusal:
            return False  # which the client is told at its end
        else:
            response = self._site.answer(request)
        log.debug("%s: %s %s: %d", self._client.address, request.method, request.target, response.status)
        keeps_alive = request.keeps_alive and not is_proxied  # the next request may be another client's
        self._answer(response, keeps_alive)
        return keeps_alive

    def _introduced(self, request: Request) -> bool:
        """Has the connection count as that of the client whom its proxy names; whether that one uses TLS."""
        client = self._site.forwarded(request)
        self._means.introduce(client)
        return client.secure

    def _open(self, request: Request, head: bytes) -> None:
        response, self.websocket = open_websocket(request, head)
        self._means.submit([Raw(response)])
        self._client.outbox.downloads = False
        self._means.speak(WebSocketDialect(self._client.session, self._info, self.websocket.opcode))

    def _answer(self, response: Response, keep_alive: bool) -> None:
        self._means.submit([Raw(response.encoded(self._method, keep_alive))])
        self._dialect.is_asked = False
