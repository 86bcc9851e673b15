"""A real irssi, in a real terminal, and a real netcat live in the room together.

irssi runs in a tmux of its own (own socket, own home); what is typed is typed by tmux, what is seen is its screen.
"""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatroom.server import ChatServer
from tests.peers import DEADLINE, Ear, Guests, eventually

WORDS = "zażółć gęślą jaźń 😀"
# Left alone, irssi sends one command in 2.5 seconds.
CONFIG = 'settings = { "irc/core" = { cmd_queue_speed = "10msec"; cmds_max_at_once = "1000"; }; };'
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}


class Irssi:
    """irssi in a window of tmux, connected as `nick`."""

    def __init__(self, port: int, nick: str, home: Path) -> None:
        self._tmux = ["tmux", "-L", f"chatroom-test-{os.getpid()}-{nick}", "-f", "/dev/null"]
        home.mkdir()
        (home / "config").write_text(CONFIG)
        command = f"irssi --home={home} -c 127.0.0.1 -p {port} -n {nick}"
        self._run("-u", "new-session", "-d", "-x", "150", "-y", "50", command)
        self.sees("Welcome to test")  # 001

    def type(self, line: str) -> None:
        """Types a line and Enter."""
        self._run("send-keys", "-l", line)
        self._run("send-keys", "Enter")

    def screen(self) -> str:
        return self._run("capture-pane", "-p", "-J")

    def sees(self, pattern: str) -> None:
        """Waits until `pattern` is on the screen."""
        try:
            eventually(lambda: re.search(pattern, self.screen()), pattern, within=2 * DEADLINE)
        except AssertionError as error:
            raise AssertionError(f"{error} is not on the screen\n{self.screen()}") from None

    def gone(self) -> bool:
        """Whether irssi has ended, and tmux with it."""
        return subprocess.run([*self._tmux, "has-session"], capture_output=True, check=False).returncode != 0

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, check=False)

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self._tmux, *arguments], capture_output=True, text=True, encoding="utf-8", env=ENVIRONMENT, check=True
        )
        return done.stdout


class Netcat(Ear):
    """A person called `name` with the real `nc`."""

    def __init__(self, port: int, name: str) -> None:
        self.process = subprocess.Popen(["nc", "127.0.0.1", str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdin and self.process.stdout
        super().__init__(self.process.stdout.fileno(), "nc")
        self._input = self.process.stdin
        self.wait("^Username$")
        self.send(name)
        self.wait(f"Welcome, {name}")

    def send(self, line: str) -> None:
        self._input.write(f"{line}\n".encode())
        self._input.flush()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()


@pytest.fixture
def irssi(server: ChatServer, tmp_path: Path) -> Iterator[Callable[[str], Irssi]]:
    """Starts an irssi with a nickname."""
    started: list[Irssi] = []

    def start(nick: str) -> Irssi:
        started.append(Irssi(server.port, nick, tmp_path / nick))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.fixture
def netcat(server: ChatServer) -> Iterator[Netcat]:
    """Alice, with `nc`."""
    netcat = Netcat(server.port, "alice")
    yield netcat
    netcat.close()


@pytest.mark.needs("irssi", "tmux", "nc")
def test_irssi_lives_in_the_room_with_netcat(irssi: Callable[[str], Irssi], netcat: Netcat) -> None:
    """It joins, talks both ways, asks and sets the topic, lists names, renames itself, whispers, and quits."""
    client = irssi("irma")
    client.type("/join #lobby")
    netcat.wait(r"^\* irma joined$")
    client.sees(r"#lobby.*(nicks|users)")

    client.type(WORDS)
    netcat.wait(f"^irma: {WORDS}$")
    netcat.send(f"and back: {WORDS}")
    client.sees(f"alice.*and back: {WORDS}")

    client.type("/me waves")
    netcat.wait(r"^\*\* irma waves$")
    netcat.send("/me bows")
    client.sees("alice bows")

    client.type(f"/topic {WORDS}")
    netcat.wait(rf"^\* irma set the topic: {WORDS}$")
    netcat.send("/topic tea")
    client.sees("alice.* (changed|set) the topic.*tea")

    client.type("/names")
    client.sees(r"\[.?alice *\].*\[.?irma *\]")
    client.type("/nick irmina")
    netcat.wait(r"^\* irma is now known as irmina$")
    client.sees("now known as irmina")
    netcat.send("/nick alicja")
    client.sees("alice is now known as alicja")

    client.type("/window 1")
    client.type("/whois alicja")
    client.sees("End of WHOIS")
    client.type("/query alicja")
    client.type(f"/msg alicja {WORDS}")
    netcat.wait(rf"^\[private\] irmina: {WORDS}$")
    netcat.send(f"/msg irmina whisper {WORDS}")
    client.sees(f"whisper {WORDS}")

    client.type("/quit good night")
    netcat.wait(r"^\* irmina left \(Quit: good night\)$")
    eventually(client.gone, "irssi has ended")


@pytest.mark.needs("irssi", "tmux")
def test_irssi_shows_who_comes_and_goes(irssi: Callable[[str], Irssi], guests: Guests) -> None:
    """With the reasons that plain and IRC clients give."""
    client = irssi("irma")
    client.type("/join #lobby")
    client.sees(r"#lobby.*(nicks|users)")
    bob, carol = guests.plain("bob"), guests.irc("carol")
    client.sees("bob.* has joined #lobby")
    client.sees("carol.* has joined #lobby")
    bob.send("/quit see you")
    client.sees("bob.* has quit.*see you")
    carol.send("PART #lobby :elsewhere")
    client.sees("carol.* has left #lobby.*elsewhere")
