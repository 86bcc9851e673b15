"""Settings that may change while the server runs."""

import ssl
from typing import NamedTuple


class Settings(NamedTuple):
    """What may change while the server runs; "" is no password."""

    motd: tuple[str, ...] = ()
    password: str = ""
    operator_password: str = ""
    tls: ssl.SSLContext | None = None
