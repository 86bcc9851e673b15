"""The settings that may change while the server runs."""

import ssl
from typing import NamedTuple


class Settings(NamedTuple):
    """Read from files at the start, at SIGHUP and at REHASH. An empty password stands for none."""

    motd: tuple[str, ...] = ()
    password: str = ""
    operator_password: str = ""
    webirc_password: str = ""
    tls: ssl.SSLContext | None = None
    has_authority: bool = False  # whether the certificate is one that clients trust by themselves
