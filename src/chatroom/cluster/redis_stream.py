"""Redis, as far as it is needed: a stream of entries, snapshots of what they have led to, and who may use both.

    chatroom:protocol    what those who write here understand: `Stream` refuses to mix with others
    chatroom:stream      the entries; each has one field, whose name is the protocol's number
    chatroom:snapshots   by the id of the last entry that a snapshot stands for
    chatroom:chat        a number that each beginning has of its own

Stream, snapshots and number begin together. Redis may lose any of them at any moment, with the connections alive
(FLUSHALL, a key evicted), and another server may begin anew at once. So where one is gone, or the number is another,
all is lost: nothing is read or written as if it were not.

One connection, for one thread; it is made when it is needed. What goes wrong with it is a `LinkError`, and the next
call tries again. Nothing is tried twice in here: only the caller knows what may be done twice.
"""

import socket
from typing import Any
from urllib.parse import urlsplit

from chatroom.common.language import tr

REDIS_TIMEOUT_SECONDS = 3.0  # seconds that Redis may take to answer
SNAPSHOTS_KEPT = 20  # kept, with what is behind the oldest: who is away no longer than that misses nothing

START = "0-0"  # the id before all others
_KEY = "chatroom:stream"
_SNAPSHOTS = "chatroom:snapshots"
_PROTOCOL = "chatroom:protocol"
_SECRET = "chatroom:secret:"  # and its name
_CHAT = "chatroom:chat"
_EMPTY = b'["",0,[]]'  # the first entry of a stream: nobody has done anything

# Begins a chat, if none is there that is whole.
# KEYS: stream, snapshots, number. ARGV: protocol, entry, number, snapshot.
_FOUND = """
if redis.call('EXISTS', KEYS[1], KEYS[2], KEYS[3]) == 3 then return 0 end
redis.call('DEL', KEYS[1], KEYS[2])
local id = redis.call('XADD', KEYS[1], '*', ARGV[1], ARGV[2])
redis.call('HSET', KEYS[2], id, ARGV[4])
redis.call('SET', KEYS[3], ARGV[3])
return 1
"""
# Keeps a snapshot of this chat, and of no other. KEYS: snapshots, number. ARGV: number, entry, snapshot.
_KEEP = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
return 1
"""
_LOST = "it has lost what it had"


class LinkError(Exception):
    """Redis can't be used at the moment: a reason, without any password."""


class ClusterError(Exception):
    """This server can't be part of that chat: a sentence for whoever started it."""


StreamEntry = tuple[str, bytes]  # its id and its content


class Stream:
    """Raises `ClusterError` if the URL is none, or redis-py is missing.

    `chat` is the number of the chat that is expected there.
    """

    def __init__(self, url: str, protocol: int, timeout: float = REDIS_TIMEOUT_SECONDS) -> None:
        try:
            import redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry
        except ImportError:
            raise ClusterError(tr("--cluster needs more; in the source, pip install '.[cluster]'")) from None
        self.where = shown(url)
        self.chat = 0
        self._ended = False
        self._protocol = str(protocol)
        self._errors = (redis.RedisError, OSError)
        never = Retry(NoBackoff(), 0)
        try:
            pool = redis.ConnectionPool.from_url(
                url, protocol=2, socket_timeout=timeout, socket_connect_timeout=timeout, retry=never
            )
            self._connection: Any = pool.make_connection()
        except (ValueError, TypeError, redis.RedisError):
            raise ClusterError(
                tr(
                    "{where} is no URL of a Redis; --cluster takes one, redis://HOST:6379/0 for example.",
                    where=self.where,
                )
            ) from None

    def close(self) -> None:
        self._connection.disconnect()

    def interrupt(self) -> None:
        """Nobody gets an answer any more, but a `LinkError`, and at once; for any thread."""
        self._ended = True
        sock = getattr(self._connection, "_sock", None)
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it is closed already

    # ---- entries ----------------------------------------------------------------------------------------------------

    def append(self, content: bytes) -> None:
        """To the stream that there is; if there is none, others must not take this for its beginning."""
        [id_] = self._ask(("XADD", _KEY, "NOMKSTREAM", "*", self._protocol, content))
        if id_ is None:
            raise LinkError(_LOST)

    def read(self, after: str, most: int, wait: float = 0.0) -> list[StreamEntry]:
        """Up to `most` entries behind one; waits so many seconds for the first.

        Raises `ClusterError` if others write what this program does not understand, and `LinkError` if what is there
        may be another chat's: it is asked after it was read which one this is.
        """
        block = ("BLOCK", max(1, int(wait * 1000))) if wait else ()
        answer, chat = self._ask(("XREAD", "COUNT", most, *block, "STREAMS", _KEY, after), ("GET", _CHAT))
        if chat != b"%d" % self.chat:
            raise LinkError(_LOST)
        entries = []
        for id_, fields in answer[0][1] if answer else ():
            if fields[0].decode() != self._protocol:
                raise ClusterError(_other(fields[0].decode(), self._protocol))
            entries.append((id_.decode(), fields[1]))
        return entries

    def last(self) -> str:
        """The id of the last entry there ever was."""
        [answer] = self._ask(("XREVRANGE", _KEY, "+", "-", "COUNT", 1))
        return answer[0][0].decode() if answer else START

    def cut_behind(self, entry: str) -> bool:
        """Whether the stream begins later than with this entry: it was cut off, or is of another stream."""
        [answer] = self._ask(("XRANGE", _KEY, "-", "+", "COUNT", 1))
        return not answer or order(answer[0][0].decode()) > order(entry)

    def has(self, entry: str) -> bool:
        """Whether all of this chat is there still, and its stream holds this entry."""
        chat, kept, found = self._ask(("GET", _CHAT), ("EXISTS", _SNAPSHOTS), ("XRANGE", _KEY, entry, entry))
        return chat == b"%d" % self.chat and bool(kept) and bool(found)

    def time(self) -> int:
        """Redis's clock, in Unix milliseconds."""
        [(seconds, microseconds)] = self._ask(("TIME",))
        return int(seconds) * 1000 + int(microseconds) // 1000

    # ---- snapshots --------------------------------------------------------------------------------------------------

    def found(self, snapshot: str, chat: int) -> None:
        """Begins a chat with this number, and this as what there is at first, if there is none."""
        begun = (self._protocol, _EMPTY, chat, snapshot.encode(errors="replace"))
        self._ask(("EVAL", _FOUND, 3, _KEY, _SNAPSHOTS, _CHAT, *begun))

    def snapshots(self) -> list[str]:
        """The entries that there are snapshots for, newest first. Raises `LinkError` if there are none."""
        [answer] = self._ask(("HKEYS", _SNAPSHOTS))
        if not answer:
            raise LinkError(_LOST)
        return sorted([each.decode() for each in answer], key=order, reverse=True)

    def snapshot(self, entry: str) -> str | None:
        [answer] = self._ask(("HGET", _SNAPSHOTS, entry))
        return answer.decode() if answer else None

    def keep(self, entry: str, snapshot: str) -> None:
        """Keeps a snapshot, forgets all but the newest ones, and what is behind the oldest of these."""
        [kept] = self._ask(("EVAL", _KEEP, 2, _SNAPSHOTS, _CHAT, self.chat, entry, snapshot.encode(errors="replace")))
        if not kept:
            raise LinkError(_LOST)
        newest, old = (all_ := self.snapshots())[:SNAPSHOTS_KEPT], all_[SNAPSHOTS_KEPT:]
        if old:
            self._ask(("HDEL", _SNAPSHOTS, *old))
        self._ask(("XTRIM", _KEY, "MINID", newest[-1]))

    # ---- who may ----------------------------------------------------------------------------------------------------

    def agree(self, patience: float) -> None:
        """Makes sure that all who write here understand each other; raises `ClusterError` if they wouldn't.

        Where nobody has written anything for `patience` seconds, what there is gives way.
        """
        [_, theirs] = self._ask(("SET", _PROTOCOL, self._protocol, "NX"), ("GET", _PROTOCOL))
        if theirs.decode() == self._protocol:
            return
        if self.time() - order(self.last())[0] < patience * 1000:
            raise ClusterError(_other(theirs.decode(), self._protocol))
        self._ask(("DEL", _KEY, _SNAPSHOTS, _CHAT), ("SET", _PROTOCOL, self._protocol))

    def share(self, name: str, secret: bytes) -> bytes:
        """A secret that all servers of the chat have: this one, unless another server was first."""
        [_, theirs] = self._ask(("SET", _SECRET + name, secret, "NX"), ("GET", _SECRET + name))
        return bytes(theirs)

    def renew(self) -> None:
        """Puts back what others ask for when they come, should it be lost alone."""
        self._ask(("SET", _PROTOCOL, self._protocol, "NX"))

    def _ask(self, *commands: tuple[Any, ...]) -> list[Any]:
        """The answers to some commands, in one round trip."""
        if self._ended:
            raise LinkError("it is not needed any more")
        connection = self._connection
        try:
            connection.connect()  # does nothing if it is
            connection.send_packed_command(connection.pack_commands(commands))
            return [connection.read_response() for _ in commands]
        except self._errors as error:
            connection.disconnect()  # what was asked before must not be answered to what is asked next
            raise LinkError(str(error).rstrip(".") or type(error).__name__) from None
        except BaseException:
            connection.disconnect()
            raise


def shared_secret(url: str, name: str, own: bytes) -> bytes:
    """A secret that all servers share. If Redis can't be asked it is `own`, as it is if they have none yet."""
    stream = Stream(url, 0)
    try:
        return stream.share(name, own)
    except LinkError:
        return own
    finally:
        stream.close()


def order(entry: str) -> tuple[int, int]:
    """An id as numbers: milliseconds, and which entry of that millisecond."""
    milliseconds, _, number = entry.partition("-")
    return int(milliseconds), int(number)


def shown(url: str) -> str:
    """A URL as it may be shown: nobody's name and password are in it."""
    try:
        parts = urlsplit(url)
        where = f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
    except ValueError:
        return "that"
    if "@" in parts.path + parts.query + parts.fragment or not (parts.netloc or parts.scheme == "unix"):
        return "that"  # in which a password may stand anywhere
    return f"{parts.scheme}://{where}{parts.path}"


def _other(theirs: str, ours: str) -> str:
    return tr(
        "The servers of this chat are of another version ({theirs}, this one is {ours}), and they would not"
        " understand each other; give all of them the same chatroom.",
        theirs=theirs,
        ours=ours,
    )
