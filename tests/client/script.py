"""A server for a `Session` that is only a script: what the session sends is recorded, what it gets is written here."""

from chatroom.client.room import Room
from chatroom.client.session import Session
from chatroom.client.state import COMMAND_LABEL
from chatroom.client.transcript_entry import TranscriptEntry

MODERN = (
    "server-time message-tags echo-message batch labeled-response away-notify multi-prefix "
    "draft/chathistory soju.im/search"
)


class Script:
    """`sent` are the lines of the session since the last `take`; `clock` is the session's time."""

    def __init__(
        self, nick: str = "me", capabilities: str = "", password: str = "", rooms: tuple[str, ...] = ("#lobby",)
    ):
        self.clock = 1_700_000_000.0
        self.session = Session(nick, rooms, password, lambda: self.clock)
        self.state = self.session.state
        self.capabilities = capabilities
        self.sent: list[str] = []

    def send(self, line: str) -> None:
        if line != f"PING {COMMAND_LABEL}":  # behind what was typed, where a server has no labels
            self.sent.append(line)

    def take(self) -> list[str]:
        sent, self.sent = self.sent, []
        return sent

    def feed(self, *lines: str) -> None:
        for line in lines:
            self.session.feed(line)

    def connect(self) -> None:
        """Up to the welcome, and into the rooms."""
        self.session.connected(self.send)
        self.feed(f":irc CAP * LS :{self.capabilities}")
        requested = [line for line in self.sent if line.startswith("CAP REQ")]
        if requested:
            self.feed(f":irc CAP * ACK :{requested[0].partition(':')[2] or requested[0].split()[-1]}")
        self.feed(f":irc 001 {self.state.nick} :Welcome")
        joins = [line.split()[1] for line in self.sent if line.startswith("JOIN")]
        for room in joins[0].split(",") if joins else []:
            self.joined(room)
        self.take()
        assert self.state.is_registered

    def joined(self, room: str, *others: str) -> None:
        nick = self.state.nick
        self.feed(f":{nick}!u@h JOIN {room}")
        self.feed(f":irc 353 {nick} = {room} :{' '.join([nick, *others])}", f":irc 366 {nick} {room} :End")

    def lose(self) -> None:
        self.session.lost()

    @property
    def lobby(self) -> Room:
        return self.state.rooms["#lobby"]

    def history(self, room: str, *lines: str) -> None:
        """A batch of CHATHISTORY; a line is `msgid nick text`."""
        self.feed(f":irc BATCH +h chathistory {room}")
        for line in lines:
            msgid, nick, text = line.split(" ", 2)
            stamp = f"2023-11-14T22:00:{int(msgid):02}.000Z"
            self.feed(f"@batch=h;msgid={msgid};time={stamp} :{nick}!u@h PRIVMSG {room} :{text}")
        self.feed(":irc BATCH -h")


def texts(entries: list[TranscriptEntry]) -> list[str]:
    return [entry.text for entry in entries]
