"""The configuration file of `chatroom serve`: TOML, an option a line, without the dashes.

    host = "0.0.0.0"
    max-clients = 500
    tls-only = true

A flag overrides a variable of the environment, a variable overrides the file, and the file overrides the default: its
settings become click's `default_map`. `Faults` collects what is wrong with the settings, so that all of it is told at
once, with file and line.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from chatroom.common.language import mark, tr

_NOT_IN_FILES = {"config", "check_config", "print_config"}
_LINES = "chatroom.cli.config_file.lines"  # in click's `meta`: by parameter, the file and the line on which it is set


_Line = tuple[Path, int]  # of a configuration file


class Faults:
    """Collects what is wrong with settings, each with file and line if the setting stands in a file."""

    def __init__(self, lines: Mapping[str, _Line] | None = None) -> None:
        self.found: list[click.ClickException] = []
        self._lines = lines or {}

    @classmethod
    def of(cls, context: click.Context) -> "Faults":
        """For the settings of a command. What a flag or a variable has set stands in no file."""
        lines: dict[str, _Line] = context.meta.get(_LINES, {})
        from_file = ParameterSource.DEFAULT_MAP
        return cls({name: line for name, line in lines.items() if context.get_parameter_source(name) is from_file})

    @contextmanager
    def about(self, *settings: str) -> Iterator[None]:
        """Keeps a `click.ClickException` that is raised inside; it is told by the line of the first in the file."""
        try:
            yield
        except click.ClickException as error:
            line = next((self._lines[name] for name in settings if name in self._lines), None)
            self.found.append(click.ClickException(_at(*line, error.message)) if line else error)

    def end(self) -> None:
        """Raises `click.ClickException` with all that was found, if anything was."""
        if len(self.found) == 1:
            raise self.found[0]
        if self.found:
            raise click.ClickException("\n".join([fault.message for fault in self.found]))


def _at(file: Path, line: int, what: str) -> str:
    """What is wrong at a line of a file."""
    return tr("{file}, line {line}: {what}", file=file, line=line, what=what)


def load(context: click.Context, parameter: click.Parameter, file: Path | None) -> Path | None:
    """Callback of an eager option: takes defaults from `file`; raises `click.ClickException` if it is wrong."""
    if file:
        context.default_map = {**(context.default_map or {}), **read(file, context)}
    return file


def read(file: Path, context: click.Context) -> dict[str, Any]:
    """The settings by the names of their parameters; raises `click.ClickException` with all that is wrong."""
    text, found = _parse(file)
    options = {p.name: p for p in context.command.params if p.name and p.name not in _NOT_IN_FILES}
    lines = {_parameter(key): (file, _line(text, key)) for key in found}
    faults = Faults(lines)
    settings: dict[str, Any] = {}
    for key, value in found.items():
        name = _parameter(key)
        with faults.about(name):
            if name not in options:
                raise click.ClickException(_unknown(key, value, list(options)))
            if name in settings:
                raise click.ClickException(tr("{name} stands there twice; leave one of them", name=_setting(name)))
            settings[name] = _checked(options[name], value, file.parent, context)
    faults.end()
    context.meta[_LINES] = lines
    return settings


def _parse(file: Path) -> tuple[str, dict[str, Any]]:
    """The text of a file and what stands in it; raises `click.ClickException`."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        return text, tomllib.loads(text)
    except OSError as error:
        raise click.ClickException(tr("Can't read {file}: {reason}.", file=file, reason=error.strerror)) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise click.ClickException(_at(file, line, tr("it is not in UTF-8; save it as UTF-8"))) from None
    except ValueError as error:  # TOML's own, or Python's of a number that is far too long
        line, what = _mistake(str(error), text)
        raise click.ClickException(_at(file, line, what)) from None


def _mistake(error: str, text: str) -> tuple[int, str]:
    """The line of what tomllib complains of; what it says, and what to do."""
    what, _, where = error.partition(" (at ")
    lines = text.rstrip().split("\n")
    match = re.match(r"line (\d+)", where)
    line = int(match[1]) if match else len(lines)
    if "digits" in what:  # Python's words, who doesn't say where
        line = next((n for n, text in enumerate(lines, 1) if re.search(r"[0-9_]{4000}", text)), line)
        return line, tr("that number is too long")
    if what == "Cannot overwrite a value":
        name = lines[line - 1].partition("=")[0].strip()
        return line, tr("{name} stands there twice; leave one of them", name=name)
    return line, tr("{what}; a line is NAME = VALUE, and text stands in quotes", what=what)


def written(context: click.Context) -> str:
    """A file with every setting: those that were set, and as comments the others with their defaults."""
    head = tr("Settings of chatroom serve. Take the # away before a setting to change it from its default.")
    lines = [f"# {head}"]
    for option in context.command.params:
        if isinstance(option, click.Option) and option.name and option.name not in _NOT_IN_FILES:
            is_set = context.get_parameter_source(option.name) is not ParameterSource.DEFAULT
            value = context.params[option.name] if is_set else _example(option)
            lines += [
                "",
                f"# {option.help}",
                f"{'' if is_set else '# '}{_setting(option.name)} = {_toml(option, value)}",
            ]
    return "\n".join(lines)


def _example(option: click.Option) -> Any:
    """The default of a setting. Where it has none, what might stand there."""
    if option.is_flag:
        return False
    if option.multiple:
        return ()
    if isinstance(option.default, (str, int, Path)):
        return option.default
    return 9100 if isinstance(option.type, click.types.IntParamType) else "FILE"


def _toml(option: click.Option, value: Any) -> str:
    """A value of an option as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return json.dumps([str(each) for each in value], ensure_ascii=False)
    if isinstance(value, int) and _kind(option)[0] is str:  # a size, in bytes
        return f'"{value / 10**6:.3f}MB"' if value else '"0"'
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Path):  # in the file it would be looked for beside the file
        value = value.absolute()
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _parameter(key: str) -> str:
    return key.replace("-", "_")


def _setting(parameter: str) -> str:
    return parameter.replace("_", "-")


def _unknown(key: str, value: Any, parameters: list[str]) -> str:
    if isinstance(value, dict):
        return tr(
            "there is no setting {name}, and there are no sections; a line is NAME = VALUE, and text stands in quotes",
            name=repr(key),
        )
    close = get_close_matches(_setting(key), map(_setting, parameters), 1)
    if close:
        return tr("there is no setting {name}; did you mean {close}?", name=repr(key), close=repr(close[0]))
    return tr("there is no setting {name}", name=repr(key))


def _checked(option: click.Parameter, value: Any, directory: Path, context: click.Context) -> Any:
    """A value as it would be given to the option, files beside the configuration; raises `click.ClickException`."""
    wanted, kind = _kind(option)
    name = _setting(str(option.name))
    if type(value) is not wanted or (isinstance(value, list) and not all(isinstance(each, str) for each in value)):
        raise click.ClickException(tr(kind, name=name))
    if isinstance(value, str) and "\0" in value:
        raise click.ClickException(tr("{name} must have no \\u0000 in it", name=name))
    if isinstance(option.type, click.Path) and not value:
        raise click.ClickException(tr("{name} must not be empty", name=name))
    if isinstance(value, str) and isinstance(option.type, click.Path):
        value = str(directory / value)
    try:
        if isinstance(value, list):
            for each in value:
                option.type.convert(each, option, context)
            return value
        converted = option.type.convert(value, option, context)
        if option.callback:
            option.callback(context, option, converted)
    except click.ClickException as error:
        raise click.ClickException(f"{name}: {error.message}") from None
    return value


def _is_repeatable(option: click.Parameter) -> bool:
    return isinstance(option, click.Option) and option.multiple


def _kind(option: click.Parameter) -> tuple[type, str]:
    """The type that a setting has in TOML, and what to say where it has another."""
    if isinstance(option, click.Option) and option.is_flag:
        return bool, mark("{name} must be true or false")
    if _is_repeatable(option):
        return list, mark('{name} must be a list of texts in quotes, ["…", "…"]')
    if isinstance(option.type, click.types.IntParamType):
        return int, mark("{name} must be a whole number")
    return str, mark("{name} must be a text in quotes")


def _line(text: str, key: str) -> int:
    """The number of the line on which a setting begins; tomllib does not tell."""
    pattern = re.compile(rf"""\s*(?:\[+\s*)?["']?{re.escape(key)}["']?\s*[=.\]]""")
    return next((number for number, line in enumerate(text.split("\n"), 1) if pattern.match(line)), 1)
