"""Why something was refused, and what to do next, as sentences for netcat and the console.

`places` gives what stands in `ChatError.about` the names that the sentences here and those for IRC have for it.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from chatroom.common.durations import span
from chatroom.common.errors import ChatError, Code
from chatroom.common.language import ENGLISH, Language, mark
from chatroom.common.names import LOBBY, ROOM_BYTES, ROOM_CHARACTERS, Fault, describe_fault, fold
from chatroom.common.text import clean
from chatroom.model.limits import (
    AWAY_BYTES,
    HISTORY_EVENTS_PER_ANSWER,
    PASSWORD_MAX_BYTES,
    PASSWORD_MIN_CHARACTERS,
    TOPIC_BYTES,
)
from chatroom.protocols.limits import PLAIN_LINE_BYTES
from chatroom.protocols.moderation_commands import TIME_EXAMPLES
from chatroom.protocols.sentence_parts import because, time_left

_SENTENCES: dict[Code, str] = {
    Code.UNKNOWN_COMMAND: mark("unknown command {command}; {slash}help lists them"),
    Code.TOO_FEW_PARAMETERS: mark("{command} needs more: {usage}"),
    Code.NOT_REGISTERED: mark("choose a name first"),
    Code.ALREADY_REGISTERED: mark("you have a name already; {slash}nick changes it"),
    Code.NICK_MISSING: mark("choose a name first"),
    Code.NICK_BAD: mark("that can't be a name: {fault}"),
    Code.NICK_TAKEN: mark("{nick} is taken; choose another name"),
    Code.NICK_LIKE: mark("{nick} looks like {other}, which is taken; choose another name"),
    Code.NO_SUCH_NICK: mark("there is nobody called {nick}; {slash}who lists who is here"),
    Code.ROOM_BAD: mark(
        "{room} can't be a room; a room is # and up to {room_characters} characters ({room_bytes} bytes) without "
        "spaces or commas, in letters that names may have, too"
    ),
    Code.NO_SUCH_ROOM: mark("there is no room {room}; {slash}rooms lists them"),
    Code.ROOM_EMPTY: mark("nobody is in {room} now; {slash}join {room} takes you there"),
    Code.NOT_IN_ROOM: mark("you are not in {room}; {slash}join {room} takes you there"),
    Code.NOT_YOURS: mark("you can't see or change the modes of others"),
    Code.CANNOT_SEND: mark("you can't write to {room} without being in it; {slash}join {room} takes you there"),
    Code.MODERATED: mark("only those with a voice may speak in {room} now; its operators give it: {operators}"),
    Code.MUTED: mark("{by} has muted you in {room}{why}; its operators may lift it: {operators}"),
    Code.SILENT: mark("you may not speak in {room}, so you can't set its topic; its operators: {operators}"),
    Code.NO_CTCP: mark("{target} takes no messages for programs"),
    Code.NOT_OPERATOR: mark("only operators of {room} may do that; they are: {operators}"),
    Code.ROOM_NAME_TAKEN: mark(
        "{room} can't be called {name}: another room is or was called so, or looks like it; choose another name"
    ),
    Code.ROOM_NAME_STAYS: mark("{room} keeps its name: everybody starts there"),
    Code.ROOM_RENAMED_LATELY: mark("{room} has just got another name; wait a minute"),
    Code.ROOM_FULL: mark("{room} is full; its operators may invite you: {operators}"),
    Code.INVITED_ONLY: mark("{room} is by invitation only; its operators invite: {operators}"),
    Code.BANNED: mark("{by} has banned you from {room}{why}; its operators may lift it: {operators}"),
    Code.BANNED_THERE: mark(
        "{by} has banned you from {room}{why}, so you can't speak there; its operators may lift it: {operators}"
    ),
    Code.KEY_NEEDED: mark("{room} needs a key: {slash}join {room} KEY; its operators know it: {operators}"),
    Code.KEY_WRONG: mark("that is not the key of {room}; its operators know it: {operators}"),
    Code.KEY_TOO_OFTEN: mark("too many wrong keys of {room} were tried; wait a minute, or have a member invite you"),
    Code.SLOW: mark(
        "{room} is in slow mode: one message every {pause}; yours may follow in {wait}; its operators: {operators}"
    ),
    Code.NICK_HELD: mark("you can't take another name while you are banned or muted in {room}"),
    Code.LOGOUT_HELD: mark("you can't log out while you are banned or muted in {room}; leave it first"),
    Code.NICK_BANNED: mark("the name {nick} is banned here{why}"),
    Code.BANNED_HERE: mark("you are banned from this server{why}"),
    Code.THAT_IS_YOU: mark("that would be yourself"),
    Code.NOT_BANNED: mark("there is no such ban or mute on {who}; {slash}bans lists them"),
    Code.BANS_FULL: mark("the server has too many bans; lift one first"),
    Code.NOT_SERVER_OPERATOR: mark("only an operator of the server may do that"),
    Code.OPERATOR_CONFIGURED: mark(
        "{account} is named as an operator in the configuration; remove it there, then restart"
    ),
    Code.ACCOUNT_RESERVED: mark("{account} is named as an operator of this server, so only an operator can claim it"),
    Code.OPERATORS_UNKNOWN: mark("this server has no operators"),
    Code.PASSWORD_NEEDED: mark("give the server's password first"),
    Code.WRONG_PASSWORD: mark("that password is wrong"),
    Code.THEY_ARE_NOT_IN_ROOM: mark("{nick} is not in {room}"),
    Code.THEY_ARE_IN_ROOM: mark("{nick} is in {room} already"),
    Code.MODE_UNKNOWN: mark("there is no mode {letter}"),
    Code.USER_MODE_UNKNOWN: mark("there is no such mode"),
    Code.NICK_RESERVED: mark("that can't be a name: that name would pass for the server"),
    Code.ROOM_LIKE: mark("{room} looks like the name of another room; choose one that does not"),
    Code.MASK_STARS: mark("a mask has at most {most} stars; {mask} has more"),
    Code.ADDRESS_HIDDEN: mark(
        "{mask} is for operators of the server, who see addresses; ban by name, or by the host shown"
    ),
    Code.MODE_PARAMETER: mark("{parameter} is no parameter for mode {letter}"),
    Code.LIST_FULL: mark("the list of mode {letter} in {room} is full; remove an entry first"),
    Code.MASKS_FULL: mark(
        "too many bans and exceptions were set from your address, or on this server; remove some first"
    ),
    Code.WATCHING_TOO_MANY: mark("you are watching too many people"),
    Code.NO_ORIGIN: mark("there is nothing to answer"),
    Code.NO_SUCH_SERVER: mark("there is no server {server}"),
    Code.NICK_CLAIMED: mark(
        "{nick} is claimed; if it is yours, {slash}login {nick} PASSWORD gives it to you, else choose another name"
    ),
    Code.ACCOUNT_EXISTS: mark("{account} is claimed already; if it is yours, {slash}login {account} PASSWORD"),
    Code.NO_SUCH_ACCOUNT: mark("{account} is not claimed; whoever has that name can claim it with /register PASSWORD"),
    Code.LOGIN_FAILED: mark(
        "that is not the password of {account}, or nobody has claimed {account}; try again, or choose another name"
    ),
    Code.LOGIN_TOO_OFTEN: mark("that was tried too often; wait a minute, then try again"),
    Code.LOGIN_BUSY: mark("too many are logging in at the moment; try again in a few seconds"),
    Code.LOGGED_IN_ALREADY: mark("you are logged in as {account}; {slash}logout first"),
    Code.NOT_LOGGED_IN: mark(
        "you are not logged in; {slash}login PASSWORD, or claim your name with {slash}register PASSWORD"
    ),
    Code.PASSWORD_WEAK: mark(
        "a password has at least {password_characters} characters and is more than the name; choose another"
    ),
    Code.PASSWORD_COMMON: mark("that password is among the first that are guessed; choose one that nobody else has"),
    Code.PASSWORD_BAD: mark("a password has no spaces and at most {password_bytes} bytes; choose another"),
    Code.ACCOUNTS_FULL: mark("no more names can be claimed from where you are for now; try again in an hour"),
    Code.NOT_A_GHOST: mark("that is you"),
    Code.GHOST_LOGGED_IN: mark("{account} is logged in, so it is no old connection; log in to be {account} here, too"),
    Code.TOO_MANY_DEVICES: mark(
        "{account} is here by as many devices as may be; {slash}devices lists them there, "
        "and {slash}logout DEVICE ends one"
    ),
    Code.NO_SUCH_DEVICE: mark("you have no device {number}; {slash}devices lists them"),
    Code.REALNAME_BAD: mark("that can't be a real name"),
    Code.REALNAME_HELD: mark("you can't take another real name while you may not speak in one of your rooms"),
    Code.TOO_MANY_TARGETS: mark("these are too many names at once"),
    Code.TOO_MANY_ROOMS: mark("you are in too many rooms; leave one first"),
    Code.NO_RECIPIENT: mark("say whom it is for"),
    Code.NO_TEXT: mark("there is nothing to send"),
    Code.TOPIC_TOO_LONG: mark("that topic is too long; a topic has at most {topic_bytes} bytes"),
    Code.AWAY_TOO_LONG: mark("that is too long; an away message has at most {away_bytes} bytes"),
    Code.LINE_TOO_LONG: mark("that line is too long and was not sent; a line has at most {line_bytes} bytes"),
    Code.WORD_TOO_LONG: mark("a word in that is longer than a line, so it was not sent; send it in parts"),
    Code.LINE_NOT_UTF8: mark("that line is not UTF-8 and was not sent"),
    Code.PASSWORD_ALOUD: mark(
        "that looks like a command with a password, so it was not sent; a command begins with its /"
    ),
    Code.NO_SUCH_SETTING: mark("there is no setting {setting}; there are: replay, strangers, stay"),
    Code.NO_SUCH_LANGUAGE: mark("there is no language {language} here; there are: {languages}"),
    Code.NO_HISTORY: mark("there is no history of {target} that you may read"),
    Code.HISTORY_FAILED: mark("the history can't be read at the moment"),
    Code.TIME_BAD: mark(
        "{word} is no time, so nothing was done; {time_examples} are times; no reason begins with a digit"
    ),
    Code.COUNT_BAD: mark("{word} is no number of messages; {slash}history takes one from 1 to {most_messages}"),
    Code.NOTHING_KEPT: mark("no history is kept here"),
    Code.RELOAD_FAILED: mark("a file can't be read, so nothing has changed; the server's log says which"),
    Code.LINK_DOWN: mark("the link to the other servers is down; that must wait until it is back"),
    Code.SPOOL_FULL: mark("the link to the other servers is down and too much waits for it; that was not sent"),
    Code.NOTHING_TO_READ: mark("{target} is neither a room nor a person"),
    Code.NOT_YOURS_TO_REDACT: mark("you can't remove messages from {target}"),
    Code.MAY_NOT_REDACT: mark("you may not remove that message"),
    Code.NO_SUCH_MESSAGE: mark("there is no such message, or it is too old"),
    Code.NO_STRANGERS: mark(
        "{nick} takes messages only from people who are logged in; {slash}register PASSWORD claims your name"
    ),
    Code.WAITING_FULL: mark("too much waits for {nick} already; that was not sent"),
    Code.IGNORING_TOO_MANY: mark("you are ignoring too many people; {slash}unignore somebody first"),
    Code.NOT_IGNORED: mark("you are not ignoring {who}; {slash}ignore lists whom you do"),
    Code.METADATA_TARGET: mark("nothing can be told of {target}"),
    Code.METADATA_KEY: mark("there is no key {key}"),
    Code.METADATA_VALUE: mark("that can't be the value of {key}"),
    Code.METADATA_NOT_SET: mark("{key} is not set"),
    Code.METADATA_NOT_YOURS: mark("only the owner of {target} may change that"),
    Code.NOTHING_TO_REACT_TO: mark("there is no such message, or it is too old"),
    Code.NOTHING_SAID: mark("{nick} has said nothing in {target} lately"),
    Code.REACTION_BAD: mark("a reaction is an emoji or one word, of at most {most} bytes"),
    Code.REACTIONS_FULL: mark("that message has as many reactions as it may have"),
    Code.STAYS_IN_LOBBY: mark("you are in {room} already, where everybody starts; {slash}quit leaves the server"),
}
# The same of what ends with its time.
_FOR_A_TIME: dict[Code, str] = {
    Code.MUTED: mark("{by} has muted you in {room} for {left} more{why}; its operators may lift it: {operators}"),
    Code.BANNED: mark("{by} has banned you from {room} for {left} more{why}; its operators may lift it: {operators}"),
    Code.BANNED_THERE: mark(
        "{by} has banned you from {room} for {left} more{why}, so you can't speak there; "
        "its operators may lift it: {operators}"
    ),
    Code.NICK_BANNED: mark("the name {nick} is banned here for {left} more{why}"),
    Code.BANNED_HERE: mark("you are banned from this server for {left} more{why}"),
}
_NO_TARGET = mark("say whom or what, after the room")  # a command that has nothing behind the room

# What is in `ChatError.about`, as `Code` lists it. Of the codes that are not here it is "nick", or nothing.
_ABOUT: dict[Code, tuple[str, ...]] = {
    **dict.fromkeys((Code.UNKNOWN_COMMAND, Code.NO_RECIPIENT), ("command",)),
    Code.TOO_FEW_PARAMETERS: ("command", "usage", "letter"),
    Code.NICK_BAD: ("nick", "fault"),
    Code.NICK_LIKE: ("nick", "other"),
    **dict.fromkeys((Code.ROOM_BAD, Code.NO_SUCH_ROOM, Code.NOT_IN_ROOM, Code.LOGOUT_HELD, Code.ROOM_LIKE), ("room",)),
    **dict.fromkeys((Code.KEY_TOO_OFTEN, Code.TOO_MANY_ROOMS, Code.STAYS_IN_LOBBY, Code.ROOM_EMPTY), ("room",)),
    **dict.fromkeys((Code.CANNOT_SEND, Code.MODERATED, Code.SILENT, Code.NOT_OPERATOR), ("room", "operators")),
    **dict.fromkeys((Code.ROOM_NAME_TAKEN, Code.ROOM_NAME_STAYS, Code.ROOM_RENAMED_LATELY), ("room", "name")),
    **dict.fromkeys((Code.ROOM_FULL, Code.INVITED_ONLY, Code.KEY_NEEDED, Code.KEY_WRONG), ("room", "operators")),
    **dict.fromkeys((Code.MUTED, Code.BANNED, Code.BANNED_THERE), ("room", "operators", "by", "left", "why")),
    Code.SLOW: ("room", "operators", "pause", "wait"),
    Code.NOT_BANNED: ("room", "who"),
    **dict.fromkeys((Code.NICK_HELD, Code.THEY_ARE_NOT_IN_ROOM, Code.THEY_ARE_IN_ROOM), ("nick", "room")),
    Code.NICK_BANNED: ("nick", "left", "why"),
    Code.BANNED_HERE: ("left", "why"),
    Code.MODE_UNKNOWN: ("letter", "room"),
    Code.MASK_STARS: ("target", "letter", "mask", "most"),
    Code.ADDRESS_HIDDEN: ("target", "letter", "mask"),
    Code.MODE_PARAMETER: ("target", "letter", "parameter"),
    **dict.fromkeys((Code.LIST_FULL, Code.MASKS_FULL), ("room", "letter")),
    Code.NO_SUCH_SERVER: ("server",),
    **dict.fromkeys((Code.OPERATOR_CONFIGURED, Code.ACCOUNT_RESERVED, Code.ACCOUNT_EXISTS), ("account",)),
    **dict.fromkeys((Code.NO_SUCH_ACCOUNT, Code.LOGIN_FAILED, Code.LOGGED_IN_ALREADY), ("account",)),
    **dict.fromkeys((Code.GHOST_LOGGED_IN, Code.TOO_MANY_DEVICES), ("account",)),
    Code.NO_SUCH_DEVICE: ("number",),
    **dict.fromkeys((Code.NO_HISTORY, Code.HISTORY_FAILED), ("command", "target")),
    **dict.fromkeys((Code.NO_CTCP, Code.NOTHING_TO_READ, Code.NOT_YOURS_TO_REDACT), ("target",)),
    **dict.fromkeys((Code.MAY_NOT_REDACT, Code.NO_SUCH_MESSAGE), ("target", "msgid")),
    **dict.fromkeys((Code.NOTHING_TO_REACT_TO, Code.REACTIONS_FULL), ("target", "msgid")),
    Code.REACTION_BAD: ("target", "most"),
    Code.NOTHING_SAID: ("target", "nick"),
    Code.METADATA_TARGET: ("target",),
    **dict.fromkeys((Code.METADATA_KEY, Code.METADATA_VALUE), ("key",)),
    **dict.fromkeys((Code.METADATA_NOT_SET, Code.METADATA_NOT_YOURS), ("target", "key")),
    Code.IGNORING_TOO_MANY: ("mask",),
    Code.NOT_IGNORED: ("who",),
    **dict.fromkeys((Code.TIME_BAD, Code.COUNT_BAD), ("word",)),
    Code.NO_SUCH_SETTING: ("setting",),
    Code.NO_SUCH_LANGUAGE: ("language", "languages"),
    Code.WATCHING_TOO_MANY: ("nicks",),
    Code.TOO_MANY_TARGETS: ("nicks",),
}
_NICK = ("nick",)

_BAD_PARAMETERS = {  # by the letter of the mode
    "k": mark("that can't be a key; a key has no spaces and no commas"),
    "l": mark("{parameter} is no number of people"),
    "W": mark("{parameter} is no time for slow mode; give the seconds between two messages, 1 to 3600"),
}

T = TypeVar("T")


# What makes a phrase for people of a word in `ChatError.about`, by its name. `about` has all of them.
_PHRASES: dict[str, Callable[[Language, Mapping[str, str]], str]] = {
    "usage": lambda to, about: to.tr(about["usage"], letter=about.get("letter", "")),
    "operators": lambda to, about: _operators(to, about["room"], about["operators"]),
    "pause": lambda to, about: span(int(about["pause"]), to),
    "wait": lambda to, about: span(int(about["wait"]), to),
    "left": lambda to, about: time_left(int(about["left"]), to),
    "why": lambda to, about: because(about["why"]),
}
_CONSTANTS = {
    "room_characters": f"{ROOM_CHARACTERS - 1}",
    "room_bytes": f"{ROOM_BYTES}",
    "password_characters": f"{PASSWORD_MIN_CHARACTERS}",
    "password_bytes": f"{PASSWORD_MAX_BYTES}",
    "topic_bytes": f"{TOPIC_BYTES}",
    "away_bytes": f"{AWAY_BYTES}",
    "line_bytes": f"{PLAIN_LINE_BYTES}",
    "time_examples": TIME_EXAMPLES,
    "most_messages": f"{HISTORY_EVENTS_PER_ANSWER}",
}


def places(error: ChatError, language: Language) -> dict[str, str]:
    """What `ChatError.about` holds, by the names of `_ABOUT`, in words: who the operators are, how long, and why.

    "left" is "" where there is no end, "why" where there is no reason.
    """
    about = dict(zip(_ABOUT.get(error.code, _NICK), map(clean, error.about), strict=False))
    return {name: _PHRASES[name](language, about) if name in _PHRASES else word for name, word in about.items()}


def _operators(language: Language, room: str, names: str) -> str:
    here = names.replace(",", ", ") or language.tr("none of them is here now")
    if fold(room) != LOBBY:
        return here
    return language.tr("the server's operators, whose room it is – {names}", names=here)


def describe_refusal(error: ChatError, slash: str = "", language: Language = ENGLISH) -> str:
    """Why something was refused, and what to do next. `slash` stands before the commands that the sentence names."""
    named = places(error, language)
    sentence = chosen(_SENTENCES, _FOR_A_TIME, error.code, named)
    if error.code is Code.TOO_FEW_PARAMETERS and not named["usage"]:
        sentence = _NO_TARGET
    elif error.code is Code.MODE_PARAMETER:
        sentence = _BAD_PARAMETERS.get(named["letter"], sentence)
    elif error.code is Code.NICK_BAD:
        named["fault"] = describe_fault(Fault(named["fault"]), language)
    return language.tr(sentence, slash=slash, **_CONSTANTS, **named)


def chosen(always: Mapping[Code, T], for_a_time: Mapping[Code, T], code: Code, named: Mapping[str, str]) -> T:
    """The sentence for a refusal: of what ends with its time, there is one that says when."""
    return for_a_time[code] if named.get("left") and code in for_a_time else always[code]
