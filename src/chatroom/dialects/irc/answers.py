"""What one IRC client is told of a reply: each reply as its lines.

`Speaker.line(numeric, …)` addresses a numeric to the client; it asks for the nickname at that moment, which is the one
that the client knows.
"""

from collections.abc import Callable, Iterable, Iterator, Set
from typing import Any

from chatroom import events as ev
from chatroom.dialects.base import Viewer
from chatroom.dialects.irc import history
from chatroom.dialects.irc import numerics as n
from chatroom.dialects.irc.numerics import Numeric, ServerInfo
from chatroom.errors import Code
from chatroom.ircwire import LINE_BYTES
from chatroom.text import clean


class Speaker:
    """Words replies for one client."""

    def __init__(self, viewer: Viewer, server: ServerInfo, capabilities: Set[str]) -> None:
        self.server = server
        self.capabilities = capabilities  # those that the client has negotiated so far
        self._viewer = viewer

    def line(self, numeric: Numeric, *about: object) -> str:
        return numeric.line(self.server.name, self._viewer.nick, *about)

    @property
    def nick(self) -> str:
        return self._viewer.nick or "*"

    def words(self, reply: ev.Reply) -> bytes:
        """The lines for a reply."""
        if isinstance(reply, ev.Raw):
            return reply.data
        return "".join(_ANSWERS[type(reply)](self, reply)).encode()

    def motd(self) -> Iterator[str]:
        if not self.server.motd:
            yield self.line(n.ERR_NOMOTD)
            return
        yield self.line(n.RPL_MOTDSTART, self.server.name)
        for text in self.server.motd:
            yield self.line(n.RPL_MOTD, text)
        yield self.line(n.RPL_ENDOFMOTD)

    def filled(self, numeric: Numeric, about: str, words: Iterable[str]) -> Iterator[str]:
        """As many lines as it takes to list the words, each as full as a line may be."""
        room = LINE_BYTES - len(self.line(numeric, about, "").encode())
        left = " ".join(words).encode()
        while len(left) > room:
            end = left.rindex(b" ", 0, room + 1)  # no word is longer than a line
            yield self.line(numeric, about, left[:end].decode())
            left = left[end + 1 :]
        if left:
            yield self.line(numeric, about, left.decode())


def _welcome(to: Speaker, reply: ev.Welcome) -> Iterator[str]:
    server = to.server
    yield to.line(n.RPL_WELCOME, server.network, reply.person.mask)
    yield to.line(n.RPL_YOURHOST, server.name, server.version)
    yield to.line(n.RPL_CREATED, server.created)
    yield to.line(n.RPL_MYINFO, server.name, server.version)
    tokens = [*n.ISUPPORT, f"NETWORK={server.network}"]
    for i in range(0, len(tokens), 12):  # with nickname and text 15 parameters at most: RFC 2812 §2.3
        yield to.line(n.RPL_ISUPPORT, " ".join(tokens[i : i + 12]))
    yield to.line(n.RPL_LUSERCLIENT, reply.people)
    yield to.line(n.RPL_LUSEROP)
    yield to.line(n.RPL_LUSERUNKNOWN)
    yield to.line(n.RPL_LUSERCHANNELS, reply.rooms)
    yield to.line(n.RPL_LUSERME, reply.people)
    yield to.line(n.RPL_LOCALUSERS, reply.people, reply.most)
    yield to.line(n.RPL_GLOBALUSERS, reply.people, reply.most)
    yield from to.motd()


def _topic_lines(to: Speaker, room: str, topic: ev.Topic) -> Iterator[str]:
    yield to.line(n.RPL_TOPIC, room, topic.text)
    yield to.line(n.RPL_TOPICWHOTIME, room, topic.by, topic.time // 1000)


def _room_state(to: Speaker, reply: ev.RoomState) -> Iterator[str]:
    if reply.topic:
        yield from _topic_lines(to, reply.room, reply.topic)
    yield from _names_are(to, reply)


def _topic_is(to: Speaker, reply: ev.TopicIs) -> Iterator[str]:
    if reply.topic:
        yield from _topic_lines(to, reply.room, reply.topic)
    else:
        yield to.line(n.RPL_NOTOPIC, reply.room)


def _names_are(to: Speaker, reply: ev.NamesAre | ev.RoomState) -> Iterator[str]:
    yield from to.filled(n.RPL_NAMREPLY, reply.room, reply.members)
    yield to.line(n.RPL_ENDOFNAMES, reply.room)


def _rooms_are(to: Speaker, reply: ev.RoomsAre) -> Iterator[str]:
    yield to.line(n.RPL_LISTSTART)
    for name, people, topic in reply.rooms:
        yield to.line(n.RPL_LIST, name, people, topic)
    yield to.line(n.RPL_LISTEND)


def _who_is_in(to: Speaker, reply: ev.WhoIsIn) -> Iterator[str]:
    for member in reply.members:
        p = member.person
        here = "G" if member.away else "H"
        room = reply.room or "*"
        yield to.line(n.RPL_WHOREPLY, room, p.username, p.host, to.server.name, p.nick, here, p.realname)
    yield to.line(n.RPL_ENDOFWHO, reply.mask)


def _whois_is(to: Speaker, reply: ev.WhoisIs) -> Iterator[str]:
    p = reply.member.person
    yield to.line(n.RPL_WHOISUSER, p.nick, p.username, p.host, p.realname)
    yield from to.filled(n.RPL_WHOISCHANNELS, p.nick, reply.rooms)
    yield to.line(n.RPL_WHOISSERVER, p.nick, to.server.name, to.server.network)
    if reply.member.away:
        yield to.line(n.RPL_AWAY, p.nick, reply.member.away)
    yield to.line(n.RPL_WHOISIDLE, p.nick, reply.idle, reply.since // 1000)
    yield to.line(n.RPL_ENDOFWHOIS, p.nick)


def _modes_are(to: Speaker, reply: ev.ModesAre) -> Iterator[str]:
    if not reply.room:
        yield to.line(n.RPL_UMODEIS, reply.modes)
        return
    yield to.line(n.RPL_CHANNELMODEIS, reply.room, reply.modes)
    yield to.line(n.RPL_CREATIONTIME, reply.room, reply.created // 1000)


def _users_are(to: Speaker, reply: ev.UsersAre) -> Iterator[str]:
    if reply.command == "ISON":
        yield to.line(n.RPL_ISON, " ".join([m.person.nick for m in reply.members]))
        return
    people = [f"{m.person.nick}={'-' if m.away else '+'}{m.person.username}@{m.person.host}" for m in reply.members]
    yield to.line(n.RPL_USERHOST, " ".join(people))


def _recent(to: Speaker, reply: ev.Recent) -> Iterator[str]:
    if history.CHATHISTORY not in to.capabilities:
        yield from history.told(reply.said, f"chathistory {reply.room}", to.server.name, to.capabilities)


def _saving(to: Speaker, reply: ev.Saving) -> Iterator[str]:
    text = "Messages are being saved again" if reply.works else "Messages are not being saved at the moment"
    if reply.lost:
        text += f"; {reply.lost} of them were not"
    yield f":{to.server.name} NOTICE {to.nick} :{text}\r\n"


def _refused(to: Speaker, reply: ev.Refused) -> Iterator[str]:
    code, about = reply.error.code, reply.error.about
    if code is Code.LINE_NOT_UTF8:
        yield f":{to.server.name} FAIL * INVALID_UTF8 :Messages must be UTF-8; this one was not sent\r\n"
    elif code is Code.TOPIC_TOO_LONG:
        yield f":{to.server.name} FAIL TOPIC INVALID_PARAMS :That topic is too long\r\n"
    elif code in history.FAILURES:
        command, target = (*map(_echo, about), "", "")[:2]
        yield from history.failed(code, command, target, to.server.name)
    else:
        yield to.line(n.REFUSALS[code], *map(_echo, about))


def _echo(word: str) -> str:
    """A client's own word in a reply, so that it can't break it: RFC 2812 §2.3.1 middle."""
    return clean(word).replace(" ", "_").lstrip(":")[:64] or "*"


_ANSWERS: dict[type, Callable[[Speaker, Any], Iterator[str]]] = {
    ev.Refused: _refused,
    ev.Welcome: _welcome,
    ev.RoomState: _room_state,
    ev.TopicIs: _topic_is,
    ev.NamesAre: _names_are,
    ev.RoomsAre: _rooms_are,
    ev.WhoIsIn: _who_is_in,
    ev.WhoisIs: _whois_is,
    ev.ModesAre: _modes_are,
    ev.UsersAre: _users_are,
    ev.IsAway: lambda to, r: iter([to.line(n.RPL_AWAY, r.nick, r.message)]),
    ev.AwayNoted: lambda to, r: iter([to.line(n.RPL_NOWAWAY if r.away else n.RPL_UNAWAY)]),
    ev.Goodbye: lambda to, r: iter([f"ERROR :Closing link: {r.reason}\r\n"]),
    ev.Recent: _recent,
    ev.Saving: _saving,
    ev.Ping: lambda to, r: iter([f"PING :{to.server.name}\r\n"]),
    ev.Announcement: lambda to, r: iter([f":{to.server.name} NOTICE * :{r.text}\r\n"]),
}
