"""IP addresses and networks, parsed from text."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network

# Networks whose addresses nobody outside of them can have. `ipaddress.is_private` is not asked: it means "not globally
# reachable", differs between versions of Python, and holds Teredo and 6to4 addresses, which anybody may have.
PRIVATE_NETWORKS: tuple[Network, ...] = (
    *map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")),  # RFC 1918: private
    IPv4Network("169.254.0.0/16"),  # RFC 3927: of one link
    IPv6Network("fc00::/7"),  # RFC 4193: private
    IPv6Network("fe80::/10"),  # RFC 4291: of one link
    # Not 100.64.0.0/10 (RFC 6598): behind it are a provider's customers, who are strangers to each other.
)


def address_of(host: str) -> IPv4Address | IPv6Address | None:
    """The address in a text, or None. An IPv4 address that is mapped into IPv6 (``::ffff:192.0.2.7``) is IPv4."""
    # Only what may be an address is remembered: strangers may send names of some kilobytes.
    return _cached_address(host) if len(host) <= _ADDRESS_CHARACTERS else _address(host)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


_ADDRESS_CHARACTERS = 64  # the longest of IPv6 has 45, and behind it may be the name of a network card
_cached_address = lru_cache(maxsize=4096)(_address)  # of each client it is asked several times


def limit_key(host: str) -> str:
    """The key under which limits count an address: itself, or for IPv6 its /64 network, which has one owner."""
    address = address_of(host)
    if address is None:
        return host
    return str(address) if address.version == 4 else str(ip_network((address, 64), strict=False))


def site_key(host: str) -> str:
    """The key under which limits count a site: for IPv6 its /48 network, which hosters give away; "" for IPv4."""
    address = address_of(host)
    return str(ip_network((address, 48), strict=False)) if address and address.version == 6 else ""


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own."""
    address = address_of(host)
    return address is not None and address.is_loopback


def is_this_machine(host: str) -> bool:
    """Whether a host's name or address is this machine's own, so that no other machine reaches it by that."""
    return is_loopback(host) or host.rstrip(".").lower() == "localhost"


def is_in(host: str, networks: tuple[Network, ...]) -> bool:
    """Whether an address is in one of the networks."""
    address = address_of(host)
    return address is not None and any(address in network for network in networks)


def network_of(text: str) -> Network | None:
    """``192.0.2.7`` or ``192.0.2.0/24`` as a network; None if the text is neither."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
