"""The command line: a click group whose commands stay thin."""

import click

from chatroom import __version__


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="chatroom")
def main() -> None:
    """Chat in your own rooms: a server, and a window to talk in."""
