"""Looks whether this machine has what the settings of `chatroom serve` ask for: what `--check-config` tells.

A setting that is wrong by itself is found as it is read: the values by `serve_options`, the file's lines by
`config_file`, the files that it names by `reload`. `config_file.Faults` collects what all of them find.
"""

import os
import socket
from importlib.util import find_spec
from pathlib import Path

import click

from chatroom.cli.config_file import Faults
from chatroom.cli.messages import cannot_listen
from chatroom.cli.serve_options import ServeOptions
from chatroom.common.language import tr

# By the setting that needs it, and the library it brings; `Stream` itself asks for that of `cluster`.
_EXTRAS = {"tls_self_signed": ("tls", "cryptography"), "metrics_port": ("metrics", "prometheus_client")}


def check_cluster(url: str, faults: Faults) -> None:
    from chatroom.cluster.redis_stream import ClusterError, Stream

    with faults.about("cluster"):
        try:
            Stream(url, 0)  # connects only when it is used
        except ClusterError as error:
            raise click.ClickException(str(error)) from None


def check_machine(options: ServeOptions, data: Path, faults: Faults) -> None:
    """Looks whether this machine has what the settings ask for."""
    hosts = {"host": options.host}
    if options.metrics_port:
        hosts["metrics_host"] = options.metrics_host
    _check_hosts(hosts, faults)
    needed = {"tls_self_signed": options.tls_self_signed, "metrics_port": options.metrics_port}
    check_extras([setting for setting, value in needed.items() if value], faults)
    if options.needs_data:
        _check_data(data, faults)


def _check_hosts(hosts: dict[str, str], faults: Faults) -> None:
    """Looks whether this machine has these hosts, by setting.

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
                raise click.ClickException(cannot_listen(error, host, 0, option)) from None


def check_extras(settings: list[str], faults: Faults) -> None:
    """Looks whether the libraries that these settings need are installed."""
    for setting in settings:
        extra, library = _EXTRAS[setting]
        with faults.about(setting):
            if find_spec(library) is None:
                raise click.ClickException(
                    tr("Something is missing; in the source, pip install '.[{extra}]'", extra=extra)
                )


def _check_data(data: Path, faults: Faults) -> None:
    """Looks whether the directory for the data, or the one in which it is to be made, can be written to."""
    with faults.about("data"):
        try:
            place = next(each for each in (data, *data.parents) if each.exists())
        except OSError as error:
            raise click.ClickException(
                tr("Data can't be kept in {data}: {reason}.", data=data, reason=error.strerror)
            ) from None
        if not (place.is_dir() and os.access(place, os.W_OK)):
            raise click.ClickException(
                tr("Data can't be kept in {data}: nothing can be written to {place}.", data=data, place=place)
            )
