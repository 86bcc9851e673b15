"""Addresses and networks, and which of them are held against an address."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from chatroom.events import Entry

Network = IPv4Network | IPv6Network


def address_of(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host is; IPv4 as such, though it came in on "::"."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def counted(host: str) -> str:
    """What an address is counted under: itself, or for IPv6 its network, of which whoever has one has 2^64."""
    address = address_of(host)
    if address is None:
        return host
    return str(address) if address.version == 4 else str(ip_network((address, 64), strict=False))


def network_of(text: str) -> Network | None:
    """``192.0.2.7`` or ``192.0.2.0/24`` as a network; None if it is neither."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


class Networks:
    """Those entries that are about an address or a network: finds the one for an address without looking at all."""

    def __init__(self) -> None:
        self._of: dict[tuple[int, int], dict[int, Entry]] = {}  # by version and length; then by their first bits

    def clear(self) -> None:
        self._of.clear()

    def put(self, entry: Entry) -> None:
        """Takes note of an entry, if it is about a network."""
        network = network_of(entry.mask)
        if network:
            self._of.setdefault((network.version, network.prefixlen), {})[int(network.network_address)] = entry

    def drop(self, mask: str) -> None:
        network = network_of(mask)
        if network:
            kind = (network.version, network.prefixlen)
            self._of.get(kind, {}).pop(int(network.network_address), None)
            if not self._of.get(kind):
                self._of.pop(kind, None)

    def find(self, host: str) -> Entry | None:
        """The entry for an address; None for what is none."""
        if not self._of:
            return None
        address = address_of(host)
        if address is None:
            return None
        for (version, length), networks in self._of.items():
            if version == address.version:
                rest = address.max_prefixlen - length
                entry = networks.get(int(address) >> rest << rest)
                if entry:
                    return entry
        return None
