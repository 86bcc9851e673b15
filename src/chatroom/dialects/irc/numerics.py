"""The numbered replies: RFC 2812 §5, worded as modern.ircdocs.horse has them, and what the server says of itself."""

from typing import NamedTuple

from chatroom.errors import Code
from chatroom.events import value
from chatroom.limits import AWAY_BYTES, NICK_LENGTH, ROOM_LENGTH, ROOMS_A_USER, TARGETS, TOPIC_BYTES


@value
class ServerInfo:
    """What the server says of itself. `motd` is its message of the day, by lines."""

    name: str
    network: str
    version: str
    created: str
    motd: tuple[str, ...] = ()


class Numeric(NamedTuple):
    number: str
    template: str

    def line(self, server: str, nick: str, *about: object) -> str:
        """The whole line, to `nick` ("" before registration)."""
        return f":{server} {self.number} {nick or '*'} {self.template.format(*about)}\r\n"


RPL_WELCOME = Numeric("001", ":Welcome to {}, {}")
RPL_YOURHOST = Numeric("002", ":Your host is {}, running chatroom {}")
RPL_CREATED = Numeric("003", ":This server was started {}")
RPL_MYINFO = Numeric("004", "{} chatroom-{} i n")
RPL_ISUPPORT = Numeric("005", "{} :are supported by this server")
RPL_UMODEIS = Numeric("221", "{}")
RPL_LUSERCLIENT = Numeric("251", ":There are {} users and 0 invisible on 1 servers")
RPL_LUSEROP = Numeric("252", "0 :operator(s) online")
RPL_LUSERUNKNOWN = Numeric("253", "0 :unknown connection(s)")
RPL_LUSERCHANNELS = Numeric("254", "{} :channels formed")
RPL_LUSERME = Numeric("255", ":I have {} clients and 0 servers")
RPL_LOCALUSERS = Numeric("265", "{0} {1} :Current local users {0}, max {1}")
RPL_GLOBALUSERS = Numeric("266", "{0} {1} :Current global users {0}, max {1}")
RPL_AWAY = Numeric("301", "{} :{}")
RPL_USERHOST = Numeric("302", ":{}")
RPL_ISON = Numeric("303", ":{}")
RPL_UNAWAY = Numeric("305", ":You are no longer marked as being away")
RPL_NOWAWAY = Numeric("306", ":You have been marked as being away")
RPL_WHOISUSER = Numeric("311", "{} {} {} * :{}")
RPL_WHOISSERVER = Numeric("312", "{} {} :{}")
RPL_ENDOFWHO = Numeric("315", "{} :End of WHO list")
RPL_WHOISIDLE = Numeric("317", "{} {} {} :seconds idle, signon time")
RPL_ENDOFWHOIS = Numeric("318", "{} :End of /WHOIS list")
RPL_WHOISCHANNELS = Numeric("319", "{} :{}")
RPL_LISTSTART = Numeric("321", "Channel :Users  Name")
RPL_LIST = Numeric("322", "{} {} :{}")
RPL_LISTEND = Numeric("323", ":End of /LIST")
RPL_CHANNELMODEIS = Numeric("324", "{} {}")
RPL_CREATIONTIME = Numeric("329", "{} {}")
RPL_NOTOPIC = Numeric("331", "{} :No topic is set")
RPL_TOPIC = Numeric("332", "{} :{}")
RPL_TOPICWHOTIME = Numeric("333", "{} {} {}")
RPL_WHOREPLY = Numeric("352", "{} {} {} {} {} {} :0 {}")
RPL_NAMREPLY = Numeric("353", "= {} :{}")
RPL_ENDOFNAMES = Numeric("366", "{} :End of /NAMES list")
RPL_ENDOFBANLIST = Numeric("368", "{} :End of channel ban list")
RPL_MOTD = Numeric("372", ":- {}")
RPL_MOTDSTART = Numeric("375", ":- {} Message of the day -")
RPL_ENDOFMOTD = Numeric("376", ":End of /MOTD command")
ERR_INVALIDCAPCMD = Numeric("410", "{} :Invalid CAP command")
ERR_NOMOTD = Numeric("422", ":There is no message of the day")

REFUSALS: dict[Code, Numeric] = {
    Code.NO_SUCH_NICK: Numeric("401", "{} :No such nick/channel"),
    Code.NO_SUCH_ROOM: Numeric("403", "{} :No such channel"),
    Code.CANNOT_SEND: Numeric("404", "{} :Cannot send to channel; join it first"),
    Code.TOO_MANY_ROOMS: Numeric("405", "{} :You have joined too many channels"),
    Code.NO_RECIPIENT: Numeric("411", ":No recipient given ({})"),
    Code.NO_TEXT: Numeric("412", ":No text to send"),
    Code.LINE_TOO_LONG: Numeric("417", ":Input line was too long"),
    Code.UNKNOWN_COMMAND: Numeric("421", "{} :Unknown command"),
    Code.NICK_MISSING: Numeric("431", ":No nickname given"),
    Code.NICK_BAD: Numeric("432", "{} :Erroneous nickname"),
    Code.NICK_TAKEN: Numeric("433", "{} :Nickname is already in use"),
    Code.NOT_IN_ROOM: Numeric("442", "{} :You're not on that channel"),
    Code.NOT_REGISTERED: Numeric("451", ":You have not registered"),
    Code.TOO_FEW_PARAMETERS: Numeric("461", "{} :Not enough parameters"),
    Code.ALREADY_REGISTERED: Numeric("462", ":You may not reregister"),
    Code.ROOM_BAD: Numeric("476", "{} :Bad channel name"),
    Code.NOT_YOURS: Numeric("502", ":Can't view or change modes for other users"),
}

ISUPPORT = (
    "CASEMAPPING=ascii",  # what is safe to assume: other letters are folded too, but clients can't know how
    "CHANTYPES=#",
    f"CHANNELLEN={ROOM_LENGTH}",
    f"CHANLIMIT=#:{ROOMS_A_USER}",
    "CHANMODES=,,,n",
    f"NICKLEN={NICK_LENGTH}",
    f"TOPICLEN={TOPIC_BYTES}",
    f"AWAYLEN={AWAY_BYTES}",
    f"TARGMAX=PRIVMSG:{TARGETS},NOTICE:{TARGETS},JOIN:{TARGETS},PART:{TARGETS},WHOIS:1,NAMES:1,LIST:{TARGETS}",
    "PREFIX=",
    "UTF8ONLY",
)
