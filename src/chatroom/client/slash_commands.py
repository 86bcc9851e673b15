"""The commands that a user types with a slash, in the window and in the terminal: one table.

A command gets the state, the room it was typed in, and the rest of the line. It raises `Misuse` with a sentence for
the user, or `EndProgram`. `//x` says "/x".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from chatroom.client import history_sync, strings
from chatroom.client.plaintext import LINE_IN_CLEAR
from chatroom.client.room import Room
from chatroom.client.state import SessionState
from chatroom.client.transcript_entry import SPOKEN, Kind, TranscriptEntry
from chatroom.common.durations import seconds
from chatroom.common.irc_message import Message, needs_colon
from chatroom.common.language import mark, tr
from chatroom.common.text import number

_HISTORY_MESSAGES = 50
_HISTORY_MESSAGES_MAX = 200
# Translators: these stand in the usage of commands for what a person types; keep their order, one word for each.
_PLACES = mark(
    "COMMAND COUNT DEVICE EMOJI KEY LANGUAGE LINE MODES NAME NEW OLD PASSWORD ROOM SECONDS TEXT TIME WHY WORDS"
)


class Misuse(Exception):  # noqa: N818 (it is the user's, and not an error of the program)
    """The command can't be carried out as typed; the text says what is missing."""


class Unconfirmed(Misuse):
    """The user has to know something first; the same line again is carried out."""


class EndProgram(Exception):  # noqa: N818 (it is no error)
    """The user wants to end the program."""


CommandFunction = Callable[[SessionState, Room, str], Room | None]


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """`act` returns the room to go to, or None to stay. What is secret is not offered again."""

    usage: str
    help: str
    act: CommandFunction
    needs_argument: bool = False
    needs_connection: bool = True
    is_secret: bool = False
    is_said: bool = False  # the argument is a message, which may have several lines
    words_max: int = 0  # 0: any number; of more, some would be dropped unseen

    def shown(self) -> str:
        """How it is used, with its places in the reader's language: /kick NAZWA [CZAS] [POWÓD]."""
        words = dict(zip(_PLACES.split(), tr(_PLACES).split(), strict=False))
        return re.sub(r"[A-Z]+", lambda found: words.get(found[0], found[0]), self.usage)


# What slips in before a slash unseen: blanks, invisible characters, what an arrow key leaves.
_SLIPPED_IN = re.compile(r"(?:[\s\u00ad\u200b-\u200f\u2060-\u2064\ufeff]|\x1b?\[[0-9;]*[A-Za-z~]|\x1b)+(?=/)")


def run(state: SessionState, room: Room, line: str) -> Room | None:
    """Carries out what was typed: says a text, or does a command. Returns the room to go to."""
    slip = _SLIPPED_IN.match(line)
    if slip and is_secret(line[slip.end() :]):
        raise Misuse(
            tr("Not sent: something stands before the slash. Take it away, so that your password stays secret.")
        )
    if not line.startswith("/") or line.startswith("//"):
        _demand_presence(state, room)
        state.say(room, line.removeprefix("/") if line.startswith("//") else line)
        return None
    name, *more = re.split(r"\s", line[1:], maxsplit=1)
    rest = more[0] if more else ""
    command = COMMANDS.get(_ALIASES.get(name.lower(), name.lower()))
    if command is None:
        raise Misuse(tr("There is no command /{name}; /help lists them.", name=name))
    if command.needs_argument and not rest.strip():
        raise Misuse(tr("That is used like this: {usage}", usage=command.shown()))
    if "\n" in rest.strip() and not command.is_said:
        raise Misuse(tr("A command stands in one line. Take the other lines away, and send them by themselves."))
    if command.words_max and len(rest.split()) > command.words_max:
        raise Misuse(tr("There are more words than that takes. It is used like this: {usage}", usage=command.shown()))
    if command.needs_connection and not state.is_registered:
        raise Misuse(tr("There is no connection right now."))
    if command.is_secret and state.asks_before_secrets:
        state.asks_before_secrets = False
        raise Unconfirmed(tr(LINE_IN_CLEAR))
    return command.act(state, room, rest.strip())


def _demand_presence(state: SessionState, room: Room) -> None:
    """Raises `Misuse` in a room that we are not in, and `Unconfirmed` where a conversation has changed hands."""
    if room.doubt:
        why, room.doubt = room.doubt, ""
        raise Unconfirmed(tr("Not sent. {why} Enter it again to send it all the same.", why=why))
    if not room.is_direct and not room.is_here and state.is_registered:
        raise Misuse(strings.not_in(room.name))


def is_secret(line: str) -> bool:
    """Whether there is a password in what was typed."""
    command = COMMANDS.get(line[1:].partition(" ")[0].lower()) if line.startswith("/") else None
    return command is not None and command.is_secret


def names() -> list[str]:
    return sorted(f"/{name}" for name in COMMANDS)


def _send(state: SessionState, *words: str) -> None:
    """Sends a command. Only the last word may have spaces; the others are cut there."""
    *middle, last = words
    params = tuple(word.split(" ")[0].lstrip(":") or "*" for word in middle[1:])
    state.send(Message(middle[0], (*params, last)) if middle else Message(last))


def _join(state: SessionState, room: Room, rest: str) -> Room:
    name, _, key = rest.partition(" ")
    if "," in name:
        raise Misuse(tr("One room at a time."))
    return state.join(name if state.is_room(name) else f"#{name}", key.strip())


def _leave(state: SessionState, room: Room, rest: str) -> None:
    there = state.find(rest) or state.find(f"#{rest}") if rest else room
    if there is None:
        raise Misuse(tr("You are not in {room}, so nothing was left.", room=rest))
    state.close(there)


def _msg(state: SessionState, room: Room, rest: str) -> Room:
    name, _, text = rest.partition(" ")
    there = state.room(name)
    if text.strip():
        _demand_presence(state, there)
        state.say(there, text)
    return there


def _me(state: SessionState, room: Room, rest: str) -> None:
    _demand_presence(state, room)
    state.say(room, rest, Kind.ACTION)


def _nick(state: SessionState, room: Room, rest: str) -> None:
    _send(state, "NICK", rest.split()[0])


def _topic(state: SessionState, room: Room, rest: str) -> None:
    if rest:
        state.send(Message("TOPIC", (room.name, rest)))
    elif room.topic:
        state.inform(tr("Topic: {topic}", topic=room.topic), room=room)
    else:
        state.inform(tr("{room} has no topic.", room=room.name), room=room)


def _away(state: SessionState, room: Room, rest: str) -> None:
    state.send(Message("AWAY", (rest or "away",)))


def _back(state: SessionState, room: Room, rest: str) -> None:
    state.send(Message("AWAY"))


def _rooms(state: SessionState, room: Room, rest: str) -> None:
    state.send(Message("LIST"))


def _who(state: SessionState, room: Room, rest: str) -> None:
    people = ", ".join(member.prefix + member.nick for member in room.members.values())
    told = (
        tr("In {room}: {people}", room=room.name, people=people)
        if people
        else tr("Nobody is in {room}.", room=room.name)
    )
    state.inform(told, room=room)


def _whois(state: SessionState, room: Room, rest: str) -> None:
    _send(state, "WHOIS", rest.split()[0])


def _timed(state: SessionState, command: str, rest: str) -> tuple[str, str, str]:
    """A name, a time ("" for good) and a reason; raises `Misuse` if there is a time that the server can't keep."""
    nick, _, rest = rest.partition(" ")
    first, _, more = rest.strip().partition(" ")
    if not seconds(first):
        if first[:1].isdigit() and state.knows_times(command):
            raise Misuse(tr("{word} is no time; 30s, 10m, 2h, 1d and 1w are. A reason has a letter first.", word=first))
        return nick, "", rest.strip()
    if not state.knows_times(command):
        raise Misuse(tr("This server keeps no times; leave it out."))
    return nick, first, more.strip()


def _react(state: SessionState, room: Room, rest: str) -> None:
    """Reacts to the last message of somebody in this room, or takes it back."""
    nick, reaction = rest.split(maxsplit=1) if " " in rest else (rest, "")
    entry = room.last_by(nick)
    if not reaction:
        raise Misuse(tr("Say whom, and how: /react NAME EMOJI"))
    if entry is None or not state.has("message-tags"):
        raise Misuse(tr("There is no message of {nick} to react to.", nick=nick))
    state.react(room, entry, reaction)


def _kick(state: SessionState, room: Room, rest: str) -> None:
    nick, length, reason = _timed(state, "KICK", rest)
    if length:
        state.send(Message("KICK", (room.name, nick, length, reason or nick)))
    else:
        state.send(Message("KICK", (room.name, nick, reason) if reason else (room.name, nick)))


def _ban(state: SessionState, room: Room, rest: str) -> None:
    """Bans by the server's own command where it has one, which takes a name and a reason; else by a mask (+b)."""
    nick, length, reason = _timed(state, "BAN", rest)
    if state.knows_times("BAN"):
        state.send(Message("BAN", tuple(word for word in (room.name, nick, length, reason) if word)))
    else:
        _mode("+b", True)(state, room, rest)


def _unban(state: SessionState, room: Room, rest: str) -> None:
    if state.knows_times("BAN"):
        state.send(Message("UNBAN", (room.name, rest.split()[0])))
    else:
        _mode("-b", True)(state, room, rest)


def _bans(state: SessionState, room: Room, rest: str) -> None:
    state.send(Message("MODE", (room.name, "b")))


def _mute(sign: str) -> CommandFunction:
    """Mutes by what the server has: its own command, a list (+q), or a ban of the kind "mute" (EXTBAN m)."""

    def act(state: SessionState, room: Room, rest: str) -> None:
        nick, length, reason = _timed(state, "MUTE", rest)
        mark, comma, kinds = state.isupport.get("EXTBAN", "").partition(",")
        if state.knows_times("MUTE"):
            verb = "MUTE" if sign == "+" else "UNMUTE"
            state.send(Message(verb, tuple(word for word in (room.name, nick, length, reason) if word)))
        elif "q" in state.mode_kinds()[0] or not (comma and "m" in kinds):
            _mode(f"{sign}q", True)(state, room, rest)
        else:
            state.send(Message("MODE", (room.name, f"{sign}b", f"{mark}m:{nick}!*@*")))

    return act


def _slow(state: SessionState, room: Room, rest: str) -> None:
    """Sets slow mode, which is +W on servers where that mode takes a number."""
    if "W" not in state.mode_kinds()[2]:
        raise Misuse(tr("This server has no slow mode."))
    pause = rest.split()[0]
    off = pause.lower() in ("off", "0")
    length = str(seconds(pause) or pause)
    state.send(Message("MODE", (room.name, "-W") if off else (room.name, "+W", length)))


def _key(state: SessionState, room: Room, rest: str) -> None:
    key = rest.split()[0]
    off = key.lower() == "off"
    room.key = "" if off else key
    state.send(Message("MODE", (room.name, "-k", "*") if off else (room.name, "+k", key)))


def _modes(state: SessionState, room: Room, rest: str) -> None:
    state.send(Message("MODE", (room.name, *rest.split())))


def _mode(change: str, masks: bool) -> CommandFunction:
    """Sets a mode about somebody: by a mask where the mode is a list of them (+b, +q), else by the name (+o)."""

    def act(state: SessionState, room: Room, rest: str) -> None:
        nick = rest.split()[0]
        if change[1] not in (state.mode_kinds()[0] if masks else state.prefixes()):
            raise Misuse(tr("This server has no mode {change}.", change=change))
        target = f"{nick}!*@*" if masks and "!" not in nick else nick
        state.send(Message("MODE", (room.name, change, target)))

    return act


def _invite(state: SessionState, room: Room, rest: str) -> None:
    _send(state, "INVITE", rest.split()[0], room.name)


def _ignore(sign: str) -> CommandFunction:
    """Adds somebody to the list of whom we ignore, which the server keeps, takes them off it, or asks for it."""

    def act(state: SessionState, room: Room, rest: str) -> None:
        if "SILENCE" not in state.isupport:
            raise Misuse(tr("This server keeps no list of people whom you ignore."))
        state.send(Message("SILENCE", (f"{sign}{rest}",) if rest else ()))

    return act


def _reply(state: SessionState, room: Room, rest: str) -> None:
    """Answers the last message of somebody in this room."""
    nick, text = rest.split(maxsplit=1) if " " in rest else (rest, "")
    if not text:
        raise Misuse(tr("Say whom, and what: /reply NAME TEXT"))
    _demand_presence(state, room)
    entry = room.last_by(nick)
    if entry is None:
        raise Misuse(tr("There is no message of {nick} to answer.", nick=nick))
    room.answered = entry
    state.say(room, f"{entry.nick}: {text}")


def _service(request: str) -> CommandFunction:
    """Sends a request about accounts to NickServ, which answers with a notice."""

    def act(state: SessionState, room: Room, rest: str) -> None:
        state.send(Message("PRIVMSG", ("NickServ", f"{request} {rest}".rstrip())))

    return act


def _set(state: SessionState, room: Room, rest: str) -> None:
    """Changes a setting: with NickServ, or where it is a mode of ours, by that."""
    name, _, value = " ".join(rest.lower().split()).partition(" ")
    if name not in ("replay", "strangers", "stay") or value not in ("on", "off"):
        raise Misuse(tr("That is used like this: {usage}", usage=COMMANDS["set"].shown()))
    if name == "strangers":
        state.send(Message("MODE", (state.nick, "-R" if value == "on" else "+R")))
    else:
        _service("SET")(state, room, f"{name} {value}")


def _login(state: SessionState, room: Room, rest: str) -> None:
    """Logs in to an account, and asks for its name as our nickname once that has worked."""
    name, _, password = rest.rpartition(" ")
    state.wanted_name = name.strip()
    state.offer_password(state.wanted_name, password)
    _service("IDENTIFY")(state, room, f"{state.wanted_name} {password}".strip())


def _register(state: SessionState, room: Room, rest: str) -> None:
    state.offer_password("", rest)
    _service("REGISTER")(state, room, rest)


def _password(state: SessionState, room: Room, rest: str) -> None:
    _service("SET PASSWORD")(state, room, rest)
    state.change_password(rest.split()[-1])


def _oper(state: SessionState, room: Room, rest: str) -> None:
    state.send(Message("OPER", (state.nick, rest)))


def _search(state: SessionState, room: Room, rest: str) -> None:
    if not state.search(room, rest):
        raise Misuse(tr("This server has no search."))


def _history(state: SessionState, room: Room, rest: str) -> None:
    wanted = number(rest or str(_HISTORY_MESSAGES), _HISTORY_MESSAGES_MAX)
    if not wanted:
        raise Misuse(tr("A number of messages, such as 50, goes there."))
    if not history_sync.show(state, room, messages=wanted):
        raise Misuse(tr("This server keeps no history."))


def _is_there(entry: TranscriptEntry) -> bool:
    """Whether this is a message that the server has, or is about to have."""
    is_held = bool(entry.msgid) or entry.pending
    return entry.kind in SPOKEN and is_held and not entry.is_gone and not entry.is_beyond_reach


def _take_back(state: SessionState, room: Room, rest: str) -> None:
    """Takes back the last message of ours in this room."""
    if not state.has("draft/message-redaction"):
        raise Misuse(tr("On this server, nothing can be taken back."))
    mine = next((entry for entry in reversed(room.entries) if entry.own and _is_there(entry)), None)
    if mine is None:
        raise Misuse(tr("There is nothing of yours here to take back."))
    if not mine.msgid:
        raise Misuse(tr("The server has not answered your last message yet, so it can't be taken back now."))
    state.redact(room, mine)


def _quit(state: SessionState, room: Room, rest: str) -> None:
    raise EndProgram


def _raw(state: SessionState, room: Room, rest: str) -> None:
    head, colon, last = rest.partition(" :")
    words = head.split()
    state.send(Message(words[0].upper(), (*words[1:], last) if colon and needs_colon(last) else tuple(words[1:])))


def _help(state: SessionState, room: Room, rest: str) -> None:
    name = rest.removeprefix("/")
    if command := COMMANDS.get(_ALIASES.get(name, name)):
        state.inform(f"{command.shown()}  –  {tr(command.help)}", room=room)
        return
    for group, names_of_group in GROUPS.items():
        lines = [f"{COMMANDS[each].shown()}  –  {tr(COMMANDS[each].help)}" for each in names_of_group]
        state.inform("\n".join([tr(group), *lines]), room=room)


COMMANDS: dict[str, SlashCommand] = {
    "help": SlashCommand("/help [COMMAND]", mark("this list"), _help, needs_connection=False),
    "join": SlashCommand(
        "/join ROOM [KEY]", mark("go to a room; it is made if there is none"), _join, True, False, words_max=2
    ),
    "leave": SlashCommand(
        "/leave [ROOM]", mark("leave a room, or put away a conversation"), _leave, needs_connection=False, words_max=1
    ),
    "rooms": SlashCommand("/rooms", mark("the rooms of this server"), _rooms),
    "who": SlashCommand("/who", mark("who is here"), _who, needs_connection=False),
    "whois": SlashCommand("/whois NAME", mark("what the server tells about somebody"), _whois, True, words_max=1),
    "msg": SlashCommand("/msg NAME [TEXT]", mark("talk to one person"), _msg, True, False, is_said=True),
    "me": SlashCommand("/me TEXT", mark("say what you do: * alice waves"), _me, True, False, is_said=True),
    "react": SlashCommand(
        "/react NAME EMOJI", mark("react to somebody's last message, or take that back"), _react, True
    ),
    "reply": SlashCommand("/reply NAME TEXT", mark("answer somebody's last message here"), _reply, True, is_said=True),
    "ignore": SlashCommand(
        "/ignore [NAME]",
        mark("hear nothing more of what somebody says to you alone, or list whom"),
        _ignore("+"),
        words_max=1,
    ),
    "unignore": SlashCommand("/unignore NAME", mark("hear them again"), _ignore("-"), True, words_max=1),
    "nick": SlashCommand("/nick NAME", mark("change your name"), _nick, True, words_max=1),
    "topic": SlashCommand("/topic [TEXT]", mark("show or set what the room is about"), _topic),
    "away": SlashCommand("/away [WHY]", mark("tell others that you are away"), _away),
    "back": SlashCommand("/back", mark("tell others that you are back"), _back),
    "invite": SlashCommand("/invite NAME", mark("ask somebody into this room"), _invite, True, words_max=1),
    "kick": SlashCommand(
        "/kick NAME [TIME] [WHY]", mark("remove somebody from this room; for 30s, 10m, 2h, 1d"), _kick, True
    ),
    "ban": SlashCommand("/ban NAME [TIME] [WHY]", mark("remove somebody and don't let them in again"), _ban, True),
    "unban": SlashCommand("/unban NAME", mark("lift a ban"), _unban, True, words_max=1),
    "bans": SlashCommand("/bans", mark("who is banned or muted here"), _bans),
    "mute": SlashCommand("/mute NAME [TIME] [WHY]", mark("let somebody read here, but not write"), _mute("+"), True),
    "unmute": SlashCommand("/unmute NAME", mark("let them write again"), _mute("-"), True, words_max=1),
    "op": SlashCommand(
        "/op NAME", mark("make somebody an operator of this room"), _mode("+o", False), True, words_max=1
    ),
    "deop": SlashCommand(
        "/deop NAME", mark("take the operator's rights from somebody"), _mode("-o", False), True, words_max=1
    ),
    "voice": SlashCommand(
        "/voice NAME", mark("let somebody write in a quiet or slow room"), _mode("+v", False), True, words_max=1
    ),
    "devoice": SlashCommand(
        "/devoice NAME", mark("take the voice from somebody"), _mode("-v", False), True, words_max=1
    ),
    "slow": SlashCommand(
        "/slow SECONDS|off", mark("let everybody send one message every so many seconds"), _slow, True, words_max=1
    ),
    "key": SlashCommand("/key KEY|off", mark("let in only those who know a key"), _key, True, words_max=1),
    "mode": SlashCommand("/mode [MODES]", mark("show or set the room's modes: /mode +m"), _modes),
    "search": SlashCommand("/search WORDS", mark("find what was said here"), _search, True),
    "history": SlashCommand("/history [COUNT]", mark("what was said here"), _history, words_max=1),
    "undo": SlashCommand("/undo", mark("take back your last message here"), _take_back, words_max=1),
    "oper": SlashCommand(
        "/oper PASSWORD", mark("become an operator of the server"), _oper, True, is_secret=True, words_max=1
    ),
    "register": SlashCommand(
        "/register PASSWORD", mark("claim your name"), _register, True, is_secret=True, words_max=1
    ),
    "login": SlashCommand(
        "/login [NAME] PASSWORD", mark("prove that a claimed name is yours"), _login, True, is_secret=True, words_max=2
    ),
    "devices": SlashCommand("/devices", mark("list the devices by which you are here"), _service("DEVICES")),
    "logout": SlashCommand(
        "/logout [DEVICE]", mark("log out, or end the connection of one of your devices"), _service("LOGOUT")
    ),
    "password": SlashCommand(
        "/password OLD NEW", mark("change your password"), _password, True, is_secret=True, words_max=2
    ),
    "set": SlashCommand(
        "/set replay|strangers|stay on|off",
        mark(
            "whether your other programs show what you missed; strangers may write to you alone; you stay when you go"
        ),
        _set,
        True,
    ),
    "quit": SlashCommand("/quit", mark("end the program"), _quit, needs_connection=False),
    "raw": SlashCommand("/raw LINE", mark("send a line of IRC as it is"), _raw, True),
}
_ALIASES = {"j": "join", "part": "leave", "list": "rooms", "query": "msg", "names": "who", "quote": "raw", "h": "help"}
GROUPS = {  # of /help
    mark("Rooms"): ("join", "leave", "rooms", "who", "topic", "invite", "history", "search"),
    mark("Talking"): ("msg", "me", "reply", "react", "undo", "whois", "ignore", "unignore"),
    mark("Keeping order"): (
        "kick", "ban", "unban", "bans", "mute", "unmute", "op", "deop", "voice", "devoice", "slow", "key", "mode",
    ),
    mark("You"): ("nick", "away", "back", "register", "login", "devices", "logout", "password", "set", "oper"),
    mark("The program"): ("help", "quit", "raw"),
}  # fmt: skip
