"""Numerics and refusals with their texts (RFC 2812 §5, modern.ircdocs.horse), and ISUPPORT."""

from typing import NamedTuple

from chatroom.common.errors import Code
from chatroom.common.names import NICK_CHARACTERS, ROOM_CHARACTERS
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
    number: str
    template: str

    def line(self, server: str, nick: str, *about: object) -> str:
        """The whole line for `nick`, which is "" before registration."""
        return f":{server} {self.number} {nick or '*'} {self.template.format(*about)}\r\n"


RPL_WELCOME = Numeric("001", ":Welcome to the {} Network, {}")
RPL_YOURHOST = Numeric("002", ":Your host is {}, running chatroom {}")
RPL_CREATED = Numeric("003", ":This server was started {}")
RPL_MYINFO = Numeric("004", "{} chatroom-{} {} {} {}")
RPL_ISUPPORT = Numeric("005", "{} :are supported by this server")
RPL_STATSKLINE = Numeric("216", "K {} {} {} :{}")
RPL_STATSDLINE = Numeric("225", "D {} :{}")
RPL_ENDOFSTATS = Numeric("219", "{} :End of /STATS report")
RPL_UMODEIS = Numeric("221", "{}")
RPL_STATSUPTIME = Numeric("242", ":Server Up {} days {}:{:02}:{:02}")
RPL_LUSERCLIENT = Numeric("251", ":There are {} users and {} invisible on 1 servers")
RPL_LUSEROP = Numeric("252", "{} :operator(s) online")
RPL_LUSERUNKNOWN = Numeric("253", "{} :unknown connection(s)")
RPL_LUSERCHANNELS = Numeric("254", "{} :channels formed")
RPL_LUSERME = Numeric("255", ":I have {} clients and 0 servers")
RPL_ADMINME = Numeric("256", "{} :Administrative info")
RPL_ADMINLOC1 = Numeric("257", ":{}")
RPL_ADMINEMAIL = Numeric("259", ":{}")
RPL_LOCALUSERS = Numeric("265", "{0} {1} :Current local users {0}, max {1}")
RPL_GLOBALUSERS = Numeric("266", "{0} {1} :Current global users {0}, max {1}")
RPL_SILELIST = Numeric("271", "{} {}")
RPL_ENDOFSILELIST = Numeric("272", ":End of silence list")
RPL_AWAY = Numeric("301", "{} :{}")
RPL_USERHOST = Numeric("302", ":{}")
RPL_ISON = Numeric("303", ":{}")
RPL_UNAWAY = Numeric("305", ":You are no longer marked as being away")
RPL_NOWAWAY = Numeric("306", ":You have been marked as being away")
RPL_WHOISUSER = Numeric("311", "{} {} {} * :{}")
RPL_WHOISSERVER = Numeric("312", "{} {} :{}")
RPL_WHOISOPERATOR = Numeric("313", "{} :is an operator of the server")
RPL_WHOWASUSER = Numeric("314", "{} {} {} * :{}")
RPL_ENDOFWHO = Numeric("315", "{} :End of WHO list")
RPL_WHOISIDLE = Numeric("317", "{} {} {} :seconds idle, signon time")
RPL_ENDOFWHOIS = Numeric("318", "{} :End of /WHOIS list")
RPL_WHOISCHANNELS = Numeric("319", "{} :{}")
RPL_LISTSTART = Numeric("321", "Channel :Users  Name")
RPL_LIST = Numeric("322", "{} {} :{}")
RPL_LISTEND = Numeric("323", ":End of /LIST")
RPL_CHANNELMODEIS = Numeric("324", "{} {}")
RPL_UNIQOPIS = Numeric("325", "{} {}")
RPL_CREATIONTIME = Numeric("329", "{} {}")
RPL_WHOISACCOUNT = Numeric("330", "{} {} :is logged in as")
RPL_NOTOPIC = Numeric("331", "{} :No topic is set")
RPL_TOPIC = Numeric("332", "{} :{}")
RPL_TOPICWHOTIME = Numeric("333", "{} {} {}")
RPL_WHOISBOT = Numeric("335", "{} :is a bot")
RPL_INVITELIST = Numeric("336", "{}")
RPL_ENDOFINVITELIST = Numeric("337", ":End of /INVITE list")
RPL_INVITING = Numeric("341", "{} {}")
RPL_INVEXLIST = Numeric("346", "{} {} {} {}")
RPL_ENDOFINVEXLIST = Numeric("347", "{} :End of channel invite exception list")
RPL_EXCEPTLIST = Numeric("348", "{} {} {} {}")
RPL_ENDOFEXCEPTLIST = Numeric("349", "{} :End of channel exception list")
RPL_VERSION = Numeric("351", "chatroom-{} {} :")
RPL_WHOREPLY = Numeric("352", "{} {} {} {} {} {} :0 {}")
RPL_NAMREPLY = Numeric("353", "{} {} :{}")
RPL_WHOSPCRPL = Numeric("354", "{}")
RPL_LINKS = Numeric("364", "{} {} :{} {}")
RPL_ENDOFLINKS = Numeric("365", "{} :End of /LINKS list")
RPL_ENDOFNAMES = Numeric("366", "{} :End of /NAMES list")
RPL_BANLIST = Numeric("367", "{} {} {} {}")
RPL_ENDOFBANLIST = Numeric("368", "{} :End of channel ban list")
RPL_ENDOFWHOWAS = Numeric("369", "{} :End of WHOWAS")
RPL_INFO = Numeric("371", ":{}")
RPL_MOTD = Numeric("372", ":- {}")
RPL_ENDOFINFO = Numeric("374", ":End of /INFO list")
RPL_MOTDSTART = Numeric("375", ":- {} Message of the day -")
RPL_ENDOFMOTD = Numeric("376", ":End of /MOTD command")
RPL_WHOISHOST = Numeric("378", "{} :is connecting from *@{} {}")
RPL_WHOISMODES = Numeric("379", "{} :is using modes +{}")
RPL_YOUREOPER = Numeric("381", ":You are now an IRC operator")
RPL_REHASHING = Numeric("382", "chatroom :Rehashing")
RPL_TIME = Numeric("391", "{} {} 0 :{}")
ERR_WASNOSUCHNICK = Numeric("406", "{} :There was no such nickname")
ERR_INVALIDCAPCMD = Numeric("410", "{} :Invalid CAP command")
ERR_NOMOTD = Numeric("422", ":There is no message of the day")
ERR_HELPNOTFOUND = Numeric("524", "{} :No help available on this topic")
ERR_INVALIDUSERNAME = Numeric("468", ":Your user name and real name must be UTF-8")
RPL_WHOISSECURE = Numeric("671", "{} :is using a secure connection")
RPL_HELPSTART = Numeric("704", "{} :{}")
RPL_HELPTXT = Numeric("705", "{} :{}")
RPL_ENDOFHELP = Numeric("706", "{} :{}")
RPL_MONONLINE = Numeric("730", ":{}")
RPL_MONOFFLINE = Numeric("731", ":{}")
RPL_MONLIST = Numeric("732", ":{}")
RPL_ENDOFMONLIST = Numeric("733", ":End of MONITOR list")
RPL_LOGGEDIN = Numeric("900", "{0} {1} :You are now logged in as {1}")
RPL_LOGGEDOUT = Numeric("901", "{} :You are now logged out")
RPL_SASLSUCCESS = Numeric("903", ":SASL authentication successful")
ERR_SASLFAIL = Numeric("904", ":SASL authentication failed: {}")
ERR_SASLTOOLONG = Numeric("905", ":SASL message too long")
ERR_SASLABORTED = Numeric("906", ":SASL authentication aborted")
ERR_SASLALREADY = Numeric("907", ":You have already authenticated using SASL")
RPL_SASLMECHS = Numeric("908", "{} :are available SASL mechanisms")

# A room's lists: an entry, and the end.
LISTS = {
    BAN: (RPL_BANLIST, RPL_ENDOFBANLIST),
    EXCEPTION: (RPL_EXCEPTLIST, RPL_ENDOFEXCEPTLIST),
    INVITED: (RPL_INVEXLIST, RPL_ENDOFINVEXLIST),
}

# Refusals without a number: IRCv3 standard-replies.
FAILURES = {
    Code.LINE_NOT_UTF8: "* INVALID_UTF8 :Messages must be UTF-8; this one was not sent",
    Code.PASSWORD_ALOUD: "* PASSWORD_ALOUD :That looks like a command with a password, so it was not sent; "
    "a command begins with its /",
    Code.TOPIC_TOO_LONG: "TOPIC INVALID_PARAMS :That topic is too long",
    Code.AWAY_TOO_LONG: "AWAY INVALID_PARAMS :That message is too long",
    Code.TIME_BAD: "* INVALID_PARAMS {} :That is no time; 30s, 10m, 2h, 1d and 1w are; no reason begins with a digit",
    Code.NOTHING_TO_READ: "MARKREAD INVALID_PARAMS {} :That is neither a room nor a nickname",
    Code.NOT_YOURS_TO_REDACT: "REDACT INVALID_TARGET {} :You can't remove messages from there",
    Code.MAY_NOT_REDACT: "REDACT REDACT_FORBIDDEN {} {} :That message is not yours, and you are no operator here",
    Code.NO_SUCH_MESSAGE: "REDACT UNKNOWN_MSGID {} {} :There is no such message, or it is too old",
    Code.NOTHING_TO_REACT_TO: "TAGMSG UNKNOWN_MSGID {} {} :There is no such message, or it is too old",
    Code.REACTION_BAD: "TAGMSG INVALID_REACTION {} :A reaction is an emoji or one word, of at most {} bytes",
    Code.REACTIONS_FULL: "TAGMSG TOO_MANY_REACTIONS {} {} :That message has as many reactions as it may have",
    Code.NOTHING_SAID: "TAGMSG UNKNOWN_MSGID {} {} :They have said nothing there lately",
    Code.RELOAD_FAILED: "REHASH RELOAD_FAILED :A file can't be read: all stays as it was; the server's log says which",
    Code.LINK_DOWN: "* LINK_DOWN :The link to the other servers is down; that must wait until it is back",
    Code.SPOOL_FULL: "* LINK_DOWN :The link to the other servers is down and too much waits for it; that was not sent",
    Code.REALNAME_HELD: "SETNAME CANNOT_CHANGE_REALNAME :Not while you may not speak in one of your channels",
    Code.REALNAME_BAD: "SETNAME INVALID_REALNAME :That can't be a real name",
}

# Commands whose specifications answer with FAIL: whoever uses them knows it, also without standard-replies.
KNOWN_TO_FAIL = {"BATCH", "CHATHISTORY", "MARKREAD", "REDACT", "REGISTER", "SEARCH", "SETNAME", "TAGMSG", "VERIFY"}

# FAILs that tell programs the reason of the refusal behind them, whose number has several.
REASONS: dict[Code, str] = {
    Code.NICK_CLAIMED: "NICK NICKNAME_RESERVED {0} :That name is claimed",
    Code.NICK_BAD: "NICK NICKNAME_BAD {0} {1} :That can't be a name",  # with a `names.Fault`
    Code.NICK_RESERVED: "NICK NICKNAME_OF_SERVER {0} :That name would pass for the server",
    Code.NICK_BANNED: "NICK NICKNAME_BANNED {0} :That name is banned here",
    Code.NICK_LIKE: "NICK NICKNAME_LIKE {0} :That name looks like another",
    Code.LOGIN_TOO_OFTEN: "PASS TEMPORARILY_UNAVAILABLE :That was tried too often",
}
REFUSALS: dict[Code, Numeric] = {
    Code.NO_SUCH_NICK: Numeric("401", "{} :No such nick/channel"),
    Code.NO_SUCH_SERVER: Numeric("402", "{} :No such server"),
    Code.NO_SUCH_ROOM: Numeric("403", "{} :No such channel"),
    Code.CANNOT_SEND: Numeric("404", "{} :Cannot send to channel; join it first"),
    Code.MODERATED: Numeric("404", "{} :Cannot send to channel (+m); operators give voices: {}"),
    Code.MUTED: Numeric("404", "{0} :Cannot send to channel; {2} has muted you{3}{4}; operators lift it: {1}"),
    Code.NO_CTCP: Numeric("404", "{} :Cannot send CTCP there (+C, +T)"),
    Code.TOO_MANY_ROOMS: Numeric("405", "{} :You have joined too many channels"),
    Code.TOO_MANY_TARGETS: Numeric("407", f"{{}} :At most {TARGETS_PER_COMMAND} at once: nothing was done for these"),
    Code.NO_ORIGIN: Numeric("409", ":No origin specified"),
    Code.NO_RECIPIENT: Numeric("411", ":No recipient given ({})"),
    Code.NO_TEXT: Numeric("412", ":No text to send"),
    Code.LINE_TOO_LONG: Numeric("417", ":Input line was too long"),
    Code.WORD_TOO_LONG: Numeric("417", ":Not sent: a word in that is longer than a line; send it in parts"),
    Code.UNKNOWN_COMMAND: Numeric("421", "{} :Unknown command"),
    Code.NICK_MISSING: Numeric("431", ":No nickname given"),
    Code.NICK_BAD: Numeric("432", "{} :Erroneous nickname"),
    Code.NICK_LIKE: Numeric("433", "{} :Nickname looks like that of {}"),
    Code.NICK_TAKEN: Numeric("433", "{} :Nickname is already in use"),
    Code.NICK_CLAIMED: Numeric(
        "433",
        "{0} :Nickname is claimed; if it is yours, log in (SASL, PASS {0}:password, NickServ), else choose another",
    ),
    Code.THEY_ARE_NOT_IN_ROOM: Numeric("441", "{} {} :They aren't on that channel"),
    Code.NOT_IN_ROOM: Numeric("442", "{} :You're not on that channel"),
    Code.THEY_ARE_IN_ROOM: Numeric("443", "{} {} :is already on channel"),
    Code.NOT_REGISTERED: Numeric("451", ":You have not registered"),
    Code.TOO_FEW_PARAMETERS: Numeric("461", "{} :Not enough parameters"),
    Code.ALREADY_REGISTERED: Numeric("462", ":You may not reregister"),
    Code.PASSWORD_NEEDED: Numeric("464", ":This server has a password"),
    Code.WRONG_PASSWORD: Numeric("464", ":Password incorrect"),
    Code.LOGIN_TOO_OFTEN: Numeric("464", ":That was tried too often; wait a minute, then try again"),
    Code.ROOM_FULL: Numeric("471", "{} :Cannot join channel (+l); operators invite: {}"),
    Code.MODE_UNKNOWN: Numeric("472", "{} :is unknown mode char to me for {}"),
    Code.INVITED_ONLY: Numeric("473", "{} :Cannot join channel (+i); operators invite: {}"),
    Code.BANNED: Numeric("474", "{0} :Cannot join channel (+b); {2} has banned you{3}{4}; operators lift it: {1}"),
    Code.SLOW: Numeric(
        "404", "{0} :Cannot send to channel (+W); one message every {2}, yours may follow in {3}; operators: {1}"
    ),
    Code.NICK_BANNED: Numeric("432", "{} :That nickname is banned here{}{}"),
    Code.NICK_HELD: Numeric("435", "{} {} :Cannot change nickname while banned or muted on channel"),
    Code.BANNED_HERE: Numeric("465", ":You are banned from this server{}{}"),
    Code.THAT_IS_YOU: Numeric("485", ":That would ban yourself"),
    Code.NOT_BANNED: Numeric("696", "{} b {} :There is no such ban or mute"),  # 477 would say that one can't join
    Code.BANS_FULL: Numeric("478", "* K :The server's list of bans is full"),
    Code.BANNED_THERE: Numeric(
        "404", "{0} :Cannot send to channel (+b); {2} has banned you{3}{4}; operators lift it: {1}"
    ),
    Code.KEY_TOO_OFTEN: Numeric("475", "{} :Cannot join channel (+k); too many wrong keys were tried, wait a minute"),
    Code.KEY_WRONG: Numeric("475", "{} :Cannot join channel (+k); ask an operator for the key: {}"),
    Code.ROOM_BAD: Numeric("476", "{} :Bad channel name"),
    Code.LIST_FULL: Numeric("478", "{} {} :Channel list is full"),
    Code.MASKS_FULL: Numeric("478", "{} {} :Too many masks were set from your address, or in all; remove some first"),
    Code.NOT_SERVER_OPERATOR: Numeric("481", ":Permission denied: you're not an IRC operator"),
    Code.SILENT: Numeric("482", "{} :You may not speak on that channel, nor set its topic; operators are: {}"),
    Code.NOT_OPERATOR: Numeric("482", "{} :You're not channel operator; operators are: {}"),
    Code.OPERATOR_CONFIGURED: Numeric("696", "{} :The configuration names that account as an operator"),
    Code.OPERATORS_UNKNOWN: Numeric("491", ":No operators here: the server was given no operator's password"),
    Code.USER_MODE_UNKNOWN: Numeric("501", ":Unknown MODE flag"),
    Code.NOT_YOURS: Numeric("502", ":Can't view or change modes for other users"),
    Code.NICK_RESERVED: Numeric("432", "{} :That name would pass for the server"),
    Code.ROOM_LIKE: Numeric("476", "{} :That looks like the name of another channel; choose one that does not"),
    Code.MASK_STARS: Numeric("696", "{0} {1} {2} :A mask has at most {3} stars"),
    Code.ADDRESS_HIDDEN: Numeric("696", "{} {} {} :Addresses are for operators of the server; ban the host you see"),
    Code.MODE_PARAMETER: Numeric("696", "{} {} {} :That is no parameter for this mode"),
    Code.NO_STRANGERS: Numeric("531", "{} :Only people who are logged in can write to them (+R)"),
    Code.WAITING_FULL: Numeric("531", "{} :Not sent: too much waits for them already"),
    Code.IGNORING_TOO_MANY: Numeric("511", "{} :Your silence list is full"),
    Code.NOT_IGNORED: Numeric("696", "SILENCE * {} :You are not ignoring them"),
    Code.WATCHING_TOO_MANY: Numeric("734", f"{MONITORED_NICKS_MAX} {{}} :Monitor list is full"),
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
