"""Sentences for people, each in the language of its reader: what happened, and what a reply says.

They serve netcat, the server's console, the log of what operators do and the exported history. A sentence here bears no
mark of the server's ("* "), and names commands as the console does, without a slash: `plain` adds both for netcat.
"""

from collections.abc import Callable
from typing import Any

from chatroom.common.errors import ChatError, Code
from chatroom.common.language import ENGLISH, Language, mark, markn
from chatroom.common.text import CTCP, CUT, FEED, clean, plain
from chatroom.model.events import (
    AccountSet,
    Alerted,
    AwaySet,
    Departed,
    Event,
    Guessed,
    Invited,
    Joined,
    Kicked,
    Killed,
    Left,
    ModesSet,
    OperatorSet,
    Reacted,
    RealnameSet,
    Redacted,
    Renamed,
    Said,
    ServerBanned,
    ServerUnbanned,
    TopicSet,
    UserModesSet,
)
from chatroom.model.masks import MUTE
from chatroom.model.modes import BAN, INVITED_ONLY, KEY, OPERATOR, SLOW, written
from chatroom.model.replies import (
    AccountDone,
    AccountIs,
    AccountLapses,
    Admitted,
    Announcement,
    AwayNoted,
    CutShort,
    DeviceClosed,
    DevicesAre,
    Found,
    Goodbye,
    HistoryIs,
    IgnoredAre,
    IgnoreNoted,
    Inviting,
    IsAway,
    Link,
    ListIs,
    MentionsAre,
    ModesAre,
    NoWhois,
    NowOperator,
    OwnerIs,
    PersonalNotice,
    Ping,
    ReactionsAre,
    Recent,
    Refused,
    ReplayIs,
    Reply,
    RoomsAre,
    RoomState,
    Saving,
    ServerBansAre,
    ServersAre,
    TopicIs,
    WaitingAre,
    Welcome,
    WhoIsIn,
    WhoisIs,
    WillWait,
)
from chatroom.model.values import Member, MessageKind, ModeChange, Topic
from chatroom.protocols import account_sentences
from chatroom.protocols.reasons import told
from chatroom.protocols.refusals import describe_refusal
from chatroom.protocols.sentence_parts import (
    BANNED_FROM_ROOM,
    BANNED_FROM_SERVER,
    MUTED_IN_ROOM,
    Reader,
    because,
    lasting,
    list_bans,
)
from chatroom.protocols.social_sentences import IGNORED, ignored, mentions, reactions_sentence, speaker, user_modes_set

# ---- events ---------------------------------------------------------------------------------------------------------


def describe_event(event: Event, language: Language = ENGLISH) -> list[str]:
    """What happened, one sentence each; none if it is for programs alone. A message is its lines, with its sender."""
    return _EVENTS[type(event)](event, language)


_ACTION, _TAGS = MessageKind.ACTION, MessageKind.TAGS  # a look-up in an Enum takes as long as the rest of a message


def _said(event: Said, language: Language) -> list[str]:
    text, kind = event.text, event.kind
    if CTCP in text or kind is _TAGS:
        return []  # for programs
    private = "" if "#" in event.target[:2] else f"{language.tr('[private]')} "
    by = speaker(event, language) if event.quote else event.by.nick
    lines = [plain(line) for line in text.replace(CUT, "").split(FEED) if line]
    if kind is _ACTION:
        return [f"{private}{by} {' '.join(lines)}"]
    first = [f"{private}{by}: {line}" for line in lines[:1]]
    return [*first, *(f"{private}{event.by.nick}: {line}" for line in lines[1:])]


def _left(event: Left | Departed, language: Language) -> list[str]:
    return [language.tr("{nick} left{why}", nick=event.by.nick, why=because(told(event.reason, language)))]


def _topic_set(event: TopicSet, language: Language) -> list[str]:
    if not event.topic:
        return [language.tr("{nick} removed the topic", nick=event.by.nick)]
    return [language.tr("{nick} set the topic: {topic}", nick=event.by.nick, topic=plain(event.topic))]


def _kicked(event: Kicked, language: Language) -> list[str]:
    why = because(event.reason)
    return [language.tr("{nick} threw {whom} out{why}", nick=event.by.nick, whom=event.who.nick, why=why)]


def _killed(event: Killed, language: Language) -> list[str]:
    why = because(told(event.reason, language))
    return [language.tr("{nick} threw {whom} off the server{why}", nick=event.by.nick, whom=event.who.nick, why=why)]


Mode = str | tuple[str, str]  # what a change is told by: one form, or with its number two


def _modes_set(event: ModesSet, language: Language) -> list[str]:
    """Masks that were set for one name are one change. What has ended with its time comes first."""
    changes = sorted(event.changes, key=lambda change: change.on or not change.until)
    return list(dict.fromkeys(_change(change, event, language) for change in changes))


def _change(change: ModeChange, event: ModesSet, language: Language) -> str:
    mute = change.letter == BAN and change.param.startswith(MUTE)
    letter = MUTE if mute else change.letter
    whom, why = plain(change.whom or change.param.removeprefix(MUTE if mute else "")), because(change.reason)
    time = lasting(change.until, event.time, language) if change.on else ""
    if change.until and not change.on:
        sentence = _ENDED[letter == MUTE]
    elif change.on and letter == OPERATOR and change.uid == event.by.uid:
        sentence = _OWNER_CAME
    else:
        sentence = (_MODES_FOR_A_TIME if time else _MODES).get((letter, change.on), _OTHER_MODE)
    if isinstance(sentence, str):
        mode = plain(written((change,)))
        return language.tr(sentence, nick=event.by.nick, whom=whom, time=time, why=why, mode=mode)
    return language.trn(*sentence, int(change.param), nick=event.by.nick)


_ENDED: tuple[Mode, Mode] = (mark("The ban on {whom} has ended{why}"), mark("The mute on {whom} has ended{why}"))
_OWNER_CAME: Mode = mark("{nick} is an operator here")
_OTHER_MODE: Mode = mark("{nick} set mode {mode}")
_MODES: dict[tuple[str, bool], Mode] = {
    ("o", True): mark("{nick} made {whom} an operator"),
    ("o", False): mark("{nick} decided that {whom} is no longer an operator"),
    ("v", True): mark("{nick} gave {whom} a voice"),
    ("v", False): mark("{nick} took {whom}'s voice"),
    ("b", True): mark("{nick} banned {whom}{why}"),
    ("b", False): mark("{nick} lifted the ban on {whom}"),
    (MUTE, True): mark("{nick} muted {whom}{why}"),
    (MUTE, False): mark("{nick} lets {whom} speak again"),
    (SLOW, True): markn(
        "{nick} slowed the room down: one message every second",
        "{nick} slowed the room down: one message every {count} seconds",
    ),
    (SLOW, False): mark("{nick} ended the slow mode"),
    ("i", True): mark("{nick} closed the room to those who aren't invited"),
    ("i", False): mark("{nick} opened the room to all"),
    ("k", True): mark("{nick} set a key"),
    ("k", False): mark("{nick} removed the key"),
    ("l", True): markn("{nick} limited the room to one person", "{nick} limited the room to {count} people"),
    ("l", False): mark("{nick} removed the limit"),
    ("m", True): mark("{nick} let only those with a voice speak"),
    ("m", False): mark("{nick} let everybody speak"),
    ("s", True): mark("{nick} took the room off the list"),
    ("s", False): mark("{nick} put the room on the list"),
    ("t", True): mark("{nick} let only operators set the topic"),
    ("t", False): mark("{nick} let everybody set the topic"),
}
_MODES_FOR_A_TIME: dict[tuple[str, bool], Mode] = {
    ("b", True): mark("{nick} banned {whom} for {time}{why}"),
    (MUTE, True): mark("{nick} muted {whom} for {time}{why}"),
}


def server_banned(event: ServerBanned, whom: str, language: Language) -> str:
    time = lasting(event.until, event.time, language)
    places = {"nick": event.by.nick, "whom": plain(whom), "why": because(event.reason)}
    if time:
        return language.tr("{nick} banned {whom} from the server for {time}{why}", time=time, **places)
    return language.tr("{nick} banned {whom} from the server{why}", **places)


def server_unbanned(event: ServerUnbanned, language: Language) -> str:
    return language.tr("{nick} lifted the ban from the server on {whom}", nick=event.by.nick, whom=plain(event.mask))


def redacted(event: Redacted, language: Language) -> str:
    sentence = _REDACTED["#" in event.target[:1], bool(event.author)]
    return language.tr(sentence, nick=event.by.nick, author=event.author, why=because(event.reason))


_REDACTED = {  # whether it was said in a room, and by somebody else
    (True, True): mark("{nick} removed a message of {author}{why}"),
    (True, False): mark("{nick} removed a message{why}"),
    (False, True): mark("{nick} removed a private message of {author}{why}"),
    (False, False): mark("{nick} removed a private message{why}"),
}


def operator_set(event: OperatorSet, language: Language) -> str:
    return language.tr(_OPERATOR_SET[event.on], nick=event.by.nick, account=event.account)


_OPERATOR_SET = {
    True: mark("{nick} made {account} an operator of the server, whenever they are logged in"),
    False: mark("{nick} decided that {account} is no longer an operator of the server"),
}


def guessed(event: Guessed, language: Language) -> str:
    if event.count > 1:
        sentence = _GUESSED_OFTEN[bool(event.target)]
        return language.trn(*sentence, event.count, nick=event.nick, room=event.target)
    return language.tr(_GUESSED[bool(event.target)], nick=event.nick, room=event.target)


_GUESSED = {
    True: mark("{nick} gave a wrong key for {room}"),
    False: mark("{nick} gave a wrong password of the operators"),
}
_GUESSED_OFTEN = {
    True: markn("{nick} gave a wrong key for {room}", "{nick} gave a wrong key for {room}; {count} within a minute"),
    False: markn(
        "{nick} gave a wrong password of the operators",
        "{nick} gave a wrong password of the operators; {count} within a minute",
    ),
}


def _away_set(event: AwaySet, language: Language) -> list[str]:
    if event.message:
        return [language.tr("{nick} is away: {text}", nick=event.by.nick, text=plain(event.message))]
    return [language.tr("{nick} is back", nick=event.by.nick)]


def _account_set(event: AccountSet, language: Language) -> list[str]:
    if event.account:
        return [language.tr("{nick} has logged in", nick=event.by.nick)]
    return [language.tr("{nick} has logged out", nick=event.by.nick)]


def _alerted(event: Alerted, language: Language) -> list[str]:
    return [language.tr("{nick}, who runs this server: {text}", nick=event.by.nick, text=plain(event.text))]


_EVENTS: dict[type, Callable[[Any, Language], list[str]]] = {
    Said: _said,
    Joined: lambda e, to: [to.tr("{nick} joined", nick=e.by.nick)],
    Left: _left,
    Departed: _left,
    Renamed: lambda e, to: [to.tr("{nick} is now known as {name}", nick=e.by.nick, name=e.nick)],
    TopicSet: _topic_set,
    Kicked: _kicked,
    ModesSet: _modes_set,
    Killed: _killed,
    ServerBanned: lambda e, to: [server_banned(e, e.whom or e.mask, to)],
    ServerUnbanned: lambda e, to: [server_unbanned(e, to)],
    Invited: lambda e, to: [],  # the one who is invited is told by a reply
    UserModesSet: user_modes_set,
    RealnameSet: lambda e, to: [],
    AccountSet: _account_set,
    Alerted: _alerted,
    Redacted: lambda e, to: [redacted(e, to)],
    Reacted: lambda e, to: [],  # people are told of several at once: `reactions_sentence`
    OperatorSet: lambda e, to: [operator_set(e, to)],
    Guessed: lambda e, to: [guessed(e, to)],
    AwaySet: _away_set,
}

# ---- replies --------------------------------------------------------------------------------------------------------


def describe_reply(reply: Reply, slash: str = "", language: Language = ENGLISH) -> list[str]:
    """What a reply says, one sentence each; of one that shows messages, what is to be said besides.

    `slash` stands before the commands that a sentence names.
    """
    return _REPLIES[type(reply)](reply, Reader(language, slash))


def _welcome(reply: Welcome, to: Reader) -> list[str]:
    nick = reply.person.nick
    greeting, help_ = to.tr("Welcome, {nick}.", nick=nick), to.tr("Type {slash}help for commands.")
    if reply.room is None:
        return [f"{greeting} {help_}"]
    return [f"{greeting} {_company(reply.room, nick, to)} {help_}", *_topic(reply.room.topic, to)]


def _room_state(reply: RoomState, to: Reader) -> list[str]:
    here = to.tr("You are in {room} now.", room=reply.room)
    return [f"{here} {_company(reply, reply.viewer, to)}", *_topic(reply.topic, to)]


def _company(state: RoomState, viewer: str, to: Reader) -> str:
    others = [m.person.nick for m in state.members if m.person.nick != viewer]
    if not others:
        return to.tr("Nobody else is in {room} yet.", room=state.room)
    return to.tr("With you in {room}: {people}.", room=state.room, people=", ".join(others))


def _topic(topic: Topic | None, to: Reader) -> list[str]:
    return [to.tr("Topic: {topic}", topic=plain(topic.text))] if topic else []


_CLOSED = {INVITED_ONLY: mark("by invitation"), KEY: mark("needs a key")}


def _rooms_are(reply: RoomsAre, to: Reader) -> list[str]:
    rows = []
    for room in reply.rooms:
        about = ", ".join([str(room.people), *[to.tr(_CLOSED[letter]) for letter in room.closed]])
        rows.append(f"{room.name} ({about}){f': {plain(room.topic)}' if room.topic else ''}")
    return rows


def _who_is_in(reply: WhoIsIn, to: Reader) -> list[str]:
    if not reply.members:
        return [to.tr("There is nobody in or called {mask}.", mask=clean(reply.mask))]
    people = ", ".join([_present(m, to) for m in reply.members])
    if not reply.room:
        return [to.tr("Here: {people}", people=people)]
    return [to.tr("{count} in {room}: {people}", count=len(reply.members), room=reply.room, people=people)]


def _present(member: Member, to: Reader) -> str:
    nick = member.person.nick
    return to.tr("{nick} (away: {text})", nick=nick, text=plain(member.away)) if member.away else nick


def _whois_is(reply: WhoisIs, to: Reader) -> list[str]:
    person, away = reply.member.person, reply.member.away
    rooms = ", ".join(name for name, _ in reply.rooms)
    where = (
        to.tr("{nick} is in {rooms}", nick=person.nick, rooms=rooms)
        if rooms
        else to.tr("{nick} is in no room that you can see", nick=person.nick)
    )
    account = to.tr("logged in as {account}", account=person.account) if person.account else to.tr("not logged in")
    return ["; ".join([where, account, *([to.tr("away: {text}", text=plain(away))] if away else [])])]


def _list_is(reply: ListIs, to: Reader) -> list[str]:
    bans = [e for e in reply.entries if not e.mask.startswith(MUTE)]
    mutes = [e._replace(mask=e.mask.removeprefix(MUTE)) for e in reply.entries if e.mask.startswith(MUTE)]
    lines = list_bans(bans, BANNED_FROM_ROOM, to.language) + list_bans(mutes, MUTED_IN_ROOM, to.language)
    return lines or [to.tr("Nobody is banned or muted in {room}.", room=reply.room)]


def _owner_is(reply: OwnerIs, to: Reader) -> list[str]:
    if reply.account:
        return [to.tr("{room} belongs to {account}.", room=reply.room, account=reply.account)]
    return [to.tr("{room} belongs to nobody.", room=reply.room)]


def _modes_are(reply: ModesAre, to: Reader) -> list[str]:
    if reply.room:
        return [to.tr("Modes of {room}: {modes}", room=reply.room, modes=plain(reply.modes))]
    return [to.tr("Your modes: {modes}", modes=reply.modes)]


def _inviting(reply: Inviting, to: Reader) -> list[str]:
    if reply.away:
        sentence = mark("{nick} is invited to {room}, but away: {text}")
        return [to.tr(sentence, nick=reply.nick, room=reply.room, text=plain(reply.away))]
    return [to.tr("{nick} is invited to {room}", nick=reply.nick, room=reply.room)]


def _personal_notice(reply: PersonalNotice, to: Reader) -> list[str]:
    event = reply.event
    if isinstance(event, Invited):
        sentence = mark("{nick} invites you to {room}; {slash}join {room} takes you there")
        return [to.tr(sentence, nick=event.by.nick, room=event.room)]
    return describe_event(event, to.language)


def _away_noted(reply: AwayNoted, to: Reader) -> list[str]:
    return [to.tr("You are away; {slash}away alone says that you are back.") if reply.away else to.tr("You are back.")]


def _history_is(reply: HistoryIs, to: Reader) -> list[str]:
    is_empty = not any(isinstance(event, Said) and describe_event(event) for event in reply.events)
    return [to.tr("Nothing was said in {room} yet.", room=reply.name)] if is_empty else []


def _found(reply: Found, to: Reader) -> list[str]:
    if any(map(describe_event, reply.said)):
        return []
    return [to.tr("Nothing was found with {words}.", words=clean(reply.words))]


def _saving(reply: Saving, to: Reader) -> list[str]:
    if not reply.works:
        return [to.tr("Messages are not being saved at the moment.")]
    if not reply.lost:
        return [to.tr("Messages are being saved again.")]
    one = "Messages are being saved again; one of them was not."
    return [to.trn(one, "Messages are being saved again; {count} of them were not.", reply.lost)]


def _link(reply: Link, to: Reader) -> list[str]:
    if not reply.works:
        return [to.tr("The link to the other servers is down; messages will be delivered when it is back.")]
    if reply.gap:
        return [to.tr("The link to the other servers is back; what was said there meanwhile may be missing.")]
    return [to.tr("The link to the other servers is back.")]


def _servers_are(reply: ServersAre, to: Reader) -> list[str]:
    if reply.servers[0][0] == "":
        return [to.tr("This is the only server; {count} here.", count=reply.servers[0][1])]
    return [
        to.tr("{server}: {count} here, {lag} ms behind", server=name, count=people, lag=lag)
        for name, people, lag in reply.servers
    ]


def _goodbye(reply: Goodbye, to: Reader) -> list[str]:
    return [to.tr("Goodbye{why}.", why=because(told(reply.reason, to.language)))]


_REPLIES: dict[type, Callable[[Any, Reader], list[str]]] = {
    Refused: lambda r, to: [describe_refusal(r.error, to.slash, to.language)],
    Welcome: _welcome,
    Admitted: lambda r, to: [],
    RoomState: _room_state,
    TopicIs: lambda r, to: _topic(r.topic, to) or [to.tr("{room} has no topic", room=r.room)],
    RoomsAre: _rooms_are,
    WhoIsIn: _who_is_in,
    WhoisIs: _whois_is,
    NoWhois: lambda r, to: [describe_refusal(ChatError(Code.NO_SUCH_NICK, r.nick), to.slash, to.language)],
    ListIs: _list_is,
    ServerBansAre: lambda r, to: list_bans(r.entries, BANNED_FROM_SERVER, to.language) or [to.tr("Nobody is banned.")],
    OwnerIs: _owner_is,
    ModesAre: _modes_are,
    NowOperator: lambda r, to: [to.tr("You are an operator of the server now; you may keep order in every room.")],
    Inviting: _inviting,
    PersonalNotice: _personal_notice,
    IsAway: lambda r, to: [to.tr("{nick} is away: {text}", nick=r.nick, text=plain(r.message))],
    WillWait: lambda r, to: [to.tr("{nick} is not here; your message is kept until they log in.", nick=r.nick)],
    WaitingAre: lambda r, to: [
        to.trn(
            "{count} message came for you while you were not here:",
            "{count} messages came for you while you were not here:",
            len(r.said),
        )
    ],
    IgnoredAre: lambda r, to: [ignored(r, to.language, to.slash)],
    IgnoreNoted: lambda r, to: [to.tr(IGNORED[r.on], nick=clean(r.whom))],
    MentionsAre: lambda r, to: mentions(r, to.language, to.slash),
    AwayNoted: _away_noted,
    Recent: lambda r, to: [to.tr("Earlier in {room}:", room=r.room)],
    ReactionsAre: lambda r, to: [reactions_sentence(r.reactions, to.language)],
    HistoryIs: _history_is,
    Found: _found,
    CutShort: lambda r, to: [to.tr("There is more than could be looked at; ask for less at once.")],
    Saving: _saving,
    Link: _link,
    ServersAre: _servers_are,
    AccountDone: account_sentences.account_done,
    AccountIs: account_sentences.account_is,
    DevicesAre: account_sentences.devices_are,
    DeviceClosed: account_sentences.device_closed,
    ReplayIs: account_sentences.replay_is,
    AccountLapses: account_sentences.account_lapses,
    Ping: lambda r, to: [],
    Goodbye: _goodbye,
    Announcement: lambda r, to: [r.text],
}
