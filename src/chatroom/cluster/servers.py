"""Who belongs to the chat: servers come, give signs of life, and go, all in the stream.

So everybody comes to the same conclusions at the same place, and nobody has to agree on anything:

- A server is part of the chat from its `ServerJoined` on. What one does that is no part of it is not applied.
- Every entry is a sign of life of the server that wrote it; one that has nothing to say writes a `Heartbeat`.
- A server whose last sign of life is more than `lease` older than an entry is lost with that entry: its users leave.
- Where nothing at all was written for `stall`, it was Redis that was away, and everybody gets a whole lease again.
- What a server does is numbered, without gaps. A number that is not higher than the last was applied before: it is
  there twice because its server couldn't know whether it had arrived.
"""

from typing import NamedTuple
from zlib import crc32

from chatroom.cluster.redis_stream import REDIS_TIMEOUT_SECONDS
from chatroom.model.deadlines import LEASE_SECONDS
from chatroom.model.entities import Server
from chatroom.model.state import ChatState
from chatroom.model.values import Person, value

HEARTBEAT_SECONDS = 2.5  # seconds between signs of life: three may be lost
# In which no server at all gives one: it was Redis that was away. More than a heartbeat, less than a lease.
STALL_SECONDS = 5.0
LINK_GRACE_SECONDS = 1.0  # seconds that a broken link is mended quietly


class Timing(NamedTuple):
    """All in seconds. `lease` and `stall` must be the same on all servers."""

    lease: float = LEASE_SECONDS
    stall: float = STALL_SECONDS
    beat: float = HEARTBEAT_SECONDS
    grace: float = LINK_GRACE_SECONDS
    timeout: float = REDIS_TIMEOUT_SECONDS

    @property
    def agreed(self) -> int:
        """A number that differs where `lease` and `stall` do."""
        return crc32(repr((self.lease, self.stall)).encode())


# ---- what a server says of itself: in the stream, but no events ------------------------------------------------------


SERVER_JOINED, HEARTBEAT = "Linked", "Beat"  # what these two are called there


@value
class ServerJoined:
    """A server is part of the chat (again), with what it brings: see `snapshots.share` and `snapshots.lasting`.

    `last` and `time` are those of the last event it knows: what comes has higher ones.
    """

    name: str
    last: int
    time: int
    share: str = ""
    lasting: str = ""


@value
class ServerLeft:
    """A server has ended."""


@value
class Heartbeat:
    lag: int  # milliseconds


@value
class MessageBurst:
    """Many messages of one person to one room: `commands.Burst`."""

    by: Person
    room: str
    texts: list[str]
    device: str = ""  # by which it was said


@value
class Announced:
    """A server says something to everybody."""

    text: str


class Servers:
    """The rules above, for the servers of a chat; guarded by the event log's lock.

    `moment` is the time of the last entry, in milliseconds.
    """

    def __init__(self, state: ChatState, timing: Timing) -> None:
        self.moment = 0
        self._state = state
        self._lease = int(timing.lease * 1000)
        self._stall = int(timing.stall * 1000)

    def pass_to(self, moment: int) -> list[Server]:
        """An entry of this moment has come; returns who is lost with it."""
        servers = self._state.servers.values()
        if moment - self.moment > self._stall:
            for server in servers:
                server.heard = moment
        self.moment = moment
        return [server for server in servers if moment - server.heard > self._lease]

    def counts(self, id: str, number: int) -> bool:  # noqa: A002
        """Whether what this server did is to be applied."""
        server = self._state.servers.get(id)
        if server is None or number <= server.seen:
            return False
        server.seen = number
        return True

    def hear(self, id: str) -> None:  # noqa: A002
        server = self._state.servers.get(id)
        if server:
            server.heard = self.moment

    def add(self, id: str, name: str, number: int) -> None:  # noqa: A002
        server = self._state.servers[id] = Server(id, name, self.moment)
        server.seen = number

    def remove(self, id: str) -> None:  # noqa: A002
        del self._state.servers[id]
