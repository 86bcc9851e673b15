"""What several commands share: the default port, the type of options that name files, and `--data`."""

from pathlib import Path

import click

DEFAULT_PORT = 9090
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class WholeNumber(click.IntRange):
    """A whole number between two bounds, called so where another text is refused."""

    name = "whole number"


def expanded(data: Path) -> Path:
    """The directory with its ~ replaced; raises `click.ClickException` where there is no home directory for it."""
    try:
        return data.expanduser()
    except RuntimeError:
        raise click.ClickException(
            f"There is no {data}, as this user has no home directory; --data DIR says where the data are to be."
        ) from None


def _expand(context: click.Context, parameter: click.Parameter, data: Path) -> Path:
    """`expanded`, except for `serve`: it can do without data, and expands the name when it needs it."""
    return data if context.command.name == "serve" else expanded(data)


data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    callback=_expand,
    default=Path(click.get_app_dir("chatroom")),
    envvar="CHATROOM_SERVE_DATA",  # the same for every command
    show_envvar=True,
    help="The directory that holds history, accounts, rooms and bans.",
)
