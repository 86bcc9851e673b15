"""The console of `chatroom serve`: what can be typed where the server runs.

`Console` reads standard input in a thread of its own. Its end is no `q`: a service manager gives none at all.
"""

import os
import threading
from collections.abc import Callable

from chatroom.asking import servers
from chatroom.server import ChatServer
from chatroom.text import clean

HELP = """\
q          end the server
who        list who is here
rooms      list the rooms
servers    list the servers that are this chat
say TEXT   say something to everybody
help       this list"""


class Console(threading.Thread):
    """Carries out what is typed; `write` shows a line of text, `end` ends the server."""

    def __init__(self, server: ChatServer, write: Callable[[str], None], end: Callable[[], None]) -> None:
        super().__init__(name="console", daemon=True)
        self._server = server
        self._write = write
        self._commands: dict[str, Callable[[str], None]] = {
            "q": lambda rest: end(),
            "who": self._who,
            "rooms": self._rooms,
            "servers": self._servers,
            "say": self._say,
            "help": lambda rest: write(HELP),
        }

    def run(self) -> None:
        pending = b""
        while data := _read():
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                self.obey(line.decode(errors="replace").strip())

    def obey(self, line: str) -> None:
        """Carries out one line."""
        word, _, rest = line.partition(" ")
        if not word:
            return
        command = self._commands.get(word)
        if command:
            command(rest.strip())
        else:
            self._write(f"unknown command {word}; help lists them")

    def _who(self, rest: str) -> None:
        with self._server.log.lock:
            people = [
                f"{user.person.nick}  {user.person.host}  {' '.join(room.name for room in user.rooms.values())}"
                for user in self._server.hub.users.values()
            ]
        self._write("\n".join(people) or "nobody is here")

    def _rooms(self, rest: str) -> None:
        with self._server.log.lock:
            rooms = [f"{room.name}  {len(room.members)}" for room in self._server.hub.rooms.values()]
        self._write("\n".join(rooms) or "there are no rooms")

    def _servers(self, rest: str) -> None:
        with self._server.log.lock:
            known = servers(self._server.hub)
        lines = [f"{name}  {people} here  {lag} ms behind" for name, people, lag in known if name]
        self._write("\n".join(lines) or "this is the only server")

    def _say(self, rest: str) -> None:
        if rest:
            self._server.announce(clean(rest))
        else:
            self._write("say needs a text: say TEXT")


def _read() -> bytes:
    """Bytes from standard input. Not through `sys.stdin`: its lock, held by a thread, would trouble the exit."""
    try:
        return os.read(0, 4096)
    except OSError:
        return b""  # closed
