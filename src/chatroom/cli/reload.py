"""The files that `chatroom serve` reads at its start, and again at SIGHUP or REHASH."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from chatroom.cli.config_file import Faults
from chatroom.cli.text_file import read_operator_password, read_password, read_text
from chatroom.common import logs
from chatroom.common.language import tr

if TYPE_CHECKING:
    from chatroom.server.chat_server import ChatServer
    from chatroom.server.reloadable_settings import Settings

log = logging.getLogger(__name__)


class SettingsFiles(NamedTuple):
    """Where the settings stand that may change while the server runs."""

    motd: Path | None
    password: Path | None
    operator_password: Path | None
    webirc_password: Path | None
    certificate: Path | None
    key: Path | None
    name: str  # of the server, for which the certificate must be


def read_settings(files: SettingsFiles, faults: Faults) -> "Settings":
    """The content of the files. What can't be read is left out and added to `faults`: then don't use the result."""
    from chatroom.net.tls import context, is_trusted
    from chatroom.server.reloadable_settings import Settings

    motd, password, operator_password, webirc_password, tls = "", "", "", "", None
    with faults.about("motd_file"):
        motd = read_text(files.motd) if files.motd else ""
    with faults.about("password_file"):
        password = read_password(files.password) if files.password else ""
    with faults.about("operator_password_file"):
        operator_password = read_operator_password(files.operator_password) if files.operator_password else ""
    with faults.about("webirc_password_file"):
        webirc_password = read_password(files.webirc_password) if files.webirc_password else ""
    with faults.about("tls_cert", "tls_key"):
        try:
            tls = context(files.certificate, files.key) if files.certificate and files.key else None
        except OSError as error:
            raise click.ClickException(tr("Can't read the certificate: {reason}.", reason=error)) from None
    has_authority = tls is not None and is_trusted(tls, files.name)
    return Settings(tuple(motd.splitlines()), password, operator_password, webirc_password, tls, has_authority)


def reload(server: "ChatServer", files: SettingsFiles) -> Callable[[], None] | None:
    """Reads the files again, and returns what puts them to use; None if one can't be read: then all stays as it was."""
    faults = Faults()
    settings = read_settings(files, faults)
    for fault in faults.found:
        log.error("%s All stays as it was.", fault.message, extra=logs.alike(""))  # each fault is another
    if faults.found:
        return None

    def use() -> None:
        server.configure(settings)
        log.info("read the password files, the message of the day and the certificate again")

    return use
