"""Replies as the lines that one IRC client reads, by one table from the type of a reply to what writes it."""

from collections.abc import Callable, Iterator
from typing import Any

from chatroom.common.clock import timestamp
from chatroom.common.errors import Code
from chatroom.common.irc_message import LINE_BYTES
from chatroom.common.language import mark
from chatroom.common.names import fold
from chatroom.common.text import GHOST, shortened
from chatroom.model.departure_reasons import DEVICE_ENDED, LOGGED_OUT, NAME_GIVEN_UP, PASSWORD_CHANGED
from chatroom.model.limits import TOPIC_BYTES
from chatroom.model.masks import ACCOUNT
from chatroom.model.modes import BOT
from chatroom.model.outcomes import Labelled
from chatroom.model.replies import (
    AccountDone,
    AccountIs,
    AccountLapses,
    Admitted,
    AllNamesAre,
    Announcement,
    AwayNoted,
    CountsAre,
    CutShort,
    DeviceClosed,
    DevicesAre,
    FollowedAre,
    Found,
    Goodbye,
    Here,
    HistoryIs,
    IgnoredAre,
    IgnoreNoted,
    InvitationsAre,
    Inviting,
    IsAway,
    LanguageIs,
    Link,
    ListIs,
    MarkerIs,
    MentionsAre,
    MetadataIs,
    ModesAre,
    NamesAre,
    NotHere,
    NoWhois,
    NowOperator,
    OwnerIs,
    PersonalNotice,
    Ping,
    Raw,
    ReactionsAre,
    Recent,
    Redirected,
    Refused,
    Reloaded,
    ReplayIs,
    Reply,
    RoomMoved,
    RoomsAre,
    RoomState,
    Saving,
    ServerBansAre,
    ServersAre,
    SettingsAre,
    StayIs,
    TargetsAre,
    TopicIs,
    UptimeIs,
    UsersAre,
    WaitingAre,
    WatchedAre,
    Welcome,
    WhoIsIn,
    WhoisIs,
    WhowasIs,
    WillWait,
)
from chatroom.model.values import Member, Topic
from chatroom.protocols.irc import account_replies, history_replies, metadata_replies, numerics
from chatroom.protocols.irc.event_lines import RENAMING, tags_of_ban
from chatroom.protocols.irc.labeled_response import labelled
from chatroom.protocols.irc.limits import TARGETS_PER_COMMAND
from chatroom.protocols.irc.params import echo
from chatroom.protocols.irc.reply_writer import ReplyWriter, signs
from chatroom.protocols.reasons import KILLED, told
from chatroom.protocols.refusals import chosen, places
from chatroom.protocols.reply_sentences import describe_reply
from chatroom.protocols.sentence_parts import BanSentences, time_left


def render(to: ReplyWriter, reply: Reply) -> bytes:
    """The lines for a reply."""
    if isinstance(reply, Raw):
        return reply.data
    if isinstance(reply, PersonalNotice):
        return to.format.personal(reply.event)
    if isinstance(reply, Labelled):
        answers = [render(to, each) if isinstance(each, Reply) else to.format.render(each) for each in reply.told]
        return labelled(reply.label, b"".join(answers), to.server.name)
    return "".join(_RENDERERS[type(reply)](to, reply)).encode()


# ---- coming in ------------------------------------------------------------------------------------------------------


def _welcome(to: ReplyWriter, reply: Welcome) -> Iterator[str]:
    yield to.greeting()
    yield to.counts(reply.counts)
    if metadata_replies.METADATA in to.capabilities:  # nothing is set yet, which must be told by an empty batch
        yield from to.batched(metadata_replies.BATCH, f"metadata {to.nick}", ())
    if account_replies.PERSISTENCE in to.capabilities and reply.person.account:
        yield account_replies.stay_status(to, reply.stays)
    yield to.motd()


def _counts_are(to: ReplyWriter, reply: CountsAre) -> Iterator[str]:
    yield to.counts(reply)


# ---- rooms ----------------------------------------------------------------------------------------------------------


def _topic_lines(to: ReplyWriter, room: str, topic: Topic) -> Iterator[str]:
    yield to.line(numerics.RPL_TOPIC, room, topic.text)
    yield to.line(numerics.RPL_TOPICWHOTIME, room, topic.by, topic.time // 1000)


def _room_state(to: ReplyWriter, reply: RoomState) -> Iterator[str]:
    if reply.topic:
        yield from _topic_lines(to, reply.room, reply.topic)
    if "no-implicit-names" not in to.capabilities:
        yield from _names_are(to, reply)


def _room_moved(to: ReplyWriter, reply: RoomMoved) -> Iterator[str]:
    """As if the client had left and joined."""
    yield to.format.personal(reply.left).decode()
    yield to.format.personal(reply.joined).decode()
    yield from _room_state(to, reply.state)


def _redirected(to: ReplyWriter, reply: Redirected) -> Iterator[str]:
    """A client that knows RENAME joins by itself."""
    room, name = echo(reply.room), reply.name
    if RENAMING in to.capabilities:
        text = to.tr(numerics.ERR_LINKCHANNEL.text)
        yield f":{to.server.name} FAIL JOIN CHANNEL_RENAMED {room} {name} :{text}\r\n"
    else:
        yield to.line(numerics.ERR_LINKCHANNEL, room, name)


def _topic_is(to: ReplyWriter, reply: TopicIs) -> Iterator[str]:
    if reply.topic:
        yield from _topic_lines(to, reply.room, reply.topic)
    else:
        yield to.line(numerics.RPL_NOTOPIC, reply.room)


def _names_are(to: ReplyWriter, reply: NamesAre | RoomState) -> Iterator[str]:
    yield from _names(to, reply)
    yield to.line(numerics.RPL_ENDOFNAMES, echo(reply.room))


def _names(to: ReplyWriter, reply: NamesAre | RoomState) -> Iterator[str]:
    write = _NAMES["multi-prefix" in to.capabilities, "userhost-in-names" in to.capabilities]
    names = reply.roll.words(write) if isinstance(reply, RoomState) else " ".join(map(write, reply.members))
    yield from to.filled(numerics.RPL_NAMREPLY, "@" if reply.secret else "=", reply.room, words=(names,))


# How NAMES has a member, by whether the client has negotiated multi-prefix, and userhost-in-names.
_NAMES: dict[tuple[bool, bool], Callable[[Member], str]] = {
    (False, False): lambda m: signs(m.ranks[:1]) + m.person.nick if m.ranks else m.person.nick,
    (False, True): lambda m: signs(m.ranks[:1]) + m.person.mask,
    (True, False): lambda m: signs(m.ranks) + m.person.nick,
    (True, True): lambda m: signs(m.ranks) + m.person.mask,
}


def _all_names_are(to: ReplyWriter, reply: AllNamesAre) -> Iterator[str]:
    for room in reply.rooms:
        yield from _names(to, room)
    yield to.line(numerics.RPL_ENDOFNAMES, "*")


_MODES_IN_LIST = "[+"  # "[+k] topic", as InspIRCd and UnrealIRCd have it: the answer to LIST has no place for modes


def _rooms_are(to: ReplyWriter, reply: RoomsAre) -> Iterator[str]:
    yield to.line(numerics.RPL_LISTSTART)
    for room in reply.rooms:
        topic = room.topic
        if room.closed or topic.startswith(_MODES_IN_LIST):  # empty brackets before a topic that would deceive
            topic = shortened(f"{_MODES_IN_LIST}{room.closed}] {topic}".rstrip(), TOPIC_BYTES)
        yield to.line(numerics.RPL_LIST, room.name, room.people, topic)
    yield to.line(numerics.RPL_LISTEND)


def _modes_are(to: ReplyWriter, reply: ModesAre) -> Iterator[str]:
    if not reply.room:
        yield to.line(numerics.RPL_UMODEIS, reply.modes)
        return
    yield to.line(numerics.RPL_CHANNELMODEIS, reply.room, reply.modes)
    yield to.line(numerics.RPL_CREATIONTIME, reply.room, reply.created // 1000)


def _owner_is(to: ReplyWriter, reply: OwnerIs) -> Iterator[str]:
    yield to.line(numerics.RPL_UNIQOPIS, reply.room, reply.account or "*")


def _list_is(to: ReplyWriter, reply: ListIs) -> Iterator[str]:
    entry, end = numerics.LISTS[reply.letter]
    for one in reply.entries:
        tags = tags_of_ban(one.whom, one.until, one.reason) if "message-tags" in to.capabilities else []
        head = f"@{';'.join(tags)} " if tags else ""
        yield f"{head}{to.line(entry, reply.room, one.mask, one.by, one.since // 1000)}"
    yield to.line(end, reply.room)


def _invitations_are(to: ReplyWriter, reply: InvitationsAre) -> Iterator[str]:
    for room in reply.rooms:
        yield to.line(numerics.RPL_INVITELIST, room)
    yield to.line(numerics.RPL_ENDOFINVITELIST)


def _inviting(to: ReplyWriter, reply: Inviting) -> Iterator[str]:
    yield to.line(numerics.RPL_INVITING, reply.nick, reply.room)
    if reply.away:
        yield to.line(numerics.RPL_AWAY, reply.nick, told(reply.away, to.language))


# ---- people ---------------------------------------------------------------------------------------------------------

# WHOX, each field with its letter, in the order in which they are answered: ircv3.net/specs/extensions/whox
_WHOX: dict[str, Callable[[ReplyWriter, WhoIsIn, Member, int], object]] = {
    "t": lambda to, reply, m, idle: to.whox.token if to.whox and to.whox.token else "0",
    "c": lambda to, reply, m, idle: reply.room or "*",
    "u": lambda to, reply, m, idle: m.person.username,
    "i": lambda to, reply, m, idle: "255.255.255.255",  # addresses are shown as hosts alone
    "h": lambda to, reply, m, idle: m.person.host,
    "s": lambda to, reply, m, idle: to.server.name,
    "n": lambda to, reply, m, idle: m.person.nick,
    "f": lambda to, reply, m, idle: _flags(to, m),
    "d": lambda to, reply, m, idle: 0,
    "l": lambda to, reply, m, idle: idle,
    "a": lambda to, reply, m, idle: m.person.account or "0",
    "o": lambda to, reply, m, idle: "n/a",
    "r": lambda to, reply, m, idle: f":{m.person.realname}",
}
WHOX_FIELDS = frozenset(_WHOX)


def _flags(to: ReplyWriter, member: Member) -> str:
    here = "G" if member.away else "H"
    return f"{here}{'*' if member.operator else ''}{to.prefixes(member.ranks)}{BOT if member.person.bot else ''}"


def _who_is_in(to: ReplyWriter, reply: WhoIsIn) -> Iterator[str]:
    for member, idle in zip(reply.members, reply.idle, strict=True):
        p = member.person
        if to.whox:
            fields = [str(_WHOX[f](to, reply, member, idle)) for f in _WHOX if f in to.whox.fields]
            line = to.line(numerics.RPL_WHOSPCRPL, " ".join(fields)).removesuffix("\r\n")
            # All fields at once, about one of the longest names, leave less for the real name, which is the last.
            yield f"{shortened(line, LINE_BYTES - 2)}\r\n"
            continue
        room = reply.room or "*"
        flags = _flags(to, member)
        yield to.line(numerics.RPL_WHOREPLY, room, p.username, p.host, to.server.name, p.nick, flags, p.realname)
    yield to.line(numerics.RPL_ENDOFWHO, echo(reply.mask))


def _whois_is(to: ReplyWriter, reply: WhoisIs) -> Iterator[str]:
    p = reply.member.person
    yield to.line(numerics.RPL_WHOISUSER, p.nick, p.username, p.host, p.realname)
    yield from to.filled(
        numerics.RPL_WHOISCHANNELS, p.nick, words=[to.prefixes(ranks) + room for room, ranks in reply.rooms]
    )
    if reply.server is not None:
        yield to.line(numerics.RPL_WHOISSERVER, p.nick, reply.server or to.server.name, to.tr(to.server.description))
    if reply.member.operator:
        yield to.line(numerics.RPL_WHOISOPERATOR, p.nick)
    if reply.secure:
        yield to.line(numerics.RPL_WHOISSECURE, p.nick)
    if p.account:
        yield to.line(numerics.RPL_WHOISACCOUNT, p.nick, p.account)
    if p.bot:
        yield to.line(numerics.RPL_WHOISBOT, p.nick)
    if reply.member.away:
        yield to.line(numerics.RPL_AWAY, p.nick, told(reply.member.away, to.language))
    if reply.address:
        yield to.line(numerics.RPL_WHOISACTUALLY, p.nick, f"{p.username}@{reply.address}", reply.address)
    if reply.modes:
        yield to.line(numerics.RPL_WHOISMODES, p.nick, modes=reply.modes)
    if metadata_replies.METADATA in to.capabilities:
        for key, value in reply.metadata:
            yield to.line(numerics.RPL_WHOISKEYVALUE, p.nick, key, value)
    if reply.since:
        yield to.line(numerics.RPL_WHOISIDLE, p.nick, reply.idle, reply.since // 1000)
    yield to.line(numerics.RPL_ENDOFWHOIS, p.nick)


def _no_whois(to: ReplyWriter, reply: NoWhois) -> Iterator[str]:
    nick = echo(reply.nick)
    yield to.line(numerics.REFUSALS[Code.NO_SUCH_NICK], nick=nick)
    yield to.line(numerics.RPL_ENDOFWHOIS, nick)


def _whowas_is(to: ReplyWriter, reply: WhowasIs) -> Iterator[str]:
    names = {fold(person.nick) for person, _ in reply.people}
    # Where one nickname alone matches a mask, the answer is about that.
    nick = reply.people[0][0].nick if len(names) == 1 else echo(reply.nick)
    if not names:
        yield to.line(numerics.ERR_WASNOSUCHNICK, nick)
    for person, time in reply.people:
        yield to.line(numerics.RPL_WHOWASUSER, person.nick, person.username, person.host, person.realname)
        if reply.with_addresses and person.address:
            about = f"{person.username}@{person.address}", person.address
            yield to.line(numerics.RPL_WHOISACTUALLY, person.nick, *about)
        yield to.line(numerics.RPL_WHOISSERVER, person.nick, to.server.name, timestamp(time))
    yield to.line(numerics.RPL_ENDOFWHOWAS, nick)


def _users_are(to: ReplyWriter, reply: UsersAre) -> Iterator[str]:
    if reply.command == "ISON":
        numeric, people = numerics.RPL_ISON, [m.person.nick for m in reply.members]
    else:
        numeric, people = numerics.RPL_USERHOST, [_userhost(m) for m in reply.members]
    yield from to.filled(numeric, words=people) if people else [to.line(numeric, "")]


def _userhost(m: Member) -> str:
    return f"{m.person.nick}{'*' if m.operator else ''}={'-' if m.away else '+'}{m.person.username}@{m.person.host}"


def _watched_are(to: ReplyWriter, reply: WatchedAre) -> Iterator[str]:
    yield from to.filled(numerics.RPL_MONLIST, words=reply.nicks, glue=",")
    yield to.line(numerics.RPL_ENDOFMONLIST)


def _ignored_are(to: ReplyWriter, reply: IgnoredAre) -> Iterator[str]:
    for entry in reply.entries:
        yield to.line(numerics.RPL_SILELIST, to.nick, entry.mask)
    yield to.line(numerics.RPL_ENDOFSILELIST)


def _marker_is(to: ReplyWriter, reply: MarkerIs) -> Iterator[str]:
    since = f"timestamp={timestamp(reply.time)}" if reply.time else "*"
    yield f":{to.server.name} MARKREAD {reply.target} {since}\r\n"


def _uptime_is(to: ReplyWriter, reply: UptimeIs) -> Iterator[str]:
    days, rest = divmod(reply.seconds, 86_400)
    time = f"{rest // 3600}:{rest // 60 % 60:02}:{rest % 60:02}"
    yield to.line(numerics.RPL_STATSUPTIME, days=days, time=time)


# ---- history --------------------------------------------------------------------------------------------------------


def _recent(to: ReplyWriter, reply: Recent) -> Iterator[str]:
    if history_replies.CHATHISTORY not in to.capabilities:
        if "server-time" not in to.capabilities:  # no tag will show that these are old
            said = to.tr("Said here before you joined:")
            yield f":{to.server.name} NOTICE {reply.room} :{said}\r\n"
        yield from history_replies.events(to, reply.said, f"chathistory {reply.room}", reply.reactions)


def _notice(to: ReplyWriter, reply: CutShort | Saving | Link) -> Iterator[str]:
    """A notice of what the server says about itself."""
    for sentence in describe_reply(reply, language=to.language):
        yield from to.wrapped(f":{to.server.name} NOTICE {to.nick} :", sentence.removesuffix("."))


def _mentions_are(to: ReplyWriter, reply: MentionsAre) -> Iterator[str]:
    for sentence in describe_reply(reply, "/", to.language):
        yield from to.wrapped(f":{to.server.name} NOTICE {to.nick} :", sentence)


def _servers_are(to: ReplyWriter, reply: ServersAre) -> Iterator[str]:
    """RPL_LINKS: all other servers are one hop away."""
    own = to.server.name
    for name, people, lag in reply.servers:
        about = to.tr("{count} here, {lag} ms behind", count=people, lag=lag) if name else to.tr(to.server.description)
        yield to.line(numerics.RPL_LINKS, name or own, own, int(name not in ("", own)), about)
    yield to.line(numerics.RPL_ENDOFLINKS, "*")


# ---- refusals -------------------------------------------------------------------------------------------------------


def _goodbye(to: ReplyWriter, reply: Goodbye) -> Iterator[str]:
    reason = told(reply.reason, to.language)
    if "standard-replies" in to.capabilities:
        if killed := KILLED.fullmatch(reply.reason):
            why = killed["reason"] or to.tr("no reason was given")
            yield to.standard("FAIL", "*", "SESSION_KILLED", killed["nick"], why)
        elif code := _ENDS.get(reply.reason):
            yield to.standard("FAIL", "*", code, reason)
    yield f"{shortened(f'ERROR :{to.tr(_CLOSING)} {reason}', LINE_BYTES - 2)}\r\n"


_CLOSING = mark("Closing link:")
# By why a connection ended: a code for programs, which must not come back by themselves then, or need the new password.
_ENDS = {
    GHOST: "SESSION_REPLACED",
    DEVICE_ENDED: "SESSION_ENDED",
    LOGGED_OUT: "SESSION_ENDED",
    NAME_GIVEN_UP: "SESSION_ENDED",
    PASSWORD_CHANGED: "PASSWORD_CHANGED",
}


def _refused(to: ReplyWriter, reply: Refused) -> Iterator[str]:
    error, code = reply.error, reply.error.code
    if reply.via:
        yield from account_replies.refusal(to, error, reply.via)
        return
    if code in (Code.WATCHING_TOO_MANY, Code.TOO_MANY_TARGETS):
        yield from to.filled(
            numerics.REFUSALS[code], words=map(echo, error.about), glue=",", most_targets=TARGETS_PER_COMMAND
        )
        return
    named = {name: _as_parameter(name, text) for name, text in places(error, to.language).items()}
    if code in numerics.REASONS and "standard-replies" in to.capabilities:
        failure = numerics.REASONS[code]
        yield to.standard("FAIL", *failure.words.format(**named).split(), to.tr(failure.text, **named))
    if code in numerics.FAILURES:
        failure = numerics.FAILURES[code]
        yield to.standard("FAIL", *failure.words.format(**named).split(), to.tr(failure.text, **named))
    elif code in history_replies.FAILURES:
        yield history_replies.failure(to, code, named.get("command", ""), named.get("target", ""))
    else:
        yield to.line(chosen(numerics.REFUSALS, numerics.REFUSALS_FOR_A_TIME, code, named), **named)


# What is a text of several words, in a refusal; all else is a single word, as a parameter is.
_TEXTS = frozenset({"operators", "by", "left", "why", "pause", "wait", "usage", "fault"})


def _as_parameter(name: str, text: str) -> str:
    return shortened(text, _PART_BYTES) if name in _TEXTS else echo(text)


_PART_BYTES = 100  # of each name or reason in a refusal, so that the line holds them all


def _server_bans_are(to: ReplyWriter, reply: ServerBansAre) -> Iterator[str]:
    """RPL_STATSKLINE and RPL_STATSDLINE, as most servers have them."""
    for entry in reply.entries:
        sentence = _BANNED.for_a_time if entry.until else _BANNED.for_good
        by, left = entry.by.partition("!")[0], time_left(entry.until, to.language)
        reason = shortened(entry.reason, _PART_BYTES)
        text = f"{reason} {to.tr(sentence, by=by, left=left)}".lstrip()
        if "!" in entry.mask:
            nick, _, rest = entry.mask.partition("!")
            user, _, host = rest.rpartition("@")
            yield to.line(numerics.RPL_STATSKLINE, host, nick, user, text)
        elif entry.mask.startswith(ACCOUNT):
            yield to.line(numerics.RPL_STATSKLINE, "*", entry.mask, "*", text)
        else:
            yield to.line(numerics.RPL_STATSDLINE, entry.mask, text)


_BANNED = BanSentences(mark("(by {by})"), mark("for {left} more (by {by})"))

_RENDERERS: dict[type, Callable[[ReplyWriter, Any], Iterator[str]]] = {
    Refused: _refused,
    Welcome: _welcome,
    RoomState: _room_state,
    RoomMoved: _room_moved,
    Redirected: _redirected,
    TopicIs: _topic_is,
    NamesAre: _names_are,
    AllNamesAre: _all_names_are,
    CountsAre: _counts_are,
    ListIs: _list_is,
    InvitationsAre: _invitations_are,
    ServerBansAre: _server_bans_are,
    Inviting: _inviting,
    NoWhois: _no_whois,
    WhowasIs: _whowas_is,
    WatchedAre: _watched_are,
    Here: lambda to, r: to.filled(numerics.RPL_MONONLINE, words=[p.mask for p in r.people], glue=","),
    NotHere: lambda to, r: to.filled(numerics.RPL_MONOFFLINE, words=map(echo, r.nicks), glue=","),
    MarkerIs: _marker_is,
    UptimeIs: _uptime_is,
    Admitted: lambda to, r: iter(()),
    NowOperator: lambda to, r: iter([to.line(numerics.RPL_YOUREOPER)]),
    Reloaded: lambda to, r: iter([to.line(numerics.RPL_REHASHING)]),
    Link: _notice,
    ServersAre: _servers_are,
    RoomsAre: _rooms_are,
    WhoIsIn: _who_is_in,
    WhoisIs: _whois_is,
    ModesAre: _modes_are,
    OwnerIs: _owner_is,
    UsersAre: _users_are,
    IsAway: lambda to, r: iter([to.line(numerics.RPL_AWAY, r.nick, told(r.message, to.language))]),
    AwayNoted: lambda to, r: iter([to.line(numerics.RPL_NOWAWAY if r.away else numerics.RPL_UNAWAY)]),
    Goodbye: _goodbye,
    Recent: _recent,
    MentionsAre: _mentions_are,
    MetadataIs: metadata_replies.metadata_is,
    FollowedAre: metadata_replies.followed_are,
    WaitingAre: lambda to, r: history_replies.messages(to, r.said),
    WillWait: lambda to, r: iter([to.line(numerics.RPL_WILL_WAIT, nick=r.nick)]),
    IgnoredAre: _ignored_are,
    IgnoreNoted: lambda to, r: iter([f":{to.mask} SILENCE {'+' if r.on else '-'}{r.mask}\r\n"]),
    ReactionsAre: lambda to, r: iter(()),  # such clients are told of each as it comes
    HistoryIs: history_replies.history,
    TargetsAre: history_replies.targets,
    Found: lambda to, r: history_replies.events(to, r.said, history_replies.SEARCH),
    CutShort: _notice,
    Saving: _notice,
    AccountLapses: account_replies.in_words,
    AccountDone: account_replies.account_done,
    AccountIs: account_replies.account_is,
    DevicesAre: account_replies.in_words,
    DeviceClosed: account_replies.in_words,
    ReplayIs: account_replies.in_words,
    StayIs: account_replies.stay_is,
    SettingsAre: account_replies.in_words,
    LanguageIs: lambda to, r: iter([to.line(numerics.RPL_YOURLANGUAGESARE, " ".join(r.tags))]),
    Ping: lambda to, r: iter([f"PING :{to.server.name}\r\n"]),
    Announcement: lambda to, r: to.wrapped(f":{to.server.name} NOTICE * :", r.text),
}
