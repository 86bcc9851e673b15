"""`chatroom doctor` looks at a server, running or not, and says what is wrong and what to do."""

import datetime
import json
import shutil
import socket
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import click

from chatroom.cli.serve_options import ServeOptions, serve_options
from chatroom.common import streams
from chatroom.common.language import tr
from chatroom.server.connection_limits import SPARE_DESCRIPTORS
from chatroom.server.process_tuning import allow_files, files_max
from chatroom.storage.health import damage, log_bytes

ANSWER_SECONDS = 5.0  # that the server may take to answer
CERTIFICATE_DAYS = 14  # before its end a certificate should have been renewed: authorities do so 30 days before
DISK_FREE_BYTES = 500 * 10**6  # at least; some two million messages
LOG_BYTES = 256 * 2**20  # more than a write-ahead log has even under load, unless a command keeps it from being emptied
CLOCK_SECONDS = 5  # that the clocks of servers of one chat may differ
THREADS_MAX = Path("/proc/sys/kernel/threads-max")

Finding = tuple[bool, str]  # whether it is good, and a sentence


@click.command(
    context_settings={"auto_envvar_prefix": "CHATROOM_SERVE"},  # it looks at the server that has these settings
    epilog="\b\n"
    + tr(
        "Examples:\n"
        "  chatroom doctor                              a server with the defaults\n"
        "  chatroom doctor --config /etc/chatroom.toml  one with the settings of this file"
    ),
    help=tr(
        "Say whether a server is well, and what to do if not.\n"
        "\n"
        "The options are those of serve. The exit code is 0 if all is good, 1 if something is"
        " wrong."
    ),
)
@serve_options
def doctor(options: ServeOptions) -> None:
    """The command `chatroom doctor`."""
    findings = list(_examine(options))
    for good, sentence in findings:
        streams.show(f"{'good ' if good else 'WRONG'}  {sentence}")
    if not all(good for good, _ in findings):
        click.get_current_context().exit(1)


def _examine(options: ServeOptions) -> Iterator[Finding]:
    yield _port(options)
    certificate = options.tls_cert or (options.data / "tls-certificate.pem" if options.tls_self_signed else None)
    if certificate:
        yield _certificate(certificate)
    if not options.ephemeral:
        yield from _data(options.data)
    yield from _limits(options.max_clients)
    if options.cluster:
        yield _redis(options.cluster)


def _port(options: ServeOptions) -> Finding:
    """Whether the server answers, and saves what is said."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(options.host, options.host)
    where = f"{host}, port {options.port}"
    try:
        if options.no_web:
            socket.create_connection((host, options.port), ANSWER_SECONDS).close()
            return True, f"The server on {where} takes connections."
        connection = HTTPConnection(host, options.port, timeout=ANSWER_SECONDS)
        connection.request("GET", "/healthz")
        told = json.loads(connection.getresponse().read(10_000))
        saving, version, clients = told["saving"], told["version"], told["clients"]
    except ConnectionRefusedError:
        return False, f"Nobody listens on {where}: start it with chatroom serve, or name its host and port."
    except OSError as error:
        return False, f"The server on {where} can't be reached ({error}): look at its log."
    except (HTTPException, ValueError, KeyError, TypeError):
        return False, f"What listens on {where} doesn't answer as chatroom does: look which program it is."
    if not saving and not options.ephemeral:
        return False, f"The server on {where} can't save what is said: look at its log."
    return True, f"The server on {where} answers: chatroom {version}, with {clients} clients."


def _certificate(file: Path) -> Finding:
    """Until when the first certificate of a file is valid."""
    try:
        from cryptography import x509

        end = x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc
    except ImportError:
        return False, "The certificate's end can't be read without '.[tls]'"
    except (OSError, ValueError) as error:
        return False, f"The certificate in {file} can't be read: {error}."
    left = (end - datetime.datetime.now(datetime.UTC)).days
    if left < CERTIFICATE_DAYS:
        return False, f"The certificate in {file} ends on {end:%Y-%m-%d}: renew it, then send the server SIGHUP."
    return True, f"The certificate is valid until {end:%Y-%m-%d}."


def _data(data: Path) -> Iterator[Finding]:
    """Room on the disk, the write-ahead log, and whether the file is whole."""
    try:
        place = next(each for each in (data, *data.parents) if each.exists())
        free = shutil.disk_usage(place).free
    except OSError as error:
        yield False, f"The data in {data} can't be looked at: {error.strerror}."
        return
    enough = free >= DISK_FREE_BYTES
    yield enough, f"{free // 10**6:,} MB are free for the data in {data}" + ("." if enough else ": make room.")
    log = log_bytes(data)
    small = log <= LOG_BYTES
    advice = "." if small else ": end commands that have read the history for long, or start the server anew."
    yield small, f"The write-ahead log has {log // 10**6:,} MB{advice}"
    wrong = damage(data)
    advice = f"The data in {data} are damaged ({wrong}): end the server, and put a backup back with chatroom restore."
    yield not wrong, advice if wrong else "SQLite finds no damage."


def _limits(clients: int) -> Iterator[Finding]:
    """Open files and threads, of which each client takes one."""
    wanted = clients + SPARE_DESCRIPTORS
    allow_files(wanted)
    files = files_max()
    advice = "." if files >= wanted else f", fewer than {wanted:,}: raise ulimit -Hn or LimitNOFILE, or ask for fewer."
    yield files >= wanted, f"{files:,} files may be open{advice}"
    try:
        threads = int(THREADS_MAX.read_text())
    except (OSError, ValueError):
        return  # not Linux
    advice = "." if threads >= wanted else f", fewer than {wanted:,}: raise kernel.threads-max, or ask for fewer."
    yield threads >= wanted, f"{threads:,} threads may run on this machine{advice}"


def _redis(url: str) -> Finding:
    """Whether Redis answers, and what it takes the time to be."""
    from chatroom.cluster.redis_stream import ClusterError, LinkError, Stream, shown

    try:
        stream = Stream(url, 0)
        difference = abs(stream.time() / 1000 - time.time())
        stream.close()
    except ClusterError as error:
        return False, str(error)
    except LinkError as error:
        return False, f"Redis at {shown(url)} can't be reached ({error}): start it, or look at --cluster."
    if difference > CLOCK_SECONDS:
        return False, f"This machine's clock and that of Redis differ by {difference:,.0f} s: set them by NTP."
    return True, "Redis answers, and its clock agrees with this machine's."
