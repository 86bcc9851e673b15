"""IRC servers that are not ours, run as subprocesses: ngIRCd, InspIRCd, and Ergo where somebody has it."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.gui.people import DEADLINE, Irc, Program

OPERATOR_PASSWORD = "roots"

_NGIRCD = """\
[Global]
Name = irc.test
AdminInfo1 = test
Listen = 127.0.0.1
Ports = {port}
MotdPhrase = Hello
[Options]
PAM = no
DNS = no
Ident = no
[Limits]
MaxConnectionsIP = 0
MaxPenaltyTime = 0
[Operator]
Name = root
Password = {password}
"""
_INSPIRCD = """\
<server name="irc.test" description="test" network="Test">
<admin name="test" nick="test" email="test@irc.test">
<bind address="127.0.0.1" port="{port}" type="clients">
<connect allow="*" timeout="60" fakelag="no" threshold="1000" recvq="65536" softsendq="1048576"
  hardsendq="2097152" commandrate="1000000" localmax="100" globalmax="100" maxchans="20" resolvehostnames="no">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="{directory}/server.log">
<path configdir="{directory}" datadir="{directory}" logdir="{directory}">
<class name="all" commands="*" privs="*" usermodes="*" chanmodes="*" snomasks="*">
<type name="all" classes="all">
<oper name="root" password="{password}" host="*@*" type="all">
<options casemapping="rfc1459">
<maxlist chan="*" limit="100">
{modules}
"""
_INSPIRCD_MODULES = (
    "ircv3", "ircv3_batch", "ircv3_capnotify", "ircv3_ctctags", "ircv3_echomessage", "ircv3_invitenotify",
    "ircv3_labeledresponse", "ircv3_msgid", "ircv3_servertime", "cap", "namesx", "muteban", "banredirect", "redirect",
    "noctcp", "silence", "services_account", "timedbans", "chanhistory",
)  # fmt: skip
_ERGO = """\
network:
    name: Test
server:
    name: irc.test
    listeners:
        "127.0.0.1:{port}": {{}}
    casemapping: precis
    enforce-utf8: true
    max-sendq: 1M
    lookup-hostnames: false
    ip-limits: {{count: false, throttle: false}}
    ip-cloaking: {{enabled: false}}
accounts:
    authentication-enabled: true
    registration: {{enabled: true, allow-before-connect: true, throttling: {{enabled: false}},
        bcrypt-cost: 4, email-verification: {{enabled: false}}}}
    nick-reservation: {{enabled: true, method: strict, guest-nickname-format: "Guest-*"}}
    multiclient: {{enabled: true, allowed-by-default: true, always-on: opt-in}}
channels:
    default-modes: +nt
    registration: {{enabled: true}}
    operator-only-creation: false
oper-classes: {{all: {{title: root, capabilities: [kill, ban]}}}}
opers: {{root: {{class: all, password: "{hash}"}}}}
logging: [{{method: stderr, type: "* -userinput -useroutput", level: info}}]
languages: {{enabled: false}}
datastore: {{path: {directory}/ircd.db, autoupgrade: true}}
limits: {{nicklen: 32, identlen: 20, channellen: 64, awaylen: 390, kicklen: 390, topiclen: 390,
    monitor-entries: 100, whowas-entries: 100, chan-list-modes: 60, registration-messages: 1024,
    multiline: {{max-bytes: 4096, max-lines: 100}}}}
fakelag: {{enabled: false}}
history: {{enabled: true, channel-length: 2048, client-length: 256, autoresize-window: 3d, autoreplay-on-join: 0,
    chathistory-maxmessages: 1000, znc-maxmessages: 2048, persistent: {{enabled: false}}}}
"""


class Kind(NamedTuple):
    """How a server is run: its configuration, and its command, which gets the file of that."""

    config: Callable[[int, Path], str]
    command: Callable[[str], list[str]]


def _ngircd(port: int, directory: Path) -> str:
    return _NGIRCD.format(port=port, password=OPERATOR_PASSWORD)


def _inspircd(port: int, directory: Path) -> str:
    modules = "\n".join(f'<module name="{name}">' for name in _INSPIRCD_MODULES)
    return _INSPIRCD.format(port=port, directory=directory, password=OPERATOR_PASSWORD, modules=modules)


def _ergo(port: int, directory: Path) -> str:
    made = subprocess.run(
        ["ergo", "genpasswd"], input=f"{OPERATOR_PASSWORD}\n", capture_output=True, text=True, check=True, timeout=30
    )
    return _ERGO.format(port=port, directory=directory, hash=made.stdout.strip())


_AS_ROOT = ["--runasroot"] if os.geteuid() == 0 else []
KINDS = {
    "ngircd": Kind(_ngircd, lambda config: ["ngircd", "-n", "-f", config]),
    "inspircd": Kind(_inspircd, lambda config: ["inspircd", "--nofork", "--nopid", *_AS_ROOT, "--config", config]),
    "ergo": Kind(_ergo, lambda config: ["ergo", "run", "--conf", config]),
}
HAS_ERGO = shutil.which("ergo") is not None  # no system packs it, so nobody is asked to have it


class Foreign(Program):
    """One of these servers."""

    def __init__(self, name: str, directory: Path) -> None:
        super().__init__(name, directory)
        self._directory = directory
        self._config = directory / "server.conf"
        self._config.write_text(KINDS[name].config(self.port, directory), "utf-8")

    def command(self) -> list[str]:
        return KINDS[self.name].command(str(self._config))

    def start(self) -> None:
        if self.name == "ergo" and not (self._directory / "ircd.db").exists():
            subprocess.run(["ergo", "initdb", "--conf", self._config], stderr=self._log, check=True, timeout=DEADLINE)
        super().start()

    def stop(self) -> None:
        """None of them has anything to save."""
        if self._process:
            self.kill()

    def person(self, name: str, room: str = "#lobby") -> Irc:
        return Irc(self.port, name, room)
