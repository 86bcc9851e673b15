"""The command `chatroom`: a click group. Each of its commands has a file of its own."""

import sys
from pathlib import Path
from typing import Any

import click

from chatroom import __version__
from chatroom.cli.backup import backup, restore
from chatroom.cli.connect import connect
from chatroom.cli.history import history
from chatroom.cli.serve import serve
from chatroom.common import streams


class Commands(click.Group):
    """The commands, with standard streams that can't bring them down."""

    def main(self, *arguments: Any, **more: Any) -> Any:
        streams.prepare()
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
            if not streams.readable(argument) and not Path(argument.rpartition("=")[2]).exists():
                raise click.UsageError(f"{argument}: {streams.refusal()}", ctx)
        return super().parse_args(ctx, args)


@click.group(
    cls=Commands,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "auto_envvar_prefix": "CHATROOM",
        "show_default": True,
    },
)
@click.version_option(__version__, "-V", "--version", prog_name="chatroom")
def main() -> None:
    """Chat in your own rooms: a server, and a window to talk in."""


for command in (backup, connect, history, restore, serve):
    main.add_command(command)
