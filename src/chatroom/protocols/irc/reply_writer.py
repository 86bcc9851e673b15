"""Addresses numerics and standard replies to one IRC client, in lines that are never too long."""

from collections.abc import Iterable, Iterator, Set
from functools import lru_cache
from typing import NamedTuple

from chatroom.common.irc_message import LINE_BYTES
from chatroom.common.language import Language
from chatroom.common.names import NICK_BYTES
from chatroom.common.text import clean_irc, shortened
from chatroom.model.modes import RANKS
from chatroom.model.replies import CountsAre
from chatroom.model.server_info import ServerInfo
from chatroom.protocols.base import Viewer
from chatroom.protocols.irc import numerics
from chatroom.protocols.irc.event_lines import IrcFormat, irc_format, parts
from chatroom.protocols.irc.numerics import Numeric

# Stands for the nickname in what everybody is told alike, which is made once. It is as long as a nickname may be.
_ANYBODY = "\0" * NICK_BYTES
ISUPPORT_EQUALS = r"\x3D"  # in the value of a token: modern.ircdocs.horse/#rplisupport-005
_WORDS = "\0"  # stands for the words that lines are filled with
_SETTINGS_REMEMBERED = 8  # those of now, and of clients that came in before they were read again; in each language


class Whox(NamedTuple):
    """What WHOX was asked for."""

    fields: frozenset[str]
    token: str


def signs(ranks: str) -> str:
    """What stands before a nickname for these ranks."""
    return "".join([RANKS[rank] for rank in ranks])


class ReplyWriter:
    """Writes lines for one client, by the name it has at that moment and the capabilities it has negotiated."""

    def __init__(self, viewer: Viewer, server: ServerInfo, capabilities: Set[str]) -> None:
        self.server = server
        self.capabilities = capabilities
        self.rendered: frozenset[str] = frozenset()  # the capabilities that change what is rendered
        self.whox: Whox | None = None  # what the answer to WHO looks like: it is asked for and answered at once
        self._viewer = viewer

    @property
    def format(self) -> IrcFormat:
        return irc_format(self.rendered, self._viewer.language)

    @property
    def language(self) -> Language:
        return self._viewer.language

    def line(self, numeric: Numeric, /, *about: object, **places: object) -> str:
        """A numeric with its parameters and what its text names, addressed to the client."""
        viewer = self._viewer
        return numeric.line(self.server.name, viewer.nick, viewer.language, about, places)

    def tr(self, sentence: str, /, **places: object) -> str:
        """A sentence in the client's language."""
        return self._viewer.language.tr(sentence, **places)

    @property
    def nick(self) -> str:
        return self._viewer.nick or "*"

    @property
    def mask(self) -> str:
        return self._viewer.mask or "*!*@*"

    def standard(self, kind: str, command: str, code: str, *about: str) -> str:
        """A standard reply, whose last word is a text; for clients that know none, and would drop it, a notice."""
        *rest, text = about
        context = " ".join(rest)
        if "standard-replies" in self.capabilities or command in numerics.KNOWN_TO_FAIL:
            line = f":{self.server.name} {' '.join([kind, command, code, *rest])} :{text}"
        else:
            line = f":{self.server.name} NOTICE {self.nick} :{context}{': ' if context else ''}{text}"
        return f"{shortened(line, LINE_BYTES - 2)}\r\n"

    def greeting(self) -> str:
        return _greeting(self.server, self.language).replace(_ANYBODY, self.nick) + self.isupport()

    def isupport(self) -> str:
        """What the server supports; in a batch where the client wants that: IRCv3 draft/extended-isupport."""
        lines = _isupport(self.server, self.language).replace(_ANYBODY, self.nick)
        if not self.capabilities >= {"batch", "draft/extended-isupport"}:
            return lines
        return "".join(self.batched("i", "draft/isupport", lines.splitlines(keepends=True)))

    def counts(self, counts: CountsAre) -> str:
        """How many there are of people, rooms and so on."""
        lines = _counts(self.server, self.language).format(
            visible=counts.people - counts.invisible,
            invisible=counts.invisible,
            operators=counts.operators,
            unknown=counts.unknown,
            rooms=counts.rooms,
            here=counts.here,
            people=counts.people,
            most=counts.most,
        )
        return lines.replace(_ANYBODY, self.nick)

    def prefixes(self, ranks: str) -> str:
        """The ranks' signs before a nickname: all of them with multi-prefix, else the highest."""
        return signs(ranks if "multi-prefix" in self.capabilities else ranks[:1])

    def motd(self) -> str:
        return _motd(self.server, self.language).replace(_ANYBODY, self.nick)

    def wrapped(self, head: str, text: str) -> Iterator[str]:
        """A text after `head`, in as many lines as it takes."""
        return _wrapped(head, text)

    def batched(self, name: str, batch: str, lines: Iterable[str]) -> Iterator[str]:
        """Lines in a batch of that type, with its parameters; as they are for a client that knows no batches.

        Batches of a client never overlap, so each kind has one name.
        """
        if "batch" not in self.capabilities:
            yield from lines
            return
        yield f":{self.server.name} BATCH +{name} {batch}\r\n"
        for line in lines:
            if line.startswith("@batch="):  # a message of many lines is a batch inside this one
                yield line
            else:
                yield f"@batch={name};{line[1:]}" if line.startswith("@") else f"@batch={name} {line}"
        yield f":{self.server.name} BATCH -{name}\r\n"

    def filled(
        self, numeric: Numeric, /, *about: object, words: Iterable[str], glue: str = " ", **places: object
    ) -> Iterator[str]:
        """As many lines as it takes to list the words, each as full as a line may be."""
        head, _, tail = self.line(numeric, *about, _WORDS, **places).partition(_WORDS)
        space = LINE_BYTES - len(head.encode()) - len(tail.encode())
        rest = glue.join(words).encode()
        while rest and len(rest) > space:
            end = rest.rindex(glue.encode(), 0, space + 1)  # no word is longer than a line
            yield f"{head}{rest[:end].decode()}{tail}"
            rest = rest[end + 1 :]
        if rest:
            yield f"{head}{rest.decode()}{tail}"


# ---- what everybody is told alike, but for the nickname -------------------------------------------------------------


def _line(server: ServerInfo, language: Language, numeric: Numeric, /, *about: object, **places: object) -> str:
    return numeric.line(server.name, _ANYBODY, language, about, places)


@lru_cache(maxsize=_SETTINGS_REMEMBERED)
def _greeting(server: ServerInfo, language: Language) -> str:
    """What a newcomer is told first."""
    modes = numerics.MYINFO_MODES
    lines = (
        _line(server, language, numerics.RPL_WELCOME, network=server.network, nick=_ANYBODY),
        _line(server, language, numerics.RPL_YOURHOST, server=server.name, version=server.version),
        _line(server, language, numerics.RPL_CREATED, time=server.created),
        _line(server, language, numerics.RPL_MYINFO, server.name, server.version, *modes),
    )
    return "".join(lines)


@lru_cache(maxsize=_SETTINGS_REMEMBERED)
def _isupport(server: ServerInfo, language: Language) -> str:
    playback = numerics.ISUPPORT_OF_HISTORY if server.history else ()
    tokens = [*numerics.ISUPPORT, *playback, f"NETWORK={server.network}"]
    # With nickname and text a line has 15 parameters at most: RFC 2812 §2.3.
    lines = [" ".join(tokens[i : i + 12]) for i in range(0, len(tokens), 12)]
    if server.icon:  # IRCv3 network-icon; in a line of its own, as it may be long
        lines.append(f"draft/ICON={server.icon.replace('=', ISUPPORT_EQUALS)}")
    return "".join([_line(server, language, numerics.RPL_ISUPPORT, line) for line in lines])


@lru_cache(maxsize=_SETTINGS_REMEMBERED)
def _counts(server: ServerInfo, language: Language) -> str:
    """How many there are, with places for the numbers."""
    lines = (
        _line(server, language, numerics.RPL_LUSERCLIENT, users="{visible}", invisible="{invisible}"),
        _line(server, language, numerics.RPL_LUSEROP, "{operators}"),
        _line(server, language, numerics.RPL_LUSERUNKNOWN, "{unknown}"),
        _line(server, language, numerics.RPL_LUSERCHANNELS, "{rooms}"),
        _line(server, language, numerics.RPL_LUSERME, count="{here}"),
        _line(server, language, numerics.RPL_LOCALUSERS, count="{here}", most="{most}"),
        _line(server, language, numerics.RPL_GLOBALUSERS, count="{people}", most="{most}"),
    )
    return "".join(lines)


@lru_cache(maxsize=_SETTINGS_REMEMBERED)
def _motd(server: ServerInfo, language: Language) -> str:
    """The message of the day, or that there is none."""
    if not server.motd:
        return _line(server, language, numerics.ERR_NOMOTD)
    head = _line(server, language, numerics.RPL_MOTD, "").removesuffix("\r\n")
    lines = [line for text in server.motd for line in _wrapped(head, clean_irc(text))]
    begin = _line(server, language, numerics.RPL_MOTDSTART, server=server.name)
    return "".join([begin, *lines, _line(server, language, numerics.RPL_ENDOFMOTD)])


def _wrapped(head: str, text: str) -> Iterator[str]:
    return (f"{head}{part}\r\n" for part in parts(text, len(head.encode())))
