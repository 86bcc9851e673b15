"""The command `chatroom`: a click group. Each of its commands has a file of its own."""

import os
import sys
from importlib import import_module
from typing import Any

import click

from chatroom import __version__
from chatroom.common import streams

# Each is imported when it is used: those of the server need what Windows lacks.
_FILES = {
    "backup": "backup",
    "connect": "connect",
    "hash-password": "hash_password",
    "history": "history",
    "restore": "backup",
    "serve": "serve",
}
_NOT_ON_WINDOWS = ("fcntl", "resource")


class Commands(click.Group):
    """The commands, with standard streams that can't bring them down."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_FILES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _FILES:
            return None
        try:
            command: click.Command = getattr(
                import_module(f"chatroom.cli.{_FILES[cmd_name]}"), cmd_name.replace("-", "_")
            )
        except ModuleNotFoundError as error:
            if error.name not in _NOT_ON_WINDOWS:
                raise
            return _Missing(cmd_name, short_help="Needs Linux or macOS.", add_help_option=False)
        return command

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
            if not streams.readable(argument) and not os.access(argument.rpartition("=")[2], os.F_OK):
                raise click.UsageError(f"{argument}: {streams.refusal()}", ctx)
        return super().parse_args(ctx, args)


class _Missing(click.Command):
    """Stands for a command that this system can't run."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        raise click.ClickException(f"chatroom {self.name} needs Linux or macOS; on Windows, run it in WSL.")


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
    """Chat in your own rooms: a server for browsers, netcat and IRC, and clients with a window or on a terminal."""
