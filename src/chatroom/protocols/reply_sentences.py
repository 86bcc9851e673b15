"""Replies as sentences for people, each in the language of its reader: for netcat, the console and NickServ.

A sentence here bears no mark of the server's ("* "), and names commands with the slash that is asked for.
"""

from collections.abc import Callable, Iterator
from typing import Any

from chatroom.common.errors import ChatError, Code
from chatroom.common.language import ENGLISH, Language, find, mark, tags
from chatroom.common.mode_meanings import MEANINGS
from chatroom.common.names import is_room
from chatroom.common.text import clean, plain
from chatroom.model.events import (
    Invited,
    Said,
)
from chatroom.model.masks import MUTE
from chatroom.model.modes import INVITED_ONLY, KEY, ROOM_MODES, ModeKind
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
    FollowedAre,
    Found,
    Goodbye,
    HistoryIs,
    IgnoredAre,
    IgnoreNoted,
    Inviting,
    IsAway,
    LanguageIs,
    Link,
    ListIs,
    MentionsAre,
    MetadataIs,
    ModesAre,
    NoWhois,
    NowOperator,
    OwnerIs,
    PersonalNotice,
    Ping,
    ReactionsAre,
    Recent,
    Redirected,
    Refused,
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
    TopicIs,
    WaitingAre,
    Welcome,
    WhoIsIn,
    WhoisIs,
    WillWait,
)
from chatroom.model.values import Member, Topic
from chatroom.protocols import account_sentences
from chatroom.protocols.reasons import KILLED, told
from chatroom.protocols.refusals import describe_refusal
from chatroom.protocols.sentence_parts import (
    BANNED_FROM_ROOM,
    BANNED_FROM_SERVER,
    MUTED_IN_ROOM,
    Reader,
    because,
    list_bans,
)
from chatroom.protocols.sentences import describe_event
from chatroom.protocols.social_sentences import IGNORED, ignored, mentions, reactions_sentence


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
    others = [m.person.nick for m in state.roll.members if m.person.nick != viewer]
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
        if is_room(reply.mask):
            return [describe_refusal(ChatError(Code.NO_SUCH_ROOM, reply.mask), to.slash, to.language)]
        return [to.tr("There is nobody called {mask}.", mask=clean(reply.mask))]
    people = ", ".join([_present(m, to) for m in reply.members])
    if not reply.room:
        return [to.tr("Here: {people}", people=people)]
    return [to.tr("{count} in {room}: {people}", count=len(reply.members), room=reply.room, people=people)]


def _present(member: Member, to: Reader) -> str:
    nick = member.person.nick
    return (
        to.tr("{nick} (away: {text})", nick=nick, text=plain(told(member.away, to.language))) if member.away else nick
    )


def _whois_is(reply: WhoisIs, to: Reader) -> list[str]:
    person, away = reply.member.person, reply.member.away
    rooms = ", ".join(name for name, _ in reply.rooms)
    where = (
        to.tr("{nick} is in {rooms}", nick=person.nick, rooms=rooms)
        if rooms
        else to.tr("{nick} is in no room that you can see", nick=person.nick)
    )
    about = [
        where,
        to.tr("logged in as {account}", account=person.account) if person.account else to.tr("not logged in"),
    ]
    if reply.member.operator:
        about.append(to.tr("an operator of the server"))
    if away:
        about.append(to.tr("away: {text}", text=plain(told(away, to.language))))
    return ["; ".join(about)]


def _list_is(reply: ListIs, to: Reader) -> list[str]:
    bans = [e for e in reply.entries if not e.mask.startswith(MUTE)]
    mutes = [e._replace(mask=e.mask.removeprefix(MUTE)) for e in reply.entries if e.mask.startswith(MUTE)]
    lines = list_bans(bans, BANNED_FROM_ROOM, to.language) + list_bans(mutes, MUTED_IN_ROOM, to.language)
    return lines or [to.tr("Nobody is banned or muted in {room}.", room=reply.room)]


def _owner_is(reply: OwnerIs, to: Reader) -> list[str]:
    if reply.account:
        return [to.tr("{room} belongs to {account}.", room=reply.room, account=reply.account)]
    return [to.tr("{room} belongs to nobody.", room=reply.room)]


def _in_force(letters: str, params: list[str], to: Reader) -> Iterator[str]:
    """What each mode means, with how it is written. An outsider is told no parameters."""
    rest = iter(params)
    for letter in letters:
        param = plain(next(rest, "")) if ROOM_MODES[letter] in (ModeKind.KEY, ModeKind.SETTING) else ""
        written = f"+{letter} {param}".rstrip()
        meaning = MEANINGS[letter]
        yield f"{to.tr(meaning, whom=param)} ({written})" if param or "{whom}" not in meaning else written


def _modes_are(reply: ModesAre, to: Reader) -> list[str]:
    if reply.room:
        letters, *params = reply.modes.removeprefix("+").split(" ")
        if not letters:
            return [to.tr("{room} has no modes.", room=reply.room)]
        modes = "; ".join(_in_force(letters, params, to))
        return [to.tr("Modes of {room}: {modes}.", room=reply.room, modes=modes)]
    return [to.tr("Your modes: {modes}", modes=reply.modes)]


def _inviting(reply: Inviting, to: Reader) -> list[str]:
    if reply.away:
        sentence = mark("{nick} is invited to {room}, but away: {text}")
        return [to.tr(sentence, nick=reply.nick, room=reply.room, text=plain(told(reply.away, to.language)))]
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
    return [
        to.trn(
            "Messages are being saved again; one of them was not.",
            "Messages are being saved again; {count} of them were not.",
            reply.lost,
        )
    ]


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


def _language_is(reply: LanguageIs, to: Reader) -> list[str]:
    name = reply.language.name()
    if not reply.tags:
        known = ", ".join(f"{tag} ({language.name()})" for tag in tags() if (language := find(tag)))
        return [
            to.tr("You read {language}.", language=name),
            to.tr("{slash}lang LANGUAGE changes that. There are: {languages}.", languages=known),
        ]
    if reply.account:
        return [to.tr("From now on you read {language} (kept for {account}).", language=name, account=reply.account)]
    return [to.tr("From now on you read {language} (until you leave; log in to have it kept).", language=name)]


def _goodbye(reply: Goodbye, to: Reader) -> list[str]:
    if killed := KILLED.fullmatch(reply.reason):
        places = {"nick": killed["nick"], "why": because(killed["reason"] or "")}
        return [to.tr("Goodbye: {nick} threw you off the server{why}.", **places)]
    return [to.tr("Goodbye{why}.", why=because(told(reply.reason, to.language)))]


_REPLIES: dict[type, Callable[[Any, Reader], list[str]]] = {
    Refused: lambda r, to: [describe_refusal(r.error, to.slash, to.language)],
    Welcome: _welcome,
    Admitted: lambda r, to: [],
    RoomState: _room_state,
    RoomMoved: lambda r, to: [],  # for programs
    Redirected: lambda r, to: [to.tr("{room} is called {name} now.", room=clean(r.room), name=r.name)],
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
    IsAway: lambda r, to: [to.tr("{nick} is away: {text}", nick=r.nick, text=plain(told(r.message, to.language)))],
    WillWait: lambda r, to: [to.tr("{nick} is not here; your message is kept until they log in.", nick=r.nick)],
    WaitingAre: lambda r, to: [
        to.trn(
            "{count} message came for you while you were not here:",
            "{count} messages came for you while you were not here:",
            len(r.said),
        )
    ],
    IgnoredAre: lambda r, to: [ignored(r, to)],
    MetadataIs: lambda r, to: [],  # for programs
    FollowedAre: lambda r, to: [],
    MentionsAre: mentions,
    IgnoreNoted: lambda r, to: [to.tr(IGNORED[r.on], nick=clean(r.whom))],
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
    StayIs: account_sentences.stay_is,
    SettingsAre: account_sentences.settings_are,
    LanguageIs: _language_is,
    AccountLapses: account_sentences.account_lapses,
    Ping: lambda r, to: [],
    Goodbye: _goodbye,
    Announcement: lambda r, to: [r.text],
}
