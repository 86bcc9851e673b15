"""English sentences for people: what happened, what a reply says, and why something was refused.

They serve netcat, the server's console, the log of what operators do and the exported history. A sentence here bears no
mark of the server's ("* "), and names commands as the console does, without a slash: `plain` adds both for netcat.
"""

from collections.abc import Callable, Sequence
from typing import Any

from chatroom.common.durations import moment
from chatroom.common.errors import ChatError, Code
from chatroom.common.names import FAULTS, ROOM_BYTES, ROOM_CHARACTERS, Fault
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
from chatroom.model.limits import AWAY_BYTES, PASSWORD_MAX_BYTES, PASSWORD_MIN_CHARACTERS, TOPIC_BYTES
from chatroom.model.masks import MUTE
from chatroom.model.modes import BAN, INVITED_ONLY, KEY, NO_STRANGERS, OPERATOR, SLOW, written
from chatroom.model.replies import (
    AccountChange,
    AccountDone,
    AccountIs,
    AccountLapses,
    Admitted,
    Announcement,
    AwayNoted,
    CutShort,
    Found,
    Goodbye,
    HistoryIs,
    IgnoredAre,
    IgnoreNoted,
    Inviting,
    IsAway,
    Link,
    ListIs,
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
from chatroom.model.values import MessageKind, ModeChange, Topic
from chatroom.protocols.limits import PLAIN_LINE_BYTES
from chatroom.protocols.moderation_commands import TIME_EXAMPLES
from chatroom.protocols.sentence_parts import SPELLED_OUT, because, lasting, list_bans, spell_out

NAMES_SHOWN = 2  # of those who have put one reaction to a message; how many more there are is a number

# ---- refusals: the numbers are places in `ChatError.about`, {slash} stands before commands --------------------------

_REFUSALS: dict[Code, str] = {
    Code.UNKNOWN_COMMAND: "unknown command {0}; {slash}help lists them",
    Code.TOO_FEW_PARAMETERS: "{0} needs more: {1}",
    Code.NOT_REGISTERED: "choose a name first",
    Code.ALREADY_REGISTERED: "you have a name already; {slash}nick changes it",
    Code.NICK_MISSING: "choose a name first",
    Code.NICK_BAD: "that can't be a name: {1}",
    Code.NICK_TAKEN: "{0} is taken; choose another name",
    Code.NICK_LIKE: "{0} looks like {1}, which is taken; choose another name",
    Code.NO_SUCH_NICK: "there is nobody called {0}; {slash}who lists who is here",
    Code.ROOM_BAD: f"{{0}} can't be a room; a room is # and up to {ROOM_CHARACTERS - 1} characters "
    f"({ROOM_BYTES} bytes) without spaces or commas, in letters that names may have, too",
    Code.NO_SUCH_ROOM: "there is no room {0}; {slash}rooms lists them",
    Code.NOT_IN_ROOM: "you are not in {0}; {slash}join {0} takes you there",
    Code.NOT_YOURS: "you can't see or change the modes of others",
    Code.CANNOT_SEND: "you can't write to {0} without being in it; {slash}join {0} takes you there",
    Code.MODERATED: "only those with a voice may speak in {0} now; its operators give it: {1}",
    Code.MUTED: "{2} has muted you in {0}{3}{4}; its operators may lift it: {1}",
    Code.SILENT: "you may not speak in {0}, so you can't set its topic; its operators: {1}",
    Code.NO_CTCP: "{0} takes no messages for programs",
    Code.NOT_OPERATOR: "only operators of {0} may do that; they are: {1}",
    Code.ROOM_FULL: "{0} is full; its operators may invite you: {1}",
    Code.INVITED_ONLY: "{0} is by invitation only; its operators invite: {1}",
    Code.BANNED: "{2} has banned you from {0}{3}{4}; its operators may lift it: {1}",
    Code.BANNED_THERE: "{2} has banned you from {0}{3}{4}, so you can't speak there; its operators may lift it: {1}",
    Code.KEY_WRONG: "{0} needs a key: {slash}join {0} KEY; its operators know it: {1}",
    Code.KEY_TOO_OFTEN: "too many wrong keys of {0} were tried; wait a minute, or have a member invite you",
    Code.SLOW: "{0} is in slow mode: one message every {2}; yours may follow in {3}; its operators: {1}",
    Code.NICK_HELD: "you can't take another name while you are banned or muted in {1}",
    Code.LOGOUT_HELD: "you can't log out while you are banned or muted in {0}; leave it first",
    Code.NICK_BANNED: "the name {0} is banned here{1}{2}",
    Code.BANNED_HERE: "you are banned from this server{0}{1}",
    Code.THAT_IS_YOU: "that would be yourself",
    Code.NOT_BANNED: "there is no such ban or mute on {1}; {slash}bans lists them",
    Code.BANS_FULL: "the server has too many bans; lift one first",
    Code.NOT_SERVER_OPERATOR: "only an operator of the server may do that",
    Code.OPERATOR_CONFIGURED: "{0} is named as an operator in the configuration; remove it there, then restart",
    Code.ACCOUNT_RESERVED: "{0} is named as an operator of this server, so only an operator can claim it",
    Code.OPERATORS_UNKNOWN: "this server has no operators",
    Code.PASSWORD_NEEDED: "give the server's password first",
    Code.WRONG_PASSWORD: "that password is wrong",
    Code.THEY_ARE_NOT_IN_ROOM: "{0} is not in {1}",
    Code.THEY_ARE_IN_ROOM: "{0} is in {1} already",
    Code.MODE_UNKNOWN: "there is no mode {0}",
    Code.USER_MODE_UNKNOWN: "there is no such mode",
    Code.NICK_RESERVED: "that can't be a name: that name would pass for the server",
    Code.ROOM_LIKE: "{0} looks like the name of another room; choose one that does not",
    Code.MASK_STARS: "a mask has at most {3} stars; {2} has more",
    Code.ADDRESS_HIDDEN: "{2} is for operators of the server, who see addresses; ban by name, or by the host shown",
    Code.MODE_PARAMETER: "{2} is no parameter for mode {1}",
    Code.LIST_FULL: "the list of mode {1} in {0} is full; remove an entry first",
    Code.MASKS_FULL: "too many bans and exceptions were set from your address, or on this server; remove some first",
    Code.WATCHING_TOO_MANY: "you are watching too many people",
    Code.NO_ORIGIN: "there is nothing to answer",
    Code.NO_SUCH_SERVER: "there is no server {0}",
    Code.NICK_CLAIMED: "{0} is claimed; if it is yours, {slash}login {0} PASSWORD gives it to you, "
    "else choose another name",
    Code.ACCOUNT_EXISTS: "{0} is claimed already; if it is yours, {slash}login {0} PASSWORD",
    Code.NO_SUCH_ACCOUNT: "{0} is not claimed; whoever has that name can claim it with {slash}register PASSWORD",
    Code.LOGIN_FAILED: "that is not the password of {0}, or nobody has claimed {0}; try again, or choose another name",
    Code.LOGIN_TOO_OFTEN: "that was tried too often; wait a minute, then try again",
    Code.LOGIN_BUSY: "too many are logging in at the moment; try again in a few seconds",
    Code.LOGGED_IN_ALREADY: "you are logged in as {0}; {slash}logout first",
    Code.NOT_LOGGED_IN: "you are not logged in; {slash}login PASSWORD, "
    "or claim your name with {slash}register PASSWORD",
    Code.PASSWORD_WEAK: f"a password has at least {PASSWORD_MIN_CHARACTERS} characters and is not the name; "
    "choose another",
    Code.PASSWORD_COMMON: "that password is among the first that are guessed; choose one that nobody else has",
    Code.PASSWORD_BAD: f"a password has no spaces and at most {PASSWORD_MAX_BYTES} bytes; choose another",
    Code.ACCOUNTS_FULL: "no more names can be claimed from where you are for now; try again in an hour",
    Code.NOT_A_GHOST: "that is you",
    Code.REALNAME_BAD: "that can't be a real name",
    Code.REALNAME_HELD: "you can't take another real name while you may not speak in one of your rooms",
    Code.TOO_MANY_TARGETS: "these are too many names at once",
    Code.TOO_MANY_ROOMS: "you are in too many rooms; leave one first",
    Code.NO_RECIPIENT: "say whom it is for",
    Code.NO_TEXT: "there is nothing to send",
    Code.TOPIC_TOO_LONG: f"that topic is too long; a topic has at most {TOPIC_BYTES} bytes",
    Code.AWAY_TOO_LONG: f"that is too long; an away message has at most {AWAY_BYTES} bytes",
    Code.LINE_TOO_LONG: f"that line is too long and was not sent; a line has at most {PLAIN_LINE_BYTES} bytes",
    Code.WORD_TOO_LONG: "a word in that is longer than a line, so it was not sent; send it in parts",
    Code.LINE_NOT_UTF8: "that line is not UTF-8 and was not sent",
    Code.PASSWORD_ALOUD: "that looks like a command with a password, so it was not sent; a command begins with its /",
    Code.NO_HISTORY: "there is no history of {1} that you may read",
    Code.HISTORY_FAILED: "the history can't be read at the moment",
    Code.TIME_BAD: f"{{0}} is no time, so nothing was done; {TIME_EXAMPLES} are times; no reason begins with a digit",
    Code.NOTHING_KEPT: "no history is kept here",
    Code.RELOAD_FAILED: "a file can't be read, so nothing has changed; the server's log says which",
    Code.LINK_DOWN: "the link to the other servers is down; that must wait until it is back",
    Code.SPOOL_FULL: "the link to the other servers is down and too much waits for it; that was not sent",
    Code.NOTHING_TO_READ: "{0} is neither a room nor a person",
    Code.NOT_YOURS_TO_REDACT: "you can't remove messages from {0}",
    Code.MAY_NOT_REDACT: "you may not remove that message",
    Code.NO_SUCH_MESSAGE: "there is no such message, or it is too old",
    Code.NO_STRANGERS: "{0} takes messages only from people who are logged in; "
    "{slash}register PASSWORD claims your name",
    Code.WAITING_FULL: "too much waits for {0} already; that was not sent",
    Code.IGNORING_TOO_MANY: "you are ignoring too many people; {slash}unignore somebody first",
    Code.NOT_IGNORED: "you are not ignoring {0}; {slash}ignore lists whom you do",
    Code.NOTHING_TO_REACT_TO: "there is no such message, or it is too old",
    Code.NOTHING_SAID: "{1} has said nothing in {0} lately",
    Code.REACTION_BAD: "a reaction is an emoji or one word, of at most {1} bytes",
    Code.REACTIONS_FULL: "that message has as many reactions as it may have",
    Code.STAYS_IN_LOBBY: "you are in {0} already, where everybody starts; {slash}quit leaves the server",
}


def describe_refusal(error: ChatError, slash: str = "") -> str:
    """Why something was refused, and what to do next. `slash` stands before the commands that the sentence names."""
    about = list(map(clean, error.about))
    if error.code is Code.NICK_BAD:
        about[1] = FAULTS[Fault(about[1])]
    if error.code in SPELLED_OUT:
        about = spell_out(error.code, about)
    return _REFUSALS[error.code].format(*about, slash=slash)


# ---- events ---------------------------------------------------------------------------------------------------------


def describe_event(event: Event) -> list[str]:
    """What happened, one sentence each; none if it is for programs alone. A message is its lines, with its sender."""
    return _EVENTS[type(event)](event)


_ACTION, _TAGS = MessageKind.ACTION, MessageKind.TAGS  # a look-up in an Enum takes as long as the rest of a message


def _said(event: Said) -> list[str]:
    text, kind = event.text, event.kind
    if CTCP in text or kind is _TAGS:
        return []  # for programs
    private = "" if "#" in event.target[:2] else "[private] "
    by = speaker(event) if event.quote else event.by.nick
    lines = [plain(line) for line in text.replace(CUT, "").split(FEED) if line]
    if kind is _ACTION:
        return [f"{private}{by} {' '.join(lines)}"]
    first = [f"{private}{by}: {line}" for line in lines[:1]]
    return [*first, *(f"{private}{event.by.nick}: {line}" for line in lines[1:])]


def speaker(event: Said) -> str:
    """Who has said something, and what it answers, as far as that is known."""
    nick, quote = event.by.nick, event.quote
    if quote is None:
        return nick
    return f'{nick} (to {quote.nick}: "{quote.text}")' if quote.text else f"{nick} (to an earlier message)"


def reactions_sentence(reactions: Sequence[Reacted]) -> str:
    """Who has reacted to a message, and how: one sentence for all reactions to it."""
    people: dict[str, list[str]] = {}
    for event in reactions:
        people.setdefault(event.reaction, []).append(event.by.nick)
    kinds = ", ".join([f"{plain(reaction)} by {_some(nicks)}" for reaction, nicks in people.items()])
    target, quote = reactions[0].target, reactions[0].quote
    private = "" if "#" in target[:1] else "[private] "
    return f'{private}{kinds} on {quote.nick}: "{quote.text}"'


def _some(nicks: Sequence[str]) -> str:
    """The first of these people by name, and how many more there are."""
    if len(nicks) <= NAMES_SHOWN + 1:
        return " and ".join([", ".join(nicks[:-1]), nicks[-1]]) if len(nicks) > 1 else nicks[0]
    return f"{', '.join(nicks[:NAMES_SHOWN])} and {len(nicks) - NAMES_SHOWN} others"


def _topic_set(event: TopicSet) -> list[str]:
    if not event.topic:
        return [f"{event.by.nick} removed the topic"]
    return [f"{event.by.nick} set the topic: {plain(event.topic)}"]


def _modes_set(event: ModesSet) -> list[str]:
    """Masks that were set for one name are one change. What ended with its time is a sentence by itself."""
    ended = [_ended(change) for change in event.changes if not change.on and change.until]
    done = dict.fromkeys([_change(change, event) for change in event.changes if change.on or not change.until])
    return [*dict.fromkeys(ended), *([f"{event.by.nick} {', '.join(done)}"] if done else [])]


def _ended(change: ModeChange) -> str:
    return f"The {'mute' if change.param.startswith(MUTE) else 'ban'} on {_whom(change)} has ended"


def _change(change: ModeChange, event: ModesSet) -> str:
    """What was done by one change, without who did it."""
    if change.on and change.letter == OPERATOR and change.uid == event.by.uid:  # an owner who comes in
        return "is an operator here"
    mute = change.letter == BAN and change.param.startswith(MUTE)
    sentence = _MODES.get((MUTE if mute else change.letter, change.on))
    done = sentence.format(_whom(change)) if sentence else f"set mode {plain(written((change,)))}"
    return f"{done}{lasting(change.until, event.time)}{because(change.reason)}"


def _whom(change: ModeChange) -> str:
    """Whom, or what, a change is about."""
    return plain(change.whom or (change.param.removeprefix(MUTE) if change.letter == BAN else change.param))


_MODES = {
    ("o", True): "made {0} an operator",
    ("o", False): "decided that {0} is no longer an operator",
    ("v", True): "gave {0} a voice",
    ("v", False): "took {0}'s voice",
    ("b", True): "banned {0}",
    ("b", False): "lifted the ban on {0}",
    (MUTE, True): "muted {0}",
    (MUTE, False): "lets {0} speak again",
    (SLOW, True): "slowed the room down: one message every {0} seconds",
    (SLOW, False): "ended the slow mode",
    ("i", True): "closed the room to those who aren't invited",
    ("i", False): "opened the room to all",
    ("k", True): "set a key",
    ("k", False): "removed the key",
    ("l", True): "limited the room to {0} people",
    ("l", False): "removed the limit",
    ("m", True): "let only those with a voice speak",
    ("m", False): "let everybody speak",
    ("s", True): "took the room off the list",
    ("s", False): "put the room on the list",
    ("t", True): "let only operators set the topic",
    ("t", False): "let everybody set the topic",
}


def _server_banned(event: ServerBanned) -> list[str]:
    whom = plain(event.whom or event.mask)
    how = f"{lasting(event.until, event.time)}{because(event.reason)}"
    return [f"{event.by.nick} banned {whom} from the server{how}"]


def _redacted(event: Redacted) -> list[str]:
    what = "message" if "#" in event.target[:1] else "private message"
    return [f"{event.by.nick} removed a {what}{f' of {event.author}' if event.author else ''}{because(event.reason)}"]


def _user_modes_set(event: UserModesSet) -> list[str]:
    strangers = [change.on for change in event.changes if change.letter == NO_STRANGERS]
    others = tuple([change for change in event.changes if change.letter != NO_STRANGERS])
    lines = [f"Your modes: {written(others)}"] if others else []
    if strangers:
        who = "Only people who are logged in" if strangers[-1] else "Strangers, too,"
        lines.append(f"{who} can write to you alone now.")
    return lines


def operator_set(event: OperatorSet) -> str:
    if event.on:
        return f"{event.by.nick} made {event.account} an operator of the server, whenever they are logged in"
    return f"{event.by.nick} decided that {event.account} is no longer an operator of the server"


def guessed(event: Guessed) -> str:
    what = f"a wrong key for {event.target}" if event.target else "a wrong password of the operators"
    more = f"; {event.count} within a minute" if event.count > 1 else ""
    return f"{event.nick} gave {what}{more}"


_EVENTS: dict[type, Callable[[Any], list[str]]] = {
    Said: _said,
    Joined: lambda e: [f"{e.by.nick} joined"],
    Left: lambda e: [f"{e.by.nick} left{because(e.reason)}"],
    Departed: lambda e: [f"{e.by.nick} left{because(e.reason)}"],
    Renamed: lambda e: [f"{e.by.nick} is now known as {e.nick}"],
    TopicSet: _topic_set,
    Kicked: lambda e: [f"{e.by.nick} threw {e.who.nick} out{because(e.reason)}"],
    ModesSet: _modes_set,
    Killed: lambda e: [f"{e.by.nick} threw {e.who.nick} off the server{because(e.reason)}"],
    ServerBanned: _server_banned,
    ServerUnbanned: lambda e: [f"{e.by.nick} lifted the ban from the server on {plain(e.mask)}"],
    Invited: lambda e: [],  # the one who is invited is told by a reply
    UserModesSet: _user_modes_set,
    RealnameSet: lambda e: [],
    AccountSet: lambda e: [f"{e.by.nick} has logged in" if e.account else f"{e.by.nick} has logged out"],
    Alerted: lambda e: [f"{e.by.nick}, who runs this server: {plain(e.text)}"],
    Redacted: _redacted,
    Reacted: lambda e: [],  # people are told of several at once: `reactions_sentence`
    OperatorSet: lambda e: [operator_set(e)],
    Guessed: lambda e: [guessed(e)],
    AwaySet: lambda e: [f"{e.by.nick} is away: {plain(e.message)}" if e.message else f"{e.by.nick} is back"],
}

# ---- replies --------------------------------------------------------------------------------------------------------


def describe_reply(reply: Reply, slash: str = "") -> list[str]:
    """What a reply says, one sentence each; of one that shows messages, what is to be said besides.

    `slash` stands before the commands that a sentence names.
    """
    return _REPLIES[type(reply)](reply, slash)


def _welcome(reply: Welcome, slash: str) -> list[str]:
    nick = reply.person.nick
    if reply.room is None:
        return [f"Welcome, {nick}. Type {slash}help for commands."]
    greeting = f"Welcome, {nick}. {_company(reply.room, nick)} Type {slash}help for commands."
    return [greeting, *_topic(reply.room.topic)]


def _room_state(reply: RoomState, slash: str) -> list[str]:
    return [f"You are in {reply.room} now. {_company(reply, reply.viewer)}", *_topic(reply.topic)]


def _company(state: RoomState, viewer: str) -> str:
    others = [m.person.nick for m in state.members if m.person.nick != viewer]
    return f"With you in {state.room}: {', '.join(others)}." if others else f"Nobody else is in {state.room} yet."


def _topic(topic: Topic | None) -> list[str]:
    return [f"Topic: {plain(topic.text)}"] if topic else []


_CLOSED = {INVITED_ONLY: "by invitation", KEY: "needs a key"}


def _rooms_are(reply: RoomsAre, slash: str) -> list[str]:
    rows = []
    for room in reply.rooms:
        about = ", ".join([str(room.people), *[_CLOSED[letter] for letter in room.closed]])
        rows.append(f"{room.name} ({about}){f': {plain(room.topic)}' if room.topic else ''}")
    return rows


def _who_is_in(reply: WhoIsIn, slash: str) -> list[str]:
    if not reply.members:
        return [f"There is nobody in or called {clean(reply.mask)}."]
    people = [f"{m.person.nick} (away: {plain(m.away)})" if m.away else m.person.nick for m in reply.members]
    return [f"{len(people)} in {reply.room}: {', '.join(people)}" if reply.room else f"Here: {', '.join(people)}"]


def _whois_is(reply: WhoisIs, slash: str) -> list[str]:
    person, away = reply.member.person, reply.member.away
    rooms = ", ".join(name for name, _ in reply.rooms) or "no room that you can see"
    account = f"logged in as {person.account}" if person.account else "not logged in"
    return [f"{person.nick} is in {rooms}; {account}{f'; away: {plain(away)}' if away else ''}"]


def _list_is(reply: ListIs, slash: str) -> list[str]:
    bans = [e for e in reply.entries if not e.mask.startswith(MUTE)]
    mutes = [e._replace(mask=e.mask.removeprefix(MUTE)) for e in reply.entries if e.mask.startswith(MUTE)]
    lines = [f"{verb}: {ban}" for verb, entries in (("Banned", bans), ("Muted", mutes)) for ban in list_bans(entries)]
    return lines or [f"Nobody is banned or muted in {reply.room}."]


def _inviting(reply: Inviting, slash: str) -> list[str]:
    return [f"{reply.nick} is invited to {reply.room}{f', but away: {plain(reply.away)}' if reply.away else ''}"]


def _personal_notice(reply: PersonalNotice, slash: str) -> list[str]:
    event = reply.event
    if isinstance(event, Invited):
        return [f"{event.by.nick} invites you to {event.room}; {slash}join {event.room} takes you there"]
    return describe_event(event)


def _history_is(reply: HistoryIs, slash: str) -> list[str]:
    is_empty = not any(isinstance(event, Said) and describe_event(event) for event in reply.events)
    return [f"Nothing was said in {reply.name} yet."] if is_empty else []


def _found(reply: Found, slash: str) -> list[str]:
    return [] if any(map(describe_event, reply.said)) else [f"Nothing was found with {clean(reply.words)}."]


def _saving(reply: Saving, slash: str) -> list[str]:
    if not reply.works:
        return ["Messages are not being saved at the moment."]
    return [f"Messages are being saved again{f'; {reply.lost} of them were not' if reply.lost else ''}."]


def _link(reply: Link, slash: str) -> list[str]:
    if not reply.works:
        return ["The link to the other servers is down; messages will be delivered when it is back."]
    missing = "; what was said there meanwhile may be missing" if reply.gap else ""
    return [f"The link to the other servers is back{missing}."]


def _servers_are(reply: ServersAre, slash: str) -> list[str]:
    if reply.servers[0][0] == "":
        return [f"This is the only server; {reply.servers[0][1]} here."]
    return [f"{name}: {people} here, {lag} ms behind" for name, people, lag in reply.servers]


ACCOUNT_CHANGES = {
    AccountChange.CLAIMED: "{0} is yours now, and you are logged in. Next time, give your password when you are asked "
    "for it, or type {slash}login {0} PASSWORD.",
    AccountChange.LOGGED_IN: "You are logged in as {0}.",
    AccountChange.LOGGED_OUT: "You are logged out.",
    AccountChange.PASSWORD_SET: "The password of {0} is changed.",
    AccountChange.DROPPED: "{0} is nobody's any more.",
    AccountChange.FREED: "{0} is nobody's any more, so you are logged out; {slash}register PASSWORD claims it anew.",
    AccountChange.GHOST_CLOSED: "The other connection that was called {0} is closed.",
    AccountChange.ADMITTED: "That is the server's password; nobody has claimed the name {0}.",
}
NOT_LASTING = " This server keeps nothing on disk: the name is yours until it ends."


def _account_done(reply: AccountDone, slash: str) -> list[str]:
    sentence = ACCOUNT_CHANGES[reply.change].format(clean(reply.account), slash=slash)
    return [sentence + (NOT_LASTING if reply.change is AccountChange.CLAIMED and not reply.lasting else "")]


def _account_is(reply: AccountIs, slash: str) -> list[str]:
    return [f"{reply.account} has been claimed since {moment(reply.made)}{', and is here' if reply.here else ''}."]


def _replay_is(reply: ReplayIs, slash: str) -> list[str]:
    what = "what was said since you left it" if reply.on else "nothing from before"
    kept = f"kept for {reply.account}" if reply.account else "until you leave; log in to have it kept"
    return [f"When you join a room you are shown {what} ({kept})."]


_REPLIES: dict[type, Callable[[Any, str], list[str]]] = {
    Refused: lambda r, slash: [describe_refusal(r.error, slash)],
    Welcome: _welcome,
    Admitted: lambda r, slash: [],
    RoomState: _room_state,
    TopicIs: lambda r, slash: _topic(r.topic) or [f"{r.room} has no topic"],
    RoomsAre: _rooms_are,
    WhoIsIn: _who_is_in,
    WhoisIs: _whois_is,
    NoWhois: lambda r, slash: [describe_refusal(ChatError(Code.NO_SUCH_NICK, r.nick), slash)],
    ListIs: _list_is,
    ServerBansAre: lambda r, slash: list_bans(r.entries) or ["Nobody is banned."],
    OwnerIs: lambda r, slash: [f"{r.room} belongs to {r.account}." if r.account else f"{r.room} belongs to nobody."],
    ModesAre: lambda r, slash: [f"Modes of {r.room}: {plain(r.modes)}" if r.room else f"Your modes: {r.modes}"],
    NowOperator: lambda r, slash: ["You are an operator of the server now; you may keep order in every room."],
    Inviting: _inviting,
    PersonalNotice: _personal_notice,
    IsAway: lambda r, slash: [f"{r.nick} is away: {plain(r.message)}"],
    WillWait: lambda r, slash: [f"{r.nick} is not here; your message is kept until they log in."],
    WaitingAre: lambda r, slash: [
        "A message came for you while you were not here:"
        if len(r.said) == 1
        else f"{len(r.said)} messages came for you while you were not here:"
    ],
    IgnoredAre: lambda r, slash: [
        f"You are ignoring: {', '.join([clean(e.whom or e.mask) for e in r.entries])}."
        if r.entries
        else f"You are ignoring nobody; {slash}ignore NAME ignores somebody."
    ],
    IgnoreNoted: lambda r, slash: [
        f"You are ignoring {clean(r.whom)} now; {slash}unignore {clean(r.whom)} ends that."
        if r.on
        else f"You are no longer ignoring {clean(r.whom)}."
    ],
    AwayNoted: lambda r, slash: [
        f"You are away; {slash}away alone says that you are back." if r.away else "You are back."
    ],
    ReactionsAre: lambda r, slash: [reactions_sentence(r.reactions)],
    Recent: lambda r, slash: [f"Earlier in {r.room}:"],
    HistoryIs: _history_is,
    Found: _found,
    CutShort: lambda r, slash: ["There is more than could be looked at; ask for less at once."],
    Saving: _saving,
    Link: _link,
    ServersAre: _servers_are,
    AccountDone: _account_done,
    AccountIs: _account_is,
    ReplayIs: _replay_is,
    AccountLapses: lambda r, slash: [
        f"{r.account} and {'the room' if r.rooms == 1 else f'the {r.rooms} rooms'} that you own are freed"
        f" if you don't log in for {r.days} days."
    ],
    Ping: lambda r, slash: [],
    Goodbye: lambda r, slash: [f"Goodbye{because(r.reason)}."],
    Announcement: lambda r, slash: [r.text],
}
