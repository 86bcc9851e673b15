"""The command `chatroom`: a click group. Each of its commands has a file of its own."""

import os
import sys
from importlib import import_module
from typing import Any

import click

from chatroom.common import streams
from chatroom.common.language import ENGLISH, own, tr

# Each is imported when it is used: the client starts faster without the server.
_FILES = {
    "backup": "backup",
    "completion": "completion",
    "connect": "connect",
    "doctor": "doctor",
    "hash-password": "hash_password",
    "history": "history",
    "install-service": "install_service",
    "man": "man",
    "restore": "backup",
    "serve": "serve",
}


class Commands(click.Group):
    """The commands, with standard streams that can't bring them down."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_FILES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _FILES:
            return None
        module = import_module(f"chatroom.cli.{_FILES[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def main(self, *arguments: Any, **more: Any) -> Any:
        streams.prepare()
        if own() is not ENGLISH:
            from chatroom.cli import click_words

            click_words.translate()
        try:
            return super().main(*arguments, **more)
        except streams.Unwritable as error:
            if error.gone:  # who reads only the beginning, as `head` does, has got what it wanted
                sys.exit(0)
            click.ClickException(f"{error}").show()
            sys.exit(1)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuses arguments that the locale can't read: in rooms, names and words they would find nothing, or worse.

        Files that are there may be called so.
        """
        for argument in args:
            if not streams.readable(argument) and not os.access(argument.rpartition("=")[2], os.F_OK):
                raise click.UsageError(f"{argument}: {streams.refusal()}", ctx)
        return super().parse_args(ctx, args)


def _show_version(context: click.Context, parameter: click.Parameter, asked: bool) -> None:
    if asked and not context.resilient_parsing:
        from chatroom.cli.version import describe

        streams.show(describe())
        context.exit()


@click.group(
    cls=Commands,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "auto_envvar_prefix": "CHATROOM",
        "show_default": True,
    },
    help=tr(
        "Chat in your own rooms: a server for browsers, netcat and IRC, and clients with a window or on a terminal."
    ),
)
@click.option(
    "-V",
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help=tr("Show the versions of chatroom, Python and SQLite, and which extras are installed."),
)
def main() -> None:
    """The command `chatroom`."""
