"""`chatroom completion` prints what lets a shell complete the commands and options of `chatroom`."""

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from chatroom.common import streams

_SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command(
    epilog="""\b
Examples:
  eval "$(chatroom completion bash)"    a line for ~/.bashrc
  eval "$(chatroom completion zsh)"     a line for ~/.zshrc, after compinit
  chatroom completion fish > ~/.config/fish/completions/chatroom.fish
"""
)
@click.argument("shell", type=click.Choice(list(_SHELLS)))
def completion(shell: str) -> None:
    """Print what lets a shell complete the commands and options of chatroom."""
    group = click.get_current_context().find_root().command
    form = _SHELLS[shell]
    texts = form(group, {}, "chatroom", "_CHATROOM_COMPLETE")
    streams.show(form.source_template % texts.source_vars())
