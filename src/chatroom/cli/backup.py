"""`chatroom backup` and `chatroom restore`: a copy of all that the server keeps, made while it runs, and put back."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from chatroom.cli.history import PATIENCE, data_option
from chatroom.storage.backup import back_up
from chatroom.storage.backup import restore as put_back
from chatroom.storage.schema import StoreError

_FILE = click.Path(path_type=Path)


@click.command()
@click.argument("file", type=_FILE)
@data_option
def backup(file: Path, data: Path) -> None:
    """Copy all that the server keeps to FILE.

    It may be running. FILE is replaced, if it is an older backup, once the new one is whole and checked.
    """
    if str(file) == "-":
        raise click.ClickException("A backup can't go to standard output; name a file for it.")
    with _watched("Copying") as step:
        back_up(data, file, step)
    click.echo(f"{file} holds the data of {data}, and was checked.")


@click.command()
@click.argument("file", type=_FILE)
@data_option
def restore(file: Path, data: Path) -> None:
    """Put FILE, a backup, in the data's place.

    No server may be using the data. What was there before is kept under another name.
    """
    with _watched("Copying") as step:
        former = put_back(file, data, step)
    click.echo(f"{data} holds the data of {file} now.")
    if former:
        click.echo(f"What was there before is in {former}; delete it when you need it no more.")


@contextmanager
def _watched(label: str) -> Iterator[Callable[[int, int], None]]:
    """Says what is wrong in a sentence, and on a terminal how far it is, once it has taken `PATIENCE` seconds."""
    start = time.monotonic()
    bar: Any = None
    before = signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # leaves no half of a copy

    def step(done: int, of: int) -> None:
        nonlocal bar
        if bar is None and sys.stderr.isatty() and time.monotonic() - start > PATIENCE:
            bar = click.progressbar(length=of, label=label, file=sys.stderr, update_min_steps=max(1, of // 200))
            bar.__enter__()
        if bar is not None:
            bar.update(done - bar.pos)

    try:
        yield step
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    finally:
        if bar is not None:
            bar.__exit__(None, None, None)
        signal.signal(signal.SIGTERM, before)
