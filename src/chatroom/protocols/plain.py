"""The protocol of a person with netcat: a line is a message, a line that begins with a slash is a command.

What people read is in `sentences`. Lines of the server begin with "* ", which no name can, and so no message; "** " is
somebody's /me.
"""

from collections.abc import Callable, Hashable, Iterator
from typing import NamedTuple

from chatroom.common.durations import moment
from chatroom.common.errors import ChatError, Code
from chatroom.common.names import LOBBY, fold
from chatroom.common.text import clean, number
from chatroom.model.commands import (
    AskHistory,
    AskRooms,
    AskSearch,
    AskServers,
    AskTopic,
    AskWho,
    AskWhois,
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
    SetUserModes,
)
from chatroom.model.events import Event, Invited, Reacted, Said
from chatroom.model.limits import HISTORY_EVENTS_PER_ANSWER, RECENT_MESSAGES, WRONG_PASSWORDS_PER_CONNECTION
from chatroom.model.modes import NO_STRANGERS, OPERATOR, VOICE
from chatroom.model.outcomes import Command
from chatroom.model.replies import Admitted, Found, HistoryIs, PersonalNotice, Raw, Recent, Refused, Reply, WaitingAre
from chatroom.model.social_commands import AskIgnored, Ignore, React
from chatroom.model.values import MessageKind, ModeChange
from chatroom.protocols import moderation_commands as moderation
from chatroom.protocols.base import Lines, Viewer, is_from_browser
from chatroom.protocols.limits import PLAIN_LINE_BYTES
from chatroom.protocols.password_slips import refuse_programs, refuse_slips
from chatroom.protocols.reaction_texts import require_reaction
from chatroom.protocols.sentences import describe_event, describe_reply, reactions_sentence

_WILDCARDS = frozenset("*?")  # of a mask that may be like many people
SEARCH_RESULTS_SHOWN = 20  # messages that /search shows: a screenful

PROMPT = "Username"
PASSWORD_PROMPT = "Password"


class PlainFormat:
    """Events as sentences. All plain clients read the same bytes."""

    own_moves = False
    as_sentences = True

    def render(self, event: Event) -> bytes:
        return "".join([f"{line}\n" for line in event_lines(event)]).encode()

    def render_all(self, events: list[Event]) -> bytes:
        return b"".join(map(self.render, events))

    def variant(self, kind: type[Event]) -> Hashable:
        return self


PLAIN = PlainFormat()
_ACTION = MessageKind.ACTION  # a look-up in an Enum takes as long as the rest of a message


def event_lines(event: Event) -> list[str]:
    """The lines for an event: a message as it is, /me with two stars, anything else with one."""
    lines = describe_event(event)
    if type(event) is not Said:
        return [f"* {line}" for line in lines]
    return [f"** {line}" for line in lines] if event.kind is _ACTION else lines


def _reply_lines(reply: Reply) -> list[str]:
    """The lines for a reply: its sentences, and the messages that it shows."""
    if isinstance(reply, PersonalNotice) and not isinstance(reply.event, Invited):
        return event_lines(reply.event)
    return [*(f"* {sentence}" for sentence in describe_reply(reply, "/")), *_messages(reply)]


def _messages(reply: Reply) -> Iterator[str]:
    """The messages that a reply shows, each with its time; those that were looked for with their target, too."""
    if not isinstance(reply, Recent | HistoryIs | Found | WaitingAre):
        return
    reactions: dict[int, list[Reacted]] = {}
    for reaction in () if isinstance(reply, Found | WaitingAre) else reply.reactions:
        reactions.setdefault(reaction.quote.id, []).append(reaction)
    for event in reply.events if isinstance(reply, HistoryIs) else reply.said:
        if isinstance(event, Said) and (lines := event_lines(event)):
            target = _target(event) if isinstance(reply, Found) else ""
            yield f"[{moment(event.time)}] {target}" + "\n".join(lines)
            if event.id in reactions:
                yield f"* {reactions_sentence(reactions[event.id])}"


def _target(event: Said) -> str:
    return f"{event.target} " if event.target.startswith("#") else f"to {event.target} "


class PlainCommand(NamedTuple):
    """`parse` makes commands of what follows the name, which has at least `words` words."""

    usage: str
    does: str
    words: int
    parse: "Callable[[PlainDialect, str], Iterator[Command]]"


class PlainDialect:
    """Reads and answers one client of netcat.

    Where the server has a password, every line is that until it is right; then every line is a name until one is
    accepted. If that is claimed, the next lines are its password, `WRONG_PASSWORDS_PER_CONNECTION` of them; an empty
    one asks for another name.
    """

    format = PLAIN
    pings = False

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._lines = Lines(PLAIN_LINE_BYTES)
        self._claimed = ""  # the name whose password is asked for
        self._tries = 0  # passwords that were given for it

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
        lines = [PROMPT] if isinstance(reply, Admitted) else _reply_lines(reply)
        if isinstance(reply, Refused) and not self._viewer.nick and reply.error.code is not Code.BANNED_HERE:
            lines = self._ask_again(reply.error, lines)
        return "".join([f"{line}\n" for line in lines]).encode()

    def prepared(self, reply: Reply) -> Reply:
        return Raw(self.answer(reply))

    def prompt(self) -> bytes:
        """What a client without a name is asked."""
        return f"{self._question()}\n".encode()

    def _question(self) -> str:
        return PASSWORD_PROMPT if self._claimed or not self._viewer.admitted else PROMPT

    def _ask_again(self, error: ChatError, lines: list[str]) -> list[str]:
        """What a client without a name is told when it is refused."""
        if error.code is Code.NICK_CLAIMED:
            self._claimed, self._tries = clean(error.about[0]), 0
            lines = [f"* {self._claimed} is claimed; give its password, or an empty line to choose another name."]
        elif self._tries >= WRONG_PASSWORDS_PER_CONNECTION:
            self._claimed = ""
        return [*lines, self._question()]

    def _read(self, line: bytes) -> Iterator[Command]:
        if not self._viewer.nick and is_from_browser(line):
            yield Quit("HTTP", refused=True)
            return
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

    def _join(self, rest: str) -> Iterator[Command]:
        room, _, key = rest.partition(" ")
        yield Join(room if room.startswith("#") else f"#{room}", move=True, key=key.strip())

    def _leave(self, rest: str) -> Iterator[Command]:
        if fold(self._viewer.room) == LOBBY:
            raise ChatError(Code.STAYS_IN_LOBBY, LOBBY)
        yield Join(LOBBY, move=True)

    def _who(self, rest: str) -> Iterator[Command]:
        is_person = rest and not rest.startswith("#") and _WILDCARDS.isdisjoint(rest)
        yield AskWhois(rest) if is_person else AskWho(rest or self._here())

    def _msg(self, rest: str) -> Iterator[Command]:
        nick, text = rest.split(maxsplit=1)
        yield Say(nick, text)

    def _me(self, rest: str) -> Iterator[Command]:
        yield Say(self._here(), rest, MessageKind.ACTION)

    def _reply(self, rest: str) -> Iterator[Command]:
        nick, text = rest.split(maxsplit=1)
        yield Say(self._here(), text, answers=nick)

    def _react(self, rest: str) -> Iterator[Command]:
        nick, reaction = rest.split(maxsplit=1)
        yield React(self._here(), nick, require_reaction(self._here(), reaction))

    def _unreact(self, rest: str) -> Iterator[Command]:
        nick, reaction = rest.split(maxsplit=1)
        yield React(self._here(), nick, require_reaction(self._here(), reaction), on=False)

    def _topic(self, rest: str) -> Iterator[Command]:
        yield SetTopic(self._here(), rest) if rest else AskTopic(self._here())

    def _oper(self, rest: str) -> Iterator[Command]:
        yield BecomeOperator(self._viewer.nick, rest)

    def _history(self, rest: str) -> Iterator[Command]:
        count = number(rest, HISTORY_EVENTS_PER_ANSWER) or 0
        if rest and not count:
            raise ChatError(Code.TOO_FEW_PARAMETERS, "/history", COMMANDS["/history"].usage)
        yield AskHistory(self._here(), count or RECENT_MESSAGES)

    def _ignore(self, rest: str) -> Iterator[Command]:
        yield Ignore(rest) if rest else AskIgnored()

    def _set(self, rest: str) -> Iterator[Command]:
        name, _, value = " ".join(rest.lower().split()).partition(" ")
        on = {"on": True, "off": False}.get(value)
        if on is not None and name == "replay":
            yield SetReplay(on)
        elif on is not None and name == "strangers":
            yield SetUserModes(self._viewer.nick, (ModeChange(not on, NO_STRANGERS),))
        else:
            raise ChatError(Code.TOO_FEW_PARAMETERS, "/set", COMMANDS["/set"].usage)

    def _search(self, rest: str) -> Iterator[Command]:
        yield AskSearch(rest, SEARCH_RESULTS_SHOWN)

    def _login(self, rest: str) -> Iterator[Command]:
        *name, password = rest.split(maxsplit=1)
        yield LogIn(name[0] if name else self._viewer.nick, password, take=True)

    def _password(self, rest: str) -> Iterator[Command]:
        old, new = rest.split(maxsplit=1)
        yield SetPassword(new, old)


def _one(make: Callable[[str], Command]) -> Callable[[PlainDialect, str], Iterator[Command]]:
    """A parser that makes one command of the rest of the line."""
    return lambda dialect, rest: iter((make(rest),))


def _in_room(parse: Callable[[str, str], Iterator[Command]]) -> Callable[[PlainDialect, str], Iterator[Command]]:
    """`parse` with the room that the client is in."""
    return lambda dialect, rest: parse(dialect._here(), rest)


COMMANDS: dict[str, PlainCommand] = {
    command.usage.split()[0]: command
    for command in (
        PlainCommand("/help", "this list", 0, PlainDialect._help),
        PlainCommand("/nick NAME", "change your name", 1, _one(Rename)),
        PlainCommand("/join #ROOM [KEY]", "go to another room; it is made if there is none", 1, PlainDialect._join),
        PlainCommand("/leave", f"go back to {LOBBY}", 0, PlainDialect._leave),
        PlainCommand("/rooms", "list the rooms", 0, _one(lambda rest: AskRooms())),
        PlainCommand(
            "/who [#ROOM | NAME | *]",
            "list who is here, in a room, or everywhere; or tell about one person",
            0,
            PlainDialect._who,
        ),
        PlainCommand("/whois NAME", "tell about one person, as /who NAME does", 1, _one(AskWhois)),
        PlainCommand("/msg NAME TEXT", "say something to one person alone", 2, PlainDialect._msg),
        PlainCommand("/me TEXT", "say what you do: /me waves", 1, PlainDialect._me),
        PlainCommand("/reply NAME TEXT", "answer the last message of somebody here", 2, PlainDialect._reply),
        PlainCommand("/react NAME EMOJI", "react to somebody's last message: /react bob 👍", 2, PlainDialect._react),
        PlainCommand("/unreact NAME EMOJI", "take that back", 2, PlainDialect._unreact),
        PlainCommand("/topic [TEXT]", "show or set the room's topic", 0, PlainDialect._topic),
        PlainCommand("/invite [#ROOM] NAME", "ask somebody into a room", 1, _in_room(moderation.invite)),
        PlainCommand(
            "/kick [#ROOM] NAME [TIME] [WHY]",
            f"throw somebody out; for {moderation.TIME_EXAMPLES}",
            1,
            _in_room(moderation.kick),
        ),
        PlainCommand(
            "/ban [#ROOM] NAME [TIME] [WHY]", "throw somebody out and keep them out", 1, _in_room(moderation.ban)
        ),
        PlainCommand("/unban [#ROOM] NAME", "let them in again", 1, _in_room(moderation.unban)),
        PlainCommand(
            "/mute [#ROOM] NAME [TIME] [WHY]", "let somebody read, but not speak", 1, _in_room(moderation.mute)
        ),
        PlainCommand("/unmute [#ROOM] NAME", "let them speak again", 1, _in_room(moderation.unmute)),
        PlainCommand("/bans [#ROOM]", "list who is banned or muted", 0, _in_room(moderation.bans)),
        PlainCommand("/op [#ROOM] NAME", "make somebody an operator", 1, _in_room(moderation.set_rank(OPERATOR, True))),
        PlainCommand("/deop [#ROOM] NAME", "take that back", 1, _in_room(moderation.set_rank(OPERATOR, False))),
        PlainCommand(
            "/voice [#ROOM] NAME",
            "let somebody speak in a quiet or slow room",
            1,
            _in_room(moderation.set_rank(VOICE, True)),
        ),
        PlainCommand("/devoice [#ROOM] NAME", "take that back", 1, _in_room(moderation.set_rank(VOICE, False))),
        PlainCommand(
            "/slow [#ROOM] SECONDS|off",
            "let each member send one message every so many seconds",
            1,
            _in_room(moderation.slow),
        ),
        PlainCommand("/key [#ROOM] KEY|off", "let in only those who know a key", 1, _in_room(moderation.key)),
        PlainCommand(
            "/mode [#ROOM] [MODES]", "show or set modes: /mode +m makes the room quiet", 0, _in_room(moderation.mode)
        ),
        PlainCommand("/oper PASSWORD", "become an operator of the server", 1, PlainDialect._oper),
        PlainCommand("/away [TEXT]", "be away, or back without a text", 0, _one(SetAway)),
        PlainCommand("/back", "be back", 0, _one(lambda rest: SetAway(""))),
        PlainCommand(
            "/history [COUNT]",
            f"what was said here, at most {HISTORY_EVENTS_PER_ANSWER} messages",
            0,
            PlainDialect._history,
        ),
        PlainCommand("/search WORDS", "look for what was said here and in your own messages", 1, PlainDialect._search),
        PlainCommand("/ignore [NAME]", "hear nothing more from somebody, or list whom", 0, PlainDialect._ignore),
        PlainCommand("/unignore NAME", "hear them again", 1, _one(lambda rest: Ignore(rest, on=False))),
        PlainCommand("/set SETTING on|off", "change a setting: replay, strangers", 2, PlainDialect._set),
        PlainCommand("/servers", "list the servers that are this chat", 0, _one(lambda rest: AskServers())),
        PlainCommand("/register PASSWORD", "claim your name: nobody else can use it then", 1, _one(MakeAccount)),
        PlainCommand("/login [NAME] PASSWORD", "prove that a claimed name is yours", 1, PlainDialect._login),
        PlainCommand("/logout", "log out", 0, _one(lambda rest: LogOut())),
        PlainCommand("/password OLD NEW", "change your password", 2, PlainDialect._password),
        PlainCommand("/quit [TEXT]", "leave", 0, _one(lambda rest: Quit(rest, own=True))),
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
