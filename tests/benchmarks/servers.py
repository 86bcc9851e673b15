"""The servers that are measured: how each is started, what it costs, and its end.

Everything here reads /proc, so it runs on Linux only.
"""

import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.load import IRC, NATS, RoundError, Wire
from tests.ports import free_port

OURS = "chatroom"
COMMAND = f"{shlex.quote(sys.executable)} -m chatroom serve -p {{port}} --unlimited --data {{data}}"
START = 20.0  # seconds for a server to come up, and to end
_TICKS = os.sysconf("SC_CLK_TCK")

_NATS = """\
listen: "127.0.0.1:{port}"
max_pending: 1073741824
"""
_NGIRCD = """\
[Global]
Name = irc.bench.test
Info = benchmark
Listen = 127.0.0.1
Ports = {port}
ServerUID = irc
ServerGID = irc
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxNickLength = 20
MaxJoins = 0
MaxPenaltyTime = 0
PingTimeout = 600
[Options]
DNS = no
Ident = no
PAM = no
"""
_INSPIRCD = """\
<server name="irc.bench.test" description="benchmark" network="Bench">
<admin name="bench" nick="bench" email="bench@bench.test">
<bind address="127.0.0.1" port="{port}" type="clients">
<connect allow="*" timeout="60" localmax="100000" globalmax="100000" resolvehostnames="no" useident="no"
  fakelag="no" threshold="1000000000" commandrate="1000000000"
  recvq="1073741824" softsendq="1073741824" hardsendq="1073741824">
<performance softlimit="100000" somaxconn="1024" netbuffersize="65534">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="/dev/null">
"""
_AS_ROOT = " --runasroot" if os.geteuid() == 0 else ""


class Kind(NamedTuple):
    """A server: its command, where {port} is its port, {data} a directory and {config} a file; and what it speaks."""

    name: str
    command: str
    wire: Wire = IRC
    config: str = ""


PEERS = (
    Kind("nats-server", "nats-server -c {config}", NATS, _NATS),
    Kind("ngircd", "ngircd -n -f {config}", config=_NGIRCD),
    Kind("inspircd", f"inspircd --nofork --nopid{_AS_ROOT} --config {{config}}", config=_INSPIRCD),
)


def ours(command: str = COMMAND) -> Kind:
    return Kind(OURS, command)


def installed_peers() -> list[Kind]:
    return [peer for peer in PEERS if shutil.which(peer.name)]


class Pins(NamedTuple):
    """The processors that the server and the load generator may use."""

    server: set[int]
    load: set[int]


def pins(pinned: bool) -> Pins:
    """One processor each where there are two at least."""
    cpus = sorted(os.sched_getaffinity(0))
    if not pinned or len(cpus) < 2:
        return Pins(set(cpus), set(cpus))
    return Pins({cpus[0]}, {cpus[1]})


class Server:
    """A server that runs, and listens on `port`. A context manager; it is gone at the end."""

    def __init__(self, kind: Kind, pins: Pins, port: int = 0) -> None:
        """`port` 0 takes any that is free."""
        self.kind = kind
        self.port = port or free_port()
        self._dir = tempfile.TemporaryDirectory(prefix="chatroom-bench-")
        work = Path(self._dir.name)
        work.chmod(0o755)  # ngircd reads its configuration as another user
        config = work / "config"
        config.write_text(kind.config.format(port=self.port))
        self._log = work / "log"
        self.data = work / "data"
        command = kind.command.format(port=self.port, data=shlex.quote(str(self.data)), config=config)
        os.sched_setaffinity(0, pins.server)  # which the child inherits
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                shlex.split(command), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        os.sched_setaffinity(0, pins.load)

    def __enter__(self) -> "Server":
        try:
            self._wait_until_it_listens()
        except RoundError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self.signal()
        try:
            self.ended()
        except RoundError:
            self._process.kill()
            self._process.wait()
        self._dir.cleanup()

    def _wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + START
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RoundError(f"{self.kind.name} did not start: {self._log.read_text()[-500:]}") from None
                time.sleep(0.02)

    @property
    def pid(self) -> int:
        return self._process.pid

    def log(self) -> str:
        """All that it has written so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def signal(self) -> None:
        """Tells it to end."""
        self._told = time.monotonic()
        self._process.terminate()

    def ended(self) -> float:
        """Waits for its end; returns the seconds since it was told to."""
        try:
            self._process.wait(START)
        except subprocess.TimeoutExpired:
            raise RoundError(f"{self.kind.name} did not end within {START:g} s") from None
        return time.monotonic() - self._told

    # ---- what it costs ----------------------------------------------------------------------------------------------

    def cpu(self) -> float:
        """Seconds of processor time so far, in user and in kernel mode."""
        fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in self._pids()]
        return sum(int(f[11]) + int(f[12]) for f in fields) / _TICKS  # utime and stime: proc(5), less the two names

    def memory(self) -> float:
        """KB resident now."""
        return self._status("VmRSS")

    def peak(self) -> float:
        """KB resident at most."""
        return self._status("VmHWM")

    def threads(self) -> int:
        return self._status("Threads")

    def descriptors(self) -> int:
        return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in self._pids())

    def _status(self, key: str) -> int:
        lines = [line for pid in self._pids() for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
        return sum(int(line.split()[1]) for line in lines if line.startswith(f"{key}:"))

    def _pids(self) -> list[int]:
        """The process and what it started: a launcher may run the server as its child."""
        found = [self._process.pid]
        for pid in found:  # which grows meanwhile
            found += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        return found
