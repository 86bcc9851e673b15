"""The protocol of a person with netcat: a line is a message, a line that begins with a slash is a command.

What people read is in `sentences`. Lines of the server begin with "* ", which no name can, and so no message; "** " is
somebody's /me.
"""

from collections.abc import Callable, Hashable, Iterator
from functools import cache
from typing import NamedTuple

from chatroom.common.durations import moment
from chatroom.common.errors import ChatError, Code
from chatroom.common.language import ENGLISH, Language, mark
from chatroom.common.names import LOBBY, fold
from chatroom.common.text import clean, number
from chatroom.model.commands import (
    AskDevices,
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
    SetTopic,
)
from chatroom.model.events import Event, Invited, Reacted, Said
from chatroom.model.limits import HISTORY_EVENTS_PER_ANSWER, RECENT_MESSAGES, WRONG_PASSWORDS_PER_CONNECTION
from chatroom.model.modes import OPERATOR, VOICE
from chatroom.model.outcomes import Command
from chatroom.model.preferences import AskSettings, SetLanguage, SetReplay, SetStay, SetStrangers
from chatroom.model.replies import Admitted, Found, HistoryIs, PersonalNotice, Raw, Recent, Refused, Reply, WaitingAre
from chatroom.model.social_commands import AskIgnored, AskMentions, Ignore, React
from chatroom.model.values import MessageKind
from chatroom.protocols import moderation_commands as moderation
from chatroom.protocols.base import Lines, Viewer, is_from_browser
from chatroom.protocols.limits import PLAIN_LINE_BYTES
from chatroom.protocols.password_slips import refuse_programs, refuse_slips
from chatroom.protocols.reaction_texts import require_reaction
from chatroom.protocols.reply_sentences import describe_reply
from chatroom.protocols.sentences import describe_event
from chatroom.protocols.social_sentences import PRIVATE, reactions_sentence

_WILDCARDS = frozenset("*?")  # of a mask that may be like many people
SEARCH_RESULTS_SHOWN = 20  # messages that /search shows: a screenful

PROMPT = mark("Username")
PASSWORD_PROMPT = mark("Password")
KIND = "netcat"  # of client, as its user would call it


class PlainFormat:
    """Events as sentences. All plain clients with one language read the same bytes, and share a `plain_format`."""

    own_moves = False
    one_room = True
    follows_renames = True
    as_sentences = True

    def __init__(self, language: Language) -> None:
        self._language = language

    def render(self, event: Event) -> bytes:
        return "".join([f"{line}\n" for line in event_lines(event, self._language)]).encode()

    def render_all(self, events: list[Event]) -> bytes:
        return b"".join(map(self.render, events))

    def variant(self, kind: type[Event]) -> Hashable:
        return self

    def spoken(self, language: Language) -> "PlainFormat":
        return plain_format(language)


@cache
def plain_format(language: Language) -> PlainFormat:
    return PlainFormat(language)


PLAIN = plain_format(ENGLISH)
_ACTION = MessageKind.ACTION  # a look-up in an Enum takes as long as the rest of a message


def event_lines(event: Event, language: Language = ENGLISH) -> list[str]:
    """The lines for an event: a message as it is, /me with two stars, anything else with one."""
    lines = describe_event(event, language)
    if type(event) is not Said:
        return [f"* {line}" for line in lines]
    return [f"** {line}" for line in lines] if event.kind is _ACTION else lines


def _reply_lines(reply: Reply, language: Language) -> list[str]:
    """The lines for a reply: its sentences, and the messages that it shows."""
    if isinstance(reply, PersonalNotice) and not isinstance(reply.event, Invited):
        return _own_words(reply.event, language)
    return [*(f"* {sentence}" for sentence in describe_reply(reply, "/", language)), *_messages(reply, language)]


def _own_words(event: Event, language: Language) -> list[str]:
    """The lines for what one is told alone: what one has said from another device to one person says to whom."""
    lines = event_lines(event, language)
    if isinstance(event, Said) and "#" not in event.target[:2]:
        to_whom = language.tr("[to {nick}]", nick=event.target)
        lines = [line.replace(language.tr(PRIVATE), to_whom, 1) for line in lines]
    return lines


def _messages(reply: Reply, language: Language) -> Iterator[str]:
    """The messages that a reply shows, each with its time; those that were looked for with their target, too."""
    if not isinstance(reply, Recent | HistoryIs | Found | WaitingAre):
        return
    reactions: dict[int, list[Reacted]] = {}
    for reaction in () if isinstance(reply, Found | WaitingAre) else reply.reactions:
        reactions.setdefault(reaction.quote.id, []).append(reaction)
    for event in reply.events if isinstance(reply, HistoryIs) else reply.said:
        if isinstance(event, Said) and (lines := event_lines(event, language)):
            target = _target(event, language) if isinstance(reply, Found) else ""
            yield f"[{moment(event.time)}] {target}" + "\n".join(lines)
            if event.id in reactions:
                yield f"* {reactions_sentence(reactions[event.id], language)}"


def _target(event: Said, language: Language) -> str:
    if event.target.startswith("#"):
        return f"{event.target} "
    return language.tr("to {nick}", nick=event.target) + " "


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

    pings = False

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._lines = Lines(PLAIN_LINE_BYTES)
        self._claimed = ""  # the name whose password is asked for
        self._tries = 0  # passwords that were given for it

    @property
    def format(self) -> PlainFormat:
        return plain_format(self._language)

    @property
    def _language(self) -> Language:
        return self._viewer.language

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
        lines = [self._language.tr(PROMPT)] if isinstance(reply, Admitted) else _reply_lines(reply, self._language)
        if isinstance(reply, Refused) and not self._viewer.nick and reply.error.code is not Code.BANNED_HERE:
            lines = self._ask_again(reply.error, lines)
        return "".join([f"{line}\n" for line in lines]).encode()

    def prepared(self, reply: Reply) -> Reply:
        return Raw(self.answer(reply))

    def prompt(self) -> bytes:
        """What a client without a name is asked."""
        return f"{self._question()}\n".encode()

    def _question(self) -> str:
        return self._language.tr(PASSWORD_PROMPT if self._claimed or not self._viewer.admitted else PROMPT)

    def _ask_again(self, error: ChatError, lines: list[str]) -> list[str]:
        """What a client without a name is told when it is refused."""
        if error.code is Code.NICK_CLAIMED:
            self._claimed, self._tries = clean(error.about[0]), 0
            sentence = mark("{nick} is claimed; give its password, or an empty line to choose another name.")
            lines = [f"* {self._language.tr(sentence, nick=self._claimed)}"]
        elif self._tries >= WRONG_PASSWORDS_PER_CONNECTION:
            self._claimed = ""
        elif self._claimed and error.code is Code.LOGIN_FAILED:
            sentence = mark(
                "that is not the password of {nick}; try again, or send an empty line to choose another name."
            )
            lines = [f"* {self._language.tr(sentence, nick=self._claimed)}"]
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
            yield Register(text.strip(), "plain", text.strip(), LOBBY, KIND)
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
            yield Register(name, "plain", name, LOBBY, KIND)

    def _here(self) -> str:
        return self._viewer.room or LOBBY

    # ---- commands ---------------------------------------------------------------------------------------------------

    def _help(self, rest: str) -> Iterator[Command]:
        tr = self._language.tr
        rows = [(tr(command.usage), tr(command.does, **_PLACES)) for command in COMMANDS.values()]
        width = max(len(usage) for usage, _ in rows)
        lines = [f"* {usage:<{width}}  {does}\n" for usage, does in rows]
        more = tr("Anything else is sent to the room; //x sends /x.")
        yield Raw("".join([*lines, f"* {more}\n"]).encode())

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
            raise ChatError(Code.COUNT_BAD, rest)
        yield AskHistory(self._here(), count or RECENT_MESSAGES)

    def _ignore(self, rest: str) -> Iterator[Command]:
        yield Ignore(rest) if rest else AskIgnored()

    def _mentions(self, rest: str) -> Iterator[Command]:
        yield AskMentions(SEARCH_RESULTS_SHOWN)

    def _set(self, rest: str) -> Iterator[Command]:
        if not rest:
            yield AskSettings()
            return
        name, _, value = " ".join(rest.lower().split()).partition(" ")
        setting, on = _SETTINGS.get(name), {"on": True, "off": False}.get(value)
        if setting is None:
            raise ChatError(Code.NO_SUCH_SETTING, name)
        if on is None:
            raise ChatError(Code.TOO_FEW_PARAMETERS, "/set", COMMANDS["/set"].usage)
        yield setting(on)

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


_SETTINGS: dict[str, Callable[[bool], Command]] = {"replay": SetReplay, "strangers": SetStrangers, "stay": SetStay}
_PLACES = {
    "lobby": LOBBY,
    "time_examples": moderation.TIME_EXAMPLES,
    "most": HISTORY_EVENTS_PER_ANSWER,
}  # of what they do
COMMANDS: dict[str, PlainCommand] = {
    command.usage.split()[0]: command
    for command in (
        PlainCommand("/help", mark("this list"), 0, PlainDialect._help),
        PlainCommand(mark("/nick NAME"), mark("change your name"), 1, _one(Rename)),
        PlainCommand(
            mark("/join #ROOM [KEY]"), mark("go to another room; it is made if there is none"), 1, PlainDialect._join
        ),
        PlainCommand("/leave", mark("go back to {lobby}"), 0, PlainDialect._leave),
        PlainCommand("/rooms", mark("list the rooms"), 0, _one(lambda rest: AskRooms())),
        PlainCommand(
            mark("/who [#ROOM | NAME | *]"),
            mark("list who is here, in a room, or everywhere; or tell about one person"),
            0,
            PlainDialect._who,
        ),
        PlainCommand(mark("/whois NAME"), mark("tell about one person, as /who NAME does"), 1, _one(AskWhois)),
        PlainCommand(mark("/msg NAME TEXT"), mark("say something to one person alone"), 2, PlainDialect._msg),
        PlainCommand(mark("/me TEXT"), mark("say what you do: /me waves"), 1, PlainDialect._me),
        PlainCommand(
            mark("/reply NAME TEXT"), mark("answer the last message of somebody here"), 2, PlainDialect._reply
        ),
        PlainCommand(
            mark("/react NAME EMOJI"),
            mark("react to somebody's last message: /react bob 👍"),
            2,
            PlainDialect._react,
        ),
        PlainCommand(mark("/unreact NAME EMOJI"), mark("take that back"), 2, PlainDialect._unreact),
        PlainCommand(mark("/topic [TEXT]"), mark("show or set the room's topic"), 0, PlainDialect._topic),
        PlainCommand(
            mark("/rename [#ROOM] NEW [WHY]"), mark("give a room another name"), 1, _in_room(moderation.rename)
        ),
        PlainCommand(mark("/invite [#ROOM] NAME"), mark("ask somebody into a room"), 1, _in_room(moderation.invite)),
        PlainCommand(
            mark("/kick [#ROOM] NAME [TIME] [WHY]"),
            mark("throw somebody out; for {time_examples}"),
            1,
            _in_room(moderation.kick),
        ),
        PlainCommand(
            mark("/ban [#ROOM] NAME [TIME] [WHY]"),
            mark("throw somebody out and keep them out"),
            1,
            _in_room(moderation.ban),
        ),
        PlainCommand(mark("/unban [#ROOM] NAME"), mark("let them in again"), 1, _in_room(moderation.unban)),
        PlainCommand(
            mark("/mute [#ROOM] NAME [TIME] [WHY]"),
            mark("let somebody read, but not speak"),
            1,
            _in_room(moderation.mute),
        ),
        PlainCommand(mark("/unmute [#ROOM] NAME"), mark("let them speak again"), 1, _in_room(moderation.unmute)),
        PlainCommand(mark("/bans [#ROOM]"), mark("list who is banned or muted"), 0, _in_room(moderation.bans)),
        PlainCommand(
            mark("/op [#ROOM] NAME"),
            mark("make somebody an operator"),
            1,
            _in_room(moderation.set_rank(OPERATOR, True)),
        ),
        PlainCommand(
            mark("/deop [#ROOM] NAME"), mark("take that back"), 1, _in_room(moderation.set_rank(OPERATOR, False))
        ),
        PlainCommand(
            mark("/voice [#ROOM] NAME"),
            mark("let somebody speak in a quiet or slow room"),
            1,
            _in_room(moderation.set_rank(VOICE, True)),
        ),
        PlainCommand(
            mark("/devoice [#ROOM] NAME"), mark("take that back"), 1, _in_room(moderation.set_rank(VOICE, False))
        ),
        PlainCommand(
            mark("/slow [#ROOM] SECONDS|off"),
            mark("let each member send one message every so many seconds"),
            1,
            _in_room(moderation.slow),
        ),
        PlainCommand(
            mark("/key [#ROOM] KEY|off"), mark("let in only those who know a key"), 1, _in_room(moderation.key)
        ),
        PlainCommand(
            mark("/mode [#ROOM] [MODES]"),
            mark("show or set modes: /mode +m makes the room quiet"),
            0,
            _in_room(moderation.mode),
        ),
        PlainCommand(mark("/oper PASSWORD"), mark("become an operator of the server"), 1, PlainDialect._oper),
        PlainCommand(mark("/away [TEXT]"), mark("be away, or back without a text"), 0, _one(SetAway)),
        PlainCommand("/back", mark("be back"), 0, _one(lambda rest: SetAway(""))),
        PlainCommand(
            mark("/history [COUNT]"),
            mark("what was said here, at most {most} messages"),
            0,
            PlainDialect._history,
        ),
        PlainCommand(
            mark("/search WORDS"), mark("look for what was said here and in your own messages"), 1, PlainDialect._search
        ),
        PlainCommand("/mentions", mark("show where your claimed name was said, the latest"), 0, PlainDialect._mentions),
        PlainCommand(
            mark("/ignore [NAME]"), mark("hear nothing more from somebody, or list whom"), 0, PlainDialect._ignore
        ),
        PlainCommand(mark("/unignore NAME"), mark("hear them again"), 1, _one(lambda rest: Ignore(rest, on=False))),
        PlainCommand(
            "/set [replay|strangers|stay on|off]",
            mark("your settings: see what you missed, hear strangers, stay when you go"),
            0,
            PlainDialect._set,
        ),
        PlainCommand(
            mark("/lang [LANGUAGE]"),
            mark("show or choose the language that you read: /lang pl"),
            0,
            _one(lambda rest: SetLanguage(tuple(rest.split()[:1]))),
        ),
        PlainCommand("/servers", mark("list the servers that are this chat"), 0, _one(lambda rest: AskServers())),
        PlainCommand(
            mark("/register PASSWORD"), mark("claim your name: nobody else can use it then"), 1, _one(MakeAccount)
        ),
        PlainCommand(
            mark("/login [NAME] PASSWORD"), mark("prove that a claimed name is yours"), 1, PlainDialect._login
        ),
        PlainCommand("/devices", mark("list the devices by which you are here"), 0, _one(lambda rest: AskDevices())),
        PlainCommand(
            mark("/logout [DEVICE]"),
            mark("log out, or end the connection of one of your devices"),
            0,
            _one(LogOut),
        ),
        PlainCommand(mark("/password OLD NEW"), mark("change your password"), 2, PlainDialect._password),
        PlainCommand(mark("/quit [TEXT]"), mark("leave"), 0, _one(lambda rest: Quit(rest, own=True))),
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
