"""Reads the small text files that options name."""

from pathlib import Path

import click


def read_text(file: Path) -> str:
    """The text of a file; raises `click.ClickException` if it can't be read."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise click.ClickException(f"Can't read {file}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise click.ClickException(f"Can't read {file}: it is not in UTF-8; save it as UTF-8.") from None


def read_password(file: Path) -> str:
    """The first line of a file; raises `click.ClickException` if it is empty, which as a password would let all in."""
    password = read_text(file).partition("\n")[0].strip()
    if not password:
        raise click.ClickException(f"There is no password in the first line of {file}.")
    return password
