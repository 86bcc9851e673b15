"""All that reads what strangers send, as functions of bytes: whatever these are, nothing may be raised.

`tests/test_parsers.py` feeds them what hypothesis thinks of; by hand, `python -m tests.benchmarks.fuzz` what
atheris does.
"""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from chatroom.cli.config_file import read
from chatroom.cli.serve import serve
from chatroom.common import irc_message, logs, names, text
from chatroom.common.errors import ChatError
from chatroom.model import masks
from chatroom.model.commands import Join
from chatroom.protocols.detect import Spoken, detect
from tests.chat import Chat, Client
from tests.client.script import MODERN, Script

_CAPABILITIES = ("batch", "draft/multiline", "echo-message", "labeled-response", "message-tags", "server-time")
_SIZES = (1, 2, 7, 64, 4096)


def pieces(data: bytes) -> Iterator[bytes]:
    """The first byte says how the rest is cut."""
    size = _SIZES[data[0] % len(_SIZES)] if data else 1
    for begin in range(1, len(data), size):
        yield data[begin : begin + size]


def _attack(chat: Chat, attacker: Client, data: bytes) -> None:
    """Three watch: with netcat, with IRC, and with IRC and all that it can do; in the attacker's own room, too."""
    watchers = [chat.plain("watcher"), chat.irc("bob", room="#lobby"), chat.irc("carol", *_CAPABILITIES, room="#lobby")]
    if attacker.nick:
        chat.submit(attacker, Join("#fuzz"))
        for watcher in watchers:
            chat.submit(watcher, Join("#fuzz"))
            watcher.heard()
    for piece in pieces(data):
        if attacker.closing:
            break
        attacker.send_bytes(piece)
    if not attacker.closing:
        chat.log.submit(attacker, attacker.dialect.end())
    attacker.leave()
    plain, *irc = watchers
    for line in plain.heard():
        assert text.plain(text.clean(line)) == line
    for client in irc:
        for line in client.wire.decode().split("\r\n")[:-1]:
            parsed = irc_message.parse(line)
            assert parsed.source or parsed.command == "ERROR"
            untagged = line.partition(" ")[2] if line.startswith("@") else line
            assert text.clean_irc(untagged) == untagged
            assert len(untagged.encode()) <= irc_message.LINE_BYTES - 2


def irc_client(data: bytes) -> None:
    chat = Chat()
    _attack(chat, chat.irc("al", *_CAPABILITIES, room="#lobby"), data)


def irc_stranger(data: bytes) -> None:
    chat = Chat()
    _attack(chat, chat.irc(), data)


def plain_client(data: bytes) -> None:
    chat = Chat()
    _attack(chat, chat.plain("al"), data)


def plain_stranger(data: bytes) -> None:
    chat = Chat()
    _attack(chat, chat.plain(), data)


def first_bytes(data: bytes) -> None:
    """However they drip in, it is known what they are as soon as there is a line."""
    spoken = [detect(data[:end]) for end in range(1, len(data) + 1)]
    assert all(isinstance(each, Spoken) for each in spoken)
    assert b"\n" not in data.lstrip(b"\r\n") or spoken[-1] is not Spoken.UNKNOWN


def irc_lines(data: bytes) -> None:
    """What is made of a line that could be read is read as the same."""
    for line in text.clean_irc(data.decode(errors="replace")).split("\n"):
        try:
            message = irc_message.parse(line)
        except ValueError:
            continue
        if any(map(irc_message.needs_colon, message.params[:-1])) or message.command[0] in ":@":
            continue  # nobody renders such a thing
        assert irc_message.parse(irc_message.render(message)) == message


def irc_server(data: bytes) -> None:
    """What a server says to our own client."""
    script = Script(capabilities=MODERN)
    script.connect()
    for line in data.decode(errors="replace").split("\n"):
        script.feed(line.rstrip("\r"))
    for room in script.state.rooms.values():
        shown = [
            room.name,
            room.topic,
            *(f"{entry.nick} {line}" for entry in room.entries for line in entry.text.split("\n")),
            *(member.nick for member in room.members.values()),
        ]
        for string in shown:
            assert text.clean(string) == string


def words(data: bytes) -> None:
    """Names, masks and texts."""
    string = data.decode(errors="replace")
    for name in (names.nickname, names.room_name):
        try:
            assert names.fold(name(string)) == names.fold(names.fold(name(string)))
        except ChatError:
            pass
    mask, _, other = string.partition(" ")
    masks.Glob(masks.mask(mask)).fullmatch(other)
    assert logs.printable(string).isprintable()
    names.bare(string)


def configuration(data: bytes) -> None:
    """A file of settings is read, or it is said what is wrong with it."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "chatroom.toml"
        file.write_bytes(data)
        try:
            read(file, click.Context(serve))
        except click.ClickException as error:
            assert str(error)


PARSERS: tuple[Callable[[bytes], None], ...] = (
    irc_client,
    irc_stranger,
    plain_client,
    plain_stranger,
    first_bytes,
    irc_lines,
    irc_server,
    words,
    configuration,
)
