"""Finds the servers that are announced in this machine's networks: mDNS, by the library zeroconf.

Anybody in a network can announce anything, in any name. So
- texts are cleaned and cut, and there are at most `SERVERS_MAX` servers;
- a server counts only if its address is in a network of this machine: an announcement reaches no further, either;
- names prove nothing (see `found_server`).
"""

import time
from contextlib import closing
from ipaddress import IPv4Address
from threading import Lock

from zeroconf import Error, IPVersion, ServiceBrowser, ServiceInfo, ServiceStateChange, Zeroconf

from chatroom.client.found_server import FoundServer
from chatroom.common.lan import ABOUT, NAME, SERVICE, TLS, own_networks
from chatroom.common.language import tr
from chatroom.common.text import clean, shortened

SEARCH_SECONDS = 2.0  # seconds that a search takes: who is there answers within one
SERVERS_MAX = 20  # that are shown: more would be no choice
_ANNOUNCED_MAX = 200  # announcements looked at
_TEXT_BYTES_MAX = 100


class LanSearch:
    """Listens for announcements from when it is made until it is closed; raises `OSError` if there is no network."""

    def __init__(self) -> None:
        self._networks = own_networks()
        self._lock = Lock()  # guards `_names`, which the library's thread changes
        self._names: dict[str, None] = {}
        if not self._networks:
            raise OSError(tr("this machine is in no network"))
        try:
            self._zeroconf = Zeroconf(interfaces=[str(each.ip) for each in self._networks], ip_version=IPVersion.V4Only)
        except Error as error:
            raise OSError(str(error)) from None
        self._browser = ServiceBrowser(self._zeroconf, SERVICE, handlers=[self._heard])

    def found(self) -> tuple[FoundServer, ...]:
        """What was announced up to now."""
        with self._lock:
            names = list(self._names)
        servers = dict.fromkeys(filter(None, map(self._server, names)))
        return tuple(servers)[:SERVERS_MAX]

    def close(self) -> None:
        self._zeroconf.close()

    def _heard(self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        with self._lock:
            if state_change is ServiceStateChange.Removed:
                self._names.pop(name, None)
            elif len(self._names) < _ANNOUNCED_MAX:
                self._names[name] = None

    def _server(self, name: str) -> FoundServer | None:
        """The server of that announcement; None if it says no address that can be reached."""
        info = ServiceInfo(SERVICE, name)
        info.load_from_cache(self._zeroconf)  # a server tells all at once; nobody is asked, which may take long
        addresses = map(IPv4Address, info.parsed_addresses(IPVersion.V4Only))
        host = next((each for each in addresses if any(each in network.network for network in self._networks)), None)
        if host is None or not info.port:
            return None
        said = {key: value or b"" for key, value in info.properties.items()}
        label = name.removesuffix(f".{SERVICE}")
        shown = _text(said.get(NAME.encode(), b"")) or _text(label.encode()) or str(host)
        return FoundServer(str(host), info.port, shown, _text(said.get(ABOUT.encode(), b"")), TLS.encode() in said)


def _text(raw: bytes) -> str:
    """A text of an announcement, as it can be shown: one line, without control characters."""
    return shortened(" ".join(clean(raw.decode(errors="replace").replace("\t", " ")).split()), _TEXT_BYTES_MAX)


def search() -> tuple[FoundServer, ...]:
    """The servers of the network, after `SEARCH_SECONDS`; raises `OSError` if there is no network."""
    with closing(LanSearch()) as started:
        time.sleep(SEARCH_SECONDS)
        return started.found()
