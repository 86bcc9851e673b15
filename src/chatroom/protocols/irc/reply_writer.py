"""Addresses numerics and standard replies to one IRC client, in lines that are never too long."""

from collections.abc import Iterable, Iterator, Set
from functools import lru_cache
from typing import NamedTuple

from chatroom.common.irc_message import LINE_BYTES
from chatroom.common.names import NICK_BYTES
from chatroom.common.text import clean_irc
from chatroom.model.modes import RANKS
from chatroom.model.server_info import ServerInfo
from chatroom.protocols.base import Viewer
from chatroom.protocols.irc import numerics
from chatroom.protocols.irc.event_lines import irc_format, parts
from chatroom.protocols.irc.numerics import Numeric

# Stands for the nickname in what everybody is told alike, which is made once. It is as long as a nickname may be.
_ANYBODY = "\0" * NICK_BYTES
_SETTINGS_REMEMBERED = 4  # those of now, and of clients that came in before they were read again


class Whox(NamedTuple):
    """What WHOX was asked for."""

    fields: frozenset[str]
    token: str


class ReplyWriter:
    """Writes lines for one client, by the name it has at that moment and the capabilities it has negotiated."""

    def __init__(self, viewer: Viewer, server: ServerInfo, capabilities: Set[str]) -> None:
        self.server = server
        self.capabilities = capabilities
        self.format = irc_format(frozenset())
        self.whox: Whox | None = None  # what the answer to WHO looks like: it is asked for and answered at once
        self._viewer = viewer

    def line(self, numeric: Numeric, *about: object) -> str:
        """A numeric with its parameters, addressed to the client."""
        return numeric.line(self.server.name, self._viewer.nick, *about)

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
            return f":{self.server.name} {' '.join([kind, command, code, *rest])} :{text}\r\n"
        return f":{self.server.name} NOTICE {self.nick} :{context}{': ' if context else ''}{text}\r\n"

    def greeting(self) -> str:
        return _greeting(self.server).replace(_ANYBODY, self.nick)

    def isupport(self) -> str:
        return _isupport(self.server).replace(_ANYBODY, self.nick)

    def prefixes(self, ranks: str) -> str:
        """The ranks' signs before a nickname: all of them with multi-prefix, else the highest."""
        return "".join(RANKS[r] for r in (ranks if "multi-prefix" in self.capabilities else ranks[:1]))

    def motd(self) -> str:
        return _motd(self.server).replace(_ANYBODY, self.nick)

    def wrapped(self, head: str, text: str) -> Iterator[str]:
        """A text after `head`, in as many lines as it takes."""
        return _wrapped(head, text)

    def filled(self, numeric: Numeric, *about: object, words: Iterable[str], glue: str = " ") -> Iterator[str]:
        """As many lines as it takes to list the words, each as full as a line may be."""
        space = LINE_BYTES - len(self.line(numeric, *about, "").encode())
        rest = glue.join(words).encode()
        while rest and len(rest) > space:
            end = rest.rindex(glue.encode(), 0, space + 1)  # no word is longer than a line
            yield self.line(numeric, *about, rest[:end].decode())
            rest = rest[end + 1 :]
        if rest:
            yield self.line(numeric, *about, rest.decode())


@lru_cache(maxsize=_SETTINGS_REMEMBERED)
def _greeting(server: ServerInfo) -> str:
    """What a newcomer is told first."""
    lines = (
        numerics.RPL_WELCOME.line(server.name, _ANYBODY, server.network, _ANYBODY),
        numerics.RPL_YOURHOST.line(server.name, _ANYBODY, server.name, server.version),
        numerics.RPL_CREATED.line(server.name, _ANYBODY, server.created),
        numerics.RPL_MYINFO.line(server.name, _ANYBODY, server.name, server.version, *numerics.MYINFO_MODES),
    )
    return "".join(lines) + _isupport(server)


@lru_cache(maxsize=_SETTINGS_REMEMBERED)
def _isupport(server: ServerInfo) -> str:
    playback = numerics.ISUPPORT_OF_HISTORY if server.history else ()
    tokens = [*numerics.ISUPPORT, *playback, f"NETWORK={server.network}"]
    # With nickname and text a line has 15 parameters at most: RFC 2812 §2.3.
    lines = [" ".join(tokens[i : i + 12]) for i in range(0, len(tokens), 12)]
    return "".join([numerics.RPL_ISUPPORT.line(server.name, _ANYBODY, line) for line in lines])


@lru_cache(maxsize=_SETTINGS_REMEMBERED)
def _motd(server: ServerInfo) -> str:
    """The message of the day, or that there is none."""
    if not server.motd:
        return numerics.ERR_NOMOTD.line(server.name, _ANYBODY)
    head = numerics.RPL_MOTD.line(server.name, _ANYBODY, "").removesuffix("\r\n")
    lines = [line for text in server.motd for line in _wrapped(head, clean_irc(text))]
    begin = numerics.RPL_MOTDSTART.line(server.name, _ANYBODY, server.name)
    return "".join([begin, *lines, numerics.RPL_ENDOFMOTD.line(server.name, _ANYBODY)])


def _wrapped(head: str, text: str) -> Iterator[str]:
    return (f"{head}{part}\r\n" for part in parts(text, len(head.encode())))
