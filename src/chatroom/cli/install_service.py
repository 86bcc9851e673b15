"""`chatroom install-service`: has systemd run the server, from now on and whenever the machine starts."""

import os
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import click

from chatroom.cli.config_file import written
from chatroom.cli.serve_options import ServeOptions, serve_options
from chatroom.common import streams
from chatroom.common.language import tr

UNIT = Path("/etc/systemd/system/chatroom.service")
SETTINGS = Path("/etc/chatroom.toml")
_PROGRAM = "/opt/chatroom/bin/chatroom"  # as it stands in the file that is shipped
_HIDDEN = ("/home", "/root", "/tmp")  # which the service can't see: ProtectHome and PrivateTmp
_SYSTEMD_SECONDS = 30 * 60  # as the service itself may take to start


@click.command(
    context_settings={"auto_envvar_prefix": "CHATROOM_SERVE"},
    epilog="\b\n" + tr("Example:\n  sudo /opt/chatroom/bin/chatroom install-service --host 0.0.0.0"),
    help=tr(
        "Have systemd run the server. It starts now, and with the machine.\n"
        "\n"
        "The options are those of serve. They are written to /etc/chatroom.toml, unless that is"
        " there already. The service runs as a user of its own and keeps its data in"
        " /var/lib/chatroom."
    ),
)
@serve_options
def install_service(options: ServeOptions) -> None:
    """The command `chatroom install-service`."""
    program = Path(sys.prefix, "bin", "chatroom")
    _check(program)
    unit = files("chatroom.cli").joinpath("chatroom.service").read_text(encoding="utf-8")
    try:
        if SETTINGS.exists():
            streams.show(tr("The settings in {file} stay as they are.", file=SETTINGS))
        else:
            SETTINGS.write_text(f"{written(click.get_current_context())}\n", encoding="utf-8")
            streams.show(tr("The settings are in {file}.", file=SETTINGS))
        UNIT.write_text(unit.replace(_PROGRAM, str(program)), encoding="utf-8")
    except OSError as error:
        message = tr("{file} can't be written: {reason}.", file=error.filename, reason=error.strerror)
        raise click.ClickException(message) from None
    for command in (["daemon-reload"], ["enable", "chatroom"], ["restart", "chatroom"]):
        _systemctl(*command)
    streams.show(tr("The server runs. {command} shows its log.", command="journalctl -u chatroom"))


def _check(program: Path) -> None:
    """Raises `click.ClickException` if there can be no service."""
    if not shutil.which("systemctl"):
        raise click.ClickException(tr("This machine has no systemd; start the server with chatroom serve."))
    if os.geteuid() != 0:
        message = tr("Only root can install a service: {command}", command=f"sudo {program} install-service …")
        raise click.ClickException(message)
    if not program.exists() or any(program.resolve().is_relative_to(place) for place in _HIDDEN):
        raise click.ClickException(
            tr(
                "The service could not see {program}. Install chatroom where it can: {command}",
                program=program,
                command="python3 -m venv /opt/chatroom && /opt/chatroom/bin/pip install .",
            )
        )


def _systemctl(*arguments: str) -> None:
    """Raises `click.ClickException` if it fails, with what it says."""
    command = ["systemctl", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SYSTEMD_SECONDS)
    except subprocess.TimeoutExpired:
        raise click.ClickException(
            tr(
                "{command} takes very long; {log} shows how far the server is.",
                command=" ".join(command),
                log="journalctl -u chatroom",
            )
        ) from None
    if done.returncode:
        said = done.stderr.strip()
        raise click.ClickException(tr("{command} failed: {said}", command=" ".join(command), said=said))
