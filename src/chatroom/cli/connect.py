"""`chatroom connect`: the window, or the terminal client with `--text`."""

import re
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from chatroom.cli.common_options import DEFAULT_PORT, FILE, WholeNumber, is_default, known_language
from chatroom.cli.text_file import read_password
from chatroom.common.language import choose as choose_language
from chatroom.common.language import speak, tr
from chatroom.common.names import LOBBY
from chatroom.common.text import number

if TYPE_CHECKING:
    from chatroom.client.links import Link

_option = partial(click.option, show_envvar=True)


@click.command(
    epilog="\b\n"
    + tr(
        "Examples:\n"
        "  chatroom connect                          a window that asks for your name and the"
        " server\n"
        "  chatroom connect chat.example.org --tls   another machine, encrypted\n"
        "  chatroom connect --text --nick alice      without a window\n"
        "  echo \"build 512 is green\" | chatroom connect --text --nick ci --room '#dev'"
    ),
    help=tr(
        "Join a server, in a window or with --text.\n"
        "\n"
        "HOST is the server's address; CHATROOM_CONNECT_HOST can set it too. HOST:PORT is the"
        " same as HOST -p PORT. A link is taken, too: chatroom://HOST:PORT/#room, irc://,"
        " ircs://, http:// or https://.\n"
        "\n"
        "Without HOST, the servers of the network are looked for: the window offers them, and"
        " --text asks which one it is to be. With -p alone, and in a pipe, HOST is 127.0.0.1."
    ),
)
@click.argument("host", required=False, envvar="CHATROOM_CONNECT_HOST")
@_option("-p", "--port", type=WholeNumber(1, 65535), default=DEFAULT_PORT, help=tr("The server's port."))
@_option("--nick", default="", show_default=False, help=tr("Your name in the chat; you are asked for it otherwise."))
@_option("--room", default=LOBBY, help=tr("The room to start in."))
@_option("--tls", is_flag=True, help=tr("Encrypt the connection."))
@_option(
    "--password-file",
    type=FILE,
    help=tr("A file whose first line is your password."),
)
@_option(
    "--language",
    default="",
    show_default=False,
    callback=known_language,
    help=tr("The language that you read; by default what /lang has chosen, or this machine's."),
)
@_option("--text", is_flag=True, help=tr("Read and write lines on the terminal, or in a pipe, instead of a window."))
def connect(
    host: str | None, port: int, nick: str, room: str, tls: bool, password_file: Path | None, language: str, text: bool
) -> None:
    """The command `chatroom connect`."""
    from chatroom.client.settings import Server, chosen_language, default_path

    if language := language or chosen_language(default_path()):
        speak(choose_language([language]))
    from chatroom.cli.choose_server import choose
    from chatroom.client import links
    from chatroom.gui.app import NoWindow, run
    from chatroom.tui.app import Trouble, converse

    password = read_password(password_file) if password_file else ""
    if host and links.is_link(host):
        link = _link(host)
        host, port, tls, room = link.host, link.port, tls or link.tls, link.room or room
        server = Server(host, port, tls, nick)
    elif _is_to_choose(host, text or bool(nick)):
        if password:
            raise click.UsageError(tr("--password-file needs HOST: anybody in the network can announce a server."))
        host, port, takes_tls = choose()
        server = Server(host, port, tls or takes_tls, nick)
    else:
        server = Server(*_address(host or "127.0.0.1", port), tls, nick)
    rooms = (room if room.startswith("#") else f"#{room}",)
    try:
        if text:
            converse(server, rooms[0], password)
        else:
            run(server, rooms, password, ask_server=host is None and not nick, connect=bool(nick))
    except (NoWindow, Trouble) as error:
        raise click.ClickException(str(error)) from None


def _is_to_choose(host: str | None, wants_server: bool) -> bool:
    """Whether a server is to be looked for: nobody has said where one is, and somebody is there to be asked."""
    return wants_server and host is None and is_default("port") and sys.stdin.isatty() and sys.stdout.isatty()


def _link(text: str) -> "Link":
    """Where a link leads to; raises `click.UsageError` if to nowhere, or if a flag says otherwise."""
    from chatroom.client import links

    try:
        link = links.parse(text)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    source = click.get_current_context().get_parameter_source
    for name, value in (("port", str(link.port)), ("room", link.room)):
        if value and source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(tr("The link says {value} already; leave out --{name}.", value=value, name=name))
    return link


def _address(place: str, port: int) -> tuple[str, int]:
    """The host and the port in HOST, HOST:PORT, [::1]:PORT or ::1; raises `click.UsageError` if -p is another port."""
    match = re.fullmatch(r"(?:\[(.+)\]|([^:]+)):(\d+)", place)
    if not match:
        return place.removeprefix("[").removesuffix("]"), port
    there = WholeNumber(1, 65535).convert(number(match[3], 1_000_000) or 0, None, None)
    given = click.get_current_context().get_parameter_source("port") is ParameterSource.COMMANDLINE
    if given and port != there:
        raise click.UsageError(
            tr(
                "{place} says port {there}, but -p says {port}; leave one of them out.",
                place=place,
                there=there,
                port=port,
            )
        )
    return match[1] or match[2], there
