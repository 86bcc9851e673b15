"""Reads an IRC client: lines become commands by one table.

A handler gets the message's parameters, at least as many as its row says, and yields commands. What the dialect can
answer by itself (PING, CAP, MOTD) it yields as `Raw`, so that the answer keeps its place among the others.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from chatroom import events as ev
from chatroom.dialects.base import Lines, Viewer
from chatroom.dialects.irc import numerics as n
from chatroom.dialects.irc.answers import Speaker
from chatroom.dialects.irc.format import RENDERED, irc_format
from chatroom.dialects.irc.numerics import ServerInfo
from chatroom.errors import ChatError, Code
from chatroom.events import Command, Format, Kind, Reply
from chatroom.ircwire import LINE_BYTES, TAG_BYTES, parse
from chatroom.limits import AWAY_BYTES, REALNAME_BYTES, REASON_BYTES, TARGETS
from chatroom.text import CTCP, clean, clean_irc

CAPABILITIES = ("batch", "draft/chathistory", "echo-message", "message-tags", "server-time")

# Nearly all that busy clients send: a message to one room with nothing in it to clean, to refuse or to take apart. Such
# a line needs a tenth of the time that the way of all others takes.
_SIMPLE = re.compile(rb"PRIVMSG (#[!-+\--~]+) :([ -~]+)\r?")
_NOT_IN_USERNAME = re.compile(r"[^A-Za-z0-9._-]")
_ACTION = f"{CTCP}ACTION "


class IrcDialect:
    """One IRC client. Registration is held until NICK and USER have come and capabilities are settled."""

    format: Format
    pings = True

    def __init__(self, viewer: Viewer, server: ServerInfo) -> None:
        self.format = irc_format(frozenset())
        self._viewer = viewer
        self._capabilities: set[str] = set()
        self._speaker = Speaker(viewer, server, self._capabilities)
        self._lines = Lines(TAG_BYTES + LINE_BYTES)
        self._negotiating = False
        self._nick = ""
        self._username = ""
        self._realname = ""

    def receive(self, data: bytes) -> Iterator[Command]:
        known = self._viewer.nick != ""
        for line in self._lines.feed(data):
            simple = _SIMPLE.fullmatch(line) if known else None
            if simple and len(line) < LINE_BYTES:
                room, text = simple.groups()
                yield ev.Say(room.decode(), text.decode())
                continue
            try:
                yield from self._read(line.rstrip(b"\r"))
            except ChatError as error:
                yield ev.Refused(error)

    def end(self) -> Iterator[Command]:
        return iter(())  # half a line is no command

    def answer(self, reply: Reply) -> bytes:
        return self._speaker.words(reply)

    def _read(self, line: bytes) -> Iterator[Command]:
        try:
            message = parse(_text(line))
        except ValueError:
            return  # empty lines are silently ignored: RFC 2812 §2.3.1
        row = COMMANDS.get(message.command)
        if row is None:
            raise ChatError(Code.UNKNOWN_COMMAND if self._viewer.nick else Code.NOT_REGISTERED, message.command)
        if row.registered and not self._viewer.nick:
            raise ChatError(Code.NOT_REGISTERED)
        if len(message.params) < row.least:
            raise ChatError(row.missing, message.command)
        yield from row.handler(self, list(message.params))

    # ---- coming in --------------------------------------------------------------------------------------------------

    def _cap(self, params: list[str]) -> Iterator[Command]:
        verb = params[0].upper()
        handler = _CAP_VERBS.get(verb)
        if handler is None:
            yield self._say(n.ERR_INVALIDCAPCMD, clean(params[0]) or "*")
        else:
            yield from handler(self, params[1:])

    def _cap_ls(self, params: list[str]) -> Iterator[Command]:
        self._negotiating = not self._viewer.nick
        yield self._cap_line("LS", CAPABILITIES)

    def _cap_list(self, params: list[str]) -> Iterator[Command]:
        yield self._cap_line("LIST", sorted(self._capabilities))

    def _cap_req(self, params: list[str]) -> Iterator[Command]:
        """All of what is asked for, or nothing of it: IRCv3 capability-negotiation."""
        self._negotiating = self._negotiating or not self._viewer.nick
        asked = params[0].split() if params else []
        if not all(name.removeprefix("-") in CAPABILITIES for name in asked):
            yield self._cap_line("NAK", [clean(name) for name in asked])
            return
        for name in asked:
            if name.startswith("-"):
                self._capabilities.discard(name[1:])
            else:
                self._capabilities.add(name)
        self.format = irc_format(frozenset(self._capabilities) & RENDERED)
        yield ev.SetFormat(self.format, "echo-message" in self._capabilities)
        yield self._cap_line("ACK", asked)

    def _cap_end(self, params: list[str]) -> Iterator[Command]:
        self._negotiating = False
        yield from self._registration()

    def _pass(self, params: list[str]) -> Iterator[Command]:
        """Accepted and ignored: there is no password yet."""
        if self._viewer.nick:
            raise ChatError(Code.ALREADY_REGISTERED)
        return iter(())

    def _nick_(self, params: list[str]) -> Iterator[Command]:
        if self._viewer.nick:
            yield ev.Rename(params[0])
        else:
            self._nick = params[0]
            yield from self._registration()

    def _user(self, params: list[str]) -> Iterator[Command]:
        if self._viewer.nick:
            raise ChatError(Code.ALREADY_REGISTERED)
        self._username = _NOT_IN_USERNAME.sub("", params[0])[:10] or "user"
        self._realname = _shortened(params[3], REALNAME_BYTES)
        yield from self._registration()

    def _registration(self) -> Iterator[Command]:
        if self._nick and self._username and not self._negotiating and not self._viewer.nick:
            yield ev.Register(self._nick, self._username, self._realname)

    # ---- talking ----------------------------------------------------------------------------------------------------

    def _privmsg(self, params: list[str]) -> Iterator[Command]:
        return self._message(params, Kind.MESSAGE)

    def _notice(self, params: list[str]) -> Iterator[Command]:
        return self._message(params, Kind.NOTICE)

    def _message(self, params: list[str], kind: Kind) -> Iterator[Command]:
        if len(params) < 2 or not params[1]:
            raise ChatError(Code.NO_TEXT)
        text = params[1]
        if kind is Kind.MESSAGE and text.startswith(_ACTION):
            kind, text = Kind.ACTION, text.removeprefix(_ACTION).removesuffix(CTCP)
        for target in _targets(params[0]):
            yield ev.Say(target, text, kind)

    def _join(self, params: list[str]) -> Iterator[Command]:
        for room in _targets(params[0]):
            yield ev.Join(room)

    def _part(self, params: list[str]) -> Iterator[Command]:
        reason = _shortened(params[1], REASON_BYTES) if len(params) > 1 else ""
        for room in _targets(params[0]):
            yield ev.Leave(room, reason)

    def _topic(self, params: list[str]) -> Iterator[Command]:
        yield ev.SetTopic(params[0], params[1]) if len(params) > 1 else ev.AskTopic(params[0])

    def _away(self, params: list[str]) -> Iterator[Command]:
        yield ev.SetAway(_shortened(params[0], AWAY_BYTES) if params else "")

    def _quit(self, params: list[str]) -> Iterator[Command]:
        yield ev.Quit(f"Quit: {_shortened(params[0], REASON_BYTES)}" if params and params[0] else "Quit")

    # ---- asking -----------------------------------------------------------------------------------------------------

    def _names(self, params: list[str]) -> Iterator[Command]:
        for room in _targets(params[0]) if params else ():
            yield ev.AskNames(room)
        if not params:
            yield self._say(n.RPL_ENDOFNAMES, "*")

    def _list(self, params: list[str]) -> Iterator[Command]:
        yield ev.AskRooms(tuple(_targets(params[0])) if params else ())

    def _who(self, params: list[str]) -> Iterator[Command]:
        yield ev.AskWho(params[0] if params else "*")

    def _whois(self, params: list[str]) -> Iterator[Command]:
        yield ev.AskWhois(params[-1].split(",")[0])

    def _mode(self, params: list[str]) -> Iterator[Command]:
        target, *rest = params
        if target.startswith("#") and rest and rest[0].lstrip("+") == "b":
            yield self._say(n.RPL_ENDOFBANLIST, clean(target))
        else:
            yield ev.AskModes(target)

    def _userhost(self, params: list[str]) -> Iterator[Command]:
        yield ev.AskUsers(tuple(params[:5]), "USERHOST")  # five at most: RFC 2812 §4.8

    def _ison(self, params: list[str]) -> Iterator[Command]:
        yield ev.AskUsers(tuple(" ".join(params).split()), "ISON")

    def _motd(self, params: list[str]) -> Iterator[Command]:
        yield ev.Raw("".join(self._speaker.motd()).encode())

    def _ping(self, params: list[str]) -> Iterator[Command]:
        name = self._speaker.server.name
        yield ev.Raw(f":{name} PONG {name} :{params[0]}\r\n".encode())

    def _pong(self, params: list[str]) -> Iterator[Command]:
        return iter(())

    # ---- answering at once ------------------------------------------------------------------------------------------

    def _say(self, numeric: n.Numeric, *about: object) -> ev.Raw:
        return ev.Raw(self._speaker.line(numeric, *about).encode())

    def _cap_line(self, verb: str, names: "list[str] | tuple[str, ...]") -> ev.Raw:
        nick = self._viewer.nick or "*"
        return ev.Raw(f":{self._speaker.server.name} CAP {nick} {verb} :{' '.join(names)}\r\n".encode())


class Row(NamedTuple):
    """A command's row: its handler, the least number of parameters, whether only those with a name may use it."""

    handler: Callable[[IrcDialect, list[str]], Iterator[Command]]
    least: int = 0
    registered: bool = True
    missing: Code = Code.TOO_FEW_PARAMETERS


COMMANDS: dict[str, Row] = {
    "CAP": Row(IrcDialect._cap, 1, registered=False),
    "PASS": Row(IrcDialect._pass, 1, registered=False),
    "NICK": Row(IrcDialect._nick_, 1, registered=False, missing=Code.NICK_MISSING),
    "USER": Row(IrcDialect._user, 4, registered=False),
    "PING": Row(IrcDialect._ping, 1, registered=False),
    "PONG": Row(IrcDialect._pong, registered=False),
    "QUIT": Row(IrcDialect._quit, registered=False),
    "JOIN": Row(IrcDialect._join, 1),
    "PART": Row(IrcDialect._part, 1),
    "PRIVMSG": Row(IrcDialect._privmsg, 1, missing=Code.NO_RECIPIENT),
    "NOTICE": Row(IrcDialect._notice, 1, missing=Code.NO_RECIPIENT),
    "TOPIC": Row(IrcDialect._topic, 1),
    "AWAY": Row(IrcDialect._away),
    "NAMES": Row(IrcDialect._names),
    "LIST": Row(IrcDialect._list),
    "WHO": Row(IrcDialect._who),
    "WHOIS": Row(IrcDialect._whois, 1, missing=Code.NICK_MISSING),
    "MODE": Row(IrcDialect._mode, 1),
    "USERHOST": Row(IrcDialect._userhost, 1),
    "ISON": Row(IrcDialect._ison, 1),
    "MOTD": Row(IrcDialect._motd),
}

_CAP_VERBS: dict[str, Callable[[IrcDialect, list[str]], Iterator[Command]]] = {
    "LS": IrcDialect._cap_ls,
    "LIST": IrcDialect._cap_list,
    "REQ": IrcDialect._cap_req,
    "END": IrcDialect._cap_end,
}


def _text(line: bytes) -> str:
    """A line's text; raises `ChatError` if it is too long or not UTF-8."""
    if len(line) > LINE_BYTES - 2:
        tags, _, rest = line.partition(b" ") if line.startswith(b"@") else (b"", b"", line)
        if len(tags) >= TAG_BYTES or len(rest) > LINE_BYTES - 2:
            raise ChatError(Code.LINE_TOO_LONG)
    try:
        return clean_irc(line.decode())
    except UnicodeDecodeError:
        raise ChatError(Code.LINE_NOT_UTF8) from None


def _targets(param: str) -> list[str]:
    """The names in a list with commas, each once; TARGMAX of them at most."""
    return list(dict.fromkeys(name for name in param.split(",") if name))[:TARGETS]


def _shortened(text: str, size: int) -> str:
    """`text` in at most `size` bytes, cut between characters."""
    return text.encode()[:size].decode(errors="ignore")
