"""`chatroom hash-password`: makes a hash of the operators' password, which its file may hold instead."""

import sys

import click

from chatroom.cli.text_file import weakness
from chatroom.common import streams
from chatroom.common.language import tr


@click.command(
    "hash-password",
    help=tr(
        "Make a hash of a password, for --operator-password-file.\n"
        "\n"
        "Asks for the password; in a pipe, it is the first line of the input."
    ),
)
def hash_password() -> None:
    """The command `chatroom hash-password`."""
    from chatroom.core.passwords import Passwords

    if sys.stdin.isatty():
        password = _asked()
    else:
        password = sys.stdin.readline().strip()
        if fault := _fault(password):
            raise click.ClickException(fault)
    streams.show(Passwords().make(password))


def _asked() -> str:
    """A password from the terminal, typed twice. One that won't do is asked for again.

    Whoever typed the command has mostly sent its output to a file. If it ended here, that file would be empty, and the
    next password would be typed to the shell.
    """
    while True:
        password: str = click.prompt(tr("Password"), hide_input=True, err=True)
        fault = _fault(password)
        if not fault and click.prompt(tr("The same again"), hide_input=True, err=True) != password:
            fault = tr("These two are not the same.")
        if not fault:
            return password
        click.echo(fault, err=True)


def _fault(password: str) -> str:
    """Why a password won't do, as a sentence; "" if it will."""
    if not streams.readable(password):
        return streams.refusal()
    fault = weakness(password)
    return tr("That password won't do. {fault}", fault=fault) if fault else ""
