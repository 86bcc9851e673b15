"""The command line: a click group whose commands stay thin."""

import logging
import os
import re
import socket
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.core import ParameterSource

from chatroom import __version__
from chatroom.cli.backup import backup, restore
from chatroom.cli.config_file import Faults, load
from chatroom.cli.history import data_option, history, whole
from chatroom.common import logs, streams
from chatroom.common.names import LOBBY, is_server
from chatroom.common.text import clean, number
from chatroom.model.limits import RECENT_MESSAGES
from chatroom.server import systemd
from chatroom.server.connection_limits import CLIENTS_MAX, SPARE_DESCRIPTORS
from chatroom.server.log_writer import LogWriter

if TYPE_CHECKING:
    from chatroom.server.chat_server import ChatServer
    from chatroom.server.reloadable_settings import Settings


DESCRIPTION_BYTES = 100  # of the server: a sentence, one line of LINKS
DEFAULT_PORT = 9090
KEEP_DAYS = 90  # days of history, if nobody says otherwise: enough to look something up, not for ever

LOG_LEVELS = ["debug", "info", "warning", "error"]
_STDERR = 2  # the descriptor, also where the stream was closed
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
# By the setting that needs it, and the library it brings; `Stream` itself asks for that of `cluster`.
_EXTRAS = {"tls_self_signed": ("tls", "cryptography"), "metrics_port": ("metrics", "prometheus_client")}
_option = partial(click.option, show_envvar=True)

log = logging.getLogger(__name__)


class Commands(click.Group):
    """The commands, with standard streams that can't bring them down."""

    def main(self, *arguments: Any, **more: Any) -> Any:
        streams.prepare()
        try:
            return super().main(*arguments, **more)
        except streams.Unwritable as error:
            if error.gone:  # who reads only the beginning, as `head` does, has got what it wanted
                sys.exit(0)
            click.ClickException(f"{error}").show()
            sys.exit(1)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuses arguments that the locale can't read: in rooms, names and words they would find nothing, or worse.

        Files that are there may be called so.
        """
        for argument in args:
            if not streams.readable(argument) and not Path(argument.rpartition("=")[2]).exists():
                raise click.UsageError(f"{argument}: {streams.refusal()}", ctx)
        return super().parse_args(ctx, args)


@click.group(
    cls=Commands,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "auto_envvar_prefix": "CHATROOM",
        "show_default": True,
    },
)
@click.version_option(__version__, "-V", "--version", prog_name="chatroom")
def main() -> None:
    """Chat in your own rooms: a server, and a window to talk in."""


main.add_command(history)
main.add_command(backup)
main.add_command(restore)


def _server_name(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if not is_server(value):
        raise click.BadParameter(f"{value!r} is no server's name: letters, digits, hyphens and dots, chat.example.org.")
    return value


def _sentence(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if clean(value) != value or len(value.encode()) > DESCRIPTION_BYTES:
        raise click.BadParameter(f"that must be one line of at most {DESCRIPTION_BYTES} bytes.")
    return value


@main.command(
    epilog="""\b
Examples:
  chatroom serve                     for this machine alone
  chatroom serve --host 0.0.0.0      for the whole network, IPv4
  chatroom serve --host :: -p 6667   IPv6 and IPv4, on IRC's usual port
"""
)
@_option("--host", default="127.0.0.1", help="Address to listen on.")
@_option("-p", "--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, help="Port; 0 takes any free one.")
@_option(
    "--name",
    default="chatroom.local",
    callback=_server_name,
    help="The server's name, as IRC clients see it.",
)
@_option(
    "--description",
    default="A chatroom server",
    callback=_sentence,
    help="What it is, in a few words, for IRC's WHOIS and LINKS.",
)
@_option(
    "--motd-file",
    type=_FILE,
    help="Text shown to IRC clients that come in.",
)
@_option(
    "--password-file",
    type=_FILE,
    help="Its first line is the password that everybody must give to come in.",
)
@_option(
    "--operator-password-file",
    type=_FILE,
    help="Its first line is the password with which an IRC client becomes an operator of the server (OPER).",
)
@_option(
    "--tls-cert",
    type=_FILE,
    help="Certificate (PEM, with those above it): the port takes TLS besides plain text.",
)
@_option("--tls-key", type=_FILE, help="Its key (PEM), without a passphrase.")
@_option("--tls-self-signed", is_flag=True, help="Make a certificate, once, and keep it in --data.")
@_option("--tls-only", is_flag=True, help="Refuse plain text from other machines.")
@data_option
@_option("--keep", type=click.IntRange(0), default=KEEP_DAYS, help="Days that history is kept; 0 keeps it all.")
@_option(
    "--replay",
    type=click.IntRange(0, RECENT_MESSAGES),
    default=RECENT_MESSAGES,
    help="Messages at most that who joins a room is shown of what was said since they left it.",
)
@_option("--ephemeral", is_flag=True, help="Keep nothing on disk: no history after the end.")
@_option(
    "--sync",
    type=click.Choice(["normal", "full"]),
    default="normal",
    help="What a message survives before it is shown: the end of the program, or with full a power cut too.",
)
@_option(
    "--cluster",
    default="",
    show_default=False,
    help="Be one of several servers of one chat, through this Redis: redis://HOST:6379/0.",
)
@_option("--max-clients", type=click.IntRange(1), default=CLIENTS_MAX, help="Clients at once.")
@_option("--unlimited", is_flag=True, help="No flood or rate limits: for benchmarks.")
@_option("--log-level", type=click.Choice(LOG_LEVELS), default="info", help="What to log.")
@_option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    help="Lines for people, or an object a line for programs.",
)
@_option(
    "--config",
    type=_FILE,
    is_eager=True,
    callback=load,
    help="Settings in TOML: these options without their dashes. Flags and the environment are stronger.",
)
@_option("--metrics-port", type=click.IntRange(1, 65535), help="Serve figures for Prometheus there.")
@_option("--metrics-host", default="127.0.0.1", help="Address for --metrics-port.")
@_option("--check-config", is_flag=True, help="Say what is wrong with the settings, and end.")
def serve(
    host: str,
    port: int,
    name: str,
    description: str,
    motd_file: Path | None,
    password_file: Path | None,
    operator_password_file: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    tls_self_signed: bool,
    tls_only: bool,
    data: Path,
    keep: int,
    replay: int,
    ephemeral: bool,
    sync: str,
    cluster: str,
    max_clients: int,
    unlimited: bool,
    log_level: str,
    log_format: str,
    config: Path | None,
    metrics_port: int | None,
    metrics_host: str,
    check_config: bool,
) -> None:
    """Start the server. End it with q and Enter, or Ctrl+C."""
    from chatroom.model.server_info import ServerInfo
    from chatroom.server.chat_server import ChatServer
    from chatroom.server.process_tuning import allow_files
    from chatroom.storage.schema import StoreError
    from chatroom.storage.store import Store

    faults = Faults.of(click.get_current_context())
    _check_tls(tls_cert, tls_key, tls_self_signed, tls_only, faults)
    if host == metrics_host:
        _check_ports(port, metrics_port, faults)
    if tls_self_signed or not ephemeral:
        with faults.about("data"):
            data = whole(data)
    if cluster:
        _check_cluster(cluster, faults)
    as_json = log_format == "json"
    logs.configure(log_level, as_json, LogWriter(_STDERR, "utf-8" if as_json else sys.stderr.encoding))
    started = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    info = ServerInfo(name, name.partition(".")[0], __version__, started, description=description)
    if tls_self_signed and not check_config and not faults.found:
        tls_cert, tls_key = _certificate(data, name)
    files = _Files(motd_file, password_file, operator_password_file, tls_cert, tls_key)
    settings = _read(files, faults)
    if check_config:
        hosts = {"host": host} | ({"metrics_host": metrics_host} if metrics_port else {})
        needed = {"tls_self_signed": tls_self_signed, "metrics_port": metrics_port}
        _rehearse(hosts, [setting for setting, value in needed.items() if value], faults)
        if tls_self_signed or not ephemeral:
            _try_data(data, faults)
    faults.end()
    if check_config:
        streams.show("The settings are good.")
        return
    try:
        store = None if ephemeral else Store(data, sync)
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    allow_files(max_clients + SPARE_DESCRIPTORS)
    try:
        server = ChatServer(
            host,
            port,
            info,
            store=store,
            keep=keep,
            max_clients=max_clients,
            unlimited=unlimited,
            tls_only=tls_only,
            cluster=cluster,
        )
    except OSError as error:
        if store:
            store.close()
        raise click.ClickException(_cannot_listen(error, host, port)) from None
    server.hub.replay = replay
    server.configure(settings)
    server.hub.reload = partial(_reload, server, files)
    if metrics_port:
        _publish(server, metrics_host, metrics_port)
    _run(server, host, max_clients)


def _say(text: str) -> None:
    """Shows something to who sits at the console. Where nobody reads it, and nothing takes it, the server goes on."""
    try:
        streams.show(text)
    except streams.Unwritable:
        pass


def _run(server: "ChatServer", host: str, max_clients: int) -> None:
    """Serves until it is told to stop, at the console or by a signal."""
    from chatroom.cluster.redis_stream import ClusterError
    from chatroom.server.console import Console
    from chatroom.server.signals import Signals

    signals = Signals()
    try:
        server.start()
    except ClusterError as error:
        raise click.ClickException(str(error)) from None
    try:
        _tell_of_start(server, host, max_clients)
        console = Console(server, _say, signals.end, greeting=_how_to_join(host, server.port))
        console.start()
        # In a thread of its own: reading may take its time, and SIGTERM is to be heard meanwhile.
        signals.wait(lambda: Thread(target=server.reload, name="reload", daemon=True).start())
        console.close()
        systemd.notify("STOPPING=1")
    finally:  # whatever goes wrong before
        log.info("saying goodbye to everybody")
        server.stop()
    log.info("chatroom has ended")


def _tell_of_start(server: "ChatServer", host: str, max_clients: int) -> None:
    """Tells the log and the service manager."""
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
    systemd.notify("READY=1")


def _publish(server: "ChatServer", host: str, port: int) -> None:
    """Serves figures; raises `click.ClickException` if that can't be."""
    try:
        from chatroom.server.metrics import publish

        publish(server, host, port)
    except ImportError:
        raise click.ClickException("--metrics-port needs more: pip install 'chatroom[metrics]'") from None
    except OSError as error:
        raise click.ClickException(_cannot_listen(error, host, port, "--metrics-host", "--metrics-port")) from None


def _rehearse(hosts: dict[str, str], needing: list[str], faults: Faults) -> None:
    """Looks whether this machine has these hosts, by setting, and the libraries for these settings.

    Ports are left alone: the server whose settings these are may be running.
    """
    from chatroom.net.sockets import resolve

    for setting, host in hosts.items():
        with faults.about(setting):
            try:
                family, address = resolve(host, 0)
                with socket.socket(family, socket.SOCK_STREAM) as probe:
                    probe.bind(address)
            except OSError as error:
                option = f"--{setting.replace('_', '-')}"
                raise click.ClickException(_cannot_listen(error, host, 0, option)) from None
    for setting in needing:
        extra, library = _EXTRAS[setting]
        with faults.about(setting):
            if find_spec(library) is None:
                raise click.ClickException(f"Something is missing: pip install 'chatroom[{extra}]'")


def _try_data(data: Path, faults: Faults) -> None:
    """Looks whether the directory for the data, or the one in which it is to be made, can be written to."""
    with faults.about("data"):
        try:
            place = next(each for each in (data, *data.parents) if each.exists())
        except OSError as error:
            raise click.ClickException(f"Data can't be kept in {data}: {error.strerror}.") from None
        if not (place.is_dir() and os.access(place, os.W_OK)):
            raise click.ClickException(f"Data can't be kept in {data}: nothing can be written to {place}.")


class _Files(NamedTuple):
    """The files that `serve` reads at first, and again when it is told to."""

    motd: Path | None
    password: Path | None
    operator_password: Path | None
    certificate: Path | None
    key: Path | None


def _read(files: _Files, faults: Faults) -> "Settings":
    """What stands in files; not to be used if there are `faults`, as what can't be read is left out."""
    from chatroom.net.tls import context
    from chatroom.server.reloadable_settings import Settings

    motd, password, operator_password, tls = "", "", "", None
    with faults.about("motd_file"):
        motd = _text(files.motd) if files.motd else ""
    with faults.about("password_file"):
        password = _first_line(files.password) if files.password else ""
    with faults.about("operator_password_file"):
        operator_password = _first_line(files.operator_password) if files.operator_password else ""
    with faults.about("tls_cert", "tls_key"):
        try:
            tls = context(files.certificate, files.key) if files.certificate and files.key else None
        except OSError as error:
            raise click.ClickException(f"Can't read the certificate: {error}.") from None
    return Settings(tuple(motd.splitlines()), password, operator_password, tls)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise click.ClickException(f"Can't read {file}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise click.ClickException(f"Can't read {file}: it is not in UTF-8; save it as UTF-8.") from None


def _first_line(file: Path) -> str:
    """A password; raises `click.ClickException` if there is none, which would let everybody in."""
    password = _text(file).partition("\n")[0].strip()
    if not password:
        raise click.ClickException(f"There is no password in the first line of {file}.")
    return password


def _certificate(directory: Path, name: str) -> tuple[Path, Path]:
    """The server's own certificate and its key, made if need be."""
    from chatroom.net.certificates import fingerprint, self_signed

    try:
        certificate, key = self_signed(directory, name)
    except ImportError:
        raise click.ClickException("--tls-self-signed needs more: pip install 'chatroom[tls]'") from None
    except OSError as error:
        raise click.ClickException(f"Can't keep a certificate in {directory}: {error.strerror}.") from None
    streams.show(f"TLS certificate, SHA-256: {fingerprint(certificate)}")
    return certificate, key


def _check_tls(certificate: Path | None, key: Path | None, self_signed: bool, only: bool, faults: Faults) -> None:
    with faults.about("tls_cert", "tls_key"):
        if bool(certificate) != bool(key):
            raise click.UsageError("--tls-cert and --tls-key go together.")
    with faults.about("tls_self_signed", "tls_cert"):
        if certificate and self_signed:
            raise click.UsageError("--tls-self-signed is for those who have no --tls-cert.")
    with faults.about("tls_only"):
        if only and not (certificate or self_signed):
            raise click.UsageError("--tls-only needs --tls-cert and --tls-key, or --tls-self-signed.")


def _check_ports(port: int, metrics_port: int | None, faults: Faults) -> None:
    with faults.about("metrics_port", "port"):
        if port == metrics_port:
            raise click.UsageError(f"-p and --metrics-port can't both be {port}; choose another for one of them.")


def _check_cluster(url: str, faults: Faults) -> None:
    from chatroom.cluster.redis_stream import ClusterError, Stream

    with faults.about("cluster"):
        try:
            Stream(url, 0)  # connects only when it is used
        except ClusterError as error:
            raise click.ClickException(str(error)) from None


def _reload(server: "ChatServer", files: _Files) -> Callable[[], None] | None:
    """Reads the files again, and returns what puts them to use; None if one can't be read: then all stays as it was."""
    faults = Faults()
    settings = _read(files, faults)
    for fault in faults.found:
        log.error("%s All stays as it was.", fault.message, extra=logs.alike(""))  # each fault is another
    if faults.found:
        return None

    def use() -> None:
        server.configure(settings)
        log.info("read the password files, the message of the day and the certificate again")

    return use


def _cannot_listen(error: OSError, host: str, port: int, on: str = "--host", at: str = "-p") -> str:
    import errno

    if isinstance(error, socket.gaierror):
        return f"There is no host {host}; {on} takes an address of this machine, 127.0.0.1 or 0.0.0.0 for example."
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use on {host}; end the program that uses it, or choose another port with {at}."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine; {on} 0.0.0.0 listens on all that it has."
    if error.errno == errno.EACCES:
        return f"Port {port} is for administrators; choose one above 1023 with {at}."
    return f"Can't listen on {host}, port {port}: {error.strerror}."


def _how_to_join(host: str, port: int) -> str:
    where = {"0.0.0.0": _own_address(socket.AF_INET), "::": _own_address(socket.AF_INET6), "": ""}.get(host, host)
    where = where or "127.0.0.1"
    return f"""\
chatroom {__version__} is listening on {host}, port {port}. To join:
  a window   chatroom connect {where} -p {port}
  netcat     nc {where} {port}
  IRC        irssi -c {where} -p {port}     then /join #lobby
q and Enter ends the server; help lists what else you can type here."""


def _own_address(family: socket.AddressFamily) -> str:
    """This machine's address in its network, "" if it has none. Sends nothing: connecting UDP only looks up a route."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1" if family == socket.AF_INET else "2001:db8::1", 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def _address(place: str, port: int) -> tuple[str, int]:
    """The host and the port in HOST, HOST:PORT, [::1]:PORT or ::1; raises `click.UsageError` if -p is another port."""
    match = re.fullmatch(r"(?:\[(.+)\]|([^:]+)):(\d+)", place)
    if not match:
        return place.removeprefix("[").removesuffix("]"), port
    there = click.IntRange(1, 65535).convert(number(match[3], 1_000_000) or 0, None, None)
    given = click.get_current_context().get_parameter_source("port") is ParameterSource.COMMANDLINE
    if given and port != there:
        raise click.UsageError(f"{place} says port {there}, but -p says {port}; leave one of them out.")
    return match[1] or match[2], there


@main.command(
    epilog="""\b
Examples:
  chatroom connect                          a window that asks for your name
  chatroom connect chat.example.org --tls   another machine, encrypted
  chatroom connect --text --nick alice      without a window
  echo "build 512 is green" | chatroom connect --text --nick ci --room '#dev'
"""
)
@click.argument("host", required=False, envvar="CHATROOM_CONNECT_HOST")
@_option("-p", "--port", type=click.IntRange(1, 65535), default=DEFAULT_PORT, help="The server's port.")
@_option("--nick", default="", show_default=False, help="Your name there; asked for otherwise.")
@_option("--room", default=LOBBY, help="The room to start in.")
@_option("--tls", is_flag=True, help="Encrypt the connection.")
@_option(
    "--password-file",
    type=_FILE,
    help="A file whose first line is your password.",
)
@_option("--text", is_flag=True, help="Lines on the terminal instead of a window; for pipes too.")
def connect(
    host: str | None, port: int, nick: str, room: str, tls: bool, password_file: Path | None, text: bool
) -> None:
    """Join a server, in a window or with --text.

    HOST is 127.0.0.1 unless given, or CHATROOM_CONNECT_HOST; HOST:PORT does for -p.
    """
    from chatroom.client.settings import Server
    from chatroom.gui.app import NoWindow, run
    from chatroom.tui.app import Trouble, converse

    password = (password_file.read_text("utf-8").splitlines() or [""])[0] if password_file else ""
    server = Server(*_address(host or "127.0.0.1", port), tls, nick)
    rooms = (room if room.startswith("#") else f"#{room}",)
    try:
        if text:
            converse(server, rooms[0], password)
        else:
            run(server, rooms, password, ask_server=host is None and not nick, connect=bool(nick))
    except (NoWindow, Trouble) as error:
        raise click.ClickException(str(error)) from None
