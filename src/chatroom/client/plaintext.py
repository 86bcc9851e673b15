"""Says which connections without TLS need the user's consent first: anybody on the way can read along."""

from chatroom.client.settings import Server, Settings
from chatroom.common.addresses import is_this_machine
from chatroom.common.language import mark, tr

KNOWN_WITH_TLS = mark(
    "You have used {server} with TLS before, and now without: somebody may want to read along. "
    "Without TLS, all that you write can be read on the way, passwords too."
)
PASSWORD_IN_CLEAR = mark("{server} is another machine, and without TLS your password can be read on the way there.")
LINE_IN_CLEAR = mark(
    "This connection is not encrypted: the password in that line can be read on the way. "
    "Enter it again to send it all the same."
)


def danger(server: Server, settings: Settings, password: str) -> str:
    """What the user has to agree to before anything is sent to a server; "" where there is nothing to ask."""
    if server.tls:
        return ""
    if used_tls(server, settings, server.place in settings.trusted):
        return tr(KNOWN_WITH_TLS, server=server.place)
    if password and not is_this_machine(server.host):
        return tr(PASSWORD_IN_CLEAR, server=server.place)
    return ""


def used_tls(server: Server, settings: Settings, otherwise: bool) -> bool:
    """Whether a server was used with TLS when it was last used; `otherwise` where that is not remembered."""
    place = (server.host.lower(), server.port)
    return next((old.tls for old in settings.recent if (old.host.lower(), old.port) == place), otherwise)
