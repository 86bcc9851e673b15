"""IP addresses and networks, parsed from text."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


def address_of(host: str) -> IPv4Address | IPv6Address | None:
    """The address in a text, or None. An IPv4 address that is mapped into IPv6 (``::ffff:192.0.2.7``) is IPv4."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def limit_key(host: str) -> str:
    """The key under which limits count an address: itself, or for IPv6 its /64 network, which has one owner."""
    address = address_of(host)
    if address is None:
        return host
    return str(address) if address.version == 4 else str(ip_network((address, 64), strict=False))


def network_of(text: str) -> Network | None:
    """``192.0.2.7`` or ``192.0.2.0/24`` as a network; None if the text is neither."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
