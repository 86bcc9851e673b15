"""Why a server refused something, in sentences of our own: by numeric, by the mode in it, by the code of a FAIL.

{a}, {b} and {c} are the parameters of the numeric. What a server says behind a semicolon is for people, such as until
when and who can help; it stands in brackets behind the sentence. What is in no table is told in the server's words.
"""

import re

from chatroom.client import bans
from chatroom.client.parameters import text_of, text_of_all
from chatroom.common.irc_message import Message
from chatroom.common.language import mark, tr
from chatroom.common.text import clean

_MODE = re.compile(r"\(\+(\w)\b")  # "Cannot send to channel (+m)": one of several reasons

NOT_JOINED = {  # why we are not let into the room {a}
    "405": mark("You are in as many rooms as this server allows. Leave one before you go to {a}."),
    "437": mark("{a} can't be had at the moment. Try again later."),
    "471": mark("{a} is full."),
    "473": mark("{a} lets in only those who are invited. An operator there can invite you."),
    "474": mark("You are banned from {a}."),
    "475": mark("{a} needs a key. /join {a} KEY goes there."),
    "476": mark("{a} can't be the name of a room here. Choose another one."),
    "477": mark("{a} lets in only those who are logged in."),
    "489": mark("{a} lets in only those whose connection is encrypted."),
    "520": mark("{a} is for operators of the server alone."),
}
_NUMERICS = {
    **NOT_JOINED,
    "401": mark("Nobody here is called {a}."),
    "402": mark("There is no server {a}."),
    "403": mark("There is no room {a}."),
    "404": mark("You may not speak in {a}."),
    "404 m": mark("{a} is quiet: only operators and those with a voice speak there."),
    "404 M": mark("In {a}, only those speak who are logged in."),
    "404 b": mark("You are banned from {a}, so you can't speak there."),
    "404 n": mark("Only those speak in {a} who are in it."),
    "404 W": mark("{a} is in slow mode. Wait a little, then send it again."),
    "404 C": mark("{a} takes no messages for programs (CTCP)."),
    "406": mark("Nobody was called {a} here."),
    "407": mark("That is for too many at once; nothing was done."),
    "411": mark("It is not said whom that is for."),
    "412": mark("There was nothing to send."),
    "417": mark("Not sent: that is too long. Send it in parts."),
    "421": mark("This server knows no command {a}."),
    "431": mark("No name was given."),
    "432": mark("{a} can't be a name here. Choose another one."),
    "433": mark("Somebody here is called {a} already, or looks like it. Choose another name."),
    "433 NICKNAME_RESERVED": mark("{a} is claimed. If it is yours, type /login {a} PASSWORD. Else choose another."),
    "435": mark("You can't change your name while you are banned or muted in {b}. Leave it first."),
    "438": mark("You have changed your name too often. Wait a little, then try again."),
    "441": mark("{a} is not in {b}."),
    "442": mark("You are not in {a}. /join {a} goes there."),
    "443": mark("{a} is in {b} already."),
    "447": mark("Nobody can change their name while they are in {a}. Leave it first."),
    "451": mark("The server has not let you in yet. Try again in a moment."),
    "461": mark("Something is missing behind {a}. /help tells how commands are used."),
    "462": mark("That goes only before the server has let you in."),
    "464": mark("That is not the password."),
    "464 TEMPORARILY_UNAVAILABLE": mark("That was tried too often. Wait a minute, then try again."),
    "467": mark("{a} has a key. Only who gives this key can take it away: /mode -k KEY"),
    "472": mark("There is no mode {a} here."),
    "478": mark("The list of bans of {a} is full. Lift some first."),
    "481": mark("Only an operator of the server can do that."),
    "482": mark("Only an operator of {a} can do that."),
    "484": mark("You are restricted here, so you can't do that."),
    "485": mark("That would ban yourself."),
    "491": mark("That password makes nobody an operator of this server, or it has none for that."),
    "501": mark("There is no such mode for people."),
    "502": mark("You can't see or change the modes of others."),
    "511": mark("Your list of people whom you ignore is full. Take somebody off it first."),
    "525": mark("That can't be a key. A key has no spaces and no commas."),
    "531": mark("{a} takes no messages from you."),
    "696": mark("That doesn't fit here: {text}."),
    "696 *": mark("Something is missing behind the mode {b}."),
    "696 SILENCE": mark("You don't ignore {c}."),
    "696 k": mark("That can't be a key. A key has no spaces and no commas."),
    "696 W": mark("That is no time for slow mode. Give the seconds between two messages, 1 to 3600."),
    "696 l": mark("That is no number of people."),
    "696 b": mark("There is no such ban or mute in {a}: {c}."),
    "697": mark("There is that ban or mute in {a} already: {b}."),
    "698": mark("There is no such ban or mute in {a}: {b}."),
    "723": mark("Only an operator of the server with more rights can do that."),
    "982": mark("This server does not speak that language."),
}
NO_SERVICE = mark("There is no NickServ on this server, so names can't be claimed here.")
_FAILURES = {
    "INVALID_UTF8": mark("Not sent: there are characters in it that the server can't read."),
    "PASSWORD_ALOUD": mark(
        "Not sent: that looks like a command with a password. A command begins with its slash, with nothing before it."
    ),
    "TOPIC INVALID_PARAMS": mark("That topic is too long."),
    "AWAY INVALID_PARAMS": mark("That is too long. Say it with fewer words."),
    "INVALID_PARAMS": mark("That is no time: 30s, 10m, 2h, 1d and 1w are. A reason does not begin with a digit."),
    "RENAME CHANNEL_NAME_IN_USE": mark("Another room is or was called so, or looks like it. Choose another name."),
    "RENAME CANNOT_RENAME": mark("That room can't get another name now. Wait a minute; the lobby keeps its name."),
    "REDACT INVALID_TARGET": mark("You can't take messages back there."),
    "REDACT REDACT_FORBIDDEN": mark("That message is not yours, and you are no operator here."),
    "REDACT UNKNOWN_MSGID": mark("There is no such message, or it is too old to be taken back."),
    "LINK_DOWN": mark("Not sent: the link to the other servers is down. Try again in a while."),
    "BATCH MULTILINE_MAX_BYTES": mark("Not sent: that is too long. Send it in parts."),
    "BATCH MULTILINE_MAX_LINES": mark("Not sent: that has too many lines. Send it in parts."),
    "BATCH MULTILINE_INVALID": mark("Not sent: the server could not read that message."),
    "SEARCH INTERNAL_ERROR": mark("The history can't be searched at the moment. Try again later."),
    "SEARCH INVALID_PARAMS": mark("The server can't search for that."),
    "SETNAME CANNOT_CHANGE_REALNAME": mark("Not while you may not speak in one of your rooms."),
    "REHASH RELOAD_FAILED": mark("A file can't be read, so all stays as it was. The server's log says which."),
}


def told(message: Message, reason: str = "") -> str:
    """The sentence for a numeric; `reason` is the code of the FAIL before it, or ""."""
    params = [*map(clean, message.params[1:-1]), "", "", ""]
    if message.command in ("697", "698"):
        params[1] = bans.ban_of(params[1])[1]
    text = text_of(message)
    found = _MODE.search(text.partition("; ")[0])
    numeric = message.command
    if numeric == "696":  # about what, the mode, its parameter: * where there is none
        kinds = [*params[:2], params[2] if params[2] == "*" else ""]
    else:
        kinds = [reason, found[1] if found else ""]
    names = (f"{numeric} {kind}" for kind in kinds if kind)
    sentence = next((_NUMERICS[name] for name in names if name in _NUMERICS), _NUMERICS.get(numeric, ""))
    if not sentence or ("{a}" in sentence and not params[0]) or ("{b}" in sentence and not params[1]):
        return text_of_all(message)
    said = tr(sentence, a=params[0], b=params[1], c=params[2], text=text.rstrip("."))
    rest = words(message)
    if "(" in rest:
        return f"{said} {rest}"
    return tr("{sentence} ({words})", sentence=said, words=text.partition("; ")[2]) if rest else said


def words(message: Message) -> str:
    """What a server says behind a semicolon, as a sentence of its own; "" if there is nothing."""
    rest = text_of(message).partition("; ")[2]
    return rest[:1].upper() + rest[1:].rstrip(".") + "." if rest else ""


def about_end(message: Message, name: str) -> tuple[str, ...]:
    """What there is to tell about the end of a connection, from the FAIL before it; `name` is the user's."""
    _, code, *about = [*message.params, "", ""]
    return {"SESSION_KILLED": (clean(about[0]), text_of(message)), "PASSWORD_CHANGED": (name,)}.get(code, ())


def failed(message: Message) -> str:
    """The sentence for a FAIL: command, code, about what, the server's words."""
    command, code, *_ = [*message.params, "", ""]
    sentence = _FAILURES.get(f"{command} {code}") or (_FAILURES.get(code) if command in _ANYTHING else None)
    return tr(sentence) if sentence else text_of(message)


_ANYTHING = ("*", "PRIVMSG", "NOTICE", "KICK", "BAN", "MUTE")  # what a code without a command may be about
