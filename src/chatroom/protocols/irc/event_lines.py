"""Renders events as IRC lines, once for all clients whose capabilities make the same bytes of them.

`parts` cuts messages that are longer than a line.
"""

from collections.abc import Callable, Hashable, Iterator
from datetime import datetime
from functools import cache, partial
from typing import Any

from chatroom.common.clock import timestamp
from chatroom.common.graphemes import place_to_cut
from chatroom.common.irc_message import LINE_BYTES, render_tags
from chatroom.common.language import ENGLISH, Language
from chatroom.common.names import NICK_BYTES, ROOM_BYTES
from chatroom.common.text import CTCP, CUT, FEED
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
from chatroom.model.modes import BAN, OPERATOR, RANKS, written
from chatroom.model.values import MessageKind, ModeChange
from chatroom.protocols.irc.client_tags import reaction_tags, reply_tags
from chatroom.protocols.irc.limits import HOST_CHARACTERS, USERNAME_CHARACTERS
from chatroom.protocols.reasons import told
from chatroom.protocols.sentences import guessed, operator_set, redacted, server_banned, server_unbanned

RENAMING = "draft/channel-rename"
# The capabilities that put tags before lines: IRCv3.
_TAGGING = frozenset({"account-tag", "message-tags", "server-time"})


class IrcFormat:
    """What clients with the same capabilities and language read.

    They share one, from `irc_format`: an audience is grouped by it. Most lines are the same in all languages.
    """

    own_moves = True
    one_room = False
    as_sentences = False

    def __init__(self, capabilities: frozenset[str], language: Language) -> None:
        self._capabilities = capabilities
        self._time = "server-time" in capabilities
        self._ids = "message-tags" in capabilities
        self._accounts = "account-tag" in capabilities
        self.follows_renames = RENAMING in capabilities
        self._tagged = self._time or self._ids or self._accounts
        self._lines: dict[type, Callable[[Any], str]] = dict(_LINES)
        keys: dict[type, Hashable] = dict(_LINES)
        for event, words in _IN_WORDS.items():
            self._lines[event] = partial(words, language)
            keys[event] = words, language
        for capability, event, line in _OF_CAPABILITIES:
            if capability in capabilities:
                self._lines[event] = keys[event] = line
        tags = self._time, self._ids, self._accounts
        self._variants: dict[type, Hashable] = {event: (key, *tags) for event, key in keys.items()}

    def render(self, event: Event) -> bytes:
        lines = self._lines[type(event)](event)
        return self._with_tags(event, lines) if self._tagged and lines else lines.encode()

    def render_all(self, events: list[Event]) -> bytes:
        burst = "" if self._tagged or len(events) == 1 else _burst(events)
        return burst.encode() or b"".join(map(self.render, events))

    def variant(self, kind: type[Event]) -> Hashable:
        return self._variants.get(kind, self)

    def spoken(self, language: Language) -> "IrcFormat":
        return irc_format(self._capabilities, language)

    def personal(self, event: Event) -> bytes:
        """The lines for a client that alone is told of an event, whatever it has negotiated."""
        line = _PERSONAL.get(type(event)) or self._lines[type(event)]
        lines = line(event)
        return self._with_tags(event, lines) if self._tagged and lines else lines.encode()

    def _with_tags(self, event: Event, lines: str) -> bytes:
        """The lines with their tags."""
        first, *more = lines.split("\r\n")[:-1]
        tagged = [f"{self._tags(event, first=True)}{first}\r\n"]
        if more:  # an id is told once
            tags = self._tags(event, first=False)
            tagged += [f"{line}\r\n" if line.startswith("@") else f"{tags}{line}\r\n" for line in more]
        return "".join(tagged).encode()

    def _tags(self, event: Event, first: bool) -> str:
        """The tags of an event's lines, with the @ and the space."""
        tags = [f"time={timestamp(event.time)}"] if self._time else []
        by = event.by
        if self._accounts and by.account:
            account = by.account.replace("\\", r"\\")  # the only character of names that must be escaped in tags
            tags.append(f"account={account}")
        if self._ids:
            if first and event.id:  # reactions in the history have none
                tags.append(f"msgid={event.id:x}")
            if by.bot:
                tags.append("bot")
            if type(event) is Said:
                if event.tags:
                    tags.append(event.tags)
                elif event.quote:
                    tags.append(reply_tags(event.quote))
            elif type(event) is Reacted:
                tags.append(reaction_tags(event))
            elif isinstance(event, ModesSet):
                # What one command bans or mutes somebody by are several masks with the same end and reason.
                bans = [change for change in event.changes if change.letter == BAN]
                for change in bans[:1]:
                    tags += tags_of_ban(change.whom, change.until, change.reason)
        return f"@{';'.join(tags)} " if tags else ""


def tags_of_ban(whom: str, until: int, reason: str) -> list[str]:
    """What MODE and the list of bans have no place for, as tags of our own: for whom, until when, and why."""
    since = timestamp(until) if until else ""
    tags = {"chatroom/whom": whom, "chatroom/until": since, "chatroom/reason": reason}
    return [render_tags({key: value}) for key, value in tags.items() if value]


@cache  # two formats for the same would not be shared
def irc_format(capabilities: frozenset[str], language: Language = ENGLISH) -> IrcFormat:
    """The format for `capabilities`, a subset of `RENDERED`, in a language."""
    return IrcFormat(capabilities, language)


def milliseconds(text: str) -> int:
    """The time that a text means which is written as by `timestamp`; raises `ValueError`."""
    if not text.endswith("Z"):
        raise ValueError(text)
    try:
        return max(0, round(datetime.fromisoformat(text).timestamp() * 1000))
    except OverflowError:
        raise ValueError(text) from None


# ---- each event as its lines, with their CR LF ----------------------------------------------------------------------


# Text that one line holds with any names, at 4 bytes a character.
_SURELY_FITTING_CHARACTERS = (
    LINE_BYTES - 2 - (NICK_BYTES + USERNAME_CHARACTERS + HOST_CHARACTERS + ROOM_BYTES + len(":!@ PRIVMSG @ :"))
) // 4

_MESSAGE, _ACTION = MessageKind.MESSAGE, MessageKind.ACTION  # a look-up in an Enum takes as long as the rest of a line
VERBS = {  # TAGMSG is for those with message-tags
    MessageKind.MESSAGE: "PRIVMSG",
    MessageKind.ACTION: "PRIVMSG",
    MessageKind.NOTICE: "NOTICE",
    MessageKind.TAGS: "",
}


def _said(event: Said) -> str:
    by = event.by
    verb = "PRIVMSG" if event.kind is _MESSAGE else VERBS[event.kind]
    if not verb:
        return ""
    source = f"{by.nick}!{by.username}@{by.host}" if by.username else by.nick  # as `Person.mask`, which is slower
    head = f":{source} {verb} {event.target} :"
    text = event.text
    if FEED in text or CUT in text:
        return "".join(
            [f"{head}{part}\r\n" for line, _ in _lines(text) if line for part in parts(line, len(head.encode()))]
        )
    if event.kind is _ACTION:
        return "".join([f"{head}{CTCP}ACTION {part}{CTCP}\r\n" for part in parts(text, len(head.encode()) + 9)])
    if 4 * (len(head) + len(text)) <= LINE_BYTES - 2:  # the common case, seen without encoding: 4 bytes a character
        return f"{head}{text}\r\n"
    return "".join([f"{head}{part}\r\n" for part in parts(text, len(head.encode()))])


def _burst(events: list[Event]) -> str:
    """The lines of many short messages by one person to one target; "" if these are anything else."""
    first = events[0]
    if not isinstance(first, Said):
        return ""
    by, target = first.by, first.target
    texts = [e.text for e in events if isinstance(e, Said) and e.by is by and e.target is target and e.kind is _MESSAGE]
    if len(texts) < len(events):
        return ""
    head = f":{by.nick}!{by.username}@{by.host} PRIVMSG {target} :"
    everything = head.join(texts)
    width = 1 if everything.isascii() else 4  # bytes a character, at most
    if FEED in everything or CUT in everything or width * (len(head) + max(map(len, texts))) > LINE_BYTES - 2:
        return ""
    between = f"\r\n{head}"
    return f"{head}{between.join(texts)}\r\n"


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """The lines of a text, each with whether it goes on where the one before was cut."""
    for line in text.split(FEED):
        for i, part in enumerate(line.split(CUT)):
            yield part, i > 0


def _said_in_batch(event: Said) -> str:
    """A batch of `draft/multiline`, where a message has many lines or is too long for one; else the usual line."""
    text = event.text
    long = len(text) > _SURELY_FITTING_CHARACTERS and event.kind is not _ACTION
    if not long and FEED not in text and CUT not in text:
        return _said_with_tags(event)
    name, head = f"{event.id:x}", f":{event.by.mask}"
    said = f"{head} {VERBS[event.kind]} {event.target} :"
    if len(f"{said}{text}".encode()) <= LINE_BYTES - 2 and FEED not in text and CUT not in text:
        return f"{said}{text}\r\n"
    rows = [f"{head} BATCH +{name} draft/multiline {event.target}\r\n"]
    for line, cut in _lines(text):
        for i, part in enumerate(parts(line, len(said.encode()))):
            tags = f"@batch={name}{';draft/multiline-concat' if cut or i else ''}"
            rows.append(f"{tags} {said}{part}\r\n")
    return "".join([*rows, f"{head} BATCH -{name}\r\n"])


def parts(text: str, head_bytes: int) -> Iterator[str]:
    """`text` in parts that each fit a line after `head_bytes` bytes; nothing of it is lost."""
    space = LINE_BYTES - 2 - head_bytes
    start = 0
    while len(data := (ahead := text[start : start + space + 1]).encode()) > space:
        end = place_to_cut(ahead, len(data[:space].decode(errors="ignore")))
        yield ahead[:end]
        start += end
    yield ahead


def _departed(language: Language, event: Departed) -> str:
    return f":{event.by.mask} QUIT :{told(event.reason, language)}\r\n"


def _left(event: Left) -> str:
    return f":{event.by.mask} PART {event.room}{f' :{event.reason}' if event.reason else ''}\r\n"


def _said_with_tags(event: Said) -> str:
    return f":{event.by.mask} TAGMSG {event.target}\r\n" if event.kind is MessageKind.TAGS else _said(event)


def _joined_extended(event: Joined) -> str:
    return f":{event.by.mask} JOIN {event.room} {event.by.account or '*'} :{event.by.realname}\r\n"


def _away_set(event: AwaySet) -> str:
    return f":{event.by.mask} AWAY{f' :{event.message}' if event.message else ''}\r\n"


def _invited(event: Invited) -> str:
    return f":{event.by.mask} INVITE {event.who.nick} {event.room}\r\n"


def _redacted(event: Redacted) -> str:
    return f":{event.by.mask} REDACT {event.target} {event.said:x}{f' :{event.reason}' if event.reason else ''}\r\n"


def _redacted_in_words(language: Language, event: Redacted) -> str:
    """To clients that know no REDACT; what somebody takes back of their own is none of the room's business."""
    if not event.author:
        return ""
    return _in_lines(f":{event.by.mask} NOTICE {event.target} :", redacted(event, language))


def _modes_set(event: ModesSet) -> str:
    """As many lines as it takes to list the changes."""
    head = f":{event.by.mask} MODE {event.room} "
    space = LINE_BYTES - 2 - len(head.encode())
    rows: list[tuple[ModeChange, ...]] = [()]
    for change in event.changes:
        longer = (*rows[-1], change)
        if len(written(longer).encode()) <= space:
            rows[-1] = longer
        else:
            rows.append((change,))
    return "".join([f"{head}{written(row)}\r\n" for row in rows])


def _guessed(language: Language, event: Guessed) -> str:
    """To the operators of a room as what is said to them there; to those of the server alone as a WALLOPS."""
    if not event.target:
        return _wallops(event, guessed(event, language))
    return _in_lines(f":{event.by.mask} NOTICE {RANKS[OPERATOR]}{event.target} :", guessed(event, language))


def _wallops(event: Event, text: str) -> str:
    return _in_lines(f":{event.by.mask} WALLOPS :", text)


def _in_lines(head: str, text: str) -> str:
    """As many lines as a text needs behind this head."""
    return "".join([f"{head}{part}\r\n" for part in parts(text, len(head.encode()))])


def _reacted(event: Reacted) -> str:
    return f":{event.by.mask} TAGMSG {event.target}\r\n"


def _no_lines(event: Event) -> str:
    return ""


def _room_renamed(event: RoomRenamed) -> str:
    return f":{event.by.mask} RENAME {event.room} {event.name} :{event.reason}\r\n"


_LINES: dict[type, Callable[[Any], str]] = {
    Said: _said,
    Joined: lambda e: f":{e.by.mask} JOIN {e.room}\r\n",
    Left: _left,
    Renamed: lambda e: f":{e.by.mask} NICK {e.nick}\r\n",
    TopicSet: lambda e: f":{e.by.mask} TOPIC {e.room} :{e.topic}\r\n",
    Kicked: lambda e: f":{e.by.mask} KICK {e.room} {e.who.nick} :{e.reason or e.by.nick}\r\n",
    ModesSet: _modes_set,
    UserModesSet: lambda e: f":{e.by.mask} MODE {e.by.nick} {written(e.changes)}\r\n",
    Alerted: lambda e: _wallops(e, e.text),
    AwaySet: _no_lines,
    Invited: _no_lines,
    RoomRenamed: _no_lines,
    RealnameSet: _no_lines,
    Reacted: _no_lines,
    AccountSet: _no_lines,
}

# The same of events that are told in words: WALLOPS, which operators alone get, and reasons of the program's own.
_IN_WORDS: dict[type, Callable[[Language, Any], str]] = {
    Departed: _departed,
    ServerBanned: lambda language, e: _wallops(e, server_banned(e, e.mask, language)),
    ServerUnbanned: lambda language, e: _wallops(e, server_unbanned(e, language)),
    Redacted: _redacted_in_words,
    Guessed: _guessed,
    OperatorSet: lambda language, e: _wallops(e, operator_set(e, language)),
}

# What clients that negotiated a capability read of an event instead.
_OF_CAPABILITIES: tuple[tuple[str, type, Callable[[Any], str]], ...] = (
    ("message-tags", Said, _said_with_tags),
    ("message-tags", Reacted, _reacted),
    ("draft/multiline", Said, _said_in_batch),
    ("draft/message-redaction", Redacted, _redacted),
    (RENAMING, RoomRenamed, _room_renamed),
    ("extended-join", Joined, _joined_extended),
    ("away-notify", AwaySet, _away_set),
    ("invite-notify", Invited, _invited),
    ("setname", RealnameSet, lambda e: f":{e.by.mask} SETNAME :{e.realname}\r\n"),
    ("account-notify", AccountSet, lambda e: f":{e.by.mask} ACCOUNT {e.account or '*'}\r\n"),
)

# The capabilities that change an event's lines, or whether it has any.
RENDERED = _TAGGING | {capability for capability, _, _ in _OF_CAPABILITIES}

_PERSONAL: dict[type, Callable[[Any], str]] = {Invited: _invited, RoomRenamed: _room_renamed}
