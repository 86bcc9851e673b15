"""A real bouncer between us and several IRC clients of one person: ZNC."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.gui.people import Server
from tests.peers import DEADLINE, Irc, asked, claim_name, eventually, said
from tests.ports import free_port, listens
from tests.programs import InTmux

pytestmark = pytest.mark.needs("znc")

PASSWORD = "correct-horse"
DOOR = "bouncer-password"
CONFIG = """\
Version = 1.8.0
ServerThrottle = 1
ConnectDelay = 1
<Listener l>
    Port = {port}
    Host = 127.0.0.1
    IPv4 = true
    IPv6 = false
    SSL = false
</Listener>
<User bob>
    Pass = plain#{door}
    Nick = bob
    Ident = bob
    RealName = Bob
    MultiClients = true
    AutoClearChanBuffer = false
    AutoClearQueryBuffer = false
    TimestampFormat = [%H:%M]
    <Network there>
        Server = 127.0.0.1 {server}
        IRCConnectEnabled = false
        FloodBurst = 1000
        LoadModule = sasl
        <Chan #lobby>
        </Chan>
    </Network>
</User>
"""


class Znc:
    """ZNC as a process, connected as bob to a server of ours."""

    def __init__(self, server: int, directory: Path) -> None:
        (directory / "configs").mkdir(parents=True)
        self.port = free_port()
        (directory / "configs" / "znc.conf").write_text(CONFIG.format(port=self.port, server=server, door=DOOR))
        self._log = (directory / "znc.log").open("wb")
        # Root is given 30 seconds to think better of it; in a name space of users it doesn't know that it is root.
        nobody = ["unshare", "--user"] if os.geteuid() == 0 else []
        command = [*nobody, "znc", "--foreground", "--datadir", str(directory)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)
        eventually(lambda: listens(self.port), "the bouncer listens")

    def client(self, *caps: str) -> Irc:
        """An IRC client of bob's."""
        return Irc(self.port, "bob", *caps, room="", username="bob/there", password=DOOR)

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(DEADLINE)
        self._log.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "served").mkdir()
    with Server(tmp_path / "served") as running:
        claim_name(running.port, "bob", PASSWORD)
        yield running


@pytest.fixture
def znc(server: Server, tmp_path: Path) -> Iterator[Znc]:
    """It has logged in, and is in the lobby."""
    bouncer = Znc(server.port, tmp_path / "znc")
    try:
        with closing(bouncer.client()) as first, closing(Irc(server.port, "guide")) as guide:
            first.send("PRIVMSG *sasl :Mechanism PLAIN", f"PRIVMSG *sasl :Set bob {PASSWORD}")
            first.wait("has been set")
            first.send("PRIVMSG *status :Connect")
            eventually(lambda: is_here(guide), "the bouncer is logged in and in the lobby")
        yield bouncer
    finally:
        bouncer.close()


def is_here(other: Irc) -> bool:
    """Whether bob is logged in and in the lobby, as somebody else sees it."""
    about = asked(other, "WHOIS bob")
    return any(" 330 " in line for line in about) and any(" 319 " in line for line in about)


@pytest.fixture
def eve(server: Server) -> Iterator[Irc]:
    """Somebody else in the lobby, who comes without a bouncer."""
    with closing(Irc(server.port, "eve", "server-time")) as eve:
        yield eve


ALL = ("server-time", "batch", "echo-message", "znc.in/self-message")
"""What ZNC offers to clients of what concerns messages."""


def test_clients_behind_a_bouncer_are_one_person(znc: Znc, eve: Irc) -> None:
    """Each hears what others say, and what the other one says; in the room, and to one alone."""
    with closing(znc.client(*ALL)) as one, closing(znc.client()) as two:
        eve.send("PRIVMSG #lobby :from eve", "PRIVMSG bob :for bob")
        for client in (one, two):
            client.wait("PRIVMSG bob :for bob$")
        one.send("PRIVMSG eve :whispered by the first", "PRIVMSG #lobby :from the first")
        two.wait("PRIVMSG #lobby :from the first$")
        two.send("PRIVMSG #lobby :from the second")
        one.wait("PRIVMSG #lobby :from the second$")
        eve.wait("PRIVMSG #lobby :from the second$")
        for client in (one, two):
            client.sync()
        assert said(eve.heard) == ["whispered by the first", "from the first", "from the second"]
        assert said(one.heard) == ["from eve", "for bob", *said(eve.heard)]
        assert said(two.heard) == ["from eve", "for bob", "from the first"]


def test_a_device_beside_the_bouncer_is_the_same_person(znc: Znc, eve: Irc, server: Server) -> None:
    """One member; each hears what is said on the other; and while the bouncer is away the other is still here."""
    with closing(znc.client(*ALL)) as client, closing(phone(server)) as other:
        other.send("PRIVMSG #lobby :from the phone", "PRIVMSG eve :whispered by phone")
        client.wait("^@time=.* :bob!.* PRIVMSG eve :whispered by phone$")
        client.send("PRIVMSG #lobby :from the desk", "PRIVMSG eve :whispered at the desk")
        other.wait("^@time=.* :bob!.* PRIVMSG eve :whispered at the desk$")
        client.send("PRIVMSG *status :Disconnect")
        other.sync()
        client.wait("Disconnected from IRC")
        eve.send("PRIVMSG #lobby :to the phone")
        other.wait("PRIVMSG #lobby :to the phone$")
        told = eve.heard + eve.sync()
        assert not [line for line in told if re.search(r":bob!\S+ (JOIN|QUIT|PART)", line)]
        words = ["from the phone", "whispered by phone", "from the desk", "whispered at the desk"]
        assert said(eve.heard) == words
        assert said(other.heard) == [*words, "to the phone"]


def phone(server: Server) -> Irc:
    return Irc(server.port, "bob", "echo-message", "server-time", room="", password=f"bob:{PASSWORD}")


def test_what_the_bouncer_missed_is_shown_once_and_with_its_time(znc: Znc, eve: Irc) -> None:
    """To the clients behind it, and to one that comes later from its memory; in the room, and what waited for bob."""
    with closing(znc.client(*ALL)) as client:
        client.send("PRIVMSG #lobby :before", "PRIVMSG *status :Disconnect")
        eve.wait("^@.*:bob!.* QUIT ")
        eve.send("PRIVMSG #lobby :missed in the room", "PRIVMSG bob :missed alone")
        eve.sync()
        client.send("PRIVMSG *status :Connect")
        client.wait("PRIVMSG #lobby :missed in the room$")
        eve.send("PRIVMSG #lobby :after")
        client.wait("PRIVMSG #lobby :after$")
        client.sync()
        words = [text for text in said(client.heard) if re.match("before|missed|after", text)]
        assert sorted(words) == ["after", "before", "missed alone", "missed in the room"]
        with closing(znc.client(*ALL)) as late:
            late.sync()
            told, played = _times(client.heard), _times(late.heard)
            for text in ("missed in the room", "missed alone", "after"):
                assert told[text] == played[text]
                assert len(told[text]) == 1


def _times(lines: list[str]) -> dict[str, list[str]]:
    """When eve has said what: for each text the times that stand at it."""
    times: dict[str, list[str]] = {}
    pattern = re.compile(r"^@\S*\btime=([^;\s]+)\S* :eve!\S+ PRIVMSG \S+ :(.*)$", re.MULTILINE)
    for time, text in pattern.findall("\n".join(lines)):
        times.setdefault(text, []).append(time)
    return times


def test_a_bouncer_comes_back_to_a_server_that_was_killed(znc: Znc, eve: Irc, server: Server) -> None:
    """Logged in, into its rooms; and shows nothing again that its clients have seen."""
    with closing(znc.client(*ALL)) as client:
        eve.send("PRIVMSG #lobby :before", "PRIVMSG bob :before, alone")
        client.wait("PRIVMSG bob :before, alone$")
        client.send("PRIVMSG #lobby :mine")
        client.wait(":mine$")
        server.kill()
        server.start()
        with closing(Irc(server.port, "carl")) as carl:
            eventually(lambda: is_here(carl), "the bouncer is back")
            carl.send("PRIVMSG #lobby :after")
            client.wait("PRIVMSG #lobby :after$")
            client.send("PRIVMSG #lobby :mine, later")
            carl.wait("^:bob!.* PRIVMSG #lobby :mine, later$")
        client.sync()
        spoken = [line for line in client.heard if "*status" not in line]
        assert said(spoken) == ["before", "before, alone", "mine", "after", "mine, later"]


@pytest.mark.needs("irssi", "tmux")
def test_irssi_behind_a_bouncer(znc: Znc, eve: Irc, tmp_path: Path) -> None:
    """It is in the room at once, talks both ways, and sees what another client of the same person says."""
    command = f"irssi --home={tmp_path}/irssi -c 127.0.0.1 -p {znc.port} -n bob -w bob/there:{DOOR}"
    with closing(InTmux(command)) as irssi, closing(znc.client()) as other:
        irssi.sees(r"Act: ")
        irssi.type("/window goto #lobby")
        eve.send("PRIVMSG #lobby :from eve")
        irssi.sees("eve> from eve")
        irssi.type("/msg #lobby from irssi")
        eve.wait("^@.*:bob!.* PRIVMSG #lobby :from irssi$")
        other.wait("^:bob!.* PRIVMSG #lobby :from irssi$")
        other.send("PRIVMSG #lobby :from the other client")
        irssi.sees("bob> from the other client")
