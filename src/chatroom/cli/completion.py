"""`chatroom completion` prints what lets a shell complete the commands and options of `chatroom`."""

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from chatroom.common import streams
from chatroom.common.language import tr

_SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command(
    epilog="\b\n"
    + tr(
        "Examples:\n"
        '  eval "$(chatroom completion bash)"    a line for ~/.bashrc\n'
        '  eval "$(chatroom completion zsh)"     a line for ~/.zshrc, after compinit\n'
        "  chatroom completion fish > ~/.config/fish/completions/chatroom.fish"
    ),
    help=tr("Print what lets a shell complete chatroom's commands."),
)
@click.argument("shell", type=click.Choice(list(_SHELLS)))
def completion(shell: str) -> None:
    """The command `chatroom completion`."""
    group = click.get_current_context().find_root().command
    form = _SHELLS[shell]
    texts = form(group, {}, "chatroom", "_CHATROOM_COMPLETE")
    streams.show(form.source_template % texts.source_vars())
