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
        password = click.prompt(tr("Password"), hide_input=True, confirmation_prompt=tr("The same again"), err=True)
    else:
        password = sys.stdin.readline().strip()
    if not streams.readable(password):
        raise click.ClickException(streams.refusal())
    if fault := weakness(password):
        raise click.ClickException(tr("That password won't do. {fault}", fault=fault))
    streams.show(Passwords().make(password))
