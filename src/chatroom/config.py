"""The configuration file of `chatroom serve`: TOML, an option a line, without the dashes.

    host = "0.0.0.0"
    max-clients = 500
    tls-only = true

A flag is stronger than a variable of the environment, that is stronger than the file, and the file than the default:
what stands in it becomes click's `default_map`. Everything that is wrong with it is told at once, by line.
"""

import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

_NOT_IN_FILES = {"config", "check_config"}


def load(context: click.Context, parameter: click.Parameter, file: Path | None) -> Path | None:
    """Callback of an eager option: takes defaults from `file`; raises `click.ClickException` if it is wrong."""
    if file:
        context.default_map = {**(context.default_map or {}), **read(file, context)}
    return file


def read(file: Path, context: click.Context) -> dict[str, Any]:
    """The settings by the names of their parameters; raises `click.ClickException` with all that is wrong."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        found = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"Can't read {file}: {error}.") from None
    except tomllib.TOMLDecodeError as error:
        raise click.ClickException(f"{file}, {_mistake(str(error), text)}") from None
    options = {
        parameter.name.replace("_", "-"): parameter
        for parameter in context.command.params
        if parameter.name and parameter.name not in _NOT_IN_FILES
    }
    settings, wrong = {}, []
    for key, value in found.items():
        option = options.get(key.replace("_", "-"))
        fault = _fault(option, value, context) if option else _unknown(key, list(options))
        if fault:
            wrong.append(f"{file}, line {_line(text, key)}: {fault}")
        elif option and option.name:
            settings[option.name] = value
    if wrong:
        raise click.ClickException("\n".join(wrong))
    return settings


def _mistake(error: str, text: str) -> str:
    """What tomllib says, with the line in front."""
    what, _, where = error.partition(" (at ")
    line = re.match(r"line (\d+)", where)
    return f"line {line[1] if line else max(1, len(text.splitlines()))}: {what}"


def _unknown(key: str, known: list[str]) -> str:
    close = get_close_matches(key.replace("_", "-"), known, 1)
    return f"there is no setting {key!r}" + (f"; did you mean {close[0]!r}?" if close else "")


def _fault(option: click.Parameter, value: Any, context: click.Context) -> str:
    """What is wrong with a value, "" if nothing is."""
    wanted, name = _kind(option)
    if type(value) is not wanted:
        return f"{str(option.name).replace('_', '-')} must be {name}"
    try:
        converted = option.type.convert(value, option, context)
        if option.callback:
            option.callback(context, option, converted)
    except click.ClickException as error:
        return f"{str(option.name).replace('_', '-')}: {error.message}"
    return ""


def _kind(option: click.Parameter) -> tuple[type, str]:
    """The type that a setting has in TOML, and what it is called."""
    if isinstance(option, click.Option) and option.is_flag:
        return bool, "true or false"
    if isinstance(option.type, click.types.IntParamType):
        return int, "a whole number"
    return str, "a text in quotes"


def _line(text: str, key: str) -> int:
    """The number of the line on which a setting begins; tomllib does not tell."""
    pattern = re.compile(rf"""\s*(?:\[+\s*)?["']?{re.escape(key)}["']?\s*[=.\]]""")
    return next((number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)), 1)
