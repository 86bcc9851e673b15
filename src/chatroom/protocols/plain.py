"""The dialect of a person with netcat: a line is a message, a line that begins with a slash is a command.

What people read in this dialect is written here and nowhere else. Lines of the server begin with "* ", which no
name can, and so no message; "** " is somebody's /me.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from chatroom.common.durations import moment
from chatroom.common.errors import ChatError, Code
from chatroom.common.names import FAULTS, LOBBY, Fault, fold
from chatroom.common.text import CTCP, CUT, FEED, clean, number, plain
from chatroom.model.commands import (
    AskHistory,
    AskRooms,
    AskSearch,
    AskServers,
    AskTopic,
    AskWho,
    BecomeOperator,
    Enter,
    Join,
    LogIn,
    LogOut,
    MakeAccount,
    Quit,
    Register,
    Rename,
    Say,
    SetAway,
    SetPassword,
    SetReplay,
    SetTopic,
)
from chatroom.model.events import (
    AccountSet,
    Alerted,
    AwaySet,
    Departed,
    Event,
    Invited,
    Joined,
    Kicked,
    Killed,
    Left,
    ModesSet,
    RealnameSet,
    Redacted,
    Renamed,
    Said,
    ServerBanned,
    ServerUnbanned,
    TopicSet,
    UserModesSet,
)
from chatroom.model.limits import (
    AWAY_BYTES,
    HISTORY_EVENTS_PER_ANSWER,
    PASSWORD_MAX_BYTES,
    PASSWORD_MIN_CHARACTERS,
    RECENT_MESSAGES,
    TOPIC_BYTES,
    WRONG_PASSWORDS_PER_CONNECTION,
)
from chatroom.model.masks import MUTE
from chatroom.model.modes import BAN, OPERATOR, SLOW, VOICE, written
from chatroom.model.outcomes import Command
from chatroom.model.replies import (
    AccountChange,
    AccountDone,
    AccountIs,
    Admitted,
    Announcement,
    AwayNoted,
    Found,
    Goodbye,
    HistoryIs,
    Inviting,
    IsAway,
    Link,
    ListIs,
    ModesAre,
    NowOperator,
    PersonalNotice,
    Ping,
    Raw,
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
    Welcome,
    WhoIsIn,
)
from chatroom.model.values import MessageKind, ModeChange, Topic
from chatroom.protocols import moderation_commands
from chatroom.protocols.base import Lines, Viewer
from chatroom.protocols.english import WORDED, entries, lasting, replaying, worded
from chatroom.protocols.limits import PLAIN_LINE_BYTES
from chatroom.protocols.password_slips import refuse_programs, refuse_slips

SEARCH_RESULTS_SHOWN = 20  # messages that /search shows: a screenful

PROMPT = "Username"
PASSWORD_PROMPT = "Password"

_REFUSALS: dict[Code, str] = {
    Code.UNKNOWN_COMMAND: "unknown command {0}; /help lists them",
    Code.TOO_FEW_PARAMETERS: "{0} needs more: {1}",
    Code.NOT_REGISTERED: "choose a name first",
    Code.ALREADY_REGISTERED: "you have a name already; /nick changes it",
    Code.NICK_MISSING: "choose a name first",
    Code.NICK_BAD: "that can't be a name: {1}",
    Code.NICK_TAKEN: "{0} is taken; choose another name",
    Code.NICK_LIKE: "{0} looks like {1}, which is taken; choose another name",
    Code.NO_SUCH_NICK: "there is nobody called {0}; /who lists who is here",
    Code.ROOM_BAD: "{0} can't be a room; a room is # and up to 49 characters (64 bytes) without spaces or commas",
    Code.NO_SUCH_ROOM: "there is no room {0}; /rooms lists them",
    Code.NOT_IN_ROOM: "you are not in {0}; /join {0} takes you there",
    Code.NOT_YOURS: "that is for its owner alone",
    Code.CANNOT_SEND: "you can't write to {0} without being in it; /join {0} takes you there",
    Code.MODERATED: "only those with a voice may speak in {0} now; its operators give it: {1}",
    Code.MUTED: "{2} has muted you in {0}{3}{4}; its operators may lift it: {1}",
    Code.SILENT: "you may not speak in {0}, and so not set its topic; its operators: {1}",
    Code.NO_CTCP: "{0} takes no messages for programs",
    Code.NOT_OPERATOR: "only operators of {0} may do that; they are: {1}",
    Code.ROOM_FULL: "{0} is full; its operators may invite you: {1}",
    Code.INVITED_ONLY: "{0} is by invitation only; its operators invite: {1}",
    Code.BANNED: "{2} has banned you from {0}{3}{4}; its operators may lift it: {1}",
    Code.BANNED_THERE: "{2} has banned you from {0}{3}{4}, so you can't speak there; its operators may lift it: {1}",
    Code.KEY_WRONG: "{0} needs a key: /join {0} KEY; its operators know it: {1}",
    Code.SLOW: "{0} is in slow mode: one message each {2}; yours may follow in {3}; its operators: {1}",
    Code.NICK_HELD: "you can't take another name while you are banned or muted in {1}",
    Code.NICK_BANNED: "the name {0} is banned here{1}{2}",
    Code.BANNED_HERE: "you are banned from this server{0}{1}",
    Code.THAT_IS_YOU: "that would be yourself",
    Code.NOT_BANNED: "there is no such ban or mute on {1}; /bans lists them",
    Code.BANS_FULL: "there are too many bans",
    Code.NOT_SERVER_OPERATOR: "only an operator of the server may do that",
    Code.OPERATORS_UNKNOWN: "this server has no operators",
    Code.PASSWORD_NEEDED: "give the server's password first",
    Code.WRONG_PASSWORD: "that password is wrong",
    Code.THEY_ARE_NOT_IN_ROOM: "{0} is not in {1}",
    Code.THEY_ARE_IN_ROOM: "{0} is in {1} already",
    Code.MODE_UNKNOWN: "there is no mode {0}",
    Code.USER_MODE_UNKNOWN: "there is no such mode",
    Code.MODE_PARAMETER: "{2} can't stand after mode {1}",
    Code.LIST_FULL: "the list {1} of {0} is full",
    Code.WATCHING_TOO_MANY: "you are watching too many people",
    Code.NO_ORIGIN: "say what to answer",
    Code.NO_SUCH_SERVER: "there is no server {0}",
    Code.NICK_CLAIMED: "{0} is claimed; if it is yours, /login {0} PASSWORD gives it to you, else choose another name",
    Code.ACCOUNT_EXISTS: "{0} is claimed already; if it is yours, /login {0} PASSWORD",
    Code.NO_SUCH_ACCOUNT: "{0} is not claimed; who is called so can claim it with /register PASSWORD",
    Code.LOGIN_FAILED: "that is not the password of {0}, or nobody has claimed {0}; try again, or choose another name",
    Code.LOGIN_TOO_OFTEN: "that was tried too often; wait a minute, then try again",
    Code.LOGIN_BUSY: "too many are logging in at the moment; try again in a few seconds",
    Code.LOGGED_IN_ALREADY: "you are logged in as {0}; /logout first",
    Code.NOT_LOGGED_IN: "you are not logged in; /login PASSWORD, or claim your name with /register PASSWORD",
    Code.PASSWORD_WEAK: f"a password has at least {PASSWORD_MIN_CHARACTERS} characters and is not the name; "
    "choose another",
    Code.PASSWORD_BAD: f"a password has no spaces and at most {PASSWORD_MAX_BYTES} bytes; choose another",
    Code.ACCOUNTS_FULL: "no more names can be claimed from where you are for now; try again in an hour",
    Code.NOT_A_GHOST: "that is you",
    Code.REALNAME_BAD: "that can't be a real name",
    Code.REALNAME_HELD: "you can't take another real name while you may not speak in one of your rooms",
    Code.TOO_MANY_TARGETS: "these are too many at once",
    Code.TOO_MANY_ROOMS: "you are in too many rooms; leave one first",
    Code.NO_RECIPIENT: "say to whom",
    Code.NO_TEXT: "there is nothing to send",
    Code.TOPIC_TOO_LONG: f"that topic is too long; a topic has at most {TOPIC_BYTES} bytes",
    Code.AWAY_TOO_LONG: f"that is too long; what you leave while you are away has at most {AWAY_BYTES} bytes",
    Code.LINE_TOO_LONG: f"that line is too long and was not sent; a line has at most {PLAIN_LINE_BYTES} bytes",
    Code.LINE_NOT_UTF8: "that line is not UTF-8 and was not sent",
    Code.PASSWORD_ALOUD: "that looks like a command with a password, so it was not sent; a command begins with its /",
    Code.NO_HISTORY: "there is no history of {1} that you may read",
    Code.HISTORY_FAILED: "the history can't be read at the moment",
    Code.TIME_BAD: f"{{0}} is no time, so nothing was done; {moderation_commands.TIMES} are times",
    Code.NOTHING_KEPT: "no history is kept here",
    Code.RELOAD_FAILED: "a file can't be read, so all stays as it was; the server's log says which",
    Code.LINK_DOWN: "the link to the other servers is down; that must wait until it is back",
    Code.SPOOL_FULL: "the link to the other servers is down and too much waits for it; that was not sent",
    Code.NOTHING_TO_READ: "{0} is neither a room nor a person",
    Code.NOT_YOURS_TO_REDACT: "you can't remove messages from {0}",
    Code.MAY_NOT_REDACT: "you may not remove that message",
    Code.NO_SUCH_MESSAGE: "there is no such message, or it is too old",
    Code.STAYS_IN_LOBBY: "you are in {0} already, where everybody starts; /quit leaves the server",
}


class PlainFormat:
    """Events as sentences. All plain clients read the same bytes."""

    own_moves = False

    def render(self, event: Event) -> bytes:
        sentence = _SENTENCES[type(event)](event)
        return f"{sentence}\n".encode() if sentence else b""

    def render_all(self, events: list[Event]) -> bytes:
        return b"".join(map(self.render, events))


PLAIN = PlainFormat()


def _said(event: Said) -> str:
    if CTCP in event.text or event.kind is MessageKind.TAGS:
        return ""  # for programs
    lines = [plain(line) for line in event.text.replace(CUT, "").split(FEED) if line]
    private = "" if "#" in event.target[:2] else "[private] "
    if event.kind is MessageKind.ACTION:
        return f"** {private}{event.by.nick} {' '.join(lines)}"
    return "\n".join([f"{private}{event.by.nick}: {line}" for line in lines])


def _topic_set(event: TopicSet) -> str:
    if not event.topic:
        return f"* {event.by.nick} removed the topic"
    return f"* {event.by.nick} set the topic: {plain(event.topic)}"


def _kicked(event: Kicked) -> str:
    return f"* {event.by.nick} threw {event.who.nick} out{_because(event.reason)}"


def _modes_set(event: ModesSet) -> str:
    """Masks that were set for one name are told as that name, once; what has ended by itself as such."""
    ended = list(dict.fromkeys([_ended(change) for change in event.changes if not change.on and change.until]))
    done = list(dict.fromkeys([_change(change, event) for change in event.changes if change.on or not change.until]))
    return "\n".join([*ended, *([f"* {event.by.nick} {', '.join(done)}"] if done else [])])


def _ended(change: ModeChange) -> str:
    return f"* The {'mute' if change.param.startswith(MUTE) else 'ban'} on {_whom(change)} has ended"


def _change(change: ModeChange, event: ModesSet) -> str:
    """What was done by one change, without who did it."""
    mute = change.letter == BAN and change.param.startswith(MUTE)
    key = (MUTE if mute else change.letter, change.on)
    sentence = _MODES.get(key)
    done = sentence.format(_whom(change)) if sentence else f"set mode {plain(written((change,)))}"
    return f"{done}{lasting(change.until, event.time)}{_because(change.reason)}"


def _whom(change: ModeChange) -> str:
    """Whom, or what, a change is about."""
    return plain(change.whom or (change.param.removeprefix(MUTE) if change.letter == BAN else change.param))


_MODES = {
    ("o", True): "made {0} an operator",
    ("o", False): "made {0} an operator no more",
    ("v", True): "gave {0} a voice",
    ("v", False): "took {0}'s voice",
    ("b", True): "banned {0}",
    ("b", False): "lifted the ban on {0}",
    (MUTE, True): "muted {0}",
    (MUTE, False): "lets {0} speak again",
    (SLOW, True): "slowed the room down: one message each {0} seconds",
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


_SENTENCES: dict[type, Callable[[Any], str]] = {
    Said: _said,
    Joined: lambda e: f"* {e.by.nick} joined",
    Left: lambda e: f"* {e.by.nick} left{_because(e.reason)}",
    Departed: lambda e: f"* {e.by.nick} left{_because(e.reason)}",
    Renamed: lambda e: f"* {e.by.nick} is now known as {e.nick}",
    TopicSet: _topic_set,
    Kicked: _kicked,
    ModesSet: _modes_set,
    Killed: lambda e: f"* {e.by.nick} threw {e.who.nick} off the server{_because(e.reason)}",
    ServerBanned: lambda e: (
        f"* {e.by.nick} banned {plain(e.whom or e.mask)} from the server{lasting(e.until, e.time)}{_because(e.reason)}"
    ),
    ServerUnbanned: lambda e: f"* {e.by.nick} lifted the ban from the server on {plain(e.mask)}",
    Invited: lambda e: "",  # to the members; see `PlainDialect.answer` for the one who is invited
    UserModesSet: lambda e: "* Your modes: " + written(e.changes),
    RealnameSet: lambda e: "",
    AccountSet: lambda e: f"* {e.by.nick} has logged in" if e.account else f"* {e.by.nick} has logged out",
    Alerted: lambda e: f"* {e.by.nick}, who runs this server: {plain(e.text)}",
    Redacted: lambda e: (
        f"* {e.by.nick} removed a {'message' if '#' in e.target[:1] else 'private message'}" + _because(e.reason)
    ),
    AwaySet: lambda e: f"* {e.by.nick} is away: {plain(e.message)}" if e.message else f"* {e.by.nick} is back",
}


def _because(reason: str) -> str:
    return f" ({plain(reason)})" if reason else ""


class PlainCommand(NamedTuple):
    """`parse` makes commands of what follows the command's name; it gets at least `words` words."""

    usage: str
    does: str
    words: int
    parse: "Callable[[PlainDialect, str], Iterator[Command]]"


class PlainDialect:
    """Reads and answers one plain client.

    Every line is the server's password until that is right, where there is one, and then a name until one is accepted.
    If it is claimed, the next lines are its password: `WRONG_PASSWORDS_PER_CONNECTION` of them, or an empty one for
    another name.
    """

    format = PLAIN
    pings = False

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._lines = Lines(PLAIN_LINE_BYTES)
        self._claimed = ""  # the name whose password is asked for
        self._tries = 0  # at it

    def receive(self, data: bytes) -> Iterator[Command]:
        for line in self._lines.feed(data):
            yield from self._read(line)

    def end(self) -> Iterator[Command]:
        rest = self._lines.rest()
        if rest:
            yield from self._read(rest)

    def answer(self, reply: Reply) -> bytes:
        if isinstance(reply, Raw):
            return reply.data
        if isinstance(reply, PersonalNotice) and not isinstance(reply.event, Invited):
            return PLAIN.render(reply.event)
        sentences = _ANSWERS[type(reply)](reply)
        if isinstance(reply, Refused) and not self._viewer.nick and reply.error.code is not Code.BANNED_HERE:
            sentences = self._ask_again(reply.error, sentences)
        return "".join([f"{sentence}\n" for sentence in sentences]).encode()

    def prompt(self) -> bytes:
        """What a client without a name is asked."""
        return f"{self._asked()}\n".encode()

    def _asked(self) -> str:
        return PASSWORD_PROMPT if self._claimed or not self._viewer.admitted else PROMPT

    def _ask_again(self, error: ChatError, sentences: list[str]) -> list[str]:
        """What a client without a name is told when it is refused."""
        if error.code is Code.NICK_CLAIMED:
            self._claimed, self._tries = clean(error.about[0]), 0
            sentences = [f"* {self._claimed} is claimed; give its password, or an empty line to choose another name."]
        elif self._tries >= WRONG_PASSWORDS_PER_CONNECTION:
            self._claimed = ""
        return [*sentences, self._asked()]

    def _read(self, line: bytes) -> Iterator[Command]:
        try:
            yield from self._parse(_text(line))
        except ChatError as error:
            yield Refused(error)

    def _parse(self, text: str) -> Iterator[Command]:
        if not self._viewer.admitted:
            yield Enter(text)
        elif self._claimed and not self._viewer.nick:
            yield from self._prove(text.strip())
        elif not self._viewer.nick:
            yield Register(text.strip(), "plain", text.strip(), LOBBY)
        elif text.startswith("/") and not text.startswith("//"):
            name, _, rest = text.partition(" ")
            command = COMMANDS.get(name.lower())
            if command is None:
                raise ChatError(Code.UNKNOWN_COMMAND, name)
            rest = rest.strip()
            if len(rest.split(maxsplit=command.words)) < command.words:
                raise ChatError(Code.TOO_FEW_PARAMETERS, name, command.usage)
            yield from command.parse(self, rest)
        elif text.strip():
            if not text.startswith("//"):
                refuse_slips(text)
                refuse_programs(text)
            yield Say(self._here(), text.removeprefix("/") if text.startswith("//") else text)

    def _prove(self, password: str) -> Iterator[Command]:
        name = self._claimed
        if not password:
            self._claimed = ""
            yield Raw(self.prompt())
            return
        self._tries += 1
        yield LogIn(name, password)
        if self._viewer.account:
            self._claimed = ""
            yield Register(name, "plain", name, LOBBY)

    def _here(self) -> str:
        return self._viewer.room or LOBBY

    # ---- commands ---------------------------------------------------------------------------------------------------

    def _help(self, rest: str) -> Iterator[Command]:
        width = max(len(command.usage) for command in COMMANDS.values())
        lines = [f"* {command.usage:<{width}}  {command.does}\n" for command in COMMANDS.values()]
        yield Raw("".join([*lines, "* Anything else is sent to the room; //x sends /x.\n"]).encode())

    def _nick(self, rest: str) -> Iterator[Command]:
        yield Rename(rest)

    def _join(self, rest: str) -> Iterator[Command]:
        room, _, key = rest.partition(" ")
        yield Join(room if room.startswith("#") else f"#{room}", move=True, key=key.strip())

    def _leave(self, rest: str) -> Iterator[Command]:
        if fold(self._viewer.room) == LOBBY:
            raise ChatError(Code.STAYS_IN_LOBBY, LOBBY)
        yield Join(LOBBY, move=True)

    def _rooms(self, rest: str) -> Iterator[Command]:
        yield AskRooms()

    def _servers(self, rest: str) -> Iterator[Command]:
        yield AskServers()

    def _who(self, rest: str) -> Iterator[Command]:
        yield AskWho(rest or self._here())

    def _msg(self, rest: str) -> Iterator[Command]:
        nick, text = rest.split(maxsplit=1)
        yield Say(nick, text)

    def _me(self, rest: str) -> Iterator[Command]:
        yield Say(self._here(), rest, MessageKind.ACTION)

    def _topic(self, rest: str) -> Iterator[Command]:
        yield SetTopic(self._here(), rest) if rest else AskTopic(self._here())

    def _oper(self, rest: str) -> Iterator[Command]:
        yield BecomeOperator(self._viewer.nick, rest)

    def _away(self, rest: str) -> Iterator[Command]:
        yield SetAway(rest)

    def _history(self, rest: str) -> Iterator[Command]:
        count = number(rest, HISTORY_EVENTS_PER_ANSWER) or 0
        if rest and not count:
            raise ChatError(Code.TOO_FEW_PARAMETERS, "/history", COMMANDS["/history"].usage)
        yield AskHistory(self._here(), count or RECENT_MESSAGES)

    def _set(self, rest: str) -> Iterator[Command]:
        on = {"replay on": True, "replay off": False}.get(" ".join(rest.lower().split()))
        if on is None:
            raise ChatError(Code.TOO_FEW_PARAMETERS, "/set", COMMANDS["/set"].usage)
        yield SetReplay(on)

    def _search(self, rest: str) -> Iterator[Command]:
        yield AskSearch(rest, SEARCH_RESULTS_SHOWN)

    def _register(self, rest: str) -> Iterator[Command]:
        yield MakeAccount(rest)

    def _login(self, rest: str) -> Iterator[Command]:
        *name, password = rest.split(maxsplit=1)
        yield LogIn(name[0] if name else self._viewer.nick, password, take=True)

    def _logout(self, rest: str) -> Iterator[Command]:
        yield LogOut()

    def _password(self, rest: str) -> Iterator[Command]:
        yield SetPassword(rest)

    def _quit(self, rest: str) -> Iterator[Command]:
        yield Quit(rest, own=True)


def _here(parse: Callable[[str, str], Iterator[Command]]) -> Callable[[PlainDialect, str], Iterator[Command]]:
    """A parser that is told the room that one is in."""
    return lambda dialect, rest: parse(dialect._here(), rest)


COMMANDS: dict[str, PlainCommand] = {
    command.usage.split()[0]: command
    for command in (
        PlainCommand("/help", "this list", 0, PlainDialect._help),
        PlainCommand("/nick NAME", "change your name", 1, PlainDialect._nick),
        PlainCommand("/join #ROOM [KEY]", "go to another room; it is made if there is none", 1, PlainDialect._join),
        PlainCommand("/leave", f"go back to {LOBBY}", 0, PlainDialect._leave),
        PlainCommand("/rooms", "list the rooms", 0, PlainDialect._rooms),
        PlainCommand("/who [#ROOM | NAME | *]", "list who is here, in a room, or everywhere", 0, PlainDialect._who),
        PlainCommand("/msg NAME TEXT", "say something to one person alone", 2, PlainDialect._msg),
        PlainCommand("/me TEXT", "say what you do: /me waves", 1, PlainDialect._me),
        PlainCommand("/topic [TEXT]", "show or set the room's topic", 0, PlainDialect._topic),
        PlainCommand("/invite [#ROOM] NAME", "ask somebody into a room", 1, _here(moderation_commands.invite)),
        PlainCommand(
            "/kick [#ROOM] NAME [TIME] [WHY]",
            f"throw somebody out; for {moderation_commands.TIMES}",
            1,
            _here(moderation_commands.kick),
        ),
        PlainCommand(
            "/ban [#ROOM] NAME [TIME] [WHY]", "and don't let them in again", 1, _here(moderation_commands.ban)
        ),
        PlainCommand("/unban [#ROOM] NAME", "let them in again", 1, _here(moderation_commands.unban)),
        PlainCommand(
            "/mute [#ROOM] NAME [TIME] [WHY]", "let somebody read, but not speak", 1, _here(moderation_commands.mute)
        ),
        PlainCommand("/unmute [#ROOM] NAME", "let them speak again", 1, _here(moderation_commands.unmute)),
        PlainCommand("/bans [#ROOM]", "list who is banned or muted", 0, _here(moderation_commands.bans)),
        PlainCommand(
            "/op [#ROOM] NAME", "make somebody an operator", 1, _here(moderation_commands.ranking(OPERATOR, True))
        ),
        PlainCommand("/deop [#ROOM] NAME", "take that back", 1, _here(moderation_commands.ranking(OPERATOR, False))),
        PlainCommand(
            "/voice [#ROOM] NAME",
            "let somebody speak in a moderated or slow room",
            1,
            _here(moderation_commands.ranking(VOICE, True)),
        ),
        PlainCommand("/devoice [#ROOM] NAME", "take that back", 1, _here(moderation_commands.ranking(VOICE, False))),
        PlainCommand(
            "/slow [#ROOM] SECONDS|off", "one message of each in so many seconds", 1, _here(moderation_commands.slow)
        ),
        PlainCommand("/key [#ROOM] KEY|off", "let in only those who know a key", 1, _here(moderation_commands.key)),
        PlainCommand("/mode [#ROOM] [MODES]", "show or set modes: /mode +m", 0, _here(moderation_commands.mode)),
        PlainCommand("/oper PASSWORD", "become an operator of the server", 1, PlainDialect._oper),
        PlainCommand("/away [TEXT]", "be away, or back without a text", 0, PlainDialect._away),
        PlainCommand(
            "/history [COUNT]",
            f"what was said here, at most {HISTORY_EVENTS_PER_ANSWER} messages",
            0,
            PlainDialect._history,
        ),
        PlainCommand("/search WORDS", "look for what was said here and in your own messages", 1, PlainDialect._search),
        PlainCommand("/set replay on|off", "show what you missed when you join a room, or not", 2, PlainDialect._set),
        PlainCommand("/servers", "list the servers that are this chat", 0, PlainDialect._servers),
        PlainCommand("/register PASSWORD", "claim your name: nobody else can use it then", 1, PlainDialect._register),
        PlainCommand("/login [NAME] PASSWORD", "prove that a claimed name is yours", 1, PlainDialect._login),
        PlainCommand("/logout", "be logged in no more", 0, PlainDialect._logout),
        PlainCommand("/password PASSWORD", "change your password", 1, PlainDialect._password),
        PlainCommand("/quit [TEXT]", "leave", 0, PlainDialect._quit),
    )
}


def _text(line: bytes) -> str:
    """A line's text; raises `ChatError` if it is too long or not UTF-8."""
    if len(line) > PLAIN_LINE_BYTES:
        raise ChatError(Code.LINE_TOO_LONG)
    try:
        return clean(line.decode())
    except UnicodeDecodeError:
        raise ChatError(Code.LINE_NOT_UTF8) from None


# ---- answers: each reply as its lines --------------------------------------------------------------------------------


def _refused(reply: Refused) -> list[str]:
    about = list(map(clean, reply.error.about))
    if reply.error.code is Code.NICK_BAD:
        about[1] = FAULTS[Fault(about[1])]
    if reply.error.code in WORDED:
        about = worded(reply.error.code, about)
    return [f"* {_REFUSALS[reply.error.code].format(*about)}"]


def _welcome(reply: Welcome) -> list[str]:
    nick = reply.person.nick
    if reply.room is None:
        return [f"* Welcome, {nick}. Type /help for commands."]
    return [f"* Welcome, {nick}. {_company(reply.room, nick)} Type /help for commands.", *_topic(reply.room.topic)]


def _room_state(reply: RoomState) -> list[str]:
    return [f"* You are in {reply.room} now. {_company(reply, reply.viewer)}", *_topic(reply.topic)]


def _company(state: RoomState, viewer: str) -> str:
    others = [m.person.nick for m in state.members if m.person.nick != viewer]
    return f"With you in {state.room}: {', '.join(others)}." if others else f"Nobody else is in {state.room} yet."


def _topic(topic: Topic | None) -> list[str]:
    return [f"* Topic: {plain(topic.text)}"] if topic else []


def _rooms_are(reply: RoomsAre) -> list[str]:
    return [f"* {name} ({people}){f': {plain(topic)}' if topic else ''}" for name, people, topic in reply.rooms]


def _who_is_in(reply: WhoIsIn) -> list[str]:
    if not reply.members:
        return [f"* There is nobody in or called {clean(reply.mask)}."]
    people = [f"{m.person.nick} (away: {plain(m.away)})" if m.away else m.person.nick for m in reply.members]
    return [f"* {len(people)} in {reply.room}: {', '.join(people)}" if reply.room else f"* Here: {', '.join(people)}"]


def _list_is(reply: ListIs) -> list[str]:
    bans = [e for e in reply.entries if not e.mask.startswith(MUTE)]
    mutes = [e._replace(mask=e.mask.removeprefix(MUTE)) for e in reply.entries if e.mask.startswith(MUTE)]
    told = [
        f"* {verb} {who} {how}" for verb, list_ in (("Banned:", bans), ("Muted:", mutes)) for who, how in entries(list_)
    ]
    return [plain(line) for line in told] or [f"* Nobody is banned or muted in {reply.room}."]


def _recent(reply: Recent) -> list[str]:
    return [f"* Earlier in {reply.room}:", *map(_from_before, reply.said)]


def _from_before(event: Said) -> str:
    return f"[{moment(event.time)}] {_said(event)}"


def _history_is(reply: HistoryIs) -> list[str]:
    said = [event for event in reply.events if isinstance(event, Said) and CTCP not in event.text]
    return list(map(_from_before, said)) or [f"* Nothing was said in {reply.name} yet."]


def _found(reply: Found) -> list[str]:
    said = [event for event in reply.said if CTCP not in event.text]
    if not said:
        return [f"* Nothing was found with {clean(reply.words)}."]
    return [f"[{moment(event.time)}] {_where(event)}{_said(event)}" for event in said]


def _where(event: Said) -> str:
    return f"{event.target} " if event.target.startswith("#") else f"to {event.target} "


def _saving(reply: Saving) -> list[str]:
    if not reply.works:
        return ["* Messages are not being saved at the moment."]
    return [f"* Messages are being saved again{f'; {reply.lost} of them were not' if reply.lost else ''}."]


def _link(reply: Link) -> list[str]:
    if not reply.works:
        return ["* The link to the other servers is down; messages will be delivered when it is back."]
    missing = "; what was said there meanwhile may be missing" if reply.gap else ""
    return [f"* The link to the other servers is back{missing}."]


def _servers_are(reply: ServersAre) -> list[str]:
    if reply.servers[0][0] == "":
        return [f"* This is the only server; {reply.servers[0][1]} here."]
    return [f"* {name}: {people} here, {lag} ms behind" for name, people, lag in reply.servers]


_DONE = {
    AccountChange.CLAIMED: "{0} is yours now, and you are logged in. Next time, give your password when you are asked "
    "for it, or type /login {0} PASSWORD.",
    AccountChange.LOGGED_IN: "You are logged in as {0}.",
    AccountChange.LOGGED_OUT: "You are logged out.",
    AccountChange.PASSWORD_SET: "The password of {0} is changed.",
    AccountChange.DROPPED: "{0} is nobody's any more.",
    AccountChange.GHOST_CLOSED: "The other connection that was called {0} is closed.",
}


def _account_done(reply: AccountDone) -> list[str]:
    sentence = _DONE[reply.change].format(clean(reply.account))
    if reply.change is AccountChange.CLAIMED and not reply.lasting:
        sentence += " This server keeps nothing on disk: the name is yours until it ends."
    return [f"* {sentence}"]


def _account_is(reply: AccountIs) -> list[str]:
    return [f"* {reply.account} has been claimed since {moment(reply.made)}{', and is here' if reply.here else ''}."]


_ANSWERS: dict[type, Callable[[Any], list[str]]] = {
    Link: _link,
    ServersAre: _servers_are,
    Refused: _refused,
    Welcome: _welcome,
    RoomState: _room_state,
    TopicIs: lambda r: _topic(r.topic) or [f"* {r.room} has no topic"],
    RoomsAre: _rooms_are,
    WhoIsIn: _who_is_in,
    ListIs: _list_is,
    NowOperator: lambda r: ["* You are an operator of the server now; you may keep order in every room."],
    ModesAre: lambda r: [f"* Modes of {r.room}: {plain(r.modes)}" if r.room else f"* Your modes: {r.modes}"],
    Inviting: lambda r: [f"* {r.nick} is invited to {r.room}{f', but away: {plain(r.away)}' if r.away else ''}"],
    ServerBansAre: lambda r: [f"* {plain(who)} {how}" for who, how in entries(r.entries)] or ["* Nobody is banned."],
    PersonalNotice: lambda r: [
        f"* {r.event.by.nick} invites you to {r.event.room}; /join {r.event.room} takes you there"
    ],
    Admitted: lambda r: [PROMPT],
    IsAway: lambda r: [f"* {r.nick} is away: {plain(r.message)}"],
    AwayNoted: lambda r: ["* You are away; /away alone says that you are back." if r.away else "* You are back."],
    Goodbye: lambda r: [f"* Goodbye{_because(r.reason)}."],
    Recent: _recent,
    HistoryIs: _history_is,
    Found: _found,
    Saving: _saving,
    AccountDone: _account_done,
    AccountIs: _account_is,
    ReplayIs: lambda r: [f"* {replaying(r)}"],
    Ping: lambda r: [],
    Announcement: lambda r: [f"* {r.text}"],
}
