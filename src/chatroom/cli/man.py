"""`chatroom man` writes manual pages. They are made from what `--help` says, so they can't differ from it."""

import re
from pathlib import Path

import click

from chatroom import __version__
from chatroom.cli.common_options import FilePath
from chatroom.common import streams
from chatroom.common.language import ENGLISH, mark, own, tr


@click.command(
    help=tr(
        "Write the manual pages into DIRECTORY. "
        "There is one for each command; the directory is made if there is none.\n"
        "\n"
        "man finds them in a directory man1 of its path, such as ~/.local/share/man/man1."
    )
)
@click.argument("directory", type=FilePath(file_okay=False, path_type=Path))
def man(directory: Path) -> None:
    """The command `chatroom man`."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, page in pages(click.get_current_context().find_root().command):
            (directory / f"{name}.1").write_text(page, encoding="utf-8")
            streams.show(str(directory / f"{name}.1"))
    except OSError as error:
        raise click.ClickException(
            tr("Nothing can be written to {directory}: {reason}.", directory=directory, reason=error.strerror)
        ) from None


def pages(command: click.Command) -> list[tuple[str, str]]:
    """The name and the text of the page of a command, and of those below it."""
    return _pages(click.Context(command, info_name="chatroom", **command.context_settings))


def _pages(context: click.Context) -> list[tuple[str, str]]:
    command = context.command
    made = [(context.command_path.replace(" ", "-"), _page(context))]
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below and not below.hidden:
                made += _pages(click.Context(below, parent=context, info_name=name, **below.context_settings))
    return made


def _page(context: click.Context) -> str:
    """The page of one command, as man(7) takes it."""
    command = context.command
    path = context.command_path
    name = path.replace(" ", "-")
    summary, _, rest = (command.help or "").partition("\n\n")
    parts = [
        f'.TH {_quoted(name.upper())} 1 "" {_quoted(f"chatroom {__version__}")}',
        *([] if own() is ENGLISH else [".nh"]),  # man would part words as English does
        _heading(mark("NAME")) + f"\n{_escaped(name)} \\- {_escaped(' '.join(summary.split()))}",
        _heading(mark("SYNOPSIS"))
        + f"\n.B {_escaped(path)}\n{_escaped(' '.join(command.collect_usage_pieces(context)))}",
        _heading(mark("DESCRIPTION")) + f"\n{_prose(summary)}\n{_prose(rest)}".rstrip(),
    ]
    options = [record for option in command.get_params(context) if (record := option.get_help_record(context))]
    if options:
        parts.append(_heading(mark("OPTIONS")) + "\n" + "\n".join(map(_entry, options)))
    if isinstance(command, click.Group):
        commands = [(each, command.get_command(context, each)) for each in command.list_commands(context)]
        listed = [(f"{name}-{each}(1)", found.get_short_help_str(200)) for each, found in commands if found]
        parts.append(_heading(mark("COMMANDS")) + "\n" + "\n".join(map(_entry, listed)))
    if command.epilog:
        title, _, lines = command.epilog.replace("\b", "").strip().partition(":\n")
        parts.append(f".SH {title.upper()}\n.nf\n{_escaped(lines.rstrip())}\n.fi")
    if context.parent:
        above = context.parent.command_path.replace(" ", "-")
        parts.append(_heading(mark("SEE ALSO")) + f"\n{_escaped(above)}(1)")
    return "\n".join(parts) + "\n"


def _heading(name: str) -> str:
    return f".SH {tr(name)}"


def _entry(record: tuple[str, str]) -> str:
    """What is listed, and what it is for."""
    return f".TP\n.B {_escaped(record[0])}\n{_escaped(' '.join(record[1].split()))}"


def _prose(text: str) -> str:
    """Paragraphs, each filled anew by man."""
    return "\n.PP\n".join([_escaped(" ".join(part.split())) for part in re.split(r"\n\s*\n", text.strip()) if part])


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """A text that man shows as it is: no commands of troff, and hyphens that can be copied."""
    safe = text.replace("\\", r"\e").replace("-", r"\-").replace('"', r"\(dq")
    return re.sub(r"^([.'])", r"\\&\1", safe, flags=re.MULTILINE)
