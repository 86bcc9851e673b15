"""IP addresses and networks, read from text."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

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
