"""Sockets: resolving an address, tuning, refusing with a sentence."""

import socket
from typing import Any

from chatroom.limits import DROP_AFTER, KEEPALIVE, SEND_AHEAD, SEND_BUFFER


def tune_socket(sock: socket.socket) -> None:
    """Sets what a client's socket needs, where the platform has it."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    options = ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT", "TCP_NOTSENT_LOWAT")
    for option, setting in zip(options, (*KEEPALIVE, DROP_AFTER * 1000, SEND_AHEAD), strict=True):
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
