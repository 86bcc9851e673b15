"""How servers are announced in a network, by mDNS and DNS-SD (RFC 6762, RFC 6763): what both sides must agree on.

Only for what has the extra `lan`.
"""

from ipaddress import IPv4Interface

import ifaddr  # which comes with zeroconf

SERVICE = "_chatroom._tcp.local."
LABEL_BYTES_MAX = 63  # of a part of a name: RFC 1035 §2.3.4
# What an announcement says besides its address, as keys of its TXT record.
NAME = "name"
ABOUT = "about"
TLS = "tls"  # "1" if the port takes TLS


def own_networks() -> list[IPv4Interface]:
    """This machine's addresses with their networks, without those that nobody else reaches."""
    found = [
        IPv4Interface(f"{each.ip}/{each.network_prefix}")
        for adapter in ifaddr.get_adapters()
        for each in adapter.ips
        if each.is_IPv4
    ]
    return [each for each in found if not each.ip.is_loopback]
