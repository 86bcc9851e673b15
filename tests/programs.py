"""Real client programs: irssi and WeeChat in a terminal, and netcat.

irssi and WeeChat run each in a tmux of its own (own home, own socket: one that is ending must not be met again); what
is typed is typed by tmux, what is seen is its screen. Their log files are what they have shown.
"""

import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

from tests.peers import DEADLINE, Ear, eventually, password_file

# Left alone, irssi sends one command in 2.5 seconds, and connects again after 5 minutes.
CONFIG = """settings = { "irc/core" = { cmd_queue_speed = "10msec"; cmds_max_at_once = "1000"; };
"fe-common/core" = { autolog = "yes"; autolog_path = "%s/$0.log"; }; core = { server_reconnect_time = "1s"; }; };"""
# A network whose account has this name and this password, by SASL.
NETWORK = """chatnets = {{ there = {{ type = "IRC"; sasl_mechanism = "PLAIN"; sasl_username = "{0}"; \
sasl_password = "{1}"; }}; }};"""
_CLOSED = -1
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}


class InTmux:
    """A program in a window of a tmux of its own."""

    def __init__(self, command: str) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="chatroom-")  # a socket's path must be short
        self._tmux = ["tmux", "-S", f"{self._scratch.name}/tmux", "-f", "/dev/null"]
        self._run("-u", "new-session", "-d", "-x", "150", "-y", "50", command)

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
        """Whether the program has ended, and tmux with it."""
        return subprocess.run([*self._tmux, "has-session"], capture_output=True, check=False).returncode != 0

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, check=False)
        self._scratch.cleanup()

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self._tmux, *arguments], capture_output=True, text=True, encoding="utf-8", env=ENVIRONMENT, check=True
        )
        return done.stdout


class Irssi(InTmux):
    """irssi in a window of tmux, connected as `nick`; logged in to the account of that name, if there is a password."""

    def __init__(self, port: int, nick: str, home: Path, password: str = "") -> None:
        home.mkdir()
        self.logs = home / "logs"
        network = NETWORK.format(nick, password) if password else ""
        server = f'servers = ( {{ address = "127.0.0.1"; port = "{port}"; chatnet = "there"; }} );' if password else ""
        (home / "config").write_text("\n".join([CONFIG % self.logs, network, server]))
        super().__init__(f"irssi --home={home} -c 127.0.0.1 -p {port} -n {nick}")
        self.sees("Welcome to ")  # 001


class WeeChat(InTmux):
    """WeeChat in a window of tmux, connected as `nick` and in #lobby; logged in with the password."""

    def __init__(self, port: int, nick: str, home: Path, password: str) -> None:
        home.mkdir()
        self.logs = home / "logs"
        options = {
            "weechat.look.paste_max_lines": -1,  # what is typed quickly is no paste to ask about
            "logger.file.path": self.logs,
            "logger.file.flush_delay": 0,
            "logger.file.mask": "$name.log",
            "irc.server_default.autoreconnect_delay": 1,
            "irc.server_default.autoreconnect_delay_growing": 1,
            "irc.server_default.anti_flood_prio_high": 0,
            "irc.server.there.nicks": nick,
            "irc.server.there.sasl_username": nick,
            "irc.server.there.sasl_password": password,
            "irc.server.there.autojoin": "#lobby",
        }
        commands = [f"/server add there 127.0.0.1/{port}", *(f"/set {name} {value}" for name, value in options.items())]
        joined = ";".join([*commands, "/connect there"])
        super().__init__(f"weechat-curses --dir {home} --run-command '{joined}'")


class InPipes(Ear):
    """A program that reads lines and writes lines."""

    def __init__(self, *command: str, **env: str) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **env},
        )
        assert self.process.stdin and self.process.stdout
        super().__init__(self.process.stdout.fileno(), command[0])
        self._input = self.process.stdin

    def send(self, line: str) -> None:
        self._input.write(f"{line}\n".encode())
        self._input.flush()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self._input, self.process.stdout):
            try:
                if pipe:
                    pipe.close()
            except BrokenPipeError:
                pass  # what was typed at the end reaches nobody


class Netcat(InPipes):
    """A person called `name` with the real `nc`, who has that name by the password, if there is one."""

    def __init__(self, port: int, name: str, password: str = "") -> None:
        super().__init__("nc", "127.0.0.1", str(port))
        self.wait("^Username$")
        self.send(name)
        if password:
            self.send(password)
        self.wait(f"Welcome, {name}")


class TextClient(InPipes):
    """`chatroom connect --text` in pipes, with its settings in `home`, logged in with the password."""

    def __init__(self, port: int, nick: str, home: Path, password: str) -> None:
        home.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "chatroom", "connect", "127.0.0.1", "-p", str(port), "--text", "--nick", nick]
        secret = str(password_file(home, password))
        super().__init__(*command, "--password-file", secret, HOME=str(home), XDG_CONFIG_HOME=str(home))


class Terminal:
    """A command on a terminal of its own, of 100 columns."""

    def __init__(self, *command: str, **env: str) -> None:
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (40, 100))
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, env={**os.environ, **env}
        )
        os.close(slave)

    def type(self, line: str) -> None:
        os.write(self._master, f"{line}\n".encode())

    def shows(self, pattern: str) -> str:
        """Waits until that is on the terminal, also in a line that has not ended; returns all that came since."""
        deadline, text = time.monotonic() + DEADLINE, ""
        while not re.search(pattern, text):
            assert select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))[0], text
            try:
                text += os.read(self._master, 65536).decode(errors="replace").replace("\r", "")
            except OSError:
                raise AssertionError(f"it ended without {pattern!r}: {text}") from None
        return text

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        if self._master != _CLOSED:
            os.close(self._master)
            self._master = _CLOSED
