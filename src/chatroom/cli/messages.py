"""What `chatroom serve` tells the person who starts it: how to join, and why it can't listen."""

import errno
import socket

from chatroom import __version__
from chatroom.common.addresses import is_loopback


def how_to_join(host: str, port: int, scheme: str = "http", *, tls: bool = False, password: bool = False) -> str:
    """What each kind of client needs, with an address that others can reach if the server listens on all.

    `scheme` is that of browsers; "" if they can't come in. `tls` and `password` are whether the server has them; with
    TLS, what is to be typed encrypts.
    """
    where = address_to_join(host)
    place = f"{f'[{where}]' if ':' in where else where}:{port}"
    facts = [
        ("Only this machine can join; --host 0.0.0.0 lets the network in.", is_loopback(host) or host == "localhost"),
        ("TLS is on; plain text is taken, too, unless --tls-only is set.", tls),
        ("Everybody must give the password of --password-file.", password),
    ]
    notes = "".join([f"{sentence}\n" for sentence, holds in facts if holds])
    browser = f"  a browser   {scheme}://{place}\n" if scheme else ""
    if tls:
        window = f"chatroom connect {where} -p {port} --tls"
        netcat = f"openssl s_client -quiet -connect {place}"
        irssi = f"irssi, and there /connect -tls {where} {port} and /join #lobby"
    else:
        window = f"chatroom connect {where} -p {port}"
        netcat = f"nc {where} {port}"
        irssi = f"irssi -c {where} -p {port}     then /join #lobby"
    return f"""\
chatroom {__version__} is listening on {host}, port {port}. To join:
{browser}  a window    {window}
  netcat      {netcat}
  IRC         {irssi}
{notes}q and Enter ends the server; help lists what else you can type here."""


def address_to_join(host: str) -> str:
    """The address by which others reach a server that listens on `host`."""
    where = {"0.0.0.0": _own_address(socket.AF_INET), "::": _own_address(socket.AF_INET6), "": ""}.get(host, host)
    return where or "127.0.0.1"


def cannot_listen(error: OSError, host: str, port: int, on: str = "--host", at: str = "-p") -> str:
    """Why nothing can be listened on there and what to do; `on` and `at` are the options that say where."""
    if isinstance(error, socket.gaierror):
        return f"There is no host {host}; {on} takes an address of this machine, 127.0.0.1 or 0.0.0.0 for example."
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use on {host}; end the program that uses it, or choose another port with {at}."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine; {on} 0.0.0.0 listens on all that it has."
    if error.errno == errno.EACCES:
        return f"Port {port} is for administrators; choose one above 1023 with {at}."
    return f"Can't listen on {host}, port {port}: {error.strerror}."


def _own_address(family: socket.AddressFamily) -> str:
    """This machine's address in its network, "" if it has none. Sends nothing: connecting UDP only looks up a route."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1" if family == socket.AF_INET else "2001:db8::1", 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])
