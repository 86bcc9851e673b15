"""The addresses by which others come in: what the banner, the console and the page tell them."""

import socket
from pathlib import Path
from urllib.parse import quote

from chatroom.common.addresses import is_loopback, is_this_machine

_CONTAINER = (Path("/.dockerenv"), Path("/run/.containerenv"))  # Docker's mark, and Podman's


def address_to_join(host: str) -> str:
    """The address by which others reach a server that listens on `host`."""
    where = {"0.0.0.0": _own_address(socket.AF_INET), "::": _own_address(socket.AF_INET6), "": ""}.get(host, host)
    return where or "127.0.0.1"


def authority(host: str, port: int) -> str:
    """`HOST:PORT`, as it stands in an address."""
    return f"{f'[{host}]' if ':' in host else host}:{port}"


def link(host: str, port: int, room: str = "", *, page: bool, tls: bool) -> str:
    """The address of the page, with a room's name if there is one; without the page, a link for `chatroom connect`."""
    place = f"#{quote(room.removeprefix('#'), safe='')}" if room else ""
    scheme = ("https" if tls else "http") if page else ("ircs" if tls else "chatroom")
    return f"{scheme}://{authority(address_to_join(host), port)}/{place}"


def reachable_authority(host: str, port: int) -> str:
    """`HOST:PORT` by which other machines reach what listens there; "" if none does, or nobody can tell.

    What a container listens on is reached by the address of its host, which it doesn't know.
    """
    if is_this_machine(host) or any(mark.exists() for mark in _CONTAINER):
        return ""
    where = address_to_join(host)
    return "" if is_loopback(where) else authority(where, port)


def is_from_elsewhere(client: socket.socket, address: str) -> bool:
    """Whether a client, who comes from that address, is on another machine."""
    try:
        return not is_loopback(address) and address != client.getsockname()[0]
    except OSError:
        return False


def _own_address(family: socket.AddressFamily) -> str:
    """This machine's address in its network, "" if it has none. Sends nothing: connecting UDP only looks up a route."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1" if family == socket.AF_INET else "2001:db8::1", 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])
