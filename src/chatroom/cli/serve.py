"""`chatroom serve`: checks the settings, makes the server, and runs it until it is told to end."""

import logging
import sys
import time
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import click

from chatroom import __version__
from chatroom.cli import firewall
from chatroom.cli.check_config import check_cluster, check_machine
from chatroom.cli.common_options import FORMER_DATA, expanded, is_default
from chatroom.cli.config_file import Faults, written
from chatroom.cli.messages import cannot_listen, how_to_join
from chatroom.cli.reload import SettingsFiles, read_settings, reload
from chatroom.cli.serve_options import ServeOptions, check_together, serve_options
from chatroom.common import logs, streams
from chatroom.common.addresses import is_this_machine
from chatroom.common.language import choose, speak, tr
from chatroom.common.names import fold
from chatroom.common.trusted_files import UntrustedFileError
from chatroom.server import systemd
from chatroom.server.connection_limits import SPARE_DESCRIPTORS
from chatroom.server.invitations import address_to_join
from chatroom.server.log_writer import LogWriter
from chatroom.storage.relocation import directory_of, move

if TYPE_CHECKING:
    from chatroom.server.announcement import Announcement
    from chatroom.server.chat_server import ChatServer

_STDERR = 2  # the descriptor, also where the stream was closed

log = logging.getLogger(__name__)


@click.command(
    epilog="\b\n"
    + tr(
        "Examples:\n"
        "  chatroom serve                     for this machine alone\n"
        "  chatroom serve --host 0.0.0.0      for the whole network, IPv4\n"
        "  chatroom serve --host :: -p 6667   IPv6 and IPv4, on IRC's usual port"
    ),
    help=tr("Start the server. To end it, type q and Enter, or press Ctrl+C."),
)
@serve_options
def serve(options: ServeOptions) -> None:
    """The command `chatroom serve`."""
    context = click.get_current_context()
    if options.language:
        speak(choose([options.language]))
    if options.print_config:
        streams.show(written(context))
        return
    faults = Faults.of(context)
    check_together(options, faults)
    data = options.data
    if options.needs_data:
        with faults.about("data"):
            data = expanded(data)
            if is_default("data"):
                data = _default_data(data, may_move=not options.check_config)
    if options.cluster:
        check_cluster(options.cluster, faults)
    as_json = options.log_format == "json"
    logs.configure(options.log_level, as_json, LogWriter(_STDERR, "utf-8" if as_json else sys.stderr.encoding))
    certificate, key = options.tls_cert, options.tls_key
    if options.tls_self_signed and not options.check_config and not faults.found:
        certificate, key = _certificate(data, options.name, options.host)
    files = SettingsFiles(
        options.motd_file,
        options.password_file,
        options.operator_password_file,
        options.webirc_password_file,
        certificate,
        key,
        options.name,
    )
    settings = read_settings(files, faults)
    if options.check_config:
        check_machine(options, data, faults)
    faults.end()
    if options.check_config:
        streams.show(tr("The settings are good."))
        return
    server = _make(options, data)
    if server.site:
        server.site.about = _about(options)
    server.hub.context.replay_messages = options.replay
    server.hub.context.are_hidden = options.hide_people
    server.hub.context.operators = frozenset(map(fold, options.operators))
    server.hub.context.account_days = options.free_accounts
    server.configure(settings)
    server.hub.context.reload = partial(reload, server, files)
    if options.metrics_port:
        _publish(server, options.metrics_host, options.metrics_port)
    _run(server, options)


def _default_data(data: Path, may_move: bool) -> Path:
    """Where the data are if nobody has said it; those of older versions are moved to where they belong now."""
    from chatroom.net.certificates import CERTIFICATE, KEY
    from chatroom.storage.schema import StoreError

    former = expanded(FORMER_DATA)
    try:
        if may_move and (done := move(former, data, (KEY, CERTIFICATE))):
            streams.show(done)
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    return directory_of(data, former)


# ---- the server -----------------------------------------------------------------------------------------------------


def _certificate(directory: Path, name: str, host: str) -> tuple[Path, Path]:
    """The server's own certificate and its key; makes them at the first start."""
    from chatroom.net.certificates import fingerprint, self_signed

    try:
        certificate, key = self_signed(directory, name, address_to_join(host))
    except ImportError:
        raise click.ClickException(tr("--tls-self-signed needs more; in the source, pip install '.[tls]'")) from None
    except UntrustedFileError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(
            tr("Can't keep a certificate in {directory}: {reason}.", directory=directory, reason=error.strerror)
        ) from None
    streams.show(tr("TLS certificate, SHA-256: {fingerprint}", fingerprint=fingerprint(certificate)))
    return certificate, key


def _make(options: ServeOptions, data: Path) -> "ChatServer":
    """A server that listens but does not serve yet; raises `click.ClickException` if there can't be one."""
    from chatroom.model.server_info import ServerInfo
    from chatroom.server.chat_server import ChatServer
    from chatroom.server.process_tuning import allow_files
    from chatroom.storage.schema import StoreError
    from chatroom.storage.store import Store

    name = options.name
    started = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    network, description = name.partition(".")[0], options.description
    info = ServerInfo(name, network, __version__, started, description=description, icon=options.icon)
    try:
        store = None if options.ephemeral else Store(data, options.sync)
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    allow_files(options.max_clients + SPARE_DESCRIPTORS)
    try:
        return ChatServer(
            options.host,
            options.port,
            info,
            store=store,
            keep=options.keep,
            history_size=options.history_size,
            max_clients=options.max_clients,
            unlimited=options.unlimited,
            per_address=options.limit_per_address,
            trusted_networks=options.trusted_network,
            trusted_proxies=options.trusted_proxy,
            show_addresses=options.show_addresses,
            tls_only=options.tls_only,
            web=not options.no_web,
            web_hosts=options.web_host,
            cluster=options.cluster,
        )
    except OSError as error:
        if store:
            store.close()
        raise click.ClickException(cannot_listen(error, options.host, options.port)) from None


def _publish(server: "ChatServer", host: str, port: int) -> None:
    """Serves figures for Prometheus; raises `click.ClickException` if that can't be."""
    try:
        from chatroom.server.metrics import publish

        publish(server, host, port)
    except ImportError:
        raise click.ClickException(tr("--metrics-port needs more; in the source, pip install '.[metrics]'")) from None
    except OSError as error:
        raise click.ClickException(cannot_listen(error, host, port, "--metrics-host", "--metrics-port")) from None


def _run(server: "ChatServer", options: ServeOptions) -> None:
    """Serves until the console or a signal says stop."""
    from chatroom.cluster.redis_stream import ClusterError
    from chatroom.server.console import Console
    from chatroom.server.signals import Signals

    announcement = None if options.no_announce else _announcement(server, options)
    signals = Signals()
    try:
        server.start()
    except ClusterError as error:
        raise click.ClickException(str(error)) from None
    try:
        if announcement:
            announcement.start()
        _tell_of_start(server, options)
        greeting = how_to_join(
            options.host,
            server.port,
            _browsers_scheme(server),
            tls=server.tls is not None,
            tls_only=options.tls_only,
            password=options.password_file is not None,
        )
        console = Console(server, _say, signals.end, greeting=greeting)
        console.start()
        patience = firewall.watch(server, _say)
        # In a thread of its own: reading may take its time, and SIGTERM is to be heard meanwhile.
        signals.wait(lambda: Thread(target=server.reload, name="reload", daemon=True).start())
        console.close()
        if patience:
            patience.cancel()
        systemd.notify("STOPPING=1")
    finally:  # whatever goes wrong before
        if announcement:
            announcement.end()
        log.info("saying goodbye to everybody")
        server.stop()
        if announcement:
            announcement.withdraw()
    log.info("chatroom has ended")


def _announcement(server: "ChatServer", options: ServeOptions) -> "Announcement | None":
    """What announces the server in its network; None if nobody there can reach it, or the library is missing."""
    host = str(server.server_address[0])
    if is_this_machine(host):
        return None
    try:
        from chatroom.server.announcement import Announcement
    except ImportError:
        log.info("this server is not announced in its network: that needs the extra lan")
        return None
    name = "" if is_default("name") else options.name
    about = "" if is_default("description") else options.description
    return Announcement(host, server.port, name, about, server.tls is not None)


def _about(options: ServeOptions) -> str:
    """What the page tells of whose server this is, "" if nothing of it is set."""
    if is_default("description"):
        return "" if is_default("name") else options.name
    return options.description


def _browsers_scheme(server: "ChatServer") -> str:
    """How browsers come in: http, https, or "" if they don't."""
    if not server.site:
        return ""
    return "https" if server.tls else "http"


def _say(text: str) -> None:
    """Shows something at the console. If standard output takes nothing, the server goes on."""
    try:
        streams.show(text)
    except streams.Unwritable:
        pass


def _tell_of_start(server: "ChatServer", options: ServeOptions) -> None:
    """Tells the log and the service manager."""
    host, max_clients = options.host, options.max_clients
    log.info(
        "chatroom %s listens on %s, port %d, for %d clients", __version__, host, server.port, server.limiter.clients_max
    )
    if server.limiter.clients_max < max_clients:
        log.warning(
            "only %d clients can be here at once, not %d: the limit on open files is too low;"
            " raise it to %d with ulimit -Hn, or LimitNOFILE in systemd, or ask for fewer with --max-clients",
            server.limiter.clients_max,
            max_clients,
            max_clients + SPARE_DESCRIPTORS,
        )
    unclaimed = [name for name in options.operators if fold(name) not in server.hub.state.accounts]
    if unclaimed:
        log.warning(
            "operators names who has not claimed a name: %s; they claim it before they are named, or as operators",
            ", ".join(unclaimed),
        )
    systemd.notify("READY=1")
