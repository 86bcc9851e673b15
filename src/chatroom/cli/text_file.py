"""Reads the small text files that options name."""

from pathlib import Path

import click

from chatroom.common.common_passwords import is_common
from chatroom.common.language import tr
from chatroom.core.passwords import is_secret
from chatroom.model.limits import PASSWORD_MIN_CHARACTERS


def read_text(file: Path) -> str:
    """The text of a file; raises `click.ClickException` if it can't be read."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise click.ClickException(tr("Can't read {file}: {reason}.", file=file, reason=error.strerror)) from None
    except UnicodeDecodeError:
        raise click.ClickException(tr("Can't read {file}: it is not in UTF-8; save it as UTF-8.", file=file)) from None


def read_operator_password(file: Path) -> str:
    """The first line of a file: a password, or its hash; raises `click.ClickException` if it won't do."""
    password = read_password(file)
    try:
        if is_secret(password):
            return password
    except ValueError:
        raise click.ClickException(
            tr("The hash in {file} is damaged; make it anew with chatroom hash-password.", file=file)
        ) from None
    if fault := weakness(password):
        raise click.ClickException(tr("The password in {file} won't do. {fault}", file=file, fault=fault))
    return password


def weakness(password: str) -> str:
    """Why a password is too easily guessed for operators, as a sentence; "" if it is not."""
    if len(password) < PASSWORD_MIN_CHARACTERS:
        return tr("It is too short: it must have at least {count} characters.", count=PASSWORD_MIN_CHARACTERS)
    if is_common(password):
        return tr("It is among the first that are guessed; choose another.")
    return ""


def read_password(file: Path) -> str:
    """The first line of a file; raises `click.ClickException` if it is empty, which as a password would let all in."""
    password = read_text(file).partition("\n")[0].strip()
    if not password:
        raise click.ClickException(tr("There is no password in the first line of {file}.", file=file))
    return password
