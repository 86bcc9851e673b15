"""What `chatroom serve` tells the person who starts it: how to join, and why it can't listen."""

import errno
import socket

from chatroom import __version__
from chatroom.common.addresses import is_this_machine
from chatroom.common.language import tr
from chatroom.common.names import LOBBY
from chatroom.common.qr import for_terminal
from chatroom.server.invitations import address_to_join, authority


def how_to_join(
    host: str, port: int, scheme: str = "http", *, tls: bool = False, tls_only: bool = False, password: bool = False
) -> str:
    """What each kind of client needs, with an address that others can reach if the server listens on all.

    `scheme` is that of browsers; "" if they can't come in. `tls`, `tls_only` and `password` are what the server has
    set; with TLS, what is to be typed encrypts. The page's address stands there as a QR code, too, if others reach it.
    """
    where = address_to_join(host)
    place = authority(where, port)
    is_near = is_this_machine(host)
    page = f"{scheme}://{place}" if scheme else ""
    join = f"/join {LOBBY}"
    if tls:
        window = f"chatroom connect {where} -p {port} --tls"
        netcat = f"openssl s_client -quiet -connect {place}"
        connect = f"/connect -tls {where} {port}"
        irssi = tr("irssi, and there {connect} and {join}", connect=connect, join=join)
    else:
        window = f"chatroom connect {where} -p {port}"
        netcat = f"nc {where} {port}"
        command = f"irssi -c {where} -p {port}"
        irssi = tr("{command}     then {join}", command=command, join=join)
    rows = [
        (tr("a browser"), page),
        (tr("a window"), window),
        ("netcat", netcat),
        ("IRC", irssi),
    ]
    width = max(len(label) for label, _ in rows)
    notes = [
        (tr("Only this machine can join; --host 0.0.0.0 lets the network in."), is_near),
        (tr("TLS is on; plain text is taken, too, unless --tls-only is set."), tls and not tls_only),
        (tr("TLS is on, and other machines must use it."), tls_only),
        (tr("Everybody must give the password of --password-file."), password),
        (for_terminal(page) if page and not is_near else "", True),
    ]
    listening = {"version": __version__, "host": host, "port": port}
    return "\n".join(
        [
            tr("chatroom {version} is listening on {host}, port {port}. To join:", **listening),
            *(f"  {label:<{width}}   {how}" for label, how in rows if how),
            *(note for note, holds in notes if holds and note),
            tr("q and Enter ends the server; help lists what else you can type here."),
        ]
    )


def cannot_listen(error: OSError, host: str, port: int, on: str = "--host", at: str = "-p") -> str:
    """Why nothing can be listened on there and what to do; `on` and `at` are the options that say where."""
    if isinstance(error, socket.gaierror):
        return tr(
            "There is no host {host}; {option} takes an address of this machine, 127.0.0.1 or 0.0.0.0 for example.",
            host=host,
            option=on,
        )
    if error.errno == errno.EADDRINUSE:
        return tr(
            "Port {port} is in use on {host}; end the program that uses it, or choose another port with {option}.",
            port=port,
            host=host,
            option=at,
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return tr(
            "{host} is no address of this machine; {option} 0.0.0.0 listens on all that it has.", host=host, option=on
        )
    if error.errno == errno.EACCES:
        return tr("Port {port} is for administrators; choose one above 1023 with {option}.", port=port, option=at)
    return tr("Can't listen on {host}, port {port}: {reason}.", host=host, port=port, reason=error.strerror)
