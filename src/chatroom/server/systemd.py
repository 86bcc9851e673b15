"""Tells the service manager that started the program how it is: systemd's sd_notify(3), where there is one."""

import os
import socket


def notify(state: str) -> None:
    """Sends `state`, READY=1 for example, to NOTIFY_SOCKET if that is set; a manager that has gone is no matter."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):  # an abstract socket: unix(7)
        address = f"\0{address[1:]}"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.sendto(state.encode(), socket.MSG_DONTWAIT, address)
    except OSError:
        pass
