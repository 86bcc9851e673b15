"""Who is let in: how many clients there may be, in all and from one address.

An IPv6 network of 64 bits counts as one address: whoever has one address in it has all of them (RFC 6177).

Only the accepting thread calls `admit` and `hear_out`. `lock` guards what others change: `_live`, `_in` and `_out`.
"""

import ipaddress
import resource
import threading
import time
from collections import Counter

from chatroom.common.addresses import address_of, counted

CLIENTS_MAX = 10_000  # a thread each; refused with a sentence beyond
SPARE_DESCRIPTORS = 256  # of RLIMIT_NOFILE, kept for what is not a client; a quarter where there are few
# clients at once that are told in their own language why they can't stay: each takes a thread for some 0.3 s
# (`TLS_HANDSHAKE_SECONDS` at most), and one of `SPARE_DESCRIPTORS`. The others are told in a line that all understand
REFUSALS_EXPLAINED_AT_ONCE = 32
CONNECTIONS_PER_ADDRESS = 64  # clients from one address; a class behind one NAT is welcome, a flood is not
CONNECTS_PER_ADDRESS_PER_MINUTE = 128  # connections from one address in a minute

FULL = "the server is full; try again later"


class ConnectionLimiter:
    """Counts who is in. With `unlimited`, an address may bring as many clients as it likes."""

    def __init__(self, clients: int = CLIENTS_MAX, unlimited: bool = False) -> None:
        descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        spare = min(SPARE_DESCRIPTORS, descriptors // 4)
        self.clients = min(clients, descriptors - spare)
        self.turned_away = min(REFUSALS_EXPLAINED_AT_ONCE, spare // 4)
        self.lock = threading.Lock()
        self._unlimited = unlimited
        self._live: Counter[str] = Counter()
        self._in = 0
        self._out = 0  # how many are being told why they can't stay
        self._minute = 0
        self._recent: Counter[str] = Counter()  # connections in this minute, by address

    def admit(self, host: str) -> str:
        """Lets a client in and returns "", or says in a sentence why not. Whoever is in must `leave`."""
        limited = not self._unlimited and not _is_near(host)
        host = counted(host)
        self.knock(host)
        if limited and self._recent[host] > CONNECTS_PER_ADDRESS_PER_MINUTE:
            return "too many connections from your address within a minute; wait a little"
        with self.lock:
            if self._in >= self.clients:
                return FULL
            if limited and self._live[host] >= CONNECTIONS_PER_ADDRESS:
                return f"your address has {CONNECTIONS_PER_ADDRESS} connections already; close one first"
            self._in += 1
            self._live[host] += 1
        return ""

    def hear_out(self, host: str) -> bool:
        """Whether there is a place for one who was not admitted, to be told why. Whoever has one must `go_away`.

        There is none for whoever knocks again and again: it takes a thread.
        """
        if not self._unlimited and not _is_near(host) and self._recent[counted(host)] > CONNECTS_PER_ADDRESS_PER_MINUTE:
            return False
        with self.lock:
            if self._out >= self.turned_away:
                return False
            self._out += 1
        return True

    def go_away(self) -> None:
        with self.lock:
            self._out -= 1

    def leave(self, host: str) -> None:
        host = counted(host)
        with self.lock:
            self._in -= 1
            self._live[host] -= 1
            if not self._live[host]:
                del self._live[host]

    def knock(self, host: str) -> None:
        """Counts a connection from an address, whatever becomes of it."""
        host = counted(host)
        minute = int(time.monotonic() // 60)
        if minute != self._minute:
            self._minute = minute
            self._recent.clear()
        self._recent[host] += 1


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own."""
    return _address(host).is_loopback


def _is_near(host: str) -> bool:
    """Whether an address is this machine's or a private network's: a class behind one of them is not an attack."""
    address = _address(host)
    return address.is_loopback or address.is_private


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    address = address_of(host)
    assert address, "the system gives addresses"
    return address
