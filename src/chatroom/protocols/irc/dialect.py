"""Reads an IRC client: lines become commands by one table.

A handler gets the client and the message's parameters, at least as many as its row says, and yields commands. What the
dialect can answer by itself (PING, CAP, MOTD) it yields as `Raw`, so that the answer keeps its place among the others.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from typing import NamedTuple

from chatroom.common.errors import ChatError, Code
from chatroom.common.irc_message import LINE_BYTES, TAG_BYTES, Message, parse, parse_tags, render_tags
from chatroom.common.names import ROOM_BYTES
from chatroom.common.text import clean_irc
from chatroom.model.audience import Format
from chatroom.model.commands import Burst, Say
from chatroom.model.outcomes import Command, Labelled
from chatroom.model.replies import Refused, Reply
from chatroom.model.server_info import ServerInfo
from chatroom.protocols.base import Lines, Viewer
from chatroom.protocols.irc import numerics, replies
from chatroom.protocols.irc.client_state import ClientState
from chatroom.protocols.irc.handlers import (
    account_registration,
    channels,
    chathistory,
    messages,
    multiline,
    nickserv,
    opers,
    read_marker,
    redaction,
    registration,
    sasl,
    server_queries,
    users,
)
from chatroom.protocols.irc.handlers.capabilities import cap
from chatroom.protocols.irc.params import echo
from chatroom.protocols.limits import MESSAGE_BYTES

LABEL_BYTES = 64  # IRCv3 labeled-response

# Nearly all that busy clients send: a message to one room with nothing in it to clean, to refuse or to take apart. Such
# a line needs a tenth of the time that the way of all others takes; one of many that came together, a thirtieth.
_HEAD = rb"PRIVMSG (#[!-+\--~]{1,%d}) :" % ROOM_BYTES
_OPENING = re.compile(_HEAD)
_SIMPLE = re.compile(_HEAD + rb"([!-.0-Z\\-~][ -~]*)\r?")
_SUSPECT = frozenset(" /[")  # with these, which are not in there, may begin what is a password said by a slip: `slips`
_first = itemgetter(0)
_PRINTABLE = bytes(range(0x20, 0x7F))


class IrcDialect:
    """One IRC client. Registration is held until NICK and USER have come and capabilities are settled."""

    pings = True

    def __init__(self, viewer: Viewer, server: ServerInfo) -> None:
        self._viewer = viewer
        self._client = ClientState(viewer, server)
        self._lines = Lines(TAG_BYTES + LINE_BYTES + MESSAGE_BYTES)

    @property
    def format(self) -> Format:
        return self._client.format

    def receive(self, data: bytes) -> Iterator[Command]:
        lines = self._lines.feed(data)
        known = self._viewer.nick != ""
        burst = _burst(lines) if known and len(lines) > 1 else None
        if burst:
            yield burst
            return
        for line in lines:
            simple = _SIMPLE.fullmatch(line) if known else None
            if simple and len(line) <= MESSAGE_BYTES:
                room, text = simple.groups()
                yield Say(room.decode(), text.decode())
                continue
            yield from self._read(line.rstrip(b"\r"))

    def end(self) -> Iterator[Command]:
        return iter(())  # half a line is no command

    def answer(self, reply: Reply) -> bytes:
        return replies.render(self._client.writer, reply)

    def _read(self, line: bytes) -> Iterator[Command]:
        try:
            message, cut = _parsed(line)
        except ChatError as error:
            yield from self._refuse(line, error)
            return
        except ValueError:
            return  # empty lines are silently ignored: RFC 2812 §2.3.1
        label = self._label(message.tags) if message.tags else ""
        self._client.label = label
        commands = self._obey_cut(message) if cut else self._obey(message)
        if label and message.command != "BATCH":  # that is answered when it has ended
            yield Labelled(label, commands)
        else:
            yield from commands

    def _refuse(self, line: bytes, error: ChatError) -> Iterator[Command]:
        """Refuses a line that can't be read; if at least its label can, the refusal bears it."""
        start = line.partition(b" ")[0].decode(errors="replace")
        tags = parse_tags(start[1:]) if start.startswith("@") else {}
        label = self._label(tags)
        if "batch" in tags:
            multiline.give_up(self._client, tags["batch"])
        refused: Reply = Refused(error)
        if error.code is Code.LINE_NOT_UTF8 and line[:5].upper() == b"USER ":
            refused = self._client.say(numerics.ERR_INVALIDUSERNAME)  # which clients that wait to come in know
        yield Labelled(label, iter([refused])) if label else refused

    def _label(self, tags: Mapping[str, str]) -> str:
        label = tags.get("label", "")
        return label if "labeled-response" in self._client.capabilities and len(label.encode()) <= LABEL_BYTES else ""

    def _obey_cut(self, message: Message) -> Iterator[Command]:
        """Obeys a line whose last letter its program has cut in two, and tells of it: IRCv3 utf8-only."""
        yield from self._obey(message)
        text = "Your program cut the last letter of that message in two; it was left out"
        yield self._client.warn(message.command, "INVALID_UTF8", text=text)

    def _obey(self, message: Message) -> Iterator[Command]:
        client = self._client
        client.tags = ""
        if message.tags and "message-tags" in client.capabilities:
            client.tags = render_tags({key: value for key, value in message.tags.items() if key.startswith("+")})
        if "batch" in message.tags and self._viewer.nick:
            yield from multiline.line(client, message)
            return
        try:
            yield from _row(message, self._viewer.nick != "").handler(client, list(message.params))
        except ChatError as error:
            yield Refused(error)


class Row(NamedTuple):
    """A command's row: its handler, the least number of parameters, how it is used and what it does."""

    handler: Callable[[ClientState, list[str]], Iterator[Command]]
    least: int
    usage: str  # its parameters
    does: str
    registered: bool = True  # whether only those with a name may use it
    missing: Code = Code.TOO_FEW_PARAMETERS


def _row(message: Message, registered: bool) -> Row:
    """The row for a message; raises `ChatError` if it can't be obeyed."""
    row = COMMANDS.get(message.command)
    if row is None:
        raise ChatError(Code.UNKNOWN_COMMAND if registered else Code.NOT_REGISTERED, message.command)
    if row.registered and not registered:
        raise ChatError(Code.NOT_REGISTERED)
    if len(message.params) < row.least:
        raise ChatError(row.missing, message.command)
    return row


def help_(client: ClientState, params: list[str]) -> Iterator[Command]:
    """The table itself, by name: modern.ircdocs.horse/#help-message."""
    subject = params[0].upper() if params else ""
    row = COMMANDS.get(subject)
    if subject and row is None:
        yield client.say(numerics.ERR_HELPNOTFOUND, echo(params[0]))
        return
    if row:
        yield client.say(numerics.RPL_HELPSTART, subject, f"{subject} {row.usage}".rstrip())
        yield client.say(numerics.RPL_ENDOFHELP, subject, row.does)
        return
    yield client.say(numerics.RPL_HELPSTART, "*", "The commands of this server; HELP and a command's name says more")
    names = sorted(COMMANDS)
    for i in range(0, len(names), 8):
        yield client.say(numerics.RPL_HELPTXT, "*", " ".join(names[i : i + 8]))
    yield client.say(numerics.RPL_ENDOFHELP, "*", "End of /HELP")


COMMANDS: dict[str, Row] = {
    "CAP": Row(cap, 1, "LS|LIST|REQ|END ...", "settles what your client can do", registered=False),
    "AUTHENTICATE": Row(sasl.authenticate, 1, "<data>", "logs in: IRCv3 sasl", registered=False),
    "REGISTER": Row(
        account_registration.register, 3, "<nickname or *> <email or *> <password>", "claims a name", registered=False
    ),
    "VERIFY": Row(account_registration.verify, 2, "<account> <code>", "is not needed here", registered=False),
    "NICKSERV": Row(nickserv.nickserv, 0, "<request>", "claims a name, logs in and out; alone, it lists requests"),
    "NS": Row(nickserv.nickserv, 0, "<request>", "is short for NICKSERV"),
    "PASS": Row(
        registration.pass_,
        1,
        "<password>",
        "gives the server's password, or yours as name:password",
        registered=False,
    ),
    "NICK": Row(registration.nick, 1, "<nickname>", "takes a name", registered=False, missing=Code.NICK_MISSING),
    "USER": Row(registration.user, 4, "<name> 0 * :<real name>", "says who you are", registered=False),
    "SETNAME": Row(registration.setname, 1, ":<real name>", "says who you are now"),
    "PING": Row(registration.ping, 1, "<token>", "is answered by PONG", registered=False),
    "PONG": Row(registration.pong, 0, "<token>", "answers a PING", registered=False),
    "QUIT": Row(registration.quit_, 0, "[:<reason>]", "leaves the server", registered=False),
    "JOIN": Row(channels.join, 1, "<room>{,<room>} [<key>{,<key>}]", "enters rooms; JOIN 0 leaves them all"),
    "PART": Row(channels.part, 1, "<room>{,<room>} [:<reason>]", "leaves rooms"),
    "TOPIC": Row(channels.topic, 1, "<room> [:<topic>]", "shows or sets a room's topic"),
    "NAMES": Row(channels.names, 0, "[<room>{,<room>}]", "lists who is in a room"),
    "LIST": Row(channels.list_, 0, "[<room or filter>{,...}]", "lists rooms: by mask, !mask, <people, C<age, T<age"),
    "INVITE": Row(channels.invite, 0, "[<nickname> <room>]", "invites somebody, or lists where you are invited to"),
    "KICK": Row(
        channels.kick, 2, "<room> <nickname>{,<nickname>} [[<time>] :<reason>]", "throws somebody out of a room"
    ),
    "BAN": Row(
        channels.ban, 2, "<room> <nickname or mask> [<time>] [:<reason>]", "keeps somebody out; 30s, 10m, 2h, 1d"
    ),
    "UNBAN": Row(channels.unban, 2, "<room> <nickname or mask>", "lifts a ban"),
    "MUTE": Row(
        channels.mute, 2, "<room> <nickname or mask> [<time>] [:<reason>]", "lets somebody read, but not speak"
    ),
    "UNMUTE": Row(channels.unmute, 2, "<room> <nickname or mask>", "lets them speak again"),
    "MODE": Row(channels.mode, 1, "<room or nickname> [<modes> [<parameters>]]", "shows or sets modes"),
    "PRIVMSG": Row(messages.privmsg, 1, "<target>{,<target>} :<text>", "says something", missing=Code.NO_RECIPIENT),
    "NOTICE": Row(messages.notice, 1, "<target>{,<target>} :<text>", "is for programs", missing=Code.NO_RECIPIENT),
    "TAGMSG": Row(messages.tagmsg, 1, "<target>{,<target>}", "passes on client-only tags", missing=Code.NO_RECIPIENT),
    "BATCH": Row(multiline.batch, 1, "+|-<name> [draft/multiline <target>]", "says something in many lines"),
    "CHATHISTORY": Row(chathistory.chathistory, 1, "<subcommand> ...", "tells what was said before"),
    "SEARCH": Row(chathistory.search, 1, "<attribute>{;<attribute>}", "finds what was said"),
    "MARKREAD": Row(read_marker.markread, 0, "<room or nickname> [timestamp=<time>]", "tells how far you have read"),
    "REDACT": Row(redaction.redact, 2, "<room or nickname> <msgid> [:<reason>]", "takes back what was said"),
    "AWAY": Row(users.away, 0, "[:<message>]", "says that you are away, or back"),
    "WHO": Row(users.who, 0, "[<room, nickname or mask> [o][%<fields>[,<token>]]]", "lists people"),
    "WHOIS": Row(users.whois, 1, "<nickname>", "tells what is known of somebody", missing=Code.NICK_MISSING),
    "WHOWAS": Row(users.whowas, 0, "<nickname> [<count>]", "tells who had a nickname before"),
    "USERHOST": Row(users.userhost, 1, "<nickname>{ <nickname>}", "tells where people are connected from"),
    "ISON": Row(users.ison, 1, "<nickname>{ <nickname>}", "tells who of these is here"),
    "MONITOR": Row(users.monitor, 1, "+|-|C|L|S [<nickname>{,<nickname>}]", "tells when people come and go"),
    "MOTD": Row(server_queries.motd, 0, "", "shows the message of the day"),
    "LUSERS": Row(server_queries.lusers, 0, "", "counts people and rooms"),
    "VERSION": Row(server_queries.version, 0, "", "tells the server's version"),
    "TIME": Row(server_queries.time_, 0, "", "tells the server's time"),
    "INFO": Row(server_queries.info, 0, "", "tells what this server is"),
    "ADMIN": Row(server_queries.admin, 0, "", "tells who runs this server"),
    "LINKS": Row(server_queries.links, 0, "", "lists the servers that are this chat"),
    "CLUSTER": Row(server_queries.links, 0, "", "does what LINKS does"),
    "STATS": Row(server_queries.stats, 1, "u|k|d", "tells how long the server has been running; k and d: whom it bans"),
    "HELP": Row(help_, 0, "[<command>]", "explains commands"),
    "HELPOP": Row(help_, 0, "[<command>]", "explains commands"),
    "OPER": Row(opers.oper, 2, "<name> <password>", "makes you an operator of the server"),
    "KILL": Row(opers.kill, 1, "<nickname> [:<reason>]", "throws somebody off the server; for its operators"),
    "WALLOPS": Row(opers.wallops, 1, ":<text>", "says something to all with mode +w; for operators"),
    "KLINE": Row(
        opers.kline, 1, "[<time>] <mask or nickname> [:<reason>]", "bans people from the server; for operators"
    ),
    "UNKLINE": Row(opers.unkline, 1, "<mask or nickname>", "lifts such a ban; for operators"),
    "DLINE": Row(opers.dline, 1, "[<time>] <address or network> [:<reason>]", "bans addresses; for operators"),
    "UNDLINE": Row(opers.unkline, 1, "<address or network>", "lifts such a ban; for operators"),
    "REHASH": Row(opers.rehash, 0, "", "reads the configuration again; for operators"),
}


def _burst(lines: list[bytes]) -> Burst | None:
    """What these lines are if all of them say something simple to one room; None if not."""
    opening = _OPENING.match(lines[0])
    if not opening or max(map(len, lines)) > MESSAGE_BYTES:
        return None
    whole = b"\n".join(lines)
    end = b"\r" if lines[0].endswith(b"\r") else b""
    if whole.translate(None, _PRINTABLE) != b"\n".join([end] * len(lines)):
        return None
    head = opening[0].decode()
    between = f"{end.decode()}\n{head}"
    texts = whole[len(head) : len(whole) - len(end)].decode().split(between)
    if len(texts) != len(lines) or "" in texts or (b"/" in whole and not _SUSPECT.isdisjoint(map(_first, texts))):
        return None
    return Burst(opening[1].decode(), texts)


def _parsed(line: bytes) -> tuple[Message, bool]:
    """A line taken apart, and whether half a letter was left out at its end.

    Raises `ChatError` if it is too long or not UTF-8, and `ValueError` if there is nothing in it. What is said may be
    longer than a line, and end in half a letter: there are programs that never cut, and some that cut anywhere.
    """
    tags, _, rest = line.partition(b" ") if line.startswith(b"@") else (b"", b"", line)
    if len(tags) >= TAG_BYTES or len(rest) > LINE_BYTES + MESSAGE_BYTES:
        raise ChatError(Code.LINE_TOO_LONG)
    cut = False
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data" or _looks_latin(line):
            raise ChatError(Code.LINE_NOT_UTF8) from None
        cut = True
        text = line[: error.start].decode()
    message = parse(clean_irc(text))
    said = message.params[1] if message.command in messages.SAYING and len(message.params) == 2 else ""
    if len(rest) - len(said.encode()) > LINE_BYTES - 2:
        raise ChatError(Code.LINE_TOO_LONG)
    if cut and (not said or messages.is_for_service(message.params[0])):
        raise ChatError(Code.LINE_NOT_UTF8)
    return message, cut


def _looks_latin(line: bytes) -> bool:
    """Whether a line's last byte, where UTF-8 would go on, is the only letter beyond ASCII in a short text: "café"."""
    return line[-1] >= 0xDF and line[:-1].isascii() and len(line) < LINE_BYTES // 2
