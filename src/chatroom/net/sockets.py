"""Sockets: resolving an address, tuning, refusing with a sentence."""

import socket
from typing import Any

from chatroom.model.limits import DROP_AFTER_SECONDS

SEND_BUFFER_BYTES = 64 * 1024  # bytes of SO_SNDBUF: left alone, the kernel's grows to 4 MiB a socket
# bytes of it that may wait to be sent (TCP_NOTSENT_LOWAT): what is put there costs a call for each client and
# message, what is put by here next to nothing; so who never reads is a burden for a moment only
SEND_AHEAD_BYTES = 16 * 1024
# seconds before the first probe and between probes, probes: netcat answers no PING, TCP does
TCP_KEEPALIVE = (90, 15, 4)
READ_BYTES = 16 * 1024  # bytes handled in one go: some 200 lines, a few milliseconds under the log's lock


def tune_socket(sock: socket.socket) -> None:
    """Sets what a client's socket needs, where the platform has it."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    options = ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT", "TCP_NOTSENT_LOWAT")
    for option, setting in zip(options, (*TCP_KEEPALIVE, DROP_AFTER_SECONDS * 1000, SEND_AHEAD_BYTES), strict=True):
        if hasattr(socket, option):
            try:
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), setting)
            except OSError:
                pass  # the kernel does not know what the library does; or the client has left already


def refuse(sock: socket.socket, why: str) -> None:
    """Says why a client can't come in, in words that a person and an IRC client understand; closes nothing."""
    try:
        sock.send(f"ERROR :{why}\r\n".encode(), socket.MSG_DONTWAIT)
    except OSError:
        pass  # it has left already


def resolve(host: str, port: int) -> tuple[int, Any]:
    """The address family and the address to listen on; raises `socket.gaierror`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except UnicodeError:  # what can't be a name is never looked up
        raise socket.gaierror(socket.EAI_NONAME, "not a host name") from None
    family, _, _, _, address = found[0]
    return family, address
