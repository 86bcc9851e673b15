"""The console of `chatroom serve`: commands typed where the server runs, with an operator's rights.

`Console` reads standard input in a thread of its own. The end of the input does not end the server: a service manager
gives no input at all. On a terminal, lines can be edited and recalled with the arrow keys, if Python has `readline`.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from chatroom.common.addresses import is_this_machine
from chatroom.common.errors import ChatError, Code
from chatroom.common.language import mark, own, tr
from chatroom.common.names import LOBBY, is_room
from chatroom.common.qr import for_terminal
from chatroom.common.streams import decoded, readable, refusal
from chatroom.common.text import clean
from chatroom.core.queries import servers
from chatroom.model.commands import AskServerBans, BanFromServer, DropAccount, Kill, SetOperator, UnbanFromServer
from chatroom.model.modes import OPERATOR
from chatroom.model.outcomes import Command
from chatroom.model.replies import Refused
from chatroom.protocols import moderation_commands as moderation
from chatroom.protocols.reply_sentences import describe_reply
from chatroom.server.chat_server import ChatServer
from chatroom.server.invitations import link

log = logging.getLogger(__name__)

_TERMINAL_CHECK_SECONDS = 0.5  # between two checks whether the process is in the terminal's foreground
_HERE = "#"  # in place of a room: the command is for the whole server


class Row(NamedTuple):
    """A command: its usage, its help, and the function that carries it out."""

    usage: str
    does: str
    act: Callable[["Console", str], None]


class Console(threading.Thread):
    """Shows `greeting`, and carries out commands; `write` shows a line of text, `end` ends the server.

    The greeting is written by this thread, as a write to a stopped terminal may wait for ever.
    """

    def __init__(
        self, server: ChatServer, write: Callable[[str], None], end: Callable[[], None], greeting: str
    ) -> None:
        super().__init__(name="console", daemon=True)
        self._server = server
        self._write = write
        self._end = end
        self._greeting = greeting
        self._ended = False
        self._is_terminal = os.isatty(0) and os.isatty(1)
        self._terminal = _terminal_mode() if self._is_terminal else None

    def run(self) -> None:
        self._write(self._greeting)
        told = False
        while True:
            for line in _typed() if self._is_terminal else _lines():
                self.take(line.strip())
                if self._ended:  # reading another line would change the terminal's mode again
                    return
            if not os.isatty(0):  # or it was a terminal, and is gone
                return
            if not told:  # Ctrl+D
                self._write(tr("q and Enter ends the server"))
            told = True
            time.sleep(_TERMINAL_CHECK_SECONDS)  # so that no state of a terminal makes this a busy loop

    def close(self) -> None:
        """Restores the terminal's mode: the thread may be editing a line."""
        if self._terminal and _is_in_foreground():
            import termios

            try:
                termios.tcsetattr(0, termios.TCSANOW, self._terminal)  # TCSADRAIN would wait for a stopped terminal
            except termios.error:  # not an `OSError`
                pass  # the terminal is gone

    def take(self, line: str) -> None:
        """Carries out one line. A bug in a command is logged, and doesn't end the console."""
        if not readable(line):
            self._write(refusal())
            return
        try:
            self.obey(line)
        except Exception:
            log.exception("a command of the console went wrong")
            self._write(tr("that went wrong; the log says more"))

    def obey(self, line: str) -> None:
        """Carries out one line; a slash in front of the command is ignored."""
        word, _, rest = line.removeprefix("/").partition(" ")
        if not word:
            return
        row = COMMANDS.get(word)
        if row is None:
            self._write(tr("unknown command {command}; help lists them", command=word))
            return
        try:
            row.act(self, clean(rest.strip()))
        except ChatError:
            self._write(tr("{command} needs more: {usage}", command=word, usage=tr(row.usage)))

    # ---- information, announcements, the end ------------------------------------------------------------------------

    def _quit(self, rest: str) -> None:
        if rest:
            self._write(tr("q ends the server; it takes nothing more"))
            return
        self._ended = True
        self._end()

    def _help(self, rest: str) -> None:
        rows = [(tr(row.usage), tr(row.does, **_PLACES)) for row in COMMANDS.values()]
        width = max(len(usage) for usage, _ in rows)
        self._write("\n".join([f"{usage:<{width}}  {does}" for usage, does in rows]))

    def _who(self, rest: str) -> None:
        people = self._server.event_log.look_at(
            self._server.hub.state.users.values,
            lambda user: "  ".join(
                (user.person.nick, user.person.address or user.person.host, " ".join(user.room_names()))
            ),
        )
        self._write("\n".join(people) or tr("nobody is here"))

    def _rooms(self, rest: str) -> None:
        rooms = self._server.event_log.look_at(
            self._server.hub.state.rooms.values, lambda room: f"{room.name}  {len(room.members)}"
        )
        self._write("\n".join(rooms) or tr("there are no rooms"))

    def _servers(self, rest: str) -> None:
        with self._server.event_log.lock:
            known = servers(self._server.hub.state)
        lines = [
            tr("{server}  {count} here  {lag} ms behind", server=name, count=people, lag=lag)
            for name, people, lag in known
            if name
        ]
        self._write("\n".join(lines) or tr("this is the only server"))

    def _invite(self, rest: str) -> None:
        if rest and not is_room(rest):
            self._write(tr("{room} is no room; invite #lobby, for example", room=rest))
            return
        server = self._server
        host, port = str(server.server_address[0]), server.port
        address = link(host, port, rest, page=server.site is not None, tls=server.tls is not None)
        shown = [address, for_terminal(address)]
        if is_this_machine(host):
            shown.append(tr("Only this machine can join; --host 0.0.0.0 lets the network in."))
        self._write("\n".join(filter(None, shown)))

    def _say(self, rest: str) -> None:
        if rest:
            self._server.announce(rest)
        else:
            self._write(tr("say needs a text: say TEXT"))

    def _motd(self, rest: str) -> None:
        if rest:
            self._server.info = replace(self._server.info, motd=(rest,))
        self._write("\n".join(self._server.info.motd) or tr("there is no message of the day"))

    # ---- moderation: the same as an operator of the server does -----------------------------------------------------

    def moderate(self, parse: moderation.Parse, here: str, rest: str) -> None:
        """Carries out what `parse` makes of a line, and shows the replies. Raises `ChatError` for a line too short."""
        try:
            commands = list(parse(here, rest))
        except ChatError as error:
            if error.code is Code.TOO_FEW_PARAMETERS:
                raise
            commands = [Refused(error)]
        server, session = self._server, self._server.hub.state.server_session
        with server.event_log.lock:
            session.replies.clear()
        server.event_log.submit(session, commands)
        with server.event_log.lock:
            replies = list(session.replies)
        sentences = [sentence for reply in replies for sentence in describe_reply(reply, language=own())]
        self._write("\n".join(dict.fromkeys(sentences)) or tr("nothing has changed"))


def _kick(here: str, rest: str) -> Iterator[Command]:
    """Out of a room, or off the server."""
    if rest.startswith("#"):
        yield from moderation.kick(here, rest)
        return
    who, length, reason = moderation.whom_time_reason(moderation.split_room(here, rest)[1])
    yield BanFromServer(who, length, reason) if length else Kill(who, reason)


def _ban(here: str, rest: str) -> Iterator[Command]:
    if rest.startswith("#"):
        yield from moderation.ban(here, rest)
    else:
        yield BanFromServer(*moderation.whom_time_reason(moderation.split_room(here, rest)[1]))


def _unban(here: str, rest: str) -> Iterator[Command]:
    if rest.startswith("#"):
        yield from moderation.unban(here, rest)
    else:
        yield UnbanFromServer(moderation.split_room(here, rest)[1])


def _bans(here: str, rest: str) -> Iterator[Command]:
    if rest:
        yield from moderation.bans(here, rest)
    else:
        yield AskServerBans()


def _free(here: str, rest: str) -> Iterator[Command]:
    yield DropAccount(_only_word(rest), "")


def _operator(on: bool) -> moderation.Parse:
    def parse(here: str, rest: str) -> Iterator[Command]:
        yield SetOperator(_only_word(rest), on)

    return parse


def _only_word(rest: str) -> str:
    """The one word of a line; raises `ChatError` if it has none, or more."""
    name, *more = rest.split() or [""]
    if not name or more:
        raise ChatError(Code.TOO_FEW_PARAMETERS)
    return name


def _moderating(parse: moderation.Parse, here: str = _HERE) -> Callable[[Console, str], None]:
    return lambda console, rest: console.moderate(parse, here, rest)


_PLACES = {"lobby": LOBBY, "time_examples": moderation.TIME_EXAMPLES}  # of what they do
COMMANDS: dict[str, Row] = {
    row.usage.split()[0]: row
    for row in (
        Row("q", mark("end the server"), Console._quit),
        Row("who", mark("list who is here"), Console._who),
        Row("rooms", mark("list the rooms"), Console._rooms),
        Row("servers", mark("list the servers that are this chat"), Console._servers),
        Row(
            mark("invite [#ROOM]"),
            mark("show the address for others, and a QR code"),
            Console._invite,
        ),
        Row(mark("say TEXT"), mark("say something to everybody"), Console._say),
        Row(
            mark("kick [#ROOM] NAME [TIME] [WHY]"),
            mark("throw somebody out of a room, or off the server"),
            _moderating(_kick),
        ),
        Row(
            mark("ban [#ROOM] WHOM [TIME] [WHY]"),
            mark("and keep them out; {time_examples}"),
            _moderating(_ban),
        ),
        Row(mark("unban [#ROOM] WHOM"), mark("let them in again"), _moderating(_unban)),
        Row(
            mark("mute [#ROOM] NAME [TIME] [WHY]"),
            mark("in {lobby}, unless you say where"),
            _moderating(moderation.mute, LOBBY),
        ),
        Row(mark("unmute [#ROOM] NAME"), mark("let them speak again"), _moderating(moderation.unmute, LOBBY)),
        Row(
            mark("op [#ROOM] NAME"),
            mark("make somebody an operator"),
            _moderating(moderation.set_rank(OPERATOR, True), LOBBY),
        ),
        Row(
            mark("deop [#ROOM] NAME"), mark("take that back"), _moderating(moderation.set_rank(OPERATOR, False), LOBBY)
        ),
        Row(mark("rename #ROOM #NEW"), mark("give a room another name"), _moderating(moderation.rename, "")),
        Row(mark("operator NAME"), mark("make an account an operator of the server"), _moderating(_operator(True))),
        Row(mark("deoperator NAME"), mark("take that back"), _moderating(_operator(False))),
        Row(mark("bans [#ROOM]"), mark("list who is banned, from the server or a room"), _moderating(_bans)),
        Row(
            mark("free NAME"),
            mark("free a name whose password is forgotten"),
            _moderating(_free),
        ),
        Row(mark("motd [TEXT]"), mark("show or set the message of the day"), Console._motd),
        Row("help", mark("this list"), Console._help),
    )
}


# ---- reading --------------------------------------------------------------------------------------------------------


def _lines() -> Iterator[str]:
    pending = b""
    while data := _read():
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            yield decoded(line)


def _read() -> bytes:
    """Reads from standard input. Not by `sys.stdin`: its lock, held by this thread, would crash the exit."""
    while True:
        _wait_for_foreground()
        try:
            return os.read(0, 4096)
        except OSError:
            if _is_in_foreground():
                return b""  # closed


def _is_in_foreground() -> bool:
    """Whether the process may use the terminal; not after `chatroom serve &`, for example."""
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return True  # it is not the terminal of this process


def _wait_for_foreground() -> None:
    """Waits until the process may use the terminal. Nothing signals that, so it is checked again and again."""
    while not _is_in_foreground():
        time.sleep(_TERMINAL_CHECK_SECONDS)


def _typed() -> Iterator[str]:
    """Lines from a terminal, with editing. With `readline`, `input` doesn't take the lock of `sys.stdin`."""
    try:
        import readline
    except ImportError:
        yield from _lines()
        return
    readline.set_completer(lambda text, n: [*(name for name in COMMANDS if name.startswith(text)), None][n])
    readline.parse_and_bind("tab: complete")
    while True:
        _wait_for_foreground()
        try:
            yield input()
        except EOFError:
            if _is_in_foreground():
                return


def _terminal_mode() -> list[Any] | None:
    try:
        import termios
    except ImportError:
        return None
    try:
        return termios.tcgetattr(0)
    except termios.error:  # not an `OSError`
        return None
