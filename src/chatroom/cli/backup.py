"""`chatroom backup` copies all that the server keeps, while it runs; `chatroom restore` puts the copy back."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from chatroom.cli.common_options import FilePath, data_option
from chatroom.cli.progress import progress
from chatroom.common.language import tr
from chatroom.storage.backup import back_up
from chatroom.storage.backup import restore as put_back
from chatroom.storage.schema import StoreError

_FILE = FilePath(path_type=Path)


@click.command(
    help=tr(
        "Copy everything that the server keeps to FILE.\n"
        "\n"
        "The server may be running. If FILE is an older backup, it is replaced once the new one"
        " is complete and checked."
    )
)
@click.argument("file", type=_FILE)
@data_option
def backup(file: Path, data: Path) -> None:
    """The command `chatroom backup`."""
    if str(file) == "-":
        raise click.ClickException(tr("A backup can't go to standard output; name a file for it."))
    with _copying() as show:
        back_up(data, file, show)
    click.echo(tr("{file} holds the data of {data}, and was checked.", file=file, data=data))


@click.command(
    help=tr(
        "Replace the data by FILE, a backup.\n"
        "\n"
        "End the server first. The data that were there before are kept under another name."
    )
)
@click.argument("file", type=_FILE)
@data_option
def restore(file: Path, data: Path) -> None:
    """The command `chatroom restore`."""
    with _copying() as show:
        former = put_back(file, data, show)
    click.echo(tr("{data} holds the data of {file} now.", data=data, file=file))
    if former:
        click.echo(tr("What was there before is in {former}; delete it when you no longer need it.", former=former))


@contextmanager
def _copying() -> Iterator[Callable[[int, int], None]]:
    """Shows progress, says in a sentence what is wrong with the data, and leaves no half of a copy at SIGTERM."""
    before = signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        with progress(tr("Copying")) as show:
            yield show
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    finally:
        signal.signal(signal.SIGTERM, before)
