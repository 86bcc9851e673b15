"""Notifies the service manager that started the program: systemd's sd_notify(3)."""

import os
import socket


def notify(state: str) -> None:
    """Sends `state`, for example READY=1, to NOTIFY_SOCKET, if that is set; ignores errors."""
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
