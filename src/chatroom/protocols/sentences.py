"""What happened, as sentences for people, each in the language of its reader.

They serve netcat, the server's console, the log of what operators do and the exported history. A sentence here bears no
mark of the server's ("* "): `plain` adds it. What replies say is in `reply_sentences`.
"""

from collections.abc import Callable
from typing import Any

from chatroom.common.language import ENGLISH, Language, mark, markn
from chatroom.common.text import CTCP, CUT, FEED, plain
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
    RoomRenamed,
    Said,
    ServerBanned,
    ServerUnbanned,
    TopicSet,
    UserModesSet,
)
from chatroom.model.masks import MUTE
from chatroom.model.modes import BAN, OPERATOR, SLOW, written
from chatroom.model.values import MessageKind, ModeChange
from chatroom.protocols.reasons import told
from chatroom.protocols.sentence_parts import (
    because,
    lasting,
)
from chatroom.protocols.social_sentences import PRIVATE, speaker, user_modes_set


def describe_event(event: Event, language: Language = ENGLISH) -> list[str]:
    """What happened, one sentence each; none if it is for programs alone. A message is its lines, with its sender."""
    return _EVENTS[type(event)](event, language)


_ACTION, _TAGS = MessageKind.ACTION, MessageKind.TAGS  # a look-up in an Enum takes as long as the rest of a message


def _said(event: Said, language: Language) -> list[str]:
    text, kind = event.text, event.kind
    if CTCP in text or kind is _TAGS:
        return []  # for programs
    private = "" if "#" in event.target[:2] else language.tr(PRIVATE) + " "
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


def _room_renamed(event: RoomRenamed, language: Language) -> list[str]:
    why = because(event.reason)
    sentence = language.tr(
        "{nick} renamed {room} to {name}{why}", nick=event.by.nick, room=event.room, name=event.name, why=why
    )
    return [sentence]


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
    elif change.on and letter == OPERATOR and change.param == event.by.nick:
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
    (SLOW, False): mark("{nick} ended slow mode"),
    ("i", True): mark("{nick} closed the room to those who aren't invited"),
    ("i", False): mark("{nick} opened the room to all"),
    ("k", True): mark("{nick} locked the room with a key"),
    ("k", False): mark("{nick} unlocked the room: nobody needs a key any more"),
    ("l", True): markn("{nick} limited the room to one person", "{nick} limited the room to {count} people"),
    ("l", False): mark("{nick} removed the limit"),
    ("m", True): mark("{nick} made the room quiet: only operators and those with a voice speak"),
    ("m", False): mark("{nick} lets everybody speak again"),
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
        return [language.tr("{nick} is away: {text}", nick=event.by.nick, text=plain(told(event.message, language)))]
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
    RoomRenamed: _room_renamed,
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
