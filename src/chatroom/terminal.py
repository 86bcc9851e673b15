"""The client without a window."""

from chatroom.client.settings import Server


class Trouble(Exception):  # noqa: N818 (mostly the network's)
    """It can't go on; the text says why and what to do."""


def converse(server: Server, room: str, password: str) -> None:
    raise Trouble("not yet")
