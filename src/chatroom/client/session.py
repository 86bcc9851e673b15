"""One user's session with an IRC server: lines in, changes of the state out. No sockets, no screen.

The owner calls `connected` and `lost` when a connection comes and goes, and `feed` for each line, all from one thread.
A screen reads `state`; what it must react to once waits in `state.events`.
"""

import time
from collections.abc import Callable

from chatroom.client.handshake import Handshake
from chatroom.client.message_handlers import handle
from chatroom.client.state import SendLine, SessionState
from chatroom.common.irc_message import parse
from chatroom.common.names import LOBBY
from chatroom.common.text import CTCP, clean, plain


class Session:
    """`state` lives as long as the session; the handshake is a new one for each connection."""

    def __init__(
        self,
        nick: str,
        rooms: tuple[str, ...] = (LOBBY,),
        password: str = "",
        now: Callable[[], float] = time.time,
        server_password: str = "",
        program: str = "*",
    ) -> None:
        """`program` is what the list of the user's devices calls it: "window" or "text"."""
        self.state = SessionState(nick, rooms, password, now, server_password, program)
        self._handshake = Handshake(self.state)

    def connected(self, send_line: SendLine) -> None:
        """There is a connection: registers with the server."""
        self.state.start_connection(send_line)
        self._handshake = Handshake(self.state)
        self._handshake.start()

    def lost(self) -> None:
        """The connection is gone; the state keeps what the next one needs."""
        self.state.end_connection()

    def feed(self, line: str) -> None:
        """Handles one line from the server. Drops a line that makes no sense: the server may know more than we do."""
        try:
            message = parse(_clean(line))
        except ValueError:
            return
        ref = message.tags.get("batch", "")
        if ref in self.state.awaited.batches and message.command != "BATCH":  # a batch in a batch is one of its own
            self.state.awaited.batches[ref].keep(message, len(line))
        elif not self._handshake.feed(message):
            handle(self.state, message)


def _clean(line: str) -> str:
    """The line without control characters, which could move a terminal's cursor. The marks of CTCP stay."""
    if line.isascii() and line.isprintable():
        return line
    return CTCP.join([clean(plain(part)) for part in line.split(CTCP)])
