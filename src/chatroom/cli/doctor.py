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
from chatroom.common.language import own, tr, trn
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
    verdicts = {True: tr("good"), False: tr("WRONG")}
    width = max(map(len, verdicts.values()))
    for good, sentence in findings:
        streams.show(f"{verdicts[good]:<{width}}  {sentence}")
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
    where = {"host": host, "port": options.port}
    try:
        if options.no_web:
            socket.create_connection((host, options.port), ANSWER_SECONDS).close()
            return True, tr("The server on {host}, port {port} takes connections.", **where)
        connection = HTTPConnection(host, options.port, timeout=ANSWER_SECONDS)
        connection.request("GET", "/healthz")
        told = json.loads(connection.getresponse().read(10_000))
        saving, version, clients = told["saving"], told["version"], told["clients"]
    except ConnectionRefusedError:
        return False, tr(
            "Nobody listens on {host}, port {port}: start it with chatroom serve, or name its host and port.", **where
        )
    except OSError as error:
        return False, tr(
            "The server on {host}, port {port} can't be reached ({reason}): look at its log.", reason=error, **where
        )
    except (HTTPException, ValueError, KeyError, TypeError):
        return False, tr(
            "What listens on {host}, port {port} doesn't answer as chatroom does: look which program it is.", **where
        )
    if not saving and not options.ephemeral:
        return False, tr("The server on {host}, port {port} can't save what is said: look at its log.", **where)
    return True, trn(
        "The server on {host}, port {port} answers: chatroom {version}, with {count} client.",
        "The server on {host}, port {port} answers: chatroom {version}, with {count} clients.",
        clients,
        version=version,
        **where,
    )


def _certificate(file: Path) -> Finding:
    """Until when the first certificate of a file is valid."""
    try:
        from cryptography import x509

        end = x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc
    except ImportError:
        return False, tr("The certificate's end can't be read without '.[tls]'")
    except (OSError, ValueError) as error:
        return False, tr("The certificate in {file} can't be read: {reason}.", file=file, reason=error)
    day = f"{end:%Y-%m-%d}"
    if (end - datetime.datetime.now(datetime.UTC)).days < CERTIFICATE_DAYS:
        return False, tr(
            "The certificate in {file} ends on {day}: renew it, then send the server SIGHUP.", file=file, day=day
        )
    return True, tr("The certificate is valid until {day}.", day=day)


def _data(data: Path) -> Iterator[Finding]:
    """Room on the disk, the write-ahead log, and whether the file is whole."""
    try:
        place = next(each for each in (data, *data.parents) if each.exists())
        free = shutil.disk_usage(place).free
    except OSError as error:
        yield False, tr("The data in {data} can't be looked at: {reason}.", data=data, reason=error.strerror)
        return
    space = {"free": own().number(free // 10**6), "data": data}
    if free >= DISK_FREE_BYTES:
        yield True, tr("{free} MB are free for the data in {data}.", **space)
    else:
        yield False, tr("{free} MB are free for the data in {data}: make room.", **space)
    log = log_bytes(data)
    size = own().number(log // 10**6)
    if log <= LOG_BYTES:
        yield True, tr("The write-ahead log has {size} MB.", size=size)
    else:
        yield (
            False,
            tr(
                "The write-ahead log has {size} MB: end commands that have read the history for long, or start the"
                " server anew.",
                size=size,
            ),
        )
    if wrong := damage(data):
        yield (
            False,
            tr(
                "The data in {data} are damaged ({reason}): end the server, and put a backup back with chatroom"
                " restore.",
                data=data,
                reason=wrong,
            ),
        )
    else:
        yield True, tr("SQLite finds no damage.")


def _limits(clients: int) -> Iterator[Finding]:
    """Open files and threads, of which each client takes one."""
    wanted = clients + SPARE_DESCRIPTORS
    allow_files(wanted)
    files = files_max()
    numbers = {"files": own().number(files), "wanted": own().number(wanted)}
    if files >= wanted:
        yield True, tr("{files} files may be open.", files=numbers["files"])
    else:
        yield (
            False,
            tr(
                "{files} files may be open, fewer than {wanted}: raise ulimit -Hn or LimitNOFILE, or ask for fewer.",
                **numbers,
            ),
        )
    try:
        threads = int(THREADS_MAX.read_text())
    except (OSError, ValueError):
        return  # not Linux
    shown = own().number(threads)
    if threads >= wanted:
        yield True, tr("{threads} threads may run on this machine.", threads=shown)
    else:
        yield (
            False,
            tr(
                "{threads} threads may run on this machine, fewer than {wanted}: raise kernel.threads-max, or ask for"
                " fewer.",
                threads=shown,
                wanted=numbers["wanted"],
            ),
        )


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
        return False, tr(
            "Redis at {place} can't be reached ({reason}): start it, or look at --cluster.",
            place=shown(url),
            reason=error,
        )
    if difference > CLOCK_SECONDS:
        return False, tr(
            "This machine's clock and that of Redis differ by {seconds} s: set them by NTP.",
            seconds=own().number(round(difference)),
        )
    return True, tr("Redis answers, and its clock agrees with this machine's.")
