"""Looks for servers in the network, and has the user choose one: `chatroom connect` without HOST."""

import socket
from functools import partial
from typing import TYPE_CHECKING

import click

from chatroom.cli.common_options import DEFAULT_PORT
from chatroom.common import streams
from chatroom.common.language import mark, tr
from chatroom.common.text import number

if TYPE_CHECKING:
    from chatroom.client.found_server import FoundServer

_HERE = "127.0.0.1"
_HERE_SECONDS = 0.5  # that a server on this machine may take to accept a connection
_ADVICE = mark("""\
If you know the address of one: chatroom connect ADDRESS. To start one yourself: chatroom serve.
Networks of schools, hotels and cafés often keep their devices apart: nobody is found there, and an address may not be
reached either. A network of your own, such as a phone's hotspot, has no such rule.""")
_NO_LIBRARY = mark("To look for servers in the network, more is needed; in the source, pip install '.[lan]'.")


def choose() -> tuple[str, int, bool]:
    """Host and port of a server that was found, and whether it is known to take TLS.

    Servers of the network are looked for, and one on this machine. If there is one, it is told which; if there are
    several, the user is asked; if there is none, raises `click.ClickException` with what to do.
    """
    servers, trouble = _search()
    choices = [(each.host, each.port, each.tls, f"{each.name}  {each.about}".strip()) for each in servers]
    if _listens_here() and not any(_is_here(each) for each in servers):
        choices.insert(0, (_HERE, DEFAULT_PORT, False, tr("on this machine")))
    if not choices:
        nobody = tr("No server was found on this machine.")
        if not trouble:
            nobody = tr("No server was found in this network, nor on this machine.")
        raise click.ClickException("\n".join(filter(None, [nobody, trouble, tr(_ADVICE)])))
    chosen = 1
    if len(choices) > 1:
        _show(choices, servers)
        chosen = click.prompt(tr("Which one?"), prompt_suffix=" ", value_proc=partial(_number, len(choices)), err=True)
    host, port, tls, what = choices[chosen - 1]
    click.echo(tr("Joining {host}:{port} ({what}).", host=host, port=port, what=what), err=True)
    return host, port, tls


def _search() -> tuple[tuple["FoundServer", ...], str]:
    """The servers of the network; and a sentence about why nobody could be asked, or ""."""
    try:
        from chatroom.client.lan import search
    except ImportError:
        return (), tr(_NO_LIBRARY)
    try:
        click.echo(tr("Looking for servers in this network…"), err=True)
        return search(), ""
    except OSError as error:
        return (), tr("The network can't be searched: {reason}.", reason=error.strerror or error)


def _show(choices: list[tuple[str, int, bool, str]], servers: tuple["FoundServer", ...]) -> None:
    from chatroom.client.found_server import ALIKE, are_alike

    width = max(len(f"{host}:{port}") for host, port, _, _ in choices)
    for row, (host, port, _, what) in enumerate(choices, 1):
        streams.show(f"{row:3}  {f'{host}:{port}':<{width}}  {what}")
    if are_alike(servers):
        streams.show(tr(ALIKE))


def _number(most: int, typed: str) -> int:
    """The number of a row that was typed; raises `click.UsageError`, upon which click asks again."""
    chosen = number(typed.strip(), most + 1)
    if not chosen or chosen > most:
        raise click.UsageError(tr("Type a number from 1 to {most}.", most=most))
    return chosen


def _listens_here() -> bool:
    try:
        socket.create_connection((_HERE, DEFAULT_PORT), _HERE_SECONDS).close()
    except OSError:
        return False
    return True


def _is_here(server: "FoundServer") -> bool:
    """Whether it is the one that listens on this machine at the usual port."""
    from chatroom.common.lan import own_networks

    return server.port == DEFAULT_PORT and server.host in {str(each.ip) for each in own_networks()}
