"""The server: accepts clients, gives each its thread, and ends well.

A client's thread (`ChatHandler`) only reads: bytes go through its dialect to the log, all the rest follows from there.
Who closes what: the courier closes sockets; a reader says when it is done with one. A stopping server says goodbye to
all, waits until what is left is written, and gives up after `DRAIN` seconds.

`ChatServer.lock` guards `connections`.
"""

import errno
import gc
import logging
import select
import socket
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import closing
from itertools import count
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

from chatroom.courier import Connection, Courier
from chatroom.dialects.detect import Spoken, detect
from chatroom.dialects.irc import IrcDialect, ServerInfo
from chatroom.dialects.plain import PLAIN, PLAIN_PROMPT, PlainDialect
from chatroom.events import Announcement, Command, Quit, Raw, Saving, SetFormat
from chatroom.hub import Hub
from chatroom.limits import ACCEPT_QUEUE, DRAIN, GARBAGE, READ_SIZE, SEND_BUFFER, SILENCE, SWITCH, THREAD_STACK
from chatroom.log import LocalLog
from chatroom.store import Archive, Keeper, Store

log = logging.getLogger(__name__)

_NOT_HTTP = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\nThis is a chat server.\n"
_GONE = (errno.ECONNRESET, errno.EPIPE, errno.ETIMEDOUT, errno.ENOTCONN, errno.EBADF)  # the client, without a goodbye


def now() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


class ChatServer(ThreadingTCPServer):
    """Carries the chat, from `start` to `stop`."""

    allow_reuse_address = True
    daemon_threads = True  # they are counted in `connections`; socketserver's own list is walked at each accept
    block_on_close = False
    request_queue_size = ACCEPT_QUEUE

    def __init__(self, host: str, port: int, info: ServerInfo, store: Store | None = None, keep: int = 0) -> None:
        """Binds and listens; raises `OSError` if it can't. `port` 0 takes any that is free.

        Without a store nothing is kept. With one, it is the server's from here on: `stop` closes it. What is older than
        `keep` days is pruned, nothing if that is 0.
        """
        self.info = info
        self.lock = threading.Lock()
        self.connections: dict[socket.socket, Connection] = {}
        self._none_left = threading.Condition(self.lock)
        self._uids = count(1)
        self.store = store
        self.courier = Courier(store.save if store else None)
        self.hub = Hub(self.courier, now, lasting=store is not None)
        last_id, last_time = self._remember(store) if store else (0, 0)
        self._archive = Archive(store) if store else None
        self.log = LocalLog(self.hub, self.courier, now, last_id, last_time, self._archive)
        self._keeper = Keeper(store, self._saving, keep) if store else None
        self._acceptor = threading.Thread(target=self.serve_forever, name="acceptor", daemon=True)
        family, address = _resolve(host, port)
        self.address_family = family
        super().__init__(address, ChatHandler)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)  # "::" is IPv4 too
        super().server_bind()

    def start(self) -> None:
        """Accepts clients in a thread of its own, until `stop`."""
        threading.stack_size(THREAD_STACK)
        sys.setswitchinterval(SWITCH)
        gc.set_threshold(GARBAGE)
        self.courier.start()
        if self._keeper:
            self._keeper.start()
        self._acceptor.start()

    def stop(self, reason: str = "the server is shutting down") -> None:
        """Says goodbye to all, closes every connection and ends; within about `DRAIN` seconds. May be called once."""
        self._stop_listening()
        with self.lock:
            leaving = list(self.connections.values())
        for connection in leaving:
            self.log.submit(connection, [Quit(reason)])
        with self._none_left:
            if not self._none_left.wait_for(lambda: not self.connections, DRAIN):
                log.warning("%d clients did not read what was left for them", len(self.connections))
        self.courier.stop(DRAIN)
        self.courier.join()
        if self._keeper:
            self._keeper.stop()
        if self._archive:
            self._archive.close()
        if self.store:
            self.store.close()

    def _remember(self, store: Store) -> tuple[int, int]:
        """Puts the rooms back as they were; returns the last id and time of the history."""
        with closing(store.reader()) as reader:
            for room in reversed(list(reader.rooms())):
                self.hub.restore(*room)
        ahead = store.last_time - now()
        if ahead > 0:
            log.warning(
                "the clock is %.0f s behind the history; until it has caught up, times stand still", ahead / 1000
            )
        return store.last_id, store.last_time

    def _saving(self, works: bool, lost: int) -> None:
        with self.log.lock:
            self.hub.saving(Saving(works, lost))
        self.courier.dispatch()

    def _stop_listening(self) -> None:
        try:
            self.socket.shutdown(socket.SHUT_RDWR)  # wakes the acceptor, which otherwise looks up twice a second
        except OSError:
            pass  # not everywhere has a listening socket something to shut down
        self.shutdown()
        self.server_close()

    def announce(self, text: str) -> None:
        """Says something to everybody."""
        with self.lock:
            everybody = list(self.connections.values())
        for connection in everybody:
            self.log.submit(connection, [Announcement(text)])

    # ---- what socketserver calls ------------------------------------------------------------------------------------

    def process_request(self, request: Any, client_address: Any) -> None:
        """Registers the connection before its thread exists, so that `stop` misses none."""
        request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        host = client_address[0].removeprefix("::ffff:")
        connection = Connection(str(next(self._uids)), f"0{host}" if host.startswith(":") else host, PLAIN, request)
        connection.dialect = PlainDialect(connection)
        with self.lock:
            self.connections[request] = connection
        with self.log.lock:
            self.hub.attach(connection)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """The reader is done, or never came to be: the courier closes the socket when it has written what is left."""
        with self._none_left:
            connection = self.connections.pop(request, None)
            if not self.connections:
                self._none_left.notify_all()
        if connection:
            with self.log.lock:
                self.hub.detach(connection)
            self.courier.release(connection)
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.exception("error while serving %s", client_address[0])


class ChatHandler(StreamRequestHandler):
    """Reads one client until it leaves."""

    server: ChatServer
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.client = self.server.connections[self.request]
        self.who = f"{self.client_address[0]} port {self.client_address[1]}"

    def handle(self) -> None:
        log.info("%s connected", self.who)
        try:
            first = self._meet()
            if first:
                self._converse(first)
        except OSError as error:
            if error.errno not in _GONE:
                raise
        finally:
            reason = self.client.cut or "connection closed"
            name = self.client.nick
            self._submit([Quit(reason, ask=False)])
            log.info("%s%s disconnected (%s)", self.who, f" {name}" if name else "", reason)

    def _meet(self) -> bytes:
        """Finds out what the client speaks; returns what was read so far, b"" if there is nothing more to do."""
        first = b""
        prompted = False
        while True:
            if not prompted and not self._readable(SILENCE):
                self._submit([Raw(PLAIN_PROMPT)])
                prompted = True
            data = self._read()
            first += data
            spoken = detect(first) if data else Spoken.PLAIN
            if spoken is not Spoken.UNKNOWN:
                break
        if spoken is Spoken.PLAIN and first:
            self._submit([] if prompted else [Raw(PLAIN_PROMPT)])
        elif spoken is Spoken.IRC:
            self.client.dialect = IrcDialect(self.client, self.server.info)
            self._submit([SetFormat(self.client.dialect.format, echo=False)])
        elif spoken is Spoken.HTTP:
            self._submit([Raw(_NOT_HTTP)])
        return first if spoken in (Spoken.PLAIN, Spoken.IRC) else b""

    def _converse(self, data: bytes) -> None:
        name = self.client.nick
        while data:
            self._submit(self.client.dialect.receive(data))
            if self.client.closing:
                return
            if self.client.nick != name:
                name = self.client.nick
                log.info("%s is %s", self.who, name)
            self.server.courier.admit()
            data = self._read()
        self._submit(self.client.dialect.end())

    def _submit(self, commands: Iterable[Command]) -> None:
        self.server.log.submit(self.client, commands)

    def _read(self) -> bytes:
        """What one `recv` brings, b"" at the end."""
        return self.rfile.read1(READ_SIZE)

    def _readable(self, timeout: float) -> bool:
        """Whether something comes within `timeout` seconds. `poll`: a timeout on the socket would spoil `rfile`."""
        poll = select.poll()
        poll.register(self.request, select.POLLIN)
        return bool(poll.poll(timeout * 1000))


def _resolve(host: str, port: int) -> tuple[int, Any]:
    """The address family and the address to listen on; raises `socket.gaierror`."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return family, address
