"""Says which connections without TLS need the user's consent first: anybody on the way can read along."""

import ipaddress

from chatroom.client.settings import Server, Settings

KNOWN_WITH_TLS = (
    "You have used {0} with TLS before, and now without: somebody may want to read along. "
    "Without TLS, all that you write can be read on the way, passwords too."
)
PASSWORD_IN_CLEAR = "{0} is another machine, and without TLS your password can be read on the way there."
LINE_IN_CLEAR = (
    "This connection is not encrypted: the password in that line can be read on the way. "
    "Enter it again to send it all the same."
)


def is_this_machine(host: str) -> bool:
    """Whether what is sent to a host stays on this machine."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host.rstrip(".").lower() == "localhost"


def danger(server: Server, settings: Settings, password: str) -> str:
    """What the user has to agree to before anything is sent to a server; "" where there is nothing to ask."""
    place = f"{server.host}:{server.port}"
    if server.tls:
        return ""
    last = next((old.tls for old in settings.recent if is_same(old, server)), place in settings.trusted)
    if last:
        return KNOWN_WITH_TLS.format(place)
    if password and not is_this_machine(server.host):
        return PASSWORD_IN_CLEAR.format(place)
    return ""


def is_same(one: Server, other: Server) -> bool:
    return (one.host.lower(), one.port) == (other.host.lower(), other.port)
