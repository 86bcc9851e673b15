"""Announces a server in its network, so that `chatroom connect` finds it there: mDNS, by the library zeroconf.

An announcement is a help, and nothing depends on it. If it can't be made, the log says why and the server goes on.
"""

import logging
import secrets
import socket
import threading

from zeroconf import Error, IPVersion, ServiceInfo, Zeroconf

from chatroom.common.addresses import address_of
from chatroom.common.lan import ABOUT, LABEL_BYTES_MAX, NAME, SERVICE, TLS, own_networks
from chatroom.common.text import shortened

WITHDRAW_SECONDS = 1.0  # seconds that a server which ends waits until its announcement is withdrawn
EVERYWHERE = ("0.0.0.0", "::")

log = logging.getLogger(__name__)


class Announcement(threading.Thread):
    """Announces what listens on `host` and `port` from `start` to `withdraw`.

    `name` is what people choose it by, "" for the machine's; `about` tells what it is for. It is made in a thread of
    its own: the network is first asked for a second whether the name is free.
    """

    def __init__(self, host: str, port: int, name: str, about: str, tls: bool) -> None:
        super().__init__(name="announcement", daemon=True)
        self._host = host
        machine = socket.gethostname().partition(".")[0]
        label = shortened(machine, LABEL_BYTES_MAX // 2) or "chatroom"  # half: a number may be added to it
        told = {NAME: name or machine, ABOUT: about, **({TLS: "1"} if tls else {})}
        # A host of its own: where two machines have the same name, one's address must not be taken for the other's.
        host_name = f"chatroom-{secrets.token_hex(8)}.local."
        self._info = ServiceInfo(SERVICE, f"{label}.{SERVICE}", port, properties=told, server=host_name)
        self._ended = threading.Event()

    def run(self) -> None:
        try:
            addresses = addresses_of(self._host)
            if not addresses:
                log.info("this server is not announced: it has no IPv4 address in a network")
                return
            self._info.addresses = [socket.inet_aton(each) for each in addresses]
            zeroconf = Zeroconf(interfaces=addresses, ip_version=IPVersion.V4Only)
        except (OSError, Error) as error:
            log.warning("this server can't be announced in the network: %s", error)
            return
        try:
            zeroconf.register_service(self._info, allow_name_change=True)
            log.info("this server is announced at %s; --no-announce prevents that", ", ".join(addresses))
            self._ended.wait()
        except (OSError, Error, TimeoutError) as error:
            log.warning("this server can't be announced in the network: %s", error)
        finally:
            zeroconf.close()  # tells the network that the server is gone

    def end(self) -> None:
        """Ends the announcement without waiting for it, if there is one."""
        self._ended.set()

    def withdraw(self) -> None:
        """Ends the announcement and waits until the network has been told, at most `WITHDRAW_SECONDS`."""
        self.end()
        if self.ident is not None:  # None where no thread could be started
            self.join(WITHDRAW_SECONDS)


def addresses_of(host: str) -> list[str]:
    """The IPv4 addresses by which others reach what listens on the address `host`: never one of this machine alone."""
    if host in EVERYWHERE:
        return [str(each.ip) for each in own_networks()]
    address = address_of(host)
    return [str(address)] if address and address.version == 4 and not address.is_loopback else []
