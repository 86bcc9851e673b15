"""A progress bar on standard error, for commands that may take long."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

PATIENCE_SECONDS = 1.0  # that something takes before there is a bar


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Gives a function that takes how much is done, and of how much.

    The bar is shown on a terminal only, once `PATIENCE_SECONDS` have passed.
    """
    start = time.monotonic()
    bar: Any = None

    def show(done: int, total: int) -> None:
        nonlocal bar
        if bar is None and sys.stderr.isatty() and time.monotonic() - start > PATIENCE_SECONDS:
            bar = click.progressbar(length=total, label=label, file=sys.stderr, update_min_steps=max(1, total // 200))
            bar.__enter__()
        if bar is not None:
            bar.update(done - bar.pos)

    try:
        yield show
    finally:
        if bar is not None:
            bar.__exit__(None, None, None)
