"""Connects to the address of a host that answers first (RFC 8305, happy eyeballs).

A host often has an IPv6 and an IPv4 address, and one of them may be a black hole, which neither answers nor refuses.
"""

import errno
import os
import selectors
import socket
import threading
import time
from collections.abc import Sequence

NEXT_ADDRESS_SECONDS = 0.25  # after which the next address is tried as well; RFC 8305 §5
_CLOSING_SECONDS = 0.2  # between two looks at whether the user has given up
_UNDER_WAY = (0, errno.EINPROGRESS, errno.EWOULDBLOCK)

AddressInfo = tuple[
    socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
]


def in_turns(addresses: Sequence[AddressInfo]) -> list[AddressInfo]:
    """The addresses with their families in turns, beginning with the first one's; else the order stays."""
    families = list(dict.fromkeys(item[0] for item in addresses))
    places = dict.fromkeys(families, 0)
    keyed = []
    for item in addresses:
        keyed.append((places[item[0]], families.index(item[0]), item))
        places[item[0]] += 1
    return [item for _, _, item in sorted(keyed, key=lambda key: key[:2])]


def race(addresses: Sequence[AddressInfo], deadline: float, closing: threading.Event) -> socket.socket:
    """A connection to the address that answered first. Raises the last `OSError`, or `TimeoutError` at the deadline."""
    error: OSError = TimeoutError()
    waiting = in_turns(addresses)
    next_at = time.monotonic()
    with selectors.DefaultSelector() as selector:
        try:
            while (waiting or selector.get_map()) and not closing.is_set() and (now := time.monotonic()) < deadline:
                if waiting and (now >= next_at or not selector.get_map()):
                    try:
                        selector.register(_begin(waiting.pop(0)), selectors.EVENT_WRITE)
                    except OSError as failure:
                        error = failure
                        continue
                    next_at = now + NEXT_ADDRESS_SECONDS
                pause = min(deadline - now, _CLOSING_SECONDS, next_at - now if waiting else _CLOSING_SECONDS)
                for key, _ in selector.select(max(pause, 0.0)):
                    sock = key.fileobj
                    assert isinstance(sock, socket.socket)
                    selector.unregister(sock)
                    failed = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if not failed:
                        return sock
                    sock.close()
                    error = OSError(failed, os.strerror(failed))
            raise error if not selector.get_map() else TimeoutError()
        finally:
            for key in list(selector.get_map().values()):
                assert isinstance(key.fileobj, socket.socket)
                key.fileobj.close()


def _begin(item: AddressInfo) -> socket.socket:
    """A socket that connects; raises `OSError` if that can't even begin."""
    family, kind, protocol, _, address = item
    sock = socket.socket(family, kind, protocol)
    sock.setblocking(False)
    failed = sock.connect_ex(address)
    if failed not in _UNDER_WAY:
        sock.close()
        raise OSError(failed, os.strerror(failed))
    return sock
