"""How many clients there may be, in all and from one address.

An IPv6 network of 64 bits counts as one address: whoever has one address in it has all of them (RFC 6177). A network of
48 bits has limits besides.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from weakref import WeakValueDictionary

from chatroom.common.addresses import PRIVATE_NETWORKS, Network, is_in, is_loopback, limit_key, site_key
from chatroom.server.flood_limit import FloodLimit
from chatroom.server.process_tuning import files_max

CLIENTS_MAX = 10_000  # each has a thread
SPARE_DESCRIPTORS = 256  # of RLIMIT_NOFILE, for what is not a client; a quarter of it where it is low
# Clients at once that are told in their own protocol why they can't stay. Each takes a thread for some 0.3 s
# (`TLS_HANDSHAKE_SECONDS` at most), and one of the spare descriptors. Others are sent a line that all understand.
REFUSALS_EXPLAINED_AT_ONCE = 32
CONNECTIONS_PER_ADDRESS = 64  # clients from one address; a class behind one NAT is welcome, a flood is not
CONNECTS_PER_CONNECTION = 2  # connections a minute for each client that an address may have: all may come back once
# How many times as many an address of a private network may have: behind it may be a proxy, or a container's gateway.
PRIVATE_FACTOR = 4
# How many clients of an address may wait at once for what costs more than a line before it gets dearer for all of them:
# a share of the clients that it may have.
CROWD_SHARE = 1 / 8
SITE_FACTOR = 8  # how many times as many an IPv6 /48 may have: it is 65,536 networks of 64 bits, and easy to get
# Seconds to wait after a connection could not be accepted: the first pause, doubled up to the second.
ACCEPT_PAUSE_SECONDS = (0.01, 1.0)

_HAS_ONE = "your address has 1 connection already; close one first"
_HAS_ALL = "your address has {most} connections already; close one first"
FULL = "the server is full; try again later"


class ConnectionLimiter:
    """Counts clients. With `unlimited`, one address may have as many as it likes.

    `per_address` is how many one address may have; addresses in `trusted` networks, and this machine, may have any
    number. `lock` guards all that changes.
    """

    def __init__(
        self,
        clients: int = CLIENTS_MAX,
        unlimited: bool = False,
        per_address: int = CONNECTIONS_PER_ADDRESS,
        trusted: tuple[Network, ...] = (),
    ) -> None:
        descriptors = files_max()
        spare = min(SPARE_DESCRIPTORS, descriptors // 4)
        self.clients_max = min(clients, descriptors - spare)
        self.explained_max = min(REFUSALS_EXPLAINED_AT_ONCE, spare // 4)
        self.lock = threading.Lock()
        self._unlimited = unlimited
        self._per_address = per_address
        self._trusted = trusted
        self._by_key: Counter[str] = Counter()  # clients, by address and by site
        self._clients = 0
        self._explained = 0  # clients that are being told why they can't stay
        self._paying: Counter[str] = Counter()  # clients that wait for what costs more than a line, by address
        self._budgets = WeakValueDictionary[str, FloodLimit]()  # of people with several devices, by uid
        self._minute = 0
        self._connects: Counter[str] = Counter()  # in this minute, by address and by site

    def admit(self, host: str) -> str:
        """Counts a client as here and returns "", or a sentence that says why not. One that is here must `leave`."""
        limits = self._limits(host)
        self.count_connect(host)
        with self.lock:
            if self._connects_too_often(limits):
                return "too many connections from your address within a minute; wait a little"
            if self._clients >= self.clients_max:
                return FULL
            for key, most in limits.items():
                if self._by_key[key] >= most:
                    return _HAS_ONE if most == 1 else _HAS_ALL.format(most=most)
            self._clients += 1
            for key in _keys(host):
                self._by_key[key] += 1
        return ""

    def crowding(self, host: str) -> float:
        """By what prices are multiplied for clients of this address: more than 1 where many of them wait to pay."""
        limits = self._limits(host)
        if not limits:
            return 1.0
        key, most = next(iter(limits.items()))
        with self.lock:
            return max(1.0, self._paying[key] / max(1.0, most * CROWD_SHARE))

    def shared_budget(self, person: str, own: FloodLimit) -> FloodLimit:
        """The one budget of all devices of a person, by their uid: that of the device which asks first."""
        with self.lock:
            return self._budgets.setdefault(person, own)

    @contextmanager
    def paying(self, host: str) -> Iterator[None]:
        """Counts a client of this address as one that waits to pay for more than a line, as long as it is within."""
        key = limit_key(host)
        with self.lock:
            self._paying[key] += 1
        try:
            yield
        finally:
            with self.lock:
                self._paying[key] -= 1
                if not self._paying[key]:
                    del self._paying[key]

    def admit_to_explain(self, host: str) -> bool:
        """Whether a refused client may have a thread that tells it why; if so it must `leave_explained`.

        An address that connects too often may not.
        """
        limits = self._limits(host)
        with self.lock:
            if self._connects_too_often(limits) or self._explained >= self.explained_max:
                return False
            self._explained += 1
        return True

    def _limits(self, host: str) -> dict[str, int]:
        """How many clients each key of an address may have; none if it may have any number."""
        if self._unlimited or is_loopback(host) or is_in(host, self._trusted):
            return {}
        most = self._per_address * (PRIVATE_FACTOR if is_in(host, PRIVATE_NETWORKS) else 1)
        return dict(zip(_keys(host), (most, most * SITE_FACTOR), strict=False))

    def _connects_too_often(self, limits: dict[str, int]) -> bool:
        assert self.lock.locked()
        return any(self._connects[key] > most * CONNECTS_PER_CONNECTION for key, most in limits.items())

    def leave_explained(self) -> None:
        """Counts a refused client as gone."""
        with self.lock:
            self._explained -= 1

    def leave(self, host: str) -> None:
        """Counts a client as gone."""
        with self.lock:
            self._clients -= 1
            for key in _keys(host):
                self._by_key[key] -= 1
                if not self._by_key[key]:
                    del self._by_key[key]

    def count_connect(self, host: str) -> None:
        """Counts a connection from an address for the limit a minute."""
        minute = int(time.monotonic() // 60)
        with self.lock:
            if minute != self._minute:
                self._minute = minute
                self._connects.clear()
            for key in _keys(host):
                self._connects[key] += 1


@lru_cache(maxsize=1024)  # asked several times a client
def _keys(host: str) -> tuple[str, ...]:
    """What an address is counted by: itself or its /64, and for IPv6 its /48."""
    site = site_key(host)
    return (limit_key(host), site) if site else (limit_key(host),)
