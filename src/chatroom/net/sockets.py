"""Helpers for sockets: resolving an address, setting options, refusing a client with a sentence."""

import select
import socket
import sys
from typing import Any

from chatroom.model.deadlines import DROP_AFTER_SECONDS

SEND_BUFFER_BYTES = 64 * 1024  # SO_SNDBUF: by default the kernel's buffer grows to 4 MiB a socket
# TCP_NOTSENT_LOWAT, bytes of that buffer that may wait to be sent. A message put into it costs a call for each client,
# one put into an outbox next to nothing: so a client that never reads costs calls for a moment only.
SEND_AHEAD_BYTES = 16 * 1024
TCP_KEEPALIVE = (90, 15, 4)  # seconds until the first probe, seconds between probes, probes: netcat answers no PING
READ_BYTES = 16 * 1024  # bytes handled at a time: some 200 lines, a few milliseconds under the event log's lock


# Whether an accepted socket has the options of the one that listens: then they are set once, not for each client.
OPTIONS_ARE_INHERITED = sys.platform == "linux"


def tune_socket(sock: socket.socket) -> None:
    """Sets the options of a client's socket, as far as the platform has them."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)  # telnet sends some commands as urgent data
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    options = ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT", "TCP_NOTSENT_LOWAT")
    for option, setting in zip(options, (*TCP_KEEPALIVE, DROP_AFTER_SECONDS * 1000, SEND_AHEAD_BYTES), strict=True):
        if hasattr(socket, option):
            try:
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), setting)
            except OSError:
                pass  # this kernel lacks the option, or the client has left already


def is_readable(sock: socket.socket, timeout: float) -> bool:
    """Whether something comes within `timeout` seconds: bytes, or a client if the socket listens."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(timeout * 1000))


def error_line(why: str) -> bytes:
    """A line that says why a connection ends; people and IRC clients understand it."""
    return f"ERROR :{why}\r\n".encode()


def wake_listeners(listener: socket.socket) -> None:
    """Ends the waiting of threads that accept, as far as the system does so; on others, closing the socket does."""
    try:
        listener.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # not all systems shut down a listening socket


def refuse(sock: socket.socket, why: str) -> None:
    """Sends why a client can't come in, by an `error_line`; doesn't close the socket."""
    try:
        sock.send(error_line(why), socket.MSG_DONTWAIT)
    except OSError:
        pass  # it has left already


def resolve(host: str, port: int) -> tuple[int, Any]:
    """The address family and the address to listen on; raises `socket.gaierror`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except UnicodeError:  # text that can't be a host name is not looked up
        raise socket.gaierror(socket.EAI_NONAME, "not a host name") from None
    family, _, _, _, address = found[0]
    return family, address
