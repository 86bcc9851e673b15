"""Reads one IRC client: lines become commands by `command_table`."""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from operator import itemgetter

from chatroom.common.errors import ChatError, Code
from chatroom.common.irc_message import LINE_BYTES, TAG_BYTES, Message, parse, parse_tags, render_tags
from chatroom.common.language import mark
from chatroom.common.names import ROOM_BYTES
from chatroom.common.text import clean_irc
from chatroom.model.audience import Format
from chatroom.model.commands import Burst, Quit, Say
from chatroom.model.outcomes import Command, Labelled
from chatroom.model.replies import Raw, Refused, Reply
from chatroom.model.server_info import ServerInfo
from chatroom.protocols.base import Lines, Viewer, is_from_browser
from chatroom.protocols.irc import numerics, replies
from chatroom.protocols.irc.client_state import ClientState
from chatroom.protocols.irc.command_table import row_for
from chatroom.protocols.irc.handlers import messages, multiline
from chatroom.protocols.irc.handlers.messages import SHORT
from chatroom.protocols.limits import MESSAGE_BYTES

LABEL_BYTES = 64  # IRCv3 labeled-response

# The fast path: a message to one room with nothing in it to clean, refuse or take apart, as nearly all are that busy
# clients send. Such a line takes a tenth of the time of any other; one of many that came together takes a thirtieth.
_HEAD = rb"PRIVMSG (#[!-+\--~]{1,%d}) :" % ROOM_BYTES
_OPENING = re.compile(_HEAD)
_SIMPLE = re.compile(_HEAD + rb"([!-.0-Z\\-~][ -~]*)\r?")
_SUSPECT = frozenset(" /[")  # a mistyped command with a password may begin with these: `password_slips`
_first = itemgetter(0)
_PRINTABLE = bytes(range(0x20, 0x7F))


class IrcDialect:
    """One IRC client."""

    pings = True

    def __init__(self, viewer: Viewer, server: ServerInfo, framed: Callable[[Format], Format] | None = None) -> None:
        """`framed`: see `ClientState`."""
        self._viewer = viewer
        self._client = ClientState(viewer, server, framed)
        self._lines = Lines(TAG_BYTES + LINE_BYTES + MESSAGE_BYTES)

    @property
    def format(self) -> Format:
        return self._client.format

    def receive(self, data: bytes) -> Iterator[Command]:
        lines = self._lines.feed(data)
        known = self._viewer.nick != ""
        burst = _burst(lines) if known and len(lines) > 1 else None
        if burst:
            yield burst
            return
        for line in lines:
            simple = _SIMPLE.fullmatch(line) if known else None
            if simple and len(line) <= SHORT:
                room, text = simple.groups()
                yield Say(room.decode(), text.decode())
                continue
            yield from self._read(line.rstrip(b"\r"))

    def end(self) -> Iterator[Command]:
        return iter(())  # half a line is no command

    def answer(self, reply: Reply) -> bytes:
        return replies.render(self._client.writer, reply)

    def prepared(self, reply: Reply) -> Reply:
        """Lines, whatever carries them: `answer` makes frames of them for a WebSocket, once."""
        return Raw(replies.render(self._client.writer, reply))

    def _read(self, line: bytes) -> Iterator[Command]:
        if not self._viewer.nick and is_from_browser(line):
            yield Quit("HTTP", refused=True)
            return
        try:
            message, cut = _parsed(line)
        except ChatError as error:
            yield from self._refuse(line, error)
            return
        except ValueError:
            return  # empty lines are silently ignored: RFC 2812 §2.3.1
        label = self._label(message.tags) if message.tags else ""
        self._client.label = label
        commands = self._obey_cut(message) if cut else self._obey(message)
        if label and message.command != "BATCH":  # that is answered when it has ended
            yield Labelled(label, commands)
        else:
            yield from commands

    def _refuse(self, line: bytes, error: ChatError) -> Iterator[Command]:
        """Refuses a line that can't be read, with its label if that can."""
        start = line.partition(b" ")[0].decode(errors="replace")
        tags = parse_tags(start[1:]) if start.startswith("@") else {}
        label = self._label(tags)
        if "batch" in tags:
            multiline.fail(self._client, tags["batch"])
        refused = self._not_utf8(line) if error.code is Code.LINE_NOT_UTF8 else iter([Refused(error)])
        if label:
            yield Labelled(label, islice(refused, 1))
        else:
            yield from refused

    def _not_utf8(self, line: bytes) -> Iterator[Command]:
        """A FAIL, which IRCv3 utf8-only sends to all; then what those show who don't know it, or wait to come in."""
        words, text = numerics.FAILURES[Code.LINE_NOT_UTF8]
        command = _command(line)
        is_known = command in numerics.KNOWN_TO_FAIL
        words = words.replace("*", command, 1) if is_known else words
        yield self._client.send(f"FAIL {words} :{self._client.writer.tr(text)}")
        if command == "USER":
            yield self._client.say(numerics.ERR_INVALIDUSERNAME)
        elif "standard-replies" not in self._client.capabilities and not is_known:
            yield Refused(ChatError(Code.LINE_NOT_UTF8))

    def _label(self, tags: Mapping[str, str]) -> str:
        label = tags.get("label", "")
        return label if "labeled-response" in self._client.capabilities and len(label.encode()) <= LABEL_BYTES else ""

    def _obey_cut(self, message: Message) -> Iterator[Command]:
        """Obeys a line whose last letter its program has cut in two, and warns of it: IRCv3 utf8-only."""
        yield from self._obey(message)
        text = mark("Your program cut the last letter of that message in two; it was left out")
        yield self._client.warn(message.command, "INVALID_UTF8", text=text)

    def _obey(self, message: Message) -> Iterator[Command]:
        client = self._client
        client.tags = ""
        if message.tags and "message-tags" in client.capabilities:
            client.tags = render_tags({key: value for key, value in message.tags.items() if key.startswith("+")})
        if "batch" in message.tags and self._viewer.nick:
            yield from multiline.line(client, message)
            return
        try:
            yield from row_for(message, self._viewer.nick != "").handler(client, list(message.params))
        except ChatError as error:
            yield Refused(error)


def _burst(lines: list[bytes]) -> Burst | None:
    """These lines as one command if all of them are simple messages to one room; None if not."""
    opening = _OPENING.match(lines[0])
    if not opening or max(map(len, lines)) > SHORT:
        return None
    whole = b"\n".join(lines)
    end = b"\r" if lines[0].endswith(b"\r") else b""
    if whole.translate(None, _PRINTABLE) != b"\n".join([end] * len(lines)):
        return None
    head = opening[0].decode()
    between = f"{end.decode()}\n{head}"
    texts = whole[len(head) : len(whole) - len(end)].decode().split(between)
    if len(texts) != len(lines) or "" in texts or (b"/" in whole and not _SUSPECT.isdisjoint(map(_first, texts))):
        return None
    return Burst(opening[1].decode(), texts)


def _parsed(line: bytes) -> tuple[Message, bool]:
    """The message on a line, and whether half a letter was left out at its end.

    Raises `ChatError` if it is too long or not UTF-8, and `ValueError` if there is nothing in it. The text
    of a message may be longer than a line, or end in half a letter: some programs never cut, and some cut anywhere.
    """
    tags, _, rest = line.partition(b" ") if line.startswith(b"@") else (b"", b"", line)
    if len(tags) >= TAG_BYTES or len(rest) > LINE_BYTES + MESSAGE_BYTES:
        raise ChatError(Code.LINE_TOO_LONG)
    cut = False
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data" or _looks_latin(line):
            raise ChatError(Code.LINE_NOT_UTF8) from None
        cut = True
        text = line[: error.start].decode()
    message = parse(clean_irc(text))
    said = message.params[1] if message.command in messages.SAYING and len(message.params) == 2 else ""
    if len(rest) - len(said.encode()) > LINE_BYTES - 2:
        raise ChatError(Code.LINE_TOO_LONG)
    if cut and (not said or messages.is_for_service(message.params[0])):
        raise ChatError(Code.LINE_NOT_UTF8)
    return message, cut


def _command(line: bytes) -> str:
    """The command of a line that may not be UTF-8."""
    rest = line.partition(b" ")[2].lstrip(b" ") if line.startswith(b"@") else line
    return rest.partition(b" ")[0].decode(errors="replace").upper()


def _looks_latin(line: bytes) -> bool:
    """Whether a line's last byte, where UTF-8 would go on, is the only letter beyond ASCII in a short text: "café"."""
    return line[-1] >= 0xDF and line[:-1].isascii() and len(line) < LINE_BYTES // 2
