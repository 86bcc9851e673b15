"""What a client pays for what it sends: for each line, and for what costs more than a line.

The prices, and how much a client can pay at once, are in `flood_limit`. The client's thread waits here until the client
can pay.
"""

import select
from collections.abc import Iterator
from contextlib import nullcontext

from chatroom.model.commands import Join, Rename, SetAway, SetFormat, SetRealname
from chatroom.model.outcomes import Command
from chatroom.model.preferences import SetLanguage
from chatroom.model.replies import Reply
from chatroom.model.social_commands import React
from chatroom.net.connection import Connection
from chatroom.server.connection_limits import ConnectionLimiter
from chatroom.server.flood_limit import LOOKUP_LINES_MAX, PRICES, FloodLimit, price_of

# Commands that touch each of the rooms that one is in: they are told there, or have one read another format there.
_IN_ALL_ROOMS = (Rename, SetAway, SetRealname, SetFormat, SetLanguage)
_MORE_FOR_REACTION = 1 / PRICES.reactions - 1  # lines besides the one that it is


class Payments:
    """The payments of one client; for its thread. What waits for a payment returns False if the client ends meanwhile.

    Prices depend on `client.address`, which changes when a proxy names its client.
    """

    __slots__ = ("_client", "_flood_limit", "_limiter", "_owes")

    def __init__(self, client: Connection, limiter: ConnectionLimiter) -> None:
        self._client = client
        self._limiter = limiter
        self._flood_limit = FloodLimit()
        self._owes = False  # whether the client has still to pay for what cost more than a line

    def pay_for(self, line: bytes, is_newcomer: bool) -> bool:
        """Waits until a line and the first command in it are paid for. Some lines of newcomers are free."""
        if is_newcomer and self._flood_limit.is_free(line):
            return True
        more = price_of(line) - 1
        return self.wait_for_turn(1 + more * self._crowding() if more else 1.0, is_dear=more > 0)

    def pay_for_another(self, line: bytes, command: Command) -> bool:
        """Likewise for a further command."""
        return self._is_free(command) or self.wait_for_turn(price_of(line) * self._crowding(), is_dear=True)

    def pay_for_more(self, command: Command) -> bool:
        """Likewise for what costs more than a line: what touches all of the client's rooms, and reactions."""
        more = self._more(command)
        return not more or self.wait_for_turn(more * self._crowding(), is_dear=True)

    def _more(self, command: Command) -> float:
        """What a command costs besides its line, in lines."""
        if isinstance(command, React):
            return _MORE_FOR_REACTION
        user = self._client.session.user
        if user is None or not isinstance(command, _IN_ALL_ROOMS):
            return 0.0
        return max(0.0, len(user.rooms) / PRICES.rooms - 1)

    def charged(self, line: bytes, commands: Iterator[Command]) -> Iterator[Command]:
        """The commands of a labelled line. They are answered as one, so what costs more is paid for afterwards."""
        for number, command in enumerate(commands):
            if more := self._more(command):
                self._charge(more * self._crowding())
            if number and not isinstance(command, Reply) and not self._is_free(command):
                self._charge(price_of(line) * self._crowding())
            yield command

    def charge_lookups(self) -> None:
        """Charges for what has been looked up for the client since the last call."""
        session = self._client.session
        spent, session.spent = session.spent, 0.0
        if spent:
            self._charge(min(spent / PRICES.lookup_seconds * self._crowding(), LOOKUP_LINES_MAX))

    def wait_for_turn(self, price: float = 1.0, is_dear: bool = False) -> bool:
        """Waits until the flood limit allows it; False if the connection was shut down or reset meanwhile."""
        user = self._client.session.user
        if user and len(user.sessions) > 1:
            self._flood_limit = self._limiter.shared_budget(user.person.uid, self._flood_limit)
        pause = self._flood_limit.take(price)
        if pause > 0:
            poll = select.poll()
            poll.register(self._client.sock, 0)  # POLLHUP and POLLERR are reported all the same
            is_dear = is_dear or self._owes
            with self._limiter.paying(self._client.address) if is_dear else nullcontext():
                if poll.poll(pause * 1000):
                    return False
            self._client.session.paced = True  # that nobody reads is not the client's silence
        self._owes = False
        return True

    def _charge(self, price: float) -> None:
        """Charges for what is done already: the client pays before its next line."""
        self._flood_limit.take(price)
        self._owes = True

    def _is_free(self, command: Command) -> bool:
        return isinstance(command, Join) and self._flood_limit.is_free_room()

    def _crowding(self) -> float:
        return self._limiter.crowding(self._client.address)
