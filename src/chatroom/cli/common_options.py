"""What several commands share: the default port, types and checks of options, and `--data`."""

from pathlib import Path

import click
from click.core import ParameterSource
from platformdirs import user_data_path

from chatroom.common.language import find, tags, tr
from chatroom.storage.relocation import directory_of

DEFAULT_PORT = 9090
try:
    DATA = user_data_path("chatroom", appauthor=False)
except RuntimeError:  # there is no home directory; who needs it is told so by `expanded`
    DATA = Path("~/.local/share/chatroom")
FORMER_DATA = Path(click.get_app_dir("chatroom"))  # where data were kept before; preferences still are


class FilePath(click.Path):
    """A path. Its place in a command is called by an English word in every language, as all of them are."""

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "FILE" if self.file_okay else "DIRECTORY"


class WholeNumber(click.IntRange):
    """A whole number between two bounds, called so where another text is refused."""

    name = tr("whole number")

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "NUMBER"


FILE = FilePath(exists=True, dir_okay=False, path_type=Path)


def known_language(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """The value of an option that names a language, or is empty."""
    if value and find(value) is None:
        text = tr(
            "{value} is no language that there is; these are: {languages}.", value=value, languages=", ".join(tags())
        )
        raise click.BadParameter(text)
    return value


def expanded(data: Path) -> Path:
    """The directory with its ~ replaced; raises `click.ClickException` where there is no home directory for it."""
    try:
        return data.expanduser()
    except RuntimeError:
        raise click.ClickException(
            tr(
                "There is no {data}, as this user has no home directory; --data DIR says where the data are to be.",
                data=data,
            )
        ) from None


def _expand(context: click.Context, parameter: click.Parameter, data: Path) -> Path:
    """`expanded`, except for `serve`: it can do without data, and expands the name when it needs it.

    Without --data, it is where data are that `serve` has not moved yet.
    """
    if context.command.name == "serve":
        return data
    return directory_of(expanded(data), expanded(FORMER_DATA)) if is_default("data") else expanded(data)


def is_default(parameter: str) -> bool:
    """Whether nobody set this parameter of the command that runs."""
    return click.get_current_context().get_parameter_source(parameter) is ParameterSource.DEFAULT


data_option = click.option(
    "--data",
    type=FilePath(file_okay=False, path_type=Path),
    callback=_expand,
    default=DATA,
    envvar="CHATROOM_SERVE_DATA",  # the same for every command
    show_envvar=True,
    help=tr("The directory that holds history, accounts, rooms and bans."),
)
