"""The commands that a user types with a slash, in the window and in the terminal: one table.

A command gets the state, the room it was typed in, and the rest of the line. It raises `Misuse` with a sentence for
the user, or `EndProgram`. `//x` says "/x".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from chatroom.client import history_sync, ignoring, keeping_order, searching, strings
from chatroom.client.handshake import tell_language
from chatroom.client.misuse import EndProgram, Misuse, Unconfirmed
from chatroom.client.plaintext import LINE_IN_CLEAR
from chatroom.client.room import Room
from chatroom.client.screen_events import LanguageChosen
from chatroom.client.state import COMMAND_LABEL, PERSISTENCE, SERVICE, SessionState
from chatroom.client.transcript_entry import SPOKEN, Kind, TranscriptEntry
from chatroom.common.irc_message import Message, needs_colon
from chatroom.common.language import find, mark, own, speak, tags, tr
from chatroom.common.text import number

_ROOM_SIGNS = ("#", "&")  # of a room that a command names first; elsewhere + is one, too, which modes begin with
_HISTORY_MESSAGES = 50
_HISTORY_MESSAGES_MAX = 200
# Translators: these stand in the usage of commands for what a person types; keep their order, one word for each.
_PLACES = mark(
    "COMMAND COUNT DEVICE EMOJI KEY LANGUAGE LINE MODES NAME NEW OLD PASSWORD ROOM SECONDS TEXT TIME WHY WORDS"
)

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
    words_max: int | None = None  # None: any number; of more, some would be dropped unseen
    is_about_room: bool = False  # can't be done where one talks to one person
    takes_room: bool = False  # likewise, and the name of another room may stand first

    def shown(self) -> str:
        """How it is used, with its places in the reader's language: /kick NAZWA [CZAS] [POWÓD]."""
        words = dict(zip(_PLACES.split(), tr(_PLACES).split(), strict=False))
        return re.sub(r"[A-Z]+", lambda found: words.get(found[0], found[0]), self.usage)


# What slips in before a slash unseen: blanks, invisible characters, what an arrow key leaves.
_SLIPPED_IN = re.compile(r"(?:[\s\u00ad\u200b-\u200f\u2060-\u2064\ufeff]|\x1b?\[[0-9;]*[A-Za-z~]|\x1b)+(?=/)")


def run(state: SessionState, room: Room, line: str) -> Room | None:
    """Carries out what was typed: says a text, or does a command. Returns the room to go to."""
    slip = _SLIPPED_IN.match(line)
    if slip and is_secret(line):
        raise Misuse(
            tr("Not sent: something stands before the slash. Take it away, so that your password stays secret.")
        )
    if not line.startswith("/") or line.startswith("//"):
        _demand_presence(state, room)
        state.say(room, line.removeprefix("/") if line.startswith("//") else line)
        return None
    name, rest, *_ = [*re.split(r"\s", line[1:], maxsplit=1), ""]
    command = COMMANDS.get(_ALIASES.get(name.lower(), name.lower()))
    if command is None:
        raise Misuse(tr("There is no command /{name}; /help lists them.", name=name))
    state.awaited.asked_in = room
    if command.is_about_room or command.takes_room:
        room, rest = _room_meant(state, room, name, rest, command.takes_room)
    if command.needs_argument and not rest.strip():
        raise Misuse(tr("That is used like this: {usage}", usage=command.shown()))
    if "\n" in rest.strip() and not command.is_said:
        raise Misuse(tr("A command stands in one line. Take the other lines away, and send them by themselves."))
    if command.words_max is not None and len(rest.split()) > command.words_max:
        raise Misuse(tr("There are more words than that takes. It is used like this: {usage}", usage=command.shown()))
    if command.needs_connection:
        _demand_connection(state)
    if command.is_secret and state.asks_before_secrets:
        state.asks_before_secrets = False
        raise Unconfirmed(tr(LINE_IN_CLEAR))
    state.labels_next = awaits = command.is_about_room or command.takes_room or command.act in (_nick, _raw, _set)
    try:
        there = command.act(state, room, rest.strip())
    finally:
        awaits, state.labels_next = awaits and not state.labels_next, False
    if awaits and not state.has("labeled-response"):  # something was sent: what comes before the answer to this?
        state.awaited.has_no_answer = True
        state.send(Message("PING", (COMMAND_LABEL,)))
    return there


def _room_meant(state: SessionState, room: Room, name: str, rest: str, takes_room: bool) -> tuple[Room, str]:
    """The room that a command is about, and the rest of the line: the room that stands first there, or this one."""
    first, *more = rest.split(maxsplit=1) or [""]
    if takes_room and first[:1] in _ROOM_SIGNS and state.is_room(first):
        return state.find(first) or Room(first, False, state.fold), "".join(more)
    if room.is_direct:
        raise Misuse(tr("/{name} is for rooms, and this is a conversation with {nick}.", name=name, nick=room.name))
    return room, rest


def _demand_connection(state: SessionState) -> None:
    if not state.is_registered:
        raise Misuse(tr("There is no connection right now."))


def _demand_presence(state: SessionState, room: Room) -> None:
    """Raises `Misuse` in a room that we are not in, and `Unconfirmed` where a conversation has changed hands."""
    if room.doubt:
        why, room.doubt = room.doubt, ""
        raise Unconfirmed(tr("Not sent. {why} Enter it again to send it all the same.", why=why))
    if not room.is_direct and not room.is_here and (state.is_registered or not room.joined):
        raise Misuse(strings.not_in(room.name))
    if room.editing:
        _demand_connection(state)


def is_secret(line: str) -> bool:
    """Whether there is a password in what was typed, whatever slipped in before, or may be: NickServ is told them."""
    line = line[slip.end() :] if (slip := _SLIPPED_IN.match(line)) else line
    name, *words = [*line[1:].lower().split(), ""] if line.startswith("/") else [""]
    command = COMMANDS.get(_ALIASES.get(name, name))
    return command is not None and (command.is_secret or (command.act is _msg and words[:1] == [SERVICE]))


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


def _msg(state: SessionState, room: Room, rest: str) -> Room | None:
    name, _, text = rest.partition(" ")
    if name.lower() == SERVICE:  # is told passwords, so it is no conversation to show
        _demand_connection(state)
        _tell_service(state, text.strip() or "HELP")
        return None
    if needs_colon(name):
        raise Misuse(strings.no_place(name))
    is_new, there = state.find(name) is None, state.room(name)
    if text.strip():
        _demand_presence(state, there)
        state.say(there, text)
    elif is_new and there.is_direct:
        history_sync.catch_up(state, there)
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


def _rename(state: SessionState, room: Room, rest: str) -> None:
    name, _, why = rest.partition(" ")
    name = name if state.is_room(name) else f"#{name}"
    state.send(Message("RENAME", (room.name, name, why) if why else (room.name, name)))


def _away(state: SessionState, room: Room, rest: str) -> None:
    state.away = rest or "away"
    state.send(Message("AWAY", (state.away,)))


def _sends(word: str) -> CommandFunction:
    """A command that is one word to the server."""
    return lambda state, room, rest: state.send(Message(word))


def _who(state: SessionState, room: Room, rest: str) -> None:
    """Tells who is in a room of ours, this one or another; or who somebody is."""
    who = rest or (room.name if room.is_direct else "")
    if who and not state.is_room(who):
        state.send(Message("WHOIS", (who,)))
        return
    there = state.find(rest) if rest else room
    if there is None:
        raise Misuse(strings.not_in(rest))
    people = ", ".join(member.prefix + member.nick for member in there.members.values())
    told = (
        tr("In {room}: {people}", room=there.name, people=people)
        if people
        else tr("Nobody is in {room}.", room=there.name)
    )
    state.inform(told, room=there)


def _whois(state: SessionState, room: Room, rest: str) -> None:
    _send(state, "WHOIS", rest.split()[0])


def _react(verb: str) -> CommandFunction:
    """Reacts to the last message of somebody in this room, or takes that back; "unreact" only takes back."""

    def act(state: SessionState, room: Room, rest: str) -> None:
        nick, reaction = rest.split(maxsplit=1) if " " in rest else (rest, "")
        entry = room.last_by(nick)
        if not reaction:
            raise Misuse(tr("That is used like this: {usage}", usage=COMMANDS[verb].shown()))
        if entry is None or not state.has("message-tags"):
            raise Misuse(tr("There is no message of {nick} to react to.", nick=nick))
        if verb == "unreact" and not state.has_reacted(entry, reaction):
            raise Misuse(
                tr("You have not reacted with {reaction} to what {nick} said last.", nick=nick, reaction=reaction)
            )
        state.react(room, entry, reaction)

    return act


def _ignore(sign: str) -> CommandFunction:
    """Adds somebody to the list of whom we ignore, which the server keeps, takes them off it, or asks for it."""

    def act(state: SessionState, room: Room, rest: str) -> None:
        if not ignoring.can_ignore(state):
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
    state.say(room, text)


def _tell_service(state: SessionState, request: str) -> None:
    """Sends a request about accounts to NickServ, which answers with a notice."""
    state.send(Message("PRIVMSG", ("NickServ", request)))


def _service(request: str) -> CommandFunction:
    """A command that is a request to NickServ, with what is typed behind it."""

    def act(state: SessionState, room: Room, rest: str) -> None:
        _tell_service(state, f"{request} {rest}".rstrip())

    return act


def _set(state: SessionState, room: Room, rest: str) -> None:
    """Changes a setting: by what the server has for it, or with NickServ. Alone, asks for all of them."""
    name, _, value = " ".join(rest.lower().split()).partition(" ")
    if not name:
        _tell_service(state, "SET")
        return
    if name not in ("replay", "strangers", "stay") or value not in ("on", "off"):
        raise Misuse(tr("That is used like this: {usage}", usage=COMMANDS["set"].shown()))
    state.awaited.settings.add(name)
    if name == "strangers":
        state.send(Message("MODE", (state.nick, "-R" if value == "on" else "+R")))
    elif name == "stay" and state.has(PERSISTENCE) and state.account:
        state.send(Message("PERSISTENCE", ("SET", value.upper())))
    else:
        _tell_service(state, f"SET {name} {value}")


def _login(state: SessionState, room: Room, rest: str) -> None:
    """Logs in to an account, and asks for its name as our nickname once that has worked."""
    name, _, password = rest.rpartition(" ")
    state.wanted_name = name.strip()
    state.offer_password(state.wanted_name, password)
    _tell_service(state, " ".join(word for word in ("IDENTIFY", state.wanted_name, password) if word))


def _register(state: SessionState, room: Room, rest: str) -> None:
    state.offer_password("", rest)
    _tell_service(state, f"REGISTER {rest}")


def _password(state: SessionState, room: Room, rest: str) -> None:
    _tell_service(state, f"SET PASSWORD {rest}")
    state.change_password(rest.split()[-1])


def _oper(state: SessionState, room: Room, rest: str) -> None:
    """Elsewhere, operators of the server have names, which are not their nicknames."""
    name, _, password = rest.rpartition(" ")
    state.send(Message("OPER", (name.strip() or state.nick, password)))


def _search(state: SessionState, room: Room, rest: str) -> None:
    if not searching.search(state, room, rest):
        raise Misuse(tr("This server has no search."))


def _mentions(state: SessionState, room: Room, rest: str) -> None:
    if not searching.ask_mentions(state):
        raise Misuse(tr("This server has no search."))


def _lang(state: SessionState, room: Room, rest: str) -> None:
    """Shows the languages that there are, or has this program and the server speak one of them from now on."""
    known = ", ".join(f"{tag} ({language.name()})" for tag in tags() if (language := find(tag)))
    chosen = find(rest)
    if rest and chosen is None:
        raise Misuse(tr("There is no language {name} here. There are: {languages}.", name=rest, languages=known))
    if chosen:
        speak(chosen)
        state.events.append(LanguageChosen(chosen.tag))
        if state.is_registered:
            tell_language(state)
        state.inform(tr("From now on you read {language}.", language=chosen.name()))
    else:
        state.inform(tr("You read {language}.", language=own().name()))
        state.inform(tr("/lang LANGUAGE changes that. There are: {languages}.", languages=known))


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


def _last_own(state: SessionState, room: Room) -> TranscriptEntry:
    """The last message of ours in this room that can be taken back; raises `Misuse` if there is none."""
    if not state.has("draft/message-redaction"):
        raise Misuse(tr("On this server, nothing can be taken back."))
    mine = next((entry for entry in reversed(room.entries) if entry.own and _is_there(entry)), None)
    if mine is None:
        raise Misuse(tr("There is nothing of yours here to take back."))
    if not mine.msgid:
        raise Misuse(tr("The server has not answered your last message yet, so it can't be taken back now."))
    return mine


def _take_back(state: SessionState, room: Room, rest: str) -> None:
    state.redact(room, _last_own(state, room))


def _edit(state: SessionState, room: Room, rest: str) -> None:
    """Takes back the last message of ours in this room, and says it anew."""
    _demand_presence(state, room)
    room.editing = _last_own(state, room)
    state.say(room, rest)


def _quit(state: SessionState, room: Room, rest: str) -> None:
    state.goodbye = rest or state.goodbye
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
    "rooms": SlashCommand("/rooms", mark("the rooms of this server"), _sends("LIST"), words_max=0),
    "who": SlashCommand(
        "/who [ROOM|NAME]", mark("who is here, or in another room of yours; or who that is"), _who, words_max=1
    ),
    "whois": SlashCommand("/whois NAME", mark("what the server tells about somebody"), _whois, True, words_max=1),
    "msg": SlashCommand("/msg NAME [TEXT]", mark("talk to one person"), _msg, True, False, is_said=True),
    "me": SlashCommand("/me TEXT", mark("say what you do: * alice waves"), _me, True, False, is_said=True),
    "react": SlashCommand(
        "/react NAME EMOJI", mark("react to somebody's last message, or take that back"), _react("react"), True
    ),
    "unreact": SlashCommand("/unreact NAME EMOJI", mark("take a reaction back"), _react("unreact"), True),
    "reply": SlashCommand("/reply NAME TEXT", mark("answer somebody's last message here"), _reply, True, is_said=True),
    "ignore": SlashCommand(
        "/ignore [NAME]",
        mark("hear nothing more of what somebody says to you alone, or list whom"),
        _ignore("+"),
        words_max=1,
    ),
    "unignore": SlashCommand("/unignore NAME", mark("hear them again"), _ignore("-"), True, words_max=1),
    "nick": SlashCommand("/nick NAME", mark("change your name"), _nick, True, words_max=1),
    "topic": SlashCommand("/topic [TEXT]", mark("show or set what the room is about"), _topic, is_about_room=True),
    "rename": SlashCommand("/rename NEW [WHY]", mark("give this room another name"), _rename, True, is_about_room=True),
    "away": SlashCommand("/away [WHY]", mark("tell others that you are away"), _away),
    "back": SlashCommand("/back", mark("tell others that you are back"), _sends("AWAY"), words_max=0),
    "invite": SlashCommand(
        "/invite [#ROOM] NAME",
        mark("ask somebody into this room"),
        keeping_order.invite,
        True,
        words_max=1,
        takes_room=True,
    ),
    "kick": SlashCommand(
        "/kick [#ROOM] NAME [TIME] [WHY]",
        mark("remove somebody from this room; for 30s, 10m, 2h, 1d"),
        keeping_order.kick,
        True,
        takes_room=True,
    ),
    "ban": SlashCommand(
        "/ban [#ROOM] NAME [TIME] [WHY]",
        mark("remove somebody and don't let them in again"),
        keeping_order.ban,
        True,
        takes_room=True,
    ),
    "unban": SlashCommand(
        "/unban [#ROOM] NAME", mark("lift a ban"), keeping_order.unban, True, words_max=1, takes_room=True
    ),
    "bans": SlashCommand(
        "/bans [#ROOM]", mark("who is banned or muted here"), keeping_order.bans, words_max=0, takes_room=True
    ),
    "mute": SlashCommand(
        "/mute [#ROOM] NAME [TIME] [WHY]",
        mark("let somebody read here, but not write"),
        keeping_order.mute("+"),
        True,
        takes_room=True,
    ),
    "unmute": SlashCommand(
        "/unmute [#ROOM] NAME",
        mark("let them write again"),
        keeping_order.mute("-"),
        True,
        words_max=1,
        takes_room=True,
    ),
    "op": SlashCommand(
        "/op [#ROOM] NAME",
        mark("make somebody an operator of this room"),
        keeping_order.mode("+o", False),
        True,
        words_max=1,
        takes_room=True,
    ),
    "deop": SlashCommand(
        "/deop [#ROOM] NAME",
        mark("take the operator's rights from somebody"),
        keeping_order.mode("-o", False),
        True,
        words_max=1,
        takes_room=True,
    ),
    "voice": SlashCommand(
        "/voice [#ROOM] NAME",
        mark("let somebody write in a quiet or slow room"),
        keeping_order.mode("+v", False),
        True,
        words_max=1,
        takes_room=True,
    ),
    "devoice": SlashCommand(
        "/devoice [#ROOM] NAME",
        mark("take the voice from somebody"),
        keeping_order.mode("-v", False),
        True,
        words_max=1,
        takes_room=True,
    ),
    "slow": SlashCommand(
        "/slow [#ROOM] SECONDS|off",
        mark("let everybody send one message every so many seconds"),
        keeping_order.slow,
        True,
        words_max=1,
        takes_room=True,
    ),
    "key": SlashCommand(
        "/key [#ROOM] KEY|off",
        mark("let in only those who know a key"),
        keeping_order.key,
        True,
        words_max=1,
        takes_room=True,
    ),
    "quiet": SlashCommand(
        "/quiet [#ROOM] [off]",
        mark("let only operators and those with a voice write"),
        keeping_order.quiet,
        words_max=1,
        takes_room=True,
    ),
    "mode": SlashCommand(
        "/mode [#ROOM] [MODES]", mark("show or set the room's modes: /mode +m"), keeping_order.modes, takes_room=True
    ),
    "search": SlashCommand("/search WORDS", mark("find what was said here"), _search, True),
    "history": SlashCommand("/history [COUNT]", mark("what was said here"), _history, words_max=1),
    "undo": SlashCommand("/undo", mark("take back your last message here"), _take_back, words_max=0),
    "edit": SlashCommand(
        "/edit TEXT", mark("take back your last message here, and say this instead"), _edit, True, is_said=True
    ),
    "mentions": SlashCommand("/mentions", mark("where your claimed name was said"), _mentions, words_max=0),
    "servers": SlashCommand("/servers", mark("the servers that are this chat"), _sends("LINKS"), words_max=0),
    "lang": SlashCommand(
        "/lang [LANGUAGE]",
        mark("show or choose the language that you read: /lang pl"),
        _lang,
        needs_connection=False,
        words_max=1,
    ),
    "oper": SlashCommand(
        "/oper [NAME] PASSWORD", mark("become an operator of the server"), _oper, True, is_secret=True, words_max=2
    ),
    "register": SlashCommand(
        "/register PASSWORD", mark("claim your name"), _register, True, is_secret=True, words_max=1
    ),
    "login": SlashCommand(
        "/login [NAME] PASSWORD", mark("prove that a claimed name is yours"), _login, True, is_secret=True, words_max=2
    ),
    "devices": SlashCommand(
        "/devices", mark("list the devices by which you are here"), _service("DEVICES"), words_max=0
    ),
    "logout": SlashCommand(
        "/logout [DEVICE]", mark("log out, or end the connection of one of your devices"), _service("LOGOUT")
    ),
    "password": SlashCommand(
        "/password OLD NEW", mark("change your password"), _password, True, is_secret=True, words_max=2
    ),
    "set": SlashCommand(
        "/set [replay|strangers|stay on|off]",
        mark("your settings: see what you missed, hear strangers, stay when you go"),
        _set,
    ),
    "quit": SlashCommand("/quit [TEXT]", mark("end the program"), _quit, needs_connection=False),
    "raw": SlashCommand("/raw LINE", mark("send a line of IRC as it is"), _raw, True),
}
_ALIASES = {"j": "join", "part": "leave", "list": "rooms", "query": "msg", "names": "who", "quote": "raw", "h": "help"}
GROUPS = {  # of /help
    mark("Rooms"): (
        *("join", "leave", "rooms", "who", "topic", "rename", "invite", "history", "search", "mentions", "servers"),
    ),
    mark("Talking"): ("msg", "me", "reply", "react", "unreact", "undo", "edit", "whois", "ignore", "unignore"),
    mark("Keeping order"): (
        "kick", "ban", "unban", "bans", "mute", "unmute", "op", "deop", "voice", "devoice", "slow", "key", "quiet",
        "mode",
    ),
    mark("You"): ("nick", "away", "back", "register", "login", "devices", "logout", "password", "set", "lang", "oper"),
    mark("The program"): ("help", "quit", "raw"),
}  # fmt: skip
