"""How many clients there may be, in all and from one address.

An IPv6 network of 64 bits counts as one address: whoever has one address in it has all of them (RFC 6177).
"""

import ipaddress
import resource
import threading
import time
from collections import Counter

from chatroom.common.addresses import address_of, limit_key

CLIENTS_MAX = 10_000  # each has a thread
SPARE_DESCRIPTORS = 256  # of RLIMIT_NOFILE, for what is not a client; a quarter of it where it is low
# Clients at once that are told in their own protocol why they can't stay. Each takes a thread for some 0.3 s
# (`TLS_HANDSHAKE_SECONDS` at most), and one of the spare descriptors. Others are sent a line that all understand.
REFUSALS_EXPLAINED_AT_ONCE = 32
CONNECTIONS_PER_ADDRESS = 64  # clients from one address; a class behind one NAT is welcome, a flood is not
CONNECTS_PER_ADDRESS_PER_MINUTE = 128  # connections from one address in a minute
# Seconds to wait after a connection could not be accepted: the first pause, doubled up to the second.
ACCEPT_PAUSE_SECONDS = (0.01, 1.0)

FULL = "the server is full; try again later"


class ConnectionLimiter:
    """Counts clients. With `unlimited`, one address may have as many as it likes.

    `admit`, `admit_to_explain` and `count_connect` are for the accepting thread alone. `lock` guards what other threads
    change: `_by_address`, `_clients` and `_explained`.
    """

    def __init__(self, clients: int = CLIENTS_MAX, unlimited: bool = False) -> None:
        descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        spare = min(SPARE_DESCRIPTORS, descriptors // 4)
        self.clients_max = min(clients, descriptors - spare)
        self.explained_max = min(REFUSALS_EXPLAINED_AT_ONCE, spare // 4)
        self.lock = threading.Lock()
        self._unlimited = unlimited
        self._by_address: Counter[str] = Counter()
        self._clients = 0
        self._explained = 0  # clients that are being told why they can't stay
        self._minute = 0
        self._connects: Counter[str] = Counter()  # in this minute, by address

    def admit(self, host: str) -> str:
        """Counts a client as here and returns "", or a sentence that says why not. One that is here must `leave`."""
        limited = not self._unlimited and not _is_near(host)
        host = limit_key(host)
        self.count_connect(host)
        if limited and self._connects[host] > CONNECTS_PER_ADDRESS_PER_MINUTE:
            return "too many connections from your address within a minute; wait a little"
        with self.lock:
            if self._clients >= self.clients_max:
                return FULL
            if limited and self._by_address[host] >= CONNECTIONS_PER_ADDRESS:
                return f"your address has {CONNECTIONS_PER_ADDRESS} connections already; close one first"
            self._clients += 1
            self._by_address[host] += 1
        return ""

    def admit_to_explain(self, host: str) -> bool:
        """Whether a refused client may have a thread that tells it why; if so it must `leave_explained`.

        An address that connects too often may not.
        """
        limited = not self._unlimited and not _is_near(host)
        if limited and self._connects[limit_key(host)] > CONNECTS_PER_ADDRESS_PER_MINUTE:
            return False
        with self.lock:
            if self._explained >= self.explained_max:
                return False
            self._explained += 1
        return True

    def leave_explained(self) -> None:
        """Counts a refused client as gone."""
        with self.lock:
            self._explained -= 1

    def leave(self, host: str) -> None:
        """Counts a client as gone."""
        host = limit_key(host)
        with self.lock:
            self._clients -= 1
            self._by_address[host] -= 1
            if not self._by_address[host]:
                del self._by_address[host]

    def count_connect(self, host: str) -> None:
        """Counts a connection from an address for the limit a minute."""
        host = limit_key(host)
        minute = int(time.monotonic() // 60)
        if minute != self._minute:
            self._minute = minute
            self._connects.clear()
        self._connects[host] += 1


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own."""
    return _address(host).is_loopback


def _is_near(host: str) -> bool:
    """Whether an address is this machine's or a private network's: a class in one room is not an attack."""
    address = _address(host)
    return address.is_loopback or address.is_private


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    address = address_of(host)
    assert address, "the system gives addresses"
    return address
