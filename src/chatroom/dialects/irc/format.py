"""Events as IRC lines, rendered once for all clients whose capabilities make the same bytes of them."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from time import gmtime, strftime
from typing import Any

from chatroom import events as ev
from chatroom.events import Event, Kind
from chatroom.ircwire import LINE_BYTES
from chatroom.text import CTCP

# The capabilities that change what an event looks like: IRCv3 server-time, message-tags.
RENDERED = frozenset({"server-time", "message-tags"})


class IrcFormat:
    """Get one with `irc_format`: clients with the same capabilities must share it, as an audience is grouped by it."""

    own_moves = True

    def __init__(self, capabilities: frozenset[str]) -> None:
        self._time = "server-time" in capabilities
        self._ids = "message-tags" in capabilities

    def render(self, event: Event) -> bytes:
        lines = _LINES[type(event)](event)
        if lines and (self._time or self._ids):
            tags = self._tags(event)
            lines = "".join([f"{tags}{line}\r\n" for line in lines.split("\r\n")[:-1]])
        return lines.encode()

    def _tags(self, event: Event) -> str:
        """The tags of an event's lines, with the @ and the space."""
        tags = [f"time={timestamp(event.time)}"] if self._time else []
        if self._ids:
            tags.append(f"msgid={event.id:x}")
        return f"@{';'.join(tags)} "


@lru_cache(maxsize=256)
def irc_format(capabilities: frozenset[str]) -> IrcFormat:
    """The format for `capabilities`, a subset of `RENDERED`."""
    return IrcFormat(capabilities)


def timestamp(milliseconds: int) -> str:
    """ISO 8601 in UTC with milliseconds: IRCv3 server-time."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{_second(seconds)}.{rest:03d}Z"


@lru_cache(maxsize=16)
def _second(seconds: int) -> str:
    return strftime("%Y-%m-%dT%H:%M:%S", gmtime(seconds))


# ---- each event as its lines, with their CR LF ----------------------------------------------------------------------


def _said(event: ev.Said) -> str:
    by = event.by
    verb = "NOTICE" if event.kind is Kind.NOTICE else "PRIVMSG"
    head = f":{by.nick}!{by.username}@{by.host} {verb} {event.target} :"
    text = event.text
    if event.kind is Kind.ACTION:
        return "".join([f"{head}{CTCP}ACTION {part}{CTCP}\r\n" for part in _parts(text, len(head.encode()) + 9)])
    if 4 * (len(head) + len(text)) <= LINE_BYTES - 2:  # the common case, seen without encoding: 4 bytes a character
        return f"{head}{text}\r\n"
    return "".join([f"{head}{part}\r\n" for part in _parts(text, len(head.encode()))])


def _parts(text: str, head_bytes: int) -> Iterator[str]:
    """`text` in parts that fit a line beside a head of so many bytes: text that came in is never cut off."""
    room = LINE_BYTES - 2 - head_bytes
    data = text.encode()
    while len(data) > room:
        end = room
        while data[end] & 0xC0 == 0x80:  # inside a character
            end -= 1
        space = data.rfind(b" ", end // 2, end)
        if space > 0:
            end = space + 1
        yield data[:end].decode()
        data = data[end:]
    yield data.decode()


def _departed(event: ev.Departed) -> str:
    return f":{event.by.mask} QUIT :{event.reason}\r\n"


def _left(event: ev.Left) -> str:
    return f":{event.by.mask} PART {event.room}{f' :{event.reason}' if event.reason else ''}\r\n"


_LINES: dict[type, Callable[[Any], str]] = {
    ev.Said: _said,
    ev.Joined: lambda e: f":{e.by.mask} JOIN {e.room}\r\n",
    ev.Left: _left,
    ev.Departed: _departed,
    ev.Renamed: lambda e: f":{e.by.mask} NICK {e.nick}\r\n",
    ev.TopicSet: lambda e: f":{e.by.mask} TOPIC {e.room} :{e.topic}\r\n",
    ev.AwaySet: lambda e: "",
}
