"""A port for a server that can't be asked to take any that is free."""

import random
import socket
from collections.abc import Iterator
from functools import cache
from itertools import cycle

# Below those that systems give to whoever asks for none in particular: there, somebody else may be given it, and be
# taken for the server, between this look and the server's own.
_PORTS = range(10_000, 32_000)
_BLOCK = 200  # of these, one process has at once


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    while True:
        port = next(_ours())
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@cache
def _ours() -> Iterator[int]:
    """Ports that no other run of the tests gives away: a block of them belongs to who has its first one, for UDP."""
    blocks = [_PORTS[start : start + _BLOCK] for start in range(0, len(_PORTS), _BLOCK)]
    for first, *others in random.SystemRandom().sample(blocks, len(blocks)):
        mark = socket.socket(type=socket.SOCK_DGRAM)
        try:
            mark.bind(("127.0.0.1", first))
        except OSError:
            mark.close()
            continue
        mark.detach()  # stays open until the process ends
        return cycle(others)
    raise OSError(f"no block of {_BLOCK} ports is free")


def listens(port: int) -> bool:
    """Whether somebody listens on a port of 127.0.0.1."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except ConnectionRefusedError:
        return False
    return True
