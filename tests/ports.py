"""A port for a server that can't be asked to take any that is free."""

import random
import socket

# Below those that systems give to whoever asks for none in particular: there, somebody else may be given it, and be
# taken for the server, between this look and the server's own.
_PORTS = range(10_000, 32_000)


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    while True:
        port = random.SystemRandom().choice(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
