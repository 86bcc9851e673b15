"""The options of `chatroom serve`: each has one place, a field of `ServeOptions`.

To add one, add a field here, a row to the table in docs/configuration.md, and its use in `serve`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import click

from chatroom.cli.common_options import DEFAULT_PORT, FILE, WholeNumber, data_option, known_language
from chatroom.cli.config_file import Faults, load
from chatroom.common.addresses import Network, address_of, network_of
from chatroom.common.errors import ChatError
from chatroom.common.language import tr
from chatroom.common.names import is_server, nickname
from chatroom.common.text import clean
from chatroom.model.limits import RECENT_MESSAGES
from chatroom.server.connection_limits import CLIENTS_MAX, CONNECTIONS_PER_ADDRESS

ADDRESS_BYTES = 300  # of a picture: it shares a line of 512 bytes
DESCRIPTION_BYTES = 100  # of the server: a sentence, one line of LINKS
LOG_LEVELS = ["debug", "info", "warning", "error"]
FREE_ACCOUNTS_DAYS = 365  # without a login, by default: who comes once a year keeps their name
FREE_ACCOUNTS_DAYS_MAX = 36_500  # a century; milliseconds of it are still far from what SQLite holds
HISTORY_SIZE = "10GB"  # by default: some 40 million messages
HISTORY_BYTES_MIN = 100 * 10**6  # bytes, at least: the write-ahead log alone may take half of it
KEEP_DAYS = 90  # of history, by default: enough to look something up, not for ever

_UNITS = {"M": 10**6, "G": 10**9, "T": 10**12}  # bytes


def _server_name(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if not is_server(value):
        raise click.BadParameter(
            tr("{value} is no server's name: letters, digits, hyphens and dots, chat.example.org.", value=repr(value))
        )
    return value


def _one_line(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if clean(value) != value or len(value.encode()) > DESCRIPTION_BYTES:
        raise click.BadParameter(tr("that must be one line of at most {count} bytes.", count=DESCRIPTION_BYTES))
    return value


def _picture(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if value and (len(value) > ADDRESS_BYTES or not re.fullmatch(r"https?://[!-\[\]-~]+", value)):
        raise click.BadParameter(
            tr("{value} is no address of a picture, such as https://example.org/icon.svg.", value=repr(value))
        )
    return value


def _host_names(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    for name in value:
        if not is_server(name) and address_of(name) is None:
            raise click.BadParameter(
                tr("{name} is no host's name: chat.example.org, without http:// and without a port.", name=repr(name))
            )
    return value


class _NetworkType(click.ParamType[Network]):
    """A network, or a single address, as text."""

    name = "network"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Network:
        network = network_of(value) if isinstance(value, str) else value
        if network is None:
            self.fail(
                tr("{value} is no network; write 192.0.2.0/24, 2001:db8::/48 or a single address.", value=repr(value)),
                param,
                ctx,
            )
        return network


class _AccountType(click.ParamType[str]):
    """The name of an account."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return nickname(value)
        except ChatError:
            self.fail(tr("{value} can't be a claimed name.", value=repr(value)), param, ctx)


class _SizeType(click.ParamType[int]):
    """A size of files as text, with its unit: a number of bytes."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d{1,6})(?:\.(\d{1,3}))? ?([MGT])B", value.strip(), re.ASCII | re.IGNORECASE)
        if value.strip() == "0":
            return 0
        if not match:
            self.fail(
                tr("{value} is no size; 10GB, 1.5TB and 500MB are, and 0 for no bound.", value=repr(value)), param, ctx
            )
        whole, fraction, unit = match.groups()
        size = int(f"{whole}{fraction or '':0<3}") * _UNITS[unit.upper()] // 1000
        if size < HISTORY_BYTES_MIN:
            self.fail(
                tr(
                    "{value} is too little; give it {least}MB or more.",
                    value=repr(value),
                    least=HISTORY_BYTES_MIN // 10**6,
                ),
                param,
                ctx,
            )
        return size


NETWORK = _NetworkType()
ACCOUNT = _AccountType()
SIZE = _SizeType()


def _option(text: str, *short: str, **more: Any) -> Callable[[str], Any]:
    """An option whose help is `text`, as soon as it is given its name; `more` is what `click.option` takes."""
    return lambda name: click.option(*short, f"--{name.replace('_', '-')}", help=text, show_envvar=True, **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """What `chatroom serve` was told by flags, the environment and the configuration file."""

    host: Annotated[str, _option(tr("The address to listen on; 0.0.0.0 lets other machines in."), default="127.0.0.1")]
    port: Annotated[
        int, _option(tr("The port; 0 takes any free one."), "-p", type=WholeNumber(0, 65535), default=DEFAULT_PORT)
    ]
    name: Annotated[
        str, _option(tr("The server's name, as IRC clients see it."), default="chatroom.local", callback=_server_name)
    ]
    description: Annotated[
        str,
        _option(
            tr("What the server is for, in a few words, for IRC's WHOIS and LINKS."),
            default="A chatroom server",
            callback=_one_line,
        ),
    ]
    icon: Annotated[
        str,
        _option(
            tr("The address (https://…) of a picture that IRC clients show for this server."),
            default="",
            show_default=False,
            callback=_picture,
        ),
    ]
    language: Annotated[
        str,
        _option(
            tr("The language of the console, and of all who choose none; by default this machine's."),
            default="",
            show_default=False,
            callback=known_language,
        ),
    ]
    motd_file: Annotated[Path | None, _option(tr("A text that IRC clients are shown when they connect."), type=FILE)]
    password_file: Annotated[
        Path | None, _option(tr("A file; its first line is the password that everybody must give."), type=FILE)
    ]
    operator_password_file: Annotated[
        Path | None,
        _option(
            tr("A file; its first line is the password for OPER and /oper, which make operators of the server."),
            type=FILE,
        ),
    ]
    operators: Annotated[
        tuple[str, ...],
        _option(
            tr("A claimed name whose owner is an operator of the server whenever logged in; may be repeated."),
            type=ACCOUNT,
            multiple=True,
        ),
    ]
    tls_cert: Annotated[
        Path | None,
        _option(tr("A certificate and those above it (PEM); the port then takes TLS besides plain text."), type=FILE),
    ]
    tls_key: Annotated[Path | None, _option(tr("The key of --tls-cert (PEM), without a passphrase."), type=FILE)]
    tls_self_signed: Annotated[
        bool, _option(tr("Make a certificate at the first start and keep it in --data."), is_flag=True)
    ]
    tls_only: Annotated[bool, _option(tr("Refuse plain text from other machines."), is_flag=True)]
    no_web: Annotated[bool, _option(tr("Serve browsers no page, and no WebSocket."), is_flag=True)]
    web_host: Annotated[
        tuple[str, ...],
        _option(
            tr("A name by which browsers may reach the server, besides its address; may be repeated."),
            multiple=True,
            callback=_host_names,
        ),
    ]
    no_announce: Annotated[
        bool, _option(tr("Don't announce the server in the networks that it listens in."), is_flag=True)
    ]
    data: Annotated[Path, lambda name: data_option]
    keep: Annotated[
        int, _option(tr("How many days history is kept; 0 keeps all."), type=WholeNumber(0), default=KEEP_DAYS)
    ]
    free_accounts: Annotated[
        int,
        _option(
            tr("After how many days without use a claimed name is freed; 0 keeps all."),
            type=WholeNumber(0, FREE_ACCOUNTS_DAYS_MAX),
            default=FREE_ACCOUNTS_DAYS,
        ),
    ]
    history_size: Annotated[
        int,
        _option(
            tr("How large the history may become, such as 500MB; then the oldest is deleted. 0 sets no bound."),
            type=SIZE,
            default=HISTORY_SIZE,
        ),
    ]
    replay: Annotated[
        int,
        _option(
            tr("How many missed messages somebody who joins a room is shown, at most."),
            type=WholeNumber(0, RECENT_MESSAGES),
            default=RECENT_MESSAGES,
        ),
    ]
    ephemeral: Annotated[
        bool, _option(tr("Keep nothing on disk: history, accounts and bans end with the server."), is_flag=True)
    ]
    sync: Annotated[
        str,
        _option(
            tr("What a message that was seen survives: the program's end (normal), a power cut too (full)."),
            type=click.Choice(["normal", "full"]),
            default="normal",
        ),
    ]
    cluster: Annotated[
        str,
        _option(
            tr("Be one of several servers of one chat, through this Redis: redis://HOST:6379/0."),
            default="",
            show_default=False,
        ),
    ]
    max_clients: Annotated[
        int, _option(tr("How many clients may be connected at once."), type=WholeNumber(1), default=CLIENTS_MAX)
    ]
    unlimited: Annotated[
        bool, _option(tr("Lift the limits on floods and addresses: for benchmarks and trusted hosts."), is_flag=True)
    ]
    limit_per_address: Annotated[
        int,
        _option(
            tr("How many clients one address may have; private networks four times as many, this machine any number."),
            type=WholeNumber(1),
            default=CONNECTIONS_PER_ADDRESS,
        ),
    ]
    trusted_network: Annotated[
        tuple[Network, ...],
        _option(
            tr("A network whose addresses may have any number of clients; may be repeated."),
            type=NETWORK,
            multiple=True,
        ),
    ]
    trusted_proxy: Annotated[
        tuple[Network, ...],
        _option(
            tr("A network of proxies; each of their connections must begin by naming its client; may be repeated."),
            type=NETWORK,
            multiple=True,
        ),
    ]
    webirc_password_file: Annotated[
        Path | None,
        _option(tr("A file; its first line is the password that gateways among --trusted-proxy give."), type=FILE),
    ]
    show_addresses: Annotated[
        bool,
        _option(tr("Show everybody's address to everybody; otherwise operators of the server alone."), is_flag=True),
    ]
    hide_people: Annotated[
        bool,
        _option(
            tr("Let people be found by those alone who share a room with them, as IRC's mode +i does."), is_flag=True
        ),
    ]
    log_level: Annotated[
        str, _option(tr("The least important lines to log."), type=click.Choice(LOG_LEVELS), default="info")
    ]
    log_format: Annotated[
        str,
        _option(
            tr("Log lines for people, or an object a line for programs."),
            type=click.Choice(["text", "json"]),
            default="text",
        ),
    ]
    config: Annotated[
        Path | None,
        _option(
            tr("A file of settings (TOML): these options without dashes. Flags and variables override it."),
            type=FILE,
            is_eager=True,
            callback=load,
        ),
    ]
    metrics_port: Annotated[
        int | None, _option(tr("Serve figures for Prometheus on this port, at /metrics."), type=WholeNumber(1, 65535))
    ]
    metrics_host: Annotated[str, _option(tr("The address for --metrics-port."), default="127.0.0.1")]
    check_config: Annotated[bool, _option(tr("Say what is wrong with the settings, and end."), is_flag=True)]
    print_config: Annotated[
        bool, _option(tr("Print these settings as a file for --config, with what each is for, and end."), is_flag=True)
    ]

    @property
    def needs_data(self) -> bool:
        """Whether anything is kept in the directory for the data."""
        return self.tls_self_signed or not self.ephemeral


def serve_options(command: Callable[[ServeOptions], None]) -> Callable[..., None]:
    """Gives a command all options, in the order of the fields, and calls it with what they come to."""

    @wraps(command)
    def called(**given: Any) -> None:
        command(ServeOptions(**given))

    decorated: Callable[..., None] = called
    for name, hint in reversed(get_type_hints(ServeOptions, include_extras=True).items()):
        [option] = hint.__metadata__
        decorated = option(name)(decorated)
    return decorated


def check_together(options: ServeOptions, faults: Faults) -> None:
    """Looks for options that don't go together, or lack each other."""
    certificate = bool(options.tls_cert)
    with faults.about("tls_cert", "tls_key"):
        if certificate != bool(options.tls_key):
            raise click.UsageError(tr("--tls-cert and --tls-key go together."))
    with faults.about("tls_self_signed", "tls_cert"):
        if certificate and options.tls_self_signed:
            raise click.UsageError(tr("--tls-self-signed is for those who have no --tls-cert."))
    with faults.about("tls_only"):
        if options.tls_only and not (certificate or options.tls_self_signed):
            raise click.UsageError(tr("--tls-only needs --tls-cert and --tls-key, or --tls-self-signed."))
    with faults.about("webirc_password_file"):
        if options.webirc_password_file and not options.trusted_proxy:
            raise click.UsageError(tr("--webirc-password-file needs --trusted-proxy: from where gateways connect."))
    with faults.about("metrics_port", "port"):
        if options.host == options.metrics_host and options.port == options.metrics_port:
            port = options.port
            raise click.UsageError(
                tr("-p and --metrics-port can't both be {port}; choose another for one of them.", port=port)
            )
