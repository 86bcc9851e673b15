"""Numerics and refusals with their texts (RFC 2812 §5, modern.ircdocs.horse), and ISUPPORT."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from chatroom.common.errors import Code
from chatroom.common.irc_message import LINE_BYTES
from chatroom.common.language import Language, mark
from chatroom.common.names import NICK_CHARACTERS, ROOM_CHARACTERS
from chatroom.common.text import shortened
from chatroom.model.limits import (
    AWAY_BYTES,
    HISTORY_EVENTS_PER_ANSWER,
    IGNORED_MAX,
    KEY_BYTES,
    MASKS_PER_LIST,
    MODES_PER_LINE,
    MONITORED_NICKS_MAX,
    REALNAME_BYTES,
    REASON_BYTES,
    ROOMS_PER_USER,
    TOPIC_BYTES,
)
from chatroom.model.masks import ACCOUNT, MUTE
from chatroom.model.modes import BAN, BOT, EXCEPTION, INVITED, RANKS, ROOM_MODES, USER_MODES, ModeKind
from chatroom.protocols.irc.limits import TARGETS_PER_COMMAND, USERNAME_CHARACTERS


class Numeric(NamedTuple):
    """A number, its parameters, with places for what they are about, and the text behind them, for people.

    A text that programs read, or that is somebody's own, is among the parameters, and is not translated.
    """

    number: str
    parameters: str
    text: str = ""

    def line(
        self, server: str, nick: str, language: Language, about: Sequence[object], places: Mapping[str, object]
    ) -> str:
        """The whole line for `nick`, which is "" before registration; a text that is too long for it is cut."""
        head = f":{server} {self.number} {nick or '*'} {self.parameters.format(*about, **places)}"
        if not self.text:
            return f"{head}\r\n"
        space = " " if self.parameters else ""
        line = f"{head}{space}:{language.tr(self.text, **places)}"
        return f"{line if 4 * len(line) <= LINE_BYTES - 2 else shortened(line, LINE_BYTES - 2)}\r\n"


class Failure(NamedTuple):
    """What follows FAIL: the command, the code and what it is about, with places; and the text, for people."""

    words: str
    text: str


RPL_WELCOME = Numeric("001", "", mark("Welcome to the {network} Network, {nick}"))
RPL_YOURHOST = Numeric("002", "", mark("Your host is {server}, running chatroom {version}"))
RPL_CREATED = Numeric("003", "", mark("This server was started {time}"))
RPL_MYINFO = Numeric("004", "{} chatroom-{} {} {} {}")
RPL_ISUPPORT = Numeric("005", "{} :are supported by this server")  # by these words programs know what the number means
RPL_STATSKLINE = Numeric("216", "K {} {} {} :{}")
RPL_STATSDLINE = Numeric("225", "D {} :{}")
RPL_ENDOFSTATS = Numeric("219", "{}", mark("End of /STATS report"))
RPL_UMODEIS = Numeric("221", "{}")
RPL_STATSUPTIME = Numeric("242", "", mark("Server Up {days} days {time}"))
RPL_LUSERCLIENT = Numeric("251", "", mark("There are {users} users and {invisible} invisible on 1 servers"))
RPL_LUSEROP = Numeric("252", "{}", mark("operator(s) online"))
RPL_LUSERUNKNOWN = Numeric("253", "{}", mark("unknown connection(s)"))
RPL_LUSERCHANNELS = Numeric("254", "{}", mark("channels formed"))
RPL_LUSERME = Numeric("255", "", mark("I have {count} clients and 0 servers"))
RPL_ADMINME = Numeric("256", "{}", mark("Administrative info"))
RPL_ADMINLOC1 = Numeric("257", ":{}")
RPL_ADMINEMAIL = Numeric("259", ":{}")
RPL_LOCALUSERS = Numeric("265", "{count} {most}", mark("Current local users {count}, max {most}"))
RPL_GLOBALUSERS = Numeric("266", "{count} {most}", mark("Current global users {count}, max {most}"))
RPL_SILELIST = Numeric("271", "{} {}")
RPL_ENDOFSILELIST = Numeric("272", "", mark("End of silence list"))
RPL_WILL_WAIT = Numeric("301", "{nick}", mark("is not here; your message is kept for them"))
RPL_AWAY = Numeric("301", "{} :{}")
RPL_USERHOST = Numeric("302", ":{}")
RPL_ISON = Numeric("303", ":{}")
RPL_UNAWAY = Numeric("305", "", mark("You are no longer marked as being away"))
RPL_NOWAWAY = Numeric("306", "", mark("You have been marked as being away"))
RPL_WHOISUSER = Numeric("311", "{} {} {} * :{}")
RPL_WHOISSERVER = Numeric("312", "{} {} :{}")
RPL_WHOISOPERATOR = Numeric("313", "{}", mark("is an operator of the server"))
RPL_WHOWASUSER = Numeric("314", "{} {} {} * :{}")
RPL_ENDOFWHO = Numeric("315", "{}", mark("End of WHO list"))
RPL_WHOISIDLE = Numeric("317", "{} {} {}", mark("seconds idle, signon time"))
RPL_ENDOFWHOIS = Numeric("318", "{}", mark("End of /WHOIS list"))
RPL_WHOISCHANNELS = Numeric("319", "{} :{}")
RPL_LISTSTART = Numeric("321", "Channel", mark("Users  Name"))
RPL_LIST = Numeric("322", "{} {} :{}")
RPL_LISTEND = Numeric("323", "", mark("End of /LIST"))
RPL_CHANNELMODEIS = Numeric("324", "{} {}")
RPL_UNIQOPIS = Numeric("325", "{} {}")
RPL_CREATIONTIME = Numeric("329", "{} {}")
RPL_WHOISACCOUNT = Numeric("330", "{} {}", mark("is logged in as"))
RPL_NOTOPIC = Numeric("331", "{}", mark("No topic is set"))
RPL_TOPIC = Numeric("332", "{} :{}")
RPL_TOPICWHOTIME = Numeric("333", "{} {} {}")
RPL_WHOISBOT = Numeric("335", "{}", mark("is a bot"))
RPL_INVITELIST = Numeric("336", "{}")
RPL_ENDOFINVITELIST = Numeric("337", "", mark("End of /INVITE list"))
RPL_WHOISACTUALLY = Numeric("338", "{} {} {}", mark("is actually there"))
RPL_INVITING = Numeric("341", "{} {}")
RPL_INVEXLIST = Numeric("346", "{} {} {} {}")
RPL_ENDOFINVEXLIST = Numeric("347", "{}", mark("End of channel invite exception list"))
RPL_EXCEPTLIST = Numeric("348", "{} {} {} {}")
RPL_ENDOFEXCEPTLIST = Numeric("349", "{}", mark("End of channel exception list"))
RPL_VERSION = Numeric("351", "chatroom-{} {} :")
RPL_WHOREPLY = Numeric("352", "{} {} {} {} {} {} :0 {}")
RPL_NAMREPLY = Numeric("353", "{} {} :{}")
RPL_WHOSPCRPL = Numeric("354", "{}")
RPL_LINKS = Numeric("364", "{} {} :{} {}")
RPL_ENDOFLINKS = Numeric("365", "{}", mark("End of /LINKS list"))
RPL_ENDOFNAMES = Numeric("366", "{}", mark("End of /NAMES list"))
RPL_BANLIST = Numeric("367", "{} {} {} {}")
RPL_ENDOFBANLIST = Numeric("368", "{}", mark("End of channel ban list"))
RPL_ENDOFWHOWAS = Numeric("369", "{}", mark("End of WHOWAS"))
RPL_INFO = Numeric("371", ":{}")
RPL_MOTD = Numeric("372", ":- {}")
RPL_ENDOFINFO = Numeric("374", "", mark("End of /INFO list"))
RPL_MOTDSTART = Numeric("375", "", mark("- {server} Message of the day -"))
RPL_ENDOFMOTD = Numeric("376", "", mark("End of /MOTD command"))
RPL_WHOISMODES = Numeric("379", "{}", mark("is using modes +{modes}"))
RPL_YOUREOPER = Numeric("381", "", mark("You are now an IRC operator"))
RPL_REHASHING = Numeric("382", "chatroom", mark("Rehashing"))
RPL_TIME = Numeric("391", "{} {} 0 :{}")
ERR_WASNOSUCHNICK = Numeric("406", "{}", mark("There was no such nickname"))
ERR_INVALIDCAPCMD = Numeric("410", "{}", mark("Invalid CAP command"))
ERR_NOMOTD = Numeric("422", "", mark("There is no message of the day"))
ERR_HELPNOTFOUND = Numeric("524", "{}", mark("No help available on this topic"))
ERR_INVALIDUSERNAME = Numeric("468", "", mark("Your user name and real name must be UTF-8"))
ERR_LINKCHANNEL = Numeric("470", "{} {}", mark("That channel has another name now"))
RPL_WHOISSECURE = Numeric("671", "{}", mark("is using a secure connection"))
RPL_HELPSTART = Numeric("704", "{} :{}")
RPL_HELPTXT = Numeric("705", "{} :{}")
RPL_ENDOFHELP = Numeric("706", "{} :{}")
RPL_YOURLANGUAGESARE = Numeric("687", "{}", mark("Language preferences have been set"))
ERR_TOOMANYLANGUAGES = Numeric("981", "{}", mark("You specified too many languages"))
RPL_MONONLINE = Numeric("730", ":{}")
RPL_MONOFFLINE = Numeric("731", ":{}")
RPL_KEYVALUE = Numeric("761", "{} {} * :{}")
RPL_KEYNOTSET = Numeric("766", "{} {}", mark("not set"))
RPL_METADATASUBOK = Numeric("770", "{}")
RPL_METADATAUNSUBOK = Numeric("771", "{}")
RPL_METADATASUBS = Numeric("772", "{}")
RPL_WHOISKEYVALUE = Numeric("760", "{} {} * :{}")
RPL_MONLIST = Numeric("732", ":{}")
RPL_ENDOFMONLIST = Numeric("733", "", mark("End of MONITOR list"))
RPL_LOGGEDIN = Numeric("900", "{mask} {account}", mark("You are now logged in as {account}"))
RPL_LOGGEDOUT = Numeric("901", "{}", mark("You are now logged out"))
RPL_SASLSUCCESS = Numeric("903", "", mark("SASL authentication successful"))
ERR_SASLFAIL = Numeric("904", "", mark("SASL authentication failed: {why}"))
ERR_SASLTOOLONG = Numeric("905", "", mark("SASL message too long"))
ERR_SASLABORTED = Numeric("906", "", mark("SASL authentication aborted"))
ERR_SASLALREADY = Numeric("907", "", mark("You have already authenticated using SASL"))
RPL_SASLMECHS = Numeric("908", "{}", mark("are available SASL mechanisms"))

# A room's lists: an entry, and the end.
LISTS = {
    BAN: (RPL_BANLIST, RPL_ENDOFBANLIST),
    EXCEPTION: (RPL_EXCEPTLIST, RPL_ENDOFEXCEPTLIST),
    INVITED: (RPL_INVEXLIST, RPL_ENDOFINVEXLIST),
}

# Refusals without a number: IRCv3 standard-replies.
FAILURES: dict[Code, Failure] = {
    Code.LINE_NOT_UTF8: Failure("* INVALID_UTF8", mark("Messages must be UTF-8; this one was not sent")),
    Code.PASSWORD_ALOUD: Failure(
        "* PASSWORD_ALOUD",
        mark("That looks like a command with a password, so it was not sent; a command begins with its /"),
    ),
    Code.TOPIC_TOO_LONG: Failure("TOPIC INVALID_PARAMS", mark("That topic is too long")),
    Code.AWAY_TOO_LONG: Failure("AWAY INVALID_PARAMS", mark("That message is too long")),
    Code.TIME_BAD: Failure(
        "* INVALID_PARAMS {word}", mark("That is no time; 30s, 10m, 2h, 1d and 1w are; no reason begins with a digit")
    ),
    Code.ROOM_NAME_TAKEN: Failure(
        "RENAME CHANNEL_NAME_IN_USE {room} {name}", mark("Another channel is or was called so, or looks like it")
    ),
    Code.ROOM_NAME_STAYS: Failure("RENAME CANNOT_RENAME {room} {name}", mark("That channel keeps its name")),
    Code.ROOM_RENAMED_LATELY: Failure(
        "RENAME CANNOT_RENAME {room} {name}", mark("That channel has just got another name; wait a minute")
    ),
    Code.NOTHING_TO_READ: Failure("MARKREAD INVALID_PARAMS {target}", mark("That is neither a room nor a nickname")),
    Code.NOT_YOURS_TO_REDACT: Failure("REDACT INVALID_TARGET {target}", mark("You can't remove messages from there")),
    Code.MAY_NOT_REDACT: Failure(
        "REDACT REDACT_FORBIDDEN {target} {msgid}", mark("That message is not yours, and you are no operator here")
    ),
    Code.NO_SUCH_MESSAGE: Failure(
        "REDACT UNKNOWN_MSGID {target} {msgid}", mark("There is no such message, or it is too old")
    ),
    Code.NOT_LOGGED_IN: Failure("MENTIONS ACCOUNT_REQUIRED", mark("Log in first: what counts is your claimed name")),
    Code.METADATA_TARGET: Failure("METADATA INVALID_TARGET {target}", mark("Nothing can be told of that")),
    Code.METADATA_KEY: Failure("METADATA KEY_INVALID {key}", mark("There is no such key")),
    Code.METADATA_VALUE: Failure("METADATA INVALID_VALUE {key}", mark("That can't be its value")),
    Code.METADATA_NOT_SET: Failure("METADATA KEY_NOT_SET {target} {key}", mark("That is not set")),
    Code.METADATA_NOT_YOURS: Failure("METADATA KEY_NO_PERMISSION {target} {key}", mark("That is not yours to change")),
    Code.NOTHING_TO_REACT_TO: Failure(
        "TAGMSG UNKNOWN_MSGID {target} {msgid}", mark("There is no such message, or it is too old")
    ),
    Code.REACTION_BAD: Failure(
        "TAGMSG INVALID_REACTION {target}", mark("A reaction is an emoji or one word, of at most {most} bytes")
    ),
    Code.REACTIONS_FULL: Failure(
        "TAGMSG TOO_MANY_REACTIONS {target} {msgid}", mark("That message has as many reactions as it may have")
    ),
    Code.NOTHING_SAID: Failure("TAGMSG UNKNOWN_MSGID {target} {nick}", mark("They have said nothing there lately")),
    Code.RELOAD_FAILED: Failure(
        "REHASH RELOAD_FAILED", mark("A file can't be read: all stays as it was; the server's log says which")
    ),
    Code.LINK_DOWN: Failure(
        "* LINK_DOWN", mark("The link to the other servers is down; that must wait until it is back")
    ),
    Code.SPOOL_FULL: Failure(
        "* LINK_DOWN", mark("The link to the other servers is down and too much waits for it; that was not sent")
    ),
    Code.REALNAME_HELD: Failure(
        "SETNAME CANNOT_CHANGE_REALNAME", mark("Not while you may not speak in one of your channels")
    ),
    Code.REALNAME_BAD: Failure("SETNAME INVALID_REALNAME", mark("That can't be a real name")),
}

# Commands whose specifications answer with FAIL: whoever uses them knows it, also without standard-replies.
KNOWN_TO_FAIL = {
    "BATCH",
    "CHATHISTORY",
    "MARKREAD",
    "METADATA",
    "PERSISTENCE",
    "REDACT",
    "REGISTER",
    "RENAME",
    "SEARCH",
    "SETNAME",
    "TAGMSG",
    "VERIFY",
}

# FAILs that tell programs the reason of the refusal behind them, whose number has several.
REASONS: dict[Code, Failure] = {
    Code.NICK_CLAIMED: Failure("NICK NICKNAME_RESERVED {nick}", mark("That name is claimed")),
    Code.NICK_BAD: Failure("NICK NICKNAME_BAD {nick} {fault}", mark("That can't be a name")),  # with a `names.Fault`
    Code.NICK_RESERVED: Failure("NICK NICKNAME_OF_SERVER {nick}", mark("That name would pass for the server")),
    Code.NICK_BANNED: Failure("NICK NICKNAME_BANNED {nick}", mark("That name is banned here")),
    Code.NICK_LIKE: Failure("NICK NICKNAME_LIKE {nick}", mark("That name looks like another")),
    Code.LOGIN_TOO_OFTEN: Failure("PASS TEMPORARILY_UNAVAILABLE", mark("That was tried too often")),
}
REFUSALS: dict[Code, Numeric] = {
    Code.NO_SUCH_NICK: Numeric("401", "{nick}", mark("No such nick/channel")),
    Code.NO_SUCH_SERVER: Numeric("402", "{server}", mark("No such server")),
    Code.NO_SUCH_ROOM: Numeric("403", "{room}", mark("No such channel")),
    Code.ROOM_EMPTY: Numeric("403", "{room}", mark("Nobody is in that channel")),
    Code.CANNOT_SEND: Numeric("404", "{room}", mark("Cannot send to channel; join it first")),
    Code.MODERATED: Numeric("404", "{room}", mark("Cannot send to channel (+m); operators give voices: {operators}")),
    Code.MUTED: Numeric(
        "404", "{room}", mark("Cannot send to channel; {by} has muted you{why}; operators lift it: {operators}")
    ),
    Code.NO_CTCP: Numeric("404", "{target}", mark("Cannot send CTCP there (+C, +T)")),
    Code.TOO_MANY_ROOMS: Numeric("405", "{room}", mark("You have joined too many channels")),
    Code.TOO_MANY_TARGETS: Numeric("407", "{}", mark("At most {most_targets} at once: nothing was done for these")),
    Code.NO_ORIGIN: Numeric("409", "", mark("No origin specified")),
    Code.NO_RECIPIENT: Numeric("411", "", mark("No recipient given ({command})")),
    Code.NO_TEXT: Numeric("412", "", mark("No text to send")),
    Code.LINE_TOO_LONG: Numeric("417", "", mark("Input line was too long")),
    Code.WORD_TOO_LONG: Numeric("417", "", mark("Not sent: a word in that is longer than a line; send it in parts")),
    Code.UNKNOWN_COMMAND: Numeric("421", "{command}", mark("Unknown command")),
    Code.NICK_MISSING: Numeric("431", "", mark("No nickname given")),
    Code.NICK_BAD: Numeric("432", "{nick}", mark("Erroneous nickname")),
    Code.NICK_LIKE: Numeric("433", "{nick}", mark("Nickname looks like that of {other}")),
    Code.NICK_TAKEN: Numeric("433", "{nick}", mark("Nickname is already in use")),
    Code.NICK_CLAIMED: Numeric(
        "433",
        "{nick}",
        mark("Nickname is claimed; if it is yours, log in (SASL, PASS {nick}:password, NickServ), else choose another"),
    ),
    Code.THEY_ARE_NOT_IN_ROOM: Numeric("441", "{nick} {room}", mark("They aren't on that channel")),
    Code.NOT_IN_ROOM: Numeric("442", "{room}", mark("You're not on that channel")),
    Code.THEY_ARE_IN_ROOM: Numeric("443", "{nick} {room}", mark("is already on channel")),
    Code.NOT_REGISTERED: Numeric("451", "", mark("You have not registered")),
    Code.TOO_FEW_PARAMETERS: Numeric("461", "{command}", mark("Not enough parameters")),
    Code.TOO_MANY_DEVICES: Numeric(
        "437", "{account}", mark("You are here by as many devices as may be; there, /msg NickServ DEVICES lists them")
    ),
    Code.ALREADY_REGISTERED: Numeric("462", "", mark("You may not reregister")),
    Code.PASSWORD_NEEDED: Numeric("464", "", mark("This server has a password")),
    Code.WRONG_PASSWORD: Numeric("464", "", mark("Password incorrect")),
    Code.LOGIN_TOO_OFTEN: Numeric("464", "", mark("That was tried too often; wait a minute, then try again")),
    Code.ROOM_FULL: Numeric("471", "{room}", mark("Cannot join channel (+l); operators invite: {operators}")),
    Code.MODE_UNKNOWN: Numeric("472", "{letter}", mark("is unknown mode char to me for {room}")),
    Code.INVITED_ONLY: Numeric("473", "{room}", mark("Cannot join channel (+i); operators invite: {operators}")),
    Code.BANNED: Numeric(
        "474", "{room}", mark("Cannot join channel (+b); {by} has banned you{why}; operators lift it: {operators}")
    ),
    Code.SLOW: Numeric(
        "404",
        "{room}",
        mark(
            "Cannot send to channel (+W); one message every {pause}, yours may follow in {wait}; operators: {operators}"
        ),
    ),
    Code.NICK_BANNED: Numeric("432", "{nick}", mark("That nickname is banned here{why}")),
    Code.NICK_HELD: Numeric("435", "{nick} {room}", mark("Cannot change nickname while banned or muted on channel")),
    Code.BANNED_HERE: Numeric("465", "", mark("You are banned from this server{why}")),
    Code.THAT_IS_YOU: Numeric("485", "", mark("That would ban yourself")),
    Code.NOT_BANNED: Numeric(
        "696", "{room} b {who}", mark("There is no such ban or mute")
    ),  # 477 would say that one can't join
    Code.BANS_FULL: Numeric("478", "* K", mark("The server's list of bans is full")),
    Code.BANNED_THERE: Numeric(
        "404", "{room}", mark("Cannot send to channel (+b); {by} has banned you{why}; operators lift it: {operators}")
    ),
    Code.KEY_TOO_OFTEN: Numeric(
        "475", "{room}", mark("Cannot join channel (+k); too many wrong keys were tried, wait a minute")
    ),
    Code.KEY_NEEDED: Numeric(
        "475", "{room}", mark("Cannot join channel (+k); ask an operator for the key: {operators}")
    ),
    Code.KEY_WRONG: Numeric(
        "475", "{room}", mark("Cannot join channel (+k); that is not its key, ask an operator for it: {operators}")
    ),
    Code.ROOM_BAD: Numeric("476", "{room}", mark("Bad channel name")),
    Code.LIST_FULL: Numeric("478", "{room} {letter}", mark("Channel list is full")),
    Code.MASKS_FULL: Numeric(
        "478", "{room} {letter}", mark("Too many masks were set from your address, or in all; remove some first")
    ),
    Code.NOT_SERVER_OPERATOR: Numeric("481", "", mark("Permission denied: you're not an IRC operator")),
    Code.SILENT: Numeric(
        "482", "{room}", mark("You may not speak on that channel, nor set its topic; operators are: {operators}")
    ),
    Code.NOT_OPERATOR: Numeric("482", "{room}", mark("You're not channel operator; operators are: {operators}")),
    Code.OPERATOR_CONFIGURED: Numeric("696", "{account}", mark("The configuration names that account as an operator")),
    Code.OPERATORS_UNKNOWN: Numeric("491", "", mark("No operators here: the server was given no operator's password")),
    Code.USER_MODE_UNKNOWN: Numeric("501", "", mark("Unknown MODE flag")),
    Code.NOT_YOURS: Numeric("502", "", mark("Can't view or change modes for other users")),
    Code.NICK_RESERVED: Numeric("432", "{nick}", mark("That name would pass for the server")),
    Code.ROOM_LIKE: Numeric(
        "476", "{room}", mark("That looks like the name of another channel; choose one that does not")
    ),
    Code.MASK_STARS: Numeric("696", "{target} {letter} {mask}", mark("A mask has at most {most} stars")),
    Code.ADDRESS_HIDDEN: Numeric(
        "696", "{target} {letter} {mask}", mark("Addresses are for operators of the server; ban the host you see")
    ),
    Code.MODE_PARAMETER: Numeric("696", "{target} {letter} {parameter}", mark("That is no parameter for this mode")),
    Code.NO_SUCH_LANGUAGE: Numeric("982", "", mark("Language {language} is not supported by this server")),
    Code.NO_STRANGERS: Numeric("531", "{nick}", mark("Only people who are logged in can write to them (+R)")),
    Code.WAITING_FULL: Numeric("531", "{nick}", mark("Not sent: too much waits for them already")),
    Code.IGNORING_TOO_MANY: Numeric("511", "{mask}", mark("Your silence list is full")),
    Code.NOT_IGNORED: Numeric("696", "SILENCE * {who}", mark("You are not ignoring them")),
    Code.WATCHING_TOO_MANY: Numeric("734", f"{MONITORED_NICKS_MAX} {{}}", mark("Monitor list is full")),
}
# The same of what ends with its time.
REFUSALS_FOR_A_TIME: dict[Code, Numeric] = {
    Code.MUTED: Numeric(
        "404",
        "{room}",
        mark("Cannot send to channel; {by} has muted you for {left} more{why}; operators lift it: {operators}"),
    ),
    Code.BANNED: Numeric(
        "474",
        "{room}",
        mark("Cannot join channel (+b); {by} has banned you for {left} more{why}; operators lift it: {operators}"),
    ),
    Code.BANNED_THERE: Numeric(
        "404",
        "{room}",
        mark("Cannot send to channel (+b); {by} has banned you for {left} more{why}; operators lift it: {operators}"),
    ),
    Code.NICK_BANNED: Numeric("432", "{nick}", mark("That nickname is banned here for {left} more{why}")),
    Code.BANNED_HERE: Numeric("465", "", mark("You are banned from this server for {left} more{why}")),
}

_KINDS = {kind: "".join(letter for letter, k in ROOM_MODES.items() if k is kind) for kind in ModeKind}

ISUPPORT_OF_HISTORY = (f"CHATHISTORY={HISTORY_EVENTS_PER_ANSWER}", "MSGREFTYPES=msgid,timestamp")
ISUPPORT = (
    f"AWAYLEN={AWAY_BYTES}",
    f"BOT={BOT}",
    "CASEMAPPING=ascii",  # what is safe to assume: other letters are folded too, but clients can't know how
    f"CHANLIMIT=#:{ROOMS_PER_USER}",
    f"CHANMODES={','.join(_KINDS[k] for k in (ModeKind.LIST, ModeKind.KEY, ModeKind.SETTING, ModeKind.FLAG))}",
    f"CHANNELLEN={ROOM_CHARACTERS}",
    "CHANTYPES=#",
    "ELIST=CMNTU",
    f"EXCEPTS={EXCEPTION}",
    f"ACCOUNTEXTBAN={ACCOUNT[0]}",
    f"EXTBAN=,{ACCOUNT[0]}{MUTE[0]}",
    "TIMEDBANS=BAN,MUTE,KICK",  # our own: these commands take a time and a reason
    f"INVEX={INVITED}",
    f"KEYLEN={KEY_BYTES}",
    f"KICKLEN={REASON_BYTES}",
    f"MAXLIST={_KINDS[ModeKind.LIST]}:{MASKS_PER_LIST}",
    f"MODES={MODES_PER_LINE}",
    f"MONITOR={MONITORED_NICKS_MAX}",
    f"NAMELEN={REALNAME_BYTES}",
    f"NICKLEN={NICK_CHARACTERS}",
    f"PREFIX=({''.join(RANKS)}){''.join(RANKS.values())}",
    "SAFELIST",
    f"SILENCE={IGNORED_MAX}",
    f"STATUSMSG={''.join(RANKS.values())}",
    f"TARGMAX=PRIVMSG:{TARGETS_PER_COMMAND},NOTICE:{TARGETS_PER_COMMAND},TAGMSG:{TARGETS_PER_COMMAND},JOIN:{TARGETS_PER_COMMAND},PART:{TARGETS_PER_COMMAND},KICK:{TARGETS_PER_COMMAND},"
    f"LIST:{TARGETS_PER_COMMAND},WHOIS:1,NAMES:1,MONITOR:{MONITORED_NICKS_MAX}",
    f"TOPICLEN={TOPIC_BYTES}",
    f"USERLEN={USERNAME_CHARACTERS}",
    "UTF8ONLY",
    "WHOX",
)
MYINFO_MODES = (
    "".join(USER_MODES),
    "".join(ROOM_MODES),
    "".join(_KINDS[k] for k in ModeKind if k is not ModeKind.FLAG),
)
