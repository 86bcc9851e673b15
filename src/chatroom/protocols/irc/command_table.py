"""The table of IRC commands: which handler reads each, how many parameters it needs, and what HELP says of it.

A handler gets the client and the message's parameters, at least as many as its row says, and yields commands. What it
can answer by itself (PING, CAP, MOTD) it yields as `Raw`, so that the answer comes after those to earlier lines.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from chatroom.common.errors import ChatError, Code
from chatroom.common.irc_message import Message
from chatroom.common.language import mark
from chatroom.model.outcomes import Command
from chatroom.protocols.irc import numerics
from chatroom.protocols.irc.client_state import ClientState
from chatroom.protocols.irc.handlers import (
    account_registration,
    channels,
    chathistory,
    languages,
    messages,
    metadata,
    multiline,
    nickserv,
    opers,
    persistence,
    read_marker,
    redaction,
    registration,
    sasl,
    server_queries,
    users,
)
from chatroom.protocols.irc.handlers.capabilities import cap
from chatroom.protocols.irc.params import echo


class Row(NamedTuple):
    """One command: its handler, how many parameters it needs, how it is used and what it does."""

    handler: Callable[[ClientState, list[str]], Iterator[Command]]
    least: int
    usage: str  # its parameters
    does: str
    registered: bool = True  # whether only those with a name may use it
    missing: Code = Code.TOO_FEW_PARAMETERS


def row_for(message: Message, registered: bool) -> Row:
    """The row for a message; raises `ChatError` if there is none, or the client may not use it so."""
    row = COMMANDS.get(message.command)
    if row is None:
        raise ChatError(Code.UNKNOWN_COMMAND if registered else Code.NOT_REGISTERED, message.command)
    if row.registered and not registered:
        raise ChatError(Code.NOT_REGISTERED)
    if len(message.params) < row.least:
        raise ChatError(row.missing, message.command)
    return row


def help_(client: ClientState, params: list[str]) -> Iterator[Command]:
    """Shows the table: modern.ircdocs.horse/#help-message."""
    subject = params[0].upper() if params else ""
    row = COMMANDS.get(subject)
    if subject and row is None:
        yield client.say(numerics.ERR_HELPNOTFOUND, echo(params[0]))
        return
    if row:
        yield client.say(numerics.RPL_HELPSTART, subject, f"{subject} {row.usage}".rstrip())
        yield client.say(numerics.RPL_ENDOFHELP, subject, client.writer.tr(row.does))
        return
    tr = client.writer.tr
    start = tr("The commands of this server; HELP and a command's name says more")
    yield client.say(numerics.RPL_HELPSTART, "*", start)
    names = sorted(COMMANDS)
    for i in range(0, len(names), 8):
        yield client.say(numerics.RPL_HELPTXT, "*", " ".join(names[i : i + 8]))
    yield client.say(numerics.RPL_ENDOFHELP, "*", tr("End of /HELP"))


COMMANDS: dict[str, Row] = {
    "CAP": Row(cap, 1, "LS|LIST|REQ|END ...", mark("settles what your client can do"), registered=False),
    "AUTHENTICATE": Row(sasl.authenticate, 1, "<data>", mark("logs in: IRCv3 sasl"), registered=False),
    "REGISTER": Row(
        account_registration.register,
        3,
        "<nickname or *> <email or *> <password>",
        mark("claims a name"),
        registered=False,
    ),
    "VERIFY": Row(account_registration.verify, 2, "<account> <code>", mark("is not needed here"), registered=False),
    "NICKSERV": Row(
        nickserv.nickserv, 0, "<request>", mark("claims a name, logs in and out; alone, it lists requests")
    ),
    "NS": Row(nickserv.nickserv, 0, "<request>", mark("is short for NICKSERV")),
    "PASS": Row(
        registration.pass_,
        1,
        "<password>",
        mark("gives the server's password, or yours as name:password"),
        registered=False,
    ),
    "NICK": Row(registration.nick, 1, "<nickname>", mark("takes a name"), registered=False, missing=Code.NICK_MISSING),
    "USER": Row(registration.user, 4, "<name> 0 * :<real name>", mark("says who you are"), registered=False),
    "SETNAME": Row(registration.setname, 1, ":<real name>", mark("says who you are now")),
    "PING": Row(registration.ping, 1, "<token>", mark("is answered by PONG"), registered=False),
    "PONG": Row(registration.pong, 0, "<token>", mark("answers a PING"), registered=False),
    "QUIT": Row(registration.quit_, 0, "[:<reason>]", mark("leaves the server"), registered=False),
    "JOIN": Row(channels.join, 1, "<room>{,<room>} [<key>{,<key>}]", mark("enters rooms; JOIN 0 leaves them all")),
    "PART": Row(channels.part, 1, "<room>{,<room>} [:<reason>]", mark("leaves rooms")),
    "TOPIC": Row(channels.topic, 1, "<room> [:<topic>]", mark("shows or sets a room's topic")),
    "RENAME": Row(channels.rename, 2, "<room> <new name> [:<reason>]", mark("gives a room another name")),
    "NAMES": Row(channels.names, 0, "[<room>{,<room>}]", mark("lists who is in a room")),
    "LIST": Row(
        channels.list_, 0, "[<room or filter>{,...}]", mark("lists rooms: by mask, !mask, <people, C<age, T<age")
    ),
    "INVITE": Row(
        channels.invite, 0, "[<nickname> <room>]", mark("invites somebody, or lists where you are invited to")
    ),
    "KICK": Row(
        channels.kick, 2, "<room> <nickname>{,<nickname>} [[<time>] :<reason>]", mark("throws somebody out of a room")
    ),
    "BAN": Row(
        channels.ban, 2, "<room> <nickname or mask> [<time>] [:<reason>]", mark("keeps somebody out; 30s, 10m, 2h, 1d")
    ),
    "UNBAN": Row(channels.unban, 2, "<room> <nickname or mask>", mark("lifts a ban")),
    "MUTE": Row(
        channels.mute, 2, "<room> <nickname or mask> [<time>] [:<reason>]", mark("lets somebody read, but not speak")
    ),
    "UNMUTE": Row(channels.unmute, 2, "<room> <nickname or mask>", mark("lets them speak again")),
    "MODE": Row(channels.mode, 1, "<room or nickname> [<modes> [<parameters>]]", mark("shows or sets modes")),
    "PRIVMSG": Row(
        messages.privmsg, 1, "<target>{,<target>} :<text>", mark("says something"), missing=Code.NO_RECIPIENT
    ),
    "NOTICE": Row(
        messages.notice, 1, "<target>{,<target>} :<text>", mark("is for programs"), missing=Code.NO_RECIPIENT
    ),
    "TAGMSG": Row(
        messages.tagmsg, 1, "<target>{,<target>}", mark("passes on client-only tags"), missing=Code.NO_RECIPIENT
    ),
    "BATCH": Row(multiline.batch, 1, "+|-<name> [draft/multiline <target>]", mark("says something in many lines")),
    "CHATHISTORY": Row(chathistory.chathistory, 1, "<subcommand> ...", mark("tells what was said before")),
    "SEARCH": Row(chathistory.search, 1, "<attribute>{;<attribute>}", mark("finds what was said")),
    "MARKREAD": Row(
        read_marker.markread, 0, "<room or nickname> [timestamp=<time>]", mark("tells how far you have read")
    ),
    "PERSISTENCE": Row(
        persistence.persistence, 1, "GET|SET [on|off|default]", mark("lets you stay in your rooms without a device")
    ),
    "REDACT": Row(redaction.redact, 2, "<room or nickname> <msgid> [:<reason>]", mark("takes back what was said")),
    "MENTIONS": Row(chathistory.mentions, 0, "", mark("shows where your claimed name was said")),
    "METADATA": Row(
        metadata.metadata,
        2,
        "<target> <subcommand> ...",
        mark("tells what people set about themselves"),
        registered=False,
    ),
    "ISUPPORT": Row(server_queries.isupport, 0, "", mark("tells what the server supports"), registered=False),
    "SILENCE": Row(users.silence, 0, "[[+|-]<nickname or mask>]", mark("ignores somebody, ends that, or lists whom")),
    "AWAY": Row(users.away, 0, "[:<message>]", mark("says that you are away, or back"), registered=False),
    "WHO": Row(users.who, 0, "[<room, nickname or mask> [o][%<fields>[,<token>]]]", mark("lists people")),
    "WHOIS": Row(users.whois, 1, "<nickname>", mark("tells what is known of somebody"), missing=Code.NICK_MISSING),
    "WHOWAS": Row(users.whowas, 0, "<nickname> [<count>]", mark("tells who had a nickname before")),
    "USERHOST": Row(users.userhost, 1, "<nickname>{ <nickname>}", mark("tells where people are connected from")),
    "ISON": Row(users.ison, 1, "<nickname>{ <nickname>}", mark("tells who of these is here")),
    "MONITOR": Row(users.monitor, 1, "+|-|C|L|S [<nickname>{,<nickname>}]", mark("tells when people come and go")),
    "LANGUAGE": Row(
        languages.language, 1, "<language>{ <language>}", mark("chooses the language that you read"), registered=False
    ),
    "MOTD": Row(server_queries.motd, 0, "", mark("shows the message of the day")),
    "LUSERS": Row(server_queries.lusers, 0, "", mark("counts people and rooms")),
    "VERSION": Row(server_queries.version, 0, "", mark("tells the server's version")),
    "TIME": Row(server_queries.time_, 0, "", mark("tells the server's time")),
    "INFO": Row(server_queries.info, 0, "", mark("tells what this server is")),
    "ADMIN": Row(server_queries.admin, 0, "", mark("tells who runs this server")),
    "LINKS": Row(server_queries.links, 0, "", mark("lists the servers that are this chat")),
    "CLUSTER": Row(server_queries.links, 0, "", mark("does what LINKS does")),
    "STATS": Row(
        server_queries.stats, 1, "u|k|d", mark("tells how long the server has been running; k and d: whom it bans")
    ),
    "HELP": Row(help_, 0, "[<command>]", mark("explains commands")),
    "HELPOP": Row(help_, 0, "[<command>]", mark("explains commands")),
    "OPER": Row(opers.oper, 2, "<name> <password>", mark("makes you an operator of the server")),
    "KILL": Row(opers.kill, 1, "<nickname> [:<reason>]", mark("throws somebody off the server; for its operators")),
    "WALLOPS": Row(opers.wallops, 1, ":<text>", mark("says something to all with mode +w; for operators")),
    "KLINE": Row(
        opers.kline, 1, "[<time>] <mask or nickname> [:<reason>]", mark("bans people from the server; for operators")
    ),
    "UNKLINE": Row(opers.unkline, 1, "<mask or nickname>", mark("lifts such a ban; for operators")),
    "DLINE": Row(opers.dline, 1, "[<time>] <address or network> [:<reason>]", mark("bans addresses; for operators")),
    "UNDLINE": Row(opers.unkline, 1, "<address or network>", mark("lifts such a ban; for operators")),
    "REHASH": Row(opers.rehash, 0, "", mark("reads the configuration again; for operators")),
}
